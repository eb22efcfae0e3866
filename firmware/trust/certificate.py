"""What a trust list needs of an X.509 certificate (RFC 5280), read the same way from every one.

The parser of `cryptography` refuses genuine certificates for an extension that nobody here needs
(Finland's signer writes a default out, Japan's has another such fault), so a reader of our own is
needed in any case; and one reader alone can't disagree with another about what a certificate
says. Keys are parsed, and signatures checked, by the library.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from msgspec import Struct

from firmware.trust import der
from firmware.trust.der import DerError, Element, object_identifier

CERTIFICATE_BYTES_MAX = 16_384
"""The largest of the EU's list has under 3 KiB."""

_EXTENDED_KEY_USAGE = object_identifier("2.5.29.37")
_DOCUMENT_TYPES = object_identifier("2.23.136.1.1.6.2")
_COUNTRY = object_identifier("2.5.4.6")
_PSS = object_identifier("1.2.840.113549.1.1.10")
_VERSION, _EXTENSIONS = 0xA0, 0xA3
"""Explicit context tags of a TBSCertificate (RFC 5280 section 4.1)."""
_PSS_HASH, _PSS_SALT_BYTES = 0xA0, 0xA2
"""Of RSASSA-PSS-params (RFC 4055 section 3.1)."""
_SALT_BYTES_MAX = 64
_FIELDS_MIN = 6
"""Serial number, signature, issuer, validity, subject, key."""

_HASHES: Mapping[bytes, hashes.HashAlgorithm] = MappingProxyType(
    {
        object_identifier("2.16.840.1.101.3.4.2.1"): hashes.SHA256(),
        object_identifier("2.16.840.1.101.3.4.2.2"): hashes.SHA384(),
        object_identifier("2.16.840.1.101.3.4.2.3"): hashes.SHA512(),
    }
)
_ECDSA: Mapping[bytes, hashes.HashAlgorithm] = MappingProxyType(
    {
        object_identifier("1.2.840.10045.4.3.2"): hashes.SHA256(),
        object_identifier("1.2.840.10045.4.3.3"): hashes.SHA384(),
        object_identifier("1.2.840.10045.4.3.4"): hashes.SHA512(),
    }
)
_PKCS1: Mapping[bytes, hashes.HashAlgorithm] = MappingProxyType(
    {
        object_identifier("1.2.840.113549.1.1.11"): hashes.SHA256(),
        object_identifier("1.2.840.113549.1.1.12"): hashes.SHA384(),
        object_identifier("1.2.840.113549.1.1.13"): hashes.SHA512(),
    }
)
"""RFC 5758 section 3.2 and RFC 4055 section 5. SHA-1 is left out: nobody vouches by it."""


class Certificate(Struct, frozen=True):
    """What one certificate says. Who signed it is not proven yet (`is_signed_by`)."""

    subject: bytes
    issuer: bytes
    """Names as they are written, in DER."""
    country: str
    """Of the subject, or else of the issuer, in capitals; "" where neither has one."""
    not_before_s: int
    not_after_s: int
    """Unix seconds; the certificate holds at the last one too (RFC 5280 section 4.1.2.5)."""
    key: bytes
    """SubjectPublicKeyInfo, in DER."""
    extended_usages: frozenset[bytes]
    """Object identifiers of its extended key usage, as the content of their DER; empty where the
    certificate has none."""
    document_types: frozenset[str]
    """What its holder may sign by ICAO's list of document types (Doc 9303-12 section 7.1), such as
    `NV`; empty where the certificate has no such list."""
    signed: bytes
    algorithm: bytes
    """AlgorithmIdentifier, in DER."""
    signature: bytes


def read_certificate(data: bytes) -> Certificate:
    """Read a certificate in DER.

    Raises:
        DerError: it is none, is longer than `CERTIFICATE_BYTES_MAX`, or names two algorithms.
    """
    if len(data) > CERTIFICATE_BYTES_MAX:
        raise DerError(f"longer than {CERTIFICATE_BYTES_MAX} bytes")
    parts = der.sequence(data)
    if len(parts) != 3:  # noqa: PLR2004 - TBSCertificate, algorithm, signature
        raise DerError("not the three parts of a certificate")
    signed, algorithm, signature = parts
    fields = der.elements(der.expect(signed, der.SEQUENCE).content)
    if fields and fields[0].tag == _VERSION:
        fields.pop(0)
    if len(fields) < _FIELDS_MIN:
        raise DerError("not all fields of a certificate")
    _, inner_algorithm, issuer, validity, subject, key = fields[:_FIELDS_MIN]
    if inner_algorithm.whole != algorithm.whole:
        raise DerError("two signature algorithms in one certificate")
    times = der.elements(der.expect(validity, der.SEQUENCE).content)
    if len(times) != 2:  # noqa: PLR2004 - a first and a last moment
        raise DerError("a validity that is no window")
    extensions = _extensions(fields[_FIELDS_MIN:])
    return Certificate(
        subject=subject.whole,
        issuer=issuer.whole,
        country=_country(subject) or _country(issuer),
        not_before_s=der.unix_s(times[0]),
        not_after_s=der.unix_s(times[1]),
        key=der.expect(key, der.SEQUENCE).whole,
        extended_usages=_extended_usages(extensions),
        document_types=_document_types(extensions),
        signed=signed.whole,
        algorithm=algorithm.whole,
        signature=der.bits(signature),
    )


