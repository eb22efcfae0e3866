"""Two live keys: the new one issues, the old one's passes hold until they have run out."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from officekit import VARIABLES, bad, good, issued

from drivers.trust.store import load_trust
from firmware.cli import passkeys
from firmware.office import books, rotation, trustfile
from firmware.office.errors import OfficeError
from firmware.office.signer import NewKey, load_key_file
from gate.credential.trust import key_id

COMMENT = "# Kept by the office; ask before you change it.\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office that has issued one pass of thirty days."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    good("keygen", "--name", "Test office", "--no-passphrase", "--trust", "trust.toml")
    trust = tmp_path / "trust.toml"
    trust.write_text(COMMENT + trust.read_text())
    (tmp_path / "old.txt").write_text(issued("visitor", "--for", "30d"))
    return tmp_path


def rotated(*words: str) -> str:
    """Put `new.key` beside `office.key`."""
    return good("rotate", "--new-key", "new.key", "--no-passphrase", *words)


def test_old_and_new_passes_hold_together(desk: Path) -> None:
    """Both verify now; after the old key's last pass has run out, it is no issuer any more."""
    said = rotated()
    assert "new.key issues from now on" in said
    (desk / "new.txt").write_text(issued("visitor", "--for", "60d", "--key", "new.key"))
    for text in ("old.txt", "new.txt"):
        assert "Test office" in good("verify", text)
    trust = load_trust(desk / "trust.toml")
    ends = sorted(key.not_after_s - int(time.time()) for key in trust.keys.values())
    assert 29 * 86_400 < ends[0] <= 30 * 86_400 + 60
    assert (desk / "trust.toml").read_text().startswith(COMMENT)
    assert len(trust.status) == 2


def test_the_old_key_revokes_and_issues_no_more(desk: Path) -> None:
    """A clerk who has the old key in his fingers is told which one took its place."""
    rotated()
    assert "new.key took its place" in bad(1, "issue", "visitor")
    assert "has a successor already" in bad(1, "rotate", "--new-key", "third.key")
    assert not (desk / "third.key").exists()
    good("revoke", "old.txt")
    assert "credential_revoked" in bad(3, "verify", "old.txt")
    assert "no more: new.key took its place" in good("status")


def test_an_overlap_that_was_asked_for(desk: Path) -> None:
    """Longer than its passes, never shorter."""
    rotated("--overlap", "90d")
    ends = [key.not_after_s for key in load_trust(desk / "trust.toml").keys.values()]
    assert min(ends) - time.time() > 89 * 86_400


def test_a_key_that_the_gates_do_not_know(desk: Path) -> None:
    """Nothing is made where the trust file is another office's."""
    good("keygen", "--key", "other.key", "--name", "Other", "--no-passphrase")
    said = bad(1, "rotate", "--key", "other.key", "--new-key", "new.key", "--no-passphrase")
    assert "does not trust this key" in said
    assert not (desk / "new.key").exists()
    assert "never overwritten" in bad(1, "rotate", "--new-key", "other.key", "--no-passphrase")


def test_a_window_that_was_there_is_replaced(desk: Path) -> None:
    """One end for a key, in its own table, whatever stood around it."""
    path = desk / "trust.toml"
    key = load_key_file(desk / "office.key", None)
    text = path.read_text()
    edited = text.replace('status = "', 'not_after = 2099-01-01T00:00:00Z\nstatus = "')
    later = f'{edited}\n[[issuer]]\nname = "Second"\nnot_after = 2098-01-01T00:00:00Z\n'
    changed = trustfile.with_end(later, key, 2_000_000_000)
    assert changed.count("not_after") == 2
    assert "2033-05-18T03:33:20Z" in changed
    assert "2098" in changed
    assert "2099" not in changed
    with pytest.raises(OfficeError, match="does not name"):
        trustfile.with_end("# nothing\n", key, 2_000_000_000)
    cut = text[: text.index("kinds")].rstrip()
    assert trustfile.with_end(cut, key, 2_000_000_000).endswith("03:33:20Z\n")


