"""Any bytes give a credential or one reason, in bounded time and memory, and a card that its
holder writes in another way is still the same card."""

import hmac
import json
import tracemalloc
import zlib
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.credential import base64url, shc
from gate.credential.model import CredentialError, Examined
from gate.credential.shc import chunks
from gate.credential.shc.jws import CLAIMS_BYTES_MAX
from gate.credential.shc.numeric import JWS_CHARS_MAX
from gate.credential.verify import examine
from gate.reasons import Reason
from gate.walltime import TIME_S_END, ClockQuality, WallTime
from tests.domain.shckit import (
    HEADER,
    KEY,
    NOW,
    NOW_S,
    OTHER_KEY,
    TRUST,
    claims,
    credential,
    deflated,
    immunization,
    jws,
    outcome,
    parts,
    refusal,
    text,
)

CARD = jws()
GENUINE = outcome(CARD)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def segments(message: bytes = CARD) -> list[bytes]:
    """Header, payload and signature, still encoded."""
    return message.split(b".")


def with_signature(signature: bytes, message: bytes = CARD) -> bytes:
    """The card with another signature."""
    return b".".join([*segments(message)[:2], base64url.encode(signature)])


def read_refusal(message: bytes) -> Reason | None:
    """Why a technician's reader refuses a card."""
    try:
        shc.read(text(message))
    except CredentialError as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    "payload",
    [
        b"\xef\xbb\xbf" + json.dumps(claims()).encode(),
        json.dumps([claims()]).encode(),
        b"null",
        b'"card"',
        b"[" * 5000 + b"]" * 5000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"[" * 40_000,
        json.dumps(claims()).encode()[:-1] + b',"nbf":1}',
        json.dumps(claims(nbf=5)).replace('"nbf": 5', '"nbf": NaN').encode(),
        json.dumps(claims(nbf=5)).replace('"nbf": 5', '"nbf": -Infinity').encode(),
        json.dumps(claims(nbf=5)).replace('"nbf": 5', '"nbf": 1e400').encode(),
        json.dumps(claims(nbf=5)).replace('"nbf": 5', '"nbf": ' + "1" * 10_000).encode(),
        json.dumps(claims()).encode("utf-16"),
        json.dumps(claims()).encode() + b"\x00",
        json.dumps(claims()).encode() * 2,
        json.dumps(claims(iss="\ud800")).encode(),
        b"",
    ],
)
def test_payloads_of_an_issuer_gone_mad(payload: bytes) -> None:
    """Well signed, and no JSON of one meaning."""
    message = jws(payload, compressed=deflated(payload))
    assert refusal(message) is Reason.CODE_MALFORMED
    assert read_refusal(message) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b"[]",
        b"\xef\xbb\xbf{}",
        b'{"alg":"none",' + json.dumps(HEADER).encode()[1:],
        b'{"kid":"a",' + json.dumps(HEADER).encode()[1:],
        b"[" * 3000,
        b'{"a":[[[[]]]],' + json.dumps(HEADER).encode()[1:],
        b"\xff",
    ],
)
def test_headers_that_are_none(header: bytes) -> None:
    """Before anything else is looked at."""
    signed = base64url.encode(header) + b"." + segments()[1]
    assert refusal(signed + b"." + segments()[2]) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    "compressed",
    [
        zlib.compress(json.dumps(claims()).encode()),
        json.dumps(claims()).encode(),
        deflated(json.dumps(claims()).encode())[:-3],
        deflated(json.dumps(claims()).encode()) + b"\x00",
        deflated(json.dumps(claims()).encode()) * 2,
        b"\x00",
    ],
)
def test_payloads_that_are_not_deflated(compressed: bytes) -> None:
    """A zlib header, no compression, a stream cut short, something behind it."""
    assert refusal(jws(compressed=compressed)) is Reason.CODE_MALFORMED


