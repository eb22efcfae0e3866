"""What the lane orders, done to devices: each command, and what becomes of one that fails."""

import logging
from collections.abc import Callable
from typing import get_args

import pytest

from drivers.api import DriverError, ErrorKind, Stored
from drivers.wiring import OutputName
from firmware.hands import Hands
from firmware.signals import LAMP_NS, SIGNALS, Signals
from gate.commands import (
    AnyCommand,
    Append,
    CommitGrant,
    Measure,
    Release,
    RunChamber,
    Screen,
    Secure,
    Show,
    StopChamber,
    StopMeasuring,
)
from gate.events import AnyEvent, GrantCommitted, GrantNotCommitted
from gate.records import Direction, Record, RecordKind, Spent
from gate.walltime import NS_PER_MS

NOW_NS = 5_000
UNTIL_NS = 9_000
LAMPS = (OutputName.LIGHT_RED, OutputName.LIGHT_YELLOW, OutputName.LIGHT_GREEN)
GRANT = Record(RecordKind.ACCESS_GRANTED, NOW_NS, visit=3, grant=7)
SPENT = Spent("pass", "k1:7", 2**40)


class Line:
    """One output; a broken one refuses to be switched on, as a line does that does not answer."""

    def __init__(self, name: str, *, broken: bool) -> None:
        self.name = name
        self.until_ns = 0
        self._broken = broken

    def drive(self, until_ns: int) -> None:
        if self._broken:
            raise DriverError(ErrorKind.MISSING, self.name, "the chip does not answer")
        self.until_ns = until_ns

    def rest(self) -> None:
        self.until_ns = 0


class Rig:
    """Every device of a lane, and the hands that move them."""

    def __init__(
        self, *, missing: tuple[OutputName, ...] = (), broken: tuple[OutputName, ...] = ()
    ) -> None:
        self.lines = {
            name: Line(name, broken=name in broken) for name in OutputName if name not in missing
        }
        self.measuring: list[int | None] = []
        self.written: list[tuple[Record, Spent | None]] = []
        self.answer: Callable[[bool], None] | None = None
        self.posted: list[AnyEvent] = []
        self.shown: list[Show] = []
        self.hands = Hands(self, self, self, self.posted.append, self.shown.append)

    def on(self) -> dict[str, int]:
        return {name: line.until_ns for name, line in self.lines.items() if line.until_ns}

    # The board.

    def open(self, post: Callable[[AnyEvent], None]) -> None:
        """Was opened."""

    def output(self, name: str) -> Line:
        return self.lines[OutputName(name)]

    def renew(self) -> None:
        """Not the hands' business."""

    def close(self) -> None:
        """Ditto."""

    # The thermometer's sampler.

    def measure(self, visit: int) -> None:
        self.measuring.append(visit)

    def stop(self) -> None:
        self.measuring.append(None)

    # The journal.

    def append(
        self,
        record: Record,
        spent: Spent | None = None,
        *,
        done: Callable[[bool], None] | None = None,
    ) -> None:
        self.written.append((record, spent))
        self.answer = done

    def after(self, epoch: int, seq: int, limit: int) -> list[Stored]:
        return []

    def acknowledge(self, epoch: int, seq: int) -> None:
        """Not the hands' business."""


EFFECTS: list[tuple[AnyCommand, dict[str, int]]] = [
    (Release(Direction.ENTRY, 7, UNTIL_NS), {OutputName.BARRIER_ENTRY: UNTIL_NS}),
    (Release(Direction.EXIT, 7, UNTIL_NS), {OutputName.BARRIER_EXIT: UNTIL_NS}),
    (RunChamber(3, UNTIL_NS), {OutputName.CHAMBER: UNTIL_NS}),
]
RESTS: list[AnyCommand] = [Secure(Direction.ENTRY), Secure(Direction.EXIT), StopChamber()]


@pytest.mark.parametrize(("command", "on"), EFFECTS)
def test_an_order_moves_its_own_line_and_no_other(command: AnyCommand, on: dict[str, int]) -> None:
    """The line stays on until the lane's own moment, and its counterpart ends it before."""
    rig = Rig()
    rig.hands.do(command)
    assert rig.on() == on
    for rest in RESTS:
        rig.hands.do(rest)
    assert rig.on() == {}
    assert rig.posted == []


@pytest.mark.parametrize("command", [command for command, _ in EFFECTS])
def test_a_line_that_refuses_is_reported_by_the_board_alone(
    command: AnyCommand, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever reports a fault must report its end too, and only the board sees that."""
    rig = Rig(broken=tuple(OutputName))
    rig.hands.do(command)
    assert rig.posted == []
    assert "the chip does not answer" in caplog.text


def test_a_lane_need_not_have_every_output() -> None:
    """A dispenser works by itself, a gate has no exit relay: nothing is made of that."""
    rig = Rig(missing=tuple(OutputName))
    for command in [command for command, _ in EFFECTS] + RESTS:
        rig.hands.do(command)
    assert rig.posted == []


@pytest.mark.parametrize(
    ("written", "event"), [(True, GrantCommitted(7)), (False, GrantNotCommitted(7))]
)
def test_a_grant_is_answered_when_the_journal_has_it(written: bool, event: AnyEvent) -> None:
    """Not before; and with the pass that is used by it in the same write."""
    rig = Rig()
    rig.hands.do(CommitGrant(GRANT, SPENT))
    assert rig.written == [(GRANT, SPENT)]
    assert rig.posted == []
    assert rig.answer is not None
    rig.answer(written)
    assert rig.posted == [event]
    assert rig.on() == {}, "the hands release nothing by themselves"


def test_other_commands_reach_whom_they_are_for() -> None:
    """Records go to the journal and wait for no answer; readings and screens go their ways."""
    rig = Rig()
    record = Record(RecordKind.ACCESS_REQUESTED, NOW_NS, visit=3)
    rig.hands.do(Append(record))
    assert rig.written == [(record, None)]
    assert rig.answer is None
    rig.hands.do(Measure(3))
    rig.hands.do(StopMeasuring())
    assert rig.measuring == [3, None]
    rig.hands.do(Show(Screen.GO))
    assert rig.shown == [Show(Screen.GO)]


def test_every_command_is_tried_here() -> None:
    """A new command needs a hand, and a line in these tables."""
    tried = {type(command) for command, _ in EFFECTS} | {type(command) for command in RESTS}
    tried |= {CommitGrant, Append, Measure, StopMeasuring, Show}
    assert tried == set(get_args(AnyCommand))


@pytest.mark.parametrize("screen", Screen)
def test_every_screen_has_its_lamp_and_its_sound(screen: Screen) -> None:
    """One lamp at most, the right one, with the others dark; a beep as long as the table says."""
    rig = Rig()
    for lamp in LAMPS:
        rig.output(lamp).drive(UNTIL_NS)
    Signals(rig, lambda: NOW_NS).show(Show(screen))
    signal = SIGNALS[screen]
    expected: dict[str, int] = {}
    if signal.lamp is not None:
        expected[signal.lamp] = NOW_NS + LAMP_NS
    if signal.beep_ms:
        expected[OutputName.BUZZER] = NOW_NS + signal.beep_ms * NS_PER_MS
    assert rig.on() == expected


def test_a_broken_lamp_is_logged_and_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    """The lane does not stop for a lamp; and a lane without lamps is one too."""
    with caplog.at_level(logging.ERROR):
        Signals(Rig(broken=LAMPS), lambda: NOW_NS).show(Show(Screen.GO))
        Signals(Rig(missing=tuple(OutputName)), lambda: NOW_NS).show(Show(Screen.GO))
    assert len(caplog.records) == 1
