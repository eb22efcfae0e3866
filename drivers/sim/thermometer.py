"""A simulated contact-free thermometer with a sensor's manners: it settles, drifts and is noisy.

The world says who stands before it and how warm the room is; time comes from the clock that is
handed in, and chance from a seed, so that the same day gives the same readings.
"""

import math
import random
from collections.abc import Callable

from drivers.api import Clock, DriverError, ErrorKind, Reading
from gate.walltime import NS_PER_MS, NS_PER_S

READ_NS_MAX = NS_PER_S
"""Longest that a reading may take, by the port."""
CONVERSION_NS = 100 * NS_PER_MS
SETTLE_NS = 130 * NS_PER_MS
"""Time constant of the MLX90614's default filter, about a tenth of its settling time."""
DIGIT_C = 0.02
NS_PER_HOUR = 3600 * NS_PER_S


def _no_time(_ns: int) -> None:
    """Virtual time: a conversion takes none."""


class SimThermometer:
    """`drivers.api.Thermometer`, with words for its faults."""

    name = "simulated"

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int,
        ambient_c: float = 27.0,
        noise_c: float = 0.05,
        drift_c_per_hour: float = 0.0,
        sleep: Callable[[int], None] = _no_time,
    ) -> None:
        """Stand in an empty lane.

        Args:
            clock: monotonic nanoseconds, real or virtual.
            seed: of the noise.
            ambient_c: temperature of the room, degrees Celsius.
            noise_c: standard deviation of one reading.
            drift_c_per_hour: how fast the object's temperature is read wrong.
            sleep: blocks for so many nanoseconds, in real time.
        """
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311 - noise, not a secret
        self._ambient_c = ambient_c
        self._noise_c = noise_c
        self._drift_c_per_hour = drift_c_per_hour
        self._sleep = sleep
        self._born_ns = self._changed_ns = clock()
        self._person_c: float | None = None
        self._from_c = ambient_c
        self._last: Reading | None = None
        self._stuck = self._nan = self._gone = False
        self._slow_ns = 0

    # What the world does.

    def person(self, surface_c: float | None) -> None:
        """Somebody with that forehead steps before the sensor; None: nobody."""
        self._settle_from_here()
        self._person_c = surface_c

    def ambient(self, ambient_c: float) -> None:
        """The room is so warm now, degrees Celsius."""
        self._settle_from_here()
        self._ambient_c = ambient_c

    # What goes wrong.

    def stick(self) -> None:
        """Repeat the last reading for ever."""
        self._stuck = True

    def nan(self) -> None:
        """Answer with what is no number."""
        self._nan = True

    def slow(self, extra_ns: int) -> None:
        """Take so much longer; past a second in all, no answer comes."""
        self._slow_ns = extra_ns

    def disconnect(self) -> None:
        """The cable is out."""
        self._gone = True

    def recover(self) -> None:
        """Nothing is wrong any more."""
        self._stuck = self._nan = self._gone = False
        self._slow_ns = 0

    # The port.

    def read(self) -> Reading:
        """See `drivers.api.Thermometer.read`."""
        if self._gone:
            raise DriverError(ErrorKind.MISSING, self.name, "the sensor does not answer")
        started_ns = self._clock()
        taken_ns = CONVERSION_NS + self._slow_ns
        self._sleep(min(taken_ns, READ_NS_MAX))
        if taken_ns > READ_NS_MAX:
            raise DriverError(ErrorKind.TIMEOUT, self.name, "no answer within a second")
        # Drawn each time, so that a fault does not shift the readings that follow it.
        noise_c = self._random.gauss(0.0, self._noise_c)
        if self._nan:
            return Reading(object_c=math.nan, ambient_c=self._ambient_c, started_ns=started_ns)
        if self._stuck and self._last is not None:
            return Reading(self._last.object_c, self._last.ambient_c, started_ns)
        drift_c = self._drift_c_per_hour * (started_ns - self._born_ns) / NS_PER_HOUR
        object_c = self._object_c(started_ns) + drift_c + noise_c
        self._last = Reading(_digitised(object_c), _digitised(self._ambient_c), started_ns)
        return self._last

    def close(self) -> None:
        """See `drivers.api.Thermometer.close`."""

    def _object_c(self, now_ns: int) -> float:
        """A sensor follows what it sees with one time constant."""
        target_c = self._ambient_c if self._person_c is None else self._person_c
        left = math.exp(-(now_ns - self._changed_ns) / SETTLE_NS)
        return target_c + (self._from_c - target_c) * left

    def _settle_from_here(self) -> None:
        now_ns = self._clock()
        self._from_c = self._object_c(now_ns)
        self._changed_ns = now_ns


def _digitised(celsius: float) -> float:
    return round(celsius / DIGIT_C) * DIGIT_C
