"""The shipped rule sets as stories: who came on which day, and what became of them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.rulestore import load_all_rules, load_rules
from firmware.rules import SHIPPED
from gate.credential.covid import COVID_19
from gate.credential.health import Content, Health, Recovery, Vaccination
from gate.credential.health import Test as Sample  # pytest would collect a Test
from gate.credential.model import Credential, CredentialKind, Examined
from gate.outcome import Outcome
from gate.rules.ruleset import Judgement, RuleSet, judge_in_words
from gate.walltime import WallTime

JAKARTA_S = 7 * 3600
PCR, ANTIGEN, ANTIBODY = "LP6464-4", "LP217198-3", "LP217197-5"

COLOURS = load_rules(SHIPPED / "indonesia-colours.toml")
BEKASI = load_rules(SHIPPED / "bekasi.toml")
STAFF = load_rules(SHIPPED / "staff.toml")


def dose(number: int, of: int | None = 2) -> Health:
    """A certificate of that dose."""
    return Health((Vaccination("2021-08-01", number, of, "EU/1/20/1528", COVID_19),))


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


def judged(
    rule_sets: tuple[RuleSet, ...],
    moment: str,
    attests: Health | None,
    payload: dict[str, Any] | None = None,
    pass_: Credential | None = None,
) -> Judgement | None:
    """What the rules say at that time of the site; None where there is none."""
    utc = datetime.fromisoformat(moment).replace(tzinfo=UTC) - timedelta(seconds=JAKARTA_S)
    credential = pass_ or Credential("hcert", CredentialKind.HEALTH, "XX", "", "", 0, 1 << 32)
    content = None if attests is None else Content(attests, payload or {})
    now = WallTime(round(utc.timestamp() * 1000), JAKARTA_S)
    return judge_in_words(rule_sets, Examined(credential, content), now)


def answer(
    rule_sets: tuple[RuleSet, ...],
    moment: str,
    attests: Health | None,
    payload: dict[str, Any] | None = None,
    pass_: Credential | None = None,
) -> tuple[str, Outcome] | None:
    """Status and outcome of it."""
    judgement = judged(rule_sets, moment, attests, payload, pass_)
    return None if judgement is None else (judgement.verdict.status, judgement.verdict.outcome)


GREEN = ("green", Outcome.ADMIT)
NO_RULE = ("no_rule", Outcome.OFFICER)
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
    (together(dose(1), NEW_RECOVERY), ("yellow", Outcome.ADMIT)),
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
    (recovered("2022-06-01", "2022-06-12"), ("red", Outcome.REFER)),
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


def test_no_line_of_the_colours_is_dead() -> None:
    """Each can be met by one certificate, which attests doses, a test or a recovery, and never two
    of them: no format that the gate reads puts a recovery beside a dose."""
    one_kind = [
        (moment, attests)
        for moment, attests, _ in STORIES
        if [attests.vaccinations, attests.tests, attests.recoveries].count(()) >= 2
    ]
    met = {
        (judgement.verdict.rule, judgement.words)
        for moment, attests in one_kind
        for born in ("", "2010")
        if (judgement := judged(COLOURS, moment, attests, {"dob": born}))
    }
    lines = {
        (each.name, status.words) for each in COLOURS for status in (*each.statuses, each.otherwise)
    }
    assert met == lines


def test_one_visitor_through_all_the_tables() -> None:
    """A second dose of August 2021: the same certificate, five answers, changed at midnight."""
    second = dose(2)
    answers = {
        "2021-07-31T23:59:59": NO_RULE,
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


SAMPLED = "2022-02-28T09:00"


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2022-02-28T07:59:59", "red"),
        ("2022-02-28T08:00:00", "green"),
        ("2022-02-28T09:00:00", "green"),
        ("2022-03-03T09:00:00", "green"),
        ("2022-03-03T09:00:01", "red"),
    ],
)
def test_a_sample_that_is_still_to_be_taken_is_no_test(moment: str, status: str) -> None:
    """From an hour before it, for clocks that differ, until 72 hours after."""
    found = answer(COLOURS, moment, sample(positive=False, moment=SAMPLED))
    assert found is not None
    assert found[0] == status


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2022-02-27T22:59:59", "red"),
        ("2022-02-28T00:30:00", "green"),
        ("2022-03-03T00:00:00", "green"),
        ("2022-03-03T00:30:00", "red"),
    ],
)
def test_a_sample_without_an_hour_counts_from_the_site_s_midnight(moment: str, status: str) -> None:
    """Not from that of Greenwich, which is seven in the morning."""
    undated = Health(tests=(Sample("2022-02-28", positive=False, type=PCR),))
    found = answer(COLOURS, moment, undated)
    assert found is not None
    assert found[0] == status


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2022-07-30T00:30:00", "black"),
        ("2022-07-30T23:59:59", "black"),
        ("2022-07-31T00:30:00", "red"),
    ],
)
def test_the_ten_days_of_a_positive_sample_end_at_the_site_s_midnight(
    moment: str, status: str
) -> None:
    """Where its hour is not known."""
    undated = Health(tests=(Sample("2022-07-21", positive=True, type=PCR),))
    found = answer(COLOURS, moment, undated)
    assert found is not None
    assert found[0] == status


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2022-02-19T23:59:59", "red"),
        ("2022-02-20T00:30:00", "yellow"),
        ("2022-05-09T23:59:59", "yellow"),
        ("2022-05-10T00:30:00", "red"),
    ],
)
def test_a_recovery_begins_and_ends_at_the_site_s_midnight(moment: str, status: str) -> None:
    """From `valid_from`, and less than 90 days after the first positive test: 00:30 in Jakarta is
    yesterday in Greenwich."""
    found = answer(COLOURS, moment, recovered("2022-02-09", "2022-02-20"))
    assert found is not None
    assert found[0] == status


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2022-07-20T23:59:59", GREEN),
        ("2022-07-21T00:30:00", ("yellow", Outcome.OFFICER)),
    ],
)
def test_who_is_eighteen_is_so_from_the_site_s_midnight(
    moment: str, expected: tuple[str, Outcome]
) -> None:
    """And not from seven in the morning."""
    assert answer(COLOURS, moment, dose(2), {"dob": "2004-07-21"}) == expected


@pytest.mark.parametrize(
    ("negative", "positive", "status"),
    [
        ("2022-03-01T14:00:00+07:00", "2022-03-01T09:00:00Z", "black"),
        ("2022-03-01T07:00:00Z", "2022-03-01", "black"),
        ("2022-02-28T20:00:00-05:00", "2022-03-01T00:30:00Z", "green"),
        ("2022-03", "2022-02-28T08:00:00Z", "black"),
        ("2022-03", "", "unclear"),
    ],
)
def test_the_last_of_several_tests_counts(negative: str, positive: str, status: str) -> None:
    """By its time and not by its text; and a negative one that can't be dated is unclear, even
    beside one that can."""
    other = Sample(positive, positive=True) if positive else Sample("2022-03-01", positive=False)
    both = Health(tests=(Sample(negative, positive=False, type=PCR), other))
    found = answer(COLOURS, "2022-03-01T19:00:00", both)
    assert found is not None
    assert found[0] == status


def test_yellow_fever_is_not_covid() -> None:
    """A genuine certificate of another disease counts for none of the shipped rules."""
    fever = Health((Vaccination("2021-08-01", 3, 3, "", "1D47"),))
    assert answer(COLOURS, "2022-07-20T12:00:00", fever) == ("red", Outcome.REFER)
    assert answer(BEKASI, "2022-07-20T12:00:00", fever) == ("not_vaccinated", Outcome.REFER)


@pytest.mark.parametrize(
    ("disease", "product"),
    [
        ("", "COVID-19 Vaccine Contoh"),
        ("", "CORONAVAC"),
        ("RA01.0", "Comirnaty"),
        ("1D47", "COVID-19 Vaccine Contoh"),
    ],
)
@pytest.mark.parametrize("rule_sets", [BEKASI, COLOURS], ids=["bekasi", "colours"])
def test_no_product_s_name_stands_for_the_disease(
    rule_sets: tuple[RuleSet, ...], disease: str, product: str
) -> None:
    """A holder may choose the product of a W3C credential: what names no disease is not seen.
    Every format says COVID-19 in the same code, so that no other is asked for."""
    shown = Health((Vaccination("2021-08-01", 2, 2, product, disease),))
    found = answer(rule_sets, "2021-10-01T12:00:00", shown)
    assert found is not None
    assert found[1] is Outcome.REFER
    assert all(each.diseases == {COVID_19} and not each.products for each in rule_sets)


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
    assert answer(BEKASI, "2021-09-08T23:59:59", attests, pass_=shown) == NO_RULE


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
