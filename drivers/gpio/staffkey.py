"""The officer's key switch: a short turn asks for assistance, a long one resets the lane."""

from collections.abc import Callable

from gate.events import StaffActed, StaffAction
from gate.walltime import NS_PER_S, WallTime

STAFF_HOLD_NS = 3 * NS_PER_S
"""Held so long, the key means reset: nobody does that by leaning on it."""
OFFICER = "key"
"""The key names nobody: whoever holds it."""


class StaffKey:
    """One key, from believed levels to actions. A key that is turned at start means nothing
    until it was let go."""

    def __init__(self, wall: Callable[[], WallTime]) -> None:
        """Take the wall clock, which must be safe to call from any thread."""
        self._wall = wall
        self._since_ns: int | None = None

    def changed(self, active: bool, at_ns: int) -> StaffActed | None:
        """The key was turned or let go."""
        if active:
            self._since_ns = at_ns
            return None
        short, self._since_ns = self._since_ns is not None, None
        return self._acted(StaffAction.ASSIST) if short else None

    def held(self, now_ns: int) -> StaffActed | None:
        """Time has passed with the key as it was."""
        due_ns = self.due_ns()
        if due_ns is None or now_ns < due_ns:
            return None
        self._since_ns = None
        return self._acted(StaffAction.RESET)

    def forget(self) -> None:
        """The contact is no longer believed."""
        self._since_ns = None

    def due_ns(self) -> int | None:
        """When a turned key becomes a reset; None when it is not turned."""
        return None if self._since_ns is None else self._since_ns + STAFF_HOLD_NS

    def _acted(self, action: StaffAction) -> StaffActed:
        return StaffActed(action=action, officer=OFFICER, wall=self._wall())
