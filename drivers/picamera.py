"""The Raspberry Pi's own camera, through picamera2: its luma plane, settings for codes at hand.

The only module that knows picamera2 and libcamera, which come with the distribution's Python
and are imported when the camera is opened. What is set, and why, is decided here on our own
narrow seam (`Sensor`); `Picamera2Sensor` does nothing but carry it out.

Exposure is short and fixed, because a code moves with the hand that holds it (4 ms at 0.3 m/s
is a module), and the sensor's gain makes up for the light. A lens that can move is held at one
distance. Colour is not computed. Newer libcamera's `ExposureTimeMode` defaults fit: a given
exposure time alone is fixed, and gain stays automatic.
"""

from __future__ import annotations

import time
from concurrent.futures import TimeoutError as JobTimeoutError
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from drivers.api import Clock, DriverError, ErrorKind, Frame
from drivers.lumaplane import crop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]

BUFFERS = 4
AF_MODE_MANUAL = 0
"""`libcamera.controls.AfModeEnum.Manual`."""
GAIN_AUTOMATIC = 0.0
"""An analogue gain of nought leaves it to the automatic exposure."""

ControlValue = bool | int | float | tuple[int, int]


class Settings(Struct, frozen=True):
    """What is wanted of the camera."""

    width_px: int = 1_456
    height_px: int = 1_088
    fps: float = 30.0
    exposure_us_max: int = 4_000
    focus_mm: int = 200
    """Distance of sharpest focus: the middle, in dioptres, of 10 to 40 cm is 16 cm; phones are
    held rather farther away."""
    pixel_format: str = "YUV420"
    """Or NV12: both begin with the luma rows."""


class Plan(Struct, frozen=True):
    """How the camera is to be configured."""

    size: tuple[int, int]
    pixel_format: str
    buffers: int
    controls: dict[str, ControlValue]


class Picture(Struct, frozen=True):
    """One picture as the sensor gives it."""

    rows: Luma
    """Luma rows first, padding at the right, other planes below; good until the next one."""
    sensor_ns: int | None
    """Boot-time clock (`SensorTimestamp`), or None where the pipeline has none."""
    sequence: int


class Sensor(Protocol):
    """The seam: the least that this driver needs of a camera library."""

    model: str

    def ranges(self) -> Mapping[str, tuple[Any, Any]]:
        """Least and greatest value of each control that the camera has."""

    def start(self, plan: Plan) -> tuple[int, int]:
        """Configure and stream; the size that it came to, in pixels."""

    def newest(self, timeout_s: float) -> Picture | None:
        """A picture that was completed after the call, or None in that time."""

    def stop(self) -> None:
        """Stop streaming and let go. Idempotent."""


def planned(settings: Settings, ranges: Mapping[str, tuple[Any, Any]]) -> Plan:
    """The configuration: wanted settings within what this camera has and can.

    A control that it does not have (no lens to move, a virtual camera) is left out.
    """
    period_us = round(1e6 / settings.fps)
    wanted: dict[str, ControlValue] = {
        "FrameDurationLimits": (period_us, period_us),
        "AeEnable": True,
        "ExposureTime": int(_within(settings.exposure_us_max, ranges.get("ExposureTime"))),
        "AnalogueGain": GAIN_AUTOMATIC,
        "AwbEnable": False,
        "AfMode": AF_MODE_MANUAL,
        "LensPosition": _within(1_000 / settings.focus_mm, ranges.get("LensPosition")),
    }
    return Plan(
        size=(settings.width_px, settings.height_px),
        pixel_format=settings.pixel_format,
        buffers=BUFFERS,
        controls={name: value for name, value in wanted.items() if name in ranges},
    )


def _within(value: float, bounds: tuple[Any, Any] | None) -> float:
    """The value, moved into the bounds. A maximum of nought says that there is none."""
    if bounds is None:
        return value
    least, most = bounds
    return float(max(least, min(value, most) if most else value))


