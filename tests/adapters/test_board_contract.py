"""One contract for every board, in real time: on simulated pins, and on lgpio over the kernel's
own simulated GPIO chip where this machine has one (root, CONFIG_GPIO_SIM, lgpio installed)."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import pytest
from gpiozero import Factory

from drivers.api import DriverError, ErrorKind
from drivers.gpio import LEASE_NS, GpioBoard
from drivers.lgpiofactory import find_chip, lgpio_factory
from drivers.sim.chip import SimChip
from drivers.sim.pins import SimPinFactory
from drivers.wiring import InputLine, InputName, OutputLine, OutputName, Wiring
from gate.events import (
    AnyEvent,
    Beam,
    BeamChanged,
    Device,
    DeviceFailed,
    FireChanged,
    PassContactPulsed,
    StaffActed,
    StaffAction,
)
from gate.records import Direction
from gate.walltime import NS_PER_S, WallTime

LIVE_S = 30
"""Liveness only: what is waited for comes in milliseconds."""
WIRING = Wiring(
    outputs={
        OutputName.BARRIER_ENTRY: OutputLine(line=17, active_high=False),
        OutputName.BARRIER_EXIT: OutputLine(line=27),
        OutputName.LIGHT_RED: OutputLine(line=23),
    },
    inputs={
        InputName.FIRE: InputLine(line=20),
        InputName.BEAM_A: InputLine(line=6),
        InputName.PASS_A: InputLine(line=19),
        InputName.STAFF: InputLine(line=11),
    },
)
CONFIGFS = Path("/sys/kernel/config/gpio-sim")
LABEL = "pinctrl-bcm2711"
PI_4B_REVISION = 0xC03114


class World(Protocol):
    """The far end of the wires."""

    def factory(self) -> Factory: ...

    def drive(self, line: int, level: int) -> None: ...

    def level(self, line: int) -> int: ...

    def close(self) -> None: ...


class SimWorld:
    def __init__(self) -> None:
        self.chip = SimChip(time.monotonic_ns, realtime=True)
        self.drive = self.chip.drive
        self.level = self.chip.level
        self.close = self.chip.close

    def factory(self) -> Factory:
        return SimPinFactory(self.chip)


class KernelWorld:
    """gpio-sim by configfs, with the label of a Pi 4's header."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, work: Path) -> None:
        monkeypatch.setenv("LG_WD", str(work))
        monkeypatch.chdir(work)  # lgpio changes into it at import; pytest must come back
        monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: PI_4B_REVISION)
        self._dir = CONFIGFS / f"gate-{work.name}"
        self._bank = self._dir / "bank0"
        self._bank.mkdir(parents=True)
        (self._bank / "num_lines").write_text("54")
        (self._bank / "label").write_text(LABEL)
        (self._dir / "live").write_text("1")
        device = (self._dir / "dev_name").read_text().strip()
        chip = (self._bank / "chip_name").read_text().strip()
        self._lines = Path("/sys/devices/platform") / device / chip
        self._number = int(chip.removeprefix("gpiochip"))

    def factory(self) -> Factory:
        return lgpio_factory(self._number)

    def drive(self, line: int, level: int) -> None:
        pull = self._lines / f"sim_gpio{line}" / "pull"
        pull.write_text("pull-up" if level else "pull-down")

    def level(self, line: int) -> int:
        return int((self._lines / f"sim_gpio{line}" / "value").read_text())

    def close(self) -> None:
        (self._dir / "live").write_text("0")
        self._bank.rmdir()
        self._dir.rmdir()


