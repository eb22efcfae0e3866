"""Contact-free thermometers of Melexis through the kernel's IIO files.

The kernel's driver speaks to the sensor (packet error code, calibration, power); we read text:

- `mlx90614`, `mlx90615`: `in_temp_object_raw` and `in_temp_ambient_raw`, in units of
  `in_temp_scale` (20 millikelvin) above `in_temp_offset` (-13657.5 units). Both are checked
  against the data sheet (0.02 K a digit from 0 K): old kernels had the offset's sign wrong, and
  a wrong sign makes nobody feverish.
- `mlx90632`: `in_temp_object_input` and `in_temp_ambient_input`, in millidegrees Celsius. Its
  driver waits for a fresh conversion, 0.5 s at the sensor's default rate.

Sources: drivers/iio/temperature/mlx90614.c and mlx90632.c; data sheets MLX90614 (3901090614,
sections 8.6 and 8.7.3) and MLX90632 (3901090632).
"""

import errno
import logging
import threading
from pathlib import Path

from msgspec import Struct

from drivers.api import Clock, DriverError, ErrorKind, Reading

log = logging.getLogger(__name__)

DEVICES = Path("/sys/bus/iio/devices")
READ_S_MAX = 1.0
"""Longest that a reading may take: a bus that hangs must not hang its caller."""
TEXT_CHARS_MAX = 32
SCALE_MILLIKELVIN = 20.0
OFFSET_DIGITS = -13657.5
"""-273.15 °C in digits of 0.02 K."""
CALIBRATION_TOLERANCE = 1e-3

_KINDS = {
    errno.ENOENT: ErrorKind.MISSING,
    errno.ENODEV: ErrorKind.MISSING,
    errno.ENXIO: ErrorKind.MISSING,
    errno.EREMOTEIO: ErrorKind.MISSING,  # nobody acknowledged the address
    errno.EACCES: ErrorKind.DENIED,
    errno.EPERM: ErrorKind.DENIED,
    errno.EBUSY: ErrorKind.BUSY,
    errno.ETIMEDOUT: ErrorKind.TIMEOUT,
    errno.EIO: ErrorKind.CORRUPT,  # the sensor's own error bit
    errno.EBADMSG: ErrorKind.CORRUPT,  # packet error code
}


class _Model(Struct, frozen=True):
    """What one kind of sensor can measure, degrees Celsius, by its data sheet."""

    processed: bool
    """Whether the kernel gives millidegrees, or digits with scale and offset."""
    object_c_min: float
    object_c_max: float
    ambient_c_min: float
    ambient_c_max: float


MODELS = {
    "mlx90614": _Model(
        processed=False,
        object_c_min=-70.0,
        object_c_max=380.0,
        ambient_c_min=-40.0,
        ambient_c_max=125.0,
    ),
    "mlx90615": _Model(
        processed=False,
        object_c_min=-40.0,
        object_c_max=115.0,
        ambient_c_min=-20.0,
        ambient_c_max=85.0,
    ),
    "mlx90632": _Model(
        processed=True,
        object_c_min=-20.0,
        object_c_max=200.0,
        ambient_c_min=-20.0,
        ambient_c_max=85.0,
    ),
}


