"""Any bytes behind `HC1:` give a certificate or a reason, in bounded work, never a new truth."""

import json
import tracemalloc
import zlib
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.credential import base45, hcert
from gate.credential.hcert import generalcbor
from gate.credential.hcert.envelope import (
    HEADER_BYTES_MAX,
    MESSAGE_BYTES_MAX,
    TEXT_BYTES_MAX,
    open_text,
)
from gate.credential.hcert.generalcbor import LABELS_MAX
from gate.credential.hcert.verify import STRANGER_BYTES_MAX
from gate.credential.model import CredentialError, Examined
from gate.credential.signature import Algorithm
from gate.reasons import Reason
from gate.walltime import ClockQuality, WallTime
from tests.domain.hcertkit import (
    ES256,
    KEY,
    KID,
    NOW,
    NOW_S,
    PS256,
    TRUST,
    accepted,
    certificate,
    cwt,
    dcc,
    message,
    outcome,
    packed,
    reason,
    rsa_key,
    signer,
    text,
    trusting,
)

GOOD = certificate()
PARTS = message(cwt())
MEMORY_BYTES_MAX = 2_000_000
"""Far above what any of these needs, far below what any of them asks for."""


def nested(head: str, depth: int, core: str = "00") -> bytes:
    return bytes.fromhex(head * depth + core)


HOSTILE_MESSAGES = {
    "arrays without end": nested("81", 3_000),
    "maps without end": nested("a100", 3_000),
    "tags without end": nested("c1", 3_000),
    "an array of 2^60": bytes.fromhex("9b1000000000000000"),
    "a map of 2^60": bytes.fromhex("bb1000000000000000"),
    "bytes of 2^60": bytes.fromhex("5b1000000000000000"),
    "text of 2^60": bytes.fromhex("7b1000000000000000"),
    "a signature of 2^60": bytes.fromhex("84405b1000000000000000"),
    "an indefinite array": bytes.fromhex("9f40a04040ff"),
    "indefinite bytes": bytes.fromhex("845f4040ffa04040"),
    "an open array": bytes.fromhex("9f"),
    "a break": bytes.fromhex("ff"),
    "a value that includes itself": bytes.fromhex("d81c81d81d00"),
    "a regular expression": bytes.fromhex("d82363282b29"),
    "strings by reference": bytes.fromhex("d9010084404040d81900"),
    "a reserved form": bytes.fromhex("1c"),
    "nothing": b"",
    "COSE_Mac0": b"\xd1" + cbor2.dumps(PARTS),
    "COSE_Encrypt0": b"\xd0" + cbor2.dumps(PARTS),
    "tag 61 alone": b"\xd8\x3d" + cbor2.dumps(PARTS),
    "tag 18 twice": b"\xd2\xd2" + cbor2.dumps(PARTS),
    "tag 18 around 61": b"\xd2\xd8\x3d" + cbor2.dumps(PARTS),
    "self-described CBOR": b"\xd9\xd9\xf7\xd2" + cbor2.dumps(PARTS),
    "a tail": b"\xd2" + cbor2.dumps(PARTS) + b"\x00",
    "an array of four, in a long form": b"\x98\x04" + cbor2.dumps(PARTS)[1:],
    "no parts after the first": cbor2.dumps(PARTS)[:15],
    "a cut head": bytes.fromhex("8440a05b00"),
    "a reserved head": bytes.fromhex("845c0000000000"),
    "three parts": cbor2.dumps(PARTS[:3]),
    "five parts": cbor2.dumps([*PARTS, b""]),
    "a detached payload": cbor2.dumps([PARTS[0], {}, None, PARTS[3]]),
    "headers in the open": cbor2.dumps([{1: ES256, 4: KID}, {}, *PARTS[2:]]),
    "headers that are no map": cbor2.dumps([cbor2.dumps([1, -7]), {}, *PARTS[2:]]),
    "headers that are no CBOR": cbor2.dumps([b"\xff", {}, *PARTS[2:]]),
    "headers with a tail": cbor2.dumps([PARTS[0] + b"\x00", {}, *PARTS[2:]]),
    "unprotected headers that are no map": cbor2.dumps([PARTS[0], [], *PARTS[2:]]),
}


