"""Frames in, payloads out: the code reader's pipeline.

Luma plane, change gate and region (`drivers.attention`), zxing-cpp on every frame that passes,
ZBar on every fourth miss, suppression of a payload that was just reported. What each is worth is
measured by `tests/bench/bench_qr.py`.

The reader has no clock, no thread and nothing worth keeping: a new one in a new process goes
on where the old one was, at the price of reporting a payload once more. That is what the vision
process does when a decode takes too long or the memory grows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers import zbar, zxing
from drivers.attention import Attention, Region
from drivers.sighting import Corners, Luma, Sighting, Symbol, Wholeness, judge, settled

if TYPE_CHECKING:
    from drivers.api import Frame

ZBAR_EVERY_MISSES = 4
ZBAR_BUSY_SIDE_PX = 640
"""ZBar gets no more than a square of so many pixels while something moves: of a larger region its
middle, and all of it with fewer pixels, in turns. The whole of it would keep ZBar for longer than
a frame lasts, and the next frame may be the one with the code."""
SUPPRESS_NS = 3_000_000_000
"""A payload is reported again after so long. Less than the five seconds for which a lane holds
a code that was shown early, so that one who keeps holding it up is not forgotten."""
SUPPRESSED_MAX = 32
"""Payloads remembered; the one reported longest ago is forgotten first."""
SIGHTINGS_MAX = 8
"""Most sightings reported of one frame."""


class CodeReader:
    """Reads QR codes from one camera's frames. One thread calls it."""

    def __init__(self, *, suppress_ns: int = SUPPRESS_NS, use_zbar: bool = True) -> None:
        """A reader that has seen nothing.

        Args:
            suppress_ns: for how long the same payload is not reported again.
            use_zbar: False where libzbar is missing or unsafe (`drivers.zbarpatch`).
        """
        self._suppress_ns = suppress_ns
        self._use_zbar = use_zbar
        self._attention = Attention()
        self._misses = 0
        self._reported_ns: dict[int, int] = {}
        """By hash: it is keyed anew in each process, so nobody can make two payloads collide, and
        no pass is kept."""

    def look(self, frame: Frame) -> list[Sighting]:
        """What is to be reported of this frame; in most frames nothing.

        Another payload is never delayed by the suppression of one. Problems are suppressed by
        kind: a phone that cycles through a series is refused once in that time, not per part.

        Raises:
            DriverError: libzbar is asked for and missing.
        """
        now_ns = frame.captured_ns
        region = self._attention.region(frame.luma, now_ns)
        if region is None:
            return []
        symbols = self._read(region.cut(frame.luma))
        sightings = []
        for symbol in symbols[:SIGHTINGS_MAX]:
            placed = _placed(symbol.corners, region)
            self._attention.hold(placed, now_ns)
            sighting = judge(symbol, now_ns, placed)
            if self._is_news(sighting):
                sightings.append(sighting)
        return sightings

    def _read(self, luma: Luma) -> list[Symbol]:
        first = zxing.read(luma)
        doubt = any(symbol.wholeness is Wholeness.DOUBTFUL for symbol in first)
        if first and not doubt:
            return first
        self._misses += 1
        turn, rest = divmod(self._misses, ZBAR_EVERY_MISSES)
        fourth = rest == 0
        # ZBar is asked about a doubt at once: it corrects errors before it says what a part is.
        second = self._second(luma, 0 if doubt else turn) if doubt or fourth else []
        if doubt and fourth:
            # What nobody can settle goes to the verifier: better that it refuses half a pass
            # by another name than that a pass with a damaged corner is never read.
            second = first + second
        return settled(first, second) or second

    def _second(self, luma: Luma, turn: int) -> list[Symbol]:
        """What ZBar reads, at its `turn`; 0 is out of turn."""
        if not self._use_zbar:
            return []
        if turn and self._attention.busy and luma.size > ZBAR_BUSY_SIDE_PX**2:
            read = zbar.read_coarse if turn % 2 else zbar.read_middle
            return read(luma, ZBAR_BUSY_SIDE_PX)
        return zbar.read(luma)

    def _is_news(self, sighting: Sighting) -> bool:
        """Whether to report it, remembered if so. A problem has no payload: it counts by kind."""
        key = hash((sighting.problem, sighting.payload))
        last_ns = self._reported_ns.get(key)
        if last_ns is not None and 0 <= sighting.captured_ns - last_ns < self._suppress_ns:
            return False
        self._reported_ns.pop(key, None)
        self._reported_ns[key] = sighting.captured_ns
        if len(self._reported_ns) > SUPPRESSED_MAX:
            del self._reported_ns[next(iter(self._reported_ns))]
        return True


def _placed(corners: Corners, region: Region) -> Corners:
    """Corners of a region as corners of the frame."""
    return tuple((x + region.left, y + region.top) for x, y in corners)
