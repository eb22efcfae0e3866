"""A card is believed for one reason, and each that is not is refused for its own."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from gate.credential import shc
from gate.credential.model import CredentialError, CredentialKind, Examined
from gate.credential.publictrust import SignerKey
from gate.credential.signature import Algorithm
from gate.credential.standing import AGE_DOUBT_S, AGE_REFUSE_S
from gate.credential.trust import TrustList
from gate.credential.verify import examine, verify
from gate.reasons import Reason
from gate.walltime import TIME_S_END, ClockQuality, WallTime
from tests.domain.shckit import (
    HEADER,
    ISSUER,
    KEY,
    KID,
    NOW,
    NOW_S,
    OTHER_KEY,
    SIGNER,
    TRUST,
    bundle,
    claims,
    credential,
    immunization,
    jws,
    outcome,
    parts,
    refusal,
    text,
    trust,
)

CARD = jws()


def examined(message: bytes, trusted: TrustList = TRUST, now: WallTime = NOW) -> Examined:
    """What a card proves."""
    found = outcome(message, trusted, now)
    assert isinstance(found, Examined), found
    return found


def at(unix_s: int, quality: ClockQuality = ClockQuality.TRUSTED) -> WallTime:
    return WallTime(unix_s * 1000, quality=quality)


def test_a_genuine_card() -> None:
    """Everything that a lane and a desk are told."""
    payload = json.dumps(claims()).encode()
    found = examine(text(jws(payload)), TRUST, NOW)
    proof = found.credential
    assert (proof.format, proof.kind, proof.issuer) == ("shc", CredentialKind.HEALTH, ISSUER)
    assert proof.replay_key == hashlib.sha256(payload).hexdigest()[:32]
    assert proof.holder == f"shc:{proof.replay_key}"
    assert (proof.valid_from_s, proof.valid_until_s) == (NOW_S - 1000, TIME_S_END)
    assert (proof.doses, proof.one_time, proof.group, proof.doubt) == (2, False, 1, None)
    assert found.content is not None
    assert found.content.health.doses == 2
    assert found.content.payload == claims()["vc"]
    assert verify(text(CARD), TRUST, NOW).issuer == ISSUER


def test_a_card_of_another_disease_says_nothing_of_doses() -> None:
    """It is genuine, and no rule of COVID-19 counts it."""
    flu = credential(immunization("2021-06-01", "150"))
    assert examined(jws(claims(vc=flu))).credential.doses is None
    assert examined(jws(claims(vc=credential()))).credential.doses is None


def test_a_card_from_several_codes() -> None:
    """A part is no card; the whole may be longer than one code can be."""
    long = jws(claims(filler="".join(hashlib.sha256(b"%d" % n).hexdigest() for n in range(90))))
    first, *_ = parts(long, 4)
    with pytest.raises(CredentialError) as error:
        examine(first, TRUST, NOW)
    assert error.value.reason is Reason.CODE_SPLIT
    with pytest.raises(CredentialError) as error:
        examine(parts(CARD, 2)[0], TRUST, NOW)
    assert error.value.reason is Reason.CODE_SPLIT
    assert len(text(long)) > 4_296
    assert examine(text(long), TRUST, NOW).credential.doses == 2
    assert examine(parts(CARD, 1)[0], TRUST, NOW) == examined(CARD)
    with pytest.raises(CredentialError) as error:
        examine(b"shc:/" + b"5" * shc.CARD_CHARS_MAX, TRUST, NOW)
    assert error.value.reason is Reason.CODE_TOO_LONG


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "none"}, Reason.CREDENTIAL_ALGORITHM),
        ({"alg": "HS256"}, Reason.CREDENTIAL_ALGORITHM),
        ({"alg": "es256"}, Reason.CREDENTIAL_ALGORITHM),
        ({"alg": "ES384"}, Reason.CREDENTIAL_ALGORITHM),
        ({"alg": ["ES256"]}, Reason.CREDENTIAL_ALGORITHM),
        ({"alg": None}, Reason.CREDENTIAL_ALGORITHM),
        ({"crit": ["exp"]}, Reason.CREDENTIAL_CRITICAL),
        ({"crit": []}, Reason.CREDENTIAL_CRITICAL),
        ({"crit": None}, Reason.CREDENTIAL_CRITICAL),
        ({"zip": "GZ"}, Reason.CODE_MALFORMED),
        ({"zip": "def"}, Reason.CODE_MALFORMED),
        ({"zip": None}, Reason.CODE_MALFORMED),
        ({"kid": None}, Reason.CREDENTIAL_ISSUER_UNKNOWN),
        ({"kid": 7}, Reason.CREDENTIAL_ISSUER_UNKNOWN),
        ({"kid": [KID]}, Reason.CREDENTIAL_ISSUER_UNKNOWN),
        ({"kid": "another"}, Reason.CREDENTIAL_ISSUER_UNKNOWN),
        ({"kid": KID + " "}, Reason.CREDENTIAL_ISSUER_UNKNOWN),
        ({"jku": "https://issuer.example/keys"}, None),
        ({"jwk": {"kty": "EC", "x5c": ["AA"]}, "x5u": "https://issuer.example/x"}, None),
        ({"typ": "JWT"}, None),
    ],
)
def test_headers(header: dict[str, object], reason: Reason | None) -> None:
    """ES256, deflated, nothing critical, a key id that we hold; what it says of keys is nothing."""
    assert refusal(jws(header={**HEADER, **header})) is reason


def test_a_header_without_any_of_them() -> None:
    """Nothing has a default."""
    for name, reason in (
        ("alg", Reason.CREDENTIAL_ALGORITHM),
        ("zip", Reason.CODE_MALFORMED),
        ("kid", Reason.CREDENTIAL_ISSUER_UNKNOWN),
    ):
        header = {each: value for each, value in HEADER.items() if each != name}
        assert refusal(jws(header=header)) is reason


def test_a_key_that_the_header_brings_is_no_key() -> None:
    """Signed by a stranger who says where his key is: his signature does not hold with ours."""
    header = {**HEADER, "jku": "https://stranger.example", "jwk": {"kty": "EC"}}
    assert refusal(jws(header=header, key=OTHER_KEY)) is Reason.CREDENTIAL_SIGNATURE


def test_the_issuer_is_the_keys_own_to_the_letter() -> None:
    """A trusted issuer cannot speak for another, and no spelling is made equal."""
    for issuer in (ISSUER + "/", ISSUER.upper(), "https://other.example", None, 5, [ISSUER]):
        assert refusal(jws(claims(iss=issuer))) is Reason.CREDENTIAL_ISSUER_MISMATCH


def test_issuers_that_share_a_key_id() -> None:
    """Each is found by its name, if its own key signed; the signature is looked at first."""
    second = structs.replace(SIGNER, issuer="https://second.example")
    shared = trust(SIGNER, second)
    assert examined(CARD, shared).credential.issuer == ISSUER
    theirs = jws(claims(iss="https://second.example"))
    assert examined(theirs, shared).credential.issuer == "https://second.example"
    collided = trust(SIGNER, structs.replace(second, key=OTHER_KEY.public_key()))
    assert refusal(theirs, collided) is Reason.CREDENTIAL_ISSUER_MISMATCH
    assert refusal(jws(claims(iss="x"), key=OTHER_KEY), trust(SIGNER)) is (
        Reason.CREDENTIAL_SIGNATURE
    )


def test_a_key_for_another_algorithm() -> None:
    """The trust list says what a key is for."""
    edwards = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    other = SignerKey(edwards, frozenset({Algorithm.EDDSA}), ISSUER)
    assert refusal(CARD, trust(other)) is Reason.CREDENTIAL_ALGORITHM
    assert refusal(CARD, trust(other, SIGNER)) is None
    assert refusal(CARD, trust()) is Reason.CREDENTIAL_ISSUER_UNKNOWN
    assert refusal(CARD, TrustList({})) is Reason.CREDENTIAL_ISSUER_UNKNOWN


def test_the_trust_list_grows_old() -> None:
    """First an officer looks, then nothing is believed; an unset clock can say neither."""
    assert examined(CARD, trust(SIGNER, created_s=NOW_S - AGE_DOUBT_S)).credential.doubt is (
        Reason.TRUST_LIST_OLD
    )
    outdated = trust(SIGNER, created_s=NOW_S - AGE_REFUSE_S)
    assert refusal(CARD, outdated) is Reason.TRUST_LIST_OUTDATED
    assert refusal(jws(key=OTHER_KEY), outdated) is Reason.TRUST_LIST_OUTDATED
    assert examined(CARD, outdated, at(NOW_S, ClockQuality.UNTRUSTED)).credential.doubt is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nbf": NOW_S}, None),
        ({"nbf": NOW_S + 60}, None),
        ({"nbf": NOW_S + 60.5}, Reason.CREDENTIAL_NOT_YET_VALID),
        ({"nbf": NOW_S + 61}, Reason.CREDENTIAL_NOT_YET_VALID),
        ({"nbf": NOW_S * 1000}, Reason.CREDENTIAL_NOT_YET_VALID),
        ({"nbf": 1e300}, Reason.CREDENTIAL_NOT_YET_VALID),
        ({"nbf": -1}, None),
        ({"nbf": 0.5}, None),
        ({"nbf": None}, Reason.CODE_MALFORMED),
        ({"nbf": str(NOW_S)}, Reason.CODE_MALFORMED),
        ({"nbf": True}, Reason.CODE_MALFORMED),
        ({"nbf": [1]}, Reason.CODE_MALFORMED),
        ({"exp": NOW_S + 1}, None),
        ({"exp": NOW_S + 0.5}, None),
        ({"exp": NOW_S}, Reason.CREDENTIAL_EXPIRED),
        ({"exp": NOW_S - 0.5}, Reason.CREDENTIAL_EXPIRED),
        ({"exp": -1e300}, Reason.CREDENTIAL_EXPIRED),
        ({"exp": NOW_S * 1000}, None),
        ({"exp": False}, Reason.CODE_MALFORMED),
        ({"exp": "never"}, Reason.CODE_MALFORMED),
    ],
)
def test_times(changes: dict[str, object], reason: Reason | None) -> None:
    """A start that is a number, an end that is one where there is one; the end is exclusive."""
    assert refusal(jws(claims(**changes))) is reason


def test_an_end_of_null_is_no_end_left_out() -> None:
    """What is there must be a number (RFC 7519 section 4.1.4), and so must a start."""
    for name in ("exp", "nbf"):
        payload = json.dumps({**claims(iat=NOW_S - 9), name: None}).encode()
        assert refusal(jws(payload)) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nbf": None, "iat": NOW_S - 1000}, None),
        ({"nbf": None, "iat": NOW_S + 60}, None),
        ({"nbf": None, "iat": NOW_S + 61}, Reason.CREDENTIAL_NOT_YET_VALID),
        ({"nbf": None, "iat": str(NOW_S)}, Reason.CODE_MALFORMED),
        ({"nbf": NOW_S + 61, "iat": NOW_S}, Reason.CREDENTIAL_NOT_YET_VALID),
        ({"iat": NOW_S + 61}, None),
        ({"iat": "never"}, None),
    ],
)
def test_a_start_by_its_older_name(changes: dict[str, object], reason: Reason | None) -> None:
    """Quebec's cards of 2021 have `iat` alone; where a card has `nbf`, that is its start."""
    assert refusal(jws(claims(**changes))) is reason


