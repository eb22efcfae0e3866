"""Making a key: what is in the way, what fails late, and what no passphrase may be."""

import multiprocessing
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from officekit import VARIABLES, bad, good, issued

from drivers.trust.store import load_trust
from firmware.cli import passkeys
from firmware.office import books, sealedkey, signer, trustfile, visits
from firmware.office.errors import OfficeError, PassphraseNeeded
from firmware.office.signer import load_key_file, new_key

WORDS = "four invented words"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"office.lock"}


def test_the_faster_of_two_clerks_keeps_her_key(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one thinks of a passphrase, the other makes a key of that name: it stays."""

    def slowly() -> bytes:
        good("keygen", "--name", "Hers", "--no-passphrase", "--trust", "trust.toml")
        return WORDS.encode()

    monkeypatch.setattr(passkeys, "new_passphrase", slowly)
    said = bad(1, "keygen", "--name", "His", "--trust", "trust.toml")
    assert "never overwritten" in said
    assert [key.name for key in load_trust(desk / "trust.toml").keys.values()] == ["Hers"]
    assert "Hers" in good("verify", issued("visitor"))
    (desk / "b.key").write_text("somebody's")
    with pytest.raises(OfficeError, match="never overwritten"):
        signer.create_key_file(desk / "b.key", None)
    assert (desk / "b.key").read_text() == "somebody's"


def test_two_keys_at_once_in_one_trust_file(desk: Path) -> None:
    """Neither block is lost, however the two clerks interleave."""
    run = "from firmware.cli import main; main()"
    words = [sys.executable, "-c", run, "pass", "keygen", "--no-passphrase", "--trust"]
    root = Path(passkeys.__file__).parents[2]
    clerks = [
        subprocess.Popen(
            [*words, "trust.toml", "--name", f"Desk {n}", "--key", f"{n}.key"],
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        for n in range(3)
    ]
    assert [clerk.wait() for clerk in clerks] == [0, 0, 0]
    assert len(load_trust(desk / "trust.toml").keys) == 3


def test_a_passphrase_is_slow_to_try(desk: Path) -> None:
    """The file says scrypt with our numbers; other programs open it; old files still open."""
    made = new_key(WORDS.encode())
    assert made.sealed is not None
    path = desk / "a.key"
    path.write_bytes(made.sealed)
    opened = load_key_file(path, WORDS.encode())
    assert opened.public_key() == made.signer.public_key()
    with pytest.raises(OfficeError, match="does not open"):
        load_key_file(path, b"four invented word")
    for nothing in (None, b""):
        with pytest.raises(PassphraseNeeded):
            load_key_file(path, nothing)
    assert sealedkey.SCRYPT_COST * sealedkey.SCRYPT_PARALLEL >= 4 * (1 << 17)
    old = Ed25519PrivateKey.generate()
    path.write_bytes(
        old.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"short"))
    )
    assert load_key_file(path, b"short").public_key() == old.public_key()


def test_another_program_opens_the_file(desk: Path) -> None:
    """`openssl`, which knows nothing of us, finds scrypt in it and the same public key."""
    made = new_key(WORDS.encode())
    (desk / "a.key").write_bytes(made.sealed or b"")
    command = ["openssl", "pkey", "-in", "a.key", "-passin", f"pass:{WORDS}"]
    try:
        out = subprocess.run(
            [*command, "-pubout", "-outform", "DER"], capture_output=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("needs openssl")
    assert out.stdout.endswith(made.signer.public_key().public_bytes_raw()), out.stderr
    shown = subprocess.run(
        ["openssl", "asn1parse", "-in", "a.key"], capture_output=True, check=True
    )
    for word in (b":scrypt", b":4000", b":20", b":aes-256-cbc"):
        assert word in shown.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"elevenchars", "at least 12 characters"),
        (b"", "at least 12 characters"),
        (b"x" * 1_024, "at most 1023 bytes"),
        (b"not of UTF-8 \xff\xfe", "no text in UTF-8"),
    ],
)
def test_passphrases_that_are_none(
    desk: Path, monkeypatch: pytest.MonkeyPatch, given: bytes, said: str
) -> None:
    """One sentence before anything is made, and one where a key is opened."""
    monkeypatch.setenv("GATE_PASSPHRASE", os.fsdecode(given))
    assert said in bad(1, "keygen", "--name", "Hall")
    assert files(desk) == set()
    monkeypatch.delenv("GATE_PASSPHRASE")
    good("keygen", "--name", "Hall", stdin=f"{WORDS}\n{WORDS}\n")
    monkeypatch.setenv("GATE_PASSPHRASE", os.fsdecode(given))
    short = "set GATE_PASSPHRASE" if not given else "does not open"
    assert (short if "at least" in said else said) in bad(1, "issue", "visitor")


def test_a_terminal_of_another_encoding(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed there may be no text; that is a sentence too."""
    assert "no text in UTF-8" in bad(1, "keygen", "--name", "Hall", stdin=b"\xff\xfe four words\n")


@pytest.mark.parametrize(
    "name", ["Kantor \N{GRINNING FACE}", "Balai \N{CJK UNIFIED IDEOGRAPH-9580}"]
)
def test_a_name_beyond_ascii(desk: Path, name: str) -> None:
    """Stands in the trust file as it was given."""
    good("keygen", "--name", name, "--no-passphrase", "--trust", "trust.toml")
    assert [key.name for key in load_trust(desk / "trust.toml").keys.values()] == [name]


@pytest.mark.parametrize("name", ["a\x00b", "a\x7fb", "a\nb", "a\udc80b", "a\u2028b"])
def test_a_name_that_no_text_has(desk: Path, name: str) -> None:
    """Told before a key is made, so that the same command can be given again."""
    for more in ((), ("--trust", "trust.toml")):
        said = bad(1, "keygen", "--name", name, "--no-passphrase", *more)
        assert "can't be written" in said
    assert files(desk) == set()


def test_a_trust_file_that_cannot_be(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder for it: nothing is made. Full at the last moment: the block can be had again."""
    words = ("keygen", "--name", "Hall", "--no-passphrase", "--trust")
    assert "make that folder" in bad(1, *words, "gates/trust.toml")
    assert files(desk) == set()

    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(trustfile, "replace_trust", full)
        assert "gate pass show-key" in bad(1, *words, "trust.toml")
    (desk / "trust.toml").write_text(good("show-key", "--name", "Hall"))
    assert "Hall" in good("verify", issued("visitor"))
    assert "needs a name" in bad(2, "show-key", "--name", " ")
    with pytest.raises(OfficeError, match="give it kinds"):
        trustfile.issuer_block(new_key(None).signer, "Hall", ())


def test_a_disk_that_is_full_leaves_nothing(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun is taken away again, and the next try works."""
    real, calls = os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if stat.S_ISREG(os.fstat(handle).st_mode) and len(calls) > 4:
            raise OSError(28, "No space left on device", "office.key")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert "No space left" in bad(1, "keygen", "--name", "Hall", "--no-passphrase")
    assert files(desk) == set()
    good("keygen", "--name", "Hall", "--no-passphrase")
    assert {"office.key", "office.counter", "office.status"} <= files(desk)


def test_where_there_is_no_key(desk: Path) -> None:
    """Every command says how to make one, and leaves no file behind."""
    assert "`gate pass keygen`" in bad(1, "link")
    assert "`gate pass keygen`" in bad(1, "issue", "visitor")
    assert list(desk.iterdir()) == []


def test_the_first_links_of_two_clerks_both_work(desk: Path) -> None:
    """One secret is made, however many ask for it at once."""
    good("keygen", "--name", "Hall", "--no-passphrase")
    key = desk / "office.key"
    with multiprocessing.get_context("spawn").Pool(2) as clerks:
        assert len(set(clerks.map(visits._link_secret, [key] * 8))) == 1


def test_a_first_link_waits_for_the_one_before(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second, takes what the first has made under the lock."""
    good("keygen", "--name", "Hall", "--no-passphrase")
    key, found = desk / "office.key", []
    with books.locked(key):
        second = threading.Thread(target=lambda: found.append(visits._link_secret(key)))
        second.start()
        second.join(0.2)
        (desk / "office.links").write_bytes(bytes(32))
    second.join()
    assert found == [bytes(32)]
