"""A VDS-NC says what its state's signer said, and every other one is refused for its own reason."""

import contextlib
import hashlib
import json
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from gate.credential.covid import COVID_19
from gate.credential.health import Test as HealthTest
from gate.credential.health import Vaccination
from gate.credential.model import CredentialError, CredentialKind
from gate.credential.publictrust import Usage
from gate.credential.signature import Algorithm
from gate.credential.standing import AGE_DOUBT_S, AGE_REFUSE_S
from gate.credential.trust import TrustList
from gate.credential.vdsnc import FORMAT, PREFIX, read, verify_vdsnc
from gate.credential.vdsnc.countries import is_other_country
from gate.reasons import Reason
from gate.walltime import TIME_S_END, ClockQuality, WallTime
from tests.domain.vdsnckit import (
    CERTIFICATE,
    FINGERPRINT,
    NOW,
    NOW_S,
    OTHER_KEY,
    PUBLIC,
    accepted,
    data,
    raw_signature,
    refusal,
    seal,
    text_of,
    trusting,
)


def put(content: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The content with one value in it replaced; `...` takes it away."""
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = content
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return content


def test_a_proof_of_vaccination_attests_its_doses() -> None:
    """Doses of two products count together, and the credential holds as long as its signer."""
    found = accepted(seal())
    credential = found.credential
    assert (credential.format, credential.issuer, credential.doses) == (FORMAT, "UT", 3)
    assert credential.kind is CredentialKind.HEALTH
    assert not credential.one_time
    assert credential.replay_key == hashlib.sha256(rfc8785.dumps(data())).hexdigest()[:32]
    assert credential.holder == f"{FORMAT}:{credential.replay_key}"
    assert (credential.valid_from_s, credential.valid_until_s) == (NOW_S - 1000, NOW_S + 1000)
    assert credential.doubt is None
    assert found.content is not None
    assert found.content.payload == data()
    doses = found.content.health.vaccinations
    assert [(each.dose, each.date) for each in doses] == [
        (1, "2021-04-02"),
        (2, "2021-06-01"),
        (3, "2021-12-24"),
    ]
    assert (doses[0].product, doses[0].disease) == ("Example vaccine", COVID_19)
    assert (doses[2].product, doses[2].disease) == ("Another vaccine", COVID_19)


def _attested(*events: dict[str, Any]) -> tuple[int | None, tuple[Vaccination, ...]]:
    """Doses against COVID-19, and all doses, of a seal with these events."""
    found = accepted(seal(put(data(), "msg.ve", list(events))))
    assert found.content is not None
    return found.credential.doses, found.content.health.vaccinations


def _event(seq: object = 1, **codes: str) -> dict[str, Any]:
    return codes | {"nam": "Example vaccine", "vd": [{"dvc": "2021-04-02", "seq": seq}]}


@pytest.mark.parametrize("code", ["RA01", "RA01.0", "RA01.1", COVID_19])
def test_every_code_of_the_disease_is_one(code: str) -> None:
    """ICD-11 tells apart whether the virus was found; a rule does not ask."""
    doses, (dose,) = _attested(_event(dis=code))
    assert (doses, dose.disease) == (1, COVID_19)


def test_a_dose_against_another_disease_does_not_count() -> None:
    """It is attested all the same, for a rule that asks for it."""
    yellow_fever = _event(2, des="XM0N24", dis="1D47")
    doses, (dose,) = _attested(yellow_fever)
    assert (doses, dose.dose, dose.disease) == (None, 2, "1D47")
    doses, both = _attested(_event(dis="RA01.0"), yellow_fever)
    assert (doses, len(both)) == (1, 2)


@pytest.mark.parametrize("vaccine", ["XM68M6", "XM8NQ0"])
def test_a_vaccine_tells_the_disease_where_nobody_names_it(vaccine: str) -> None:
    """The disease is optional in a seal, and the vaccine's code of ICD-11 is not."""
    assert _attested(_event(des=vaccine))[0] == 1
    assert _attested(_event(des=vaccine, dis=""))[0] == 1
    doses, (dose,) = _attested(_event(des=vaccine, dis="1D47"))
    assert (doses, dose.disease) == (None, "1D47")


def test_a_vaccine_that_we_do_not_know_tells_no_disease() -> None:
    """Nor does a seal that names neither."""
    for event in (_event(des="XM0N24"), _event()):
        doses, (dose,) = _attested(event)
        assert (doses, dose.disease) == (None, "")


@pytest.mark.parametrize("seq", [2, "2", "02"])
def test_the_number_of_a_dose_may_be_a_text_of_digits(seq: object) -> None:
    """Descriptions of the field differ, and issuers with them."""
    doses, (dose,) = _attested(_event(seq, dis="RA01"))
    assert (doses, dose.dose) == (2, 2)


@pytest.mark.parametrize(
    ("result", "positive"),
    [("negative", False), ("Positive", True), ("abnormal", None), ("normal", None)],
)
def test_a_proof_of_a_test_attests_its_result(result: str, positive: bool | None) -> None:
    """It says nothing of doses, which is not to say none."""
    found = accepted(seal(put(data("icao.test"), "msg.tr.r", result)))
    assert found.credential.doses is None
    assert found.content is not None
    assert found.content.health.tests == (
        HealthTest("2021-08-17T08:00:00+07:00", positive, "molecular(PCR)"),
    )


def test_the_same_data_in_another_text_is_the_same_seal() -> None:
    """White space, order, escapes and padding are not signed; who used the one used the other."""
    plain = json.loads(seal())
    twin = {"sig": plain["sig"], "data": dict(reversed(plain["data"].items()))}
    twin["sig"]["sigvl"] += "=="
    text = json.dumps(twin, indent=4).replace("CONTOH", "\\u0043ONTOH").encode()
    assert accepted(text).credential == accepted(seal()).credential


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"{}", id="empty"),
        pytest.param(b'{"isThisAVDS": false}', id="another JSON"),
        pytest.param(b"{" + seal(), id="cut open"),
        pytest.param(seal() + b" x", id="with a tail"),
        pytest.param(seal().replace(b'{"data"', b'{"data": {}, "data"'), id="two data"),
        pytest.param(seal().replace(b'"seq": 1', b'"seq": 1, "seq": 1'), id="a key twice"),
        pytest.param(seal().replace(b'"seq": 1', b'"seq": NaN'), id="NaN"),
        pytest.param(seal().replace(b'"seq": 1', b'"seq": -Infinity'), id="infinity"),
        # RFC 8785 writes it as 1, and a verifier may take it; no issuer writes such a number.
        pytest.param(seal().replace(b'"seq": 1', b'"seq": 1e0'), id="an exponent"),
        pytest.param(seal().replace(b'"seq": 1', b'"seq": 9007199254740993'), id="2^53+1"),
        pytest.param(seal().replace(b'"seq": 1', b'"seq": -9007199254740992'), id="-2^53"),
        pytest.param(seal().replace(b"BUDI", b"\\ud800"), id="half a surrogate pair"),
        pytest.param(seal().replace(b"BUDI", b"\xff"), id="no UTF-8"),
        pytest.param(
            seal().replace(b'"BUDI', b'"').replace(b'"lot": "A1"', b'"lot": [[[[]]]]'), id="deep"
        ),
        pytest.param(json.dumps({"data": [], "sig": {}}).encode(), id="no objects"),
        pytest.param(seal({"hdr": {"t": "icao.vacc", "v": 1}, "msg": {}}), id="no issuer"),
        pytest.param(seal({"hdr": {"t": 1, "v": 1, "is": "UTO"}, "msg": {}}), id="kind no text"),
        pytest.param(seal(alg=None), id="no algorithm"),
        pytest.param(seal(alg=-7), id="an algorithm of COSE"),
        pytest.param(seal(cer=None), id="no certificate"),
        pytest.param(seal(sigvl=None), id="no signature"),
        pytest.param(seal(sigvl=5), id="a number for a signature"),
        pytest.param(seal(jku="x"), id="another member of sig, which nobody signed"),
        pytest.param(seal()[:-1] + b', "vip": true}', id="another member, which nobody signed"),
    ],
)
def test_what_is_no_seal_is_malformed(payload: bytes) -> None:
    """The form is looked at before any key."""
    assert refusal(payload) is Reason.CODE_MALFORMED