def test_the_older_name_counts_for_revocation() -> None:
    """A card of Quebec is as old as it says."""
    card = jws(claims(nbf=None, iat=NOW_S - 1000, vc=credential(rid="A")))
    assert examined(card).credential.valid_from_s == NOW_S - 1000
    assert refusal(card, trust(SIGNER, revoked={"A": NOW_S - 999})) is Reason.CREDENTIAL_REVOKED
    assert refusal(card, trust(SIGNER, revoked={"A": NOW_S - 1000})) is None
    assert shc.read(text(card)).not_before_s == NOW_S - 1000


def test_the_times_of_a_credential_stay_within_bounds() -> None:
    """Whole seconds, rounded so that they hold no longer than the card, and before 2106."""
    fractions = examined(jws(claims(nbf=NOW_S - 9.5, exp=NOW_S + 9.5))).credential
    assert (fractions.valid_from_s, fractions.valid_until_s) == (NOW_S - 9, NOW_S + 10)
    far = examined(jws(claims(nbf=-1e300, exp=1e300))).credential
    assert (far.valid_from_s, far.valid_until_s) == (0, TIME_S_END)


def test_the_window_of_a_key() -> None:
    """A card holds no longer than the key that signed it, whatever it says."""
    early = structs.replace(SIGNER, not_before_s=NOW_S + 61)
    assert refusal(CARD, trust(early)) is Reason.CREDENTIAL_NOT_YET_VALID
    late = structs.replace(SIGNER, not_after_s=NOW_S)
    assert refusal(CARD, trust(late)) is Reason.CREDENTIAL_ISSUER_EXPIRED
    both = structs.replace(SIGNER, not_before_s=NOW_S - 5, not_after_s=NOW_S + 5)
    for message in (CARD, jws(claims(exp=NOW_S + 100))):
        proof = examined(message, trust(both)).credential
        assert (proof.valid_from_s, proof.valid_until_s) == (NOW_S - 5, NOW_S + 5)


