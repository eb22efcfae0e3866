"""A pass as a picture for a phone: the code as large as the screen lets it be, and words below.

Black on white whatever the phone's own colours are, a whole number of pixels a module, and no
name: a picture is forwarded.
"""

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
_CODE_TOP_PX = 245
_KIND_PX, _SECOND_PX, _TIME_PX, _SMALL_PX = 96, 54, 58, 40
_GREY = 90
_COLOURS = 16
"""Greys of the picture: enough for the edges of letters, and a tenth of the bytes."""


def phone_picture(card: Card, zone: ZoneInfo) -> bytes:
    """A PNG of the pass; equal cards give equal bytes."""
    image = Image.new("L", (WIDTH_PX, HEIGHT_PX), 255)
    draw = ImageDraw.Draw(image)
    _centred(draw, 70, card.kind.indonesian, _KIND_PX, bold=True)
    _centred(draw, 182, card.kind.english, _SECOND_PX, grey=_GREY)
    y = _code(draw, card.text)
    for label, moment in times_of(card.claims, zone):
        _centred(draw, y, f"{label.indonesian} / {label.english}", _SMALL_PX, grey=_GREY)
        _centred(draw, y + 50, moment.indonesian, _TIME_PX, bold=True)
        _centred(draw, y + 125, moment.english, _SMALL_PX + 4)
        y += 200
    _centred(draw, y, f"{card.admits.indonesian} / {card.admits.english}", _SMALL_PX)
    foot = HEIGHT_PX - 130
    _centred(draw, foot, f"{HOLD.indonesian} / {HOLD.english}", _SMALL_PX)
    _centred(draw, foot + 60, f"{card.issuer}  {card.number}", _SMALL_PX - 8, grey=_GREY)
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
    while True:
        font = ImageFont.truetype(str(_FONTS / ("VeraBd.ttf" if bold else "Vera.ttf")), size)
        width = draw.textlength(words, font)
        if width <= WIDTH_PX * 0.92 or size <= _SMALL_PX // 2:
            break
        size -= 2
    draw.text(((WIDTH_PX - width) / 2, y), words, fill=grey, font=font)
