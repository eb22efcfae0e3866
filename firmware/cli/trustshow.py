"""`gate trust show`, `verify` and `diff`: what a bundle holds, and whether a gate would take it."""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from firmware.cli.exits import EXIT_OK, EXIT_REFUSED
from firmware.cli.moments import moment, zone_option
from firmware.cli.passoptions import FILE
from firmware.cli.trustsign import bundle_bytes
from firmware.moments import unix_s
from gate.credential.bundle import BundleError, Held, look_into, read_bundle
from gate.credential.standing import Standing
from gate.walltime import SECONDS_PER_DAY, TIME_S_END, WallTime

if TYPE_CHECKING:
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from firmware.trust.difference import Line
    from gate.credential.publictrust import PublicTrust
    from gate.credential.trust import TrustList

_WIDTH_WHERE_NO_TERMINAL = 110
_LINES_SHOWN = 200
"""Of a difference; `--all` prints every one."""
_KEY_CHARS_SHOWN = 16
_STANDINGS = {
    Standing.FRESH: ("green", "fresh"),
    Standing.AGEING: ("yellow", "ageing: bring a newer one"),
    Standing.OLD: ("dark_orange", "old: an officer looks at every public certificate"),
    Standing.OUTDATED: ("red", "outdated: no public certificate is believed"),
}

at_option = click.option(
    "--at", type=moment, metavar="TIME", help="Judge it at this moment instead of now."
)
all_option = click.option("--all", "show_all", is_flag=True, help="Print every line.")


@click.command()
@click.argument("bundle", type=FILE)
@click.option("--keys", is_flag=True, help="Every key, not only how many of each issuer.")
@at_option
@zone_option
def show(bundle: Path, keys: bool, at: datetime | None, zone: ZoneInfo) -> None:
    """Say whom a bundle trusts, what it revokes, and how old it is.

    Nothing of it is checked: `gate trust verify` does that.

    \b
    Examples:
      gate trust show gate-trust.bundle
      gate trust show gate-trust.bundle --keys | grep ID
    """
    trust, signers = _look_into(bundle)
    console = console_of_tables()
    _head(console, trust.public, signers, _now(at, zone), zone)
    if keys:
        from firmware.trust.difference import lines

        for line in sorted(lines(trust)):
            console.print(_words(line, zone), soft_wrap=True)
    else:
        _count(console, trust)


@click.command("verify")
@click.argument("bundle", type=FILE)
@click.option(
    "--roots",
    "roots_path",
    type=FILE,
    default="roots.toml",
    envvar="GATE_TRUST_ROOTS",
    show_default=True,
    show_envvar=True,
    help="The root keys that gates have pinned.",
)
@click.option(
    "--after",
    "after_path",
    type=FILE,
    metavar="BUNDLE",
    help="A bundle that gates have now: this one must be no step back from it.",
)
@at_option
@zone_option
def verify_(
    bundle: Path, roots_path: Path, after_path: Path | None, at: datetime | None, zone: ZoneInfo
) -> None:
    """Say whether a gate with these root keys would take a bundle, and believe it.

    Exit code 0: it would; 3: it would not, and the reason is printed.

    \b
    Examples:
      gate trust verify gate-trust.bundle
      gate trust verify gate-trust.bundle --after last-week.bundle
    """
    from drivers.api import DriverError
    from drivers.trust.roots import load_roots

    now = _now(at, zone)
    try:
        roots = load_roots(roots_path)
    except DriverError as error:
        raise click.ClickException(f"{error.message}.") from None
    held, path = Held(), after_path or bundle
    try:
        if after_path is not None:
            held = held.after(read_bundle(bundle_bytes(after_path), roots, held, now), roots)
            path = bundle
        found = read_bundle(bundle_bytes(bundle), roots, held, now)
    except BundleError as error:
        click.echo(f"refused: {path}: {error.fault}: {error}", err=True)
        sys.exit(EXIT_REFUSED)
    public = found.trust.public
    _head(console_of_tables(), public, tuple(sorted(found.signers)), now, zone)
    if public.standing(now) is Standing.OUTDATED:
        click.echo(
            f"refused: {bundle}: outdated: taken, and no public certificate is believed", err=True
        )
        sys.exit(EXIT_REFUSED)


