"""The office's server, over real HTTP: two pages, a pass, and nothing for anybody else."""

import errno
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from officekit import bad, good

from firmware.office import books, page, server
from firmware.office.page import Served
from firmware.office.server import PassServer
from firmware.office.visits import Visit, Visits, new_link
from gate.credential.model import PASS_KINDS
from gate.credential.trust import issuer_key, trust_list
from gate.credential.verify import verify
from gate.walltime import WallTime

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUST = trust_list([issuer_key(KEY.public_key().public_bytes_raw(), "Test office", PASS_KINDS)])
NOON_S = 1_800_000_000
ZONE = ZoneInfo("Asia/Jakarta")


class Running(NamedTuple):
    """A server that runs, and the clock of its visits."""

    server: PassServer
    path: Path
    clock_s: list[float]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.server_address[1])

    def link(self, from_s: int = 0) -> str:
        """The token of a new visit of an hour."""
        return new_link(self.path, Visit(0, from_s, NOON_S + 3_600), NOON_S)[0]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """At noon."""
    path = tmp_path / "office.key"
    books.open_books(path, KEY, NOON_S)
    clock_s = [float(NOON_S)]
    visits = Visits(path, KEY, lambda: clock_s[0], lambda: clock_s[0])
    served = Served("Test office", ZONE, tuple(TRUST.keys.values()), NOON_S)
    with PassServer(("127.0.0.1", 0), [visits], served) as made:
        thread = threading.Thread(target=made.run)
        thread.start()
        yield Running(made, path, clock_s)
        made.shutdown()
        thread.join()


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(port: int, method: str, path: str, body: bytes | None = None) -> Answer:
    """One request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body)
        found = connection.getresponse()
        return Answer(found.status, dict(found.getheaders()), found.read())
    finally:
        connection.close()


def test_a_link_gets_a_pass_that_a_gate_takes(running: Running) -> None:
    """The secret goes in the body, never in an address that is logged."""
    token = running.link()
    found = ask(running.port, "POST", "/pass", token.encode())
    assert found.status == 200
    answer = json.loads(found.body)
    credential = verify(answer["text"].encode(), TRUST, WallTime(NOON_S * 1000))
    assert credential.valid_until_s == NOON_S + 30
    assert answer["holds_ms"] == 30_000
    assert (answer["kind"], answer["until_s"]) == ("visitor", NOON_S + 3_600)
    assert found.headers["Cache-Control"] == "no-store"
    assert token.encode() not in found.body


def test_why_there_is_no_pass(running: Running) -> None:
    """Unknown, too early with the time, too often, over; each with its own status."""
    token, early = running.link(), running.link(NOON_S + 60)
    assert ask(running.port, "POST", "/pass", b"guessed").status == 404
    found = ask(running.port, "POST", "/pass", early.encode())
    assert (found.status, json.loads(found.body)) == (425, {"from_s": NOON_S + 60})
    assert ask(running.port, "POST", "/pass", token.encode()).status == 200
    assert ask(running.port, "POST", "/pass", token.encode()).status == 429
    running.clock_s[0] += 3_600
    assert ask(running.port, "POST", "/pass", token.encode()).status == 410


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/", None, 404),
        ("GET", "/pass", None, 404),
        ("GET", "/../office.key", None, 404),
        ("GET", "/badge/../../etc/passwd", None, 404),
        ("POST", "/visit", b"x", 404),
        ("POST", "/pass", b"x" * 65, 413),
        ("POST", "/pass", b"x" * 10_000, 411),
        ("PUT", "/pass", b"x", 501),
        ("DELETE", "/visit", None, 501),
    ],
)
def test_nothing_else_is_there(
    running: Running, method: str, path: str, body: bytes | None, status: int
) -> None:
    """No file, no other verb, no body beyond a link's."""
    assert ask(running.port, method, path, body).status == status


