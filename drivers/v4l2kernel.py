"""Video4Linux2 as the kernel speaks it: the few structures and calls that a USB camera needs.

Plain ioctls, because the libraries do not fit: linuxpy is under the GPL, PyAV brings 35 MB of
codecs to decode what Pillow decodes. Structures are those of linux/videodev2.h with native
alignment, so that they are right on 32 and 64 bits. Of `userspace-api/media/v4l/`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import select
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.api import DriverError, ErrorKind

if TYPE_CHECKING:
    from pathlib import Path

BUFFERS = 4
FORMATS_MAX = 64
"""Asked of a camera; more are not looked at."""

CAPTURE = 1
"""`V4L2_BUF_TYPE_VIDEO_CAPTURE`."""
_MEMORY_MMAP = 1
_FIELD_NONE = 1
_CAP_CAPTURE, _CAP_STREAMING, _CAP_DEVICE_CAPS = 0x1, 0x0400_0000, 0x8000_0000
_FLAG_ERROR, _FLAG_CLOCK_MASK, _FLAG_CLOCK_MONOTONIC = 0x40, 0xE000, 0x2000

# V4L2 control ids, and what a lane sets them to. A camera that lacks one keeps its way.
_CONTROLS = (
    (0x009A_0903, 0),  # EXPOSURE_AUTO_PRIORITY: in the dark, keep the frame rate
    (0x0098_0918, 1),  # POWER_LINE_FREQUENCY: 50 Hz, as in Indonesia
)


class Capability(ctypes.Structure):
    """`struct v4l2_capability`."""

    _fields_ = (
        ("driver", ctypes.c_char * 16),
        ("card", ctypes.c_char * 32),
        ("bus_info", ctypes.c_char * 32),
        ("version", ctypes.c_uint32),
        ("capabilities", ctypes.c_uint32),
        ("device_caps", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32 * 3),
    )


class FormatDescription(ctypes.Structure):
    """`struct v4l2_fmtdesc`."""

    _fields_ = (
        ("index", ctypes.c_uint32),
        ("type", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("description", ctypes.c_char * 32),
        ("pixelformat", ctypes.c_char * 4),
        ("mbus_code", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32 * 3),
    )


class PixelFormat(ctypes.Structure):
    """`struct v4l2_pix_format`."""

    _fields_ = (
        ("width", ctypes.c_uint32),
        ("height", ctypes.c_uint32),
        ("pixelformat", ctypes.c_char * 4),
        ("field", ctypes.c_uint32),
        ("bytesperline", ctypes.c_uint32),
        ("sizeimage", ctypes.c_uint32),
        ("colorspace", ctypes.c_uint32),
        ("priv", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("ycbcr_enc", ctypes.c_uint32),
        ("quantization", ctypes.c_uint32),
        ("xfer_func", ctypes.c_uint32),
    )


class _FormatUnion(ctypes.Union):
    _fields_ = (
        ("pix", PixelFormat),
        ("raw", ctypes.c_uint8 * 200),
        ("aligned", ctypes.c_void_p),
    )


class Format(ctypes.Structure):
    """`struct v4l2_format`."""

    _fields_ = (("type", ctypes.c_uint32), ("fmt", _FormatUnion))


class RequestBuffers(ctypes.Structure):
    """`struct v4l2_requestbuffers`."""

    _fields_ = (
        ("count", ctypes.c_uint32),
        ("type", ctypes.c_uint32),
        ("memory", ctypes.c_uint32),
        ("capabilities", ctypes.c_uint32),
        ("flags", ctypes.c_uint8),
        ("reserved", ctypes.c_uint8 * 3),
    )


class _Moment(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("microseconds", ctypes.c_long))


class _BufferPlace(ctypes.Union):
    _fields_ = (("offset", ctypes.c_uint32), ("userptr", ctypes.c_ulong))


class Buffer(ctypes.Structure):
    """`struct v4l2_buffer`."""

    _fields_ = (
        ("index", ctypes.c_uint32),
        ("type", ctypes.c_uint32),
        ("bytesused", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("field", ctypes.c_uint32),
        ("timestamp", _Moment),
        ("timecode", ctypes.c_uint32 * 4),
        ("sequence", ctypes.c_uint32),
        ("memory", ctypes.c_uint32),
        ("m", _BufferPlace),
        ("length", ctypes.c_uint32),
        ("reserved2", ctypes.c_uint32),
        ("request_fd", ctypes.c_int32),
    )


class StreamParameters(ctypes.Structure):
    """`struct v4l2_streamparm` with its capture member."""

    _fields_ = (
        ("type", ctypes.c_uint32),
        ("capability", ctypes.c_uint32),
        ("capturemode", ctypes.c_uint32),
        ("numerator", ctypes.c_uint32),
        ("denominator", ctypes.c_uint32),
        ("rest", ctypes.c_uint32 * 46),
    )


class Control(ctypes.Structure):
    """`struct v4l2_control`."""

    _fields_ = (("id", ctypes.c_uint32), ("value", ctypes.c_int32))


_READ, _WRITE = 2, 1


def request(number: int, structure: type[ctypes.Structure | ctypes.c_int], way: int = 3) -> int:
    """The ioctl of that number on `'V'`, as asm-generic/ioctl.h codes it."""
    return way << 30 | ctypes.sizeof(structure) << 16 | ord("V") << 8 | number


QUERYCAP = request(0, Capability, _READ)
ENUM_FMT = request(2, FormatDescription)
S_FMT = request(5, Format)
REQBUFS = request(8, RequestBuffers)
QUERYBUF = request(9, Buffer)
QBUF = request(15, Buffer)
DQBUF = request(17, Buffer)
STREAMON = request(18, ctypes.c_int, _WRITE)
STREAMOFF = request(19, ctypes.c_int, _WRITE)
S_PARM = request(22, StreamParameters)
S_CTRL = request(28, Control)


class Layout(Struct, frozen=True):
    """How the camera's pictures lie in memory."""

    fourcc: bytes
    width_px: int
    height_px: int
    stride_bytes: int
    fps: float


