"""Looks at a running demonstration a few times a second, and makes a snapshot of what it sees."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.api import DriverError
from drivers.wiring import OutputName
from firmware.broker import LOOPBACK
from firmware.demo.snapshot import (
    RECORDS_MAX,
    BrokerRow,
    Counting,
    DeviceRow,
    DeviceState,
    Entry,
    Snapshot,
    levels,
)
from gate.events import Device
from gate.records import decode
from gate.states import Disinfecting, Screening
from gate.walltime import ClockQuality, WallTime

if TYPE_CHECKING:
    from firmware.broker import Broker
    from firmware.demo.demo import Demo
    from firmware.demo.lines import View

LOOK_S = 0.2
"""From one snapshot to the next."""
_STATM = Path("/proc/self/statm")


class Observer:
    """Watches one demonstration. On the loop's thread; it never waits for anything but time."""

    def __init__(self, demo: Demo, broker: Broker, view: View) -> None:
        self._demo = demo
        self._broker = broker
        self._view = view
        self._counting = Counting()
        self._read_to = (0, 0)
        self._first_seq: int | None = None
        self._entries = 0
        self._began_s = time.monotonic()

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """One snapshot, once there is something to be seen."""
        program = self._demo.program
        controller = program.controller
        if controller is None or not hasattr(program, "rig"):
            return
        self._read()
        wall = program.wall_time()
        self._view.show(
            Snapshot(
                wall=wall,
                now_ns=time.monotonic_ns(),
                uptime_s=time.monotonic() - self._began_s,
                memory_bytes=_resident_bytes(),
                status=controller.status,
                show=controller.show,
                policy=program.config.policy,
                devices=self._devices(),
                records=self._counting.records,
                counters=self._counting.counters(wall),
                broker=self._broker_row(),
                visitor=self._visitor(),
            )
        )

    def _read(self) -> None:
        """Take what has been written since; nothing of an earlier demonstration."""
        journal = self._demo.program.journal
        if self._first_seq is None:
            self._first_seq = journal.restored.seq
            self._read_to = (journal.restored.epoch, journal.restored.seq)
        try:
            new = journal.after(*self._read_to, RECORDS_MAX)
        except DriverError:  # the lane ends, and has closed it
            return
        for stored in new:
            self._entries += 1
            wall = WallTime(stored.wall_ms, quality=ClockQuality(stored.quality))
            self._counting.add(Entry(self._entries, wall, decode(stored.body)))
            self._read_to = (stored.epoch, stored.seq)

    def _devices(self) -> tuple[DeviceRow, ...]:
        program = self._demo.program
        wires = program.rig.wires
        controller = program.controller
        if wires is None or controller is None:
            return ()
        lane = controller.state.lane
        on = wires.is_on
        health = None if program.vision is None else program.vision.health
        camera = f"{health.fps:.0f} fps, {health.view}" if health else "starting"
        lamps = (OutputName.LIGHT_RED, OutputName.LIGHT_GREEN)
        return (
            self._row(Device.PRESENCE, levels(lane.present)),
            DeviceRow(
                "chamber",
                levels(on(OutputName.CHAMBER))
                + (" running" if isinstance(controller.state, Disinfecting) else ""),
            ),
            self._row(Device.THERMOMETER, self._reading()),
            self._row(Device.CAMERA, camera),
            DeviceRow(
                "codes seen", "0" if program.vision is None else str(program.vision.counts.seen)
            ),
            self._row(Device.BEAMS, levels(lane.track.a_blocked, lane.track.b_blocked)),
            self._row(
                Device.BARRIER,
                levels(on(OutputName.BARRIER_ENTRY), on(OutputName.BARRIER_EXIT)) + " in, out",
            ),
            DeviceRow("lamps", levels(*(on(lamp) for lamp in lamps)) + " red, green"),
            DeviceRow("buzzer", levels(on(OutputName.BUZZER))),
            self._row(Device.JOURNAL, f"{program.journal.position[1]} records"),
        )

    def _row(self, device: Device, value: str) -> DeviceRow:
        controller = self._demo.program.controller
        failed = controller is not None and device in controller.state.lane.failed
        return DeviceRow(str(device), value, DeviceState.TROUBLE if failed else DeviceState.OK)

    def _reading(self) -> str:
        """The newest reading of the visit under way; it is of a simulated forehead."""
        controller = self._demo.program.controller
        state = None if controller is None else controller.state
        if isinstance(state, Screening) and state.samples:
            return f"{state.samples[-1].object_c:.2f} °C simulated"
        return "at rest"

    def _broker_row(self) -> BrokerRow:
        program = self._demo.program
        first = self._first_seq or 0
        status = None if program.reporter is None else program.reporter.status()
        return BrokerRow(
            LOOPBACK,
            self._broker.port,
            self._broker.kind,
            status is not None and status.connected,
            program.journal.position[1] - first,
            max(0, (0 if status is None else status.done[1]) - first),
        )

    def _visitor(self) -> str | None:
        world = self._demo.world
        if world is None or world.visitor is None:
            return None
        return str(world.visitor.temperament)


def _resident_bytes() -> int:
    """Of this process (proc(5), /proc/pid/statm)."""
    return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
