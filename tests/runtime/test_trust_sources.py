"""Key lists as they are published: one key comes out of each form, and a bad one costs itself."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from certificatekit import (
    certificate,
    curve_key,
    info_of,
    jwk_of,
    key_id_of,
    name_of,
    pem_of,
    rsa_key,
    stored,
    text_of,
    tlv,
    url_text,
)
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from firmware.trust import sources
from firmware.trust.cards import card_offers, card_revocations, snapshot_revocations, thumbprint
from firmware.trust.certificates import certificates_in
from firmware.trust.der import object_identifier
from firmware.trust.hashes import revoked_hashes
from firmware.trust.offer import (
    FILES_MAX,
    Offer,
    SourceError,
    files_of,
    json_of,
    read_source,
    shown,
)
from firmware.trust.sources import health_offers
from firmware.trust.statements import statement_offers
from firmware.trust.x509 import KeyRefused
from gate.credential.publictrust import SignerKey, Usage
from gate.walltime import TIME_S_END

DER = certificate(curve_key(1), curve_key(0))
KID = key_id_of(DER)
KID_TEXT = text_of(KID)
TEXT = text_of(DER)
OTHER_ID = "AAAAAAAAAAA="


def taken(offers: Iterator[Offer]) -> dict[bytes | str, SignerKey]:
    """Every key that is offered, by its id."""
    return dict(offer.take() for offer in offers)


def refused(offers: Iterator[Offer]) -> str:
    """Why the one key that is offered is not taken."""
    (offer,) = offers
    with pytest.raises(KeyRefused) as why:
        offer.take()
    return str(why.value)


def jws(document: object) -> str:
    return f"{url_text(b'{}')}.{url_text(json.dumps(document).encode())}.{url_text(b'signature')}"


DID = "did:web:health.example:v2:trustlist"
X5C = {"kty": "EC", "crv": "P-256", "kid": KID_TEXT, "x5c": [TEXT, "the next in the chain"]}
GATEWAY = [{"kid": KID_TEXT, "country": "ID", "certificateType": "DSC", "rawData": TEXT}]
FORMS = {
    "gateway": GATEWAY,
    "signature before": "MEUCIQ==\n" + json.dumps({"certificates": GATEWAY}),
    "payload": {"payload": text_of(json.dumps(GATEWAY).encode()), "signature": "x"},
    "jws": jws({"dsc_trust_list": {"ID": {"keys": [X5C]}}}),
    "map": {"certificates": {KID_TEXT: TEXT}},
    "map of base64 twice": {"certificates": {KID_TEXT: text_of(TEXT.encode())}},
    "map of PEM": {"certificates": {KID_TEXT: text_of(pem_of(DER))}},
    "did": {
        "id": DID,
        "verificationMethod": [
            {"id": f"{DID}:DCC:IDN:DSC#{KID_TEXT}", "publicKeyJwk": X5C},
        ],
    },
    "url-safe": [{"kid": url_text(KID), "certificate": TEXT}],
    "no id": [{"cert": TEXT}],
    "pem": pem_of(DER),
    "der": DER,
    "base64": TEXT,
}


@pytest.mark.parametrize("form", FORMS)
def test_one_key_in_every_form(tmp_path: Path, form: str) -> None:
    """Whatever it is wrapped in, the same id, key, country and window."""
    found = taken(health_offers(stored(tmp_path, "list", FORMS[form])))
    assert found == taken(health_offers(stored(tmp_path, "list", DER)))
    assert found.keys() == {KID}


BARE = text_of(info_of(curve_key(1)))


@pytest.mark.parametrize(
    ("form", "issuer", "usages"),
    [
        ({"eu_keys": {KID_TEXT: [{"subjectPk": BARE, "keyUsage": ["t", "r", "?"]}]}}, "",
         {Usage.TEST, Usage.RECOVERY}),
        ({"eu_keys": {KID_TEXT: [{"subjectPk": BARE, "keyUsage": []}]}}, "", set(Usage)),
        ({"certs": [{"keyId": KID_TEXT, "subjectPublicKeyInfo": BARE}]}, "", set(Usage)),
        ({"ID": {"keys": [{**jwk_of(curve_key(1)), "kid": KID_TEXT}]}}, "ID", set(Usage)),
        ({"verificationMethod": [{"id": f"{DID}:DCC:IDN:DSC#{KID_TEXT}",
          "publicKeyJwk": {**jwk_of(curve_key(1)), "kid": None}}]}, "IDN", set(Usage)),
    ],
    ids=["usages", "no usages", "info", "jwk", "did"],
)  # fmt: skip
def test_keys_without_a_certificate(
    tmp_path: Path, form: object, issuer: str, usages: set[Usage]
) -> None:
    """They hold without end, and attest what the list says, or all."""
    ((kid, signer),) = taken(health_offers(stored(tmp_path, "list.json", form))).items()
    assert kid == KID
    assert signer.key == curve_key(1).public_key()
    assert signer.issuer == issuer
    assert signer.usages == usages
    assert (signer.not_before_s, signer.not_after_s) == (0, TIME_S_END)


def test_the_list_says_whose_a_nameless_certificate_is(tmp_path: Path) -> None:
    """Only where the certificate does not say it itself."""
    nobody = name_of("Signer", None)
    nameless = certificate(curve_key(2), curve_key(0), subject=nobody, issuer=nobody)
    document = {"SG": [{"kid": OTHER_ID, "rawData": text_of(nameless)}, {"x5c": [TEXT]}]}
    assert {s.issuer for s in taken(health_offers(stored(tmp_path, "a", document))).values()} == {
        "SG",
        "ID",
    }


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"kid": "short", "rawData": TEXT}, "eight bytes"),
        ({"kid": 7, "rawData": TEXT}, "eight bytes"),
        ({"kid": KID_TEXT, "rawData": "?"}, "no certificate"),
        ({"kid": KID_TEXT, "rawData": "AAAA"}, "no certificate"),
        ({"kid": KID_TEXT, "rawData": text_of(DER[:-1])}, "no certificate"),
        ({"kid": KID_TEXT, "kty": "EC"}, "neither"),
        ({"kid": KID_TEXT, "subjectPublicKeyInfo": "AAAA"}, "can't be read"),
        ({"kid": KID_TEXT, "country": "I\x1bD", **jwk_of(curve_key(1), kid=KID_TEXT)}, "not show"),
    ],
)
def test_a_bad_key_costs_itself(tmp_path: Path, entry: object, why: str) -> None:
    """Its neighbours are taken, and it is told with its reason."""
    path = stored(tmp_path, "list.json", [entry, *GATEWAY])
    first, second = health_offers(path)
    with pytest.raises(KeyRefused, match=why):
        first.take()
    assert second.take()[0] == KID


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(KID_TEXT),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "kid",
                    "keyId",
                    "kty",
                    "rawData",
                    "x5c",
                    "cert",
                    "publicKeyJwk",
                    "id",
                    "country",
                    "subjectPk",
                    "keyUsage",
                    "subjectPublicKeyInfo",
                    KID_TEXT,
                    "keys",
                    "payload",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=24,
)


@given(JSON)
def test_any_json_is_a_list_or_refused(document: object) -> None:
    """Whatever a list looks like: keys, or quarantine, and never a crash."""
    try:
        for offer in sources._walk(document, "list", "", 16):
            assert offer.label.isprintable()
            offer.take()
    except KeyRefused:
        pass


def test_files_that_are_no_lists(tmp_path: Path) -> None:
    """Each is refused as a whole."""
    for content in ("{", "[" * 5_000, "[\n" + "{" * 5_000):
        with pytest.raises(KeyRefused, match="no JSON"):
            list(health_offers(stored(tmp_path, "list", content)))
    deep: object = GATEWAY
    for _ in range(20):
        deep = [deep]
    assert not list(health_offers(stored(tmp_path, "list", deep)))
    with pytest.raises(SourceError, match="is not there"):
        read_source(tmp_path / "none")
    with pytest.raises(KeyRefused, match="no JSON"):
        json_of(b"\xff")


def test_names_fit_for_a_terminal() -> None:
    """What a stranger calls a key can't steer a terminal, or fill it."""
    assert shown("a\x1b[31m\n") == "a?[31m?"
    assert len(shown("a" * 1_000)) < 100


