"""Big letters and signs for a terminal, drawn in half blocks: two square dots to a cell.

Letters are five dots high, three wide but for M, N, I and W. Signs are eight by eight. The shapes
are those of a public building: nobody needs the colour, or the language, to tell them apart.
"""

from __future__ import annotations

import enum
from typing import Final

GAP_DOTS = 1
"""Between two letters."""
SPACE_DOTS = 2
"""A space's own width, between two gaps."""
LETTER_LINES = 3
SIGN_LINES = 4
SIGN_CELLS = 8

_CELLS: Final = {"..": " ", "#.": "▀", ".#": "▄", "##": "█"}
"""By the upper dot and the lower one."""

_LETTERS: Final = {
    "A": ".#. #.# ### #.# #.#",
    "B": "##. #.# ##. #.# ##.",
    "C": ".## #.. #.. #.. .##",
    "D": "##. #.# #.# #.# ##.",
    "E": "### #.. ##. #.. ###",
    "F": "### #.. ##. #.. #..",
    "G": ".## #.. #.# #.# .##",
    "H": "#.# #.# ### #.# #.#",
    "I": "# # # # #",
    "J": "..# ..# ..# #.# .#.",
    "K": "#.# #.# ##. #.# #.#",
    "L": "#.. #.. #.. #.. ###",
    "M": "#...# ##.## #.#.# #...# #...#",
    "N": "#..# ##.# #.## #..# #..#",
    "O": "### #.# #.# #.# ###",
    "P": "### #.# ### #.. #..",
    "Q": "### #.# #.# ### ..#",
    "R": "##. #.# ##. #.# #.#",
    "S": ".## #.. .#. ..# ##.",
    "T": "### .#. .#. .#. .#.",
    "U": "#.# #.# #.# #.# ###",
    "V": "#.# #.# #.# #.# .#.",
    "W": "#...# #...# #.#.# ##.## #...#",
    "X": "#.# #.# .#. #.# #.#",
    "Y": "#.# #.# .#. .#. .#.",
    "Z": "### ..# .#. #.. ###",
}
"""Rows of dots from the top; the same width in each row of a letter."""


class Pictogram(enum.Enum):
    """A sign to be known without reading, by its rows of dots."""

    CROSS = "##....## ###..### .######. ..####.. ..####.. .######. ###..### ##....##"
    FORWARD = "#...#... ##..##.. .##..##. ..##..## ..##..## .##..##. ##..##.. #...#..."
    DROP = "...##... ...##... ..####.. .######. .######. .######. .######. ..####.."
    TARGET = "..####.. .#....#. #......# #..##..# #..##..# #......# .#....#. ..####.."
    AGAIN = "..####.# .#....## #....### #....... #....... #......# .#....#. ..####.."
    CODE = "###..### #.#..#.# ###..### ...##... ..#..#.. ###.##.. #.#.#.## ###..#.#"
    HOURGLASS = "######## .#....#. ..####.. ...##... ...##... ..#..#.. .######. ########"
    ARROW = "....#... ....##.. #######. ######## ######## #######. ....##.. ....#..."
    WAY_OUT = "####.... #....#.. #....##. #.###### #.###### #....##. #....#.. ####...."
    CHAIR = "#....... #....... #....... #######. #######. #.....#. #.....#. #.....#."
    PERSON = "..####.. ..####.. ..####.. ...##... .######. ######## ######## ########"
    WARNING = "...##... ...##... ..####.. ..#..#.. .##..##. .######. ###..### ########"


def pictogram(shape: Pictogram) -> list[str]:
    """`SIGN_LINES` lines of `SIGN_CELLS` cells."""
    return _lines(shape.value.split())


def lettered(text: str) -> list[str]:
    """Letters and spaces as `LETTER_LINES` lines, all of the same width.

    Raises:
        KeyError: a character that is no letter of the English alphabet.
    """
    rows = [""] * (2 * LETTER_LINES)
    for word in text.upper().split():
        if rows[0]:
            rows = [row + "." * (SPACE_DOTS + 2 * GAP_DOTS) for row in rows]
        for number, letter in enumerate(word):
            dots = _LETTERS[letter].split()
            dots.append("." * len(dots[0]))
            gap = "." * GAP_DOTS if number else ""
            rows = [row + gap + dot for row, dot in zip(rows, dots, strict=True)]
    return _lines(rows)


def _lines(rows: list[str]) -> list[str]:
    return [
        "".join(_CELLS[upper + lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
