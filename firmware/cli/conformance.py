"""`gate credential conformance`: our verifier against files of test cases."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware.cli.exits import EXIT_FAILED, EXIT_OK, EXIT_REFUSED

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID
    from rich.table import Table

    from firmware.conformance.score import Result
    from firmware.conformance.tally import Tally

_WIDTH_WHERE_NO_TERMINAL = 110
_REFRESH_HZ = 8
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
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON object.")
@click.option("-v", "--verbose", is_flag=True, help="A line for every case.")
def conformance(files: tuple[Path, ...], *, as_json: bool, verbose: bool) -> int:
    """Score our verifier on test cases, one JSON object a line.

    Each case brings its own trust list and clock, and says what must come out and for which
    reason. Nothing of this machine's trust list or policy is used, and no network. Which of our
    reasons agrees with which word of a file: docs/reference/conformance.md.

    \b
    Examples:
      gate credential conformance suites/*.jsonl
      gate credential conformance hcert.jsonl --verbose
      gate credential conformance hcert.jsonl --json | jq '.files[].told[].id'

    \b
    Exit codes:
      0  every case was run and agrees; of some, nothing is asserted
      1  a file can't be read, has no case, or a line is none; the message says which
      2  the command was written wrongly
      3  a case disagrees, crashed or was not run
    """
    from firmware.conformance.tally import encode_report

    page = _Page(quiet=as_json, verbose=verbose)
    tallies, unreadable = page.score(files)
    if as_json:
        click.echo(encode_report(tallies).decode())
    else:
        page.conclude(tallies)
    if unreadable or any(tally.faults or not tally.cases for tally in tallies):
        return EXIT_FAILED
    return EXIT_OK if all(tally.is_agreed for tally in tallies) else EXIT_REFUSED


class _Page:
    """What a person sees: how far it is, then a table, then every case to look at."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        from rich.console import Console

        self._quiet = quiet
        self._verbose = verbose and not quiet
        self._console: Console = Console(
            width=None if sys.stdout.isatty() else _WIDTH_WHERE_NO_TERMINAL,
            highlight=False,
            emoji=False,
            markup=False,
        )

    def score(self, files: tuple[Path, ...]) -> tuple[list[Tally], bool]:
        """Score all files; whether one could not be read."""
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

        from firmware.conformance.tally import Tally

        tallies, unreadable = [], False
        with Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            DownloadColumn(),
            console=self._console,
            transient=True,
            refresh_per_second=_REFRESH_HZ,
            disable=self._quiet or not self._console.is_terminal,
        ) as progress:
            for path in files:
                tally = Tally(str(path))
                try:
                    size = path.stat().st_size
                    self._score_file(
                        path, tally, progress, progress.add_task(path.name, total=size)
                    )
                except OSError as error:
                    unreadable = True
                    _warn(f"{path}: {error.strerror}.")
                else:
                    tallies.append(tally)
                    if not tally.cases:
                        _warn(f"{path} holds no test case.")
        return tallies, unreadable

    def _score_file(self, path: Path, tally: Tally, progress: Progress, task: TaskID) -> None:
        from firmware.conformance.tally import Fault, score_file

        for bytes_read, found in score_file(path, tally):
            progress.update(task, completed=bytes_read)
            if isinstance(found, Fault):
                _warn(f"{path}:{found.line}: {found.problem}.")
            elif self._verbose:
                self._console.print(
                    f"{found.score:<12} {found.took_ms:7.2f} ms  {found.id}: {found.got}",
                    soft_wrap=True,
                )
        progress.remove_task(task)

    def conclude(self, tallies: list[Tally]) -> None:
        """The table, then what a reader has to look at."""
        if not tallies:
            return
        self._console.print(_table(tallies))
        for tally in tallies:
            self._tell(tally)
        slowest = max(
            (tally.slowest for tally in tallies if tally.slowest is not None),
            key=lambda result: result.took_ms,
            default=None,
        )
        if slowest is not None:
            self._console.print(f"Slowest: {slowest.id}, {slowest.took_ms:.1f} ms.")
        cases = sum(tally.cases for tally in tallies)
        self._console.print(
            f"All {cases} cases agree."
            if all(tally.is_agreed for tally in tallies)
            else "Not all cases agree."
        )

    def _tell(self, tally: Tally) -> None:
        for result in tally.told[:_SHOWN_MAX]:
            self._console.print(
                f"{tally.file}: {result.id} {result.score}: "
                f"expected {result.expected or 'nothing'}, got {result.got}",
                soft_wrap=True,
            )
        if len(tally.told) > _SHOWN_MAX:
            self._console.print(f"{tally.file}: and more; `--json` has them.")
        for result in tally.over_limit[:_SHOWN_MAX]:
            self._console.print(
                f"{tally.file}: {result.id} took {result.took_ms:.1f} ms, "
                f"its authors allow {result.ms_max:g} ms",
                soft_wrap=True,
            )


def _table(tallies: list[Tally]) -> Table:
    """One line a file, and one for all where there are several."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("file", overflow="fold")
    for heading in ("cases", "agreed", "disagreed", "crashed", "not asserted", "not run"):
        table.add_column(heading, justify="right")
    table.add_column("slowest", justify="right")
    for tally in tallies:
        table.add_row(Path(tally.file).name, *map(str, _counts(tally)), _slowest(tally.slowest))
    if len(tallies) > 1:
        table.add_section()
        sums = (sum(column) for column in zip(*map(_counts, tallies), strict=True))
        table.add_row("all", *map(str, sums), "")
    return table


def _counts(tally: Tally) -> tuple[int, ...]:
    return (
        tally.cases,
        tally.agreed,
        tally.disagreed,
        tally.crashed,
        tally.not_asserted,
        tally.not_run,
    )


def _slowest(result: Result | None) -> str:
    return "" if result is None else f"{result.took_ms:.1f} ms"


def _warn(sentence: str) -> None:
    click.echo(f"gate: {sentence}", err=True)
