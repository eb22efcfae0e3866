"""Granted is not entered: who went through, who only seemed to, and who wants out."""

import pytest

from gate.events import Device, StaffAction
from gate.policy import PassagePolicy, PassageSensor, Policy, Stage
from gate.records import Direction, RecordKind
from tests.domain.lanekit import PASS, Scene
from tests.domain.lanemoments import MOMENTS, moment

ALARMED = {"fire", "rest"}
CONTACTS = Policy(stages=(), passage=PassagePolicy(counted_by=PassageSensor.CONTACTS))
FREE_EXIT = Policy(passage=PassagePolicy(free_exit=True))


def test_who_turns_back_may_try_again_while_the_grant_lasts() -> None:
    """A hand in a beam costs nobody the visit; the outcome is that of the grant."""
    lane = moment("open")
    lane.beams("Aa")
    assert lane.news() == ["passage.turned_back turned_back"]
    assert lane.is_released()
    again = lane.copy()
    again.goes_in()
    assert again.occupancy == 1
    lane.wait(6)
    assert lane.news() == ["access.not_taken turned_back"]
    assert lane.occupancy == 0


@pytest.mark.parametrize(("after_s", "is_late"), [(5.2, False), (6.1, True)])
def test_a_push_at_the_last_moment_is_on_the_grant(after_s: float, is_late: bool) -> None:
    """The barrier is shut after five seconds; who is through a second later used the pass, and
    nobody else will."""
    lane = moment("open")
    lane.wait(after_s)
    assert not lane.is_released()
    lane.goes_in()
    taken = "passage.tailgating" if is_late else "access.taken"
    assert any(news.startswith(taken) for news in lane.news())
    assert (PASS.replay_key in lane.state.lane.ledger.spent) is not is_late


def test_who_turns_back_is_named_by_their_own_grant() -> None:
    """Somebody inside pokes a head out while another may come in: the entry is untouched."""
    lane = moment("open")
    lane.beams("Bb")
    turned = lane.records()[-1]
    assert (turned.direction, turned.grant, turned.visit) == (Direction.EXIT, 0, 0)
    lane.walks_away()
    lane.wait(5)
    assert lane.news() == ["access.not_taken"]
    lane.asks_to_leave()
    lane.beams("Bb")
    lane.wait(5)
    assert lane.news() == [
        "access.granted free_egress exit",
        "passage.turned_back turned_back exit",
        "access.not_taken turned_back exit",
    ]


def test_a_passage_that_began_in_time_is_taken() -> None:
    """The barrier lets go by itself after five seconds; who was in the passage was let in."""
    lane = moment("open")
    lane.wait(4.9)
    lane.beams("AB")
    lane.wait(3)
    assert not lane.is_released()
    assert lane.place == "Granting"
    lane.beams("ab")
    assert lane.news()[-1] == "access.taken"


def test_a_grant_ends_when_the_passage_is_clear_again_after_its_time() -> None:
    """A hand in the beam at the last moment holds the grant only as long as it is there."""
    lane = moment("open")
    lane.wait(4.9)
    lane.beams("A")
    lane.wait(6)
    assert lane.place == "Granting"
    lane.beams("a")
    assert lane.place == "Idle"
    assert lane.news() == ["passage.turned_back turned_back", "access.not_taken turned_back"]


def test_somebody_stuck_in_the_passage_is_an_obstruction() -> None:
    """Ten seconds: recorded, the grant is closed; when the way is clear, that is recorded too."""
    lane = moment("open")
    lane.leaves()
    lane.beams("AB")
    lane.wait(10)
    assert lane.news() == [
        "access.not_taken obstruction",
        "passage.obstructed obstruction",
    ]
    assert lane.place == "Idle"
    lane.wait(600)
    assert lane.news() == []
    lane.beams("ba")
    assert lane.news() == ["passage.cleared", "passage.turned_back turned_back"]


def test_an_obstruction_without_a_grant_is_seen_in_every_state() -> None:
    """A bag in the passage, with nobody about."""
    lane = Scene()
    lane.beams("A")
    lane.wait(10)
    assert lane.news() == ["passage.obstructed obstruction"]
    lane.beams("a")
    assert lane.news() == ["passage.cleared", "passage.turned_back turned_back"]


