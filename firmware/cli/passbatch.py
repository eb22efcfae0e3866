"""`gate pass batch`: many passes from one table."""

import csv
import io
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from msgspec import Struct
from msgspec.structs import replace

from drivers.wholefile import write_atomic
from firmware.cli.moments import zone_option
from firmware.cli.passoptions import (
    FILE,
    gate_trust,
    issuer_of,
    key_option,
    open_signer,
    signer_option,
    told,
    trust_option,
)
from firmware.cli.passoutputs import FILE_MODE, FOLDER_MODE, files_of, output_faults, spent
from firmware.office import books
from firmware.office.card import Card
from firmware.office.errors import OfficeError
from firmware.office.table import COLUMNS, Problem, Row, TableError, listed, read_table
from firmware.office.window import refusal
from gate.credential.native import issue
from gate.credential.signer import Signer
from gate.credential.trust import IssuerKey, key_id

_FOLDER = click.Path(file_okay=False, path_type=Path)


class _Drawn(Struct, frozen=True):
    """What will show names and the office's name; a dry run that names no output checks both."""

    cards: bool
    pictures: bool


@click.command(
    epilog=f"Columns of the table, in any order; only kind is needed: {', '.join(COLUMNS)}."
)
@click.argument("table", metavar="TABLE.csv", type=FILE)
@key_option
@signer_option
@trust_option
@click.option("--sheet", "sheet_path", type=FILE, help="Write cards to cut out, a PDF of A4.")
@click.option("--phones", type=_FOLDER, help="Make this folder, with a picture for each phone.")
@click.option("--texts", type=FILE, help="Write line, number, kind and text of each, as CSV.")
@click.option("-n", "--dry-run", is_flag=True, help="Check everything, and issue nothing.")
@zone_option
def batch(
    table: Path,
    key_path: Path,
    signer_command: str | None,
    trust_path: Path,
    sheet_path: Path | None,
    phones: Path | None,
    texts: Path | None,
    dry_run: bool,
    zone: ZoneInfo,
) -> None:
    """Issue a pass for every line of a table.

    The whole table is checked first, and everything wrong with it is told at once, line by line;
    nothing is issued then. Names and notes are printed on the cards, and are neither in a pass
    nor in a picture or text. Every file is written wholly or not at all, and for you alone to
    read: whoever has a pass can use it.

    The trust file gives the office's name on the cards, and the kinds that its key may issue. A
    day without a time is the whole day where something ends, and its beginning where it starts.

    \b
    A table:
      kind,name,note,at,end,doses
      visitor,Contoh Budi,,,2026-12-01T17:00,2
      appointment,Contoh Siti,Loket 4,2026-12-01T09:00,,1
      staff,Contoh Wayan,Ruang arsip,,2027-06-30,

    \b
    Examples:
      gate pass batch visitors.csv --dry-run
      gate pass batch visitors.csv --sheet passes.pdf --phones phones
    """
    outputs = [path for path in (sheet_path, phones, texts) if path is not None]
    if not outputs and not dry_run:
        raise click.UsageError("Give --sheet, --phones or --texts: where the passes go.")
    drawn = _Drawn(
        cards=sheet_path is not None or not outputs, pictures=phones is not None or not outputs
    )
    trust = gate_trust(trust_path)
    signer = open_signer(key_path, signer_command)
    now_s = int(time.time())
    with told():
        _check_tools(drawn)
        issuer = issuer_of(trust, signer, trust_path)
        found = read_table(table, now_s, zone)
        problems = [*found.problems, *_row_problems(found.rows, issuer, now_s, zone, drawn)]
        inputs = [table, trust_path, *files_of(key_path)]
        faults = output_faults(outputs, inputs)
        if phones is not None and phones.exists() and not faults:
            faults.append(f"{phones} is there already; name a new folder")
        faults += _office_faults(issuer.name, key_path, len(found.rows), drawn)
        if problems:
            raise TableError(table, [*problems, *(Problem(0, fault) for fault in faults)])
        if faults:
            raise OfficeError(faults[0] if len(faults) == 1 else listed("Nothing issued:", faults))
    rows = found.rows
    said = _counted(rows)
    if dry_run:
        click.echo(f"{table} is good: {said}. Nothing was issued.")
        return
    with told():
        numbers = books.take_numbers(key_path, len(rows), max(row.claims.expires_s for row in rows))
        with spent(numbers):
            click.echo(f"Issuing numbers {numbers[0]} to {numbers[-1]}.", err=True)
            cards = _issue(rows, numbers, signer, issuer.name)
            _write(rows, cards, zone, texts, sheet_path, phones)
    click.echo(f"{len(rows)} passes issued, numbers {numbers[0]} to {numbers[-1]}: {said}.")
    for path in outputs:
        click.echo(f"{path} written.")


