"""When the chamber's actuator may run: which sensors must permit, by what it does to whom."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gate.events import ChamberInput, Device
from gate.policy import ChamberMode
from gate.reasons import Reason
from gate.states import Lane

REQUIRED: Final[Mapping[ChamberMode, frozenset[ChamberInput]]] = MappingProxyType(
    {
        ChamberMode.OFF: frozenset(),
        # A dispenser: nobody is enclosed, but an empty one cleans no hands.
        ChamberMode.HANDS: frozenset({ChamberInput.TANK_FILLED}),
        ChamberMode.FOOTWEAR: frozenset({ChamberInput.TANK_FILLED}),
        # Moving air needs doors that are shut; there is no tank.
        ChamberMode.AIR: frozenset({ChamberInput.DOORS_CLOSED}),
        ChamberMode.VACANT: frozenset(ChamberInput),
        ChamberMode.MIST: frozenset({ChamberInput.DOORS_CLOSED, ChamberInput.TANK_FILLED}),
    }
)
"""Sensors that must permit before the actuator runs, and all the while it does."""

STAGE_MODES: Final = frozenset(
    {ChamberMode.HANDS, ChamberMode.FOOTWEAR, ChamberMode.AIR, ChamberMode.MIST}
)
"""Modes that are part of a visit. The others pass the visitor on at once."""


def forbids(lane: Lane) -> Reason | None:
    """Why the actuator may not run now, or None where it may."""
    if Device.CHAMBER in lane.failed:
        return Reason.CHAMBER_UNAVAILABLE
    missing = REQUIRED[lane.policy.chamber.mode] - lane.permits
    if not missing:
        return None
    if missing == {ChamberInput.TANK_FILLED}:
        return Reason.CHAMBER_UNAVAILABLE
    return Reason.CHAMBER_INTERLOCK
