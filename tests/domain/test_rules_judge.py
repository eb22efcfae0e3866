"""Which rules hold on a day, and what they say of a certificate."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.credential.health import Content, Health, Recovery, Vaccination
from gate.credential.health import Test as Sample  # pytest would collect a Test
from gate.credential.model import Credential, CredentialKind, Examined, Verdict
from gate.outcome import Outcome
from gate.rules.ruleset import (
    NO_RULE,
    NONE,
    UNCLEAR,
    UNDATED,
    WORDS_NO_RULE,
    WORDS_UNCLEAR,
    RuleSet,
    Source,
    Status,
    facts,
    in_force,
    judge,
    judge_in_words,
)
from gate.walltime import ClockQuality, WallTime
from gate.wording import Words

JAKARTA_S = 7 * 3600
DOSES = {"var": "health.doses"}
ONE_DOSE = {">=": [DOSES, 1]}


def at(text: str, quality: ClockQuality = ClockQuality.TRUSTED) -> WallTime:
    """That moment of the site's clock."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(seconds=JAKARTA_S)
    return WallTime(round(moment.timestamp() * 1000), JAKARTA_S, quality)


def certificate(
    *attested: Vaccination | Sample | Recovery, payload: dict[str, Any] | None = None
) -> Examined:
    """A health certificate that says so."""
    health = Health(
        tuple(each for each in attested if isinstance(each, Vaccination)),
        tuple(each for each in attested if isinstance(each, Sample)),
        tuple(each for each in attested if isinstance(each, Recovery)),
    )
    credential = Credential("hcert", CredentialKind.HEALTH, "XX", "00", "hcert:00", 0, 1 << 32)
    return Examined(credential, Content(health, payload or {}))


def badge(doses: int | None) -> Examined:
    """A staff badge, which attests nothing but doses, if those."""
    return Examined(
        Credential("native", CredentialKind.STAFF, "office", "00", "0:0", 0, 1, doses=doses)
    )


def dose(number: int, of: int | None = 2, **rest: str) -> Vaccination:
    """One dose."""
    return Vaccination(rest.pop("date", "2021-08-01"), number, of, **rest)


def rules(
    dated: str,
    when: object = ONE_DOSE,
    *,
    name: str = "colours",
    until: date | None = None,
    kinds: frozenset[CredentialKind] = frozenset({CredentialKind.HEALTH}),
    formats: frozenset[str] = frozenset(),
    seen: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset()),
    value_sets: dict[str, tuple[str, ...]] | None = None,
) -> RuleSet:
    """A set of one line: green where it holds, else red. `seen`: diseases, products."""
    return RuleSet(
        name,
        date.fromisoformat(dated),
        Source("a circular", date.fromisoformat(dated)),
        (Status("green", Outcome.ADMIT, Words("Boleh.", "May."), when),),
        Status("red", Outcome.REFER, Words("Tidak.", "May not.")),
        until,
        kinds,
        formats,
        *seen,
        value_sets or {},
    )


def status(rule_set: RuleSet, examined: Examined, when: str = "2021-10-01T12:00:00") -> str:
    """What that one set calls it."""
    verdict = judge([rule_set], examined, at(when))
    assert verdict is not None
    return verdict.status


def test_the_first_line_that_holds_wins_and_else_the_last_word() -> None:
    """Outcome, status, and the set with its date."""
    sets = [rules("2021-09-09")]
    noon = at("2021-10-01T12:00:00")
    assert judge(sets, certificate(dose(1)), noon) == Verdict(
        Outcome.ADMIT, "green", "colours@2021-09-09"
    )
    judgement = judge_in_words(sets, certificate(), noon)
    assert judgement is not None
    assert judgement.verdict == Verdict(Outcome.REFER, "red", "colours@2021-09-09")
    assert judgement.words == Words("Tidak.", "May not.")


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        ("2021-09-05T23:59:59", NONE),
        ("2021-09-06T00:00:00", "colours@2021-09-06"),
        ("2022-02-13T23:59:59", "colours@2021-09-06"),
        ("2022-02-14T00:00:00", "colours@2022-02-14"),
        ("2022-12-30T23:59:59", "colours@2022-02-14"),
        ("2022-12-31T00:00:00", NONE),
    ],
)
def test_rules_change_at_the_site_s_midnight(moment: str, name: str) -> None:
    """Seven hours before that of Greenwich; and a set that has ended brings no older one back."""
    sets = [rules("2022-02-14", until=date(2022, 12, 30)), rules("2021-09-06")]
    verdict = judge(sets, certificate(), at(moment))
    assert verdict is not None
    assert verdict.rule == name