def test_files_of_a_recipe(tmp_path: Path) -> None:
    """One by one, or whole folders in order, without hidden ones."""
    for name in ("b/2", "b/1/x", "b/.hidden", "b/.thrown/away", "a"):
        stored(tmp_path, name, "")
    names = [path.name for path in files_of(tmp_path, ["b", "a"])]
    assert names == ["x", "2", "a"]
    with pytest.raises(SourceError, match="correct the recipe"):
        files_of(tmp_path, ["none"])


def test_a_folder_of_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FILES_MAX > 1_000
    monkeypatch.setattr("firmware.trust.offer.FILES_MAX", 1)
    for name in ("b/2", "b/1"):
        stored(tmp_path, name, "")
    with pytest.raises(SourceError, match="more than 1 files"):
        files_of(tmp_path, ["b"])


def test_a_damaged_block_costs_itself(tmp_path: Path) -> None:
    """In a file of many, it is told by its place, and its neighbours are taken."""
    other = certificate(curve_key(2), curve_key(0))
    damaged = pem_of(DER).replace(b"\nMII", b"\n!II")
    offers = list(health_offers(stored(tmp_path, "a.pem", pem_of(DER) + damaged + pem_of(other))))
    assert [each.label for each in offers] == [f"certificate {place}" for place in (1, 2, 3)]
    with pytest.raises(KeyRefused, match="no certificate"):
        offers[1].take()
    assert [offers[place].take()[0] for place in (0, 2)] == [KID, key_id_of(other)]


