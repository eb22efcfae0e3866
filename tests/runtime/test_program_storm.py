"""A storm: everything that can go wrong with a lane's devices goes wrong, again and again, while
people come and go. Afterwards nothing is broken, and the books are right."""

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from lanekit import (
    EVERY_STAGE,
    LIVELY_S,
    STORM,
    BrokerHost,
    LaneRun,
    lane_config,
    open_broker,
    running,
)

from drivers.gpio import staffkey
from drivers.journal import Reader, verify_chain
from drivers.sim.scene import CameraFault
from drivers.sim.visitors import Temperament
from drivers.wiring import InputName, OutputName
from firmware.cli.replay import replay_
from firmware.config import BrokerConfig
from firmware.demo.office import DemoOffice
from firmware.demo.world import Pace, World
from gate.invariants import OUTCOMES
from gate.records import RecordKind, decode
from gate.walltime import NS_PER_MS

STORM_S = float(os.environ.get("GATE_STORM_S", "300" if STORM else "5"))
SEED = int(os.environ.get("GATE_STORM_SEED", "7"))
GAP_S = (0.05, 0.5)
"""From one fault to the next."""
LASTS_S = (0.1, 1.5)
KEY_HELD_S = 0.6
CONTACT_S = 0.12
"""Longer than any contact is debounced."""
CHATTER_HZ = 90.0
IMPATIENT = (
    Temperament.QUICK,
    Temperament.SHOWS_EARLY,
    Temperament.SCREENSHOT,
    Temperament.TURNS_BACK,
    Temperament.TAILGATES,
    Temperament.GOES_HOME,
    Temperament.WANDERS_OFF,
    Temperament.HOSTILE,
)

Act = Callable[[], None]