@pytest.mark.parametrize(
    "changes",
    [
        {"nbf": NOW_S + 9, "exp": NOW_S + 9},
        {"nbf": NOW_S + 60, "exp": NOW_S + 1},
        {"nbf": NOW_S + 0.2, "exp": NOW_S + 0.7},
        {"exp": -1e300},
        {"nbf": -(10**30), "exp": 0},
    ],
)
def test_a_card_that_holds_at_no_time(changes: dict[str, object]) -> None:
    """It proves nothing, even where no clock says what time it is."""
    message = jws(claims(**changes))
    assert refusal(message, now=at(5, ClockQuality.UNTRUSTED)) is Reason.CREDENTIAL_EXPIRED
    assert refusal(message) in (Reason.CREDENTIAL_EXPIRED, Reason.CREDENTIAL_NOT_YET_VALID)
    never = structs.replace(SIGNER, not_before_s=NOW_S, not_after_s=NOW_S)
    unset = at(NOW_S, ClockQuality.UNTRUSTED)
    assert refusal(CARD, trust(never), unset) is Reason.CREDENTIAL_EXPIRED


@pytest.mark.parametrize("start", [NOW_S * 1000, 1e300, 10**31])
def test_a_card_that_begins_after_all_times(start: float) -> None:
    """Such as in milliseconds: it is not valid yet, whatever time it is."""
    message = jws(claims(nbf=start))
    for quality in ClockQuality:
        assert refusal(message, now=at(NOW_S, quality)) is Reason.CREDENTIAL_NOT_YET_VALID


