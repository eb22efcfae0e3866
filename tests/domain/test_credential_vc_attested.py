"""What a W3C certificate attests is what its signature proves, and no more."""

import copy

import pytest

pytest.importorskip("pyld", reason="needs the optional extra `vc`, which brings PyLD")

# The package that is tested needs what was asked for above, so these come after it.
from gate.credential.covid import COVID_19
from gate.credential.health import Vaccination
from gate.credential.vc import contexts
from gate.reasons import Reason
from tests.domain.vckit import accepted, certificate, code, put, refusal, sign


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("issuanceDate", "2027-01-15"),
        ("issuanceDate", "2027-01-15T07:59:00"),
        ("issuanceDate", "2027-02-30T07:59:00Z"),
        ("expirationDate", "never"),
        ("evidence.0.dose", 0),
        ("evidence.0.dose", 100),
        ("evidence.0.date", "2021-02-30"),
    ],
)
def test_genuine_but_not_what_a_certificate_states(path: str, value: object) -> None:
    """A ministry that is trusted makes mistakes too."""
    assert refusal(code(sign(put(certificate(), path, value)))) is Reason.CREDENTIAL_CONTENT


@pytest.mark.parametrize(
    "missing", [("dose", "totalDoses"), ("date", "effectiveStart", "effectiveUntil")]
)
def test_a_vaccination_has_a_day_and_a_number(missing: tuple[str, ...]) -> None:
    """PeduliLindungi writes a dash, and DIVOC nothing, where they know nothing."""
    blank = certificate()
    for term in missing:
        blank["evidence"][0][term] = "-"
    assert refusal(code(sign(blank))) is Reason.CREDENTIAL_CONTENT
    for term in missing:
        del blank["evidence"][0][term]
    assert refusal(code(sign(blank))) is Reason.CREDENTIAL_CONTENT


@pytest.mark.parametrize(("one", "other"), [("dose", "totalDoses"), ("date", "effectiveUntil")])
def test_what_the_signature_does_not_tell_apart_is_no_gain(one: str, other: str) -> None:
    """To RDF both terms are one: swapped, the signature holds. So do dose and day."""
    swapped = sign()
    evidence = swapped["evidence"][0]
    evidence[one], evidence[other] = evidence[other], evidence[one]
    genuine, twin = accepted(code()), accepted(code(swapped))
    assert twin.credential == genuine.credential
    assert genuine.content is not None
    assert twin.content is not None
    assert twin.content.health == genuine.content.health


def test_a_dose_without_a_series() -> None:
    """One number alone is the dose."""
    alone = put(certificate(), "evidence.0.totalDoses", "")
    found = accepted(code(sign(alone)))
    assert found.content is not None
    assert found.content.health.vaccinations[0].of is None


@pytest.mark.parametrize("other", ["manufacturer", "batch", "icd11Code", "certificateId"])
def test_a_holder_gains_nothing_by_swapping_the_vaccine(other: str) -> None:
    """A signature doesn't tell it from its maker, its batch or a number: no product is read."""
    genuine = sign(put(certificate(), f"evidence.0.{other}", "Sinopharm"))
    twin = copy.deepcopy(genuine)
    evidence = twin["evidence"][0]
    evidence["vaccine"], evidence[other] = evidence[other], evidence["vaccine"]
    one, two = accepted(code(genuine)), accepted(code(twin))
    assert one.credential == two.credential
    assert one.content is not None
    assert two.content is not None
    assert one.content.health == two.content.health
    assert one.content.health.vaccinations[0].product == ""


def _vaccination(prophylaxis: object) -> tuple[int | None, Vaccination]:
    found = accepted(code(sign(put(certificate(), "evidence.0.prophylaxis", prophylaxis))))
    assert found.content is not None
    return found.credential.doses, found.content.health.vaccinations[0]


@pytest.mark.parametrize(
    "prophylaxis",
    ["", "-", " ", "COVID-19", "Covid 19", "covid19", "COVID-19 vaccine", "SARS-CoV-2", ...],
)
def test_the_programmes_were_against_one_disease(prophylaxis: object) -> None:
    """Whether a certificate says so, or nothing of it."""
    doses, vaccination = _vaccination(prophylaxis)
    assert (doses, vaccination.disease) == (1, COVID_19)


@pytest.mark.parametrize("prophylaxis", ["Measles", "Yellow fever", "COVID", 19])
def test_a_dose_against_another_disease_does_not_count(prophylaxis: object) -> None:
    """It is attested all the same, for a rule that asks for it."""
    doses, vaccination = _vaccination(prophylaxis)
    assert (doses, vaccination.dose, vaccination.disease) == (None, 1, str(prophylaxis))


@pytest.mark.parametrize("url", contexts.VOCABULARIES)
def test_the_disease_stands_alone_at_its_iri(url: str) -> None:
    """So that a holder can't put another text there: neither a new one, nor one of the same
    node."""
    iris = list(contexts.VOCABULARIES[url].vaccination.items())
    alike = [term for term, iri in iris if iri == "schema:name"]
    assert alike in ([], ["prophylaxis"])
    measles = sign(put(certificate(), "evidence.0.prophylaxis", "Measles"))
    assert refusal(code(put(measles, "evidence.0.prophylaxis", "-"))) is Reason.CREDENTIAL_SIGNATURE
    assert refusal(code(put(measles, "evidence.0.prophylaxis", ...))) is Reason.CREDENTIAL_SIGNATURE


@pytest.mark.parametrize(
    "name", ["\u202etac", "a\u0000b", '"\\\n\r\t', "\u2066\u2069", "\u001b[2J", 5]
)
def test_a_name_that_hides_what_it_says_is_refused(name: object) -> None:
    """An officer compares it with a card: what is read must be what was signed."""
    payload = code(sign(put(certificate(), "credentialSubject.name", name)))
    assert refusal(payload) is Reason.CREDENTIAL_CONTENT


@pytest.mark.parametrize("name", ['"\\', "\U0001d54f", "é", "\u0645\u062d\u0645\u062f\u200f", ...])
def test_a_name_in_any_script_is_one(name: object) -> None:
    """What was signed is genuine; and a certificate without a name hides nothing."""
    found = accepted(code(sign(put(certificate(), "credentialSubject.name", name))))
    assert found.content is not None
    assert found.content.payload["credentialSubject"].get("name", ...) == name


@pytest.mark.parametrize("dose", [1, 99])
def test_the_number_of_a_dose_has_bounds(dose: int) -> None:
    """Both are still taken."""
    series = put(put(certificate(), "evidence.0.totalDoses", 99), "evidence.0.dose", dose)
    found = accepted(code(sign(series)))
    assert found.credential.doses == dose


def test_an_identifier_may_be_as_long_as_its_bound() -> None:
    """A longer one is malformed (`test_credential_vc`)."""
    longest = put(certificate(), "credentialSubject.id", "did:" + "x" * 2044)
    assert accepted(code(sign(longest))).credential.doses == 1


def test_a_certificate_without_a_name_names_nobody() -> None:
    """It attests its doses all the same; who it is for is the officer's question."""
    nameless = put(certificate(), "credentialSubject.name", ...)
    assert accepted(code(sign(nameless))).credential.doses == 1


def test_a_person_and_a_vaccination_are_two() -> None:
    """Of one identifier they would be one node to the signature."""
    for identifier, expected in (("did:example:0001", 1), ("did:example:0000", None)):
        document = put(certificate(), "evidence.0.id", identifier)
        if expected is None:
            assert refusal(code(sign(document))) is Reason.CODE_MALFORMED
        else:
            assert accepted(code(sign(document))).credential.doses == expected
