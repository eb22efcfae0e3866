"""The pin factory of a real Pi: gpiozero's own on lgpio, with two things put right.

The header's chip is found by its label, because its number moves between kernels (a Pi 5's was
4, then 0, then 11) and gpiozero knows only two of them. An output is claimed with its level,
where gpiozero claims it low and writes afterwards, which energises an active-low relay for a
moment at every start.

`import lgpio` makes a FIFO in the working directory, or in `LG_WD`, into which it then changes:
run where that is allowed (the unit's RuntimeDirectory). So it is imported when a factory is made.
"""

import errno
import fcntl
import os
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.api import DriverError, ErrorKind

if TYPE_CHECKING:
    from gpiozero import Factory

DEVICE = "gpio"
DEV = Path("/dev")
HEADER_LABELS = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""Pi 5, Pi 4, and all before."""
_CHIPINFO_IOCTL = 0x8044B401
"""GPIO_GET_CHIPINFO_IOCTL of linux/gpio.h."""
_CHIPINFO = struct.Struct("=32s32sI")
"""name, label, number of lines."""
_KINDS = {
    errno.EACCES: ErrorKind.DENIED,
    errno.EPERM: ErrorKind.DENIED,
    errno.EBUSY: ErrorKind.BUSY,
    errno.ENOENT: ErrorKind.MISSING,
}


def find_chip(labels: tuple[str, ...] = HEADER_LABELS, dev: Path = DEV) -> int:
    """Number N of the `gpiochipN` that has one of these labels.

    Raises:
        DriverError: MISSING where there is none, DENIED where none could be asked.
    """
    denied = None
    seen = []
    for path in sorted(dev.glob("gpiochip*")):
        number = re.fullmatch(r"gpiochip(\d+)", path.name)
        if number is None:
            continue
        try:
            label = _label(path)
        except OSError as error:
            denied = error
            continue
        if label in labels:
            return int(number[1])
        seen.append(label)
    if denied is not None:
        kind = _KINDS.get(denied.errno or 0, ErrorKind.FAILED)
        raise DriverError(kind, DEVICE, f"{denied.filename}: {denied.strerror}; join group gpio")
    found = ", ".join(seen) or "none"
    raise DriverError(
        ErrorKind.MISSING, DEVICE, f"no GPIO chip of a Raspberry Pi's header (found: {found})"
    )


def lgpio_factory(chip: int | None = None) -> "Factory":
    """A pin factory on that chip, or on the header's.

    Raises:
        DriverError: no lgpio (UNSUPPORTED), no chip, no right to it.
    """
    number = find_chip() if chip is None else chip
    try:
        import lgpio  # noqa: PLC0415 - see the module's docstring
        from gpiozero.pins.lgpio import LGPIOFactory, LGPIOPin  # noqa: PLC0415 - ditto
    except ImportError as error:
        raise DriverError(
            ErrorKind.UNSUPPORTED, DEVICE, f"{error}; install python3-lgpio"
        ) from error
    except OSError as error:
        raise DriverError(
            ErrorKind.DENIED, DEVICE, f"lgpio can't make its FIFO in {Path.cwd()}; set LG_WD"
        ) from error

    class LevelFirstPin(LGPIOPin):  # type: ignore[misc] # gpiozero ships no types
        """A pin that becomes an output with its level, in one request to the kernel."""

        def __init__(self, factory: LGPIOFactory, info: object) -> None:
            try:
                super().__init__(factory, info)
            except lgpio.error as error:
                raise DriverError(_kind(str(error.value)), DEVICE, str(error.value)) from error

        def output_with_state(self, state: bool) -> None:
            self.when_changed = None
            lgpio.gpio_claim_output(self.factory._handle, self._number, int(bool(state)))  # noqa: SLF001 - gpiozero's own pins reach for it too

    def _kind(text: str) -> ErrorKind:
        kinds = {
            lgpio.error_text(lgpio.GPIO_BUSY): ErrorKind.BUSY,
            lgpio.error_text(lgpio.NO_PERMISSIONS): ErrorKind.DENIED,
            lgpio.error_text(lgpio.CANNOT_OPEN_CHIP): ErrorKind.MISSING,
        }
        return kinds.get(text, ErrorKind.FAILED)

    try:
        factory = LGPIOFactory(chip=number)
    except lgpio.error as error:
        raise DriverError(_kind(str(error.value)), DEVICE, str(error.value)) from error
    factory.pin_class = LevelFirstPin
    # gpiozero shares one table of pins among all factories of a process, so that closing one
    # would close the pins of another.
    factory.pins = {}
    return factory


def _label(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        answer = fcntl.ioctl(descriptor, _CHIPINFO_IOCTL, bytes(_CHIPINFO.size))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(descriptor)
    _name, label, _lines = _CHIPINFO.unpack(answer)
    return str(label.split(b"\0", 1)[0], "utf-8", "replace")
