"""Checking one signature by one algorithm that the key itself fixes.

The trust list says which algorithm a key is for; a message that names another one is refused
before anything is computed. There is no default, no `none`, and no keyed hash.
"""

import enum
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gate.credential.model import CredentialError
from gate.reasons import Reason

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey
"""Every kind of key that `check` can be handed."""

P256_BYTES = 32
"""Of a coordinate, and of each half of a signature, on the curve P-256."""
RSA_BITS_MIN, RSA_BITS_MAX = 2_048, 4_096
"""Below, a key is weak; above, checking it takes longer than a visitor is worth."""
_P256 = "secp256r1"
_PSS_SHA256 = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
"""RFC 8230 section 2: the salt is as long as the hash."""
_PKCS1 = padding.PKCS1v15()
_SHA256 = SHA256()
_ECDSA_SHA256 = ECDSA(_SHA256)


class Algorithm(enum.IntEnum):
    """The algorithms that we check, by their COSE identifiers (RFC 9053, RFC 8812)."""

    ES256 = -7
    """ECDSA on P-256 with SHA-256; the signature is r and s, 32 bytes each."""
    EDDSA = -8
    """Ed25519."""
    PS256 = -37
    """RSASSA-PSS with SHA-256."""
    RS256 = -257
    """RSASSA-PKCS1-v1_5 with SHA-256."""


def algorithms_of(key: object) -> frozenset[Algorithm]:
    """What a public key can be used for; nothing at all for a key that we do not take.

    An elliptic key on another curve than P-256 has none, nor has an RSA key of a length
    outside `RSA_BITS_MIN` to `RSA_BITS_MAX`.
    """
    match key:
        case Ed25519PublicKey():
            return frozenset({Algorithm.EDDSA})
        case EllipticCurvePublicKey() if key.curve.name == _P256:
            return frozenset({Algorithm.ES256})
        case RSAPublicKey() if RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX:
            return frozenset({Algorithm.PS256, Algorithm.RS256})
        case _:
            return frozenset()


def check(algorithm: Algorithm, key: PublicKey, signature: bytes, signed: bytes) -> None:
    """Return if `key` made `signature` over `signed` by `algorithm`.

    The caller has made sure that `algorithm` is one of `algorithms_of(key)`.

    Raises:
        CredentialError: CREDENTIAL_SIGNATURE.
    """
    try:
        _CHECKS[algorithm](key, signature, signed)
    except InvalidSignature:
        raise CredentialError(Reason.CREDENTIAL_SIGNATURE) from None


def _check_es256(key: PublicKey, signature: bytes, signed: bytes) -> None:
    """Of r and s as such (RFC 9053 section 2.1), never in DER."""
    if len(signature) != 2 * P256_BYTES:
        raise InvalidSignature
    pair = encode_dss_signature(
        int.from_bytes(signature[:P256_BYTES]), int.from_bytes(signature[P256_BYTES:])
    )
    cast("EllipticCurvePublicKey", key).verify(pair, signed, _ECDSA_SHA256)


def _check_eddsa(key: PublicKey, signature: bytes, signed: bytes) -> None:
    cast("Ed25519PublicKey", key).verify(signature, signed)


def _check_ps256(key: PublicKey, signature: bytes, signed: bytes) -> None:
    cast("RSAPublicKey", key).verify(signature, signed, _PSS_SHA256, _SHA256)


def _check_rs256(key: PublicKey, signature: bytes, signed: bytes) -> None:
    cast("RSAPublicKey", key).verify(signature, signed, _PKCS1, _SHA256)


_CHECKS: Mapping[Algorithm, Callable[[PublicKey, bytes, bytes], None]] = MappingProxyType(
    {
        Algorithm.ES256: _check_es256,
        Algorithm.EDDSA: _check_eddsa,
        Algorithm.PS256: _check_ps256,
        Algorithm.RS256: _check_rs256,
    }
)
