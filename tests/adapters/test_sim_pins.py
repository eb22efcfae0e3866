"""The simulated pins are as unforgiving as the hardware: what fails on a Pi fails here."""

import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from gpiozero import DigitalInputDevice, OutputDevice, Pin, PinFixedPull, PinSetInput

from drivers.api import DriverError, ErrorKind
from drivers.sim.chip import CHATTER_HZ_MAX, Edge, ShortCircuit, SimChip
from drivers.sim.pins import SimPinFactory
from gate.walltime import NS_PER_S

LIVE_S = 30
"""Liveness only: what is waited for comes in milliseconds."""


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_ns = 1_000

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def chip(hands: Hands) -> SimChip:
    return SimChip(hands)


@pytest.fixture
def live() -> Iterator[SimChip]:
    """A chip in real time, with its own notifier."""
    chip = SimChip(time.monotonic_ns, realtime=True)
    yield chip
    chip.close()


def test_lines_come_up_as_a_pis_do(chip: SimChip) -> None:
    """GPIO 0-8 pulled up, 9-27 pulled down."""
    assert [chip.level(line) for line in (0, 8, 9, 27)] == [1, 1, 0, 0]


def test_a_glitch_is_in_the_history(chip: SimChip, hands: Hands) -> None:
    """gpiozero's stock way to an active-low output, low first, shows as a pulse; ours does not."""
    factory = SimPinFactory(chip)
    for line, claim in ((4, Pin.output_with_state), (5, type(factory.pin(5)).output_with_state)):
        claim(factory.pin(line), True)
    at_ns = hands.now_ns
    assert chip.edges(4) == [Edge(at_ns, 1), Edge(at_ns, 0), Edge(at_ns, 1)]
    assert chip.edges(5) == [Edge(at_ns, 1)]


def test_a_line_has_one_owner_until_its_factory_closes(chip: SimChip) -> None:
    """Closing the device does not give the line back: lgpio's doesn't either."""
    first, second = SimPinFactory(chip), SimPinFactory(chip)
    OutputDevice(17, pin_factory=first).close()
    with pytest.raises(DriverError) as refused:
        second.pin(17)
    assert refused.value.kind is ErrorKind.BUSY
    first.close()
    OutputDevice(17, pin_factory=second)
    with pytest.raises(DriverError):
        first.pin(18)


@pytest.mark.parametrize("persist", [False, True])
def test_what_a_dead_process_leaves_behind(hands: Hands, persist: bool) -> None:
    """A strict kernel lets go of the relay, the Pi's default leaves it on."""
    chip = SimChip(hands, persist_gpio_outputs=persist)
    factory = SimPinFactory(chip)
    relay = OutputDevice(17, initial_value=True, pin_factory=factory)
    factory.close()  # the process died: nobody closed the relay first
    assert chip.level(17) == int(persist)
    relay.close()


def test_two_that_drive_one_wire_are_a_short_circuit(chip: SimChip) -> None:
    """From either side."""
    factory = SimPinFactory(chip)
    relay = OutputDevice(17, pin_factory=factory)
    with pytest.raises(ShortCircuit):
        chip.drive(17, 1)
    chip.drive(18, 1)
    with pytest.raises(ShortCircuit):
        OutputDevice(18, pin_factory=factory)
    relay.close()


def test_an_input_can_be_pulled_and_not_written(chip: SimChip) -> None:
    """And an output the other way round."""
    factory = SimPinFactory(chip)
    pin = factory.pin(10)
    pin.input_with_pull("up")
    assert (pin.function, pin.pull, pin.state) == ("input", "up", True)
    with pytest.raises(PinSetInput):
        pin.state = True
    pin.output_with_state(False)
    with pytest.raises(PinFixedPull):
        pin.pull = "up"


def test_an_open_wire_follows_its_pull(chip: SimChip) -> None:
    """Driven, let go, cut, mended, and welded shut."""
    pin = SimPinFactory(chip).pin(10)
    pin.input_with_pull("up")
    chip.drive(10, 0)
    assert chip.level(10) == 0
    chip.drive(10, None)
    assert chip.level(10) == 1
    chip.drive(10, 0)
    chip.cut_wire(10)
    assert chip.level(10) == 1
    chip.mend_wire(10)
    assert chip.level(10) == 0
    chip.stick(10, 1)
    chip.drive(10, 0)
    assert chip.level(10) == 1
    chip.unstick(10)
    assert chip.level(10) == 0