def test_a_bomb_is_stopped_at_its_bound() -> None:
    """What would be 4 MiB never is, neither for the verifier nor for a technician's reader."""
    bomb = jws(compressed=deflated(b" " * (4 << 20)))
    assert len(bomb) < JWS_CHARS_MAX
    tracemalloc.start()
    try:
        assert refusal(bomb) is Reason.CODE_TOO_LARGE
        assert read_refusal(bomb) is Reason.CODE_TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    body = json.dumps(claims()).encode()
    assert refusal(jws(body + b" " * (CLAIMS_BYTES_MAX - len(body)))) is None
    assert refusal(jws(body + b" " * (CLAIMS_BYTES_MAX + 1 - len(body)))) is Reason.CODE_TOO_LARGE


def test_a_strangers_payload_is_never_inflated() -> None:
    """The signature comes first: a bomb needs a key that we trust."""
    forged = jws(compressed=deflated(b" " * (4 << 20)), key=OTHER_KEY)
    assert refusal(forged) is Reason.CREDENTIAL_SIGNATURE


@pytest.mark.parametrize("alg", ["none", "None", "HS256"])
def test_signatures_that_need_no_key(alg: str) -> None:
    """None at all, and a keyed hash whose key is public."""
    header = json.dumps({**HEADER, "alg": alg}).encode()
    signed = base64url.encode(header) + b"." + segments()[1]
    public = KEY.public_key()
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
    ):
        keyed = base64url.encode(hmac.digest(secret, signed, sha256))
        for signature in (b"", keyed):
            assert refusal(signed + b"." + signature) is Reason.CREDENTIAL_ALGORITHM


def test_signatures_of_another_form() -> None:
    """DER, none, too short, too long, out of range: r and s in 64 bytes or nothing."""
    der = KEY.sign(b".".join(segments()[:2]), ECDSA(SHA256()))
    raw = base64url.decode(segments()[2])
    zeros, ones = bytes(32), b"\xff" * 32
    for wrong in (der, b"", raw[:-1], raw + b"\x00", bytes(64), ones + ones, zeros + raw[32:]):
        assert refusal(with_signature(wrong)) is Reason.CREDENTIAL_SIGNATURE
    flipped = bytes((raw[0] ^ 1,)) + raw[1:]
    assert refusal(with_signature(flipped)) is Reason.CREDENTIAL_SIGNATURE


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b".",
        b"..",
        b"..." + CARD,
        CARD + b".",
        CARD + b"\n",
        b" " + CARD,
        CARD + b"=",
        CARD.replace(b".", b".."),
        CARD.replace(b".", b"=."),
        b".".join(segments()[:2]),
        b".".join([*segments(), b"AA", b"AA"]),
        CARD.decode().encode("utf-16"),
    ],
)
def test_messages_that_are_no_compact_jws(message: bytes) -> None:
    """Three parts of base64url, with nothing before, between and behind them."""
    assert refusal(message) is Reason.CODE_MALFORMED


def test_a_message_has_a_bound() -> None:
    """As its text has."""
    assert refusal(CARD + b"A" * JWS_CHARS_MAX) is Reason.CODE_TOO_LONG
    assert refusal(b"A" * JWS_CHARS_MAX) is Reason.CODE_MALFORMED
    assert refusal(b"A" * (JWS_CHARS_MAX + 1)) is Reason.CODE_TOO_LONG


def test_other_texts_of_a_card_are_refused_or_the_same_card() -> None:
    """What a holder can change without the issuer's key: the last character's stray bits, the
    parts, the number form, and one valid signature into another."""
    assert isinstance(GENUINE, Examined)
    last = CARD[-1:]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    stray = alphabet[alphabet.index(last) ^ 1 :][:1]
    assert refusal(CARD[:-1] + stray) is Reason.CODE_MALFORMED
    raw = base64url.decode(segments()[2])
    mirrored = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32)
    assert outcome(with_signature(mirrored)) == GENUINE
    seen, whole = chunks.EMPTY, None
    for part in parts(CARD, 5):
        seen, whole = chunks.taken(seen, part, 0)
    assert whole is not None
    assert examine(whole, TRUST, NOW) == GENUINE