class _Attempt:
    """One reading under way on a thread of its own, which may never come back."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.reading: Reading | None = None
        self.error: Exception | None = None


class IioThermometer:
    """`drivers.api.Thermometer` on the first sensor that the kernel has, or the one of that name.

    The device's number may change when it is unplugged: it is looked for again after every
    failure. Each reading runs on its own short thread; when the bus hangs, that one thread
    stays behind, and no second is started before it has come back.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        model: str | None = None,
        devices: Path = DEVICES,
        read_s_max: float = READ_S_MAX,
    ) -> None:
        """Touch nothing yet: a sensor that is not there is a failed reading, not a failed start.

        Args:
            clock: monotonic nanoseconds, for `Reading.started_ns`.
            model: one of `MODELS`, or None for whichever is there.
            devices: folder of the kernel's IIO devices.
            read_s_max: how long a reading may take.
        """
        self.name = model or "iio"
        self._clock = clock
        self._wanted = (model,) if model else tuple(MODELS)
        self._devices = devices
        self._read_s_max = read_s_max
        self._device: tuple[Path, _Model] | None = None
        self._attempt: _Attempt | None = None

    def read(self) -> Reading:
        """See `drivers.api.Thermometer.read`.

        Raises:
            DriverError: MISSING, DENIED, BUSY or TIMEOUT of the bus; CORRUPT for the sensor's
                error bit, a damaged packet or a value that no such sensor measures;
                UNSUPPORTED where the kernel's scale is not the data sheet's.
        """
        if self._attempt is None:
            self._attempt = _Attempt()
            threading.Thread(
                target=self._run, args=(self._attempt,), name="iio-reading", daemon=True
            ).start()
            fresh = True
        else:
            fresh = False
        attempt = self._attempt
        if not attempt.done.wait(self._read_s_max):
            raise DriverError(ErrorKind.TIMEOUT, self.name, f"no answer in {self._read_s_max} s")
        self._attempt = None
        if not fresh:
            # It came back at last, but nobody knows of when its values are.
            raise DriverError(ErrorKind.TIMEOUT, self.name, "the answer came too late")
        if attempt.error is not None:
            raise attempt.error
        assert attempt.reading is not None, "an attempt ends with a reading or an error"  # noqa: S101 - our bug
        return attempt.reading

    def close(self) -> None:
        """Nothing is held open between two readings."""
        self._device = None

    def _run(self, attempt: _Attempt) -> None:
        try:
            attempt.reading = self._read()
        except DriverError as error:
            self._device = None
            attempt.error = error
        except OSError as error:
            self._device = None
            kind = _KINDS.get(error.errno or 0, ErrorKind.FAILED)
            attempt.error = DriverError(kind, self.name, f"{error.filename}: {error.strerror}")
        except Exception as error:
            self._device = None
            log.exception("while reading the thermometer")
            attempt.error = DriverError(ErrorKind.FAILED, self.name, repr(error))
        finally:
            attempt.done.set()

    def _read(self) -> Reading:
        if self._device is None:
            self._device = self._find()
        folder, model = self._device
        started_ns = self._clock()
        if model.processed:
            object_c = self._number(folder / "in_temp_object_input") / 1000
            ambient_c = self._number(folder / "in_temp_ambient_input") / 1000
        else:
            object_c = self._celsius(self._number(folder / "in_temp_object_raw"))
            ambient_c = self._celsius(self._number(folder / "in_temp_ambient_raw"))
        if not model.object_c_min <= object_c <= model.object_c_max:
            raise DriverError(ErrorKind.CORRUPT, self.name, f"object at {object_c:.2f} °C")
        if not model.ambient_c_min <= ambient_c <= model.ambient_c_max:
            raise DriverError(ErrorKind.CORRUPT, self.name, f"ambient at {ambient_c:.2f} °C")
        return Reading(object_c=object_c, ambient_c=ambient_c, started_ns=started_ns)

    @staticmethod
    def _celsius(digits: float) -> float:
        return (digits + OFFSET_DIGITS) * SCALE_MILLIKELVIN / 1000

    def _find(self) -> tuple[Path, _Model]:
        for folder in sorted(self._devices.glob("iio:device*")):
            try:
                name = _text(folder / "name")
            except FileNotFoundError:
                continue  # unplugged while we looked
            if name not in self._wanted:
                continue
            model = MODELS[name]
            if not model.processed:
                self._check_calibration(folder)
            self.name = name
            return folder, model
        wanted = ", ".join(self._wanted)
        raise DriverError(ErrorKind.MISSING, self.name, f"no {wanted} in {self._devices}")

    def _check_calibration(self, folder: Path) -> None:
        scale = self._number(folder / "in_temp_scale")
        offset = self._number(folder / "in_temp_offset")
        for value, expected in ((scale, SCALE_MILLIKELVIN), (offset, OFFSET_DIGITS)):
            if not abs(value - expected) <= CALIBRATION_TOLERANCE * abs(expected):
                raise DriverError(
                    ErrorKind.UNSUPPORTED,
                    self.name,
                    f"scale {scale} and offset {offset} are not {SCALE_MILLIKELVIN} and "
                    f"{OFFSET_DIGITS}: this kernel's driver would be believed wrongly",
                )

    def _number(self, path: Path) -> float:
        text = _text(path)
        try:
            return float(text)
        except ValueError as error:
            raise DriverError(ErrorKind.CORRUPT, self.name, f"{path.name} is no number") from error


def _text(path: Path) -> str:
    """One attribute, as the kernel gives it at this moment."""
    try:
        with path.open("r", encoding="ascii", errors="replace") as file:
            return file.read(TEXT_CHARS_MAX).strip()
    except OSError as error:
        # A failed read, other than a failed open, does not know its file.
        raise OSError(error.errno, error.strerror, str(path)) from error
