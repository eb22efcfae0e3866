"""One signature, by one algorithm that the key fixes."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from gate.credential.model import CredentialError
from gate.credential.signature import (
    RSA_BITS_MAX,
    RSA_BITS_MIN,
    Algorithm,
    PublicKey,
    algorithms_of,
    check,
)
from gate.reasons import Reason

SIGNED = b"what was signed"
P256 = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65_537, RSA_BITS_MIN)
ED25519 = Ed25519PrivateKey.generate()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256, FIPS 186-5 (SP 800-186 section 3.2.1.3)."""


def es256(signed: bytes = SIGNED) -> bytes:
    r, s = decode_dss_signature(P256.sign(signed, ec.ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def pss(salt: int) -> bytes:
    return RSA.sign(SIGNED, padding.PSS(padding.MGF1(SHA256()), salt), SHA256())


GENUINE: list[tuple[Algorithm, PublicKey, bytes]] = [
    (Algorithm.ES256, P256.public_key(), es256()),
    (Algorithm.EDDSA, ED25519.public_key(), ED25519.sign(SIGNED)),
    (Algorithm.PS256, RSA.public_key(), pss(32)),
    (Algorithm.RS256, RSA.public_key(), RSA.sign(SIGNED, padding.PKCS1v15(), SHA256())),
]

ALGORITHMS = [algorithm.name for algorithm, _, _ in GENUINE]


@pytest.mark.parametrize(("algorithm", "key", "signature"), GENUINE, ids=ALGORITHMS)
def test_a_genuine_signature(algorithm: Algorithm, key: PublicKey, signature: bytes) -> None:
    """It holds over what was signed, over nothing else, and not with a bit changed."""
    check(algorithm, key, signature, SIGNED)
    for forged, signed in (
        (signature, SIGNED + b"."),
        (bytes((signature[0] ^ 1, *signature[1:])), SIGNED),
        (b"", SIGNED),
    ):
        with pytest.raises(CredentialError) as caught:
            check(algorithm, key, forged, signed)
        assert caught.value.reason is Reason.CREDENTIAL_SIGNATURE


@pytest.mark.parametrize(
    "signature",
    [
        bytes(64),
        bytes(32) + es256()[32:],
        es256()[:32] + bytes(32),
        es256() + b"\0",
        es256()[:-1],
        b"\0" + es256()[:32] + b"\0" + es256()[32:],
        P256.sign(SIGNED, ec.ECDSA(SHA256())),
        ORDER.to_bytes(32) + es256()[32:],
        b"\xff" * 64,
        bytes(1_000_000),
    ],
    ids=["zero", "r 0", "s 0", "65", "63", "66", "DER", "r = n", "beyond n", "a megabyte"],
)
def test_numbers_that_are_no_signature(signature: bytes) -> None:
    """A zero (CVE-2022-21449), a length of another curve, DER: refused for the signature."""
    with pytest.raises(CredentialError) as caught:
        check(Algorithm.ES256, P256.public_key(), signature, SIGNED)
    assert caught.value.reason is Reason.CREDENTIAL_SIGNATURE


def test_the_salt_is_as_long_as_the_hash() -> None:
    """RFC 8230 section 2 fixes it for PS256."""
    with pytest.raises(CredentialError):
        check(Algorithm.PS256, RSA.public_key(), pss(20), SIGNED)


def test_what_a_key_is_good_for() -> None:
    """Nothing is left to the message: the key says what it is used for."""
    assert algorithms_of(P256.public_key()) == {Algorithm.ES256}
    assert algorithms_of(ED25519.public_key()) == {Algorithm.EDDSA}
    assert algorithms_of(RSA.public_key()) == {Algorithm.PS256, Algorithm.RS256}


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        rsa.generate_private_key(65_537, 1_024).public_key(),
        X25519PrivateKey.generate().public_key(),
        P256,
        None,
    ],
    ids=["P-384", "secp256k1", "RSA 1024", "X25519", "a private key", "nothing"],
)
def test_keys_that_are_good_for_nothing(key: object) -> None:
    """Another curve, too short, for another purpose."""
    assert algorithms_of(key) == frozenset()


@pytest.mark.parametrize(
    ("bits", "is_good"),
    [
        (RSA_BITS_MIN - 1, False),
        (RSA_BITS_MIN, True),
        (RSA_BITS_MAX, True),
        (RSA_BITS_MAX + 1, False),
    ],
)
def test_the_length_of_an_rsa_key_has_bounds(bits: int, is_good: bool) -> None:
    """Both lengths are still taken. A modulus of one's own choice is as good here as a real one."""
    key = rsa.RSAPublicNumbers(65_537, (1 << (bits - 1)) + 1).public_key()
    assert (algorithms_of(key) != frozenset()) is is_good
