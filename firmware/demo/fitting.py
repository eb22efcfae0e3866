"""Text that fits: whole words, whole parts, never half of one."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP = "  "
MORE = "…"
_WAVE = "▁▂▃▄▅▆▇█"


def fitted(text: str, width: int) -> str:
    """The text, or as many of its words as fit before an ellipsis."""
    if cell_len(text) <= width:
        return text
    width = max(width, 0)
    kept = ""
    for word in text.split(" "):
        longer = f"{kept} {word}" if kept else word
        if cell_len(longer) + cell_len(f" {MORE}") > width:
            break
        kept = longer
    return f"{kept} {MORE}" if kept else MORE[:width]


def folded(text: str, width: int) -> list[str]:
    """The text on as many lines as it needs; only a word that is longer than a line is broken."""
    return textwrap.wrap(text, max(width, 1), break_on_hyphens=False)


def joined(parts: Iterable[Text], width: int) -> Text:
    """The parts that fit, in their order; one that doesn't is left out whole."""
    line = Text()
    for part in parts:
        gap = GAP if line else ""
        if part and line.cell_len + len(gap) + part.cell_len <= width:
            line.append(gap).append_text(part)
    return line


def spread(left: Text, right: Text, width: int) -> Text:
    """One at each end; the right one is left out where it doesn't fit."""
    free = width - left.cell_len - right.cell_len
    if free < len(GAP):
        return left
    return Text().append_text(left).append(" " * free).append_text(right)


def beside(left: Text, right: Text, left_width: int) -> Text:
    """Two columns of one line."""
    line = Text().append_text(left)
    line.pad_right(left_width - line.cell_len)
    return line.append(GAP).append_text(right)


def heading(title: str, width: int) -> Text:
    """A title, and a rule to the end of the line."""
    line = Text().append(fitted(title, width), "bold")
    rule = width - line.cell_len - 1
    return line.append(" " + "─" * rule, "dim") if rule > 0 else line


def wave(values: Sequence[int], width: int) -> str:
    """The newest values as a line of bars, from nothing to the highest of them."""
    shown = values[-width:] if width > 0 else ()
    top = max(shown, default=0) or 1
    return "".join(_WAVE[value * (len(_WAVE) - 1) // top] for value in shown)
