"""A W3C certificate says what its ministry signed, and others are refused for their own reason."""

import contextlib
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

pytest.importorskip("pyld", reason="needs the optional extra `vc`, which brings PyLD")

# The package that is tested needs what was asked for above, so these come after it.
from gate.credential.covid import COVID_19
from gate.credential.health import Vaccination
from gate.credential.model import CredentialError, CredentialKind
from gate.credential.publictrust import PublicTrust, Usage
from gate.credential.signature import Algorithm, algorithms_of
from gate.credential.standing import AGE_DOUBT_S, AGE_REFUSE_S
from gate.credential.trust import TrustList
from gate.credential.vc import FORMAT, canonical, contexts, proof, read, verify_vc
from gate.credential.verify import FORMATS as BUILT_IN
from gate.reasons import Reason
from gate.walltime import SECONDS_PER_DAY, TIME_S_END, ClockQuality, WallTime
from tests.domain.vckit import (
    HEADER,
    ISSUER,
    KEY,
    METHOD,
    NAMESPACE,
    NOW,
    NOW_S,
    OTHER_KEY,
    PROOF,
    PUBLIC,
    SIGNER,
    accepted,
    certificate,
    code,
    put,
    refusal,
    rsa_key,
    sign,
    streamed,
    text,
    trusting,
    zipped,
)


def test_a_certificate_attests_its_dose() -> None:
    """As PeduliLindungi wrote them, in all that a credential carries."""
    found = accepted(code())
    credential = found.credential
    assert (credential.format, credential.issuer, credential.doses) == (FORMAT, ISSUER, 1)
    assert credential.kind is CredentialKind.HEALTH
    assert not credential.one_time
    assert credential.holder == f"{FORMAT}:{credential.replay_key}"
    assert len(credential.replay_key) == 32
    assert (credential.valid_from_s, credential.valid_until_s) == (NOW_S - 60, NOW_S + 1000)
    assert credential.doubt is None
    assert found.content is not None
    assert found.content.payload == certificate()
    (dose,) = found.content.health.vaccinations
    assert dose == Vaccination("2021-08-17", 1, of=2, disease=COVID_19)


def test_the_daily_path_does_not_need_this_format() -> None:
    """It is an extra: without PyLD everything else works as before."""
    assert not {b"B64:", b"PK\3\4"} & set(BUILT_IN)


def test_the_archive_may_be_the_code_itself() -> None:
    """DIVOC's own QR codes hold the ZIP's bytes, and Indonesia's the sums behind the data."""
    data = json.dumps(sign()).encode()
    credential = accepted(text(zipped(data))).credential
    for payload in (
        zipped(data),
        streamed(data),
        text(streamed(data)),
        text(zipped(data, method=0)),
    ):
        assert accepted(payload).credential == credential


@pytest.mark.parametrize("name", ["PS256", "RS256"])
def test_divoc_signs_by_rsa(name: str) -> None:
    """PS256, as its library writes, or RS256, as the suite says."""
    public_key = rsa_key().public_key()
    public = trusting(key=public_key, algorithms=algorithms_of(public_key))
    signed = sign(header=HEADER | {"alg": name}, key=rsa_key(), type="RsaSignature2018")
    assert accepted(code(signed), public).credential.doses == 1
    assert refusal(code(signed)) is Reason.CREDENTIAL_ALGORITHM


