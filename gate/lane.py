"""The lane: `step(state, event, now_ns)` gives the next state and what is to be done.

A step has four parts, always in this order. What is due by now is done. What the event says of
the world is remembered: sensors, beams, clock. What outranks every state is obeyed: alarm, then
whatever shuts the lane. Then the state itself takes the event; one that makes no sense there
changes nothing and is recorded as that.

Which state can follow which is written down in `gate.transitions`.
"""

from collections.abc import Iterable
from typing import assert_never

from msgspec import structs

from gate import facts, grants, refusals, service, stages, visitor
from gate.commands import AnyCommand, Screen, Secure, StopChamber, StopMeasuring
from gate.events import AnyEvent, BeamChanged, ExitRequested
from gate.ledger import Ledger
from gate.passage import CLEAR
from gate.policy import Policy
from gate.reasons import Reason
from gate.records import Direction, Record, RecordKind
from gate.states import (
    AnyState,
    AwaitingCode,
    Clearing,
    Denied,
    Disinfecting,
    Emergency,
    Granting,
    Idle,
    Lane,
    OutOfService,
    Referred,
    Screening,
)
from gate.transitions import check
from gate.turn import Turn
from gate.walltime import WallTime

DUE_MAX = 8
"""Things that can be due at one moment, one after another: a grant, then the visit, and so on."""


def start(  # noqa: PLR0913 - each is named by its caller
    policy: Policy,
    now_ns: int,
    *,
    wall: WallTime,
    ledger: Ledger | None = None,
    visits: int = 0,
    granted: int = 0,
    open_grants: Iterable[Record] = (),
    unreset: Reason | None = None,
) -> tuple[OutOfService, tuple[AnyCommand, ...]]:
    """The lane as it begins, with what the journal remembers.

    Args:
        policy: the site's rules.
        now_ns: monotonic nanoseconds.
        wall: the wall clock.
        ledger: who is inside, which passes are used.
        visits: the number of the last visit before; `granted` that of the last grant.
        granted: see `visits`.
        open_grants: grants whose outcome nobody wrote down; each is closed as unknown.
        unreset: an alarm that staff had not reset before; nobody is let in until then.
    """
    lane = Lane(policy, ledger or Ledger(), wall, visits=visits, grants=granted, unreset=unreset)
    turn = Turn(lane, now_ns)
    for direction in Direction:
        turn.order(Secure(direction))
    turn.order(StopChamber())
    turn.show(Screen.CLOSED, Reason.STARTING)
    turn.record(RecordKind.DEVICE_STARTED, detail=str(wall.quality))
    for grant in open_grants:
        turn.record(
            RecordKind.ACCESS_UNKNOWN,
            visit=grant.visit,
            grant=grant.grant,
            direction=grant.direction,
            reason=Reason.RESTART,
        )
    return OutOfService(lane, Reason.STARTING), tuple(turn.commands)


def step(state: AnyState, event: AnyEvent, now_ns: int) -> tuple[AnyState, tuple[AnyCommand, ...]]:
    """The lane after that event at that time, and what is to be done, in this order.

    Raises:
        RuntimeError: a mistake of ours; nothing has happened.
    """
    turn = Turn(state.lane, now_ns)
    state = _catch_up(turn, state)
    state = _move(turn, state, _take(turn, state, event))
    if type(event) is BeamChanged and turn.lane.track is CLEAR:
        # A grant whose time is over may have waited for whoever has just left the passage.
        state = _catch_up(turn, state)
    if type(state) is OutOfService:
        state = _move(turn, state, service.bring_in(turn, state))
    return state, tuple(turn.commands)


def _catch_up(turn: Turn, state: AnyState) -> AnyState:
    """Do what is due by now, one thing after another."""
    for _ in range(DUE_MAX):
        due_ns = state.wake_at_ns
        if due_ns is None or due_ns > turn.now_ns:
            return state
        state = _move(turn, state, _due(turn, state))
    raise RuntimeError(f"{type(state).__name__} is due for ever")


