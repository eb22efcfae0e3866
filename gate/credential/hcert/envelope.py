"""From the text behind `HC1:` to the signed message, proving nothing.

The layers of the Electronic Health Certificate Specification, section 4.2: base45 (RFC 9285),
zlib (RFC 1950), COSE_Sign1 (RFC 9052 section 4.2).
"""

from gate.credential import base45
from gate.credential.cose import HEADER_CRITICAL, HEADER_KEY_ID, SignedMessage
from gate.credential.hcert import generalcbor
from gate.credential.inflate import ZLIB, inflate
from gate.credential.model import CredentialError
from gate.reasons import Reason

PREFIX = b"HC1:"
TEXT_BYTES_MAX = 4_296
"""Most that one QR code can hold in alphanumeric mode (ISO/IEC 18004 table 7)."""
MESSAGE_BYTES_MAX = 16_384
"""Of the inflated message. The largest genuine one known has 870."""

HEADER_BYTES_MAX = 2_048
"""Of either header. A genuine one has 14; a certificate in it would take a thousand more."""

_CWT_AND_SIGN1 = b"\xd8\x3d\xd2"
"""Tag 61 around tag 18 (RFC 8392 section 6)."""
_SIGN1 = b"\xd2"
"""Tag 18. Both are said, or one, or none: it changes nothing."""
_ARRAY_OF_FOUR = b"\x84"


def open_text(payload: bytes) -> SignedMessage:
    """Take the text apart.

    In this order: prefix; length; base45; one whole zlib stream; one COSE_Sign1 with no other
    tags than 18, or 61 and 18, and an attached payload; headers that are maps; no
    `crit` in either header (RFC 9052 section 3.1: we understand no extension, so each is fatal).

    A label in both headers is no error here: genuine certificates have two key ids.

    Raises:
        CredentialError: CODE_UNKNOWN_FORMAT, CODE_TOO_LONG, CODE_TOO_LARGE, CODE_MALFORMED or
            CREDENTIAL_CRITICAL.
    """
    if not payload.startswith(PREFIX):
        raise CredentialError(Reason.CODE_UNKNOWN_FORMAT, "not a health certificate")
    if len(payload) > TEXT_BYTES_MAX:
        raise CredentialError(Reason.CODE_TOO_LONG, f"{len(payload)} bytes")
    try:
        packed = base45.decode(payload[len(PREFIX) :])
    except ValueError as error:
        raise malformed(str(error)) from None
    return _message(inflate(packed, window_bits=ZLIB, bytes_max=MESSAGE_BYTES_MAX))


def key_id(message: SignedMessage) -> object:
    """The key id, of whatever type a stranger gave it; None where there is none.

    The protected one, and only where there is none the unprotected one: no falling back to
    another key than the signed one (Electronic Health Certificate Specification, section 3.3.3).
    """
    headers = message.protected if HEADER_KEY_ID in message.protected else message.unprotected
    return headers.get(HEADER_KEY_ID)


def malformed(detail: str) -> CredentialError:
    """CODE_MALFORMED, for every layer."""
    return CredentialError(Reason.CODE_MALFORMED, detail)


def _message(data: bytes) -> SignedMessage:
    tag = _CWT_AND_SIGN1 if data.startswith(_CWT_AND_SIGN1) else _SIGN1
    try:
        protected_bytes, unprotected, payload, signature = _parts(data.removeprefix(tag))
        if len(protected_bytes) > HEADER_BYTES_MAX:
            raise malformed("protected headers longer than any")
        protected = generalcbor.decode(protected_bytes) if protected_bytes else {}
    except generalcbor.CborError as error:
        raise malformed(f"CBOR: {error}") from None
    if not isinstance(protected, dict) or not isinstance(unprotected, dict):
        raise malformed("headers that are no map")
    if HEADER_CRITICAL in protected or HEADER_CRITICAL in unprotected:
        raise CredentialError(Reason.CREDENTIAL_CRITICAL)
    return SignedMessage(protected, unprotected, protected_bytes, payload, signature)


def _parts(data: bytes) -> tuple[bytes, object, bytes, bytes]:
    """Protected headers, unprotected headers, payload and signature; one by one, so that each
    has its own bound and type before it is read."""
    if not data.startswith(_ARRAY_OF_FOUR):
        raise malformed("not a COSE_Sign1")
    protected_bytes, at = generalcbor.byte_string(data, len(_ARRAY_OF_FOUR))
    unprotected, size = generalcbor.item(data[at : at + HEADER_BYTES_MAX])
    payload, at = generalcbor.byte_string(data, at + size)
    signature, at = generalcbor.byte_string(data, at)
    if at != len(data):
        raise malformed("bytes behind the message")
    return protected_bytes, unprotected, payload, signature
