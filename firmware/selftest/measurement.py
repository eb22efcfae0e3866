"""A measured value, what it is held to, and what comes of that.

Values are numbers with a unit, or words. A number has limits, outside of which it fails, and a
band within them, outside of which it is marginal: the lane works, and somebody should look at it
before it doesn't. A word is the expected one or not.
"""

import enum
import math
from collections.abc import Iterable

from msgspec import Struct

VALUE_DECIMALS = 3
"""More would be noise in every report."""


class Verdict(enum.StrEnum):
    """What a value, a step or a whole self-test amounts to."""

    PASS = "pass"
    MARGINAL = "marginal"
    """Within its limits, and not by much; or what is only advised."""
    FAIL = "fail"
    SKIPPED = "skipped"
    """Not measured: there is no such device, or nobody to ask."""


_GRAVITY = (Verdict.SKIPPED, Verdict.PASS, Verdict.MARGINAL, Verdict.FAIL)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of them; of none, and of what was skipped alone, skipped."""
    return max(verdicts, key=_GRAVITY.index, default=Verdict.SKIPPED)


class Limit(Struct, frozen=True, kw_only=True):
    """What a value is held to. Bounds belong to what is allowed."""

    unit: str = ""
    lower: float | None = None
    upper: float | None = None
    marginal_lower: float | None = None
    """Below that it is marginal."""
    marginal_upper: float | None = None
    expected: str | None = None
    """The word, where the value is one."""
    is_advice: bool = False
    """Another word than the expected one is marginal, and no failure."""
    hint: str
    """What to do where it is not as it should be, as a sentence."""
    source: str
    """Where the figures come from."""


class Measurement(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line of a report."""

    name: str
    verdict: Verdict
    value: float | str | None = None
    """None where it never came: an output that did not switch has no time in which it did."""
    unit: str = ""
    lower: float | None = None
    upper: float | None = None
    marginal_lower: float | None = None
    marginal_upper: float | None = None
    expected: str | None = None
    is_advice: bool = False
    hint: str = ""
    """What to do; of what was skipped, why. Empty where all is well."""


def judge(name: str, limit: Limit, value: float | str | None, hint: str = "") -> Measurement:
    """Hold a value against its limit.

    Args:
        name: of the line.
        limit: see there.
        value: a number or a word; None fails.
        hint: in place of the limit's own, where the value tells more.
    """
    verdict = _verdict(limit, value)
    return Measurement(
        name=name,
        verdict=verdict,
        value=round(value, VALUE_DECIMALS) if isinstance(value, float) else value,
        unit=limit.unit,
        lower=limit.lower,
        upper=limit.upper,
        marginal_lower=limit.marginal_lower,
        marginal_upper=limit.marginal_upper,
        expected=limit.expected,
        is_advice=limit.is_advice,
        hint="" if verdict is Verdict.PASS else hint or limit.hint,
    )


def skipped(name: str, why: str) -> Measurement:
    """A line for what is not measured, and why, as a sentence."""
    return Measurement(name=name, verdict=Verdict.SKIPPED, hint=why)


def _verdict(limit: Limit, value: float | str | None) -> Verdict:
    if value is None:
        return Verdict.FAIL
    if isinstance(value, str):
        if value == limit.expected:
            return Verdict.PASS
        return Verdict.MARGINAL if limit.is_advice else Verdict.FAIL
    if not _is_within(value, limit.lower, limit.upper):
        return Verdict.FAIL
    if not _is_within(value, limit.marginal_lower, limit.marginal_upper):
        return Verdict.MARGINAL
    return Verdict.PASS


def _is_within(value: float, lower: float | None, upper: float | None) -> bool:
    """What is no number is within nothing."""
    return (
        math.isfinite(value)
        and (lower is None or value >= lower)
        and (upper is None or value <= upper)
    )
