"""Bounded reader of CBOR as public issuers write it (RFC 8949), without any meaning of tags.

Their encoders sort no keys and do not always take the shortest form, so the strict reader of our
own passes (`gate.credential.cbor`) is of no use here. The outer maps, whose keys are numbers, are
read here; what lies deeper is cbor2's work, with everything that it offers a stranger taken away:
tags never become dates, big numbers, fractions, expressions, references or sets.

No key is hashed before its type is known. Python gives -1 and -2 one hash, and so to endless
arrays and maps of them: a map with such keys costs the square of its size, or a cube.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import IO, Any, Final, cast

import cbor2

LABELLED_DEPTH = 2
"""Outer maps that may have numbers for keys, one in the other: the claims, the health claim."""
LABELS_MAX = 10
"""Of each of these; genuine claims have four, and RFC 8392 with the health claim has eight."""
DEPTH_MAX = 6
"""Containers within containers below them; a genuine certificate needs three."""
READ_BYTES = 16_384
"""Asked for at once; more than any message has, so that one read gets it all."""

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _MAP = 0, 1, 2, 3, 5
"""Major types (RFC 8949 section 3.1)."""
_INDIRECT_MIN, _INDIRECT_MAX = 24, 27
"""Low five bits of a head: below, they are the argument; here, it takes the next 1, 2, 4 or 8
bytes; above, it has no end, or no meaning."""

_TAG_DATE_TEXT = 0
"""RFC 8949 section 3.4.1: a moment, as text. Genuine Swedish and Hungarian tests have it."""
_TAGS_OF_CBOR2 = (
    *(1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54),
    *(100, 256, 258, 260, 261, 1_004, 43_000, 55_799),
)
"""Tags that cbor2 gives a meaning of its own; every other one comes to its `tag_hook`."""


class Tagged:
    """Stands where a value had a tag: of no type that anything after takes."""

    __slots__ = ()


TAGGED: Final = Tagged()


class CborError(ValueError):
    """Not one whole item of CBOR within our bounds."""


def decode(data: bytes) -> object:
    """The one item that `data` holds, and nothing behind it.

    Raises:
        CborError: as `item`; or bytes behind the item.
    """
    found, end = item(data)
    if end != len(data):
        raise CborError("bytes behind the item")
    return found


def item(data: bytes) -> tuple[object, int]:
    """The item that `data` starts with, and where it ends.

    One of int (64 bits and a sign), float, bytes, str, bool, None, list, dict, `cbor2.undefined`,
    a `cbor2.CBORSimpleValue` or `TAGGED`. A moment as text (tag 0) is its text.

    Raises:
        CborError: anything else: too few bytes, indefinite lengths (no issuer uses them), a key
            twice, containers deeper than `DEPTH_MAX`, text that is not UTF-8; a key that is
            neither text nor bytes nor, in an outer map of at most `LABELS_MAX` pairs, an int. A
            declared length costs nothing before its bytes are there.
    """
    return _outer(data, 0, LABELLED_DEPTH)


def byte_string(data: bytes, at: int) -> tuple[bytes, int]:
    """The byte string at that place, and where it ends.

    Raises:
        CborError: another type, looked at no further; or it is cut short.
    """
    major, length, start = _head(data, at)
    if major != _BYTES:
        raise CborError("not a byte string")
    return _string(data, start, length)


def _outer(data: bytes, at: int, levels: int) -> tuple[object, int]:
    """The item at that place, and where it ends; small maps `levels` deep by `_labelled`."""
    major, argument, start = _head(data, at)
    if major == _UNSIGNED:
        return argument, start
    if major == _NEGATIVE:
        return -1 - argument, start
    if major == _BYTES:
        return _string(data, start, argument)
    if major == _TEXT:
        found, end = _string(data, start, argument)
        try:
            return found.decode("utf-8"), end
        except UnicodeDecodeError:
            raise CborError("text that is not UTF-8") from None
    if major == _MAP and levels and argument <= LABELS_MAX:
        return _labelled(data, start, argument, levels)
    return _inner(data, at)


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Major type and argument of the item at that place, and where its head ends (RFC 8949
    section 3)."""
    if at >= len(data):
        raise CborError("cut short")
    first = data[at]
    argument = first & 0x1F
    start = at + 1
    if argument >= _INDIRECT_MIN:
        if argument > _INDIRECT_MAX:
            raise CborError("an indefinite length, or no length at all")
        start += 1 << (argument - _INDIRECT_MIN)
        if start > len(data):
            raise CborError("cut short")
        argument = int.from_bytes(data[at + 1 : start])
    return first >> 5, argument, start


def _string(data: bytes, start: int, length: int) -> tuple[bytes, int]:
    end = start + length
    if end > len(data):
        raise CborError("cut short")
    return data[start:end], end


def _labelled(data: bytes, at: int, count: int, levels: int) -> tuple[dict[object, object], int]:
    """The map of so many pairs that begin at that place, and where it ends."""
    found: dict[object, object] = {}
    for _ in range(count):
        # An array or a map as a key is read as one, and not yet hashed.
        label, at = _outer(data, at, 0)
        if type(label) not in _LABELS:
            raise CborError("a label of another type")
        if label in found:
            raise CborError("a label twice")
        found[label], at = _outer(data, at, levels - 1)
    return found, at


def _inner(data: bytes, at: int) -> tuple[object, int]:
    """The item at that place, and where it ends, by cbor2; keys of maps are text or bytes."""
    source = _Source(data, at)
    try:
        found: object = cbor2.CBORDecoder(
            cast("IO[bytes]", source),
            tag_hook=_tagged,
            semantic_decoders=_WITHOUT_MEANING,
            read_size=READ_BYTES,
            max_depth=DEPTH_MAX,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        ).decode()
    except cbor2.CBORDecodeError:
        raise CborError("no CBOR, or more than we read") from None
    return found, source.at


class _Source:
    """As much of a file over bytes as cbor2 asks for.

    It reads ahead, then seeks back to where the item ended. (`io` stays out of the domain.)
    """

    __slots__ = ("_data", "at")

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self.at = at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, count: int) -> bytes:
        chunk = self._data[self.at : self.at + count]
        self.at += len(chunk)
        return chunk

    def seek(self, offset: int, _from_here: int) -> int:
        self.at += offset
        return self.at


def _tagged(_value: object, _immutable: bool) -> Tagged:
    return TAGGED


def _text_of_date(value: object, _immutable: bool) -> str | Tagged:
    return value if type(value) is str else TAGGED


_LABELS = frozenset({int, str, bytes})
_WITHOUT_MEANING: Mapping[int, Callable[[Any, bool], Any]] = MappingProxyType(
    {_TAG_DATE_TEXT: _text_of_date, **dict.fromkeys(_TAGS_OF_CBOR2, _tagged)}
)
