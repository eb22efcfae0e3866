"""Readings for the visit that wants them, and the sensor's health beside."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

import pytest

from drivers import sampler
from drivers.api import DriverError, ErrorKind, Reading
from drivers.sampler import FAILED_PROBE_NS, IDLE_PROBE_NS, READ_FAILURES_MAX, Sampler
from gate.events import (
    AnyEvent,
    Device,
    DeviceFailed,
    DeviceRecovered,
    ReadingMissed,
    ReadingTaken,
)
from gate.walltime import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 20.0


class Sensor:
    """A thermometer that answers as it is told to."""

    name = "told"

    def __init__(self) -> None:
        self.now_ns = NS_PER_S
        self.answer: Callable[[], Reading] = self.works
        self.closed = 0

    def works(self) -> Reading:
        """A forehead, measured now."""
        return Reading(36.5, 27.0, self.now_ns)

    def read(self) -> Reading:
        """Whatever was told."""
        return self.answer()

    def close(self) -> None:
        """Counted."""
        self.closed += 1


class Sampling:
    """A sampler in virtual time, with what it posts."""

    def __init__(self) -> None:
        self.sensor = Sensor()
        self.events: list[AnyEvent] = []
        self.sampler = Sampler(self.sensor, self.events.append, lambda: self.sensor.now_ns)

    def ask(self, times: int = 1) -> list[AnyEvent]:
        """Let that many readings be taken, each when it is due."""
        self.events.clear()
        for _ in range(times):
            self.sensor.now_ns = max(self.sensor.now_ns, self.sampler.wake_at_ns())
            self.sampler.sample()
        return list(self.events)


def refuse(kind: ErrorKind) -> Reading:
    """No answer."""
    raise DriverError(kind, "told", "no")


def test_a_visit_gets_readings_until_it_wants_no_more() -> None:
    """Each carries the number of its visit; between visits the sensor is only asked how it is."""
    told = Sampling()
    assert told.ask() == []
    assert told.sampler.answers
    told.sampler.measure(7)
    taken = told.ask(2)
    assert [type(event) for event in taken] == [ReadingTaken] * 2
    assert all(isinstance(event, ReadingTaken) and event.visit == 7 for event in taken)
    told.sampler.stop()
    assert told.sampler.wake_at_ns() == told.sensor.now_ns + IDLE_PROBE_NS
    assert told.ask() == []


def test_a_reading_belongs_to_the_visit_in_which_it_was_started() -> None:
    """The visitor changed while the sensor was at work: nobody is given the other's forehead."""
    told = Sampling()
    told.sampler.measure(1)

    def changes() -> Reading:
        told.sampler.stop()
        told.sampler.measure(2)
        return told.sensor.works()

    told.sensor.answer = changes
    assert told.ask() == []
    assert told.sampler.wake_at_ns() <= told.sensor.now_ns
    told.sensor.answer = told.sensor.works
    assert told.ask() == [ReadingTaken(2, 36.5, 27.0, told.sensor.now_ns)]


def test_an_answer_from_before_the_visit_is_none() -> None:
    """A sensor that repeats itself does not measure."""
    told = Sampling()
    told.sampler.measure(1)
    told.sensor.answer = lambda: Reading(36.5, 27.0, NS_PER_S - NS_PER_MS)
    assert told.ask() == [ReadingMissed(1, "stuck")]


def test_what_is_no_number_is_corrupt() -> None:
    """Every comparison with it would be false."""
    told = Sampling()
    told.sampler.measure(1)
    told.sensor.answer = lambda: Reading(math.nan, 27.0, told.sensor.now_ns)
    assert told.ask() == [ReadingMissed(1, "corrupt")]


def test_a_sensor_that_fails_is_told_once_and_asked_again() -> None:
    """Also when nobody waits, so that it is known before somebody stands in front of it."""
    told = Sampling()
    told.sensor.answer = lambda: refuse(ErrorKind.MISSING)
    assert told.ask(READ_FAILURES_MAX) == [DeviceFailed(Device.THERMOMETER, "missing")]
    assert not told.sampler.answers
    assert told.ask(3) == []
    assert told.sampler.wake_at_ns() == told.sensor.now_ns + FAILED_PROBE_NS
    told.sensor.answer = told.sensor.works
    assert told.ask() == [DeviceRecovered(Device.THERMOMETER)]
    assert told.sampler.answers


def test_a_driver_s_bug_and_a_door_that_raises_end_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The one thread that knows of the sensor's health goes on."""
    told = Sampling()
    told.sampler.measure(1)
    told.sensor.answer = lambda: Reading(*("x", "y", "z"))  # type: ignore[arg-type]
    assert told.ask() == [ReadingMissed(1, "failed")]

    def raises(_event: AnyEvent) -> None:
        raise RuntimeError("no")

    told.sampler._post = raises
    told.sensor.answer = told.sensor.works
    told.ask()
    assert "the lane's door raised" in caplog.text


def test_a_reading_that_hangs_is_told_and_left_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A failed thermometer while it hangs, one that works when it answers; the end of the lane does
    not wait for it."""
    monkeypatch.setattr(sampler, "READ_NS_MAX", 100 * NS_PER_MS)
    told = Sampling()
    heard = threading.Condition()

    def post(event: AnyEvent) -> None:
        with heard:
            told.events.append(event)
            heard.notify_all()

    def hears(event: AnyEvent) -> bool:
        with heard:
            return heard.wait_for(lambda: event in told.events, PATIENCE_S)

    let_go = threading.Event()

    def hangs() -> Reading:
        let_go.wait(PATIENCE_S)
        return Reading(36.5, 27.0, 0)

    told.sensor.answer = hangs
    real = Sampler(told.sensor, post, time.monotonic_ns)
    real.start()
    assert hears(DeviceFailed(Device.THERMOMETER, "timeout"))
    let_go.set()
    assert hears(DeviceRecovered(Device.THERMOMETER))
    let_go.clear()
    real.measure(1)
    assert hears(ReadingMissed(1, "timeout"))
    real.close()
    assert told.sensor.closed == 0
    assert "left as it is" in caplog.text
    let_go.set()


def test_the_end_gives_the_thermometer_back() -> None:
    """Once the thread has ended, and as often as asked."""
    told = Sampling()
    told.sampler.start()
    told.sampler.close()
    told.sampler.close()
    assert told.sensor.closed == 2
