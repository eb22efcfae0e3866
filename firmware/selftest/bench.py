"""The lane under test: its devices as `firmware.board` makes them, and nothing of its program.

One bench, one self-test. Steps run on it one after the other, each on a thread of its own.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import tempfile
import threading
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.api import DriverError
from drivers.gpio import find_persistence
from drivers.journal import Reader
from firmware import board
from firmware.config import BoardKind
from firmware.kernelclock import rtc_agrees
from firmware.selftest.facts import InputFacts
from firmware.selftest.permit import Permit
from firmware.selftest.scope import Probe
from firmware.vision.supervisor import VisionSupervisor
from firmware.wallclock import WallClock
from gate.walltime import NS_PER_S, ClockQuality

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drivers.api import Clock
    from drivers.gpio import Persistence
    from drivers.wiring import OutputName
    from firmware.board import Rig
    from firmware.config import Config
    from firmware.selftest.scope import Scope
    from firmware.vision.trouble import Listener
    from gate.walltime import WallTime

log = logging.getLogger(__name__)

CLOSE_S_MAX = 5.0
"""For letting go of the devices: one that hangs must not keep the report from being seen."""
FLOOR_RECORDS = 64
"""Newest records that are asked for the time that was true last."""
SCRATCH_PREFIX = "selftest-scratch-"


def _sleep(wait_ns: int) -> None:
    time.sleep(wait_ns / NS_PER_S)


class Bench:
    """Devices, clocks and folders, each made when a step first asks for it."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock = time.monotonic_ns,
        pause: Callable[[int], None] = _sleep,
        wall: Callable[[], WallTime] | None = None,
        wall_ns: Callable[[], int] = time.time_ns,
        proc: Path = Path("/proc"),
    ) -> None:
        """Touch nothing yet.

        Args:
            config: what the lane is made of.
            clock: monotonic nanoseconds.
            pause: lets so many nanoseconds of that clock pass.
            wall: the lane's wall clock; without it, this machine's, with the journal's floor.
            wall_ns: Unix nanoseconds as the machine has them, right or wrong.
            proc: where the kernel tells of memory.

        Raises:
            UserError: this machine does not know the site's time zone.
        """
        self.config = config
        self.clock = clock
        self.pause = pause
        self.wall_ns = wall_ns
        self.proc = proc
        self.floor_ms = _true_ms(config)
        """Unix milliseconds: so late has it been already, says the lane's journal."""
        if wall is None:
            zone = config.policy.schedule.time_zone
            wall = WallClock(zone, floor_ms=self.floor_ms, wall_ns=wall_ns).now
        self.wall = wall
        self.began_ns = clock()
        self.wall_less_clock_ns = wall_ns() - self.began_ns
        """Changes only when somebody sets the clock."""
        self.facts = InputFacts(config.policy.chamber.mode)
        self.times_on_at_claim: dict[OutputName, int] = {}
        """How often each output was switched on by the claim of its line alone."""
        self._opened = False
        self._scratch = contextlib.ExitStack()

    # Devices.

    @cached_property
    def rig(self) -> Rig:
        """The lane's lines and its thermometer.

        Raises:
            DriverError: a device that is looked at right away is not there.
        """
        return board.rig_of(self.config, self.clock, self.wall)

    @property
    def is_simulated(self) -> bool:
        """Whether the lines are."""
        return self.config.board is BoardKind.SIMULATED

    @property
    def scope(self) -> Scope | None:
        """Read-back of the lines; None where nobody can read them."""
        wires = self.rig.wires
        return None if wires is None else wires.chip

    def open_board(self) -> None:
        """Claim every line, each at its safe level, and begin to hear of the inputs.

        Raises:
            DriverError: a line is missing, busy or denied; nothing stays claimed.
        """
        self._opened = True
        self.rig.board.open(self.facts.post)
        for name in self.config.wiring.outputs:
            probe = self.probe(name)
            if probe is not None:
                self.times_on_at_claim[name] = probe.times_on()

    def probe(self, name: OutputName) -> Probe | None:
        """The scope on that output, where there is one."""
        scope = self.scope
        return None if scope is None else Probe(scope, self.config.wiring.outputs[name])

    def permit(self) -> Permit:
        """Leave to switch outputs on. The board must be open."""
        return Permit(self.rig.board, self.facts, self.clock)

    def persistence(self) -> Persistence | None:
        """Whether outputs outlive a crash; None where the lines are simulated."""
        return None if self.is_simulated else find_persistence()

    def battery_agrees(self) -> bool | None:
        """Whether the battery-backed clock does; None where this machine is no lane's."""
        return None if self.is_simulated else rtc_agrees()

    def vision(self, listener: Listener) -> VisionSupervisor:
        """A vision process for the lane's camera, not started."""
        return VisionSupervisor(self.config.camera, listener)

    # Folders.

    def scratch(self) -> Path:
        """A new folder on the disk of the lane's journal, removed at the end.

        Raises:
            OSError: the disk does not take it.
        """
        self.config.data_dir.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(
            dir=self.config.data_dir, prefix=SCRATCH_PREFIX, ignore_cleanup_errors=True
        )
        return Path(self._scratch.enter_context(folder))

    def close(self) -> None:
        """Outputs to their safe level, then everything is given back. Never raises; waits for
        `CLOSE_S_MAX` at most."""
        closing = threading.Thread(target=self._close, name="selftest-close", daemon=True)
        closing.start()
        closing.join(CLOSE_S_MAX)
        if closing.is_alive():
            log.error("a device does not let itself be closed")

    def _close(self) -> None:
        for close in self._closers():
            try:
                close()
            except Exception:
                log.exception("while ending the self-test")

    def _closers(self) -> Iterator[Callable[[], object]]:
        if "rig" in self.__dict__:
            rig = self.rig
            if self._opened:
                yield rig.board.close
            if rig.wires is not None:
                yield rig.wires.chip.close
            if rig.thermometer is not None:
                yield rig.thermometer.close
        yield self._scratch.close


def _true_ms(config: Config) -> int:
    """The latest trusted time among the lane's newest records; 0 where there are none."""
    try:
        with Reader(board.journal_path(config)) as reader:
            newest = reader.newest(FLOOR_RECORDS)
    except (DriverError, sqlite3.Error):
        return 0  # there is none yet, or the step that reads it will say what is wrong
    trusted = [row.wall_ms for row in newest if row.quality == ClockQuality.TRUSTED]
    return max(trusted, default=0)
