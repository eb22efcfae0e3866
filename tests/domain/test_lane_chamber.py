"""The disinfectant chamber: every mode, its interlock, and what ends a run."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.commands import RunChamber, StopChamber
from gate.events import (
    ChamberInput,
    ChamberInputChanged,
    Device,
    PresenceChanged,
    StaffAction,
)
from gate.interlock import REQUIRED, STAGE_MODES
from gate.policy import ADVISORY, ChamberMode, ChamberPolicy, Policy, Stage, ns
from gate.records import Direction, RecordKind
from tests.domain.lanekit import OFFICER, PASS, Scene
from tests.domain.lanemoments import VACANT, moment


def chamber(mode: ChamberMode, run_s: float = 4, wait_s: float = 15) -> Policy:
    """A lane whose only stage is that chamber."""
    accepted = ADVISORY if mode is ChamberMode.MIST else ""
    rules = ChamberPolicy(mode, run_s, wait_s, accepted)
    return Policy(stages=(Stage.CHAMBER,), chamber=rules)


IN_A_VISIT = sorted(STAGE_MODES)
INTERLOCKED = [(mode, sensor) for mode in IN_A_VISIT for sensor in sorted(REQUIRED[mode])]
NOT_INTERLOCKED = [
    (mode, sensor) for mode in IN_A_VISIT for sensor in sorted(set(ChamberInput) - REQUIRED[mode])
]


@pytest.mark.parametrize("mode", IN_A_VISIT)
def test_a_run_ends_by_itself_or_by_the_dispenser(mode: ChamberMode) -> None:
    """After the policy's time, to the millisecond, or as soon as the device says so."""
    lane = Scene(chamber(mode))
    lane.arrives()
    by_itself, by_device = lane.copy(), lane.copy()
    by_itself.wait(3.999)
    assert by_itself.chamber_runs()
    by_itself.wait(0.001)
    by_device.wait(1)
    by_device.disinfects()
    for twin in (by_itself, by_device):
        assert twin.place == "Granting"
        assert StopChamber() in twin.commands
        assert "chamber.done" in twin.news()


@pytest.mark.parametrize("mode", [ChamberMode.OFF, ChamberMode.VACANT])
def test_a_mode_that_is_no_part_of_a_visit_is_passed_by(mode: ChamberMode) -> None:
    """Nothing runs while somebody is there."""
    lane = Scene(chamber(mode))
    lane.arrives()
    assert lane.place == "Granting"
    assert not lane.chamber_runs()


@pytest.mark.parametrize(("mode", "sensor"), INTERLOCKED)
def test_the_interlock_breaks_a_run_at_once(mode: ChamberMode, sensor: ChamberInput) -> None:
    """In the same step; what is left of the time runs when the sensor permits again."""
    lane = Scene(chamber(mode))
    lane.arrives()
    lane.wait(3)
    lane.sensor(sensor, permits=False)
    assert not lane.chamber_runs()
    assert lane.news()[-1] == "chamber.aborted chamber_interlock"
    lane.wait(2)
    lane.sensor(sensor)
    assert lane.chamber_runs()
    lane.wait(0.999)
    assert lane.chamber_runs()
    lane.wait(0.001)
    assert lane.place == "Granting"


@pytest.mark.parametrize(("mode", "sensor"), NOT_INTERLOCKED)
def test_a_sensor_that_the_mode_does_not_ask_is_no_interlock(
    mode: ChamberMode, sensor: ChamberInput
) -> None:
    """A hand dispenser has no doors."""
    lane = Scene(chamber(mode))
    lane.arrives()
    lane.sensor(sensor, permits=False)
    assert lane.chamber_runs()


@pytest.mark.parametrize(("mode", "sensor"), INTERLOCKED)
def test_a_sensor_that_says_nothing_forbids(mode: ChamberMode, sensor: ChamberInput) -> None:
    """Unknown is not safe: the visitor waits, and is refused in the end."""
    lane = Scene(chamber(mode))
    lane.sensor(sensor, permits=False)
    lane.arrives()
    assert not lane.chamber_runs()
    lane.wait(14.9)
    assert lane.place == "Disinfecting"
    lane.wait(0.1)
    reason = "unavailable" if sensor is ChamberInput.TANK_FILLED else "interlock"
    assert lane.news() == ["access.requested", f"access.denied chamber_{reason}"]


