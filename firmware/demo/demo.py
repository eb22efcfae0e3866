"""A whole lane on one machine: a broker of its own, the service as at a door, simulated devices,
and visitors who walk through it. Everything but the devices is real."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from firmware.config import BrokerConfig, Config
from firmware.demo.office import DemoOffice
from firmware.demo.world import Pace, World
from firmware.program import Program
from firmware.vision.wire import CameraKind, CameraSpec
from firmware.wallclock import WallClock
from gate.policy import (
    ChamberPolicy,
    CredentialPolicy,
    PassagePolicy,
    Policy,
    TemperaturePolicy,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from drivers.sim.visitors import Temperament
    from firmware.broker import Broker
    from firmware.status import LaneStatus
    from gate.commands import Show

SETTLE_S = 2.0
"""How long the demonstration waits, at its end, until the broker has every record."""
SETTLE_POLL_S = 0.02
PICTURE_MS = 2_500
"""How long each of your own pictures is held before the camera."""

POLICY = Policy(
    dated="2021-09-06",
    refer_to="Puskesmas Contoh, Jalan Contoh 1",
    chamber=ChamberPolicy(run_s=1.5),
    temperature=TemperaturePolicy(wait_s=5.0),
    credential=CredentialPolicy(doses_min=1, wait_s=8.0),
    passage=PassagePolicy(grant_s=4.0, refusal_s=3.0, officer_s=5.0),
)
"""The rules of a public office in 2021, with less patience."""


class Tally(Struct):
    """What has come of it so far."""

    visits: int = 0
    written: int = 0
    reported: int = 0
    """Records that the broker has taken."""


class Demo:
    """One demonstration. `run` lives as long as it does."""

    def __init__(
        self,
        folder: Path,
        broker: Broker,
        *,
        seed: int,
        only: Sequence[Temperament],
        pictures: Path | None = None,
        pace: Pace | None = None,
        changed: Callable[[LaneStatus], None] = lambda _status: None,
        showed: Callable[[Show], None] = lambda _show: None,
    ) -> None:
        """Args:
        folder: holds the journal and the trust file.
        broker: runs.
        seed: of visitors and devices.
        only: temperaments that come.
        pictures: read these instead of rendered ones; nobody holds up a pass then.
        pace: how busy the street is.
        changed: told of the lane's status.
        showed: told of everything that the visitor is told.
        """
        self.office = DemoOffice(folder)
        self.world: World | None = None
        self.tally = Tally()
        self._seed = seed
        self._only = only
        self._pace = pace
        self._showed = showed
        camera = CameraSpec(seed=seed)
        if pictures is not None:
            source = str(pictures.resolve())
            camera = CameraSpec(kind=CameraKind.PICTURES, source=source, show_ms=PICTURE_MS)
        config = Config(
            site="demo",
            lane="north",
            data_dir=folder,
            trust=self.office.trust,
            policy=POLICY,
            camera=camera,
            broker=BrokerConfig(host="127.0.0.1", port=broker.port),
        )
        # A demonstration's visitors can't wait for a time server.
        wall = WallClock(config.policy.schedule.time_zone, synchronised=lambda: True)
        self.program = Program(config, wall, seed=seed, changed=changed, showed=self._on_show)

    async def run(self, stop: asyncio.Event, visits: int | None = None) -> Tally:
        """Until `stop` is set, or so many visitors have come and gone.

        Raises:
            DriverError: see `firmware.program.Program.run`.
        """
        ended = asyncio.Event()
        lane = asyncio.create_task(self.program.run(ended), name="lane")
        street = asyncio.create_task(self._street(visits), name="street")
        waits = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait({lane, street, waits}, return_when=asyncio.FIRST_COMPLETED)
            if street.done():
                street.result()
            await self._settle(lane)
        finally:
            for task in (street, waits):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            ended.set()
            await lane
        return self.tally

    async def _street(self, visits: int | None) -> None:
        await self.program.ready.wait()
        rig, vision = self.program.rig, self.program.vision
        if rig.wires is None or rig.sim_thermometer is None or vision is None:
            raise RuntimeError("a demonstration's devices are simulated")
        self.world = World(
            rig.wires,
            rig.sim_thermometer,
            vision.show,
            lambda people: self.office.visitor_pass(int(time.time()), people),
            seed=self._seed,
            only=self._only,
            pace=self._pace,
        )
        await self.world.live(visits)

    async def _settle(self, lane: asyncio.Task[None]) -> None:
        """Let the last records reach the broker, and count."""
        reporter = self.program.reporter
        deadline_s = time.monotonic() + SETTLE_S
        while not lane.done() and reporter is not None:
            written, reported = self.program.journal.position, reporter.status().done
            self.tally.written, self.tally.reported = written[1], reported[1]
            if written == reported or time.monotonic() > deadline_s:
                break
            await asyncio.sleep(SETTLE_POLL_S)
        if self.world is not None:
            self.tally.visits = self.world.finished

    def _on_show(self, show: Show) -> None:
        if self.world is not None:
            self.world.showed(show)
        self._showed(show)
