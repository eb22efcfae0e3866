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

BASIC_CONSTRAINTS = object_identifier("2.5.29.19")
KEY_USAGE = object_identifier("2.5.29.15")
EXTENDED_KEY_USAGE = object_identifier("2.5.29.37")
DOCUMENT_TYPES = object_identifier("2.23.136.1.1.6.2")
"""Extensions (RFC 5280 section 4.2.1; Doc 9303-12 section 7.1)."""

_COUNTRY = object_identifier("2.5.4.6")
_PSS = object_identifier("1.2.840.113549.1.1.10")
_VERSION, _EXTENSIONS = 0xA0, 0xA3
"""Explicit context tags of a TBSCertificate (RFC 5280 section 4.1)."""
_MGF1 = object_identifier("1.2.840.113549.1.1.8")
_PSS_HASH, _PSS_MASK, _PSS_SALT_BYTES, _PSS_TRAILER = 0xA0, 0xA1, 0xA2, 0xA3
"""Of RSASSA-PSS-params (RFC 4055 section 3.1)."""
_SALT_BYTES_DEFAULT = 20
_SALT_BYTES_MAX = 512
"""As long as the longest key that vouches for anybody."""
_TRAILER = b"\x02\x01\x01"
_COUNTRY_CODECS: Mapping[int, str] = MappingProxyType(
    {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1C: "utf-32-be",
     0x1E: "utf-16-be"}
)  # fmt: skip
"""Types of text (X.680 section 41). A country is a PrintableString; genuine ones are UTF-8 too."""
_FIELDS_MIN = 6
"""Serial number, signature, issuer, validity, subject, key."""

_HASHES: Mapping[bytes, hashes.HashAlgorithm] = MappingProxyType(
    {
        object_identifier("2.16.840.1.101.3.4.2.1"): hashes.SHA256(),
        object_identifier("2.16.840.1.101.3.4.2.2"): hashes.SHA384(),
        object_identifier("2.16.840.1.101.3.4.2.3"): hashes.SHA512(),
    }
)
_MASK_HASH_DEFAULT = hashes.SHA1()  # noqa: S303 - a mask need not resist collisions
_MASK_HASHES: Mapping[bytes, hashes.HashAlgorithm] = MappingProxyType(
    {object_identifier("1.3.14.3.2.26"): _MASK_HASH_DEFAULT, **_HASHES}
)
"""Of the mask of PSS (RFC 4055 section 2.2)."""
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
    constraints: bytes | None
    key_usage: bytes | None
    """Values of these extensions, not yet looked into; None where the certificate has none."""
    critical: frozenset[bytes]
    """Identifiers of its critical extensions."""
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
        constraints=_extension(extensions, BASIC_CONSTRAINTS),
        key_usage=_extension(extensions, KEY_USAGE),
        critical=frozenset(parts[0].content for parts in extensions if _is_critical(parts)),
        signed=signed.whole,
        algorithm=algorithm.whole,
        signature=der.bits(signature),
    )


def is_signed_by(certificate: Certificate, anchor: Certificate) -> bool:
    """Whether the anchor's key made the certificate's signature. Names are not looked at."""
    try:
        parameters = der.sequence(certificate.algorithm)[1:]
        check = _check_of(_identifier(certificate.algorithm), parameters)
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
    """RSASSA-PSS as CSCAs use it (RFC 4055 section 3.1). What is left out has its default."""
    by_tag = {each.tag: each.content for each in parameters}
    if _PSS_HASH not in by_tag:
        raise DerError("PSS with SHA-1, which is nobody's word")
    digest, mask = _HASHES.get(_identifier(by_tag[_PSS_HASH])), _mask(by_tag.get(_PSS_MASK))
    salt_bytes = _SALT_BYTES_DEFAULT
    if _PSS_SALT_BYTES in by_tag:
        salt_bytes = der.small_number(by_tag[_PSS_SALT_BYTES])
    if digest is None or mask is None or salt_bytes > _SALT_BYTES_MAX:
        raise DerError("PSS with a hash, a mask or a salt that nobody here takes")
    if by_tag.get(_PSS_TRAILER, _TRAILER) != _TRAILER:
        raise DerError("PSS with another trailer than that of all")
    return _rsa(padding.PSS(padding.MGF1(mask), salt_bytes), digest)


def _mask(algorithm: bytes | None) -> hashes.HashAlgorithm | None:
    """The hash of MGF1; None for another mask, or another hash."""
    if algorithm is None:
        return _MASK_HASH_DEFAULT
    match der.sequence(algorithm):
        case [Element(content=identifier), Element(whole=inner)] if identifier == _MGF1:
            return _MASK_HASHES.get(_identifier(inner))
        case _:
            return None


def _identifier(algorithm: bytes) -> bytes:
    """The identifier in an AlgorithmIdentifier."""
    parts = der.sequence(algorithm)
    if not parts:
        raise DerError("an algorithm without a name")
    return der.expect(parts[0], der.OBJECT_IDENTIFIER).content


def _country(name: Element) -> str:
    """The first country of a name (RFC 5280 section 4.1.2.4)."""
    for relative in der.elements(der.expect(name, der.SEQUENCE).content):
        for attribute in der.elements(der.expect(relative, der.SET).content):
            match der.elements(der.expect(attribute, der.SEQUENCE).content):
                case [Element(content=identifier), Element(tag=tag, content=value)] if (
                    identifier == _COUNTRY
                ):
                    codec = _COUNTRY_CODECS.get(tag, "ascii")
                    return value.decode(codec, "replace").upper()
    return ""


def _extended_usages(extensions: list[list[Element]]) -> frozenset[bytes]:
    value = _extension(extensions, EXTENDED_KEY_USAGE)
    if value is None:
        return frozenset()
    return frozenset(
        der.expect(each, der.OBJECT_IDENTIFIER).content for each in der.sequence(value)
    )


def _document_types(extensions: list[list[Element]]) -> frozenset[str]:
    """Of a form that can't be read nothing is known: the key usage says enough."""
    value = _extension(extensions, DOCUMENT_TYPES)
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


def _is_critical(parts: list[Element]) -> bool:
    return any(each.tag == der.BOOLEAN and each.content != b"\0" for each in parts[1:-1])


def _extension(extensions: list[list[Element]], identifier: bytes) -> bytes | None:
    """The value of that extension, or None."""
    found = [parts[-1] for parts in extensions if parts and parts[0].content == identifier]
    if len(found) > 1:
        raise DerError("an extension twice")
    return der.expect(found[0], der.OCTET_STRING).content if found else None
