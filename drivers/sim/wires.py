"""The far end of a simulated lane's wires: sensors and relays by their names."""

from drivers.sim.chip import SimChip
from drivers.wiring import InputName, OutputName, Wiring


class SimulatedWires:
    """What hangs on the wires of a `SimChip`."""

    def __init__(self, chip: SimChip, wiring: Wiring) -> None:
        self.chip = chip
        self._wiring = wiring

    def rest(self) -> None:
        """Everything at rest: nobody there, no alarm, doors shut, tank full."""
        for name in self._wiring.inputs:
            self.set(name, active=False)

    def set(self, name: InputName, *, active: bool) -> None:
        """Put a sensor into that position. A lane that has no such sensor does not mind."""
        if name in self._wiring.inputs:
            level = self._wiring.active_level(name)
            self.chip.drive(self._wiring.inputs[name].line, level if active else 1 - level)

    def is_on(self, name: OutputName) -> bool:
        """Whether that output's wire has the level that switches its thing on."""
        output = self._wiring.outputs.get(name)
        return output is not None and self.chip.level(output.line) != output.safe_level