@pytest.mark.parametrize("name", HOSTILE_MESSAGES)
def test_messages_made_to_hurt(name: str) -> None:
    """Each is malformed, and costs no memory that its bytes do not hold."""
    payload = text(HOSTILE_MESSAGES[name])
    tracemalloc.start()
    found = reason(payload)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found is Reason.CODE_MALFORMED
    assert peak < MEMORY_BYTES_MAX


HOSTILE_CLAIMS = {
    "deeper than any certificate": nested("81", 9),
    "an expiry twice": bytes.fromhex("a2041a7fffffff0400"),
    "an expiry twice, long and short": bytes.fromhex("a204001804" + "1a7fffffff"),
    "a map of 2^60": bytes.fromhex("bb1000000000000000"),
    "text that is not UTF-8": bytes.fromhex("a10162c328"),
    "half a surrogate pair": bytes.fromhex("a10163eda080"),
    "an indefinite map": bytes.fromhex("bf0400ff"),
    "indefinite text": bytes.fromhex("a1017f6158ff"),
    "a tail": cbor2.dumps(cwt()) + b"\x00",
    "a second token": cbor2.dumps(cwt()) * 2,
    "a false start": b"\xd8\x3d" + cbor2.dumps(cwt()),
}


@pytest.mark.parametrize("name", HOSTILE_CLAIMS)
def test_claims_made_to_hurt(name: str) -> None:
    """Even signed by a key that we trust: a careless office opens no gate."""
    assert reason(text(message(HOSTILE_CLAIMS[name]))) is Reason.CODE_MALFORMED


def colliding(count: int, around: str = "") -> bytes:
    """A map whose keys, each `around` an array of -1 and -2, have one hash in Python: as keys, and
    compared with each other down to the last number, they cost the square of their size or more."""
    head = bytes.fromhex(around + "88")
    keys = (bytes(0x20 + (number >> bit & 1) for bit in range(8)) for number in range(count))
    return b"\xb8" + bytes([count]) + b"".join(head + key + b"\x00" for key in keys)


def labels(count: int) -> bytes:
    """A map of so many numbers."""
    pairs = b"".join(b"\x19" + number.to_bytes(2) + b"\x00" for number in range(count))
    return b"\xb9" + count.to_bytes(2) + pairs


@pytest.mark.parametrize("around", ["", "81", "a120", "a120a120a120a120"])
@pytest.mark.parametrize("count", [2, LABELS_MAX, 200])
def test_keys_made_to_collide(around: str, count: int) -> None:
    """They are refused for their type, before anything is hashed, in whichever map they stand."""
    many = colliding(count, around)
    with pytest.raises(generalcbor.CborError):
        generalcbor.decode(many)
    empty, body = cbor2.dumps(b""), cbor2.dumps(b"x")
    assert reason(text(b"\x84" + empty + many + body + body)) is Reason.CODE_MALFORMED
    protected = cbor2.dumps(many)
    assert reason(text(b"\x84" + protected + b"\xa0" + body + body)) is Reason.CODE_MALFORMED
    for outside in (b"", b"\xa1\x01", b"\xa1\x01\xa1\x01", b"\xa1\x01\xa1\x01\xa1\x61a\x81"):
        for key_id in (KID, b"unknown"):
            payload = text(message(outside + many, {1: ES256, 4: key_id}))
            assert reason(payload) is Reason.CODE_MALFORMED


