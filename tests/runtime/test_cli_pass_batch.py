"""Many passes from one table: checked whole, printed as cards, read back from the paper."""

import csv
import re
import stat
import sys
from pathlib import Path

import pypdfium2
import pytest
from officekit import VARIABLES, bad, codes_in, codes_in_file, good, run
from PIL import Image

from drivers.trust.store import load_trust
from firmware.office import table
from firmware.office.sheet import CARDS_A_SHEET
from gate.credential.model import Credential, CredentialKind
from gate.credential.verify import verify
from gate.walltime import ClockQuality, WallTime

TABLE = """kind,name,note,start,end,for,at,early,late,doses,group
visitor,Contoh Budi,,,2030-01-02T17:00,,,,,2,
visitor,"Contoh, Keluarga",rombongan,,,30d,,,,,5
appointment,Contoh Siti,Loket 4,,,,2030-01-01T09:00,10m,30m,1,
appointment,Contoh Made,,2030-01-01T09:00,2030-01-02T10:00,,,,,,
staff,Contoh Wayan Panjang Sekali Namanya Rahmawati Kusumaningrum,Ruang arsip,,2030-06-30,,,,,,
"""
NINE_S = 1_893_463_200
"""2030-01-01T09:00 in Jakarta."""

FINEST_MM = 43.98 / (45 + 8)
"""A module of a QR 7-M on a card, below its band."""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office with a table of five."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    good("keygen", "--name", "Dinas Contoh", "--no-passphrase", "--trust", "trust.toml")
    (tmp_path / "table.csv").write_text(TABLE)
    return tmp_path


def pages(path: Path, dots_an_inch: int) -> list[Image.Image]:
    """What a printer makes of a PDF."""
    document = pypdfium2.PdfDocument(path)
    try:
        return [page.render(scale=dots_an_inch / 72).to_pil() for page in document]
    finally:
        document.close()


def credentials(desk: Path, texts: list[str]) -> dict[str, Credential]:
    """What a gate makes of these, by number; without a clock, as their times differ."""
    trust = load_trust(desk / "trust.toml")
    lost = WallTime(0, quality=ClockQuality.UNTRUSTED)
    found = [verify(text.encode(), trust, lost) for text in texts]
    return {one.holder.rpartition(":")[2]: one for one in found}


def test_cards_are_read_from_the_paper_and_verified(desk: Path) -> None:
    """Each line is one card; its code, as printed, is the pass that the line asked for."""
    said = good("batch", "table.csv", "--sheet", "cards.pdf")
    assert "5 passes issued, numbers 0 to 4: 2 visitor, 2 appointment, 1 staff" in said
    (page,) = pages(desk / "cards.pdf", 200)
    texts = codes_in(page)
    assert len(texts) == 5
    found = credentials(desk, texts)
    assert sorted(found) == ["0", "1", "2", "3", "4"]
    assert found["0"].kind is CredentialKind.VISITOR
    assert (found["0"].doses, found["0"].group) == (2, 1)
    assert found["2"].kind is CredentialKind.APPOINTMENT
    assert found["2"].valid_from_s == NINE_S - 600
    assert found["2"].valid_until_s == NINE_S + 1_800
    assert found["3"].valid_until_s == NINE_S + 25 * 3_600
    assert found["4"].kind is CredentialKind.STAFF


def test_what_a_person_reads_on_the_cards(desk: Path) -> None:
    """Names, kinds and times in both languages, and the number by which a pass is taken back."""
    good("batch", "table.csv", "--sheet", "cards.pdf")
    document = pypdfium2.PdfDocument(desk / "cards.pdf")
    text = document[0].get_textpage().get_text_bounded()
    document.close()
    for words in (
        "Contoh Budi",
        "Loket 4",
        "Janji temu",
        "Appointment",
        "Satu kali masuk, 5 orang",
        "One entry, 5 people",
        "1 Jan 2030 08.50\N{EN DASH}09.30 WIB",
        "1 Jan 2030, 08:50\N{EN DASH}09:30 WIB",
        "30 Jun 2030, 24.00 WIB",
        "Dinas Contoh",
    ):
        assert words in text.replace("\r\n", " ").replace("\n", " "), words
    assert re.search(r"\b[0-9a-f]{8}:4\b", text)


