"""What each input means to the lane: the event of a change, the device that it belongs to, and
what is assumed of it when it can no longer be believed."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from drivers.wiring import InputName, OutputName
from gate.events import (
    AnyEvent,
    Beam,
    BeamChanged,
    ChamberInput,
    ChamberInputChanged,
    Device,
    DoorChanged,
    EmergencyStopChanged,
    ExitRequested,
    FireChanged,
    PassContactPulsed,
    PresenceChanged,
    TamperChanged,
)
from gate.records import Direction
from gate.walltime import NS_PER_S

PASS_NS_MAX = 30 * NS_PER_S
"""A PASS contact that stays active longer is a fault: nobody needs so long to go through."""
EXIT_REPEAT_NS = 2 * NS_PER_S
"""A button that stays pressed asks again: the grant of the first press ends, the hand is still
there. Well below a grant, and no more events than a person in a hurry makes."""


class Meaning(Struct, frozen=True):
    """One row of the table."""

    event: Callable[[bool], AnyEvent | None]
    """The event of becoming active (True) or inactive, None where that says nothing."""
    device: Device = Device.INPUTS
    assume: bool | None = None
    """Active or not while the input is switched off; None: as it was last."""
    at_start: bool = True
    """Whether its level at start is a fact too, or only a change is one."""
    active_ns_max: int | None = None
    """Active for longer, it is a fault."""
    repeat_ns: int | None = None
    """How often it is said again while it is active, or assumed to be."""


def _interlock(sensor: ChamberInput) -> Meaning:
    return Meaning(
        lambda active: ChamberInputChanged(sensor, not active), Device.CHAMBER, assume=True
    )


def _passed(direction: Direction) -> Meaning:
    return Meaning(
        lambda active: PassContactPulsed(direction) if active else None,
        at_start=False,
        active_ns_max=PASS_NS_MAX,
    )


def _silent(_active: bool) -> None:
    return None


MEANINGS: Final[Mapping[InputName, Meaning]] = MappingProxyType(
    {
        InputName.PRESENCE: Meaning(PresenceChanged, Device.PRESENCE),
        InputName.BEAM_A: Meaning(lambda a: BeamChanged(Beam.A, a), Device.BEAMS, assume=True),
        InputName.BEAM_B: Meaning(lambda a: BeamChanged(Beam.B, a), Device.BEAMS, assume=True),
        InputName.PASS_A: _passed(Direction.ENTRY),
        InputName.PASS_B: _passed(Direction.EXIT),
        InputName.DOOR: Meaning(DoorChanged),
        # Egress is never refused: a button that can't be believed counts as pressed.
        InputName.EXIT_REQUEST: Meaning(
            lambda active: ExitRequested() if active else None,
            assume=True,
            repeat_ns=EXIT_REPEAT_NS,
        ),
        InputName.FIRE: Meaning(FireChanged, assume=True),
        InputName.EMERGENCY_STOP: Meaning(EmergencyStopChanged, assume=True),
        InputName.TAMPER: Meaning(TamperChanged, assume=True),
        InputName.CHAMBER_DOORS: _interlock(ChamberInput.DOORS_CLOSED),
        InputName.CHAMBER_VACANT_1: _interlock(ChamberInput.VACANT_1),
        InputName.CHAMBER_VACANT_2: _interlock(ChamberInput.VACANT_2),
        InputName.TANK: _interlock(ChamberInput.TANK_FILLED),
        # What the officer's key says depends on how long it was held: `drivers.gpio.staffkey`.
        InputName.STAFF: Meaning(_silent, at_start=False),
    }
)

OUTPUT_DEVICES: Final[Mapping[OutputName, Device]] = MappingProxyType(
    {
        OutputName.BARRIER_ENTRY: Device.BARRIER,
        OutputName.BARRIER_EXIT: Device.BARRIER,
        OutputName.CHAMBER: Device.CHAMBER,
    }
)
"""Lamps and the buzzer are no device that the lane stops for: their faults are logged."""
