"""What a signed trust bundle may hold: its members, in bounds and in order, and no other bytes."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from gate.credential.bundle import (
    BundleError,
    Fault,
    encode,
    limits,
    read_bundle,
    roots_of,
    sign,
)
from gate.credential.bundle.envelope import CONTENT_TYPE
from gate.credential.bundle.limits import (
    BUNDLE_BYTES_MAX,
    KEYS_PER_ID_MAX,
    ROOTS_MAX,
    SIGNATURES_MAX,
)
from gate.credential.trust import (
    TrustError,
)
from gate.walltime import TIME_S_END
from tests.domain.bundlekit import (
    CREATED_S,
    FRESH,
    NOW,
    OFFICE,
    OFFICE_KID,
    A,
    Lane,
    bundle,
    closed,
    everything,
    forged,
    info,
    listed,
    opened,
    pinned,
    raw,
    root,
    signer,
)


@pytest.fixture
def lane() -> Lane:
    return Lane(pinned(A))


def test_cut_short_at_every_byte(lane: Lane) -> None:
    """A file that was being copied is no bundle yet."""
    data = bundle()
    assert {lane.refuses(data[:length]) for length in range(len(data))} == {Fault.MALFORMED}
    assert lane.refuses(data + b"\0") is Fault.MALFORMED


def test_changed_at_every_byte(lane: Lane) -> None:
    """One bit is enough."""
    data = bundle()
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        assert lane.refuses(bytes(changed)) in {
            Fault.MALFORMED,
            Fault.SIGNATURE,
            Fault.UNSIGNED,
        }


def test_too_long(lane: Lane) -> None:
    """Refused by its length, before anything is looked at."""
    assert lane.refuses(bytes(BUNDLE_BYTES_MAX + 1)) is Fault.TOO_LONG


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts[:3],
        lambda _: {},
        lambda parts: [parts[0], {1: 1}, *parts[2:]],
        lambda parts: [b"", *parts[1:]],
        lambda parts: [*parts[:2], None, parts[3]],
        lambda parts: [*parts[:3], [[b"", {}]]],
        lambda parts: [*parts[:3], [[b"", {1: 1}, b""]]],
        lambda parts: [*parts[:3], [[b"%d" % n, {}, b""] for n in range(SIGNATURES_MAX + 1)]],
    ],
)
def test_other_parts(lane: Lane, change: Callable[[list[Any]], object]) -> None:
    """Not a COSE_Sign of ours."""
    assert lane.refuses(closed(change(opened(bundle())))) is Fault.MALFORMED


HEAD = bundle()[: bundle().index(CONTENT_TYPE.encode()) + len(CONTENT_TYPE) + 1]
"""What every bundle begins with, up to its payload."""


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"\x00",
        b"\x20\x80",
        b"\x58\x05other\x80",
        b"\x59\x00\x05other\x80",
        b"\x5b\x10" + bytes(7) + b"\x80",
        b"\x5f\x45other\xff\x80",
        b"\x60\x80",
        b"\x45othe",
        b"\x45other\x99\x7f\xff" + bytes(0x7FFF),
    ],
)
def test_what_a_stranger_can_make_us_decode(lane: Lane, rest: bytes) -> None:
    """A payload in no other form than its one, and no more behind it than signatures take: the
    work before a signature is checked does not grow with the file."""
    assert lane.refuses(HEAD + rest) is Fault.MALFORMED


def test_a_newer_format_is_told_as_such(lane: Lane) -> None:
    """The technician updates the program, and does not look for a damaged file."""
    assert lane.refuses(forged(format=2, surprise=1)) is Fault.FORMAT
    assert lane.refuses(forged(format="1")) is Fault.FORMAT
    assert lane.refuses(forged(format=...)) is Fault.FORMAT


KEY = [b"kid-0001", info(signer()), [-7], "ID", [0], 0, TIME_S_END]
P384 = derive_private_key(5, SECP384R1()).public_key()
P384_INFO = P384.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
FINGERPRINT = b"f" * 32


def key_with(place: int, value: object) -> list[object]:
    return [*KEY[:place], value, *KEY[place + 1 :]]


def many(count: int) -> list[list[object]]:
    """So many different keys under one id."""
    return sorted(key_with(1, info(signer(number))) for number in range(count))


WRONG: list[tuple[str, object]] = [
    ("surprise", 1),
    ("vc", ...),
    ("created", -1),
    ("created", CREATED_S + 1),
    ("expires", TIME_S_END + 1),
    ("expires", 1.5),
    ("hcert", {}),
    ("hcert", [KEY, KEY]),
    ("hcert", [7]),
    ("hcert", [KEY[:6]]),
    ("hcert", [key_with(0, b"short")]),
    ("hcert", [key_with(0, "text of8")]),
    ("hcert", [key_with(1, "text")]),
    ("hcert", [key_with(1, b"no key")]),
    ("hcert", [key_with(1, bytes(2_000))]),
    ("hcert", [key_with(1, P384_INFO)]),
    ("hcert", [key_with(2, [])]),
    ("hcert", [key_with(2, -7)]),
    ("hcert", [key_with(2, [-8])]),
    ("hcert", [key_with(2, [-7, -7])]),
    ("hcert", [key_with(3, 7)]),
    ("hcert", [key_with(3, "I\x1bD")]),
    ("hcert", [key_with(3, "I" * 2_000)]),
    ("hcert", [key_with(4, [3])]),
    ("hcert", [key_with(4, [True])]),
    ("hcert", [key_with(4, [1, 0])]),
    ("hcert", [key_with(5, TIME_S_END)]),
    ("hcert", [key_with(6, True)]),
    ("hcert", many(KEYS_PER_ID_MAX + 1)),
    ("hcert", list(reversed(many(2)))),
    ("shc", [KEY]),
    ("shc", [key_with(0, "")]),
    ("vds", [KEY]),
    ("vds", [key_with(0, FINGERPRINT), [FINGERPRINT, *key_with(6, 99)[1:]]]),
    ("vds", sorted([[FINGERPRINT, *each[1:]] for each in many(2)])),
    ("vds_refused", [[FINGERPRINT, "credential_issuer_unknown"]]),
    ("vds_refused", [[b"g" * 32, "maintenance"]]),
    ("vds_refused", [[b"g", "code_malformed"]]),
    ("vds_refused", [[b"g" * 32]]),
    ("vds_refused", [[b"g" * 32, "code_malformed"], [b"g" * 32, "credential_algorithm"]]),
    ("hcert_revoked", b"r" * 15),
    ("hcert_revoked", "text"),
    ("hcert_revoked", b"s" * 16 + b"r" * 16),
    ("hcert_revoked", b"r" * 32),
    ("shc_revoked", [["kid"]]),
    ("shc_revoked", [["kid", [["rid"]]]]),
    ("shc_revoked", [["kid", [["rid", 5], ["rid", 6]]]]),
    ("shc_revoked", [["kid", []], ["kid", [["rid", 5]]]]),
    ("issuers", [[b"short", "Example office", [0], 0, 9]]),
    ("issuers", [[raw(OFFICE), "", [0], 0, 9]]),
    ("issuers", [[raw(OFFICE), "Example office", [3], 0, 9]]),
    ("issuers", [[raw(OFFICE), "Example office", [0], 9, 9]]),
    ("issuers", [[raw(OFFICE), "Example office", [0], 0]]),
    ("issuers", [[raw(OFFICE), name, [0], 0, 9] for name in ("One", "Two")]),
    ("status", [[OFFICE_KID, 5, b""]]),
    ("status", [[OFFICE_KID, 5]]),
    ("status", [[OFFICE_KID, 5, bytes(131_073)]]),
]


@pytest.mark.parametrize(("member", "value"), WRONG, ids=lambda each: str(each)[:24])
def test_a_genuine_bundle_with_wrong_content(lane: Lane, member: str, value: object) -> None:
    """A mistake of whoever compiles is found at the door, and before: nobody can sign it here."""
    assert lane.refuses(forged(**{member: value})) is Fault.CONTENT


@pytest.mark.parametrize(
    ("limit", "member", "value"),
    [
        ("HCERT_KEYS_MAX", "hcert", many(2)),
        ("HCERT_REVOKED_MAX", "hcert_revoked", b"r" * 16 + b"s" * 16),
        ("SHC_REVOKED_MAX", "shc_revoked", [[kid, [["rid", 5]]] for kid in ("one", "two")]),
    ],
)
def test_counts_have_bounds(
    lane: Lane, monkeypatch: pytest.MonkeyPatch, limit: str, member: str, value: object
) -> None:
    """One more than the limit is refused, and the limit itself taken."""
    data = forged(**{member: value})
    monkeypatch.setattr(f"gate.credential.bundle.entries.{limit}", 1)
    assert lane.refuses(data) is Fault.CONTENT
    monkeypatch.setattr(f"gate.credential.bundle.entries.{limit}", 2)
    lane.take(data)


def test_the_greatest_bundle_fits() -> None:
    """The limits of the parts agree with that of the whole: hashes alone take half of it."""
    assert limits.HCERT_REVOKED_MAX * 16 <= BUNDLE_BYTES_MAX // 2


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x80",
        b"\xa1" * 40,
        b"\xbb" + b"\xff" * 8,
        b"\x5b\x10" + bytes(7),
        cbor2.dumps({"format": 1, "version": 1}, canonical=False) + b"\0",
    ],
)
def test_a_payload_that_is_none(lane: Lane, payload: bytes) -> None:
    """Declared lengths of 2^60, nesting, trailing bytes: refused in bounded time."""
    assert lane.refuses(sign(payload, [A])) in {Fault.CONTENT, Fault.FORMAT}


def test_nobody_signs_what_a_gate_would_refuse() -> None:
    """Encoding checks what it makes."""
    with pytest.raises(BundleError, match="version"):
        encode(listed(0))
    names = MappingProxyType({b"kid-0001": (signer(1, "I\nD"),)})
    with pytest.raises(BundleError, match=r"hcert.*printable"):
        encode(listed(1, hcert=names))


# Root keys.


@pytest.mark.parametrize(
    ("keys", "threshold", "why"),
    [
        ([b"short"], 1, "32 bytes"),
        ([raw(A), raw(A)], 1, "twice"),
        ([], 1, "threshold"),
        ([raw(A)], 2, "threshold"),
        ([raw(A)], 0, "threshold"),
        ([raw(root(number)) for number in range(ROOTS_MAX + 1)], 1, "more than"),
    ],
)
def test_root_keys_that_can_not_be_pinned(keys: list[bytes], threshold: int, why: str) -> None:
    with pytest.raises(TrustError, match=why):
        roots_of(keys, threshold)


@given(st.binary(max_size=300))
def test_garbage_is_refused_as_such(data: bytes) -> None:
    """Whatever the bytes, one family of errors."""
    for whole in (data, b"\xd8\x62" + data):
        with pytest.raises(BundleError):
            read_bundle(whole, pinned(A), FRESH, NOW)


JSONLIKE = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), 1 << 63) | st.binary() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=8)
        | st.dictionaries(st.text() | st.integers(0, 9), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.sampled_from(sorted(cbor2.loads(encode(everything())))), JSONLIKE)
def test_any_member_may_be_anything(member: str, value: object) -> None:
    """Signed nonsense ends in one family of errors, or is a list."""
    try:
        found = read_bundle(forged(**{member: value}), pinned(A), FRESH, NOW)
    except BundleError:
        return
    assert encode(found.trust)
