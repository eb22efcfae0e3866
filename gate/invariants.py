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
    Measure,
    Release,
    RunChamber,
    Secure,
    StopChamber,
)
from gate.events import AnyEvent, ExitRequested, GrantCommitted, ReadingTaken
from gate.interlock import REQUIRED, STAGE_MODES
from gate.policy import ASSISTED_GRANT_S_MAX, GRANT_S_MAX, Policy, Stage, ns
from gate.records import Direction, Record, RecordKind
from gate.states import (
    AnyState,
    Attended,
    Clearing,
    Denied,
    Disinfecting,
    Emergency,
    Granting,
    Lane,
    OutOfService,
    Referred,
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
"""Records of somebody going through, where they say how many are inside now."""
OF_ONE_PERSON = frozenset({RecordKind.CHAMBER_DONE, RecordKind.TEMPERATURE_NORMAL})
"""What holds for one person of a group, and not for the next."""


_SHUT = frozenset({Emergency, OutOfService})


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
        self._open: dict[int, Direction | None] = {}
        self._inside = 0
        self._entry_until_ns = 0
        self._exit_until_ns = 0
        self._chamber_from_ns = 0
        self._chamber_until_ns = 0
        self._chamber_used_ns = 0
        """How long the actuator has run for the present person."""
        self._spent_visit = 0
        self._facts: set[RecordKind] = set()
        """What is known of the newest visit's present person."""
        self._visit = 0
        self._readings = 0
        """Answers of the thermometer since it was asked to measure."""
        self._entered_ns = 0
        self._policy = Policy()
        self._patience_ns = _patience_ns(self._policy)

    def began(self, state: AnyState, commands: Iterable[AnyCommand], now_ns: int) -> None:
        """The lane has started; its first commands secure everything.

        Raises:
            InvariantBroken: with the rule, in words.
        """
        secured = {command.direction for command in commands if isinstance(command, Secure)}
        if secured != set(Direction):
            raise InvariantBroken("a lane begins with both directions secured")
        self._newest = state.lane.grants
        self._visit = state.lane.visits
        self._inside = state.lane.ledger.occupancy
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
        happened = type(event)
        if happened is GrantCommitted:
            self._committed = event.grant  # type: ignore[union-attr] # narrowed by type()
        elif happened is ReadingTaken and event.visit == self._visit:  # type: ignore[union-attr] # ditto
            self._readings += 1
        if type(state) is not type(before):
            self._entered_ns = now_ns
        for command in commands:
            kind = type(command)
            if kind is Append:
                self._recorded(before, command.record)  # type: ignore[union-attr] # ditto
            elif kind is Release:
                self._release(state, command, now_ns)  # type: ignore[arg-type] # ditto
            elif kind is Secure:
                self._secured(command.direction)  # type: ignore[union-attr] # ditto
            elif kind is CommitGrant:
                self._granted(state.lane.policy, command.record)  # type: ignore[union-attr] # ditto
            elif kind is RunChamber:
                self._run(state.lane.policy, command, now_ns)  # type: ignore[arg-type] # ditto
            elif kind is StopChamber:
                self._rest(now_ns)
            elif kind is Measure:
                # It was due before the event: an answer at that very moment counts.
                self._readings = int(happened is ReadingTaken)
        self._settled(state, now_ns)
        if happened is ExitRequested and self._exit_until_ns <= now_ns:
            raise InvariantBroken("nobody is locked in")

    # The state that a step ended in.

    def _settled(self, state: AnyState, now_ns: int) -> None:
        lane = state.lane
        if lane.fire or lane.stop or lane.evacuating:
            self._alarmed(state, now_ns)
        if self._open or lane.entry is not None or lane.exit is not None:
            self._granting(state, now_ns)
        if self._entry_until_ns > now_ns and lane.entry is None:
            raise InvariantBroken("the barrier moves for an open grant alone")
        if self._chamber_until_ns > now_ns:
            self._chamber(state)
        if lane.ledger.occupancy != self._inside:
            raise InvariantBroken("who is inside changes by passages alone, by one person each")
        due_ns = state.wake_at_ns
        if due_ns is not None and due_ns < now_ns:
            raise InvariantBroken("what was due is done")
        if isinstance(state, Attended):
            self._attended(state, due_ns, now_ns)

    def _alarmed(self, state: AnyState, now_ns: int) -> None:
        if type(state) is not Emergency:
            raise InvariantBroken("an alarm outranks everything")
        if self._exit_until_ns <= now_ns:
            raise InvariantBroken("the exit is open during an alarm")

    def _granting(self, state: AnyState, now_ns: int) -> None:
        lane, kind = state.lane, type(state)
        grants = {grant.number for grant in (lane.entry, lane.exit) if grant is not None}
        if grants != self._open.keys():
            raise InvariantBroken("the lane's open grants are those without an outcome")
        if lane.entry is not None:
            if lane.entry.until_ns is None and kind is not Granting:
                raise InvariantBroken("whoever waits for the journal is in Granting")
            if kind in _SHUT and lane.track.began is not Direction.ENTRY:
                raise InvariantBroken(
                    "where the lane is shut, nobody comes in but who is in the passage"
                )
        if lane.exit is not None and self._exit_until_ns <= now_ns < (lane.exit.until_ns or 0):
            raise InvariantBroken("who asked to leave can")

    def _chamber(self, state: AnyState) -> None:
        lane, kind = state.lane, type(state)
        if kind is not Clearing and (kind is not Disinfecting or state.since_ns is None):  # type: ignore[union-attr] # narrowed by type()
            raise InvariantBroken("the chamber runs in its own stage alone")
        if not REQUIRED[lane.policy.chamber.mode] <= lane.permits:
            raise InvariantBroken("the interlock permits, or the chamber rests")

    def _attended(self, state: Attended, due_ns: int | None, now_ns: int) -> None:
        policy = state.lane.policy
        if policy is not self._policy:
            self._policy = policy
            self._patience_ns = _patience_ns(policy)
        entered_ns = self._entered_ns
        if isinstance(state, Denied | Referred):
            # Another code that is refused too begins the refusal anew.
            entered_ns = state.since_ns
        if due_ns is None or now_ns - entered_ns > self._patience_ns:
            raise InvariantBroken("whoever waits is not left waiting for ever")

    # Records.

    def _recorded(self, before: AnyState, record: Record) -> None:
        kind = record.kind
        if kind is RecordKind.ACCESS_REQUESTED:
            self._requested(record)
        elif kind in OUTCOMES and record.grant:
            if self._open.pop(record.grant, None) is not record.direction:
                raise InvariantBroken("a grant has exactly one outcome")
        elif kind is RecordKind.ACCESS_GRANTED:
            self._opened(record)
        elif (
            kind is RecordKind.TEMPERATURE_NORMAL
            and self._readings < before.lane.policy.temperature.readings
        ):
            raise InvariantBroken("a verdict is made of readings of this visit")
        self._facts.add(kind)
        if kind in COUNTED and record.occupancy is not None:
            self._counted(record)
        if kind is RecordKind.ACCESS_TAKEN and record.direction is Direction.ENTRY:
            self._went_in(before.lane, record)

    def _requested(self, record: Record) -> None:
        if record.visit != self._visit + 1:
            raise InvariantBroken("visits are numbered without a gap")
        self._visit = record.visit
        self._facts.clear()
        self._chamber_used_ns = 0
        self._entered_ns = record.at_ns

    def _counted(self, record: Record) -> None:
        step = 1 if record.direction is Direction.ENTRY else -1
        self._inside = max(0, self._inside + step)
        if record.occupancy != self._inside:
            raise InvariantBroken("a record counts the people as the lane does")

    def _went_in(self, lane: Lane, record: Record) -> None:
        if self._released != record.grant:
            raise InvariantBroken("nobody goes in before the barrier moved")
        grant = lane.entry
        if grant is not None and grant.credential is not None and grant.credential.one_time:
            used = lane.ledger.is_spent(grant.credential)
            if used and grant.visit != self._spent_visit and grant.officer is None:
                raise InvariantBroken("a one-time pass admits one visit")
            self._spent_visit = grant.visit
        # The next of a group goes through the stages anew, on the same pass or officer's word.
        self._facts -= OF_ONE_PERSON
        self._chamber_used_ns = 0
        if RecordKind.ACCESS_OVERRIDDEN in self._facts:
            self._facts.remove(RecordKind.ACCESS_OVERRIDDEN)
            self._facts.add(RecordKind.CREDENTIAL_ACCEPTED)

    # Grants and the barrier.

    def _granted(self, policy: Policy, record: Record) -> None:
        if record.visit != self._visit:
            raise InvariantBroken("a grant belongs to the visit under way")
        if RecordKind.ACCESS_OVERRIDDEN not in self._facts:
            self._passed_all_stages(policy)
        self._entered_ns = record.at_ns
        self._opened(record)

    def _passed_all_stages(self, policy: Policy) -> None:
        stages, facts = policy.stages, self._facts
        chamber = Stage.CHAMBER in stages and policy.chamber.mode in STAGE_MODES
        if chamber and RecordKind.CHAMBER_DONE not in facts:
            raise InvariantBroken("no grant without this person's disinfection")
        if Stage.TEMPERATURE in stages and RecordKind.TEMPERATURE_NORMAL not in facts:
            raise InvariantBroken("no grant without this person's normal temperature")
        if Stage.CREDENTIAL in stages and RecordKind.CREDENTIAL_ACCEPTED not in facts:
            raise InvariantBroken("no grant without a credential of this visit")

    def _opened(self, record: Record) -> None:
        if record.grant != self._newest + 1:
            raise InvariantBroken("grants are numbered without a gap")
        self._newest = record.grant
        if record.direction in self._open.values():
            raise InvariantBroken("one grant a direction at a time")
        self._open[record.grant] = record.direction

    def _release(self, state: AnyState, release: Release, now_ns: int) -> None:
        entry = release.direction is Direction.ENTRY
        longest_ns = ns(ASSISTED_GRANT_S_MAX if entry else GRANT_S_MAX)
        if not now_ns < release.until_ns <= now_ns + longest_ns:
            raise InvariantBroken("a release has an end")
        if not entry:
            self._exit_until_ns = release.until_ns
            return
        if release.grant != self._committed:
            raise InvariantBroken("a grant is on the disk before the barrier moves")
        if release.grant <= self._released:
            raise InvariantBroken("one grant releases the barrier once")
        grant = state.lane.entry
        if grant is None or grant.until_ns != release.until_ns:
            raise InvariantBroken("a release ends with its grant")
        self._released = release.grant
        self._entry_until_ns = release.until_ns

    def _secured(self, direction: Direction) -> None:
        if direction is Direction.ENTRY:
            self._entry_until_ns = 0
        else:
            self._exit_until_ns = 0

    # The chamber.

    def _run(self, policy: Policy, run: RunChamber, now_ns: int) -> None:
        if run.visit == 0:
            self._chamber_used_ns = 0
        lasts_ns = run.until_ns - now_ns
        if lasts_ns < 0:
            raise InvariantBroken("the chamber's run has an end")
        if self._chamber_used_ns + lasts_ns > ns(policy.chamber.run_s):
            raise InvariantBroken(
                "the chamber runs no longer for one person, however often it stops"
            )
        self._chamber_from_ns, self._chamber_until_ns = now_ns, run.until_ns

    def _rest(self, now_ns: int) -> None:
        if self._chamber_until_ns:
            self._chamber_used_ns += min(now_ns, self._chamber_until_ns) - self._chamber_from_ns
            self._chamber_until_ns = 0


def _patience_ns(policy: Policy) -> int:
    """Longest that a state with a visitor in it may last: twice its wait with assistance, for
    one who is given assistance at the end of it."""
    passage = policy.passage
    longest_s = max(
        policy.chamber.wait_s,
        policy.chamber.run_s,
        policy.temperature.wait_s,
        policy.credential.wait_s,
        passage.refusal_s,
        passage.officer_s,
        passage.commit_s + passage.assisted_grant_s + passage.obstructed_s,
        passage.commit_s + passage.grant_s + passage.obstructed_s,
    )
    return ns(2 * passage.assisted_factor * longest_s)
