"""How a visit ends without a grant: refused, referred, or abandoned."""

from gate.commands import Screen
from gate.policy import ns
from gate.reasons import Reason
from gate.records import RecordKind
from gate.states import Denied, Idle, Referred, Visit
from gate.turn import Turn
from gate.walltime import NS_PER_MS

NEXT_NS = 500 * NS_PER_MS
"""How long after one visitor the next one is attended to: the presence sensor may still see the
one who has just gone in."""

_SIT_DOWN = frozenset({Reason.TEMPERATURE_ELEVATED, Reason.RECHECK_TOO_EARLY})
"""Refusals that five minutes on a chair may cure."""
_TRY_AGAIN = frozenset({Reason.VISITOR_TIMEOUT, Reason.GRANT_NOT_COMMITTED})


def deny(turn: Turn, visit: Visit, reason: Reason, *, another_code: bool = False) -> Denied:
    """Refuse. The visitor reads a neutral sentence, the officer the reason."""
    if turn.lane.absent_since_ns:
        # Out of sight while a grant was under way is not gone: they are looked for from now on.
        turn.remember(absent_since_ns=turn.now_ns)
    turn.record_visit(RecordKind.ACCESS_DENIED, visit, reason=reason)
    deadline_ns = turn.now_ns + patience_ns(turn, visit, turn.lane.policy.passage.refusal_s)
    turn.show(_screen(reason), reason, until_ns=deadline_ns)
    return Denied(turn.lane, visit, deadline_ns, reason, turn.now_ns, another_code=another_code)


def refer(turn: Turn, visit: Visit, reason: Reason, *, to_health_centre: bool = False) -> Referred:
    """Let an officer look; where it is a matter of health, name the health centre too."""
    refer_to = (turn.lane.policy.refer_to or None) if to_health_centre else None
    turn.record_visit(RecordKind.ACCESS_REFERRED, visit, reason=reason, refer_to=refer_to)
    deadline_ns = turn.now_ns + patience_ns(turn, visit, turn.lane.policy.passage.officer_s)
    turn.show(Screen.SEE_STAFF, reason, refer_to, deadline_ns)
    return Referred(turn.lane, visit, deadline_ns, reason, turn.now_ns)


def abandon(turn: Turn, visit: Visit, reason: Reason) -> None:
    """The visit ended before a decision."""
    turn.record_visit(RecordKind.ACCESS_ABANDONED, visit, reason=reason)


def idle(turn: Turn, *, after_ns: int = 0) -> Idle:
    """Wait for the next visitor, who may stand there already.

    `after_ns`: whoever has been there since before then is not the next one, but the last.
    """
    turn.show(Screen.IDLE)
    is_next = turn.lane.present and turn.lane.present_since_ns >= after_ns
    return Idle(turn.lane, turn.now_ns + NEXT_NS if is_next else None)


def patience_ns(turn: Turn, visit: Visit, wait_s: float) -> int:
    """A wait of the policy, longer with assistance."""
    return ns(wait_s * turn.lane.policy.passage.assisted_factor if visit.assisted else wait_s)


def _screen(reason: Reason) -> Screen:
    if reason in _SIT_DOWN:
        return Screen.SIT_DOWN
    return Screen.SEE_STAFF if reason in _TRY_AGAIN else Screen.REFUSED
