"""Passes on paper: ten cards of the size of a bank card on an A4 sheet, with marks to cut by.

A card is ISO/IEC 7810 ID-1, so that a staff badge fits any holder. Cards touch: one cut serves
two. Type is Bitstream Vera, embedded.
"""

import io
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from firmware.office.card import Card, times_of
from firmware.poster.lettering import LEADING, Face, load, width_mm, wrap
from firmware.qrcode import dark_runs
from gate.credential.model import CredentialKind
from gate.wording import Words

CARD_WIDTH_MM: Final = 85.6
CARD_HEIGHT_MM: Final = 53.98
"""ID-1 (ISO/IEC 7810 section 5)."""
COLUMNS: Final = 2
ROWS: Final = 5
CARDS_A_SHEET: Final = COLUMNS * ROWS
CODE_MM: Final = 45.0
"""A side of the code, quiet zone and all."""
MODULE_MM_MIN: Final = 0.6
"""What the camera needs: 2.5 of its pixels a module where it sees 35 cm across its 1,456 pixels
(docs/explanation/figures.md)."""

_WIDTH_MM, _HEIGHT_MM = A4[0] / mm, A4[1] / mm
_LEFT_MM = (_WIDTH_MM - COLUMNS * CARD_WIDTH_MM) / 2
_BOTTOM_MM = (_HEIGHT_MM - ROWS * CARD_HEIGHT_MM) / 2
_PADDING_MM = 2.6
_MARK_MM, _MARK_GAP_MM, _MARK_WIDTH_MM = 5.0, 1.5, 0.15
_BAND_MM = 10.0
"""Height of the band with the kind, black for staff."""
_TEXT_MM = CARD_WIDTH_MM - CODE_MM - 2 * _PADDING_MM
_KIND_MM, _KIND_SECOND_MM = 4.2, 2.5
_NAME_MM, _NOTE_MM = 4.0, 2.8
_HEAD_SCALES = (1.0, 0.9, 0.8, 0.7, 0.62)
_BODY_MM, _SECOND_MM, _SMALL_MM = 2.5, 2.2, 1.9
_HEAD_GAP_MM, _FOOT_GAP_MM = 1.6, 0.5
_TIME_MM = (_SMALL_MM + _BODY_MM + _SECOND_MM) * LEADING
_FOOT_MM = _FOOT_GAP_MM + 3 * _SMALL_MM * LEADING
_ASCENT = 0.76
"""From the top of a line to its baseline, as part of the size."""
_GREY, _PALE = 0.35, 0.7


def missing_letter(words: str) -> str | None:
    """The first letter that the type does not have, or None."""
    known = load(Face.REGULAR).face.charToGlyph
    return next((letter for letter in words if ord(letter) not in known), None)


