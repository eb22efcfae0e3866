"""A visit from its beginning to its decision: chamber, temperature, credential, in the order that
the policy gives.

`begin` and `advance` choose the next state; the others say what an event does in one of them, and
return None for an event that makes no sense there.
"""

from typing import assert_never

from msgspec import structs

from gate import admission, grants, interlock, refusals, temperature
from gate.commands import Measure, RunChamber, Screen, StopChamber
from gate.credential.model import Credential
from gate.events import (
    AnyEvent,
    ChamberCycleDone,
    ChamberInputChanged,
    CodeRefused,
    CredentialPresented,
    PresenceChanged,
    ReadingMissed,
    ReadingTaken,
)
from gate.ledger import Recheck
from gate.outcome import Outcome
from gate.policy import Stage, ns
from gate.reasons import Reason
from gate.records import RecordKind
from gate.states import (
    AwaitingCode,
    Denied,
    Disinfecting,
    Granting,
    Held,
    Referred,
    Screening,
    Visit,
)
from gate.temperature import Estimate, Rejection, Sample, Verdict
from gate.turn import Turn

Step = Disinfecting | Screening | AwaitingCode | Granting | Denied | Referred
"""What a visit can be in."""


def begin(
    turn: Turn, *, held: Held | None = None, people: int = 1, assistant: str | None = None
) -> Step:
    """Somebody is there: the first stage of a new visit.

    Args:
        turn: the step under way.
        held: the code that the visit began with.
        people: who go in on it, one after another.
        assistant: the officer who brought them.
    """
    number = turn.lane.visits + 1
    # Whoever shows a code before the presence sensor sees them has not left.
    turn.remember(visits=number, absent_since_ns=0)
    assisted = assistant is not None
    visit = Visit(number, turn.lane.policy.stages, people, assisted, held)
    turn.record_visit(RecordKind.ACCESS_REQUESTED, visit)
    if assisted:
        turn.record_visit(RecordKind.ACCESS_ASSISTED, visit, officer=assistant, people=people)
    return advance(turn, visit)


def next_person(turn: Turn, visit: Visit) -> Step:
    """One of a group went in; the next one is measured on the same pass."""
    stages = tuple(s for s in turn.lane.policy.stages if s is not Stage.CREDENTIAL)
    again = structs.replace(visit, people=visit.people - 1, remaining=stages, screened=None)
    # The one who went in is out of the sensor's sight; the next one has not left.
    turn.remember(absent_since_ns=0)
    return advance(turn, again)


def advance(turn: Turn, visit: Visit) -> Step:
    """The next stage of the visit, or the decision when there is none left."""
    if not visit.remaining:
        return _decide(turn, visit)
    stage, rest = visit.remaining[0], visit.remaining[1:]
    visit = structs.replace(visit, remaining=rest)
    match stage:
        case Stage.CHAMBER:
            if turn.lane.policy.chamber.mode not in interlock.STAGE_MODES:
                return advance(turn, visit)
            return _enter_chamber(turn, visit)
        case Stage.TEMPERATURE:
            return _enter_screening(turn, visit)
        case Stage.CREDENTIAL:
            return _enter_code(turn, visit)
    assert_never(stage)


def _decide(turn: Turn, visit: Visit) -> Granting | Denied:
    if visit.officer is None:
        refused = _no_room(turn, visit)
        if refused is not None:
            return refusals.deny(turn, visit, refused)
    return grant(turn, visit)


def _no_room(turn: Turn, visit: Visit) -> Reason | None:
    """What can have changed since the pass was looked at; all of it where there was none."""
    lane = turn.lane
    if visit.credential is None:
        return admission.refusal_without_credential(lane.ledger, lane.policy, lane.wall)
    return Reason.CAPACITY_REACHED if admission.is_full(lane.ledger, lane.policy) else None


def grant(turn: Turn, visit: Visit) -> Granting:
    """Have a grant written down."""
    turn.show(Screen.WAIT)
    grants.ask(turn, visit)
    return Granting(turn.lane, visit, turn.now_ns + ns(turn.lane.policy.passage.commit_s))


# --- the chamber ---------------------------------------------------------------------------------


