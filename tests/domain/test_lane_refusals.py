"""Every refusal of a code, with its reason, as the visitor and the record see it."""

import msgspec
import pytest

from gate.credential.model import Credential, CredentialKind
from gate.policy import (
    CredentialPolicy,
    Hours,
    Policy,
    SchedulePolicy,
    Stage,
    UntrustedClock,
)
from gate.reasons import Reason
from gate.walltime import ClockQuality
from tests.domain.lanekit import BADGE, PASS, Scene, another_pass

MONDAY = 20_815
"""2026-12-28 in days since 1970: when every scene begins, at nine in Jakarta."""
CODE_ONLY = Policy(stages=(Stage.CREDENTIAL,))
NIGHT = Hours(days=(0,), open_minute=22 * 60, close_minute=6 * 60)


def site(**rules: object) -> Policy:
    """A lane where only the code counts, with these rules."""
    return msgspec.structs.replace(CODE_ONLY, **rules)


def shown(lane: Scene, credential: Credential = PASS) -> str:
    """What is written down last when somebody comes and shows that."""
    lane.arrives()
    lane.shows(credential)
    return lane.news()[-1]


@pytest.mark.parametrize(
    ("policy", "credential", "news", "screen"),
    [
        (
            site(credential=CredentialPolicy(kinds=(CredentialKind.STAFF,))),
            PASS,
            "access.denied kind_not_accepted",
            "refused",
        ),
        (
            site(credential=CredentialPolicy(issuers=("Another Office",))),
            PASS,
            "access.denied issuer_not_accepted",
            "refused",
        ),
        (
            site(schedule=SchedulePolicy(hours=(Hours(open_minute=600),))),
            PASS,
            "access.denied outside_hours",
            "refused",
        ),
        (
            site(schedule=SchedulePolicy(holidays=(MONDAY,))),
            PASS,
            "access.denied holiday",
            "refused",
        ),
        (
            site(credential=CredentialPolicy(doses_min=2), refer_to="Puskesmas Contoh"),
            PASS,
            "access.referred doses_too_few",
            "see_staff",
        ),
    ],
    ids=lambda value: value.split()[-1] if isinstance(value, str) else "",
)
def test_a_genuine_pass_is_refused_for_one_reason(
    policy: Policy, credential: Credential, news: str, screen: str
) -> None:
    """The site's rules, one at a time."""
    lane = Scene(policy)
    assert shown(lane, credential) == news
    assert lane.screen == screen
    assert lane.show.reason is Reason(news.rsplit(maxsplit=1)[-1])
    assert lane.show.refer_to == (policy.refer_to or None)
    assert not lane.is_released()
    assert lane.occupancy == 0


def test_another_code_may_be_shown_at_once() -> None:
    """It was the code, not the visitor: the right one is taken, without a new visit."""
    lane = Scene(site(credential=CredentialPolicy(kinds=(CredentialKind.VISITOR,))))
    assert shown(lane, BADGE) == "access.denied kind_not_accepted"
    lane.wait(4)
    lane.shows_rubbish()
    assert lane.place == "Denied"
    lane.shows(BADGE)
    lane.wait(4)
    assert lane.place == "Denied"
    lane.shows(PASS)
    assert lane.place == "Granting"
    assert lane.state.lane.visits == 1
    assert "credential.refused code_unknown_format" in lane.news()


def test_one_pass_one_visit() -> None:
    """Used by a passage, not by a grant; used up from then on, also for a copy of it."""
    lane = Scene(CODE_ONLY)
    shown(lane)
    lane.journal_has_it()
    lane.wait(6)
    assert lane.news()[-1] == "access.not_taken"
    lane.walks_away()
    shown(lane)
    lane.journal_has_it()
    lane.goes_in()
    twin = msgspec.structs.replace(PASS, holder="01020304:9")
    assert shown(lane, twin) == "access.denied pass_already_used"
    assert lane.spent == [PASS.replay_key] * 2


def test_a_used_pass_is_forgotten_when_it_has_expired() -> None:
    """Two weeks later, because a clock that can't be trusted then proves no pass expired."""
    brief = msgspec.structs.replace(PASS, valid_until_s=Scene().wall.unix_s + 3600)
    lane = Scene(CODE_ONLY)
    shown(lane, brief)
    lane.journal_has_it()
    lane.goes_in()
    lane.clock(hours=2)
    assert brief.replay_key in lane.state.lane.ledger.spent
    lane.clock(hours=24)
    assert brief.replay_key in lane.state.lane.ledger.spent
    lane.clock(hours=14 * 24)
    assert brief.replay_key not in lane.state.lane.ledger.spent


def test_a_clock_that_is_set_wrong_makes_no_used_pass_new() -> None:
    """A wall clock that nobody trusts leaps a century ahead and comes back."""
    lane = Scene(CODE_ONLY)
    shown(lane)
    lane.journal_has_it()
    lane.goes_in()
    lane.clock(hours=24 * 36_525, quality=ClockQuality.UNTRUSTED)
    lane.clock(hours=-24 * 36_525, quality=ClockQuality.TRUSTED)
    assert shown(lane) == "access.denied pass_already_used"


