"""Where in a frame to look for a code, and whether at all: the change gate and the region.

A lane's camera sees nothing new in most frames, and in the others a hand and a phone. So a
frame is compared, on a coarse grid, with the last one that had changed. That reference moves
only with a change: a code that is brought in slowly adds up until it is seen.

What changed is looked at for `LINGER_NS` after its last change, in every frame, so that a code
that comes to rest out of focus is read when the focus comes. Every `FULL_EVERY`-th look takes
the full frame, which covers a wrong region; and so does one look every `IDLE_LOOK_NS` without
any change, which covers the gate itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from drivers.sighting import Corners, Luma

Levels = np.ndarray[tuple[int, int], np.dtype[np.float32]]
Samples = np.ndarray[tuple[int, int], np.dtype[np.int16]]

STRIDE_PX = 8
"""One pixel of so many is compared, in both directions."""
BLOCK_SAMPLES = 8
"""Samples a side of one block of the grid: 64 pixels at the stride of 8."""
BLOCK_PX = STRIDE_PX * BLOCK_SAMPLES
LEVEL_MIN = 3.0
"""Mean difference of a block, in grey levels above the noise's, that is a change."""
NOISE_RATIO = 1.4
"""A block is a change above this times the noise, and `LEVEL_MIN`. The mean of 64 differences
of noise strays from its own mean by 9 % (one sigma)."""
NOISE_LEVELS_MAX = 16.0
"""No sensor is noisier; a median above it is a scene that moves as a whole."""
NOISE_FALL = 0.9
NOISE_RISE = 1.02
"""The noise estimate falls and rises by no more than these factors a frame: a second in which
the whole scene moves must not pass for noise."""
LINGER_NS = 2_000_000_000
IDLE_LOOK_NS = 1_000_000_000
FULL_EVERY = 8
FULL_SHARE = 0.6
"""A region of more than this share of the frame is the full frame."""
NOISE_STEP_LEVELS = 0.01
"""And this much on top, so that it can leave zero."""

NEVER_NS = -(1 << 62)


class Region(Struct, frozen=True):
    """A rectangle of a frame, in pixels; right and bottom are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    def cut(self, luma: Luma) -> Luma:
        """The region's pixels, not copied."""
        return luma[self.top : self.bottom, self.left : self.right]


class Attention:
    """Remembers a coarse picture of the scene, and when each block of it last changed."""

    def __init__(self) -> None:
        self._reference: Samples = np.zeros((0, 0), np.int16)
        self._shape = (0, 0)
        self._rows = self._columns = np.zeros(0, np.intp)
        self._samples: Levels = np.zeros((0, 0), np.float32)
        self._changed_ns = np.zeros((0, 0), np.int64)
        self._noise = 0.0
        self._looked_ns = 0
        self._looks = 0
        self.busy = False
        """Whether something has changed of late: the next frame may be the one with the code."""

    def region(self, luma: Luma, now_ns: int) -> Region | None:
        """Where to look in this frame, or None for nowhere.

        Args:
            luma: (height, width), uint8.
            now_ns: when it was captured, monotonic.
        """
        if luma.shape != self._shape:
            self._start(luma)
            self._looked_ns = now_ns
            self.busy = False
            return self._full()
        self._compare(luma, now_ns)
        active = now_ns - self._changed_ns < LINGER_NS
        self.busy = bool(active.any())
        if not self.busy:
            self._looks = 0
            if 0 <= now_ns - self._looked_ns < IDLE_LOOK_NS:
                return None
            self._looked_ns = now_ns
            return self._full()
        self._looked_ns = now_ns
        self._looks += 1
        return self._full() if self._looks % FULL_EVERY == 0 else self._around(active)

    def hold(self, corners: Corners, now_ns: int) -> None:
        """A code was read there: keep looking there, changed or not, for `LINGER_NS`."""
        for x, y in corners:
            row = min(max(y // BLOCK_PX, 0), self._changed_ns.shape[0] - 1)
            column = min(max(x // BLOCK_PX, 0), self._changed_ns.shape[1] - 1)
            self._changed_ns[row, column] = now_ns

    def _start(self, luma: Luma) -> None:
        """Take the scene as it is, unchanged so far."""
        self._shape = luma.shape
        sample = _sample(luma)
        self._reference = sample
        height, width = sample.shape
        self._rows = np.arange(0, height, BLOCK_SAMPLES)
        self._columns = np.arange(0, width, BLOCK_SAMPLES)
        deep = np.diff(np.append(self._rows, height))
        wide = np.diff(np.append(self._columns, width))
        self._samples = np.outer(deep, wide).astype(np.float32)
        self._changed_ns = np.full(self._samples.shape, NEVER_NS, np.int64)
        self._noise = NOISE_LEVELS_MAX
        self._looks = 0

    def _compare(self, luma: Luma, now_ns: int) -> None:
        sample = _sample(luma)
        difference = np.abs(sample - self._reference)
        sums = np.add.reduceat(difference, self._columns, axis=1, dtype=np.int32)
        levels = np.add.reduceat(sums, self._rows, axis=0) / self._samples
        middle = float(np.median(levels))
        rise = min(self._noise * NOISE_RISE + NOISE_STEP_LEVELS, NOISE_LEVELS_MAX)
        self._noise = min(max(middle, self._noise * NOISE_FALL), rise)
        changed = levels > self._noise * NOISE_RATIO + LEVEL_MIN
        if changed.any():
            self._changed_ns[changed] = now_ns
            self._reference = sample

    def _around(self, active: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Region:
        """The active blocks' rectangle and one block more on each side."""
        rows, columns = np.flatnonzero(active.any(axis=1)), np.flatnonzero(active.any(axis=0))
        height, width = self._shape
        region = Region(
            left=max(0, int(columns[0]) - 1) * BLOCK_PX,
            top=max(0, int(rows[0]) - 1) * BLOCK_PX,
            right=min(width, (int(columns[-1]) + 2) * BLOCK_PX),
            bottom=min(height, (int(rows[-1]) + 2) * BLOCK_PX),
        )
        share = (region.right - region.left) * (region.bottom - region.top) / (height * width)
        return self._full() if share > FULL_SHARE else region

    def _full(self) -> Region:
        height, width = self._shape
        return Region(left=0, top=0, right=width, bottom=height)


def _sample(luma: Luma) -> Samples:
    return luma[STRIDE_PX // 2 :: STRIDE_PX, STRIDE_PX // 2 :: STRIDE_PX].astype(np.int16)
