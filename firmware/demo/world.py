"""Visitors who walk through a lane of simulated devices, in real time.

The world touches the lane as people do: sensors, a face, a code before the camera, a body between
the beams. It never posts an event, and looks at nothing but the screen and the barrier's relay.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.sim.place import SimulatedPlace
from drivers.sim.scene import Medium, Scene
from drivers.sim.visitors import Crowd, Temperament, Visitor
from drivers.sim.walk import LOOK, walk
from gate.commands import Screen
from gate.walltime import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drivers.sim.thermometer import SimThermometer
    from drivers.sim.wires import SimulatedWires
    from gate.commands import Show

HOSTILE_CODES = (
    b"https://example.invalid/check-in?id=1",
    b"'; DROP TABLE record; --",
    b"\x00\x1b[2J\x07\xff\xfe",
    b"GP1:" + b"A" * 2_000,
    b"WIFI:T:WPA;S=free;P=free;;",
)
"""What a stranger may hold up instead of a pass."""


class Pace(Struct, frozen=True):
    """How busy the world is."""

    gap_s_mean: float = 2.0
    """Between one visitor and the next, on average."""
    gap_s_min: float = 0.7


class World:
    """The street before the lane."""

    def __init__(
        self,
        wires: SimulatedWires,
        thermometer: SimThermometer,
        show: Callable[[Scene], None],
        new_pass: Callable[[int], bytes],
        *,
        seed: int,
        only: Sequence[Temperament] = tuple(Temperament),
        pace: Pace | None = None,
    ) -> None:
        """Args:
        wires: sensors and relays.
        thermometer: sees faces.
        show: puts a scene before the camera.
        new_pass: issues a pass for so many people.
        seed: of who comes, when, and how.
        only: temperaments that come.
        pace: how busy it is.
        """
        self.visitor: Visitor | None = None
        """Who is at the lane now."""
        self.finished = 0
        """Visitors who have come and gone."""
        self._chance = random.Random(seed)  # noqa: S311 - a demonstration must repeat itself
        self._crowd = Crowd(random.Random(seed + 1), only)  # noqa: S311 - ditto
        self._pace = pace or Pace()
        self._new_pass = new_pass
        self._last_pass = b""
        self._pass_of: tuple[int, bytes] = (0, b"")
        self._screen = Screen.CLOSED
        self._changed = asyncio.Event()
        loop = asyncio.get_running_loop()
        self.place = SimulatedPlace(wires, thermometer, show, self._scene, loop.call_later)

    def showed(self, show: Show) -> None:
        """The lane's screen is another one."""
        self._screen = show.screen
        self._changed.set()

    async def live(self, visits: int | None = None) -> None:
        """Let visitors come: so many, or without end."""
        while visits is None or self.finished < visits:
            gap_s = self._pace.gap_s_min + self._chance.expovariate(1 / self._pace.gap_s_mean)
            await asyncio.sleep(gap_s)
            self.visitor = self._crowd.next()
            try:
                await self._walk(self.visitor)
            finally:
                self.visitor = None
            self.finished += 1

    async def _walk(self, visitor: Visitor) -> None:
        self._changed.clear()
        steps = walk(visitor, self.place)
        wanted_ns = next(steps, None)
        while wanted_ns is not None:
            if wanted_ns == LOOK:
                await self._look(visitor.patience_ns)
            else:
                await asyncio.sleep(wanted_ns / NS_PER_S)
            self._changed.clear()
            try:
                wanted_ns = steps.send(self._screen)
            except StopIteration:
                return

    async def _look(self, patience_ns: int) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), patience_ns / NS_PER_S)
        except TimeoutError:
            return

    def _scene(self, visitor: Visitor) -> Scene:
        """What that visitor holds up, never twice in quite the same way."""
        chance = self._chance
        return Scene(
            payload=self._payload(visitor),
            medium=chance.choice((Medium.PHONE, Medium.PHONE, Medium.PAPER)),
            distance_mm=chance.uniform(150, 300),
            tilt_deg=chance.uniform(-20, 20),
            roll_deg=chance.uniform(-15, 15),
            offset_mm=(chance.uniform(-20, 20), chance.uniform(-15, 15)),
            dark_mode=chance.random() < 0.2,  # noqa: PLR2004 - one phone in five
        )

    def _payload(self, visitor: Visitor) -> bytes:
        if visitor.temperament is Temperament.HOSTILE:
            return self._chance.choice(HOSTILE_CODES)
        if visitor.temperament is Temperament.SCREENSHOT and self._last_pass:
            return self._last_pass
        number, payload = self._pass_of
        if number != visitor.number:
            payload = self._new_pass(visitor.people)
            self._pass_of = (visitor.number, payload)
        self._last_pass = payload
        return payload
