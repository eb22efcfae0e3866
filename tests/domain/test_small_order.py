"""Points of small order: whoever pins one has pinned a key that everybody can sign for."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from gate.credential.bundle import roots_of
from gate.credential.model import PASS_KINDS
from gate.credential.trust import TrustError, ed25519_key, is_small_order, issuer_key

FIELD = (1 << 255) - 19
SIGN = 1 << 255
ORDER_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"
"""All but the last byte of one point of order 8, as libsodium and others list it."""


def encodings() -> Iterator[bytes]:
    """The eight points in every spelling: either sign, and y as it is or not reduced."""
    eight = int.from_bytes(bytes.fromhex(ORDER_8 + "7a"), "little")
    for y in (0, 1, FIELD - 1, eight, FIELD - eight, FIELD, FIELD + 1):
        for sign in (0, SIGN):
            yield (y | sign).to_bytes(32, "little")


@pytest.mark.parametrize("raw", list(encodings()), ids=bytes.hex)
def test_a_point_of_small_order_is_nobodys_key(raw: bytes) -> None:
    """Neither as a root nor as an issuer, in none of its fourteen spellings."""
    assert is_small_order(raw)
    for parse in (
        ed25519_key,
        lambda data: roots_of([data], 1),
        lambda data: issuer_key(data, "Example", PASS_KINDS),
    ):
        with pytest.raises(TrustError, match="small order"):
            parse(raw)


def test_what_it_would_let_through() -> None:
    """The library takes the neutral point, and a signature for it that nobody's key made."""
    neutral = (1).to_bytes(32, "little")
    Ed25519PublicKey.from_public_bytes(neutral).verify(neutral + bytes(32), b"anything at all")


@given(st.binary(min_size=32, max_size=32))
def test_keys_of_people_are_taken(seed: bytes) -> None:
    """A key that was made as keys are is never of small order (RFC 8032 section 5.1.5)."""
    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    assert not is_small_order(raw)
    assert ed25519_key(raw).public_bytes_raw() == raw


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33)])
def test_no_key_at_all(raw: bytes) -> None:
    with pytest.raises(TrustError, match="32 bytes"):
        ed25519_key(raw)