class Rig:
    """A board that is open, what it posts, and the world that it looks at."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.events: queue.Queue[AnyEvent] = queue.Queue()
        self.post: Callable[[AnyEvent], None] = self.events.put
        for name in WIRING.inputs:
            self.set(name, active=False)
        self.board = self.make()

    def make(self) -> GpioBoard:
        return GpioBoard(
            WIRING,
            self.world.factory,
            clock=time.monotonic_ns,
            wall=lambda: WallTime(1_700_000_000_000),
        )

    def open(self) -> None:
        self.board.open(self.pass_on)
        while not self.events.empty():
            self.events.get()

    def pass_on(self, event: AnyEvent) -> None:
        self.post(event)

    def set(self, name: InputName, *, active: bool) -> None:
        level = WIRING.active_level(name)
        self.world.drive(WIRING.inputs[name].line, level if active else 1 - level)

    def heard(self) -> AnyEvent:
        return self.events.get(timeout=LIVE_S)

    def reaches(self, line: int, level: int, meanwhile: Callable[[], None] = lambda: None) -> float:
        """Seconds until the line has that level."""
        start_s = time.monotonic()
        while self.world.level(line) != level:
            meanwhile()
            assert time.monotonic() - start_s < LIVE_S, f"GPIO {line} never became {level}"
            time.sleep(0.002)
        return time.monotonic() - start_s


def _kernel_lacks() -> str | None:
    if not CONFIGFS.is_dir():
        return f"no {CONFIGFS}"
    return None if find_spec("lgpio") else "lgpio is not installed"


LACKS = _kernel_lacks()
WHY = f"lgpio over the kernel's gpio-sim did not run: {LACKS}"
# By a mark, so that the summary has one line for all of them.
KERNEL = pytest.param("lgpio", marks=[pytest.mark.skip(reason=WHY)] if LACKS else [])


@pytest.fixture(params=["sim", KERNEL])
def rig(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Rig]:
    world: World = SimWorld() if request.param == "sim" else KernelWorld(monkeypatch, tmp_path)
    rig = Rig(world)
    yield rig
    rig.board.close()
    world.close()


def test_it_opens_safe_and_says_what_it_sees(rig: Rig) -> None:
    """Every relay at its safe level, every level posted once."""
    rig.set(InputName.FIRE, active=True)
    rig.board.open(rig.post)
    assert {rig.heard(), rig.heard()} == {
        FireChanged(active=True),
        BeamChanged(Beam.A, blocked=False),
    }
    assert [rig.world.level(line) for line in (17, 27, 23)] == [1, 0, 0]


def test_an_output_goes_on_and_off_by_order(rig: Rig) -> None:
    rig.open()
    entry = rig.board.output("barrier_entry")
    entry.drive(time.monotonic_ns() + 8 * NS_PER_S)
    assert rig.world.level(17) == 0
    entry.rest()
    entry.rest()
    assert rig.world.level(17) == 1


def test_an_output_goes_off_at_its_end_with_nobody_asking(rig: Rig) -> None:
    """The lease is renewed all the while: what ends it is its own end."""
    rig.open()
    rig.board.output("barrier_exit").drive(time.monotonic_ns() + NS_PER_S // 5)
    rig.reaches(27, 0, meanwhile=rig.board.renew)


def test_a_silent_controller_loses_its_outputs(rig: Rig) -> None:
    """The loop hangs: nobody renews, and every relay lets go by itself."""
    rig.open()
    for name in ("barrier_entry", "barrier_exit", "light_red"):
        rig.board.output(name).drive(time.monotonic_ns() + 8 * NS_PER_S)
    waited_s = max(rig.reaches(line, safe) for line, safe in ((17, 1), (27, 0), (23, 0)))
    assert waited_s < 8


def test_a_living_controller_keeps_its_outputs(rig: Rig) -> None:
    """Renewed for three times a lease, an output is still on."""
    rig.open()
    rig.board.output("barrier_exit").drive(time.monotonic_ns() + 60 * NS_PER_S)
    pause = threading.Event()
    for _ in range(30):
        pause.wait(LEASE_NS / NS_PER_S / 10)
        rig.board.renew()
    assert rig.world.level(27) == 1


def test_inputs_are_heard(rig: Rig) -> None:
    """Both edges of a beam; a PASS contact; the officer's key; fire by an open loop."""
    rig.open()
    rig.set(InputName.BEAM_A, active=True)
    assert rig.heard() == BeamChanged(Beam.A, blocked=True)
    rig.set(InputName.BEAM_A, active=False)
    assert rig.heard() == BeamChanged(Beam.A, blocked=False)
    rig.set(InputName.PASS_A, active=True)
    assert rig.heard() == PassContactPulsed(Direction.ENTRY)
    rig.set(InputName.FIRE, active=True)
    assert rig.heard() == FireChanged(active=True)
    rig.set(InputName.STAFF, active=True)
    threading.Event().wait(0.2)
    rig.set(InputName.STAFF, active=False)
    acted = rig.heard()
    assert isinstance(acted, StaffActed)
    assert acted.action is StaffAction.ASSIST


