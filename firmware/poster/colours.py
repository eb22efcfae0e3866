"""The poster's colours.

Dark text on light, or light on dark, at seven to one or more (WCAG 2.2, success criterion 1.4.6).
Nothing is said by a colour alone, and the two that meet in a pictogram, petrol and orange, differ
in lightness: they stay apart for every kind of colour vision, and on a grey printer.
"""

from typing import Final

Colour = tuple[float, float, float]
"""Red, green and blue of sRGB, 0 to 1."""


def colour(code: int) -> Colour:
    """Of `0xRRGGBB`."""
    return (code >> 16 & 0xFF) / 255, (code >> 8 & 0xFF) / 255, (code & 0xFF) / 255


PAPER: Final = colour(0xFFFFFF)
TINT: Final = colour(0xE9F2F1)
"""Behind pictograms and notices."""
PETROL: Final = colour(0x073B44)
"""Bands, numbers, headings and pictograms."""
INK: Final = colour(0x12232A)
"""Text."""
SLATE: Final = colour(0x34474F)
"""The second language."""
FOAM: Final = colour(0xBFE3DF)
"""The second language on petrol."""
ORANGE: Final = colour(0xE58606)
"""What moves in a pictogram. Never text."""

TEXT_ON: Final = (
    (INK, PAPER),
    (INK, TINT),
    (SLATE, PAPER),
    (SLATE, TINT),
    (PETROL, PAPER),
    (PETROL, TINT),
    (PAPER, PETROL),
    (FOAM, PETROL),
)
"""Every pair of text and ground that the sheet sets."""
