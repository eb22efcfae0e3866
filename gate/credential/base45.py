"""Base45 (RFC 9285), strict: one text for one string of bytes, nothing stripped, nothing forgiven.

Two bytes become three characters, a last odd byte becomes two. The alphabet is that of a QR
code's alphanumeric mode, so a base45 text costs 5.5 bits a character there.
"""

import struct

_ALPHABET = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_NOT_A_DIGIT = 255
_VALUES = bytes(_ALPHABET.find(byte) if byte in _ALPHABET else _NOT_A_DIGIT for byte in range(256))
_BASE = 45
_WEIGHTS = (1, _BASE, _BASE * _BASE)
_LANE_BYTES = 4
_BYTE_MAX = 255


def encode(data: bytes) -> str:
    """The base45 text of `data` (RFC 9285 section 3)."""
    even = len(data) & ~1
    digits = bytearray()
    for (pair,) in struct.iter_unpack(">H", data[:even]):
        high, low = divmod(pair, _BASE)
        digits += bytes((low, *reversed(divmod(high, _BASE))))
    if len(data) != even:
        digits += bytes(reversed(divmod(data[-1], _BASE)))
    return bytes(_ALPHABET[digit] for digit in digits).decode("ascii")


def decode(text: bytes) -> bytes:
    """Reverse of `encode`.

    All groups are reckoned at once, as 32-bit lanes of three big numbers: a lane is at most
    91,124, so none runs over into the next.

    Raises:
        ValueError: a character outside the alphabet (lower case and white space are), a length
            that no encoder makes, or a group beyond 65,535 (three characters) or 255 (two):
            RFC 9285 section 6 wants all of these refused.
    """
    digits = text.translate(_VALUES)
    if _NOT_A_DIGIT in digits:
        raise ValueError("a character outside the base45 alphabet")
    count, rest = divmod(len(digits), 3)
    if rest == 1:
        raise ValueError("a length that base45 cannot have")
    whole = digits[: 3 * count]
    lanes = bytearray(_LANE_BYTES * count)
    total = 0
    for place, weight in enumerate(_WEIGHTS):
        lanes[::_LANE_BYTES] = whole[place::3]
        total += weight * int.from_bytes(lanes, "little")
    sums = total.to_bytes(len(lanes), "little")
    last = digits[-2] + _BASE * digits[-1] if rest else 0
    if last > _BYTE_MAX or sums[2::_LANE_BYTES].count(0) != count:
        raise ValueError("a base45 group beyond its range")
    data = bytearray(2 * count)
    data[0::2] = sums[1::_LANE_BYTES]
    data[1::2] = sums[0::_LANE_BYTES]
    if rest:
        data.append(last)
    return bytes(data)
