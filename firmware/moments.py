"""Times as people write them: on a command line, and in a table of passes."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(value: str) -> timedelta:
    """`90m`, `8h`, `30d`.

    Raises:
        ValueError: a sentence for whoever wrote it.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", value)
    if found is None:
        raise ValueError(f"{value!r} is no duration; write it like 90m, 8h or 30d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment(value: str) -> datetime:
    """ISO 8601, with or without an offset.

    Raises:
        ValueError: a sentence for whoever wrote it.
    """
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is no time; write it like 2026-12-01T08:30.") from None


def ending(value: str) -> datetime:
    """As `moment`, for the end of something. A date without a time is the whole of that day: its
    end is the next day's beginning.

    Raises:
        ValueError: a sentence for whoever wrote it.
    """
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return moment(value)
    try:
        return datetime.combine(day + timedelta(days=1), time())
    except OverflowError:
        raise ValueError(
            f"{value!r} is the last day that there is; write an earlier one."
        ) from None


def unix_s(when: datetime, zone: ZoneInfo) -> int:
    """Unix seconds; without an offset the time is the zone's."""
    return int((when if when.tzinfo else when.replace(tzinfo=zone)).timestamp())
