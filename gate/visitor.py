"""What an event does where the lane waits for somebody, or somebody stands in it: what is common
to the stages, and the states after the decision."""

from typing import assert_never

from msgspec import structs

from gate import grants, refusals, service, stages
from gate.commands import Screen
from gate.events import (
    AnyEvent,
    CodeRefused,
    CredentialPresented,
    GrantCommitted,
    GrantNotCommitted,
    PresenceChanged,
    StaffActed,
    StaffAction,
)
from gate.policy import ChamberMode, ns
from gate.reasons import Reason
from gate.records import Direction, RecordKind
from gate.stages import Step
from gate.states import (
    AwaitingCode,
    Clearing,
    Denied,
    Disinfecting,
    Grant,
    Granting,
    Held,
    Idle,
    Referred,
    Screening,
    Visit,
)
from gate.turn import Turn

GROUP_MAX = 20
"""People of one assisted group; more is a slip of the finger."""
NOT_READ_NS = ns(3)
"""How long the visitor is told that a code was not taken."""


def idle(turn: Turn, state: Idle, event: AnyEvent) -> Step | Idle | Clearing | None:
    """Nobody is in the lane, or nobody that it attends to."""
    match event:
        case PresenceChanged(present=present):
            if present is state.lane.present:
                return state
            return stages.begin(turn) if present else Idle(turn.lane)
        case CredentialPresented(credential=credential, pseudonym=pseudonym, wall=wall):
            return stages.begin(turn, held=Held(credential, pseudonym, wall, turn.now_ns))
        case CodeRefused(reason=reason):
            turn.record(RecordKind.CREDENTIAL_REFUSED, reason=reason)
            turn.show(Screen.CODE_NOT_READ, reason, until_ns=turn.now_ns + NOT_READ_NS)
            return state
        case StaffActed(action=StaffAction.ASSIST, people=people, officer=officer):
            return stages.begin(turn, people=_group(people), assistant=officer)
        case StaffActed(action=StaffAction.ARM_CHAMBER, officer=officer):
            if turn.lane.policy.chamber.mode is ChamberMode.VACANT:
                return service.arm(turn, state, officer)
    return None


def stage(
    turn: Turn, state: Disinfecting | Screening | AwaitingCode, event: AnyEvent
) -> Step | None:
    """A visitor is in one of the stages: an officer may step in at any of them."""
    match event:
        case StaffActed(action=StaffAction.ADMIT, officer=officer):
            return _overrule(turn, state.visit, None, officer)
        case StaffActed(action=StaffAction.REFUSE):
            return refusals.deny(turn, state.visit, Reason.OFFICER_REFUSED)
        case StaffActed(action=StaffAction.ASSIST) if not state.visit.assisted:
            return _assist(turn, state, event)
    match state:
        case Disinfecting():
            return stages.disinfecting(turn, state, event) or _refused_early(turn, state, event)
        case Screening():
            return stages.screening(turn, state, event) or _refused_early(turn, state, event)
        case AwaitingCode():
            return stages.awaiting_code(turn, state, event)
    assert_never(state)


def granting(turn: Turn, state: Granting, event: AnyEvent) -> Step | Idle | None:
    """A grant is under way."""
    grant = turn.lane.entry
    if grant is None:
        return _taken(turn, state)
    match event:
        case GrantCommitted(grant=grant.number) if grant.until_ns is None:
            until_ns = grants.release(turn, grant, assisted=state.visit.assisted)
            turn.show(Screen.GO, until_ns=until_ns)
            return structs.replace(state, deadline_ns=until_ns)
        case GrantNotCommitted(grant=grant.number) if grant.until_ns is None:
            return not_committed(turn, state, grant)
        case StaffActed(action=StaffAction.REFUSE):
            if grant.until_ns is not None and turn.lane.track.began is Direction.ENTRY:
                return None
            grants.end(turn, grant, RecordKind.ACCESS_NOT_TAKEN, Reason.OFFICER_REFUSED)
            return refusals.deny(turn, state.visit, Reason.OFFICER_REFUSED)
    return None


def not_committed(turn: Turn, state: Granting, grant: Grant) -> Denied:
    """The journal could not take the grant, or not in time: the barrier stays shut."""
    grants.end(turn, grant, RecordKind.ACCESS_NOT_TAKEN, Reason.GRANT_NOT_COMMITTED)
    return refusals.deny(turn, state.visit, Reason.GRANT_NOT_COMMITTED)


def denied(turn: Turn, state: Denied, event: AnyEvent) -> Step | None:
    """The visitor was refused and stands there still."""
    match event:
        case StaffActed(action=StaffAction.ADMIT, officer=officer):
            return _overrule(turn, state.visit, state.reason, officer)
        case CredentialPresented(credential=credential, pseudonym=pseudonym, wall=wall):
            if state.another_code:
                shown = Held(credential, pseudonym, wall, turn.now_ns)
                return stages.judge(turn, state.visit, shown)
            if state.reason is Reason.TEMPERATURE_ELEVATED:
                return stages.bind_recheck(turn, state, event)
        case CodeRefused(reason=reason) if state.another_code:
            turn.record_visit(RecordKind.CREDENTIAL_REFUSED, state.visit, reason=reason)
            return state
    return None


def referred(turn: Turn, state: Referred, event: AnyEvent) -> Step | None:
    """The visitor waits for an officer."""
    match event:
        case StaffActed(action=StaffAction.ADMIT, officer=officer):
            return _overrule(turn, state.visit, state.reason, officer)
        case StaffActed(action=StaffAction.REFUSE):
            return refusals.deny(turn, state.visit, Reason.OFFICER_REFUSED)
    return None


def _taken(turn: Turn, state: Granting) -> Step | Idle:
    """Somebody went in on the grant: on with the group, or with the next visitor."""
    if state.visit.people > 1:
        return stages.next_person(turn, state.visit)
    return refusals.idle(turn)


def _overrule(turn: Turn, visit: Visit, reason: Reason | None, officer: str) -> Granting:
    """An officer admits, in the officer's own name."""
    turn.record_visit(RecordKind.ACCESS_OVERRIDDEN, visit, reason=reason, officer=officer)
    return stages.grant(turn, structs.replace(visit, officer=officer))


def _assist(
    turn: Turn, state: Disinfecting | Screening | AwaitingCode, event: StaffActed
) -> Disinfecting | Screening | AwaitingCode:
    """From here on there is more time, and perhaps a companion."""
    people = max(state.visit.people, _group(event.people))
    visit = structs.replace(state.visit, assisted=True, people=people)
    turn.record_visit(RecordKind.ACCESS_ASSISTED, visit, officer=event.officer, people=people)
    if isinstance(state, Disinfecting):
        return structs.replace(state, visit=visit)
    policy = turn.lane.policy
    screening = isinstance(state, Screening)
    wait_s = policy.temperature.wait_s if screening else policy.credential.wait_s
    deadline_ns = turn.now_ns + refusals.patience_ns(turn, visit, wait_s)
    return structs.replace(state, visit=visit, deadline_ns=deadline_ns)


def _refused_early(
    turn: Turn, state: Disinfecting | Screening, event: AnyEvent
) -> Disinfecting | Screening | None:
    """A bad code before its stage is recorded; its owner will be asked for one in time."""
    if not isinstance(event, CodeRefused):
        return None
    turn.record_visit(RecordKind.CREDENTIAL_REFUSED, state.visit, reason=event.reason)
    return state


def _group(people: int) -> int:
    return min(max(people, 1), GROUP_MAX)
