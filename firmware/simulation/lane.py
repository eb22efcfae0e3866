"""The lane under simulation: state, virtual clock, and what the world makes of each command.

It is a `drivers.sim.walk.Place`: what a visitor touches becomes an event at once. What takes its
time (a reading, a write to the journal) comes back through a queue of its own.
"""

import hashlib
import heapq
import random
from collections import Counter
from collections.abc import Iterable

import msgspec

from drivers.sim.visitors import Temperament, Visitor
from gate.commands import (
    AnyCommand,
    Append,
    CommitGrant,
    Measure,
    Release,
    Screen,
    Secure,
    Show,
    StopMeasuring,
)
from gate.credential.model import Credential, CredentialKind
from gate.events import (
    AnyEvent,
    Beam,
    BeamChanged,
    ChamberInput,
    ChamberInputChanged,
    ClockRead,
    CodeRefused,
    CredentialPresented,
    ExitRequested,
    GrantCommitted,
    PresenceChanged,
    ReadingTaken,
    SelfCheckPassed,
    StaffActed,
    StaffAction,
    Woke,
)
from gate.invariants import InvariantBroken, Invariants
from gate.lane import start, step
from gate.ledger import Ledger
from gate.policy import Policy
from gate.reasons import Reason
from gate.records import Direction, Record, RecordKind, Spent
from gate.states import AnyState
from gate.walltime import NS_PER_MS, ClockQuality, WallTime