def sheet(cards: Sequence[Card], zone: ZoneInfo) -> bytes:
    """A PDF of all cards, in their order, by rows; equal cards give equal bytes."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=True)
    canvas.setTitle("Passes")
    for number, card in enumerate(cards):
        place = number % CARDS_A_SHEET
        if number and not place:
            canvas.showPage()
        if not place:
            _marks(canvas)
        row, column = divmod(place, COLUMNS)
        left = _LEFT_MM + column * CARD_WIDTH_MM
        top = _HEIGHT_MM - _BOTTOM_MM - row * CARD_HEIGHT_MM
        _Drawing(canvas, left, top).card(card, zone)
    canvas.save()
    return buffer.getvalue()


def _marks(canvas: Canvas) -> None:
    """Short lines outside the cards, where the knife goes along."""
    canvas.setLineWidth(_MARK_WIDTH_MM * mm)
    canvas.setStrokeGray(0)
    right, top = _WIDTH_MM - _LEFT_MM, _HEIGHT_MM - _BOTTOM_MM
    for column in range(COLUMNS + 1):
        x = _LEFT_MM + column * CARD_WIDTH_MM
        for y, way in ((_BOTTOM_MM, -1), (top, 1)):
            start = y + way * _MARK_GAP_MM
            canvas.line(x * mm, start * mm, x * mm, (start + way * _MARK_MM) * mm)
    for row in range(ROWS + 1):
        y = _BOTTOM_MM + row * CARD_HEIGHT_MM
        for x, way in ((_LEFT_MM, -1), (right, 1)):
            start = x + way * _MARK_GAP_MM
            canvas.line(start * mm, y * mm, (start + way * _MARK_MM) * mm, y * mm)


class _Drawing:
    """One card; lengths are millimetres from its upper left corner, downwards."""

    def __init__(self, canvas: Canvas, left_mm: float, top_mm: float) -> None:
        self._canvas = canvas
        self._left = left_mm
        self._top = top_mm

    def card(self, card: Card, zone: ZoneInfo) -> None:
        is_staff = card.claims.kind is CredentialKind.STAFF
        self._band(card, is_staff)
        self._code(card.text)
        times = times_of(card.claims, zone)
        foot = CARD_HEIGHT_MM - _PADDING_MM - len(times) * _TIME_MM - _FOOT_MM
        self._head(card, _BAND_MM + _HEAD_GAP_MM, foot)
        x, y = _PADDING_MM, foot
        for label, moment in times:
            y = self._time(label, moment, y)
        y += _FOOT_GAP_MM
        y = self._line(card.admits.indonesian, x, y, Face.REGULAR, _SMALL_MM)
        y = self._line(card.admits.english, x, y, Face.REGULAR, _SMALL_MM, _GREY)
        self._line(card.number, x, y, Face.REGULAR, _SMALL_MM, _GREY)

    def _band(self, card: Card, is_staff: bool) -> None:
        """The kind, white on black for staff, and the office's name at the right."""
        if is_staff:
            self._canvas.setFillGray(0)
            self._box(0, 0, CARD_WIDTH_MM, _BAND_MM)
        else:
            self._canvas.setFillGray(_PALE)
            self._box(_PADDING_MM, _BAND_MM - 0.3, CARD_WIDTH_MM - 2 * _PADDING_MM, 0.3)
        ink = 1.0 if is_staff else 0.0
        second = 1.0 if is_staff else _GREY
        y = self._line(card.kind.indonesian, _PADDING_MM, 1.4, Face.BOLD, _KIND_MM, ink)
        self._line(card.kind.english, _PADDING_MM, y - 0.9, Face.REGULAR, _KIND_SECOND_MM, second)
        room = CODE_MM - _PADDING_MM
        size = _BODY_MM
        while width_mm(card.issuer, Face.REGULAR, size) > room and size > _SMALL_MM:
            size -= 0.1
        lines = wrap(card.issuer, Face.REGULAR, size, room)[:2]
        y = (_BAND_MM - len(lines) * size * LEADING) / 2
        for line in lines:
            x = CARD_WIDTH_MM - _PADDING_MM - width_mm(line, Face.REGULAR, size)
            y = self._line(line, x, y, Face.REGULAR, size, ink)

    def _code(self, text: str) -> None:
        """At the lower right; one path, so that no hairline parts two rows."""
        runs, side = dark_runs(text)
        module = min(CODE_MM, CARD_HEIGHT_MM - _BAND_MM) / side
        if module < MODULE_MM_MIN:
            raise ValueError(f"a code of {side} modules is too fine for a card")
        left = CARD_WIDTH_MM - side * module
        top = CARD_HEIGHT_MM - side * module
        path = self._canvas.beginPath()
        for column, row, length in runs:
            x, y = left + column * module, top + (row + 1) * module
            path.rect(
                (self._left + x) * mm, (self._top - y) * mm, length * module * mm, module * mm
            )
        self._canvas.setFillGray(0)
        self._canvas.drawPath(path, stroke=0, fill=1)

    def _head(self, card: Card, y: float, end: float) -> None:
        """Name and note, as large as they fit above `end`; what is too long even then is cut."""
        lines = self._head_lines(card, _HEAD_SCALES[0])
        for scale in _HEAD_SCALES[1:]:
            if y + sum(size for _, _, size in lines) * LEADING <= end:
                break
            lines = self._head_lines(card, scale)
        for line, face, size in lines:
            if y + size * LEADING > end:
                break
            y = self._line(line, _PADDING_MM, y, face, size)

    @staticmethod
    def _head_lines(card: Card, scale: float) -> list[tuple[str, Face, float]]:
        parts = ((card.name, Face.BOLD, _NAME_MM), (card.note, Face.REGULAR, _NOTE_MM))
        return [
            (line, face, size * scale)
            for words, face, size in parts
            for line in wrap(words, face, size * scale, _TEXT_MM)
        ]

    def _time(self, label: Words, moment: Words, y: float) -> float:
        both = f"{label.indonesian} / {label.english}"
        y = self._line(both, _PADDING_MM, y, Face.REGULAR, _SMALL_MM, _GREY)
        y = self._line(moment.indonesian, _PADDING_MM, y, Face.BOLD, _BODY_MM)
        return self._line(moment.english, _PADDING_MM, y, Face.REGULAR, _SECOND_MM)

    def _line(
        self, text: str, x: float, y: float, face: Face, size: float, grey: float = 0.0
    ) -> float:
        """One line of type, its top at `y`; where the next one's top is."""
        load(face)
        self._canvas.setFont(str(face), size * mm)
        self._canvas.setFillGray(grey)
        baseline = self._top - y - size * LEADING / 2 - size * (_ASCENT - 0.5)
        self._canvas.drawString((self._left + x) * mm, baseline * mm, text)
        return y + size * LEADING

    def _box(self, x: float, y: float, width: float, height: float) -> None:
        self._canvas.rect(
            (self._left + x) * mm,
            (self._top - y - height) * mm,
            width * mm,
            height * mm,
            stroke=0,
            fill=1,
        )
