"""A whole lane on one machine: a broker of its own, the service as at a door, simulated devices,
and visitors who walk through it. Everything but the devices is real."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.api import DriverError, ErrorKind
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
from gate.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from drivers.sim.visitors import Temperament
    from firmware.broker import Broker
    from firmware.status import LaneStatus
    from gate.commands import Show

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


class Tally(Struct, frozen=True):
    """What has come of it."""

    visits: int
    written: int
    """Records that are on the disk."""
    reported: int
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
    ) -> None:
        """Args:
        folder: holds the journal and the trust file.
        broker: runs.
        seed: of visitors and devices.
        only: temperaments that come.
        pictures: read these instead of rendered ones; nobody holds up a pass then.
        pace: how busy the street is.
        """
        self.office = DemoOffice(folder)
        self.world: World | None = None
        self._opening = asyncio.Event()
        """Set when the lane is in service, or a device is out from the beginning."""
        self._failed: tuple[str, ...] = ()
        self._seed = seed
        self._only = only
        self._pace = pace
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
        self.program = Program(
            config, wall, seed=seed, changed=self._on_status, showed=self._on_show
        )

    async def run(self, stop: asyncio.Event, visits: int | None = None) -> Tally:
        """Until `stop` is set, or so many visitors have come and gone.

        Raises:
            DriverError: see `firmware.program.Program.run`; or a device did not work from the
                beginning, and nobody would ever be let in.
        """
        ended = asyncio.Event()
        lane = asyncio.create_task(self.program.run(ended), name="lane")
        street = asyncio.create_task(self._street(visits), name="street")
        waits = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait({lane, street, waits}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            street.cancel()
            waits.cancel()
            ended.set()
            # Whatever became of the street, the lane ends in good order first.
            await asyncio.wait({lane, street, waits})
        for task in (lane, street):
            if not task.cancelled():
                task.result()
        return self._count()

    async def _street(self, visits: int | None) -> None:
        await self._opening.wait()
        rig, vision = self.program.rig, self.program.vision
        if not self.program.ready.is_set():
            raise DriverError(
                ErrorKind.FAILED, ", ".join(self._failed), "does not work; the log says why"
            )
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

    def _count(self) -> Tally:
        """What has come of it; the lane has ended, and reported what it could."""
        journal = self.program.journal
        first = journal.restored.seq
        return Tally(
            0 if self.world is None else self.world.finished,
            journal.position[1] - first,
            max(0, journal.cursor[1] - first),
        )

    def _on_status(self, status: LaneStatus) -> None:
        if status.in_service or status.reason is Reason.DEVICE_FAULT:
            self._failed = status.failed
            self._opening.set()

    def _on_show(self, show: Show) -> None:
        if self.world is not None:
            self.world.showed(show)
