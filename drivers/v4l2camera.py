"""A USB camera through Video4Linux2: the format that gives luma soonest, newest frame only.

A USB camera keeps its own exposure: few have a gain automatic that works without it, and a
dark picture is worse than a smeared one. It is told to keep its frame rate instead.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from drivers import lumaplane
from drivers.api import Clock, DriverError, ErrorKind, Frame
from drivers.v4l2kernel import KernelStream, Layout, RawPicture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]

RAW_FORMATS = (b"GREY", b"NV12", b"NV21", b"YU12", b"YUYV")
"""Luma without decoding, the fewest bytes first."""
COMPRESSED = b"MJPG"
"""What USB 2 has room for at full size and rate."""
RATE_SHARE_MIN = 0.5
"""A raw format is taken if it comes to this share of the wanted frame rate."""


class VideoStream(Protocol):
    """The seam: an open video device. `drivers.v4l2kernel.KernelStream` is the real one."""

    card: str

    def fourccs(self) -> list[bytes]:
        """Codes of the formats that the camera has."""

    def propose(self, fourcc: bytes, width_px: int, height_px: int, fps: float) -> Layout:
        """Ask for a format before `start`; what it comes to."""

    def start(self) -> None:
        """Stream in the format proposed last."""

    def newest(self, timeout_s: float) -> RawPicture | None:
        """The newest picture that was not handed out; None in that time."""

    def close(self) -> None:
        """Let go. Idempotent."""


class V4l2Camera:
    """Frames from a video device; see `drivers.api.Camera`."""

    def __init__(
        self,
        path: Path,
        width_px: int,
        height_px: int,
        fps: float,
        *,
        connect: Callable[[Path], VideoStream] = KernelStream,
        clock: Clock = time.monotonic_ns,
    ) -> None:
        """A camera that is not open.

        Args:
            path: of the video device; a name under /dev/v4l/by-id survives another socket.
            width_px: wanted; the camera takes the nearest that it has.
            height_px: wanted.
            fps: wanted.
            connect: opens the device.
            clock: monotonic nanoseconds.
        """
        self.name = f"USB camera {path}"
        self._path = path
        self._wanted = (width_px, height_px, fps)
        self._connect = connect
        self._clock = clock
        self._stream: VideoStream | None = None
        self._layout: Layout
        self._number = -1

    def open(self) -> None:
        """Negotiate a format and start streaming.

        Raises:
            DriverError: missing, busy, denied, or without a format that can be read.
        """
        self.close()
        stream = self._connect(self._path)
        try:
            self._layout = self._agreed(stream)
            stream.start()
        except DriverError:
            stream.close()
            raise
        self.name = f"USB camera {stream.card}"
        if self._layout.fourcc == COMPRESSED:
            # What decoding loads late is loaded while files can still be read.
            from PIL import JpegImagePlugin  # noqa: F401, PLC0415
        self._stream = stream
        self._number = -1

    def capture(self, timeout_s: float) -> Frame:
        """The newest frame; damaged ones are passed over while there is time.

        Raises:
            DriverError: kind TIMEOUT; CORRUPT when all that came were damaged; MISSING when the
                camera is gone or not open.
        """
        if self._stream is None:
            raise DriverError(ErrorKind.MISSING, self.name, "not open")
        deadline_ns = self._clock() + round(timeout_s * 1e9)
        damage = None
        while (left_ns := deadline_ns - self._clock()) > 0:
            picture = self._stream.newest(left_ns / 1e9)
            if picture is None:
                break
            if picture.sequence <= self._number:
                continue
            self._number = picture.sequence
            try:
                luma = self._luma(picture.data)
            except ValueError as error:
                damage = error
                continue
            return Frame(luma=luma, captured_ns=picture.captured_ns, number=picture.sequence)
        if damage is not None:
            raise DriverError(ErrorKind.CORRUPT, self.name, str(damage)) from damage
        raise DriverError(ErrorKind.TIMEOUT, self.name, f"no frame within {timeout_s} s")

    def close(self) -> None:
        """Stop streaming. Idempotent."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _agreed(self, stream: VideoStream) -> Layout:
        """The first raw format that is fast enough, else Motion JPEG, else the fastest raw one."""
        width, height, fps = self._wanted
        has = stream.fourccs()
        slow: Layout | None = None
        for fourcc in RAW_FORMATS:
            if fourcc not in has:
                continue
            layout = stream.propose(fourcc, width, height, fps)
            if layout.fourcc != fourcc:
                continue
            if layout.fps >= RATE_SHARE_MIN * fps:
                return layout
            if slow is None or layout.fps > slow.fps:
                slow = layout
        fallback = COMPRESSED if COMPRESSED in has else slow.fourcc if slow else None
        if fallback is None:
            names = ", ".join(code.decode("ascii", "replace") for code in has) or "none"
            raise DriverError(
                ErrorKind.UNSUPPORTED, stream.card, f"no format that can be read; it has {names}"
            )
        return stream.propose(fallback, width, height, fps)

    def _luma(self, data: bytes) -> Luma:
        """The luma plane of a picture.

        Raises:
            ValueError: damaged.
        """
        layout = self._layout
        match layout.fourcc:
            case b"MJPG":
                luma = lumaplane.of_jpeg(data)
            case b"YUYV":
                luma = lumaplane.of_yuyv(
                    data, layout.width_px, layout.height_px, layout.stride_bytes
                )
            case _:
                luma = lumaplane.of_planar(
                    data, layout.width_px, layout.height_px, layout.stride_bytes
                )
        return luma