def _enter_chamber(turn: Turn, visit: Visit) -> Disinfecting:
    chamber = turn.lane.policy.chamber
    deadline_ns = turn.now_ns + refusals.patience_ns(turn, visit, chamber.wait_s)
    run_ns = ns(chamber.run_s)
    turn.show(Screen.CHAMBER, until_ns=turn.now_ns + run_ns)
    return _run(turn, Disinfecting(turn.lane, visit, deadline_ns, deadline_ns, run_ns))


def _run(turn: Turn, state: Disinfecting) -> Disinfecting:
    """Switch on if nothing forbids it and somebody is there."""
    if not turn.lane.present or interlock.forbids(turn.lane) is not None:
        return state
    until_ns = turn.now_ns + state.left_ns
    turn.order(RunChamber(state.visit.number, until_ns))
    turn.record_visit(RecordKind.CHAMBER_STARTED, state.visit)
    return structs.replace(state, deadline_ns=until_ns, since_ns=turn.now_ns)


def disinfecting(turn: Turn, state: Disinfecting, event: AnyEvent) -> Step | None:
    """What an event does in the chamber."""
    running = state.since_ns is not None
    match event:
        case ChamberCycleDone() if running:
            return chamber_done(turn, state)
        case ChamberInputChanged() | PresenceChanged():
            if not running:
                return _run(turn, state)
            if interlock.forbids(turn.lane) is not None:
                return _abort(turn, state, Reason.CHAMBER_INTERLOCK)
            if not turn.lane.present:
                return _abort(turn, state, Reason.VISITOR_LEFT)
            return state
        case CredentialPresented():
            return structs.replace(state, visit=_hold(turn, state.visit, event))
    return None


def chamber_done(turn: Turn, state: Disinfecting) -> Step:
    """The cycle is over: on with the visit."""
    turn.record_visit(RecordKind.CHAMBER_DONE, state.visit)
    return advance(turn, state.visit)


def chamber_due(turn: Turn, state: Disinfecting) -> Step:
    """The chamber has run long enough, or could not for too long."""
    if state.since_ns is not None:
        return chamber_done(turn, state)
    reason = interlock.forbids(turn.lane) or Reason.VISITOR_TIMEOUT
    return refusals.deny(turn, state.visit, reason)


def _abort(turn: Turn, state: Disinfecting, reason: Reason) -> Disinfecting:
    """Switch off at once. What is left of the time may run when the interlock permits again."""
    turn.order(StopChamber())
    turn.record_visit(RecordKind.CHAMBER_ABORTED, state.visit, reason=reason)
    left_ns = min(state.left_ns, state.deadline_ns - turn.now_ns)
    deadline_ns = max(state.give_up_ns, turn.now_ns)
    return structs.replace(state, deadline_ns=deadline_ns, left_ns=left_ns, since_ns=None)


# --- temperature ---------------------------------------------------------------------------------


def _enter_screening(turn: Turn, visit: Visit) -> Screening:
    wait_s = turn.lane.policy.temperature.wait_s
    deadline_ns = turn.now_ns + refusals.patience_ns(turn, visit, wait_s)
    turn.order(Measure(visit.number))
    turn.show(Screen.HOLD_STILL)
    return Screening(turn.lane, visit, deadline_ns, turn.now_ns)


def screening(turn: Turn, state: Screening, event: AnyEvent) -> Step | None:
    """What an event does while readings are taken."""
    match event:
        case ReadingTaken(visit=state.visit.number):
            return _reading(turn, state, event)
        case ReadingMissed(visit=state.visit.number, kind=kind):
            return _reject(turn, state, kind)
        case CredentialPresented():
            return structs.replace(state, visit=_hold(turn, state.visit, event))
    return None


def screening_due(turn: Turn, state: Screening) -> Denied:
    """No verdict came in time."""
    turn.record_visit(RecordKind.TEMPERATURE_UNAVAILABLE, state.visit)
    return refusals.deny(turn, state.visit, Reason.TEMPERATURE_UNAVAILABLE)


