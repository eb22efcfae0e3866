"""A simulated camera: scenes in, noisy frames out, at the pace of a real one.

Exposures end at the ticks of the frame rate. What is in a frame is the scene that stood before
the lens when its exposure began; the frame says when that exposure ended. A picture is rendered
once for each scene, before it is due where there is time; each frame then costs one addition
of noise.
"""

from __future__ import annotations

import collections
import time
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from drivers.api import Clock, DriverError, ErrorKind, Frame
from drivers.lumaplane import SIDE_MULTIPLE
from drivers.sim.render import backdrop, render
from drivers.sim.scene import CameraFault, Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]

WIDTH_PX = 1_456
HEIGHT_PX = 1_088
"""The Global Shutter camera's sensor."""
FPS = 30.0
EXPOSURE_NS = 4_000_000
NOISE_BITS = 16
"""Noise is the number of ones in so many random bits, less the mean: sigma 2, at most 8."""
NOISE_LEVELS_MAX = NOISE_BITS // 2
NOISE_SHIFT_PX = 64
"""The noise tile is larger than the frame by this, and lies elsewhere for each frame."""
SCENES_AHEAD_MAX = 16
"""Scenes announced and not yet exposed; the earliest goes first when there are more."""
PICTURES_MAX = 4
"""Rendered scenes kept."""
SLOW_FACTOR = 10
COVERED_LEVEL = 4
LEAK_BYTES = 1 << 20
LEAK_FRAMES_MAX = 400
HANG_S = 3_600.0


class _HangingPicture(np.ndarray[tuple[int, int], np.dtype[np.uint8]]):
    """A picture on which any look at its pixels takes an hour."""

    def __getitem__(self, _key: object) -> NoReturn:
        time.sleep(HANG_S)
        raise RuntimeError("an hour has passed")


