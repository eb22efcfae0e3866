"""When a lane is in service, what takes it out, and what a restart makes of open grants."""

from collections.abc import Callable

import pytest

from gate.commands import Append, Secure, StopChamber
from gate.credential.standing import Standing
from gate.events import ChamberInput, Device, SelfCheckPassed, StaffAction, TrustListRead
from gate.lane import start
from gate.ledger import Ledger
from gate.policy import ChamberMode, ChamberPolicy, Policy, Stage
from gate.reasons import Reason
from gate.records import Direction, Record, RecordKind, Spent
from gate.walltime import ClockQuality, WallTime
from tests.domain.lanekit import PASS, Scene
from tests.domain.lanemoments import MOMENTS, moment

IN_SERVICE = [name for name in MOMENTS if name not in {"start", "maint", "last", "fire", "rest"}]
IN_A_STAGE = {"waits", "runs", "screen", "code"}


def test_a_lane_begins_shut() -> None:
    """Both directions secured, the chamber off, and nobody let in before the self-check."""
    lane = Scene(in_service=False)
    assert lane.place == "OutOfService"
    assert (lane.screen, lane.show.reason) == ("closed", Reason.STARTING)
    assert lane.news() == ["device.started"]
    lane.arrives()
    lane.shows(PASS)
    lane.officer_admits()
    assert not lane.is_released()
    lane.take(SelfCheckPassed())
    assert lane.place == "Idle"
    assert lane.news()[-1] == "lane.in_service"
    lane.wait(0.5)
    assert lane.place == "Disinfecting"


def test_the_first_commands_secure_everything() -> None:
    """Before anything else, whatever the outputs were before."""
    _, commands = start(Policy(), 1, wall=WallTime(0, quality=ClockQuality.UNTRUSTED))
    assert commands[:3] == (Secure(Direction.ENTRY), Secure(Direction.EXIT), StopChamber())


def test_a_restart_closes_every_open_grant_as_unknown() -> None:
    """Nobody saw whether anybody went through; nothing is counted, numbers go on."""
    open_grants = [
        Record(RecordKind.ACCESS_GRANTED, 1, visit=7, grant=9, direction=Direction.ENTRY),
        Record(RecordKind.ACCESS_GRANTED, 1, grant=10, direction=Direction.EXIT),
    ]
    ledger = Ledger(occupancy=3).restored(Spent(PASS.replay_key, PASS.holder, PASS.valid_until_s))
    wall = WallTime(0)
    state, commands = start(
        Policy(), 1, wall=wall, ledger=ledger, visits=7, granted=10, open_grants=open_grants
    )
    assert (state.lane.visits, state.lane.grants, state.lane.ledger) == (7, 10, ledger)
    closed = [
        command.record
        for command in commands
        if isinstance(command, Append) and command.record.kind is RecordKind.ACCESS_UNKNOWN
    ]
    assert [(record.visit, record.grant, record.direction) for record in closed] == [
        (7, 9, Direction.ENTRY),
        (0, 10, Direction.EXIT),
    ]
    assert {record.reason for record in closed} == {Reason.RESTART}


def test_a_pass_of_an_unknown_outcome_is_used() -> None:
    """Somebody may have gone in on it just before the power went: nobody does so twice."""
    ledger = Ledger().restored(Spent(PASS.replay_key, PASS.holder, PASS.valid_until_s))
    lane = Scene(Policy(stages=(Stage.CREDENTIAL,)), ledger=ledger)
    lane.shows(PASS)
    assert lane.news()[-1] == "access.denied pass_already_used"


TAKES_OUT: dict[str, tuple[Callable[[Scene], None], Reason]] = {
    "a device fails": (lambda lane: lane.fails(Device.READER), Reason.DEVICE_FAULT),
    "the journal fails": (lambda lane: lane.fails(Device.JOURNAL), Reason.JOURNAL_UNAVAILABLE),
    "the cabinet is opened": (Scene.cabinet, Reason.TAMPER),
    "maintenance": (lambda lane: lane.officer(StaffAction.MAINTENANCE_ON), Reason.MAINTENANCE),
    "the process ends": (Scene.is_shut_down, Reason.SHUTDOWN),
}


