"""Certificates and keys on their way into a trust list: read as a library reads them, and where it
refuses a genuine one, read all the same."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from certificatekit import (
    CA,
    FROM,
    HEALTH_SEALS,
    UNTIL,
    PrivateKey,
    certificate,
    curve_key,
    info_of,
    jwk_of,
    name_of,
    rsa_key,
    tlv,
    url_text,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from firmware.trust import der
from firmware.trust.certificate import (
    CERTIFICATE_BYTES_MAX,
    is_signed_by,
    read_certificate,
)
from firmware.trust.der import DerError
from firmware.trust.x509 import (
    KeyRefused,
    key_of_info,
    key_of_jwk,
    key_of_pem,
    signer_from_certificate,
    signer_of_vds,
)
from gate.credential.publictrust import SignerKey, Usage
from gate.credential.signature import Algorithm
from gate.reasons import Reason
from gate.walltime import TIME_S_END

ARC = "1.3.6.1.4.1.1847.2021.1"
OLD_ARC = "1.3.6.1.4.1.0.1847.2021.1"
TLS_SERVER = "1.3.6.1.5.5.7.3.1"
DEFAULT_WRITTEN_OUT = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("2.5.29.19"), b"\x30\x03\x01\x01\x00"
)
"""Basic constraints with `cA FALSE` in full, as Finland's signer has them."""


@pytest.mark.parametrize(
    ("usages", "allowed"),
    [
        ((), set(Usage)),
        ((TLS_SERVER,), set(Usage)),
        ((f"{ARC}.1",), {Usage.TEST}),
        ((f"{ARC}.2", TLS_SERVER), {Usage.VACCINATION}),
        ((f"{OLD_ARC}.3",), {Usage.RECOVERY}),
        ((f"{OLD_ARC}.1", f"{ARC}.3"), {Usage.TEST, Usage.RECOVERY}),
    ],
)
def test_what_a_signer_may_attest(usages: tuple[str, ...], allowed: set[Usage]) -> None:
    """Both spellings of the identifiers; none of them means all."""
    signer = signer_from_certificate(certificate(curve_key(1), curve_key(0), usages=usages))
    assert signer.usages == allowed
    assert signer.issuer == "ID"
    assert signer.algorithms == {Algorithm.ES256}
    assert signer.not_before_s == int(FROM.timestamp())
    assert signer.not_after_s == int(UNTIL.timestamp()) + 1, (
        "a certificate holds at its last second"
    )


def test_an_rsa_signer() -> None:
    assert signer_from_certificate(certificate(rsa_key(), curve_key(0))).algorithms == {
        Algorithm.PS256,
        Algorithm.RS256,
    }


@pytest.mark.parametrize(
    ("subject", "issuer", "country"),
    [
        (name_of("One", "id"), CA, "ID"),
        (name_of("One", None), CA, "ID"),
        (name_of("One", None), name_of("Two", None), ""),
    ],
)
def test_whose_it_is(subject: x509.Name, issuer: x509.Name, country: str) -> None:
    """The subject's country in capitals, or else the issuer's, or nobody's."""
    data = certificate(curve_key(1), curve_key(0), subject=subject, issuer=issuer)
    assert signer_from_certificate(data).issuer == country


def test_a_genuine_certificate_that_the_library_refuses() -> None:
    """It harms nobody: what matters here is read."""
    data = certificate(
        curve_key(1), curve_key(0), usages=[f"{ARC}.1"], extensions=[DEFAULT_WRITTEN_OUT]
    )
    with pytest.raises(ValueError, match="EncodedDefault"):
        _ = x509.load_der_x509_certificate(data).extensions
    assert signer_from_certificate(data).usages == {Usage.TEST}


MOMENTS = st.integers(-599_616_000, 253_402_300_000).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)
"""From 1951 to 9999: all that a certificate can say."""


