"""Pictograms of the steps, drawn here: each in a square of 100 by 100, its origin bottom left.

Petrol is what stands there and the visitor; orange is what the device does.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from reportlab.pdfgen.canvas import Canvas

from firmware.poster.colours import ORANGE, PAPER, PETROL, Colour
from firmware.poster.words import Picture

SIDE = 100.0

Point = tuple[float, float]

_MODULES: Final = (
    *((4, 8), (4, 6), (3.8, 4), (0, 4), (1.6, 4), (6, 4), (8, 4)),
    *((4, 2), (4, 0), (6, 2), (8, 1.6), (6, 0), (7.4, 0)),
)
"""Column and row of what lies between the corners of the code that is only a picture of one."""


def draw(canvas: Canvas, picture: Picture) -> None:
    """Draw it where the canvas's origin is; its state is the caller's to save."""
    canvas.setLineCap(1)
    canvas.setLineJoin(1)
    _PICTURES[picture](canvas)


def _stroke(
    canvas: Canvas,
    points: Iterable[Point],
    width: float,
    colour: Colour = PETROL,
) -> None:
    """A line through the points, round at its ends and corners."""
    canvas.setStrokeColorRGB(*colour)
    canvas.setLineWidth(width)
    path = canvas.beginPath()
    first, *rest = points
    path.moveTo(*first)
    for point in rest:
        path.lineTo(*point)
    canvas.drawPath(path, stroke=1, fill=0)


def _box(
    canvas: Canvas, corner: Point, size: Point, radius: float, colour: Colour = PETROL
) -> None:
    """A filled rectangle with round corners."""
    canvas.setFillColorRGB(*colour)
    canvas.roundRect(*corner, *size, radius, stroke=0, fill=1)


def _disc(canvas: Canvas, centre: Point, radius: float, colour: Colour = PETROL) -> None:
    canvas.setFillColorRGB(*colour)
    canvas.circle(*centre, radius, stroke=0, fill=1)


def _drop(canvas: Canvas, tip: Point, height: float) -> None:
    """A drop that falls, by its tip."""
    x, y = tip
    wide = height * 0.36
    path = canvas.beginPath()
    path.moveTo(x, y)
    path.curveTo(
        x + wide * 0.5, y - height * 0.4, x + wide, y - height * 0.5, x + wide, y - height * 0.66
    )
    path.curveTo(x + wide, y - height * 0.88, x + wide * 0.55, y - height, x, y - height)
    path.curveTo(
        x - wide * 0.55, y - height, x - wide, y - height * 0.88, x - wide, y - height * 0.66
    )
    path.curveTo(x - wide, y - height * 0.5, x - wide * 0.5, y - height * 0.4, x, y)
    path.close()
    canvas.setFillColorRGB(*ORANGE)
    canvas.drawPath(path, stroke=0, fill=1)


def _arcs(
    canvas: Canvas, centre: Point, radii: Iterable[float], start: float, extent: float
) -> None:
    """Waves round a point; degrees, anticlockwise from the right."""
    canvas.setStrokeColorRGB(*ORANGE)
    canvas.setLineWidth(4.5)
    x, y = centre
    for radius in radii:
        path = canvas.beginPath()
        path.arc(x - radius, y - radius, x + radius, y + radius, start, extent)
        canvas.drawPath(path, stroke=1, fill=0)


def _hands(canvas: Canvas) -> None:
    """Two hands beneath a dispenser, and what falls into them."""
    _box(canvas, (27, 78), (46, 16), 5)
    _box(canvas, (43, 70), (14, 12), 3)
    for x, y in ((50, 64), (34, 61), (66, 61)):
        _drop(canvas, (x, y), 11)
    for side in (-1, 1):
        _hand(canvas, side)


def _hand(canvas: Canvas, side: int) -> None:
    """An open hand, its thumb inwards: the left one for -1."""
    canvas.saveState()
    canvas.translate(50, 0)
    canvas.scale(side, 1)
    _box(canvas, (13, 5), (26, 25), 9)
    for x, top, lean in ((17, 45, -1), (23.2, 49, 0), (29.4, 48, 0.6), (35.4, 41, 1.6)):
        _stroke(canvas, ((x, 24), (x + lean, top)), 5.2)
    _stroke(canvas, ((17, 13), (8.5, 22), (6.5, 29)), 5.4)
    canvas.restoreState()


def _temperature(canvas: Canvas) -> None:
    """A head before a sensor, which looks at the forehead."""
    path = canvas.beginPath()
    path.moveTo(4, 5)
    path.curveTo(4, 27, 14, 34, 33, 34)
    path.curveTo(52, 34, 62, 27, 62, 5)
    path.close()
    canvas.setFillColorRGB(*PETROL)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.setFillColorRGB(*PETROL)
    canvas.ellipse(16, 38, 50, 84, stroke=0, fill=1)
    _disc(canvas, (45, 71), 3.4, ORANGE)
    _arcs(canvas, (45, 71), (11, 19, 27), -27, 54)
    _box(canvas, (80, 54), (14, 34), 4)
    _stroke(canvas, ((87, 54), (87, 5)), 6)
    _box(canvas, (76.5, 66), (6, 10), 2)


def _code(canvas: Canvas) -> None:
    """A phone with a code, between the corners of a camera's picture."""
    _box(canvas, (27, 8), (46, 84), 8)
    _box(canvas, (31.5, 19), (37, 62), 2, PAPER)
    _disc(canvas, (50, 13.5), 2.3, PAPER)
    _stroke(canvas, ((45, 86.5), (55, 86.5)), 2, PAPER)
    unit = 29 / 9
    left, bottom = 35.5, 35.5
    for column, row in ((0.0, 6.0), (6.0, 6.0), (0.0, 0.0)):
        x, y = left + column * unit, bottom + row * unit
        _box(canvas, (x, y), (3 * unit, 3 * unit), 0.8)
        _box(canvas, (x + 0.72 * unit, y + 0.72 * unit), (1.56 * unit, 1.56 * unit), 0, PAPER)
        _box(canvas, (x + 1.1 * unit, y + 1.1 * unit), (0.8 * unit, 0.8 * unit), 0)
    for column, row in _MODULES:
        _box(canvas, (left + column * unit, bottom + row * unit), (unit, unit), 0)
    for x, inwards in ((7, 1), (93, -1)):
        for y, up in ((18, -1), (82, 1)):
            corner = ((x + 12 * inwards, y), (x, y), (x, y - 16 * up))
            _stroke(canvas, corner, 5.5, ORANGE)


