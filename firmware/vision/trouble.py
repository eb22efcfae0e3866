"""From what goes wrong with the camera to what is declared: found, failed, recovered.

A trouble begins when it is found and ends when all has been well for a while. One that lasts
is declared failed, once; its end is then declared too. A trouble that changes its kind on the
way (the frames stop, the process is replaced, the plug turns out to be out) is the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from gate.events import Device

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.vision.wire import Health, Seen


class Trouble(Struct, frozen=True):
    """What is wrong."""

    device: Device
    """Whom the lane blames: the camera or the reader."""
    kind: str
    """One word: `hung`, `stalled`, `died`, `garbage`, `deaf`, `not_started`, `recycled`,
    `black`, `blinded`, `bug`, or a `drivers.api.ErrorKind`."""
    message: str
    found_ns: int


def _ignore(_told: object) -> None:
    """For whom it does not concern."""


class Listener(Struct, frozen=True):
    """Who is told of what. Called on the loop's thread; must not raise or wait."""

    on_seen: Callable[[Seen], None]
    """A code was read, or is refused by name."""
    on_health: Callable[[Health], None] = _ignore
    """Twice a second while the process lives."""
    on_trouble: Callable[[Trouble], None] = _ignore
    """Something was found wrong; it is being cured. The lane goes on."""
    on_failed: Callable[[Trouble], None] = _ignore
    """The trouble has not been cured in time: out of service."""
    on_recovered: Callable[[Device], None] = _ignore
    """After `on_failed`, and only then."""
    is_quiet: Callable[[], bool] = lambda: True
    """Whether the lane could spare the camera for a second."""


class Troubles:
    """The one trouble of one camera at a time."""

    def __init__(self, listener: Listener, settle_ns: int, recover_ns_max: int) -> None:
        """No trouble.

        Args:
            listener: who is told.
            settle_ns: for how long all is well before a trouble is over.
            recover_ns_max: how long one may last before it is a failure.
        """
        self._listener = listener
        self._settle_ns = settle_ns
        self._recover_ns_max = recover_ns_max
        self.now: Trouble | None = None
        self._since_ns = 0
        self._well_since_ns = 0
        self._failed: Trouble | None = None

    def found(self, trouble: Trouble) -> None:
        """Something is wrong. Told once for each kind in a row, while it lasts."""
        told = self.now is not None and self.now.kind == trouble.kind
        self.expect(trouble)
        if not told:
            self._listener.on_trouble(trouble)

    def expect(self, trouble: Trouble) -> None:
        """A trouble of our own making: told only if it does not end."""
        if self.now is None:
            self._since_ns = trouble.found_ns
        self.now = trouble
        self._well_since_ns = 0

    def well(self, now_ns: int) -> bool:
        """Nothing is wrong at this moment. Answers whether that has lasted."""
        if self._well_since_ns == 0:
            self._well_since_ns = now_ns
        if now_ns - self._well_since_ns < self._settle_ns:
            return False
        self.now = None
        failed, self._failed = self._failed, None
        if failed is not None:
            self._listener.on_recovered(failed.device)
        return True

    def tick(self, now_ns: int) -> None:
        """Declare what has lasted too long."""
        if self.now is None or self._failed is not None:
            return
        if now_ns - self._since_ns >= self._recover_ns_max:
            self._failed = self.now
            self._listener.on_failed(self.now)
