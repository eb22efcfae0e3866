"""CertLogic 1.3.3: what a health rule says of a certificate, as JSON, evaluated without surprises.

A rule is data from a rule set, so it is trusted less than code: it is bounded in depth and in
steps, and whatever it does wrong is one error. Values are JSON's own (None, bool, int, float, str,
list, dict), and moments, which `plusTime` and `dccDateOfBirth` make.

Source: eHealth Network, CertLogic specification, version 1.3.3 (sections named in the code).
"""

import calendar
import itertools
import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

T = TypeVar("T")

DEPTH_MAX = 64
"""Operations within operations; the deepest national rule known has 24."""
STEPS_MAX = 4_000
"""Operations of one evaluation, those of every turn of a `reduce` counted, every pair of values
that is compared, and every part of a UVCI. Forty times what a national rule of the conformance
data takes at most, and less than 10 ms of a desktop's core for the slowest operation there is."""
AMOUNT_MAX = 1_000_000
"""Most that `plusTime` adds or takes away, in any unit: more than a century of hours."""
PATH_CHARS_MAX = 200
"""Of a `var`; the longest of a national rule has 58."""
UVCI_CHARS_MAX = 200
"""More than twice the 80 that the European schema allows."""

UNITS = ("year", "month", "day", "hour")
"""What `plusTime` counts in (specification section 4.6)."""
ARITY: Mapping[str, range] = {
    "if": range(3, 4),
    "and": range(2, 1_000),
    "!": range(1, 2),
    "reduce": range(3, 4),
    "plusTime": range(3, 4),
    "extractFromUVCI": range(2, 3),
    "dccDateOfBirth": range(1, 2),
    "===": range(2, 3),
    "in": range(2, 3),
    "+": range(2, 3),
    **dict.fromkeys(("<", ">", "<=", ">="), range(2, 4)),
    **dict.fromkeys(("before", "after", "not-before", "not-after"), range(2, 4)),
}
"""Operations, and how many operands each takes. `var` stands apart: it takes a path."""

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_PARTIAL_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{1,2}(?::?[0-9]{2})?)?"
)
_UVCI_PREFIX = "URN:UVCI:"
_INDEX = re.compile(r"[0-9]{1,9}")


class CertLogicError(ValueError):
    """The rule, or what it was given, is not as the specification wants it."""


def evaluate(rule: object, data: object) -> object:
    """The value of a rule over some data.

    Raises:
        CertLogicError: and nothing else, whatever the two are.
    """
    return Evaluator().value_of(rule, data)


def is_truthy(value: object) -> bool:
    """Specification section 4.2: null, false, 0 and what is empty are falsy."""
    return isinstance(value, datetime) or bool(value)


class Evaluator:
    """Evaluates rules, all of them together in `STEPS_MAX` steps."""

    def __init__(self) -> None:
        self._steps = 0

    def value_of(self, rule: object, data: object) -> object:
        """As `evaluate`.

        Raises:
            CertLogicError: and nothing else, whatever the two are.
        """
        try:
            return self._value(rule, data, DEPTH_MAX)
        except (OverflowError, RecursionError) as error:
            raise CertLogicError(f"out of range: {error}") from None

    def _step(self, count: int = 1) -> None:
        self._steps += count
        if self._steps > STEPS_MAX:
            raise CertLogicError(f"more than {STEPS_MAX} steps")

    def _value(self, rule: object, data: object, depth: int) -> object:
        self._step()
        if not depth:
            raise CertLogicError("nested too deeply")
        if isinstance(rule, Mapping):
            return self._operation(rule, data, depth - 1)
        if isinstance(rule, list):
            return [self._value(item, data, depth - 1) for item in rule]
        if rule is None or isinstance(rule, str | bool | int | float):
            return rule
        raise CertLogicError(f"a {type(rule).__name__} is no expression")

    def _operation(self, rule: Mapping[object, object], data: object, depth: int) -> object:
        if len(rule) != 1:
            raise CertLogicError(f"an operation has one name, and this has {len(rule)}")
        ((name, operands),) = rule.items()
        if name == "var":
            return _variable(operands, data)
        if not isinstance(operands, list):
            raise CertLogicError(f"the operands of {name!r} are no list")
        if not isinstance(name, str) or len(operands) not in ARITY.get(name, ()):
            raise CertLogicError(f"{name!r} with {len(operands)} operands is no operation")
        match name:
            case "if":
                chosen = 1 if is_truthy(self._value(operands[0], data, depth)) else 2
                return self._value(operands[chosen], data, depth)
            case "and":
                return self._and(operands, data, depth)
            case "!":
                return not is_truthy(self._value(operands[0], data, depth))
            case "reduce":
                return self._reduce(operands, data, depth)
            case "plusTime":
                return self._plus_time(operands, data, depth)
            case "extractFromUVCI":
                return self._fragment(self._value(operands[0], data, depth), operands[1])
            case "dccDateOfBirth":
                return _date_of_birth(self._value(operands[0], data, depth))
        values = [self._value(operand, data, depth) for operand in operands]
        match name:
            case "===":
                return self._is_same(*values)
            case "in":
                return self._contains(*values)
        return _INFIX[name](values)

    def _and(self, operands: list[object], data: object, depth: int) -> object:
        value: object = True
        for operand in operands:
            value = self._value(operand, data, depth)
            if not is_truthy(value):
                break
        return value

    def _is_same(self, left: object, right: object) -> bool:
        """Strict equality: true is not 1, and text is no number. Each pair is a step: lists that
        a `reduce` puts into one another are short to write and endless to walk through."""
        self._step()
        if isinstance(left, list) and isinstance(right, list):
            return len(left) == len(right) and all(map(self._is_same, left, right))
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            return left.keys() == right.keys() and all(
                self._is_same(value, right[key]) for key, value in left.items()
            )
        return isinstance(left, bool) == isinstance(right, bool) and left == right

    def _contains(self, item: object, items: object) -> bool:
        if not isinstance(items, list):
            raise CertLogicError("in looks into a list")
        return any(self._is_same(item, other) for other in items)

    def _reduce(self, operands: list[object], data: object, depth: int) -> object:
        over, step, first = operands
        items = self._value(over, data, depth)
        accumulator = self._value(first, data, depth)
        if items is None:
            return accumulator
        if not isinstance(items, list):
            raise CertLogicError("reduce walks over a list")
        for item in items:
            accumulator = self._value(step, {"accumulator": accumulator, "current": item}, depth)
        return accumulator

    def _plus_time(self, operands: list[object], data: object, depth: int) -> datetime:
        when, amount, unit = operands
        whole = _whole(amount, "plusTime")
        value = self._value(when, data, depth)
        moment = value if isinstance(value, datetime) else moment_of(value)
        if abs(whole) > AMOUNT_MAX:
            raise CertLogicError("plusTime out of range")
        match unit:
            case "year":
                return _plus_months(moment, whole * 12)
            case "month":
                return _plus_months(moment, whole)
            case "day":
                return moment + timedelta(days=whole)
            case "hour":
                return moment + timedelta(hours=whole)
        raise CertLogicError("plusTime counts in years, months, days or hours")

    def _fragment(self, uvci: object, index: object) -> str | None:
        """Part of a unique vaccination certificate identifier, by its number."""
        number = _whole(index, "extractFromUVCI")
        if uvci is None:
            return None
        if not isinstance(uvci, str) or len(uvci) > UVCI_CHARS_MAX:
            raise CertLogicError(f"a UVCI is text of at most {UVCI_CHARS_MAX} characters")
        parts = re.split(r"[/#:]", uvci.removeprefix(_UVCI_PREFIX))
        self._step(len(parts))
        return parts[number] if 0 <= number < len(parts) else None


