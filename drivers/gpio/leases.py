"""Outputs as leases: switched on until a moment, and off by themselves.

An output goes to its safe level at `until_ns`, at the end of its pulse, after its longest time
on, and when nobody has called `renew` for `LEASE_NS`: whichever is first. In real time a thread
of its own sees to that, and nothing else, so that it works while the loop hangs; it needs the
interpreter's lock, so a C extension that hangs holding it is for the service manager's
watchdog. In virtual time the simulation calls `tick` at `wake_at_ns`.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from drivers.api import Clock, DriverError
from gate.walltime import NS_PER_MS, NS_PER_S

log = logging.getLogger(__name__)

LEASE_NS = NS_PER_S
"""How long outputs stay on after the controller's last sign of life."""
RETRY_NS = 100 * NS_PER_MS
"""How soon a line that could not be switched off is tried again."""


class Write(Protocol):
    """One line as the board hands it over."""

    def __call__(self, *, on: bool) -> None:
        """Switch it on, or to its safe level. Raises DriverError."""


class Failure(Struct, frozen=True):
    """A line that would not be switched, or (kind None) would again."""

    name: str
    kind: str | None


class LeasedOutput:
    """`drivers.api.Output` on one line."""

    def __init__(
        self,
        keeper: "LeaseKeeper",
        name: str,
        write: Write,
        *,
        pulse_ns: int | None,
        on_ns_max: int | None,
    ) -> None:
        self.name = name
        self._keeper = keeper
        self._write = write
        self._pulse_ns = pulse_ns
        self._on_ns_max = on_ns_max
        self._on = False
        self._on_since_ns = 0
        self._until_ns = 0
        self._off_at_ns = 0
        self._renewed_ns = 0
        self._failing = False

    def drive(self, until_ns: int) -> None:
        """Switch on until then at the latest. A second call with the same end gives no second
        pulse: a turnstile would count it as a second grant.

        Raises:
            DriverError: the line does not answer; it is then switched off as soon as it does.
                Both are reported: the caller has nothing to tell anybody.
        """
        self._keeper.drive(self, until_ns)

    def rest(self) -> None:
        """Go to the safe level now. Idempotent; never raises."""
        self._keeper.rest(self)

    # Called by the keeper alone, with its lock held.

    def switch_on(self, until_ns: int, now_ns: int) -> None:
        """Write the line and remember when to let go of it."""
        self._renewed_ns = now_ns
        if self._pulse_ns is not None and until_ns == self._until_ns:
            return
        if not self._on:
            self._on_since_ns = now_ns
        ends = [until_ns]
        if self._pulse_ns is not None:
            ends.append(now_ns + self._pulse_ns)
        if self._on_ns_max is not None:
            ends.append(self._on_since_ns + self._on_ns_max)
        self._off_at_ns = min(ends)
        if self._off_at_ns <= now_ns:
            self.switch_off(now_ns)
            return
        self._until_ns = until_ns
        self._on = True
        try:
            self._write(on=True)
        except DriverError as error:
            self._until_ns = 0
            self._off_at_ns = now_ns
            self._fails(error)
            raise
        self._answers()

    def switch_off(self, now_ns: int) -> None:
        """Write the safe level; on failure try again in `RETRY_NS`."""
        try:
            self._write(on=False)
        except DriverError as error:
            self._on = True
            self._off_at_ns = now_ns + RETRY_NS
            self._fails(error)
        else:
            self._on = False
            self._answers()

    def _fails(self, error: DriverError) -> None:
        if not self._failing:
            self._failing = True
            self._keeper.note(Failure(self.name, str(error.kind)))

    def _answers(self) -> None:
        if self._failing:
            self._failing = False
            self._keeper.note(Failure(self.name, None))

    def forget(self) -> None:
        """The grant is over: the same end would be another grant."""
        self._until_ns = 0

    def renew(self, now_ns: int) -> None:
        """The controller is alive."""
        self._renewed_ns = now_ns

    def due_ns(self) -> int | None:
        """When the line must be at its safe level; None while it is there."""
        if not self._on:
            return None
        if self._failing:
            return self._off_at_ns
        return min(self._off_at_ns, self._renewed_ns + LEASE_NS)


