"""The loop's pulse: whether the loop is healthy, who held it up, and what keeps the watchdog away.

A timer beats four times a second. How late it comes is the loop's lag; what the loop did meanwhile
is known by name where it was `timed`. Only a healthy beat feeds the service manager's watchdog, and
so a loop that hangs, or is late every time, is ended and started anew. Healthy means this process
alone: neither a broker nor any other part of the network may be among its vitals, for no restart
mends those.
"""

from __future__ import annotations

import asyncio
import logging
import time
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from firmware.servicemanager import notify, status_line, watchdog_ns
from gate.walltime import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from drivers.api import Clock

log = logging.getLogger(__name__)

BEATS_PER_WATCHDOG = 4
"""At least so many beats come in the time that the watchdog gives."""


class Limits(Struct, frozen=True):
    """How late is too late."""

    beat_ns: int = 250 * NS_PER_MS
    lag_ns_max: int = 500 * NS_PER_MS
    """A beat that comes later than that does not feed the watchdog."""


class Step(Struct, frozen=True):
    """A part of the loop's work that has a name."""

    name: str = ""
    took_ns: int = 0


class Figures(Struct, frozen=True):
    """What was measured over a while."""

    beats: int = 0
    late: int = 0
    """Beats later than `Limits.lag_ns_max`."""
    lag_ns_max: int = 0
    slowest: Step = Step()


class Pulse:
    """One for the loop. `timed` and everything else belong on the loop's thread."""

    def __init__(
        self,
        *,
        on_beat: Callable[[], None] = lambda: None,
        vitals: Mapping[str, Callable[[], bool]] = MappingProxyType({}),
        limits: Limits | None = None,
        clock: Clock = time.monotonic_ns,
        say: Callable[[str], bool] = notify,
    ) -> None:
        """Args:
        on_beat: what must be done as long as the loop runs, as renewing leases; at every beat,
            late ones too.
        vitals: by name, what must be true of a process that is well. Asked at every beat; must
            not wait.
        limits: see there. A short watchdog makes the beat quicker.
        clock: monotonic nanoseconds.
        say: hands lines to the service manager, and says whether it took them.
        """
        self.ill = "it has not begun to beat"
        """Why the last beat was not healthy; empty when it was."""
        self._on_beat = on_beat
        self._vitals = vitals
        self._limits = limits or Limits()
        self._clock = clock
        self._say = say
        self._watchdog_ns = watchdog_ns()
        self._beat_ns = self._limits.beat_ns
        if self._watchdog_ns is not None:
            self._beat_ns = min(self._beat_ns, self._watchdog_ns // BEATS_PER_WATCHDOG)
        self._figures = Figures()
        self._longest = Step()
        """Since the last beat."""
        self._unsaid: dict[str, str] = {}
        """What the service manager is still to be told."""
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    @property
    def healthy(self) -> bool:
        """Whether the last beat came in time and found everything well."""
        return not self.ill

    @property
    def lag_ns_max(self) -> int:
        """The greatest lag since `figures` were last asked for."""
        return self._figures.lag_ns_max

    def figures(self) -> Figures:
        """What was measured since the last call."""
        figures, self._figures = self._figures, Figures()
        return figures

    def start(self) -> None:
        """Begin to beat, in the running loop."""
        assert self._timer is None, "started twice"  # noqa: S101 - a mistake of ours
        self._loop = asyncio.get_running_loop()
        self._set_timer()

    def ready(self) -> None:
        """The lane is in service: from now on the watchdog counts."""
        self._unsaid["READY"] = "1"
        self._tell()

    def status(self, text: str) -> None:
        """One line for `systemctl status`, told with the next beat."""
        self._unsaid["STATUS"] = status_line(text)

    def stop(self) -> None:
        """Beat no more: from now on the service manager's time to stop counts. Idempotent."""
        if self._stopped:
            return
        self._stopped = True
        self.ill = "it was stopped"
        if self._timer is not None:
            self._timer.cancel()
        self._unsaid["STOPPING"] = "1"
        self._tell()

    def timed(self, name: str) -> Timed:
        """`with pulse.timed("step"):` around work of the loop that awaits nothing."""
        return Timed(self, name, self._clock)

    def took(self, name: str, took_ns: int) -> None:
        """What `timed` found."""
        if took_ns > self._longest.took_ns:
            self._longest = Step(name, took_ns)

    def _set_timer(self) -> None:
        due_ns = self._clock() + self._beat_ns
        self._timer = self._loop.call_later(self._beat_ns / NS_PER_S, self._beat, due_ns)

    def _beat(self, due_ns: int) -> None:
        lag_ns = max(0, self._clock() - due_ns)
        longest, self._longest = self._longest, Step()
        self._measure(lag_ns, longest)
        unwell = self._unwell()
        if self._stopped:
            return
        ill = self._late(lag_ns, longest) or unwell
        if ill and ill != self.ill:
            log.warning("not healthy: %s", ill)
        self.ill = ill
        if self._watchdog_ns is not None and not ill:
            self._unsaid["WATCHDOG"] = "1"
        self._tell()
        self._set_timer()

    def _measure(self, lag_ns: int, longest: Step) -> None:
        before = self._figures
        self._figures = Figures(
            before.beats + 1,
            before.late + (lag_ns > self._limits.lag_ns_max),
            max(before.lag_ns_max, lag_ns),
            max(before.slowest, longest, key=lambda step: step.took_ns),
        )

    def _late(self, lag_ns: int, longest: Step) -> str:
        if lag_ns <= self._limits.lag_ns_max:
            return ""
        late = f"the loop is {lag_ns // NS_PER_MS} ms late"
        if longest.took_ns * 2 < lag_ns:
            return f"{late}, and nothing that has a name was so slow"
        return f"{late}: {longest.name} took {longest.took_ns // NS_PER_MS} ms"

    def _unwell(self) -> str:
        """Do what every beat does; then the first of the vitals that is not as it should be."""
        name = "beat"
        try:
            self._on_beat()
            for name, is_well in self._vitals.items():
                if not is_well():
                    return f"{name} is not well"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is no sign of health
            return f"{name}: {error!r}"
        return ""

    def _tell(self) -> None:
        """Say what is unsaid. All but a feeding is kept for the next beat where nobody takes it."""
        if self._unsaid and self._say("\n".join(f"{k}={v}" for k, v in self._unsaid.items())):
            self._unsaid.clear()
        self._unsaid.pop("WATCHDOG", None)


class Timed:
    """How long a `with` block took."""

    __slots__ = ("_began_ns", "_clock", "_name", "_pulse")

    def __init__(self, pulse: Pulse, name: str, clock: Clock) -> None:
        self._pulse = pulse
        self._name = name
        self._clock = clock
        self._began_ns = 0

    def __enter__(self) -> None:
        self._began_ns = self._clock()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pulse.took(self._name, self._clock() - self._began_ns)