@pytest.mark.parametrize("why", TAKES_OUT)
@pytest.mark.parametrize("name", IN_SERVICE)
def test_a_lane_goes_out_of_service_from_every_state(name: str, why: str) -> None:
    """In that step: nobody is let in, everything rests, and the reason stands in the record."""
    lane = moment(name)
    happen, reason = TAKES_OUT[why]
    happen(lane)
    assert lane.place == "OutOfService"
    assert (lane.screen, lane.show.reason) == ("closed", reason)
    in_passage = name == "pass" and reason is not Reason.SHUTDOWN
    assert lane.is_released() is in_passage
    assert not lane.chamber_runs()
    assert not lane.measures()
    news = lane.news()
    assert news[-1] == f"lane.out_of_service {reason}"
    assert (f"access.abandoned {reason}" in news) is (name in IN_A_STAGE)
    assert (f"access.not_taken {reason}" in news) is (name in {"write", "open"})
    assert ("access.unknown shutdown" in news) is (name == "pass" and not in_passage)


def test_who_is_in_the_passage_when_a_device_fails_is_in() -> None:
    """Out of service, and counted."""
    lane = moment("pass")
    lane.fails(Device.CAMERA)
    lane.beams("Bab")
    assert lane.place == "OutOfService"
    assert lane.occupancy == 1
    assert lane.news()[-1] == "access.taken"


def test_who_turns_back_when_a_device_fails_is_not_let_in_any_more() -> None:
    """The grant is closed with them."""
    lane = moment("pass")
    lane.fails(Device.CAMERA)
    lane.beams("a")
    assert not lane.is_released()
    assert lane.news()[-1] == "access.not_taken turned_back"


def test_a_lane_comes_back_when_all_is_well_and_not_before() -> None:
    """Two devices and an open cabinet: the last one that is mended opens it."""
    lane = Scene()
    lane.fails(Device.CAMERA)
    lane.fails(Device.BARRIER)
    lane.fails(Device.BARRIER)
    lane.cabinet()
    lane.cabinet()
    lane.works_again(Device.CAMERA)
    lane.cabinet(opened=False)
    assert lane.place == "OutOfService"
    lane.works_again(Device.BARRIER)
    assert lane.place == "Idle"
    assert lane.news() == [
        "device.failed",
        "lane.out_of_service device_fault",
        "device.failed",
        "lane.event_ignored DeviceFailed",
        "device.tampered tamper",
        "lane.out_of_service tamper",
        "device.recovered",
        "lane.out_of_service device_fault",
        "device.recovered",
        "lane.in_service",
    ]


@pytest.mark.parametrize(
    ("policy", "device"),
    [
        (Policy(stages=(Stage.CREDENTIAL,)), Device.THERMOMETER),
        (Policy(stages=(Stage.TEMPERATURE,)), Device.CAMERA),
        (Policy(chamber=ChamberPolicy(mode=ChamberMode.OFF)), Device.CHAMBER),
    ],
)
def test_a_device_that_the_policy_does_not_need_shuts_nothing(
    policy: Policy, device: Device
) -> None:
    """Recorded, and the lane goes on."""
    lane = Scene(policy)
    lane.fails(device)
    assert lane.place == "Idle"
    lane.works_again(device)
    assert lane.news() == ["device.failed", "device.recovered"]


# The end of the process.


def test_shutdown_closes_what_is_open() -> None:
    """Nobody in the passage: not taken. Somebody in it: unknown, in both directions."""
    lane = moment("open")
    lane.asks_to_leave()
    lane.is_shut_down()
    news = lane.news()
    assert "access.not_taken shutdown" in news
    assert "access.not_taken shutdown exit" in news
    lane = Scene()
    lane.asks_to_leave()
    lane.beams("B")
    lane.is_shut_down()
    assert "access.unknown shutdown exit" in lane.news()


def test_shutdown_of_a_lane_that_is_out_already_closes_the_last_grant() -> None:
    """Somebody is in the passage still when the process ends."""
    lane = moment("pass")
    lane.fails(Device.CAMERA)
    lane.news()
    lane.is_shut_down()
    assert lane.news() == ["lane.out_of_service shutdown", "access.unknown shutdown"]


