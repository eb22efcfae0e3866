"""Status lists and trust: revoked stays revoked, and nothing old is ever taken again."""

import zlib

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from gate.credential import cose
from gate.credential.model import PASS_KINDS, CredentialError, CredentialKind
from gate.credential.status import (
    STATUS_BYTES_MAX,
    STATUS_INDEX_END,
    STATUS_SIGNED_BYTES_MAX,
    empty_status,
    issue_status,
    read_status,
    revoke,
)
from gate.credential.trust import StatusList, TrustError, issuer_key, key_id, trust_list
from gate.reasons import Reason

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
KID = key_id(PUBLIC)
TRUST = trust_list([issuer_key(PUBLIC, "Test office", PASS_KINDS)])
FIRST = empty_status(KID, 1_000)


def refusal(data: bytes) -> Reason:
    """Why that status list is refused."""
    with pytest.raises(CredentialError) as refused:
        read_status(data, TRUST)
    return refused.value.reason


def signed(payload: object) -> bytes:
    """A status list of any payload, well signed."""
    return cose.sign(payload if isinstance(payload, bytes) else cbor2.dumps(payload), KID, KEY)


@given(st.sets(st.integers(0, STATUS_INDEX_END - 1), max_size=20))
def test_what_was_revoked_and_nothing_else(revoked: set[int]) -> None:
    """Over the wire and back, exactly those bits are set."""
    status = FIRST
    for index in revoked:
        status = revoke(status, index, 2_000)
    held = read_status(issue_status(status, KEY), TRUST)
    assert held == status
    for index in revoked:
        assert held.is_revoked(index)
        assert held.is_revoked(index + 1) == (index + 1 in revoked)
        assert held.is_revoked(index ^ 7) == (index ^ 7 in revoked)


def test_each_revocation_is_a_newer_list() -> None:
    """Also twice in one second, and also when the office's clock went back."""
    second = revoke(FIRST, 1, 1_000)
    third = revoke(second, 2, 5)
    assert (second.issued_at_s, third.issued_at_s) == (1_001, 1_002)
    assert FIRST.issued_at_s < second.issued_at_s < third.issued_at_s
    assert revoke(third, 1, 9_000).bits == third.bits


@pytest.mark.parametrize("index", [-1, STATUS_INDEX_END])
def test_no_pass_has_that_index(index: int) -> None:
    """An index beyond the bitmap can't be revoked."""
    with pytest.raises(TrustError):
        revoke(FIRST, index, 2_000)


def test_an_older_list_is_never_taken() -> None:
    """What is kept for trust never goes backwards; the same list again is no harm."""
    newer = revoke(FIRST, 7, 2_000)
    trust = TRUST.with_status(FIRST).with_status(newer)
    assert trust.is_revoked(KID, 7)
    assert trust.with_status(newer) == trust
    for old in (FIRST, structs.replace(newer, bits=b"")):
        with pytest.raises(TrustError, match="older"):
            trust.with_status(old)
    assert trust.is_revoked(KID, 7)


def test_a_list_of_nobody_is_not_taken() -> None:
    """A status list belongs to a key of the trust list."""
    with pytest.raises(TrustError, match="does not name"):
        TRUST.with_status(empty_status(b"none", 1))
    assert not TRUST.is_revoked(KID, 7)


def test_only_the_key_itself_signs_its_list() -> None:
    """An office can't sign for another, nor a list that no gate would take."""
    for wrong in (
        empty_status(b"none", 1_000),
        empty_status(KID, 0),
        empty_status(KID, 1 << 32),
        StatusList(KID, 1_000, bytes(STATUS_BYTES_MAX + 1)),
    ):
        with pytest.raises(TrustError):
            issue_status(wrong, KEY)


