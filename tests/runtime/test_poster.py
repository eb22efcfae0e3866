"""The poster as it comes out of a printer: rendered, and read again from its pixels."""

import io
import itertools
from typing import cast

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from firmware.errors import UserError
from firmware.poster import colours
from firmware.poster.address import ADDRESS_CHARS_MAX, check_address, host_of
from firmware.poster.lettering import CAP_HEIGHT, DISTANCE_PER_HEIGHT, Face, fitted, wrap
from firmware.poster.model import CONTACT_CHARS_MAX, TITLE_CHARS_MAX, Paper, Poster, Tongue, period
from firmware.poster.sheet import _HEADLINE, HEADLINE_M, SMALLEST, render
from firmware.poster.words import measured, steps_of
from gate.policy import (
    ADVISORY,
    ChamberMode,
    ChamberPolicy,
    Comparison,
    CredentialPolicy,
    Policy,
    Stage,
    TemperaturePolicy,
)
from gate.wording import CHAMBER_SIGNS, SIGNS

URL = "https://kantor.example/masuk?lajur=utara"
PT_PER_MM = 72 / 25.4
ORDERS = [order for count in range(4) for order in itertools.permutations(tuple(Stage), count)]
LONG = (
    "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu Kabupaten Contoh Raya Utara, Gedung B"
)


def poster(**changes: object) -> Poster:
    """A plain one, with changes."""
    plain: dict[str, object] = {
        "title": "Kantor Contoh",
        "contact": "Meja informasi",
        "policy": Policy(refer_to="Puskesmas Contoh, Jalan Melati 12"),
        "records_max": 1_000_000,
    }
    return Poster(**{**plain, **changes})  # type: ignore[arg-type]  # a test's own words


def page(pdf: bytes) -> pypdfium2.PdfPage:
    """The one page of it."""
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    return document[0]


def said(pdf: bytes) -> str:
    """Its text as a reader program reads it aloud, on one line."""
    return " ".join(page(pdf).get_textpage().get_text_range().split())


def pixels(pdf: bytes, dpi: int = 150) -> Image.Image:
    """What a printer makes of it."""
    return cast("Image.Image", page(pdf).render(scale=dpi / 72).to_pil())


def test_the_venue_code_is_read_from_the_printed_page() -> None:
    """A phone that sees the poster gets the office's address, to the letter, and nothing else."""
    for changes in ({}, {"paper": Paper.A3}, {"tongue": Tongue.INDONESIAN}, {"bleed": True}):
        picture = pixels(render(poster(address=URL, **changes)), 100)
        found = zxingcpp.read_barcodes(np.asarray(picture.convert("L")))
        assert [code.text for code in found] == [URL]
    longest = f"https://kantor.example/{'m' * 300}"[:ADDRESS_CHARS_MAX]
    picture = pixels(render(poster(address=longest)), 150)
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [longest]


def test_without_an_address_there_is_no_code() -> None:
    """Nothing that a phone could take for one."""
    pdf = render(poster())
    assert zxingcpp.read_barcodes(pixels(pdf)) == []
    assert "Daftar di sini" not in said(pdf)
    assert "kantor.example" in said(render(poster(address=URL)))


