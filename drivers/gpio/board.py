"""`drivers.api.Board` on gpiozero devices over a pin factory that is handed in.

Never gpiozero's default factory: it falls back in silence from lgpio down to one whose edges
never fire. Threads: edges come on the factory's notifier thread, time on `gpio-inputs`, the end
of leases on `gpio-leases`; all that any of them does to the lane is `post`.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from gpiozero import Factory, GPIOPinInUse, InputDevice, OutputDevice, Pin, PinInvalidPin

from drivers.api import Clock, DriverError, ErrorKind, Post
from drivers.gpio.inputs import Heard, InputWatch
from drivers.gpio.leases import Failure, LeasedOutput, LeaseKeeper
from drivers.gpio.staffkey import StaffKey
from drivers.gpio.words import OUTPUT_DEVICES
from drivers.wiring import Hold, InputLine, InputName, OutputLine, OutputName, Pull, Wiring
from gate.walltime import NS_PER_MS, NS_PER_S, WallTime

log = logging.getLogger(__name__)

AGE_NS_MAX = 10 * NS_PER_S
"""An edge that claims to be older comes from another clock than ours and happened now."""

T = TypeVar("T")

_PULL_UP = {Pull.UP: True, Pull.DOWN: False, Pull.EXTERNAL_UP: None, Pull.EXTERNAL_DOWN: None}


class GpioBoard:
    """`drivers.api.Board`, and an owner of its pin factory: `close` closes it as well."""

    def __init__(
        self,
        wiring: Wiring,
        factory: Callable[[], Factory],
        *,
        clock: Clock,
        wall: Callable[[], WallTime],
        realtime: bool = True,
    ) -> None:
        """Touch nothing yet: see `open`.

        Args:
            wiring: which line is what.
            factory: makes the gpiozero pin factory; called by `open`, may raise DriverError.
            clock: monotonic nanoseconds, the one that `until_ns` is counted in.
            wall: for the record of what the officer's key did; called on the pins' thread.
            realtime: see to leases and inputs from threads of our own. Without, the simulation
                calls `tick` at `wake_at_ns`.
        """
        self._wiring = wiring
        self._make_factory = factory
        self._clock = clock
        self._wall = wall
        self._realtime = realtime
        self._factory: Factory | None = None
        self._devices: list[InputDevice | OutputDevice] = []
        self._leases = LeaseKeeper(clock, self._report)
        self._inputs: InputWatch | None = None
        self._outputs: dict[str, LeasedOutput] = {}

    def open(self, post: Post) -> None:
        """See `drivers.api.Board.open`. Outputs are claimed first, each at its safe level."""
        if self._factory is not None:
            raise RuntimeError("the board is open already")
        self._factory = self._make_factory()
        self._leases = LeaseKeeper(self._clock, self._report)
        try:
            for name, output in self._wiring.outputs.items():
                self._claim_output(name, output)
            wires = {
                name: (self._claim_input(name, line), self._wiring.debounce_ns(name))
                for name, line in self._wiring.inputs.items()
            }
            self._inputs = InputWatch(
                self._clock, post, StaffKey(self._wall), polled=self._realtime
            )
            self._inputs.open(wires)
        except BaseException:
            self.close()
            raise
        if self._realtime:
            self._leases.start()
            self._inputs.start()

    def output(self, name: str) -> LeasedOutput:
        """See `drivers.api.Board.output`.

        Raises:
            KeyError: the wiring has no such output, or the board is not open.
        """
        return self._outputs[name]

    def renew(self) -> None:
        """See `drivers.api.Board.renew`. Call it at least every half `LEASE_NS`."""
        self._leases.renew()

    def close(self) -> None:
        """See `drivers.api.Board.close`."""
        if self._factory is None:
            return
        factory, self._factory = self._factory, None
        steps = [self._leases.close]
        if self._inputs is not None:
            steps.append(self._inputs.close)
        steps += [device.close for device in self._devices]
        steps.append(factory.close)
        for step in steps:
            try:
                step()
            except Exception:
                # One line that hangs must not keep the others from being let go.
                log.exception("while closing the board")
        self._devices.clear()
        self._outputs.clear()

    def tick(self) -> None:
        """End leases and settle inputs whose time has come (virtual time; after the pins')."""
        self._leases.tick()
        if self._inputs is not None:
            self._inputs.tick()

    def wake_at_ns(self) -> int | None:
        """When `tick` has something to do next; None for not before something happens."""
        moments = [self._leases.wake_at_ns()]
        if self._inputs is not None:
            moments.append(self._inputs.wake_at_ns())
        return min((at_ns for at_ns in moments if at_ns is not None), default=None)

    def _claim_output(self, name: OutputName, output: OutputLine) -> None:
        device = _guarded(
            name,
            lambda: OutputDevice(
                output.line,
                active_high=output.active_high,
                initial_value=False,
                pin_factory=self._factory,
            ),
        )
        self._devices.append(device)

        def write(*, on: bool) -> None:
            _guarded(name, device.on if on else device.off)

        self._outputs[name] = self._leases.add(
            name,
            write,
            pulse_ns=output.pulse_ms * NS_PER_MS if output.hold is Hold.PULSE else None,
            on_ns_max=self._wiring.on_ns_max(name),
        )

    def _claim_input(self, name: InputName, line: InputLine) -> "_Wire":
        active_level = bool(self._wiring.active_level(name))
        pull_up = _PULL_UP[line.pull]
        device = _guarded(
            name,
            lambda: InputDevice(
                line.line,
                pull_up=pull_up,
                active_state=active_level if pull_up is None else None,
                pin_factory=self._factory,
            ),
        )
        self._devices.append(device)
        return _Wire(name, device.pin, active_level, self._factory)

    def _report(self, failure: Failure) -> None:
        device = OUTPUT_DEVICES.get(OutputName(failure.name))
        if device is None or self._inputs is None:
            return
        if failure.kind is None:
            self._inputs.mend(device, failure.name)
        else:
            self._inputs.fail(device, failure.name, failure.kind)


class _Wire:
    """`drivers.gpio.inputs.Wire` on a gpiozero pin.

    The pin, not the device, is listened to: it tells when the edge was, and gpiozero's devices
    take one level for two.
    """

    def __init__(self, name: str, pin: Pin, active_level: bool, factory: Factory) -> None:
        self._name = name
        self._pin = pin
        self._active_level = active_level
        self._factory = factory
        self._heard: Heard | None = None

    def read(self) -> bool:
        return bool(_guarded(self._name, lambda: self._pin.state)) == self._active_level

    def listen(self, heard: Heard | None) -> None:
        self._heard = heard

        def listen() -> None:
            self._pin.edges = "both"
            self._pin.when_changed = None if heard is None else self._changed

        _guarded(self._name, listen)

    def _changed(self, ticks: float, state: int) -> None:
        """Called on the notifier's thread. Whatever happens, nothing may escape from here."""
        try:
            heard = self._heard
            if heard is not None:
                age_s = self._factory.ticks_diff(self._factory.ticks(), ticks)
                age_ns = round(age_s * NS_PER_S)
                in_range = 0 <= age_ns <= AGE_NS_MAX
                heard(bool(state) == self._active_level, age_ns if in_range else 0)
        except Exception:
            log.exception("input %s", self._name)


def _guarded(name: str, act: Callable[[], T]) -> T:
    """Do it; whatever the pins raise becomes a DriverError that names the line."""
    try:
        return act()
    except DriverError as error:
        raise DriverError(error.kind, name, error.message) from error
    except GPIOPinInUse as error:
        raise DriverError(ErrorKind.BUSY, name, str(error)) from error
    except PinInvalidPin as error:
        raise DriverError(ErrorKind.MISSING, name, str(error)) from error
    except Exception as error:
        raise DriverError(ErrorKind.FAILED, name, str(error)) from error
