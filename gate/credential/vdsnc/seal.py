"""The envelope of a VDS-NC: who signed it, and whether what it says is what was signed.

ES384 and ES512, which the specification also names, are refused: no state that issued health
seals used them, and a curve that nobody can show us a seal of is a path that nobody tests.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import rfc8785
from msgspec import Struct

from gate.credential import base64url
from gate.credential.certified import certified
from gate.credential.health import Content, Health
from gate.credential.jsontext import read_object
from gate.credential.model import Claim, CredentialError, Examined
from gate.credential.publictrust import PublicTrust, SignerKey
from gate.credential.signature import Algorithm
from gate.credential.signers import authentic, holding
from gate.credential.trust import TrustList
from gate.credential.vdsnc.content import health
from gate.credential.vdsnc.countries import is_other_country
from gate.credential.window import window
from gate.reasons import Reason
from gate.walltime import WallTime

PREFIX = b"{"
FORMAT = "vds-nc"

DEPTH_MAX = 8
"""Containers within containers; a proof of vaccination has seven."""
INTEGER_END = 1 << 53
"""Integers lie strictly between this and its negative (RFC 7493 section 2.2): beyond, two readers
see two numbers."""

_TOP = frozenset({"data", "sig"})
_SIGNATURE = frozenset({"alg", "cer", "sigvl"})
_ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType({"ES256": Algorithm.ES256})
_BASE64_GROUP = 4
_PADDING_MAX = 2
_TAG_SEQUENCE = 0x30
_LONG_FORM = 0x80
_LENGTH_BYTES_MAX = 2
"""Of a certificate that a QR code can hold."""


class Seal(Struct, frozen=True):
    """What a code says of itself. Nothing in it is proven yet."""

    data: Mapping[str, Any]
    """What is signed, in its canonical form: `hdr` and `msg`."""
    kind: str
    version: object
    issuer: str
    """Three letters (Doc 9303-3)."""
    message: Mapping[str, Any]
    algorithm: str
    fingerprint: bytes
    """SHA-256 of the signer's certificate."""
    signature: bytes


def read(payload: bytes) -> Claim:
    """What a code says of itself, for a technician.

    Raises:
        CredentialError: CODE_MALFORMED.
    """
    seal = _seal(payload)
    try:
        attested, _ = health(seal.kind, seal.version, seal.message)
    except CredentialError:
        attested = Health()
    return Claim(
        format=FORMAT,
        key_id=seal.fingerprint.hex(),
        algorithm=seal.algorithm,
        issuer=seal.issuer,
        content=Content(attested, seal.data),
    )


def verify_vdsnc(payload: bytes, trust: TrustList, now: WallTime) -> Examined:
    """Verify the text of a seal.

    The checks, in this order:

    1. Strict JSON with the zones of ICAO's TR VDS-NC, and nothing unsigned beside them; no
       fraction and no integer that not every reader holds exactly (RFC 7493 section 2.2); a
       certificate that is one DER value.
    2. The list of public issuers is not outdated.
    3. The algorithm is ES256. There is no default.
    4. The certificate is a signer's: the trust list was compiled from it, so that its chain to a
       country's CSCA and its key usage are known to hold (Doc 9303-12).
    5. The signature over the canonical form of the data (TR, signature zone; RFC 8785).
    6. The seal's issuer is the certificate's country, where that can be judged.
    7. The signer's certificate is in its window, which has a moment in common with the list's.
    8. What such a seal states (TR, message zone), and that the signer may attest it.

    A seal has no expiry: it holds as long as its signer's certificate and the list that names it.
    On an UNTRUSTED clock nothing of steps 2 and 7 is asked that needs a clock.

    Raises:
        CredentialError: with the reason of the first check that fails.
    """
    seal = _seal(payload)
    public = trust.public
    if public.is_outdated(now):
        raise CredentialError(Reason.TRUST_LIST_OUTDATED)
    algorithm = _ALGORITHMS.get(seal.algorithm)
    if algorithm is None:
        raise CredentialError(Reason.CREDENTIAL_ALGORITHM)
    signer = _signer(public, seal.fingerprint)
    signed = rfc8785.dumps(seal.data)
    authentic((signer,), algorithm, seal.signature, signed)
    if is_other_country(seal.issuer, signer.issuer):
        raise CredentialError(Reason.CREDENTIAL_ISSUER_MISMATCH)
    holds = holding(signer, window(0, public.expires_s), now)
    attested, usage = health(seal.kind, seal.version, seal.message)
    if usage not in signer.usages:
        raise CredentialError(Reason.CREDENTIAL_KIND_NOT_ISSUED)
    content = Content(attested, seal.data)
    return certified(FORMAT, signer, signed, holds, content, public, now)


