"""Certificates and key lists of invented authorities, made when a test needs them."""

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurve,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

FROM = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime(2028, 1, 1, tzinfo=UTC)
HEALTH_SEALS = "2.23.136.1.1.14.2"
HASH = hashes.SHA256()

PrivateKey = EllipticCurvePrivateKey | rsa.RSAPrivateKey


def curve_key(number: int, curve: EllipticCurve | None = None) -> EllipticCurvePrivateKey:
    """The same number is the same key."""
    return derive_private_key(number + 1, curve or SECP256R1())


@cache
def rsa_key(bits: int = 2_048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, bits)


def name_of(common: str, country: str | None = "ID") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if country is not None:
        parts.insert(0, x509.NameAttribute(NameOID.COUNTRY_NAME, country))
    return x509.Name(parts)


CA = name_of("Example CSCA")


def certificate(
    key: PrivateKey,
    by: PrivateKey,
    *,
    subject: x509.Name | None = None,
    issuer: x509.Name = CA,
    usages: Iterable[str] = (),
    extensions: Iterable[x509.ExtensionType] = (),
    critical: Iterable[x509.ExtensionType] = (),
    window: tuple[datetime, datetime] = (FROM, UNTIL),
    digest: hashes.HashAlgorithm = HASH,
    pss: bool = False,
    pss_mask: hashes.HashAlgorithm | None = None,
    pss_salt_bytes: int | None = None,
) -> bytes:
    """A certificate in DER."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject or name_of("Example signer"))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(4_711)
        .not_valid_before(window[0])
        .not_valid_after(window[1])
    )
    if named := [x509.ObjectIdentifier(each) for each in usages]:
        builder = builder.add_extension(x509.ExtendedKeyUsage(named), critical=False)
    for each in extensions:
        builder = builder.add_extension(each, critical=False)
    for each in critical:
        builder = builder.add_extension(each, critical=True)
    salt_bytes = digest.digest_size if pss_salt_bytes is None else pss_salt_bytes
    salted = padding.PSS(padding.MGF1(pss_mask or digest), salt_bytes) if pss else None
    return builder.sign(by, digest, rsa_padding=salted).public_bytes(Encoding.DER)  # type: ignore[arg-type]  # its own list of hashes


def key_id_of(data: bytes) -> bytes:
    """Of a certificate, as health certificates name it."""
    return hashlib.sha256(data).digest()[:8]


def text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def info_of(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pem_of(data: bytes) -> bytes:
    return x509.load_der_x509_certificate(data).public_bytes(Encoding.PEM)


def jwk_of(key: EllipticCurvePrivateKey, **more: object) -> dict[str, Any]:
    """A public JWK with its thumbprint (RFC 7638) as its id."""
    numbers = key.public_key().public_numbers()
    x, y = (url_text(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    packed = json.dumps(members, separators=(",", ":")).encode()
    return {**members, "kid": url_text(hashlib.sha256(packed).digest()), **more}


def url_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def stored(folder: Path, name: str, content: object) -> Path:
    """A file of bytes, of text, or of JSON."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    match content:
        case bytes():
            path.write_bytes(content)
        case str():
            path.write_text(content)
        case _:
            path.write_text(json.dumps(content))
    return path


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER element."""
    content = b"".join(parts)
    size = len(content)
    width = (size.bit_length() + 7) // 8
    length = bytes([size]) if size < 128 else bytes([0x80 + width]) + size.to_bytes(width)
    return bytes([tag]) + length + content
