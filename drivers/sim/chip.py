"""A simulated GPIO chip with its wires: levels, pulls, alerts and faults, as strict as hardware.

Two sides. Inside, `drivers.sim.pins` claims lines, reads and writes them. Outside, a test or
the simulated world says what happens at the far end of the wires (`drive`, `level`, `edges`)
and what goes wrong (`stick`, `chatter`, `cut_wire`, `go_missing`).

Time is an argument. With `realtime` a thread of the chip's own delivers alerts, as lgpio's
does, and dies of an exception in a callback, as lgpio's does; without it, `pump` delivers them
at the virtual clock's time, in the caller's thread.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from drivers.api import Clock, DriverError, ErrorKind
from gate.walltime import NS_PER_S

log = logging.getLogger(__name__)

LINES = 28
"""Lines of the 40-pin header."""
PULLED_UP = range(9)
"""GPIO 0-8 come up pulled up, 9-27 pulled down."""
EDGES_KEPT = 10_000
"""Level changes remembered a line; older ones fall away."""
ALERTS_MAX = 4_096
"""Alerts that wait for the notifier: lgpio's pipe holds 64 KiB of 16 bytes each. More are lost."""
CHATTER_HZ_MAX = 1_000.0

Alert = Callable[[int, int], None]
"""What a pin is called with: (time of the change in nanoseconds, level)."""


class Edge(Struct, frozen=True):
    """One change of level, as an oscilloscope would show it."""

    at_ns: int
    level: int


class ShortCircuit(Exception):
    """Two things drive one wire. On a real board this is smoke; here it fails the test."""


class _Wire(Struct):
    """One line: what is inside, what is outside, and the level that results."""

    level: int
    pull: str
    owner: object | None = None
    out: int | None = None
    """Level that the chip drives, None for an input."""
    outside: int | None = None
    """Level that the world drives, None for an open contact."""
    cut: bool = False
    stuck: int | None = None
    alert: Alert | None = None
    edges: deque[Edge] | None = None


class _Chatter(Struct):
    """A contact that cannot make up its mind."""

    half_ns: int
    next_ns: int


