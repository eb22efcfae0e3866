"""The Pi camera's settings: what is asked of a sensor, within what it has."""

import numpy as np
import pytest

from drivers.api import DriverError, ErrorKind
from drivers.picamera import PiCamera, Picture, Plan, Settings, connect_picamera2, planned

MODULE_3 = {
    "FrameDurationLimits": (33_333, 120_000),
    "AeEnable": (False, True),
    "ExposureTime": (1, 66_666),
    "AnalogueGain": (1.0, 16.0),
    "AwbEnable": (False, True),
    "AfMode": (0, 2),
    "LensPosition": (0.0, 15.0),
}
"""Ranges as Camera Module 3 gives them; it has a lens to move."""
GLOBAL_SHUTTER = {
    name: MODULE_3[name] for name in MODULE_3 if name not in ("AfMode", "LensPosition")
}


class Sensor:
    """A sensor whose pictures were made beforehand; strict about the order of calls."""

    model = "test sensor"

    def __init__(self, *pictures: Picture | None, broken: bool = False) -> None:
        self.pictures = list(pictures)
        self.broken = broken
        self.plan: Plan | None = None
        self.stops = 0

    def ranges(self) -> dict[str, tuple[float, float]]:
        return MODULE_3

    def start(self, plan: Plan) -> tuple[int, int]:
        assert self.plan is None, "started twice"
        if self.broken:
            raise DriverError(ErrorKind.FAILED, "Pi camera", "not started")
        self.plan = plan
        return plan.size

    def newest(self, timeout_s: float) -> Picture | None:
        assert self.plan is not None, "asked before it was started"
        assert timeout_s > 0
        return self.pictures.pop(0) if self.pictures else None

    def stop(self) -> None:
        self.stops += 1


def test_lens_is_held_at_one_distance() -> None:
    """Autofocus off, the lens at 200 mm: five dioptres."""
    controls = planned(Settings(focus_mm=200), MODULE_3).controls
    assert controls["AfMode"] == 0
    assert controls["LensPosition"] == pytest.approx(5.0)


def test_lens_goes_no_nearer_than_it_can() -> None:
    """50 mm are 20 dioptres; Camera Module 3 ends at 15."""
    assert planned(Settings(focus_mm=50), MODULE_3).controls["LensPosition"] == 15.0


def test_camera_without_a_lens_to_move() -> None:
    """What the camera does not have is not set: libcamera refuses an unknown control."""
    controls = planned(Settings(), GLOBAL_SHUTTER).controls
    assert set(controls) == set(GLOBAL_SHUTTER)


def test_exposure_is_fixed_and_gain_is_free() -> None:
    """Short and fixed against motion; automatic gain takes the light as it is."""
    controls = planned(Settings(exposure_us_max=1_800, fps=25), MODULE_3).controls
    assert controls["ExposureTime"] == 1_800
    assert isinstance(controls["ExposureTime"], int)
    assert controls["AnalogueGain"] == 0
    assert controls["AeEnable"] is True
    assert controls["FrameDurationLimits"] == (40_000, 40_000)


def test_virtual_camera_without_controls() -> None:
    """libcamera's virtual pipeline has none of them, and is asked for none."""
    plan = planned(Settings(pixel_format="NV12"), {})
    assert plan.controls == {}
    assert plan.pixel_format == "NV12"


def test_luma_is_cut_out_of_padded_rows() -> None:
    """The rows' padding and the colour planes stay behind."""
    rows = np.zeros((36, 40), np.uint8)
    rows[:24, :32] = 77
    settings = Settings(width_px=32, height_px=24)
    camera = PiCamera(lambda: Sensor(Picture(rows, None, 0)), settings)
    camera.open()
    luma = camera.capture(1).luma
    assert luma.shape == (24, 32)
    assert np.all(luma == 77)
    assert not np.shares_memory(luma, rows)


def test_sensor_time_becomes_monotonic_time() -> None:
    """The sensor's clock counts the time asleep; a frame is never from the future."""
    rows = np.zeros((24, 16), np.uint8)
    asleep_ns = 3_600 * 10**9
    sensor = Sensor(
        Picture(rows, 5_000 + asleep_ns, 0),
        Picture(rows, 99_000 + asleep_ns, 1),
        Picture(rows, None, 2),
    )
    camera = PiCamera(
        lambda: sensor,
        Settings(width_px=16, height_px=16),
        clock=lambda: 7_000,
        boot_clock=lambda: 7_000 + asleep_ns,
    )
    camera.open()
    assert [camera.capture(1).captured_ns for _ in range(3)] == [5_000, 7_000, 7_000]


def test_sensor_that_does_not_start_is_let_go() -> None:
    """Nothing stays claimed after a failed opening."""
    sensor = Sensor(broken=True)
    with pytest.raises(DriverError):
        PiCamera(lambda: sensor, Settings()).open()
    assert sensor.stops == 1


def test_without_picamera2_it_says_what_to_install() -> None:
    """Off a Pi the library is missing: one sentence, and the kind that says where to look."""
    try:
        import picamera2  # noqa: F401, PLC0415 - asked, because it comes from the distribution
    except ImportError:
        with pytest.raises(DriverError, match="apt install python3-picamera2") as missing:
            connect_picamera2(0)
        assert missing.value.kind is ErrorKind.MISSING
    else:
        pytest.skip("picamera2 is installed here")
