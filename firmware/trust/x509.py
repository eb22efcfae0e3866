"""From certificates and published keys to the keys of a trust list.

The only module that knows which extended key usages mean what, and whom a certificate's chain
leads to. Times stay in the key's window: a certificate that has expired is taken as it is, so
that its holders are told that it expired, and not that it was never known.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from firmware.trust.certificate import Certificate, read_certificate
from firmware.trust.chain import AnchorFault, check_authority, held_for, is_issued_by, may_sign
from firmware.trust.der import DerError, object_identifier
from gate.credential import base64url
from gate.credential.publictrust import SignerKey, Usage
from gate.credential.signature import RSA_BITS_MAX, Algorithm, PublicKey, algorithms_of
from gate.credential.trust import is_small_order
from gate.reasons import Reason
from gate.walltime import TIME_S_END

_HCERT_USAGES: Mapping[bytes, Usage] = MappingProxyType(
    {
        object_identifier(f"1.3.6.1.4.1.{spelling}1847.2021.1.{number}"): usage
        for spelling in ("", "0.")
        for number, usage in enumerate((Usage.TEST, Usage.VACCINATION, Usage.RECOVERY), 1)
    }
)
"""Guidelines on technical specifications for EU DCC, volume 1, section on extended key usage. The
spelling with an additional 0 stood in an early draft, and in certificates made by it."""
_HEALTH_SEALS = object_identifier("2.23.136.1.1.14.2")
"""Who holds it signs VDS-NC (ICAO TR VDS-NC, appendix on the signer's certificate)."""
_SEAL_USAGES: Mapping[str, Usage] = MappingProxyType({"NV": Usage.VACCINATION, "NT": Usage.TEST})
"""Document types of a proof of vaccination and of a proof of a test."""
_CERTIFICATES_KEPT = 1_024
"""Anchors are compared with every signer; each is read once."""
_COORDINATE_BYTES = 32
_JOSE_NAMES: Mapping[Algorithm, tuple[str, ...]] = MappingProxyType(
    {
        Algorithm.ES256: ("ES256",),
        Algorithm.EDDSA: ("EdDSA", "Ed25519"),
        Algorithm.PS256: ("PS256",),
        Algorithm.RS256: ("RS256",),
    }
)
"""Of a JWK's `alg` (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2)."""


class KeyRefused(ValueError):
    """A certificate or a key that no trust list takes, in one sentence, for the quarantine."""


def signer_from_certificate(data: bytes) -> SignerKey:
    """The key of a certificate (DER) that a trusted list named as a signer of health certificates.

    Its issuer is the subject's country. A certificate whose extended key usage names a kind of
    certificate may attest that kind; one that has no extended key usage, or one of other matters
    only, may attest all, as the EU's guidelines have it.

    Raises:
        KeyRefused: no certificate, a key that we do not take, or a window that is empty.
    """
    certificate = _read(data)
    key, algorithms = _key_of(certificate.key)
    usages = frozenset(
        _HCERT_USAGES[each] for each in certificate.extended_usages & _HCERT_USAGES.keys()
    )
    return _signer(certificate, key, algorithms, usages or frozenset(Usage))


def signer_of_vds(data: bytes, anchors: Sequence[bytes]) -> SignerKey | Reason:
    """The key of a VDS-NC signer's certificate, if one of the anchors vouches for it.

    `anchors` are the certificates of countries' CSCAs, in DER. In this order: the certificate can
    be read; an anchor that can vouch at all (`check_anchor`) has the name of its issuer, is of the
    same country (Doc 9303-12 section 7.1), held when the certificate began, and made its
    signature, by ECDSA or RSA; its extended key usage is the signing of such seals, and nothing
    else in it forbids that (`chain.may_sign`); its key is one that we take.

    A certificate whose document types name a kind of seal may attest that kind; another may attest
    all.

    Returns:
        The key, or CODE_MALFORMED, CREDENTIAL_ISSUER_UNKNOWN, CREDENTIAL_ISSUER_EXPIRED (it had
        ended before its anchor began), CREDENTIAL_KIND_NOT_ISSUED or CREDENTIAL_ALGORITHM.
    """
    try:
        certificate = _read(data)
    except KeyRefused:
        return Reason.CODE_MALFORMED
    issuers = [
        each for each in map(_anchor_or_none, anchors) if each and is_issued_by(certificate, each)
    ]
    if not any(held_for(certificate, each) for each in issuers):
        is_past = any(certificate.not_after_s < each.not_before_s for each in issuers)
        return Reason.CREDENTIAL_ISSUER_EXPIRED if is_past else Reason.CREDENTIAL_ISSUER_UNKNOWN
    if _HEALTH_SEALS not in certificate.extended_usages or not may_sign(certificate):
        return Reason.CREDENTIAL_KIND_NOT_ISSUED
    named = frozenset(
        _SEAL_USAGES[each] for each in certificate.document_types & _SEAL_USAGES.keys()
    )
    try:
        key, algorithms = _key_of(certificate.key)
        return _signer(certificate, key, algorithms, named or frozenset(Usage))
    except KeyRefused:
        return Reason.CREDENTIAL_ALGORITHM


def check_anchor(data: bytes) -> None:
    """Return if that certificate can vouch for others at all (`chain.check_authority`).

    A curve that is spelt out parameter by parameter is read only where it is one of NIST's.

    Raises:
        KeyRefused: no certificate, no authority's, or a key that can't be read or is weak.
    """
    _anchor(data)


def key_of_jwk(jwk: Mapping[str, object]) -> PublicKey:
    """A public key of a JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037).

    Raises:
        KeyRefused: another type or curve, a private key, no point of the curve, or a key that is
            for something else than signatures of its kind (RFC 7517 sections 4.2 to 4.4).
    """
    if "d" in jwk:
        raise KeyRefused("a private key: its owner must be told, and its keys replaced")
    try:
        key, algorithms = _taken(_key_of_members(jwk))
        _check_use(jwk, algorithms)
        return key
    except KeyRefused:
        raise
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("members that are no key of their kind") from None


def key_of_info(info: bytes) -> PublicKey:
    """A public key in DER (SubjectPublicKeyInfo, RFC 5280 section 4.1.2.7).

    Raises:
        KeyRefused: no such thing, or a key that we do not take.
    """
    return _key_of(info)[0]


def key_of_pem(pem: bytes) -> PublicKey:
    """A public key in PEM (SubjectPublicKeyInfo, RFC 7468 section 13).

    Raises:
        KeyRefused: no such thing, or a key that we do not take.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("no public key in PEM") from None
    return _taken(key)[0]


def _check_use(jwk: Mapping[str, object], algorithms: frozenset[Algorithm]) -> None:
    """What it says of its use, if it says anything (RFC 7517 sections 4.2 to 4.4)."""
    if jwk.get("use") not in (None, "sig"):
        raise KeyRefused("a key that is for something else than signatures")
    operations = jwk.get("key_ops")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        raise KeyRefused("a key that is not for the checking of signatures")
    named = jwk.get("alg")
    if named is not None and not any(named in _JOSE_NAMES[each] for each in algorithms):
        raise KeyRefused("a key that is for another algorithm")


def _key_of_members(jwk: Mapping[str, object]) -> object:
    match jwk:
        case {"kty": "EC", "crv": "P-256", "x": str() as x, "y": str() as y}:
            return EllipticCurvePublicNumbers(
                _coordinate(x), _coordinate(y), SECP256R1()
            ).public_key()
        case {"kty": "OKP", "crv": "Ed25519", "x": str() as x}:
            return Ed25519PublicKey.from_public_bytes(base64url.decode(x.encode("ascii")))
        case {"kty": "RSA", "n": str() as n, "e": str() as e}:
            return RSAPublicNumbers(_number(e), _number(n)).public_key()
        case _:
            raise KeyRefused("neither a P-256, an Ed25519 nor an RSA key")


@lru_cache(maxsize=_CERTIFICATES_KEPT)
def _read(data: bytes) -> Certificate:
    try:
        return read_certificate(data)
    except DerError as error:
        raise KeyRefused(f"no certificate: {error}") from None


@lru_cache(maxsize=_CERTIFICATES_KEPT)
def _anchor(data: bytes) -> Certificate:
    """A certificate that can vouch for others."""
    anchor = _read(data)
    try:
        check_authority(anchor)
    except AnchorFault as error:
        raise KeyRefused(str(error)) from None
    return anchor


def _anchor_or_none(data: bytes) -> Certificate | None:
    try:
        return _anchor(data)
    except KeyRefused:
        return None


def _signer(
    certificate: Certificate,
    key: PublicKey,
    algorithms: frozenset[Algorithm],
    usages: frozenset[Usage],
) -> SignerKey:
    # A window of ours ends before its last second, a certificate's after it.
    not_before_s = max(certificate.not_before_s, 0)
    not_after_s = min(certificate.not_after_s + 1, TIME_S_END)
    if not not_before_s < not_after_s:
        raise KeyRefused("a window of time that is empty, or not of this age")
    return SignerKey(key, algorithms, certificate.country, usages, not_before_s, not_after_s)


def _key_of(info: bytes) -> tuple[PublicKey, frozenset[Algorithm]]:
    try:
        key = load_der_public_key(info)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused("a key that can't be read") from None
    return _taken(key)


def _taken(key: object) -> tuple[PublicKey, frozenset[Algorithm]]:
    algorithms = algorithms_of(key)
    if isinstance(key, Ed25519PublicKey) and is_small_order(key.public_bytes_raw()):
        raise KeyRefused("a point of small order: everybody could sign for it")
    if not algorithms:
        raise KeyRefused("a key of a kind or a length that we do not take")
    return cast("PublicKey", key), algorithms


def _coordinate(text: str) -> int:
    """32 bytes (RFC 7518 section 6.2.1.2); the WHO's lists have a zero before some."""
    data = base64url.decode(text.encode("ascii"))
    if len(data.removeprefix(b"\0")) != _COORDINATE_BYTES and len(data) != _COORDINATE_BYTES:
        raise KeyRefused("a coordinate that is not 32 bytes")
    return int.from_bytes(data)


def _number(text: str) -> int:
    """A Base64urlUInt (RFC 7518 section 2)."""
    data = base64url.decode(text.encode("ascii"))
    if len(data) * 8 > RSA_BITS_MAX:
        raise KeyRefused("a number longer than an RSA key of ours")
    return int.from_bytes(data)
