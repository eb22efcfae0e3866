"""Any bytes give a Credential or a CredentialError, and a spoilt pass never says something new."""

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.credential import base45
from gate.credential.model import PASS_KINDS, Credential, CredentialError, CredentialKind
from gate.credential.native import PassClaims, issue
from gate.credential.trust import issuer_key, trust_list
from gate.credential.verify import PAYLOAD_CHARS_MAX, verify
from gate.reasons import Reason
from gate.walltime import ClockQuality, WallTime

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
TRUST = trust_list([issuer_key(PUBLIC, "Test office", PASS_KINDS)])
NOW = WallTime(1_800_000_000_000)
CLAIMS = (
    PassClaims(CredentialKind.VISITOR, 123_456, 1_800_003_600, doses=2),
    PassClaims(CredentialKind.APPOINTMENT, 3, 1_800_003_600, 1_799_999_000, group=5),
    PassClaims(CredentialKind.STAFF, 70_000, 1_800_003_600, 1_700_000_000, duress=True),
)
TEXTS = tuple(issue(claims, KEY).encode() for claims in CLAIMS)
GENUINE = tuple(verify(text, TRUST, NOW) for text in TEXTS)

_edits = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "repeat"]),
        st.integers(0),
        st.binary(min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=4,
)


def outcome(payload: bytes, now: WallTime = NOW) -> Credential | CredentialError:
    """What becomes of a code; any other exception fails the test."""
    try:
        return verify(payload, TRUST, now)
    except CredentialError as refused:
        return refused


def edited(data: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    """The same bytes after some damage."""
    spoilt = bytearray(data)
    for how, where, what in edits:
        at = where % (len(spoilt) + 1)
        match how:
            case "set":
                spoilt[at : at + len(what)] = what
            case "insert":
                spoilt[at:at] = what
            case "delete":
                del spoilt[at : at + len(what)]
            case _:
                spoilt += spoilt[at : at + 64]
    return bytes(spoilt)


@given(st.binary(max_size=PAYLOAD_CHARS_MAX + 10), st.sampled_from([b"", b"GP1:", b"http://"]))
def test_any_bytes(data: bytes, prefix: bytes) -> None:
    """Noise is refused, whatever its prefix, by our own error."""
    assert isinstance(outcome(prefix + data), CredentialError)


@given(st.binary(max_size=140))
def test_any_envelope(data: bytes) -> None:
    """Noise behind good base45 is refused."""
    assert isinstance(outcome(b"GP1:" + base45.encode(data).encode()), CredentialError)


@settings(max_examples=500)
@given(st.sampled_from(range(3)), _edits)
def test_a_spoilt_text(number: int, edits: list[tuple[str, int, bytes]]) -> None:
    """A pass whose text was damaged is refused, or it is still the same pass."""
    found = outcome(edited(TEXTS[number], edits))
    assert isinstance(found, CredentialError) or found == GENUINE[number]


@settings(max_examples=500)
@given(st.sampled_from(range(3)), _edits)
def test_spoilt_signed_bytes(number: int, edits: list[tuple[str, int, bytes]]) -> None:
    """A pass whose bytes were damaged is refused, or it is still the same pass."""
    data = edited(base45.decode(TEXTS[number][4:]), edits)
    found = outcome(b"GP1:" + base45.encode(data).encode())
    assert isinstance(found, CredentialError) or found == GENUINE[number]


_anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from([1, 2, 4, 5, -65537, "4"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@settings(max_examples=300)
@given(_anything, _anything, _anything)
def test_an_office_gone_mad(protected: object, unprotected: object, payload: object) -> None:
    """Whatever a trusted key signs, the answer is a credential in range or our own error."""
    headers = cbor2.dumps(protected, canonical=True)
    body = cbor2.dumps(payload, canonical=True)
    signature = KEY.sign(cbor2.dumps(["Signature1", headers, b"", body]))
    data = cbor2.dumps([headers, unprotected, body, signature])
    assert isinstance(outcome(b"GP1:" + base45.encode(data).encode()), CredentialError)


_numbers = st.integers(-2, 30) | st.integers(0, 2**33) | st.none() | st.booleans()


@settings(max_examples=500)
@given(
    st.fixed_dictionaries(
        {4: _numbers, -65537: st.lists(_numbers, min_size=2, max_size=6)}, optional={5: _numbers}
    ),
    st.sampled_from(ClockQuality),
)
def test_an_office_slightly_mad(payload: dict[int, object], quality: ClockQuality) -> None:
    """Nearly right claims, well signed: refused, or a credential whose every value is in range."""
    kid = next(iter(TRUST.keys))
    headers = cbor2.dumps({1: -8, 4: kid}, canonical=True)
    body = cbor2.dumps(payload, canonical=True)
    signature = KEY.sign(cbor2.dumps(["Signature1", headers, b"", body]))
    data = cbor2.dumps([headers, {}, body, signature])
    found = outcome(b"GP1:" + base45.encode(data).encode(), WallTime(NOW.unix_ms, quality=quality))
    if isinstance(found, Credential):
        assert 0 <= found.valid_from_s < found.valid_until_s < 2**32
        assert found.doses is None or 0 <= found.doses <= 23
        assert 1 <= found.group <= 23
        assert found.kind is CredentialKind.STAFF or not found.duress


def test_a_code_may_be_as_long_as_a_qr_code_holds() -> None:
    """It is refused for what it is then, and not for its length."""
    for size, reason in (
        (PAYLOAD_CHARS_MAX, Reason.CODE_UNKNOWN_FORMAT),
        (PAYLOAD_CHARS_MAX + 1, Reason.CODE_TOO_LONG),
    ):
        found = outcome(b"?" * size)
        assert isinstance(found, CredentialError)
        assert found.reason is reason
