"""A pass as a picture for a phone: the code as large as the screen lets it be, and words below.

Black on white whatever the phone's own colours are, a whole number of pixels a module, and no
name: a picture is forwarded. Nothing is cut off: `issuer_faults` tells of an office's name that
has no room.
"""

import functools
import io
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import reportlab
from PIL import Image, ImageDraw, ImageFont

from firmware.office.card import HOLD, Card, times_of
from firmware.qrcode import dark_runs

WIDTH_PX: Final = 1_080
HEIGHT_PX: Final = 1_920
"""Fills a portrait screen of 9 to 16, and leaves a border on the longer ones."""

_FONTS = Path(reportlab.__file__).parent / "fonts"
_ROOM_PX = WIDTH_PX * 0.92
_KIND_TOP_PX, _SECOND_TOP_PX, _CODE_TOP_PX = 36, 144, 200
_KIND_PX, _SECOND_PX, _TIME_PX, _SMALL_PX = 96, 48, 58, 40
_LABEL_STEP_PX, _MOMENT_STEP_PX, _TIME_STEP_PX = 48, 72, 180
"""From a time's label to its moment, from there to the second language, and to the next time."""
_HOLD_TOP_PX, _FOOT_TOP_PX = 1_704, 1_760
_FOOT_PX, _FOOT_STEP_PX = 30, 38
_ISSUER_LINES_MAX = 3
_GREY = 90
_COLOURS = 16
"""Greys of the picture: enough for the edges of letters, and a tenth of the bytes."""


def issuer_faults(name: str) -> list[str]:
    """Why the office's name can't be shown, in sentences; whether the type has its letters is for
    `firmware.office.sheet` to say, which has the same."""
    if len(_lines(name)) > _ISSUER_LINES_MAX:
        return ["it is too long for the pictures; shorten it in the trust file"]
    return []


def phone_picture(card: Card, zone: ZoneInfo) -> bytes:
    """A PNG of the pass; equal cards give equal bytes."""
    image = Image.new("L", (WIDTH_PX, HEIGHT_PX), 255)
    draw = ImageDraw.Draw(image)
    _centred(draw, _KIND_TOP_PX, card.kind.indonesian, _KIND_PX, bold=True)
    _centred(draw, _SECOND_TOP_PX, card.kind.english, _SECOND_PX, grey=_GREY)
    y = _code(draw, card.text)
    for label, moment in times_of(card.claims, zone):
        _centred(draw, y, f"{label.indonesian} / {label.english}", _SMALL_PX, grey=_GREY)
        below = y + _LABEL_STEP_PX
        _centred(draw, below, moment.indonesian, _TIME_PX, bold=True)
        _centred(draw, below + _MOMENT_STEP_PX, moment.english, _SMALL_PX)
        y += _TIME_STEP_PX
    _centred(draw, y, f"{card.admits.indonesian} / {card.admits.english}", _SMALL_PX)
    _centred(draw, _HOLD_TOP_PX, f"{HOLD.indonesian} / {HOLD.english}", _SMALL_PX)
    for number, line in enumerate((*_lines(card.issuer), card.number)):
        _centred(draw, _FOOT_TOP_PX + number * _FOOT_STEP_PX, line, _FOOT_PX, grey=_GREY)
    file = io.BytesIO()
    image.quantize(_COLOURS).save(file, "PNG", optimize=True)
    return file.getvalue()


def _code(draw: ImageDraw.ImageDraw, text: str) -> int:
    """The code across the whole width; where the next thing may stand."""
    runs, side = dark_runs(text)
    module = WIDTH_PX // side
    left = (WIDTH_PX - side * module) // 2
    for column, row, length in runs:
        x, y = left + column * module, _CODE_TOP_PX + row * module
        draw.rectangle((x, y, x + length * module - 1, y + module - 1), fill=0)
    return _CODE_TOP_PX + side * module


def _centred(
    draw: ImageDraw.ImageDraw,
    y: int,
    words: str,
    size: int,
    *,
    bold: bool = False,
    grey: int = 0,
) -> None:
    """One line, smaller where it would not fit."""
    while (width := _font(size, bold).getlength(words)) > _ROOM_PX and size > _SMALL_PX // 2:
        size -= 2
    draw.text(((WIDTH_PX - width) / 2, y), words, fill=grey, font=_font(size, bold))


def _lines(words: str) -> list[str]:
    """The words in lines that fit; one that is longer than a line is broken."""
    font = _font(_FOOT_PX, bold=False)
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= _ROOM_PX:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if font.getlength(lines[-1] + letter) > _ROOM_PX:
                lines.append("")
            lines[-1] += letter
    return lines


@functools.cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONTS / ("VeraBd.ttf" if bold else "Vera.ttf")), size)
