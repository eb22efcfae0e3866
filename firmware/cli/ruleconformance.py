"""`gate rules conformance`: our rule language against files of test cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware.cli.exits import EXIT_FAILED, EXIT_OK, EXIT_REFUSED

if TYPE_CHECKING:
    from firmware.conformance.rulecases import ValueSets
    from firmware.conformance.tally import Tally

_SHOWN_MAX = 200
"""Cases told one by one on a page; `--json` has all of them."""


@click.command("conformance")
@click.argument(
    "files",
    metavar="FILE.jsonl...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
)
@click.option(
    "--value-sets",
    "value_sets",
    metavar="FILE.json",
    type=click.Path(path_type=Path),
    help="Value sets by name. Without it: the file of that purpose beside each FILE.jsonl.",
)
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON object.")
def conformance(files: tuple[Path, ...], value_sets: Path | None, *, as_json: bool) -> int:
    """Score our rule language on test cases, one JSON object a line.

    A line is an expression with `data` and the `expected` value (or with `expected_valid`), or a
    `rule` with its `tests`: `payload`, `external`, `value_sets` and `expected` each. Nothing is
    asserted of what upstream skips, nor of a test whose payload is no object and which fails.

    \b
    Examples:
      gate rules conformance certlogic-suite.jsonl business-rules.jsonl
      gate rules conformance rules.jsonl --value-sets sets.json
      gate rules conformance rules.jsonl --json | jq '.files[].told[].id'

    \b
    Exit codes:
      0  every case agrees; of some, nothing is asserted
      1  a file can't be read, or a line of it is no case; the message says which
      2  the command was written wrongly
      3  a case disagrees or crashed
    """
    from firmware.conformance.tally import encode_report

    tallies, failed = [], False
    for path in files:
        tally = _scored(path, value_sets)
        if tally is None:
            failed = True
        else:
            failed = failed or bool(tally.faults)
            tallies.append(tally)
    if as_json:
        click.echo(encode_report(tallies).decode())
    elif tallies:
        _show(tallies)
    if failed:
        return EXIT_FAILED
    return EXIT_OK if all(tally.is_agreed for tally in tallies) else EXIT_REFUSED


def _scored(path: Path, value_sets: Path | None) -> Tally | None:
    """The score of one file; None, and a sentence, where it can't be read."""
    from firmware.conformance.rulecases import find_value_sets, score_rules
    from firmware.conformance.tally import Fault, Tally

    tally = Tally(str(path))
    try:
        sets = _read_sets(value_sets or find_value_sets(path))
        for found in score_rules(path, sets, tally):
            if isinstance(found, Fault):
                _warn(f"{path}:{found.line}: {found.problem}.")
    except OSError as error:
        _warn(f"{error.filename}: {error.strerror}.")
        return None
    except ValueError as error:
        _warn(f"{error}.")
        return None
    return tally


def _read_sets(path: Path | None) -> ValueSets:
    from firmware.conformance.rulecases import read_value_sets

    try:
        return {} if path is None else read_value_sets(path)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _show(tallies: list[Tally]) -> None:
    """The table, then every case to look at."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, emoji=False, markup=False)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("file", overflow="fold")
    for heading in ("cases", "agreed", "disagreed", "crashed", "not asserted"):
        table.add_column(heading, justify="right")
    for tally in tallies:
        counts = (
            tally.cases,
            tally.agreed,
            tally.disagreed,
            tally.crashed,
            tally.not_asserted,
        )
        table.add_row(Path(tally.file).name, *map(str, counts))
    console.print(table)
    for tally in tallies:
        for result in tally.told[:_SHOWN_MAX]:
            console.print(
                f"{tally.file}: {result.id} {result.score}: "
                f"expected {result.expected or 'nothing'}, got {result.got}",
                soft_wrap=True,
            )
        if len(tally.told) > _SHOWN_MAX:
            console.print(f"{tally.file}: and more; `--json` has them.")
    agreed = sum(tally.agreed for tally in tallies)
    rest = sum(tally.not_asserted for tally in tallies)
    if all(tally.is_agreed for tally in tallies):
        console.print(f"All {agreed} assertions hold; of {rest} cases nothing is asserted.")
    else:
        console.print("Not all cases agree.")


def _warn(sentence: str) -> None:
    click.echo(f"gate: {sentence}", err=True)
