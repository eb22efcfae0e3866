"""The COSE_Sign1 envelope (RFC 9052), strict and bounded, for any algorithm that we allow.

Reading proves nothing: a `SignedMessage` is a stranger's claim until `check_signature` returned.
Which algorithms and headers a format takes is the format's own affair; there is no default.
"""

from collections.abc import Mapping

import cbor2
from msgspec import Struct

from gate.credential import cbor
from gate.credential.model import CredentialError
from gate.credential.signature import Algorithm, PublicKey, check
from gate.credential.signer import Signer
from gate.reasons import Reason

EDDSA = int(Algorithm.EDDSA)
"""RFC 9053 section 2.2; the key says which curve, and ours are Ed25519."""
HEADER_ALGORITHM = 1
HEADER_CRITICAL = 2
HEADER_KEY_ID = 4
"""Header labels, RFC 9052 section 3.1."""

DEPTH_MAX = 4
"""Containers within containers of an envelope and its headers; ours need two."""
_TAG_SIGN1 = b"\xd2"
"""Tag 18, RFC 9052 section 2. It may be there, and says nothing that we do not know."""


class SignedMessage(Struct, frozen=True):
    """What a COSE_Sign1 says of itself. Nothing in it is proven yet."""

    protected: Mapping[object, object]
    unprotected: Mapping[object, object]
    protected_bytes: bytes
    """The protected headers exactly as they were signed."""
    payload: bytes
    signature: bytes

    @property
    def algorithm(self) -> object:
        """The signed algorithm identifier, or None; of any type, as a stranger wrote it."""
        return self.protected.get(HEADER_ALGORITHM)

    @property
    def signed_bytes(self) -> bytes:
        """What the signature covers: two encodings of one message have the same."""
        return _to_be_signed(self.protected_bytes, self.payload)


def read(data: bytes, *, bytes_max: int) -> SignedMessage:
    """Take a COSE_Sign1 apart.

    In this order: length; deterministic CBOR (`gate.credential.cbor`); four parts (RFC 9052
    section 4.2) with an attached payload; headers that are maps, with no label on both sides
    (section 3) and no `crit` (section 3.1: we understand no extension, so each is fatal).

    Raises:
        CredentialError: CODE_MALFORMED; CREDENTIAL_CRITICAL for a `crit`.
    """
    if len(data) > bytes_max:
        raise _malformed("longer than such an envelope can be")
    try:
        match cbor.decode(data.removeprefix(_TAG_SIGN1), DEPTH_MAX):
            case [
                bytes() as protected_bytes,
                dict() as unprotected,
                bytes() as payload,
                bytes() as signature,
            ]:
                protected = cbor.decode(protected_bytes, DEPTH_MAX) if protected_bytes else {}
            case _:
                raise _malformed("not a COSE_Sign1")
    except cbor.CborError as error:
        raise _malformed(f"CBOR: {error}") from None
    if not isinstance(protected, dict):
        raise _malformed("protected headers that are no map")
    if protected.keys() & unprotected.keys():
        raise _malformed("a header both protected and unprotected")
    if HEADER_CRITICAL in protected or HEADER_CRITICAL in unprotected:
        raise CredentialError(Reason.CREDENTIAL_CRITICAL)
    return SignedMessage(protected, unprotected, protected_bytes, payload, signature)


def check_signature(message: SignedMessage, algorithms: frozenset[int], key: PublicKey) -> None:
    """Return if `key` signed the message by one of `algorithms` (RFC 9052 section 4.4).

    Raises:
        CredentialError: CREDENTIAL_ALGORITHM if the message names none of `algorithms`,
            CREDENTIAL_SIGNATURE if the signature is not the key's.
    """
    algorithm = Algorithm(allowed_algorithm(message, algorithms))
    check(algorithm, key, message.signature, message.signed_bytes)


def allowed_algorithm(message: SignedMessage, algorithms: frozenset[int]) -> int:
    """The message's algorithm, if it is one of `algorithms`. There is no default.

    Raises:
        CredentialError: CREDENTIAL_ALGORITHM.
    """
    algorithm = message.algorithm
    if type(algorithm) is not int or algorithm not in algorithms:
        raise CredentialError(Reason.CREDENTIAL_ALGORITHM)
    return algorithm


def sign(payload: bytes, key_id: bytes, signer: Signer) -> bytes:
    """A COSE_Sign1 by EdDSA: no tag, algorithm and key id protected, nothing unprotected."""
    protected = cbor2.dumps({HEADER_ALGORITHM: EDDSA, HEADER_KEY_ID: key_id}, canonical=True)
    signature = signer.sign(_to_be_signed(protected, payload))
    return cbor2.dumps([protected, {}, payload, signature], canonical=True)


def _to_be_signed(protected_bytes: bytes, payload: bytes) -> bytes:
    """The Sig_structure, RFC 9052 section 4.4, without external data."""
    return cbor2.dumps(["Signature1", protected_bytes, b"", payload])


def _malformed(detail: str) -> CredentialError:
    return CredentialError(Reason.CODE_MALFORMED, detail)
