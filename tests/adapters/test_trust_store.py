"""Trust on the disk: read whole or refused with the place of the fault; never older than held."""

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.api import DriverError, ErrorKind
from drivers.trust.store import TRUST_BYTES_MAX, load_trust
from drivers.wholefile import write_atomic
from gate.credential.model import CredentialKind
from gate.credential.status import empty_status, issue_status, revoke
from gate.credential.trust import key_id
from gate.walltime import TIME_S_END

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
KID = key_id(PUBLIC)
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER_PUBLIC = OTHER.public_key().public_bytes_raw()


def block(public: bytes = PUBLIC, name: str = "Test office", more: str = "") -> str:
    """One issuer as a technician writes it."""
    return (
        f'[[issuer]]\nname = "{name}"\npublic_key = "{base64.b64encode(public).decode()}"\n'
        f'kinds = ["visitor"]\n{more}\n'
    )


def stored(folder: Path, text: str) -> Path:
    """A trust file of that text."""
    path = folder / "trust.toml"
    path.write_text(text)
    return path


def fault(path: Path) -> DriverError:
    """Why the trust file is refused."""
    with pytest.raises(DriverError) as refused:
        load_trust(path)
    return refused.value


def test_issuers_and_their_status(tmp_path: Path) -> None:
    """Names, kinds, windows and revocations come from the files."""
    times = "not_before = 2026-01-01T00:00:00Z\nnot_after = 2026-01-01T08:00:00+07:00"
    text = block(more='status = "office.status"') + block(OTHER_PUBLIC, "Test kiosk", times)
    (tmp_path / "office.status").write_bytes(issue_status(revoke(empty_status(KID, 9), 5, 9), KEY))
    trust = load_trust(stored(tmp_path, text))
    office, kiosk = trust.keys[KID], trust.keys[key_id(OTHER_PUBLIC)]
    assert (office.name, office.not_before_s, office.not_after_s) == ("Test office", 0, TIME_S_END)
    assert office.kinds == {CredentialKind.VISITOR}
    assert kiosk.not_after_s - kiosk.not_before_s == 3_600
    assert trust.is_revoked(KID, 5)
    assert not trust.is_revoked(KID, 6)


def test_nobody_is_trusted_by_an_empty_file(tmp_path: Path) -> None:
    """A gate without issuers is a gate that admits by staff only, and no error."""
    assert not load_trust(stored(tmp_path, "")).keys


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("issuer = 1", r"issuer"),
        ("[[issuer", r"trust\.toml"),
        (block(more="publik = 1"), r"unknown field `publik`.*issuer\[0\]"),
        ("[[isuer]]\n", r"unknown field `isuer`"),
        (block().replace('"visitor"', '"king"'), r"king.*issuer\[0\]\.kinds\[0\]"),
        (block().replace("name", "nom"), r"nom"),
        (block(b"short"), r"issuer\[0\].*32 bytes"),
        (block().replace('key = "', 'key = "!'), r"issuer\[0\].*base64"),
        (block().replace('key = "', 'key = "é'), r"issuer\[0\].*base64"),
        (block(name=""), r"issuer\[0\].*name"),
        (block(more="not_after = 2026-01-01T00:00:00"), r"issuer\[0\].*offset"),
        (block() + block(), r"same key id"),
        (block(more='status = "none.status"'), r"none\.status is not there"),
    ],
)
def test_a_fault_is_named_by_its_place(tmp_path: Path, text: str, why: str) -> None:
    """File, table and key, so that a technician need not search."""
    with pytest.raises(DriverError, match=why):
        load_trust(stored(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("issuer = " + "[" * 3_000 + "]" * 3_000, "nested too deeply"),
        ("issuer = 1" + "0" * 5_000, "limit"),
        (block(more='status = "a\\u0000b"'), "can't be the name of a file"),
    ],
    ids=["deep", "digits", "nul"],
)
def test_a_hostile_file_is_one_sentence(tmp_path: Path, text: str, why: str) -> None:
    """Whatever the file holds, it is refused as a file, and nothing else is raised."""
    trouble = fault(stored(tmp_path, text))
    assert trouble.kind is ErrorKind.CORRUPT
    assert why in trouble.message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a folder, binary, endless: each says which file and of what kind the trouble is."""
    assert fault(tmp_path / "none.toml").kind is ErrorKind.MISSING
    assert fault(tmp_path).kind is ErrorKind.CORRUPT
    path = tmp_path / "trust.toml"
    path.write_bytes(b"\xff\xfe")
    assert fault(path).kind is ErrorKind.CORRUPT
    path.write_bytes(b"#" * (TRUST_BYTES_MAX + 1))
    assert "longer than" in fault(path).message


def test_a_file_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may not be opened is told apart from what is missing."""

    def denied(path: Path, flags: int) -> None:
        raise PermissionError(13, "Permission denied")

    path = stored(tmp_path, block())
    monkeypatch.setattr("drivers.wholefile.os.open", denied)
    assert fault(path).kind is ErrorKind.DENIED


def test_status_files_that_are_not_taken(tmp_path: Path) -> None:
    """Damaged, or another issuer's."""
    path = stored(tmp_path, block(more='status = "a.status"') + block(OTHER_PUBLIC, "Test kiosk"))
    status = tmp_path / "a.status"
    status.write_bytes(b"no status list")
    assert "code_malformed" in fault(path).message
    status.write_bytes(issue_status(empty_status(key_id(OTHER_PUBLIC), 9), OTHER))
    assert "another issuer" in fault(path).message


def test_reading_again_never_goes_back(tmp_path: Path) -> None:
    """An older status file under a running gate is refused; a missing entry keeps what is held."""
    path = stored(tmp_path, block(more='status = "a.status"'))
    first = empty_status(KID, 9)
    (tmp_path / "a.status").write_bytes(issue_status(revoke(first, 5, 10), KEY))
    held = load_trust(path)
    assert load_trust(path, held) == held
    assert load_trust(stored(tmp_path, block()), held).is_revoked(KID, 5)
    path = stored(tmp_path, block(more='status = "a.status"'))
    (tmp_path / "a.status").write_bytes(issue_status(first, KEY))
    with pytest.raises(DriverError, match="older"):
        load_trust(path, held)
    assert not load_trust(stored(tmp_path, block(OTHER_PUBLIC)), held).status


def test_writing_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves the old bytes and no litter."""
    path = tmp_path / "a.status"
    write_atomic(path, b"old")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space"):
            write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    write_atomic(path, b"secret", 0o600)
    assert path.read_bytes() == b"secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
