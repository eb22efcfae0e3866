"""What an officer at the lane may do, and that each act bears a name."""

import msgspec
import pytest

from gate.events import StaffAction
from gate.policy import CredentialPolicy, Hours, Policy, SchedulePolicy, Stage
from gate.reasons import Reason
from gate.records import Record, RecordKind
from tests.domain.lanekit import BADGE, FEVER_C, OFFICER, PASS, Scene, group_pass
from tests.domain.lanemoments import DURESS, MOMENTS, moment

WITH_A_VISITOR = ("waits", "runs", "screen", "code", "denied", "fever", "refer")
CODE_ONLY = Policy(stages=(Stage.CREDENTIAL,))


@pytest.mark.parametrize("name", WITH_A_VISITOR)
def test_an_officer_admits_whoever_is_in_the_lane(name: str) -> None:
    """From a stage, a refusal or a referral, in the officer's own name; and one person goes in."""
    lane = moment(name)
    refused = getattr(lane.state, "reason", None)
    inside = lane.occupancy
    lane.officer_admits()
    assert not lane.chamber_runs()
    assert not lane.measures()
    overridden, granted = [
        record
        for record in lane.records()
        if record.kind in {RecordKind.ACCESS_OVERRIDDEN, RecordKind.ACCESS_GRANTED}
    ]
    assert (overridden.officer, overridden.reason) == (OFFICER, refused)
    assert (granted.officer, granted.reason) == (OFFICER, Reason.OFFICER_ADMITTED)
    assert overridden.visit == granted.visit == lane.state.lane.visits
    lane.journal_has_it()
    lane.goes_in()
    assert lane.occupancy == inside + 1
    taken = lane.records()[-1]
    assert (taken.kind, taken.officer) == (RecordKind.ACCESS_TAKEN, OFFICER)


@pytest.mark.parametrize("name", [name for name in MOMENTS if name not in WITH_A_VISITOR])
def test_an_officer_admits_nobody_else(name: str) -> None:
    """An empty lane, a shut one, a grant that is under way: nothing moves, and that is recorded."""
    lane = moment(name)
    before = lane.place, lane.state.lane.grants, lane.is_released()
    lane.officer_admits()
    assert (lane.place, lane.state.lane.grants, lane.is_released()) == before
    assert lane.news() == ["lane.event_ignored StaffActed"]


def test_admitting_twice_admits_once() -> None:
    """Two presses, one grant, one person."""
    lane = moment("denied")
    lane.officer_admits()
    lane.officer_admits()
    lane.journal_has_it()
    lane.officer_admits()
    assert lane.news() == [
        "access.overridden kind_not_accepted",
        "access.granted officer_admitted",
        "lane.event_ignored StaffActed",
        "lane.event_ignored StaffActed",
    ]
    lane.goes_in()
    assert lane.occupancy == 1


@pytest.mark.parametrize("name", ["waits", "runs", "screen", "code", "refer", "write", "open"])
def test_an_officer_refuses(name: str) -> None:
    """From a stage, a referral, or a grant that nobody has taken yet."""
    lane = moment(name)
    lane.officer_refuses()
    assert lane.screen == "refused"
    assert not lane.is_released()
    assert not lane.chamber_runs()
    assert lane.news()[-1] == "access.denied officer_refused"
    if lane.state.lane.grants:
        assert lane.state.lane.entry is None
    lane.wait(6)
    assert lane.place == "Idle"


def test_nobody_is_refused_in_the_middle_of_the_passage() -> None:
    """The barrier does not close on a person; the grant ends as it would have."""
    lane = moment("pass")
    lane.officer_refuses()
    assert lane.is_released()
    assert lane.news() == ["lane.event_ignored StaffActed"]
    lane.beams("Bab")
    assert lane.occupancy == 1


def test_a_hand_in_the_beam_does_not_stop_an_officer() -> None:
    """While the grant is still being written the barrier is shut: nobody is in the middle."""
    lane = moment("write")
    lane.beams("A")
    lane.officer_refuses()
    assert lane.place == "Denied"
    lane.news()
    lane.journal_has_it()
    assert lane.news() == ["lane.event_ignored GrantCommitted"]
    assert not lane.is_released()


def test_a_referral_waits_for_an_officer_and_not_for_ever() -> None:
    """A minute; then the lane is free for the next one."""
    lane = moment("refer")
    lane.wait(59.9)
    assert lane.screen == "see_staff"
    lane.wait(0.1)
    assert lane.place == "Idle"
    lane.officer_admits()
    assert lane.place == "Idle"