def test_twenty_milliseconds_are_a_passage(rig: Rig) -> None:
    """The shortest PASS contact is never lost, and none is counted twice."""
    rig.open()
    pause = threading.Event()
    for _ in range(10):
        rig.set(InputName.PASS_A, active=True)
        pause.wait(0.02)
        rig.set(InputName.PASS_A, active=False)
        pause.wait(0.05)
    assert [rig.heard() for _ in range(10)] == [PassContactPulsed(Direction.ENTRY)] * 10
    pause.wait(0.2)
    assert rig.events.empty()


def test_no_exception_of_the_lane_makes_it_deaf(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """`post` breaks its promise and raises; the next edge is heard all the same."""
    rig.open()
    raised = threading.Event()

    def refuse(_: AnyEvent) -> None:
        raised.set()
        raise RuntimeError("a bug in the lane")

    rig.post = refuse
    with caplog.at_level(logging.CRITICAL, logger="drivers.gpio"):
        rig.set(InputName.BEAM_A, active=True)
        assert raised.wait(LIVE_S)
    rig.post = rig.events.put
    rig.set(InputName.FIRE, active=True)
    assert rig.heard() == FireChanged(active=True)


def test_a_lane_that_hangs_in_post_keeps_no_relay_on(rig: Rig) -> None:
    """Even when whoever listens never returns, the leases end: they have a thread of their own."""
    rig.open()
    release, stuck = threading.Event(), threading.Event()

    def hang(_: AnyEvent) -> None:
        stuck.set()
        release.wait(LIVE_S)

    rig.post = hang
    rig.board.output("barrier_exit").drive(time.monotonic_ns() + 8 * NS_PER_S)
    rig.set(InputName.FIRE, active=True)
    try:
        assert stuck.wait(LIVE_S)
        assert rig.reaches(27, 0) < 8
    finally:
        release.set()


def test_chatter_is_reported_and_fire_assumed(rig: Rig) -> None:
    """Hum on the fire loop reads as fire and as a fault, whatever the loop says in between."""
    rig.open()
    pause = threading.Event()
    said: list[AnyEvent] = []
    for turn in range(2_000):
        rig.set(InputName.FIRE, active=turn % 2 == 0)
        pause.wait(0.002)
        while not rig.events.empty():
            said.append(rig.events.get())
        if DeviceFailed(Device.INPUTS, "chatter") in said:
            break
    assert said[-1] == DeviceFailed(Device.INPUTS, "chatter")
    assert [event for event in said if isinstance(event, FireChanged)][-1].active


def test_two_processes_cannot_hold_one_lane(rig: Rig) -> None:
    """The second board is refused, and the first does not notice."""
    rig.open()
    second = rig.make()
    with pytest.raises(DriverError) as refused:
        second.open(rig.post)
    assert refused.value.kind is ErrorKind.BUSY
    rig.set(InputName.BEAM_A, active=True)
    assert rig.heard() == BeamChanged(Beam.A, blocked=True)


def test_closing_is_safe_twice_and_gives_the_lines_back(rig: Rig) -> None:
    """Driven outputs are made safe first; another board may open afterwards."""
    rig.open()
    rig.board.output("barrier_exit").drive(time.monotonic_ns() + 8 * NS_PER_S)
    rig.board.close()
    rig.board.close()
    assert rig.world.level(27) == 0
    assert not [t for t in threading.enumerate() if t.name.startswith("gpio-")]
    rig.open()
    rig.set(InputName.BEAM_A, active=True)
    assert rig.heard() == BeamChanged(Beam.A, blocked=True)


def test_no_chip_is_told_from_no_right_to_it(tmp_path: Path) -> None:
    """The header's chip is looked for by label; what else lies about is passed over."""
    with pytest.raises(DriverError) as refused:
        find_chip(dev=tmp_path)
    assert refused.value.kind is ErrorKind.MISSING
    (tmp_path / "gpiochip0").write_text("no device at all")
    with pytest.raises(DriverError) as refused:
        find_chip(dev=tmp_path)
    assert refused.value.kind is ErrorKind.FAILED
