"""Made camera streams at 1456x1088: visitors who hold a code to the camera, and what else goes by.

Everything is drawn from a seed: a lane with a door and shelves, sensor noise on every frame, a
phone or a sheet of paper that moves on a path, turned and tilted in perspective, with defocus
and motion blur. Grey levels and paths are plausible, not measured; both sides of a comparison
see the same pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import segno
from PIL import Image, ImageFilter

WIDTH_PX, HEIGHT_PX = 1456, 1088
FRAMES_PER_S = 30
NOISE_SIGMA = 2.5
MODULE_TEXTURE_PX = 8
QUIET_MODULES = 4

Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


@dataclass(frozen=True)
class Shot:
    """One frame of a stream."""

    luma: Luma
    code_in_view: bool
    """All four corners of the code lie within the frame."""


@dataclass(frozen=True)
class Pose:
    """Where a card is at one moment."""

    x_px: float
    y_px: float
    width_px: float
    """Of the card, seen from the front."""
    roll_deg: float = 0.0
    tilt_deg: float = 0.0
    """About its vertical axis."""
    blur_px: float = 0.6
    """Sigma of the defocus."""
    light: float = 1.0


@dataclass(frozen=True)
class Stream:
    """A scene of some seconds: what is held up, and how it moves."""

    name: str
    frames: int
    payload: bytes | None = None
    pose: Callable[[float], Pose | None] = field(default=lambda _: None)
    """Seconds since the start to the pose of the card, None while it is not there."""
    dark_mode: bool = False
    paper: bool = False
    passers_by: int = 0

    def shots(self, seed: int) -> Iterator[Shot]:
        """Draw the frames one after the other."""
        random = np.random.default_rng(seed)
        scene = _lane(random)
        noise = random.normal(0, NOISE_SIGMA, (HEIGHT_PX * 2, WIDTH_PX * 2)).astype(np.float32)
        card = _card(self.payload, dark=self.dark_mode, paper=self.paper) if self.payload else None
        people = [_Person(random) for _ in range(self.passers_by)]
        for number in range(self.frames):
            second = number / FRAMES_PER_S
            frame = scene.copy()
            for person in people:
                person.draw(frame, second)
            whole = False
            pose = self.pose(second)
            if card is not None and pose is not None:
                before = self.pose(second - 1 / FRAMES_PER_S) or pose
                whole = card.draw(frame, pose, before)
            top, left = random.integers(0, HEIGHT_PX), random.integers(0, WIDTH_PX)
            frame += noise[top : top + HEIGHT_PX, left : left + WIDTH_PX]
            yield Shot(np.clip(frame + 0.5, 0, 255).astype(np.uint8), whole)


def _lane(random: np.random.Generator) -> np.ndarray:
    """(height, width) float32: a wall with a gradient, a door, shelves, a tiled floor."""
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
    scene = 95 + 30 * x / WIDTH_PX - 20 * y / HEIGHT_PX
    scene[180:900, 1050:1330] -= 35
    for _ in range(14):
        top, left = random.integers(120, 760), random.integers(40, 900)
        high, wide = random.integers(20, 120, 2)
        scene[top : top + high, left : left + wide] += random.uniform(-40, 60)
    floor = y > 900
    scene[floor] += 14 * (((x // 70).astype(int) + (y // 45).astype(int)) % 2)[floor]
    soft = Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8))
    return np.asarray(soft.filter(ImageFilter.GaussianBlur(1.2))).astype(np.float32)


class _Person:
    """Somebody who walks by in a checked or striped coat."""

    def __init__(self, random: np.random.Generator) -> None:
        wide, high = int(random.integers(220, 420)), int(random.integers(620, 900))
        period = int(random.integers(10, 34))
        y, x = np.mgrid[0:high, 0:wide]
        coat = random.uniform(40, 150) + random.uniform(20, 70) * (x // period % 2)
        if random.random() < 0.5:
            coat = coat + random.uniform(20, 50) * (y // period % 2)
        self._body = coat.astype(np.float32)
        self._inside = ((x / wide - 0.5) * 2) ** 2 + ((y / high - 0.5) * 2) ** 4 < 1
        self._speed_px = float(random.choice([-1, 1]) * random.uniform(150, 500))
        self._start_px = -wide if self._speed_px > 0 else WIDTH_PX
        self._delay_s = float(random.uniform(0, 1))

    def draw(self, frame: np.ndarray, second: float) -> None:
        left = int(self._start_px + self._speed_px * max(0.0, second - self._delay_s))
        first, last = max(0, left), min(WIDTH_PX, left + self._body.shape[1])
        if first >= last:
            return
        top = HEIGHT_PX - self._body.shape[0]
        part = frame[top:, first:last]
        inside = self._inside[:, first - left : last - left]
        part[inside] = self._body[:, first - left : last - left][inside]


class _Card:
    """A flat thing with a code on it."""

    def __init__(self, face: Luma, code: tuple[int, int, int, int]) -> None:
        self._face = Image.fromarray(face)
        self._cover = Image.new("L", self._face.size, 255)
        self._code = code

    def draw(self, frame: np.ndarray, pose: Pose, before: Pose) -> bool:
        """Into the frame. True if the whole code lies within it."""
        wide, high = self._face.size
        square = _projected([(0, 0), (wide, 0), (wide, high), (0, high)], (wide, high), pose)
        left, top, right, bottom = self._code
        corners = _projected(
            [(left, top), (right, top), (right, bottom), (left, bottom)], (wide, high), pose
        )
        moved = (pose.x_px - before.x_px, pose.y_px - before.y_px)
        # A shutter of a tenth of the frame's period: 3 ms.
        smear = [(moved[0] * 0.1 * share, moved[1] * 0.1 * share) for share in (0.0, 0.5, 1.0)]
        margin = 12 + 3 * pose.blur_px
        x0 = int(max(0, square[:, 0].min() - margin))
        y0 = int(max(0, square[:, 1].min() - margin))
        x1 = int(min(WIDTH_PX, square[:, 0].max() + margin))
        y1 = int(min(HEIGHT_PX, square[:, 1].max() + margin))
        if x0 >= x1 or y0 >= y1:
            return False
        size = (x1 - x0, y1 - y0)
        back = _homography(square - (x0, y0), [(0, 0), (wide, 0), (wide, high), (0, high)])
        drawn = []
        for image in (self._face, self._cover):
            flat = image.transform(
                size, Image.Transform.PERSPECTIVE, back, Image.Resampling.BICUBIC
            )
            soft = flat.filter(ImageFilter.GaussianBlur(pose.blur_px))
            drawn.append(_smeared(np.asarray(soft).astype(np.float32), smear))
        face, cover = drawn
        part = frame[y0:y1, x0:x1]
        part *= 1 - cover / 255
        part += face * pose.light
        x, y = corners[:, 0], corners[:, 1]
        return bool(x.min() >= 0 and y.min() >= 0 and x.max() < WIDTH_PX and y.max() < HEIGHT_PX)


def _smeared(image: np.ndarray, offsets: list[tuple[float, float]]) -> np.ndarray:
    """The mean of the image at each offset (x, y), to the nearest pixel."""
    copies = [np.roll(image, (round(y), round(x)), (0, 1)) for x, y in offsets]
    return sum(copies[1:], copies[0]) / len(copies)


def _card(payload: bytes, *, dark: bool, paper: bool) -> _Card:
    """A phone's dark body with a lit screen, or a white sheet."""
    code = segno.make(payload, error="m", micro=False)
    rows = code.matrix_iter(scale=MODULE_TEXTURE_PX, border=QUIET_MODULES)
    modules = np.array([list(row) for row in rows]) > 0
    ink, ground = (20, 235) if not paper else (35, 215)
    if dark:
        ink, ground = 225, 18
    picture = np.where(modules, ink, ground).astype(np.uint8)
    side = picture.shape[0]
    edge = side // 12
    height = int(side * (1.6 if not paper else 1.3)) + 2 * edge
    face = np.full((height, side + 2 * edge), 22 if not paper else ground, np.uint8)
    face[edge : height - edge, edge : edge + side] = ground
    top = (height - side) // 2
    face[top : top + side, edge : edge + side] = picture
    inset = QUIET_MODULES * MODULE_TEXTURE_PX
    where = (edge + inset, top + inset, edge + side - inset, top + side - inset)
    return _Card(face, where)


