"""A simulated day: visitors come, things go wrong, and nothing breaks that must hold."""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Collection

import msgspec
from msgspec import Struct

from drivers.sim.visitors import Crowd, Temperament, Visitor
from drivers.sim.walk import ARRIVAL_NS_MEAN, LOOK, walk
from firmware.simulation.faults import FAULT_NS, FAULT_NS_MEAN, Fault
from firmware.simulation.lane import COMMIT_NS, SimulatedLane
from gate.events import (
    AnyEvent,
    ChamberInput,
    ChamberInputChanged,
    ClockRead,
    Device,
    DeviceFailed,
    DeviceRecovered,
    EmergencyStopChanged,
    FireChanged,
    StaffActed,
    StaffAction,
    TamperChanged,
)
from gate.invariants import InvariantBroken
from gate.policy import Policy
from gate.reasons import Reason
from gate.records import RecordKind
from gate.walltime import NS_PER_S, ClockQuality

SIT_NS = (301 * NS_PER_S, 900 * NS_PER_S)
"""After so long somebody with a first high temperature comes back: least and most."""
CLOCK_NS = 600 * NS_PER_S
"""From one reading of the wall clock to the next."""
GAP_NS_MIN = NS_PER_S


class DayBroken(Exception):
    """Something that must hold did not; the message says what, and how to see it again."""


class Outcome(Struct, frozen=True):
    """What came of a simulation."""

    visits: int
    steps: int
    virtual_ns: int
    trace_hash: str
    kinds: dict[RecordKind, int]
    denied: dict[Reason, int]
    temperaments: dict[Temperament, int]
    faults: dict[Fault, int]


class Day:
    """Visitors, faults and the lane, from one seed."""

    def __init__(self, policy: Policy, seed: int, faults: Collection[Fault] = ()) -> None:
        """The lane starts.

        Raises:
            DayBroken: an invariant did not hold.
        """
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311 - a simulation must repeat itself
        self._crowd = Crowd(random.Random(seed + 1))  # noqa: S311 - ditto
        try:
            self._lane = SimulatedLane(policy, random.Random(seed + 2))  # noqa: S311 - ditto
        except (InvariantBroken, RuntimeError) as error:
            raise DayBroken(f"{error}: before the first visitor of seed {seed}") from error
        self._waiting: list[tuple[int, int, Visitor]] = []
        """Those who sit down before they are measured again."""
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        """Faults that begin or end."""
        self._noted = 0
        self._clock_ns = 0
        self._temperaments: Counter[Temperament] = Counter()
        self._faults: Counter[Fault] = Counter()
        for fault in sorted(faults):
            self._plan(fault)

    def run(self, visits: int, progress: Callable[[int], None] = lambda _: None) -> Outcome:
        """Let so many visitors come.

        Args:
            visits: how many.
            progress: called now and then with the number so far.

        Raises:
            DayBroken: an invariant did not hold.
        """
        number = 0
        try:
            for number in range(1, visits + 1):
                visitor = self._next()
                self._temperaments[visitor.temperament] += 1
                self._visit(visitor)
                if not number % 512:
                    progress(number)
        except (InvariantBroken, RuntimeError) as error:
            raise DayBroken(
                f"{error}: visitor {number} of seed {self._seed}, "
                f"{self._lane.now_ns / NS_PER_S:.3f} s into the day"
            ) from error
        progress(visits)
        return Outcome(
            visits,
            self._lane.steps,
            self._lane.now_ns,
            self._lane.trace_hash(),
            dict(sorted(self._lane.kinds.items())),
            dict(sorted(self._lane.reasons.items())),
            dict(sorted(self._temperaments.items())),
            dict(sorted(self._faults.items())),
        )

    def _next(self) -> Visitor:
        """Whoever comes next, when they are there."""
        gap_ns = GAP_NS_MIN + int(self._chance.expovariate(1 / ARRIVAL_NS_MEAN))
        self._advance(self._lane.now_ns + gap_ns)
        if self._lane.now_ns - self._clock_ns > CLOCK_NS:
            self._clock_ns = self._lane.now_ns
            self._lane.take(ClockRead(self._lane.wall()))
        if self._waiting and self._waiting[0][0] <= self._lane.now_ns:
            return heapq.heappop(self._waiting)[2]
        return self._crowd.next()

    def _visit(self, visitor: Visitor) -> None:
        lane = self._lane
        seen = lane.shows
        steps = walk(visitor, lane)
        wanted_ns = next(steps, None)
        while wanted_ns is not None:
            if wanted_ns == LOOK:
                self._look(seen, lane.now_ns + visitor.patience_ns)
            else:
                self._advance(lane.now_ns + wanted_ns)
            seen = lane.shows
            try:
                wanted_ns = steps.send(lane.screen)
            except StopIteration:
                break
        if visitor.temperament is Temperament.FEVER and not visitor.again:
            back = msgspec.structs.replace(visitor, again=True)
            back_ns = lane.now_ns + self._chance.randint(*SIT_NS)
            heapq.heappush(self._waiting, (back_ns, visitor.number, back))

    def _look(self, seen: int, deadline_ns: int) -> None:
        """Wait until the screen changes, or patience ends."""
        lane = self._lane
        while lane.shows == seen:
            due_ns = lane.due_ns
            if self._agenda and (due_ns is None or self._agenda[0][0] < due_ns):
                due_ns = self._agenda[0][0]
            if due_ns is None or due_ns > deadline_ns:
                self._advance(deadline_ns)
                return
            self._advance(due_ns)

    def _advance(self, until_ns: int) -> None:
        """Let time pass, with whatever goes wrong on the way."""
        while self._agenda and self._agenda[0][0] <= until_ns:
            at_ns, _, act = heapq.heappop(self._agenda)
            self._lane.run_until(max(at_ns, self._lane.now_ns))
            act()
        self._lane.run_until(until_ns)

    # What goes wrong.

    def _note(self, at_ns: int, act: Callable[[], None]) -> None:
        self._noted += 1
        heapq.heappush(self._agenda, (at_ns, self._noted, act))

    def _plan(self, fault: Fault) -> None:
        in_ns = int(self._chance.expovariate(1 / FAULT_NS_MEAN))
        self._note(self._lane.now_ns + in_ns, lambda: self._begin(fault))

    def _begin(self, fault: Fault) -> None:
        self._faults[fault] += 1
        _BEGIN[fault](self)
        self._note(self._lane.now_ns + FAULT_NS, lambda: self._end(fault))

    def _end(self, fault: Fault) -> None:
        _END[fault](self)
        self._plan(fault)

    def say(self, *events: AnyEvent) -> None:
        """Something happens to the lane."""
        for event in events:
            self._lane.take(event)

    def staff(self, action: StaffAction) -> None:
        """An officer acts."""
        self._lane.take(StaffActed(action, "officer-1", self._lane.wall()))

    def reading(self, object_c: float | None) -> None:
        """The thermometer answers with that from now on; None: it works."""
        self._lane.reading_c = object_c

    def journal(self, commit_ns: int | None) -> None:
        """A grant's writing takes so long; None: nothing is ever heard of it."""
        self._lane.commit_ns = commit_ns

    def clock(self, quality: ClockQuality) -> None:
        """The wall clock is worth that from now on."""
        self._lane.quality = quality
        self._lane.take(ClockRead(self._lane.wall()))

    def cut_power(self) -> None:
        """Off and on again."""
        self._lane.cut_power()

    def reset(self, event: AnyEvent) -> None:
        """The alarm's input is at rest again, and staff resets the lane."""
        self._lane.take(event)
        self.staff(StaffAction.RESET)