def _row_problems(
    rows: tuple[Row, ...], issuer: IssuerKey, now_s: int, zone: ZoneInfo, drawn: _Drawn
) -> Iterator[Problem]:
    """What is wrong with lines that can be passes: no gate would take them, or no card has room."""
    for row in rows:
        if refused := refusal(row.claims, issuer, now_s):
            yield Problem(row.line, refused)
        if drawn.cards:
            from firmware.office.sheet import faults

            card = Card("", row.claims, issuer.name, "", row.name, row.note)
            yield from (Problem(row.line, fault) for fault in faults(card, zone))


def _office_faults(name: str, key_path: Path, count: int, drawn: _Drawn) -> list[str]:
    """What is wrong with the office's name, and whether its key has so many numbers."""
    faults: list[str] = []
    if drawn.cards or drawn.pictures:
        from firmware.office import sheet

        faults += sheet.issuer_faults(name) if drawn.cards else sheet.letter_faults(name)
    if drawn.pictures:
        from firmware.office import phone

        faults += phone.issuer_faults(name)
    faults = [f"the office's name: {fault}" for fault in faults]
    try:
        left = books.read_count(key_path).left
        after = books.successor_of(key_path)
    except OfficeError as error:
        return [*faults, str(error)]
    if after:
        faults.append(f"{key_path} only verifies and revokes since {after} took its place")
    elif count > left:
        faults.append(f"{key_path} can issue {left} more passes, and the table has {count}")
    return faults


def _counted(rows: tuple[Row, ...]) -> str:
    kinds = Counter(row.claims.kind.value for row in rows)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())


def _write(
    rows: tuple[Row, ...],
    cards: list[Card],
    zone: ZoneInfo,
    texts: Path | None,
    sheet_path: Path | None,
    phones: Path | None,
) -> None:
    if texts is not None:
        write_atomic(texts, _texts(rows, cards), FILE_MODE)
    if sheet_path is not None:
        from firmware.office.sheet import sheet

        write_atomic(sheet_path, sheet(cards, zone), FILE_MODE)
    if phones is not None:
        _write_phones(phones, cards, zone)


def _issue(rows: tuple[Row, ...], numbers: range, signer: Signer, name: str) -> list[Card]:
    kid = key_id(signer.public_key().public_bytes_raw()).hex()
    cards: list[Card] = []
    with click.progressbar(length=len(rows), label="Signing", file=sys.stderr) as bar:
        for row, number in zip(rows, numbers, strict=True):
            claims = replace(row.claims, status_index=number)
            text = issue(claims, signer)
            cards.append(Card(text, claims, name, f"{kid}:{number}", row.name, row.note))
            bar.update(1)
    return cards


def _texts(rows: tuple[Row, ...], cards: list[Card]) -> bytes:
    file = io.StringIO(newline="")
    table = csv.writer(file)
    table.writerow(("line", "number", "kind", "text"))
    for row, card in zip(rows, cards, strict=True):
        table.writerow((row.line, card.claims.status_index, card.claims.kind.value, card.text))
    return file.getvalue().encode()


def _write_phones(folder: Path, cards: list[Card], zone: ZoneInfo) -> None:
    """All pictures in a new folder, which appears when the last of them is written."""
    from firmware.office.phone import phone_picture

    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as made:
        with click.progressbar(length=len(cards), label="Drawing", file=sys.stderr) as bar:
            for card in cards:
                name = f"{card.claims.kind}-{card.claims.status_index:07}.png"
                write_atomic(Path(made) / name, phone_picture(card, zone), FILE_MODE)
                bar.update(1)
        Path(made).chmod(FOLDER_MODE)
        Path(made).rename(folder)
        Path(made).mkdir()  # for the clearing up


def _check_tools(drawn: _Drawn) -> None:
    """Return if what draws is installed."""
    if drawn.cards:
        import_module("firmware.office.sheet")
    if drawn.pictures:
        import_module("firmware.office.phone")