def test_shutdown_is_latched() -> None:
    """Nothing brings the lane back; asked twice it says so."""
    lane = Scene()
    lane.is_shut_down()
    lane.is_shut_down()
    lane.officer(StaffAction.MAINTENANCE_ON)
    lane.officer(StaffAction.MAINTENANCE_OFF)
    assert lane.place == "OutOfService"
    assert lane.news() == ["lane.out_of_service shutdown", "lane.event_ignored ShutdownRequested"]


# The journal.


def test_the_journal_says_no() -> None:
    """The barrier stays shut, the visitor sees staff, the grant has its outcome."""
    lane = moment("write")
    lane.journal_can_not()
    assert lane.screen == "see_staff"
    assert not lane.is_released()
    assert lane.news() == [
        "access.not_taken grant_not_committed",
        "access.denied grant_not_committed",
    ]
    lane.officer_admits()
    lane.journal_has_it()
    assert lane.is_released()


def test_the_journal_says_nothing() -> None:
    """Two seconds, then the grant is given up; what comes later moves nothing."""
    lane = moment("write")
    lane.wait(1.9)
    assert lane.screen == "wait"
    lane.wait(0.1)
    assert lane.news() == [
        "access.not_taken grant_not_committed",
        "access.denied grant_not_committed",
    ]
    lane.journal_has_it()
    lane.journal_can_not()
    assert not lane.is_released()
    assert lane.news() == [
        "lane.event_ignored GrantCommitted",
        "lane.event_ignored GrantNotCommitted",
    ]


def test_an_answer_at_the_very_moment_of_giving_up_is_too_late() -> None:
    """The deadline comes first, to the nanosecond."""
    lane = moment("write")
    lane.oversleep(2)
    lane.journal_answers_now()
    assert lane.place == "Denied"
    assert not lane.is_released()
    lane = moment("write")
    lane.oversleep(2)
    lane.now_ns -= 1
    lane.journal_answers_now()
    assert lane.is_released()


def test_a_late_answer_is_not_taken_for_the_next_grant_s() -> None:
    """The number says which one is meant."""
    lane = moment("write")
    lane.wait(2)
    lane.officer_admits()
    lane.journal_has_it(1)
    assert not lane.is_released()
    lane.journal_has_it(2)
    assert lane.is_released()
    lane.journal_has_it(2)
    assert lane.news()[-1] == "lane.event_ignored GrantCommitted"


def test_presence_lost_while_the_grant_is_written_ends_nothing() -> None:
    """Who is out of the sensor's sight may be on the way in."""
    lane = moment("write")
    lane.leaves()
    lane.wait(1.9)
    assert lane.place == "Granting"
    lane.journal_has_it()
    lane.goes_in()
    assert lane.occupancy == 1


# Sensors of a shut lane.


def test_what_is_seen_while_the_lane_is_shut_is_remembered() -> None:
    """It comes back to the world as it is: somebody there, the tank empty."""
    lane = moment("maint")
    lane.sensor(ChamberInput.TANK_FILLED, permits=False)
    lane.arrives()
    lane.officer(StaffAction.MAINTENANCE_OFF)
    lane.wait(0.5)
    assert lane.place == "Disinfecting"
    assert not lane.chamber_runs()


def test_an_alarm_outlives_a_restart() -> None:
    """Until staff resets it, and while its input is active not even then."""
    lane = Scene(unreset=Reason.FIRE)
    assert lane.place == "OutOfService"
    assert lane.state.lane.shut is Reason.FIRE
    again = lane.copy()
    again.officer(StaffAction.RESET)
    assert again.place == "Idle"
    lane.fire()
    assert lane.place == "Emergency"
    lane.officer(StaffAction.RESET)
    assert lane.place == "Emergency"
    lane.fire(active=False)
    lane.officer(StaffAction.RESET)
    assert lane.place == "Idle"


# The list of public issuers.


def test_the_lane_tells_which_list_it_goes_by_and_when_that_grows_old() -> None:
    """Once for each news: nothing is repeated every time that somebody looks."""
    lane = moment("idle")
    for standing in (Standing.FRESH, Standing.FRESH, Standing.AGEING, Standing.OLD):
        lane.take(TrustListRead(7, standing))
    lane.take(TrustListRead(8, Standing.FRESH))
    told = [record.detail for record in lane.records() if record.kind is RecordKind.POLICY_TRUST]
    assert told == ["7 fresh", "7 ageing", "7 old", "8 fresh"]
    assert lane.place == "Idle"
