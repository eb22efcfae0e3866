"""The one owner of the lane's state. Everything that happens comes in by `post`, from any thread.

All the rest runs on the thread of one asyncio loop: a step, its commands, the one timer. Between
reading the state and writing it nothing is awaited.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from contextlib import nullcontext
from typing import TYPE_CHECKING

import msgspec

from firmware.status import LaneStatus, status_of
from gate.commands import Screen, Show
from gate.events import (
    AnyEvent,
    BeamChanged,
    ChamberInputChanged,
    DeviceFailed,
    EmergencyStopChanged,
    ExitRequested,
    FireChanged,
    GrantCommitted,
    GrantNotCommitted,
    PassContactPulsed,
    PresenceChanged,
    ShutdownRequested,
    TamperChanged,
    Woke,
)
from gate.lane import step
from gate.walltime import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from drivers.api import Clock
    from gate.commands import AnyCommand
    from gate.states import AnyState

log = logging.getLogger(__name__)

EVENTS_MAX = 1_024
"""Events that may wait for the loop. More come only where it hangs or is flooded."""
SAFETY_EVENTS_MAX = 4 * EVENTS_MAX
"""As many may wait when those of `SAFETY` come: an alarm is not lost behind a flood of codes."""
SAFETY = (
    FireChanged,
    EmergencyStopChanged,
    TamperChanged,
    ExitRequested,
    ShutdownRequested,
    DeviceFailed,
    GrantCommitted,
    GrantNotCommitted,
    BeamChanged,
    PassContactPulsed,
    PresenceChanged,
    ChamberInputChanged,
)
"""Events by which people are let out, kept from harm, or counted."""

_encode = msgspec.json.Encoder().encode


class EventsLostError(RuntimeError):
    """More events came than the loop took in time."""


class Controller:
    """Takes events, makes steps, has commands carried out."""

    def __init__(
        self,
        state: AnyState,
        clock: Clock,
        *,
        trace: Callable[[int, bytes], None] = lambda _now_ns, _event: None,
        changed: Callable[[LaneStatus], None] = lambda _status: None,
        timed: Callable[[str], AbstractContextManager[None]] = lambda _name: nullcontext(),
    ) -> None:
        """Args:
        state: as the lane begins.
        clock: monotonic nanoseconds.
        trace: is handed every event that was taken, for `gate replay`.
        changed: is told whenever the lane's status is another one.
        timed: is put around each step, with the event's name.
        """
        self.state = state
        self.show = Show(Screen.CLOSED)
        """What the visitor was told last."""
        self.status = status_of(state, self.show)
        self.overflowed = 0
        """Events that were lost because too many waited."""
        self._clock = clock
        self._trace = trace
        self._changed = changed
        self._timed = timed
        self._do: Callable[[AnyCommand], None] | None = None
        self._door = threading.Lock()
        self._waiting: deque[AnyEvent] = deque()
        self._called = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._now_ns = clock()
        self._failed: asyncio.Future[None] | None = None
        self._broken = False
        """A step was left half way: no other may follow."""

    def start(self, do: Callable[[AnyCommand], None], commands: Iterable[AnyCommand]) -> None:
        """Begin, in the running loop: first the commands of the lane's own start.

        Args:
            do: carries one command out; must not wait.
            commands: what `gate.lane.start` gave.
        """
        self._loop = asyncio.get_running_loop()
        self._failed = self._loop.create_future()
        self._do = do
        self._obey(commands)
        with self._door:
            waits = bool(self._waiting)
            self._called = waits
        if waits:
            self._loop.call_soon(self._drain)
        self._set_timer()

    async def failed(self) -> None:
        """Wait until a step could not be made, and raise what it raised; or until events were lost.

        Raises:
            EventsLostError: the lane may have missed what matters, and must begin anew.
        """
        assert self._failed is not None, "not started"  # noqa: S101 - a mistake of ours
        await asyncio.shield(self._failed)

    def post(self, event: AnyEvent) -> None:
        """The one door: from any thread, at any time; never waits, never raises."""
        with self._door:
            most = SAFETY_EVENTS_MAX if isinstance(event, SAFETY) else EVENTS_MAX
            if len(self._waiting) >= most:
                self.overflowed += 1
                return
            self._waiting.append(event)
            if self._called or self._loop is None:
                return
            self._called = True
            loop = self._loop
        try:
            loop.call_soon_threadsafe(self._drain)
        except RuntimeError:  # the loop is closed: nobody is there to hear
            log.debug("after the end: %r", event)

    def finish(self, event: AnyEvent) -> None:
        """Take what waits, then this, before anything else runs: the end waits for nothing. On the
        loop's thread."""
        self.post(event)
        self._drain()

    def close(self) -> None:
        """Take nothing more. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._do = None

    def _drain(self) -> None:
        """Take what waited when we were called; what comes meanwhile calls again."""
        with self._door:
            events = list(self._waiting)
            self._waiting.clear()
            self._called = False
            lost = self.overflowed
        for event in events:
            self._take(event, self._clock())
        # Only now: what did get in is obeyed, and the lane is whole enough to be shut down.
        if lost and self._do is not None and self._failed is not None and not self._failed.done():
            self._failed.set_exception(EventsLostError(f"{lost} events came to a full door"))

    def _wake(self, due_ns: int) -> None:
        # A timer may be early by its resolution; the lane's time never is.
        self._take(Woke(), max(due_ns, self._clock()))

    def _take(self, event: AnyEvent, now_ns: int) -> None:
        if self._do is None or self._failed is None or self._broken:
            return
        now_ns = self._now_ns = max(now_ns, self._now_ns)
        try:
            with self._timed(type(event).__name__):
                self._trace(now_ns, _encode(event))
                self.state, commands = step(self.state, event, now_ns)
                self._obey(commands)
            self._set_timer()
            self._tell()
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the process in good order
            self._broken = True
            if not self._failed.done():
                self._failed.set_exception(error)

    def _tell(self) -> None:
        """Say how the lane is, when that is new."""
        status = status_of(self.state, self.show)
        if status != self.status:
            self.status = status
            self._changed(status)

    def _obey(self, commands: Iterable[AnyCommand]) -> None:
        if self._do is None:
            return
        for command in commands:
            if isinstance(command, Show):
                self.show = command
            self._do(command)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ns = self.state.wake_at_ns
        if due_ns is not None and self._loop is not None:
            wait_s = max(0, due_ns - self._clock()) / NS_PER_S
            self._timer = self._loop.call_later(wait_s, self._wake, due_ns)
