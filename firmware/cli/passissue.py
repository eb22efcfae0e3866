"""`gate pass issue`, `verify`, `revoke` and `print`: one pass at a time."""

import os
import re
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from msgspec.structs import replace

from firmware.cli.exits import EXIT_REFUSED
from firmware.cli.moments import duration, ending, moment, zone_option
from firmware.cli.passoptions import (
    FILE,
    KINDS,
    gate_trust,
    issuer_of,
    key_option,
    open_signer,
    payload_of,
    picture_options,
    show,
    signer_option,
    told,
    trust_option,
)
from firmware.cli.passoutputs import check_outputs, files_of, spent, write_pictures
from firmware.moments import unix_s
from firmware.office import books
from firmware.office.errors import OfficeError
from firmware.office.window import Wish, refusal, window_of
from gate.credential import holderkey, proof
from gate.credential.model import Credential, CredentialError, CredentialKind
from gate.credential.native import (
    DOSES_MAX,
    GROUP_MAX,
    PREFIX,
    PassClaims,
    check_claims,
    issue,
    read,
    status_index_of,
)
from gate.credential.signer import Signer
from gate.credential.trust import key_id
from gate.credential.verify import FORMATS, verify
from gate.reasons import Reason
from gate.walltime import WallTime

_NO_FILE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9+-]*:|www\.", re.IGNORECASE)
"""What a code of some format starts with, known or not, and no file's name does."""


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
    "--until", type=ending, metavar="TIME", help="When it ends, instead of --for; a day is whole."
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
@click.option(
    "--trust",
    "trust_path",
    type=FILE,
    envvar="GATE_TRUST",
    show_envvar=True,
    help="The gates' trust file: no pass that they refuse is issued.  [default: trust.toml beside "
    "the key, if it is there]",
)
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
    trust_path: Path | None,
    zone: ZoneInfo,
    png: Path | None,
    svg: Path | None,
    scale: int,
) -> None:
    """Issue a pass and print it as text and as a QR code.

    An appointment admits from some minutes before its time until some after it: 15 and 45 unless
    --early and --late say otherwise. An end without a time, as in --until 2027-06-30, is the end
    of that day.

    What no gate would take is not issued. Pictures are for you alone to read: whoever has a pass
    can use it.

    \b
    Examples:
      gate pass issue visitor --for 8h --png visitor.png
      gate pass issue appointment --at 2026-12-01T09:00 --early 10m --late 30m
      gate pass issue appointment --window 2026-12-01T09:00/2026-12-01T10:30
      gate pass issue staff --until 2027-06-30
    """
    now_s = int(time.time())
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
        start_s, until_s = window_of(CredentialKind(kind), now_s, wish)
        check_outputs([png, svg], [*files_of(key_path), *([trust_path] if trust_path else [])])
    draft = PassClaims(
        CredentialKind(kind), 0, until_s, start_s, doses, group, duress, holder_key or b""
    )
    try:
        check_claims(draft)  # before a number is spent on it
    except ValueError as error:
        raise click.UsageError(f"No such pass: {error}.") from None
    signer = open_signer(key_path, signer_command)
    with told():
        _check_taken(draft, key_path, signer, trust_path, now_s)
        numbers = books.take_numbers(key_path, 1, until_s)
        with spent(numbers):
            text = issue(replace(draft, status_index=numbers[0]), signer)
            click.echo(text)
            if not quiet:
                show(text)
            write_pictures(text, png, svg, scale)


def _check_taken(
    draft: PassClaims, key_path: Path, signer: Signer, trust_path: Path | None, now_s: int
) -> None:
    """Return if a gate would take the pass, or if nobody can say so here.

    Raises:
        OfficeError: no gate would.
    """
    found = trust_path or key_path.with_name("trust.toml")
    if trust_path is None and not found.exists():
        click.echo(
            f"{found} is not there, so nobody checked that a gate takes this pass; give --trust.",
            err=True,
        )
        return
    trust = gate_trust(found)
    try:
        issuer = issuer_of(trust, signer, found)
    except OfficeError as error:
        if trust_path is not None:
            raise
        click.echo(f"{error}. No gate with this file takes the pass.", err=True)
        return
    if refused := refusal(draft, issuer, now_s):
        raise OfficeError(f"{refused} (by {found})")


