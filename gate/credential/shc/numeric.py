"""The text of a code: `shc:/`, perhaps which part of how many, and two digits a character.

The JWS is written in digits because a QR code holds them best ("Encoding QRs" in the
specification). The prefix is lower case: the code carries it in byte mode, as it is.
"""

import re

from msgspec import Struct

from gate.credential.model import CredentialError
from gate.reasons import Reason

PREFIX = b"shc:/"
JWS_CHARS_MAX = 8_192
"""Seven of the largest parts that the specification allows; its longest example has 3,313."""
CARD_CHARS_MAX = len(PREFIX) + 2 * JWS_CHARS_MAX
"""Of the text of a card put together from its parts: more than one code can hold."""
PARTS_MAX = 32
"""Of one card. Splitting is deprecated, and nobody shows more codes than these."""

_PART = re.compile(rb"shc:/(?:([1-9][0-9]?)/([1-9][0-9]?)/)?([0-9]+)")
"""`[0-9]` of bytes is ASCII alone."""
_FIRST = ord("-")
"""The lowest character of a JWS, written `00`."""
_ZERO = ord("0")
_TENS = bytes((10 * (byte - _ZERO) + _FIRST) & 0xFF for byte in range(256))
_ONES = bytes((byte - _ZERO) & 0xFF for byte in range(256))
_JWS_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


class Part(Struct, frozen=True):
    """What one code holds of a card."""

    index: int
    """From 1 to `total`."""
    total: int
    """Codes of the whole card; 1 where it is in one piece."""
    digits: bytes
    """ASCII digits, at least two and an even number."""


def read_part(payload: bytes) -> Part:
    """The part of a card that a code's text is; a text without numbers of parts is all of it.

    Raises:
        CredentialError: CODE_UNKNOWN_FORMAT without the prefix; CODE_TOO_LONG; CODE_MALFORMED
            for anything but ASCII digits in pairs, a number of a part that is 0, padded or
            beyond the total, or more than `PARTS_MAX` parts.
    """
    if not payload.startswith(PREFIX):
        raise CredentialError(Reason.CODE_UNKNOWN_FORMAT, "no SMART Health Card")
    if len(payload) > CARD_CHARS_MAX:
        raise CredentialError(Reason.CODE_TOO_LONG, f"{len(payload)} bytes")
    found = _PART.fullmatch(payload)
    if found is None:
        raise _malformed("something other than digits, or a number of a part that is none")
    index, total, digits = found.groups()
    if len(digits) % 2:
        raise _malformed("an odd number of digits")
    if index is None:
        return Part(1, 1, digits)
    part = Part(int(index), int(total), digits)
    if part.index > part.total or part.total > PARTS_MAX:
        raise _malformed(f"part {part.index} of {part.total}")
    return part


def decode(digits: bytes) -> bytes:
    """The JWS that pairs of ASCII digits stand for: each is the character's code less 45.

    Raises:
        CredentialError: CODE_MALFORMED: a pair above 77, or one that no compact JWS has.
    """
    # All pairs at once: no byte of the two numbers that are added can grow beyond 255
    # (10 * 9 + 45 + 9), so that no carry runs from one character into the next.
    tens = int.from_bytes(digits[0::2].translate(_TENS))
    ones = int.from_bytes(digits[1::2].translate(_ONES))
    jws = (tens + ones).to_bytes(len(digits) // 2)
    if jws.translate(None, _JWS_ALPHABET):
        raise _malformed("digits that stand for no character of a JWS")
    return jws


def encode(jws: bytes) -> bytes:
    """The text of a card in one piece: the reverse of `read_part` and `decode`."""
    return PREFIX + b"".join(b"%02d" % (byte - _FIRST) for byte in jws)


def _malformed(detail: str) -> CredentialError:
    return CredentialError(Reason.CODE_MALFORMED, detail)
