"""Certificates that an operator collected: compiling a trust list reads them, no gate does."""

import contextlib
import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier
from fuzzkit import STATE, BrokenPromise, Target

from firmware.trust.x509 import KeyRefused, signer_from_certificate, signer_of_vds
from gate.credential.publictrust import SignerKey
from gate.reasons import Reason

_STARTS = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_ENDS = dt.datetime(2029, 1, 1, tzinfo=dt.UTC)
_SEALS = "2.23.136.1.1.14.2"
_VACCINATIONS = "1.3.6.1.4.1.1847.2021.1.2"


def _certificate(*usages: str) -> bytes:
    """Signed by the key that it certifies, so that it is its own anchor."""
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "ID")
    name = x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, "Invented CSCA")])
    made = (
        x509.CertificateBuilder(name, name, STATE.public_key(), 7)
        .not_valid_before(_STARTS)
        .not_valid_after(_ENDS)
    )
    if usages:
        extension = x509.ExtendedKeyUsage([ObjectIdentifier(usage) for usage in usages])
        made = made.add_extension(extension, critical=False)
    return made.sign(STATE, SHA256()).public_bytes(Encoding.DER)


_ANCHOR = _certificate(_SEALS)


def _call(data: bytes) -> None:
    with contextlib.suppress(KeyRefused):
        signer_from_certificate(data)
    found = signer_of_vds(data, [_ANCHOR, data])
    if not isinstance(found, SignerKey | Reason):
        raise BrokenPromise(f"neither a key nor a reason: {found!r}")


TARGET = Target(
    "certificate",
    _call,
    lambda: [_ANCHOR, _certificate(), _certificate(_VACCINATIONS, _SEALS)],
    bytes_max=1_200,
)