def test_no_name_leaves_the_paper(desk: Path) -> None:
    """Neither in the passes, nor in the pictures or their names, nor in the list of texts."""
    good("batch", "table.csv", "--phones", "phones", "--texts", "texts.csv")
    rows = list(csv.DictReader((desk / "texts.csv").read_text().splitlines()))
    assert [row["line"] for row in rows] == ["2", "3", "4", "5", "6"]
    assert "Contoh" not in (desk / "texts.csv").read_text()
    pictures = sorted(path.name for path in (desk / "phones").iterdir())
    assert pictures == [
        "appointment-0000002.png",
        "appointment-0000003.png",
        "staff-0000004.png",
        "visitor-0000000.png",
        "visitor-0000001.png",
    ]
    for row, name in zip(
        sorted(rows, key=lambda row: (row["kind"], row["number"])), pictures, strict=True
    ):
        path = desk / "phones" / name
        assert codes_in_file(path) == [row["text"]]
        assert b"Contoh" not in path.read_bytes()
        with Image.open(path) as picture:
            assert picture.size == (1_080, 1_920)


def test_more_than_one_sheet(desk: Path) -> None:
    """Ten a sheet, none lost at the turn of the page, every code read."""
    count = 2 * CARDS_A_SHEET + 1
    (desk / "many.csv").write_text("kind\n" + "visitor\n" * count)
    good("batch", "many.csv", "--sheet", "cards.pdf")
    texts = [codes_in(page) for page in pages(desk / "cards.pdf", 150)]
    assert [len(some) for some in texts] == [CARDS_A_SHEET, CARDS_A_SHEET, 1]
    assert len({text for some in texts for text in some}) == count


def test_a_lanes_camera_reads_cards_from_as_far_as_it_must(desk: Path) -> None:
    """At two and a half pixels a module of the finest card, in a frame as the camera gives it."""
    good("batch", "table.csv", "--sheet", "cards.pdf")
    (page,) = pages(desk / "cards.pdf", round(2.5 * 25.4 / FINEST_MM))
    assert len(codes_in(page.convert("L"))) == 5


def test_a_dry_run_issues_nothing(desk: Path) -> None:
    """It says what would be, and spends no number."""
    said = good("batch", "table.csv", "--dry-run", "--sheet", "cards.pdf")
    assert "table.csv is good: 2 visitor, 2 appointment, 1 staff" in said
    assert not (desk / "cards.pdf").exists()
    assert (desk / "office.counter").read_text() == "0 0\n"


def test_everything_that_is_wrong_is_told_at_once(desk: Path) -> None:
    """With its line, and nothing is issued."""
    lines = [
        "kind,name,for,at,doses,group",
        "vistor,,,,,",
        "visitor,,soon,,,",
        "visitor,,,2030-01-01T09:00,,",
        "appointment,,,,,",
        "visitor,,,,many,",
        "visitor,,,,24,",
        "staff,,,,,2",
        "visitor,,,,٣,",
        f"visitor,{'N' * 61},,,,",
        "visitor,a\u202eb,,,,",
        "visitor,,,,,,,",
        "visitor,fine,,,,",
    ]
    (desk / "odd.csv").write_text("\n".join(lines), encoding="utf-8")
    said = bad(2, "batch", "odd.csv", "--sheet", "cards.pdf")
    for number, words in enumerate(
        (
            "kind is one of visitor, appointment, staff",
            "no duration",
            "Only an appointment",
            "an appointment needs a start",
            "doses is a number",
            "doses lie between",
            "a group has 1",
            "doses is a number",
            "longer than 60",
            "can't be printed",
            "more cells than headings",
        ),
        2,
    ):
        assert re.search(f"line {number}: .*{words}", said), words
    assert "line 13" not in said
    assert (desk / "office.counter").read_text() == "0 0\n"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "column 'kind' is missing"),
        (b"kind\n", "no line below"),
        (b"name\nContoh\n", "column 'kind' is missing"),
        (b"kind,nmae\nvisitor,x\n", "no column 'nmae'"),
        (b"kind,kind\nvisitor,x\n", "'kind' twice"),
        (b"kind,name\nvisitor,\xff\n", "UTF-8"),
        (b'kind,name\nvisitor,"Contoh\n', "unexpected end"),
        (b"kind,start,end\nvisitor,,2020-01-01\n", "over already"),
        (b"kind\n" + b"vistor\n" * 30, "and 10 more"),
    ],
)
def test_tables_that_are_none(desk: Path, data: bytes, said: str) -> None:
    """From any spreadsheet, or none."""
    (desk / "odd.csv").write_bytes(data)
    assert said in bad(2, "batch", "odd.csv", "--dry-run")


def test_as_spreadsheets_write_it(desk: Path) -> None:
    """Semicolons where the comma is for decimals, a byte order mark, CRLF, headings in capitals."""
    text = "\ufeffKind;Name;Doses\r\nvisitor;Contoh, Budi;2\r\n"
    (desk / "odd.csv").write_bytes(text.encode())
    assert "1 visitor" in good("batch", "odd.csv", "--dry-run")


