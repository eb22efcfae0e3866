"""Base45 is RFC 9285's, and has one text for each string of bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.credential import base45

RFC_9285 = [
    (b"AB", "BB8"),
    (b"Hello!!", "%69 VD92EX0"),
    (b"base-45", "UJCLQE7W581"),
    (b"ietf!", "QED8WEX0"),
]


@pytest.mark.parametrize(("data", "text"), RFC_9285)
def test_examples_of_the_rfc(data: bytes, text: str) -> None:
    """RFC 9285 sections 4.3 and 4.4, both ways."""
    assert base45.encode(data) == text
    assert base45.decode(text.encode()) == data


@pytest.mark.parametrize(
    "text",
    [
        b"GGW",  # 65,536: the RFC's own example of a group too large
        b":::",
        b"::",
        b"V5",  # 256 in two characters
        b"A",
        b"BB8A",
        b"bb8",
        b"BB8\n",
        b"BB8=",
        b"BB\xb8",
        b"BB\x00",
    ],
)
def test_anything_else_is_refused(text: bytes) -> None:
    """RFC 9285 section 6: no character, length or group beyond the encoding is forgiven."""
    with pytest.raises(ValueError, match="base45"):
        base45.decode(text)


@pytest.mark.parametrize("data", [bytes((byte,)) for byte in range(256)] + [b"\xff\xff\xff"])
def test_every_last_byte_comes_back(data: bytes) -> None:
    """The two characters of a byte without a pair reach to its largest value."""
    assert base45.decode(base45.encode(data).encode()) == data


@given(st.binary(max_size=300))
def test_bytes_come_back(data: bytes) -> None:
    """Encoding loses nothing."""
    assert base45.decode(base45.encode(data).encode()) == data


@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", max_size=60))
def test_a_text_that_is_taken_is_the_only_one(text: str) -> None:
    """No two texts decode to the same bytes, so that a pass has one text."""
    try:
        data = base45.decode(text.encode())
    except ValueError:
        return
    assert base45.encode(data) == text
