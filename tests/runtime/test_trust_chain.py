"""Who may vouch for a signer of seals: only an authority, only while it held, only for signers."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from certificatekit import (
    CA,
    FROM,
    HEALTH_SEALS,
    UNTIL,
    PrivateKey,
    certificate,
    curve_key,
    rsa_key,
    tlv,
)
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP192R1, SECP256R1, SECP384R1, SECP521R1
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import structs

from firmware.trust.certificate import read_certificate
from firmware.trust.chain import AnchorFault, check_authority
from firmware.trust.x509 import KeyRefused, check_anchor, signer_of_vds
from gate.credential.publictrust import SignerKey
from gate.reasons import Reason

AUTHORITY = x509.BasicConstraints(ca=True, path_length=0)
NO_AUTHORITY = x509.BasicConstraints(ca=False, path_length=None)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def key_usage(*names: str) -> x509.KeyUsage:
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{each: each in names for each in every})


def anchor_of(
    key: PrivateKey,
    *extensions: x509.ExtensionType,
    window: tuple[datetime, datetime] = (FROM, UNTIL),
) -> bytes:
    return certificate(key, key, subject=CA, extensions=extensions, window=window)


def signer_under(
    key: PrivateKey,
    *extensions: x509.ExtensionType,
    critical: Sequence[x509.ExtensionType] = (),
    window: tuple[datetime, datetime] = (FROM, UNTIL),
) -> bytes:
    return certificate(
        curve_key(1),
        key,
        usages=[HEALTH_SEALS],
        extensions=extensions,
        critical=critical,
        window=window,
    )


def years(first: int, last: int) -> tuple[datetime, datetime]:
    return datetime(first, 1, 1, tzinfo=UTC), datetime(last, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "extensions",
    [
        (),
        (AUTHORITY,),
        (AUTHORITY, key_usage("key_cert_sign", "crl_sign")),
        (key_usage("key_cert_sign"),),
    ],
)
def test_an_authority_vouches(extensions: tuple[x509.ExtensionType, ...]) -> None:
    """By its own word; one of an old form, without that word, where it signed itself."""
    by = curve_key(0)
    anchor = anchor_of(by, *extensions)
    check_anchor(anchor)
    assert isinstance(signer_of_vds(signer_under(by), [anchor]), SignerKey)


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        ((NO_AUTHORITY,), "no authority"),
        ((AUTHORITY, key_usage("digital_signature")), "may not sign certificates"),
        ((key_usage("digital_signature"),), "may not sign certificates"),
        ((x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.19"), b"\x30\x00"),),
         "no authority"),
        ((x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.19"), b"?"),), "can't be read"),
        ((x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.15"), b"\x03\x00"),),
         "may not sign certificates"),
        ((x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.15"), b"?"),), "can't be read"),
    ],
)  # fmt: skip
def test_certificates_that_vouch_for_nobody(
    extensions: tuple[x509.ExtensionType, ...], why: str
) -> None:
    """A signer's certificate among the anchors makes no signers of its own."""
    by = curve_key(0)
    anchor = anchor_of(by, *extensions)
    with pytest.raises(KeyRefused, match=why):
        check_anchor(anchor)
    assert signer_of_vds(signer_under(by), [anchor]) is Reason.CREDENTIAL_ISSUER_UNKNOWN


def test_an_old_form_that_another_signed() -> None:
    """Without basic constraints, and signed by somebody else: a certificate like any other."""
    by = curve_key(0)
    anchor = certificate(by, curve_key(9), subject=CA)
    with pytest.raises(KeyRefused, match="no authority"):
        check_anchor(anchor)
    check_anchor(certificate(by, curve_key(9), subject=CA, extensions=[AUTHORITY]))


@pytest.mark.parametrize("key", [rsa_key(1_024), curve_key(0, SECP192R1())])
def test_weak_anchors(key: PrivateKey) -> None:
    """Whoever has its key, or can find it, would make signers."""
    with pytest.raises(KeyRefused, match="weak"):
        check_anchor(anchor_of(key, AUTHORITY))
    assert signer_of_vds(signer_under(key), [anchor_of(key, AUTHORITY)]) is (
        Reason.CREDENTIAL_ISSUER_UNKNOWN
    )


