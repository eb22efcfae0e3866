"""Cards and pictures of passes by their geometry: nothing is cut, and nothing reaches the code."""

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pypdfium2
import pytest
from officekit import codes_in
from PIL import Image

from firmware.office import phone
from firmware.office.card import Card, times_of
from firmware.office.phone import phone_picture
from firmware.office.sheet import (
    BAND_MM,
    CARD_HEIGHT_MM,
    CARD_WIDTH_MM,
    CODE_MM,
    faults,
    issuer_faults,
    sheet,
)
from gate.credential.model import CredentialKind
from gate.credential.native import PassClaims

ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Kathmandu", "America/Los_Angeles")
NINE_S = 1_893_463_200
"""2030-01-01T09:00 in Jakarta."""
HOUR_S, DAY_S = 3_600, 86_400
TEXT = "GP1:" + "A" * 149
OFFICE = "Dinas Kependudukan dan Pencatatan Sipil Kabupaten Contoh, Kantor Kecamatan Contoh Selatan"
NAME = "Raden Ajeng Contoh Wulandari Kusumaningrum Widyaningsih, S.H"
NOTE = "Pengurusan akta kelahiran anak kedua, loket 4, lantai dua B"
POINT_MM = 25.4 / 72
LEFT_MM = 210 / 2 - CARD_WIDTH_MM
TOP_MM = (297 - 5 * CARD_HEIGHT_MM) / 2


def a_card(
    *,
    kind: CredentialKind = CredentialKind.APPOINTMENT,
    start_s: int = NINE_S,
    until_s: int = NINE_S + HOUR_S,
    group: int = 1,
    text: str = TEXT,
    issuer: str = OFFICE,
    name: str = NAME,
    note: str = NOTE,
) -> Card:
    """A card of no pass at all, for what does not look at the pass."""
    claims = PassClaims(kind, 1_048_575, until_s, start_s, group=group)
    return Card(text, claims, issuer, "01020304:1048575", name, note)


def cards() -> Iterator[Card]:
    """Every kind, each month and the shortest and longest words that one meets."""
    yield a_card(kind=CredentialKind.VISITOR, start_s=0)
    yield a_card(kind=CredentialKind.STAFF, until_s=NINE_S + 300 * DAY_S)
    yield a_card(until_s=NINE_S + 2 * DAY_S, group=23, note="")
    for month in range(12):
        start_s = NINE_S + (month * 30 + 28) * DAY_S
        yield a_card(start_s=start_s, until_s=start_s + HOUR_S, group=23)
    yield a_card(kind=CredentialKind.VISITOR, start_s=0, name="W" * 60, note="")
    yield a_card(name="(Contoh) \\ ) Tj ET", note="<b>&amp;", issuer="Kantor")


def letters(card: Card, zone: ZoneInfo) -> list[tuple[str, float, float, float, float]]:
    """Every letter of the only card of a sheet, and its left, top, right and bottom in millimetres
    from the card's upper left corner."""
    document = pypdfium2.PdfDocument(sheet([card], zone))
    try:
        page = document[0].get_textpage()
        text = page.get_text_range()
        found = []
        for number in range(page.count_chars()):
            left, bottom, right, top = (edge * POINT_MM for edge in page.get_charbox(number))
            if right > left:
                across, down = left - LEFT_MM, 297 - TOP_MM
                box = (across, down - top, right - LEFT_MM, down - bottom)
                found.append((text[number : number + 1], *box))
        return found
    finally:
        document.close()


@pytest.mark.parametrize("name", ZONES)
def test_no_letter_lies_on_the_code_or_its_quiet_zone(name: str) -> None:
    """Nor on the cut; by the boxes of the letters, because a reader forgives what a lane must
    not depend on."""
    zone = ZoneInfo(name)
    for card in cards():
        assert faults(card, zone) == []
        boxes = letters(card, zone)
        assert len(boxes) > 60
        for letter, left, top, right, bottom in boxes:
            assert left > 2, letter
            assert top > 0.5, letter
            assert right < CARD_WIDTH_MM - 2, letter
            assert bottom < CARD_HEIGHT_MM - 2, letter
            beside = right < CARD_WIDTH_MM - CODE_MM
            assert beside or bottom < BAND_MM, f"{letter!r} reaches the code"


@pytest.mark.parametrize("name", ZONES)
def test_nothing_on_a_card_is_cut(name: str) -> None:
    """All of name, note, office, times and number are on the paper, whatever the lines."""
    zone = ZoneInfo(name)
    for card in cards():
        printed = "".join(letter for letter, *_ in letters(card, zone))
        admits = card.admits.indonesian + card.admits.english
        said = [card.issuer, card.name, card.note, card.number, card.kind.english]
        for label, moment in times_of(card.claims, zone):
            said += [label.english, *moment.indonesian.split(", "), *moment.english.split(", ")]
        for words in said:
            assert words.replace(" ", "") in printed.replace(" ", ""), words
        assert set(admits.replace(" ", "")) <= set(printed)


