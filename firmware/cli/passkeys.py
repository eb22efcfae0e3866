"""`gate pass keygen`, `rotate` and `status`: an office's keys through their life."""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from firmware.cli.moments import duration
from firmware.cli.passoptions import (
    FILE,
    KINDS,
    gate_trust,
    issuer_of,
    key_option,
    new_passphrase,
    open_signer,
    signer_option,
    told,
    trust_option,
    zone_option,
)
from firmware.office import books, trustfile
from firmware.office.errors import OfficeError
from firmware.office.signer import CommandSigner, create_key_file
from gate.credential.native import START_LEEWAY_S
from gate.credential.signer import Signer
from gate.credential.trust import TrustList
from gate.walltime import SECONDS_PER_DAY, TIME_S_END

STATUS_AGE_WARN_S = 7 * SECONDS_PER_DAY


def _s(span: timedelta | None) -> int:
    return int(span.total_seconds()) if span else 0


def _without(no_passphrase: bool) -> bytes | None:
    return None if no_passphrase else new_passphrase()


@click.command()
@key_option
@signer_option
@click.option("--name", required=True, help="The issuer's name in records.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(KINDS),
    multiple=True,
    default=KINDS,
    show_default=True,
    help="What the key may issue; may be repeated.",
)
@click.option("--trust", "trust_path", type=FILE, help="Append the issuer to this trust file.")
@click.option("--no-passphrase", is_flag=True, help="Leave the private key unencrypted.")
def keygen(
    key_path: Path,
    signer_command: str | None,
    name: str,
    kinds: tuple[str, ...],
    trust_path: Path | None,
    no_passphrase: bool,
) -> None:
    """Make an office's key.

    The passphrase is asked for, or taken from GATE_PASSPHRASE. Prints the [[issuer]] block
    that every gate needs, or appends it to a trust file with --trust.

    With --signer-command no key is made: the program has one already, and only the books are
    begun beside the name that --key gives.

    \b
    Examples:
      gate pass keygen --name "Example hall" --trust trust.toml
      gate pass keygen --name "Visitors' desk" --kind visitor --key desk.key
    """
    if not name.strip():
        raise click.BadParameter("an issuer needs a name.", param_hint="--name")
    if trust_path is not None and trust_path.exists():
        gate_trust(trust_path)
    with told():
        signer = _new_signer(key_path, signer_command, no_passphrase)
        if trust_path is None:
            block = trustfile.issuer_block(signer, name, kinds, books.status_file(key_path).name)
            click.echo(block, nl=False)
            return
        block = trustfile.issuer_block(signer, name, kinds, _relative(key_path, trust_path))
        before = trustfile.read_trust_text(trust_path)
        trustfile.replace_trust(trust_path, trustfile.with_block(before, block))
        click.echo(f"{key_path} made; {trust_path} now trusts {name}.")


@click.command()
@key_option
@signer_option
@trust_option
@click.option(
    "--new-key", "new_path", type=FILE, required=True, help="Where the new private key goes."
)
@click.option(
    "--new-signer-command", metavar="COMMAND", help="A program that has the new private key."
)
@click.option(
    "--overlap",
    type=duration,
    metavar="TIME",
    help="Let the old key verify at least so long, even where its passes run out before.",
)
@click.option("--no-passphrase", is_flag=True, help="Leave the new private key unencrypted.")
@zone_option
def rotate(
    key_path: Path,
    signer_command: str | None,
    trust_path: Path,
    new_path: Path,
    new_signer_command: str | None,
    overlap: timedelta | None,
    no_passphrase: bool,
    zone: ZoneInfo,
) -> None:
    """Put a new key beside the old one.

    From now on the new key issues, and the old one only verifies and revokes. The trust file gets
    both: the new key from now, the old one until its last pass has run out. Bring the file to
    every gate before the new key's first pass is used. When the old window is over, its block and
    its files may go.

    \b
    Example:
      gate pass rotate --new-key office-2027.key
      export GATE_PASS_KEY=office-2027.key
    """
    trust = gate_trust(trust_path)
    now_s = int(time.time())
    with told():
        old = open_signer(key_path, signer_command)
        issuer = issuer_of(trust, old, trust_path)
        if after := books.successor_of(key_path):
            raise OfficeError(f"{key_path} has a successor already: {after}")
        count = books.read_count(key_path)
        until_s = max(count.until_s, now_s + _s(overlap)) + START_LEEWAY_S
        new = _new_signer(new_path, new_signer_command, no_passphrase)
        text = trustfile.with_end(
            trustfile.read_trust_text(trust_path), old, min(until_s, issuer.not_after_s)
        )
        kinds = tuple(kind for kind in KINDS if kind in issuer.kinds)
        block = trustfile.issuer_block(
            new, issuer.name, kinds, _relative(new_path, trust_path), now_s
        )
        trustfile.replace_trust(trust_path, trustfile.with_block(text, block))
        books.retire(key_path, new_path)
    end = datetime.fromtimestamp(min(until_s, issuer.not_after_s), zone).isoformat()
    click.echo(f"{new_path} issues from now on; {key_path} verifies until {end}.")
    click.echo(f"Bring {trust_path} and {books.status_file(new_path)} to every gate.")


@click.command("status")
@key_option
@trust_option
@zone_option
def status_(key_path: Path, trust_path: Path, zone: ZoneInfo) -> None:
    """Say what was issued and revoked, and how old the lists are.

    Needs no private key: it reads the office's counter and what a gate would read.
    """
    trust = gate_trust(trust_path)
    now_s = int(time.time())
    with told():
        count = books.read_count(key_path)
        after = books.successor_of(key_path)
    click.echo(f"{key_path}")
    click.echo(f"  issued     {count.issued}, and {count.left} are left")
    if count.until_s:
        ends = "ran out" if count.until_s <= now_s else "runs out"
        click.echo(f"  last pass  {ends} {_when(count.until_s, zone)}")
    if after:
        click.echo(f"  issues     no more: {after} took its place")
    for key in trust.keys.values():
        click.echo(f"{key.name}, key {key.kid.hex()}, in {trust_path}")
        click.echo(f"  kinds      {', '.join(kind for kind in KINDS if kind in key.kinds)}")
        if key.not_before_s:
            click.echo(f"  from       {_when(key.not_before_s, zone)}")
        if key.not_after_s != TIME_S_END:
            click.echo(f"  until      {_when(key.not_after_s, zone)}")
        click.echo(f"  revoked    {_revoked(trust, key.kid, now_s, zone)}")


def _revoked(trust: TrustList, kid: bytes, now_s: int, zone: ZoneInfo) -> str:
    status = trust.status.get(kid)
    if status is None:
        return "nothing; the key has no status list"
    count = int.from_bytes(status.bits).bit_count()
    old = now_s - status.issued_at_s
    aged = f", {old // SECONDS_PER_DAY} days old" if old >= STATUS_AGE_WARN_S else ""
    return f"{count}, by the list of {_when(status.issued_at_s, zone)}{aged}"


def _when(unix_s: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(unix_s, zone).isoformat()


def _new_signer(path: Path, command: str | None, no_passphrase: bool) -> Signer:
    """A new key, or the program's, with its books begun."""
    books.refuse_to_overwrite(path)
    if command is not None:
        signer: Signer = CommandSigner(command)
    else:
        signer = create_key_file(path, _without(no_passphrase))
    books.open_books(path, signer, int(time.time()))
    return signer


def _relative(key_path: Path, trust_path: Path) -> str:
    status = books.status_file(key_path).resolve()
    return os.path.relpath(status, trust_path.resolve().parent)
