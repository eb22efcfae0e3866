"""What must hold after every step of a lane, checked from outside: events in, commands out.

The watch keeps a small image of its own, made from commands and records alone, and compares the
lane with it. It runs in tests, in `gate simulate` and in `gate replay`; it costs a few
microseconds a step.
"""

from collections.abc import Iterable

from gate.commands import (
    AnyCommand,
    Append,
    CommitGrant,
    Release,
    RunChamber,
    Secure,
    StopChamber,
)
from gate.events import AnyEvent, ExitRequested, GrantCommitted
from gate.interlock import REQUIRED
from gate.policy import (
    ASSISTED_GRANT_S_MAX,
    CHAMBER_OCCUPIED_S_MAX,
    GRANT_S_MAX,
    Stage,
    ns,
)
from gate.records import Direction, Record, RecordKind
from gate.states import (
    AnyState,
    Attended,
    Clearing,
    Disinfecting,
    Emergency,
    Granting,
)

OUTCOMES = frozenset(
    {RecordKind.ACCESS_TAKEN, RecordKind.ACCESS_NOT_TAKEN, RecordKind.ACCESS_UNKNOWN}
)
COUNTED = frozenset(
    {
        RecordKind.ACCESS_TAKEN,
        RecordKind.PASSAGE_TAILGATING,
        RecordKind.PASSAGE_WRONG_WAY,
        RecordKind.OCCUPANCY_CHANGED,
    }
)
"""Records of somebody going through: nothing else changes who is inside."""
ATTENDED_NS_MAX = ns(3600 * 10)
"""No state with a visitor in it lasts longer, whatever the policy says: the longest wait that it
may name, with the most assistance."""


class InvariantBroken(AssertionError):
    """The lane did what it must never do."""


