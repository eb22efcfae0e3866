"""From raw readings to a verdict.

A reading is taken at its word or thrown away; it is never pulled towards normal. The
estimate is the median of readings that agree, plus the site's constant offset: its slope
against the reference is 1.
"""

import enum
import math

from msgspec import Struct

from gate.events import ReadingTaken
from gate.policy import TemperaturePolicy, ns
from gate.walltime import NS_PER_S

BAND_C = 0.5


class Rejection(enum.StrEnum):
    """Why an answer of the thermometer is not a reading."""

    NOT_A_NUMBER = "not_a_number"
    OUT_OF_RANGE = "out_of_range"
    STALE = "stale"
    OUT_OF_ORDER = "out_of_order"
    TOO_FAST = "too_fast"
    STUCK = "stuck"


class Verdict(enum.StrEnum):
    """What the screening says."""

    NORMAL = "normal"
    ELEVATED = "elevated"


class Sample(Struct, frozen=True):
    """One reading that is plausible."""

    object_c: float
    ambient_c: float
    started_ns: int


class Repeat(Struct, frozen=True):
    """What the sensor said last, and how often in a row, whoever stood before it."""

    object_c: float
    ambient_c: float
    times: int = 1


class Estimate(Struct, frozen=True):
    """The outcome of one screening."""

    raw_c: float
    """Median of the agreeing raw surface temperatures."""
    ambient_c: float
    estimate_c: float
    uncertainty_c: float
    verdict: Verdict
    outside_validated: bool

    @property
    def band_c(self) -> float:
        """Lower edge of the half-degree band: all that leaves the lane."""
        return math.floor(self.estimate_c / BAND_C) * BAND_C


def repeated(before: Repeat | None, reading: ReadingTaken) -> Repeat:
    """The same with one answer more. NaN repeats nothing: it equals not even itself."""
    said = (reading.object_c, reading.ambient_c)
    if before is None or said != (before.object_c, before.ambient_c):
        return Repeat(*said)
    return Repeat(*said, before.times + 1)


def rejection(
    samples: tuple[Sample, ...],
    reading: ReadingTaken,
    policy: TemperaturePolicy,
    now_ns: int,
    *,
    times: int = 1,
) -> Rejection | None:
    """Why this answer is not a reading, or None where it is one.

    Args:
        samples: the plausible ones of the same visit, oldest first.
        reading: the answer.
        policy: the site's bounds.
        now_ns: monotonic nanoseconds.
        times: how often in a row the sensor has said this, in whatever visits. A frozen one
            agrees with itself, and would find everybody well.
    """
    if not (math.isfinite(reading.object_c) and math.isfinite(reading.ambient_c)):
        return Rejection.NOT_A_NUMBER
    if not policy.plausible_c_min <= reading.object_c <= policy.plausible_c_max:
        return Rejection.OUT_OF_RANGE
    if now_ns - reading.started_ns > ns(policy.stale_s):
        return Rejection.STALE
    if times >= policy.stuck_readings:
        return Rejection.STUCK
    return _misfit(samples, reading, policy) if samples else None


def _misfit(
    samples: tuple[Sample, ...], reading: ReadingTaken, policy: TemperaturePolicy
) -> Rejection | None:
    """Why this answer does not follow on from those before it."""
    last = samples[-1]
    elapsed_ns = reading.started_ns - last.started_ns
    if elapsed_ns <= 0:
        return Rejection.OUT_OF_ORDER
    change_c = abs(reading.object_c - last.object_c)
    # Two readings a few milliseconds apart differ by noise: what agrees is not a jump.
    if change_c > policy.agree_c and change_c * NS_PER_S > policy.rate_c_per_s_max * elapsed_ns:
        return Rejection.TOO_FAST
    return None


def estimate(samples: tuple[Sample, ...], policy: TemperaturePolicy) -> Estimate | None:
    """The verdict over the newest readings, or None where they are too few or disagree."""
    newest = samples[-policy.readings :]
    if len(newest) < policy.readings:
        return None
    objects = sorted(sample.object_c for sample in newest)
    if objects[-1] - objects[0] > policy.agree_c:
        return None
    middle = len(objects) // 2
    raw = objects[middle] if len(objects) % 2 else (objects[middle - 1] + objects[middle]) / 2
    ambient = newest[-1].ambient_c
    value = raw + policy.offset_c
    return Estimate(
        raw_c=raw,
        ambient_c=ambient,
        estimate_c=value,
        uncertainty_c=policy.uncertainty_c,
        verdict=Verdict.ELEVATED if policy.is_elevated(value) else Verdict.NORMAL,
        outside_validated=not policy.ambient_c_min <= ambient <= policy.ambient_c_max,
    )