class LeaseKeeper:
    """All outputs of a board, and the one who ends their leases."""

    def __init__(self, clock: Clock, report: Callable[[Failure], None]) -> None:
        """Start no thread: see `start`.

        Args:
            clock: monotonic nanoseconds.
            report: told of lines that won't be switched, and when they will again; called in
                the order in which it happened, on whichever thread, without the lock, and only
                after every other line was seen to.
        """
        self._clock = clock
        self._report = report
        self._door = threading.Condition()
        self._outputs: list[LeasedOutput] = []
        self._noted: deque[Failure] = deque()
        self._telling = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False

    def add(
        self, name: str, write: Write, *, pulse_ns: int | None, on_ns_max: int | None
    ) -> LeasedOutput:
        """Keep one more output. Its line is at its safe level already."""
        output = LeasedOutput(self, name, write, pulse_ns=pulse_ns, on_ns_max=on_ns_max)
        self._outputs.append(output)
        return output

    def start(self) -> None:
        """End leases in real time, from a thread of our own."""
        self._thread = threading.Thread(target=self._run, name="gpio-leases", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Every output to its safe level, then end the thread. Idempotent; never raises."""
        for output in self._outputs:
            self.rest(output)
        with self._door:
            self._closing = True
            self._door.notify_all()
        if self._thread is not None:
            self._thread.join()

    def drive(self, output: LeasedOutput, until_ns: int) -> None:
        """See `LeasedOutput.drive`."""
        try:
            with self._door:
                try:
                    output.switch_on(until_ns, self._clock())
                finally:
                    self._door.notify_all()
        finally:
            self._tell()

    def rest(self, output: LeasedOutput) -> None:
        """See `LeasedOutput.rest`."""
        with self._door:
            output.forget()
            output.switch_off(self._clock())
            self._door.notify_all()
        self._tell()

    def renew(self) -> None:
        """Another `LEASE_NS` for what is on. A lease that has lapsed stays lapsed."""
        with self._door:
            now_ns = self._clock()
            self._expire(now_ns)
            for output in self._outputs:
                output.renew(now_ns)
        self._tell()

    def tick(self) -> None:
        """End every lease whose time has come."""
        with self._door:
            self._expire(self._clock())
        self._tell()

    def wake_at_ns(self) -> int | None:
        """When `tick` has something to do next; None for not before the next `drive`."""
        with self._door:
            return self._wake_at_ns()

    def note(self, failure: Failure) -> None:
        """To be reported once the lock is let go. Called by the outputs, with the lock held."""
        self._noted.append(failure)

    def _wake_at_ns(self) -> int | None:
        due = (output.due_ns() for output in self._outputs)
        return min((at_ns for at_ns in due if at_ns is not None), default=None)

    def _expire(self, now_ns: int) -> None:
        for output in self._outputs:
            due_ns = output.due_ns()
            if due_ns is not None and due_ns <= now_ns:
                output.switch_off(now_ns)

    def _tell(self) -> None:
        """One thread at a time, or a recovery might overtake its failure. Another does not wait:
        whoever is at it tells the rest, and looks once more after letting go."""
        while self._noted and self._telling.acquire(blocking=False):
            try:
                while self._noted:
                    failure = self._noted.popleft()
                    log.error("output %s: %s", failure.name, failure.kind or "answers again")
                    self._report(failure)
            finally:
                self._telling.release()

    def _run(self) -> None:
        while True:
            with self._door:
                if self._closing:
                    return
                due_ns = self._wake_at_ns()
                wait_ns = None if due_ns is None else due_ns - self._clock()
                if wait_ns is None or wait_ns > 0:
                    self._door.wait(None if wait_ns is None else wait_ns / NS_PER_S)
                    continue
            try:
                self.tick()
            except Exception:
                # This thread is the last that may die: what it could not do it tries again.
                log.exception("a lease could not be ended")
                threading.Event().wait(RETRY_NS / NS_PER_S)