def test_no_two_lines_of_a_card_lie_on_each_other() -> None:
    """The boxes of no two letters meet."""
    for card in cards():
        boxes = letters(card, ZoneInfo("Asia/Jakarta"))
        for one, other in itertools.combinations(boxes, 2):
            across = min(one[3], other[3]) - max(one[1], other[1])
            down = min(one[4], other[4]) - max(one[2], other[2])
            assert across < 0.3 or down < 0.3, (one, other)


def test_what_has_no_room_is_told() -> None:
    """A card with two times has less of it; nothing is drawn that would be cut."""
    zone = ZoneInfo("Asia/Jakarta")
    wide = a_card(until_s=NINE_S + 2 * DAY_S, name="W" * 60, note="M" * 60)
    assert "too long for a card" in faults(wide, zone)[0]
    with pytest.raises(ValueError, match="too long"):
        sheet([wide], zone)
    assert "too long for the cards" in issuer_faults("W" * 120)[0]
    assert "too long for the pictures" in phone.issuer_faults("W" * 200)[0]
    assert issuer_faults(OFFICE) == phone.issuer_faults(OFFICE) == []
    assert "'ḥ' (U+1E25)" in faults(a_card(name="Aḥmad"), zone)[0]
    assert "this letter can't be printed" in issuer_faults("Nguyễn")[0]
    with pytest.raises(ValueError, match="too fine"):
        sheet([a_card(text="GP1:" + "A" * 900)], zone)


@pytest.mark.parametrize(
    ("start_s", "until_s", "said"),
    [
        (0, NINE_S + 15 * HOUR_S, ["1 Jan 2030, 24.00 WIB"]),
        (NINE_S, NINE_S + 15 * HOUR_S, ["1 Jan 2030, 09.00\N{EN DASH}24.00 WIB"]),
        (NINE_S, NINE_S + 39 * HOUR_S, ["1 Jan 2030, 09.00 WIB", "2 Jan 2030, 24.00 WIB"]),
        (NINE_S, NINE_S + 16 * HOUR_S, ["1 Jan 2030, 09.00 WIB", "2 Jan 2030, 01.00 WIB"]),
    ],
)
def test_an_end_at_midnight_is_of_the_day_before(
    start_s: int, until_s: int, said: list[str]
) -> None:
    """Who asked for a pass until the 2nd reads the 2nd."""
    claims = PassClaims(CredentialKind.APPOINTMENT, 0, until_s, start_s)
    assert [words.indonesian for _, words in times_of(claims, ZoneInfo("Asia/Jakarta"))] == said


def ink(card: Card, zone: ZoneInfo) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Where a picture is not white."""
    with Image.open(io.BytesIO(phone_picture(card, zone))) as picture:
        assert picture.size == (phone.WIDTH_PX, phone.HEIGHT_PX)
        return np.asarray(picture.convert("L")) < 200


@pytest.mark.parametrize("name", ZONES)
def test_nothing_on_a_picture_is_cut(name: str) -> None:
    """No ink at either side or at the foot, and no two lines that run into each other: two of the
    kind, the code, three a time, how often, what to do, the office's, and the number."""
    for card in cards():
        dark = ink(card, ZoneInfo(name))
        assert not dark[:, :30].any()
        assert not dark[:, -30:].any()
        assert not dark[-15:].any()
        rows = np.asarray(dark.any(axis=1))
        bands = int(np.count_nonzero(rows[1:] & ~rows[:-1]))
        times = len(times_of(card.claims, ZoneInfo(name)))
        assert bands == 2 + 1 + 3 * times + 2 + len(phone._lines(card.issuer)) + 1


def test_the_number_is_a_line_of_its_own() -> None:
    """Whatever the office is called, the foot of the picture is the same but for its place."""
    zone = ZoneInfo("Asia/Jakarta")
    feet = []
    for issuer in ("Kantor", OFFICE):
        rows = np.flatnonzero(ink(a_card(issuer=issuer), zone).any(axis=1))
        foot = ink(a_card(issuer=issuer), zone)[rows[-1] - 22 : rows[-1] + 1]
        feet.append(np.flatnonzero(foot.any(axis=0))[[0, -1]].tolist())
    assert feet[0] == feet[1]


def test_a_picture_names_the_office_as_it_is() -> None:
    """In lines that fit, with every word."""
    for name in ("Kantor", OFFICE, "W" * 80, "Kantor " + "W" * 60):
        lines = phone._lines(name)
        assert "".join(lines).replace(" ", "") == name.replace(" ", "")
        assert len(lines) <= 3


def test_equal_cards_give_equal_sheets_and_are_read(tmp_path: Path) -> None:
    """No time of making and no chance is in a sheet or a picture, wherever the office is; and what
    is printed beside the code does it no harm."""
    for name in ZONES:
        zone = ZoneInfo(name)
        for card in cards():
            assert sheet([card], zone) == sheet([card], zone)
        assert phone_picture(a_card(), zone) == phone_picture(a_card(), zone)
    pages = pypdfium2.PdfDocument(sheet(list(cards()), ZoneInfo("Asia/Jakarta")))
    try:
        read = [text for page in pages for text in codes_in(page.render(scale=2).to_pil())]
    finally:
        pages.close()
    assert read == [TEXT] * len(list(cards()))