def test_what_a_gate_could_not_read_never_takes_the_place_of_what_it_could(desk: Path) -> None:
    """The file stays as it was, and no trial is left beside it."""
    path = desk / "trust.toml"
    before = path.read_bytes()
    with pytest.raises(OfficeError, match=r"trust\.toml"):
        trustfile.replace_trust(path, "[[issuer]]\n")
    assert path.read_bytes() == before
    assert not list(desk.glob(".trust*"))
    (desk / "odd.toml").write_bytes(b"\xff")
    with pytest.raises(OfficeError, match="no text"):
        trustfile.read_trust_text(desk / "odd.toml")
    assert not trustfile.read_trust_text(desk / "none.toml")


def kid(name: str) -> str:
    """The id of a key without passphrase, as cards show it."""
    key = load_key_file(Path(name), None)
    return key_id(key.public_key().public_bytes_raw()).hex()


def in_days(days: int) -> str:
    """A moment from now, for `verify --at`."""
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + days * 86_400))


def test_a_card_of_the_old_key_never_takes_back_a_pass_of_the_new_one(desk: Path) -> None:
    """Both have a pass 0. With the wrong key a card is refused, and told which key is the right
    one; a bare number is refused with both."""
    old = kid("office.key")
    rotated()
    (desk / "new.txt").write_text(issued("visitor", "--key", "new.key"))
    new = kid("new.key")
    for words in ((f"{old}:0",), ("old.txt",)):
        assert "give --key office.key" in bad(1, "revoke", "--key", "new.key", *words)
    assert f"{new}:0 for new.key" in bad(1, "revoke", "--key", "new.key", "0")
    assert f"{old}:0 for office.key" in bad(1, "revoke", "0")
    assert "give the --key whose id is 00000000" in bad(1, "revoke", "00000000:0")
    for text in ("old.txt", "new.txt"):
        good("verify", text)
    assert f"Pass {old}:0 is revoked" in good("revoke", "--key", "office.key", f"{old}:0")
    assert "credential_revoked" in bad(3, "verify", "old.txt")
    good("verify", "new.txt")
    assert f"Pass {new}:0 is revoked" in good("revoke", "--key", "new.key", f"{new}:0")


def test_a_status_list_that_is_none_names_no_key(desk: Path) -> None:
    """Files of others in the folder are passed over."""
    (desk / "odd.status").write_bytes(b"spoilt")
    (desk / "long.status").write_bytes(bytes(200_000))
    (desk / "odd.successor").write_bytes(b"\xff\n")
    assert books.kid_of(desk / "odd.key") is None
    assert "give the --key" in bad(1, "revoke", "00000000:0")
    good("revoke", "0")


