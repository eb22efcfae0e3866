"""A high temperature: sit for five minutes, be measured again, and then an officer.

The second measurement is bound to the pass where one was shown, before the first or after it.
Without a pass the lane can't tell one who sat down from another.
"""

import math

import pytest

from gate.policy import Comparison, Policy, Stage, TemperaturePolicy
from gate.reasons import Reason
from gate.records import RecordKind
from tests.domain.lanekit import FEVER_C, NORMAL_C, OFFICER, PASS, Scene, another_pass

CENTRE = "Puskesmas Contoh, Jalan Contoh 1"
POLICY = Policy(refer_to=CENTRE)
CODE_FIRST = Policy(stages=(Stage.CREDENTIAL, Stage.TEMPERATURE), refer_to=CENTRE)
TEMPERATURE_ONLY = Policy(stages=(Stage.TEMPERATURE,), refer_to=CENTRE)


def comes(lane: Scene, celsius: float) -> None:
    """Arrive (with the code where it comes first) and be measured."""
    lane.arrives()
    if lane.place == "Disinfecting":
        lane.disinfects()
    if lane.place == "AwaitingCode":
        lane.shows(PASS)
    if lane.place == "Screening":
        lane.is_measured(celsius)


def goes_to_sit_down(lane: Scene, seconds: float = 300) -> None:
    """Away from the barrier, for so long since the measurement."""
    lane.walks_away()
    lane.wait(seconds - lane.policy.passage.absent_s)


def test_a_first_fever_sits_down() -> None:
    """A neutral sentence, no officer, no referral; the pass is not used."""
    lane = Scene(POLICY)
    comes(lane, FEVER_C)
    assert lane.screen == "sit_down"
    assert lane.show.refer_to is None
    assert lane.news()[-2:] == ["temperature.elevated", "access.denied temperature_elevated"]
    assert lane.spent == []


def test_a_second_fever_is_referred() -> None:
    """Five minutes later, and still: an officer looks, and the health centre is named."""
    lane = Scene(CODE_FIRST)
    comes(lane, FEVER_C)
    goes_to_sit_down(lane)
    comes(lane, FEVER_C)
    assert lane.screen == "see_staff"
    assert lane.show.refer_to == CENTRE
    referred = lane.records()[-1]
    assert referred.kind is RecordKind.ACCESS_REFERRED
    assert referred.reason is Reason.TEMPERATURE_ELEVATED_TWICE
    assert referred.refer_to == CENTRE


def test_a_normal_second_measurement_lets_in_and_is_the_end_of_it() -> None:
    """What was measured before no longer counts."""
    lane = Scene(CODE_FIRST)
    comes(lane, FEVER_C)
    goes_to_sit_down(lane)
    comes(lane, NORMAL_C)
    lane.journal_has_it()
    lane.goes_in()
    assert lane.occupancy == 1
    assert lane.state.lane.ledger.rechecks == ()


@pytest.mark.parametrize(
    ("after_s", "news"),
    [
        (299.999, "access.denied temperature_elevated"),
        (300, "access.referred temperature_elevated_twice"),
        (1800, "access.referred temperature_elevated_twice"),
        (1800.001, "access.denied temperature_elevated"),
    ],
)
def test_a_second_measurement_has_its_time(after_s: float, news: str) -> None:
    """From five minutes to half an hour after the first, to the millisecond."""
    lane = Scene(TEMPERATURE_ONLY)
    comes(lane, FEVER_C)
    goes_to_sit_down(lane, after_s - 0.6)
    comes(lane, FEVER_C)
    assert lane.news()[-1] == news


@pytest.mark.parametrize(("after_s", "place"), [(299.999, "Denied"), (300, "Screening")])
def test_a_pass_is_too_early_to_the_millisecond(after_s: float, place: str) -> None:
    """And then it is measured again."""
    lane = Scene(CODE_FIRST)
    comes(lane, FEVER_C)
    goes_to_sit_down(lane, after_s)
    lane.arrives()
    lane.shows(PASS)
    assert lane.place == place


def test_too_early_is_said_before_the_measurement_where_the_code_comes_first() -> None:
    """Nobody measures who was sent to sit down a minute ago, and the time does not begin anew."""
    lane = Scene(CODE_FIRST)
    comes(lane, FEVER_C)
    goes_to_sit_down(lane, 60)
    comes(lane, NORMAL_C)
    assert lane.screen == "sit_down"
    assert lane.news()[-1] == "access.denied recheck_too_early"
    goes_to_sit_down(lane, 240)
    comes(lane, NORMAL_C)
    assert lane.place == "Granting"