def test_tailgating_is_seen_and_counted() -> None:
    """Two go through on one grant: one taken, one counted as what it was."""
    lane = moment("open")
    lane.leaves()
    lane.beams("ABaAbBab")
    assert lane.occupancy == 2
    records = lane.records()
    assert [record.kind for record in records] == [
        RecordKind.PASSAGE_TAILGATING,
        RecordKind.ACCESS_TAKEN,
        RecordKind.PASSAGE_TAILGATING,
    ]
    seen, taken, counted = records
    assert (seen.occupancy, seen.direction, seen.visit) == (None, Direction.ENTRY, 1)
    assert taken.occupancy == 1
    assert (counted.occupancy, counted.direction) == (2, Direction.ENTRY)


def test_following_out_is_told_by_its_direction() -> None:
    """Two leave on one press of the button: the second one has no grant."""
    lane = Scene()
    lane.beams("ABab")
    lane.wait(1)
    lane.beams("ABab")
    lane.asks_to_leave()
    lane.news()
    lane.beams("BAbBaAba")
    assert lane.occupancy == 0
    assert lane.news() == [
        "passage.tailgating tailgating exit",
        "access.taken exit",
        "passage.wrong_way wrong_way exit",
    ]


@pytest.mark.parametrize("name", ["idle", "code", "write", "denied", "maint", "fire"])
def test_going_in_without_a_grant_is_tailgating(name: str) -> None:
    """Over the barrier, or before it was released: counted, and nobody's pass is used."""
    lane = moment(name)
    lane.beams("ABab")
    assert lane.occupancy == 1
    assert lane.news() == ["passage.tailgating tailgating"]
    assert not lane.state.lane.ledger.spent


@pytest.mark.parametrize("name", ["idle", "code", "open", "denied", "maint"])
def test_coming_out_without_asking_is_the_wrong_way(name: str) -> None:
    """Counted out, never below nobody, and the visitor's grant is not used up by it."""
    lane = moment(name)
    lane.goes_out()
    assert lane.occupancy == 0
    assert lane.news() == ["passage.wrong_way wrong_way exit"]
    if name == "open":
        lane.goes_in()
        assert lane.news()[-1] == "access.taken"


def test_where_the_way_out_is_free_nobody_goes_the_wrong_way() -> None:
    """Nor is the door forced that everybody may open from inside."""
    lane = Scene(FREE_EXIT)
    lane.door()
    lane.goes_out()
    lane.door(opened=False)
    assert lane.news() == ["occupancy.changed free_egress exit"]


# The turnstile's own contacts.


def test_contacts_count_where_the_site_says_so() -> None:
    """PASS A takes the grant, PASS B counts out; the beams then only see who follows."""
    lane = Scene(CONTACTS)
    lane.arrives()
    lane.journal_has_it()
    lane.contact(Direction.ENTRY)
    lane.leaves()
    assert lane.occupancy == 1
    assert lane.news()[-1] == "access.taken"
    lane.beams("ABab")
    assert lane.occupancy == 1
    lane.asks_to_leave()
    lane.contact(Direction.EXIT)
    assert lane.occupancy == 0
    assert lane.news()[-1] == "access.taken exit"
    lane.contact(Direction.ENTRY)
    assert lane.news()[-1] == "passage.tailgating tailgating"
    lane.contact(Direction.EXIT)
    assert lane.news()[-1] == "passage.wrong_way wrong_way exit"
    lane.beams("Aa")
    assert lane.news() == ["passage.turned_back turned_back"]


def test_contacts_say_nothing_where_the_beams_count() -> None:
    """Nobody is counted twice."""
    lane = moment("open")
    lane.contact(Direction.ENTRY)
    assert lane.occupancy == 0
    assert lane.news() == []


# Egress.


@pytest.mark.parametrize("name", MOMENTS)
def test_nobody_is_ever_locked_in(name: str) -> None:
    """From every state, also out of service and in an alarm: the way out is open in that step,
    and who goes out is counted out."""
    lane = moment(name)
    lane.beams("Bab" if name in {"pass", "last"} else "ABab")
    inside = lane.occupancy
    lane.asks_to_leave()
    assert lane.is_released(Direction.EXIT)
    lane.wait(3)
    assert lane.is_released(Direction.EXIT)
    lane.goes_out()
    assert lane.occupancy == inside - 1


