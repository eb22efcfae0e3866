"""One visit after another: the way through the stages, and how each wait ends."""

import itertools
from collections.abc import Callable

import msgspec
import pytest

from gate.policy import ChamberMode, ChamberPolicy, CredentialPolicy, Policy, Stage
from gate.reasons import Reason
from gate.records import Direction, RecordKind
from tests.domain.lanekit import FEVER_C, PASS, Scene, another_pass
from tests.domain.lanemoments import moment

CODE_ONLY = Policy(stages=(Stage.CREDENTIAL,))


def test_the_whole_visit() -> None:
    """Chamber, temperature, code, grant, passage: each is written down once, in this order."""
    lane = Scene()
    assert lane.screen == "idle"
    lane.arrives()
    assert lane.screen == "chamber"
    assert lane.chamber_runs()
    lane.disinfects()
    assert not lane.chamber_runs()
    assert lane.screen == "hold_still"
    assert lane.measures()
    lane.is_measured(36.4)
    assert not lane.measures()
    assert lane.screen == "show_code"
    lane.shows(PASS)
    assert lane.screen == "wait"
    assert not lane.is_released()
    lane.journal_has_it()
    assert lane.screen == "go"
    assert lane.is_released()
    assert lane.occupancy == 0
    lane.goes_in()
    assert lane.screen == "idle"
    assert not lane.is_released()
    assert lane.occupancy == 1
    assert lane.news() == [
        "access.requested",
        "chamber.started",
        "chamber.done",
        "temperature.normal",
        "credential.accepted",
        "access.granted",
        "access.taken",
    ]


def test_the_records_of_a_visit_say_enough_and_no_more() -> None:
    """Visit, grant, kind of pass and a pseudonym; of the temperature a verdict and a band."""
    lane = Scene()
    lane.visits()
    records = {record.kind: record for record in lane.records()}
    measured = records[RecordKind.TEMPERATURE_NORMAL]
    assert (measured.visit, measured.verdict, measured.band_c) == (1, "normal", 36.0)
    granted = records[RecordKind.ACCESS_GRANTED]
    assert (granted.visit, granted.grant, granted.direction) == (1, 1, Direction.ENTRY)
    assert (granted.credential_kind, granted.issuer) == ("visitor", "Test Office")
    assert (granted.pseudonym, granted.verdict) == ("7" * 16, "normal")
    assert (granted.officer, granted.people, granted.reason) == (None, None, None)
    taken = records[RecordKind.ACCESS_TAKEN]
    assert (taken.grant, taken.occupancy, taken.pseudonym) == (1, 1, "7" * 16)
    for record in records.values():
        words = str(msgspec.to_builtins(record))
        assert PASS.holder not in words
        assert PASS.replay_key not in words


@pytest.mark.parametrize("order", list(itertools.permutations(Stage)))
def test_the_order_of_the_stages_is_the_site_s(order: tuple[Stage, ...]) -> None:
    """Whatever comes first: each stage is passed once, and then the grant."""
    lane = Scene(Policy(stages=order))
    lane.arrives()
    steps: dict[str, Callable[[], None]] = {
        "Disinfecting": lane.disinfects,
        "Screening": lane.is_measured,
        "AwaitingCode": lambda: lane.shows(PASS),
    }
    seen = []
    while lane.place != "Granting":
        seen.append(lane.place)
        steps[lane.place]()
    places = {
        Stage.CHAMBER: "Disinfecting",
        Stage.TEMPERATURE: "Screening",
        Stage.CREDENTIAL: "AwaitingCode",
    }
    assert seen == [places[stage] for stage in order]
    lane.journal_has_it()
    lane.goes_in()
    assert lane.occupancy == 1


@pytest.mark.parametrize(
    ("stages", "mode", "asked"),
    [
        ((), ChamberMode.HANDS, "wait"),
        ((Stage.CHAMBER,), ChamberMode.OFF, "wait"),
        ((Stage.CHAMBER,), ChamberMode.VACANT, "wait"),
        ((Stage.CHAMBER,), ChamberMode.HANDS, "chamber"),
        ((Stage.TEMPERATURE,), ChamberMode.HANDS, "hold_still"),
        ((Stage.CHAMBER, Stage.CREDENTIAL), ChamberMode.OFF, "show_code"),
    ],
)
def test_a_stage_may_be_left_out(stages: tuple[Stage, ...], mode: ChamberMode, asked: str) -> None:
    """What the site does not want is not asked; where it wants nothing, the gate only counts."""
    lane = Scene(Policy(stages=stages, chamber=ChamberPolicy(mode=mode)))
    lane.arrives()
    assert lane.screen == asked


def test_without_a_credential_stage_nobody_is_known() -> None:
    """A count, a grant and its outcome, and no pseudonym."""
    lane = Scene(Policy(stages=()))
    lane.arrives()
    lane.journal_has_it()
    lane.goes_in()
    assert lane.occupancy == 1
    assert [record.pseudonym for record in lane.records()] == [None] * 3
    assert lane.spent == []