@pytest.mark.parametrize("inside", ["four\n{", "four\n[", "-----BEGIN CERTIFICATE-----"])
def test_a_certificate_is_no_text(tmp_path: Path, inside: str) -> None:
    """Whatever its bytes happen to spell: a line end and a bracket, or the beginning of PEM."""
    odd = certificate(curve_key(1), rsa_key(), subject=name_of(inside))
    assert taken(health_offers(stored(tmp_path, "a.der", odd))).keys() == {key_id_of(odd)}


# Master lists.


SIGNED_DATA = object_identifier("1.2.840.113549.1.7.2")


def master_list(*certificates: bytes, kind: str = "2.23.136.1.1.2") -> bytes:
    """CMS signed data around a list of certificates; its signature is nobody's here."""
    listed = tlv(0x30, b"\x02\x01\x00", tlv(0x31, *certificates))
    inner = tlv(0x30, tlv(0x06, object_identifier(kind)), tlv(0xA0, tlv(0x04, listed)))
    signed = tlv(0x30, b"\x02\x01\x03", tlv(0x31), inner, tlv(0x31))
    return tlv(0x30, tlv(0x06, SIGNED_DATA), tlv(0xA0, signed))


def test_a_master_list() -> None:
    """Every anchor in it, as if they lay in a folder."""
    other = certificate(curve_key(2), curve_key(0))
    assert certificates_in(master_list(DER, other)) == [DER, other]
    assert certificates_in(pem_of(DER) + pem_of(other)) == [DER, other]
    with pytest.raises(KeyRefused, match="no master list"):
        certificates_in(master_list(DER, kind="1.2.3"))
    with pytest.raises(KeyRefused, match="write it anew"):
        certificates_in(tlv(0x30, tlv(0x06, SIGNED_DATA), b"\xa0\x00"))
    assert certificates_in(tlv(0x30, tlv(0x06, b"\x2a"), b"\x05\x00"))


# SMART Health Cards.

ISSUER = "https://health.example/shc"
JWK = jwk_of(curve_key(3))
EDWARDS = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
CRL = {"kid": JWK["kid"], "method": "rid", "ctr": 1, "rids": ["one", "two.1600000000"]}
SNAPSHOT = {
    "issuerInfo": [
        {"issuer": {"iss": ISSUER, "name": "Example"}, "keys": [JWK], "crls": [CRL]},
        {"issuer": {"iss": "https://other.example"}, "keys": []},
        {"issuer": {}},
        7,
    ]
}


@pytest.mark.parametrize(
    ("document", "issuer"), [({"keys": [JWK]}, ISSUER), (SNAPSHOT, None)], ids=["jwks", "snapshot"]
)
def test_keys_of_cards(tmp_path: Path, document: object, issuer: str | None) -> None:
    """Of one issuer, or of a whole directory."""
    found = taken(card_offers(stored(tmp_path, "a.json", document), issuer))
    assert found.keys() == {JWK["kid"]}
    assert found[JWK["kid"]].issuer == ISSUER
    assert thumbprint(JWK) == JWK["kid"]


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ({**JWK, "kid": "other"}, "thumbprint"),
        ("text", "without a key id"),
        ({**JWK, "kid": 7}, "without a key id"),
        ({**JWK, "d": "x"}, "private"),
        ({"kty": "OKP", "crv": "Ed25519",
          "x": url_text(EDWARDS.public_bytes_raw())},
         "P-256"),
    ],
)  # fmt: skip
def test_keys_that_are_no_keys_of_cards(tmp_path: Path, key: object, why: str) -> None:
    """Another id than the specification's, a private key, another curve."""
    if isinstance(key, dict) and "crv" in key and "y" not in key:
        key = {**key, "kid": thumbprint(key)}
    assert why in refused(card_offers(stored(tmp_path, "a.json", {"keys": [key]}), ISSUER))