class Invariants:
    """The watch over one lane. Call `began` once, then `after` for every step."""

    def __init__(self) -> None:
        self._committed = 0
        """The newest grant that the journal has confirmed."""
        self._released = 0
        """The newest entry grant that the barrier was released for."""
        self._newest = 0
        self._open: dict[int, Direction] = {}
        self._entry_until_ns = 0
        self._exit_until_ns = 0
        self._chamber_until_ns = 0
        self._spent_visit = 0
        self._facts: set[RecordKind] = set()
        """What is known of the newest visit's present person."""
        self._visit = 0
        self._entered_ns = 0

    def began(self, state: AnyState, commands: Iterable[AnyCommand], now_ns: int) -> None:
        """The lane has started; its first commands secure everything."""
        secured = {command.direction for command in commands if isinstance(command, Secure)}
        self._hold(secured == set(Direction), "a lane begins with both directions secured")
        self._newest = state.lane.grants
        self._entered_ns = now_ns

    def after(
        self,
        before: AnyState,
        event: AnyEvent,
        state: AnyState,
        commands: Iterable[AnyCommand],
        now_ns: int,
    ) -> None:
        """Look at one step.

        Raises:
            InvariantBroken: with the rule, in words.
        """
        if type(event) is GrantCommitted:
            self._committed = event.grant
        counted = False
        for command in commands:
            kind = type(command)
            if kind is Append:
                counted |= self._recorded(before, command.record)  # type: ignore[union-attr] # narrowed by type()
            elif kind is Release:
                self._release(state, command, now_ns)  # type: ignore[arg-type] # ditto
            elif kind is Secure:
                self._secured(command.direction)  # type: ignore[union-attr] # ditto
            elif kind is CommitGrant:
                self._granted(state, command.record, now_ns)  # type: ignore[union-attr] # ditto
            elif kind is RunChamber:
                self._run(state, command.until_ns - now_ns, now_ns)  # type: ignore[union-attr] # ditto
            elif kind is StopChamber:
                self._chamber_until_ns = 0
        moved = state.lane.ledger is not before.lane.ledger
        if moved and state.lane.ledger.occupancy != before.lane.ledger.occupancy:
            self._hold(counted, "occupancy changes on passage alone")
        self._settled(before, event, state, now_ns)

    def _settled(self, before: AnyState, event: AnyEvent, state: AnyState, now_ns: int) -> None:
        """What holds of the state that the step ended in."""
        lane = state.lane
        kind = type(state)
        if lane.fire or lane.stop:
            self._hold(kind is Emergency, "an alarm outranks everything")
        if kind is Emergency:
            self._hold(
                self._entry_until_ns <= now_ns or lane.entry is not None,
                "nobody is let in during an alarm",
            )
            self._hold(self._exit_until_ns > now_ns, "the exit is open during an alarm")
        if type(event) is ExitRequested:
            self._hold(self._exit_until_ns > now_ns, "nobody is locked in")
        if self._chamber_until_ns > now_ns:
            running = kind is Clearing or (kind is Disinfecting and state.since_ns is not None)  # type: ignore[union-attr] # narrowed by type()
            self._hold(running, "the chamber runs in its own stage alone")
        self._hold(
            (lane.entry is None) == (Direction.ENTRY not in self._open.values())
            and (lane.exit is None) == (Direction.EXIT not in self._open.values()),
            "the lane's open grants are those without an outcome",
        )
        if kind is not type(before):
            self._entered_ns = now_ns
        if isinstance(state, Attended):
            self._hold(
                state.wake_at_ns is not None and now_ns - self._entered_ns < ATTENDED_NS_MAX,
                "whoever waits is not left waiting for ever",
            )

    def _recorded(self, before: AnyState, record: Record) -> bool:
        """Take note of a record. Returns whether it tells of somebody going through."""
        kind = record.kind
        if record.visit > self._visit:
            self._visit = record.visit
            self._facts.clear()
        if kind in OUTCOMES and record.grant:
            self._hold(
                self._open.pop(record.grant, None) is record.direction,
                "a grant has exactly one outcome",
            )
            if kind is RecordKind.ACCESS_TAKEN:
                self._taken(before, record)
        elif kind is RecordKind.ACCESS_GRANTED:
            self._opened(record)
        else:
            self._facts.add(kind)
        return kind in COUNTED

    def _taken(self, before: AnyState, record: Record) -> None:
        grant = before.lane.entry
        if record.direction is not Direction.ENTRY or grant is None:
            return
        self._hold(self._released == record.grant, "nobody goes in before the barrier moved")
        if grant.credential is not None and grant.credential.one_time:
            fresh = not before.lane.ledger.is_spent(grant.credential)
            self._hold(
                fresh or grant.visit == self._spent_visit or grant.officer is not None,
                "a one-time pass admits one visit",
            )
            self._spent_visit = grant.visit
        # The next of a group is measured anew.
        self._facts.discard(RecordKind.TEMPERATURE_NORMAL)

    def _granted(self, state: AnyState, record: Record, now_ns: int) -> None:
        stages = state.lane.policy.stages
        if RecordKind.ACCESS_OVERRIDDEN not in self._facts:
            self._hold(record.visit == self._visit, "a grant belongs to the visit under way")
            self._hold(
                Stage.TEMPERATURE not in stages or RecordKind.TEMPERATURE_NORMAL in self._facts,
                "no grant without a normal temperature of this visit",
            )
            self._hold(
                Stage.CREDENTIAL not in stages or RecordKind.CREDENTIAL_ACCEPTED in self._facts,
                "no grant without a credential of this visit",
            )
        self._hold(isinstance(state, Granting) and now_ns >= 0, "a grant is asked for in Granting")
        self._opened(record)

    def _opened(self, record: Record) -> None:
        self._hold(record.grant == self._newest + 1, "grants are numbered without a gap")
        self._newest = record.grant
        self._hold(
            record.direction is not None and record.direction not in self._open.values(),
            "one grant a direction at a time",
        )
        if record.direction is not None:
            self._open[record.grant] = record.direction

    def _release(self, state: AnyState, release: Release, now_ns: int) -> None:
        lasts_ns = release.until_ns - now_ns
        if release.direction is Direction.EXIT:
            self._hold(0 < lasts_ns <= ns(GRANT_S_MAX), "a release has an end")
            self._exit_until_ns = release.until_ns
            return
        self._hold(0 < lasts_ns <= ns(ASSISTED_GRANT_S_MAX), "a release has an end")
        self._hold(
            release.grant == self._committed, "a grant is on the disk before the barrier moves"
        )
        self._hold(release.grant > self._released, "one grant releases the barrier once")
        entry = state.lane.entry
        self._hold(
            entry is not None and entry.until_ns == release.until_ns,
            "a release ends with its grant",
        )
        self._released = release.grant
        self._entry_until_ns = release.until_ns

    def _secured(self, direction: Direction) -> None:
        if direction is Direction.ENTRY:
            self._entry_until_ns = 0
        else:
            self._exit_until_ns = 0

    def _run(self, state: AnyState, lasts_ns: int, now_ns: int) -> None:
        self._hold(0 <= lasts_ns <= ns(CHAMBER_OCCUPIED_S_MAX), "the chamber's run has an end")
        required = REQUIRED[state.lane.policy.chamber.mode]
        self._hold(required <= state.lane.permits, "the interlock permits, or the chamber rests")
        self._chamber_until_ns = now_ns + lasts_ns

    @staticmethod
    def _hold(holds: bool, rule: str) -> None:
        if not holds:
            raise InvariantBroken(rule)