def test_a_passing_rule_gives_way_to_the_one_behind_it() -> None:
    """A week's exception of another id: the rule behind it holds before and after."""
    sets = [
        rules("2021-01-01", name="always"),
        rules("2021-12-24", name="holidays", until=date(2022, 1, 2)),
    ]
    days = {"2021-12-23": "always", "2021-12-24": "holidays", "2022-01-03": "always"}
    for day, name in days.items():
        verdict = judge(sets, certificate(), at(f"{day}T08:00:00"))
        assert verdict is not None
        assert verdict.rule.startswith(name)


def test_rules_are_for_some_credentials() -> None:
    """By kind; for a kind without rules the policy's doses decide."""
    noon = at("2021-10-01T12:00:00")
    sets = [rules("2021-09-09", formats=frozenset({"shc", "hcert"}))]
    assert judge(sets, certificate(), noon) is not None
    assert judge(sets, badge(1), noon) is None
    assert judge([], certificate(), noon) is None
    assert in_force(sets, CredentialKind.HEALTH, "hcert", noon.civil_day) is sets[0]
    assert in_force(sets, CredentialKind.HEALTH, "vc", noon.civil_day) is None


@pytest.mark.parametrize(
    "rule_set",
    [
        rules("2021-09-09", until=date(2021, 9, 30)),
        rules("2021-10-02"),
        rules("2021-09-09", formats=frozenset({"shc"})),
    ],
    ids=["over since yesterday", "from tomorrow", "of another format"],
)
def test_a_site_with_rules_admits_nobody_for_want_of_one(rule_set: RuleSet) -> None:
    """Rules that ran out overnight don't open the gate to a positive test: an officer looks, and
    reads why."""
    positive = certificate(Sample("2021-10-01T08:00:00+07:00", positive=True))
    judgement = judge_in_words([rule_set], positive, at("2021-10-01T12:00:00"))
    assert judgement is not None
    assert judgement.verdict == Verdict(Outcome.OFFICER, NO_RULE, NONE)
    assert judgement.words is WORDS_NO_RULE


def test_nobody_knows_the_rules_of_a_day_that_nobody_knows() -> None:
    """On an untrusted clock an officer looks, where there are rules at all."""
    lost = at("1970-01-01T00:00:00", ClockQuality.UNTRUSTED)
    assert judge([rules("2021-09-09")], certificate(dose(1)), lost) == Verdict(
        Outcome.OFFICER, UNCLEAR, UNDATED
    )
    assert judge([rules("2021-09-09")], badge(1), lost) is None


@pytest.mark.parametrize(
    "when",
    [
        {">=": [{"var": "payload.v"}, 1]},
        {"after": ["2021-01-01", "2021-01-01"]},
        {"reduce": [{"var": "payload.long"}, {"var": "current"}, 0]},
        {"plusTime": [{"var": "health.vaccinations.0.date"}, 1, "day"]},
    ],
)
def test_a_rule_that_can_t_be_applied_sends_an_officer(when: object) -> None:
    """Too vague a certificate, a slip in a rule, a list too long: never a crash."""
    examined = certificate(dose(1, date="2021-08"), payload={"long": [0] * 50_000})
    judgement = judge_in_words([rules("2021-09-09", when)], examined, at("2021-10-01T12:00:00"))
    assert judgement is not None
    assert judgement.verdict == Verdict(Outcome.OFFICER, UNCLEAR, "colours@2021-09-09")
    assert judgement.words is WORDS_UNCLEAR


def test_all_lines_together_have_bounded_steps() -> None:
    """A long table of long rules can't hold up a lane."""
    walk = {"and": [{"reduce": [{"var": "payload.v"}, {"var": "current"}, 0]}, False]}
    line = Status("green", Outcome.ADMIT, Words("Boleh.", "May."), walk)
    short, long = (
        RuleSet("long", date(2021, 9, 9), Source("", date(2021, 9, 9)), (line,) * lines, line)
        for lines in (1, 16)
    )
    examined = certificate(payload={"v": [0] * 400})
    assert status(short, examined) == "green"
    assert status(long, examined) == UNCLEAR


