"""`gate pass batch`: many passes from one table."""

import csv
import io
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from msgspec.structs import replace

from drivers.wholefile import write_atomic
from firmware.cli.passoptions import (
    FILE,
    gate_trust,
    issuer_of,
    key_option,
    open_signer,
    signer_option,
    told,
    trust_option,
    zone_option,
)
from firmware.errors import UserError
from firmware.office import books
from firmware.office.card import Card
from firmware.office.errors import OfficeError
from firmware.office.table import COLUMNS, Row, read_table
from gate.credential.native import issue
from gate.credential.signer import Signer
from gate.credential.trust import key_id

_FOLDER_MODE = 0o755
_FOLDER = click.Path(file_okay=False, path_type=Path)


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
    nor in a picture or text. Every file is written wholly or not at all.

    The trust file gives the office's name on the cards.

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
    trust = gate_trust(trust_path)
    with told():
        rows = read_table(table, int(time.time()), zone)
        _check_outputs(outputs, phones)
        _check_tools(sheet_path, phones)
        if sheet_path is not None:
            _check_letters((f"Line {row.line}", row.name + row.note) for row in rows)
    kinds = Counter(row.claims.kind.value for row in rows)
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    if dry_run:
        click.echo(f"{table} is good: {said}. Nothing was issued.")
        return
    signer = open_signer(key_path, signer_command)
    with told():
        issuer = issuer_of(trust, signer, trust_path)
        barred = sorted(kind for kind in kinds if kind not in issuer.kinds)
        if barred:
            raise OfficeError(f"{issuer.name} may not issue {', '.join(barred)}")
        if sheet_path is not None or phones is not None:
            _check_letters([("The office's name", issuer.name)])
        numbers = books.take_numbers(key_path, len(rows), max(row.claims.expires_s for row in rows))
        try:
            cards = _issue(rows, numbers, signer, issuer.name)
            _write(rows, cards, zone, texts, sheet_path, phones)
        except (OSError, OfficeError):
            click.echo(
                f"Passes {numbers[0]} to {numbers[-1]} of this key may be incomplete: "
                "revoke them, or keep what was written.",
                err=True,
            )
            raise
    click.echo(f"{len(rows)} passes issued, numbers {numbers[0]} to {numbers[-1]}: {said}.")
    for path in outputs:
        click.echo(f"{path} written.")


def _write(
    rows: tuple[Row, ...],
    cards: list[Card],
    zone: ZoneInfo,
    texts: Path | None,
    sheet_path: Path | None,
    phones: Path | None,
) -> None:
    if texts is not None:
        write_atomic(texts, _texts(rows, cards))
    if sheet_path is not None:
        from firmware.office.sheet import sheet

        write_atomic(sheet_path, sheet(cards, zone))
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
                write_atomic(Path(made) / name, phone_picture(card, zone))
                bar.update(1)
        Path(made).chmod(_FOLDER_MODE)
        Path(made).rename(folder)
        Path(made).mkdir()  # for the clearing up


def _check_outputs(outputs: list[Path], phones: Path | None) -> None:
    """Return if everything can be written where it is to go: before a number is spent."""
    for path in outputs:
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise OfficeError(f"{path.parent} is no folder that can be written to")
    if phones is not None and phones.exists():
        raise OfficeError(f"{phones} is there already; name a new folder")


def _check_tools(sheet_path: Path | None, phones: Path | None) -> None:
    """Return if what draws is installed."""
    if sheet_path is not None:
        import_module("firmware.office.sheet")
    if phones is not None:
        import_module("firmware.office.phone")


def _check_letters(parts: Iterable[tuple[str, str]]) -> None:
    """Return if the type of cards and pictures has every letter of these, named by their place."""
    from firmware.office.sheet import missing_letter

    for place, words in parts:
        letter = missing_letter(words)
        if letter is not None:
            raise UserError(
                f"{place}: the type of the cards has no letter {letter!r} "
                f"(U+{ord(letter):04X}); write it in Latin letters."
            )
