"""`gate rules`: the site's dated health rules, and the language that they are written in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware.cli.exits import EXIT_FAILED, EXIT_OK, EXIT_REFUSED
from firmware.cli.lazy import Lazy, LazyGroup
from firmware.cli.moments import moment, zone_option

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from gate.rules.ruleset import RuleSet


_COMMANDS = {
    "try": Lazy("firmware.cli.rulestry:try_", "Say what becomes of somebody with these facts."),
    "conformance": Lazy(
        "firmware.cli.ruleconformance:conformance", "Score our rule language on test cases."
    ),
}


@click.group("rules", cls=LazyGroup, table=_COMMANDS)
def rules() -> None:
    """Check, show and try the dated health rules of a site.

    A rule file says from which day on which certificate is green, yellow or whatever it is
    called, and what becomes of its holder: docs/how-to/health-rules.md. Nothing here opens a
    gate, and nothing needs a network.

    \b
    Exit codes of every command:
      0  done
      1  a file is missing or can't be read; the message says which
      2  the command was written wrongly
      3  the answer is no: a file with a mistake, a visitor not admitted, a case that disagrees
    """


@rules.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=Path)
def check(files: tuple[Path, ...]) -> int:
    """Find every mistake in rule files before a visitor does.

    All of it is said at once, one sentence a line, with the key that it is about: what is no
    expression, what looks at something that there is not, a fact that nothing uses, two sets of
    one day. FILEs that a lane loads together are checked together.

    \b
    Examples:
      gate rules check our-rules.toml
      gate rules check bekasi.toml staff.toml
    """
    from drivers.api import DriverError, ErrorKind
    from drivers.rulestore import read_rules
    from gate.rules.checks import clashes

    held: list[RuleSet] = []
    wrong, unreadable = False, False
    for path in files:
        try:
            rule_sets, problems = read_rules(path)
        except DriverError as error:
            is_mistake = error.kind is ErrorKind.CORRUPT
            wrong, unreadable = wrong or is_mistake, unreadable or not is_mistake
            click.echo(error.message, err=not is_mistake)
            continue
        for problem in problems:
            click.echo(f"{path}: {problem}")
        wrong = wrong or bool(problems)
        if not problems:
            held += rule_sets
            click.echo(f"{path}: good; {', '.join(each.name for each in rule_sets)}")
    for clash in clashes(held):
        wrong = True
        click.echo(clash)
    if unreadable:
        return EXIT_FAILED
    return EXIT_REFUSED if wrong else EXIT_OK


@rules.command()
@click.argument("files", metavar="[FILE...]", nargs=-1, type=Path)
@click.option("--at", "day", type=moment, metavar="DATE", help="That day instead of today.")
@zone_option
def show(files: tuple[Path, ...], day: datetime | None, zone: ZoneInfo) -> int:
    """Show which rules hold on a day, line for line, and where they come from.

    Without FILE: the rule files that are shipped, and where they lie.

    \b
    Examples:
      gate rules show
      gate rules show bekasi.toml
      gate rules show indonesia-colours.toml --at 2022-02-20
    """
    from firmware.cli.rulepage import show_rules, show_shipped

    if not files:
        show_shipped()
        return EXIT_OK
    show_rules(loaded(files), (day or datetime.now(zone)).date())
    return EXIT_OK


def loaded(files: tuple[Path, ...]) -> tuple[RuleSet, ...]:
    """The sets of all files.

    Raises:
        UserError: with exit code 1, where a file is missing, and 3, where it has a mistake.
    """
    from drivers.api import DriverError, ErrorKind
    from drivers.rulestore import load_all_rules
    from firmware.errors import UserError

    try:
        return load_all_rules(files)
    except DriverError as error:
        sentence = UserError(f"{error.message}.")
        sentence.exit_code = EXIT_REFUSED if error.kind is ErrorKind.CORRUPT else EXIT_FAILED
        raise sentence from None
