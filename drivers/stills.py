"""Read a photograph: both engines, and where they find nothing, four retouched copies of it.

A stream gets its second chance with the next frame; a photograph has to be read as it is. The
retries are those that added codes on public test photographs without adding a wrong text, the
most fruitful first (`tests/bench/bench_qr.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from drivers import zbar, zxing
from drivers.sighting import Luma, Sighting, judge, settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drivers.sighting import Symbol

Levels = np.ndarray[tuple[int, int], np.dtype[np.float32]]

SIDE_PX_MAX = 4_096
"""A longer side is not read: take the picture down before."""
CONTRAST_RADIUS_PX = 16
CONTRAST_FLOOR_LEVELS = 8.0
"""Added to the local deviation, so that even paper does not become noise."""
SHARPEN_RADIUS_PX = 4
SHARPEN_GAIN = 2.0
QUIET_ZONE_PX = 32


def read_still(luma: Luma, *, use_zbar: bool = True) -> list[Sighting]:
    """Every QR code in a photograph. Keeps no state.

    Args:
        luma: (height, width), uint8, sides up to `SIDE_PX_MAX`.
        use_zbar: False where libzbar is missing or unsafe (`drivers.zbarpatch`).

    Raises:
        ValueError: a side is too long.
    """
    if max(luma.shape) > SIDE_PX_MAX:
        raise ValueError(f"picture of {luma.shape[1]}x{luma.shape[0]} px, limit {SIDE_PX_MAX}")
    first, second = zxing.read(luma), zbar.read(luma) if use_zbar else []
    # The doubtful come last: there is no next frame to wait for, so what nobody could settle
    # goes to the verifier, and if it is half a pass, that says so.
    found = settled(first, second) + second + first
    retries = _retries(luma, use_zbar=use_zbar)
    while not found:
        retry = next(retries, None)
        if retry is None:
            return []
        found = retry
    once = {symbol.payload: symbol for symbol in reversed(found)}
    return [judge(symbol, 0, symbol.corners) for symbol in reversed(once.values())]


def _retries(luma: Luma, *, use_zbar: bool) -> Iterator[list[Symbol]]:
    """The symbols of one retouched copy after the other, made only when asked for."""
    attempts: list[tuple[Callable[[Luma], list[Symbol]], Callable[[Luma], Luma]]] = [
        (zxing.read, _even_contrast),
        (zbar.read, _soften),
        (zxing.read, _sharpen),
        (zxing.read, _surround),
    ]
    for read, retouch in attempts:
        if read is zbar.read and not use_zbar:
            continue
        yield read(retouch(luma))


def _even_contrast(luma: Luma) -> Luma:
    """Shadow and glare taken out: each pixel against the mean and deviation around it."""
    deviation = luma - _mean(luma, CONTRAST_RADIUS_PX)
    spread = 2 * _mean(np.abs(deviation), CONTRAST_RADIUS_PX) + CONTRAST_FLOOR_LEVELS
    return _levels(128 + 128 * deviation / spread)


def _soften(luma: Luma) -> Luma:
    """Screen pixels and sensor noise taken out."""
    return _levels(_mean(luma, 1))


def _sharpen(luma: Luma) -> Luma:
    """An unsharp mask, for a code out of focus."""
    return _levels(luma + SHARPEN_GAIN * (luma - _mean(luma, SHARPEN_RADIUS_PX)))


def _surround(luma: Luma) -> Luma:
    """A quiet zone for a code that fills the picture."""
    return np.pad(luma, QUIET_ZONE_PX, constant_values=255)


def _levels(values: Levels) -> Luma:
    return np.clip(values, 0, 255).astype(np.uint8)


def _mean(values: Luma | Levels, radius_px: int) -> Levels:
    """Mean of the square around each pixel, the edges repeated outwards."""
    side = 2 * radius_px + 1
    result: np.ndarray[tuple[int, int], np.dtype[np.float64]] = values.astype(np.float64)
    for axis in (0, 1):
        width = [(0, 0), (0, 0)]
        width[axis] = (radius_px + 1, radius_px)
        sums = np.pad(result, width, mode="edge").cumsum(axis=axis)
        ends = np.take(sums, range(side, sums.shape[axis]), axis)
        starts = np.take(sums, range(sums.shape[axis] - side), axis)
        result = (ends - starts) / side
    return result.astype(np.float32)
