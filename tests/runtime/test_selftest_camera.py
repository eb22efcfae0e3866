"""The self-test's camera step on real vision processes: what is planted in them is found.

Real processes take real time: nothing here asserts how long, only what came of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from selftestkit import SMALL, config_in, failed_lines, line_of, step_of

from drivers.api import ErrorKind
from drivers.sim.scene import CameraFault
from firmware.selftest.bench import Bench
from firmware.selftest.engine import Finished, run
from firmware.selftest.measurement import Verdict
from firmware.selftest.names import StepName
from firmware.selftest.plan import chosen
from firmware.vision.supervisor import LIMITS, VisionSupervisor
from firmware.vision.wire import CameraKind
from gate.policy import Policy, Stage
from gate.walltime import NS_PER_S

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.config import Config
    from firmware.selftest.report import Report
    from firmware.vision.trouble import Listener

LONG_NS = 50 * NS_PER_S
PATIENT = msgspec.structs.replace(
    LIMITS, start_ns_max=LONG_NS, decode_ns_max=LONG_NS, stale_ns_max=LONG_NS
)
"""Finds no fault with a process that only waits for a busy machine."""
TIMED = {CameraFault.FREEZE, CameraFault.HANG_DECODER}
"""Faults that are found by how long something takes."""
OF_THE_MACHINE = {"camera.ready", "camera.rate", "camera.code read", "camera.memory"}
"""What a busy one may miss."""


class FaultyBench(Bench):
    """A bench whose camera has that fault, in every process that opens it."""

    fault = CameraFault.NONE
    limits = PATIENT

    def vision(self, listener: Listener) -> VisionSupervisor:
        vision = VisionSupervisor(self.config.camera, listener, limits=self.limits)
        vision.inject(self.fault, lasting=True)
        return vision


def camera_with(fault: CameraFault, config: Config) -> Report:
    """The report of a self-test of that camera alone."""
    bench = FaultyBench(config)
    bench.fault = fault
    if fault in TIMED:
        bench.limits = LIMITS
    *_, last = run(bench, chosen((StepName.CAMERA,)))
    assert isinstance(last, Finished)
    return last.report


def test_a_camera_in_order_reads_the_reference(tmp_path: Path) -> None:
    """A real process renders the reference code, reads it, and hands it over unchanged."""
    report = camera_with(CameraFault.NONE, config_in(tmp_path))
    assert failed_lines(report) <= OF_THE_MACHINE
    lines = {line.name: line for line in step_of(report, StepName.CAMERA).measurements}
    assert lines["view"].value == "good"
    assert lines["trouble"].value == "none"
    assert lines["code read"].value is not None
    assert lines["focus"].verdict is Verdict.PASS
    assert list(lines) == [
        "ready",
        "rate",
        "view",
        "brightness",
        "memory",
        "code read",
        "focus",
        "trouble",
    ]


def test_a_camera_that_is_not_there(tmp_path: Path) -> None:
    """The ribbon is out: a missing device, and how to seat it."""
    report = camera_with(CameraFault.GO_MISSING, config_in(tmp_path))
    camera = step_of(report, StepName.CAMERA)
    assert camera.error is ErrorKind.MISSING
    assert "ribbon" in camera.hint


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "failed", "trouble", "hint"),
    [
        (CameraFault.BLACK, {"camera.view", "camera.brightness"}, "black", "tape off the lens"),
        (CameraFault.COVERED, {"camera.view", "camera.brightness"}, "black", "tape off the lens"),
        (CameraFault.BLINDED, {"camera.view", "camera.brightness"}, "blinded", "from the sun"),
        (CameraFault.FREEZE, {"camera.rate"}, "stalled", "The frames stop"),
        (CameraFault.HANG_DECODER, {"camera.rate"}, "hung", "not decoded in time"),
    ],
)
def test_a_fault_of_the_camera_is_named(
    tmp_path: Path, fault: CameraFault, failed: set[str], trouble: str, hint: str
) -> None:
    """Each with its measured value, its own word, and what to do at the lens or the cable."""
    report = camera_with(fault, config_in(tmp_path))
    assert failed | {"camera.trouble"} <= failed_lines(report)
    assert failed_lines(report) <= failed | {"camera.trouble"} | OF_THE_MACHINE
    line = line_of(report, StepName.CAMERA, "trouble")
    assert line.value == trouble
    assert hint in line.hint
    read = line_of(report, StepName.CAMERA, "code read")
    assert read.verdict is Verdict.SKIPPED
    assert step_of(report, StepName.CAMERA).verdict is Verdict.FAIL


@pytest.mark.slow
def test_a_slow_camera_is_measured(tmp_path: Path) -> None:
    """One frame of ten: two a second of twenty."""
    report = camera_with(CameraFault.SLOW, config_in(tmp_path))
    rate = line_of(report, StepName.CAMERA, "rate")
    assert rate.verdict is Verdict.FAIL
    assert isinstance(rate.value, float)
    assert rate.value < 5
    assert "cable" in rate.hint


def test_a_real_camera_needs_somebody_with_the_code(tmp_path: Path) -> None:
    """Nobody can put a scene before a camera that is not simulated; the rest is measured."""
    picture = tmp_path / "grey.pgm"
    picture.write_bytes(b"P5 64 64 255\n" + bytes([90, 160] * 2_048))
    spec = msgspec.structs.replace(
        SMALL, kind=CameraKind.PICTURES, source=str(picture), width_px=64, height_px=64
    )
    report = camera_with(CameraFault.NONE, config_in(tmp_path / "data", camera=spec))
    assert line_of(report, StepName.CAMERA, "code read").verdict is Verdict.SKIPPED
    assert "operator" in line_of(report, StepName.CAMERA, "code read").hint


def test_a_lane_that_reads_no_codes_starts_no_process(tmp_path: Path) -> None:
    """A lane without the credential stage has no camera to test."""
    config = config_in(tmp_path, policy=Policy(stages=(Stage.TEMPERATURE,)))
    report = camera_with(CameraFault.GO_MISSING, config)
    assert report.verdict is Verdict.SKIPPED
