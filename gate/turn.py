"""One step of the lane under way: the memory as it becomes, and the commands so far.

It lives from the beginning of `gate.lane.step` to its end and is seen by nobody outside, so
that the step as a whole stays a function of its arguments.
"""

from typing import TYPE_CHECKING

from msgspec import structs

from gate.commands import AnyCommand, Append, Screen, Show
from gate.records import Record, RecordKind

if TYPE_CHECKING:
    from gate.reasons import Reason
    from gate.states import Grant, Lane, Visit


class Turn:
    """What the parts of one step share."""

    __slots__ = ("commands", "lane", "now_ns")

    def __init__(self, lane: "Lane", now_ns: int) -> None:
        self.lane = lane
        self.now_ns = now_ns
        self.commands: list[AnyCommand] = []

    def remember(self, **changes: object) -> None:
        """Change the lane's memory."""
        self.lane = structs.replace(self.lane, **changes)

    def order(self, command: AnyCommand) -> None:
        """Ask something of the world."""
        self.commands.append(command)

    def record(self, kind: RecordKind, **facts: object) -> None:
        """Write down what belongs to no visit."""
        self.commands.append(Append(Record(kind, self.now_ns, **facts)))  # type: ignore[arg-type] # the fields of Record, passed on

    def record_visit(self, kind: RecordKind, visit: "Visit", **facts: object) -> None:
        """Write down what happened in a visit, with what is known of who made it."""
        if visit.credential is not None:
            facts.setdefault("credential_kind", str(visit.credential.kind))
            facts.setdefault("issuer", visit.credential.issuer)
        if visit.pseudonym is not None:
            facts.setdefault("pseudonym", visit.pseudonym)
        self.record(kind, visit=visit.number, **facts)

    def record_grant(self, kind: RecordKind, grant: "Grant", **facts: object) -> None:
        """Write down what became of a grant."""
        self.commands.append(Append(grant_record(kind, grant, self.now_ns, **facts)))

    def show(
        self,
        screen: Screen,
        reason: "Reason | None" = None,
        refer_to: str | None = None,
        until_ns: int = 0,
    ) -> None:
        """Tell the visitor."""
        self.commands.append(Show(screen, reason, refer_to, until_ns))


def grant_record(kind: RecordKind, grant: "Grant", now_ns: int, **facts: object) -> Record:
    """A record of a grant, with what is known of who has it."""
    if grant.credential is not None:
        facts.setdefault("credential_kind", str(grant.credential.kind))
        facts.setdefault("issuer", grant.credential.issuer)
    return Record(
        kind,
        now_ns,
        visit=grant.visit,
        grant=grant.number,
        direction=grant.direction,
        pseudonym=grant.pseudonym,
        officer=grant.officer,
        **facts,  # type: ignore[arg-type] # the fields of Record, passed on
    )