@given(MOMENTS, MOMENTS, st.sampled_from(["ID", "SG", "XX"]), st.text("abc é", min_size=1))
def test_read_as_the_library_reads_it(
    one: datetime, other: datetime, country: str, common: str
) -> None:
    """Wherever the library reads a certificate, the two agree in all that counts."""
    subject = name_of(common, country)
    window = (min(one, other), max(one, other) + timedelta(seconds=1))
    data = certificate(
        curve_key(1), curve_key(0), subject=subject, window=window, usages=[TLS_SERVER]
    )
    ours, theirs = read_certificate(data), x509.load_der_x509_certificate(data)
    assert ours.not_before_s == int(theirs.not_valid_before_utc.timestamp())
    assert ours.not_after_s == int(theirs.not_valid_after_utc.timestamp())
    assert ours.country == country
    assert ours.subject == theirs.subject.public_bytes()
    assert ours.issuer == theirs.issuer.public_bytes()
    assert ours.signed == theirs.tbs_certificate_bytes
    assert ours.signature == theirs.signature
    assert ours.key == theirs.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    assert ours.extended_usages == {der.object_identifier(TLS_SERVER)}


def test_windows_beyond_our_own() -> None:
    """Clamped to what a bundle can say; one that lies wholly outside is no window."""
    old, far = datetime(1960, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    signer = signer_from_certificate(certificate(curve_key(1), curve_key(0), window=(old, far)))
    assert (signer.not_before_s, signer.not_after_s) == (0, TIME_S_END)
    later = datetime(2200, 1, 1, tzinfo=UTC)
    with pytest.raises(KeyRefused, match="window"):
        signer_from_certificate(certificate(curve_key(1), curve_key(0), window=(later, far)))


@pytest.mark.parametrize("key", [curve_key(1, SECP384R1()), rsa_key(1_024)])
def test_keys_that_we_do_not_take(key: PrivateKey) -> None:
    """Another curve, or too short: quarantined, with that reason."""
    data = certificate(key, curve_key(0), usages=[HEALTH_SEALS])
    with pytest.raises(KeyRefused, match="kind or a length"):
        signer_from_certificate(data)
    anchor = certificate(curve_key(0), curve_key(0), subject=CA)
    assert signer_of_vds(data, [anchor]) is Reason.CREDENTIAL_ALGORITHM


def test_damaged_at_every_byte() -> None:
    """One family of errors, or a certificate whose signature does not hold."""
    data = certificate(curve_key(1), curve_key(0), usages=[f"{ARC}.1"])
    anchor = read_certificate(certificate(curve_key(0), curve_key(0), subject=CA))
    assert is_signed_by(read_certificate(data), anchor)
    for place in range(len(data)):
        for changed in (
            data[:place],
            data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :],
        ):
            try:
                found = read_certificate(changed)
            except DerError:
                continue
            assert not is_signed_by(found, anchor)


@given(st.binary(max_size=64))
def test_garbage(data: bytes) -> None:
    with pytest.raises(KeyRefused):
        signer_from_certificate(data)
    with pytest.raises(KeyRefused):
        key_of_info(data)
    with pytest.raises(KeyRefused):
        key_of_pem(data)


@pytest.mark.parametrize(
    "data",
    [
        bytes(CERTIFICATE_BYTES_MAX + 1),
        b"\x30\x80\x00\x00",
        b"\x30\x81\x01\x00",
        b"\x30\x82\x00\x80" + bytes(128),
        b"\x30\x85\x00\x00\x00\x00\x01\x00",
        b"\x3f\x01\x00",
        b"\x30\x06\x30\x00\x30\x00\x30\x00",
        b"\x31\x00",
        b"\x30\x04\x30\x00\x30\x00",
    ],
)
def test_der_that_is_none(data: bytes) -> None:
    """Indefinite, long and wasteful lengths, long tags, parts that are not those of one."""
    with pytest.raises(DerError):
        read_certificate(data)


def test_certificates_in_parts() -> None:
    """Fields missing, a window of one time, two algorithms, an extension twice."""
    data = certificate(curve_key(1), curve_key(0), usages=[TLS_SERVER])
    signed, algorithm, signature = (each.whole for each in der.sequence(data))
    fields = [each.whole for each in der.sequence(signed)]
    window = der.sequence(fields[4])
    extensions = der.sequence(der.read(fields[7], 0xA3).content)
    twice = tlv(0xA3, tlv(0x30, *(each.whole for each in extensions * 2)))
    for changed, why in (
        (fields[:5], "all fields"),
        ([*fields[:4], tlv(0x30, window[0].whole), *fields[5:]], "no window"),
        ([*fields[:2], tlv(0x30, b"\x05\x00"), *fields[3:]], "two signature algorithms"),
        ([*fields[:7], twice], "twice"),
    ):
        with pytest.raises(DerError, match=why):
            read_certificate(tlv(0x30, tlv(0x30, *changed), algorithm, signature))
    old = [*fields[1:7]]  # version 1 has neither a version nor extensions
    found = read_certificate(tlv(0x30, tlv(0x30, *old), algorithm, signature))
    assert not found.extended_usages