# --- operations on values ------------------------------------------------------------------------


def _variable(path: object, data: object) -> object:
    if not isinstance(path, str) or len(path) > PATH_CHARS_MAX:
        raise CertLogicError(f"var names a path of at most {PATH_CHARS_MAX} characters")
    value = data
    for part in path.split(".") if path else ():
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and _INDEX.fullmatch(part):
            value = value[int(part)] if int(part) < len(value) else None
        else:
            return None
    return value


def _sum(values: list[object]) -> int:
    return sum(_whole(value, "+") for value in values)


def _whole(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise CertLogicError(f"{name} is for whole numbers")
    return value


def _compared(
    name: str, holds: Callable[[T, T], bool], kind: Callable[[object, str], T]
) -> Callable[[list[object]], bool]:
    def check(values: list[object]) -> bool:
        known = [kind(value, name) for value in values]
        return all(holds(left, right) for left, right in itertools.pairwise(known))

    return check


def _time(value: object, name: str) -> datetime:
    if not isinstance(value, datetime):
        raise CertLogicError(f"{name} is for moments: put plusTime around it")
    return value


_INFIX: Mapping[str, Callable[[list[object]], object]] = {
    "+": _sum,
    "<": _compared("<", operator.lt, _whole),
    ">": _compared(">", operator.gt, _whole),
    "<=": _compared("<=", operator.le, _whole),
    ">=": _compared(">=", operator.ge, _whole),
    "before": _compared("before", operator.lt, _time),
    "after": _compared("after", operator.gt, _time),
    "not-before": _compared("not-before", operator.ge, _time),
    "not-after": _compared("not-after", operator.le, _time),
}


def _date_of_birth(value: object) -> datetime:
    """A whole date, or the last day of the year or month that is known."""
    found = _PARTIAL_DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise CertLogicError("a date of birth is a year, a month or a day")
    year, month = int(found[1]), int(found[2] or 12)
    try:
        day = int(found[3]) if found[3] else calendar.monthrange(year, month)[1]
        return datetime(year, month, day, tzinfo=UTC)
    except (ValueError, calendar.IllegalMonthError) as error:
        raise CertLogicError(str(error)) from None


def is_whole_date(text: str) -> bool:
    """Whether it is written as a year, a month and a day, and no more."""
    return _DATE.fullmatch(text) is not None


def moment_of(value: object) -> datetime:
    """A date or a time of day on a date (specification section 4.5), UTC where it says nothing.

    Raises:
        CertLogicError: it is none of the two.
    """
    if not isinstance(value, str):
        raise CertLogicError("a moment is text")
    try:
        if _DATE.fullmatch(value):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        found = _TIME.fullmatch(value)
        if found is None:
            raise CertLogicError(f"{value[:40]!r} is no moment")
        date, clock, fraction, offset = found.groups()
        micro = (fraction or "0")[:6].ljust(6, "0")
        return datetime.fromisoformat(f"{date}T{clock}.{micro}{_offset(offset)}")
    except ValueError as error:
        raise CertLogicError(str(error)) from None


def _offset(text: str | None) -> str:
    """`Z`, `+2`, `+02`, `+0200` and `+02:00`, as all of them occur."""
    if text in (None, "Z"):
        return "+00:00"
    digits = text[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if digits[2:] else (digits, "00")
    return f"{text[0]}{int(hours):02}:{minutes}"


def _plus_months(moment: datetime, months: int) -> datetime:
    """By the calendar; a day that the month does not have runs over into the next one."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    try:
        first = moment.replace(year=year, month=month + 1, day=1)
    except ValueError as error:
        raise CertLogicError(str(error)) from None
    return first + timedelta(days=moment.day - 1)