def test_of_several_keys_of_one_name_all_are_tried() -> None:
    """A ministry that renews its key keeps its name."""
    other = structs.replace(SIGNER, key=OTHER_KEY.public_key())
    public = structs.replace(PUBLIC, vc={METHOD: (other, SIGNER)})
    assert accepted(code(), public).credential.issuer == ISSUER
    alone = structs.replace(PUBLIC, vc={METHOD: (other,)})
    assert refusal(code(), alone) is Reason.CREDENTIAL_SIGNATURE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"usages": frozenset({Usage.TEST})}, Reason.CREDENTIAL_KIND_NOT_ISSUED),
        ({"issuer": "https://other.example/"}, Reason.CREDENTIAL_ISSUER_MISMATCH),
        ({"not_after_s": NOW_S}, Reason.CREDENTIAL_ISSUER_EXPIRED),
    ],
)
def test_of_several_entries_of_one_key_the_one_that_fits_counts(
    change: dict[str, Any], reason: Reason
) -> None:
    """One key of two offices, or entered anew: whichever stands first. If none fits, the first
    says why not."""
    unfit = structs.replace(SIGNER, **change)
    worse = structs.replace(unfit, usages=frozenset[Usage]())
    for signers in ((unfit, SIGNER), (SIGNER, unfit), (worse, unfit, SIGNER)):
        public = structs.replace(PUBLIC, vc={METHOD: signers})
        assert accepted(code(), public).credential.issuer == ISSUER
    none = structs.replace(PUBLIC, vc={METHOD: (unfit, worse)})
    assert refusal(code(), none) is reason


def test_without_a_clock_an_entry_fits_in_which_the_certificate_holds() -> None:
    """The entry of last year's window comes first, and says nothing of this year's certificate."""
    past = structs.replace(SIGNER, not_before_s=0, not_after_s=1)
    public = structs.replace(PUBLIC, vc={METHOD: (past, SIGNER)})
    untrusted = WallTime(0, quality=ClockQuality.UNTRUSTED)
    assert accepted(code(), public, untrusted).credential == accepted(code()).credential


@pytest.mark.parametrize("url", contexts.VOCABULARIES)
def test_every_country_has_its_own_name_for_the_context(url: str) -> None:
    """Its terms are the same; the birth date came with the second generation."""
    named = put(certificate(), "@context", [contexts.W3C, url])
    words = contexts.VOCABULARIES[url]
    for term in ("dob",):
        if term not in words.person:
            assert refusal(code(sign(named))) is Reason.CODE_MALFORMED
            del named["credentialSubject"][term]
    for term in ("icd11Code", "prophylaxis"):
        if term not in words.vaccination:
            del named["evidence"][0][term]
    assert accepted(code(sign(named))).credential.doses == 1


def test_no_statement_of_a_certificate_is_left_out_of_what_is_signed() -> None:
    """Every term that is let in makes a difference to the canonical form."""
    whole = canonical.canonical(certificate())

    def check(place: dict[str, Any]) -> None:
        for term, value in list(place.items()):
            if isinstance(value, dict):
                check(value)
            elif isinstance(value, list) and isinstance(value[0], dict):
                check(value[0])
            elif term not in {"@context", "type"}:
                place[term] = "https://changed.example/"
                assert canonical.canonical(document) != whole, term
                place[term] = value

    document = certificate()
    check(document)
    assert canonical.canonical(document) == whole


def test_the_statements_of_a_proof_are_what_json_ld_makes_of_it() -> None:
    """Written out by hand, byte for byte what PyLD makes with the terms of security/v2."""
    from pyld import jsonld  # noqa: PLC0415 - only to compare with

    sec = "https://w3id.org/security#"
    terms = {
        "type": "@type",
        "created": {
            "@id": "http://purl.org/dc/terms/created",
            "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
        },
        "verificationMethod": {"@id": f"{sec}verificationMethod", "@type": "@id"},
        "proofPurpose": {"@id": f"{sec}proofPurpose", "@type": "@vocab"},
        "assertionMethod": f"{sec}assertionMethod",
        "Ed25519Signature2018": f"{sec}Ed25519Signature2018",
    }
    options = {"algorithm": "URDNA2015", "format": "application/n-quads"}
    expected = jsonld.normalize({"@context": terms, **PROOF}, options).encode()
    parsed = proof.parse(PROOF | {"jws": "e30.."})
    digests = hashlib.sha256(expected).digest() + hashlib.sha256(b"x").digest()
    assert proof.signed_bytes(parsed, b"x") == b"e30." + digests