@pytest.mark.parametrize("name", [name for name in MOMENTS if name not in ALARMED])
def test_egress_is_recorded_and_ends(name: str) -> None:
    """A grant of its own, written down beside the release and not before it, and its outcome."""
    lane = moment(name)
    lane.asks_to_leave()
    assert "access.granted free_egress exit" in lane.news()
    lane.wait(5)
    assert not lane.is_released(Direction.EXIT)
    assert "access.not_taken exit" in lane.news()


def test_the_button_pressed_again_begins_the_time_anew() -> None:
    """One grant, however often; it lets one person out."""
    lane = Scene()
    for _ in range(100):
        lane.asks_to_leave()
        lane.wait(4)
    assert lane.news() == ["access.granted free_egress exit"]
    lane.goes_out()
    assert not lane.is_released(Direction.EXIT)
    assert lane.news() == ["access.taken exit"]
    lane.goes_out()
    assert lane.news() == ["passage.wrong_way wrong_way exit"]


def test_a_lane_that_goes_out_of_service_lets_out_who_asked() -> None:
    """A thermometer that fails locks nobody in."""
    lane = Scene()
    lane.asks_to_leave()
    lane.fails(Device.THERMOMETER)
    assert lane.is_released(Direction.EXIT)
    lane.goes_out()
    assert lane.news()[-1] == "access.taken exit"


def test_one_may_leave_while_another_comes_in() -> None:
    """Two directions, two grants, two outcomes."""
    lane = moment("open")
    lane.asks_to_leave()
    lane.goes_out()
    lane.goes_in()
    assert lane.occupancy == 1
    assert lane.news()[-2:] == ["access.taken exit", "access.taken"]


# The door.


def test_a_door_that_opens_without_a_grant_is_forced() -> None:
    """And its closing is recorded."""
    lane = Scene()
    lane.door()
    lane.door()
    lane.wait(60)
    lane.door(opened=False)
    lane.door(opened=False)
    assert lane.news() == ["door.forced", "door.closed"]


@pytest.mark.parametrize("name", ["open", "maint", "fire", "rest"])
def test_a_door_may_open_where_the_lane_lets_it(name: str) -> None:
    """On a grant, in maintenance, in an alarm and until it is reset."""
    lane = moment(name)
    lane.door()
    lane.door(opened=False)
    assert lane.news() == []


def test_a_door_may_open_for_who_asked_to_leave() -> None:
    """Egress is a grant too."""
    lane = Scene()
    lane.asks_to_leave()
    lane.door()
    assert "door.forced" not in lane.news()


def test_a_door_before_the_journal_has_the_grant_is_forced() -> None:
    """Asked for is not granted."""
    lane = moment("write")
    lane.door()
    assert lane.news() == ["door.forced"]


def test_a_door_that_stays_open_is_held() -> None:
    """Fifteen seconds; once."""
    lane = moment("open")
    lane.door()
    lane.goes_in()
    lane.news()
    lane.wait(60)
    assert [news for news in lane.news() if news.startswith("door")] == ["door.held"]
    lane.door(opened=False)
    assert lane.news() == ["door.closed"]


# One grant, one person.


def test_no_second_grant_while_somebody_is_in_the_passage() -> None:
    """All works again at once, but the last one is not through: the lane waits for them."""
    lane = moment("last")
    assert lane.place == "OutOfService"
    assert lane.state.lane.shut is None
    lane.shows(PASS)
    assert lane.place == "OutOfService"
    lane.beams("Bab")
    assert lane.place == "Idle"
    assert lane.occupancy == 1
    assert "lane.in_service" in lane.news()


def test_a_grant_is_for_one_person() -> None:
    """The second one through is not on it, however fast."""
    lane = moment("open")
    lane.beams("ABab", stride_s=0)
    lane.beams("ABab", stride_s=0)
    news = lane.news()
    assert news.count("access.taken") == 1
    assert news.count("passage.tailgating tailgating") == 1
    assert lane.occupancy == 2


def test_the_staff_s_own_button_lets_nobody_in() -> None:
    """There is no open command: only a grant moves the barrier."""
    for action in StaffAction:
        lane = Scene(Policy(stages=(Stage.CREDENTIAL,)))
        lane.officer(action)
        assert not lane.is_released()