def test_key_ids_that_the_office_names(tmp_path: Path) -> None:
    """Quebec calls its keys by other names, several of them one key: each is taken where the recipe
    says so, and no key of another issuer is."""
    named = [{**JWK, "kid": "2021-1"}, {**JWK, "kid": "2021-2"}]
    path = stored(tmp_path, "a.json", {"keys": named})
    found = taken(card_offers(path, ISSUER, ["2021-1", "2021-2"]))
    assert found.keys() == {"2021-1", "2021-2"}
    assert found["2021-1"] == found["2021-2"]
    first, second = card_offers(path, ISSUER, ["2021-1"])
    assert first.take()[0] == "2021-1"
    with pytest.raises(KeyRefused, match="thumbprint"):
        second.take()
    hidden = [{**JWK, "kid": "2021\u202e"}]
    assert "not show" in refused(
        card_offers(stored(tmp_path, "b.json", {"keys": hidden}), ISSUER, ["2021\u202e"])
    )
    directory = {"issuerInfo": [{"issuer": {"iss": ISSUER}, "keys": named[:1]}]}
    path = stored(tmp_path, "c.json", directory)
    assert "thumbprint" in refused(card_offers(path, ISSUER, ["2021-1"]))


def test_files_that_are_no_keys_of_cards(tmp_path: Path) -> None:
    """Whose keys they are must be said by somebody."""
    with pytest.raises(KeyRefused, match="say in the recipe"):
        list(card_offers(stored(tmp_path, "a.json", {"keys": [JWK]}), None))
    with pytest.raises(KeyRefused, match="neither"):
        list(card_offers(stored(tmp_path, "a.json", {}), ISSUER))


def test_revoked_cards(tmp_path: Path) -> None:
    """For good, or those issued before a second; alone, and in a snapshot."""
    expected = {JWK["kid"]: {"one": TIME_S_END, "two": 1_600_000_000}}

    def told(read: Callable[[Path], object], document: object) -> object:
        found = read(stored(tmp_path, "a.json", document))
        assert isinstance(found, dict) or hasattr(found, "items")
        return {kid: dict(cards.rids) for kid, cards in found.items()}

    assert told(card_revocations, CRL) == expected
    assert told(card_revocations, SNAPSHOT) == expected
    assert told(snapshot_revocations, SNAPSHOT) == expected
    assert told(snapshot_revocations, {"keys": [JWK]}) == {}
    assert told(snapshot_revocations, "no JSON") == {}
    twice = {**CRL, "rids": ["two.1600000000", "two.1500000000"]}
    assert told(card_revocations, twice) == {JWK["kid"]: {"two": 1_500_000_000}}
    both = {"issuerInfo": [{"crls": [{**CRL, "rids": ["two.5"]}, CRL]}]}
    assert told(card_revocations, both) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"method": "other"},
        {"rids": [7]},
        {"rids": [""]},
        {"rids": ["one.x"]},
        {"rids": ["one.99999999999"]},
        {"rids": ["one." + "9" * 5_000]},
        {"rids": ["one.\u0661"]},
        {"rids": [".5"]},
        {"kid": ""},
        {"kid": "k\x07"},
        {"rids": ["o\x1bne"]},
        {"rids": "one"},
        {"kid": None},
    ],
)
def test_a_revocation_is_never_lost_in_silence(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(KeyRefused):
        card_revocations(stored(tmp_path, "a.json", {**CRL, **change}))
    with pytest.raises(KeyRefused):
        card_revocations(stored(tmp_path, "a.json", {}))


# W3C credentials.

PEM = "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n"


def base58(data: bytes) -> str:
    letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, text = int.from_bytes(data), ""
    while number:
        number, place = divmod(number, 58)
        text = letters[place] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def test_keys_of_statements(tmp_path: Path) -> None:
    """A PEM under a name of the recipe's, and a DID document's with its own."""
    pem = PEM.format(text_of(info_of(curve_key(4))))
    found = taken(
        statement_offers(stored(tmp_path, "a.pem", pem), "did:example", "https://vc.example/")
    )
    assert found["did:example"].issuer == "https://vc.example/"
    document = {
        "id": "did:example",
        "verificationMethod": [
            {"id": "#one", "publicKeyPem": pem},
            {"id": "did:example#two", "publicKeyJwk": jwk_of(curve_key(5))},
            {"id": "#three", "publicKeyBase58": base58(EDWARDS.public_bytes_raw())},
            "did:elsewhere#key",
        ],
    }
    found = taken(statement_offers(stored(tmp_path, "did.json", document), None, None))
    assert [(name, each.issuer) for name, each in found.items()] == [
        (f"did:example#{number}", "did:example") for number in ("one", "two", "three")
    ]
    assert found["did:example#three"].key == EDWARDS


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({}, "without a key"),
        ({"publicKeyPem": "é"}, "no public key"),
        ({"publicKeyPem": PEM.format(text_of(info_of(curve_key(1, SECP384R1()))))}, "kind"),
        ({"publicKeyBase58": "0"}, "no base58"),
        ({"publicKeyBase58": "z" * 64}, "32 bytes"),
        ({"publicKeyBase58": "1" * 65}, "32 bytes"),
        ({"publicKeyBase58": ""}, "32 bytes"),
        ({"publicKeyBase58": "1"}, "32 bytes"),
        ({"publicKeyBase58": "1" + base58(EDWARDS.public_bytes_raw())}, "32 bytes"),
        ({"publicKeyBase58": base58(EDWARDS.public_bytes_raw()[:31])}, "32 bytes"),
        ({"publicKeyBase58": "1" * 32}, "small order"),
        (
            {"publicKeyJwk": {"kty": "OKP", "crv": "Ed25519", "x": url_text(bytes(32))}},
            "small order",
        ),
    ],
)
def test_statements_without_a_key(tmp_path: Path, members: dict[str, object], why: str) -> None:
    document = {"id": "did:example", "verificationMethod": [{"id": "#one", **members}]}
    assert why in refused(statement_offers(stored(tmp_path, "a", document), None, None))