def test_a_body_of_no_stated_length(running: Running) -> None:
    """Is not waited for."""
    with socket.create_connection(("127.0.0.1", running.port), 30) as connection:
        connection.sendall(b"POST /pass HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert b" 411 " in connection.recv(100)


def test_a_length_in_the_digits_of_another_script(running: Running) -> None:
    """Is answered: `isdigit` alone would take a superscript two for a number."""
    with socket.create_connection(("127.0.0.1", running.port), 30) as connection:
        connection.sendall("POST /pass HTTP/1.1\r\nContent-Length: ²\r\n\r\n".encode("latin-1"))
        assert b" 411 " in connection.recv(100)


def test_the_pages_run_nothing_but_themselves(running: Running) -> None:
    """Their policy is in the header and in the page; they name no other address."""
    for path in ("/badge", "/visit", "/badge?x=1"):
        found = ask(running.port, "GET", path)
        assert found.status == 200
        policy = found.headers["Content-Security-Policy"]
        assert policy == f"{page.policy_of(found.body)}; frame-ancestors 'none'"
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        outside = set(re.findall(rb"https?://[^\s\"'`)]+", found.body))
        assert outside <= {b"http://www.w3.org/2000/svg"}
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        assert found.headers["Referrer-Policy"] == "no-referrer"
    assert ask(running.port, "HEAD", "/visit").body == b""
    worker = ask(running.port, "GET", "/badge-offline.js")
    assert worker.headers["Content-Type"] == "text/javascript"


def test_a_key_that_does_not_answer_is_no_crash(running: Running) -> None:
    """The phone tries again; the office's log says why."""
    token = running.link()
    books.status_file(running.path).unlink()
    assert ask(running.port, "POST", "/pass", token.encode()).status == 503
    assert ask(running.port, "GET", "/visit").status == 200


def test_all_phones_together_have_a_bound(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signing is never asked for without end; guesses take nothing from those who have a link."""
    monkeypatch.setattr(server, "PASSES_A_SECOND_MAX", 0)
    running.server._tokens = 2.0
    links = [running.link().encode() for _ in range(3)]
    asked = [b"guessed", b"guessed", b"guessed", *links]
    statuses = [ask(running.port, "POST", "/pass", token).status for token in asked]
    assert statuses == [404, 404, 404, 200, 200, 429]


def test_one_link_that_asks_without_end_stops_nobody(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused for its own haste, or is over, or early, costs the others no signature."""
    monkeypatch.setattr(server, "PASSES_A_SECOND_MAX", 0)
    running.server._tokens = 2.0
    hasty, early, other = (link.encode() for link in _three_links(running))
    asked = [hasty, *[hasty] * 5, *[early] * 5, other]
    statuses = [ask(running.port, "POST", "/pass", token).status for token in asked]
    assert statuses == [200, *[429] * 5, *[425] * 5, 200]


def _three_links(running: Running) -> tuple[str, str, str]:
    return running.link(), running.link(NOON_S + 60), running.link()


def test_links_of_a_key_that_was_replaced_hold_until_they_end(
    running: Running, tmp_path: Path
) -> None:
    """One server for both keys; each visit's passes are signed by the key that numbered it."""
    other = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    path = tmp_path / "new.key"
    books.open_books(path, other, NOON_S)
    newer = Visits(path, other, lambda: NOON_S, lambda: NOON_S)
    token = new_link(path, Visit(0, 0, NOON_S + 3_600), NOON_S)[0]
    public = other.public_key().public_bytes_raw()
    both = trust_list([*TRUST.keys.values(), issuer_key(public, "Test office", PASS_KINDS)])
    running.server._visits = [newer, *running.server._visits]
    holders = set()
    for link in (running.link(), token):
        answer = json.loads(ask(running.port, "POST", "/pass", link.encode()).body)
        found = verify(answer["text"].encode(), both, WallTime(NOON_S * 1000))
        holders.add(found.holder.partition(":")[0])
    assert len(holders) == 2


def test_what_the_base_class_refuses_has_our_headers(running: Running) -> None:
    """A verb that nobody knows, a line that is none, a page that is not here."""
    lines = (b"PUT /pass HTTP/1.1", b"GET /a b c HTTP/1.1", b"GET /x HTTP/1.1")
    for line, status in zip(lines, (b" 501 ", b" 400 ", b" 404 "), strict=True):
        with socket.create_connection(("127.0.0.1", running.port), 30) as connection:
            connection.sendall(line + b"\r\n\r\n")
            found = _whole(connection)
        assert status in found
        assert b"Content-Security-Policy: default-src 'none'\r\n" in found
        assert b"X-Content-Type-Options: nosniff\r\n" in found
        assert b"b c" not in found


def test_connections_have_a_bound(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it they are closed at once, and places come back when others leave."""
    monkeypatch.setattr(server, "CONNECTION_S_MAX", 600.0)
    monkeypatch.setattr(server._Handler, "timeout", 600.0)
    idle = [
        socket.create_connection(("127.0.0.1", running.port), 30)
        for _ in range(server.CONNECTIONS_MAX)
    ]
    _eventually(lambda: len(running.server._since) == server.CONNECTIONS_MAX)
    with socket.create_connection(("127.0.0.1", running.port), 30) as one_more:
        assert one_more.recv(1) == b""
    for connection in idle:
        connection.close()
    _eventually(lambda: not running.server._since)
    assert ask(running.port, "GET", "/visit").status == 200


def test_a_slow_reader_is_cut_off(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends a letter at a time keeps its place for a few seconds, not for ever."""
    with socket.create_connection(("127.0.0.1", running.port), 30) as slow:
        slow.sendall(b"GET /vis")
        _eventually(lambda: len(running.server._since) == 1)
        monkeypatch.setattr(server, "CONNECTION_S_MAX", -1.0)
        assert slow.recv(1) == b""


def test_a_thread_that_can_not_start_gives_its_place_back(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine out of threads loses a visitor's request, and not the server."""

    def fail(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    with socket.create_connection(("127.0.0.1", running.port), 30) as connection:
        assert connection.recv(1) == b""
    monkeypatch.undo()
    _eventually(lambda: not running.server._since)
    assert ask(running.port, "GET", "/visit").status == 200


def test_serve_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`gate pass serve` says where it is, answers, and ends on SIGTERM with nothing to say."""
    monkeypatch.chdir(tmp_path)
    good("keygen", "--name", "Test office", "--no-passphrase", "--trust", "trust.toml")
    token = good("link").strip().partition("#")[2]
    program = "from firmware.cli import main; main(['pass', 'serve', '--port', '0'])"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        said = serving.stdout.readline()
        port = int(re.findall(r":([0-9]+) serves Test office", said)[0])
        assert ask(port, "POST", "/pass", token.encode()).status == 200
        assert "in use" in bad(1, "serve", "--port", str(port))
        serving.send_signal(signal.SIGTERM)
        out, err = serving.communicate(timeout=30)
    assert (serving.returncode, out, err) == (0, "", "")


def test_serve_two_keys_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a rotation the links that were sent go on, and new ones work as well."""
    monkeypatch.chdir(tmp_path)
    good("keygen", "--name", "Test office", "--no-passphrase", "--trust", "trust.toml")
    old = good("link").strip().partition("#")[2]
    good("rotate", "--new-key", "new.key", "--no-passphrase")
    new = good("link", "--key", "new.key").strip().partition("#")[2]
    words = ["pass", "serve", "--port", "0", "--key", "new.key", "--key", "office.key"]
    program = f"from firmware.cli import main; main({words})"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        port = int(re.findall(r":([0-9]+) serves", serving.stdout.readline())[0])
        statuses = [ask(port, "POST", "/pass", token.encode()).status for token in (old, new)]
        serving.send_signal(signal.SIGTERM)
    assert statuses == [200, 200]


def test_what_serve_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that do not match the keys; a folder where no secret can be kept, by the name of
    the file that is meant."""
    monkeypatch.chdir(tmp_path)
    good("keygen", "--name", "Test office", "--no-passphrase", "--trust", "trust.toml")
    words = ("--key", "a.key", "--key", "b.key", "--signer-command", "a")
    assert "once for each --key" in bad(2, "serve", *words)
    monkeypatch.setenv("GATE_SIGNER_COMMAND", "nowhere/sign --slot 2")
    assert "the signer nowhere/sign can't be started" in bad(1, "serve")
    monkeypatch.delenv("GATE_SIGNER_COMMAND")

    def full(**_: object) -> tuple[int, str]:
        raise OSError(errno.EROFS, "Read-only file system", ".office.links.abcdefgh")

    monkeypatch.setattr("tempfile.mkstemp", full)
    assert bad(1, "serve").endswith("office.links: Read-only file system.\n")


def test_the_unit_in_the_documentation_may_write_where_it_must() -> None:
    """All of the system is read-only to it but its own folder, which systemd makes."""
    root = Path(__file__).resolve().parents[2]
    text = (root / "docs/how-to/issue-passes.md").read_text(encoding="utf-8")
    assert "ProtectSystem=strict" in text
    (folder,) = re.findall(r"^    StateDirectory=(.*)$", text, re.MULTILINE)
    (key,) = re.findall(r"serve --key (\S*/\S*)", text)
    assert Path(key).parent == Path("/var/lib") / folder


def _whole(connection: socket.socket) -> bytes:
    found = b""
    while part := connection.recv(4_096):
        found += part
    return found


def _eventually(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.01)
