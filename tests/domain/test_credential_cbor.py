"""The CBOR reader takes the one deterministic form of the few types that passes need."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.credential import cbor

DEPTH_MAX = 4

_leaves = (
    st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=40)
    | st.none()
    | st.booleans()
)
_values = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.integers(-(2**64), 2**64 - 1), inner)
    ),
    max_leaves=8,
)


def _depth(value: object) -> int:
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 0


def _encode(value: object) -> bytes:
    """Deterministic encoding by RFC 8949 section 4.2.1: keys in bytewise order."""
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(_encode, value))
    if isinstance(value, dict):
        pairs = sorted((_encode(key), _encode(item)) for key, item in value.items())
        return _head(5, len(value)) + b"".join(key + item for key, item in pairs)
    return cbor2.dumps(value)


def _head(major: int, count: int) -> bytes:
    assert count < 24
    return bytes((major << 5 | count,))


@given(_values)
def test_deterministic_values_are_read_back(value: object) -> None:
    """What an independent encoder writes is read back as it was; too deep a nesting is not."""
    try:
        data = _encode(value)
    except AssertionError:
        return
    if _depth(value) > DEPTH_MAX:
        with pytest.raises(cbor.CborError, match="nested"):
            cbor.decode(data, DEPTH_MAX)
    else:
        assert cbor.decode(data, DEPTH_MAX) == value


@given(st.binary(max_size=80))
def test_what_is_taken_has_no_other_encoding(data: bytes) -> None:
    """Any bytes give a value whose one encoding they are, or CborError."""
    try:
        value = cbor.decode(data, DEPTH_MAX)
    except cbor.CborError:
        return
    assert _encode(value) == data
    assert cbor2.loads(data) == value


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "cut short"),
        ("18", "cut short"),
        ("1900", "cut short"),
        ("1817", "shortest"),
        ("190017", "shortest"),
        ("1a0000ffff", "shortest"),
        ("1b00000000ffffffff", "shortest"),
        ("0000", "trailing"),
        ("4161ff", "trailing"),
        ("42aa", "longer than what is left"),
        ("5b1000000000000000", "longer than what is left"),
        ("9b1000000000000000", "more items"),
        ("bb1000000000000000", "more items"),
        ("821818", "cut short"),
        ("5f4101ff", "indefinite"),
        ("9f01ff", "indefinite"),
        ("bf0101ff", "indefinite"),
        ("ff", "indefinite"),
        ("1c", "reserved"),
        ("f97e00", "float"),
        ("fb7ff8000000000000", "float"),
        ("f820", "reserved"),
        ("f7", "unassigned"),
        ("e0", "unassigned"),
        ("c001", "tag"),
        ("d818456161616161", "tag|reserved"),
        ("c249010000000000000000", "tag"),
        ("61ff", "UTF-8"),
        ("a201010102", "twice"),
        ("a202010101", "order"),
        ("a1f501", "key"),
        ("a18001", "key"),
        ("8181818100", "nested"),
    ],
)
def test_each_bad_form_is_named(data: str, why: str) -> None:
    """Each form that the deterministic encoding does not have is refused for what it is."""
    with pytest.raises(cbor.CborError, match=why):
        cbor.decode(bytes.fromhex(data), 3)