@pytest.mark.parametrize(
    ("disease", "product", "seen"),
    [
        ("840539006", "", True),
        ("ra01.0", "", True),
        ("RA01", "", True),
        ("", "207", True),
        ("", "COVID-19 Vaccine Contoh", True),
        ("1D47", "207", False),
        ("1D47", "", False),
        ("", "", False),
        ("8405390066", "2070", False),
    ],
)
def test_vaccinations_against_other_diseases_are_not_seen(
    disease: str, product: str, *, seen: bool
) -> None:
    """A certificate of yellow fever is genuine, and admits nobody on a rule about COVID-19."""
    covid = rules(
        "2021-09-09",
        seen=(frozenset({"840539006", "RA01*"}), frozenset({"207", "covid-19*"})),
    )
    examined = certificate(dose(1, disease=disease, product=product))
    assert status(covid, examined) == ("green" if seen else "red")
    assert status(rules("2021-09-09"), examined) == "green"


@pytest.mark.parametrize(
    ("disease", "name"), [("840539006", "green"), ("", "green"), ("6142004", "red")]
)
def test_tests_and_recoveries_of_other_diseases_are_not_seen(disease: str, name: str) -> None:
    """A negative influenza test says nothing of COVID-19; one that names no disease is taken for
    what the rules are about, as formats that leave it out know only one."""
    for kind, attested in (
        ("tests", Sample("2021-09-01T08:00:00+07:00", positive=False, disease=disease)),
        ("recoveries", Recovery("2020-12-01", "2020-12-12", "2021-06-01", disease)),
    ):
        when = {"var": f"health.{kind}.0"}
        covid = rules("2021-09-09", when=when, seen=(frozenset({"840539006"}), frozenset()))
        assert status(covid, certificate(attested)) == name


def test_what_rules_may_look_at() -> None:
    """The last of each list first; the clock at the site's offset; value sets as lists."""
    rule_set = rules("2021-09-09", value_sets={"pcr": ("LP6464-4",)})
    examined = certificate(
        dose(1),
        dose(2, date="2021-08-29"),
        Sample("2021-08-01T08:00:00+07:00", positive=False),
        Sample("2021-09-01T08:00:00+07:00", positive=None, type="LP6464-4"),
        Recovery("2020-12-01", "2020-12-12", "2021-06-01"),
        payload={"v": [1]},
    )
    seen = facts(rule_set, examined, at("2021-10-01T12:00:00"))
    assert [each["dose"] for each in seen["health"]["vaccinations"]] == [2, 1]
    assert seen["health"]["tests"][0] == {
        "moment": "2021-09-01T08:00:00+07:00",
        "positive": None,
        "type": "LP6464-4",
        "disease": "",
    }
    assert seen["health"]["recoveries"][0]["valid_from"] == "2020-12-12"
    assert seen["health"]["doses"] == 2
    assert seen["payload"] == {"v": [1]}
    assert seen["credential"] == {"kind": "health", "format": "hcert", "issuer": "XX"}
    assert seen["external"] == {
        "validationClock": "2021-10-01T12:00:00+07:00",
        "today": "2021-10-01",
        "valueSets": {"pcr": ["LP6464-4"]},
    }


@pytest.mark.parametrize(
    ("moment", "today"),
    [("2021-10-01T00:00:00", "2021-10-01"), ("2021-09-30T23:59:59", "2021-09-30")],
)
def test_today_is_the_day_of_the_site(moment: str, today: str) -> None:
    """At 00:30 in Jakarta it is still yesterday in Greenwich."""
    seen = facts(rules("2021-09-09"), certificate(), at(moment))
    assert seen["external"]["today"] == today


@pytest.mark.parametrize(("doses", "name"), [(None, UNCLEAR), (0, "red"), (1, "green")])
def test_a_pass_attests_doses_or_says_nothing_of_them(doses: int | None, name: str) -> None:
    """Nothing is not none: it is null, and a rule that counts says so by failing."""
    assert status(rules("2021-09-09", kinds=frozenset(CredentialKind)), badge(doses)) == name


