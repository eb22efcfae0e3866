"""What a site's policy says of a genuine credential, and for which reason first."""

import msgspec
import pytest

from gate.admission import Ruling, refusal_without_credential, rule
from gate.credential.model import Credential, CredentialKind, Verdict
from gate.ledger import RECHECKS_MAX, SPENT_KEPT_S, Ledger, Recheck
from gate.outcome import Outcome
from gate.policy import (
    ADVISORY,
    ChamberMode,
    ChamberPolicy,
    CredentialPolicy,
    Hours,
    Policy,
    SchedulePolicy,
    Stage,
    UntrustedClock,
    ns,
)
from gate.reasons import Reason
from gate.records import Direction, Spent
from gate.schedule import refusal
from gate.walltime import ClockQuality, WallTime

MONDAY_9_JAKARTA = 1_798_423_200_000  # 2026-12-28T09:00+07:00
NOW = WallTime(MONDAY_9_JAKARTA)
PASS = Credential(
    "native", CredentialKind.VISITOR, "Test Office", "aa" * 16, "01020304:7", 0, 2_000_000_000, 1
)
BADGE = msgspec.structs.replace(PASS, kind=CredentialKind.STAFF, one_time=False, doses=None)


def at(hour: int, minute: int = 0, day: int = 0) -> WallTime:
    """That Monday (or `day` days later) at that time in Jakarta."""
    return WallTime(MONDAY_9_JAKARTA + ((day * 24 + hour - 9) * 60 + minute) * 60_000)


def test_the_calendar_is_the_site_s() -> None:
    """The reading knows its civil day, time and weekday without a time-zone database."""
    assert NOW.weekday == 0
    assert NOW.civil_second == 9 * 3600
    assert at(0).civil_day == at(23, 59).civil_day == at(0, day=1).civil_day - 1


def test_a_genuine_pass_is_admitted_and_an_expired_use_is_not() -> None:
    """A one-time pass admits once: after the passage, never after the grant alone."""
    ledger = Ledger()
    assert rule(PASS, ledger, Policy(), NOW) == Ruling(Outcome.ADMIT)
    ledger = ledger.passed(Direction.ENTRY, PASS, NOW.unix_s)
    assert ledger.occupancy == 1
    assert rule(PASS, ledger, Policy(), NOW) == Ruling(Outcome.REFUSE, Reason.PASS_ALREADY_USED)
    restored = Ledger().restored(Spent(PASS.replay_key, PASS.holder, PASS.valid_until_s))
    assert rule(PASS, restored, Policy(), NOW).reason is Reason.PASS_ALREADY_USED


@pytest.mark.parametrize(
    ("policy", "credential", "ruling"),
    [
        (
            Policy(credential=CredentialPolicy(kinds=(CredentialKind.STAFF,))),
            PASS,
            Ruling(Outcome.REFUSE, Reason.KIND_NOT_ACCEPTED),
        ),
        (
            Policy(credential=CredentialPolicy(issuers=("Another Office",))),
            PASS,
            Ruling(Outcome.REFUSE, Reason.ISSUER_NOT_ACCEPTED),
        ),
        (
            Policy(credential=CredentialPolicy(issuers=("Test Office",))),
            PASS,
            Ruling(Outcome.ADMIT),
        ),
        (
            Policy(credential=CredentialPolicy(doses_min=2)),
            PASS,
            Ruling(Outcome.REFER, Reason.DOSES_TOO_FEW),
        ),
        (
            Policy(credential=CredentialPolicy(doses_min=1)),
            BADGE,
            Ruling(Outcome.REFER, Reason.DOSES_TOO_FEW),
        ),
        (
            Policy(credential=CredentialPolicy(doses_min=1, doses_exempt=(CredentialKind.STAFF,))),
            BADGE,
            Ruling(Outcome.ADMIT),
        ),
        (
            Policy(schedule=SchedulePolicy(hours=(Hours(open_minute=600, close_minute=960),))),
            PASS,
            Ruling(Outcome.REFUSE, Reason.OUTSIDE_HOURS),
        ),
        (
            Policy(schedule=SchedulePolicy(holidays=(NOW.civil_day,))),
            PASS,
            Ruling(Outcome.REFUSE, Reason.HOLIDAY),
        ),
        (
            Policy(schedule=SchedulePolicy(holidays=(NOW.civil_day,))),
            BADGE,
            Ruling(Outcome.ADMIT),
        ),
    ],
)
def test_each_rule_of_the_policy_has_its_reason(
    policy: Policy, credential: Credential, ruling: Ruling
) -> None:
    """One rule at a time: the outcome and its reason."""
    assert rule(credential, Ledger(), policy, NOW) == ruling


def test_a_full_house_admits_again_when_somebody_leaves() -> None:
    """Capacity counts people inside, and a count never goes below nobody."""
    policy = Policy(capacity=1)
    full = Ledger().passed(Direction.ENTRY, None, NOW.unix_s)
    assert rule(PASS, full, policy, NOW).reason is Reason.CAPACITY_REACHED
    emptied = full.passed(Direction.EXIT, None, NOW.unix_s).passed(Direction.EXIT, None, 0)
    assert emptied.occupancy == 0
    assert rule(PASS, emptied, policy, NOW).outcome is Outcome.ADMIT