def test_dates_are_left_to_an_officer_on_an_untrusted_clock() -> None:
    """No answer would be honest; the rest is checked all the same."""
    unset = at(5, ClockQuality.UNTRUSTED)
    late = structs.replace(SIGNER, not_after_s=NOW_S)
    assert refusal(jws(claims(exp=NOW_S - 1)), trust(late), unset) is None
    assert refusal(jws(key=OTHER_KEY), TRUST, unset) is Reason.CREDENTIAL_SIGNATURE
    assert refusal(CARD, TRUST, at(NOW_S, ClockQuality.HELD_OVER)) is None


@pytest.mark.parametrize(
    "card",
    [
        None,
        "card",
        [],
        {},
        credential(type=[]),
        credential(type="https://smarthealth.cards#health-card"),
        credential(type=["https://smarthealth.cards#covid19"]),
        credential(type=["https://smarthealth.cards#health-card "]),
        credential(type={"https://smarthealth.cards#health-card": 1}),
        credential(credentialSubject=None),
        credential(credentialSubject={"fhirBundle": bundle()}),
        credential(credentialSubject={"fhirVersion": 4, "fhirBundle": bundle()}),
        credential(credentialSubject={"fhirVersion": "4.0.1"}),
        credential(credentialSubject={"fhirVersion": "4.0.1", "fhirBundle": []}),
        credential(rid=None),
        credential(rid=5),
        credential(rid=""),
        credential(rid="A" * 25),
        credential(rid="not+this"),
        credential(rid="AAAA\n"),
    ],
)
def test_claims_that_are_no_health_card(card: object) -> None:
    """Genuine, and something else."""
    assert refusal(jws(claims(vc=card))) is Reason.CREDENTIAL_CONTENT


@pytest.mark.parametrize(
    "name",
    [
        [{"family": "Contoh\u202eiduB"}],
        [{"family": "Contoh", "given": ["Budi", "A\u0000"]}],
        [{"text": "Budi\u001b[2J"}],
        [{"text": "Budi"}, {"text": "Bu\u2066di"}],
        [{"family": ["Contoh\n"]}],
        {"family": "Contoh\u0085"},
        "Budi\u202d",
    ],
)
def test_a_name_that_shows_another(name: object) -> None:
    """However an issuer nests it: what an officer reads must be what it signed."""
    patient = {"resourceType": "Patient", "name": name}
    assert refusal(jws(claims(vc=credential(patient)))) is Reason.CREDENTIAL_CONTENT
    assert refusal(jws(claims(vc=credential({**patient, "resourceType": "Group"})))) is None


