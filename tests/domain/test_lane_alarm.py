"""Fire and the emergency stop: everybody may leave, nobody comes in, nothing sprays."""

import pytest

from gate.commands import Release, Secure, StopChamber
from gate.events import Device, StaffAction
from gate.policy import ns
from gate.records import Direction, RecordKind
from tests.domain.lanekit import OFFICER, PASS, Scene
from tests.domain.lanemoments import MOMENTS, moment

ALARMS = {"fire": (Scene.fire, "emergency_stop"), "emergency_stop": (Scene.stop_button, "fire")}
QUIET = [name for name in MOMENTS if name not in {"fire", "rest"}]
IN_PASSAGE = {"pass", "last"}


def reset(lane: Scene) -> None:
    """Staff resets the lane."""
    lane.officer(StaffAction.RESET)


@pytest.mark.parametrize("alarm", ALARMS)
@pytest.mark.parametrize("name", QUIET)
def test_an_alarm_outranks_every_state(name: str, alarm: str) -> None:
    """In that step: the exit is released, the entry shut, chamber and thermometer rest, and
    everybody is told."""
    lane = moment(name)
    ALARMS[alarm][0](lane)
    assert lane.place == "Emergency"
    assert lane.screen == "emergency"
    assert lane.show.reason == alarm
    assert lane.is_released(Direction.EXIT)
    assert lane.is_released() is (name in IN_PASSAGE)
    assert not lane.chamber_runs()
    assert not lane.measures()
    assert StopChamber() in lane.commands
    raised = "fire.raised" if alarm == "fire" else "emergency.raised"
    assert lane.news()[0] == raised


@pytest.mark.parametrize("name", ["runs", "waits", "screen", "code"])
def test_an_alarm_ends_the_visit(name: str) -> None:
    """Abandoned for the alarm; what was decided before needs no more words."""
    lane = moment(name)
    lane.fire()
    assert lane.news() == ["fire.raised", "access.abandoned fire"]


@pytest.mark.parametrize("name", ["denied", "refer", "fever"])
def test_an_alarm_after_the_decision_says_nothing_of_the_visit(name: str) -> None:
    """It was refused or referred, and that is written down."""
    lane = moment(name)
    lane.fire()
    assert lane.news() == ["fire.raised"]


def test_a_grant_that_is_being_written_is_withdrawn() -> None:
    """The journal has it a moment later: the barrier stays shut, and the outcome stands."""
    lane = moment("write")
    lane.fire()
    assert lane.news() == ["fire.raised", "access.not_taken fire"]
    lane.journal_has_it()
    assert not lane.is_released()
    assert lane.news() == ["lane.event_ignored GrantCommitted"]


def test_a_grant_that_nobody_has_begun_to_take_is_withdrawn() -> None:
    """Shut before anybody steps in; who does so all the same is counted as that."""
    lane = moment("open")
    lane.fire()
    assert Secure(Direction.ENTRY) in lane.commands
    assert lane.news() == ["fire.raised", "access.not_taken fire"]
    lane.beams("ABab")
    assert lane.news() == ["passage.tailgating tailgating"]


def test_who_is_in_the_passage_is_not_squeezed() -> None:
    """The barrier is not shut on them; they are in, and that is their grant's outcome."""
    lane = moment("pass")
    lane.fire()
    assert Secure(Direction.ENTRY) not in lane.commands
    lane.beams("Bab")
    assert lane.place == "Emergency"
    assert lane.occupancy == 1
    assert lane.news() == ["fire.raised", "access.taken"]
    assert not lane.is_released()


def test_who_turns_back_in_an_alarm_ends_the_grant() -> None:
    """Nobody else comes in on it."""
    lane = moment("pass")
    lane.fire()
    lane.beams("a")
    assert not lane.is_released()
    assert lane.news() == [
        "fire.raised",
        "passage.turned_back turned_back",
        "access.not_taken turned_back",
    ]


def test_who_stays_in_the_passage_has_their_time_and_no_more() -> None:
    """Ten seconds after they stepped in the grant is closed."""
    lane = moment("pass")
    lane.fire()
    lane.wait(10)
    assert not lane.is_released()
    assert "access.not_taken obstruction" in lane.news()


def test_leaving_in_an_alarm_is_no_wrong_way() -> None:
    """Everybody goes, without a button; the count follows, until staff has reset the lane."""
    lane = Scene()
    for _ in range(3):
        lane.beams("ABab")
        lane.wait(1)
    lane.stop_button()
    lane.news()
    lane.goes_out()
    assert lane.news() == ["occupancy.changed emergency_stop exit"]
    lane.stop_button(active=False)
    lane.goes_out()
    assert lane.news() == ["emergency.cleared", "occupancy.changed free_egress exit"]
    assert lane.occupancy == 1


