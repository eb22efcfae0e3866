"""A lane made of simulated devices, as visitors touch it: every act is a level on a wire, a face
before the thermometer, or a code before the camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.sim.scene import Scene
from drivers.wiring import InputName, OutputName
from gate.events import Beam, StaffAction
from gate.records import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.sim.thermometer import SimThermometer
    from drivers.sim.visitors import Visitor
    from drivers.sim.wires import SimulatedWires

_BEAMS = {Beam.A: InputName.BEAM_A, Beam.B: InputName.BEAM_B}
_BARRIERS = {
    Direction.ENTRY: OutputName.BARRIER_ENTRY,
    Direction.EXIT: OutputName.BARRIER_EXIT,
}
PRESS_S = 0.3
"""How long a button is held, or a key turned."""


class SimulatedPlace:
    """`drivers.sim.walk.Place` on simulated devices."""

    def __init__(
        self,
        wires: SimulatedWires,
        thermometer: SimThermometer,
        show: Callable[[Scene], None],
        code_of: Callable[[Visitor], Scene],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        """Args:
        wires: sensors and relays.
        thermometer: sees faces.
        show: puts a scene before the camera.
        code_of: what that visitor holds up.
        later: calls after so many seconds; for fingers that leave a button.
        """
        self._wires = wires
        self._thermometer = thermometer
        self._show = show
        self._code_of = code_of
        self._later = later

    # As a visitor touches it: see `drivers.sim.walk.Place`.

    def presence(self, *, present: bool) -> None:
        """Step before the barrier, or away."""
        self._wires.set(InputName.PRESENCE, active=present)

    def face(self, surface_c: float | None) -> None:
        """Turn to the thermometer, or away."""
        self._thermometer.person(surface_c)

    def hold_up(self, visitor: Visitor | None) -> None:
        """Hold a code before the camera, or take it away."""
        self._show(Scene() if visitor is None else self._code_of(visitor))

    def beam(self, beam: Beam, *, blocked: bool) -> None:
        """Break a light beam, or make it again."""
        self._wires.set(_BEAMS[beam], active=blocked)

    def press_exit(self) -> None:
        """Press the button inside."""
        self._press(InputName.EXIT_REQUEST)

    def call(self, action: StaffAction, people: int) -> None:  # noqa: ARG002 - a key can't count
        """Have the officer turn the key: short for assistance. Nothing else is on a key."""
        if action is StaffAction.ASSIST:
            self._press(InputName.STAFF)

    def is_released(self, direction: Direction) -> bool:
        """Whether the barrier's relay is on now."""
        return self._wires.is_on(_BARRIERS[direction])

    def _press(self, name: InputName) -> None:
        self._wires.set(name, active=True)
        self._later(PRESS_S, lambda: self._wires.set(name, active=False))