def _tank(permits: bool) -> AnyEvent:
    return ChamberInputChanged(ChamberInput.TANK_FILLED, permits)


_BEGIN: dict[Fault, Callable[[Day], None]] = {
    Fault.SENSOR_NAN: lambda day: day.reading(float("nan")),
    Fault.SENSOR_STUCK: lambda day: day.reading(36.5),
    Fault.SENSOR_OUT: lambda day: day.say(DeviceFailed(Device.THERMOMETER, "missing")),
    Fault.CAMERA_OUT: lambda day: day.say(DeviceFailed(Device.CAMERA, "stalled")),
    Fault.JOURNAL_SLOW: lambda day: day.journal(5 * NS_PER_S),
    Fault.JOURNAL_FULL: lambda day: day.journal(None),
    Fault.TANK_EMPTY: lambda day: day.say(_tank(permits=False)),
    Fault.FIRE: lambda day: day.say(FireChanged(active=True)),
    Fault.STOP: lambda day: day.say(EmergencyStopChanged(active=True)),
    Fault.TAMPER: lambda day: day.say(TamperChanged(active=True)),
    Fault.CLOCK_LOST: lambda day: day.clock(ClockQuality.UNTRUSTED),
    Fault.POWER_CUT: Day.cut_power,
}
_END: dict[Fault, Callable[[Day], None]] = {
    Fault.SENSOR_NAN: lambda day: day.reading(None),
    Fault.SENSOR_STUCK: lambda day: day.reading(None),
    Fault.SENSOR_OUT: lambda day: day.say(DeviceRecovered(Device.THERMOMETER)),
    Fault.CAMERA_OUT: lambda day: day.say(DeviceRecovered(Device.CAMERA)),
    Fault.JOURNAL_SLOW: lambda day: day.journal(COMMIT_NS),
    Fault.JOURNAL_FULL: lambda day: day.journal(COMMIT_NS),
    Fault.TANK_EMPTY: lambda day: day.say(_tank(permits=True)),
    Fault.FIRE: lambda day: day.reset(FireChanged(active=False)),
    Fault.STOP: lambda day: day.reset(EmergencyStopChanged(active=False)),
    Fault.TAMPER: lambda day: day.say(TamperChanged(active=False)),
    Fault.CLOCK_LOST: lambda day: day.clock(ClockQuality.TRUSTED),
    Fault.POWER_CUT: lambda _: None,
}
