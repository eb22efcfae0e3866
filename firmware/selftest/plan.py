"""The steps in their order: stop before anything moves, and what the lane needs before the rest."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from drivers.api import ErrorKind
from firmware.selftest.names import StepName
from firmware.selftest.step import Step
from firmware.selftest.steps.broker import broker
from firmware.selftest.steps.camera import HINTS as CAMERA_HINTS
from firmware.selftest.steps.camera import camera
from firmware.selftest.steps.clock import clock
from firmware.selftest.steps.memory import memory
from firmware.selftest.steps.relays import relays
from firmware.selftest.steps.safety import inputs, stop
from firmware.selftest.steps.storage import HINTS as STORAGE_HINTS
from firmware.selftest.steps.storage import storage
from firmware.selftest.steps.thermometer import HINTS as THERMOMETER_HINTS
from firmware.selftest.steps.thermometer import thermometer

BROKER_S_MAX: Final = 120.0
"""Ten publishes, each with the time that the reporter gives it, and two connections."""
THERMOMETER_S_MAX: Final = 60.0
"""Forty readings of a second each never happen: three in a row without an answer end it."""

_LINES = MappingProxyType(
    {
        ErrorKind.MISSING: "There is no such GPIO chip: is this a Pi, and up to date?",
        ErrorKind.BUSY: "Another program holds the lines: stop the lane first, "
        "`systemctl stop gate`.",
        ErrorKind.DENIED: "This user may not use the lines: put it into the group gpio.",
    }
)

PLAN: Final = (
    Step(
        name=StepName.INPUTS,
        text="fire loop and emergency stop at rest, nobody in the lane",
        run=inputs,
        hints=_LINES,
    ),
    Step(
        name=StepName.STOP,
        text="an output goes off by itself, when told to, and by the emergency stop",
        run=stop,
        needs=(StepName.INPUTS,),
        energises=True,
        hints=_LINES,
    ),
    Step(
        name=StepName.STORAGE,
        text="the journal's disk: room, settings, time to the disk, read back",
        run=storage,
        limit_s=60.0,
        hints=STORAGE_HINTS,
    ),
    Step(
        name=StepName.CLOCK,
        text="the wall clock: what it is worth, and whether it was set meanwhile",
        run=clock,
    ),
    Step(
        name=StepName.THERMOMETER,
        text="latency, noise, whether it is frozen, ambient temperature",
        run=thermometer,
        limit_s=THERMOMETER_S_MAX,
        hints=THERMOMETER_HINTS,
    ),
    Step(
        name=StepName.CAMERA,
        text="a vision process: start, frame rate, picture, a reference code read",
        run=camera,
        hints=CAMERA_HINTS,
    ),
    Step(
        name=StepName.RELAYS,
        text="every output on and off, read back; no pulse at claim",
        run=relays,
        needs=(StepName.INPUTS, StepName.STOP),
        energises=True,
        hints=_LINES,
    ),
    Step(
        name=StepName.BROKER,
        text="connection to the broker, and time to its acknowledgement",
        run=broker,
        limit_s=BROKER_S_MAX,
    ),
    Step(
        name=StepName.MEMORY,
        text="what the process holds, and what the machine has left",
        run=memory,
    ),
)


def chosen(names: Iterable[StepName]) -> tuple[Step, ...]:
    """Those steps and all that they need, in the plan's order; of no names, all."""
    wanted = set(names)
    if not wanted:
        return PLAN
    for step in reversed(PLAN):
        if step.name in wanted:
            wanted.update(step.needs)
    return tuple(step for step in PLAN if step.name in wanted)
