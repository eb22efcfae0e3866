"""Read-back: what the lane's lines really do, whatever anybody wrote to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gate.walltime import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drivers.wiring import OutputLine

POLL_NS = NS_PER_MS
"""How often a line is looked at by who waits for it."""


class Edge(Protocol):
    """One change of a line's level."""

    @property
    def at_ns(self) -> int:
        """When, on the lane's monotonic clock."""

    @property
    def level(self) -> int:
        """0 or 1."""


class Scope(Protocol):
    """An oscilloscope on every line. Called on a step's thread.

    `drivers.sim.chip.SimChip` is one. A real board needs contacts that read its relays back.
    """

    def level(self, line: int) -> int:
        """What a voltmeter on that line shows now: 0 or 1."""

    def edges(self, line: int) -> Sequence[Edge]:
        """Every change since power-on, oldest first; the first is the level at power-on."""


class Probe:
    """The scope on the line of one output."""

    def __init__(self, scope: Scope, output: OutputLine) -> None:
        self._scope = scope
        self._line = output.line
        self._safe_level = output.safe_level

    def is_on(self) -> bool:
        """Whether the line has the level that switches its thing on."""
        return self._scope.level(self._line) != self._safe_level

    def times_on(self) -> int:
        """How often it has been switched on since power-on."""
        changes = self._scope.edges(self._line)[1:]
        return sum(edge.level != self._safe_level for edge in changes)

    def changed_ns(self) -> int:
        """When its level changed last."""
        return self._scope.edges(self._line)[-1].at_ns

    def wait(
        self, *, on: bool, since_ns: int, limit_ns: int, pause: Callable[[int], None]
    ) -> float | None:
        """Wait for that level.

        Returns:
            Milliseconds from `since_ns` to the change, 0 where it came earlier; None if it has
            not come after `limit_ns`.
        """
        for _ in range(limit_ns // POLL_NS):
            if self.is_on() == on:
                return max(0, self.changed_ns() - since_ns) / NS_PER_MS
            pause(POLL_NS)
        return None