@pytest.mark.parametrize("member", ["cer", "sigvl"])
@pytest.mark.parametrize("damage", ["=", "===", "====", "\n", "+/", "é", "*"])
def test_base64url_has_one_text(member: str, damage: str) -> None:
    """Only the padding of RFC 4648, all of it, as Australia writes it; nothing is skipped."""
    text = json.loads(seal())["sig"][member]
    assert refusal(seal(**{member: text + damage})) is Reason.CODE_MALFORMED


def test_stray_bits_of_base64url_are_refused() -> None:
    """The last character of 64 bytes has four bits to spare, which must be zero."""
    text = json.loads(seal())["sig"]["sigvl"]
    twin = text[:-1] + chr(ord(text[-1]) + 1)
    assert refusal(seal(sigvl=twin)) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x30\x00",
        b"\x30\x00\x00",
        b"\x31\x82\x01\x2c" + bytes(300),
        b"\x30\x82\x01\x2d" + bytes(300),
        b"\x30\x82\x01\x2c" + bytes(301),
        b"\x30\x80" + bytes(300),
        b"\x30\x80" + bytes(128),
        b"\x30\x81\x05" + bytes(5),
        b"\x30\x82\x00\x85" + bytes(133),
        b"\x30\x83\x00\x01\x2c" + bytes(300),
        b"\x30\xff" + bytes(300),
    ],
)
def test_a_certificate_is_one_der_sequence(der: bytes) -> None:
    """Looking into it is for whoever compiles trust lists; garbage needn't be looked up."""
    assert refusal(seal(cer=text_of(der))) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    "der", [b"\x30\x01\x05", b"\x30\x81\x80" + bytes(128), CERTIFICATE[:-1] + b"\x01"]
)
def test_a_certificate_that_the_list_does_not_name_is_a_strangers(der: bytes) -> None:
    """Short or long, self-signed or of a state that nobody trusts."""
    assert refusal(seal(cer=text_of(der))) is Reason.CREDENTIAL_ISSUER_UNKNOWN


