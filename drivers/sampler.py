"""Takes temperature readings while a visit wants them, and knows whether the sensor works.

One thread of its own calls the thermometer, one reading at a time. A reading belongs to the
visit in which it was started: what comes back after that visit has ended is thrown away. Between
visits the sensor is asked now and then, so that a broken one is known before somebody stands
in front of it.
"""

import logging
import math
import threading

from drivers.api import Clock, DriverError, ErrorKind, Post, Reading, Thermometer
from gate.events import (
    AnyEvent,
    Device,
    DeviceFailed,
    DeviceRecovered,
    ReadingMissed,
    ReadingTaken,
)
from gate.walltime import NS_PER_MS, NS_PER_S

log = logging.getLogger(__name__)

READ_FAILURES_MAX = 3
"""So many readings in a row without a usable answer make the thermometer failed."""
READ_NS_MAX = 2 * NS_PER_S
"""A reading that takes longer will not come: the port gives it one second. It is found within as
much again, because nobody is woken for each reading."""
READING_GAP_NS = 50 * NS_PER_MS
"""Least time from the end of one reading to the start of the next: a sensor that fails at once
must not keep a core busy."""
IDLE_PROBE_NS = 10 * NS_PER_S
"""How often the sensor is asked when nobody waits."""
FAILED_PROBE_NS = 2 * NS_PER_S
"""How often a failed one is."""


class Sampler:
    """Answers the lane's `Measure` and `StopMeasuring`."""

    def __init__(self, thermometer: Thermometer, post: Post, clock: Clock) -> None:
        """Start no thread: see `start`."""
        self._thermometer = thermometer
        self._post = post
        self._clock = clock
        self._door = threading.Condition()
        self._visit: int | None = None
        self._since_ns = 0
        self._next_ns = clock()
        self._failures = 0
        self._failed = False
        self._answered = False
        self._closing = False
        self._reading_since_ns: int | None = None
        """Since when the thermometer has been asked; None while it is not."""
        self._thread: threading.Thread | None = None

    @property
    def answers(self) -> bool:
        """Whether the thermometer has answered and has not failed since: for the self-check."""
        return self._answered and not self._failed

    def start(self) -> None:
        """Take readings in real time, from a thread of our own; the first at once."""
        self._thread = threading.Thread(target=self._run, name="thermometer", daemon=True)
        self._thread.start()
        threading.Thread(target=self._watch, name="thermometer-watch", daemon=True).start()

    def measure(self, visit: int) -> None:
        """Take readings for this visit from now on. Returns at once."""
        with self._door:
            self._visit = visit
            self._since_ns = self._next_ns = self._clock()
            self._door.notify_all()

    def stop(self) -> None:
        """Take no more; a reading under way is thrown away. Returns at once."""
        with self._door:
            self._visit = None
            self._next_ns = self._clock() + self._pause_ns()
            self._door.notify_all()

    def close(self) -> None:
        """End the thread, then give the thermometer back. One that hangs is left behind: it may
        not hold up the end of the lane. Idempotent."""
        with self._door:
            self._visit = None
            self._closing = True
            self._door.notify_all()
        if self._thread is not None:
            self._thread.join(READ_NS_MAX / NS_PER_S)
            if self._thread.is_alive():
                log.warning("the thermometer hangs, and is left as it is")
                return
        self._thermometer.close()

    def wake_at_ns(self) -> int:
        """When the next reading is to be started (virtual time)."""
        with self._door:
            return self._next_ns

    def sample(self) -> None:
        """Take one reading and say what came of it. Blocks as long as the thermometer does."""
        with self._door:
            visit, since_ns = self._visit, self._since_ns
            self._reading_since_ns = self._clock()
        try:
            reading = _usable(self._thermometer.read(), since_ns if visit is not None else None)
        except DriverError as error:
            self._missed(visit, error.kind)
        except Exception:
            # The one thread that knows of the sensor's health must not die of a driver's bug.
            log.exception("while reading the thermometer")
            self._missed(visit, ErrorKind.FAILED)
        else:
            self._took(visit, reading)
        with self._door:
            self._reading_since_ns = None
            self._next_ns = self._clock() + self._pause_ns()
            if self._visit is not None and self._visit != visit:
                self._next_ns = self._clock()

    def _took(self, visit: int | None, reading: Reading) -> None:
        self._failures = 0
        self._answered = True
        if self._failed:
            self._failed = False
            self._say(DeviceRecovered(Device.THERMOMETER))
        if visit is not None:
            self._say_for(
                visit,
                ReadingTaken(visit, reading.object_c, reading.ambient_c, reading.started_ns),
            )

    def _missed(self, visit: int | None, kind: ErrorKind) -> None:
        self._failures += 1
        if visit is not None:
            self._say_for(visit, ReadingMissed(visit, str(kind)))
        if self._failures >= READ_FAILURES_MAX and not self._failed:
            self._failed = True
            self._say(DeviceFailed(Device.THERMOMETER, str(kind)))

    def _say_for(self, visit: int, event: AnyEvent) -> None:
        with self._door:
            if self._visit == visit:
                self._say(event)

    def _say(self, event: AnyEvent) -> None:
        try:
            self._post(event)
        except Exception:
            log.exception("the lane's door raised at %r", event)

    def _pause_ns(self) -> int:
        if self._visit is not None:
            return READING_GAP_NS
        return FAILED_PROBE_NS if self._failures else IDLE_PROBE_NS

    def _watch(self) -> None:
        """Notice a reading that does not end; its own thread can't."""
        with self._door:
            while not self._closing:
                self._door.wait(READ_NS_MAX / NS_PER_S)
                since_ns = self._reading_since_ns
                overdue = since_ns is not None and self._clock() - since_ns >= READ_NS_MAX
                if overdue and not self._failed:
                    self._failures = READ_FAILURES_MAX
                    self._missed(self._visit, ErrorKind.TIMEOUT)

    def _run(self) -> None:
        while True:
            with self._door:
                if self._closing:
                    return
                wait_ns = self._next_ns - self._clock()
                if wait_ns > 0:
                    self._door.wait(wait_ns / NS_PER_S)
                    continue
            self.sample()


def _usable(reading: Reading, since_ns: int | None) -> Reading:
    """A reading of numbers, and of this visit. What they mean is the domain's business."""
    if not (math.isfinite(reading.object_c) and math.isfinite(reading.ambient_c)):
        raise DriverError(ErrorKind.CORRUPT, "thermometer", "the answer is no number")
    if since_ns is not None and reading.started_ns < since_ns:
        raise DriverError(ErrorKind.STUCK, "thermometer", "the answer is older than the visit")
    return reading
