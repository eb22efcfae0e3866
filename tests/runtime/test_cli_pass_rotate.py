"""Two live keys: the new one issues, the old one's passes hold until they have run out."""

import time
from pathlib import Path

import pytest
from officekit import VARIABLES, bad, good, issued

from drivers.truststore import load_trust
from firmware.office import trustfile
from firmware.office.errors import OfficeError
from firmware.office.signer import load_key_file

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
