"""`gate selftest`: does every device of this lane do its work?"""

from __future__ import annotations

import logging
import sys
import tempfile
import textwrap
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware.cli.exits import EXIT_DEVICE, EXIT_OK, EXIT_REFUSED
from firmware.selftest.names import StepName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from firmware.config import Config
    from firmware.selftest.engine import Progress
    from firmware.selftest.measurement import Measurement
    from firmware.selftest.report import Report, StepReport
    from firmware.selftest.step import Doing, Step

_STYLES = {"pass": "green", "marginal": "yellow", "fail": "bold red", "skipped": "bright_black"}
_WIDTHS = (1, 1, 8, 25, 10, 8)
"""Indent and columns of a line; its limits take what is left, on more lines where they must."""
_VALUE = 4
_HINT_INDENT = 4
_FAINT = "bright_black"
_REFRESH_HZ = 8
_NO_REPORT = "a self-test ended without its report"


@click.command("selftest")
@click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="GATE_CONFIG",
    show_envvar=True,
    help="The lane's file.  [default: a simulated lane, of which nothing is kept]",
)
@click.option(
    "--step",
    "steps",
    type=click.Choice([str(name) for name in StepName]),
    multiple=True,
    help="Only that, and what it needs; may be repeated.",
)
@click.option(
    "--report",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the report in this folder, as JSON and as text; the last ten stay.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, and nothing else.")
@click.option("--list", "lists", is_flag=True, help="Say which steps there are; test nothing.")
def selftest(
    config_path: Path | None,
    steps: tuple[str, ...],
    folder: Path | None,
    as_json: bool,
    lists: bool,
) -> int:
    """Test every device of a lane, and hold what is measured against limits.

    That an output switches off is proven first, and nothing is switched on before, nor
    while somebody is in the lane. Stop the lane's own program meanwhile: it holds the same
    wires. Its records are only read.

    \b
    Examples:
      gate selftest
      gate selftest --config /etc/gate/gate.toml --report /var/lib/gate/selftest
      gate selftest --step thermometer --step camera
      gate selftest --json | jq '.steps[] | select(.verdict == "fail")'

    \b
    Exit codes:
      0    passed, marginal values included
      2    the command or the configuration is wrong; nothing was tested
      3    not passed; the last line says what to do first
      4    not passed, and a device is missing, busy or denied
      130  interrupted; every output is off
    """
    from firmware.selftest.plan import PLAN, chosen

    if lists:
        _list(PLAN)
        return EXIT_OK
    # What a device's driver says of a fault is in the report; our own mistakes are logged.
    logging.basicConfig(level=logging.CRITICAL)
    logging.getLogger("firmware.selftest").setLevel(logging.ERROR)
    plan = chosen(StepName(name) for name in steps)
    with _lane(config_path) as config:
        report = _test(config, plan, as_json=as_json)
    if folder is not None:
        _keep(report, folder, quiet=as_json)
    return exit_code(report)


def exit_code(report: Report) -> int:
    """What the command ends with."""
    from drivers.api import ErrorKind
    from firmware.selftest.measurement import Verdict

    if report.verdict is not Verdict.FAIL:
        return EXIT_OK
    absent = {ErrorKind.MISSING, ErrorKind.BUSY, ErrorKind.DENIED}
    return EXIT_DEVICE if any(step.error in absent for step in report.steps) else EXIT_REFUSED


@contextmanager
def _lane(path: Path | None) -> Iterator[Config]:
    """The lane of that file, or a simulated one in a folder that goes with it."""
    from firmware.config import CONFIG_PATH, Config, load_config
    from gate.policy import Policy

    if path is not None:
        yield load_config(path)
        return
    if CONFIG_PATH.exists():
        click.echo(
            f"gate: this machine's lane is not tested; for that, --config {CONFIG_PATH}.", err=True
        )
    with tempfile.TemporaryDirectory(prefix="gate-selftest-") as folder:
        rules = Policy(refer_to="an invented health centre")
        yield Config(site="selftest", lane="simulated", data_dir=Path(folder), policy=rules)


def _test(config: Config, plan: tuple[Step, ...], *, as_json: bool) -> Report:
    from firmware.selftest.bench import Bench
    from firmware.selftest.engine import Finished, run
    from firmware.selftest.report import encode_report

    # Closed whatever happens, so that outputs rest where Ctrl-C comes between two words.
    with closing(run(Bench(config), plan)) as progress:
        if not as_json:
            return _View(len(plan)).follow(progress)
        for word in progress:
            if isinstance(word, Finished):
                click.echo(encode_report(word.report).decode())
                return word.report
    raise RuntimeError(_NO_REPORT)


def _keep(report: Report, folder: Path, *, quiet: bool) -> None:
    from firmware.selftest.archive import keep

    try:
        paths = keep(report, folder)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}.") from None
    if not quiet:
        click.echo(f"Kept as {paths[0]} and {paths[1].name}.")