def test_nothing_is_ever_fetched() -> None:
    """Another context is refused by the form, and by the loader all the same."""
    strange = put(certificate(), "@context", ["https://elsewhere.example/v1"])
    with pytest.raises(CredentialError) as refused:
        canonical.canonical(strange)
    assert refused.value.reason is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    "value",
    [
        None,
        contexts.W3C,
        [],
        [contexts.W3C],
        [NAMESPACE, contexts.W3C],
        [contexts.W3C, NAMESPACE, NAMESPACE],
        [contexts.W3C, {"name": "https://schema.org/name"}],
        [contexts.W3C, "https://elsewhere.example/v1"],
        [contexts.W3C, "file:///etc/passwd"],
    ],
)
def test_only_the_pinned_contexts(value: object) -> None:
    """In their order, by their addresses."""
    assert refusal(code(put(sign(), "@context", value))) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("unknownTerm", "x"),
        ("credentialSubject.vip", "x"),
        ("credentialSubject.@id", "did:example:1"),
        ("credentialSubject.schema:name", "x"),
        ("credentialSubject.@context", {"name": None}),
        ("credentialSubject.address.id", "did:example:1"),
        ("credentialSubject.address.note", "x"),
        ("evidence.0.vip", "x"),
        ("evidence.0.verifier.note", "x"),
        ("evidence.0.facility.address.@type", "x"),
        ("@graph", []),
    ],
)
def test_a_term_that_no_context_defines_there(path: str, value: object) -> None:
    """The signature would still hold: canonicalising drops what it doesn't know."""
    assert refusal(code(put(sign(), path, value))) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("credentialSubject.name", None),
        ("credentialSubject.name", ["BUDI", "CONTOH"]),
        ("credentialSubject.name", {"@value": "BUDI CONTOH"}),
        ("credentialSubject.age", 35.5),
        ("credentialSubject.age", 2**53),
        ("credentialSubject.age", -(2**53)),
        ("credentialSubject.address", "Jalan Contoh 1"),
        ("credentialSubject.id", "0000"),
        ("credentialSubject.id", "did:Aadhaar Card:0000"),
        ("credentialSubject.id", "did:example:\u00a0"),
        ("credentialSubject.id", "did:example:> <did:example:other"),
        ("credentialSubject.id", "_:b0"),
        ("credentialSubject.id", 5),
        ("credentialSubject.id", "did:" + "x" * 2045),
        ("credentialSubject.type", ...),
        ("evidence.0.type", ...),
        ("credentialSubject.type", "Vaccination"),
        ("credentialSubject.type", ["Person", "Person"]),
        ("credentialSubject", ...),
        ("credentialSubject", []),
        ("type", "VerifiableCredential"),
        ("type", ["VerifiableCredential", "VerifiableCredential"]),
        ("type", ["VerifiableCredential", {}]),
        ("issuer", "ministry"),
        ("issuer", {"id": ISSUER}),
        ("issuanceDate", ...),
        ("issuanceDate", 5),
        ("evidence", ...),
        ("evidence", []),
        ("evidence", [certificate()["evidence"][0]] * 2),
        ("evidence", "x"),
        ("evidence.0.type", ["Vaccination", "Person"]),
        # Two nodes of one identifier are one to the signature.
        ("evidence.0.id", "did:example:0000"),
        ("proof", ...),
        ("proof", []),
        ("proof", [sign()["proof"]]),
        ("proof.created", "yesterday"),
        ("proof.created", '2027-01-15T07:59:00Z" . <did:example:x> <did:example:y> "'),
        ("proof.verificationMethod", "key"),
        ("proof.proofPurpose", "keyAgreement"),
        ("proof.domain", "x"),
        ("proof.jws", ...),
        ("proof.jws", 5),
    ],
)
def test_what_has_not_the_form_of_a_certificate(path: str, value: object) -> None:
    """Refused before anything is computed from it."""
    assert refusal(code(put(sign(), path, value))) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    "jws",
    [
        "",
        ".",
        "e30",
        "e30.",
        "e30.e30.AA",
        "e30..AA.AA",
        "e30..A",
        "e30..AB",
        "e30..AA==",
        "e30=..AA",
        "..AA",
        "W10..AA",
        "eyJhIjoxLCJhIjoxfQ..AA",
        "é..AA",
    ],
)
def test_a_signature_is_detached_and_base64url(jws: str) -> None:
    """Header, nothing, signature; each in its only text."""
    assert refusal(code(sign(jws=jws))) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (HEADER | {"crit": ["b64", "exp"], "exp": 1}, Reason.CREDENTIAL_CRITICAL),
        (HEADER | {"crit": []}, Reason.CREDENTIAL_CRITICAL),
        (HEADER | {"crit": "b64"}, Reason.CREDENTIAL_CRITICAL),
        (HEADER | {"alg": "none"}, Reason.CREDENTIAL_ALGORITHM),
        (HEADER | {"alg": "HS256"}, Reason.CREDENTIAL_ALGORITHM),
        (HEADER | {"alg": "PS256"}, Reason.CREDENTIAL_ALGORITHM),
        (HEADER | {"alg": ["EdDSA"]}, Reason.CREDENTIAL_ALGORITHM),
        ({"b64": False, "crit": ["b64"]}, Reason.CREDENTIAL_ALGORITHM),
        (HEADER | {"b64": True}, Reason.CODE_MALFORMED),
        (HEADER | {"b64": 0}, Reason.CODE_MALFORMED),
        ({"alg": "EdDSA", "crit": ["b64"]}, Reason.CODE_MALFORMED),
        ({"alg": "EdDSA", "b64": False}, Reason.CODE_MALFORMED),
        (HEADER | {"jwk": {}}, Reason.CODE_MALFORMED),
    ],
)
def test_a_header_is_that_of_the_suite(header: dict[str, Any], reason: Reason) -> None:
    """Even signed by the right key."""
    assert refusal(code(sign(header=header))) is reason


