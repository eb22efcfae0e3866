"""Keys side by side: the source that says most counts, and an odd key costs itself alone."""

from itertools import permutations
from pathlib import Path

import pytest
from certificatekit import (
    HEALTH_SEALS,
    certificate,
    curve_key,
    jwk_of,
    key_id_of,
    name_of,
    rsa_key,
    stored,
    text_of,
    url_text,
)
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from firmware.trust import shelf
from firmware.trust.compile import Compiled, Stamp, compile_trust
from firmware.trust.offer import SourceError
from firmware.trust.recipe import load_recipe
from firmware.trust.shelf import Shelf
from firmware.trust.x509 import KeyRefused, signer_from_certificate
from gate.credential.bundle import encode
from gate.credential.bundle.limits import KEYS_PER_ID_MAX
from gate.credential.publictrust import SignerKey, Usage
from gate.credential.signature import algorithms_of

STAMP = Stamp(3, 1_800_000_000, 1_802_000_000)
TESTS_ONLY = certificate(curve_key(1), curve_key(0), usages=["1.3.6.1.4.1.1847.2021.1.1"])
KID = key_id_of(TESTS_ONLY)
GOOD = certificate(curve_key(2), curve_key(0))
RECIPE = '[[hcert]]\nfiles = ["good.der", "odd"]\n'


def compiled(folder: Path, recipe: str = RECIPE) -> Compiled:
    stored(folder, "good.der", GOOD)
    return compile_trust(load_recipe(stored(folder, "recipe.toml", recipe)), folder, STAMP)


def bare(issuer: str = "IDN", *usages: Usage) -> SignerKey:
    key = curve_key(1).public_key()
    return SignerKey(key, algorithms_of(key), issuer, frozenset(usages or Usage))


def test_a_certificate_says_more_than_a_bare_key(tmp_path: Path) -> None:
    """A signer for tests until a day, whose key another list names bare: for tests until that
    day, whichever list is read first."""
    stored(tmp_path, "dcc.json", [{"kid": text_of(KID), "rawData": text_of(TESTS_ONLY)}])
    stored(tmp_path, "did.json", [jwk_of(curve_key(1), kid=text_of(KID), country="ID")])
    for files in ('"dcc.json", "did.json"', '"did.json", "dcc.json"'):
        found = compiled(tmp_path, f"[[hcert]]\nfiles = [{files}]\n")
        assert found.trust.public.hcert[KID] == (signer_from_certificate(TESTS_ONLY),)
        assert found.tallies[0][1:] == (2, 1, 1, 0)


def test_the_order_of_sources_changes_nothing() -> None:
    """Bare ones that may attest all, or less, and the certificate; of bare ones the narrowest."""
    exact = signer_from_certificate(TESTS_ONLY)
    narrow = bare("", Usage.TEST, Usage.RECOVERY)
    offers = [(exact, False), (bare("IDN"), True), (narrow, True), (bare("ID"), True)]
    for order in permutations(offers):
        whole = Shelf("hcert")
        again = sum(whole.put(KID, signer, bare=is_bare) for signer, is_bare in order)
        assert whole.keys == {KID: (exact,)}
        assert again == 3
    for order in permutations(offers[1:]):
        whole = Shelf("hcert")
        assert sum(whole.put(KID, signer, bare=is_bare) for signer, is_bare in order) == 2
        assert whole.keys == {KID: (narrow,)}


def test_other_keys_of_one_id_stay() -> None:
    """Another key, another certificate of that key, or another id: none speaks for the other."""
    whole = Shelf("hcert")
    exact = signer_from_certificate(TESTS_ONLY)
    renewed = signer_from_certificate(certificate(curve_key(1), curve_key(0)))
    other = signer_from_certificate(GOOD)
    for signer in (exact, renewed, other):
        assert whole.put(KID, signer, bare=False) == 0
    assert whole.put(bytes(8), bare(), bare=True) == 0
    assert whole.put(KID, exact, bare=False) == 1
    assert whole.keys == {KID: (exact, renewed, other), bytes(8): (bare(),)}


def test_a_full_id_takes_what_says_more() -> None:
    """A certificate in the place of its bare key needs no room of its own."""
    whole = Shelf("hcert")
    whole.put(KID, bare(), bare=True)
    for number in range(2, KEYS_PER_ID_MAX + 1):
        key = curve_key(number).public_key()
        whole.put(KID, SignerKey(key, algorithms_of(key), "ID"), bare=True)
    assert whole.put(KID, signer_from_certificate(TESTS_ONLY), bare=False) == 1
    with pytest.raises(KeyRefused, match="more than"):
        whole.put(KID, signer_from_certificate(certificate(rsa_key(), curve_key(0))), bare=False)


# One odd key.


