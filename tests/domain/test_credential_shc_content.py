"""What a card attests is read from its FHIR resources, and only what is known to be of COVID-19
counts as such."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.credential.covid import COVID_19, covid_doses
from gate.credential.health import Health, Vaccination
from gate.credential.health import Test as LabTest
from gate.credential.shc import codes
from gate.credential.shc.content import DOSE_NUMBER_MAX, health_of
from tests.domain.shckit import PATIENT, bundle, coded, immunization

GTIN = "https://www.gs1.org/gtin"


def health(*resources: object) -> Health:
    """What a card of these resources attests."""
    return health_of(bundle(*resources))


def doses(*resources: object) -> list[tuple[str, int]]:
    """The product and the number of every dose."""
    return [(each.product, each.dose) for each in health(*resources).vaccinations]


def observation(test: str = "94500-6", result: object = "260373001", **more: object) -> object:
    """A final result of a laboratory."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": coded(codes.LOINC, test),
        "effectiveDateTime": "2021-02-17",
        "valueCodeableConcept": coded(codes.SNOMED, result) if isinstance(result, str) else result,
        **more,
    }


def test_doses_are_numbered_in_the_order_of_their_dates() -> None:
    """Cards of the United States do not number them."""
    found = health(immunization("2021-06-29"), PATIENT, immunization("2021-06-01T10:00:00+07:00"))
    assert found.vaccinations == (
        Vaccination("2021-06-01", 1, None, "207", COVID_19),
        Vaccination("2021-06-29", 2, None, "207", COVID_19),
    )
    assert covid_doses(found) == 2


def test_numbers_of_the_card_are_taken() -> None:
    """A booster that is its own card says that it is the third, and the next one is the fourth."""
    third = [{"doseNumberPositiveInt": 3, "seriesDosesPositiveInt": 3}]
    found = health(immunization("2021-12-01", protocolApplied=third), immunization("2022-03"))
    assert [(each.dose, each.of) for each in found.vaccinations] == [(3, 3), (4, None)]


@pytest.mark.parametrize("number", [0, -1, 100, True, "2", 2.0, None])
def test_numbers_that_are_none_are_counted(number: object) -> None:
    """A number out of range or of another type is as good as none."""
    protocol = [{"doseNumberPositiveInt": number, "seriesDosesPositiveInt": number}]
    found = health(immunization("2021-06-01", protocolApplied=protocol))
    assert [(each.dose, each.of) for each in found.vaccinations] == [(1, None)]


def numbers(*told: str | tuple[str, int]) -> list[int]:
    """How doses of those dates are numbered, of which some have a number."""
    return [
        each.dose
        for each in health(
            *(
                immunization(dose)
                if isinstance(dose, str)
                else immunization(dose[0], protocolApplied=[{"doseNumberPositiveInt": dose[1]}])
                for dose in told
            )
        ).vaccinations
    ]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (("2021-03", "2021-03-04"), [1, 1]),
        (("2021", "2021-03", "2021-03-04"), [1, 1, 1]),
        (("2021-03", "2021-03", "2021-03-01", "2021-03-28"), [1, 2, 1, 2]),
        (("2021-03", "2021-03-01", "2021-03-28"), [1, 1, 2]),
        (("2021-03", "2021-04-01"), [1, 2]),
        (("2021", "2022-01"), [1, 2]),
        (("2021-03-04T23:30:00-05:00", "2021-03-05T04:30:00Z"), [1, 1]),
        (("2021-03-04T23:30:00-05:00", "2021-03-04"), [1, 1]),
        (("2021-03-31", "2021-04-01"), [1, 1]),
        (("2021-12-31", "2022-01-01"), [1, 1]),
        (("2021-03-04", "2021-03-06"), [1, 2]),
        (("0001-01-01", "0001-01-02", "0001-01-03"), [1, 1, 1]),
        (("2021-02-31", "2021-03-01"), [1, 2]),
        (("2021-03", ("2021-03-04", 1), "2021-05-04"), [1, 1, 2]),
        ((("2021-03", 2), "2021-03-04"), [2, 2]),
    ],
)
def test_a_dose_told_twice_in_two_ways_is_one(told: tuple[str, ...], expected: list[int]) -> None:
    """A month that has a day of another registry, and one instant on the days of two zones."""
    assert numbers(*told) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((("2021-03-04", 1), ("2021-05-04", 2), ("2021-12-04", 1), "2022-06-04"), [1, 2, 3, 4]),
        ((("2021-03-04", 1), ("2021-05-04", 1)), [1, 2]),
        ((("2021-05-04", 2), "2021-12-05"), [2, 3]),
        ((("2021-05-04", 2), ("2021-12-05", 2)), [2, 3]),
        ((("2021-03-04", 1), ("2021-12-05", 3)), [1, 3]),
        (("2021-03-04", ("2021-03-04", 2), "2021-06-04"), [1, 2, 3]),
        ((("2021-03-04", 2), ("2021-03-05", 1), "2021-06-04"), [2, 1, 3]),
    ],
)
def test_numbers_that_start_again(told: tuple[str, ...], expected: list[int]) -> None:
    """A booster that is called the first of its own series comes after all doses before it."""
    assert numbers(*told) == expected