class PiCamera:
    """Frames from a `Sensor`; see `drivers.api.Camera`."""

    def __init__(
        self,
        connect: Callable[[], Sensor],
        settings: Settings,
        *,
        clock: Clock = time.monotonic_ns,
        boot_clock: Clock = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME),
    ) -> None:
        """A camera that is not open.

        Args:
            connect: finds the sensor, or raises a DriverError.
            settings: what is wanted of it.
            clock: monotonic nanoseconds.
            boot_clock: the clock of the sensor's timestamps.
        """
        self.name = "Pi camera"
        self._connect = connect
        self._settings = settings
        self._clock = clock
        self._boot_clock = boot_clock
        self._sensor: Sensor | None = None
        self._size = (0, 0)
        self._number = -1

    def open(self) -> None:
        """Start streaming.

        Raises:
            DriverError: no camera, no library, or in use by another program.
        """
        self.close()
        sensor = self._connect()
        try:
            self._size = sensor.start(planned(self._settings, sensor.ranges()))
        except DriverError:
            sensor.stop()
            raise
        self.name = f"Pi camera {sensor.model}"
        self._sensor = sensor
        self._number = -1

    def capture(self, timeout_s: float) -> Frame:
        """A frame that was completed after the call.

        Raises:
            DriverError: kind TIMEOUT, or MISSING when not open.
        """
        if self._sensor is None:
            raise DriverError(ErrorKind.MISSING, self.name, "not open")
        deadline_ns = self._clock() + round(timeout_s * 1e9)
        while (left_ns := deadline_ns - self._clock()) > 0:
            picture = self._sensor.newest(left_ns / 1e9)
            if picture is not None and picture.sequence > self._number:
                self._number = picture.sequence
                return self._framed(picture)
        raise DriverError(ErrorKind.TIMEOUT, self.name, f"no frame within {timeout_s} s")

    def close(self) -> None:
        """Stop streaming. Idempotent."""
        sensor, self._sensor = self._sensor, None
        if sensor is not None:
            sensor.stop()

    def _framed(self, picture: Picture) -> Frame:
        width, height = self._size
        now_ns = self._clock()
        captured_ns = now_ns
        if picture.sensor_ns is not None:
            asleep_ns = self._boot_clock() - now_ns
            captured_ns = min(now_ns, picture.sensor_ns - asleep_ns)
        try:
            luma = crop(picture.rows[:height, :width])
        except ValueError as error:
            raise DriverError(ErrorKind.CORRUPT, self.name, str(error)) from error
        return Frame(luma=luma, captured_ns=captured_ns, number=picture.sequence)


class Picamera2Sensor:
    """The seam over picamera2."""

    def __init__(self, camera: Any) -> None:  # noqa: ANN401 - picamera2 has no types
        """Of an open `Picamera2`, or of a descendant on libcamera's virtual pipeline."""
        self._camera = camera
        self._job: Any = None
        self._request: Any = None
        self._stopped = False
        self.model = str(camera.camera_properties.get("Model", "unknown"))

    def ranges(self) -> Mapping[str, tuple[Any, Any]]:
        """See `Sensor`."""
        return {name: (least, most) for name, (least, most, _) in self._controls()}

    def start(self, plan: Plan) -> tuple[int, int]:
        """See `Sensor`.

        Raises:
            DriverError: the camera does not take the configuration.
        """
        try:
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"size": plan.size, "format": plan.pixel_format},
                    buffer_count=plan.buffers,
                    queue=False,
                    controls=plan.controls,
                )
            )
            self._camera.start()
            width, height = self._camera.camera_configuration()["main"]["size"]
        except (RuntimeError, ValueError, OSError) as error:
            raise DriverError(ErrorKind.FAILED, "Pi camera", f"not started: {error}") from error
        return int(width), int(height)

    def newest(self, timeout_s: float) -> Picture | None:
        """See `Sensor`. A request that came too late is the next call's."""
        self._release()
        if self._job is None:
            self._job = self._camera.capture_request(wait=False)
        try:
            self._request = self._camera.wait(self._job, timeout_s)
        except (TimeoutError, JobTimeoutError):
            return None
        self._job = None
        return Picture(
            rows=self._request.make_array("main"),
            sensor_ns=self._request.get_metadata().get("SensorTimestamp"),
            sequence=int(self._request.request.sequence),
        )

    def stop(self) -> None:
        """See `Sensor`."""
        if self._stopped:
            return
        self._stopped = True
        self._release()
        self._camera.stop()
        self._camera.close()

    def _controls(self) -> list[tuple[str, tuple[Any, Any, Any]]]:
        return list(self._camera.camera_controls.items())

    def _release(self) -> None:
        request, self._request = self._request, None
        if request is not None:
            request.release()


def connect_picamera2(number: int) -> Picamera2Sensor:
    """The camera of that number on this Pi.

    Raises:
        DriverError: no picamera2, no such camera, or in use.
    """
    try:
        # Here, because it comes with the distribution's Python, and brings half of it.
        from picamera2 import Picamera2  # noqa: PLC0415
    except ImportError as error:
        raise DriverError(
            ErrorKind.MISSING, "Pi camera", "no picamera2: apt install python3-picamera2"
        ) from error
    try:
        return Picamera2Sensor(Picamera2(number))
    except IndexError as error:
        raise DriverError(
            ErrorKind.MISSING, "Pi camera", f"no camera {number}: look at its ribbon cable"
        ) from error
    except RuntimeError as error:
        # "Camera __init__ sequence did not complete": libcamera could not acquire it.
        raise DriverError(
            ErrorKind.BUSY, "Pi camera", f"camera {number} is in use by another program"
        ) from error


def picamera(number: int, settings: Settings) -> PiCamera:
    """The Pi's camera of that number, not open yet."""
    return PiCamera(lambda: connect_picamera2(number), settings)