def test_another_suite_is_another_algorithm() -> None:
    """BBS+, of which people speak, is none of 2018."""
    assert refusal(code(sign(type="BbsBlsSignature2020"))) is Reason.CREDENTIAL_ALGORITHM


def test_a_key_that_nobody_named() -> None:
    """The method is looked up and never followed."""
    elsewhere = sign(verificationMethod="https://elsewhere.example/key")
    assert refusal(code(elsewhere)) is Reason.CREDENTIAL_ISSUER_UNKNOWN
    assert refusal(code(), PublicTrust(version=1, created_s=NOW_S)) is (
        Reason.CREDENTIAL_ISSUER_UNKNOWN
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("credentialSubject.name", "BUDJ CONTOH"),
        ("credentialSubject.uhid", "x"),
        ("credentialSubject.id", ...),
        ("evidence.0.dose", 3),
        ("evidence.0.date", "2025-08-17"),
        ("evidence.0.id", "did:example:other"),
        ("issuer", "https://other.example/"),
        ("issuanceDate", "2026-01-15T07:59:00.500Z"),
        ("expirationDate", "2099-01-15T07:59:00.500Z"),
        ("id", "did:example:other"),
        ("nonTransferable", ...),
        ("proof.created", "2027-01-15T07:59:01Z"),
        ("proof.proofPurpose", "authentication"),
        ("proof.jws", sign(key=OTHER_KEY)["proof"]["jws"]),
    ],
)
def test_whatever_is_changed_is_not_signed(path: str, value: object) -> None:
    """Statements and proof alike; the signature is looked at before the issuer."""
    assert refusal(code(put(sign(), path, value))) is Reason.CREDENTIAL_SIGNATURE


def test_a_key_speaks_for_its_own_issuer() -> None:
    """Genuine, and not the key's to give."""
    other = put(certificate(), "issuer", "https://other.example/")
    assert refusal(code(sign(other))) is Reason.CREDENTIAL_ISSUER_MISMATCH


def test_a_key_attests_what_it_may() -> None:
    """Neither a proof of who one is, nor a key for tests."""
    login = sign(proofPurpose="authentication")
    assert refusal(code(login)) is Reason.CREDENTIAL_KIND_NOT_ISSUED
    tests_only = trusting(usages=frozenset({Usage.TEST}))
    assert refusal(code(), tests_only) is Reason.CREDENTIAL_KIND_NOT_ISSUED