@pytest.mark.parametrize("bleed", [False, True])
@pytest.mark.parametrize(("paper", "size_mm"), [(Paper.A4, (210, 297)), (Paper.A3, (297, 420))])
def test_the_page_has_the_size_of_its_paper(
    paper: Paper, size_mm: tuple[int, int], bleed: bool
) -> None:
    """With bleed, the print shop finds where to cut, and colour beyond that line."""
    pdf = render(poster(paper=paper, bleed=bleed))
    around = 11 if bleed else 0
    found = page(pdf)
    assert found.get_size() == pytest.approx(
        [(side + 2 * around) * PT_PER_MM for side in size_mm], abs=0.1
    )
    if bleed:
        left, bottom, right, top = found.get_trimbox()
        assert (right - left, top - bottom) == pytest.approx(
            [side * PT_PER_MM for side in size_mm], abs=0.1
        )
        picture = pixels(pdf, 100)
        petrol = tuple(round(255 * part) for part in colours.PETROL)
        beyond = round((around - 2) / 25.4 * 100)
        for spot in ((beyond, beyond), (picture.width // 2, picture.height - beyond)):
            assert picture.getpixel(spot) == petrol


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(order) or "none")
def test_the_steps_stand_in_the_lanes_own_order(order: tuple[Stage, ...]) -> None:
    """Every order of every choice of stages; the way in is always last."""
    policy = Policy(stages=order)
    steps = steps_of(policy)
    assert len(steps) == len(order) + 1
    text = said(render(poster(policy=policy)))
    places = [text.index(step.sign.headline.indonesian) for step in steps]
    assert places == sorted(places)
    assert ("Suhu dahi" in text) == (Stage.TEMPERATURE in order)
    assert ("kisaran suhu" in text) == (Stage.TEMPERATURE in order)
    assert ("Kode QR: keaslian" in text) == (Stage.CREDENTIAL in order)
    if not {Stage.TEMPERATURE, Stage.CREDENTIAL} & set(order):
        assert "Di sini tidak ada yang diukur." in text


@pytest.mark.parametrize("mode", list(ChamberMode))
def test_the_chamber_is_drawn_as_it_works(mode: ChamberMode) -> None:
    """Each mode has its words and its picture; where a visitor meets no chamber, no step."""
    accept = ADVISORY if mode is ChamberMode.MIST else ""
    policy = Policy(chamber=ChamberPolicy(mode=mode, accept_advisory=accept))
    text = said(render(poster(policy=policy)))
    met = mode in CHAMBER_SIGNS
    assert len(steps_of(policy)) == (4 if met else 3)
    assert not met or CHAMBER_SIGNS[mode].headline.english in text


def test_it_speaks_both_languages_or_one() -> None:
    """Indonesian and English, and one of them alone without a word of the other."""
    both, indonesian, english = (said(render(poster(tongue=each, address=URL))) for each in Tongue)
    for words in ("Cara masuk", "Tunjukkan kode", "Data Anda", "Daftar di sini"):
        assert words in both
        assert words in indonesian
        assert words not in english
    for words in ("How to enter", "Show your code", "Your data", "Check in here"):
        assert words in both
        assert words in english
        assert words not in indonesian
    for text in (both, indonesian, english):
        assert "Puskesmas Contoh, Jalan Melati 12" in text
        assert "Meja informasi" in text


def test_what_is_measured_follows_the_policy() -> None:
    """The limit, on which side of it one is sent to sit down, for how long, and the doses."""
    strict = Policy(
        temperature=TemperaturePolicy(
            limit_c=37.5, comparison=Comparison.AT_OR_ABOVE, recheck_after_s=61
        ),
        credential=CredentialPolicy(doses_min=2),
    )
    text = measured(strict).text
    assert "37,5\N{NO-BREAK SPACE}°C atau lebih: duduk 2 menit" in text.indonesian
    assert "37.5\N{NO-BREAK SPACE}°C or more: sit for 2 minutes" in text.english
    assert "at least 2 doses" in text.english
    plain = measured(Policy(temperature=TemperaturePolicy(recheck_after_s=60))).text
    assert "Di atas 37,3\N{NO-BREAK SPACE}°C: duduk 1 menit" in plain.indonesian
    assert "sit for 1 minute," in plain.english
    assert "dosis" not in plain.indonesian


def test_how_long_records_are_kept_is_never_invented() -> None:
    """What the office promised, or what the lane does by itself; never a period out of the air."""
    promised = said(render(poster(kept=period("30 days"))))
    assert "Disimpan 30 hari, lalu dihapus." in promised
    assert "Kept for 30 days, then deleted." in promised
    bare = said(render(poster(records_max=20_000, reported=False)))
    assert "paling banyak 20.000 catatan" in bare
    assert "20,000 records at most" in bare
    assert "kantor ini" not in bare
    assert "A copy is sent to this office." in said(render(poster()))


@pytest.mark.parametrize(
    ("text", "indonesian", "english"),
    [
        ("30d", "30 hari", "30 days"),
        ("1 day", "1 hari", "1 day"),
        ("2 minggu", "2 minggu", "2 weeks"),
        ("6 bulan", "6 bulan", "6 months"),
        (" 1 Year ", "1 tahun", "1 year"),
    ],
)
def test_a_period_is_written_in_either_language(text: str, indonesian: str, english: str) -> None:
    """And printed in both."""
    assert (period(text).indonesian, period(text).english) == (indonesian, english)


@pytest.mark.parametrize("text", ["", "soon", "0 days", "30", "-1 days", "1000 days", "30 days!"])
def test_what_is_no_period(text: str) -> None:
    """Is refused, with how to write one."""
    with pytest.raises(ValueError, match="30 hari"):
        period(text)


@pytest.mark.parametrize(
    "url",
    [
        "http://kantor.example/",
        "javascript:alert(1)",
        "HTTPS//kantor.example",
        "https://petugas@kantor.example/",
        "https://kantor.example@lain.example/",
        "https://kantor.example/a b",
        "https://kantor.example/\n",
        "https://kantor.example/\u202e",
        "https://kantor\u00e9.example/",
        "https://kantor.example\\@lain.example/",
        "https:///masuk",
        "https://kantor/",
        "https://192.0.2.1/",
        "https://[2001:db8::1]/",
        "https://kantor.example:0/",
        "https://kantor.example:port/",
        "https://-kantor.example/",
        f"https://kantor.example/{'m' * ADDRESS_CHARS_MAX}",
    ],
)
def test_an_address_that_no_poster_may_carry(url: str) -> None:
    """Anything but a plain https address of a named host, in one sentence."""
    with pytest.raises(UserError, match=r"^The address of the check-in page .*\.$"):
        render(poster(address=url))


def test_addresses_that_are_taken() -> None:
    """To the letter; the host is what a phone shows of it."""
    for url in (URL, "https://xn--kntor-xqa.example:8443/masuk#utara", "https://KANTOR.example"):
        assert check_address(url) == url
    assert host_of("https://KANTOR.example:8443/x") == "kantor.example:8443"


def test_long_texts_fit_or_are_refused() -> None:
    """A ministry's name of ninety letters fits; nothing ever leaves the sheet or overlaps."""
    pdf = render(poster(title=LONG, contact=f"Loket 3, {LONG}", address=URL))
    assert LONG in said(pdf)
    assert_margins_are_clear(pdf)
    for changes in ({"title": "W" * 119}, {"title": "W" * 121}, {"contact": "W" * 200}):
        with pytest.raises(UserError, match="--"):
            render(poster(**changes))
    assert len(LONG) < TITLE_CHARS_MAX < CONTACT_CHARS_MAX


def test_steps_are_never_squeezed_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where even the closest setting leaves them too little, the poster is refused."""
    monkeypatch.setattr("firmware.poster.sheet._ROW_MIN", 60.0)
    with pytest.raises(UserError, match="leave no room for the steps"):
        render(poster())


def test_every_density_keeps_the_margins() -> None:
    """From a poster with little on it to one that is full."""
    for length in range(0, 100, 12):
        contact = f"Loket {'satu ' * (length // 5)}".strip()
        policy = Policy(refer_to="Puskesmas Contoh " * (length // 10))
        full = poster(contact=contact, address=URL, title=LONG, policy=policy)
        assert_margins_are_clear(render(full))


def assert_margins_are_clear(pdf: bytes) -> None:
    """Every letter lies within the margins of 15 mm, so that none leaves its column."""
    found = page(pdf)
    text = found.get_textpage()
    width, height = (side / PT_PER_MM for side in found.get_size())
    for place in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(place)
        if right > left:
            assert bottom / PT_PER_MM > 5
            assert top / PT_PER_MM < height - 8
            assert left / PT_PER_MM > 14
            assert right / PT_PER_MM < width - 14


def test_texts_that_nobody_could_see() -> None:
    """Control characters and letters that the type lacks are named; an empty title is refused."""
    for title, match in (
        ("Kantor\u202eContoh", "202E"),
        ("Kantor\x1bContoh", "001B"),
        ("カントール", "30AB"),
        ("   ", "needs the site's name"),
    ):
        with pytest.raises(UserError, match=match):
            render(poster(title=title))


def test_a_logo_is_a_png_of_bounded_size() -> None:
    """It is printed in its own colours; anything else is refused before it is unpacked."""
    picture = io.BytesIO()
    Image.new("RGB", (300, 100), (200, 30, 40)).save(picture, "PNG")
    printed = pixels(render(poster(logo=picture.getvalue())), 50)
    assert any(colour == (200, 30, 40) for _, colour in printed.getcolors(1 << 20) or ())
    huge = io.BytesIO()
    Image.new("1", (5_000, 10)).save(huge, "PNG")
    jpeg = io.BytesIO()
    Image.new("RGB", (10, 10)).save(jpeg, "JPEG")
    for data, match in (
        (b"no picture", "no PNG"),
        (picture.getvalue()[:60], "no PNG"),
        (jpeg.getvalue(), "no PNG"),
        (huge.getvalue(), "5000 by 10"),
        (bytes(5 << 20), "MiB"),
    ):
        with pytest.raises(UserError, match=match):
            render(poster(logo=data))


def test_the_same_poster_is_the_same_file() -> None:
    """No time and no chance in it: who prints again can compare."""
    assert render(poster(address=URL)) == render(poster(address=URL))


def test_the_type_can_be_read_from_where_people_stand() -> None:
    """The headline from three metres, the smallest text from arm's length; fonts are embedded."""
    assert _HEADLINE * CAP_HEIGHT >= HEADLINE_M * 1_000 / DISTANCE_PER_HEIGHT
    assert SMALLEST * CAP_HEIGHT * DISTANCE_PER_HEIGHT >= 430
    pdf = render(poster(title=LONG, address=URL, contact=LONG))
    assert b"/FontFile2" in pdf
    assert b"/BaseFont /Helvetica" not in pdf


def test_every_text_stands_out_from_its_ground() -> None:
    """Seven to one, the enhanced contrast of WCAG 2.2."""
    for text, ground in colours.TEXT_ON:
        light, dark = sorted((_luminance(text), _luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 7


def _luminance(colour: colours.Colour) -> float:
    """Relative luminance, WCAG 2.2."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_words_are_broken_only_where_they_must_be() -> None:
    """At blanks, never at a no-break one; a word that is longer than its line, between letters."""
    assert wrap("satu dua tiga", Face.REGULAR, 4, 20) == ("satu dua", "tiga")
    assert wrap("", Face.REGULAR, 4, 20) == ()
    assert "37\N{NO-BREAK SPACE}°C" in wrap(
        "lebih dari 37\N{NO-BREAK SPACE}°C", Face.REGULAR, 4, 24
    )
    pieces = wrap("W" * 30, Face.REGULAR, 4, 20)
    assert len(pieces) > 2
    assert "".join(pieces) == "W" * 30
    small = fitted("satu dua tiga", Face.REGULAR, (8, 2), 24, 1, "it")
    assert small.lines == ("satu dua tiga",)
    assert 2 <= small.size_mm < 8


def test_the_screen_says_the_same_words() -> None:
    """A visitor meets at the lane what the poster told."""
    signs = [*SIGNS.values(), *CHAMBER_SIGNS.values()]
    assert all(step.sign in signs for step in steps_of(Policy()))
