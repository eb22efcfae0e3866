"""`gate pass issue`, `verify`, `revoke` and `print`: one pass at a time."""

import re
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from msgspec.structs import replace

from firmware.cli.moments import duration, moment
from firmware.cli.passoptions import (
    KINDS,
    gate_trust,
    key_option,
    open_signer,
    payload_of,
    picture_options,
    show,
    signer_option,
    told,
    trust_option,
    write_pictures,
    zone_option,
)
from firmware.moments import unix_s
from firmware.office import books
from firmware.office.window import Wish, window_of
from gate.credential import holderkey, proof
from gate.credential.model import Credential, CredentialError, CredentialKind
from gate.credential.native import (
    DOSES_MAX,
    GROUP_MAX,
    PREFIX,
    PassClaims,
    check_claims,
    issue,
    status_index_of,
)
from gate.credential.signer import Signer
from gate.credential.verify import verify
from gate.walltime import WallTime

EXIT_REFUSED = 3


def _holder_key(value: str) -> bytes:
    """`GPK1:…`, as the holder's phone shows it."""
    try:
        return holderkey.from_text(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


@click.command("issue")
@click.argument("kind", type=click.Choice(KINDS))
@key_option
@signer_option
@click.option(
    "--for",
    "lasts",
    type=duration,
    help="How long: 90m, 8h, 30d.  [default: visitor 1d, appointment 1h, staff 365d]",
)
@click.option(
    "--until", type=moment, metavar="TIME", help="The moment at which it ends, instead of --for."
)
@click.option("--not-before", type=moment, metavar="TIME", help="Start of a visitor's or staff's.")
@click.option("--at", type=moment, metavar="TIME", help="Appointment: the time agreed on.")
@click.option("--early", type=duration, metavar="TIME", help="Let in so much before --at.")
@click.option("--late", type=duration, metavar="TIME", help="Let in so much after --at.")
@click.option(
    "--window", metavar="TIME/TIME", help="Appointment: first and last moment, instead of --at."
)
@click.option("--doses", type=click.IntRange(0, DOSES_MAX), help="Vaccine doses attested.")
@click.option(
    "--group",
    type=click.IntRange(1, GROUP_MAX),
    default=1,
    show_default=True,
    help="People admitted together.",
)
@click.option("--duress", is_flag=True, help="Staff: admits, and raises a silent alarm.")
@click.option(
    "--holder-key",
    type=_holder_key,
    metavar="GPK1:…",
    help="Staff: bind the badge to this phone's key; it is then shown live.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print the text only, no QR code.")
@zone_option
@picture_options
def issue_(
    kind: str,
    key_path: Path,
    signer_command: str | None,
    lasts: timedelta | None,
    until: datetime | None,
    not_before: datetime | None,
    at: datetime | None,
    early: timedelta | None,
    late: timedelta | None,
    window: str | None,
    doses: int | None,
    group: int,
    duress: bool,
    holder_key: bytes | None,
    quiet: bool,
    zone: ZoneInfo,
    png: Path | None,
    svg: Path | None,
    scale: int,
) -> None:
    """Issue a pass and print it as text and as a QR code.

    An appointment admits from some minutes before its time until some after it: 15 and 45 unless
    --early and --late say otherwise.

    \b
    Examples:
      gate pass issue visitor --for 8h --png visitor.png
      gate pass issue appointment --at 2026-12-01T09:00 --early 10m --late 30m
      gate pass issue appointment --window 2026-12-01T09:00/2026-12-01T10:30
      gate pass issue staff --until 2027-06-30
    """
    with told():
        wish = Wish(
            start_s=unix_s(not_before, zone) if not_before else None,
            until_s=unix_s(until, zone) if until else None,
            lasts=lasts,
            at_s=unix_s(at, zone) if at else None,
            early=early,
            late=late,
            window=_moments(window, zone) if window else None,
        )
        start_s, until_s = window_of(CredentialKind(kind), int(time.time()), wish)
    draft = PassClaims(
        CredentialKind(kind), 0, until_s, start_s, doses, group, duress, holder_key or b""
    )
    try:
        check_claims(draft)  # before a number is spent on it
    except ValueError as error:
        raise click.UsageError(f"No such pass: {error}.") from None
    signer = open_signer(key_path, signer_command)
    with told():
        (number,) = books.take_numbers(key_path, 1, until_s)
        text = issue(replace(draft, status_index=number), signer)
        click.echo(text)
        if not quiet:
            show(text)
        write_pictures(text, png, svg, scale)


def _moments(window: str, zone: ZoneInfo) -> tuple[int, int]:
    first, slash, last = window.partition("/")
    if not slash:
        raise click.BadParameter(
            "a window is two times with a slash between them, like "
            "2026-12-01T09:00/2026-12-01T10:30.",
            param_hint="--window",
        )
    return unix_s(moment(first), zone), unix_s(moment(last), zone)


@click.command("verify")
@click.argument("source", metavar="TEXT|-|FILE")
@trust_option
@click.option("--at", type=moment, metavar="TIME", help="Judge it at this moment instead of now.")
@zone_option
def verify_(source: str, trust_path: Path, at: datetime | None, zone: ZoneInfo) -> None:
    """Say what a pass is, who signed it and what holds.

    TEXT needs single quotes: a pass may contain spaces and $. With - it is read from standard
    input. Exit code 0: the pass holds; 3: it is refused, and the reason is printed.
    """
    trust = gate_trust(trust_path)
    at_s = unix_s(at, zone) if at else int(time.time())
    try:
        credential = verify(payload_of(source), trust, WallTime(at_s * 1000))
    except CredentialError as error:
        click.echo(f"refused: {error}", err=True)
        sys.exit(EXIT_REFUSED)
    for label, value in _facts(credential, zone):
        click.echo(f"{label:<10} {value}")


@click.command("revoke")
@click.argument("which", metavar="NUMBER|TEXT…", nargs=-1, required=True)
@key_option
@signer_option
def revoke_(which: tuple[str, ...], key_path: Path, signer_command: str | None) -> None:
    """Take passes back, by their numbers or their texts.

    Writes one newer status list beside the key; bring that file to every gate. All of them are
    revoked, or none.
    """
    signer = open_signer(key_path, signer_command)
    numbers = [
        int(one) if re.fullmatch(r"[0-9]{1,9}", one) else _number_of(one, signer) for one in which
    ]
    with told():
        status = books.revoke_numbers(key_path, signer, numbers, int(time.time()))
    named = ", ".join(map(str, numbers))
    verb = "Pass {} is" if len(numbers) == 1 else "Passes {} are"
    click.echo(f"{verb.format(named)} revoked; bring {status} to every gate.")


@click.command("print")
@click.argument("source", metavar="TEXT|-|FILE")
@picture_options
def print_(source: str, png: Path | None, svg: Path | None, scale: int) -> None:
    """Draw the QR code of a pass: in the terminal, or as PNG or SVG."""
    text = payload_of(source).decode("ascii", "replace")
    if not text.startswith(PREFIX):
        raise click.ClickException(f"This is no pass: a pass starts with {PREFIX}")
    with told():
        if png is None and svg is None:
            show(text)
        write_pictures(text, png, svg, scale)


def _number_of(text: str, signer: Signer) -> int:
    """The status index of one of the key's own passes, whatever its times."""
    data = payload_of(text)
    try:
        return status_index_of(proof.pass_of(data), signer)
    except CredentialError as error:
        raise click.ClickException(f"This is no pass of this key: {error}.") from None


def _facts(credential: Credential, zone: ZoneInfo) -> list[tuple[str, object]]:
    """What a technician wants to know of a pass that holds."""
    start_s = credential.valid_from_s
    end = datetime.fromtimestamp(credential.valid_until_s, zone)
    facts: list[tuple[str, object]] = [
        ("kind", credential.kind),
        ("issuer", credential.issuer),
        ("pass", credential.holder),
        ("from", datetime.fromtimestamp(start_s, zone).isoformat() if start_s else "any time"),
        ("until", end.isoformat()),
        ("doses", "not stated" if credential.doses is None else credential.doses),
        ("admits", f"{credential.group}, {'once' if credential.one_time else 'many times'}"),
    ]
    if credential.duress:
        facts.append(("duress", "yes: raises a silent alarm"))
    return facts