def test_a_badge_is_not_passed_back_over_the_barrier() -> None:
    """Ten minutes for the same badge; a grant that was not taken does not count."""
    lane = Scene(site(credential=CredentialPolicy(anti_passback_s=600)))
    shown(lane, BADGE)
    lane.journal_has_it()
    lane.wait(5)
    lane.walks_away()
    shown(lane, BADGE)
    lane.journal_has_it()
    lane.goes_in()
    assert lane.spent == []
    lane.wait(500)
    assert shown(lane, BADGE) == "access.denied anti_passback"
    lane.walks_away()
    lane.wait(100)
    shown(lane, BADGE)
    assert lane.place == "Granting"


def test_a_full_house_admits_when_somebody_leaves() -> None:
    """Capacity one: the second waits for the first."""
    lane = Scene(site(capacity=1))
    shown(lane)
    lane.journal_has_it()
    lane.goes_in()
    assert shown(lane, another_pass(1)) == "access.denied capacity_reached"
    lane.walks_away()
    lane.asks_to_leave()
    lane.goes_out()
    assert lane.occupancy == 0
    shown(lane, another_pass(1))
    assert lane.place == "Granting"


def test_a_house_that_fills_meanwhile_is_full() -> None:
    """The code was looked at while there was room; somebody slipped in before the grant."""
    lane = Scene(Policy(stages=(Stage.CREDENTIAL, Stage.TEMPERATURE), capacity=1))
    lane.arrives()
    lane.shows(PASS)
    lane.beams("ABab")
    lane.is_measured()
    assert lane.news()[-1] == "access.denied capacity_reached"


@pytest.mark.parametrize(
    ("rules", "news"),
    [
        (Policy(schedule=SchedulePolicy(hours=(NIGHT,))), "access.denied outside_hours"),
        (Policy(capacity=1), "access.denied capacity_reached"),
    ],
    ids=["closed", "full"],
)
@pytest.mark.parametrize("stages", [(), (Stage.TEMPERATURE,)])
def test_hours_and_room_hold_where_no_code_is_asked(
    rules: Policy, news: str, stages: tuple[Stage, ...]
) -> None:
    """Closed is closed and full is full, for a site that only measures or only counts."""
    lane = Scene(msgspec.structs.replace(rules, stages=stages))
    lane.beams("ABab")
    lane.arrives()
    if stages:
        lane.is_measured()
    assert lane.news()[-1] == news


def test_a_clock_that_nobody_trusts_closes_nothing() -> None:
    """Where no code is asked there is no officer's decision either."""
    policy = Policy(stages=(), schedule=SchedulePolicy(hours=(NIGHT,)))
    lane = Scene(policy, quality=ClockQuality.UNTRUSTED)
    lane.arrives()
    assert lane.place == "Granting"


@pytest.mark.parametrize(
    ("hours", "is_open"),
    [(12.9, False), (13, True), (20.9, True), (21, False), (37, False), (45, False)],
)
def test_a_night_s_hours_end_on_the_next_morning(hours: float, is_open: bool) -> None:
    """Monday 22:00 to 06:00 in Jakarta, whatever day it is elsewhere."""
    lane = Scene(site(schedule=SchedulePolicy(hours=(NIGHT,))))
    lane.clock(hours=hours)
    news = shown(lane)
    assert news == ("access.granted" if is_open else "access.denied outside_hours")


def test_on_a_holiday_staff_comes_in() -> None:
    """And visitors on the day after."""
    lane = Scene(site(schedule=SchedulePolicy(holidays=(MONDAY,))))
    assert shown(lane, BADGE) == "access.granted"
    lane = Scene(site(schedule=SchedulePolicy(holidays=(MONDAY,))))
    lane.clock(hours=15)
    assert shown(lane) == "access.granted"


def test_a_pass_s_dates_are_not_judged_by_a_clock_that_nobody_trusts() -> None:
    """An officer looks, or, where the site says so, the record says that the clock was not sure."""
    lane = Scene(CODE_ONLY, quality=ClockQuality.UNTRUSTED)
    assert shown(lane) == "access.referred clock_untrusted"
    assert lane.show.refer_to is None
    lenient = site(credential=CredentialPolicy(untrusted_clock=UntrustedClock.ADMIT))
    lane = Scene(lenient, quality=ClockQuality.UNTRUSTED)
    lane.arrives()
    lane.shows(PASS)
    assert "credential.accepted clock_untrusted" in lane.news()
    lane = Scene(CODE_ONLY, quality=ClockQuality.HELD_OVER)
    assert shown(lane) == "access.granted"


def test_the_clock_s_quality_is_written_down_when_it_changes() -> None:
    """By a reading of its own, with a code, with an officer's act."""
    lane = Scene(CODE_ONLY)
    lane.clock()
    assert lane.news() == []
    lane.clock(quality=ClockQuality.HELD_OVER)
    assert [record.detail for record in lane.records()] == ["held_over"]
    lane.quality = ClockQuality.UNTRUSTED
    lane.shows(PASS)
    assert lane.news()[0] == "time.quality_changed"
    lane.quality = ClockQuality.TRUSTED
    lane.officer_refuses()
    assert lane.news()[0] == "time.quality_changed"