def test_an_anchor_of_another_kind() -> None:
    """By Ed25519 no country signs certificates, and nobody here checks them."""
    edwards = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    info = edwards.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    anchor = read_certificate(anchor_of(curve_key(0), AUTHORITY))
    with pytest.raises(AnchorFault, match="of a kind"):
        check_authority(structs.replace(anchor, key=info))


@pytest.mark.parametrize(
    "key", [rsa_key(), *(curve_key(0, each()) for each in (SECP256R1, SECP384R1, SECP521R1))]
)
def test_strong_anchors(key: PrivateKey) -> None:
    check_anchor(anchor_of(key, AUTHORITY))


@pytest.mark.parametrize(
    ("anchor", "signer", "expected"),
    [
        (years(2000, 2010), years(2024, 2028), Reason.CREDENTIAL_ISSUER_UNKNOWN),
        (years(2024, 2030), years(2023, 2028), Reason.CREDENTIAL_ISSUER_UNKNOWN),
        (years(2024, 2030), years(2022, 2023), Reason.CREDENTIAL_ISSUER_EXPIRED),
        (years(2000, 2010), years(2009, 2019), None),
        (years(2024, 2030), years(2024, 2028), None),
    ],
    ids=["after", "before", "long before", "outlived", "together"],
)
def test_an_anchor_vouches_while_it_holds(
    anchor: tuple[datetime, datetime], signer: tuple[datetime, datetime], expected: Reason | None
) -> None:
    """A key found years later signs nothing new; what it signed in its time stays signed."""
    by = curve_key(0)
    found = signer_of_vds(
        signer_under(by, window=signer), [anchor_of(by, AUTHORITY, window=anchor)]
    )
    assert found is expected if expected else isinstance(found, SignerKey)


@pytest.mark.parametrize(
    "extensions",
    [
        (NO_AUTHORITY,),
        (key_usage("digital_signature"),),
        (key_usage("digital_signature", "content_commitment"),),
        (UNKNOWN,),
    ],
)
def test_signers(extensions: tuple[x509.ExtensionType, ...]) -> None:
    """What matters to nobody here is allowed where it is not critical."""
    by = curve_key(0)
    found = signer_of_vds(signer_under(by, *extensions), [anchor_of(by, AUTHORITY)])
    assert isinstance(found, SignerKey)


@pytest.mark.parametrize(
    ("extensions", "critical"),
    [
        ((AUTHORITY,), ()),
        ((key_usage("key_agreement"),), ()),
        ((key_usage("key_cert_sign"),), ()),
        ((), (UNKNOWN,)),
        ((x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.19"), b"?"),), ()),
    ],
    ids=["authority", "agreement", "certificates", "critical", "garbage"],
)
def test_certificates_that_sign_no_seals(
    extensions: tuple[x509.ExtensionType, ...], critical: tuple[x509.ExtensionType, ...]
) -> None:
    """An authority of its own, a key for other work, a condition that nobody here knows."""
    by = curve_key(0)
    data = signer_under(by, *extensions, critical=critical)
    found = signer_of_vds(data, [anchor_of(by, AUTHORITY)])
    assert found is Reason.CREDENTIAL_KIND_NOT_ISSUED


def test_what_is_understood_may_be_critical() -> None:
    """As VDS-NC signers have it: their usages, and the types of their documents."""
    by = curve_key(0)
    types = x509.UnrecognizedExtension(
        x509.ObjectIdentifier("2.23.136.1.1.6.2"),
        tlv(0x30, b"\x02\x01\x00", tlv(0x31, tlv(0x13, b"NV"))),
    )
    critical = (types, key_usage("digital_signature"), NO_AUTHORITY)
    found = signer_of_vds(signer_under(by, critical=critical), [anchor_of(by, AUTHORITY)])
    assert isinstance(found, SignerKey)
