"""Inflating what a stranger deflated."""

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.credential.inflate import RAW_DEFLATE, ZLIB, inflate
from gate.credential.model import CredentialError
from gate.reasons import Reason

BYTES_MAX = 1_000
BOTH = pytest.mark.parametrize("window_bits", [ZLIB, RAW_DEFLATE], ids=["zlib", "raw"])


def deflate(data: bytes, window_bits: int) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, window_bits)
    return deflater.compress(data) + deflater.flush()


def refusal(data: bytes, window_bits: int) -> Reason:
    with pytest.raises(CredentialError) as caught:
        inflate(data, window_bits=window_bits, bytes_max=BYTES_MAX)
    return caught.value.reason


@BOTH
@given(data=st.binary(max_size=BYTES_MAX))
def test_it_is_the_reverse_of_deflating(window_bits: int, data: bytes) -> None:
    """Up to the bound itself."""
    deflated = deflate(data, window_bits)
    assert inflate(deflated, window_bits=window_bits, bytes_max=BYTES_MAX) == data


@BOTH
def test_the_bound_itself(window_bits: int) -> None:
    """As much as there may be."""
    data = bytes(BYTES_MAX)
    deflated = deflate(data, window_bits)
    assert inflate(deflated, window_bits=window_bits, bytes_max=BYTES_MAX) == data


@BOTH
def test_no_more_is_inflated_than_the_bound(window_bits: int) -> None:
    """What a bomb would grow to is never held in memory."""
    bomb = deflate(bytes(50_000_000), window_bits)
    tracemalloc.start()
    try:
        assert refusal(bomb, window_bits) is Reason.CODE_TOO_LARGE
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@BOTH
@pytest.mark.parametrize("size", [BYTES_MAX + 1, 50_000_000])
def test_what_grows_beyond_the_bound(window_bits: int, size: int) -> None:
    """One byte more, and a bomb."""
    assert refusal(deflate(bytes(size), window_bits), window_bits) is Reason.CODE_TOO_LARGE


@BOTH
def test_what_is_no_whole_stream(window_bits: int) -> None:
    """Nothing, noise, a stream cut short, with a tail, or of the other kind."""
    whole = deflate(b"contoh", window_bits)
    other = deflate(b"contoh", RAW_DEFLATE if window_bits == ZLIB else ZLIB)
    for data in (b"", b"\xff\xff noise", whole[:-1], whole + b"\0", whole + whole, other):
        assert refusal(data, window_bits) is Reason.CODE_MALFORMED


def test_a_checksum_is_checked() -> None:
    """RFC 1950 section 2.2: Adler-32 of what was deflated."""
    broken = deflate(b"contoh", ZLIB)[:-1] + b"\0"
    assert refusal(broken, ZLIB) is Reason.CODE_MALFORMED
