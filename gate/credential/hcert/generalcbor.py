"""Bounded reader of CBOR as public issuers write it (RFC 8949), without any meaning of tags.

Their encoders sort no keys and do not always take the shortest form, so the strict reader of our
own passes (`gate.credential.cbor`) is of no use here. The work is cbor2's, with everything that
it offers a stranger taken away: tags never become dates, big numbers, fractions, expressions,
references or sets.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import IO, Any, Final, cast

import cbor2

DEPTH_MAX = 8
"""Containers within containers; a genuine certificate needs five."""
READ_BYTES = 16_384
"""Asked for at once; more than any message has, so that one read gets it all."""

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
    a `cbor2.CBORSimpleValue` or `TAGGED`. A moment as text (tag 0) is its text. Keys of a dict
    can be any of these, and tuples or frozen maps: those can be made to collide, and a map of
    them costs the square of its size. Who reads what nobody signed bounds it (`HEADER_BYTES_MAX`
    in `envelope`).

    Raises:
        CborError: anything else: too few bytes, indefinite lengths (no issuer uses them), a key
            twice, containers deeper than `DEPTH_MAX`, text that is not UTF-8. A declared length
            costs nothing before its bytes are there.
    """
    source = _Source(data)
    try:
        found: object = cbor2.CBORDecoder(
            cast("IO[bytes]", source),
            tag_hook=_tagged,
            semantic_decoders=_WITHOUT_MEANING,
            read_size=READ_BYTES,
            max_depth=DEPTH_MAX,
            allow_indefinite=False,
            allow_duplicate_keys=False,
        ).decode()
    except cbor2.CBORDecodeError:
        raise CborError("no CBOR, or more than we read") from None
    return found, source.at


class _Source:
    """As much of a file over bytes as cbor2 asks for.

    It reads ahead, then seeks back to where the item ended. (`io` stays out of the domain.)
    """

    __slots__ = ("_data", "at")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

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


_WITHOUT_MEANING: Mapping[int, Callable[[Any, bool], Any]] = MappingProxyType(
    {_TAG_DATE_TEXT: _text_of_date, **dict.fromkeys(_TAGS_OF_CBOR2, _tagged)}
)
