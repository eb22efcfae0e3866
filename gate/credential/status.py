"""A status list on the wire: a bitmap of revoked passes, compressed, signed by the key it is for.

COSE_Sign1 with the headers of a pass and the payload {6: issued at, -65538: zlib of the bitmap}.
Its claims are not a pass's claims, so that neither can stand for the other.
"""

import zlib

import cbor2
from msgspec import structs

from gate.credential import cbor, cose
from gate.credential.inflate import ZLIB, inflate
from gate.credential.model import CredentialError
from gate.credential.signer import Signer
from gate.credential.trust import StatusList, TrustError, TrustList, key_id
from gate.reasons import Reason
from gate.walltime import TIME_S_END

STATUS_BYTES_MAX = 131_072
"""Of the bitmap, inflated."""
STATUS_INDEX_END = STATUS_BYTES_MAX * 8
"""1,048,576 passes a key; then the office makes a new key."""
STATUS_SIGNED_BYTES_MAX = STATUS_BYTES_MAX + 1_024
"""Of the signed list. A bitmap that does not compress grows by 5 bytes in 16 KiB (RFC 1951)."""

_CLAIM_ISSUED_AT = 6
"""RFC 8392 section 3.1.6."""
_CLAIM_BITMAP = -65_538
"""Private use (RFC 8392 section 9.1: below -65,536)."""
_CLAIMS = frozenset({_CLAIM_ISSUED_AT, _CLAIM_BITMAP})


def empty_status(kid: bytes, at_s: int) -> StatusList:
    """A first list, on which nothing is revoked."""
    return StatusList(kid, at_s, b"")


def revoke(status: StatusList, index: int, at_s: int) -> StatusList:
    """The next list: as `status`, with that pass revoked, and always issued later than it.

    Raises:
        TrustError: no key has a pass of that index.
    """
    if not 0 <= index < STATUS_INDEX_END:
        raise TrustError(f"a status index lies between 0 and {STATUS_INDEX_END - 1}")
    bits = bytearray(status.bits.ljust((index >> 3) + 1, b"\0"))
    bits[index >> 3] |= 1 << (index & 7)
    return structs.replace(status, issued_at_s=max(at_s, status.issued_at_s + 1), bits=bytes(bits))


def issue_status(status: StatusList, signer: Signer) -> bytes:
    """Sign a status list with the key whose passes it is about.

    Raises:
        TrustError: the list is another key's, or out of bounds.
    """
    if status.kid != key_id(signer.public_key().public_bytes_raw()):
        raise TrustError(f"status list of key {status.kid.hex()}, to be signed by another key")
    if len(status.bits) > STATUS_BYTES_MAX or not 0 < status.issued_at_s < TIME_S_END:
        raise TrustError("a status list too long, or from a time out of range")
    claims = {_CLAIM_ISSUED_AT: status.issued_at_s, _CLAIM_BITMAP: zlib.compress(status.bits, 9)}
    return cose.sign(cbor2.dumps(claims, canonical=True), status.kid, signer)


def read_status(data: bytes, trust: TrustList) -> StatusList:
    """Verify a signed status list; `TrustList.with_status` says whether it may be taken.

    Raises:
        CredentialError: CODE_MALFORMED, CODE_TOO_LARGE, CREDENTIAL_CRITICAL,
            CREDENTIAL_ALGORITHM, CREDENTIAL_ISSUER_UNKNOWN or CREDENTIAL_SIGNATURE.
    """
    message = cose.read(data, bytes_max=STATUS_SIGNED_BYTES_MAX)
    key = trust.authenticate(message)
    try:
        claims = cbor.decode(message.payload, depth_max=1)
    except cbor.CborError as error:
        raise CredentialError(Reason.CODE_MALFORMED, f"CBOR: {error}") from None
    if not isinstance(claims, dict) or claims.keys() != _CLAIMS:
        raise CredentialError(Reason.CODE_MALFORMED, "not the claims of a status list")
    issued_at_s, compressed = claims[_CLAIM_ISSUED_AT], claims[_CLAIM_BITMAP]
    if type(issued_at_s) is not int or not 0 < issued_at_s < TIME_S_END:
        raise CredentialError(Reason.CODE_MALFORMED, "issued at no time that can be")
    if type(compressed) is not bytes:
        raise CredentialError(Reason.CODE_MALFORMED, "a bitmap that is no byte string")
    bits = inflate(compressed, window_bits=ZLIB, bytes_max=STATUS_BYTES_MAX)
    return StatusList(key.kid, issued_at_s, bits)
