"""`gate pass badge`: a badge that only its holder's phone can show."""

import base64
import json
import re
import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
)
from officekit import VARIABLES, bad, good, run

from drivers.trust.store import load_trust
from firmware.office import pinlock
from gate.credential import holderkey, proof
from gate.credential.model import Credential, CredentialKind
from gate.credential.verify import verify
from gate.walltime import ClockQuality, WallTime

LOST = WallTime(0, quality=ClockQuality.UNTRUSTED)
WRONG = "000000"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office; PINs are stretched little, so that tests are quick."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pinlock.new_holder_key, "__defaults__", (1_000,))
    good("keygen", "--name", "Test office", "--no-passphrase", "--trust", "trust.toml")
    return tmp_path


def settings(path: Path) -> dict[str, object]:
    """What a badge's page holds."""
    found = re.search(r'id="settings">(.*?)</script>', path.read_text(encoding="utf-8"))
    assert found is not None
    read: dict[str, object] = json.loads(found[1])
    return read


def opened(path: Path, pin: str) -> EllipticCurvePrivateKey:
    """The holder's key, as a browser opens it."""
    lock = settings(path)["lock"]
    assert isinstance(lock, dict)
    salt, nonce, sealed = (base64.b64decode(lock[name]) for name in ("salt", "nonce", "sealed"))
    derived = PBKDF2HMAC(SHA256(), 32, salt, lock["iterations"]).derive(pin.encode())
    key = load_der_private_key(AESGCM(derived).decrypt(nonce, sealed, None), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key


def shown(desk: Path, badge: str, key: EllipticCurvePrivateKey) -> Credential:
    """What a gate makes of the badge, shown live."""
    signed = base64.b64decode(badge)
    r, s = decode_dss_signature(key.sign(proof.to_be_signed(signed, 7), ECDSA(SHA256())))
    code = proof.assemble(signed, 7, r.to_bytes(32) + s.to_bytes(32))
    return verify(code.encode(), load_trust(desk / "trust.toml"), LOST)


def test_a_badge_in_a_file(desk: Path) -> None:
    """Its key opens with its PIN and no other; the file is for its holder's eyes alone."""
    said = good("badge", "--file", "badge.html", "--until", "2030-06-30", "--duress")
    pin = said.rpartition(" ")[2].strip().rstrip(".")
    assert re.fullmatch(r"[0-9]{8}", pin)
    path = desk / "badge.html"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(InvalidTag):
        opened(path, WRONG)
    found = shown(desk, str(settings(path)["badge"]), opened(path, pin))
    assert found.kind is CredentialKind.STAFF
    assert found.duress
    assert found.holder.endswith(":0")


def test_a_badge_for_a_phone_that_made_its_key(desk: Path) -> None:
    """The link carries the badge behind its #, and no key."""
    key = generate_private_key(SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    words = ("badge", "--holder-key", holderkey.to_text(point))
    said = good(*words, "--address", "https://visit.example/")
    address, _, offered = said.strip().partition("#")
    assert address == "https://visit.example/badge"
    signed = base64.urlsafe_b64decode(offered + "=" * (-len(offered) % 4))
    assert shown(desk, base64.b64encode(signed).decode(), key).kind is CredentialKind.STAFF
    for own in ("http://localhost:8765", "http://127.0.0.1:8765", "http://[::1]:8765"):
        assert own in good(*words, "--address", own)


def test_a_pin_is_asked_for_where_somebody_sits(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not shown, nor seen by others on the machine; nothing typed has one made."""
    monkeypatch.setattr("firmware.cli.passbadge._sits_there", lambda: True)
    said = good("badge", "--file", "badge.html", stdin="135790\n135790\n")
    assert said == "badge.html written; sealed with the PIN that you gave.\n"
    opened(desk / "badge.html", "135790")
    assert "its PIN is" in good("badge", "--file", "other.html", stdin="\n\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Give --file or --holder-key"),
        (("--file", "a.html", "--holder-key", "GPK1:00"), "Give --file or --holder-key"),
        (("--holder-key", "GPK1:00"), "--address says where"),
        (("--holder-key", "GPK1:00", "--address", "https://visit.example"), "33 bytes"),
        (("--holder-key", "GPK1:00", "--address", "http://visit.example"), "https alone"),
        (("--holder-key", "GPK1:00", "--address", "visit.example"), "https alone"),
        (("--holder-key", "GPK1:00", "--address", "ftp://localhost"), "https alone"),
        (("--holder-key", "GPK1:00", "--address", "https://[x"), "https alone"),
        (("--file", "a.html", "--pin", "12345"), "6 to 64 digits"),
        (("--file", "a.html", "--pin", "rahasia"), "no letters"),
        (("--file", "a.html", "--pin", "\N{SUPERSCRIPT TWO}" * 6), "no letters"),
        (("--file", "a.html", "--until", "2030-01-01", "--for", "1d"), "one way only"),
        (("--file", "a.html", "--until", "0001-01-01T00:00"), "over already"),
    ],
)
def test_badges_that_can_not_be(desk: Path, words: tuple[str, ...], said: str) -> None:
    """No number is spent, and no file written."""
    assert said in bad(2, "badge", *words)
    assert (desk / "office.counter").read_text() == "0 0\n"
    assert not (desk / "a.html").exists()


def test_a_key_that_may_not_issue_staff(desk: Path) -> None:
    """It is told before a number is spent; a PIN that was given is not shown again."""
    words = ("--name", "Kiosk", "--kind", "visitor", "--no-passphrase", "--trust", "trust.toml")
    good("keygen", "--key", "b.key", *words)
    said = bad(1, "badge", "--file", "a.html", "--key", "b.key")
    assert "Kiosk may not issue staff" in said
    assert (desk / "b.counter").read_text() == "0 0\n"
    assert WRONG not in good("badge", "--file", "a.html", "--pin", WRONG)
    opened(desk / "a.html", WRONG)


@pytest.mark.parametrize("name", ["office.key", "office.status", "trust.toml"])
def test_a_page_never_replaces_a_file_of_the_office(desk: Path, name: str) -> None:
    """The private key least of all, and no number is spent on the try."""
    before = (desk / name).read_bytes()
    bad(1, "badge", "--file", name, "--pin", "123456")
    assert (desk / name).read_bytes() == before
    assert (desk / "office.counter").read_text() == "0 0\n"


def test_a_badge_to_the_end_of_a_day(desk: Path) -> None:
    """A date is that whole day; the number is told with its key's id, as `revoke` takes it."""
    told = run("badge", "--file", "a.html", "--pin", "123456", "--until", "2030-06-30").output
    assert re.search(r"Badge [0-9a-f]{8}:0, until 2030-07-01T00:00:00\+07:00", told)
