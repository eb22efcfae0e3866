"""The port of the thermometer: what every one of them keeps to, and how each fails.

The kernel's sensor is a folder of files here, as its own driver would show it; the real ones are
the hardware suite's business.
"""

from __future__ import annotations

import math
import os
import threading
from typing import TYPE_CHECKING

import pytest

from drivers.api import DriverError, ErrorKind, Thermometer
from drivers.iio_thermometer import IioThermometer
from drivers.sim.thermometer import SETTLE_NS, SimThermometer
from gate.walltime import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOM_C = 27.0
FOREHEAD_C = 36.4


class Clock:
    """Virtual nanoseconds."""

    def __init__(self) -> None:
        self.now_ns = 5 * NS_PER_S

    def __call__(self) -> int:
        return self.now_ns


def digits(celsius: float) -> str:
    """As the MLX90614 counts: 0.02 K a digit from 0 K."""
    return str(round((celsius + 273.15) / 0.02))


def sensor(folder: Path, name: str = "mlx90614", **files: str) -> Path:
    """A sensor as the kernel shows it."""
    device = folder / "iio:device0"
    device.mkdir(exist_ok=True)
    shown = {
        "name": name,
        "in_temp_scale": "20",
        "in_temp_offset": "-13657.500000",
        "in_temp_object_raw": digits(FOREHEAD_C),
        "in_temp_ambient_raw": digits(ROOM_C),
        "in_temp_object_input": str(round(FOREHEAD_C * 1000)),
        "in_temp_ambient_input": str(round(ROOM_C * 1000)),
    }
    for file, text in (shown | files).items():
        (device / file).write_text(text + "\n", encoding="ascii")
    return device


def simulated(_folder: Path, clock: Clock) -> Thermometer:
    """Somebody has stood before it long enough."""
    thermometer = SimThermometer(clock, seed=1, ambient_c=ROOM_C, noise_c=0.0)
    thermometer.person(FOREHEAD_C)
    clock.now_ns += 20 * SETTLE_NS
    return thermometer


def counted(folder: Path, clock: Clock) -> Thermometer:
    """An MLX90614: digits."""
    sensor(folder)
    return IioThermometer(clock, devices=folder)


def processed(folder: Path, clock: Clock) -> Thermometer:
    """An MLX90632: millidegrees."""
    sensor(folder, "mlx90632")
    return IioThermometer(clock, model="mlx90632", devices=folder)


@pytest.mark.parametrize("made", [simulated, counted, processed])
def test_a_reading_is_raw_and_says_when_it_began(
    tmp_path: Path, made: Callable[[Path, Clock], Thermometer]
) -> None:
    """What the sensor sees, not pulled towards anything, at the moment of the call."""
    clock = Clock()
    thermometer = made(tmp_path, clock)
    reading = thermometer.read()
    assert reading.object_c == pytest.approx(FOREHEAD_C, abs=0.02)
    assert reading.ambient_c == pytest.approx(ROOM_C, abs=0.02)
    assert reading.started_ns == clock.now_ns
    thermometer.close()
    thermometer.close()


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"in_temp_object_raw": "soon"}, ErrorKind.CORRUPT),
        ({"in_temp_object_raw": "65535"}, ErrorKind.CORRUPT),
        ({"in_temp_ambient_raw": "0"}, ErrorKind.CORRUPT),
        ({"in_temp_object_raw": "nan"}, ErrorKind.CORRUPT),
        ({"in_temp_scale": "2"}, ErrorKind.UNSUPPORTED),
        ({"in_temp_offset": "13657.5"}, ErrorKind.UNSUPPORTED),
        ({"name": "bmp280"}, ErrorKind.MISSING),
    ],
)
def test_what_is_no_answer_has_a_kind(
    tmp_path: Path, files: dict[str, str], kind: ErrorKind
) -> None:
    """A wrong sign in an old kernel's offset makes nobody feverish."""
    sensor(tmp_path, **files)
    with pytest.raises(DriverError) as refused:
        IioThermometer(Clock(), devices=tmp_path).read()
    assert refused.value.kind is kind


def test_a_sensor_that_was_unplugged_is_found_again(tmp_path: Path) -> None:
    """Its number may be another one then."""
    device = sensor(tmp_path)
    thermometer = IioThermometer(Clock(), devices=tmp_path)
    thermometer.read()
    (device / "in_temp_object_raw").unlink()
    with pytest.raises(DriverError) as gone:
        thermometer.read()
    assert gone.value.kind is ErrorKind.MISSING
    device.rename(tmp_path / "iio:device3")
    sensor(tmp_path, "bmp280")
    (tmp_path / "iio:device3" / "in_temp_object_raw").write_text(digits(FOREHEAD_C))
    assert thermometer.read().object_c == pytest.approx(FOREHEAD_C, abs=0.02)


def test_a_bus_that_hangs_holds_up_nobody(tmp_path: Path) -> None:
    """One thread stays behind; what it brings at last is too old to be believed."""
    device = sensor(tmp_path)
    raw = device / "in_temp_object_raw"
    raw.unlink()
    os.mkfifo(raw)
    thermometer = IioThermometer(Clock(), devices=tmp_path, read_s_max=0.05)
    for _ in range(2):
        with pytest.raises(DriverError) as hung:
            thermometer.read()
        assert hung.value.kind is ErrorKind.TIMEOUT
    assert sum(thread.name == "iio-reading" for thread in threading.enumerate()) == 1
    raw.write_text(digits(FOREHEAD_C))
    late = None
    while late != "the answer came too late":
        with pytest.raises(DriverError) as refused:
            thermometer.read()
        late = refused.value.message
    raw.unlink()
    raw.write_text(digits(FOREHEAD_C))
    assert thermometer.read().object_c == pytest.approx(FOREHEAD_C, abs=0.02)


def test_the_simulated_one_has_a_sensor_s_manners() -> None:
    """It settles, drifts, and the same seed gives the same day."""
    clock = Clock()
    thermometer = SimThermometer(clock, seed=3, ambient_c=ROOM_C, noise_c=0.0, drift_c_per_hour=1.0)
    twin = SimThermometer(clock, seed=3, ambient_c=ROOM_C, noise_c=0.0, drift_c_per_hour=1.0)
    for each in (thermometer, twin):
        each.person(FOREHEAD_C)
    clock.now_ns += SETTLE_NS
    settling = thermometer.read().object_c
    assert ROOM_C < settling < FOREHEAD_C
    assert twin.read().object_c == settling
    clock.now_ns += 3600 * NS_PER_S
    assert thermometer.read().object_c == pytest.approx(FOREHEAD_C + 1.0, abs=0.05)
    thermometer.ambient(30.0)
    assert thermometer.read().ambient_c == pytest.approx(30.0)


def test_the_simulated_one_has_words_for_its_faults() -> None:
    """Each shows as it would on the wire, and is over when it is mended."""
    clock = Clock()
    thermometer = SimThermometer(clock, seed=3)
    first = thermometer.read()
    thermometer.stick()
    clock.now_ns += NS_PER_S
    assert thermometer.read().object_c == first.object_c
    thermometer.nan()
    assert math.isnan(thermometer.read().object_c)
    thermometer.slow(2 * NS_PER_S)
    with pytest.raises(DriverError) as slow:
        thermometer.read()
    assert slow.value.kind is ErrorKind.TIMEOUT
    thermometer.disconnect()
    with pytest.raises(DriverError) as gone:
        thermometer.read()
    assert gone.value.kind is ErrorKind.MISSING
    thermometer.recover()
    assert math.isfinite(thermometer.read().object_c)