def _reading(turn: Turn, state: Screening, reading: ReadingTaken) -> Step:
    policy = turn.lane.policy.temperature
    repeat = temperature.repeated(turn.lane.reading, reading)
    turn.remember(reading=repeat)
    if reading.started_ns < state.since_ns:
        # Of whoever of the group stood here before.
        return _reject(turn, state, Rejection.STALE)
    rejection = temperature.rejection(
        state.samples, reading, policy, turn.now_ns, times=repeat.times
    )
    if rejection is not None:
        return _reject(turn, state, rejection)
    sample = Sample(reading.object_c, reading.ambient_c, reading.started_ns)
    samples = (*state.samples, sample)[-policy.readings :]
    estimate = temperature.estimate(samples, policy)
    if estimate is not None:
        return _verdict(turn, state.visit, estimate)
    again = len(samples) >= policy.readings and not state.asked_again
    if again:
        turn.show(Screen.MEASURE_AGAIN)
    return structs.replace(state, samples=samples, asked_again=state.asked_again or again)


def _reject(turn: Turn, state: Screening, why: Rejection | str) -> Screening:
    """Not a reading. Each kind is recorded once in a visit."""
    if why in state.rejected:
        return state
    turn.record_visit(RecordKind.TEMPERATURE_READING_REJECTED, state.visit, detail=str(why))
    return structs.replace(state, rejected=state.rejected | {why})


def _verdict(turn: Turn, visit: Visit, estimate: Estimate) -> Step:
    elevated = estimate.verdict is Verdict.ELEVATED
    turn.record_visit(
        RecordKind.TEMPERATURE_ELEVATED if elevated else RecordKind.TEMPERATURE_NORMAL,
        visit,
        verdict=str(estimate.verdict),
        band_c=estimate.band_c,
        outside_validated=estimate.outside_validated,
    )
    if elevated:
        return _elevated(turn, visit)
    visit = structs.replace(visit, screened=estimate)
    if visit.credential is not None:
        _settle(turn, visit.credential.holder)
    elif Stage.CREDENTIAL not in turn.lane.policy.stages:
        _settle(turn, "")
    return advance(turn, visit)


def _elevated(turn: Turn, visit: Visit) -> Denied | Referred:
    """The first time: sit down for five minutes. The second time: refused and referred."""
    held = _fresh(turn, visit)
    credential = visit.credential or (held.credential if held else None)
    holder = "" if credential is None else credential.holder
    ledger, policy = turn.lane.ledger, turn.lane.policy.temperature
    first = ledger.recheck_of(holder, turn.now_ns, ns(policy.recheck_within_s))
    if first is not None and turn.now_ns - first.measured_ns >= ns(policy.recheck_after_s):
        turn.remember(ledger=ledger.settled(first))
        reason = Reason.TEMPERATURE_ELEVATED_TWICE
        return refusals.refer(turn, visit, reason, to_health_centre=True)
    if first is not None and holder:
        return refusals.deny(turn, visit, Reason.RECHECK_TOO_EARLY)
    turn.remember(ledger=ledger.awaiting(Recheck(holder, turn.now_ns)))
    return refusals.deny(turn, visit, Reason.TEMPERATURE_ELEVATED)


def bind_recheck(turn: Turn, state: Denied, event: CredentialPresented) -> Denied | Referred:
    """Whoever was sent to sit down shows a code: the second measurement is bound to it. Where it is
    the second already, its owner is referred."""
    ledger, policy = turn.lane.ledger, turn.lane.policy.temperature
    newest = ledger.rechecks[-1]  # of this visit: the refusal for it stands
    if newest.holder:
        return state
    turn.record_visit(RecordKind.CREDENTIAL_HELD, state.visit, pseudonym=event.pseudonym)
    ledger = ledger.settled(newest)
    holder = event.credential.holder
    first = ledger.recheck_of(holder, newest.measured_ns, ns(policy.recheck_within_s))
    if first is None:
        turn.remember(ledger=ledger.awaiting(Recheck(holder, newest.measured_ns)))
        return state
    if newest.measured_ns - first.measured_ns < ns(policy.recheck_after_s):
        turn.remember(ledger=ledger)
        return state
    turn.remember(ledger=ledger.settled(first))
    known = structs.replace(state.visit, pseudonym=event.pseudonym)
    reason = Reason.TEMPERATURE_ELEVATED_TWICE
    return refusals.refer(turn, known, reason, to_health_centre=True)


