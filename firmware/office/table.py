"""A table of passes to be issued, from a spreadsheet: CSV with a line of headings.

Read whole and checked whole before anything is issued. What is wrong is kept with its line, so that
all of it can be told at once. Names are for the paper alone: no pass has one.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from firmware.errors import UserError
from firmware.moments import duration, ending, moment, unix_s
from firmware.office.errors import OfficeError
from firmware.office.signer import read_bounded
from firmware.office.window import Wish, window_of
from gate.credential.model import PASS_KINDS, CredentialKind
from gate.credential.native import PassClaims, check_claims

TABLE_BYTES_MAX = 8 * 1024 * 1024
TABLE_ROWS_MAX = 20_000
NAME_CHARS_MAX = 60
"""What a few lines of a card hold."""
PROBLEMS_SHOWN_MAX = 20
COLUMNS = (
    "kind",
    "name",
    "note",
    "start",
    "end",
    "for",
    "at",
    "early",
    "late",
    "doses",
    "group",
)


class Row(Struct, frozen=True):
    """One line of the table that can become a pass."""

    line: int
    """In the file, from 1."""
    claims: PassClaims
    """With the status index 0: no number is taken yet."""
    name: str
    note: str
    """Printed only."""


class Problem(Struct, frozen=True, order=True):
    """What is wrong with a line."""

    line: int
    """In the file, from 1; 0 is the file itself."""
    words: str


class Table(Struct, frozen=True):
    """A table that was read."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    """Of the lines that are no rows. Nothing is issued where there is one."""


class TableError(UserError):
    """What is wrong with a table, line by line."""

    def __init__(self, path: Path, problems: Iterable[Problem]) -> None:
        told = [
            f"line {problem.line}: {problem.words}" if problem.line else problem.words
            for problem in sorted(problems)
        ]
        super().__init__(listed(f"{path}: nothing was issued.", told))


def listed(heading: str, told: list[str]) -> str:
    """The first of many problems below a heading, and how many more there are."""
    shown = told[:PROBLEMS_SHOWN_MAX]
    more = len(told) - len(shown)
    return "\n  ".join([heading, *shown, *([f"and {more} more"] if more else [])])


def read_table(path: Path, now_s: int, zone: ZoneInfo) -> Table:
    """Every line of the table. Lines without a word, as spreadsheets add them, are none.

    Args:
        path: UTF-8, with commas or, as spreadsheets write it where the comma is for decimals,
            with semicolons.
        now_s: from here a pass lasts that has no start, Unix seconds.
        zone: of times without an offset.

    Raises:
        TableError: it is no table at all.
        OfficeError: the file is too long.
        OSError: it can't be read.
    """
    try:
        text = read_bounded(path, TABLE_BYTES_MAX).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableError(path, [Problem(0, "it is not UTF-8; save it as CSV UTF-8")]) from None
    heading = text.partition("\n")[0]
    comma = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        problems += [Problem(1, words) for words in _heading_problems(names)]
        for cells in [] if problems else reader:
            if _is_blank(cells):
                continue
            if len(rows) + len(problems) >= TABLE_ROWS_MAX:
                raise OfficeError(f"{path} has more than {TABLE_ROWS_MAX} lines; split it")
            try:
                rows.append(_row(reader.line_num, cells, now_s, zone))
            except (UserError, ValueError) as error:
                problems.append(Problem(reader.line_num, str(error)))
    except csv.Error as error:
        problems.append(Problem(reader.line_num, str(error)))
    if not rows and not problems:
        problems.append(Problem(0, "it has no line below its headings"))
    return Table(tuple(rows), tuple(problems))


def _is_blank(cells: Mapping[str | None, object]) -> bool:
    """Whether no cell has a word; those beyond the headings are a list."""
    found = (one for cell in cells.values() for one in (cell if isinstance(cell, list) else [cell]))
    return not any(str(one or "").strip() for one in found)


def _heading_problems(names: list[str]) -> list[str]:
    known = ", ".join(COLUMNS)
    problems = [
        f"there is no column {name!r}; there are {known}" for name in names if name not in COLUMNS
    ]
    problems += [f"the column {name!r} twice" for name in COLUMNS if names.count(name) > 1]
    if not problems and "kind" not in names:
        problems.append(f"the column 'kind' is missing; the first line names {known}")
    return problems


def _row(line: int, cells: Mapping[str | None, object], now_s: int, zone: ZoneInfo) -> Row:
    if None in cells:
        raise UserError("more cells than headings; put quotes around a comma")
    found = {name: str(cells.get(name) or "").strip() for name in COLUMNS}
    if found["kind"] not in PASS_KINDS:
        raise UserError(f"kind is one of {', '.join(PASS_KINDS)}, and not {found['kind']!r}")
    kind = CredentialKind(found["kind"])
    wish = Wish(
        start_s=_second(found["start"], zone),
        until_s=unix_s(ending(found["end"]), zone) if found["end"] else None,
        lasts=duration(found["for"]) if found["for"] else None,
        at_s=_second(found["at"], zone),
        early=duration(found["early"]) if found["early"] else None,
        late=duration(found["late"]) if found["late"] else None,
    )
    start_s, until_s = window_of(kind, now_s, wish)
    claims = PassClaims(
        kind,
        0,
        until_s,
        start_s,
        _count(found["doses"], "doses") if found["doses"] else None,
        _count(found["group"], "group") if found["group"] else 1,
    )
    check_claims(claims)
    return Row(line, claims, _words(found["name"], "name"), _words(found["note"], "note"))


def _second(cell: str, zone: ZoneInfo) -> int | None:
    return unix_s(moment(cell), zone) if cell else None


def _count(cell: str, column: str) -> int:
    if not cell.isascii() or not cell.isdigit():
        raise UserError(f"{column} is a number, and not {cell!r}")
    return int(cell[:9])


def _words(cell: str, column: str) -> str:
    """The cell with its letters composed: some programs write the mark of an é as a letter of its
    own, and type has the é alone."""
    cell = unicodedata.normalize("NFC", cell)
    if len(cell) > NAME_CHARS_MAX:
        raise UserError(f"{column} is longer than {NAME_CHARS_MAX} characters")
    if any(unicodedata.category(letter)[0] == "C" for letter in cell):
        raise UserError(f"{column} holds a character that can't be printed")
    return cell