def test_a_pass_issued_meanwhile_holds_to_its_end(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One clerk is asked for the new passphrase while another issues: that pass counts too."""
    real = passkeys._new_key

    def slowly(command: str | None, no_passphrase: bool) -> NewKey:
        (desk / "late.txt").write_text(issued("staff", "--for", "365d"))
        return real(command, no_passphrase)

    monkeypatch.setattr(passkeys, "_new_key", slowly)
    rotated()
    assert "Test office" in good("verify", "late.txt", "--at", in_days(360))


@pytest.mark.parametrize("later", [False, True])
def test_a_counter_written_by_hand_has_no_end(desk: Path, later: bool) -> None:
    """Nobody knows when its passes run out, whatever is issued after: they are not cut short."""
    (desk / "office.counter").write_text("1000\n")
    if later:
        issued("visitor", "--for", "1h")
        assert (desk / "office.counter").read_text() == "1001\n"
    assert "nobody knows" in good("status")
    assert "until you end it" in rotated()
    assert "Test office" in good("verify", "old.txt", "--at", in_days(29))
    ends = [key.not_after_s for key in load_trust(desk / "trust.toml").keys.values()]
    assert min(ends) == max(ends)


def test_a_counter_written_by_hand_and_an_end_that_was_given(desk: Path) -> None:
    """Who says how long, is believed."""
    (desk / "office.counter").write_text("1000")
    rotated("--overlap", "90d")
    ends = [key.not_after_s for key in load_trust(desk / "trust.toml").keys.values()]
    assert 89 * 86_400 < min(ends) - time.time() <= 90 * 86_400


CUT = """
import os, sys
from firmware.cli import main
from firmware.office import books, trustfile
module, name, nth = sys.argv[1].split(":")
module = {"books": books, "trustfile": trustfile}[module]
real, calls = getattr(module, name), []
def cut(*words, **more):
    calls.append(words)
    if len(calls) == int(nth):
        os._exit(9)
    return real(*words, **more)
setattr(module, name, cut)
sys.argv = ["gate", "pass", "rotate", "--new-key", "new.key", "--no-passphrase"]
main()
"""


@pytest.mark.parametrize(
    "where",
    [
        "books:retire:1",
        "books:open_books:1",
        "books:write_new:1",
        "books:write_new:2",
        "books:write_new:3",
        "trustfile:replace_trust:1",
    ],
)
def test_a_rotation_that_was_cut_off_goes_on(desk: Path, where: str) -> None:
    """The power goes at any step: no pass is cut short, and the same command does the rest."""
    root = Path(passkeys.__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", CUT, where],
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert ended.returncode == 9
    assert "Test office" in good("verify", "old.txt", "--at", in_days(29))
    if where != "books:retire:1":
        assert "new.key took its place" in bad(1, "issue", "visitor")
        assert "has a successor already" in bad(1, "rotate", "--new-key", "third.key")
    assert "new.key issues from now on" in rotated()
    assert len(load_trust(desk / "trust.toml").keys) == 2
    assert "Test office" in good("verify", "old.txt", "--at", in_days(29))
    assert "Test office" in good("verify", issued("visitor", "--key", "new.key"))
    assert "has a successor already" in bad(1, "rotate", "--new-key", "new.key")


def test_a_key_in_the_way_is_not_taken_for_a_rotation_cut_off(desk: Path) -> None:
    """Books of which something came are never taken away."""
    rotated()
    issued("visitor", "--key", "new.key")
    (desk / "new.key").unlink()
    key = load_key_file(desk / "office.key", None)
    with pytest.raises(OfficeError, match="never overwritten"):
        books.open_books(desk / "new.key", key, 1, again=True)
    (desk / "new.counter").write_text("many")
    with pytest.raises(OfficeError, match="never overwritten"):
        books.open_books(desk / "new.key", key, 1, again=True)
    with pytest.raises(OfficeError, match="has a successor already"):
        books.retire(desk / "office.key", desk / "third.key")


def test_a_trust_file_that_cannot_be_changed_line_by_line(desk: Path) -> None:
    """Told before the old key is retired and a new one made."""
    path = desk / "trust.toml"
    key = load_key_file(desk / "office.key", None)
    table = trustfile.issuer_block(key, "Test office", ("staff",))
    fields = ", ".join(line for line in table.splitlines() if " = " in line)
    path.write_text(f"issuer = [{{ {fields} }}]\n")
    assert "trust.toml" in bad(1, "rotate", "--new-key", "new.key", "--no-passphrase")
    assert not list(desk.glob("new.*"))
    assert not books.successor_of(desk / "office.key")
    assert not rotation.is_begun(desk / "office.key", desk / "new.key", load_trust(path))


def test_the_help_says_what_still_needs_the_old_key() -> None:
    """Links, a server that runs, and passes to be taken back."""
    said = " ".join(good("rotate", "--help").split())
    assert "gate pass revoke --key office.key" in said
    assert "gate pass serve --key office-2027.key --key office.key" in said
    assert "start it anew" in said
