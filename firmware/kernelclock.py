"""What this machine knows of its own wall clock: whether it is synchronised, and what the
battery-backed clock says.

Through ctypes, because no maintained package reads adjtimex(2), and `time` can only set clocks.
The calls read and change nothing, so they need no right; a system call filter must let them
through all the same (systemd's `ProtectClock=` does not).
"""

import ctypes
import errno
import time
from collections.abc import Callable
from pathlib import Path

from gate.walltime import NS_PER_S

ERROR_US_MAX = 16_000_000
"""The kernel's `NTP_PHASE_LIMIT`: at so large an error it holds its clock to be unsynchronised.

It begins there, and is set back there when somebody sets the clock by hand. Whoever synchronises
it says how far it may be off, and from then on the kernel adds 500 µs a second: after the last
word of a time server it takes nine hours. timedatectl(1) asks the same question. The flag
STA_UNSYNC is no answer, since chrony without `rtcsync` leaves it set, as does systemd-timesyncd
where the battery-backed clock holds local time: it also keeps the kernel from setting that one.
"""
RTC_S_MAX = 60
"""By so much may the battery-backed clock and the system's differ: they drift apart by up to two
seconds a day, and the program may be started long after the machine was."""

SYS_RTC = Path("/sys/class/rtc")


class Timex(ctypes.Structure):
    """`struct timex` of linux/timex.h, as libc's function `adjtimex` takes it.

    A `long` has 32 bits on a 32-bit machine, there too.
    """

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time_sec", ctypes.c_long),
        ("time_usec", ctypes.c_long),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long),
        ("errcnt", ctypes.c_long),
        ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


# Keeps the interpreter's lock: the call takes a microsecond, and to get the lock back from a busy
# thread may take five thousand.
_libc = ctypes.PyDLL(None, use_errno=True)


def read_timex() -> Timex:
    """The kernel's account of its clock.

    Raises:
        OSError: it may not be asked (EPERM, ENOSYS).
    """
    timex = Timex()  # modes 0: nothing is set
    if _libc.adjtimex(ctypes.byref(timex)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"adjtimex: {errno.errorcode.get(number, number)}")
    return timex


def is_synchronised() -> bool | None:
    """Whether somebody keeps the clock right, as NTP does; None where the kernel won't say.

    Never blocks; safe from any thread.
    """
    try:
        return bool(read_timex().maxerror < ERROR_US_MAX)
    except OSError:
        return None


def rtc_agrees(sys_rtc: Path = SYS_RTC, wall_ns: Callable[[], int] = time.time_ns) -> bool:
    """Whether there is a battery-backed clock and the system's clock was set from it.

    That is so when they agree. Who has set it says nothing: the kernel, a rule of udev and
    `hwclock` all do. One whose battery is flat starts in the past and does not agree, or, where
    the system was set from it, lies before the floor. Reads the chip, so it takes milliseconds.
    """
    for path in sorted(sys_rtc.glob("rtc*/since_epoch")):
        try:
            rtc_s = int(path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue  # its oscillator has stood still: the driver refuses to say
        if abs(wall_ns() // NS_PER_S - rtc_s) <= RTC_S_MAX:
            return True
    return False