@pytest.mark.parametrize(
    ("tag", "country"),
    [
        (_ASN1Type.PrintableString, "ID"),
        (_ASN1Type.UTF8String, "ID"),
        (_ASN1Type.BMPString, "ID"),
        (_ASN1Type.UniversalString, "ID"),
    ],
)
def test_a_country_in_every_type_of_text(tmp_path: Path, tag: _ASN1Type, country: str) -> None:
    """Read as what it is; a gate takes the list."""
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, country, _type=tag)])
    odd = certificate(curve_key(1), curve_key(0), subject=name)
    stored(tmp_path, "odd", odd)
    found = compiled(tmp_path)
    assert found.trust.public.hcert[key_id_of(odd)][0].issuer == country
    assert encode(found.trust)


def test_a_country_that_does_not_show(tmp_path: Path) -> None:
    """It costs that certificate, by file and name, and no other."""
    name = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "\x1b\x07", _type=_ASN1Type.UTF8String)]
    )
    stored(tmp_path, "odd", certificate(curve_key(1), curve_key(0), subject=name))
    found = compiled(tmp_path)
    assert found.trust.public.hcert.keys() == {key_id_of(GOOD)}
    assert [(Path(each.origin).name, each.label) for each in found.quarantined] == [
        ("odd", "certificate 1")
    ]
    assert "printable" in found.quarantined[0].why
    assert encode(found.trust)


def test_a_key_that_is_too_long_for_a_bundle(tmp_path: Path) -> None:
    """Its own exponent makes it so; the library takes it."""
    numbers = rsa_key(4_096).public_key().public_numbers()
    jwk = {"kid": text_of(KID), "kty": "RSA", "n": url_text(numbers.n.to_bytes(512)),
           "e": url_text((numbers.n - 2).to_bytes(512))}  # fmt: skip
    stored(tmp_path, "odd", [jwk])
    found = compiled(tmp_path)
    assert found.trust.public.hcert.keys() == {key_id_of(GOOD)}
    assert "too many" in found.quarantined[0].why
    assert encode(found.trust)


def test_names_that_a_bundle_can_not_hold(tmp_path: Path) -> None:
    """Empty ones of cards' issuers and of methods; the others of the file are taken."""
    stored(tmp_path, "did.json", {"id": "did:example", "verificationMethod": [
        {"id": "", "publicKeyJwk": jwk_of(curve_key(1))},
        {"id": "#one", "publicKeyJwk": jwk_of(curve_key(1))},
    ]})  # fmt: skip
    stored(tmp_path, "cards.json", {"issuerInfo": [
        {"issuer": {"iss": ""}, "keys": [jwk_of(curve_key(1))]},
        {"issuer": {"iss": "https://cards.example"}, "keys": [jwk_of(curve_key(2))]},
    ]})  # fmt: skip
    found = compiled(tmp_path, '[[vc]]\nfiles = ["did.json"]\n[[shc]]\nfiles = ["cards.json"]\n')
    assert found.trust.public.vc.keys() == {"did:example#one"}
    assert len(found.trust.public.shc) == 1
    assert [each.why for each in found.quarantined] == ["a name that is empty"] * 2
    assert encode(found.trust)


def test_a_signer_of_seals_whose_country_does_not_show(tmp_path: Path) -> None:
    """Refused with the others, and told; the list is one that a gate takes."""
    name = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "\x1b\x07", _type=_ASN1Type.UTF8String)]
    )
    by = curve_key(0)
    odd = certificate(curve_key(1), by, subject=name, issuer=name, usages=[HEALTH_SEALS])
    good = certificate(curve_key(2), by, usages=[HEALTH_SEALS])
    stored(tmp_path, "csca/a.der", certificate(by, by, subject=name, issuer=name))
    stored(tmp_path, "csca/b.der", certificate(by, by, subject=name_of("Example CSCA")))
    stored(tmp_path, "seals/a.der", odd)
    stored(tmp_path, "seals/b.der", good)
    found = compiled(tmp_path, '[[vds]]\nanchors = ["csca"]\nsigners = ["seals"]\n')
    assert [key.issuer for key in found.trust.public.vds.values()] == ["ID"]
    assert ["printable" in each.why for each in found.quarantined] == [True]
    assert encode(found.trust)


def test_more_than_a_bundle_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said which sources give too much, before anybody signs."""
    monkeypatch.setitem(shelf.COUNT_MAX, "hcert", 1)
    stored(tmp_path, "odd", TESTS_ONLY)
    with pytest.raises(SourceError, match="2 keys of hcert, and a bundle holds 1"):
        compiled(tmp_path)
    monkeypatch.setattr("firmware.trust.compile.HCERT_REVOKED_MAX", 1)
    stored(tmp_path, "revoked", f"{bytes(16).hex()}\n{bytes(15).hex()}01\n")
    with pytest.raises(SourceError, match="2 revocations of hcert"):
        compiled(tmp_path, '[revoked]\nhcert = ["revoked"]\n')
