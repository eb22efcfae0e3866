"""From a scene to the clean picture that a camera would take of it.

A pinhole camera with the geometry of the Global Shutter camera and its 6 mm lens: sensor 5.02 mm
wide, so a focal length of 1.19 picture widths (IMX296 data sheet: 1456 pixels of 3.45 um). The
card is drawn flat at about the scale at which it will be seen, with modules area-sampled, so
that the one perspective resampling neither aliases nor blurs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import segno
from PIL import Image, ImageDraw, ImageFilter

from drivers.sim.scene import Medium

if TYPE_CHECKING:
    from drivers.sim.scene import Scene

    Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
    Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]

FOCAL_WIDTHS = 6.0 / 5.02
"""Focal length in picture widths."""
PHONE_MM = (72.0, 148.0)
PHONE_BEZEL_MM = 3.0
PAPER_MM = (105.0, 148.0)
"""A6, upright."""
QUIET_MODULES = 4
LENS_BLUR_PX = 0.5
"""No lens is sharper than this (sigma)."""
BODY_LEVEL = 22
SCREEN_LEVELS = (14, 232)
"""Dark and light of a phone's screen."""
PAPER_LEVELS = (38, 196)
SUPERSAMPLE_MODULE_PX = 8
GLARE_SHARE = 0.22
"""Radius of the reflection (sigma), as a share of the code's side."""


def backdrop(width: int, height: int, seed: int) -> Image.Image:
    """An empty lane: uneven light, a few straight edges, a fine texture; mean level about 90."""
    rng = np.random.default_rng(seed)
    light = rng.normal(92, 16, (6, 8)).clip(40, 150).astype(np.uint8)
    image = Image.fromarray(light).resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(5):
        left, right = sorted(rng.integers(0, width, 2).tolist())
        top, bottom = sorted(rng.integers(0, height, 2).tolist())
        level = int(rng.integers(50, 130))
        draw.rectangle((left, top, right, bottom), outline=level, width=int(rng.integers(2, 9)))
    grain = np.bitwise_count(rng.integers(0, 1 << 16, (height, width), np.uint16))
    picture = np.asarray(image).astype(np.int16) + grain - 8
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def render(scene: Scene, empty: Image.Image) -> Luma:
    """The picture of a scene before that backdrop, without the sensor's noise.

    Raises:
        segno.DataOverflowError: the payload fits in no QR code.
    """
    picture = empty.copy()
    if scene.payload is not None:
        _hold_up(scene, picture)
    if scene.brightness != 1.0:
        levels = [min(255, round(level * scene.brightness)) for level in range(256)]
        picture = picture.point(levels)
    return np.asarray(picture)


def _hold_up(scene: Scene, picture: Image.Image) -> None:
    """Draw the card with its code into the picture."""
    width, height = picture.size
    scale = FOCAL_WIDTHS * width / scene.distance_mm
    card = _card(scene, scale)
    to_picture = _camera(scene, width, height) @ _to_mm(card.size, scale)
    outline = _project(to_picture, [(0, 0), (card.width, 0), card.size, (0, card.height)])
    margin = math.ceil(3 * scene.defocus_px + scene.motion_px) + 2
    left = max(0, math.floor(min(x for x, _ in outline)) - margin)
    top = max(0, math.floor(min(y for _, y in outline)) - margin)
    right = min(width, math.ceil(max(x for x, _ in outline)) + margin)
    bottom = min(height, math.ceil(max(y for _, y in outline)) + margin)
    if left >= right or top >= bottom:
        return
    box = (left, top, right, bottom)
    shift = np.array([[1.0, 0, left], [0, 1, top], [0, 0, 1]])
    back = np.linalg.inv(to_picture) @ shift
    seen = card.transform(
        (right - left, bottom - top),
        Image.Transform.PERSPECTIVE,
        tuple((back / back[2, 2]).ravel()[:8].tolist()),
        Image.Resampling.BILINEAR,
    )
    mask = Image.new("L", seen.size, 0)
    ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in outline], fill=255)
    patch = picture.crop(box)
    patch.paste(seen, mask=mask)
    patch = patch.filter(ImageFilter.GaussianBlur(math.hypot(LENS_BLUR_PX, scene.defocus_px)))
    if scene.motion_px >= 1:
        patch = patch.filter(ImageFilter.BoxBlur((scene.motion_px / 2, 0)))
    if scene.glare > 0:
        (x, y), *_ = _project(to_picture, [(card.width / 2, card.height / 2)])
        patch = _reflect(patch, x - left, y - top, scene.code_mm * scale, scene.glare)
    picture.paste(patch, box)