def test_one_dose_of_a_vaccine_of_one_is_its_whole_series() -> None:
    """Janssen's, by its code of the CDC alone; what the card says of the series comes first."""
    stated = [{"seriesDosesPositiveInt": 2}]
    found = health(
        immunization("2021-03-04", "212"),
        immunization("2021-06-04", "212", protocolApplied=stated),
        immunization("2021-09-04", "207"),
        immunization("2021-12-04", vaccineCode=coded(codes.SNOMED, "212")),
    )
    assert [(each.dose, each.of) for each in found.vaccinations[:3]] == [(1, 1), (2, 2), (3, None)]
    assert found.vaccinations[3].of is None


@pytest.mark.parametrize("status", ["completed", "Completed", "COMPLETED"])
def test_the_state_of_a_dose_in_any_case(status: str) -> None:
    """Quebec writes it with a capital letter; results of a test are read alike."""
    assert doses(immunization("2021-06-01", status=status)) == [("207", 1)]
    assert len(health(observation(status="Final")).tests) == 1


def test_a_dose_told_twice_is_one() -> None:
    """Two registries know of the same dose; two that one registry has in a month are two doses."""
    assert doses(immunization("2021-06-01", "207"), immunization("2021-06-01", "208")) == [
        ("207", 1),
        ("208", 1),
    ]
    assert doses(immunization("2021-06"), immunization("2021-06")) == [("207", 1), ("207", 2)]


def test_other_diseases_do_not_count() -> None:
    """Two shots against influenza and one against COVID-19 are one dose for a rule of COVID-19."""
    flu = [immunization("2019-10-01", "150"), immunization("2020-10-01", "150")]
    found = health(*flu, immunization("2021-06-01", "208"))
    assert [(each.disease, each.dose) for each in found.vaccinations] == [
        ("", 1),
        ("", 2),
        (COVID_19, 1),
    ]
    assert covid_doses(found) == 1
    assert covid_doses(health(*flu)) is None
    assert covid_doses(health()) is None


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (codes.CVX, "511"),
        (codes.SNOMED, "28581000087106"),
        (codes.ICD11, "XM8NQ0"),
        (codes.ICD11_RELEASE, "XM7HT3"),
    ],
)
def test_code_systems_of_vaccines(system: str, code: str) -> None:
    """A code is known in its own system alone, and may stand behind one that is not known."""
    concept = {"coding": [{"system": GTIN, "code": "1"}, {"system": system, "code": code}]}
    [dose] = health(immunization("2021", vaccineCode=concept)).vaccinations
    assert (dose.product, dose.disease) == ("1", COVID_19)
    [dose] = health(immunization("2021", vaccineCode=coded(GTIN, code))).vaccinations
    assert (dose.product, dose.disease) == (code, "")


@pytest.mark.parametrize(
    ("targets", "disease"),
    [
        ([coded(codes.SNOMED, "840539006")], COVID_19),
        ([coded(codes.SNOMED, "6142004"), coded(codes.SNOMED, "840533007")], COVID_19),
        ([coded(codes.SNOMED, "6142004")], "6142004"),
        ([coded(GTIN, "840539006x")], "840539006x"),
        ([], ""),
        ([{}], ""),
        ("840539006", ""),
    ],
)
def test_the_disease_of_a_product_without_a_known_code(targets: object, disease: str) -> None:
    """The issuer's own word for the target is taken, where the product does not say it."""
    concept = coded(GTIN, "04150123456789")
    found = health(
        immunization(
            "2021-06-01", vaccineCode=concept, protocolApplied=[{"targetDisease": targets}]
        )
    )
    assert [(each.product, each.disease) for each in found.vaccinations] == [
        ("04150123456789", disease)
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"status": "not-done"},
        {"status": "entered-in-error"},
        {"status": None},
        {"isSubpotent": True},
        {"occurrenceDateTime": None},
        {"occurrenceDateTime": 20210601},
        {"occurrenceDateTime": "June 2021"},
        {"occurrenceDateTime": "2021-13-01"},
        {"occurrenceDateTime": "2021-06-01 10:00"},
        {"occurrenceDateTime": "2021-06-01\n"},
        {"occurrenceDateTime": "٢٠٢١-06-01"},
        {"resourceType": "ImmunizationRecommendation"},
        {"resourceType": ["Immunization"]},
    ],
)
def test_doses_that_are_none(change: dict[str, object]) -> None:
    """Not given, taken back, too weak, or without a date that a rule could judge."""
    assert doses({**immunization("2021-06-01"), **change}) == []


@pytest.mark.parametrize("concept", [None, "207", [], {}, {"coding": {}}, {"coding": ["207", {}]}])
def test_a_dose_of_nobody_knows_what(concept: object) -> None:
    """It was given, and it says nothing of COVID-19."""
    found = health(immunization("2021-06-01", vaccineCode=concept))
    assert found.vaccinations == (Vaccination("2021-06-01", 1),)
    assert covid_doses(found) is None


