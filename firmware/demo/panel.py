"""What the visitor sees: the screen at the lane, as the terminal can show it.

Headline and instruction in both languages, and three ways to tell one screen from another without
reading: the colour (the same as the lane's lamp), the pictogram and the words.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from rich.text import Text

from drivers.wiring import OutputName
from firmware.demo.fitting import fitted, folded
from firmware.demo.lettering import SIGN_CELLS, SIGN_LINES, Pictogram, lettered, pictogram
from firmware.demo.lines import printable
from firmware.signals import SIGNALS
from gate.commands import Screen
from gate.walltime import NS_PER_S
from gate.wording import Words, sign_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware.demo.snapshot import Snapshot

BORDER_LINES = 2
EDGE_CELLS = 2
"""Border and margin, on either side."""
GUTTER_CELLS = 2
"""Between the pictogram and the words."""


class Tone(Struct, frozen=True):
    """A colour to write with and one to write on, 7:1 or more apart (WCAG 2.2, 1.4.6), and a mark
    that says the same where there is room for nothing else."""

    ink: str
    ground: str
    mark: str
    of_sixteen: str
    """Ink and ground on a terminal of sixteen colours, where the nearest ones would be greys."""

    def style(self, *, deep: bool) -> str:
        """As rich has it; `deep`: the terminal has 256 colours or more."""
        return f"{self.ink} on {self.ground}" if deep else self.of_sixteen


TONES: Final[Mapping[OutputName | None, Tone]] = {
    OutputName.LIGHT_GREEN: Tone("#ffffff", "#00592b", "▶", "black on green"),
    OutputName.LIGHT_YELLOW: Tone("#000000", "#ffc72c", "◆", "black on bright_yellow"),
    OutputName.LIGHT_RED: Tone("#ffffff", "#9b1c1c", "■", "bright_white on red"),
    None: Tone("#ffffff", "#0b3d73", "●", "bright_white on blue"),
}
"""By the lamp that is lit."""

PICTOGRAMS: Final[Mapping[Screen, Pictogram]] = {
    Screen.CLOSED: Pictogram.CROSS,
    Screen.IDLE: Pictogram.FORWARD,
    Screen.CHAMBER: Pictogram.DROP,
    Screen.HOLD_STILL: Pictogram.TARGET,
    Screen.MEASURE_AGAIN: Pictogram.AGAIN,
    Screen.SHOW_CODE: Pictogram.CODE,
    Screen.CODE_NOT_READ: Pictogram.AGAIN,
    Screen.WAIT: Pictogram.HOURGLASS,
    Screen.GO: Pictogram.ARROW,
    Screen.EXIT: Pictogram.WAY_OUT,
    Screen.SIT_DOWN: Pictogram.CHAIR,
    Screen.SEE_STAFF: Pictogram.PERSON,
    Screen.REFUSED: Pictogram.PERSON,
    Screen.ONE_AT_A_TIME: Pictogram.WARNING,
    Screen.EMERGENCY: Pictogram.WAY_OUT,
}

_TOP, _BOTTOM = ("┏", "━", "┓"), ("┗", "━", "┛")
_COUNTED_DOWN = frozenset({Screen.CHAMBER, Screen.GO})
"""Screens whose end the visitor waits for, or must be faster than."""


def tone_of(screen: Screen) -> Tone:
    """The colours of a screen."""
    return TONES[SIGNALS[screen].lamp]


def panel(snapshot: Snapshot, width: int, *, big: bool, deep: bool) -> list[Text]:
    """The screen in a frame, all of its lines `width` wide.

    Args:
        snapshot: what is shown.
        width: in cells, with the frame.
        big: the headline in big letters, where they fit.
        deep: see `Tone.style`.
    """
    sign = sign_of(snapshot.show, snapshot.policy)
    room = width - 2 * EDGE_CELLS - SIGN_CELLS - GUTTER_CELLS
    words = _headline(sign.headline, room, big=big)
    for instruction in (sign.instruction.indonesian, sign.instruction.english):
        words += [Text(line) for line in folded(printable(instruction), room)]
    shape = pictogram(PICTOGRAMS[snapshot.show.screen])
    above = max(0, len(words) - SIGN_LINES) // 2
    shape = [" " * SIGN_CELLS] * above + shape
    words += [Text()] * (len(shape) - len(words))
    shape += [" " * SIGN_CELLS] * (len(words) - len(shape))
    style = tone_of(snapshot.show.screen).style(deep=deep)
    lines = [Text(_border(_TOP, "What the visitor sees", _visitor(snapshot), width), style)]
    for picture, line in zip(shape, words, strict=True):
        row = Text(f"┃ {picture}" + " " * GUTTER_CELLS, style).append_text(line)
        row.pad_right(width - EDGE_CELLS - row.cell_len)
        lines.append(row.append(" ┃"))
    lines.append(Text(_border(_BOTTOM, "", _countdown(snapshot), width), style))
    return lines


def strip(snapshot: Snapshot, width: int, *, deep: bool) -> list[Text]:
    """The same where there is no room for a frame: words behind a mark."""
    screen = snapshot.show.screen
    sign, tone = sign_of(snapshot.show, snapshot.policy), tone_of(screen)
    lines = [f"{tone.mark} {sign.headline.indonesian}", f"{tone.mark} {sign.headline.english}"]
    for instruction in (sign.instruction.indonesian, sign.instruction.english):
        lines += folded(printable(instruction), width)
    style = tone.style(deep=deep)
    bold = [Text(fitted(line.upper(), width), f"bold {style}") for line in lines[:2]]
    texts = bold + [Text(line, style) for line in lines[2:]]
    for text in texts:
        text.pad_right(width - text.cell_len)
    return texts


def _headline(words: Words, room: int, *, big: bool) -> list[Text]:
    letters = lettered(words.indonesian)
    if not big or len(letters[0]) > room:
        letters = [words.indonesian.upper()]
    return [Text(line, "bold") for line in (*letters, words.english.upper())]


def _visitor(snapshot: Snapshot) -> str:
    parts = [f"visit {snapshot.status.visit}"] if snapshot.status.visit else []
    if snapshot.visitor:
        parts.append(printable(snapshot.visitor.replace("_", " ")))
    return ", ".join(parts)


def _countdown(snapshot: Snapshot) -> str:
    left_ns = snapshot.show.until_ns - snapshot.now_ns
    if snapshot.show.screen not in _COUNTED_DOWN or left_ns <= 0:
        return ""
    return f"{math.ceil(left_ns / NS_PER_S)} s"


def _border(shape: tuple[str, str, str], left: str, right: str, width: int) -> str:
    """A line of the frame with a title at either end; one that doesn't fit is left out."""
    first, rule, last = shape
    room = width - len(f"{first}{rule}{rule}{last}")
    left = f" {fitted(left, room - 2)} " if left else ""
    right = f" {right} " if right and len(left) + len(right) + 3 <= room else ""
    filling = rule * (room - len(left) - len(right))
    return f"{first}{rule}{left}{filling}{right}{rule}{last}"
