"""How people write what the domain keeps as a number: days, hours, dates, time zones, paths.

The structs stay as the domain wants them. A field that people write otherwise has a `Form`
here, and the file may have another key for it.
"""

import difflib
import re
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from msgspec import Struct

from drivers.reporter.config import Tls
from gate.policy import Hours, Policy, SchedulePolicy

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_PER_HOUR = 60
SURELY = 0.7
"""How alike two words are when the one may be meant by the other, out of 1."""
_EPOCH = date(1970, 1, 1)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


class UnfitError(ValueError):
    """The value is not what the key wants. The message, if any, is the end of a sentence that
    says more than what would fit."""


class Form(NamedTuple):
    """How one field is written."""

    wanted: str
    """What to write, as the end of "write ...". Of a list: one item of it."""
    read: Callable[[object, Path], Any]
    """From the file's value, and the folder that its paths start at. Raises `UnfitError`."""
    show: Callable[[Any], object]
    """Back into what the file would say."""
    key: str = ""
    """The field's name in the file, where it is another."""


def text_of(raw: object) -> str:
    """A text without control characters other than line breaks.

    Raises:
        UnfitError: it is something else.
    """
    if not isinstance(raw, str):
        raise UnfitError
    if _UNSAFE.search(raw):
        raise UnfitError("take the control characters out")
    return raw


def path_of(raw: object, base: Path) -> Path:
    """A path, absolute.

    Raises:
        UnfitError: no text, empty, or with a home folder that only a shell would fill in.
    """
    text = text_of(raw)
    if not text or "\n" in text:
        raise UnfitError
    if text.startswith("~"):
        raise UnfitError("write the folder out instead of ~")
    return base / text


def _weekday(raw: object, _base: Path) -> int:
    if raw not in WEEKDAYS:
        raise UnfitError
    return WEEKDAYS.index(text_of(raw))


def _minute(raw: object, _base: Path) -> int:
    """Minutes since midnight; TOML's own time of day is taken too."""
    if isinstance(raw, time) and not (raw.second or raw.microsecond):
        return raw.hour * MINUTES_PER_HOUR + raw.minute
    text = text_of(raw)
    if not _CLOCK.fullmatch(text):
        raise UnfitError
    hour, _, minute = text.partition(":")
    return int(hour) * MINUTES_PER_HOUR + int(minute)


def clock(minute: int) -> str:
    """Minutes since midnight as a time of day."""
    return f"{minute // MINUTES_PER_HOUR:02}:{minute % MINUTES_PER_HOUR:02}"


def _date(raw: object) -> date:
    """A day: TOML's own date, or a text of the same look."""
    if type(raw) is date:
        return raw
    text = text_of(raw)
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise UnfitError
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnfitError("there is no such day") from None


def _day_number(raw: object, _base: Path) -> int:
    return (_date(raw) - _EPOCH).days


def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).isoformat()


def _dated(raw: object, _base: Path) -> str:
    return _date(raw).isoformat()


def _zone(raw: object, _base: Path) -> str:
    """A name of the time zone database of this machine."""
    name = text_of(raw)
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        known = zoneinfo.available_timezones()
        if not known:
            raise UnfitError("this machine has no time zones, so install tzdata") from None
        near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=SURELY)
        if not near:
            raise UnfitError from None
        raise UnfitError(f'did you mean "{near[0]}"?') from None
    return name


def _path_text(raw: object, base: Path) -> str:
    return str(path_of(raw, base))


def _same(value: object) -> object:
    return value


_DAY = "a date such as 2026-12-25"
_FILE = "the path of a file"

FORMS: Final[Mapping[tuple[type[Struct], str], Form]] = MappingProxyType(
    {
        (Hours, "days"): Form(
            ", ".join(f'"{day}"' for day in WEEKDAYS[:-1]) + f' or "{WEEKDAYS[-1]}"',
            _weekday,
            lambda number: WEEKDAYS[number],
        ),
        (Hours, "open_minute"): Form('a time of day such as "08:00"', _minute, clock, "open"),
        (Hours, "close_minute"): Form(
            'a time of day up to "24:00", such as "16:00"', _minute, clock, "close"
        ),
        (SchedulePolicy, "time_zone"): Form('a time zone such as "Asia/Jakarta"', _zone, _same),
        (SchedulePolicy, "holidays"): Form(_DAY, _day_number, _day),
        (Policy, "dated"): Form(_DAY, _dated, _same),
        (Tls, "ca_path"): Form(_FILE, _path_text, _same),
        (Tls, "cert_path"): Form(_FILE, _path_text, _same),
        (Tls, "key_path"): Form(_FILE, _path_text, _same),
    }
)