class SimChip:
    """The chip that all factories of a test or of a simulated lane share."""

    def __init__(
        self, clock: Clock, *, realtime: bool = False, persist_gpio_outputs: bool = False
    ) -> None:
        """Args:
        clock: monotonic nanoseconds; `time.monotonic_ns` with `realtime`.
        realtime: deliver alerts from a thread; otherwise `pump` must be called.
        persist_gpio_outputs: a released output stays driven, as by default on a Pi.
        """
        self.clock = clock
        self.realtime = realtime
        self.persist_gpio_outputs = persist_gpio_outputs
        self.notifier_error: Exception | None = None
        """What the notifier died of. From then on the chip is deaf, for good."""
        self.alerts_lost = 0
        self._door = threading.Condition()
        self._missing = False
        self._closed = False
        self._alerts: deque[tuple[int, int, int]] = deque()
        self._chatters: dict[int, _Chatter] = {}
        self._notifier: threading.Thread | None = None
        now = clock()
        self._wires = [self._power_on(line, now) for line in range(LINES)]

    @staticmethod
    def _power_on(line: int, now_ns: int) -> _Wire:
        level = int(line in PULLED_UP)
        edges = deque([Edge(now_ns, level)], maxlen=EDGES_KEPT)
        return _Wire(level=level, pull="up" if level else "down", edges=edges)

    # What the world does.

    def drive(self, line: int, level: int | None) -> None:
        """Put a level (0 or 1) on the wire from outside; None lets go of it.

        Raises:
            ShortCircuit: the chip drives that line itself.
        """
        with self._door:
            wire = self._wires[line]
            if wire.out is not None and level is not None and not wire.cut:
                raise ShortCircuit(f"GPIO {line} is an output and was driven from outside")
            wire.outside = level
            self._settle(line, self.clock())

    def level(self, line: int) -> int:
        """What a voltmeter on that line shows now: 0 or 1."""
        with self._door:
            return self._wires[line].level

    def edges(self, line: int) -> list[Edge]:
        """Every change of level since power-on, oldest first, the power-on level included."""
        with self._door:
            return list(self._wires[line].edges or ())

    # What goes wrong.

    def stick(self, line: int, level: int) -> None:
        """The line is welded to that level, whatever anybody drives."""
        with self._door:
            self._wires[line].stuck = level
            self._settle(line, self.clock())

    def unstick(self, line: int) -> None:
        """The line moves again."""
        with self._door:
            self._wires[line].stuck = None
            self._settle(line, self.clock())

    def chatter(self, line: int, hz: float) -> None:
        """The outside contact opens and closes `hz` times a second until `quiet`."""
        if not 0 < hz <= CHATTER_HZ_MAX:
            raise ValueError(f"chatter is {hz} Hz; it must be above 0 and at most {CHATTER_HZ_MAX}")
        half_ns = round(NS_PER_S / hz / 2)
        with self._door:
            self._chatters[line] = _Chatter(half_ns, self.clock() + half_ns)
            self._door.notify_all()

    def quiet(self, line: int) -> None:
        """The contact rests where it is."""
        with self._door:
            self._toggle_due(self.clock())
            self._chatters.pop(line, None)

    def cut_wire(self, line: int) -> None:
        """The wire is cut: the line follows its pull, and the world no longer reaches it."""
        with self._door:
            self._wires[line].cut = True
            self._settle(line, self.clock())

    def mend_wire(self, line: int) -> None:
        """The wire is whole again."""
        with self._door:
            self._wires[line].cut = False
            self._settle(line, self.clock())

    def go_missing(self) -> None:
        """The chip is gone: claims, reads and writes raise."""
        self._missing = True

    def come_back(self) -> None:
        """The chip answers again."""
        self._missing = False

    # Time.

    def pump(self) -> None:
        """Deliver all alerts up to the clock's time, in the caller's thread (virtual time)."""
        if self.realtime:
            raise RuntimeError("a chip in real time delivers by itself")
        with self._door:
            self._toggle_due(self.clock())
        while self._alerts and self.notifier_error is None:
            self._deliver(*self._alerts.popleft())

    def wake_at_ns(self) -> int | None:
        """When something happens on the wires by itself next; None for never."""
        with self._door:
            return min((chatter.next_ns for chatter in self._chatters.values()), default=None)

    def close(self) -> None:
        """End the notifier. Idempotent."""
        with self._door:
            self._closed = True
            self._door.notify_all()
            notifier = self._notifier
        if notifier is not None and notifier is not threading.current_thread():
            notifier.join()

    # What `drivers.sim.pins` does.

    def claim(self, owner: object, line: int) -> None:
        """Take the line for that factory, as an input without a pull.

        Raises:
            DriverError: BUSY where another factory has it.
        """
        with self._door:
            wire = self._there(line)
            if wire.owner not in {None, owner}:
                raise DriverError(ErrorKind.BUSY, "gpio", f"GPIO {line} is claimed already")
            wire.owner = owner
            wire.out = None
            wire.pull = "floating"
            self._settle(line, self.clock())

    def release(self, owner: object) -> None:
        """Give back every line of that factory, as closing the chip's handle does."""
        with self._door:
            for line, wire in enumerate(self._wires):
                if wire.owner is not owner:
                    continue
                wire.owner = None
                wire.alert = None
                if wire.out is None or not self.persist_gpio_outputs:
                    wire.out = None
                    wire.pull = "up" if line in PULLED_UP else "down"
                self._settle(line, self.clock())

    def make_output(self, line: int, level: int) -> None:
        """Drive the line, with that level from the first moment.

        Raises:
            ShortCircuit: the world drives it as well.
        """
        with self._door:
            wire = self._there(line)
            if wire.outside is not None and not wire.cut:
                raise ShortCircuit(f"GPIO {line} is driven from outside and was made an output")
            wire.alert = None
            wire.out = level
            self._settle(line, self.clock())

    def make_input(self, line: int, pull: str) -> None:
        """Stop driving the line and pull it `up`, `down` or not at all (`floating`)."""
        with self._door:
            wire = self._there(line)
            wire.out = None
            wire.pull = pull
            self._settle(line, self.clock())

    def write(self, line: int, level: int) -> None:
        """Change the level of an output."""
        with self._door:
            self._there(line).out = level
            self._settle(line, self.clock())

    def read(self, line: int) -> int:
        """The line's level, 0 or 1."""
        with self._door:
            return self._there(line).level

    def is_output(self, line: int) -> bool:
        """Whether the chip drives the line."""
        with self._door:
            return self._there(line).out is not None

    def pull(self, line: int) -> str:
        """`up`, `down` or `floating`."""
        with self._door:
            return self._there(line).pull

    def watch(self, line: int, alert: Alert | None) -> None:
        """Call back at every change of that line; None to stop."""
        with self._door:
            self._there(line).alert = alert
            if alert is not None and self.realtime and self._notifier is None:
                self._notifier = threading.Thread(
                    target=self._notify, name="sim-gpio-notifier", daemon=True
                )
                self._notifier.start()

    # Inside.

    def _there(self, line: int) -> _Wire:
        if self._missing:
            raise DriverError(ErrorKind.MISSING, "gpio", "the chip does not answer")
        return self._wires[line]

    def _settle(self, line: int, at_ns: int) -> None:
        """Work out the line's level; called with the lock held."""
        wire = self._wires[line]
        level = _resulting_level(wire)
        if level == wire.level:
            return
        wire.level = level
        if wire.edges is not None:
            wire.edges.append(Edge(at_ns, level))
        if wire.alert is None or self._missing or self.notifier_error is not None:
            return
        if len(self._alerts) >= ALERTS_MAX:
            self.alerts_lost += 1
            return
        self._alerts.append((at_ns, line, level))
        self._door.notify_all()

    def _toggle_due(self, now_ns: int) -> None:
        """Let every chattering contact move up to now, in order of time; lock held."""
        while self._chatters:
            line, chatter = min(self._chatters.items(), key=lambda item: item[1].next_ns)
            if chatter.next_ns > now_ns:
                return
            wire = self._wires[line]
            wire.outside = 1 - (wire.level if wire.outside is None else wire.outside)
            self._settle(line, chatter.next_ns)
            chatter.next_ns += chatter.half_ns

    def _deliver(self, at_ns: int, line: int, level: int) -> None:
        alert = self._wires[line].alert
        if alert is None:
            return
        try:
            alert(at_ns, level)
        except Exception as error:
            self.notifier_error = error
            log.exception("the notifier died of a callback; every input is deaf from now on")

    def _notify(self) -> None:
        while True:
            with self._door:
                while not self._alerts:
                    if self._closed:
                        return
                    now_ns = self.clock()
                    self._toggle_due(now_ns)
                    if not self._alerts:
                        due_ns = self.wake_at_ns()
                        self._door.wait(None if due_ns is None else (due_ns - now_ns) / NS_PER_S)
                alert = self._alerts.popleft()
            self._deliver(*alert)
            if self.notifier_error is not None:
                return


def _resulting_level(wire: _Wire) -> int:
    if wire.stuck is not None:
        return wire.stuck
    if wire.out is not None:
        return wire.out
    if wire.outside is not None and not wire.cut:
        return wire.outside
    # Nobody drives and nothing pulls: the charge on the wire stays where it was.
    return {"up": 1, "down": 0}.get(wire.pull, wire.level)
