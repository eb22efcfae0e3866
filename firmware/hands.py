"""What the lane's commands do to its devices. All of it on the loop's thread, none of it waits."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol, assert_never

from drivers.api import DriverError
from drivers.wiring import OutputName
from gate.commands import (
    AnyCommand,
    Append,
    CommitGrant,
    Measure,
    Release,
    RunChamber,
    Secure,
    Show,
    StopChamber,
    StopMeasuring,
)
from gate.events import GrantCommitted, GrantNotCommitted
from gate.records import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.api import Board, Journal, Output, Post

log = logging.getLogger(__name__)

_BARRIERS = {
    Direction.ENTRY: OutputName.BARRIER_ENTRY,
    Direction.EXIT: OutputName.BARRIER_EXIT,
}


class Sampling(Protocol):
    """Whoever takes temperature readings: `drivers.sampler.Sampler`."""

    def measure(self, visit: int) -> None:
        """Take readings for that visit from now on."""

    def stop(self) -> None:
        """Take no more."""


class Hands:
    """Carries commands out."""

    def __init__(
        self,
        board: Board,
        sampling: Sampling,
        journal: Journal,
        post: Post,
        show: Callable[[Show], None],
    ) -> None:
        """Args:
        board: opened; its outputs have the names of `drivers.wiring.OutputName`. It reports
            their faults, and the end of each, by itself.
        sampling: the thermometer's.
        journal: takes grants and records.
        post: the lane's door, for what the journal answers.
        show: tells the visitor: lights, sound, screens.
        """
        self._board = board
        self._sampling = sampling
        self._journal = journal
        self._post = post
        self._show = show

    def do(self, command: AnyCommand) -> None:
        """One command. What a device refuses comes back as an event of the board's."""
        match command:
            case CommitGrant(record=record, spent=spent):
                number = record.grant
                self._journal.append(
                    record, spent, done=lambda written: self._committed(number, written=written)
                )
            case Append(record=record):
                self._journal.append(record)
            case Release(direction=direction, until_ns=until_ns):
                self._drive(_BARRIERS[direction], until_ns)
            case Secure(direction=direction):
                self._rest(_BARRIERS[direction])
            case RunChamber(until_ns=until_ns):
                self._drive(OutputName.CHAMBER, until_ns)
            case StopChamber():
                self._rest(OutputName.CHAMBER)
            case Measure(visit=visit):
                self._sampling.measure(visit)
            case StopMeasuring():
                self._sampling.stop()
            case Show():
                self._show(command)
            case _:
                assert_never(command)

    def _committed(self, grant: int, *, written: bool) -> None:
        """On the journal's thread."""
        self._post(GrantCommitted(grant) if written else GrantNotCommitted(grant))

    def _drive(self, name: OutputName, until_ns: int) -> None:
        output = self._output(name)
        if output is None:
            return
        try:
            output.drive(until_ns)
        except DriverError as error:
            log.error("%s", error)  # noqa: TRY400 - the device's own words say it all

    def _rest(self, name: OutputName) -> None:
        output = self._output(name)
        if output is not None:
            output.rest()

    def _output(self, name: OutputName) -> Output | None:
        """A lane need not have every output: a dispenser may work by itself."""
        try:
            return self._board.output(name)
        except KeyError:
            return None
