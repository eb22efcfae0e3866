"""Base64url is RFC 4648's without padding, and has one text for each string of bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.credential import base64url


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", b""),
        (b"f", b"Zg"),
        (b"fo", b"Zm8"),
        (b"foo", b"Zm9v"),
        (b"foobar", b"Zm9vYmFy"),
        (b"\xfb\xff\xbf", b"-_-_"),
    ],
)
def test_examples_of_the_rfc(data: bytes, text: bytes) -> None:
    """RFC 4648 section 10, without padding, and the two characters of section 5; both ways."""
    assert base64url.encode(data) == text
    assert base64url.decode(text) == data


@pytest.mark.parametrize(
    "text",
    [
        b"Z",  # no bytes have one character
        b"Zm9vY",
        b"Zg==",
        b"Zg=",
        b"=",
        b"==",
        b"Zm9v=",
        b"Zh",  # stray bits behind the last byte
        b"Zm9",
        b"+/+/",  # the other alphabet
        b"Zm 9v",
        b"Zm9v\n",
        b" Zm9v",
        b"Zm9v\x00",
        b"Zm9\xb6",
        b"Zg==Zg",
    ],
)
def test_anything_else_is_refused(text: bytes) -> None:
    """No padding, white space, foreign character or stray bit is forgiven."""
    with pytest.raises(ValueError, match="base64url"):
        base64url.decode(text)


@given(st.binary(max_size=300))
def test_bytes_come_back(data: bytes) -> None:
    """Encoding loses nothing."""
    assert base64url.decode(base64url.encode(data)) == data


@given(st.text("ABCDEFabcdef0189-_+/= \n", max_size=12) | st.text(max_size=8))
def test_a_text_that_is_taken_is_the_only_one(text: str) -> None:
    """No two texts decode to the same bytes."""
    raw = text.encode()
    try:
        data = base64url.decode(raw)
    except ValueError:
        return
    assert base64url.encode(data) == raw
