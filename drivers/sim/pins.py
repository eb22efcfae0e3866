"""gpiozero pins on a simulated chip. The factory behaves as lgpio's does where it hurts:
claims are exclusive and last until the factory closes, alerts come from a foreign thread, and
an exception in one callback makes every input deaf."""

from collections.abc import Callable

from gpiozero import PinEdgeDetectUnsupported, PinFixedPull, PinInvalidFunction, PinSetInput
from gpiozero.pins.pi import PiFactory, PiPin

from drivers.api import DriverError, ErrorKind
from drivers.sim.chip import SimChip
from gate.walltime import NS_PER_S

PI_4B_REVISION = 0xC03114


class SimPin(PiPin):  # type: ignore[misc] # gpiozero ships no types
    """One line of the header, claimed from its making until the factory closes."""

    when_changed: Callable[[int, int], None] | None
    """A property of gpiozero's: called with (ticks, level)."""

    def __init__(self, factory: "SimPinFactory", info: object) -> None:
        super().__init__(factory, info)
        self._chip = factory.chip
        self._chip.claim(factory, self._number)

    def close(self) -> None:
        """Stop watching and driving. The line stays claimed, as with lgpio."""
        if not self.factory.closed:
            self.when_changed = None
            self._chip.make_input(self._number, "floating")

    def output_with_state(self, state: bool) -> None:
        """Claim as an output with that level from the first moment: no pulse on the way."""
        self._chip.make_output(self._number, int(bool(state)))

    def _get_function(self) -> str:
        return "output" if self._chip.is_output(self._number) else "input"

    def _set_function(self, value: str) -> None:
        if value == "output":
            # As the kernel does for who does not say: low, whatever the relay makes of it.
            self._chip.make_output(self._number, 0)
        elif value == "input":
            self._chip.make_input(self._number, "floating")
        else:
            raise PinInvalidFunction(f"{self!r} is no {value!r}")

    def _get_state(self) -> bool:
        return bool(self._chip.read(self._number))

    def _set_state(self, value: bool) -> None:
        if not self._chip.is_output(self._number):
            raise PinSetInput(f"{self!r} is an input")
        self._chip.write(self._number, int(bool(value)))

    def _get_pull(self) -> str:
        return self._chip.pull(self._number)

    def _set_pull(self, value: str) -> None:
        if self._chip.is_output(self._number):
            raise PinFixedPull(f"{self!r} is an output")
        self._chip.make_input(self._number, value)

    def _get_edges(self) -> str:
        return "both"

    def _set_edges(self, value: str) -> None:
        if value != "both":
            raise PinEdgeDetectUnsupported(f"{self!r} tells of both edges only")

    def _enable_event_detect(self) -> None:
        self._chip.watch(self._number, self._call_when_changed)

    def _disable_event_detect(self) -> None:
        self._chip.watch(self._number, None)


class SimPinFactory(PiFactory):  # type: ignore[misc] # gpiozero ships no types
    """What one process holds of a `SimChip`. Ticks are the chip's nanoseconds."""

    def __init__(self, chip: SimChip) -> None:
        super().__init__()
        self.chip = chip
        self.closed = False
        self.pin_class: Callable[..., SimPin] = SimPin

    def _get_revision(self) -> int:
        return PI_4B_REVISION

    def pin(self, name: int | str) -> SimPin:
        """The pin of that name; the same object each time."""
        if self.closed:
            raise DriverError(ErrorKind.MISSING, "gpio", "the factory is closed")
        pin: SimPin = super().pin(name)
        return pin

    def close(self) -> None:
        """Give every line back, driven or not. Idempotent."""
        if not self.closed:
            self.closed = True
            self.pins.clear()
            self.chip.release(self)

    def ticks(self) -> int:
        """The chip's clock, nanoseconds."""
        return self.chip.clock()

    @staticmethod
    def ticks_diff(later: int, earlier: int) -> float:
        """Seconds between two ticks."""
        return (later - earlier) / NS_PER_S
