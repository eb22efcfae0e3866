"""A lane on the self-test's bench in virtual time: simulated wires and sensor, exact moments.

Only a step's own pauses and the sensor's conversions let time pass, a millisecond at a time, so
that nothing here hangs on how busy the machine is.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import msgspec

from drivers.gpio import GpioBoard
from drivers.sim.chip import SimChip
from drivers.sim.pins import SimPinFactory
from drivers.sim.thermometer import SimThermometer
from drivers.sim.wires import SimulatedWires
from firmware import board
from firmware.board import Rig
from firmware.config import Config
from firmware.selftest.bench import Bench
from firmware.selftest.engine import Finished, Progress, run
from firmware.selftest.measurement import Measurement, Verdict
from firmware.selftest.names import StepName
from firmware.selftest.plan import chosen
from firmware.vision.wire import CameraSpec
from gate.policy import Policy
from gate.walltime import NS_PER_MS, NS_PER_S, WallTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import pytest

    from drivers.api import Clock
    from drivers.wiring import InputName, OutputName
    from firmware.selftest.report import Report, StepReport
    from firmware.selftest.step import Step

NOON_NS = 1_800_000_000 * NS_PER_S
"""Wall time at which every virtual bench begins: in 2027, after every release."""
SMALL = CameraSpec(width_px=640, height_px=480, fps=20)


def config_in(folder: Path, **rest: object) -> Config:
    """A lane of simulated devices with its data in that folder."""
    config = Config(
        site="hall", lane="north", data_dir=folder, camera=SMALL, policy=Policy(refer_to="nowhere")
    )
    return msgspec.structs.replace(config, **rest)


class Lab:
    """A bench, and the world around its lane."""

    def __init__(
        self,
        config: Config,
        monkeypatch: pytest.MonkeyPatch,
        *,
        pins: Callable[[SimChip], SimPinFactory] = SimPinFactory,
    ) -> None:
        self.config = config
        self.now_ns = 5 * NS_PER_S
        self.set_ns = 0
        """By how much somebody has set the wall clock."""
        self.each_ms: Callable[[], None] = lambda: None
        """Called after every millisecond."""
        self.chip = SimChip(self._clock)
        self.wires = SimulatedWires(self.chip, config.wiring)
        self.wires.rest()
        self.sensor = SimThermometer(self._clock, seed=1, sleep=self.pass_ns)
        self.board = GpioBoard(
            config.wiring,
            lambda: pins(self.chip),
            clock=self._clock,
            wall=self._wall,
            realtime=False,
        )
        self.rig = Rig(self.board, self.sensor, self.wires, self.sensor)
        monkeypatch.setattr(board, "rig_of", functools.partial(_given, self.rig))
        self.bench = Bench(
            config,
            clock=self._clock,
            pause=self.pass_ns,
            wall=self._wall,
            wall_ns=lambda: NOON_NS + self.now_ns + self.set_ns,
        )
        self.told: list[Progress] = []

    def pass_ns(self, wait_ns: int) -> None:
        """Let time pass."""
        until_ns = self.now_ns + wait_ns
        while self.now_ns < until_ns:
            self.now_ns = min(until_ns, self.now_ns + NS_PER_MS)
            self.chip.pump()
            self.board.tick()
            self.each_ms()

    def run(self, *names: StepName) -> Report:
        """Test those steps and what they need, to the end."""
        return self.run_steps(chosen(names))

    def run_steps(self, steps: Sequence[Step]) -> Report:
        self.told += run(self.bench, steps)
        last = self.told[-1]
        assert isinstance(last, Finished)
        return last.report

    def line(self, name: OutputName) -> int:
        """Of that output."""
        return self.config.wiring.outputs[name].line

    def sense(self, name: InputName, *, active: bool = True) -> None:
        """Something happens at that sensor."""
        self.wires.set(name, active=active)

    def times_on(self, name: OutputName) -> int:
        """How often that output was switched on, by what its wire shows."""
        safe = self.config.wiring.outputs[name].safe_level
        return sum(edge.level != safe for edge in self.chip.edges(self.line(name))[1:])

    def _clock(self) -> int:
        return self.now_ns

    def _wall(self) -> WallTime:
        return WallTime((NOON_NS + self.now_ns) // NS_PER_MS)


def _given(rig: Rig, _config: Config, _clock: Clock, _wall: Callable[[], WallTime]) -> Rig:
    return rig


def step_of(report: Report, name: StepName) -> StepReport:
    """What became of that step."""
    return next(step for step in report.steps if step.name is name)


def line_of(report: Report, name: StepName, line: str) -> Measurement:
    """One measurement."""
    lines = {each.name: each for each in step_of(report, name).measurements}
    assert line in lines, f"{line} is none of {list(lines)}"
    return lines[line]


def failed_lines(report: Report) -> set[str]:
    """Every measurement that failed, as `step.line`."""
    return _lines(report, {Verdict.FAIL})


def _lines(report: Report, verdicts: Iterable[Verdict]) -> set[str]:
    return {
        f"{step.name}.{line.name}"
        for step in report.steps
        for line in step.measurements
        if line.verdict in verdicts
    }
