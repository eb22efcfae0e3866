"""A compact JWS (RFC 7515 section 3.1) as SMART Health Cards use it: ES256 and raw DEFLATE.

What a header says of keys (`jku`, `jwk`, `x5c`, `x5u`) is read past: keys come from the trust
list, by key id, and from nowhere else.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from gate.credential import base64url
from gate.credential.inflate import RAW_DEFLATE, inflate
from gate.credential.jsontext import read_object
from gate.credential.model import CredentialError
from gate.credential.shc.numeric import JWS_CHARS_MAX
from gate.reasons import Reason

CLAIMS_BYTES_MAX = 65_536
"""What a payload may inflate to. The longest published example has 30 KiB; the dearest JSON that
fits in here is read within the 10 ms that refusing a code may take."""
HEADER_DEPTH_MAX = 4
"""An `x5c` chain in a `jwk` nests three deep."""

_ALGORITHM = "ES256"
_ZIP = "DEF"
_SEGMENTS = 3


class Jws(Struct, frozen=True):
    """The three parts of a JWS, decoded; nothing of it is proven."""

    header: Mapping[str, Any]
    signed: bytes
    """The signing input (RFC 7515 section 5.1): ASCII, header and payload with their dot."""
    compressed: bytes
    """The payload."""
    signature: bytes


def read_jws(text: bytes) -> Jws:
    """Take a compact JWS apart.

    Raises:
        CredentialError: CODE_TOO_LONG; CODE_MALFORMED: not three parts of canonical base64url,
            or a header that is no JSON object.
    """
    if len(text) > JWS_CHARS_MAX:
        raise CredentialError(Reason.CODE_TOO_LONG, f"a JWS of {len(text)} characters")
    segments = text.split(b".", _SEGMENTS)
    if len(segments) != _SEGMENTS:
        raise _malformed("a JWS that is not of three parts")
    try:
        header, compressed, signature = map(base64url.decode, segments)
    except ValueError as error:
        raise _malformed(str(error)) from None
    return Jws(
        header=read_object(header, depth_max=HEADER_DEPTH_MAX),
        signed=text[: -len(segments[-1]) - 1],
        compressed=compressed,
        signature=signature,
    )


def checked_key_id(message: Jws) -> str:
    """The key id of a message whose header is a card's.

    In this order: nothing critical (RFC 7515 section 4.1.11; we understand no extension), ES256
    and nothing else (section 4.1.1), compressed ("Health Cards are Compact"), a key id.

    Raises:
        CredentialError: CREDENTIAL_CRITICAL, CREDENTIAL_ALGORITHM, CODE_MALFORMED or
            CREDENTIAL_ISSUER_UNKNOWN.
    """
    header = message.header
    if "crit" in header:
        raise CredentialError(Reason.CREDENTIAL_CRITICAL)
    if header.get("alg") != _ALGORITHM:
        raise CredentialError(Reason.CREDENTIAL_ALGORITHM, "an algorithm other than ES256")
    if header.get("zip") != _ZIP:
        raise _malformed("a payload that is not said to be deflated")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise CredentialError(Reason.CREDENTIAL_ISSUER_UNKNOWN, "no key id")
    return key_id


def inflated_claims(message: Jws) -> bytes:
    """The payload as its issuer wrote it.

    Raises:
        CredentialError: CODE_TOO_LARGE; CODE_MALFORMED: no raw DEFLATE stream (RFC 1951).
    """
    return inflate(message.compressed, window_bits=RAW_DEFLATE, bytes_max=CLAIMS_BYTES_MAX)


def _malformed(detail: str) -> CredentialError:
    return CredentialError(Reason.CODE_MALFORMED, detail)