def _projected(points: list[tuple[int, int]], size: tuple[int, int], pose: Pose) -> np.ndarray:
    """Points of the card, in texture pixels, as (n, 2) pixels of the frame."""
    scale = pose.width_px / size[0]
    roll, tilt = math.radians(pose.roll_deg), math.radians(pose.tilt_deg)
    flat = (np.array(points, float) - (size[0] / 2, size[1] / 2)) * scale
    x, y = flat[:, 0] * math.cos(tilt), flat[:, 1]
    # The camera stands three card widths away.
    near = 1 / (1 + flat[:, 0] * math.sin(tilt) / (3 * pose.width_px))
    x, y = x * near, y * near
    turned = (x * math.cos(roll) - y * math.sin(roll), x * math.sin(roll) + y * math.cos(roll))
    return np.stack((turned[0] + pose.x_px, turned[1] + pose.y_px), axis=1)


def _homography(source: np.ndarray, target: list[tuple[int, int]]) -> list[float]:
    """Pillow's eight coefficients that take each source point to its target point."""
    lines, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        lines += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return list(np.linalg.solve(np.array(lines, float), np.array(values, float)))


def _ease(share: float) -> float:
    """0 to 1, slow at both ends."""
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


def held_up(
    *,
    width_px: float,
    roll_deg: float = 0.0,
    tilt_deg: float = 0.0,
    arrive_s: float = 0.8,
    light: float = 1.0,
    blur_px: Callable[[float], float] = lambda _: 0.7,
    tremor_px: float = 2.5,
) -> Callable[[float], Pose | None]:
    """A hand that brings a card in from below within `arrive_s` and holds it there."""

    def pose(second: float) -> Pose | None:
        if second < 0.2:
            return None
        share = _ease((second - 0.2) / arrive_s)
        shake = tremor_px * math.sin(second * 9.3), tremor_px * math.cos(second * 7.1)
        return Pose(
            x_px=WIDTH_PX * (0.75 - 0.23 * share) + shake[0],
            y_px=HEIGHT_PX * (1.75 - 1.25 * share) + shake[1],
            width_px=width_px,
            roll_deg=roll_deg + 8 * (1 - share),
            tilt_deg=tilt_deg,
            blur_px=blur_px(second),
            light=light,
        )

    return pose


