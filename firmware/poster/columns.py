"""Texts one beneath the other, and what chooses their language and size."""

from typing import NamedTuple

from msgspec import Struct

from firmware.poster.colours import Colour
from firmware.poster.lettering import Face, Setting, fitted, width_mm, wrap
from firmware.poster.model import Tongue
from firmware.poster.page import Page
from gate.wording import Words

Sizes = tuple[float, float]
"""Largest and smallest size of type, millimetres."""

NAME_LINES = 2
"""A person's text is set large on so many lines, or small on more."""


class Line(NamedTuple):
    """One text of a column."""

    setting: Setting
    colour: Colour
    gap: float = 0.0
    """Left free above it."""


class Column(Struct, frozen=True):
    """Texts one beneath the other."""

    lines: tuple[Line, ...]

    @property
    def height(self) -> float:
        """Millimetres."""
        return sum(line.gap + line.setting.height_mm for line in self.lines)

    def draw(self, page: Page, left: float, top: float, *, centre_width: float = 0.0) -> None:
        """Set them, each line centred where a width is given."""
        for line in self.lines:
            top = page.text(
                left, top + line.gap, line.setting, line.colour, centre_width=centre_width
            )


def first(both: Words, tongue: Tongue) -> str:
    """What stands large."""
    return both.english if tongue is Tongue.ENGLISH else both.indonesian


def second(both: Words, tongue: Tongue) -> str:
    """What stands smaller beneath it, or nothing."""
    return both.english if tongue is Tongue.BOTH else ""


def side_by_side(both: Words, tongue: Tongue) -> str:
    """On one line."""
    return " / ".join(filter(None, (first(both, tongue), second(both, tongue))))


def name(text: str, sizes: Sizes, width: float, lines_max: int, what: str) -> Setting:
    """A person's text on two lines; what is too long for them, small and on more.

    Raises:
        UserError: it is too long for that too.
    """
    smallest = sizes[1]
    if len(wrap(text, Face.BOLD, smallest, width)) <= NAME_LINES:
        return fitted(text, Face.BOLD, sizes, width, NAME_LINES, what)
    return fitted(text, Face.BOLD, (smallest, smallest), width, lines_max, what)


def one_line(text: str, face: Face, size_mm: float, width: float) -> Setting:
    """Our own words on one line, smaller only where they would leave their column."""
    return Setting((text,), face, size_mm * min(1.0, width / width_mm(text, face, size_mm)))


def paragraph(text: str, size_mm: float, width: float) -> Setting:
    """In as many lines as it takes."""
    return Setting(wrap(text, Face.REGULAR, size_mm, width), Face.REGULAR, size_mm)
