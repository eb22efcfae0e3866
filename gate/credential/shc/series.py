"""Numbering the doses of one series, where a card leaves that to whoever reads it.

Cards of the United States number no dose, boosters are often numbered from 1 again, and a card
of two registries has one dose twice: with its day in two time zones, or with its month alone.
"""

from datetime import date

_DAY_CHARS, _MONTH_CHARS, _YEAR_CHARS = len("2021-08-17"), len("2021-08"), len("2021")
_VAGUE_CHARS = (_MONTH_CHARS, _YEAR_CHARS)
_BEFORE_ALL_DAYS = -1


class Series:
    """The doses against one disease, handed over in the order of their dates."""

    def __init__(self) -> None:
        self._highest = 0
        self._day = _BEFORE_ALL_DAYS
        self._number_of_day = 0
        self._vague: dict[str, list[int]] = {}
        """Month or year → the numbers of its doses of which no day is known yet."""

    def numbered(self, date_text: str, stated: int | None) -> int:
        """The number of the next dose.

        Args:
            date_text: an ISO 8601 date of a day, a month or a year; none sorts before one that
                was handed over earlier.
            stated: what the card calls it, if anything. A number that was reached before is one
                that starts again, except on a dose that is told twice.
        """
        day = _day_of(date_text)
        told = self._told(date_text, day)
        number = max(stated or 0, self._highest + 1) if told is None else stated or told
        if day:
            self._day, self._number_of_day = day, number
        else:
            self._vague.setdefault(date_text, []).append(number)
        self._highest = max(self._highest, number)
        return number

    def _told(self, date_text: str, day: int) -> int | None:
        """The number of the dose that this one is, told once more; None if it is a new one."""
        # One instant lies on two days that follow each other; no series has doses on such.
        if day and day <= self._day + 1:
            return self._number_of_day
        for chars in _VAGUE_CHARS:
            numbers = self._vague.get(date_text[:chars])
            if chars < len(date_text) and numbers:
                return numbers.pop(0)
        return None


def _day_of(date_text: str) -> int:
    """Days since the year 1, from 1; 0 where no day is known, or none of that calendar."""
    try:
        return date.fromisoformat(date_text).toordinal() if len(date_text) == _DAY_CHARS else 0
    except ValueError:
        return 0
