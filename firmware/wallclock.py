"""The wall clock of a lane: what time it is at the site, and how far that can be trusted.

The kernel slews its monotonic clock and its wall clock together, so the difference between the
two changes only when somebody *sets* the wall clock. That makes all the rules few:

- It is trusted while the kernel holds it to be synchronised, or from the start where it was set
  from a battery-backed clock, until synchronisation takes over.
- When synchronisation is lost it is held over, as long as nobody sets it.
- Whoever sets it meanwhile, forwards or backwards, ends the trust until it is synchronised again.
- The floor is the latest time that was ever trusted, kept across restarts by the journal. It never
  goes back. A clock behind it is wrong, whoever says otherwise.
- No reading is before the floor: it can't be earlier now.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from firmware.errors import UserError
from firmware.kernelclock import is_synchronised, rtc_agrees
from gate.walltime import NS_PER_MS, ClockQuality, WallTime

RELEASE_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z: no lane is older than this program. The floor of a new one."""
FLOOR_MS_MAX = 2**63 // NS_PER_MS
"""The kernel's clock ends there, in 2262: a time beyond it is no floor, but a damaged file."""
STEP_MS_MAX = 2_000
"""By so much may the clock be set unnoticed: a leap second. A synchronised one may be behind the
floor by as much: a time server sets right what has gone fast, up to two seconds in a day."""


RTC_LEAP_MS_MAX = 2 * 366 * 86_400_000
"""A battery-backed clock alone is not believed further ahead of the floor: it would lift the floor
for good, and make every used pass one that is long forgotten. A time server settles it."""


class WallClock:
    """One for the whole program. Every method may be called from any thread, and none blocks."""

    def __init__(
        self,
        time_zone: str = "Asia/Jakarta",
        *,
        floor_ms: int = RELEASE_MS,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        synchronised: Callable[[], bool | None] = is_synchronised,
        rtc_agrees: Callable[[], bool] = rtc_agrees,
    ) -> None:
        """Args:
            time_zone: the site's, by its name in the time zone database.
            floor_ms: Unix milliseconds; see `raise_floor`.
            wall_ns: Unix nanoseconds, as the machine has them.
            monotonic_ns: grows as the wall clock does, and is never set.
            synchronised: None where nobody knows, which is worth no more than no.
            rtc_agrees: asked once, here.

        Raises:
            UserError: this machine does not know the time zone.
        """
        self._zone = _zone(time_zone)
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._synchronised = synchronised
        self._lock = threading.Lock()
        """Held for one reading: microseconds."""
        self._floor_ms = RELEASE_MS
        self._floor_at_ns = monotonic_ns()
        """The moment at which it was so late already."""
        self._set_at_ms: int | None = None
        """Wall less monotonic time while trusted; None while there is no trust."""
        self._held_as = ClockQuality.HELD_OVER
        """What it is worth unsynchronised while nobody sets it."""
        self.raise_floor(floor_ms)
        if rtc_agrees():
            self._set_at_ms = (wall_ns() - monotonic_ns()) // NS_PER_MS
            self._held_as = ClockQuality.TRUSTED

    @property
    def floor_ms(self) -> int:
        """Unix milliseconds: the latest time that was ever trusted."""
        with self._lock:
            return self._floor_ms

    def raise_floor(self, floor_ms: int) -> None:
        """It has been so late already, says the journal. An earlier time changes nothing."""
        if floor_ms <= FLOOR_MS_MAX:
            with self._lock:
                self._raise(floor_ms, self._monotonic_ns())

    def now(self) -> WallTime:
        """One reading, never before the floor."""
        with self._lock:
            # Asked before and after: what is read between two times of synchronisation is right,
            # whoever sets the clock at this very moment.
            synchronised = self._synchronised() is True
            wall_ms = self._wall_ns() // NS_PER_MS
            monotonic_ns = self._monotonic_ns()
            synchronised = synchronised and self._synchronised() is True
            quality = self._judge(wall_ms, monotonic_ns, synchronised=synchronised)
            if quality is ClockQuality.TRUSTED:
                self._raise(wall_ms, monotonic_ns)
            earliest_ms = self._floor_ms if synchronised else self._earliest_ms(monotonic_ns)
        unix_ms = max(wall_ms, earliest_ms)
        return WallTime(unix_ms, self._utc_offset_s(unix_ms), quality)

    def _judge(self, wall_ms: int, monotonic_ns: int, *, synchronised: bool) -> ClockQuality:
        """What a reading is worth. Keeps what the next one is measured by."""
        set_at_ms = wall_ms - monotonic_ns // NS_PER_MS
        if synchronised:
            self._held_as = ClockQuality.HELD_OVER
            is_late_enough = wall_ms >= self._floor_ms - STEP_MS_MAX
            self._set_at_ms = set_at_ms if is_late_enough else None
            return ClockQuality.TRUSTED if is_late_enough else ClockQuality.UNTRUSTED
        if self._set_at_ms is None:
            return ClockQuality.UNTRUSTED
        was_set = abs(set_at_ms - self._set_at_ms) > STEP_MS_MAX
        if was_set or wall_ms < self._earliest_ms(monotonic_ns) - STEP_MS_MAX:
            self._set_at_ms = None
            return ClockQuality.UNTRUSTED
        from_battery = self._held_as is ClockQuality.TRUSTED
        if from_battery and wall_ms - self._earliest_ms(monotonic_ns) > RTC_LEAP_MS_MAX:
            return ClockQuality.UNTRUSTED
        return self._held_as

    def _earliest_ms(self, monotonic_ns: int) -> int:
        """The floor, and the time that has passed since. Not kept while synchronised: a clock that
        is set right again and again would fall ever further behind what its fast self counted."""
        return self._floor_ms + (monotonic_ns - self._floor_at_ns) // NS_PER_MS

    def _raise(self, floor_ms: int, monotonic_ns: int) -> None:
        if floor_ms >= self._floor_ms:
            self._floor_ms, self._floor_at_ns = floor_ms, monotonic_ns

    def _utc_offset_s(self, unix_ms: int) -> int:
        offset = datetime.fromtimestamp(unix_ms // 1000, self._zone).utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise UserError(
            f"this machine does not know the time zone {name!r}: install tzdata, "
            "or write it like Asia/Jakarta"
        ) from None
