"""The readers that `bench_qr.py` compares, and the queue that each stands in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streams
import zxingcpp
from pyzbar import pyzbar  # type: ignore[import-untyped]  # it has no types

from drivers.api import Frame
from drivers.codereader import CodeReader
from drivers.stills import read_still

FRAME_NS = 1_000_000_000 // streams.FRAMES_PER_S
LOOK_NS = 1_100_000_000
"""Between two looks at a photograph that stands in for a stream: longer than the idle look."""
LOOKS = 4
"""At a photograph: the last of them is ZBar's turn."""

TUTORIAL, ZXING, OURS = "tutorial", "zxing-cpp", "ours"
Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
Read = Callable[[Luma, int], set[bytes]]
"""Pixels and time in nanoseconds to payloads."""
Timed = Callable[[int, Luma, int], tuple[set[bytes], int]]
"""Frame number, pixels and time to payloads and nanoseconds of CPU."""
_QR_CODE = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)


def read_tutorial(luma: Luma, _: int = 0) -> set[bytes]:
    """As the tutorials do; a structured-append symbol ends theirs with a ValueError."""
    try:
        return {code.data for code in pyzbar.decode(_rgb(luma)) if code.type == "QRCODE"}
    except ValueError:
        return set()


def _rgb(luma: Luma) -> np.ndarray:
    """(height, width, 3): a view, as a camera's array is; its making costs the loop nothing."""
    return np.broadcast_to(luma[:, :, None], (*luma.shape, 3))


def read_zxing(luma: Luma, _: int = 0) -> set[bytes]:
    """Bare, with its default options but for the format."""
    found = zxingcpp.read_barcodes(luma, formats=_QR_CODE)
    return {code.bytes for code in found}


def live(suppress_ns: int = 3_000_000_000) -> Read:
    """Our reader of streams, new."""
    reader = CodeReader(suppress_ns=suppress_ns)

    def read(luma: Luma, now_ns: int) -> set[bytes]:
        frame = Frame(luma=luma, captured_ns=now_ns, number=now_ns // FRAME_NS)
        return {sighting.payload for sighting in reader.look(frame) if not sighting.problem}

    return read


def read_photograph(luma: Luma, _: int = 0) -> set[bytes]:
    """Our reader of photographs."""
    return {sighting.payload for sighting in read_still(luma) if not sighting.problem}


def read_looks(luma: Luma, _: int = 0) -> set[bytes]:
    """Our reader of streams before a photograph that does not move."""
    read = live()
    return set().union(*(read(luma, look * LOOK_NS) for look in range(LOOKS)))


def timed(read: Read, luma: Luma, now_ns: int = 0) -> tuple[set[bytes], int]:
    """What was read, and the nanoseconds of CPU that it took."""
    started = time.process_time_ns()
    payloads = read(luma, now_ns)
    return payloads, time.process_time_ns() - started


@dataclass
class Queue:
    """One reader behind a camera that does not wait for it."""

    read: Timed
    scale: int
    free_ns: int = 0
    first_ns: int | None = None
    pending: tuple[int, Luma, int] | None = None

    def frame(self, number: int, luma: Luma, payload: bytes | None) -> None:
        """The next frame comes: what became free before takes the one before it."""
        now_ns = number * FRAME_NS
        self.settle(now_ns, payload)
        self.pending = (number, luma, now_ns)

    def settle(self, until_ns: int, payload: bytes | None) -> None:
        """Take the waiting frame if that can begin before `until_ns`."""
        if self.pending is None or self.free_ns >= until_ns:
            return
        number, luma, came_ns = self.pending
        self.pending = None
        payloads, cpu_ns = self.read(number, luma, came_ns)
        self.free_ns = max(self.free_ns, came_ns) + cpu_ns * self.scale
        if payload in payloads and self.first_ns is None:
            self.first_ns = self.free_ns


class Memo:
    """A stateless reader's answers for one stream, so that no frame is decoded twice."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._known: dict[int, tuple[set[bytes], int]] = {}

    def __call__(self, number: int, luma: Luma, now_ns: int) -> tuple[set[bytes], int]:
        if number not in self._known:
            self._known[number] = timed(self._read, luma, now_ns)
        return self._known[number]


def stateful(read: Read) -> Timed:
    """A reader with a memory of its own, in a queue's clothes."""
    return lambda _, luma, now_ns: timed(read, luma, now_ns)
