"""Grants and passages: who may go through, who did, and what that changes.

*Granted is not entered.* Occupancy, one-time use and anti-passback change when somebody has gone
through. Every grant ends here, with exactly one outcome: taken, not taken, or unknown where the
process ends in the middle of it.
"""

from msgspec import structs

from gate.commands import CommitGrant, Release, Secure
from gate.passage import Crossing
from gate.policy import ns
from gate.reasons import Reason
from gate.records import Direction, RecordKind, Spent
from gate.states import Grant, Visit
from gate.turn import Turn, grant_record


def ask(turn: Turn, visit: Visit) -> None:
    """Have an entry grant written down; the barrier moves when the journal has it."""
    credential = visit.credential
    grant = Grant(
        number=turn.lane.grants + 1,
        direction=Direction.ENTRY,
        visit=visit.number,
        credential=credential,
        pseudonym=visit.pseudonym,
        officer=visit.officer,
    )
    turn.remember(grants=grant.number, entry=grant)
    spent = None
    if credential is not None and credential.one_time:
        spent = Spent(credential.replay_key, credential.holder, credential.valid_until_s)
    estimate = visit.screened
    record = grant_record(
        RecordKind.ACCESS_GRANTED,
        grant,
        turn.now_ns,
        reason=Reason.OFFICER_ADMITTED if visit.officer is not None else None,
        verdict=None if estimate is None else str(estimate.verdict),
        people=visit.people if visit.people > 1 else None,
    )
    turn.order(CommitGrant(record, spent))


def release(turn: Turn, grant: Grant, *, assisted: bool) -> int:
    """The journal has the grant: move the barrier. Returns until when."""
    passage = turn.lane.policy.passage
    until_ns = turn.now_ns + ns(passage.assisted_grant_s if assisted else passage.grant_s)
    turn.remember(entry=structs.replace(grant, until_ns=until_ns))
    turn.order(Release(Direction.ENTRY, grant.number, until_ns))
    return until_ns


def let_out(turn: Turn) -> None:
    """Somebody inside asked to leave: release the exit at once. Nothing is asked of the journal
    first, because nobody is locked in for want of a disk."""
    grant = turn.lane.exit
    until_ns = turn.now_ns + ns(turn.lane.policy.passage.grant_s)
    if grant is None:
        grant = Grant(number=turn.lane.grants + 1, direction=Direction.EXIT)
        turn.remember(grants=grant.number)
        turn.record_grant(RecordKind.ACCESS_GRANTED, grant, reason=Reason.FREE_EGRESS)
    turn.remember(exit=structs.replace(grant, until_ns=until_ns))
    turn.order(Release(Direction.EXIT, grant.number, until_ns))


def end(turn: Turn, grant: Grant, outcome: RecordKind, reason: Reason | None = None) -> None:
    """Close the grant with that outcome and hold the barrier shut."""
    occupancy = None
    if outcome is RecordKind.ACCESS_TAKEN:
        ledger = turn.lane.ledger.passed(grant.direction, grant.credential, turn.lane.wall.unix_s)
        turn.remember(ledger=ledger)
        occupancy = ledger.occupancy
    elif reason is None and grant.turned_back:
        reason = Reason.TURNED_BACK
    _keep(turn, grant.direction, None)
    if grant.direction is Direction.ENTRY or not turn.lane.evacuating:
        turn.order(Secure(grant.direction))
    turn.record_grant(outcome, grant, reason=reason, occupancy=occupancy)


def end_due(turn: Turn) -> None:
    """Close every grant that nobody took in time."""
    for grant in (turn.lane.entry, turn.lane.exit):
        if grant is None or grant.until_ns is None:
            continue
        if turn.now_ns >= turn.lane.grant_ends_ns(grant, grant.until_ns):
            stuck = turn.lane.track.began is grant.direction
            end(turn, grant, RecordKind.ACCESS_NOT_TAKEN, Reason.OBSTRUCTION if stuck else None)