@pytest.mark.parametrize("window", [(NOW_S + 1, TIME_S_END), (0, NOW_S)])
def test_a_key_holds_within_its_window(window: tuple[int, int]) -> None:
    """From its first second to before its last; on an untrusted clock nothing is said of it."""
    public = trusting(not_before_s=window[0], not_after_s=window[1])
    ended = window[1] <= NOW_S
    reason = Reason.CREDENTIAL_ISSUER_EXPIRED if ended else Reason.CREDENTIAL_NOT_YET_VALID
    assert refusal(code(), public) is reason
    untrusted = WallTime(NOW_S * 1000, quality=ClockQuality.UNTRUSTED)
    assert accepted(code(), public, untrusted).credential.doses == 1


def test_a_certificate_holds_from_its_issue_to_its_end() -> None:
    """A minute early is the issuer's clock; the second of the end is too late."""
    always = trusting(not_before_s=0, not_after_s=TIME_S_END)
    open_ended = accepted(code(), always).credential
    assert (open_ended.valid_from_s, open_ended.valid_until_s) == (NOW_S - 60, TIME_S_END)
    dated = put(certificate(), "expirationDate", "2027-01-15T15:00:00+07:00")
    payload = code(sign(dated))
    assert refusal(payload, always) is Reason.CREDENTIAL_EXPIRED
    early = WallTime((NOW_S - 120) * 1000)
    assert accepted(payload, always, early).credential.valid_until_s == NOW_S
    earlier = WallTime((NOW_S - 121) * 1000)
    assert refusal(payload, always, earlier) is Reason.CREDENTIAL_NOT_YET_VALID
    untrusted = WallTime(0, quality=ClockQuality.UNTRUSTED)
    assert accepted(payload, always, untrusted).credential.valid_from_s == NOW_S - 60


@pytest.mark.parametrize("quality", ClockQuality)
@pytest.mark.parametrize(
    ("issued", "expires"),
    [
        ("2027-01-15T07:59:00Z", "2027-01-15T07:59:00Z"),
        ("2027-01-15T07:59:00Z", "0001-01-01T00:00:00+23:59"),
        ("2027-01-15T07:59:00Z", "1969-12-31T23:59:59Z"),
        ("2027-01-15T07:59:00Z", "2027-01-15T07:43:20Z"),
        ("2027-01-15T08:16:40Z", "2027-01-16T00:00:00Z"),
    ],
)
def test_a_window_without_a_moment_is_expired_on_any_clock(
    quality: ClockQuality, issued: str, expires: str
) -> None:
    """Its own, or what the key's leaves of it: such a credential would hold at no time."""
    dated = certificate() | {"issuanceDate": issued, "expirationDate": expires}
    now = WallTime(NOW_S * 1000, quality=quality)
    assert refusal(code(sign(dated)), now=now) is Reason.CREDENTIAL_EXPIRED


def test_times_stay_within_what_a_credential_can_carry() -> None:
    """However early or late an issuer's clerk writes them."""
    ages = {
        "issuanceDate": "0001-01-01T00:00:00+23:59",
        "expirationDate": "9999-12-31T23:59:59-23:59",
    }
    always = trusting(not_before_s=-1, not_after_s=TIME_S_END + 1)
    credential = accepted(code(sign(certificate() | ages)), always).credential
    assert (credential.valid_from_s, credential.valid_until_s) == (0, TIME_S_END)


@pytest.mark.parametrize("days", [-2, 2])
def test_a_refusal_does_not_tell_the_times_of_a_certificate(days: int) -> None:
    """They are its holder's, and what a technician reads is kept."""
    whenever = trusting(not_before_s=0, not_after_s=TIME_S_END)
    always = structs.replace(whenever, created_s=NOW_S - 3 * SECONDS_PER_DAY)
    dated = put(certificate(), "expirationDate", "2027-01-16T07:59:00Z")
    now = WallTime((NOW_S + days * SECONDS_PER_DAY) * 1000)
    with pytest.raises(CredentialError, match=r"\Acredential_(expired|not_yet_valid)[^0-9]*\Z"):
        accepted(code(sign(dated)), always, now)