def _signer(public: PublicTrust, fingerprint: bytes) -> SignerKey:
    signer = public.vds.get(fingerprint)
    if signer is None:
        raise CredentialError(
            public.vds_refused.get(fingerprint, Reason.CREDENTIAL_ISSUER_UNKNOWN),
            f"no signer has the certificate {fingerprint.hex()}",
        )
    return signer


def _seal(payload: bytes) -> Seal:
    """Take a code apart (step 1 of `verify_vdsnc`)."""
    if not payload.startswith(PREFIX):
        raise CredentialError(Reason.CODE_UNKNOWN_FORMAT, "not a VDS-NC")
    code = read_object(payload, depth_max=DEPTH_MAX)
    match code:
        case {
            "data": {
                "hdr": {"t": str() as kind, "v": version, "is": str() as issuer},
                "msg": dict() as message,
            } as data,
            "sig": {
                "alg": str() as algorithm,
                "cer": str() as certificate,
                "sigvl": str() as signature,
            } as sig,
        } if code.keys() == _TOP and sig.keys() == _SIGNATURE:
            # Beside the data nothing is signed: there, another member is no one's word.
            pass
        case _:
            raise _malformed("not the form of a VDS-NC")
    _check_numbers(data)
    der = _bytes(certificate)
    if not _is_sequence(der):
        raise _malformed("a certificate that is no DER")
    return Seal(
        data=data,
        kind=kind,
        version=version,
        issuer=issuer,
        message=message,
        algorithm=algorithm,
        fingerprint=hashlib.sha256(der).digest(),
        signature=_bytes(signature),
    )


def _check_numbers(value: object) -> None:
    """Only integers that every reader of JSON holds exactly.

    RFC 8785 writes `1e0` as `1`, and a verifier may take it for that; no seal has a fraction, so
    this one refuses the whole family.
    """
    match value:
        case dict():
            for each in value.values():
                _check_numbers(each)
        case list():
            for each in value:
                _check_numbers(each)
        case float():
            raise _malformed("a number with a fraction or an exponent")
        case int() if not -INTEGER_END < value < INTEGER_END:
            raise _malformed("an integer that not every reader holds exactly")
        case _:
            pass


def _bytes(text: str) -> bytes:
    """Base64url (TR, signature zone). Australia writes the padding, others do not: both are taken,
    but padding only where and as long as it belongs."""
    encoded = text.encode()
    bare = encoded.rstrip(b"=")
    padding = len(encoded) - len(bare)
    if padding and (padding > _PADDING_MAX or len(encoded) % _BASE64_GROUP):
        raise _malformed("padding that base64url does not have")
    try:
        return base64url.decode(bare)
    except ValueError as error:
        raise _malformed(str(error)) from None


def _is_sequence(der: bytes) -> bool:
    """Whether the bytes are one DER SEQUENCE and nothing more (X.690 sections 8.1.3, 10.1)."""
    if len(der) <= _LENGTH_BYTES_MAX or der[0] != _TAG_SEQUENCE:
        return False
    if der[1] < _LONG_FORM:
        return len(der) == 2 + der[1]
    count = der[1] - _LONG_FORM
    if not 1 <= count <= _LENGTH_BYTES_MAX:
        return False
    size = int.from_bytes(der[2 : 2 + count])
    shortest = _LONG_FORM if count == 1 else 1 << 8
    return size >= shortest and len(der) == 2 + count + size


def _malformed(detail: str) -> CredentialError:
    return CredentialError(Reason.CODE_MALFORMED, detail)
