"""What a frame says of the camera that took it: black, blinded, or good, and how sharp.

A stalled camera is found by the age of its frames, elsewhere. This looks at the picture, on one
row of eight, and costs a few hundred microseconds: for one frame a second, not for each.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from drivers.sighting import Luma

ROW_STRIDE = 8
BLACK_LEVEL = 16
"""Grey level below which a pixel is black: a covered lens reads 0 to 8 with its noise."""
WHITE_LEVEL = 250
BLACK_SHARE_MAX = 0.97
"""Of black pixels: even at night a phone's screen or a lamp lights more than the rest."""
WHITE_SHARE_MAX = 0.60
"""Of white pixels: sun or a lamp into the lens. A white page before the lens is exposed to
less than `WHITE_LEVEL`."""
FOCUS_SPAN_PX = 2


class View(enum.StrEnum):
    """Whether the camera can see."""

    GOOD = "good"
    BLACK = "black"
    BLINDED = "blinded"


class FrameHealth(Struct, frozen=True):
    """Measures of one frame."""

    luma_mean: float
    """Grey levels, 0 to 255."""
    focus: float
    """Mean square of the difference of pixels `FOCUS_SPAN_PX` apart (Brenner), in grey levels
    squared. Compare with the same camera's own earlier values only: it depends on the scene."""
    view: View


def measure(luma: Luma) -> FrameHealth:
    """The health of a frame.

    Args:
        luma: (height, width), uint8, wider than `FOCUS_SPAN_PX`.
    """
    rows = luma[::ROW_STRIDE]
    wide = rows.astype(np.int16)
    step = (wide[:, FOCUS_SPAN_PX:] - wide[:, :-FOCUS_SPAN_PX]).astype(np.float32)
    view = View.GOOD
    if np.count_nonzero(rows < BLACK_LEVEL) > BLACK_SHARE_MAX * rows.size:
        view = View.BLACK
    elif np.count_nonzero(rows >= WHITE_LEVEL) > WHITE_SHARE_MAX * rows.size:
        view = View.BLINDED
    return FrameHealth(luma_mean=float(rows.mean()), focus=float(np.mean(step * step)), view=view)
