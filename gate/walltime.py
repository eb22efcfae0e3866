"""Wall-clock time as the domain sees it: a reading with a quality, never a clock.

Two clocks, two types: every wait in the program is monotonic nanoseconds (`now_ns: int`);
opening hours and the validity of a credential use a `WallTime`, which says how far it can
be trusted.
"""

import enum

from msgspec import Struct

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
SECONDS_PER_DAY = 86_400
TIME_S_END = 1 << 32
"""Unix seconds; every time that a pass or a key can carry lies before (in the year 2106)."""


class ClockQuality(enum.StrEnum):
    """How the wall clock came to its value."""

    TRUSTED = "trusted"
    """Set by NTP or a battery-backed clock, and not behind the persisted floor."""
    HELD_OVER = "held_over"
    """Was trusted since start; its source is gone for now."""
    UNTRUSTED = "untrusted"
    """Never set since start, or behind the persisted floor."""


class WallTime(Struct, frozen=True):
    """One reading of the wall clock at the site."""

    unix_ms: int
    """Milliseconds since 1970-01-01T00:00:00Z."""
    utc_offset_s: int = 7 * 3600
    """Seconds that the site's civil time is ahead of UTC at this moment."""
    quality: ClockQuality = ClockQuality.TRUSTED

    @property
    def unix_s(self) -> int:
        """Whole seconds since 1970-01-01T00:00:00Z."""
        return self.unix_ms // 1000

    @property
    def civil_day(self) -> int:
        """Days since 1970-01-01 by the site's own calendar."""
        return (self.unix_s + self.utc_offset_s) // SECONDS_PER_DAY

    @property
    def civil_second(self) -> int:
        """Seconds since the site's midnight, 0 to 86,399."""
        return (self.unix_s + self.utc_offset_s) % SECONDS_PER_DAY

    @property
    def weekday(self) -> int:
        """Day of the week at the site: Monday is 0, Sunday is 6 (1970-01-01 was a Thursday)."""
        return (self.civil_day + 3) % 7
