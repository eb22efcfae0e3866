"""Leave to switch outputs on: for one step, while it is safe, and until it is taken back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drivers.api import Board, Clock
    from drivers.wiring import OutputName
    from firmware.selftest.facts import InputFacts


class UnsafeError(Exception):
    """An output may not be switched on now. The message says why."""


class Permit:
    """The only way to an output. A danger that comes while one is on switches it off, on the
    thread that learns of it: the step need not look, and may even hang."""

    def __init__(self, board: Board, facts: InputFacts, clock: Clock) -> None:
        """In force from now on, until `revoke`.

        Args:
            board: is open.
            facts: of its inputs.
            clock: monotonic nanoseconds, the board's own.
        """
        self._board = board
        self._facts = facts
        self._clock = clock
        self._used: set[OutputName] = set()
        self._revoked = threading.Event()
        facts.listen(self._look)

    def drive(self, name: OutputName, for_ns: int) -> int:
        """Switch on for that long at most. It is not renewed.

        Returns:
            When it was told to, in nanoseconds.

        Raises:
            UnsafeError: there is a danger, or the permit was taken back.
            DriverError: the line does not answer.
        """
        with self._facts.door:
            if self._revoked.is_set():
                raise UnsafeError("the time of this step is over")
            danger = self._facts.danger(name)
            if danger:
                raise UnsafeError(danger)
            self._used.add(name)
            now_ns = self._clock()
            self._board.output(name).drive(now_ns + for_ns)
        return now_ns

    def rest(self) -> None:
        """Everything that was switched on goes to its safe level. Never raises."""
        for name in tuple(self._used):
            self._board.output(name).rest()

    def revoke(self) -> None:
        """Nothing is switched on any more, and what is on rests. Idempotent."""
        with self._facts.door:
            if self._revoked.is_set():
                return
            self._revoked.set()
            self._facts.forget(self._look)
        self.rest()

    def _look(self) -> None:
        """Something has happened: what may not be on any more goes off."""
        for name in tuple(self._used):
            if self._facts.danger(name):
                self._board.output(name).rest()