def test_an_anchor_that_signs_with_an_old_hash() -> None:
    """PSS without parameters means SHA-1, which is nobody's word."""
    key = certificate(rsa_key(), rsa_key(), subject=CA, pss=True)
    found, anchor = read_certificate(key), read_certificate(certificate(rsa_key(), rsa_key()))
    assert is_signed_by(found, anchor)
    bare = tlv(0x30, der.sequence(found.algorithm)[0].whole, tlv(0x30))
    assert not is_signed_by(structs.replace(found, algorithm=bare), anchor)


@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
@pytest.mark.parametrize("mask", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
@pytest.mark.parametrize("salt_bytes", [0, 20, 32, 64, 190])
def test_every_form_of_pss(
    digest: hashes.HashAlgorithm, mask: hashes.HashAlgorithm, salt_bytes: int
) -> None:
    """Whatever hash, mask and salt an authority chose: as the library takes them, so do we."""
    data = certificate(
        rsa_key(),
        rsa_key(),
        subject=CA,
        digest=digest,
        pss=True,
        pss_mask=mask,
        pss_salt_bytes=salt_bytes,
    )
    found = x509.load_der_x509_certificate(data)
    found.verify_directly_issued_by(found)
    assert is_signed_by(read_certificate(data), read_certificate(data))


SHA_256 = tlv(0x30, tlv(0x06, der.object_identifier("2.16.840.1.101.3.4.2.1")))
SHA_1 = tlv(0x30, tlv(0x06, der.object_identifier("1.3.14.3.2.26")), b"\x05\x00")
MGF_1 = tlv(0x06, der.object_identifier("1.2.840.113549.1.1.8"))


@pytest.mark.parametrize(
    "parameters",
    [
        (tlv(0xA0, SHA_256),),
        (tlv(0xA0, SHA_256), tlv(0xA1, tlv(0x30, MGF_1, SHA_1)), tlv(0xA2, b"\x02\x01\x14")),
        (tlv(0xA0, SHA_256), tlv(0xA3, b"\x02\x01\x01")),
    ],
)
def test_pss_by_its_defaults(parameters: tuple[bytes, ...]) -> None:
    """Left out, the mask is of SHA-1 and the salt has 20 bytes (RFC 4055 section 3.1)."""
    found = read_certificate(certificate(rsa_key(), rsa_key(), subject=CA, pss=True))
    name = der.sequence(found.algorithm)[0].whole
    salted = padding.PSS(padding.MGF1(hashes.SHA1()), 20)
    signed = structs.replace(
        found,
        algorithm=tlv(0x30, name, tlv(0x30, *parameters)),
        signature=rsa_key().sign(found.signed, salted, hashes.SHA256()),
    )
    assert is_signed_by(signed, found)


@pytest.mark.parametrize(
    "parameters",
    [
        (tlv(0xA0, tlv(0x30)),),
        (tlv(0xA0, b""),),
        (tlv(0xA0, tlv(0x30, b"\x02\x01\x05")),),
        (tlv(0xA0, tlv(0x30, tlv(0x06, b"\x2a"))),),
        (tlv(0xA0, SHA_256), tlv(0xA1, b"")),
        (tlv(0xA0, SHA_256), tlv(0xA1, tlv(0x30))),
        (tlv(0xA0, SHA_256), tlv(0xA1, tlv(0x30, MGF_1))),
        (tlv(0xA0, SHA_256), tlv(0xA1, tlv(0x30, MGF_1, tlv(0x30)))),
        (tlv(0xA0, SHA_256), tlv(0xA1, tlv(0x30, tlv(0x06, b"\x2a"), SHA_256))),
        (tlv(0xA0, SHA_256), tlv(0xA2, tlv(0x02))),
        (tlv(0xA0, SHA_256), tlv(0xA2, b"\x02\x01\xff")),
        (tlv(0xA0, SHA_256), tlv(0xA2, b"\x02\x02\x7f\xff")),
        (tlv(0xA0, SHA_256), tlv(0xA2, b"\x02\x03\x01\x00\x00")),
        (tlv(0xA0, SHA_256), tlv(0xA3, b"\x02\x01\x02")),
    ],
)
def test_pss_with_parameters_that_are_none(parameters: tuple[bytes, ...]) -> None:
    """No hash in the place of the hash, another mask, a salt without length: nobody's word."""
    found = read_certificate(certificate(rsa_key(), rsa_key(), subject=CA, pss=True))
    name = der.sequence(found.algorithm)[0].whole
    odd = structs.replace(found, algorithm=tlv(0x30, name, tlv(0x30, *parameters)))
    assert not is_signed_by(odd, found)


def test_a_certificate_whose_algorithm_has_no_name() -> None:
    found = read_certificate(certificate(rsa_key(), rsa_key(), subject=CA))
    assert not is_signed_by(structs.replace(found, algorithm=tlv(0x30)), found)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (der.UTC_TIME, b"2101011234Z"),
        (der.UTC_TIME, b"21010112345Z"),
        (der.UTC_TIME, b"210101123456z"),
        (der.UTC_TIME, b"210101123456+0700"),
        (der.UTC_TIME, b"21 101123456Z"),
        (der.UTC_TIME, b"491231235960Z"),
        (der.UTC_TIME, b"210229000000Z"),
        (der.GENERALIZED_TIME, b"202101011234Z"),
        (der.GENERALIZED_TIME, b"2021111120000Z"),
        (der.GENERALIZED_TIME, b"20500101000000.5Z"),
    ],
)
def test_times_in_another_form(tag: int, text: bytes) -> None:
    """With seconds and in UTC (RFC 5280 section 4.1.2.5): a shorter one reads as another day."""
    with pytest.raises(DerError, match="time"):
        der.unix_s(der.Element(tag, text, b""))