def _gate(canvas: Canvas) -> None:
    """Somebody who goes through a turnstile."""
    _walker(canvas)
    _box(canvas, (74, 5), (20, 50), 5)
    _disc(canvas, (74, 43), 7.5)
    for end in ((47, 43), (62, 20), (86, 66)):
        _stroke(canvas, ((74, 43), end), 5)
    _disc(canvas, (74, 43), 3, PAPER)
    _stroke(canvas, ((60, 84), (93, 84)), 6, ORANGE)
    _stroke(canvas, ((82, 94), (93, 84), (82, 74)), 6, ORANGE)


def _walker(canvas: Canvas) -> None:
    _disc(canvas, (31, 86), 9)
    _stroke(canvas, ((29, 67), (27, 46)), 14)
    _stroke(canvas, ((28, 44), (38, 28), (36, 9)), 8)
    _stroke(canvas, ((26, 44), (20, 26), (8, 12)), 8)
    _stroke(canvas, ((30, 68), (38, 54), (49, 51)), 6)
    _stroke(canvas, ((27, 68), (15, 57), (12, 44)), 6)


def _footwear(canvas: Canvas) -> None:
    """A shoe on a wet mat."""
    path = canvas.beginPath()
    path.moveTo(16, 30)
    path.lineTo(16, 70)
    path.lineTo(42, 70)
    path.curveTo(45, 56, 56, 50, 70, 48)
    path.curveTo(82, 46, 86, 40, 86, 30)
    path.close()
    canvas.setFillColorRGB(*PETROL)
    canvas.drawPath(path, stroke=0, fill=1)
    for x, y in ((47, 55), (55, 50.5), (63.5, 47.5)):
        _stroke(canvas, ((x - 4, y - 6), (x + 2, y + 3)), 2.6, PAPER)
    _stroke(canvas, ((16, 34), (86, 34)), 2.6, PAPER)
    _box(canvas, (6, 8), (88, 9), 4)
    for x in (22, 41, 60, 79):
        _drop(canvas, (x, 28), 10)


def _air(canvas: Canvas) -> None:
    """Somebody in a chamber through which air goes."""
    _chamber(canvas)
    for x in (22, 78):
        _stroke(canvas, ((x, 76), (x, 40)), 5, ORANGE)
        _stroke(canvas, ((x - 6, 48), (x, 40), (x + 6, 48)), 5, ORANGE)


def _mist(canvas: Canvas) -> None:
    """Somebody in a chamber that sprays."""
    _chamber(canvas)
    for x, y in ((21, 80), (27, 62), (20, 44), (79, 80), (73, 62), (80, 44)):
        _drop(canvas, (x, y), 11)


def _chamber(canvas: Canvas) -> None:
    _stroke(canvas, ((7, 7), (7, 93), (93, 93), (93, 7)), 6)
    _disc(canvas, (50, 73), 9)
    _stroke(canvas, ((50, 54), (50, 36)), 16)
    _stroke(canvas, ((45, 34), (45, 9)), 7.5)
    _stroke(canvas, ((55, 34), (55, 9)), 7.5)
    _stroke(canvas, ((39, 55), (36, 34)), 5.5)
    _stroke(canvas, ((61, 55), (64, 34)), 5.5)


_PICTURES: Final[Mapping[Picture, Callable[[Canvas], None]]] = MappingProxyType(
    {
        Picture.HANDS: _hands,
        Picture.FOOTWEAR: _footwear,
        Picture.AIR: _air,
        Picture.MIST: _mist,
        Picture.TEMPERATURE: _temperature,
        Picture.CODE: _code,
        Picture.GATE: _gate,
    }
)
