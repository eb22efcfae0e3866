"""A badge that is bound to its holder's phone admits live, and neither bare nor later."""

import cbor2
import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.credential import base45, holderkey, proof
from gate.credential.model import PASS_KINDS, Credential, CredentialError
from gate.credential.native import PASS_BYTES_MAX, PassClaims, issue, signed_bytes_of
from gate.credential.status import empty_status, revoke
from gate.credential.trust import TrustList, issuer_key, key_id, trust_list
from gate.credential.verify import verify
from gate.reasons import Reason
from gate.walltime import TIME_S_END, ClockQuality, WallTime

VISITOR, _, STAFF = PASS_KINDS
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
HOLDER = derive_private_key(0x0123456789ABCDEF, SECP256R1())
THIEF = derive_private_key(0xFEDCBA9876543210, SECP256R1())
NOON_S = 1_800_000_000
NOW = WallTime(NOON_S * 1000)
STEP = NOON_S // 30
TRUST = trust_list([issuer_key(PUBLIC, "Test office", PASS_KINDS)])


def point(key: EllipticCurvePrivateKey = HOLDER) -> bytes:
    """The compressed public key."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


BADGE = issue(PassClaims(STAFF, 7, NOON_S + 86_400, holder_key=point()), KEY)
SIGNED = signed_bytes_of(BADGE.encode())


def signature(signed: bytes, key: EllipticCurvePrivateKey = HOLDER) -> bytes:
    """r and s, as a browser gives them."""
    r, s = decode_dss_signature(key.sign(signed, ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def shown(
    signed_pass: bytes = SIGNED, step: int = STEP, key: EllipticCurvePrivateKey = HOLDER
) -> bytes:
    """A live code, as a phone makes it."""
    made = signature(proof.to_be_signed(signed_pass, step), key)
    return proof.assemble(signed_pass, step, made).encode()


def refusal(payload: bytes, trust: TrustList = TRUST, now: WallTime = NOW) -> Reason:
    """Why that code is refused."""
    with pytest.raises(CredentialError) as refused:
        verify(payload, trust, now)
    return refused.value.reason


def test_a_live_badge_admits() -> None:
    """The credential is the badge's own, many times."""
    found = verify(shown(), TRUST, NOW)
    assert found.kind is STAFF
    assert found.issuer == "Test office"
    assert found.holder == f"{key_id(PUBLIC).hex()}:7"
    assert not found.one_time
    plain = issue(PassClaims(STAFF, 7, NOON_S + 86_400), KEY).encode()
    assert found == verify(plain, TRUST, NOW)


def test_a_picture_of_the_badge_does_not() -> None:
    """Bare it is refused for want of a proof, and for anything else first."""
    assert refusal(BADGE.encode()) is Reason.PROOF_MISSING
    late = WallTime((NOON_S + 86_400) * 1000)
    assert refusal(BADGE.encode(), now=late) is Reason.CREDENTIAL_EXPIRED