def test_der_has_bounds() -> None:
    """A sequence of nothing many times is no work for anybody."""
    with pytest.raises(DerError, match="more than"):
        der.elements(b"\x05\x00" * (der.ELEMENTS_MAX + 1))
    with pytest.raises(DerError, match="end with a byte"):
        der.bits(der.Element(der.BIT_STRING, b"\x01\x80", b""))
    with pytest.raises(DerError, match="type"):
        der.unix_s(der.Element(der.INTEGER, b"", b""))
    assert der.object_identifier("2.5.29.37") == b"\x55\x1d\x25"


# Seals.


@pytest.mark.parametrize(
    ("by", "digest", "pss"),
    [
        (curve_key(0), hashes.SHA256(), False),
        (curve_key(0, SECP384R1()), hashes.SHA384(), False),
        (rsa_key(), hashes.SHA256(), False),
        (rsa_key(), hashes.SHA512(), False),
        (rsa_key(), hashes.SHA256(), True),
        (rsa_key(), hashes.SHA384(), True),
    ],
)
def test_a_signer_of_seals(by: PrivateKey, digest: hashes.HashAlgorithm, pss: bool) -> None:
    """Under its country's anchor, by every algorithm that countries use."""
    data = certificate(curve_key(1), by, usages=[HEALTH_SEALS], digest=digest, pss=pss)
    anchor = certificate(by, by, subject=CA)
    found = signer_of_vds(data, [b"no certificate", anchor])
    assert isinstance(found, SignerKey)
    assert (found.issuer, found.usages) == ("ID", frozenset(Usage))


@pytest.mark.parametrize(
    ("types", "allowed"),
    [
        (("NV",), {Usage.VACCINATION}),
        (("NT", "P"), {Usage.TEST}),
        (("NT", "NV"), {Usage.TEST, Usage.VACCINATION}),
        (("P",), set(Usage)),
        (None, set(Usage)),
    ],
)
def test_what_a_signer_of_seals_may_attest(
    types: tuple[str, ...] | None, allowed: set[Usage]
) -> None:
    """As its document types say, where they name a kind of seal and can be read."""
    listed = tlv(0x31, *(tlv(0x13, each.encode()) for each in types or ()))
    value = tlv(0x30, b"\x02\x01\x00", listed) if types else b"\x30\x00"
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.23.136.1.1.6.2"), value)
    data = certificate(curve_key(1), curve_key(0), usages=[HEALTH_SEALS], extensions=[extension])
    found = signer_of_vds(data, [certificate(curve_key(0), curve_key(0), subject=CA)])
    assert isinstance(found, SignerKey)
    assert found.usages == allowed


