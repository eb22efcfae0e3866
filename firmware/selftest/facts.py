"""What the lane's inputs say, and why nothing may be switched on now."""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from drivers.wiring import InputName, OutputName
from firmware.config.checks import CHAMBER_SENSORS
from gate.events import (
    AnyEvent,
    Beam,
    BeamChanged,
    ChamberInputChanged,
    Device,
    DeviceFailed,
    DeviceRecovered,
    DoorChanged,
    EmergencyStopChanged,
    FireChanged,
    PresenceChanged,
    TamperChanged,
)
from gate.interlock import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gate.policy import ChamberMode

_BEAMS: Final[Mapping[Beam, InputName]] = MappingProxyType(
    {Beam.A: InputName.BEAM_A, Beam.B: InputName.BEAM_B}
)
DANGERS: Final[Mapping[InputName, str]] = MappingProxyType(
    {
        InputName.EMERGENCY_STOP: "the emergency stop is pressed",
        InputName.FIRE: "the fire panel's loop is open",
        InputName.PRESENCE: "somebody stands in the lane",
        InputName.BEAM_A: "somebody stands in the passage",
        InputName.BEAM_B: "somebody stands in the passage",
    }
)
"""What forbids every output while it is active."""
BLIND: Final[frozenset[Device]] = frozenset({Device.INPUTS, Device.PRESENCE, Device.BEAMS})
"""While one of these has failed, nobody knows of the dangers."""


class InputFacts:
    """Takes the board's events in place of a lane. Every method may be called from any thread."""

    def __init__(self, chamber: ChamberMode) -> None:
        self.door = threading.RLock()
        """Held while a danger is made known: who holds it knows that none comes meanwhile."""
        self._chamber = chamber
        self._active: dict[InputName, bool] = {}
        self._failed: dict[Device, str] = {}
        self._listeners: list[Callable[[], None]] = []

    def post(self, event: AnyEvent) -> None:
        """The board's door. What a danger forbids is off before this returns."""
        with self.door:
            self._take(event)
            listeners = list(self._listeners)
        # Not with the door held: an output that fails to rest reports it through the board's own.
        for look in listeners:
            look()

    def is_active(self, name: InputName) -> bool | None:
        """Whether that input is; None where it has never said."""
        with self.door:
            return self._active.get(name)

    def active(self) -> list[InputName]:
        """All that are."""
        with self.door:
            return [name for name in InputName if self._active.get(name)]

    def failed(self) -> dict[Device, str]:
        """Devices behind the inputs that don't work, and how."""
        with self.door:
            return dict(self._failed)

    def danger(self, output: OutputName | None = None) -> str:
        """Why that output, or any, may not be switched on now; empty where it may."""
        with self.door:
            for name, words in DANGERS.items():
                if self._active.get(name):
                    return words
            for device in BLIND & self._failed.keys():
                return f"the sensors can't be believed ({device}: {self._failed[device]})"
            return self._interlock() if output is OutputName.CHAMBER else ""

    def listen(self, look: Callable[[], None]) -> None:
        """Call that after every event. It must neither wait nor raise."""
        with self.door:
            self._listeners.append(look)

    def forget(self, look: Callable[[], None]) -> None:
        """Don't, from now on."""
        with self.door:
            self._listeners.remove(look)

    def _interlock(self) -> str:
        forbidding = [
            CHAMBER_SENSORS[sensor]
            for sensor in REQUIRED[self._chamber]
            if self._active.get(CHAMBER_SENSORS[sensor], True)
        ]
        return f"the chamber's interlock forbids it ({', '.join(forbidding)})" if forbidding else ""

    def _take(self, event: AnyEvent) -> None:
        match event:
            case PresenceChanged(present):
                self._active[InputName.PRESENCE] = present
            case BeamChanged(beam, blocked):
                self._active[_BEAMS[beam]] = blocked
            case FireChanged(active):
                self._active[InputName.FIRE] = active
            case EmergencyStopChanged(active):
                self._active[InputName.EMERGENCY_STOP] = active
            case TamperChanged(active):
                self._active[InputName.TAMPER] = active
            case DoorChanged(is_open):
                self._active[InputName.DOOR] = is_open
            case ChamberInputChanged(sensor, permits):
                self._active[CHAMBER_SENSORS[sensor]] = not permits
            case DeviceFailed(device, kind):
                self._failed[device] = kind
            case DeviceRecovered(device):
                self._failed.pop(device, None)
            case _:
                pass  # contacts that close for a moment: nothing is known from them at rest