def test_an_old_list_raises_a_doubt_and_then_refuses() -> None:
    """Before a key is looked at, behind the form."""
    old = structs.replace(PUBLIC, created_s=NOW_S - AGE_DOUBT_S)
    assert accepted(code(), old).credential.doubt is Reason.TRUST_LIST_OLD
    outdated = structs.replace(PUBLIC, created_s=NOW_S - AGE_REFUSE_S, vc={})
    assert refusal(code(), outdated) is Reason.TRUST_LIST_OUTDATED
    assert refusal(code(b"{}"), outdated) is Reason.CODE_MALFORMED


def test_a_set_of_one_may_stand_outside_a_list() -> None:
    """The same statements, so the same certificate."""
    signed = sign()
    signed["evidence"] = signed["evidence"][0]
    signed["evidence"]["type"] = "Vaccination"
    assert accepted(code(signed)).credential == accepted(code()).credential


def test_reading_tells_a_claim_without_proof() -> None:
    """A technician sees what a code says of itself, whoever signed it."""
    claim = read(code(sign(jws="e30..")))
    assert (claim.format, claim.key_id, claim.issuer) == (FORMAT, METHOD, ISSUER)
    assert (claim.issued_s, claim.expires_s) == (NOW_S - 59.5, None)
    assert claim.algorithm == ""
    assert read(code()).algorithm == "EdDSA"
    dated = put(certificate(), "expirationDate", "2027-01-15T08:00:00Z")
    assert read(code(sign(dated))).expires_s == NOW_S
    assert claim.content is not None
    assert claim.content.health.doses == 1
    assert claim.content.payload == certificate()


def test_another_prefix_is_another_format() -> None:
    """Asked alone, the module says so itself; and the base64 has one text."""
    with pytest.raises(CredentialError) as refused:
        verify_vc(b"b64:", TrustList({}, public=PUBLIC), NOW)
    assert refused.value.reason is Reason.CODE_UNKNOWN_FORMAT
    payload = code()
    for spoilt in (payload + b"=", payload + b"\n", payload[:-1], payload.replace(b"A", b"-", 1)):
        assert refusal(spoilt) is Reason.CODE_MALFORMED
    assert refusal(b"B64:QUJ=") is Reason.CODE_MALFORMED
    assert refusal(b"B64:") is Reason.CODE_MALFORMED


def test_nodes_that_are_all_alike_take_no_longer() -> None:
    """The canonical form's bad case is many equal nodes; the form allows but two."""
    alike = certificate()
    alike["credentialSubject"] = {"type": "Person", "address": {}}
    alike["evidence"] = {"type": "Vaccination", "verifier": {}, "facility": {"address": {}}}
    assert refusal(code(sign(alike))) is Reason.CREDENTIAL_CONTENT
    assert canonical.canonical(alike).count(b"\n") < 15


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(
    st.sampled_from(["", "credentialSubject.", "evidence.0.", "proof."]),
    st.sampled_from(["name", "id", "type", "address", "dose", "date", "jws", "created"])
    | st.text(max_size=8),
    _JSON,
)
def test_any_json_anywhere_is_taken_or_refused(where: str, term: str, value: object) -> None:
    """And never does anything else."""
    document = sign()
    place: Any = document
    for step in where.split(".")[:-1]:
        place = place[0] if step == "0" else place[step]
    place[term] = value
    with contextlib.suppress(CredentialError):
        accepted(code(document))


@settings(deadline=None)
@given(st.text(max_size=12))
def test_any_identifier_is_signed_or_refused(tail: str) -> None:
    """What the form lets in as an identifier, PyLD keeps as one."""
    document = put(certificate(), "credentialSubject.id", f"did:{tail}")
    try:
        payload = code(sign(document))
        found = accepted(payload)
    except CredentialError:
        return
    assert found.content is not None
    assert f"<did:{tail}>".encode() in canonical.canonical(found.content.payload)


def test_the_key_of_the_list_takes_only_its_own_algorithm() -> None:
    """An Ed25519 key is for EdDSA."""
    assert algorithms_of(KEY.public_key()) == frozenset({Algorithm.EDDSA})
