"""`gate trust compile`: from a recipe to a signed bundle."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware.cli.passoptions import FILE, told
from firmware.cli.trustshow import console_of_tables
from firmware.cli.trustsign import bundle_bytes, open_root
from gate.credential.bundle.limits import VERSION_END
from gate.walltime import SECONDS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from firmware.trust.compile import Advance, Compiled
    from gate.credential.signer import Signer
    from gate.credential.trust import TrustList

_QUARANTINED_SHOWN = 40
"""Lines of the table; `--all` prints every one."""


@click.command("compile")
@click.argument("recipe_path", metavar="RECIPE.toml", type=FILE)
@click.option(
    "--output",
    "output_path",
    type=FILE,
    default="gate-trust.bundle",
    show_default=True,
    help="The bundle. The one that is there gives the version, and what is compared with.",
)
@click.option(
    "--key",
    "key_paths",
    type=FILE,
    multiple=True,
    default=("root.key",),
    envvar="GATE_TRUST_KEY",
    show_default=True,
    show_envvar=True,
    help="A root key that signs it; may be repeated.",
)
@click.option(
    "--signer-command",
    "signer_commands",
    metavar="COMMAND",
    multiple=True,
    help="A program that has a root key, instead of --key; may be repeated.",
)
@click.option(
    "--version",
    "version",
    type=click.IntRange(1, VERSION_END - 1),
    help="Higher than that of --output.  [default: one more]",
)
@click.option("--all", "show_all", is_flag=True, help="Print every key that was quarantined.")
@click.option("-q", "--quiet", is_flag=True, help="Print no tables.")
@click.pass_context
def compile_(
    context: click.Context,
    recipe_path: Path,
    output_path: Path,
    key_paths: tuple[Path, ...],
    signer_commands: tuple[str, ...],
    version: int | None,
    show_all: bool,
    quiet: bool,
) -> None:
    """Compile key lists into one signed bundle.

    RECIPE.toml names the sources: key lists of the EU and the WHO, of SMART Health Cards, CSCA and
    signers of VDS-NC, keys of W3C credentials, the site's own issuers, and what was revoked. All of
    them are files; nothing is fetched, and the signatures of the lists are not checked: bring what
    you know to be genuine. docs/how-to/compile-a-trust-list.md shows every kind.

    The bundle at --output is replaced; one that gates would refuse after it is not written.

    A key that can't be taken is quarantined and told with its reason; the others are taken. A
    source that is not there, or gives no key at all, stops the whole.

    \b
    Examples:
      gate trust compile recipe.toml
      gate trust compile recipe.toml --key root.key --key second.key
      gate trust compile recipe.toml --output /media/stick/gate-trust.bundle
    """
    from drivers.wholefile import write_atomic
    from firmware.trust.compile import Stamp, compile_trust
    from firmware.trust.recipe import load_recipe
    from gate.credential.bundle import BundleError, check_successor, encode, sign

    with told():
        recipe = load_recipe(recipe_path)
    if not (recipe.hcert or recipe.shc or recipe.vds or recipe.vc or recipe.own):
        raise click.UsageError(f"{recipe_path} names no source of keys.")
    before = _before(output_path)
    signers = _signers(context, key_paths, signer_commands)
    created_s = int(time.time())
    stamp = Stamp(
        version or (before.public.version + 1 if before else 1),
        created_s,
        created_s + recipe.lasts_days * SECONDS_PER_DAY,
    )
    console = console_of_tables()
    with told(), _progress(console, hidden=quiet) as advance:
        compiled = compile_trust(recipe, recipe_path.parent, stamp, advance)
    try:
        if before is not None:
            check_successor(compiled.trust, before)
        with told():
            write_atomic(output_path, sign(encode(compiled.trust), signers))
    except BundleError as error:
        raise click.ClickException(f"{error}.") from None
    if not quiet:  # once it is written: nobody need read this to its end
        _tell(console, compiled, before, every=show_all)
    _caution(before, compiled.trust)
    keys = {signer.public_key().public_bytes_raw() for signer in signers}
    click.echo(f"{output_path}: version {stamp.version}, signed by {len(keys)}.")


def _signers(
    context: click.Context, paths: tuple[Path, ...], commands: tuple[str, ...]
) -> list[Signer]:
    """Programs alone, where nobody named a file too."""
    default = context.get_parameter_source("key_paths") is click.core.ParameterSource.DEFAULT
    files = () if commands and default else paths
    return [
        *(open_root(path, None) for path in files),
        *(open_root(Path(), command) for command in commands),
    ]


def _caution(before: TrustList | None, after: TrustList) -> None:
    """An issuer was left out whose passes some are revoked: a site may name it all the same."""
    for kid in sorted(before.status.keys() - after.keys.keys() if before else ()):
        click.echo(
            f"Issuer {kid.hex()} and its status list are no longer in it: a gate whose own trust "
            "file names that issuer refuses this bundle, unless the file has a list as new.",
            err=True,
        )


def _before(path: Path) -> TrustList | None:
    from gate.credential.bundle import BundleError, look_into

    if not path.exists():
        return None
    try:
        return look_into(bundle_bytes(path))[0]
    except BundleError as error:
        raise click.ClickException(
            f"{path} is there and no bundle: {error}; give another --output."
        ) from None


@contextlib.contextmanager
def _progress(console: Console, *, hidden: bool) -> Iterator[Advance]:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.completed} keys"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=hidden or not console.is_terminal,
    ) as progress:
        tasks = {}

        def advance(name: str, count: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=None)
            progress.update(tasks[name], completed=count)

        yield advance


def _tell(console: Console, compiled: Compiled, before: TrustList | None, *, every: bool) -> None:
    from rich import box
    from rich.table import Table

    from firmware.trust.difference import difference

    table = Table("format", box=box.SIMPLE_HEAD)
    for name in ("offered", "taken", "again", "quarantined"):
        table.add_column(name, justify="right")
    for tally in compiled.tallies:
        numbers = (tally.offered, tally.taken, tally.again, tally.quarantined)
        table.add_row(tally.format, *map(str, numbers), style="yellow" if tally.quarantined else "")
    console.print(table)
    shown = compiled.quarantined if every else compiled.quarantined[:_QUARANTINED_SHOWN]
    if shown:
        reasons = Table("quarantined", "file", "why", box=box.SIMPLE_HEAD)
        for each in shown:
            reasons.add_row(each.label, Path(each.origin).name, each.why)
        console.print(reasons)
    if left := len(compiled.quarantined) - len(shown):
        console.print(f"and {left} more; --all prints them")
    if before is not None:
        changed = difference(before, compiled.trust)
        console.print(
            f"Against version {before.public.version}: {len(changed.added)} lines more, "
            f"{len(changed.removed)} fewer; `gate trust diff` tells which."
        )
