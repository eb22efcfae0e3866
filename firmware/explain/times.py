"""Moments as a person reads them: at the site's own clock, and how far away."""

import math
from datetime import datetime
from zoneinfo import ZoneInfo

_SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
"""Seconds and name, the largest first."""


def moment(unix_s: float, zone: ZoneInfo, *, to_the_minute: bool = False) -> str:
    """`2026-12-01 08:30:00 WIB`; in words where no calendar has it."""
    form = "%Y-%m-%d %H:%M" if to_the_minute else "%Y-%m-%d %H:%M:%S %Z"
    try:
        return datetime.fromtimestamp(math.floor(unix_s), zone).strftime(form)
    except (ValueError, OverflowError, OSError):
        return "a time that no calendar has"


def distance(unix_s: float, now_s: int) -> str:
    """`in 3 days`, `2 hours ago`, `now`."""
    try:
        away_s = math.floor(unix_s) - now_s
    except (ValueError, OverflowError):
        return "never"
    for span_s, name in _SPANS:
        count = abs(away_s) // span_s
        if count:
            words = f"{count:,} {name}{'' if count == 1 else 's'}"
            return f"in {words}" if away_s > 0 else f"{words} ago"
    return "now"