def _card(scene: Scene, scale: float) -> Image.Image:
    """The phone or the paper, flat, `scale` pixels a millimetre, the code at its middle."""
    on_phone = scene.medium is Medium.PHONE
    dark, light = SCREEN_LEVELS if on_phone else PAPER_LEVELS
    ground, module = (dark, light) if scene.dark_mode else (light, dark)
    wide_mm, high_mm = PHONE_MM if on_phone else PAPER_MM
    wide_mm = max(wide_mm, scene.code_mm + 2 * PHONE_BEZEL_MM)
    high_mm = max(high_mm, scene.code_mm + 2 * PHONE_BEZEL_MM)
    size = (round(wide_mm * scale), round(high_mm * scale))
    if on_phone:
        card = Image.new("L", size, BODY_LEVEL)
        bezel = round(PHONE_BEZEL_MM * scale)
        ImageDraw.Draw(card).rectangle(
            (bezel, bezel, size[0] - bezel - 1, size[1] - bezel - 1), fill=ground
        )
    else:
        card = Image.new("L", size, ground)
    side = max(1, round(scene.code_mm * scale))
    code = _symbol(scene.payload or b"", ground, module)
    code = code.resize((side, side), Image.Resampling.BOX, reducing_gap=None)
    card.paste(code, ((size[0] - side) // 2, (size[1] - side) // 2))
    return card


def _symbol(payload: bytes, ground: int, module: int) -> Image.Image:
    """The QR code with its quiet zone, several pixels a module. Level M, as passes are issued."""
    code = segno.make_qr(payload, error="m", boost_error=False)
    dark = np.pad(np.array(code.matrix, dtype=bool), QUIET_MODULES)
    levels = np.where(dark, np.uint8(module), np.uint8(ground))
    return Image.fromarray(np.kron(levels, np.ones((SUPERSAMPLE_MODULE_PX,) * 2, np.uint8)))


def _to_mm(size: tuple[int, int], scale: float) -> Matrix:
    """From pixels of the flat card to millimetres from its centre."""
    return np.array(
        [[1 / scale, 0, -size[0] / 2 / scale], [0, 1 / scale, -size[1] / 2 / scale], [0, 0, 1]]
    )


def _camera(scene: Scene, width: int, height: int) -> Matrix:
    """From millimetres on the card to pixels of the picture: intrinsics times pose."""
    focal = FOCAL_WIDTHS * width
    tilt, roll = math.radians(scene.tilt_deg), math.radians(scene.roll_deg)
    right, down = scene.offset_mm
    pose = np.array(
        [
            [math.cos(tilt) * math.cos(roll), -math.cos(tilt) * math.sin(roll), right],
            [math.sin(roll), math.cos(roll), down],
            [
                -math.sin(tilt) * math.cos(roll),
                math.sin(tilt) * math.sin(roll),
                scene.distance_mm,
            ],
        ]
    )
    lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    return np.asarray(lens @ pose)


def _project(matrix: Matrix, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points through a homography."""
    through = matrix @ np.array([(x, y, 1.0) for x, y in points]).T
    return [(float(x / z), float(y / z)) for x, y, z in through.T]


def _reflect(patch: Image.Image, x: float, y: float, side: float, strength: float) -> Image.Image:
    """Add a lamp's soft reflection, up and to the right of the code's centre."""
    across = np.arange(patch.width) - (x + 0.3 * side)
    down = np.arange(patch.height) - (y - 0.3 * side)
    sigma = max(1.0, GLARE_SHARE * side)
    spot_x = np.exp(-0.5 * (across / sigma) ** 2).astype(np.float32)
    spot_y = np.exp(-0.5 * (down / sigma) ** 2).astype(np.float32)
    light = np.asarray(patch) + np.outer(spot_y, spot_x * np.float32(255 * strength))
    return Image.fromarray(light.clip(0, 255).astype(np.uint8))