def test_few_labels_are_read() -> None:
    """Of numbers there is a bound, and of names none: the WHO's first drafts have two dozen."""
    assert generalcbor.decode(labels(LABELS_MAX)) == dict.fromkeys(range(LABELS_MAX), 0)
    for data in (labels(LABELS_MAX + 1), b"\xa1\x01" + labels(LABELS_MAX + 1)):
        with pytest.raises(generalcbor.CborError):
            generalcbor.decode(data)
    names: dict[object, int] = {f"name {number}": number for number in range(LABELS_MAX + 1)}
    assert generalcbor.decode(cbor2.dumps({1: names})) == {1: names}
    assert generalcbor.decode(cbor2.dumps(names)) == names
    with pytest.raises(generalcbor.CborError):
        generalcbor.decode(cbor2.dumps({**names, 1: 0}))


@pytest.mark.parametrize(
    "key",
    ["80", "a0", "f4", "f5", "f6", "f7", "f93c00", "fb3ff0000000000000", "e0", "f8ff", "c101"],
)
def test_labels_are_numbers_or_texts(key: str) -> None:
    """1.0 and true would be found under 1; nothing else is a label either."""
    for outside in ("", "a101"):
        with pytest.raises(generalcbor.CborError):
            generalcbor.decode(bytes.fromhex(outside + "a1" + key + "00"))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("a3012061613841" + "4102f6", {1: -1, "a": -66, b"\x02": None}),
        ("a13bffffffffffffffff1bffffffffffffffff", {-(2**64): 2**64 - 1}),
        ("a1180119 0002", {1: 2}),
        ("a11a000000011b0000000000000002", {1: 2}),
        ("a101a102a1616103", {1: {2: {"a": 3}}}),
    ],
)
def test_labels_and_what_they_name(data: str, expected: object) -> None:
    """In whatever length a number is written, its value counts."""
    assert generalcbor.decode(bytes.fromhex(data)) == expected


@pytest.mark.parametrize(
    "data",
    [
        "",
        "a1",
        "a101",
        "a118",
        "a119",
        "a11900",
        "a1016261",
        "a1014201",
        "a101f9",
        "a10162c328",
        "a162c32801",
        "a2010101",
        "a2616100616100",
        "a20100180100",
        "a1011c",
        "a1013f",
        "a1ff00",
        "a1011f",
        "a101a101a101a0",
    ],
)
def test_maps_that_are_none(data: str) -> None:
    """Cut short, a label twice, no UTF-8, no length, no number, or a label too deep."""
    with pytest.raises(generalcbor.CborError):
        generalcbor.decode(bytes.fromhex(data))


def test_a_bomb_of_zeros() -> None:
    """Inflating stops at the bound, whatever would come."""
    for bomb in (bytes(2_000_000), b"\xd2" + cbor2.dumps(PARTS) + bytes(1_500_000)):
        payload = text(bomb)
        assert len(payload) < 4_296
        tracemalloc.start()
        found = reason(payload)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found is Reason.CODE_TOO_LARGE
        assert peak < 10 * MESSAGE_BYTES_MAX


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xd2" + cbor2.dumps(PARTS),
        zlib.compress(b"\xd2" + cbor2.dumps(PARTS))[2:-4],
        zlib.compress(b"\xd2" + cbor2.dumps(PARTS))[:-1],
        zlib.compress(b"\xd2" + cbor2.dumps(PARTS)) + b"\x00",
        zlib.compress(b"\xd2" + cbor2.dumps(PARTS))[:-1] + b"\x00",
        b"\x78\xbb\x00\x00\x00\x01\x03\x00\x00\x00\x00\x01",  # wants a dictionary
        b"\x1f\x8b" + bytes(20),
    ],
)
def test_one_zlib_stream_and_nothing_else(data: bytes) -> None:
    """Not bare, not raw, not cut short, not with a tail or a wrong sum, no other wrapping."""
    assert reason(packed(data)) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    "payload",
    [
        GOOD[:4] + GOOD[4:].lower(),
        GOOD + b"\n",
        GOOD + b" ",
        GOOD + b"=",
        GOOD + b"\x00",
        b"HC1:" + b" " + GOOD[4:],
        GOOD[:20] + b"\x00" + GOOD[21:],
        GOOD[:20] + "\u0663".encode() + GOOD[21:],
        b"HC1:GGW" + GOOD[7:],
        GOOD[:-1],
        b"HC1:",
    ],
)
def test_a_text_is_exact(payload: bytes) -> None:
    """Nothing is stripped, upper-cased or taken for another digit."""
    assert reason(payload) is Reason.CODE_MALFORMED


