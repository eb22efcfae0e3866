"""A verdict comes from readings that agree, and is never pulled towards normal."""

import math

import pytest

from gate.events import ReadingTaken
from gate.policy import Comparison, TemperaturePolicy
from gate.temperature import (
    Rejection,
    Repeat,
    Sample,
    Verdict,
    estimate,
    rejection,
    repeated,
)
from gate.walltime import NS_PER_S

POLICY = TemperaturePolicy()


def reading(object_c: float, at_s: float = 10.0, ambient_c: float = 27.0) -> ReadingTaken:
    """One answer of the thermometer, started at that second."""
    return ReadingTaken(1, object_c, ambient_c, round(at_s * NS_PER_S))


def samples(*objects_c: float, ambient_c: float = 27.0) -> tuple[Sample, ...]:
    """Plausible readings, half a second apart, the last at 9.5 s."""
    first_s = 9.5 - 0.5 * (len(objects_c) - 1)
    return tuple(
        Sample(object_c, ambient_c, round((first_s + 0.5 * place) * NS_PER_S))
        for place, object_c in enumerate(objects_c)
    )


@pytest.mark.parametrize(
    ("before", "answer", "why"),
    [
        ((), reading(36.4), None),
        ((), reading(math.nan), Rejection.NOT_A_NUMBER),
        ((), reading(36.4, ambient_c=math.inf), Rejection.NOT_A_NUMBER),
        ((), reading(29.9), Rejection.OUT_OF_RANGE),
        ((), reading(43.1), Rejection.OUT_OF_RANGE),
        ((), reading(36.4, at_s=7.9), Rejection.STALE),
        (samples(36.4), reading(36.5), None),
        (samples(36.4), reading(36.4, at_s=9.5), Rejection.OUT_OF_ORDER),
        (samples(33.0), reading(36.4), Rejection.TOO_FAST),
        (samples(36.4), reading(36.6, at_s=9.501), None),
    ],
)
def test_what_is_no_reading_is_rejected_by_name(
    before: tuple[Sample, ...], answer: ReadingTaken, why: Rejection | None
) -> None:
    """Each kind of implausible answer has its own name; a plausible one has none."""
    assert rejection(before, answer, POLICY, 10 * NS_PER_S) is why


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([36.4] * 11, None),
        ([36.4] * 12, Rejection.STUCK),
        ([36.4] * 30, Rejection.STUCK),
        ([*[36.4] * 11, 36.42], None),
        ([*[36.4] * 11, 36.42, 36.4], None),
        ([*[math.nan] * 30, 36.4], None),
    ],
)
def test_a_sensor_that_repeats_itself_is_frozen(
    answers: list[float], why: Rejection | None
) -> None:
    """The twelfth answer in a row that is equal to the last bit, whoever stood before it."""
    said: Repeat | None = None
    for object_c in answers:
        said = repeated(said, reading(object_c))
    assert said is not None
    assert rejection((), reading(36.4), POLICY, 10 * NS_PER_S, times=said.times) is why


def test_readings_must_be_enough_and_agree() -> None:
    """Two readings are too few for three, and three that differ are no answer."""
    assert estimate(samples(36.4, 36.4), POLICY) is None
    assert estimate(samples(36.0, 36.2, 36.4), POLICY) is None
    assert estimate(samples(35.0, 36.3, 36.4, 36.5), POLICY) is not None


@pytest.mark.parametrize("step", range(21))
def test_the_estimate_follows_the_reference_with_slope_one(step: int) -> None:
    """From 35 to 40 °C, a quarter degree more is reported as a quarter degree more."""
    reference_c = 35 + step / 4
    found = estimate(samples(*[reference_c] * 3), TemperaturePolicy(offset_c=0.5))
    assert found is not None
    assert found.estimate_c == pytest.approx(reference_c + 0.5)
    assert found.band_c <= found.estimate_c < found.band_c + 0.5


@pytest.mark.parametrize(
    ("comparison", "object_c", "verdict"),
    [
        (Comparison.ABOVE, 37.3, Verdict.NORMAL),
        (Comparison.ABOVE, 37.32, Verdict.ELEVATED),
        (Comparison.AT_OR_ABOVE, 37.28, Verdict.NORMAL),
        (Comparison.AT_OR_ABOVE, 37.3, Verdict.ELEVATED),
    ],
)
def test_the_limit_is_the_policy_s(
    comparison: Comparison, object_c: float, verdict: Verdict
) -> None:
    """Sources differ on whether the limit itself is normal: the policy says."""
    found = estimate(samples(*[object_c] * 3), TemperaturePolicy(comparison=comparison))
    assert found is not None
    assert found.verdict is verdict


def test_an_even_number_of_readings_gives_the_middle_of_the_middle_two() -> None:
    """Four readings: the median lies between the second and the third."""
    found = estimate(samples(36.0, 36.1, 36.2, 36.3), TemperaturePolicy(readings=4, agree_c=0.5))
    assert found is not None
    assert found.raw_c == pytest.approx(36.15)


@pytest.mark.parametrize(("ambient_c", "outside"), [(15.9, True), (16.0, False), (35.1, True)])
def test_outside_the_validated_ambient_range_it_says_so(ambient_c: float, outside: bool) -> None:
    """A verdict in the cold or the heat carries the mark that it was not validated there."""
    found = estimate(samples(36.4, 36.4, 36.4, ambient_c=ambient_c), POLICY)
    assert found is not None
    assert found.outside_validated is outside