def test_an_empty_tank_holds_nobody_up_for_ever() -> None:
    """It is filled in time and the visit goes on."""
    lane = moment("waits")
    lane.wait(10)
    lane.sensor(ChamberInput.TANK_FILLED)
    assert lane.chamber_runs()
    lane.wait(4)
    assert lane.place == "Screening"


def test_the_occupant_leaves_and_comes_back() -> None:
    """Off as soon as nobody is there, whatever else changes; on for the rest of the time."""
    lane = Scene(chamber(ChamberMode.MIST, run_s=10))
    lane.arrives()
    lane.wait(4)
    lane.leaves()
    assert not lane.chamber_runs()
    assert lane.news()[-1] == "chamber.aborted visitor_left"
    lane.sensor(ChamberInput.TANK_FILLED, permits=False)
    lane.sensor(ChamberInput.TANK_FILLED)
    assert not lane.chamber_runs()
    lane.wait(1)
    lane.arrives()
    lane.wait(5.9)
    assert lane.chamber_runs()
    lane.wait(0.1)
    assert lane.place == "Granting"


def test_the_occupant_leaves_for_good() -> None:
    """The visit is abandoned."""
    lane = Scene(chamber(ChamberMode.AIR))
    lane.arrives()
    lane.wait(1)
    lane.walks_away()
    assert lane.place == "Idle"
    assert lane.news()[-1] == "access.abandoned visitor_left"


def test_a_run_that_was_broken_has_its_end_too() -> None:
    """It may go on until the visitor's time at the chamber is over, and no longer."""
    lane = Scene(chamber(ChamberMode.AIR, wait_s=6))
    lane.arrives()
    lane.wait(3)
    lane.sensor(ChamberInput.DOORS_CLOSED, permits=False)
    lane.wait(2.9)
    assert lane.place == "Disinfecting"
    lane.wait(0.1)
    assert lane.news()[-1] == "access.denied chamber_interlock"


def test_a_run_that_breaks_after_the_wait_is_over_is_refused() -> None:
    """It began late, and was broken later still: nobody waits for more."""
    lane = Scene(chamber(ChamberMode.AIR, wait_s=2))
    lane.sensor(ChamberInput.DOORS_CLOSED, permits=False)
    lane.arrives()
    lane.wait(1)
    lane.sensor(ChamberInput.DOORS_CLOSED)
    lane.wait(3)
    assert lane.chamber_runs()
    lane.sensor(ChamberInput.DOORS_CLOSED, permits=False)
    lane.wait(0)
    assert lane.news()[-1] == "access.denied chamber_interlock"


CHANGES = st.tuples(st.integers(1, 900), st.sampled_from([*ChamberInput, None]), st.booleans())
"""After so many milliseconds, that sensor (None: of presence) says so."""


@pytest.mark.parametrize("mode", IN_A_VISIT)
@given(changes=st.lists(CHANGES))
def test_chatter_adds_up_to_one_run(
    mode: ChamberMode, changes: list[tuple[int, ChamberInput | None, bool]]
) -> None:
    """However the sensors and the visitor come and go: all runs together are no longer than one."""
    lane = Scene(chamber(mode, run_s=10))
    lane.arrives()
    for pause_ms, sensor, on in changes:
        lane.wait(pause_ms / 1000)
        lane.take(PresenceChanged(on) if sensor is None else ChamberInputChanged(sensor, on))
        if lane.state.lane.visits > 1:
            return
        assert lane.chamber_ran_ns <= ns(10)


def test_no_run_with_a_person_inside_is_longer_than_ten_seconds() -> None:
    """The policy can't say so, and the command carries its end."""
    lane = Scene(chamber(ChamberMode.MIST, run_s=10))
    lane.arrives()
    (run,) = [command for command in lane.commands if isinstance(command, RunChamber)]
    assert run == RunChamber(1, lane.now_ns + ns(10))


# The empty chamber.


def test_staff_arms_the_empty_chamber() -> None:
    """Both vacancy sensors, doors, tank and the lane's own sensors agree: it runs, and is done."""
    lane = Scene(VACANT)
    lane.officer(StaffAction.ARM_CHAMBER)
    assert lane.place == "Clearing"
    assert lane.chamber_runs()
    assert lane.screen == "wait"
    started = lane.records()[-1]
    assert (started.kind, started.officer) == (RecordKind.CHAMBER_STARTED, OFFICER)
    lane.wait(4)
    assert lane.news() == ["chamber.done"]
    assert lane.place == "Idle"


