"""Passes on paper: ten cards of the size of a bank card on an A4 sheet, with marks to cut by.

A card is ISO/IEC 7810 ID-1, so that a staff badge fits any holder. Cards touch: one cut serves
two. Type is Bitstream Vera, embedded. Nothing is cut off: what has no room is told by `faults`
before a pass is issued.
"""

import io
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from firmware.office.card import DAY_END, Card, times_of
from firmware.poster.lettering import LEADING, Face, load, width_mm, wrap
from firmware.qrcode import dark_runs
from gate.credential.model import CredentialKind

CARD_WIDTH_MM: Final = 85.6
CARD_HEIGHT_MM: Final = 53.98
"""ID-1 (ISO/IEC 7810 section 5)."""
COLUMNS: Final = 2
ROWS: Final = 5
CARDS_A_SHEET: Final = COLUMNS * ROWS
BAND_MM: Final = 10.0
"""Height of the band with the kind, black for staff."""
CODE_MM: Final = CARD_HEIGHT_MM - BAND_MM
"""A side of the code, quiet zone and all."""
MODULE_MM_MIN: Final = 0.6
"""What the camera needs: 2.5 of its pixels a module where it sees 35 cm across its 1,456 pixels
(docs/explanation/figures.md)."""

_WIDTH_MM, _HEIGHT_MM = A4[0] / mm, A4[1] / mm
_LEFT_MM = (_WIDTH_MM - COLUMNS * CARD_WIDTH_MM) / 2
_BOTTOM_MM = (_HEIGHT_MM - ROWS * CARD_HEIGHT_MM) / 2
_PADDING_MM = 2.6
_MARK_MM, _MARK_GAP_MM, _MARK_WIDTH_MM = 5.0, 1.5, 0.15
_GAP_MM = 1.0
_TEXT_MM = CARD_WIDTH_MM - CODE_MM - _PADDING_MM - _GAP_MM
"""How wide the text beside the code may be."""
_ISSUER_MM = CODE_MM - _PADDING_MM
_ISSUER_LINES_MAX = 3
_KIND_MM, _KIND_SECOND_MM = 4.2, 2.5
_NAME_MM, _NOTE_MM = 4.0, 2.8
_HEAD_SCALES = (1.0, 0.9, 0.8, 0.7, 0.6)
_BODY_MM, _SECOND_MM, _SMALL_MM = 2.5, 2.2, 1.9
_HEAD_GAP_MM, _TIMES_GAP_MM, _FOOT_GAP_MM = 1.6, 0.8, 0.5
_ASCENT = 0.76
"""From the top of a line to its baseline, as part of the size."""
_GREY, _PALE = 0.35, 0.7
_Line = tuple[str, Face, float, float]
"""Words, face, size in millimetres, grey."""


def missing_letters(words: str) -> str:
    """The letters that the type does not have, each once."""
    faces = [load(face).face.charToGlyph for face in Face]
    missing = (letter for letter in words if any(ord(letter) not in known for known in faces))
    return "".join(dict.fromkeys(missing))


def faults(card: Card, zone: ZoneInfo) -> list[str]:
    """Why name and note of a card can't be printed, in sentences; its code may be empty yet."""
    if missing := missing_letters(card.name + card.note):
        return [f"{_unprintable(missing)}; write it with other letters, or leave the name off"]
    lines = _head_lines(card, _HEAD_SCALES[-1])
    if BAND_MM + _HEAD_GAP_MM + _height_mm(lines) > _foot_mm(card, zone) - _TIMES_GAP_MM:
        return ["name and note are too long for a card; shorten the note, or the name"]
    return []


def issuer_faults(name: str) -> list[str]:
    """Why the office's name can't be printed on cards, in sentences."""
    if unknown := letter_faults(name):
        return unknown
    if len(_issuer_lines(name)[0]) > _ISSUER_LINES_MAX:
        return ["it is too long for the cards; shorten it in the trust file"]
    return []


def letter_faults(name: str) -> list[str]:
    """Why the office's name can't be written at all."""
    if missing := missing_letters(name):
        return [f"{_unprintable(missing)}; write it with other letters in the trust file"]
    return []