def test_the_largest_list_fits() -> None:
    """A bitmap that does not compress at all stays under the limit of the signed list."""
    noise = b"".join(key_id(n.to_bytes(4)) for n in range(STATUS_BYTES_MAX // 4))
    data = issue_status(StatusList(KID, 1_000, noise), KEY)
    assert STATUS_BYTES_MAX < len(data) <= STATUS_SIGNED_BYTES_MAX
    assert read_status(data, TRUST).bits == noise


@pytest.mark.parametrize(
    "payload",
    [
        b"\x9f\xff",
        b"\x80",
        {6: 1_000},
        {6: 1_000, -65538: zlib.compress(b""), 4: 1},
        {6: True, -65538: zlib.compress(b"")},
        {6: 0, -65538: zlib.compress(b"")},
        {6: 1 << 32, -65538: zlib.compress(b"")},
        {6: 1_000, -65538: "text"},
        {6: 1_000, -65538: b""},
        {6: 1_000, -65538: b"no zlib"},
        {6: 1_000, -65538: zlib.compress(b"\x01")[:-1]},
        {6: 1_000, -65538: zlib.compress(b"\x01") + b"\x00"},
        {4: 2_000_000_000, -65537: [0, 1, 2]},
    ],
)
def test_lists_that_are_none(payload: object) -> None:
    """Even well signed: other claims, a stream cut short or with a tail, a pass."""
    assert refusal(signed(payload)) is Reason.CODE_MALFORMED


@pytest.mark.parametrize("times", [STATUS_BYTES_MAX + 1, STATUS_BYTES_MAX * 400])
def test_a_bitmap_that_grows_without_end(times: int) -> None:
    """One byte too many, and a bomb: neither is inflated to its end."""
    payload = {6: 1_000, -65538: zlib.compress(bytes(times))}
    assert refusal(signed(payload)) is Reason.CODE_TOO_LARGE


def test_whom_a_list_is_from() -> None:
    """As for a pass: too long, no envelope, a stranger's, a wrong signature."""
    good = issue_status(FIRST, KEY)
    assert refusal(bytes(STATUS_SIGNED_BYTES_MAX + 1)) is Reason.CODE_MALFORMED
    assert refusal(b"") is Reason.CODE_MALFORMED
    assert refusal(good[:-1] + bytes([good[-1] ^ 1])) is Reason.CREDENTIAL_SIGNATURE
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    theirs = empty_status(key_id(stranger.public_key().public_bytes_raw()), 1_000)
    assert refusal(issue_status(theirs, stranger)) is Reason.CREDENTIAL_ISSUER_UNKNOWN


@pytest.mark.parametrize(
    ("public", "name", "kinds", "window"),
    [
        (b"short", "Test", ["visitor"], (0, 1)),
        (PUBLIC, "", ["visitor"], (0, 1)),
        (PUBLIC, "Test", [], (0, 1)),
        (PUBLIC, "Test", ["visitor"], (1, 1)),
        (PUBLIC, "Test", ["visitor"], (-1, 1)),
        (PUBLIC, "Test", ["visitor"], (0, (1 << 32) + 1)),
    ],
)
def test_issuers_that_cannot_be(
    public: bytes, name: str, kinds: list[str], window: tuple[int, int]
) -> None:
    """A trust list is refused when it is loaded, not when a visitor stands there."""
    with pytest.raises(TrustError):
        issuer_key(public, name, map(CredentialKind, kinds), *window)


def test_two_issuers_of_one_key_id() -> None:
    """A pass must say whose it is."""
    key = TRUST.keys[KID]
    with pytest.raises(TrustError, match="same key id"):
        trust_list([key, structs.replace(key, name="Other office")])


def test_on_a_first_list_nothing_is_revoked() -> None:
    first = empty_status(KID, 1_000)
    assert not any(first.is_revoked(index) for index in range(64))
    assert read_status(issue_status(first, KEY), TRUST) == first


def test_a_list_may_be_of_the_first_second() -> None:
    """Whatever the office's clock said then; and of no second before."""
    first = empty_status(KID, 1)
    assert read_status(issue_status(first, KEY), TRUST) == first
    with pytest.raises(TrustError):
        issue_status(empty_status(KID, 0), KEY)
