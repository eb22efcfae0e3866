"""JSON is RFC 8259's, and of one meaning: what two readers could read in two ways is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.credential.jsontext import INTEGER_DIGITS_MAX, read_json, read_object
from gate.credential.model import CredentialError
from gate.reasons import Reason

DEPTH_MAX = 8


def refused(data: bytes, depth_max: int = DEPTH_MAX) -> bool:
    """Whether it is refused, as malformed; any other exception fails the test."""
    try:
        read_json(data, depth_max=depth_max)
    except CredentialError as error:
        return error.reason is Reason.CODE_MALFORMED
    return False


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"{}", {}),
        (b' {"a" : [1, -2.5, true, null]}\r\n', {"a": [1, -2.5, True, None]}),
        (b'"[[[[[[[[[[{{{{{{"', "[[[[[[[[[[{{{{{{"),
        (rb'"\\\"[[[[[[[[[[["', '\\"[[[[[[[[[[['),
        (rb'["\\\\", [[[[[[["\""]]]]]]]]', ["\\\\", [[[[[[['"']]]]]]]]),
        (rb'"\ud83d\ude00 \u00e9"', "\U0001f600 \u00e9"),
        ('"é"'.encode(), "é"),
        (b"1E2", 100.0),
        (b"9" * INTEGER_DIGITS_MAX, 10**INTEGER_DIGITS_MAX - 1),
    ],
)
def test_values(data: bytes, value: object) -> None:
    """What JSON says, and brackets in strings are text."""
    assert read_json(data, depth_max=DEPTH_MAX) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b'{"a":1} {"a":2}',
        b"{}\x00",
        b"[1,]",
        b"{'a':1}",
        b"// note\n1",
        b'"open',
        b'"\\',
        b'"line\nbreak"',
        b"\\",
        b'[\\"]',
        b"[}",
    ],
)
def test_text_that_is_no_json(data: bytes) -> None:
    """One value, and nothing behind it."""
    assert refused(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"b":2,"a":3}',
        rb'{"a":1,"\u0061":2}',
        b'[{"deep":{"a":{},"a":{}}}]',
    ],
)
def test_a_key_twice(data: bytes) -> None:
    """Two readers would see two documents, however the key is spelt."""
    assert refused(data)


@pytest.mark.parametrize(
    "data",
    [
        b"NaN",
        b"[Infinity]",
        b'{"exp":-Infinity}',
        b"1e400",
        b"[-1e400]",
        b"1" * (INTEGER_DIGITS_MAX + 1),
        b"[" + b"1" * 10_000 + b"]",
        b"-" + b"1" * INTEGER_DIGITS_MAX,
        b"01",
        b"+1",
        b".5",
        b"0x10",
        "[\N{ARABIC-INDIC DIGIT ONE}]".encode(),
    ],
)
def test_numbers_that_are_none(data: bytes) -> None:
    """Nothing that is not finite, and nothing that takes long to read."""
    assert refused(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-32-le"),
        b'"\xff"',
        b'"\xc0\xaf"',
        b'"\xed\xa0\x80"',
        rb'"\ud800"',
        rb'{"\udfff":1}',
        rb'["\ude00\ud83d"]',
    ],
)
def test_text_that_is_not_utf_8(data: bytes) -> None:
    """No other encoding, no byte order mark, no half of a surrogate pair."""
    assert refused(data)


@pytest.mark.parametrize("depth", [0, 1, 7, 8, 9, 40, 5000, 200_000])
@pytest.mark.parametrize(("first", "last"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"":', b"}]")])
def test_nesting(first: bytes, last: bytes, depth: int) -> None:
    """Eight deep where eight are allowed, and no recursion whatever comes."""
    levels = first.count(b"[") + first.count(b"{")
    data = first * depth + b"1" + last * depth
    assert refused(data) == (levels * depth > DEPTH_MAX)
    assert not depth or refused(first * depth)


def test_an_object() -> None:
    """Where an object is expected, nothing else will do."""
    assert read_object(b'{"a":[]}', depth_max=2) == {"a": []}
    for data in (b"[]", b'"a"', b"1", b"null", b"{"):
        with pytest.raises(CredentialError) as error:
            read_object(data, depth_max=2)
        assert error.value.reason is Reason.CODE_MALFORMED


def test_the_reason_says_nothing_of_the_text() -> None:
    """What a stranger wrote is in no log."""
    with pytest.raises(CredentialError) as error:
        read_json(b'{"Contoh Budi":}', depth_max=1)
    assert "Contoh" not in str(error.value)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text('a"\\[]{}é', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text('"\\[{', max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def depth_of(value: object) -> int:
    """How deep arrays and objects nest."""
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(_json, st.booleans())
def test_any_value(value: object, ascii_only: bool) -> None:
    """Every value comes back, at its own depth and no less."""
    data = json.dumps(value, ensure_ascii=ascii_only).encode()
    depth = depth_of(value)
    assert read_json(data, depth_max=depth) == value
    assert not depth or refused(data, depth - 1)


@given(st.binary(max_size=60) | st.text('{}[]",:\\u0e1-. tn', max_size=40).map(str.encode))
def test_any_bytes(data: bytes) -> None:
    """A value that the library reads too, or our own error."""
    if not refused(data):
        assert read_json(data, depth_max=DEPTH_MAX) == json.loads(data)