@pytest.mark.parametrize("prefix", [b"hc1:", b"HC2:", b"HC1", b" HC1:", b"HC01:"])
def test_a_prefix_is_exact(prefix: bytes) -> None:
    """Another prefix is another format, which we do not know."""
    assert reason(prefix + GOOD[4:]) is Reason.CODE_UNKNOWN_FORMAT


@pytest.mark.parametrize(
    "algorithm",
    [
        None,
        0,
        5,  # HMAC 256/256: a public key is no secret
        -8,  # EdDSA
        -35,  # ES384
        -37,  # PS256, with an elliptic key
        -257,  # RS256
        -(2**63),
        "ES256",
        "none",
        b"\x26",
        [-7],
        -7.0,
        True,
        cbor2.CBORTag(3, b"\x06"),  # -7, as a big number
        cbor2.undefined,
    ],
)
def test_other_algorithms(algorithm: object) -> None:
    """There is one name for the one algorithm that the key is for."""
    payload = text(message(cwt(), {1: algorithm, 4: KID}))
    assert reason(payload) is Reason.CREDENTIAL_ALGORITHM


def test_an_algorithm_must_be_signed() -> None:
    """Nothing is taken from the unprotected header, and there is no default."""
    for protected, unprotected in (({4: KID}, {1: ES256}), (b"", {1: ES256, 4: KID})):
        payload = text(message(cwt(), protected, unprotected))
        assert reason(payload) is Reason.CREDENTIAL_ALGORITHM


def test_an_elliptic_algorithm_with_an_rsa_key() -> None:
    """The key says what it is for."""
    trust = trusting(signer(rsa_key(), Algorithm.PS256))
    for key in (KEY, rsa_key()):
        payload = text(message(cwt(), {1: ES256, 4: KID}, key=key))
        assert reason(payload, trust) is Reason.CREDENTIAL_ALGORITHM


@pytest.mark.parametrize("critical", [[4], [99], [], None, "x"])
def test_critical_headers(critical: object) -> None:
    """We understand no extension, so each is fatal, in whichever header it stands."""
    for protected, unprotected in (
        ({1: ES256, 4: KID, 2: critical}, {}),
        ({1: ES256, 4: KID}, {2: critical}),
    ):
        payload = text(message(cwt(), protected, unprotected))
        assert reason(payload) is Reason.CREDENTIAL_CRITICAL


SIGNED = cbor2.dumps(["Signature1", PARTS[0], b"", PARTS[2]])


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        bytes(64),
        bytes(32) + PARTS[3][32:],
        PARTS[3][:32] + bytes(32),
        b"\xff" * 64,
        PARTS[3][:-1],
        PARTS[3] + b"\x00",
        b"\x00" + PARTS[3],
        PARTS[3][32:] + PARTS[3][:32],
        bytes(4_000),
        KEY.sign(SIGNED, ECDSA(SHA256())),  # right, but in DER
    ],
    ids=["none", "zero", "r 0", "s 0", "ones", "63", "65", "a zero first", "s r", "long", "DER"],
)
def test_bad_signatures(signature: bytes) -> None:
    """Degenerate, cut, padded or turned round: no signature."""
    assert reason(text([*PARTS[:3], signature])) is Reason.CREDENTIAL_SIGNATURE


@pytest.mark.parametrize("size", [0, 1, 255, 257, 4_000])
def test_bad_rsa_signatures(size: int) -> None:
    """Of any length."""
    parts = message(cwt(), {1: PS256, 4: KID}, key=rsa_key())
    trust = trusting(signer(rsa_key(), Algorithm.PS256))
    for filler in (b"\x00", b"\x01", b"\xff"):
        parts[3] = filler * size
        assert reason(text(parts), trust) is Reason.CREDENTIAL_SIGNATURE