def _settle(turn: Turn, holder: str) -> None:
    """A normal second measurement: the first one no longer counts. One that nobody can be told by
    is settled only when its five minutes are over."""
    ledger, policy = turn.lane.ledger, turn.lane.policy.temperature
    first = ledger.recheck_of(holder, turn.now_ns, ns(policy.recheck_within_s))
    due_ns = 0 if holder else ns(policy.recheck_after_s)
    if first is not None and turn.now_ns - first.measured_ns >= due_ns:
        turn.remember(ledger=ledger.settled(first))


# --- the credential ------------------------------------------------------------------------------


def _enter_code(turn: Turn, visit: Visit) -> Step:
    held = _fresh(turn, visit)
    if held is not None:
        return judge(turn, visit, held)
    deadline_ns = turn.now_ns + refusals.patience_ns(
        turn, visit, turn.lane.policy.credential.wait_s
    )
    turn.show(Screen.SHOW_CODE)
    return AwaitingCode(turn.lane, structs.replace(visit, held=None), deadline_ns)


def awaiting_code(turn: Turn, state: AwaitingCode, event: AnyEvent) -> Step | None:
    """What an event does while a code is waited for."""
    match event:
        case CredentialPresented():
            return judge(turn, state.visit, _held(turn, event))
        case CodeRefused(reason=reason):
            turn.record_visit(RecordKind.CREDENTIAL_REFUSED, state.visit, reason=reason)
            turn.show(Screen.CODE_NOT_READ, reason)
            return state
    return None


def code_due(turn: Turn, state: AwaitingCode) -> Denied:
    """No code came."""
    return refusals.deny(turn, state.visit, Reason.VISITOR_TIMEOUT, another_code=True)


def judge(turn: Turn, visit: Visit, shown: Held) -> Step:
    """A genuine credential: does it admit here and now?"""
    credential = shown.credential
    visit = structs.replace(visit, held=None)
    known = structs.replace(visit, credential=credential, pseudonym=shown.pseudonym)
    if _too_early(turn, credential):
        return refusals.deny(turn, known, Reason.RECHECK_TOO_EARLY)
    ruling = admission.rule(credential, turn.lane.ledger, turn.lane.policy, shown.wall)
    outcome, reason = ruling.outcome, ruling.reason
    if outcome is Outcome.ADMIT:
        return _accepted(turn, known, credential, reason)
    assert reason is not None, f"{outcome} without a reason"  # noqa: S101 - a mistake of ours
    if outcome is Outcome.REFUSE:
        return refusals.deny(turn, known, reason, another_code=True)
    return refusals.refer(turn, known, reason, to_health_centre=outcome is Outcome.REFER)


def _accepted(turn: Turn, visit: Visit, credential: Credential, reason: Reason | None) -> Step:
    turn.record_visit(RecordKind.CREDENTIAL_ACCEPTED, visit, reason=reason)
    visit = structs.replace(visit, people=max(visit.people, credential.group))
    if visit.screened is not None:
        _settle(turn, credential.holder)
    return advance(turn, visit)


def _too_early(turn: Turn, credential: Credential) -> bool:
    """Whether this pass was sent to sit down less than five minutes ago."""
    policy = turn.lane.policy.temperature
    first = turn.lane.ledger.recheck_of(credential.holder, turn.now_ns, ns(policy.recheck_within_s))
    return first is not None and turn.now_ns - first.measured_ns < ns(policy.recheck_after_s)


def _hold(turn: Turn, visit: Visit, event: CredentialPresented) -> Visit:
    """A code before its stage: kept for this visit, for a few seconds."""
    turn.record_visit(RecordKind.CREDENTIAL_HELD, visit, pseudonym=event.pseudonym)
    return structs.replace(visit, held=_held(turn, event))


def _held(turn: Turn, event: CredentialPresented) -> Held:
    return Held(event.credential, event.pseudonym, event.wall, turn.now_ns)


def _fresh(turn: Turn, visit: Visit) -> Held | None:
    """The code that was shown early, if that is not too long ago."""
    held = visit.held
    if held is None or turn.now_ns - held.at_ns > ns(turn.lane.policy.credential.hold_s):
        return None
    return held