def _unprintable(missing: str) -> str:
    """Letters, with their numbers: some look like others, and some like nothing."""
    named = ", ".join(f"{letter!r} (U+{ord(letter):04X})" for letter in missing)
    return f"{'this letter' if len(missing) == 1 else 'these letters'} can't be printed: {named}"


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
        foot = _foot_mm(card, zone)
        self._head(card, BAND_MM + _HEAD_GAP_MM, foot - _TIMES_GAP_MM)
        y = self._lines(_time_lines(card, zone), foot)
        self._lines(_last_lines(card), y + _FOOT_GAP_MM)

    def _band(self, card: Card, is_staff: bool) -> None:
        """The kind, white on black for staff, and the office's name at the right."""
        if is_staff:
            self._canvas.setFillGray(0)
            self._box(0, 0, CARD_WIDTH_MM, BAND_MM)
        else:
            self._canvas.setFillGray(_PALE)
            self._box(_PADDING_MM, BAND_MM - 0.3, CARD_WIDTH_MM - 2 * _PADDING_MM, 0.3)
        ink = 1.0 if is_staff else 0.0
        second = 1.0 if is_staff else _GREY
        y = self._line(card.kind.indonesian, _PADDING_MM, 1.4, Face.BOLD, _KIND_MM, ink)
        self._line(card.kind.english, _PADDING_MM, y - 0.9, Face.REGULAR, _KIND_SECOND_MM, second)
        lines, size = _issuer_lines(card.issuer)
        y = (BAND_MM - len(lines) * size * LEADING) / 2
        for line in lines:
            x = CARD_WIDTH_MM - _PADDING_MM - width_mm(line, Face.REGULAR, size)
            y = self._line(line, x, y, Face.REGULAR, size, ink)

    def _code(self, text: str) -> None:
        """At the lower right; one path, so that no hairline parts two rows."""
        runs, side = dark_runs(text)
        module = CODE_MM / side
        if module < MODULE_MM_MIN:
            raise ValueError(f"a code of {side} modules is too fine for a card")
        left, top = CARD_WIDTH_MM - CODE_MM, BAND_MM
        path = self._canvas.beginPath()
        for column, row, length in runs:
            x, y = left + column * module, top + (row + 1) * module
            path.rect(
                (self._left + x) * mm, (self._top - y) * mm, length * module * mm, module * mm
            )
        self._canvas.setFillGray(0)
        self._canvas.drawPath(path, stroke=0, fill=1)

    def _head(self, card: Card, y: float, end: float) -> None:
        """Name and note, as large as they fit above `end`.

        Raises:
            ValueError: they don't; our caller has not heeded `faults`.
        """
        for scale in _HEAD_SCALES:
            lines = _head_lines(card, scale)
            if y + _height_mm(lines) <= end:
                break
        else:
            raise ValueError("name and note are too long for a card")
        self._lines(lines, y)

    def _lines(self, lines: Sequence[_Line], y: float) -> float:
        """Lines at the left edge; where the next one's top is."""
        for line, face, size, grey in lines:
            y = self._line(line, _PADDING_MM, y, face, size, grey)
        return y

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


def _head_lines(card: Card, scale: float) -> list[_Line]:
    parts = ((card.name, Face.BOLD, _NAME_MM), (card.note, Face.REGULAR, _NOTE_MM))
    return [
        (line, face, size * scale, 0.0)
        for words, face, size in parts
        for line in wrap(words, face, size * scale, _TEXT_MM)
    ]


def _time_lines(card: Card, zone: ZoneInfo) -> list[_Line]:
    lines: list[_Line] = []
    for label, moment in times_of(card.claims, zone):
        both = f"{label.indonesian} / {label.english}"
        lines.append((both, Face.REGULAR, _SMALL_MM, _GREY))
        lines += _moment_lines(moment.indonesian, Face.BOLD, _BODY_MM)
        lines += _moment_lines(moment.english, Face.REGULAR, _SECOND_MM)
    return lines


def _moment_lines(words: str, face: Face, size: float) -> list[_Line]:
    """A day and its hours, beside the code or one below the other."""
    fits = width_mm(words, face, size) <= _TEXT_MM
    return [(line, face, size, 0.0) for line in ([words] if fits else words.split(DAY_END))]


def _issuer_lines(name: str) -> tuple[tuple[str, ...], float]:
    """The office's name in the band, as large as it fits on one line, or at its smallest."""
    size = _BODY_MM
    while width_mm(name, Face.REGULAR, size) > _ISSUER_MM and size > _SMALL_MM:
        size -= 0.1
    return wrap(name, Face.REGULAR, size, _ISSUER_MM), size


def _last_lines(card: Card) -> list[_Line]:
    """How often and how many, on one line if they fit; and the number."""
    said = card.admits
    both = f"{said.indonesian} / {said.english}"
    if width_mm(both, Face.REGULAR, _SMALL_MM) <= _TEXT_MM:
        lines: list[_Line] = [(both, Face.REGULAR, _SMALL_MM, 0.0)]
    else:
        lines = [
            (said.indonesian, Face.REGULAR, _SMALL_MM, 0.0),
            (said.english, Face.REGULAR, _SMALL_MM, _GREY),
        ]
    return [*lines, (card.number, Face.REGULAR, _SMALL_MM, _GREY)]


def _foot_mm(card: Card, zone: ZoneInfo) -> float:
    """Where the times begin: they and what is below them stand at the lower edge."""
    lines = [*_time_lines(card, zone), *_last_lines(card)]
    return CARD_HEIGHT_MM - _PADDING_MM - _FOOT_GAP_MM - _height_mm(lines)


def _height_mm(lines: Sequence[_Line]) -> float:
    return sum(size for _, _, size, _ in lines) * LEADING