def test_twins_of_a_used_certificate() -> None:
    """Another tag, another packing, another place of the key id: still the same certificate."""
    loose = message(cwt(), {1: ES256})
    first = accepted(text([loose[0], {4: KID}, *loose[2:]]))
    twins = (
        text([loose[0], {4: KID}, *loose[2:]], b""),
        text([loose[0], {4: KID}, *loose[2:]], b"\xd8\x3d\xd2"),
        text([loose[0], {4: KID}, *loose[2:]], level=0),
        text([loose[0], {4: KID, 99: "noise"}, *loose[2:]]),
        text(message(cwt(), {1: ES256, 4: KID})),
        text(message(cwt(), {4: KID, 1: ES256, 99: "noise"})),
    )
    assert len({*twins}) == len(twins)
    for twin in twins:
        assert accepted(twin).credential == first.credential


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_lengths_in_long_forms(width: int) -> None:
    """Legal CBOR, if not the shortest: some encoders reserve room for a length."""
    head = bytes([0x58 + width.bit_length() - 1])
    parts = [head + len(part).to_bytes(width) + part for part in PARTS if isinstance(part, bytes)]
    data = b"\x84" + parts[0] + b"\xa0" + parts[1] + parts[2]
    assert accepted(text(data)) == accepted(text(PARTS))


def test_headers_that_we_do_not_know_are_nothing() -> None:
    """Spain and Croatia write a content type; a tag in one has no meaning either."""
    extra = {1: ES256, 4: KID, 3: 61, "x": cbor2.CBORTag(35, "(")}
    assert reason(text(message(cwt(), extra))) is None


@pytest.mark.parametrize(
    "tag", [*range(65), 100, 256, 258, 260, 261, 1004, 43000, 55799, 2**64 - 1]
)
def test_no_tag_has_a_meaning(tag: int) -> None:
    """Whatever cbor2 would make of it; but for a moment's text, which is its text."""
    for value in ("2021-06-15T09:24:02Z", 1, 1.5, b"\x01\x02", [1, 2], {"a": 1}, [[1]]):
        found = generalcbor.decode(cbor2.dumps([cbor2.CBORTag(tag, value)]))
        expected = value if tag == 0 and isinstance(value, str) else generalcbor.TAGGED
        assert found == [expected]


@given(st.binary(max_size=5_000), st.sampled_from([b"", b"HC1:", b"HC1:NCF", GOOD[:40]]))
def test_any_bytes(data: bytes, prefix: bytes) -> None:
    """Noise is refused by our own error, for its verifier and for its reader."""
    payload = prefix + data
    assert isinstance(outcome(payload), CredentialError)
    for judge in (lambda: hcert.verify_hcert(payload, TRUST, NOW), lambda: hcert.read(payload)):
        with pytest.raises(CredentialError):
            judge()


@given(st.binary(max_size=400))
def test_any_message(data: bytes) -> None:
    """Noise behind good base45 and zlib is refused."""
    assert isinstance(outcome(packed(data)), CredentialError)
    assert isinstance(outcome(text(data)), CredentialError)


_edits = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "repeat"]),
        st.integers(0),
        st.binary(min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=4,
)


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


GENUINE = accepted(GOOD)
PACKED = base45.decode(GOOD[4:])
MESSAGE = zlib.decompress(PACKED)


@settings(max_examples=500)
@given(st.sampled_from(["text", "packed", "message"]), _edits)
def test_a_spoilt_certificate(layer: str, edits: list[tuple[str, int, bytes]]) -> None:
    """Damaged in any layer, it is refused, or it is still the same certificate."""
    payload = {
        "text": lambda: edited(GOOD, edits),
        "packed": lambda: packed(edited(PACKED, edits)),
        "message": lambda: text(edited(MESSAGE, edits)),
    }[layer]()
    found = outcome(payload)
    assert isinstance(found, CredentialError) or found == GENUINE


