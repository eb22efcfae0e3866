"""What a published list says that its keys are for: whoever signs no health certificates is left
out, and told."""

import base64
from pathlib import Path
from urllib.parse import quote

import pytest
from certificatekit import certificate, curve_key, info_of, jwk_of, key_id_of, stored, text_of

from firmware.trust.offer import Offer
from firmware.trust.sources import DOMAINS, health_offers
from firmware.trust.x509 import KeyRefused, key_of_jwk
from gate.credential.publictrust import SignerKey, Usage

DER = certificate(curve_key(1), curve_key(0))
KID = key_id_of(DER)
KID_TEXT = text_of(KID)
TEXT = text_of(DER)
DID = "did:web:health.example:v2:trustlist"
JWK = {**jwk_of(curve_key(1)), "kid": KID_TEXT}


def offered(tmp_path: Path, document: object) -> list[Offer]:
    return list(health_offers(stored(tmp_path, "list.json", document)))


def taken(tmp_path: Path, document: object) -> tuple[bytes | str, SignerKey]:
    (offer,) = offered(tmp_path, document)
    return offer.take()


def refused(tmp_path: Path, document: object) -> str:
    (offer,) = offered(tmp_path, document)
    with pytest.raises(KeyRefused) as why:
        offer.take()
    return str(why.value)


# The gateways' own lists.


@pytest.mark.parametrize("member", ["certificateType", "group"])
@pytest.mark.parametrize("stated", ["AUTHENTICATION", "UPLOAD", "CSCA", "dsc", "", None, 7])
def test_a_gateway_lists_more_than_signers(tmp_path: Path, member: str, stated: object) -> None:
    """The certificates by which its members log in and upload sign no certificates of people."""
    entry = {"kid": KID_TEXT, "country": "ID", "rawData": TEXT, member: stated}
    assert f"type {stated}" in refused(tmp_path, [entry])
    bare = {**JWK, member: stated}
    assert "not a document signer's" in refused(tmp_path, [bare])
    assert taken(tmp_path, [{**entry, member: "DSC"}])[0] == KID


# The GDHCN.


def method(identifier: str, jwk: object = JWK) -> dict[str, object]:
    return {"id": DID, "verificationMethod": [{"id": identifier, "publicKeyJwk": jwk}]}


@pytest.mark.parametrize("domain", sorted(DOMAINS))
@pytest.mark.parametrize("participant", ["IDN", "XM", "X01"])
def test_document_signers_of_the_network(tmp_path: Path, domain: str, participant: str) -> None:
    """Of the domains whose certificates are read here."""
    key_id, signer = taken(tmp_path, method(f"{DID}:{domain}:{participant}:DSC#{KID_TEXT}"))
    assert (key_id, signer.issuer) == (KID, participant)


@pytest.mark.parametrize(
    "tail",
    [
        ":DCC:IDN:SCA#{}",
        ":IDN:SCA#{}",
        ":IDN:DSC#{}",
        ":DCC:IDN:sca#{}",
        ":DCC:-:SCA#{}",
        ":DCC:IDN:SCA/{}",
        ":DCC:IDN:DSC:SCA#{}",
        ":DCC:IDN:DSC#x#{}",
        ":DCC:IDN:DSC#:trustlist:DCC:IDN:UP#{}",
        ":IPS-PILGRIMAGE:IDN:DSC#{}",
        ":PH4H:IDN:DSC#{}",
        ":SHC:IDN:DSC#{}",
        "-ref:DCC:IDN:DSC#{}",
        "",
    ],
)
@pytest.mark.parametrize("encoded", [False, True])
def test_keys_of_the_network_that_sign_no_certificates(
    tmp_path: Path, tail: str, encoded: bool
) -> None:
    """An authority, an uploader, another domain, an id in another form: not plainly a signer."""
    identifier = DID + tail.format(KID_TEXT)
    document = method(quote(identifier, safe="") if encoded else identifier)
    assert "GDHCN" in refused(tmp_path, document)
    assert "GDHCN" in refused(tmp_path, method(identifier.replace("trustlist", "TRUSTLIST")))


def test_a_key_id_that_is_percent_encoded(tmp_path: Path) -> None:
    """In the id's fragment, its `=` and its `#` too."""
    jwk = jwk_of(curve_key(1), kid=None)
    for identifier in (
        f"{DID}:DCC:IDN:DSC#{quote(KID_TEXT, safe='')}",
        f"{DID}:DCC:IDN:DSC%23{quote(KID_TEXT, safe='')}",
    ):
        assert taken(tmp_path, method(identifier, jwk))[0] == KID


def test_nothing_hides_inside_a_key(tmp_path: Path) -> None:
    """What stands below a key that is left out, or below one that can't be read, is no key."""
    inner = {"kid": KID_TEXT, "rawData": TEXT}
    hidden = {"id": f"{DID}:DCC:IDN:SCA#{KID_TEXT}", "more": inner}
    assert "GDHCN" in refused(tmp_path, {"verificationMethod": [hidden]})
    assert "another form" in refused(tmp_path, [{"publicKeyJwk": {"publicKeyJwk": inner}}])
    nested: object = {}
    for _ in range(400):
        nested = {"publicKeyJwk": nested}
    assert "another form" in refused(tmp_path, nested)


# Keys for something else.


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"use": "enc"}, "something else"),
        ({"use": 7}, "something else"),
        ({"key_ops": ["deriveKey"]}, "checking"),
        ({"key_ops": "verify"}, "checking"),
        ({"key_ops": []}, "checking"),
        ({"alg": "ECDH-ES"}, "another algorithm"),
        ({"alg": "ES384"}, "another algorithm"),
        ({"alg": {"name": "ES256"}}, "another algorithm"),
    ],
)
def test_keys_for_other_work(members: dict[str, object], why: str) -> None:
    with pytest.raises(KeyRefused, match=why):
        key_of_jwk({**JWK, **members})


def test_keys_for_signatures() -> None:
    """Whether they say so or say nothing."""
    said = {"use": "sig", "alg": "ES256", "key_ops": ["verify"]}
    nothing = dict.fromkeys(said)
    for members in ({}, said, nothing):
        assert key_of_jwk({**JWK, **members}) == curve_key(1).public_key()


@pytest.mark.parametrize(
    ("usages", "allowed"),
    [
        ([], set(Usage)),
        (["t"], {Usage.TEST}),
        (["v", "r", "new"], {Usage.VACCINATION, Usage.RECOVERY}),
        (["new"], None),
        ([7], None),
        ("t", None),
        (None, None),
        ({"t": True}, None),
    ],
)
def test_usages_of_the_netherlands(
    tmp_path: Path, usages: object, allowed: set[Usage] | None
) -> None:
    """What we don't understand is no leave to attest everything."""
    info = text_of(info_of(curve_key(1)))
    document = {"eu_keys": {KID_TEXT: [{"subjectPk": info, "keyUsage": usages}]}}
    if allowed is None:
        assert "usages" in refused(tmp_path, document)
    else:
        assert taken(tmp_path, document)[1].usages == allowed


def test_a_list_of_another_kind_says_nothing_of_usages(tmp_path: Path) -> None:
    """Without the member, a key may attest everything, as one without a certificate does."""
    info = base64.b64encode(info_of(curve_key(1))).decode()
    assert taken(tmp_path, {KID_TEXT: [{"subjectPk": info}]})[1].usages == set(Usage)
