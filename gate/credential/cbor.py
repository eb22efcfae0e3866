"""Strict reader of the deterministic CBOR that passes are made of (RFC 8949 section 4.2.1).

A general decoder answers a stranger's tags with dates, regular expressions and fractions, and
forgives long forms and trailing bytes. This one knows integers, strings, arrays, maps, true,
false and null, in their one shortest form, and refuses the rest: floats (NaN with them), tags,
indefinite lengths, unordered or duplicate keys. So equal values have equal bytes.
"""

_INDIRECT_MIN = 24
"""From here the low five bits say how many bytes the argument takes (RFC 8949 section 3)."""
_INDIRECT_MAX = 27
_SHORTEST = {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}
"""Bytes of an argument → the smallest argument that needs so many."""
_SIMPLE = {20: False, 21: True, 22: None}

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _, _OTHER = range(8)
"""Major types, RFC 8949 section 3.1."""
_STRINGS = (_BYTES, _TEXT)
_CONTAINERS = (_ARRAY, _MAP)


class CborError(ValueError):
    """Not the one deterministic encoding of a value that we use."""


def decode(data: bytes, depth_max: int) -> object:
    """The one item that `data` holds: int, bytes, str, bool, None, list or dict.

    Containers may nest `depth_max` deep. Keys of a dict are int, str or bytes. A declared
    length is compared with the bytes that are left before anything is made of it, so work
    and memory are bounded by `len(data)`.

    Raises:
        CborError: anything else.
    """
    value, end = _item(data, 0, depth_max)
    if end != len(data):
        raise CborError("trailing bytes")
    return value


def _item(data: bytes, at: int, depth: int) -> tuple[object, int]:
    """The item that starts at `at`, and where the next one starts."""
    major, argument, at = _head(data, at)
    if major == _UNSIGNED:
        return argument, at
    if major == _NEGATIVE:
        return -1 - argument, at
    if major in _STRINGS:
        end = at + argument
        if end > len(data):
            raise CborError("a string longer than what is left")
        raw = data[at:end]
        return (raw if major == _BYTES else _text(raw)), end
    if major in _CONTAINERS:
        if not depth:
            raise CborError("nested too deeply")
        if argument > len(data) - at:
            raise CborError("more items than what is left could hold")
        read = _array if major == _ARRAY else _map
        return read(data, at, depth - 1, argument)
    if major == _OTHER and argument in _SIMPLE:
        return _SIMPLE[argument], at
    raise CborError("a tag, a float or an unassigned value")


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Major type, argument, and where the content starts (RFC 8949 section 3)."""
    if at >= len(data):
        raise CborError("cut short")
    first = data[at]
    major, low = first >> 5, first & 0x1F
    at += 1
    if low < _INDIRECT_MIN:
        return major, low, at
    if low > _INDIRECT_MAX or major == _OTHER:
        raise CborError("an indefinite length, a float or a reserved form")
    size = 1 << (low - _INDIRECT_MIN)
    argument = int.from_bytes(data[at : at + size])
    if at + size > len(data):
        raise CborError("cut short")
    if argument < _SHORTEST[size]:
        raise CborError("not the shortest form")
    return major, argument, at + size


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise CborError("text that is not UTF-8") from None


def _array(data: bytes, at: int, depth: int, count: int) -> tuple[list[object], int]:
    items: list[object] = []
    for _ in range(count):
        item, at = _item(data, at, depth)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, depth: int, count: int) -> tuple[dict[object, object], int]:
    """Keys must grow bytewise (RFC 8949 section 4.2.1), which also forbids a double key."""
    found: dict[object, object] = {}
    last = b""
    for _ in range(count):
        start = at
        key, at = _item(data, start, depth)
        if type(key) not in (int, str, bytes):
            raise CborError("a key that is neither a number nor a string")
        encoded = data[start:at]
        if encoded <= last:
            raise CborError("keys twice or out of order")
        last = encoded
        found[key], at = _item(data, at, depth)
    return found, at
