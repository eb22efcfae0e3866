"""Several people on one pass, and people who need more time."""

import pytest

from gate.events import ChamberInput, StaffAction
from gate.policy import ChamberMode, ChamberPolicy, Policy, Stage
from gate.records import RecordKind
from gate.visitor import GROUP_MAX
from tests.domain.lanekit import FEVER_C, OFFICER, PASS, Scene, group_pass
from tests.domain.lanemoments import moment

CODE_ONLY = Policy(stages=(Stage.CREDENTIAL,))


def test_each_person_of_a_group_is_measured() -> None:
    """One pass for three: each disinfects, is measured and has a grant of their own."""
    lane = Scene()
    lane.is_granted(group_pass(3))
    lane.goes_in()
    for inside in (1, 2):
        assert lane.occupancy == inside
        assert lane.place == "Disinfecting"
        assert not lane.chamber_runs()
        lane.arrives()
        assert lane.chamber_runs()
        lane.disinfects()
        lane.is_measured()
        assert lane.place == "Granting"
        lane.journal_has_it()
        lane.goes_in()
    assert lane.occupancy == 3
    assert lane.place == "Idle"
    records = lane.records()
    granted = [record for record in records if record.kind is RecordKind.ACCESS_GRANTED]
    assert [record.people for record in granted] == [3, 2, None]
    assert [record.grant for record in granted] == [1, 2, 3]
    kinds = [record.kind for record in records]
    assert kinds.count(RecordKind.TEMPERATURE_NORMAL) == 3
    assert kinds.count(RecordKind.CREDENTIAL_ACCEPTED) == 1
    assert kinds.count(RecordKind.ACCESS_REQUESTED) == 1


def test_a_group_of_a_code_alone_goes_from_grant_to_grant() -> None:
    """Nothing is asked of the second but to go through after the first."""
    lane = Scene(CODE_ONLY)
    lane.shows(group_pass(2))
    lane.journal_has_it()
    lane.goes_in()
    assert lane.place == "Granting"
    assert not lane.is_released()
    lane.journal_has_it()
    lane.goes_in()
    assert lane.occupancy == 2
    assert lane.place == "Idle"


def test_the_next_of_a_group_has_time_to_step_up() -> None:
    """The first is out of sight for seconds before the second steps up: nobody has left."""
    lane = Scene()
    lane.is_granted(group_pass(2))
    lane.goes_in()
    lane.wait(10)
    assert lane.place == "Disinfecting"
    lane.arrives()
    lane.disinfects()
    lane.is_measured()
    assert lane.place == "Granting"


def test_a_group_that_is_smaller_than_its_pass_holds_nobody_up() -> None:
    """Nobody steps up: the visit ends, the lane is free, the pass is used."""
    lane = Scene()
    lane.is_granted(group_pass(2))
    lane.goes_in()
    lane.wait(15)
    assert lane.news()[-1] == "access.denied visitor_timeout"
    lane.wait(6)
    assert lane.place == "Idle"
    lane.comes_to_the_code()
    lane.shows(group_pass(2))
    assert lane.news()[-1] == "access.denied pass_already_used"


def test_a_fever_in_a_group_stops_that_person() -> None:
    """The first is inside; the second is refused on the group's pass, and bound to it."""
    lane = Scene(Policy(stages=(Stage.CREDENTIAL, Stage.TEMPERATURE)))
    lane.arrives()
    lane.shows(group_pass(2))
    lane.is_measured()
    lane.journal_has_it()
    lane.goes_in()
    lane.arrives()
    lane.is_measured(FEVER_C)
    assert lane.occupancy == 1
    assert lane.news()[-1] == "access.denied temperature_elevated"
    assert [recheck.holder for recheck in lane.state.lane.ledger.rechecks] == [group_pass(2).holder]


def test_a_reading_of_the_one_before_is_not_of_the_next() -> None:
    """They share a visit: what was started before the next one stood there is stale."""
    lane = Scene(Policy(stages=(Stage.CREDENTIAL, Stage.TEMPERATURE)))
    lane.arrives()
    lane.shows(group_pass(2))
    lane.is_measured()
    before_ns = lane.now_ns
    lane.journal_has_it()
    lane.beams("ABab", stride_s=0.1)
    assert lane.place == "Screening"
    lane.news()
    for _ in range(3):
        lane.reading(36.4, started_ns=before_ns)
    assert lane.place == "Screening"
    assert [record.detail for record in lane.records()] == ["stale"]


def test_a_group_is_not_larger_than_the_room() -> None:
    """Two of three fit: the third is refused, measured or not."""
    lane = Scene(Policy(stages=(Stage.CREDENTIAL,), capacity=2))
    lane.shows(group_pass(3))
    for _ in range(2):
        lane.journal_has_it()
        lane.goes_in()
    assert lane.occupancy == 2
    assert lane.place == "Denied"
    assert lane.news()[-1] == "access.denied capacity_reached"