@pytest.mark.parametrize(
    "now", [WallTime(1 << 60), WallTime(1_633_000_000_000, utc_offset_s=90_000)]
)
def test_a_clock_beyond_all_calendars_sends_an_officer(now: WallTime) -> None:
    """Whatever the clock says, the lane gets an answer."""
    assert judge([rules("2021-09-09")], certificate(), now) == Verdict(
        Outcome.OFFICER, UNCLEAR, "colours@2021-09-09"
    )


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
_text = st.text(max_size=12) | st.sampled_from(["2021-08", "2021-08-01", "2021-08-01T08:00:00Z"])
_examined = st.builds(
    Examined,
    st.builds(
        Credential,
        st.text(max_size=4),
        st.sampled_from(CredentialKind),
        _text,
        _text,
        _text,
        st.integers(),
        st.integers(),
        doses=st.none() | st.integers(),
    ),
    st.none()
    | st.builds(
        Content,
        st.builds(
            Health,
            st.lists(st.builds(Vaccination, _text, st.integers(), st.none() | st.integers())),
            st.lists(st.builds(Sample, _text, st.none() | st.booleans(), _text)),
            st.lists(st.builds(Recovery, _text, _text, _text)),
        ),
        st.dictionaries(st.sampled_from(["v", "dob", "x"]), _json),
    ),
)
_paths = st.sampled_from(
    ["health.vaccinations.0.date", "health.doses", "health.tests", "payload.v", "payload.v.0.x"]
)
_when = st.recursive(
    _json | st.builds(lambda path: {"var": path}, _paths),
    lambda inner: st.one_of(
        st.builds(lambda a: {"plusTime": [a, 1, "day"]}, inner),
        st.builds(lambda a, b: {"and": [a, b]}, inner, inner),
        st.builds(lambda name, a, b: {name: [a, b]}, st.sampled_from(["===", "in", "+", "<"]),
                  inner, inner),
        st.builds(lambda a, b, c: {"reduce": [a, b, c]}, inner, inner, inner),
        st.builds(lambda a: {"dccDateOfBirth": [a]}, inner),
    ),
    max_leaves=8,
)  # fmt: skip


@given(_when, _examined, st.integers(-(1 << 62), 1 << 62), st.integers(-100_000, 100_000))
def test_nothing_is_ever_raised(
    when: object, examined: Examined, unix_ms: int, utc_offset_s: int
) -> None:
    """Whatever the certificate, the rule and the clock are."""
    always = rules("0001-01-01", when, kinds=frozenset(CredentialKind))
    verdict = judge([always], examined, WallTime(unix_ms, utc_offset_s))
    assert verdict is None or verdict.status in {"green", "red", UNCLEAR, NO_RULE}


def test_the_last_comes_first() -> None:
    """So that a rule finds the one that counts as number 0, in whatever order they stand."""
    found = facts(
        rules("2021-09-09"),
        certificate(
            dose(1, date="2021-03-01"),
            dose(3, date="2021-09-01"),
            dose(2, date="2021-06-01"),
            dose(2, date="2021-07-01"),
            Recovery("2021-01-01", "2021-01-11", "2021-07-01"),
            Recovery("2021-08-01", "2021-08-11", "2022-02-01"),
            Recovery("2021-05-01", "2021-05-11", "2021-11-01"),
        ),
        at("2021-10-01T12:00:00"),
    )["health"]
    assert [each["date"] for each in found["vaccinations"]] == [
        "2021-09-01",
        "2021-07-01",
        "2021-06-01",
        "2021-03-01",
    ]
    assert [each["first_positive"] for each in found["recoveries"]] == [
        "2021-08-01",
        "2021-05-01",
        "2021-01-01",
    ]


@pytest.mark.parametrize(
    ("product", "seen"),
    [("CVX-20", False), ("cvx-207", True), ("CVX-21", False), ("CVX-2", False), ("XM68", False)],
)
def test_any_ending_is_after_the_whole_beginning(product: str, seen: bool) -> None:
    """All that stands before the asterisk must be there."""
    rule_set = rules("2021-09-09", seen=(frozenset(), frozenset({"CVX-207*"})))
    assert rule_set.sees(dose(1, product=product)) is seen


@pytest.mark.parametrize(("form", "name"), [("hcert", "colours@2021-09-09"), ("shc", NONE)])
def test_rules_for_one_format_judge_it(form: str, name: str) -> None:
    """And leave another one to the officer."""
    verdict = judge(
        [rules("2021-09-09", formats=frozenset({form}))],
        certificate(dose(1)),
        at("2021-10-01T12:00:00"),
    )
    assert verdict is not None
    assert verdict.rule == name