@pytest.mark.parametrize(
    "reason",
    [Reason.CREDENTIAL_ISSUER_UNKNOWN, Reason.CREDENTIAL_KIND_NOT_ISSUED, Reason.CODE_MALFORMED],
)
def test_a_signer_that_compiling_refused_is_refused_for_that(reason: Reason) -> None:
    """A TLS certificate of the right state is no barcode signer's."""
    public = structs.replace(PUBLIC, vds={}, vds_refused={FINGERPRINT: reason})
    assert refusal(seal(), public) is reason


@pytest.mark.parametrize("name", ["none", "HS256", "ES384", "ES512", "es256", "RS256", ""])
def test_no_other_algorithm(name: str) -> None:
    """Whatever the signature is."""
    assert refusal(seal(alg=name)) is Reason.CREDENTIAL_ALGORITHM


def test_an_algorithm_that_is_not_the_certificates() -> None:
    """The list says what the key is for: nothing is tried with one of another family."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    public = trusting(key=key, algorithms=frozenset({Algorithm.EDDSA}))
    assert refusal(seal(), public) is Reason.CREDENTIAL_ALGORITHM


def _der(signed: bytes) -> bytes:
    signature = raw_signature(signed)
    return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(raw_signature(rfc8785.dumps(data()), OTHER_KEY), id="another key's"),
        pytest.param(_der(rfc8785.dumps(data())), id="DER"),
        pytest.param(raw_signature(json.dumps(data(), indent=2).encode()), id="not canonical"),
        pytest.param(raw_signature(rfc8785.dumps(data()["msg"])), id="of the message only"),
        pytest.param(bytes(64), id="zeros"),
        pytest.param(b"", id="none"),
    ],
)
def test_a_signature_is_of_the_canonical_data_by_the_certificates_key(signature: bytes) -> None:
    """Raw, over RFC 8785, and nothing else."""
    assert refusal(seal(sigvl=text_of(signature))) is Reason.CREDENTIAL_SIGNATURE


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("msg.pid.n", "CONTOH  BUDJ"),
        ("msg.pid.vip", True),
        ("msg.ve.0.vd.0.seq", 9),
        ("hdr.is", "AUS"),
        ("hdr.t", "icao.test"),
        ("opt", None),
    ],
)
def test_whatever_is_changed_is_not_signed(path: str, value: object) -> None:
    """Issuer and kind too: the signature is looked at first."""
    signature = raw_signature(rfc8785.dumps(data()))
    spoilt = put(data(), path, value)
    assert refusal(seal(spoilt, sigvl=text_of(signature))) is Reason.CREDENTIAL_SIGNATURE


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hdr.t", "icao.visa"),
        ("hdr.v", 2),
        ("hdr.v", True),
        ("hdr.v", "1"),
        ("msg.ve", ...),
        ("msg.ve", []),
        ("msg.ve", ["x"]),
        ("msg.ve.0.vd", {}),
        ("msg.ve.0.nam", 5),
        ("msg.ve.0.dis", None),
        ("msg.ve.0.vd.0.seq", ...),
        ("msg.ve.0.des", 5),
        ("msg.pid", "CONTOH  BUDI"),
        ("msg.pid.n", None),
        ("msg.pid.n", ["CONTOH", "BUDI"]),
        ("msg.ve.0.vd.0.seq", ""),
        ("msg.ve.0.vd.0.seq", "0"),
        ("msg.ve.0.vd.0.seq", "001"),
        ("msg.ve.0.vd.0.seq", "+1"),
        ("msg.ve.0.vd.0.seq", "1 "),
        ("msg.ve.0.vd.0.seq", "\u0661"),
        ("msg.ve.0.vd.0.seq", True),
        ("msg.ve.0.vd.0.seq", 0),
        ("msg.ve.0.vd.0.seq", 100),
        ("msg.ve.0.vd.0.dvc", ...),
        ("msg.ve.0.vd.0.dvc", "2021-02-30"),
        ("msg.ve.0.vd.0.dvc", "20210402"),
        ("msg.ve.0.vd.0.dvc", "٢٠٢١-٠٤-٠٢"),
    ],
)
def test_genuine_but_not_what_a_proof_of_vaccination_states(path: str, value: object) -> None:
    """A signer that is trusted makes mistakes too."""
    assert refusal(seal(put(data(), path, value))) is Reason.CREDENTIAL_CONTENT


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("msg.dat", ...),
        ("msg.dat", []),
        ("msg.dat.sc", "yesterday"),
        ("msg.dat.sc", "2021-13-01T08:00:00Z"),
        ("msg.dat.sc", 20210817),
        ("msg.tr", ...),
        ("msg.tr.r", ...),
        ("msg.tr.tc", 5),
    ],
)
def test_genuine_but_not_what_a_proof_of_a_test_states(path: str, value: object) -> None:
    """Ditto."""
    assert refusal(seal(put(data("icao.test"), path, value))) is Reason.CREDENTIAL_CONTENT


@pytest.mark.parametrize("moment", ["2021-08-17", "2021-08-17T08:00", "2021-08-17T08:00:00.5Z"])
def test_a_sample_is_dated_as_precisely_as_its_issuer_does(moment: str) -> None:
    """What is written is what a rule reads."""
    found = accepted(seal(put(data("icao.test"), "msg.dat.sc", moment)))
    assert found.content is not None
    assert found.content.health.tests[0].moment == moment


@pytest.mark.parametrize("name", ["\u202etac", "a\u0000b", "\u2066\u2069", "\u001b[2J", "\u007f"])
@pytest.mark.parametrize("kind", ["icao.vacc", "icao.test"])
def test_a_name_that_hides_what_it_says_is_refused(kind: str, name: str) -> None:
    """An officer compares it with a passport: what is read must be what was signed."""
    payload = seal(put(data(kind), "msg.pid.n", name))
    assert refusal(payload) is Reason.CREDENTIAL_CONTENT


@pytest.mark.parametrize("name", ["\U0001d54f", "é", "\u0645\u062d\u0645\u062f\u200f", ...])
def test_a_name_in_any_script_is_one(name: object) -> None:
    """What was signed is genuine; and a seal without a name hides nothing."""
    found = accepted(seal(put(data(), "msg.pid.n", name)))
    assert found.content is not None
    assert found.content.payload["msg"]["pid"].get("n", ...) == name
    assert accepted(seal(put(data(), "msg.pid", ...))).credential.doses == 3


def test_a_signer_may_be_trusted_for_one_kind_only() -> None:
    """What its certificate allows is in the list."""
    public = trusting(usages=frozenset({Usage.TEST}))
    assert refusal(seal(), public) is Reason.CREDENTIAL_KIND_NOT_ISSUED
    assert accepted(seal(data("icao.test")), public).credential.issuer == "UT"


@pytest.mark.parametrize("now_s", [NOW_S - 1001, NOW_S + 1000])
def test_a_signer_holds_within_its_window(now_s: int) -> None:
    """A seal has no expiry of its own; on an untrusted clock nothing is said of it."""
    early = now_s < NOW_S
    reason = Reason.CREDENTIAL_NOT_YET_VALID if early else Reason.CREDENTIAL_ISSUER_EXPIRED
    assert refusal(seal(), now=WallTime(now_s * 1000)) is reason
    untrusted = WallTime(now_s * 1000, quality=ClockQuality.UNTRUSTED)
    assert accepted(seal(), now=untrusted).credential.doses == 3


@pytest.mark.parametrize("quality", ClockQuality)
def test_a_window_without_a_moment_is_expired_on_any_clock(quality: ClockQuality) -> None:
    """A signer's window that is none, or a list that ends before it begins."""
    now = WallTime(NOW_S * 1000, quality=quality)
    untrusted = quality is ClockQuality.UNTRUSTED
    empty = trusting(not_before_s=NOW_S, not_after_s=NOW_S)
    assert refusal(seal(), empty, now) is Reason.CREDENTIAL_EXPIRED
    never = trusting(not_before_s=TIME_S_END, not_after_s=TIME_S_END + 1)
    assert refusal(seal(), never, now) is Reason.CREDENTIAL_NOT_YET_VALID
    ended = structs.replace(PUBLIC, expires_s=NOW_S - 1000)
    expected = Reason.CREDENTIAL_EXPIRED if untrusted else Reason.TRUST_LIST_OUTDATED
    assert refusal(seal(), ended, now) is expected


