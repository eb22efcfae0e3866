"""A board on simulated pins in virtual time, for the tests of its inputs and outputs."""

from collections.abc import Callable

from drivers.gpio import GpioBoard
from drivers.sim.chip import Edge, SimChip
from drivers.sim.pins import SimPinFactory
from drivers.wiring import InputName, OutputLine, OutputName, Wiring
from gate.events import (
    AnyEvent,
)
from gate.walltime import NS_PER_S, WallTime

MORNING = WallTime(1_700_000_000_000)
ENTRY = 17
EXIT = 27
ACTIVE_LOW = Wiring(
    outputs={
        OutputName.BARRIER_ENTRY: OutputLine(line=ENTRY, active_high=False),
        OutputName.BARRIER_EXIT: OutputLine(line=EXIT),
        OutputName.CHAMBER: OutputLine(line=22),
        OutputName.LIGHT_RED: OutputLine(line=23),
    }
)


class Bench:
    """A board, its chip and the world outside, on one clock that only `run` moves."""

    def __init__(self, wiring: Wiring) -> None:
        self.now_ns = 5 * NS_PER_S
        self.wiring = wiring
        self.chip = SimChip(lambda: self.now_ns)
        self.board = GpioBoard(
            wiring,
            lambda: SimPinFactory(self.chip),
            clock=lambda: self.now_ns,
            wall=lambda: MORNING,
            realtime=False,
        )
        self.events: list[AnyEvent] = []
        self.times: list[int] = []
        self.refuse: Callable[[AnyEvent], None] = lambda _: None
        for name in wiring.inputs:
            self.set(name, active=False)

    def post(self, event: AnyEvent) -> None:
        self.refuse(event)
        self.events.append(event)
        self.times.append(self.now_ns)

    def open(self) -> None:
        self.board.open(self.post)
        self.events.clear()
        self.times.clear()

    def line(self, name: InputName) -> int:
        return self.wiring.inputs[name].line

    def set(self, name: InputName, *, active: bool) -> None:
        level = self.wiring.active_level(name)
        self.chip.drive(self.line(name), level if active else 1 - level)

    def pulse(self, name: InputName, length_ns: int) -> None:
        self.set(name, active=True)
        self.run(length_ns)
        self.set(name, active=False)

    def run(self, length_ns: int, renew_every_ns: int | None = None) -> None:
        """Let time pass, stopping wherever the chip or the board has something to do."""
        end_ns = self.now_ns + length_ns
        renew_ns = end_ns if renew_every_ns is None else self.now_ns + renew_every_ns
        while True:
            self.chip.pump()
            self.board.tick()
            due = [self.chip.wake_at_ns(), self.board.wake_at_ns(), renew_ns]
            next_ns = min(at_ns for at_ns in due if at_ns is not None)
            if next_ns > end_ns or self.now_ns >= end_ns:
                break
            self.now_ns = max(self.now_ns, next_ns)
            if renew_every_ns is not None and self.now_ns >= renew_ns:
                self.board.renew()
                renew_ns += renew_every_ns
        self.now_ns = end_ns
        self.chip.pump()
        self.board.tick()

    def changes(self, line: int, since_ns: int) -> list[Edge]:
        return [edge for edge in self.chip.edges(line) if edge.at_ns >= since_ns]