def _moments(window: str, zone: ZoneInfo) -> tuple[int, int]:
    first, slash, last = window.partition("/")
    if not slash:
        raise click.BadParameter(
            "a window is two times with a slash between them, like "
            "2026-12-01T09:00/2026-12-01T10:30.",
            param_hint="--window",
        )
    return unix_s(moment(first), zone), unix_s(ending(last), zone)


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
    payload = _payload(source)
    trust = gate_trust(trust_path)
    at_s = unix_s(at, zone) if at else int(time.time())
    try:
        credential = verify(payload, trust, WallTime(at_s * 1000))
    except CredentialError as error:
        click.echo(f"refused: {error}", err=True)
        sys.exit(EXIT_REFUSED)
    for label, value in _facts(credential, zone):
        click.echo(f"{label:<10} {value}")


@click.command("revoke")
@click.argument("which", metavar="KEY:NUMBER|TEXT|FILE…", nargs=-1, required=True)
@key_option
@signer_option
def revoke_(which: tuple[str, ...], key_path: Path, signer_command: str | None) -> None:
    """Take passes back, by what stands on their cards or by their texts.

    A card says `1a2b3c4d:17`: the key's id and the pass's number. The number alone will do where
    the key neither replaced another nor was replaced. Passes of a replaced key are taken back with
    that one, by its --key.

    Writes one newer status list beside the key; bring that file to every gate. All of them are
    revoked, or none.

    \b
    Examples:
      gate pass revoke 1a2b3c4d:17
      gate pass revoke pass.txt 1a2b3c4d:4 1a2b3c4d:5
    """
    signer = open_signer(key_path, signer_command)
    kid = key_id(signer.public_key().public_bytes_raw()).hex()
    with told():
        numbers = [_number_of(one, signer, kid, key_path) for one in which]
        status = books.revoke_numbers(key_path, signer, numbers, int(time.time()))
    named = ", ".join(f"{kid}:{number}" for number in numbers)
    verb = "Pass {} is" if len(numbers) == 1 else "Passes {} are"
    click.echo(f"{verb.format(named)} revoked; bring {status} to every gate.")


@click.command("print")
@click.argument("source", metavar="TEXT|-|FILE")
@picture_options
def print_(source: str, png: Path | None, svg: Path | None, scale: int) -> None:
    """Draw the QR code of a pass: in the terminal, or as PNG or SVG."""
    text = _payload(source).decode("ascii", "replace")
    if not text.startswith(PREFIX):
        raise click.ClickException(f"This is no pass: a pass starts with {PREFIX}")
    with told():
        check_outputs([png, svg], [] if source.startswith(PREFIX) else [Path(source)])
        if png is None and svg is None:
            show(text)
        write_pictures(text, png, svg, scale)


def _payload(source: str) -> bytes:
    """The code that was meant; a file that is not there is not taken for one."""
    data = payload_of(source)
    is_format = os.fsencode(source).startswith(tuple(FORMATS)) or _NO_FILE_NAME.match(source)
    if not is_format and re.search(r"[./]", source) and data == os.fsencode(source):
        raise click.ClickException(f"{source} is not there.")
    return data


def _number_of(one: str, signer: Signer, kid: str, key_path: Path) -> int:
    """The status index of one of the key's own passes, whatever its times.

    Raises:
        OfficeError: it is another key's, or may be.
    """
    if re.fullmatch(r"[0-9]{1,9}", one):
        others = [str(path) for path in books.predecessors_of(key_path)]
        if after := books.successor_of(key_path):
            others.append(after)
        if others:
            raise OfficeError(
                f"{one} may be a pass of {key_path} or of {', '.join(others)}; write it as on its "
                f"card, which is {kid}:{one} for {key_path}"
            )
        return int(one)
    if named := re.fullmatch(r"([0-9a-f]{8}):([0-9]{1,9})", one.lower()):
        if named[1] != kid:
            raise _of_another_key(one, named[1], key_path)
        return int(named[2])
    data = proof.pass_of(_payload(one))
    try:
        return status_index_of(data, signer)
    except CredentialError as error:
        if error.reason is Reason.CREDENTIAL_ISSUER_UNKNOWN:
            raise _of_another_key("this", read(data).key_id, key_path) from None
        raise OfficeError(f"this is no pass of this key: {error}") from None


def _of_another_key(one: str, kid: str, key_path: Path) -> OfficeError:
    right = books.key_of_passes(key_path, bytes.fromhex(kid))
    what = f"give --key {right}" if right else f"give the --key whose id is {kid}"
    return OfficeError(f"{one} is no pass of this key, {key_path}; {what}")


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