def test_times_stay_within_what_a_credential_can_carry() -> None:
    """Certificates that end in 9999 are real."""
    public = trusting(not_before_s=-1, not_after_s=TIME_S_END + 1)
    credential = accepted(seal(), structs.replace(public, expires_s=TIME_S_END + 1)).credential
    assert (credential.valid_from_s, credential.valid_until_s) == (0, TIME_S_END)


def test_an_old_list_raises_a_doubt_and_then_refuses() -> None:
    """Before a key is looked at, behind the form."""
    old = structs.replace(PUBLIC, created_s=NOW_S - AGE_DOUBT_S)
    assert accepted(seal(), old).credential.doubt is Reason.TRUST_LIST_OLD
    outdated = structs.replace(PUBLIC, created_s=NOW_S - AGE_REFUSE_S, vds={})
    assert refusal(seal(), outdated) is Reason.TRUST_LIST_OUTDATED
    assert refusal(b"{}", outdated) is Reason.CODE_MALFORMED


def test_a_credential_ends_with_the_list_that_names_its_signer() -> None:
    """The list's own end comes first here."""
    public = structs.replace(PUBLIC, expires_s=NOW_S + 5)
    assert accepted(seal(), public).credential.valid_until_s == NOW_S + 5


@pytest.mark.parametrize(
    ("seal_code", "certificate_code", "is_other"),
    [
        ("AUS", "AU", False),
        ("AUS", "au", False),
        ("SWE", "SE", False),
        ("D", "DE", False),
        ("D<<", "DE", False),
        ("DEU", "DE", False),
        ("AUT", "AU", True),
        ("UTO", "AU", True),
        ("", "AU", True),
        ("UNO", "UN", False),
        ("UTO", "UT", False),
        ("AUS", "UT", True),
        ("UTO", "UTO", False),
        ("UTO", "UTC", True),
    ],
)
def test_a_certificate_speaks_for_its_own_country(
    seal_code: str, certificate_code: str, is_other: bool
) -> None:
    """Judged by the table of ISO 3166; what is no country can't speak for one."""
    assert is_other_country(seal_code, certificate_code) is is_other