def test_a_badge_may_not_come_in_twice_unless_it_left_or_time_passed() -> None:
    """Anti-passback: leaving, or the policy's time, lets the same badge in again."""
    policy = Policy(credential=CredentialPolicy(anti_passback_s=600))
    inside = Ledger().passed(Direction.ENTRY, BADGE, NOW.unix_s)
    assert rule(BADGE, inside, policy, at(9)).reason is Reason.ANTI_PASSBACK
    assert rule(BADGE, inside, policy, at(9, 9)).reason is Reason.ANTI_PASSBACK
    assert rule(BADGE, inside, policy, at(9, 10)).outcome is Outcome.ADMIT
    left = inside.passed(Direction.EXIT, BADGE, NOW.unix_s)
    assert rule(BADGE, left, policy, at(9, 1)).outcome is Outcome.ADMIT


def test_an_untrusted_clock_never_decides_silently() -> None:
    """Either an officer looks, or the admission itself says that the clock was not trusted."""
    wall = WallTime(MONDAY_9_JAKARTA, quality=ClockQuality.UNTRUSTED)
    assert rule(PASS, Ledger(), Policy(), wall) == Ruling(Outcome.OFFICER, Reason.CLOCK_UNTRUSTED)
    lenient = Policy(credential=CredentialPolicy(untrusted_clock=UntrustedClock.ADMIT))
    assert rule(PASS, Ledger(), lenient, wall) == Ruling(Outcome.ADMIT, Reason.CLOCK_UNTRUSTED)


@pytest.mark.parametrize(
    ("wall", "open_now"),
    [
        (at(21, 59), False),
        (at(22), True),
        (at(5, 59, day=1), True),
        (at(6, 0, day=1), False),
        (at(23, 0, day=1), False),
    ],
)
def test_a_night_shift_belongs_to_the_day_it_began(wall: WallTime, open_now: bool) -> None:
    """Monday 22:00 to 06:00 ends on Tuesday morning, and Tuesday night is closed."""
    nights = SchedulePolicy(hours=(Hours(days=(0,), open_minute=22 * 60, close_minute=6 * 60),))
    assert (refusal(nights, CredentialKind.VISITOR, wall) is None) is open_now


def test_hours_may_be_for_some_kinds_only() -> None:
    """Staff hours do not open the lane to visitors."""
    early = SchedulePolicy(hours=(Hours(kinds=(CredentialKind.STAFF,)),))
    assert refusal(early, CredentialKind.STAFF, NOW) is None
    assert refusal(early, CredentialKind.VISITOR, NOW) is Reason.OUTSIDE_HOURS


def test_what_expired_is_forgotten() -> None:
    """Pruning keeps what can still matter and drops the rest."""
    ledger = (
        Ledger()
        .restored(Spent("old", "h1", NOW.unix_s - SPENT_KEPT_S))
        .restored(Spent("new", "h2", NOW.unix_s - SPENT_KEPT_S + 1))
        .passed(Direction.ENTRY, BADGE, NOW.unix_s - 600)
    )
    pruned = ledger.pruned(NOW.unix_s, 600)
    assert set(pruned.spent) == {"new"}
    assert not pruned.inside
    assert set(ledger.pruned(NOW.unix_s, 601).inside) == {BADGE.holder}
    assert set(ledger.spent) == {"old", "new"}