@pytest.mark.parametrize(
    ("result", "positive"),
    [
        ("260373001", True),
        ("10828004", True),
        ("260415000", False),
        ("260385009", False),
        ("82334004", None),
        (coded(codes.LOINC, "LA6576-8"), True),
        (coded(codes.LOINC, "LA6577-6"), False),
        (coded(codes.LOINC, "260373001"), None),
        ({"coding": [*coded(codes.SNOMED, "260415000")["coding"], {"code": "260373001"}]}, False),
        (
            {
                "coding": [
                    {"system": codes.SNOMED, "code": "260385009"},
                    {"system": codes.SNOMED, "code": "10828004"},
                ]
            },
            True,
        ),
        (None, None),
    ],
)
def test_results(result: object, positive: bool | None) -> None:
    """Detected, not detected, or neither; what is said to be both is positive."""
    assert health(observation(result=result)).tests == (LabTest("2021-02-17", positive, "94500-6"),)


def test_the_moment_of_a_test() -> None:
    """A rule of hours needs the hour."""
    moment = "2021-02-17T08:30:00.5+07:00"
    assert health(observation(effectiveDateTime=moment)).tests[0].moment == moment


@pytest.mark.parametrize(
    "change",
    [
        {"code": coded(codes.LOINC, "58410-2")},
        {"code": coded(codes.LOINC, "94563-4")},  # antibodies
        {"code": coded(codes.SNOMED, "94500-6")},
        {"code": None},
        {"status": "cancelled"},
        {"status": ["final"]},
        {"effectiveDateTime": None},
        {"effectiveDateTime": "yesterday"},
        {"resourceType": "DiagnosticReport"},
    ],
)
def test_observations_that_are_no_test(change: dict[str, object]) -> None:
    """A blood count, an antibody or a result that was taken back finds no virus."""
    found = observation()
    assert isinstance(found, dict)
    assert health({**found, **change}) == Health()


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"entry": None},
        {"entry": {}},
        {"entry": [None, 1, "x", [], {}, {"resource": None}, {"resource": []}, {"resource": {}}]},
    ],
)
def test_bundles_of_nothing(broken: dict[str, object]) -> None:
    """A card may be genuine and attest nothing."""
    assert health_of(broken) == Health()


_KEYS = """
    entry resource resourceType status occurrenceDateTime vaccineCode coding system code
    protocolApplied targetDisease doseNumberPositiveInt effectiveDateTime valueCodeableConcept
    isSubpotent
"""
_keys = st.sampled_from(_KEYS.split())
_values = st.sampled_from(
    ["Immunization", "Observation", "completed", "final", "2021-06-01", "207", codes.CVX, "94500-6"]
)
_anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.floats() | st.text(max_size=4) | _values,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=6),
    max_leaves=25,
)


@given(st.dictionaries(_keys, _anything, max_size=4), st.lists(_anything, max_size=4))
def test_any_bundle(made_up: dict[str, object], resources: list[object]) -> None:
    """Whatever an issuer signs, something of the right shape comes out."""
    for found in (health_of(made_up), health(*resources)):
        assert all(each.dose >= 1 for each in found.vaccinations)
        assert all(each.positive in (True, False, None) for each in found.tests)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "status": st.just("completed") | _anything,
            "vaccineCode": _anything,
            "protocolApplied": _anything,
            "occurrenceDateTime": st.text("0123456789-T:Z", max_size=20) | _anything,
        },
    )
)
def test_any_dose(changes: dict[str, object]) -> None:
    """A dose with anything in the place of its parts is one dose or none."""
    assert len(health({**immunization("2021-06-01"), **changes}).vaccinations) <= 1


@pytest.mark.parametrize("system", [[], {}, None, 5])
def test_a_system_that_is_no_text(system: object) -> None:
    """Such a code is of no system that we know; and nothing is raised."""
    concept = {"coding": [{"system": system, "code": "207"}]}
    (found,) = health(immunization("2021-06-01", vaccineCode=concept)).vaccinations
    assert (found.product, found.disease) == ("207", "")


@pytest.mark.parametrize(
    ("given", "of"),
    [(0, None), (1, 1), (DOSE_NUMBER_MAX, DOSE_NUMBER_MAX), (DOSE_NUMBER_MAX + 1, None)],
)
def test_the_length_of_a_series_has_bounds(given: int, of: int | None) -> None:
    """A length that is none is as if nothing were said."""
    protocol = [{"doseNumberPositiveInt": 1, "seriesDosesPositiveInt": given}]
    (found,) = health(immunization("2021-06-01", protocolApplied=protocol)).vaccinations
    assert found.of == of


def test_a_day_that_the_calendar_does_not_have_is_no_other_day() -> None:
    """Such a dose is a dose of its own, and not the one before told twice."""
    assert numbers("2021-02-28", "2021-02-30") == [1, 2]