def test_signers_that_nobody_vouches_for() -> None:
    """No anchor; one of the same name and another key; the right key under another name; another
    country's; an old hash; a key of another kind than the signature's."""
    by = curve_key(0)
    data = certificate(curve_key(1), by, usages=[HEALTH_SEALS])
    unknown = Reason.CREDENTIAL_ISSUER_UNKNOWN
    assert signer_of_vds(data, []) is unknown
    assert signer_of_vds(data, [certificate(curve_key(9), by, subject=CA)]) is unknown
    assert signer_of_vds(data, [certificate(rsa_key(), by, subject=CA)]) is unknown
    assert signer_of_vds(data, [certificate(by, by, subject=name_of("Another"))]) is unknown
    abroad = certificate(curve_key(1), by, subject=name_of("Signer", "SG"), usages=[HEALTH_SEALS])
    anchor = certificate(by, by, subject=CA)
    assert signer_of_vds(abroad, [anchor]) is unknown
    by_rsa = certificate(curve_key(1), rsa_key(), usages=[HEALTH_SEALS])
    assert signer_of_vds(by_rsa, [anchor]) is unknown
    sha224 = certificate(curve_key(1), rsa_key(), usages=[HEALTH_SEALS], digest=hashes.SHA224())
    rsa_anchor = certificate(rsa_key(), rsa_key(), subject=CA)
    assert signer_of_vds(sha224, [rsa_anchor]) is unknown
    sha224 = certificate(
        curve_key(1), rsa_key(), usages=[HEALTH_SEALS], digest=hashes.SHA224(), pss=True
    )
    assert signer_of_vds(sha224, [rsa_anchor]) is unknown


def test_signers_of_something_else() -> None:
    """A certificate of the same anchor for a web server signs no seals."""
    by = curve_key(0)
    anchor = certificate(by, by, subject=CA)
    for usages in ((), (TLS_SERVER,)):
        data = certificate(curve_key(1), by, usages=usages)
        assert signer_of_vds(data, [anchor]) is Reason.CREDENTIAL_KIND_NOT_ISSUED
    assert signer_of_vds(b"garbage", [anchor]) is Reason.CODE_MALFORMED


# Published keys.


def test_keys_of_jwk() -> None:
    """Of the three kinds that issuers have; a coordinate may have the zero that the WHO's have."""
    key = curve_key(7)
    jwk = jwk_of(key)
    assert key_of_jwk(jwk) == key.public_key()
    longer = url_text(b"\0" + key.public_key().public_numbers().x.to_bytes(32))
    assert key_of_jwk({**jwk, "x": longer}) == key.public_key()
    edwards = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    okp = {"kty": "OKP", "crv": "Ed25519", "x": url_text(edwards.public_bytes_raw())}
    assert key_of_jwk(okp) == edwards
    numbers = rsa_key().public_key().public_numbers()
    n, e = (url_text(each.to_bytes(256).lstrip(b"\0")) for each in (numbers.n, numbers.e))
    assert key_of_jwk({"kty": "RSA", "n": n, "e": e}) == rsa_key().public_key()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"crv": "P-384"}, "neither"),
        ({"kty": "oct"}, "neither"),
        ({"x": 7}, "neither"),
        ({"d": "AA"}, "private"),
        ({"x": "AA"}, "32 bytes"),
        ({"x": "é"}, "no key"),
        ({"x": "A==="}, "no key"),
        ({"x": url_text(bytes(32))}, "no key"),
        ({"kty": "RSA", "n": url_text(b"\x01" * 600), "e": "AQAB"}, "longer"),
        ({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "no key|kind or a length"),
        ({"kty": "OKP", "crv": "Ed25519", "x": "AA"}, "no key"),
    ],
)
def test_jwk_that_are_no_keys(change: dict[str, object], why: str) -> None:
    with pytest.raises(KeyRefused, match=why):
        key_of_jwk({**jwk_of(curve_key(7)), **change})


def test_keys_as_they_are() -> None:
    """SubjectPublicKeyInfo, bare and in PEM."""
    key = curve_key(7)
    assert key_of_info(info_of(key)) == key.public_key()
    body = base64.b64encode(info_of(key)).decode()
    pem = f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
    assert key_of_pem(pem.encode()) == key.public_key()
    with pytest.raises(KeyRefused, match="kind or a length"):
        key_of_info(info_of(curve_key(1, SECP384R1())))