def test_who_follows_without_a_grant_of_their_own_is_counted_as_that() -> None:
    """Also one of a group: one grant, one person."""
    lane = Scene(CODE_ONLY)
    lane.shows(group_pass(2))
    lane.journal_has_it()
    lane.beams("ABaAbBab")
    assert lane.occupancy == 2
    assert "passage.tailgating tailgating" in lane.news()


def test_assistance_begins_a_visit() -> None:
    """Staff brings somebody before any sensor sees them: every wait is three times as long."""
    lane = Scene()
    lane.officer(StaffAction.ASSIST)
    requested, assisted = lane.records()
    assert requested.kind is RecordKind.ACCESS_REQUESTED
    assert assisted.kind is RecordKind.ACCESS_ASSISTED
    assert (assisted.officer, assisted.people, assisted.visit) == (OFFICER, 1, 1)
    lane.wait(44.9)
    assert lane.place == "Disinfecting"
    lane.arrives()
    lane.disinfects()
    lane.wait(23)
    assert lane.place == "Screening"
    lane.is_measured()
    lane.wait(89.9)
    assert lane.screen == "show_code"
    lane.shows(PASS)
    lane.journal_has_it()
    lane.wait(29.9)
    assert lane.is_released()
    lane.goes_in()
    assert lane.occupancy == 1


@pytest.mark.parametrize(
    ("name", "wait_s"), [("screen", 3 * 8), ("code", 3 * 30), ("runs", None), ("waits", None)]
)
def test_assistance_may_come_in_the_middle(name: str, wait_s: float | None) -> None:
    """From then on there is more time; the chamber runs no longer for it."""
    lane = moment(name)
    before_ns = lane.state.wake_at_ns
    lane.officer(StaffAction.ASSIST)
    assisted = lane.records()[-1]
    assert (assisted.kind, assisted.officer) == (RecordKind.ACCESS_ASSISTED, OFFICER)
    if wait_s is None:
        assert lane.state.wake_at_ns == before_ns
    else:
        assert lane.state.wake_at_ns == lane.now_ns + wait_s * 1_000_000_000


def test_assistance_is_given_once() -> None:
    """A second press makes nothing longer, and says so."""
    lane = moment("code")
    lane.officer(StaffAction.ASSIST)
    lane.wait(50)
    due_ns = lane.state.wake_at_ns
    lane.news()
    lane.officer(StaffAction.ASSIST, people=5)
    assert lane.news() == ["lane.event_ignored StaffActed"]
    assert lane.state.wake_at_ns == due_ns


def test_a_carer_comes_along() -> None:
    """Two people on a visitor's pass, by the word of an officer whose name is written down."""
    lane = moment("code")
    lane.officer(StaffAction.ASSIST, people=2)
    lane.shows(PASS)
    lane.journal_has_it()
    lane.goes_in()
    lane.arrives()
    lane.disinfects()
    lane.is_measured()
    lane.journal_has_it()
    lane.goes_in()
    assert lane.occupancy == 2
    assisted = [record for record in lane.records() if record.officer is not None]
    assert [(record.kind, record.people) for record in assisted] == [
        (RecordKind.ACCESS_ASSISTED, 2)
    ]


@pytest.mark.parametrize(("said", "meant"), [(0, 1), (-3, 1), (20, 20), (10_000, GROUP_MAX)])
def test_a_slip_of_the_finger_brings_no_ten_thousand(said: int, meant: int) -> None:
    """A group is one to twenty people, however it was typed, at the beginning or later."""
    lane = Scene()
    lane.officer(StaffAction.ASSIST, people=said)
    assert lane.records()[-1].people == meant
    lane = moment("screen")
    lane.officer(StaffAction.ASSIST, people=said)
    assert lane.records()[-1].people == meant


def test_a_long_group_is_disinfected_one_by_one_within_the_limit() -> None:
    """Each has the chamber for as long as the policy says, and not the time of those before."""
    policy = Policy(
        stages=(Stage.CREDENTIAL, Stage.CHAMBER),
        chamber=ChamberPolicy(mode=ChamberMode.AIR, run_s=10),
    )
    lane = Scene(policy)
    lane.arrives()
    lane.shows(group_pass(2))
    for _ in range(2):
        lane.arrives()
        lane.wait(5)
        lane.sensor(ChamberInput.DOORS_CLOSED, permits=False)
        assert not lane.chamber_runs()
        lane.sensor(ChamberInput.DOORS_CLOSED)
        lane.wait(4.9)
        assert lane.chamber_runs()
        lane.wait(0.1)
        assert not lane.chamber_runs()
        lane.journal_has_it()
        lane.goes_in()
    assert lane.occupancy == 2
