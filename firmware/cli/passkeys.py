"""`gate pass keygen`, `show-key`, `rotate` and `status`: an office's keys through their life."""

import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from firmware.cli.moments import duration, zone_option
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
)
from firmware.office import books, rotation, trustfile
from firmware.office.errors import OfficeError
from firmware.office.signer import CommandSigner, NewKey, new_key
from gate.credential.trust import TrustList
from gate.walltime import SECONDS_PER_DAY, TIME_S_END

STATUS_AGE_WARN_S = 7 * SECONDS_PER_DAY

_name_option = click.option("--name", required=True, help="The issuer's name in records.")
_kind_option = click.option(
    "--kind",
    "kinds",
    type=click.Choice(KINDS),
    multiple=True,
    default=KINDS,
    show_default=True,
    help="What the key may issue; may be repeated.",
)


@click.command()
@key_option
@signer_option
@_name_option
@_kind_option
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
    name = _named(name)
    if trust_path is not None and trust_path.exists():
        gate_trust(trust_path)
    with told():
        books.refuse_to_overwrite(key_path)
        key = _new_key(signer_command, no_passphrase)
        if trust_path is None:
            status = books.status_file(key_path).name
            block = trustfile.issuer_block(key.signer, name, kinds, status)
            books.open_books(key_path, key.signer, int(time.time()), key.sealed)
            click.echo(block, nl=False)
            return
        status = trustfile.status_of(key_path, trust_path)
        block = trustfile.issuer_block(key.signer, name, kinds, status)
        bare = trustfile.issuer_block(key.signer, name, kinds)
        with trustfile.changing(trust_path):
            before = trustfile.read_trust_text(trust_path)
            # Tried while nothing is written; the status list is not there yet.
            trustfile.try_trust(trust_path, trustfile.with_block(before, bare))
            books.open_books(key_path, key.signer, int(time.time()), key.sealed)
            try:
                trustfile.replace_trust(trust_path, trustfile.with_block(before, block))
            except (OSError, OfficeError) as error:
                raise OfficeError(
                    f"{key_path} is made, but {trust_path} is as it was: {error}; put in what "
                    "`gate pass show-key` prints"
                ) from None
        click.echo(f"{key_path} made; {trust_path} now trusts {name}.")


@click.command("show-key")
@key_option
@signer_option
@_name_option
@_kind_option
def show_key(key_path: Path, signer_command: str | None, name: str, kinds: tuple[str, ...]) -> None:
    """Print the [[issuer]] block of a key that is there.

    For a trust file that lost it or never had it. Its status list is named as if it lay beside
    that file.

    \b
    Example:
      gate pass show-key --name "Example hall" >> trust.toml
    """
    name = _named(name)
    signer = open_signer(key_path, signer_command)
    with told():
        status = books.status_file(key_path).name
        click.echo(trustfile.issuer_block(signer, name, kinds, status), nl=False)


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
    help="Let the old key verify at least so long, even where its passes run out before. Where its "
    "counter was written by hand, this is its end.",
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

    The old key stays until then, because it alone revokes its passes (`gate pass revoke --key`)
    and renews links that were sent (`gate pass serve`, which has read its keys when it started:
    start it anew with both, the new one first).

    A rotation that was cut off goes on when the same command is given again.

    \b
    Example:
      gate pass rotate --new-key office-2027.key
      export GATE_PASS_KEY=office-2027.key
      gate pass revoke --key office.key 1a2b3c4d:17
      gate pass serve --key office-2027.key --key office.key
    """
    trust = gate_trust(trust_path)
    with told():
        old = open_signer(key_path, signer_command)
        issuer = issuer_of(trust, old, trust_path)
        again = rotation.is_begun(key_path, new_path, trust)
        if again and new_signer_command is None and new_path.exists():
            new = NewKey(open_signer(new_path, None), None)
        else:
            new = _new_key(new_signer_command, no_passphrase)
        now_s = int(time.time())
        end_s = rotation.carry_out(
            rotation.Rotation(key_path, old, issuer, new_path, new, trust_path, again),
            now_s,
            now_s + int(overlap.total_seconds()) if overlap else None,
        )
    if end_s is None:
        click.echo(
            f"{new_path} issues from now on; {key_path} verifies until you end it, because its "
            "counter was written by hand and nobody knows when its last pass runs out."
        )
    else:
        click.echo(
            f"{new_path} issues from now on; {key_path} verifies until {_when(end_s, zone)}."
        )
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
    if count.until_s is None:
        click.echo("  last pass  nobody knows: the counter was written by hand")
    elif count.until_s:
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


def _named(name: str) -> str:
    if not name.strip():
        raise click.BadParameter("an issuer needs a name.", param_hint="--name")
    return name


def _new_key(command: str | None, no_passphrase: bool) -> NewKey:
    """A key that is not written yet, or the program's."""
    if command is not None:
        return NewKey(CommandSigner(command), None)
    return new_key(None if no_passphrase else new_passphrase())