_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=12)
    | st.sampled_from([cbor2.undefined, cbor2.CBORTag(0, "2021"), cbor2.CBORTag(1, 5), KID])
)
_keys = st.sampled_from([1, 2, 4, 5, 6, -260, -6, "v", "t", "nam", "ver", "dob", 4.0, True, None])
_anything = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=300)
@given(_anything, _anything, _anything)
def test_a_ministry_gone_mad(protected: object, unprotected: object, payload: object) -> None:
    """Whatever a trusted key signs, the answer is ours."""
    parts = message(payload, cbor2.dumps(protected), unprotected)
    assert isinstance(outcome(text(parts)), CredentialError)


_numbers = st.integers(-(2**33), 2**38) | st.integers(NOW_S - 99, NOW_S + 99) | st.floats()


@settings(max_examples=300)
@given(
    st.sampled_from(["v", "t", "r"]),
    st.dictionaries(st.sampled_from(["tg", "dn", "sd", "dt", "tr", "sc", "df", "ci"]), _anything),
    st.dictionaries(st.sampled_from([1, 4, 5, 6]), _numbers),
    st.sampled_from(ClockQuality),
)
def test_a_ministry_slightly_mad(
    group: str, fields: dict[str, Any], claims: dict[int, object], quality: ClockQuality
) -> None:
    """Nearly right, well signed: refused, or a credential whose every value is in range."""
    certified = dcc(group)
    certified[group][0].update(fields)
    payload = text(message({**cwt({1: certified}), **claims}))
    found = outcome(payload, now=WallTime(NOW.unix_ms, quality=quality))
    if isinstance(found, Examined):
        credential = found.credential
        assert 0 <= credential.valid_from_s < credential.valid_until_s <= 2**32
        assert credential.doses is None or 0 <= credential.doses <= 99
        assert found.content is not None
        assert json.loads(json.dumps(found.content.payload)) == found.content.payload


@pytest.mark.parametrize(
    ("size", "expected"), [(HEADER_BYTES_MAX, None), (HEADER_BYTES_MAX + 1, Reason.CODE_MALFORMED)]
)
def test_a_header_may_be_as_long_as_its_bound(size: int, expected: Reason | None) -> None:
    """And not by a byte longer."""
    spare = size - len(cbor2.dumps({1: ES256, 4: KID, 99: bytes(300)})) + 300
    header = cbor2.dumps({1: ES256, 4: KID, 99: bytes(spare)})
    assert len(header) == size
    assert reason(text(message(cwt(), header))) is expected


def test_a_text_may_be_as_long_as_its_bound() -> None:
    """It is refused for what it holds then, and not for its length."""
    longest = b"HC1:" + b"0" * (TEXT_BYTES_MAX - 4)
    for payload, expected in (
        (longest, Reason.CODE_MALFORMED),
        (longest + b"0", Reason.CODE_TOO_LONG),
    ):
        with pytest.raises(CredentialError) as refused:
            open_text(payload)
        assert refused.value.reason is expected


@pytest.mark.parametrize(
    "data",
    ["819fff", "81bfff", "815f40ff", "817f60ff", "81a2616101616102", "81" * 7 + "00"],
    ids=["array", "map", "bytes", "text", "a key twice", "too deep"],
)
def test_what_no_issuer_writes_is_refused_at_every_depth(data: str) -> None:
    """Within an array too, where cbor2 reads."""
    with pytest.raises(generalcbor.CborError):
        generalcbor.decode(bytes.fromhex(data))
    assert generalcbor.decode(bytes.fromhex("81" * 6 + "00")) == [[[[[[0]]]]]]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (STRANGER_BYTES_MAX, Reason.CODE_MALFORMED),
        (STRANGER_BYTES_MAX + 1, Reason.CREDENTIAL_ISSUER_UNKNOWN),
    ],
)
def test_claims_of_a_stranger_are_looked_at_up_to_a_bound(size: int, expected: Reason) -> None:
    """What is no claims is malformed; more of it is a stranger's, whatever it is."""
    stranger = message(b"\xff" * size, {1: ES256, 4: b"stranger"})
    assert reason(text(stranger)) is expected