@pytest.mark.parametrize(
    "name",
    [
        [{"family": "Contoh", "given": ["Budi", None], "use": "official"}],
        [{"family": ["Contoh"], "given": ["Budi"]}],
        [{"text": "\u200f\u05ea\u05e0"}],
        [{"text": "O\u2019Contoh-Đặng"}],
        [],
        [{}],
        None,
        7,
    ],
)
def test_names_as_people_have_them(name: object) -> None:
    """A card without one, too: a gate asks nobody's name."""
    patient = {"resourceType": "Patient", "name": name}
    assert refusal(jws(claims(vc=credential(patient)))) is None


@pytest.mark.parametrize(
    ("rid", "revoked", "reason"),
    [
        ("AQPCj4wwk6Mt", {"AQPCj4wwk6Mt": TIME_S_END}, Reason.CREDENTIAL_REVOKED),
        ("AQPCj4wwk6Mt", {"AQPCj4wwk6Mt": NOW_S - 999}, Reason.CREDENTIAL_REVOKED),
        ("AQPCj4wwk6Mt", {"AQPCj4wwk6Mt": NOW_S - 1000}, None),
        ("AQPCj4wwk6Mt", {"AQPCj4wwk6Mt": 0}, None),
        ("AQPCj4ww", {"AQPCj4wwk6Mt": TIME_S_END}, None),
        ("AQPCj4wwk6Mt", {"AQPCj4ww": TIME_S_END}, None),
        ("aqpcj4wwk6mt", {"AQPCj4wwk6Mt": TIME_S_END}, None),
        ("A" * 24, {"A" * 24: TIME_S_END}, Reason.CREDENTIAL_REVOKED),
        ("AQPCj4wwk6Mt", {}, None),
        ("AQPCj4wwk6Mt", None, None),
    ],
)
def test_revocation(rid: str, revoked: dict[str, int] | None, reason: Reason | None) -> None:
    """The very id, and with a time only cards that were issued before it."""
    card = jws(claims(vc=credential(rid=rid)))
    assert refusal(card, trust(SIGNER, revoked=revoked)) is reason


def test_a_card_without_a_revocation_id_is_on_no_list() -> None:
    """Not even on one with a mistake in it."""
    assert refusal(CARD, trust(SIGNER, revoked={"": TIME_S_END, "A": TIME_S_END})) is None


def test_a_card_that_is_not_yet_valid_and_revoked_for_ever() -> None:
    """Its start far in the future takes no card off a list without a time."""
    card = jws(claims(nbf=TIME_S_END - 1, vc=credential(rid="A")))
    unset = at(5, ClockQuality.UNTRUSTED)
    assert refusal(card, trust(SIGNER, revoked={"A": TIME_S_END}), unset) is (
        Reason.CREDENTIAL_REVOKED
    )


def test_what_a_code_says_of_itself() -> None:
    """For a technician, with nothing proven: a forged and outdated card reads like a true one."""
    claim = shc.read(text(jws(claims(exp=7), key=OTHER_KEY)))
    assert (claim.format, claim.key_id, claim.algorithm) == ("shc", KID, "ES256")
    assert (claim.issuer, claim.not_before_s, claim.expires_s) == (ISSUER, NOW_S - 1000, 7)
    assert claim.content is not None
    assert claim.content.health.doses == 2
    bare = shc.read(text(jws(claims(iss=None, vc=None), header={})))
    assert (bare.key_id, bare.algorithm, bare.issuer, bare.content) == ("", "", "", None)
    for broken in (b"shc:/", parts(CARD, 2)[0], text(CARD)[:-2], text(jws(claims(nbf="x")))):
        with pytest.raises(CredentialError):
            shc.read(broken[: len(broken) // 4 * 2 + 1])


def test_keys_of_the_kit_differ() -> None:
    """What a forger signs with is not the issuer's key."""
    assert KEY.public_key() != OTHER_KEY.public_key()
