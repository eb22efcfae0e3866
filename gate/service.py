"""What outranks every state: alarm, and whatever shuts the lane; and the way back from both."""

from gate import grants, interlock, refusals
from gate.commands import Release, RunChamber, Screen, Secure, StopChamber
from gate.events import (
    AnyEvent,
    ChamberCycleDone,
    CodeRefused,
    CredentialPresented,
    ExitRequested,
    PassContactPulsed,
    StaffActed,
    StaffAction,
)
from gate.policy import GRANT_S_MAX, ns
from gate.reasons import Reason
from gate.records import Direction, RecordKind
from gate.states import (
    AwaitingCode,
    Clearing,
    Disinfecting,
    Emergency,
    Idle,
    Lane,
    OutOfService,
    Screening,
    State,
)
from gate.turn import Turn
from gate.walltime import NS_PER_S

EXIT_RELEASE_NS = ns(GRANT_S_MAX)
"""How long one release of the exit lasts in an alarm."""
EXIT_RENEW_NS = NS_PER_S
"""How often it is renewed: a relay that a stall of the loop let go is on again so soon."""


def raise_alarm(turn: Turn, state: State, reason: Reason) -> Emergency:
    """Everybody may leave, nobody comes in, nothing moves or sprays."""
    turn.remember(evacuating=True)
    _end_visit(turn, state, reason)
    turn.order(StopChamber())
    if turn.lane.entry is None:
        turn.order(Secure(Direction.ENTRY))
    turn.show(Screen.EMERGENCY, reason)
    return _let_all_out(turn, reason)


def emergency(turn: Turn, state: Emergency, event: AnyEvent) -> Emergency | OutOfService | None:
    """What an event does in an alarm. Only staff ends it, and only when its inputs are at rest."""
    alarm = turn.lane.alarm
    match event:
        case StaffActed(action=StaffAction.RESET, officer=officer) if alarm is None:
            turn.remember(evacuating=False)
            if turn.lane.exit is None:
                turn.order(Secure(Direction.EXIT))
            reason = turn.lane.shut or state.reason
            turn.record(RecordKind.LANE_OUT_OF_SERVICE, reason=reason, officer=officer)
            turn.show(Screen.CLOSED, reason)
            return OutOfService(turn.lane, reason)
    if alarm is not None and alarm is not state.reason:
        turn.show(Screen.EMERGENCY, alarm)
        return Emergency(turn.lane, alarm, state.renew_ns)
    return None


def renew(turn: Turn, state: Emergency) -> Emergency:
    """The alarm goes on: keep the exit released."""
    return _let_all_out(turn, state.reason)


def take_out(turn: Turn, state: State, reason: Reason, event: AnyEvent) -> OutOfService:
    """Let nobody in any more; whoever is inside can leave."""
    _end_visit(turn, state, reason)
    turn.order(StopChamber())
    if turn.lane.entry is None:
        turn.order(Secure(Direction.ENTRY))
    officer = event.officer if isinstance(event, StaffActed) else None
    turn.record(RecordKind.LANE_OUT_OF_SERVICE, reason=reason, officer=officer)
    turn.show(Screen.CLOSED, reason)
    return OutOfService(turn.lane, reason)


def stay_out(turn: Turn, reason: Reason) -> OutOfService:
    """Still shut, for another reason."""
    turn.record(RecordKind.LANE_OUT_OF_SERVICE, reason=reason)
    turn.show(Screen.CLOSED, reason)
    if reason is Reason.SHUTDOWN:
        grants.withdraw(turn, reason)
    return OutOfService(turn.lane, reason)


def bring_in(turn: Turn, state: OutOfService) -> Idle | OutOfService:
    """Open if all is well, and nobody is in the passage on a grant that has no outcome yet."""
    if turn.lane.shut is not None or turn.lane.entry is not None:
        return state
    turn.record(RecordKind.LANE_IN_SERVICE, occupancy=turn.lane.ledger.occupancy)
    return refusals.idle(turn)


def arm(turn: Turn, state: Idle, officer: str) -> Clearing | Idle:
    """Staff arms the empty chamber: run it if nobody is there and every sensor agrees."""
    lane = turn.lane
    reason = _not_empty(lane)
    if reason is not None:
        turn.record(RecordKind.CHAMBER_ABORTED, reason=reason, officer=officer)
        return state
    until_ns = turn.now_ns + ns(lane.policy.chamber.run_s)
    turn.order(RunChamber(0, until_ns))
    turn.record(RecordKind.CHAMBER_STARTED, officer=officer)
    turn.show(Screen.WAIT, until_ns=until_ns)
    return Clearing(lane, until_ns)


def clearing(turn: Turn, event: AnyEvent) -> Idle | None:
    """What an event does while the empty chamber runs: any sign of a person ends it."""
    officer: str | None = None
    match event:
        case ChamberCycleDone():
            return cleared(turn)
        case StaffActed(action=StaffAction.REFUSE, officer=officer):
            reason: Reason | None = Reason.OFFICER_REFUSED
        case CredentialPresented() | CodeRefused() | ExitRequested() | PassContactPulsed():
            reason = Reason.CHAMBER_INTERLOCK
        case _:
            reason = _not_empty(turn.lane)
    if reason is None:
        return None
    turn.record(RecordKind.CHAMBER_ABORTED, reason=reason, officer=officer)
    return refusals.idle(turn)


def cleared(turn: Turn) -> Idle:
    """The empty chamber has run long enough."""
    turn.record(RecordKind.CHAMBER_DONE)
    return refusals.idle(turn)


def _not_empty(lane: Lane) -> Reason | None:
    """Why somebody may be in the chamber, or on the way into it; None where nobody is."""
    reason = interlock.forbids(lane)
    if reason is not None:
        return reason
    way_in = lane.door is not None or lane.exit is not None or not lane.track.clear
    return Reason.CHAMBER_INTERLOCK if lane.present or way_in else None


def _let_all_out(turn: Turn, reason: Reason) -> Emergency:
    turn.order(Release(Direction.EXIT, 0, turn.now_ns + EXIT_RELEASE_NS))
    return Emergency(turn.lane, reason, turn.now_ns + EXIT_RENEW_NS)


def _end_visit(turn: Turn, state: State, reason: Reason) -> None:
    grants.withdraw(turn, reason)
    if isinstance(state, Disinfecting | Screening | AwaitingCode):
        refusals.abandon(turn, state.visit, reason)
