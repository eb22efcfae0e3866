"""Certificates out of files: DER, PEM with many, base64 as key lists have it, a master list."""

import base64
import binascii
import re

from firmware.trust import der
from firmware.trust.der import DerError, object_identifier
from firmware.trust.x509 import KeyRefused

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_BLANKS = re.compile(rb"\s+")
_SIGNED_DATA = object_identifier("1.2.840.113549.1.7.2")
_MASTER_LIST = object_identifier("2.23.136.1.1.2")
_EXPLICIT = 0xA0
"""Context tag 0 of ContentInfo and of EncapsulatedContentInfo (RFC 5652 sections 3 and 5.2)."""
_BASE64_GROUP = 4
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_SEQUENCE = b"\x30"


def certificates_in(data: bytes) -> list[bytes]:
    """Every certificate of a file, in DER: PEM, a CSCA master list, or one certificate.

    A block of PEM that is damaged is handed on as it stands: it will be refused as the one
    certificate that it is, and its neighbours taken.

    A master list (Doc 9303-12 section 9, CMS in DER) is taken apart, and its signature is *not*
    checked: whoever fetched it has to know that it is genuine, as with every source.

    Raises:
        KeyRefused: neither of them.
    """
    if not is_der(data) and (pem := _PEM.findall(data)):
        return [_decoded(each) for each in pem]
    listed = _master_list(data)
    if listed is not None:
        return listed
    return [data if data.startswith(_SEQUENCE) else base64_of(data)]


def is_der(data: bytes) -> bool:
    """Whether a file is one sequence in DER and nothing else. Its first byte is a digit's too, so a
    text is told from it by its length alone."""
    try:
        der.read(data, der.SEQUENCE)
    except DerError:
        return False
    return True


def certificate_of(text: str) -> bytes:
    """A certificate as key lists write it: base64 of DER, or of PEM or of such base64 once more.

    Raises:
        KeyRefused: none of them.
    """
    data = text.encode("ascii", "replace")
    for _ in range(2):
        if pem := _PEM.search(data):
            data = pem[1]
        try:
            data = base64_of(data)
        except KeyRefused:
            break
        if data.startswith(_SEQUENCE):
            return data
    raise KeyRefused("no certificate in base64")


def base64_of(text: bytes) -> bytes:
    """Base64 of either alphabet, with or without padding and line ends: lists have all of them.

    Raises:
        KeyRefused: it is neither.
    """
    packed = _BLANKS.sub(b"", text).rstrip(b"=").translate(_URL_SAFE)
    try:
        return base64.b64decode(packed + b"=" * (-len(packed) % _BASE64_GROUP), validate=True)
    except binascii.Error:
        raise KeyRefused("no base64") from None


def _decoded(block: bytes) -> bytes:
    try:
        return base64_of(block)
    except KeyRefused:
        return block


def _master_list(data: bytes) -> list[bytes] | None:
    """The certificates of a master list; None for what is no signed data at all."""
    try:
        kind, content = der.sequence(data)
    except ValueError:  # no DER, or not two parts
        return None
    if kind.content != _SIGNED_DATA:
        return None
    try:
        _, _, inner, *_ = der.sequence(der.expect(content, _EXPLICIT).content)
        kind, content = der.elements(der.expect(inner, der.SEQUENCE).content)
        octets = der.read(der.expect(content, _EXPLICIT).content, der.OCTET_STRING)
        _, listed = der.sequence(octets.content)
        certificates = der.elements(der.expect(listed, der.SET).content)
    except ValueError:
        raise KeyRefused("a master list in another form than DER; write it anew") from None
    if kind.content != _MASTER_LIST:
        raise KeyRefused("signed data that is no master list")
    return [each.whole for each in certificates]
