"""`gate run` with visitors, as a process that a test may kill.

    python lane_process.py GATE_TOML PASSES_JSON

Each line on standard input is a life: the numbers of the passes that visitors show in it, in that
order. A life is a fork of this process, which has imported everything already, and runs the command
itself; only its program has a street before its door. Standard output is the witness, outside of
the journal: one line for each thing that happens in the world, written before it does.

    up PID             the life has begun
    ready PID          the lane is in service; the pid is that of its vision process
    show N             pass N is held up
    release NS         the barrier's pin is about to be switched on; monotonic nanoseconds
    enter N            the visitor with pass N steps into the passage
    went N             the visitor with pass N is through
    refused N REASON   the visitor with pass N is sent away
    idle               the lane waits for the next one
    dead CODE          the life has ended, with that exit code; below 0 by that signal
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import firmware.cli.run
import firmware.program
import firmware.wallclock
from drivers.sim import chip, pins, thermometer  # noqa: F401 - imported before the fork
from drivers.sim.scene import Scene
from drivers.wiring import InputName, OutputName
from firmware.cli import main
from gate.commands import Screen, Show

if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.wallclock import WallClock

FOREHEAD_C = 36.4
STRIDE_S = 0.03
PATIENT = frozenset({Screen.SHOW_CODE, Screen.WAIT, Screen.CODE_NOT_READ})


def witness(*words: object) -> None:
    """One line, in one write: a kill leaves it whole or not there."""
    os.write(1, " ".join(map(str, words)).encode() + b"\n")


class PeopledProgram(firmware.program.Program):
    """A program with a street before its door."""

    passes: tuple[bytes, ...] = ()
    shown: tuple[int, ...] = ()

    def __init__(self, config: Config, wall: WallClock) -> None:
        super().__init__(config, wall, showed=self._showed)
        self._told = Show(Screen.CLOSED)
        self._news = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        street = asyncio.create_task(self._street())
        try:
            await super().run(stop)
        finally:
            street.cancel()
            await asyncio.gather(street, return_exceptions=True)

    def _showed(self, show: Show) -> None:
        self._told = show
        self._news.set()

    async def _until(self, *screens: Screen) -> Show:
        while self._told.screen not in screens:
            self._news.clear()
            await self._news.wait()
        return self._told

    async def _street(self) -> None:
        await self.ready.wait()
        self._watch_barrier()
        witness("ready", self.vision.pid if self.vision else 0)
        for number in self.shown:
            await self._until(Screen.IDLE)
            await self._visit(number)
            await self._until(Screen.IDLE)
            witness("idle")

    def _watch_barrier(self) -> None:
        wires = self.rig.wires
        assert wires is not None
        barrier = self.config.wiring.outputs[OutputName.BARRIER_ENTRY].line
        write = wires.chip.write

        def watched(line: int, level: int) -> None:
            if line == barrier and level == 1:
                witness("release", self._clock())
            write(line, level)

        wires.chip.write = watched  # type: ignore[method-assign] # the world's eye on one pin

    async def _visit(self, number: int) -> None:
        assert self.rig.sim_thermometer is not None
        assert self.vision is not None
        self.rig.sim_thermometer.person(FOREHEAD_C)
        self._sense(InputName.PRESENCE, active=True)
        await self._until(Screen.SHOW_CODE)
        witness("show", number)
        self.vision.show(Scene(payload=self.passes[number]))
        told = await self._until(*(screen for screen in Screen if screen not in PATIENT))
        self.vision.show(Scene())
        if told.screen is Screen.GO:
            await self._walk(number)
        else:
            witness("refused", number, told.reason)
            self._sense(InputName.PRESENCE, active=False)
        self.rig.sim_thermometer.person(None)

    async def _walk(self, number: int) -> None:
        witness("enter", number)
        self._sense(InputName.PRESENCE, active=False)
        for beam, blocked in (
            (InputName.BEAM_A, True),
            (InputName.BEAM_B, True),
            (InputName.BEAM_A, False),
        ):
            self._sense(beam, active=blocked)
            await asyncio.sleep(STRIDE_S)
        witness("went", number)
        self._sense(InputName.BEAM_B, active=False)

    def _sense(self, name: InputName, *, active: bool) -> None:
        assert self.rig.wires is not None
        self.rig.wires.set(name, active=active)


def live(config: str, shown: tuple[int, ...]) -> None:
    """One life; never returns."""
    witness("up", os.getpid())
    PeopledProgram.shown = shown
    firmware.program.Program = PeopledProgram  # type: ignore[assignment,misc] # what `gate run` starts
    # This machine's clock is taken for a good one: a pass must be judged here.
    firmware.wallclock.WallClock = partial(  # type: ignore[assignment,misc] # ditto
        firmware.wallclock.WallClock, synchronised=lambda: True
    )
    try:
        main(["run", "--config", config])
    except SystemExit as ended:
        sys.stderr.flush()
        os._exit(ended.code if isinstance(ended.code, int) else 1)
    finally:
        os._exit(70)


def serve(config: str, passes: Path) -> None:
    """A life for each line on standard input."""
    PeopledProgram.passes = tuple(text.encode() for text in json.loads(passes.read_text()))
    for order in sys.stdin:
        shown = tuple(map(int, order.split()))
        child = os.fork()
        if child == 0:
            live(config, shown)
        _, status = os.waitpid(child, 0)
        witness("dead", os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