def _move(turn: Turn, before: AnyState, after: AnyState) -> AnyState:
    """Leave one state for the next: what only the old one wanted is switched off."""
    check(type(before), type(after))
    if type(before) is not type(after):
        match before:
            case Disinfecting(since_ns=int()) | Clearing():
                turn.order(StopChamber())
            case Screening():
                turn.order(StopMeasuring())
            case _:
                pass
    return after if after.lane is turn.lane else structs.replace(after, lane=turn.lane)


def _due(turn: Turn, state: AnyState) -> AnyState:
    """The time that the state asked for has come."""
    facts.due(turn)
    match state:
        case OutOfService():
            return service.bring_in(turn, state)
        case Idle(next_ns=next_ns):
            is_time = next_ns is not None and turn.now_ns >= next_ns
            return stages.begin(turn) if is_time else state
        case Emergency():
            return service.renew(turn, state) if turn.now_ns >= state.renew_ns else state
        case Clearing():
            return service.cleared(turn) if turn.now_ns >= state.deadline_ns else state
        case Granting():
            return _granting_due(turn, state)
        case Disinfecting() | Screening() | AwaitingCode() | Denied() | Referred():
            if turn.lane.absent_since_ns and turn.now_ns >= state.gone_at_ns:
                return _left(turn, state)
            return _out_of_time(turn, state) if turn.now_ns >= state.deadline_ns else state
    assert_never(state)


def _granting_due(turn: Turn, state: Granting) -> AnyState:
    grant = turn.lane.entry
    if grant is None:
        return refusals.idle(turn)
    if grant.until_ns is None and turn.now_ns >= state.deadline_ns:
        return visitor.not_committed(turn, state, grant)
    return state


def _left(turn: Turn, state: Disinfecting | Screening | AwaitingCode | Denied | Referred) -> Idle:
    """The visitor walked away."""
    if not isinstance(state, Denied | Referred):
        refusals.abandon(turn, state.visit, Reason.VISITOR_LEFT)
    return refusals.idle(turn)


def _out_of_time(
    turn: Turn, state: Disinfecting | Screening | AwaitingCode | Denied | Referred
) -> AnyState:
    match state:
        case Disinfecting():
            return stages.chamber_due(turn, state)
        case Screening():
            return stages.screening_due(turn, state)
        case AwaitingCode():
            return stages.code_due(turn, state)
        case Denied() | Referred():
            return refusals.idle(turn, after_ns=state.since_ns)
    assert_never(state)


def _take(turn: Turn, state: AnyState, event: AnyEvent) -> AnyState:
    """What the event does to the world's image, to the lane, and to the state."""
    is_fact = facts.note(turn, event)
    if isinstance(event, ExitRequested):
        is_fact = True
        if not isinstance(state, Emergency):
            grants.let_out(turn)
    after = _outranked(turn, state, event)
    if after is None:
        after = _in_state(turn, state, event)
    if after is not None:
        return after
    if not is_fact:
        turn.record(
            RecordKind.EVENT_IGNORED,
            state=type(state).__name__,
            detail=type(event).__name__,
        )
    return state


def _outranked(turn: Turn, state: AnyState, event: AnyEvent) -> AnyState | None:
    """What is above every state; None where nothing is."""
    if isinstance(state, Emergency | OutOfService):
        grants.let_nobody_follow(turn)
    if isinstance(state, Emergency):
        return service.emergency(turn, state, event)
    alarm = turn.lane.alarm
    if alarm is not None:
        return service.raise_alarm(turn, state, alarm)
    shut = turn.lane.shut
    if isinstance(state, OutOfService):
        if shut is None or shut is state.reason:
            return None
        return service.stay_out(turn, shut)
    return None if shut is None else service.take_out(turn, state, shut, event)


def _in_state(turn: Turn, state: AnyState, event: AnyEvent) -> AnyState | None:
    match state:
        case Idle():
            return visitor.idle(turn, state, event)
        case Disinfecting() | Screening() | AwaitingCode():
            return visitor.stage(turn, state, event)
        case Granting():
            return visitor.granting(turn, state, event)
        case Denied():
            return visitor.denied(turn, state, event)
        case Referred():
            return visitor.referred(turn, state, event)
        case Clearing():
            return service.clearing(turn, event)
        case OutOfService() | Emergency():
            return None
    assert_never(state)