def test_too_early_holds_too_where_the_code_comes_after_a_normal_measurement() -> None:
    """A cold cloth on the forehead does not shorten five minutes: the pass knows."""
    lane = Scene(POLICY)
    comes(lane, FEVER_C)
    lane.shows(PASS)
    goes_to_sit_down(lane, 60)
    comes(lane, NORMAL_C)
    lane.shows(PASS)
    assert lane.news()[-1] == "access.denied recheck_too_early"
    goes_to_sit_down(lane, 300)
    comes(lane, NORMAL_C)
    lane.shows(PASS)
    assert lane.place == "Granting"
    assert lane.state.lane.ledger.rechecks == ()


def test_a_code_held_before_the_measurement_binds_it() -> None:
    """Shown early: the first measurement is that pass's, and nobody else's."""
    lane = Scene(POLICY)
    lane.arrives()
    lane.disinfects()
    lane.shows(PASS)
    lane.is_measured(FEVER_C)
    assert [recheck.holder for recheck in lane.state.lane.ledger.rechecks] == [PASS.holder]
    goes_to_sit_down(lane)
    lane.arrives()
    lane.disinfects()
    lane.shows(another_pass(1))
    lane.is_measured(FEVER_C)
    assert lane.news()[-1] == "access.denied temperature_elevated"


def test_a_held_code_is_known_to_be_too_early() -> None:
    """Measured again after a minute with the same code in hand: still too early."""
    lane = Scene(POLICY)
    for _ in range(2):
        lane.arrives()
        lane.disinfects()
        lane.shows(PASS)
        lane.is_measured(FEVER_C)
        goes_to_sit_down(lane, 60)
    assert lane.news()[-1] == "access.denied recheck_too_early"
    assert len(lane.state.lane.ledger.rechecks) == 1


def test_a_code_shown_after_the_refusal_binds_it() -> None:
    """The newest measurement without a pass becomes that pass's; it admits nobody."""
    lane = Scene(POLICY)
    comes(lane, FEVER_C)
    lane.shows(PASS)
    assert lane.screen == "sit_down"
    assert lane.news()[-1] == "credential.held"
    assert [recheck.holder for recheck in lane.state.lane.ledger.rechecks] == [PASS.holder]
    lane.shows(another_pass(1))
    assert [recheck.holder for recheck in lane.state.lane.ledger.rechecks] == [PASS.holder]
    assert lane.news() == []


def test_a_second_fever_shown_with_its_pass_is_referred() -> None:
    """In the usual order the pass comes after both measurements, and knows of the first."""
    lane = Scene(POLICY)
    comes(lane, FEVER_C)
    lane.shows(PASS)
    goes_to_sit_down(lane)
    comes(lane, FEVER_C)
    assert lane.news()[-1] == "access.denied temperature_elevated"
    lane.shows(PASS)
    assert lane.news()[-1] == "access.referred temperature_elevated_twice"
    assert lane.state.lane.ledger.rechecks == ()


def test_a_fever_too_early_keeps_the_time_of_the_first() -> None:
    """Nobody's five minutes begin anew because they came too soon."""
    lane = Scene(POLICY)
    comes(lane, FEVER_C)
    lane.shows(PASS)
    (first,) = lane.state.lane.ledger.rechecks
    goes_to_sit_down(lane, 60)
    comes(lane, FEVER_C)
    lane.shows(PASS)
    assert lane.state.lane.ledger.rechecks == (first,)


def test_without_passes_a_normal_second_measurement_is_the_end_of_it() -> None:
    """Where no code is asked for, the oldest one that is due is settled; none before its time."""
    lane = Scene(TEMPERATURE_ONLY)
    comes(lane, FEVER_C)
    goes_to_sit_down(lane, 60)
    early = lane.copy()
    comes(early, NORMAL_C)
    assert len(early.state.lane.ledger.rechecks) == 1
    lane.wait(300)
    comes(lane, NORMAL_C)
    assert lane.state.lane.ledger.rechecks == ()


def test_a_code_shown_after_another_refusal_binds_nothing() -> None:
    """Too early is no measurement."""
    lane = Scene(CODE_FIRST)
    comes(lane, FEVER_C)
    goes_to_sit_down(lane, 60)
    comes(lane, FEVER_C)
    lane.news()
    lane.shows(another_pass(1))
    assert lane.news() == ["lane.event_ignored CredentialPresented"]
    assert len(lane.state.lane.ledger.rechecks) == 1