def _list(plan: tuple[Step, ...]) -> None:
    for step in plan:
        needs = f" (after {', '.join(step.needs)})" if step.needs else ""
        click.echo(f"{step.name:<12} {step.text}{needs}")


class _View:
    """A table that grows by a line for each value, and what is done now beneath it."""

    def __init__(self, steps: int) -> None:
        from rich.console import Console

        from firmware.selftest.report import TEXT_WIDTH

        self._console: Console = Console(
            width=None if sys.stdout.isatty() else TEXT_WIDTH, highlight=False, emoji=False
        )
        self._steps = steps
        self._bar: Bar
        self._task: TaskID

    def follow(self, progress: Iterator[Progress]) -> Report:
        """Show it to its end."""
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        with Bar(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            refresh_per_second=_REFRESH_HZ,
            disable=not self._console.is_terminal,
        ) as self._bar:
            self._task = self._bar.add_task("", total=None)
            for word in progress:
                report = self._show(word)
                if report is not None:
                    break
            else:
                raise RuntimeError(_NO_REPORT)
        self._conclude(report)
        return report

    def _show(self, word: Progress) -> Report | None:
        """One word; the report where it is the last."""
        from firmware.selftest import engine

        match word:
            case engine.Began(site, lane, _, cautions):
                self._begin(f"{site}/{lane}", cautions)
            case engine.StepBegan(step, number):
                self._head(step, number)
            case engine.StepDoing(step, doing):
                self._do(step, doing)
            case engine.Measured(_, measurement):
                self._line(measurement)
            case engine.StepEnded(report):
                self._end(report)
            case engine.Finished(report):
                return report
        return None

    def _begin(self, lane: str, cautions: tuple[str, ...]) -> None:
        from firmware.selftest.report import HEADINGS

        self._say(f"Self-test of {lane}", "bold")
        for caution in cautions:
            self._hint(f"! {caution}", "yellow", indent=0)
        self._row(HEADINGS, _FAINT)

    def _head(self, step: Step, number: int) -> None:
        self._say(f"{number}/{self._steps} {step.name}: {step.text}", "bold")
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(str(step.name), total=None)

    def _do(self, step: Step, doing: Doing) -> None:
        self._bar.update(self._task, description=f"{step.name}: {doing.text}")
        if doing.of > 1:
            self._bar.update(self._task, completed=doing.done, total=doing.of)

    def _line(self, measurement: Measurement) -> None:
        from firmware.selftest.report import cells

        self._row(cells(measurement), _STYLES[measurement.verdict])
        if measurement.hint:
            self._hint(f"→ {measurement.hint}", _STYLES[measurement.verdict])

    def _end(self, report: StepReport) -> None:
        if not report.reason:
            return
        from firmware.selftest.report import SIGNS

        sign, style = SIGNS[report.verdict], _STYLES[report.verdict]
        self._hint(f"{sign} {report.verdict}  {report.name}: {report.reason}.", style, indent=2)
        if report.hint:
            self._hint(f"→ {report.hint}", style)

    def _conclude(self, report: Report) -> None:
        from firmware.selftest.report import SIGNS, seconds

        self._say("")
        sign = SIGNS[report.verdict]
        style = _STYLES[report.verdict]
        self._hint(f"{sign} {report.summary} ({seconds(report.duration_ms)})", style, indent=0)

    def _row(self, line: tuple[str, ...], style: str) -> None:
        """Sign and word carry the colour; the figures stay plain."""
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1, 0, 0))
        for column, width in enumerate(_WIDTHS):
            table.add_column(width=width, justify="right" if column == _VALUE else "left")
        table.add_column(overflow="fold", style=_FAINT)
        sign, word, *figures = line
        table.add_row("", Text(sign, style), Text(word, style), *map(Text, figures))
        self._console.print(table)

    def _hint(self, words: str, style: str, indent: int = _HINT_INDENT) -> None:
        width = self._console.width - indent
        for line in textwrap.wrap(words, width, break_on_hyphens=False):
            self._say(" " * indent + line, style)

    def _say(self, words: str, style: str = "") -> None:
        from rich.text import Text

        self._console.print(Text(words, style))