@click.command("diff")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@all_option
@zone_option
def diff(old: Path, new: Path, show_all: bool, zone: ZoneInfo) -> None:
    """Say what changed from one bundle to the next: version and times, keys, refusals,
    revocations, issuers.

    A key whose window or usages changed is a line fewer and a line more. Exit code 0: no
    difference; 3: they differ.

    \b
    Examples:
      gate trust diff last-week.bundle gate-trust.bundle
    """
    from rich.text import Text

    from firmware.trust.difference import difference

    before, after = _look_into(old)[0], _look_into(new)[0]
    found = difference(before, after)
    console = console_of_tables()
    frames = list(zip(_frame(before.public, zone), _frame(after.public, zone), strict=True))
    for was, now in frames:
        if was != now:
            console.print(Text(f"- {was}", style="red"), Text(f"+ {now}", style="green"), sep="\n")
    marked = [("-", "red", line) for line in found.removed]
    marked += [("+", "green", line) for line in found.added]
    shown = marked if show_all else marked[:_LINES_SHOWN]
    for mark, style, line in shown:
        console.print(Text(f"{mark} {_words(line, zone)}", style=style), soft_wrap=True)
    if left := len(marked) - len(shown):
        console.print(f"and {left} more; --all prints them")
    console.print(f"{len(found.added)} lines more, {len(found.removed)} fewer")
    sys.exit(EXIT_REFUSED if found or any(was != now for was, now in frames) else EXIT_OK)


def console_of_tables() -> Console:
    """Standard output; wide enough for a table where it is no terminal."""
    from rich.console import Console

    return Console(
        width=None if sys.stdout.isatty() else _WIDTH_WHERE_NO_TERMINAL,
        highlight=False,
        emoji=False,
        markup=False,
    )


def _look_into(path: Path) -> tuple[TrustList, tuple[bytes, ...]]:
    try:
        return look_into(bundle_bytes(path))
    except BundleError as error:
        raise click.ClickException(f"{path}: {error}.") from None


def _now(at: datetime | None, zone: ZoneInfo) -> WallTime:
    return WallTime((unix_s(at, zone) if at else int(time.time())) * 1000)


def _head(
    console: Console,
    public: PublicTrust,
    signers: tuple[bytes, ...],
    now: WallTime,
    zone: ZoneInfo,
) -> None:
    age_days = (now.unix_s - public.created_s) / SECONDS_PER_DAY
    aged = f"{age_days:.1f} days ago" if age_days >= 0 else f"in {-age_days:.1f} days"
    style, words = _STANDINGS[public.standing(now)]
    version, created, expires = _frame(public, zone)
    console.print(version)
    console.print(f"{created}, {aged}")
    console.print(expires)
    console.print(f"signed by  {', '.join(kid.hex() for kid in signers) or 'nobody'}")
    console.print(f"standing   {words}", style=style)


def _frame(public: PublicTrust, zone: ZoneInfo) -> tuple[str, str, str]:
    """What a bundle says of itself."""
    return (
        f"version    {public.version}",
        f"created    {_moment(public.created_s, zone)}",
        f"expires    {_moment(public.expires_s, zone)}",
    )


def _count(console: Console, trust: TrustList) -> None:
    """How many lines of each format and issuer."""
    from rich import box
    from rich.table import Table

    from firmware.trust.difference import lines

    table = Table("format", "issuer", box=box.SIMPLE_HEAD)
    table.add_column("how many", justify="right")
    counted = Counter((line.format, line.issuer) for line in lines(trust))
    for (form, issuer), count in sorted(counted.items()):
        table.add_row(form, issuer or "-", str(count))
    console.print(table)


def _words(line: Line, zone: ZoneInfo) -> str:
    """One line, with times as people read them, and the end of the key."""
    window = ""
    if (line.from_s, line.until_s) != (0, TIME_S_END):
        window = f"{_moment(line.from_s, zone)} to {_moment(line.until_s, zone)}"
    said = "; ".join(part for part in (line.what, window, line.key[-_KEY_CHARS_SHOWN:]) if part)
    return f"{line.format:<13} {line.issuer or '-'} {line.id} {said}"


def _moment(second: int, zone: ZoneInfo) -> str:
    if second in (0, TIME_S_END):
        return "ever"
    return datetime.fromtimestamp(second, UTC).astimezone(zone).isoformat(timespec="minutes")