class RawPicture(Struct, frozen=True):
    """One picture as the camera gave it."""

    data: bytes
    captured_ns: int
    sequence: int


class KernelStream:
    """An open video device that streams into the kernel's own buffers."""

    def __init__(self, path: Path) -> None:
        """Open the device.

        Raises:
            DriverError: missing, busy, denied, or no capture device.
        """
        self.card = str(path)
        self._maps: list[mmap.mmap] = []
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise self._error(error) from error
        try:
            self.card = self._card()
        except DriverError:
            os.close(self._fd)
            raise

    def fourccs(self) -> list[bytes]:
        """Codes of the formats that the camera has."""
        codes = []
        for index in range(FORMATS_MAX):
            description = FormatDescription(index=index, type=CAPTURE)
            try:
                self._ioctl(ENUM_FMT, description)
            except DriverError:
                break  # EINVAL: that was the last one
            codes.append(bytes(description.pixelformat).ljust(4, b" "))
        return codes

    def propose(self, fourcc: bytes, width_px: int, height_px: int, fps: float) -> Layout:
        """Ask for a format; the camera answers with the nearest that it has.

        Raises:
            DriverError: busy, or gone.
        """
        form = Format(type=CAPTURE)
        pix = form.fmt.pix
        pix.width, pix.height, pix.pixelformat, pix.field = width_px, height_px, fourcc, _FIELD_NONE
        self._ioctl(S_FMT, form)
        parameters = StreamParameters(type=CAPTURE, numerator=1000, denominator=round(fps * 1000))
        try:
            self._ioctl(S_PARM, parameters)
        except DriverError:
            parameters.numerator = 0  # a camera with one frame rate need not know this call
        got = parameters.denominator / parameters.numerator if parameters.numerator else fps
        return Layout(
            fourcc=bytes(pix.pixelformat).ljust(4, b" "),
            width_px=pix.width,
            height_px=pix.height,
            stride_bytes=pix.bytesperline,
            fps=got,
        )

    def start(self) -> None:
        """Map the buffers and stream in the format proposed last.

        Raises:
            DriverError: busy, or no memory.
        """
        for control, value in _CONTROLS:
            try:
                self._ioctl(S_CTRL, Control(id=control, value=value))
            except DriverError:
                continue
        wanted = RequestBuffers(count=BUFFERS, type=CAPTURE, memory=_MEMORY_MMAP)
        self._ioctl(REQBUFS, wanted)
        for index in range(wanted.count):
            buffer = Buffer(index=index, type=CAPTURE, memory=_MEMORY_MMAP)
            self._ioctl(QUERYBUF, buffer)
            try:
                self._maps.append(mmap.mmap(self._fd, buffer.length, offset=buffer.m.offset))
            except OSError as error:
                raise self._error(error) from error
            self._ioctl(QBUF, buffer)
        self._ioctl(STREAMON, ctypes.c_int(CAPTURE))

    def newest(self, timeout_s: float) -> RawPicture | None:
        """The newest picture that is whole; older ones go back unread. None in that time.

        Raises:
            DriverError: the camera is gone.
        """
        deadline_ns = time.monotonic_ns() + round(timeout_s * 1e9)
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        while (left_ns := deadline_ns - time.monotonic_ns()) > 0:
            if not poll.poll(left_ns / 1e6):
                return None
            newest = None
            while (filled := self._dequeue()) is not None:
                if newest is not None:
                    self._ioctl(QBUF, newest)
                newest = filled
            if newest is None:
                continue
            picture = None if newest.flags & _FLAG_ERROR else self._copied(newest)
            self._ioctl(QBUF, newest)
            if picture is not None:
                return picture
        return None

    def close(self) -> None:
        """Stop, unmap, close. Idempotent."""
        if self._fd < 0:
            return
        # Gone, or never started: the kernel stops it with the descriptor.
        with contextlib.suppress(DriverError):
            self._ioctl(STREAMOFF, ctypes.c_int(CAPTURE))
        for mapped in self._maps:
            mapped.close()
        self._maps.clear()
        os.close(self._fd)
        self._fd = -1

    def _card(self) -> str:
        """The camera's name, if it is one."""
        capability = Capability()
        self._ioctl(QUERYCAP, capability)
        has = capability.capabilities
        if has & _CAP_DEVICE_CAPS:
            has = capability.device_caps
        if not has & _CAP_CAPTURE or not has & _CAP_STREAMING:
            raise DriverError(ErrorKind.UNSUPPORTED, self.card, "is no streaming camera")
        return str(capability.card.decode("utf-8", "replace"))

    def _dequeue(self) -> Buffer | None:
        buffer = Buffer(type=CAPTURE, memory=_MEMORY_MMAP)
        try:
            fcntl.ioctl(self._fd, DQBUF, buffer)
        except BlockingIOError:
            return None
        except OSError as error:
            raise self._error(error) from error
        return buffer

    def _copied(self, buffer: Buffer) -> RawPicture:
        captured_ns = time.monotonic_ns()
        if buffer.flags & _FLAG_CLOCK_MASK == _FLAG_CLOCK_MONOTONIC:
            moment = buffer.timestamp
            told_ns = moment.seconds * 1_000_000_000 + moment.microseconds * 1_000
            captured_ns = min(captured_ns, told_ns)
        data = self._maps[buffer.index][: buffer.bytesused]
        return RawPicture(data=data, captured_ns=captured_ns, sequence=buffer.sequence)

    def _ioctl(self, number: int, argument: ctypes.Structure | ctypes.c_int) -> None:
        try:
            fcntl.ioctl(self._fd, number, argument)
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: OSError) -> DriverError:
        return DriverError(error_kind(error.errno), self.card, error.strerror or str(error))


def error_kind(number: int | None) -> ErrorKind:
    """What an errno of a video device means to a technician."""
    match number:
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return ErrorKind.MISSING
        case errno.EBUSY:
            return ErrorKind.BUSY
        case errno.EACCES | errno.EPERM:
            return ErrorKind.DENIED
        case errno.ENOTTY | errno.EINVAL:
            return ErrorKind.UNSUPPORTED
        case _:
            return ErrorKind.FAILED
