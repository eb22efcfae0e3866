"""Type: two faces, their measures, and text that is made to fit or refused.

The faces are Bitstream Vera Sans, which reportlab brings along and whose licence permits
embedding. The fourteen faces that every viewer must have are not embedded: a print shop's
machine would set another one in their place, of another width.
"""

import enum
import functools
from pathlib import Path

import reportlab
from msgspec import Struct
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from firmware.errors import UserError

CAP_HEIGHT = 0.729
"""Height of a capital, as part of the size (OS/2 table of Vera Sans: 1,493 of 2,048)."""
DISTANCE_PER_HEIGHT = 200
"""Text is read from 200 times its height."""
LEADING = 1.3
"""From line to line, as part of the size."""
_STEP = 0.96
"""How much smaller each try is."""
_FOLDER = Path(reportlab.__file__).parent / "fonts"


class Face(enum.StrEnum):
    """A typeface, by its file."""

    REGULAR = "Vera"
    BOLD = "VeraBd"


class Setting(Struct, frozen=True):
    """Text that was set: lines of one size."""

    lines: tuple[str, ...]
    face: Face
    size_mm: float

    @property
    def height_mm(self) -> float:
        """From the top of the first line to the bottom of the last."""
        return len(self.lines) * self.size_mm * LEADING


def size_for_m(distance_m: float) -> float:
    """Millimetres of type that is read from so far."""
    return distance_m * 1_000 / DISTANCE_PER_HEIGHT / CAP_HEIGHT


@functools.cache
def load(face: Face) -> TTFont:
    """The face, made known to reportlab."""
    font = TTFont(str(face), str(_FOLDER / f"{face}.ttf"))
    pdfmetrics.registerFont(font)
    return font


def width_mm(text: str, face: Face, size_mm: float) -> float:
    """How long a line is."""
    load(face)
    return float(pdfmetrics.stringWidth(text, str(face), size_mm))


def check_letters(text: str) -> None:
    """Return if the faces have every letter of the text.

    Raises:
        UserError: with the first that they lack.
    """
    known = load(Face.REGULAR).face.charToGlyph
    missing = next((letter for letter in text if ord(letter) not in known), None)
    if missing is not None:
        raise UserError(
            f"The poster's type has no letter {missing!r} (U+{ord(missing):04X}); "
            "write the text in Latin letters."
        )


def wrap(text: str, face: Face, size_mm: float, width: float) -> tuple[str, ...]:
    """The text in lines of at most that width. A word that is too long is broken, and a no-break
    space is none to break at."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width_mm(longer, face, size_mm) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, face, size_mm, width)
        lines += full
    return (*lines, line) if line else tuple(lines)


def fitted(
    text: str, face: Face, sizes: tuple[float, float], width: float, lines_max: int, what: str
) -> Setting:
    """The text as large as it fits.

    Args:
        text: one paragraph.
        face: its type.
        sizes: largest and smallest, millimetres.
        width: millimetres.
        lines_max: most lines.
        what: how the message calls it.

    Raises:
        UserError: it does not fit even at its smallest.
    """
    size, smallest = sizes
    while True:
        lines = wrap(text, face, size, width)
        if len(lines) <= lines_max:
            return Setting(lines, face, size)
        if size <= smallest:
            room = sum(map(len, lines[:lines_max]))
            raise UserError(
                f"{what} does not fit on the poster at a size that can be read; about {room} "
                f"characters do, and it has {len(text)}."
            )
        size = max(size * _STEP, smallest)


def _pieces(word: str, face: Face, size_mm: float, width: float) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and width_mm(pieces[-1] + letter, face, size_mm) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces
