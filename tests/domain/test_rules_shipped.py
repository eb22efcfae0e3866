"""The shipped rule sets as stories: who came on which day, and what became of them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.rulestore import load_all_rules, load_rules
from firmware.rules import SHIPPED
from gate.credential.health import Content, Health, Recovery, Vaccination
from gate.credential.health import Test as Sample  # pytest would collect a Test
from gate.credential.model import Credential, CredentialKind, Examined
from gate.outcome import Outcome
from gate.rules.ruleset import RuleSet, judge
from gate.walltime import WallTime

JAKARTA_S = 7 * 3600
COVID = "840539006"
PCR, ANTIGEN, ANTIBODY = "LP6464-4", "LP217198-3", "LP217197-5"

COLOURS = load_rules(SHIPPED / "indonesia-colours.toml")
BEKASI = load_rules(SHIPPED / "bekasi.toml")
STAFF = load_rules(SHIPPED / "staff.toml")


def dose(number: int, of: int | None = 2) -> Health:
    """A certificate of that dose."""
    return Health((Vaccination("2021-08-01", number, of, "EU/1/20/1528", COVID),))


def sample(positive: bool | None, moment: str, kind: str = PCR) -> Health:
    """A certificate of that test, its sample taken at that time of the site."""
    return Health(tests=(Sample(f"{moment}:00+07:00", positive, kind),))


def recovered(first_positive: str, valid_from: str) -> Health:
    """A certificate of recovery."""
    return Health(recoveries=(Recovery(first_positive, valid_from, "2099-01-01"),))


def together(*parts: Health) -> Health:
    """One certificate that attests all of it."""
    return Health(
        tuple(each for part in parts for each in part.vaccinations),
        tuple(each for part in parts for each in part.tests),
        tuple(each for part in parts for each in part.recoveries),
    )


def answer(
    rule_sets: tuple[RuleSet, ...],
    moment: str,
    attests: Health | None,
    payload: dict[str, Any] | None = None,
    pass_: Credential | None = None,
) -> tuple[str, Outcome] | None:
    """Status and outcome at that time of the site; None where there is no rule."""
    utc = datetime.fromisoformat(moment).replace(tzinfo=UTC) - timedelta(seconds=JAKARTA_S)
    credential = pass_ or Credential("hcert", CredentialKind.HEALTH, "XX", "", "", 0, 1 << 32)
    content = None if attests is None else Content(attests, payload or {})
    now = WallTime(round(utc.timestamp() * 1000), JAKARTA_S)
    verdict = judge(rule_sets, Examined(credential, content), now)
    return None if verdict is None else (verdict.status, verdict.outcome)


GREEN = ("green", Outcome.ADMIT)
NOBODY = Health()
OLD_RECOVERY = recovered("2021-01-01", "2021-01-12")
NEW_RECOVERY = recovered("2022-02-01", "2022-02-12")

AUGUST = [
    (dose(1), GREEN),
    (dose(2), GREEN),
    (NOBODY, ("yellow", Outcome.OFFICER)),
    (OLD_RECOVERY, ("yellow", Outcome.OFFICER)),
    (sample(positive=True, moment="2021-08-19T08:00"), ("red", Outcome.REFUSE)),
    (sample(positive=False, moment="2021-08-19T08:00"), ("yellow", Outcome.OFFICER)),
]
SEPTEMBER_6 = [
    (dose(2), GREEN),
    (dose(1, 1), GREEN),
    (dose(2, None), GREEN),
    (dose(1), ("yellow", Outcome.OFFICER)),
    (dose(1, None), ("yellow", Outcome.OFFICER)),
    (NOBODY, ("red", Outcome.REFER)),
    (OLD_RECOVERY, ("red", Outcome.REFER)),
    (sample(positive=True, moment="2021-09-06T08:00"), ("red", Outcome.REFUSE)),
]
SEPTEMBER_9 = [
    (dose(2), GREEN),
    (dose(1), ("yellow", Outcome.ADMIT)),
    (OLD_RECOVERY, ("yellow", Outcome.ADMIT)),
    (NOBODY, ("red", Outcome.REFER)),
    (sample(positive=True, moment="2021-10-01T08:00"), ("black", Outcome.REFUSE)),
    (
        together(dose(2), sample(positive=True, moment="2021-10-01T08:00")),
        ("black", Outcome.REFUSE),
    ),
    (
        together(
            dose(2),
            sample(positive=True, moment="2021-09-01T08:00"),
            sample(positive=False, moment="2021-09-20T08:00"),
        ),
        GREEN,
    ),
]
FEBRUARY = [
    (dose(2), GREEN),
    (sample(positive=False, moment="2022-02-25T12:00"), GREEN),
    (sample(positive=False, moment="2022-02-25T11:59"), ("red", Outcome.REFER)),
    (sample(positive=False, moment="2022-02-27T12:00", kind=ANTIGEN), GREEN),
    (sample(positive=False, moment="2022-02-27T11:59", kind=ANTIGEN), ("red", Outcome.REFER)),
    (sample(positive=False, moment="2022-02-28T11:00", kind=ANTIBODY), ("red", Outcome.REFER)),
    (sample(positive=None, moment="2022-02-28T11:00"), ("red", Outcome.REFER)),
    (together(dose(1), NEW_RECOVERY), GREEN),
    (together(dose(1), OLD_RECOVERY), ("yellow", Outcome.ADMIT)),
    (dose(1), ("yellow", Outcome.ADMIT)),
    (NEW_RECOVERY, ("yellow", Outcome.ADMIT)),
    (recovered("2022-02-20", "2022-03-03"), ("red", Outcome.REFER)),
    (OLD_RECOVERY, ("red", Outcome.REFER)),
    (NOBODY, ("red", Outcome.REFER)),
    (sample(positive=True, moment="2022-02-27T08:00"), ("black", Outcome.REFUSE)),
]
JULY = [
    (dose(3, 3), GREEN),
    (dose(3, None), GREEN),
    (dose(2, 1), GREEN),
    (dose(2), ("yellow", Outcome.OFFICER)),
    (dose(1, 1), ("yellow", Outcome.OFFICER)),
    (dose(1), ("red", Outcome.REFER)),
    (NOBODY, ("red", Outcome.REFER)),
    (together(dose(2), recovered("2022-06-01", "2022-06-12")), GREEN),
    (together(dose(1), recovered("2022-06-01", "2022-06-12")), ("red", Outcome.REFER)),
    (sample(positive=False, moment="2022-07-19T20:00"), GREEN),
    (sample(positive=True, moment="2022-07-10T13:00"), ("black", Outcome.REFUSE)),
    (sample(positive=True, moment="2022-07-10T11:00"), ("red", Outcome.REFER)),
]
STORIES = [
    (f"{day}T12:00:00", attests, expected)
    for day, table in (
        ("2021-08-20", AUGUST),
        ("2021-09-06", SEPTEMBER_6),
        ("2021-10-01", SEPTEMBER_9),
        ("2022-02-28", FEBRUARY),
        ("2022-07-20", JULY),
    )
    for attests, expected in table
]


@pytest.mark.parametrize(("moment", "attests", "expected"), STORIES)
def test_the_colours_of_their_day(
    moment: str, attests: Health, expected: tuple[str, Outcome]
) -> None:
    """Each table, line for line, and what is just beside each line."""
    assert answer(COLOURS, moment, attests) == expected


def test_one_visitor_through_all_the_tables() -> None:
    """A second dose of August 2021: the same certificate, five answers, changed at midnight."""
    second = dose(2)
    answers = {
        "2021-07-31T23:59:59": None,
        "2021-08-01T00:00:00": GREEN,
        "2022-07-16T23:59:59": GREEN,
        "2022-07-17T00:00:00": ("yellow", Outcome.OFFICER),
    }
    assert {moment: answer(COLOURS, moment, second) for moment in answers} == answers
    first = dose(1)
    answers = {
        "2021-09-05T23:59:59": GREEN,
        "2021-09-06T00:00:00": ("yellow", Outcome.OFFICER),
        "2021-09-09T00:00:00": ("yellow", Outcome.ADMIT),
        "2022-07-17T00:00:00": ("red", Outcome.REFER),
    }
    assert {moment: answer(COLOURS, moment, first) for moment in answers} == answers


@pytest.mark.parametrize(
    ("born", "attests", "expected"),
    [
        ("2010", dose(2), GREEN),
        ("2010-05", dose(1), ("yellow", Outcome.OFFICER)),
        ("2010-05-01", NOBODY, ("red", Outcome.REFER)),
        ("2004-07-20", dose(2), ("yellow", Outcome.OFFICER)),
        ("2004-07-21", dose(2), GREEN),
        ("", dose(2), ("yellow", Outcome.OFFICER)),
        ("soon", dose(2), ("unclear", Outcome.OFFICER)),
    ],
)
def test_from_july_2022_a_minor_needs_one_dose_less(
    born: str, attests: Health, expected: tuple[str, Outcome]
) -> None:
    """Where the certificate shows a date of birth; the rest an officer sees."""
    assert answer(COLOURS, "2022-07-20T12:00:00", attests, {"dob": born}) == expected


def test_yellow_fever_is_not_covid() -> None:
    """A genuine certificate of another disease counts for none of the shipped rules."""
    fever = Health((Vaccination("2021-08-01", 3, 3, "", "1D47"),))
    assert answer(COLOURS, "2022-07-20T12:00:00", fever) == ("red", Outcome.REFER)
    assert answer(BEKASI, "2022-07-20T12:00:00", fever) == ("not_vaccinated", Outcome.REFER)


@pytest.mark.parametrize(
    ("disease", "product", "seen"),
    [
        ("840539006", "207", True),
        ("RA01.0", "Comirnaty", True),
        ("RA01", "", True),
        ("", "COVID-19 Vaccine Contoh", True),
        ("", "CORONAVAC", True),
        ("", "Stamaril", False),
        ("", "", False),
        ("1D47", "COVID-19 Vaccine Contoh", False),
    ],
)
def test_each_format_calls_the_disease_in_its_own_way(
    disease: str, product: str, *, seen: bool
) -> None:
    """SNOMED CT, ICD-11; and where none is named, the product."""
    shown = Health((Vaccination("2021-08-01", 1, None, product, disease),))
    expected = ("vaccinated", Outcome.ADMIT) if seen else ("not_vaccinated", Outcome.REFER)
    assert answer(BEKASI, "2021-10-01T12:00:00", shown) == expected


def pass_of(kind: CredentialKind, doses: int | None) -> Credential:
    """A pass of the office."""
    return Credential("native", kind, "office", "", "", 0, 1 << 32, doses=doses)


@pytest.mark.parametrize("kind", CredentialKind)
@pytest.mark.parametrize("doses", [None, 0, 1, 2, 3])
def test_bekasi_asks_citizens_and_employees_alike(kind: CredentialKind, doses: int | None) -> None:
    """At least one dose, else the way to the puskesmas; and no rule before the circular."""
    attests = Health() if kind is CredentialKind.HEALTH else None
    if attests is not None and doses:
        attests = dose(doses)
    expected = ("vaccinated", Outcome.ADMIT) if doses else ("not_vaccinated", Outcome.REFER)
    shown = pass_of(kind, doses)
    assert answer(BEKASI, "2021-09-09T00:00:00", attests, pass_=shown) == expected
    assert answer(BEKASI, "2021-09-08T23:59:59", attests, pass_=shown) is None


@pytest.mark.parametrize(
    ("doses", "expected"),
    [
        (None, ("not_stated", Outcome.OFFICER)),
        (0, ("not_vaccinated", Outcome.REFER)),
        (1, ("vaccinated", Outcome.ADMIT)),
    ],
)
def test_a_badge_that_says_nothing_goes_to_an_officer(
    doses: int | None, expected: tuple[str, Outcome]
) -> None:
    """Loaded beside Bekasi's rules, the later ones hold for staff, and for nobody else."""
    both = load_all_rules([SHIPPED / "staff.toml", SHIPPED / "bekasi.toml"])
    badge, visitor = pass_of(CredentialKind.STAFF, doses), pass_of(CredentialKind.VISITOR, None)
    assert answer(both, "2026-12-01T08:00:00", None, pass_=badge) == expected
    assert answer(STAFF, "2026-12-01T08:00:00", None, pass_=visitor) is None
    assert answer(both, "2026-12-01T08:00:00", None, pass_=visitor) == (
        "not_vaccinated",
        Outcome.REFER,
    )


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_set_says_where_it_comes_from(path: Path) -> None:
    """A citation with its date, and a note where something was decided here."""
    for rule_set in load_rules(path):
        assert rule_set.source.citation
        assert rule_set.source.dated >= date(2021, 8, 1)
        assert rule_set.source.note
        assert not rule_set.source.url or rule_set.source.url.startswith("https://")