@pytest.mark.parametrize("name", ["denied", "fever", "refer"])
def test_who_was_told_no_may_just_leave(name: str) -> None:
    """Nothing more is recorded: the refusal said it all."""
    lane = moment(name)
    lane.walks_away()
    assert lane.place == "Idle"
    assert lane.news() == []


def test_an_officer_s_word_is_for_one_visit() -> None:
    """The next visitor with the same pass is refused again."""
    lane = Scene(Policy(stages=(Stage.CREDENTIAL,), credential=CredentialPolicy(doses_min=3)))
    lane.arrives()
    lane.shows(PASS)
    lane.officer_admits()
    lane.journal_has_it()
    lane.goes_in()
    lane.arrives()
    lane.shows(BADGE)
    assert lane.news()[-1] == "access.referred doses_too_few"


def test_an_officer_may_let_in_on_a_used_pass() -> None:
    """Who went out to fetch something: by name, and once."""
    lane = Scene(CODE_ONLY)
    for _ in range(2):
        lane.arrives()
        lane.shows(PASS)
        if lane.place == "Denied":
            lane.officer_admits()
        lane.journal_has_it()
        lane.goes_in()
    assert lane.occupancy == 2


def test_an_officer_s_word_for_a_group_spares_nobody_the_thermometer() -> None:
    """The first is overridden; the second is measured, on the officer's word for the pass."""
    policy = Policy(stages=(Stage.CREDENTIAL, Stage.TEMPERATURE))
    lane = Scene(policy)
    lane.arrives()
    lane.shows(group_pass(3))
    lane.officer_admits()
    lane.journal_has_it()
    lane.goes_in()
    assert lane.place == "Screening"
    lane.arrives()
    lane.is_measured()
    lane.journal_has_it()
    lane.goes_in()
    lane.arrives()
    lane.is_measured(FEVER_C)
    assert lane.place == "Denied"
    assert lane.occupancy == 2


def recorded(lane: Scene, kind: RecordKind) -> list[Record]:
    """Records of that kind."""
    return [record for record in lane.records() if record.kind is kind]


@pytest.mark.parametrize("name", MOMENTS)
def test_duress_is_raised_wherever_the_pass_is_shown(name: str) -> None:
    """Also where it admits nobody: who is forced to show it at night has called for help."""
    lane, twin = moment(name), moment(name)
    lane.shows(DURESS)
    twin.shows(msgspec.structs.replace(DURESS, duress=False))
    (raised,) = recorded(lane, RecordKind.ACCESS_DURESS)
    assert (raised.pseudonym, raised.credential_kind) == ("9" * 16, "staff")
    assert lane.show == twin.show
    assert lane.place == twin.place


def test_duress_changes_nothing_that_can_be_seen() -> None:
    """Same screens, same barrier, same passage as with the badge of the same person."""
    lanes = Scene(CODE_ONLY), Scene(CODE_ONLY)
    for lane, duress in zip(lanes, (True, False), strict=True):
        lane.arrives()
        lane.shows(msgspec.structs.replace(DURESS, duress=duress))
        lane.journal_has_it()
    forced, free = lanes
    assert forced.screen == free.screen == "go"
    assert forced.is_released()
    for lane in lanes:
        lane.goes_in()
    news = forced.news()
    news.remove("access.duress")
    assert news == free.news()


def test_duress_is_raised_outside_hours() -> None:
    """The pass is refused as any other would be, and the alarm is raised."""
    closed = SchedulePolicy(hours=(Hours(open_minute=0, close_minute=1),))
    lane = Scene(Policy(stages=(Stage.CREDENTIAL,), schedule=closed))
    lane.arrives()
    lane.shows(DURESS)
    assert lane.news() == ["access.requested", "access.duress", "access.denied outside_hours"]


@pytest.mark.parametrize(
    "name", [name for name in MOMENTS if name not in {"start", "maint", "last", "fire", "rest"}]
)
def test_staff_takes_the_lane_out_and_brings_it_back(name: str) -> None:
    """Maintenance from every state in service; nobody is let in meanwhile; the officer is named."""
    lane = moment(name)
    lane.officer(StaffAction.MAINTENANCE_ON)
    (out,) = recorded(lane, RecordKind.LANE_OUT_OF_SERVICE)
    assert (out.officer, out.reason) == (OFFICER, Reason.MAINTENANCE)
    assert lane.screen == "closed"
    lane.wait(60)
    lane.officer(StaffAction.MAINTENANCE_OFF)
    assert lane.place == "Idle"