def test_a_code_shown_early_is_held_for_five_seconds() -> None:
    """Within them it counts when its stage comes; the visitor is not asked again."""
    lane = Scene()
    lane.arrives()
    lane.shows(PASS)
    assert lane.screen == "chamber"
    lane.wait(4)
    assert lane.screen == "hold_still"
    lane.is_measured()
    assert lane.place == "Granting"
    assert lane.news()[:3] == ["access.requested", "chamber.started", "credential.held"]


def test_after_five_seconds_the_code_is_asked_for() -> None:
    """To the nanosecond: held at five seconds, forgotten after."""
    lane = Scene(Policy(stages=(Stage.TEMPERATURE, Stage.CREDENTIAL)))
    lane.arrives()
    lane.shows(PASS)
    lane.wait(5 - 0.6)
    just_in_time, too_late = lane.copy(), lane.copy()
    just_in_time.is_measured()
    assert just_in_time.place == "Granting"
    too_late.now_ns += 1
    too_late.is_measured()
    assert too_late.screen == "show_code"


def test_a_code_held_for_one_visitor_is_nothing_to_the_next() -> None:
    """Who walks away takes the code along."""
    lane = Scene(Policy(stages=(Stage.TEMPERATURE, Stage.CREDENTIAL)))
    lane.arrives()
    lane.shows(PASS)
    lane.walks_away()
    assert lane.place == "Idle"
    lane.arrives()
    lane.is_measured()
    assert lane.screen == "show_code"


def test_the_newest_of_two_early_codes_counts() -> None:
    """Shown the wrong one first: the other one takes its place, and its time begins anew."""
    lane = Scene(Policy(stages=(Stage.TEMPERATURE, Stage.CREDENTIAL)))
    lane.arrives()
    lane.shows(another_pass(1))
    lane.wait(3)
    lane.shows(PASS)
    lane.wait(3)
    lane.is_measured()
    assert lane.grant.credential == PASS


def test_a_visit_may_begin_with_a_code() -> None:
    """The camera may see a phone before the sensor sees its owner, who has not left: not at once,
    and not after the time that makes an absent visitor."""
    lane = Scene()
    lane.visits(another_pass(1))
    lane.wait(60)
    lane.news()
    lane.shows(PASS)
    assert lane.place == "Disinfecting"
    assert not lane.chamber_runs()
    lane.wait(3)
    assert lane.place == "Disinfecting"
    lane.arrives()
    assert lane.chamber_runs()
    lane.disinfects()
    lane.is_measured()
    assert lane.place == "Granting"
    assert "access.abandoned visitor_left" not in lane.news()


def test_a_code_without_anybody_ends_by_its_deadline() -> None:
    """A phone held from afar: nothing runs, nothing is granted, and the lane is free again."""
    lane = Scene()
    lane.shows(PASS)
    lane.wait(15)
    assert lane.place == "Denied"
    assert lane.news() == ["access.requested", "access.denied visitor_timeout"]
    lane.wait(6)
    assert lane.place == "Idle"


def test_a_code_at_an_idle_lane_is_judged_at_once_where_it_is_all_that_counts() -> None:
    """Credential only: show and go."""
    lane = Scene(CODE_ONLY)
    lane.shows(PASS)
    lane.journal_has_it()
    assert lane.screen == "go"


@pytest.mark.parametrize("stage", ["runs", "screen", "code"])
def test_a_visitor_may_walk_away_from_every_stage(stage: str) -> None:
    """The visit is abandoned, nothing is refused, and the lane waits for the next one."""
    lane = moment(stage)
    lane.leaves()
    lane.wait(1.4)
    assert lane.place != "Idle"
    lane.wait(0.1)
    assert lane.place == "Idle"
    assert lane.screen == "idle"
    assert not lane.chamber_runs()
    assert not lane.measures()
    assert lane.news()[-1] == "access.abandoned visitor_left"


def test_a_flicker_of_the_presence_sensor_costs_nobody_the_visit() -> None:
    """Lost for less than a second and a half is not left."""
    lane = Scene()
    lane.comes_to_the_code()
    for _ in range(5):
        lane.leaves()
        lane.wait(1)
        lane.arrives()
    lane.shows(PASS)
    assert lane.place == "Granting"


def test_no_code_comes() -> None:
    """After half a minute the visitor is told to see staff, and may still show a code."""
    lane = Scene()
    lane.comes_to_the_code()
    lane.wait(29.9)
    assert lane.screen == "show_code"
    lane.wait(0.1)
    assert lane.screen == "see_staff"
    assert lane.news()[-1] == "access.denied visitor_timeout"
    lane.shows(PASS)
    lane.journal_has_it()
    assert lane.screen == "go"


def test_no_temperature_comes() -> None:
    """Eight seconds without a verdict: refused as unavailable, never as normal."""
    lane = Scene()
    lane.arrives()
    lane.disinfects()
    lane.is_measured(times=2)
    lane.wait(8)
    assert lane.screen == "refused"
    assert not lane.measures()
    assert lane.news()[-2:] == [
        "temperature.unavailable",
        "access.denied temperature_unavailable",
    ]