def test_another_compression_or_header_needs_the_issuer() -> None:
    """They are signed. If the issuer makes them of the same claims, it is the same card."""
    assert isinstance(GENUINE, Examined)
    body = json.dumps(claims()).encode()
    stored = base64url.encode(deflated(body, level=0))
    reordered = base64url.encode(json.dumps(dict(reversed(HEADER.items()))).encode())
    header, payload, signature = segments()
    for forged in ((header, stored, signature), (reordered, payload, signature)):
        assert refusal(b".".join(forged)) is Reason.CREDENTIAL_SIGNATURE
    for again in (
        jws(body, compressed=deflated(body, level=0)),
        jws(body, dict(reversed(HEADER.items()))),
        jws(body),
    ):
        assert outcome(again) == GENUINE
    other = outcome(jws(claims(nbf=NOW_S - 999)))
    assert isinstance(other, Examined)
    assert other.credential.replay_key != GENUINE.credential.replay_key


@pytest.mark.parametrize(
    "payload",
    [
        b'{"a":"' + b'\\"' * 20_000 + b'"}',
        b'{"' + b"\\" * 40_000,
        b"{" + b'"":{' * 10_000,
        b"[" + b"{}," * 13_000 + b"{}]",
        b'{"a":' + b"0" * 40_000 + b"}",
        b"[" + b"1e5," * 10_000 + b"1]",
        b"{" + b",".join(b'"%d":0' % n for n in range(2_000)) + b"}",
        json.dumps(claims(vc=credential(*[immunization("2021-06-01")] * 150))).encode(),
    ],
)
def test_the_most_work_that_an_issuer_can_make(payload: bytes) -> None:
    """Everything that fits into the bound is answered."""
    assert len(payload) <= CLAIMS_BYTES_MAX
    assert refusal(jws(payload)) in (None, Reason.CODE_MALFORMED)


@given(st.binary(max_size=400), st.sampled_from([b"", b"shc:/", b"shc:/1/2/", b"shc:/56"]))
def test_any_bytes(data: bytes, prefix: bytes) -> None:
    """Noise is refused by our own error."""
    for payload in (prefix + data, prefix + bytes(48 + byte % 10 for byte in data)):
        with pytest.raises(CredentialError):
            examine(payload, TRUST, NOW)
        with pytest.raises(CredentialError):
            shc.read(payload)


@settings(max_examples=300)
@given(st.integers(0), st.binary(min_size=1, max_size=3), st.booleans())
def test_a_spoilt_card(where: int, what: bytes, is_inserted: bool) -> None:
    """A card that was damaged is refused, or it is still the same card."""
    for message, put in ((CARD, outcome), (text(CARD), _examined)):
        at = where % len(message)
        end = at if is_inserted else at + len(what)
        found = put(message[:at] + what + message[end:])
        assert isinstance(found, CredentialError) or found == GENUINE


def _examined(payload: bytes) -> Examined | CredentialError:
    try:
        return examine(payload, TRUST, NOW)
    except CredentialError as refused:
        return refused


_anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "rid", "credentialSubject", "fhirBundle", "entry", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
_dose = st.builds(immunization, _anything | st.sampled_from(["2021-06-01", "2021"]))


@settings(max_examples=300)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "nbf": _anything | st.integers(0, 2**33) | st.floats(),
            "exp": _anything | st.integers(NOW_S, 2**33) | st.floats(),
            "vc": _anything | st.lists(_dose, max_size=3).map(lambda doses: credential(*doses)),
            "iss": _anything,
        },
    ),
    st.sampled_from(ClockQuality),
)
def test_an_issuer_gone_mad(changes: dict[str, object], quality: ClockQuality) -> None:
    """Whatever a trusted key signs: a credential whose every value is in range, or our error."""
    found = outcome(jws(claims(**changes)), TRUST, WallTime(NOW.unix_ms, quality=quality))
    if isinstance(found, Examined):
        proof = found.credential
        assert 0 <= proof.valid_from_s <= TIME_S_END
        assert 0 <= proof.valid_until_s <= TIME_S_END
        assert proof.doses is None or proof.doses >= 1
    else:
        assert isinstance(found.reason, Reason)


@given(st.dictionaries(st.sampled_from(["alg", "kid", "zip", "crit", "b64", "jku"]), _anything))
def test_a_header_gone_mad(changes: dict[str, object]) -> None:
    """Whatever a trusted key signs as a header: the same card, or our own error."""
    found = outcome(jws(header={**HEADER, **changes}))
    assert isinstance(found, CredentialError) or found == GENUINE
