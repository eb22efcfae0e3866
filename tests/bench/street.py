"""A lane as at a door, with simulated devices and hurried visitors: what the latency and the
memory benches share.

The program is `firmware.program.Program`, and its camera, vision process, verifier, journal and
pins are those of `gate demo`. Only the visitors are in a hurry: nobody dawdles before the beams.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.sim.scene import Medium, Scene
from drivers.wiring import InputName, OutputName
from firmware.config import BrokerConfig, Config
from firmware.demo.office import DemoOffice
from firmware.program import Program
from firmware.vision.wire import CameraSpec, Looking, Seen
from firmware.wallclock import WallClock
from gate.commands import Screen, Show
from gate.policy import Policy
from gate.walltime import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.controller import Controller
    from firmware.vision.supervisor import VisionSupervisor, _Watched
    from firmware.vision.wire import FromChild

AHEAD_NS = 350 * NS_PER_MS
"""So long before it comes into view a code is announced: its picture is rendered meanwhile."""
STRIDE_S = 0.015
"""From one beam to the next: three times what a beam is debounced."""
FOREHEAD_C = 36.3
SCREEN_S_MAX = 10.0
"""How long the lane may take to say what comes next. Liveness only."""
CODE_S_MAX = 3.0
"""A code that was not let in by then counts as missed."""


class WatchedProgram(Program):
    """Notes when its vision process said what."""

    def __init__(self, config: Config, seed: int) -> None:
        # Nobody waits for a time server here.
        wall = WallClock(config.policy.schedule.time_zone, synchronised=lambda: True)
        super().__init__(config, wall, seed=seed, showed=self._note_screen)
        self.seen: dict[bytes, tuple[Seen, int]] = {}
        """By payload: the first sighting, and when its event was posted."""
        self.looking_ns: dict[int, int] = {}
        """By time of capture: when the loop heard that the frame is being looked at."""
        self.screen = Screen.CLOSED
        self._screen_changed = asyncio.Event()

    async def until(self, *screens: Screen, within_s: float = SCREEN_S_MAX) -> bool:
        """Wait until the visitor is told one of these. False: not in time."""
        try:
            async with asyncio.timeout(within_s):
                while self.screen not in screens:
                    self._screen_changed.clear()
                    await self._screen_changed.wait()
        except TimeoutError:
            return False
        return True

    def _note_screen(self, show: Show) -> None:
        self.screen = show.screen
        self._screen_changed.set()

    def _begin_devices(self, controller: Controller) -> None:
        super()._begin_devices(controller)
        vision = self.keeper()
        take = vision._take

        def noted(message: FromChild, watched: _Watched, now_ns: int) -> None:
            if isinstance(message, Looking):
                self.looking_ns[message.captured_ns] = now_ns
            take(message, watched, now_ns)

        vision._take = noted  # type: ignore[method-assign]  # a look over its shoulder

    def _seen(self, seen: Seen) -> None:
        super()._seen(seen)
        self.seen.setdefault(seen.payload, (seen, time.monotonic_ns()))

    def keeper(self) -> VisionSupervisor:
        """The vision process's keeper."""
        if self.vision is None:
            raise RuntimeError("a lane without a camera")
        return self.vision


@dataclass(frozen=True)
class Shown:
    """One code that was held up."""

    payload: bytes
    at_ns: int
    """Exposures that begin from then on have it in view."""
    edge_ns: int | None
    """When the relay's pin changed its level; None where nobody was let in."""


class Street:
    """Visitors who come one after the other."""

    def __init__(self, program: WatchedProgram, office: DemoOffice, seed: int) -> None:
        wires = program.rig.wires
        if wires is None or program.rig.sim_thermometer is None:
            raise RuntimeError("the devices of a bench are simulated")
        self._program = program
        self._office = office
        self._wires = wires
        self._thermometer = program.rig.sim_thermometer
        self._chance = random.Random(seed)
        self._period_ns = round(NS_PER_S / program.config.camera.fps)
        self._relay = program.config.wiring.outputs[OutputName.BARRIER_ENTRY]

    async def visit(self) -> Shown:
        """One visitor, from the first step before the lane until the lane is free again.

        Raises:
            TimeoutError: the lane does not go on.
        """
        program, vision = self._program, self._program.keeper()
        self._wires.set(InputName.PRESENCE, active=True)
        self._thermometer.person(FOREHEAD_C)
        await self._expect(Screen.SHOW_CODE)
        scene = self._scene()
        # Any phase of the camera's: a visitor does not wait for its exposure.
        at_ns = time.monotonic_ns() + AHEAD_NS + self._chance.randrange(self._period_ns)
        vision.show(scene, at_ns)
        within_s = (at_ns - time.monotonic_ns()) / NS_PER_S + CODE_S_MAX
        let_in = await program.until(Screen.GO, within_s=within_s)
        edge_ns = self._released_ns() if let_in else None
        vision.show(Scene())
        self._thermometer.person(None)
        self._wires.set(InputName.PRESENCE, active=False)
        if let_in:
            await self._walk_through()
        await self._expect(Screen.IDLE)
        return Shown(scene.payload or b"", at_ns, edge_ns)

    async def _expect(self, screen: Screen) -> None:
        if not await self._program.until(screen):
            raise TimeoutError(f"the lane shows {self._program.screen}, not {screen}")

    def _released_ns(self) -> int:
        """When the barrier's relay was switched on last."""
        on = 1 - self._relay.safe_level
        edges = self._wires.chip.edges(self._relay.line)
        return max(edge.at_ns for edge in edges if edge.level == on)

    async def _walk_through(self) -> None:
        for beam, broken in (
            (InputName.BEAM_A, True),
            (InputName.BEAM_B, True),
            (InputName.BEAM_A, False),
            (InputName.BEAM_B, False),
        ):
            self._wires.set(beam, active=broken)
            await asyncio.sleep(STRIDE_S)

    def _scene(self) -> Scene:
        """As visitors hold their codes in `gate demo`, a new pass each."""
        chance = self._chance
        return Scene(
            payload=self._office.visitor_pass(int(time.time())),
            medium=chance.choice((Medium.PHONE, Medium.PHONE, Medium.PAPER)),
            distance_mm=chance.uniform(150, 300),
            tilt_deg=chance.uniform(-20, 20),
            roll_deg=chance.uniform(-15, 15),
            offset_mm=(chance.uniform(-20, 20), chance.uniform(-15, 15)),
            dark_mode=chance.random() < 0.2,
        )


def lane(
    folder: Path, policy: Policy, broker_port: int | None, seed: int
) -> tuple[WatchedProgram, DemoOffice]:
    """A lane whose journal lies in that folder, and the office that issues its passes."""
    office = DemoOffice(folder)
    broker = None if broker_port is None else BrokerConfig(host="127.0.0.1", port=broker_port)
    config = Config(
        site="bench",
        lane="north",
        data_dir=folder,
        trust=office.trust,
        policy=policy,
        camera=CameraSpec(seed=seed),
        broker=broker,
    )
    return WatchedProgram(config, seed), office
