"""Who may vouch for whom: a country's CSCA, and the signers of seals under it.

By the certificates' own words (RFC 5280 sections 4.2.1.3 and 4.2.1.9; Doc 9303-12 section 7.1).
An anchor's window is held against its signers' beginning and against no clock: what a CSCA signed
while it held stays signed, and its key, found years later, signs nothing new.
"""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from firmware.trust import der
from firmware.trust.certificate import (
    BASIC_CONSTRAINTS,
    DOCUMENT_TYPES,
    EXTENDED_KEY_USAGE,
    KEY_USAGE,
    Certificate,
    is_signed_by,
)
from firmware.trust.der import DerError
from gate.credential.signature import RSA_BITS_MIN

EC_BITS_MIN = 256

_DIGITAL_SIGNATURE, _KEY_CERT_SIGN = 0, 5
"""Bits of a key usage (RFC 5280 section 4.2.1.3)."""
_UNDERSTOOD = frozenset({BASIC_CONSTRAINTS, DOCUMENT_TYPES, EXTENDED_KEY_USAGE, KEY_USAGE})
"""A certificate with another critical extension means something that nobody here knows (RFC 5280
section 4.2)."""


class AnchorFault(ValueError):
    """Why a certificate can vouch for nobody, in one sentence."""


def check_authority(anchor: Certificate) -> None:
    """Return if that certificate can vouch for others at all.

    In this order: its key is one of RSA or of an elliptic curve, and long enough; its basic
    constraints name an authority, or it has none and signed itself, as an anchor of an old form;
    its key usage, if it has one, is the signing of certificates.

    Raises:
        AnchorFault: it can't.
    """
    try:
        key = load_der_public_key(anchor.key)
    except (ValueError, UnsupportedAlgorithm):
        raise AnchorFault("an anchor whose key can't be read") from None
    if not _is_strong(key):
        raise AnchorFault("an anchor with a weak key, or of a kind that nobody here takes")
    try:
        if not _is_authority(anchor):
            raise AnchorFault("an anchor that is no authority")
        if not _may(anchor, _KEY_CERT_SIGN):
            raise AnchorFault("an anchor that may not sign certificates")
    except DerError:
        raise AnchorFault("an anchor whose extensions can't be read") from None


def is_issued_by(certificate: Certificate, anchor: Certificate) -> bool:
    """Whether the anchor has the name of its issuer, is of the same country, and signed it."""
    return (
        anchor.subject == certificate.issuer
        and anchor.country == certificate.country
        and is_signed_by(certificate, anchor)
    )


def held_for(certificate: Certificate, anchor: Certificate) -> bool:
    """Whether the anchor held when the certificate began."""
    return anchor.not_before_s <= certificate.not_before_s <= anchor.not_after_s


def may_sign(certificate: Certificate) -> bool:
    """Whether it may sign documents: it is no authority, its key usage, if it has one, is digital
    signatures, and it has no critical extension that nobody here knows."""
    try:
        return (
            not _says_authority(certificate)
            and _may(certificate, _DIGITAL_SIGNATURE)
            and certificate.critical <= _UNDERSTOOD
        )
    except DerError:
        return False


def _is_strong(key: object) -> bool:
    match key:
        case RSAPublicKey():
            return key.key_size >= RSA_BITS_MIN
        case EllipticCurvePublicKey():
            return key.key_size >= EC_BITS_MIN
        case _:
            return False


def _is_authority(anchor: Certificate) -> bool:
    if anchor.constraints is None:
        return anchor.subject == anchor.issuer and is_signed_by(anchor, anchor)
    return _says_authority(anchor)


def _says_authority(certificate: Certificate) -> bool:
    """`cA` of its basic constraints; false where it is left out (RFC 5280 section 4.2.1.9)."""
    if certificate.constraints is None:
        return False
    members = der.sequence(certificate.constraints)
    return bool(members) and members[0].tag == der.BOOLEAN and members[0].content != b"\0"


def _may(certificate: Certificate, bit: int) -> bool:
    """Whether its key usage has that bit. One that has no key usage may do everything."""
    if certificate.key_usage is None:
        return True
    bits = der.read(certificate.key_usage, der.BIT_STRING).content[1:]
    place, shift = divmod(bit, 8)
    return place < len(bits) and bool(bits[place] >> (7 - shift) & 1)
