"""Strict reader of DER (ITU-T X.690 section 10), as much as a certificate needs of it.

Definite, shortest lengths and one-byte tags; whatever is not asked for stays bytes, so that an
odd extension of a genuine certificate, which a full reader refuses, harms nobody.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31
"""Tags, X.690 section 8.1.2: class, form and number in one byte."""

ELEMENTS_MAX = 4_096
"""Of one sequence or set. The largest master list has some hundreds."""

_LONG_TAG = 0x1F
_LONG_FORM = 0x80
_LENGTH_BYTES_MAX = 4
_ARC_BITS = 7
_ARC_FIRST = 40
_TIMES = {
    UTC_TIME: (re.compile(rb"[0-9]{12}Z"), "%y%m%d%H%M%SZ"),
    GENERALIZED_TIME: (re.compile(rb"[0-9]{14}Z"), "%Y%m%d%H%M%SZ"),
}
"""With seconds and in UTC (RFC 5280 sections 4.1.2.5.1 and 4.1.2.5.2): alone, the patterns would
take a month of one digit, and read another time than the certificate says."""
_CENTURY_PIVOT = 2050
"""Two digits of a year from 50 on mean 19.. (RFC 5280 section 4.1.2.5.1)."""


class DerError(ValueError):
    """Not DER, or not what was expected there."""


class Element(NamedTuple):
    """One tag, length and value."""

    tag: int
    content: bytes
    whole: bytes
    """With tag and length: what a signature covers."""


def read(data: bytes, tag: int) -> Element:
    """The one element that `data` is, of that tag.

    Raises:
        DerError: anything else, or something behind it.
    """
    element, end = _element(data, 0)
    if end != len(data):
        raise DerError("bytes behind the end")
    return expect(element, tag)


def elements(content: bytes) -> list[Element]:
    """The elements of a sequence or a set, one after another.

    Raises:
        DerError: not DER, or more than `ELEMENTS_MAX`.
    """
    found: list[Element] = []
    at = 0
    while at < len(content):
        if len(found) == ELEMENTS_MAX:
            raise DerError(f"more than {ELEMENTS_MAX} elements")
        element, at = _element(content, at)
        found.append(element)
    return found


def expect(element: Element, tag: int) -> Element:
    """That element, if it has that tag.

    Raises:
        DerError: it has another one.
    """
    if element.tag != tag:
        raise DerError(f"tag {element.tag:#04x} where {tag:#04x} belongs")
    return element


def sequence(data: bytes) -> list[Element]:
    """The elements of the one sequence that `data` is."""
    return elements(read(data, SEQUENCE).content)


def bits(element: Element) -> bytes:
    """The bytes of a bit string of whole bytes."""
    content = expect(element, BIT_STRING).content
    if not content.startswith(b"\0"):
        raise DerError("a bit string that does not end with a byte")
    return content[1:]


def small_number(data: bytes) -> int:
    """The number that the one integer of up to two bytes is that `data` is."""
    content = read(data, INTEGER).content
    if not 1 <= len(content) <= 2 or content[0] & 0x80:  # noqa: PLR2004 - two bytes, not negative
        raise DerError("a number that is none, negative or too large")
    return int.from_bytes(content)


def unix_s(element: Element) -> int:
    """A time of a certificate, in Unix seconds (RFC 5280 section 4.1.2.5)."""
    if element.tag not in _TIMES:
        raise DerError("a time of another type")
    form, pattern = _TIMES[element.tag]
    if not form.fullmatch(element.content):
        raise DerError("a time in another form")
    try:
        moment = datetime.strptime(element.content.decode("ascii"), pattern).replace(tzinfo=UTC)
    except ValueError:
        raise DerError("a time that no calendar has") from None
    if element.tag == UTC_TIME and moment.year >= _CENTURY_PIVOT:
        moment = moment.replace(year=moment.year - 100)
    return int(moment.timestamp())


def object_identifier(dotted: str) -> bytes:
    """The content of an object identifier (X.690 section 8.19), to compare others with."""
    first, second, *rest = map(int, dotted.split("."))
    return b"".join(_arc(number) for number in (first * _ARC_FIRST + second, *rest))


def _arc(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> _ARC_BITS:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))


def _element(data: bytes, start: int) -> tuple[Element, int]:
    """The element that starts there, and where the next one does."""
    if start + 2 > len(data):
        raise DerError("cut short")
    tag, length, at = data[start], data[start + 1], start + 2
    if tag & _LONG_TAG == _LONG_TAG:
        raise DerError("a tag of several bytes")
    if length >= _LONG_FORM:
        size = length - _LONG_FORM
        if not 1 <= size <= _LENGTH_BYTES_MAX:
            raise DerError("an indefinite length, or one of too many bytes")
        length = int.from_bytes(data[at : at + size])
        at += size
        if length < _LONG_FORM or length.bit_length() <= 8 * (size - 1):
            raise DerError("a length not in its shortest form")
    end = at + length
    if end > len(data):
        raise DerError("longer than what is left")
    return Element(tag, data[at:end], data[start:end]), end
