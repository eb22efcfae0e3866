"""One sheet of paper, in millimetres of A4 from its top left corner.

A3 is the same drawing, larger. With bleed, the sheet has 3 mm more on every side and crop marks
around them, as print shops ask for.
"""

import contextlib
import io
from collections.abc import Iterator, Sequence

from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from firmware.poster.colours import Colour
from firmware.poster.lettering import LEADING, Face, Setting, load
from firmware.poster.model import Paper
from firmware.qrcode import Run

WIDTH_MM, HEIGHT_MM = 210.0, 297.0
SIZES_MM = {Paper.A4: (210.0, 297.0), Paper.A3: (297.0, 420.0)}
"""ISO 216."""
BLEED_MM = 3.0
MARKS_MM = 8.0
"""Around the bleed, for crop marks."""
_MARK_MM = 5.0
_HAIRLINE_MM = 0.09
_ASCENT = 0.98
"""From the top of a line to its baseline, as part of the size."""


class Page:
    """A canvas that thinks in millimetres from the top left."""

    def __init__(self, paper: Paper, *, bleed: bool) -> None:
        self._file = io.BytesIO()
        width, height = SIZES_MM[paper]
        self.edge_mm = BLEED_MM if bleed else 0.0
        """How far a ground reaches beyond the sheet's edge, on the paper's own scale."""
        around = self.edge_mm + (MARKS_MM if bleed else 0.0)
        size = (width + 2 * around) * mm, (height + 2 * around) * mm
        for face in Face:
            load(face)
        # invariant: no times and no random id, so that the same poster is the same file.
        self.canvas = Canvas(
            self._file,
            pagesize=size,
            invariant=1,
            pageCompression=1,
            lang="id",
            initialFontName=str(Face.REGULAR),
        )
        if bleed:
            self._marks(width, height, around)
        self.canvas.scale(mm, mm)
        self.canvas.translate(around, around)
        self._scale = width / WIDTH_MM
        self.canvas.scale(self._scale, height / HEIGHT_MM)

    def finish(self, title: str, author: str) -> bytes:
        """The PDF. Nothing can be drawn afterwards."""
        self.canvas.setTitle(title)
        self.canvas.setAuthor(author)
        self.canvas.setCreator("gate poster")
        self.canvas.showPage()
        self.canvas.save()
        return self._file.getvalue()

    def ground(self, top: float, bottom: float, colour: Colour) -> None:
        """A band across the sheet; where it meets an edge, it goes over it."""
        edge = self.edge_mm / self._scale
        top -= edge if top <= 0 else 0
        bottom += edge if bottom >= HEIGHT_MM else 0
        self.canvas.setFillColorRGB(*colour)
        self.canvas.rect(
            -edge, HEIGHT_MM - bottom, WIDTH_MM + 2 * edge, bottom - top, stroke=0, fill=1
        )

    def card(
        self, left: float, top: float, size: tuple[float, float], radius: float, colour: Colour
    ) -> None:
        """A filled rectangle with round corners."""
        width, height = size
        self.canvas.setFillColorRGB(*colour)
        self.canvas.roundRect(
            left, HEIGHT_MM - top - height, width, height, radius, stroke=0, fill=1
        )

    def cells(self, left: float, top: float, runs: Sequence[Run], side: float) -> None:
        """Black squares of a code, as runs (column, row, length); one path, so without seams."""
        path = self.canvas.beginPath()
        for column, row, length in runs:
            path.rect(left + column * side, HEIGHT_MM - top - (row + 1) * side, length * side, side)
        self.canvas.setFillColorRGB(0, 0, 0)
        self.canvas.drawPath(path, stroke=0, fill=1)

    def rule(self, x: float, top: float, bottom: float, width: float, colour: Colour) -> None:
        """An upright line."""
        self.canvas.setStrokeColorRGB(*colour)
        self.canvas.setLineWidth(width)
        self.canvas.line(x, HEIGHT_MM - top, x, HEIGHT_MM - bottom)

    def text(
        self,
        left: float,
        top: float,
        setting: Setting,
        colour: Colour,
        *,
        centre_width: float = 0.0,
        tracking: float = 0.0,
    ) -> float:
        """Set the lines and return where the next could begin.

        Args:
            left: of the column.
            top: of the first line.
            setting: the lines.
            colour: of the letters.
            centre_width: where given, the lines are centred in a column of that width.
            tracking: added between letters, as part of the size.
        """
        canvas, size = self.canvas, setting.size_mm
        canvas.setFillColorRGB(*colour)
        canvas.setFont(str(setting.face), size)
        for number, line in enumerate(setting.lines):
            y = HEIGHT_MM - top - size * (number * LEADING + _ASCENT)
            if centre_width:
                canvas.drawCentredString(left + centre_width / 2, y, line)
            else:
                canvas.drawString(left, y, line, charSpace=tracking * size)
        return top + setting.height_mm

    def picture(self, png: ImageReader, left: float, top: float, size: tuple[float, float]) -> None:
        """A picture in a box, as large as its shape allows, in the middle."""
        width, height = size
        self.canvas.drawImage(
            png,
            left,
            HEIGHT_MM - top - height,
            width,
            height,
            mask="auto",
            preserveAspectRatio=True,
            anchor="c",
        )

    @contextlib.contextmanager
    def square(self, left: float, top: float, side: float, units: float) -> Iterator[Canvas]:
        """A canvas of `units` by `units` over that square, its origin bottom left."""
        self.canvas.saveState()
        self.canvas.translate(left, HEIGHT_MM - top - side)
        self.canvas.scale(side / units, side / units)
        yield self.canvas
        self.canvas.restoreState()

    def _marks(self, width: float, height: float, around: float) -> None:
        """Boxes of ISO 32000-1 section 14.11.2, and crop marks outside the bleed."""
        canvas = self.canvas
        left, bottom, right, top = around, around, around + width, around + height
        canvas.setTrimBox((left * mm, bottom * mm, right * mm, top * mm))
        canvas.setBleedBox(
            (
                (left - BLEED_MM) * mm,
                (bottom - BLEED_MM) * mm,
                (right + BLEED_MM) * mm,
                (top + BLEED_MM) * mm,
            )
        )
        canvas.setLineWidth(_HAIRLINE_MM * mm)
        canvas.setStrokeColorRGB(0, 0, 0)
        for x, out in ((left, -1), (right, 1)):
            near, far = (x + out * (BLEED_MM + o) for o in (1, 1 + _MARK_MM))
            for y in (bottom, top):
                canvas.line(near * mm, y * mm, far * mm, y * mm)
        for y, out in ((bottom, -1), (top, 1)):
            near, far = (y + out * (BLEED_MM + o) for o in (1, 1 + _MARK_MM))
            for x in (left, right):
                canvas.line(x * mm, near * mm, x * mm, far * mm)
