"""The camera, through a vision process as the lane has one: its pace, its picture, a code read."""

from __future__ import annotations

import asyncio
import statistics
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from drivers.api import DriverError, ErrorKind
from drivers.sim.scene import Scene
from firmware.selftest.limits import LIMITS, MIB
from firmware.selftest.measurement import Measurement, judge, skipped
from firmware.selftest.step import Doing
from firmware.vision.trouble import Listener, Trouble
from firmware.vision.wire import CameraKind, Health, Seen
from gate.policy import Stage
from gate.walltime import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from firmware.selftest.bench import Bench
    from firmware.selftest.step import Context, Lines
    from firmware.vision.supervisor import VisionSupervisor

REFERENCE: Final = b"GATE SELF-TEST REFERENCE 1"
"""In the code that must be read; no pass begins so."""
READY_S_MAX: Final = 20.0
LOOK_S: Final = 2.5
"""How long the picture is looked at: a stall is found within two."""
READ_S_MAX: Final = 5.0
AFTER_S_MAX: Final = 2.0
"""For a report of how sharp the code is."""
ABSENT: Final = frozenset({ErrorKind.MISSING, ErrorKind.BUSY, ErrorKind.DENIED})
HINTS: Final[Mapping[ErrorKind, str]] = MappingProxyType(
    {
        ErrorKind.MISSING: "Seat the ribbon, contacts to the contacts, and look at camera.source; "
        "`rpicam-hello --list-cameras` shows what is there.",
        ErrorKind.BUSY: "Another program has the camera: stop the lane first, "
        "`systemctl stop gate`.",
    }
)
TROUBLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "stalled": "The frames stop: seat the ribbon, and look at the Pi's supply.",
        "black": "Take the cap or the tape off the lens, and let some light in.",
        "blinded": "Turn the lens away from the sun or the lamp.",
        "hung": "A picture was not decoded in time: look at what else this machine does.",
    }
)


def camera(context: Context) -> Lines:
    """Start a vision process, look, hold a code up, and end it."""
    bench = context.bench
    if Stage.CREDENTIAL not in bench.config.policy.stages:
        yield skipped("camera", "This lane reads no codes.")
        return
    with asyncio.Runner() as runner:
        eye = _Eye(bench)
        try:
            yield from _look(runner, eye)
            if not eye.sees:
                yield skipped("code read", "The camera sees nothing to read.")
            elif bench.config.camera.kind is CameraKind.SIMULATED:
                yield from _read(runner, eye)
            else:
                yield skipped(
                    "code read", "No operator took part: hold a pass up while the lane runs."
                )
            yield eye.trouble_line()
        finally:
            runner.run(eye.close())


def _look(runner: asyncio.Runner, eye: _Eye) -> Iterator[Measurement | Doing]:
    yield Doing("starting", 0, 1)
    yield judge("ready", LIMITS["camera.ready"], runner.run(eye.start()))
    yield Doing("looking", 1, 1)
    healths = runner.run(eye.look())
    yield judge("rate", LIMITS["camera.rate"], _rate(healths))
    if not healths or healths[-1][1].frames == 0:
        return  # nobody has seen a picture
    last = healths[-1][1]
    hint = TROUBLES.get(last.view, "")
    yield judge("view", LIMITS["camera.view"], last.view, hint)
    brightness = statistics.median(health.luma_mean for _, health in healths)
    yield judge("brightness", LIMITS["camera.brightness"], brightness, hint)
    yield judge("memory", LIMITS["camera.memory"], last.rss_bytes / MIB)


def _read(runner: asyncio.Runner, eye: _Eye) -> Iterator[Measurement | Doing]:
    yield Doing("reading", 1, 1)
    took_ms, focus = runner.run(eye.read())
    yield judge("code read", LIMITS["camera.code read"], took_ms)
    if focus is not None:
        yield judge("focus", LIMITS["camera.focus"], focus)