def test_a_code_that_does_not_hold_is_said_and_another_one_may_be_shown() -> None:
    """Rubbish, an address of the web, an expired pass: the reason is recorded, the wait goes on."""
    lane = Scene()
    lane.comes_to_the_code()
    lane.news()
    lane.shows_rubbish(Reason.CODE_IS_URL)
    assert lane.screen == "code_not_read"
    lane.shows_rubbish(Reason.CREDENTIAL_EXPIRED)
    lane.shows(PASS)
    assert lane.news() == [
        "credential.refused code_is_url",
        "credential.refused credential_expired",
        "credential.accepted",
        "access.granted",
    ]


@pytest.mark.parametrize("stage", ["waits", "runs", "screen"])
def test_a_bad_code_before_its_stage_is_recorded_and_not_held(stage: str) -> None:
    """Its owner is asked in time."""
    lane = moment(stage)
    screen = lane.screen
    lane.shows_rubbish()
    assert lane.news()[-1] == "credential.refused code_unknown_format"
    assert lane.screen == screen


def test_a_bad_code_at_an_idle_lane_begins_no_visit() -> None:
    """A poster with an address on it keeps nobody busy."""
    lane = Scene()
    lane.shows_rubbish(Reason.CODE_IS_URL)
    assert lane.place == "Idle"
    assert lane.screen == "code_not_read"
    assert lane.news() == ["credential.refused code_is_url"]


def test_whoever_was_sent_away_and_stays_is_not_asked_again() -> None:
    """Until they step away, or show a code. A sensor that says again what it said is no news."""
    lane = Scene()
    lane.comes_to_the_code()
    lane.wait(30 + 6)
    assert lane.screen == "idle"
    lane.wait(600)
    assert lane.place == "Idle"
    lane.arrives()
    assert lane.place == "Idle"
    twin = lane.copy()
    twin.shows(PASS)
    assert twin.place == "Disinfecting"
    lane.leaves()
    assert lane.place == "Idle"
    lane.arrives()
    assert lane.place == "Disinfecting"


def test_the_next_one_need_not_step_back_first() -> None:
    """Who stands behind the one who goes in is attended to half a second later."""
    lane = Scene()
    lane.is_granted()
    lane.beams("ABab")
    assert lane.place == "Idle"
    lane.wait(0.4)
    assert lane.place == "Idle"
    lane.wait(0.1)
    assert lane.screen == "chamber"
    assert lane.state.lane.visits == 2


def test_the_next_one_may_leave_before() -> None:
    """It was the back of the one who went in."""
    lane = Scene()
    lane.is_granted()
    lane.beams("ABab")
    lane.leaves()
    lane.wait(5)
    assert lane.place == "Idle"
    assert lane.state.lane.visits == 1


def test_who_came_while_another_was_told_no_is_the_next_one() -> None:
    """They arrived after the refusal: it was not theirs."""
    lane = Scene(msgspec.structs.replace(CODE_ONLY, credential=CredentialPolicy(issuers=("X",))))
    lane.arrives()
    lane.shows(PASS)
    assert lane.place == "Denied"
    lane.wait(2)
    lane.leaves()
    lane.wait(1)
    lane.arrives()
    lane.wait(3)
    assert lane.place == "Idle"
    lane.wait(0.5)
    assert lane.screen == "show_code"


def test_a_grant_that_nobody_takes_is_not_taken() -> None:
    """Five seconds, then the barrier is shut, the pass unused, and the house no fuller."""
    lane = Scene()
    lane.is_granted()
    lane.wait(4.9)
    assert lane.is_released()
    lane.wait(0.1)
    assert not lane.is_released()
    lane.wait(1)
    assert lane.news()[-1] == "access.not_taken"
    assert lane.occupancy == 0
    lane.walks_away()
    lane.visits()
    assert lane.occupancy == 1


def test_the_temperature_of_one_visit_is_nothing_to_the_next() -> None:
    """Who comes after a normal one is measured all the same, and refused."""
    lane = Scene(Policy(stages=(Stage.TEMPERATURE,)))
    lane.arrives()
    lane.is_measured()
    lane.journal_has_it()
    lane.goes_in()
    lane.arrives()
    lane.is_measured(FEVER_C)
    assert lane.screen == "sit_down"


def test_a_reading_belongs_to_the_visit_in_which_it_was_started() -> None:
    """One that comes late is ignored, and says so; one that began before this visit is stale."""
    lane = Scene(Policy(stages=(Stage.TEMPERATURE,)))
    lane.arrives()
    lane.walks_away()
    lane.arrives()
    lane.news()
    lane.reading(36.4, visit=1)
    assert lane.news() == ["lane.event_ignored ReadingTaken"]
    began_ns = lane.now_ns
    lane.wait(0.1)
    lane.reading(36.4, started_ns=began_ns - 1)
    assert [record.detail for record in lane.records()] == ["stale"]
    lane.reading(36.4, started_ns=began_ns)
    lane.reading(36.4, started_ns=began_ns + 1)
    assert lane.place == "Screening"
    lane.reading(36.4, started_ns=began_ns + 2)
    assert lane.place == "Granting"