def test_used_passes_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it, those that ended first are forgotten."""
    monkeypatch.setattr("gate.ledger.SPENT_MAX", 2)
    ledger = Ledger()
    for number in (3, 1, 2):
        ledger = ledger.restored(Spent(f"k{number}", "h", NOW.unix_s + number))
    assert set(ledger.pruned(NOW.unix_s, 0).spent) == {"k2", "k3"}


def test_who_came_in_under_a_clock_in_the_future_is_not_locked_out() -> None:
    """Anti-passback looks back, never ahead."""
    policy = Policy(credential=CredentialPolicy(anti_passback_s=600))
    ledger = Ledger().passed(Direction.ENTRY, BADGE, NOW.unix_s + 10)
    assert rule(BADGE, ledger, policy, NOW).outcome is Outcome.ADMIT


def test_a_second_measurement_finds_its_first() -> None:
    """By the pass where one was shown, else the oldest anonymous one, within its time."""
    mine, nobody = Recheck("h1", 10), Recheck("", 20)
    ledger = Ledger().awaiting(nobody).awaiting(mine)
    assert ledger.recheck_of("h1", 30, within_ns=20) == mine
    assert ledger.recheck_of("h1", 31, within_ns=20) is None
    assert ledger.recheck_of("h2", 30, within_ns=20) is None
    assert ledger.recheck_of("", 30, within_ns=20) == nobody
    assert ledger.settled(mine).rechecks == (nobody,)
    again = ledger.awaiting(Recheck("h1", 25))
    assert [recheck.measured_ns for recheck in again.rechecks] == [20, 25]


def test_second_measurements_are_bounded() -> None:
    """The oldest one waited for is forgotten beyond the limit."""
    ledger = Ledger()
    for at_ns in range(RECHECKS_MAX + 3):
        ledger = ledger.awaiting(Recheck("", at_ns))
    assert len(ledger.rechecks) == RECHECKS_MAX
    assert ledger.rechecks[0].measured_ns == 3


def test_a_spray_on_people_needs_the_site_s_signature() -> None:
    """`mist` loads only where the site names the advisory that it goes against."""
    with pytest.raises(ValueError, match=ADVISORY):
        ChamberPolicy(mode=ChamberMode.MIST)
    assert ChamberPolicy(mode=ChamberMode.MIST, accept_advisory=ADVISORY).occupied
    assert not ChamberPolicy(mode=ChamberMode.VACANT).occupied


def test_a_policy_is_refused_whole() -> None:
    """Bounds, unknown keys and a stage named twice are refused with their place."""
    with pytest.raises(ValueError, match="twice"):
        Policy(stages=(Stage.CHAMBER, Stage.CHAMBER))
    with pytest.raises(msgspec.ValidationError, match=r"\$\.temperature\.limit_c"):
        msgspec.convert({"temperature": {"limit_c": 20.0}}, Policy)
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"capcity": 3}, Policy)
    assert ns(0.5) == 500_000_000


CERTIFICATE = msgspec.structs.replace(
    PASS, format="hc1", kind=CredentialKind.HEALTH, one_time=False, doses=0
)


@pytest.mark.parametrize("outcome", Outcome)
def test_the_health_rules_of_the_site_decide(outcome: Outcome) -> None:
    """Where they have spoken, the number of doses says no more: they have looked at it."""
    judged = msgspec.structs.replace(
        CERTIFICATE, verdict=Verdict(outcome, "a colour", "contoh-2021-10-01")
    )
    reason = None if outcome is Outcome.ADMIT else Reason.HEALTH_RULES
    policy = Policy(credential=CredentialPolicy(doses_min=1))
    assert rule(judged, Ledger(), policy, NOW) == Ruling(outcome, reason)
    referred = Ruling(Outcome.REFER, Reason.DOSES_TOO_FEW)
    assert rule(CERTIFICATE, Ledger(), policy, NOW) == referred


def test_a_doubt_brings_an_officer() -> None:
    """After everything that refuses: nobody is called for a pass that is refused anyway."""
    doubtful = msgspec.structs.replace(
        CERTIFICATE,
        doubt=Reason.TRUST_LIST_OLD,
        verdict=Verdict(Outcome.ADMIT, "green", "contoh@2021-10-01"),
    )
    asked = Ruling(Outcome.OFFICER, Reason.TRUST_LIST_OLD)
    assert rule(doubtful, Ledger(), Policy(), NOW) == asked
    full = Policy(capacity=1)
    refused = Ruling(Outcome.REFUSE, Reason.CAPACITY_REACHED)
    assert rule(doubtful, Ledger(occupancy=1), full, NOW) == refused


def test_a_certificate_that_nothing_is_asked_of_brings_an_officer() -> None:
    """It may attest a positive test: where neither rules nor doses are asked for, nobody knows
    what it is good for."""
    asked = Ruling(Outcome.OFFICER, Reason.HEALTH_RULES)
    assert rule(CERTIFICATE, Ledger(), Policy(), NOW) == asked
    once = Policy(credential=CredentialPolicy(doses_min=1))
    vaccinated = msgspec.structs.replace(CERTIFICATE, doses=1)
    assert rule(vaccinated, Ledger(), once, NOW) == Ruling(Outcome.ADMIT)
    exempt = Policy(credential=CredentialPolicy(doses_min=1, doses_exempt=(CredentialKind.HEALTH,)))
    assert rule(CERTIFICATE, Ledger(), exempt, NOW) == Ruling(Outcome.ADMIT)


def test_where_no_credential_is_asked_for_the_hours_are_those_of_visitors() -> None:
    """On a holiday too, when the lane may be open to staff alone."""
    hours = SchedulePolicy(hours=(Hours(kinds=(CredentialKind.VISITOR,)),))
    open_to_visitors = Policy(schedule=hours)
    assert refusal_without_credential(Ledger(), open_to_visitors, NOW) is None
    staff = SchedulePolicy(hours=(Hours(kinds=(CredentialKind.STAFF,)),))
    closed = refusal_without_credential(Ledger(), Policy(schedule=staff), NOW)
    assert closed is Reason.OUTSIDE_HOURS
    full, crowded = Policy(capacity=1), Ledger().passed(Direction.ENTRY, PASS, NOW.unix_s)
    assert refusal_without_credential(crowded, full, NOW) is Reason.CAPACITY_REACHED
    assert refusal_without_credential(Ledger(), full, NOW) is None