def test_a_seal_of_another_country_than_its_signers() -> None:
    """Genuine, and not the signer's to give."""
    assert refusal(seal(put(data(), "hdr.is", "AUS"))) is Reason.CREDENTIAL_ISSUER_MISMATCH


def test_reading_tells_a_claim_without_proof() -> None:
    """A technician sees what a code says of itself, whoever signed it, however odd."""
    claim = read(seal(sigvl=text_of(b"")))
    assert (claim.format, claim.algorithm, claim.issuer) == (FORMAT, "ES256", "UTO")
    assert claim.key_id == FINGERPRINT.hex()
    # Its base64url ends in a letter that is no padding, whatever the letter is.
    der = b"\x30\x04\x00\x00\x00\x17"
    assert text_of(der).endswith("X")
    assert read(seal(cer=text_of(der))).key_id == hashlib.sha256(der).hexdigest()
    assert claim.content is not None
    assert claim.content.health.doses == 3
    odd = read(seal(put(data(), "hdr.t", "icao.visa")))
    assert odd.content is not None
    assert odd.content.health.doses == 0
    assert odd.content.payload["hdr"]["t"] == "icao.visa"
    with pytest.raises(CredentialError):
        read(b"{}")


def test_another_prefix_is_another_format() -> None:
    """Asked alone, the module says so itself."""
    with pytest.raises(CredentialError) as refused:
        verify_vdsnc(b" " + seal(), TrustList({}, public=PUBLIC), NOW)
    assert refused.value.reason is Reason.CODE_UNKNOWN_FORMAT
    assert seal().startswith(PREFIX)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(tail: bytes) -> None:
    """For a reason, and by nothing else."""
    refusal(PREFIX + tail)