def _rate(healths: list[tuple[float, Health]]) -> float:
    """Frames a second, of those that were looked at."""
    if len(healths) < 2:  # noqa: PLR2004 - a rate has two ends
        return 0.0
    (began_s, first), (ended_s, last) = healths[0], healths[-1]
    return max(0, last.frames - first.frames) / max(ended_s - began_s, 1e-9)


class _Eye:
    """One vision process and what it has told. Everything runs on the step's own loop."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._vision: VisionSupervisor | None = None
        self._told = asyncio.Event()
        self._healths: list[tuple[float, Health]] = []
        self._seen: list[Seen] = []
        self._troubles: list[Trouble] = []

    @property
    def sees(self) -> bool:
        """Whether the last picture was a good one, and the process that took it lives."""
        return bool(self._healths) and self._healths[-1][1].view == "good" and not self._is_over()

    async def start(self) -> float | None:
        """Milliseconds until the camera streams.

        Raises:
            DriverError: there is none, or it may not be used.
        """
        self._vision = self._bench.vision(
            Listener(on_seen=self._see, on_health=self._hear, on_trouble=self._worry)
        )
        began_s = time.monotonic()
        self._vision.start()
        vision = self._vision
        await self._until(lambda: vision.ready is not None or bool(self._troubles), READY_S_MAX)
        self._check_there()
        return (time.monotonic() - began_s) * 1000 if vision.ready is not None else None

    async def look(self) -> list[tuple[float, Health]]:
        """What the process says of its picture, and when.

        Raises:
            DriverError: the camera is gone.
        """
        await self._until(lambda: len(self._healths) > 0 or self._is_over(), LOOK_S)
        del self._healths[:-1]  # of the first moments, the last word
        await self._until(self._is_over, LOOK_S)
        self._check_there()
        return list(self._healths)

    async def read(self) -> tuple[float | None, float | None]:
        """Milliseconds until the reference code was read, and how sharp it was."""
        assert self._vision is not None, "not started"  # noqa: S101 - our bug
        began_ns = time.monotonic_ns()
        self._vision.show(Scene(payload=REFERENCE))
        await self._until(lambda: self._reading() is not None or self._is_over(), READ_S_MAX)
        reading = self._reading()
        if reading is None:
            return None, None
        self._healths.clear()
        await self._until(lambda: len(self._healths) > 1 or self._is_over(), AFTER_S_MAX)
        focus = self._healths[-1][1].focus if self._healths else None
        return (reading.decoded_ns - began_ns) / NS_PER_S * 1000, focus

    def trouble_line(self) -> Measurement:
        """What went wrong all the while."""
        limit = LIMITS["camera.trouble"]
        if not self._troubles:
            return judge("trouble", limit, "none")
        trouble = self._troubles[0]
        hint = TROUBLES.get(trouble.kind, f"{trouble.message}. {limit.hint}")
        return judge("trouble", limit, trouble.kind, hint)

    async def close(self) -> None:
        """End the process."""
        if self._vision is not None:
            self._vision.close()

    def _reading(self) -> Seen | None:
        return next((seen for seen in self._seen if seen.payload == REFERENCE), None)

    def _is_over(self) -> bool:
        """Whether the process was replaced: what comes now is another one's."""
        return any(trouble.kind not in {"black", "blinded"} for trouble in self._troubles)

    def _check_there(self) -> None:
        for trouble in self._troubles:
            if trouble.kind in ABSENT:
                raise DriverError(ErrorKind(trouble.kind), "camera", trouble.message)

    async def _until(self, is_so: Callable[[], bool], limit_s: float) -> None:
        """Until then, or no longer."""
        try:
            async with asyncio.timeout(limit_s):
                while not is_so():
                    self._told.clear()
                    await self._told.wait()
        except TimeoutError:
            return

    def _see(self, seen: Seen) -> None:
        self._seen.append(seen)
        self._told.set()

    def _hear(self, health: Health) -> None:
        self._healths.append((time.monotonic(), health))
        self._told.set()

    def _worry(self, trouble: Trouble) -> None:
        self._troubles.append(trouble)
        self._told.set()
