"""Base64url without padding (RFC 4648 section 5, RFC 7515 section 2), strict: one text for one
string of bytes.

A decoder that forgives white space, padding, the other alphabet or stray bits in the last
character gives one signed message many texts.
"""

import binascii

_STANDARD = bytes.maketrans(b"-_", b"+/")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_PADDING = b"=="
"""Enough for every length; the decoder stops at the padding it needs."""


def encode(data: bytes) -> bytes:
    """The one base64url text of `data`."""
    return binascii.b2a_base64(data, newline=False).translate(_URL_SAFE).rstrip(b"=")


def decode(text: bytes) -> bytes:
    """Reverse of `encode`.

    Raises:
        ValueError: `text` is not what `encode` makes of any bytes.
    """
    try:
        data = binascii.a2b_base64(text.translate(_STANDARD) + _PADDING)
    except binascii.Error:
        raise ValueError("a length that base64url cannot have") from None
    # The decoder skips what it does not know; only the way back tells the one text from others.
    if encode(data) != text:
        raise ValueError("not canonical base64url")
    return data