class SimulatedCamera:
    """Renders a phone or a paper with a code into luma frames; see `drivers.api.Camera`.

    Deterministic: the same seed, scenes and frame numbers give the same pixels.
    """

    name = "simulated camera"

    def __init__(
        self,
        width_px: int = WIDTH_PX,
        height_px: int = HEIGHT_PX,
        fps: float = FPS,
        seed: int = 0,
        *,
        clock: Clock = time.monotonic_ns,
        sleep_until: Callable[[int], None] | None = None,
    ) -> None:
        """A camera before an empty lane.

        Args:
            width_px: cropped to a multiple of 8, as is the height.
            height_px: of the frame.
            fps: frames a second.
            seed: of the backdrop and the noise.
            clock: monotonic nanoseconds.
            sleep_until: waits until then, or returns earlier; new scenes may come meanwhile.
        """
        self._width = width_px - width_px % SIDE_MULTIPLE
        self._height = height_px - height_px % SIDE_MULTIPLE
        self._period_ns = round(1e9 / fps)
        self._seed = seed
        self._clock = clock
        self._sleep_until = sleep_until or self._sleep
        self._scenes: list[tuple[int, Scene]] = [(0, Scene())]
        self._pictures: collections.OrderedDict[Scene, Luma] = collections.OrderedDict()
        self._fault = CameraFault.NONE
        self._leak: list[bytearray] = []
        self._start_ns: int | None = None
        self._number = 0

    def show(self, scene: Scene, at_ns: int = 0) -> None:
        """Put a scene before the lens, from that moment on (0: now), and render it.

        Exposures that begin at `at_ns` or later show it.
        """
        self._scenes.append((at_ns or self._clock(), scene))
        self._scenes.sort(key=lambda due: due[0])
        del self._scenes[:-SCENES_AHEAD_MAX]
        if self._start_ns is not None:
            self._picture(scene)

    def inject(self, fault: CameraFault) -> None:
        """Let that be wrong from the next frame on; `NONE` makes it whole again."""
        self._fault = fault

    def open(self) -> None:
        """Start streaming.

        Raises:
            DriverError: kind MISSING under the word `go_missing`.
        """
        self._check_present()
        self._backdrop = backdrop(self._width, self._height, self._seed)
        rng = np.random.default_rng(self._seed)
        tile = (self._height + NOISE_SHIFT_PX, self._width + NOISE_SHIFT_PX)
        self._noise = np.bitwise_count(rng.integers(0, 1 << NOISE_BITS, tile, np.uint16))
        self._buffers = [np.empty((self._height, self._width), np.uint8) for _ in range(2)]
        # The first code loads what is loaded late (codecs, filters): before the sandbox closes.
        render(Scene(payload=b"\xff\x00warm-up"), self._backdrop)
        for _, scene in self._scenes[-PICTURES_MAX:]:
            self._picture(scene)
        self._number = 0
        self._start_ns = self._clock()

    def capture(self, timeout_s: float) -> Frame:
        """The newest frame that was not handed out yet. Its pixels are good until the next but
        one is captured.

        Raises:
            DriverError: kind TIMEOUT; MISSING when gone or not open.
        """
        deadline_ns = self._clock() + round(timeout_s * 1e9)
        while True:
            self._check_present()
            if self._start_ns is None:
                raise DriverError(ErrorKind.MISSING, self.name, "not open")
            step = SLOW_FACTOR if self._fault is CameraFault.SLOW else 1
            now_ns = self._clock()
            newest = (now_ns - self._start_ns) // self._period_ns
            newest -= newest % step
            due = deadline_ns
            if self._fault is not CameraFault.FREEZE:
                if newest > self._number:
                    self._number = newest
                    return self._expose(newest, self._start_ns + newest * self._period_ns)
                due = self._start_ns + (newest + step) * self._period_ns
            if now_ns >= deadline_ns:
                raise DriverError(ErrorKind.TIMEOUT, self.name, f"no frame within {timeout_s} s")
            self._sleep_until(min(due, deadline_ns))

    def close(self) -> None:
        """Stop streaming. Idempotent."""
        self._start_ns = None
        self._pictures.clear()
        self._leak.clear()

    def _check_present(self) -> None:
        if self._fault is CameraFault.GO_MISSING:
            raise DriverError(ErrorKind.MISSING, self.name, "gone: look at its cable")

    def _sleep(self, until_ns: int) -> None:
        time.sleep(max(0, until_ns - self._clock()) / 1e9)

    def _expose(self, number: int, tick_ns: int) -> Frame:
        """The frame whose exposure ended at that tick."""
        while len(self._scenes) > 1 and self._scenes[1][0] <= tick_ns - EXPOSURE_NS:
            del self._scenes[0]
        luma = self._buffers[number % len(self._buffers)]
        match self._fault:
            case CameraFault.BLACK:
                luma[:] = 0
            case CameraFault.COVERED:
                self._add_noise(np.uint8(COVERED_LEVEL), number, luma)
                np.maximum(luma, NOISE_LEVELS_MAX, out=luma)
                np.subtract(luma, NOISE_LEVELS_MAX, out=luma)
            case CameraFault.BLINDED:
                luma[:] = 255
            case CameraFault.HANG_DECODER:
                luma = luma.view(_HangingPicture)
            case fault:
                self._add_noise(self._picture(self._scenes[0][1]), number, luma)
                if fault is CameraFault.LEAK and len(self._leak) < LEAK_FRAMES_MAX:
                    self._leak.append(bytearray(b"\x01") * LEAK_BYTES)
        return Frame(luma=luma, captured_ns=tick_ns, number=number)

    def _add_noise(self, clean: Luma | np.uint8, number: int, into: Luma) -> None:
        """`into` = clean + noise, which cannot overflow: clean pictures leave the room for it."""
        across, down = (number * 37 + self._seed) % NOISE_SHIFT_PX, number * 29 % NOISE_SHIFT_PX
        tile = self._noise[down : down + self._height, across : across + self._width]
        np.add(clean, tile, out=into)

    def _picture(self, scene: Scene) -> Luma:
        """The scene's clean picture, less the noise's mean."""
        picture = self._pictures.get(scene)
        if picture is None:
            clean = render(scene, self._backdrop)
            picture = clean.clip(NOISE_LEVELS_MAX, 255 - NOISE_LEVELS_MAX) - NOISE_LEVELS_MAX
            self._pictures[scene] = picture
            if len(self._pictures) > PICTURES_MAX:
                self._pictures.popitem(last=False)
        else:
            self._pictures.move_to_end(scene)
        return picture