def is_signed_by(certificate: Certificate, anchor: Certificate) -> bool:
    """Whether the anchor's key made the certificate's signature. Names are not looked at."""
    try:
        identifier, *parameters = der.sequence(certificate.algorithm)
        check = _check_of(der.expect(identifier, der.OBJECT_IDENTIFIER).content, parameters)
        check(load_der_public_key(anchor.key), certificate.signature, certificate.signed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _check_of(
    identifier: bytes, parameters: list[Element]
) -> Callable[[object, bytes, bytes], None]:
    if identifier in _ECDSA:
        return _ecdsa(_ECDSA[identifier])
    if identifier in _PKCS1:
        return _rsa(padding.PKCS1v15(), _PKCS1[identifier])
    if identifier == _PSS and len(parameters) == 1:
        return _pss(der.elements(der.expect(parameters[0], der.SEQUENCE).content))
    raise DerError("a signature algorithm that nobody here takes")


def _ecdsa(digest: hashes.HashAlgorithm) -> Callable[[object, bytes, bytes], None]:
    def check(key: object, signature: bytes, signed: bytes) -> None:
        if not isinstance(key, EllipticCurvePublicKey):
            raise InvalidSignature
        key.verify(signature, signed, ECDSA(digest))

    return check


def _rsa(
    pad: padding.AsymmetricPadding, digest: hashes.HashAlgorithm
) -> Callable[[object, bytes, bytes], None]:
    def check(key: object, signature: bytes, signed: bytes) -> None:
        if not isinstance(key, RSAPublicKey):
            raise InvalidSignature
        key.verify(signature, signed, pad, digest)

    return check


def _pss(parameters: list[Element]) -> Callable[[object, bytes, bytes], None]:
    """RSASSA-PSS as CSCAs use it: one hash for both, and a salt (RFC 4055 section 3.1)."""
    by_tag = {each.tag: each.content for each in parameters}
    if _PSS_HASH not in by_tag or _PSS_SALT_BYTES not in by_tag:
        raise DerError("PSS with SHA-1, which is nobody's word")
    identifier = der.sequence(by_tag[_PSS_HASH])[0].content
    salt_bytes = int.from_bytes(der.read(by_tag[_PSS_SALT_BYTES], der.INTEGER).content)
    if identifier not in _HASHES or salt_bytes > _SALT_BYTES_MAX:
        raise DerError("PSS with a hash or a salt that nobody here takes")
    digest = _HASHES[identifier]
    return _rsa(padding.PSS(padding.MGF1(digest), salt_bytes), digest)


def _country(name: Element) -> str:
    """The first country of a name (RFC 5280 section 4.1.2.4)."""
    for relative in der.elements(der.expect(name, der.SEQUENCE).content):
        for attribute in der.elements(der.expect(relative, der.SET).content):
            match der.elements(der.expect(attribute, der.SEQUENCE).content):
                case [Element(content=identifier), Element(content=value)] if (
                    identifier == _COUNTRY
                ):
                    return value.decode("ascii", "replace").upper()
    return ""


def _extended_usages(extensions: list[list[Element]]) -> frozenset[bytes]:
    value = _extension(extensions, _EXTENDED_KEY_USAGE)
    if value is None:
        return frozenset()
    return frozenset(
        der.expect(each, der.OBJECT_IDENTIFIER).content for each in der.sequence(value)
    )


def _document_types(extensions: list[list[Element]]) -> frozenset[str]:
    """Of a form that can't be read nothing is known: the key usage says enough."""
    value = _extension(extensions, _DOCUMENT_TYPES)
    if value is None:
        return frozenset()
    try:
        _, types = der.sequence(value)
        return frozenset(
            each.content.decode("ascii", "replace")
            for each in der.elements(der.expect(types, der.SET).content)
        )
    except ValueError:
        return frozenset()


def _extensions(rest: list[Element]) -> list[list[Element]]:
    """The parts of each extension; what those hold that matter to nobody here is not looked at."""
    return [
        der.elements(each.content)
        for field in rest
        if field.tag == _EXTENSIONS
        for each in der.sequence(field.content)
    ]


def _extension(extensions: list[list[Element]], identifier: bytes) -> bytes | None:
    """The value of that extension, or None."""
    found = [parts[-1] for parts in extensions if parts and parts[0].content == identifier]
    if len(found) > 1:
        raise DerError("an extension twice")
    return der.expect(found[0], der.OCTET_STRING).content if found else None