def test_without_a_pass_the_first_may_be_anybody_s() -> None:
    """Safe rather than right: who comes with a fever after one was sent to sit is looked at."""
    lane = Scene(TEMPERATURE_ONLY)
    comes(lane, FEVER_C)
    goes_to_sit_down(lane)
    comes(lane, FEVER_C)
    assert lane.news()[-1] == "access.referred temperature_elevated_twice"
    assert lane.state.lane.ledger.rechecks == ()


def test_without_a_pass_nobody_is_too_early() -> None:
    """A second one within the five minutes may be another person: sit down, each for themselves."""
    lane = Scene(TEMPERATURE_ONLY)
    comes(lane, FEVER_C)
    goes_to_sit_down(lane, 60)
    comes(lane, FEVER_C)
    assert lane.news()[-1] == "access.denied temperature_elevated"
    assert len(lane.state.lane.ledger.rechecks) == 2


def test_a_pass_s_fever_is_not_an_anonymous_one() -> None:
    """Bound to a pass, it is nobody else's second."""
    lane = Scene(POLICY)
    comes(lane, FEVER_C)
    lane.shows(PASS)
    goes_to_sit_down(lane)
    comes(lane, FEVER_C)
    assert lane.news()[-1] == "access.denied temperature_elevated"


def test_an_officer_may_admit_in_spite_of_a_fever() -> None:
    """In the officer's own name, with the reason that was overridden."""
    lane = Scene(POLICY)
    comes(lane, FEVER_C)
    lane.news()
    lane.officer_admits()
    overridden, granted = lane.records()
    assert overridden.kind is RecordKind.ACCESS_OVERRIDDEN
    assert (overridden.officer, overridden.reason) == (OFFICER, Reason.TEMPERATURE_ELEVATED)
    assert (granted.officer, granted.reason) == (OFFICER, Reason.OFFICER_ADMITTED)
    assert granted.verdict is None


@pytest.mark.parametrize(
    ("comparison", "elevated"), [(Comparison.ABOVE, False), (Comparison.AT_OR_ABOVE, True)]
)
def test_whether_the_limit_itself_is_normal_is_the_site_s(
    comparison: Comparison, elevated: bool
) -> None:
    """37.3 to the last digit, by > and by >=."""
    rule = TemperaturePolicy(comparison=comparison, readings=1)
    lane = Scene(Policy(stages=(Stage.TEMPERATURE,), temperature=rule))
    lane.arrives()
    lane.reading(37.3)
    assert (lane.place == "Denied") is elevated


def test_what_is_no_reading_is_recorded_once_each() -> None:
    """Not a number, no forehead, too old, a jump, a missed one: none of them is a temperature."""
    lane = Scene(TEMPERATURE_ONLY)
    lane.arrives()
    lane.news()
    for _ in range(2):
        lane.reading(math.nan)
        lane.reading(36.4, ambient_c=math.inf)
        lane.reading(12.0)
        lane.misses("timeout")
    lane.wait(3)
    lane.reading(36.4, started_ns=lane.now_ns - 2_100_000_000)
    lane.reading(36.4)
    lane.reading(36.4)
    lane.wait(0.1)
    lane.reading(37.2)
    assert lane.place == "Screening"
    assert [record.detail for record in lane.records()] == [
        "not_a_number",
        "out_of_range",
        "timeout",
        "stale",
        "out_of_order",
        "too_fast",
    ]


def test_readings_that_disagree_are_taken_again() -> None:
    """The visitor is told once to hold still; the newest that agree decide."""
    lane = Scene(TEMPERATURE_ONLY)
    lane.arrives()
    for celsius in (36.0, 36.4, 36.8):
        lane.wait(0.2)
        lane.reading(celsius)
    assert lane.screen == "measure_again"
    lane.wait(0.2)
    lane.reading(37.0)
    assert lane.commands == []
    lane.wait(0.2)
    lane.reading(36.9)
    assert lane.place == "Granting"


def test_a_frozen_sensor_is_found_out_across_visits() -> None:
    """Three equal readings agree with each other; the twelfth in a row, in whatever visit, is no
    reading any more, and nobody is let in on it until the sensor moves again."""
    lane = Scene(TEMPERATURE_ONLY)
    for visit in range(4):
        lane.arrives()
        for _ in range(3):
            lane.wait(0.2)
            lane.reading(36.5)
        if visit < 3:
            lane.journal_has_it()
            lane.goes_in()
    assert lane.place == "Screening"
    assert [record.detail for record in lane.records()][-1] == "stuck"
    lane.wait(8)
    assert lane.place == "Denied"
    lane.walks_away()
    lane.arrives()
    for celsius in (36.52, 36.5, 36.5):
        lane.wait(0.2)
        lane.reading(celsius)
    assert lane.place == "Granting"