class Storm:
    """Faults by name: how each begins, and how it ends."""

    def __init__(self, lane: LaneRun, broker: BrokerHost, chance: random.Random) -> None:
        self._lane = lane
        self._broker = broker
        self._chance = chance
        self.counts: Counter[str] = Counter()
        self._under_way: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        thermometer, vision = lane.program.rig.sim_thermometer, lane.program.vision
        assert thermometer is not None
        assert vision is not None
        chip, inputs = lane.chip, lane.config.wiring.inputs
        beam, presence = inputs[InputName.BEAM_A].line, inputs[InputName.PRESENCE].line

        def camera(fault: CameraFault) -> tuple[Act, Act]:
            lasting = fault is CameraFault.GO_MISSING
            return (
                lambda: vision.inject(fault, lasting=lasting),
                lambda: vision.inject(CameraFault.NONE),
            )

        self._faults: dict[str, tuple[Act, Act]] = {
            "thermometer stuck": (thermometer.stick, thermometer.recover),
            "thermometer mad": (thermometer.nan, thermometer.recover),
            "thermometer out": (thermometer.disconnect, thermometer.recover),
            "thermometer slow": (lambda: thermometer.slow(2 * 10**9), thermometer.recover),
            "camera frozen": camera(CameraFault.FREEZE),
            "camera black": camera(CameraFault.BLACK),
            "camera out": camera(CameraFault.GO_MISSING),
            "reader hung": camera(CameraFault.HANG_DECODER),
            "reader killed": (self._kill_reader, lambda: None),
            "broker killed": (broker.die, broker.come_back),
            "beam cut": (lambda: chip.cut_wire(beam), lambda: chip.mend_wire(beam)),
            "beam stuck": (lambda: chip.stick(beam, 1), lambda: chip.unstick(beam)),
            "presence chatters": (
                lambda: chip.chatter(presence, CHATTER_HZ),
                lambda: chip.quiet(presence),
            ),
            "chip gone": (chip.go_missing, chip.come_back),
            "fire": self._sensed(InputName.FIRE),
            "emergency stop": self._sensed(InputName.EMERGENCY_STOP),
            "cabinet open": self._sensed(InputName.TAMPER),
            "tank empty": self._sensed(InputName.TANK),
            "exit asked for": self._sensed(InputName.EXIT_REQUEST),
        }

    async def blow(self, for_s: float) -> None:
        """Let it blow for so long, then let all of it end."""
        until_s = time.monotonic() + for_s
        while time.monotonic() < until_s:
            await asyncio.sleep(self._chance.uniform(*GAP_S))
            name = self._chance.choice(sorted(set(self._faults) - self._under_way))
            task = asyncio.create_task(self._happen(name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await asyncio.gather(*self._tasks)

    async def calm(self) -> None:
        """A technician moves every contact once, because one that missed an edge is believed again
        with its next one; then an officer turns the key until the lane is in service."""
        for name in self._lane.config.wiring.inputs:
            for active in (True, False):
                self._lane.sense(name, active=active)
                await asyncio.sleep(CONTACT_S)
        while self._lane.statuses[-1].state in {"emergency", "out_of_service"}:
            await self._turn_key()

    async def _happen(self, name: str) -> None:
        self.counts[name] += 1
        self._under_way.add(name)
        begin, end = self._faults[name]
        begin()
        await asyncio.sleep(self._chance.uniform(*LASTS_S))
        end()
        self._under_way.discard(name)
        if name in {"fire", "emergency stop"}:
            await self._turn_key()

    async def _turn_key(self) -> None:
        self._lane.sense(InputName.STAFF, active=True)
        await asyncio.sleep(KEY_HELD_S)
        self._lane.sense(InputName.STAFF, active=False)
        await asyncio.sleep(KEY_HELD_S)

    def _sensed(self, name: InputName) -> tuple[Act, Act]:
        return (
            lambda: self._lane.sense(name, active=True),
            lambda: self._lane.sense(name, active=False),
        )

    def _kill_reader(self) -> None:
        vision = self._lane.program.vision
        if vision is not None and vision.pid is not None:
            os.kill(vision.pid, signal.SIGKILL)


def watch_the_barrier(lane: LaneRun) -> list[int]:
    """From now on, the grants for which the pin was switched on while the journal's file did not
    hold them."""
    barrier = lane.config.wiring.outputs[OutputName.BARRIER_ENTRY].line
    write, unwritten = lane.chip.write, []

    def watched(line: int, level: int) -> None:
        if line == barrier and level == 1:
            assert lane.program.controller is not None
            entry = lane.program.controller.state.lane.entry
            with Reader(lane.config.data_dir / "journal.db") as reader:
                newest = [decode(row.body) for row in reader.newest(50)]
            granted = {r.grant for r in newest if r.kind is RecordKind.ACCESS_GRANTED}
            if entry is None or entry.number not in granted:
                unwritten.append(0 if entry is None else entry.number)
        write(line, level)

    lane.chip.write = watched  # type: ignore[method-assign] # an eye on one pin
    return unwritten


@pytest.mark.broker
@pytest.mark.slow
@pytest.mark.timeout(STORM_S + 4 * LIVELY_S)
def test_a_storm_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No step raised, the barrier never moved without a durable grant, every grant has one outcome,
    the broker has every record, the day can be lived again; and the next visitor is let in."""
    monkeypatch.setattr(staffkey, "STAFF_HOLD_NS", 300 * NS_PER_MS)
    office = DemoOffice(tmp_path)
    visits: Counter[str] = Counter()
    storms: list[Storm] = []

    async def story() -> None:
        config = lane_config(
            tmp_path,
            *EVERY_STAGE,
            trust=office.trust,
            broker=BrokerConfig(host="127.0.0.1", port=host.port),
        )
        async with running(config) as lane:
            unwritten = watch_the_barrier(lane)
            storm = Storm(lane, host, random.Random(SEED))
            storms.append(storm)
            world = world_of(lane, office)
            street = asyncio.create_task(world.live())
            await storm.blow(STORM_S)
            street.cancel()
            await asyncio.gather(street, return_exceptions=True)
            for name in (InputName.PRESENCE, InputName.BEAM_A, InputName.BEAM_B):
                lane.sense(name, active=False)
            lane.hold_up(None)
            await asyncio.wait_for(storm.calm(), LIVELY_S)
            await lane.state("idle")
            await lane.admitted(office.visitor_pass(int(time.time())))
            assert unwritten == []
            visits["visitors"] = world.finished
        assert lane.program.journal.cursor == lane.program.journal.position

    with open_broker("mosquitto") as broker:
        host = BrokerHost(broker)
        asyncio.run(story())
    books_are_right(tmp_path)
    with capsys.disabled():
        faults = ", ".join(f"{count} x {name}" for name, count in sorted(storms[0].counts.items()))
        sys.stdout.write(
            f"\n{STORM_S:.0f} s of storm, seed {SEED}: {visits['visitors']} visitors; {faults}\n"
        )


def world_of(lane: LaneRun, office: DemoOffice) -> World:
    """People in a hurry before that lane."""
    rig, vision = lane.program.rig, lane.program.vision
    assert rig.wires is not None
    assert rig.sim_thermometer is not None
    assert vision is not None
    world = World(
        rig.wires,
        rig.sim_thermometer,
        vision.show,
        lambda people: office.visitor_pass(int(time.time()), people),
        seed=SEED,
        only=IMPATIENT,
        pace=Pace(gap_s_mean=0.1, gap_s_min=0.05),
    )
    lane.listeners.append(world.showed)
    return world


def books_are_right(folder: Path) -> None:
    """One outcome for each grant, an unbroken chain, a trace that leads to these very records."""
    assert verify_chain(folder / "journal.db").fault is None
    granted: list[int] = []
    closed: list[int] = []
    with Reader(folder / "journal.db") as reader:
        position = (0, 0)
        while rows := reader.after(*position, 1_000):
            for row in rows:
                record = decode(row.body)
                if record.kind is RecordKind.ACCESS_GRANTED:
                    granted.append(record.grant)
                elif record.kind in OUTCOMES:
                    closed.append(record.grant)
            position = (rows[-1].epoch, rows[-1].seq)
    assert granted == list(range(1, len(granted) + 1))
    assert sorted(closed) == granted
    again = CliRunner().invoke(replay_, [str(folder / "journal.db"), "--quiet"])
    assert again.exit_code == 0, again.output