@pytest.mark.parametrize("at_s", [NOON_S, NOON_S + 29])
def test_a_code_holds_for_its_half_minute_and_one_on_either_side(at_s: int) -> None:
    """Two clocks differ; anything more is another time."""
    now = WallTime(at_s * 1000)
    for step in (STEP - 1, STEP, STEP + 1):
        assert verify(shown(step=step), TRUST, now).kind is STAFF
    for step in (STEP - 2, STEP + 2, 0, TIME_S_END // 30 - 1):
        assert refusal(shown(step=step), now=now) is Reason.PROOF_NOT_CURRENT


def test_without_a_clock_no_code_is_old() -> None:
    """Like the dates: the officer decides. The signature is checked all the same."""
    lost = WallTime(0, quality=ClockQuality.UNTRUSTED)
    assert verify(shown(), TRUST, lost).kind is STAFF
    assert refusal(shown(key=THIEF), now=lost) is Reason.PROOF_SIGNATURE


def test_whose_phone_it_is() -> None:
    """Another phone's signature; of another time; over another badge; of another length; zero."""
    other = signed_bytes_of(
        issue(PassClaims(STAFF, 8, NOON_S + 86_400, holder_key=point()), KEY).encode()
    )
    assert refusal(shown(key=THIEF)) is Reason.PROOF_SIGNATURE
    moved = [
        signature(proof.to_be_signed(SIGNED, STEP - 1)),
        signature(proof.to_be_signed(other, STEP)),
        signature(SIGNED),
        b"",
        signature(proof.to_be_signed(SIGNED, STEP)) + b"\x00",
        bytes(64),
        HOLDER.sign(proof.to_be_signed(SIGNED, STEP), ECDSA(SHA256())),
    ]
    for made in moved:
        code = proof.assemble(SIGNED, STEP, made).encode()
        assert refusal(code) is Reason.PROOF_SIGNATURE


def test_the_badge_inside_is_checked_as_any_pass() -> None:
    """Its issuer, its dates, its revocation: a good proof mends nothing."""
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    for claims, key, reason in (
        (
            PassClaims(STAFF, 7, NOON_S + 60, holder_key=point()),
            stranger,
            Reason.CREDENTIAL_ISSUER_UNKNOWN,
        ),
        (PassClaims(STAFF, 7, NOON_S, holder_key=point()), KEY, Reason.CREDENTIAL_EXPIRED),
    ):
        inside = signed_bytes_of(issue(claims, key).encode())
        assert refusal(shown(inside)) is reason
    kiosk = trust_list([issuer_key(PUBLIC, "Test kiosk", [VISITOR])])
    assert refusal(shown(), kiosk) is Reason.CREDENTIAL_KIND_NOT_ISSUED
    revoked = TRUST.with_status(revoke(empty_status(key_id(PUBLIC), 1), 7, 2))
    assert refusal(shown(), revoked) is Reason.CREDENTIAL_REVOKED


def test_a_pass_without_a_holder_has_no_live_code() -> None:
    """Nobody can lend a plain pass the looks of a live one."""
    for claims in (PassClaims(STAFF, 7, NOON_S + 60), PassClaims(VISITOR, 7, NOON_S + 60)):
        inside = signed_bytes_of(issue(claims, KEY).encode())
        assert refusal(shown(inside)) is Reason.CODE_MALFORMED


def test_a_badge_with_a_key_off_the_curve() -> None:
    """A trusted office gone mad does not crash a gate."""
    headers = cbor2.dumps({1: -8, 4: key_id(PUBLIC)})
    cnf = {1: {1: 2, -1: 1, -2: bytes(31) + b"\x02", -3: False}}
    body = cbor2.dumps({4: NOON_S + 60, 8: cnf, -65537: [2, 7, None]})
    made = KEY.sign(cbor2.dumps(["Signature1", headers, b"", body]))
    inside = cbor2.dumps([headers, {}, body, made])
    assert refusal(b"GP1:" + base45.encode(inside).encode()) is Reason.PROOF_MISSING
    assert refusal(shown(inside)) is Reason.CODE_MALFORMED


GOOD = [SIGNED, STEP, signature(proof.to_be_signed(SIGNED, STEP))]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        cbor2.dumps(GOOD[:2]),
        cbor2.dumps([*GOOD, 0]),
        cbor2.dumps(GOOD) + b"\x00",
        cbor2.dumps([[SIGNED], STEP, GOOD[2]]),
        cbor2.dumps([SIGNED.hex()[:40], STEP, GOOD[2]]),
        cbor2.dumps([SIGNED, float(STEP), GOOD[2]]),
        cbor2.dumps([SIGNED, True, GOOD[2]]),
        cbor2.dumps([SIGNED, -1, GOOD[2]]),
        cbor2.dumps([SIGNED, TIME_S_END // 30, GOOD[2]]),
        cbor2.dumps([SIGNED, 2**64 - 1, GOOD[2]]),
        cbor2.dumps([SIGNED, STEP, None]),
        cbor2.dumps({0: SIGNED, 1: STEP, 2: GOOD[2]}),
        cbor2.dumps([b"", STEP, GOOD[2]]),
        cbor2.dumps([SIGNED + b"\x00", STEP, GOOD[2]]),
        cbor2.dumps([bytes(PASS_BYTES_MAX + 1), STEP, b""]),
        cbor2.dumps([SIGNED, STEP, bytes(65_000)])[:300],
        b"\x83\x5b\x10" + bytes(7),
        b"\x9f" + cbor2.dumps(GOOD)[1:] + b"\xff",
    ],
)
def test_what_is_no_live_code(data: bytes) -> None:
    """One form, and nothing beside it."""
    assert refusal(b"GPP1:" + base45.encode(data).encode()) is Reason.CODE_MALFORMED


def test_a_live_code_has_a_bound() -> None:
    """What fits is judged, and one byte more is not looked at."""
    room = proof.PROOF_BYTES_MAX - len(cbor2.dumps([SIGNED, STEP, bytes(64)]))
    for more, reason in ((room, Reason.PROOF_SIGNATURE), (room + 1, Reason.CODE_MALFORMED)):
        code = proof.assemble(SIGNED, STEP, bytes(64 + more))
        assert refusal(code.encode()) is reason


def test_either_half_of_the_curve() -> None:
    """A point is written as x and the sign of y: both signs come back."""
    signs = set()
    for secret in range(1, 9):
        key = derive_private_key(secret, SECP256R1())
        signs.add(point(key)[0])
        claims = PassClaims(STAFF, 7, NOON_S + 60, holder_key=point(key))
        inside = signed_bytes_of(issue(claims, KEY).encode())
        assert verify(shown(inside, key=key), TRUST, NOW).kind is STAFF
    assert signs == {2, 3}


def test_texts_that_are_none() -> None:
    """Lower case, another alphabet, another format's prefix."""
    assert refusal(b"GPP1:!") is Reason.CODE_MALFORMED
    assert refusal(b"GPP1:" + b"0" * 4_000) is Reason.CODE_MALFORMED
    assert refusal(b"gpp1:" + shown()[5:]) is Reason.CODE_UNKNOWN_FORMAT
    assert refusal(b"GP1:" + shown()[5:]) is Reason.CODE_MALFORMED
    with pytest.raises(CredentialError) as refused:
        proof.verify_proof(BADGE.encode(), TRUST, NOW)
    assert refused.value.reason is Reason.CODE_UNKNOWN_FORMAT


def test_the_largest_live_code_is_an_11_m() -> None:
    """What a camera must read from a phone: the badge alone 9-M, live 11-M."""
    claims = PassClaims(STAFF, 1_048_575, TIME_S_END - 1, TIME_S_END - 2, 23, 1, True, point())
    badge = issue(claims, KEY)
    live = shown(signed_bytes_of(badge.encode()), TIME_S_END // 30 - 1).decode()
    assert _designator(badge) == "9-M"
    assert _designator(live) == "11-M"
    assert len(base45.decode(live[5:].encode())) <= proof.PROOF_BYTES_MAX


def _designator(text: str) -> str:
    found = segno.make_qr(text, error="m", boost_error=False).designator
    assert isinstance(found, str)
    return found


def test_what_a_live_code_says_of_itself() -> None:
    """For a technician: the badge's issuer and times, and when the phone made it."""
    claim = proof.read(shown(key=THIEF))
    assert (claim.algorithm, claim.not_before_s) == ("EdDSA", None)
    later = PassClaims(STAFF, 7, NOON_S + 86_400, NOON_S + 60, holder_key=point())
    later_pass = signed_bytes_of(issue(later, KEY).encode())
    assert proof.read(shown(later_pass)).not_before_s == NOON_S + 60
    assert claim.format == "native-live"
    assert claim.key_id == key_id(PUBLIC).hex()
    assert claim.issued_s == NOON_S
    assert claim.expires_s == NOON_S + 86_400


def test_the_badge_inside_a_live_code() -> None:
    """An office that is shown a live code knows which badge to take back."""
    assert proof.pass_of(shown()) == BADGE.encode()
    assert proof.pass_of(BADGE.encode()) == BADGE.encode()
    assert proof.pass_of(b"anything") == b"anything"
    with pytest.raises(CredentialError):
        proof.pass_of(b"GPP1:00")


def test_the_key_that_a_phone_shows_the_office() -> None:
    """It comes back as it went; what is no key is refused."""
    for key in (HOLDER, THIEF):
        assert holderkey.from_text(holderkey.to_text(point(key))) == point(key)
        text = issue(PassClaims(STAFF, 1, NOON_S + 60, holder_key=point(key)), KEY).encode()
        assert refusal(text) is Reason.PROOF_MISSING
    for wrong in ("", "GP1:00", "GPK1:", "GPK1:é", "GPK1:!", holderkey.to_text(bytes(33))):
        with pytest.raises(ValueError, match=r"."):
            holderkey.from_text(wrong)


@settings(max_examples=300, deadline=None)
@given(st.integers(0), st.binary(min_size=1, max_size=3), st.booleans())
def test_a_spoilt_live_code(where: int, what: bytes, in_text: bool) -> None:
    """Damage never makes a new credential: refused, or the same as before."""
    code = shown()
    if in_text:
        spoilt = bytearray(code)
        at = where % len(spoilt)
        spoilt[at : at + len(what)] = what
        payload = bytes(spoilt)
    else:
        data = bytearray(base45.decode(code[5:]))
        at = where % len(data)
        data[at : at + len(what)] = what
        payload = b"GPP1:" + base45.encode(bytes(data)).encode()
    found: Credential | None
    try:
        found = verify(payload, TRUST, NOW)
    except CredentialError:
        found = None
    assert found is None or found == verify(code, TRUST, NOW)


@pytest.mark.parametrize("value", [None, {}, {1: {}}, {1: {-2: bytes(31), -3: True}}])
def test_another_confirmation_than_a_badge_s(value: object) -> None:
    """It is told by an error, and never by a key that is none."""
    with pytest.raises(ValueError, match="confirmation"):
        holderkey.confirmed(value)