BEGAN_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z: when the first simulated day begins."""
READ_NS = 120 * NS_PER_MS
"""From one reading to the next."""
COMMIT_NS = 4 * NS_PER_MS
"""What a durable write takes on a fair card."""
AMBIENT_C = 27.0
NOISE_C = 0.05
PASS_S = 86_400
HASH_BYTES_MAX = 1 << 16

_encode = msgspec.msgpack.Encoder().encode


class SimulatedLane:
    """One lane and its virtual time."""

    def __init__(self, policy: Policy, chance: random.Random) -> None:
        self.now_ns = 0
        self.screen = Screen.CLOSED
        self.shows = 0
        """How often the screen has changed."""
        self.kinds: Counter[RecordKind] = Counter()
        self.reasons: Counter[Reason] = Counter()
        self.steps = 0
        self.quality = ClockQuality.TRUSTED
        self.commit_ns: int | None = COMMIT_NS
        """None: the journal says nothing; the lane gives the grant up."""
        self.reading_c: float | None = None
        """What a broken thermometer answers with."""
        self._chance = chance
        self._noise = chance.random
        self._measuring = 0
        self._surface_c: float | None = None
        self._queue: list[tuple[int, int, AnyEvent]] = []
        self._order = 0
        self._released_until_ns = {Direction.ENTRY: 0, Direction.EXIT: 0}
        self._used: Credential | None = None
        self._hash = hashlib.sha256()
        self._unhashed: list[bytes] = []
        self._unhashed_bytes = 0
        self._spent: dict[int, Spent] = {}
        """What the journal would remember, by grant."""
        self._open: dict[int, Record] = {}
        self._granted = 0
        """The newest grant's number, and the visit that each pass let in: over power cuts too,
        where the watch over the lane begins anew."""
        self._admitted: dict[str, int] = {}
        self._policy = policy
        self._wall = WallTime(BEGAN_MS)
        self.watch: Invariants
        self.state: AnyState
        self._begin(Ledger())

    # Time.

    @property
    def due_ns(self) -> int | None:
        """When the lane or its world has something to do next."""
        due_ns = self.state.wake_at_ns
        if self._queue and (due_ns is None or self._queue[0][0] < due_ns):
            return self._queue[0][0]
        return due_ns

    def run_until(self, now_ns: int) -> None:
        """Let everything happen that happens before then, and at that moment."""
        while True:
            due_ns = self.due_ns
            if due_ns is None or due_ns > now_ns:
                break
            self.now_ns = max(self.now_ns, due_ns)
            if self._queue and self._queue[0][0] <= self.now_ns:
                event = self._queued()
                self.take(event)
                if type(event) is ReadingTaken and self._measuring:
                    self._read()
            else:
                self.take(Woke())
        self.now_ns = max(self.now_ns, now_ns)

    def wall(self) -> WallTime:
        """The wall clock at this moment of virtual time."""
        return WallTime(BEGAN_MS + self.now_ns // NS_PER_MS, quality=self.quality)

    def take(self, event: AnyEvent) -> None:
        """One step of the lane: watched, hashed, and answered by the world."""
        before = self.state
        self.state, commands = step(before, event, self.now_ns)
        self.watch.after(before, event, self.state, commands, self.now_ns)
        self.steps += 1
        self._obey(commands)
        data = _encode((self.now_ns, event, commands))
        self._unhashed.append(data)
        self._unhashed_bytes += len(data)
        if self._unhashed_bytes > HASH_BYTES_MAX:
            self._digest()

    def trace_hash(self) -> str:
        """SHA-256 over every moment, event and command so far, in hex."""
        self._digest()
        return self._hash.hexdigest()

    def cut_power(self) -> None:
        """The process is gone; another one starts on what the journal holds."""
        ledger = Ledger(occupancy=self.state.lane.ledger.occupancy)
        for spent in self._spent.values():
            ledger = ledger.restored(spent)
        self._queue.clear()
        self._measuring = 0
        self._released_until_ns = {Direction.ENTRY: 0, Direction.EXIT: 0}
        self._begin(ledger)

    # The place, as a visitor touches it.

    def presence(self, *, present: bool) -> None:
        """Step before the barrier, or away."""
        self.take(PresenceChanged(present))

    def face(self, surface_c: float | None) -> None:
        """Turn to the thermometer, or away."""
        self._surface_c = surface_c

    def beam(self, beam: Beam, *, blocked: bool) -> None:
        """Break a light beam, or make it again."""
        self.take(BeamChanged(beam, blocked))

    def press_exit(self) -> None:
        """Press the button inside."""
        self.take(ExitRequested())

    def call(self, action: StaffAction, people: int) -> None:
        """Have the officer do that."""
        self.take(StaffActed(action, "officer-1", self.wall(), people))

    def is_released(self, direction: Direction) -> bool:
        """Whether the barrier gives way now."""
        return self._released_until_ns[direction] > self.now_ns

    def hold_up(self, visitor: Visitor | None) -> None:
        """Hold a code before the camera: here it is verified already."""
        if visitor is None:
            return
        if visitor.temperament is Temperament.HOSTILE:
            self.take(CodeRefused(Reason.CODE_UNKNOWN_FORMAT))
            return
        credential = self._used if visitor.temperament is Temperament.SCREENSHOT else None
        if credential is None:
            credential = self._pass_of(visitor)
        pseudonym = credential.holder.rjust(16, "0")
        self.take(CredentialPresented(credential, pseudonym, self.wall()))

    # Inside.

    def _begin(self, ledger: Ledger) -> None:
        before = getattr(self, "state", None)
        self.watch = Invariants()
        self.state, commands = start(
            self._policy,
            self.now_ns,
            wall=self.wall(),
            ledger=ledger,
            visits=before.lane.visits if before else 0,
            granted=before.lane.grants if before else 0,
            open_grants=tuple(self._open.values()),
        )
        self.watch.began(self.state, commands, self.now_ns)
        self._obey(commands)
        self._open.clear()
        for sensor in ChamberInput:
            self.take(ChamberInputChanged(sensor, permits=True))
        self.take(ClockRead(self.wall()))
        self.take(SelfCheckPassed())

    def _queued(self) -> AnyEvent:
        return heapq.heappop(self._queue)[2]

    def _later(self, at_ns: int, event: AnyEvent) -> None:
        self._order += 1
        heapq.heappush(self._queue, (at_ns, self._order, event))

    def _obey(self, commands: Iterable[AnyCommand]) -> None:
        for command in commands:
            kind = type(command)
            if kind is Append:
                self._written(command.record)  # type: ignore[union-attr] # narrowed by type()
            elif kind is Show:
                self.screen = command.screen  # type: ignore[union-attr] # ditto
                self.shows += 1
            elif kind is CommitGrant:
                self._commit(command)  # type: ignore[arg-type] # ditto
            elif kind is Release:
                self._released_until_ns[command.direction] = command.until_ns  # type: ignore[union-attr] # ditto
            elif kind is Secure:
                self._released_until_ns[command.direction] = 0  # type: ignore[union-attr] # ditto
            elif kind is Measure:
                self._measuring = command.visit  # type: ignore[union-attr] # ditto
                self._read()
            elif kind is StopMeasuring:
                self._measuring = 0
                self._queue = [row for row in self._queue if type(row[2]) is not ReadingTaken]
                heapq.heapify(self._queue)

    def _read(self) -> None:
        """The next reading of the thermometer, queued for when it will be there."""
        surface_c = AMBIENT_C if self._surface_c is None else self._surface_c
        object_c = round(surface_c + (self._noise() - 0.5) * 4 * NOISE_C, 2)
        if self.reading_c is not None:
            object_c = self.reading_c
        reading = ReadingTaken(self._measuring, object_c, AMBIENT_C, self.now_ns)
        self._later(self.now_ns + READ_NS, reading)

    def _commit(self, command: CommitGrant) -> None:
        record = command.record
        self._count(record)
        if self.commit_ns is None:
            return
        if record.grant <= self._granted:
            raise InvariantBroken("no grant's number is given twice")
        self._granted = record.grant
        if command.spent is not None:
            self._spent[record.grant] = command.spent
        self._open[record.grant] = record
        self._later(self.now_ns + self.commit_ns, GrantCommitted(record.grant))

    def _written(self, record: Record) -> None:
        self._count(record)
        kind = record.kind
        if kind is RecordKind.ACCESS_TAKEN:
            self._open.pop(record.grant, None)
            self._took(record)
        elif kind is RecordKind.ACCESS_NOT_TAKEN:
            self._open.pop(record.grant, None)
            self._spent.pop(record.grant, None)

    def _took(self, record: Record) -> None:
        spent = self._spent.get(record.grant)
        if spent is None or record.officer is not None:
            return
        if self._admitted.setdefault(spent.replay_key, record.visit) != record.visit:
            raise InvariantBroken("a one-time pass admits one visit, whatever was cut in between")

    def _count(self, record: Record) -> None:
        self.kinds[record.kind] += 1
        if record.reason is not None and record.kind is RecordKind.ACCESS_DENIED:
            self.reasons[record.reason] += 1

    def _pass_of(self, visitor: Visitor) -> Credential:
        until_s = self.wall().unix_s + PASS_S
        key = f"{visitor.number:x}"
        group = visitor.people
        self._used = Credential(
            "native", CredentialKind.VISITOR, "office", key, key, 0, until_s, group=group
        )
        return self._used

    def _digest(self) -> None:
        self._hash.update(b"".join(self._unhashed))
        self._unhashed.clear()
        self._unhashed_bytes = 0
