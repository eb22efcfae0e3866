"""The private key may be elsewhere: a program signs, and what it says is checked."""

import base64
import os
import pty
import select
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from officekit import VARIABLES, bad, good, issued

from firmware.office import signer
from firmware.office.errors import OfficeError
from firmware.office.signer import CommandSigner

MODULE = """
import base64, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
answer = (
    key.public_key().public_bytes_raw()
    if sys.argv[1] == "public"
    else key.sign(sys.stdin.buffer.read())
)
print(base64.b64encode(answer).decode())
"""
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The command of a program that stands before a security module."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "the module.py").write_text(MODULE)
    return f"{sys.executable} 'the module.py'"


def test_an_office_without_a_key_file(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keygen begins the books; issuing, verifying and revoking go as with a file."""
    monkeypatch.setenv("GATE_SIGNER_COMMAND", module)
    good("keygen", "--name", "Test office", "--trust", "trust.toml")
    assert not Path("office.key").exists()
    text = issued("visitor")
    assert "Test office" in good("verify", text)
    good("revoke", text)
    assert "credential_revoked" in bad(3, "verify", text)
    assert "never overwritten" in bad(1, "keygen", "--name", "Again")
    monkeypatch.delenv("GATE_SIGNER_COMMAND")
    said = good("rotate", "--signer-command", module, "--new-key", "b.key", "--no-passphrase")
    assert "b.key issues from now on" in said


def test_signatures_are_the_keys_own(module: str) -> None:
    """The same key in memory and behind the program sign the same."""
    there = CommandSigner(module)
    assert there.public_key() == KEY.public_key()
    assert there.sign(b"words") == KEY.sign(b"words")


def _program(tmp_path: Path, body: str) -> str:
    path = tmp_path / "odd.py"
    path.write_text(f"import base64, sys, time\npublic = sys.argv[1] == 'public'\n{body}\n")
    return f"{sys.executable} {path}"


PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
OTHER_THAT_FAILS = f"print('{base64.b64encode(OTHER).decode()}') if public else sys.exit(3)"
CLERK = """
import os, sys
from firmware.office.signer import CommandSigner
CommandSigner(sys.argv[1])
print("in front" if os.tcgetpgrp(0) == os.getpgrp() else "behind", flush=True)
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit(3)", "exit status 3"),
        ("print('no base64!')", "in base64"),
        ("print('AAAA')", "no Ed25519 key"),
        ("print('A' * 4000)", "too much"),
        ("while True: sys.stdout.write('A' * 4000)", "too much"),
        ("time.sleep(30)", "did not answer"),
        (f"print('{PUBLIC}' if public else 'AAAA')", "not with the key that it names"),
    ],
)
def test_a_program_that_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    """One sentence, and never a pass that no gate would take."""
    monkeypatch.setattr(signer, "SIGNER_S_MAX", 1 if "sleep" in body else 30)
    command = _program(tmp_path, body)
    with pytest.raises(OfficeError, match=said):
        CommandSigner(command).sign(b"words")


def test_base64_in_several_lines(tmp_path: Path) -> None:
    """`base64` breaks lines at 76 characters; a signature has 88."""
    body = MODULE.replace("b64encode(answer)", "encodebytes(answer)")
    command = _program(tmp_path, body)
    assert CommandSigner(command).sign(b"words") == KEY.sign(b"words")


def test_a_signer_that_fails_leaves_nothing_behind(module: str, tmp_path: Path) -> None:
    """It is asked for a signature before a book is written; then the same command works."""
    words = ("keygen", "--name", "Test office", "--trust", "trust.toml", "--signer-command")
    before = set(tmp_path.iterdir())
    broken = _program(tmp_path, f"print('{PUBLIC}') if public else sys.exit(3)")
    assert "exit status 3" in bad(1, *words, broken)
    assert set(tmp_path.iterdir()) == before | {tmp_path / "odd.py"}
    good(*words, module)
    text = (tmp_path / "trust.toml").read_text()
    other = _program(tmp_path, OTHER_THAT_FAILS)
    rotation = ("rotate", "--new-key", "new.key", "--signer-command", module)
    assert "exit status 3" in bad(1, *rotation, "--new-signer-command", other)
    assert not list(tmp_path.glob("*.successor"))
    assert not list(tmp_path.glob("new.*"))
    assert (tmp_path / "trust.toml").read_text() == text


def test_what_a_signer_started_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrapper before the card may not leave somebody who holds the card on."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(f"#!/bin/sh\n(echo here; exec sleep 600) > {pipe}\n")
    wrapper.chmod(0o755)
    monkeypatch.setattr(signer, "SIGNER_S_MAX", 2)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(OfficeError, match="did not answer"):
            CommandSigner(str(wrapper))
        # Nobody holds the other end: once the sleeper has ended, the pipe says so.
        assert select.select([reader], [], [], 30)[0]
        assert os.read(reader, 100) == b"here\n"
        assert select.select([reader], [], [], 30)[0]
        assert os.read(reader, 100) == b""
    finally:
        os.close(reader)


def test_a_signer_that_answers_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It closed its output and goes on: the limit holds all the same."""
    monkeypatch.setattr(signer, "SIGNER_S_MAX", 1)
    body = "print('AAAA', flush=True)\nimport os\nos.close(1)\ntime.sleep(600)"
    with pytest.raises(OfficeError, match="did not answer"):
        CommandSigner(_program(tmp_path, body))


ASKING = """
tty = open("/dev/tty", "r+b", buffering=0)
tty.write(b"number? ")
assert tty.readline() == b"1234\\n"
"""


def test_a_signer_may_ask_at_the_terminal(tmp_path: Path) -> None:
    """A card's number is typed where the clerk sits, and the clerk's own program goes on there."""
    command = _program(tmp_path, ASKING + MODULE)
    clerk = tmp_path / "clerk.py"
    clerk.write_text(CLERK)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(Path(signer.__file__).parents[2])
        os.environ["PYTHONPATH"] = "."
        os.execv(sys.executable, [sys.executable, str(clerk), command])
    said, answered = b"", False
    while b"in front" not in said and b"behind" not in said:
        if not answered and b"number?" in said:
            answered = os.write(terminal, b"1234\n") > 0
        try:
            said += os.read(terminal, 1_024)
        except OSError:  # the clerk has gone
            break
    os.waitpid(child, 0)
    os.close(terminal)
    assert b"in front" in said


@pytest.mark.parametrize(
    ("command", "said"),
    [("", "is empty"), ("'", "can't be read"), ("/no/such/program", "can't be started")],
)
def test_a_command_that_is_none(command: str, said: str) -> None:
    """Told before anything is issued."""
    with pytest.raises(OfficeError, match=said):
        CommandSigner(command)