def test_files_that_are_no_keys_of_statements(tmp_path: Path) -> None:
    with pytest.raises(KeyRefused, match="say them in the recipe"):
        list(statement_offers(stored(tmp_path, "a", PEM), None, "https://vc.example/"))
    with pytest.raises(KeyRefused, match="neither"):
        list(statement_offers(stored(tmp_path, "a", {}), None, None))


# Revoked health certificates.

WHOLE = hashlib.sha256(b"an identifier").digest()


@pytest.mark.parametrize(
    "content",
    [
        f"# a comment\n\n{WHOLE.hex()}  # of an identifier\n",
        WHOLE[:16].hex().upper(),
        base64.b64encode(WHOLE).decode(),
        base64.urlsafe_b64encode(WHOLE[:16]).decode(),
        [text_of(WHOLE)],
        {"country": "ID", "hashType": "UCI", "entries": [{"hash": text_of(WHOLE[:16])}]},
    ],
)
def test_revoked_hashes(tmp_path: Path, content: object) -> None:
    """Whole or halved, in hex, base64 or JSON."""
    assert revoked_hashes(stored(tmp_path, "a", content)) == {WHOLE[:16]}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("abc", "abc is no hash"),
        ("zz zz", "zz zz is no hash"),
        (["AAAA"], "AAAA is no hash"),
        ("[", "no JSON"),
        ({"hash": "é"}, "base64"),
        ("", "empty file"),
        ({}, "no hash in it"),
        ([], "no hash in it"),
        ({"entries": []}, "no hash in it"),
        ({WHOLE.hex(): True}, "no hash in it"),
        ([12, 13], "no text"),
        ({"entries": [{"hash": None}]}, "no text"),
        ({"entries": [{"hash": text_of(WHOLE)}, {"Hash": text_of(WHOLE)}]}, "without a hash"),
    ],
)
def test_no_revocation_is_lost(tmp_path: Path, content: object, why: str) -> None:
    """What is no hash, or is not where hashes are, is no file without revocations."""
    with pytest.raises(KeyRefused, match=why):
        revoked_hashes(stored(tmp_path, "a", content))


def test_nothing_is_revoked(tmp_path: Path) -> None:
    """A file of lines can say so, in a comment."""
    assert not revoked_hashes(stored(tmp_path, "a", "# none until now\n"))


def test_hashes_nested_too_deeply(tmp_path: Path) -> None:
    """Beyond the depth nothing is looked for, so that it is said."""
    deep: object = [text_of(WHOLE)]
    for _ in range(20):
        deep = [deep]
    with pytest.raises(KeyRefused, match="levels deep"):
        revoked_hashes(stored(tmp_path, "a", deep))