@given(st.sampled_from(["data", "sig"]), st.text(max_size=8), _JSON)
def test_any_json_is_refused(member: str, name: str, value: object) -> None:
    """Wherever it stands."""
    code = json.loads(seal())
    code[member][name] = value
    refusal(json.dumps(code).encode())


@given(st.sampled_from(["msg", "msg.ve", "msg.ve.0", "msg.ve.0.vd.0"]), _JSON)
def test_whatever_a_signer_signs_is_taken_or_refused(path: str, value: object) -> None:
    """A trusted signer's mistakes never do worse than refuse."""
    content = put(data(), path, value)
    try:
        payload = seal(content)
    except rfc8785.CanonicalizationError:
        return
    with contextlib.suppress(CredentialError):
        accepted(payload)


@given(st.integers(0), st.integers(1, 255))
def test_no_damage_makes_it_say_something_else(where: int, flip: int) -> None:
    """One byte spoilt: refused, or the very same statement."""
    spoilt = bytearray(seal())
    spoilt[where % len(spoilt)] ^= flip
    try:
        found = accepted(bytes(spoilt))
    except CredentialError:
        return
    assert found.content is not None
    assert found.content.payload == data()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (2**53 - 1, Reason.CREDENTIAL_SIGNATURE),
        (2**53, Reason.CODE_MALFORMED),
        (1 - 2**53, Reason.CREDENTIAL_SIGNATURE),
        (-(2**53), Reason.CODE_MALFORMED),
    ],
)
def test_integers_are_those_that_every_reader_holds_exactly(number: int, expected: Reason) -> None:
    """The next one is refused before its canonical form is asked for, which it does not have."""
    payload = seal().replace(b'"v": 1', b'"v": %d' % number)
    assert refusal(payload) is expected


def test_the_number_of_a_dose_has_a_bound() -> None:
    """And a vaccine without a name has an empty one."""
    event = {"dis": "RA01", "vd": [{"dvc": "2021-04-02", "seq": 99}]}
    doses, (dose,) = _attested(event)
    assert (doses, dose.dose, dose.product) == (99, 99, "")
