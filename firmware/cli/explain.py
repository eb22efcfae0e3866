"""`gate credential explain`: what a code is, and what of it holds."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware.cli.exits import EXIT_REFUSED
from firmware.cli.moments import moment, zone_option
from firmware.moments import unix_s

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from firmware.explain.finding import Explanation
    from gate.credential.trust import TrustList
    from gate.rules.ruleset import RuleSet
    from gate.walltime import WallTime

_FILE = click.Path(dir_okay=False, path_type=Path)
_TEXT_WIDTH = 100
"""Where the output is no terminal."""


@click.command("explain")
@click.argument("sources", metavar="FILE|TEXT|-...", nargs=-1, required=True)
@click.option(
    "--trust",
    "trust_path",
    type=_FILE,
    envvar="GATE_TRUST",
    show_envvar=True,
    help="The gate's trust file.  [default: trust.toml where it is there; else nobody is known]",
)
@click.option(
    "--bundle",
    "bundle_path",
    type=_FILE,
    envvar="GATE_BUNDLE",
    show_envvar=True,
    help="A bundle of public issuers, as `gate trust compile` makes it. Needs --roots.",
)
@click.option(
    "--roots",
    "roots_path",
    type=_FILE,
    envvar="GATE_ROOTS",
    show_envvar=True,
    help="The pinned root keys that the bundle must be signed by.",
)
@click.option(
    "--rules",
    "rule_paths",
    type=_FILE,
    multiple=True,
    help="The site's health rules; may be repeated.",
)
@click.option(
    "--at", type=moment, metavar="TIME", help="Judge the code at this moment instead of now."
)
@zone_option
@click.option("--show", "shows", is_flag=True, help="Do not mask personal data.")
@click.option("--json", "as_json", is_flag=True, help="For machines, masked likewise.")
def explain(
    sources: tuple[str, ...],
    trust_path: Path | None,
    bundle_path: Path | None,
    roots_path: Path | None,
    rule_paths: tuple[Path, ...],
    at: datetime | None,
    zone: ZoneInfo,
    shows: bool,
    as_json: bool,
) -> int:
    """Say what a code is, who signed it, and what of it holds.

    FILE is a picture (PNG, JPEG) or a file that holds the text of a code; TEXT is that text, in
    single quotes. A SMART Health Card in parts takes all of them, in any order. Nothing is
    sent anywhere, and no address in a code is followed.

    Names, birth dates and numbers of people are masked, and so is every field that we do not
    know to be harmless. Without a trust file or a bundle that names its key, the signer is not
    known here: what the code says is shown, and nothing of it is proven.

    \b
    Examples:
      gate credential explain photo.jpg
      gate credential explain 'GP1:…' --trust /etc/gate/trust.toml
      gate credential explain part1.png part2.png
      gate credential explain code.txt --bundle gate-trust.bundle --roots roots.toml
      gate credential explain - --json < code.txt | jq .reason

    \b
    Exit codes:
      0  it holds
      1  no code could be got from what was named, or a file is missing or damaged
      2  the command was written wrongly
      3  it is refused, or by the rules does not admit; the first lines say why
    """
    from firmware.explain.finding import Answer
    from firmware.explain.finding import explain as explained
    from firmware.explain.sources import payload_of
    from firmware.formats import installed_formats

    if (bundle_path is None) != (roots_path is None):
        raise click.UsageError("--bundle and --roots go together.")
    formats = installed_formats()
    payload = payload_of(sources, sys.stdin.buffer, formats)
    with _told():
        trust = _trust(trust_path)
        if bundle_path is not None and roots_path is not None:
            trust = _with_bundle(trust, bundle_path, roots_path)
        rule_sets = _rules(rule_paths)
    found = explained(
        payload, trust, _now(at, zone), rule_sets=rule_sets, show=shows, formats=formats
    )
    if as_json:
        _print_json(found)
    else:
        _print(found, zone, masked=not shows)
    return 0 if found.answer is Answer.HOLDS and not found.is_barred else EXIT_REFUSED


def _now(at: datetime | None, zone: ZoneInfo) -> WallTime:
    from gate.walltime import WallTime

    seconds = unix_s(at, zone) if at else int(time.time())
    offset = datetime.fromtimestamp(seconds, zone).utcoffset()
    return WallTime(seconds * 1000, int(offset.total_seconds()) if offset else 0)


def _trust(path: Path | None) -> TrustList:
    """Of the site's own issuers."""
    from drivers.trust.store import load_trust
    from gate.credential.trust import trust_list

    usual = Path("trust.toml")
    if path is None and not usual.is_file():
        return trust_list(())
    return load_trust(path or usual)


def _with_bundle(site: TrustList, bundle_path: Path, roots_path: Path) -> TrustList:
    """With the public issuers. The bundle is judged by this machine's clock, whatever --at says."""
    from drivers.trust.roots import load_roots
    from drivers.trust.store import DEVICE
    from drivers.wholefile import read_whole
    from gate.credential.bundle import BUNDLE_BYTES_MAX, BundleError, Held, read_bundle
    from gate.walltime import WallTime

    roots = load_roots(roots_path)
    data = read_whole(bundle_path, BUNDLE_BYTES_MAX, DEVICE)
    try:
        bundle = read_bundle(data, roots, Held(), WallTime(int(time.time()) * 1000))
    except BundleError as error:
        raise click.ClickException(f"{bundle_path}: {error}.") from None
    return bundle.beside(site)


def _rules(paths: tuple[Path, ...]) -> tuple[RuleSet, ...]:
    from drivers.rulestore import load_all_rules

    return load_all_rules(paths)


@contextmanager
def _told() -> Iterator[None]:
    """What can be wrong with a file, in one sentence and with exit code 1."""
    from drivers.api import DriverError

    try:
        yield
    except DriverError as error:
        raise click.ClickException(f"{error.message}.") from None


def _print(found: Explanation, zone: ZoneInfo, *, masked: bool) -> None:
    from rich.console import Console

    from firmware.explain.view import show

    width = None if sys.stdout.isatty() else _TEXT_WIDTH
    console = Console(width=width, highlight=False, emoji=False, markup=False)
    show(found, console, zone, masked=masked)


def _print_json(found: Explanation) -> None:
    """ASCII alone: what a code holds must not reach a terminal as it is."""
    import json

    import msgspec

    click.echo(json.dumps(msgspec.to_builtins(found), indent=2))