def test_who_asked_to_leave_before_the_alarm_still_leaves_on_that_grant() -> None:
    """Its outcome is written down as it comes."""
    lane = Scene()
    lane.asks_to_leave()
    lane.fire()
    lane.goes_out()
    assert lane.news()[-1] == "access.taken exit"
    assert lane.is_released(Direction.EXIT)
    lane = Scene()
    lane.asks_to_leave()
    lane.fire()
    lane.wait(5)
    assert lane.news()[-1] == "access.not_taken exit"
    assert lane.is_released(Direction.EXIT)


def test_the_exit_stays_open_for_as_long_as_it_takes() -> None:
    """Each release has an end and is renewed before it; the barrier is never without one."""
    lane = moment("fire")
    for _ in range(200):
        lane.wait(1)
        assert lane.is_released(Direction.EXIT)
    lane.oversleep(3600)
    lane.take_nothing()
    assert lane.is_released(Direction.EXIT)
    assert Release(Direction.EXIT, 0, lane.now_ns + ns(8)) in lane.commands


def test_nothing_but_staff_ends_an_alarm() -> None:
    """The panel is at rest again: still open, still nobody let in, until an officer resets it."""
    lane = moment("rest")
    lane.wait(3600)
    lane.shows(PASS)
    lane.arrives()
    lane.officer_admits()
    assert lane.place == "Emergency"
    assert lane.is_released(Direction.EXIT)
    lane.news()
    reset(lane)
    assert lane.place == "Idle"
    assert not lane.is_released(Direction.EXIT)
    out, back = lane.records()
    assert (out.kind, out.officer) == (RecordKind.LANE_OUT_OF_SERVICE, OFFICER)
    assert back.kind is RecordKind.LANE_IN_SERVICE


def test_staff_does_not_reset_what_still_burns() -> None:
    """The input first, then the key."""
    lane = moment("fire")
    reset(lane)
    assert lane.place == "Emergency"
    assert lane.news() == ["lane.event_ignored StaffActed"]
    lane.stop_button()
    lane.fire(active=False)
    reset(lane)
    assert lane.place == "Emergency"
    assert lane.show.reason == "emergency_stop"
    lane.stop_button(active=False)
    reset(lane)
    assert lane.place == "Idle"


@pytest.mark.parametrize("alarm", ALARMS)
def test_fire_is_named_before_the_emergency_stop(alarm: str) -> None:
    """Whichever came first, and again when only one is left."""
    lane = Scene()
    first, other = ALARMS[alarm][0], ALARMS[ALARMS[alarm][1]][0]
    first(lane)
    other(lane)
    assert lane.show.reason == "fire"
    lane.fire(active=False)
    assert lane.show.reason == "emergency_stop"


def test_an_alarm_that_comes_again_before_the_reset_is_the_same_alarm() -> None:
    """The exit never shuts in between."""
    lane = moment("rest")
    lane.fire()
    lane.fire()
    assert lane.news() == ["fire.raised"]
    reset(lane)
    assert lane.place == "Emergency"


def test_a_lane_that_is_reset_may_be_shut_for_another_reason() -> None:
    """What failed meanwhile was remembered."""
    lane = moment("fire")
    lane.fails(Device.THERMOMETER)
    lane.officer(StaffAction.MAINTENANCE_ON)
    lane.fire(active=False)
    reset(lane)
    assert lane.place == "OutOfService"
    assert lane.show.reason == "maintenance"
    lane.officer(StaffAction.MAINTENANCE_OFF)
    assert lane.place == "OutOfService"
    lane.works_again(Device.THERMOMETER)
    assert lane.place == "Idle"


def test_a_reset_does_not_shut_the_way_out_on_who_asked_for_it() -> None:
    """The grant of egress ends as it would have."""
    lane = Scene()
    lane.asks_to_leave()
    lane.fire()
    lane.fire(active=False)
    reset(lane)
    assert lane.is_released(Direction.EXIT)
    lane.wait(5)
    assert not lane.is_released(Direction.EXIT)


def test_a_lane_that_is_reset_waits_for_the_last_one() -> None:
    """Somebody stood in the passage all the while: their grant is closed before the next."""
    lane = moment("pass")
    lane.fire()
    lane.fire(active=False)
    reset(lane)
    assert lane.place == "OutOfService"
    lane.beams("Bab")
    assert lane.place == "Idle"
    assert lane.occupancy == 1


def test_an_alarm_and_a_deadline_at_the_same_moment() -> None:
    """What was due is done first, and the alarm has the last word."""
    lane = moment("open")
    lane.oversleep(6)
    lane.fire()
    assert lane.place == "Emergency"
    assert lane.news() == ["access.not_taken", "fire.raised"]


def test_the_way_out_is_released_anew_every_second() -> None:
    """A relay that a stall of the loop has let go of is on again a second later, not eight."""
    lane = moment("idle")
    lane.fire()
    ends_ns = set()
    for _ in range(4):
        ends_ns |= {each.until_ns for each in lane.commands if isinstance(each, Release)}
        lane.wait(1)
    assert len(ends_ns) == 4