def test_a_welded_relay_line_does_not_obey(chip: SimChip) -> None:
    relay = OutputDevice(17, pin_factory=SimPinFactory(chip))
    chip.stick(17, 1)
    relay.off()
    assert chip.level(17) == 1


def test_chatter_is_exact(chip: SimChip, hands: Hands) -> None:
    """50 Hz for a second are a hundred edges, ten milliseconds apart, whenever one looks."""
    chip.drive(10, 0)
    before = len(chip.edges(10))
    chip.chatter(10, hz=50)
    hands.now_ns += NS_PER_S
    chip.pump()
    edges = chip.edges(10)[before:]
    assert len(edges) == 100
    gaps = {later.at_ns - edge.at_ns for edge, later in pairwise(edges)}
    assert gaps == {NS_PER_S // 100}
    chip.quiet(10)
    assert chip.wake_at_ns() is None
    with pytest.raises(ValueError, match="Hz"):
        chip.chatter(10, CHATTER_HZ_MAX * 2)


def test_a_chip_that_is_gone_answers_nothing(chip: SimChip) -> None:
    """Claims, reads and writes raise until it is back."""
    factory = SimPinFactory(chip)
    relay = OutputDevice(17, pin_factory=factory)
    chip.go_missing()
    for act in (relay.on, lambda: relay.value, lambda: factory.pin(18)):
        with pytest.raises(DriverError) as refused:
            act()
        assert refused.value.kind is ErrorKind.MISSING
    chip.come_back()
    relay.on()
    assert chip.level(17) == 1


def test_virtual_alerts_wait_for_the_pump(chip: SimChip, hands: Hands) -> None:
    """Time stands still until it is moved, and an alert carries the time of its edge."""
    factory = SimPinFactory(chip)
    heard: list[tuple[int, int]] = []

    def changed(ticks: int, state: int) -> None:
        heard.append((ticks, state))

    pin = factory.pin(10)
    pin.when_changed = changed
    chip.drive(10, 1)
    at_ns = hands.now_ns
    hands.now_ns += 5
    assert heard == []
    chip.pump()
    assert heard == [(at_ns, 1)]
    assert factory.ticks_diff(factory.ticks(), at_ns) == pytest.approx(5e-9)
    pin.when_changed = None
    chip.drive(10, 0)
    chip.pump()
    assert len(heard) == 1


def test_gpiozeros_own_devices_work_on_these_pins(live: SimChip) -> None:
    """A stock input device hears an edge from the notifier's thread."""
    thread: list[str] = []
    heard = threading.Event()

    def activated() -> None:
        thread.append(threading.current_thread().name)
        heard.set()

    button = DigitalInputDevice(10, pull_up=True, pin_factory=SimPinFactory(live))
    button.when_activated = activated
    live.drive(10, 0)
    assert heard.wait(LIVE_S)
    assert thread == ["sim-gpio-notifier"]


def test_one_exception_makes_every_input_deaf(live: SimChip) -> None:
    """The notifier dies of a callback's exception, as lgpio's does, and says so."""
    factory = SimPinFactory(live)
    dying, other = factory.pin(10), factory.pin(11)
    heard: list[int] = []

    def die(_ticks: int, _state: int) -> None:
        raise RuntimeError("a bug in a callback")

    def hear(_ticks: int, state: int) -> None:
        heard.append(state)

    dying.when_changed = die
    other.when_changed = hear
    live.drive(10, 1)
    notifier = live._notifier
    assert notifier is not None
    notifier.join(LIVE_S)
    assert not notifier.is_alive()
    live.drive(11, 1)
    assert isinstance(live.notifier_error, RuntimeError)
    assert heard == []


def test_a_real_time_chip_is_not_pumped(live: SimChip) -> None:
    with pytest.raises(RuntimeError, match="by itself"):
        live.pump()