def test_the_device_may_say_that_the_empty_chamber_is_done() -> None:
    """Sooner than the policy's time."""
    lane = moment("clear")
    lane.disinfects()
    assert not lane.chamber_runs()
    assert lane.news() == ["chamber.done"]


@pytest.mark.parametrize("sensor", sorted(ChamberInput))
def test_the_empty_chamber_needs_every_sensor(sensor: ChamberInput) -> None:
    """One that forbids, before or in the middle: it does not run."""
    lane = Scene(VACANT)
    lane.sensor(sensor, permits=False)
    lane.officer(StaffAction.ARM_CHAMBER)
    refused = lane.records()[-1]
    assert (refused.kind, refused.officer) == (RecordKind.CHAMBER_ABORTED, OFFICER)
    assert lane.place == "Idle"
    lane = moment("clear")
    lane.sensor(sensor, permits=False)
    assert not lane.chamber_runs()
    reason = "unavailable" if sensor is ChamberInput.TANK_FILLED else "interlock"
    assert lane.news() == [f"chamber.aborted chamber_{reason}"]


SIGNS_OF_A_PERSON: dict[str, Callable[[Scene], None]] = {
    "somebody is before the barrier": Scene.arrives,
    "somebody steps into the passage": lambda lane: lane.beams("B"),
    "the door opens": Scene.door,
    "somebody wants to leave": Scene.asks_to_leave,
}
MORE_SIGNS: dict[str, Callable[[Scene], None]] = {
    "somebody shows a code": Scene.shows_rubbish,
    "somebody shows a pass": lambda lane: lane.shows(PASS),
    "the turnstile turned": lambda lane: lane.contact(Direction.EXIT),
    "an officer stops it": Scene.officer_refuses,
    "the chamber fails": lambda lane: lane.fails(Device.CHAMBER),
}
"""What leaves no trace in the world's image once it is over."""


@pytest.mark.parametrize("sign", SIGNS_OF_A_PERSON)
def test_it_is_not_armed_where_somebody_may_be(sign: str) -> None:
    """And whoever stood there is attended to all the same."""
    lane = Scene(VACANT)
    lane.beams("ABab")
    SIGNS_OF_A_PERSON[sign](lane)
    lane.wait(0)
    place = lane.place
    lane.officer(StaffAction.ARM_CHAMBER)
    assert lane.place == place
    assert not lane.chamber_runs()


@pytest.mark.parametrize("sign", [*SIGNS_OF_A_PERSON, *MORE_SIGNS])
def test_any_sign_of_a_person_ends_it(sign: str) -> None:
    """In the same step: the actuator is off."""
    lane = moment("clear")
    {**SIGNS_OF_A_PERSON, **MORE_SIGNS}[sign](lane)
    assert not lane.chamber_runs()
    assert lane.place != "Clearing"


def test_arming_does_not_forget_who_stands_there() -> None:
    """The next visitor waits half a second; a press of the key in between changes nothing."""
    lane = Scene(VACANT)
    lane.arrives()
    lane.is_measured()
    lane.shows(PASS)
    lane.journal_has_it()
    lane.beams("ABab")
    lane.officer(StaffAction.ARM_CHAMBER)
    assert lane.news()[-1] == "chamber.aborted chamber_interlock"
    lane.wait(0.5)
    assert lane.place == "Screening"


def test_a_failed_actuator_is_not_armed() -> None:
    """Where no visit needs the chamber the lane stays in service without it."""
    lane = Scene(Policy(stages=(), chamber=ChamberPolicy(mode=ChamberMode.VACANT)))
    lane.fails(Device.CHAMBER)
    assert lane.place == "Idle"
    lane.officer(StaffAction.ARM_CHAMBER)
    assert lane.news()[-1] == "chamber.aborted chamber_unavailable"
    lane.works_again(Device.CHAMBER)
    lane.officer(StaffAction.ARM_CHAMBER)
    assert lane.chamber_runs()
    lane.fails(Device.CHAMBER)
    assert not lane.chamber_runs()


def test_only_a_vacant_chamber_is_armed() -> None:
    """In any other mode the key means nothing, and that is recorded."""
    lane = Scene()
    lane.officer(StaffAction.ARM_CHAMBER)
    assert lane.place == "Idle"
    assert lane.news() == ["lane.event_ignored StaffActed"]
