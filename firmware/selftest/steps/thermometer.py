"""The thermometer, with nobody before it: how fast, how steady, and whether it lives."""

from __future__ import annotations

import math
import statistics
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from drivers.api import DriverError, ErrorKind
from drivers.sampler import READ_FAILURES_MAX
from firmware.selftest.limits import LIMITS
from firmware.selftest.measurement import judge, skipped
from firmware.selftest.step import Doing
from firmware.selftest.steps.figures import longest_run, p95
from gate.walltime import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drivers.api import Reading, Thermometer
    from firmware.selftest.bench import Bench
    from firmware.selftest.measurement import Limit
    from firmware.selftest.step import Context, Lines
    from gate.policy import TemperaturePolicy

READINGS_MIN: Final = 16
READINGS_MAX: Final = 40
"""A sensor with half a second a conversion then takes twenty."""
READINGS_BEYOND_STUCK: Final = 4
RANGE_OF_SIGMA: Final = (1.128, 1.693, 2.059, 2.326, 2.534, 2.704, 2.847, 2.970)
"""Mean range of 2 to 9 readings of one standard deviation: d2 of control charts (ISO 7870-2)."""
HINTS: Final[Mapping[ErrorKind, str]] = MappingProxyType(
    {
        ErrorKind.MISSING: "Look at its four wires and its 3.3 V; `i2cdetect -y 1` shows 5a for an "
        "MLX90614, 3a for an MLX90632.",
        ErrorKind.UNSUPPORTED: "This kernel's driver would be believed wrongly: update the system.",
    }
)


def thermometer(context: Context) -> Lines:
    """So many readings as fast as they come."""
    bench = context.bench
    sensor, rule = bench.rig.thermometer, bench.config.policy.temperature
    if sensor is None:
        yield skipped("thermometer", "This lane has none.")
        return
    count = min(max(READINGS_MIN, rule.stuck_readings + READINGS_BEYOND_STUCK), READINGS_MAX)
    series = _Series()
    for number in range(count):
        yield Doing("readings", number, count)
        series.take(bench, sensor)
        if series.missed_in_a_row >= READ_FAILURES_MAX:
            break
    why = f"{series.why}. {LIMITS['thermometer.missed'].hint}"
    yield judge("missed", LIMITS["thermometer.missed"], series.missed, why)
    yield judge("latency p95", LIMITS["thermometer.latency p95"], p95(series.took_ms))
    objects = [reading.object_c for reading in series.readings]
    if len(objects) < count // 2:
        return  # a few readings tell nothing of the rest
    run = LIMITS["thermometer.equal in a row"]
    most = min(rule.stuck_readings, count) - 1
    run = msgspec.structs.replace(run, upper=most, marginal_upper=(most + 1) // 2)
    yield judge("equal in a row", run, longest_run(objects))
    yield judge("noise", _noise_limit(rule), statistics.stdev(objects))
    ambient = msgspec.structs.replace(
        LIMITS["thermometer.ambient"],
        marginal_lower=rule.ambient_c_min,
        marginal_upper=rule.ambient_c_max,
    )
    yield judge(
        "ambient", ambient, statistics.median(reading.ambient_c for reading in series.readings)
    )


class _Series:
    """Readings, and what became of those that were none."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.took_ms: list[float] = []
        self.missed = 0
        self.missed_in_a_row = 0
        self.why = ""

    def take(self, bench: Bench, sensor: Thermometer) -> None:
        """One reading.

        Raises:
            DriverError: there is no such sensor, or it may not be used.
        """
        began_ns = bench.clock()
        try:
            reading = sensor.read()
        except DriverError as error:
            if error.kind in {ErrorKind.MISSING, ErrorKind.BUSY, ErrorKind.DENIED}:
                raise
            self._miss(error.message)
            return
        finally:
            self.took_ms.append((bench.clock() - began_ns) / NS_PER_MS)
        if not (math.isfinite(reading.object_c) and math.isfinite(reading.ambient_c)):
            self._miss("The answer is no number")
            return
        self.missed_in_a_row = 0
        self.readings.append(reading)

    def _miss(self, why: str) -> None:
        self.missed += 1
        self.missed_in_a_row += 1
        self.why = why[:1].upper() + why[1:]


def _noise_limit(rule: TemperaturePolicy) -> Limit:
    """The lane waits for readings that agree: beyond this they seldom or never do."""
    spread = RANGE_OF_SIGMA[max(0, rule.readings - 2)]
    return msgspec.structs.replace(
        LIMITS["thermometer.noise"],
        upper=rule.agree_c,
        marginal_upper=round(rule.agree_c / spread, 2),
    )