def withdraw(turn: Turn, reason: Reason) -> None:
    """Let nobody in on an open grant but whoever is in the middle of the passage already. Those
    who asked to leave still can, until the process itself ends."""
    closing = reason is Reason.SHUTDOWN
    for grant in (turn.lane.entry, turn.lane.exit if closing else None):
        if grant is None:
            continue
        if turn.lane.track.began is not grant.direction or grant.until_ns is None:
            end(turn, grant, RecordKind.ACCESS_NOT_TAKEN, reason)
        elif closing:
            end(turn, grant, RecordKind.ACCESS_UNKNOWN, reason)


def let_nobody_follow(turn: Turn) -> None:
    """The lane is shut, and its last grant was left open for somebody in the passage: it ends with
    their passage, whatever came of it."""
    grant = turn.lane.entry
    if grant is not None and turn.lane.track.began is not Direction.ENTRY:
        end(turn, grant, RecordKind.ACCESS_NOT_TAKEN)


def crossed(turn: Turn, crossing: Crossing, way: Direction | None) -> None:
    """The passage sensors have told of a person, who stepped in going that way. Only what ends or
    doubles a passage has consequences."""
    match crossing:
        case Crossing.ENTERED:
            _went_in(turn)
        case Crossing.LEFT:
            _went_out(turn)
        case Crossing.TURNED_BACK:
            _turned_back(turn, way)
        case Crossing.FOLLOWED:
            turn.record(
                RecordKind.PASSAGE_TAILGATING,
                visit=_visit_of(_grant_for(turn, way)),
                direction=way,
                reason=Reason.TAILGATING,
            )


def _went_in(turn: Turn) -> None:
    grant = turn.lane.entry
    if grant is not None and grant.until_ns is not None:
        end(turn, grant, RecordKind.ACCESS_TAKEN)
    else:
        _count(turn, RecordKind.PASSAGE_TAILGATING, Direction.ENTRY, Reason.TAILGATING)


def _went_out(turn: Turn) -> None:
    grant = turn.lane.exit
    if grant is not None:
        end(turn, grant, RecordKind.ACCESS_TAKEN)
    elif turn.lane.evacuating or turn.lane.policy.passage.free_exit:
        reason = turn.lane.alarm or Reason.FREE_EGRESS
        _count(turn, RecordKind.OCCUPANCY_CHANGED, Direction.EXIT, reason)
    else:
        _count(turn, RecordKind.PASSAGE_WRONG_WAY, Direction.EXIT, Reason.WRONG_WAY)


def _count(turn: Turn, kind: RecordKind, direction: Direction, reason: Reason) -> None:
    """Somebody went through without a grant: nobody's pass is used, but the count is right."""
    ledger = turn.lane.ledger.passed(direction, None, turn.lane.wall.unix_s)
    turn.remember(ledger=ledger)
    turn.record(kind, direction=direction, reason=reason, occupancy=ledger.occupancy)


def _turned_back(turn: Turn, way: Direction | None) -> None:
    """The grant stays open to its end: a hand in a beam must not cost anybody the visit."""
    grant = _grant_for(turn, way)
    turn.record(
        RecordKind.PASSAGE_TURNED_BACK,
        visit=_visit_of(grant),
        grant=0 if grant is None else grant.number,
        direction=way,
        reason=Reason.TURNED_BACK,
    )
    if grant is not None and not grant.turned_back:
        _keep(turn, grant.direction, structs.replace(grant, turned_back=True))


def _keep(turn: Turn, direction: Direction, grant: Grant | None) -> None:
    if direction is Direction.ENTRY:
        turn.remember(entry=grant)
    else:
        turn.remember(exit=grant)


def _grant_for(turn: Turn, way: Direction | None) -> Grant | None:
    """The open grant that somebody going that way goes on."""
    return turn.lane.entry if way is Direction.ENTRY else turn.lane.exit


def _visit_of(grant: Grant | None) -> int:
    return 0 if grant is None else grant.visit