def test_a_table_has_a_bound(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of lines and of bytes."""
    monkeypatch.setattr(table, "TABLE_ROWS_MAX", 4)
    assert "more than 4 lines" in bad(1, "batch", "table.csv", "--dry-run")
    monkeypatch.setattr(table, "TABLE_BYTES_MAX", 40)
    assert "longer than 40" in bad(1, "batch", "table.csv", "--dry-run")


def test_what_can_not_be_done_costs_no_number(desk: Path) -> None:
    """Nowhere to write, a letter that the cards lack, a kind that the key may not issue."""
    assert "Give --sheet" in bad(2, "batch", "table.csv")
    assert "can be written" in bad(1, "batch", "table.csv", "--sheet", "none/cards.pdf")
    (desk / "phones").mkdir()
    assert "there already" in bad(1, "batch", "table.csv", "--phones", "phones")
    (desk / "odd.csv").write_text("kind,name\nvisitor,日本\n", encoding="utf-8")
    said = bad(2, "batch", "odd.csv", "--sheet", "cards.pdf")
    assert "line 2: these letters can't be printed: '日' (U+65E5), '本' (U+672C)" in said
    assert "leave the name off" in said
    good(
        "keygen",
        "--key",
        "b.key",
        "--name",
        "Kiosk",
        "--kind",
        "visitor",
        "--no-passphrase",
        "--trust",
        "trust.toml",
    )
    said = bad(2, "batch", "table.csv", "--key", "b.key", "--sheet", "cards.pdf")
    assert "line 4: Kiosk may not issue appointment" in said
    assert "line 6: Kiosk may not issue staff" in said
    assert "line 2" not in said
    good("keygen", "--key", "d.key", "--name", "日本", "--no-passphrase", "--trust", "trust.toml")
    (desk / "plain.csv").write_text("kind\nvisitor\n")
    said = bad(1, "batch", "plain.csv", "--key", "d.key", "--phones", "pictures")
    assert "the office's name: these letters" in said
    good("keygen", "--key", "c.key", "--name", "Stranger", "--no-passphrase")
    said = bad(1, "batch", "table.csv", "--key", "c.key", "--sheet", "cards.pdf")
    assert "does not trust this key" in said
    assert (desk / "office.counter").read_text() == "0 0\n"


@pytest.mark.parametrize(("option", "library"), [("--sheet", "reportlab"), ("--phones", "PIL")])
def test_an_office_without_the_means_to_draw(
    desk: Path, monkeypatch: pytest.MonkeyPatch, option: str, library: str
) -> None:
    """It is told what to install, before a number is spent; texts need nothing."""
    drawing = ("firmware.office.sheet", "firmware.office.phone", f"{library}.")
    for name in [name for name in sys.modules if name.startswith(drawing)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    assert "its extra [office]" in bad(1, "batch", "table.csv", option, "out")
    assert (desk / "office.counter").read_text() == "0 0\n"
    good("batch", "table.csv", "--texts", "texts.csv")


def test_a_disk_that_fills_up_tells_which_numbers(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half file is left, and the office knows what to take back."""

    def full(path: Path, *_: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("firmware.cli.passbatch.write_atomic", full)
    said = bad(1, "batch", "table.csv", "--phones", "phones")
    assert "Passes 0 to 4 of this key may be incomplete" in said
    assert "No space left" in said
    assert not (desk / "phones").exists()
    assert not list(desk.glob(".phones*"))


def test_a_dry_run_refuses_what_the_real_run_would(desk: Path) -> None:
    """All of it at once: lines, letters, room, kinds, numbers left and places to write."""
    name = "Kiosk " + "W" * 200
    words = ("--key", "b.key", "--name", name, "--kind", "visitor", "--no-passphrase")
    good("keygen", *words, "--trust", "trust.toml")
    (desk / "b.counter").write_text("1048575 0\n")
    lines = [
        "kind,name,note,start,end",
        "vistor,,,,",
        "visitor,A\u1e25mad,,,",
        "staff,Contoh,,,",
        f"visitor,{'W' * 60},{'M' * 60},2030-01-01,2030-01-03",
        "visitor,Rene\u0301,,,",
    ]
    (desk / "odd.csv").write_text("\n".join(lines), encoding="utf-8")
    expected = (
        "line 2: kind is one of",
        "line 3: this letter can't be printed: 'ḥ' (U+1E25)",
        "line 4: Kiosk",
        "line 5: name and note are too long for a card",
        "the office's name: it is too long for the cards",
        "can issue 1 more passes, and the table has 4",
    )
    key = ("--key", "b.key")
    dry = bad(2, "batch", "odd.csv", *key, "--dry-run")
    for said in (*expected, "too long for the pictures"):
        assert said in dry
    assert "line 6" not in dry
    real = bad(2, "batch", "odd.csv", *key, "--sheet", "none/cards.pdf")
    for said in (*expected, "none is no folder"):
        assert said in real
    (desk / "plain.csv").write_text("kind\nvisitor\nvisitor\n")
    said = bad(1, "batch", "plain.csv", *key, "--dry-run")
    assert "can issue 1 more passes" in said
    assert "too long for the cards" in said
    assert (desk / "b.counter").read_text() == "1048575 0\n"


def test_a_key_with_a_successor_or_without_books(desk: Path) -> None:
    """A dry run says so too."""
    good("rotate", "--new-key", "new.key", "--no-passphrase", "--trust", "trust.toml")
    (desk / "plain.csv").write_text("kind\nvisitor\n")
    assert "took its place" in bad(1, "batch", "plain.csv", "--dry-run")
    (desk / "new.counter").unlink()
    assert "new.counter" in bad(1, "batch", "plain.csv", "--key", "new.key", "--dry-run")


def test_a_name_as_another_program_writes_it(desk: Path) -> None:
    """With its mark as a letter of its own: printed with the letter that has it."""
    (desk / "odd.csv").write_text("kind,name\nvisitor,Rene\u0301\n", encoding="utf-8")
    good("batch", "odd.csv", "--sheet", "cards.pdf")
    document = pypdfium2.PdfDocument(desk / "cards.pdf")
    text = document[0].get_textpage().get_text_bounded()
    document.close()
    assert "Ren\u00e9" in text


def test_lines_without_a_word(desk: Path) -> None:
    """A spreadsheet writes those below a table that once was longer."""
    (desk / "odd.csv").write_text("kind;name;note\n;;\nvisitor;Contoh;\n; ;\n;;;;\n")
    assert "1 visitor" in good("batch", "odd.csv", "--dry-run")
    (desk / "odd.csv").write_text("kind;name\n;\n;\n")
    assert "no line below" in bad(2, "batch", "odd.csv", "--dry-run")
    (desk / "odd.csv").write_text("kind;name\n;\nvistor;\n")
    assert "line 3: kind is one of" in bad(2, "batch", "odd.csv", "--dry-run")


def test_what_is_written_is_for_its_owner_alone(desk: Path) -> None:
    """Whoever has a pass can use it, and a sheet has names."""
    outputs = ("--sheet", "cards.pdf", "--texts", "texts.csv", "--phones", "phones")
    good("batch", "table.csv", *outputs)
    for path in (desk / "cards.pdf", desk / "texts.csv", *(desk / "phones").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((desk / "phones").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "words",
    [
        ("--texts", "table.csv"),
        ("--texts", "link.csv"),
        ("--sheet", "office.key"),
        ("--sheet", "office.counter"),
        ("--sheet", "office.status"),
        ("--texts", "./trust.toml"),
        ("--texts", "other.key"),
        ("--texts", "out", "--sheet", "out"),
        ("--texts", "out", "--phones", "out"),
    ],
)
def test_no_file_of_the_office_is_overwritten(desk: Path, words: tuple[str, ...]) -> None:
    """Nor one output by another, by whatever name."""
    (desk / "link.csv").symlink_to("table.csv")
    before = {path.name: path.read_bytes() for path in desk.iterdir()}
    assert "would overwrite" in bad(1, "batch", "table.csv", *words)
    after = {path.name: path.read_bytes() for path in desk.iterdir()}
    assert {name: after[name] for name in before} == before
    assert after["office.counter"] == b"0 0\n"


def test_an_interruption_tells_which_numbers(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a card signs: the numbers are spent, and the office must know them."""
    good("batch", "table.csv", "--texts", "first.csv")
    signed: list[object] = []

    def slow(*words: object) -> str:
        if signed:
            raise KeyboardInterrupt
        signed.append(words)
        return "GP1:"

    monkeypatch.setattr("firmware.cli.passbatch.issue", slow)
    result = run("batch", "table.csv", "--texts", "texts.csv")
    assert result.exit_code == 1
    assert "Issuing numbers 5 to 9." in result.stderr
    assert "Passes 5 to 9 of this key may be incomplete" in result.stderr
    assert not (desk / "texts.csv").exists()


def test_the_end_is_a_whole_day(desk: Path) -> None:
    """A date alone: as an end that day's end, as a start its beginning."""
    (desk / "odd.csv").write_text("kind,start,end\nstaff,2030-01-01,2030-06-30\n")
    good("batch", "odd.csv", "--texts", "texts.csv")
    (row,) = csv.DictReader((desk / "texts.csv").read_text().splitlines())
    (found,) = credentials(desk, [row["text"]]).values()
    assert found.valid_from_s == NINE_S - 9 * 3_600
    assert found.valid_until_s == NINE_S - 9 * 3_600 + 181 * 86_400
