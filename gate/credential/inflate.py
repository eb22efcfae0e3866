"""Bounded inflating: at most so many bytes come out, whatever a stranger's stream would grow to."""

import zlib

from gate.credential.model import CredentialError
from gate.reasons import Reason

ZLIB = zlib.MAX_WBITS
"""A stream with header and checksum (RFC 1950)."""
RAW_DEFLATE = -zlib.MAX_WBITS
"""A stream without either (RFC 1951)."""


def inflate(data: bytes, *, window_bits: int, bytes_max: int) -> bytes:
    """The one stream that `data` is, whole, and nothing behind it.

    Raises:
        CredentialError: CODE_TOO_LARGE if it would grow beyond `bytes_max`; CODE_MALFORMED if
            it is no such stream, is cut short, or something follows it.
    """
    inflater = zlib.decompressobj(window_bits)
    try:
        inflated = inflater.decompress(data, bytes_max + 1)
    except zlib.error:
        raise CredentialError(Reason.CODE_MALFORMED, "does not inflate") from None
    if len(inflated) > bytes_max:
        raise CredentialError(Reason.CODE_TOO_LARGE, f"inflates to more than {bytes_max} bytes")
    if not inflater.eof or inflater.unused_data:
        raise CredentialError(Reason.CODE_MALFORMED, "a stream cut short or with a tail")
    return inflated