def invented_pass(number: int, characters: int = 153) -> bytes:
    """Bytes of the form and length of a pass; they verify nowhere."""
    alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
    random = np.random.default_rng(number)
    return b"GP1:" + bytes(alphabet[i] for i in random.integers(0, len(alphabet), characters - 4))


def _presentation(
    number: int,
    name: str,
    seconds: float,
    pose: Callable[[float], Pose | None],
    *,
    characters: int = 153,
    dark_mode: bool = False,
    paper: bool = False,
    passers_by: int = 0,
) -> Stream:
    return Stream(
        name=name,
        frames=int(seconds * FRAMES_PER_S),
        payload=invented_pass(number, characters),
        pose=pose,
        dark_mode=dark_mode,
        paper=paper,
        passers_by=passers_by,
    )


def presentations() -> list[Stream]:
    """Every way in which a code is held up here; each has a payload of its own."""
    return [
        _presentation(1, "phone brought in", 2.5, held_up(width_px=360)),
        _presentation(2, "phone far away", 2.5, held_up(width_px=210)),
        _presentation(3, "phone close", 2.5, held_up(width_px=620, roll_deg=12)),
        _presentation(4, "rolled by 45 degrees", 2.5, held_up(width_px=360, roll_deg=45)),
        _presentation(5, "tilt of 30 degrees", 2.5, held_up(width_px=380, tilt_deg=30)),
        _presentation(6, "tilt of 50 degrees", 2.5, held_up(width_px=460, tilt_deg=50)),
        _presentation(7, "out of focus", 2.5, held_up(width_px=420, blur_px=lambda _: 2.6)),
        _presentation(
            8,
            "focus comes late",
            3.5,
            held_up(width_px=400, blur_px=lambda s: 0.7 + 9 * (1 - _ease((s - 0.8) / 1.6))),
        ),
        _presentation(
            9,
            "still, focus after 3 s",
            5.0,
            held_up(width_px=400, tremor_px=0.0, blur_px=lambda s: 7.0 if s < 4.2 else 0.8),
        ),
        _presentation(10, "dark mode", 2.5, held_up(width_px=380), dark_mode=True),
        _presentation(11, "dim paper", 2.5, held_up(width_px=420, light=0.30), paper=True),
        _presentation(12, "brought in slowly", 5.5, held_up(width_px=360, arrive_s=4.0)),
        _presentation(
            13, "dim screen, slowly", 5.5, held_up(width_px=380, arrive_s=4.0, light=0.2)
        ),
        _presentation(
            14, "certificate on paper", 2.5, held_up(width_px=560), characters=560, paper=True
        ),
        _presentation(
            15, "certificate, 15 degrees", 2.5, held_up(width_px=620, tilt_deg=15), characters=560
        ),
        _presentation(16, "among passers-by", 3.0, held_up(width_px=360), passers_by=3),
    ]


def empty(seconds: float) -> Stream:
    """The lane without anybody; only the sensor's noise moves."""
    return Stream("empty scene", int(seconds * FRAMES_PER_S))


def passers_by(seconds: float) -> Stream:
    """People with patterned coats, and no code."""
    return Stream("passers-by", int(seconds * FRAMES_PER_S), passers_by=4)
