"""`gate pass`: make an office's key, issue passes, look at them, take them back."""

import base64
import contextlib
import io
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.api import DriverError
from drivers.truststore import load_trust, write_atomic
from firmware.cli import office
from firmware.cli.moments import duration, moment, time_zone, unix_s
from gate.credential.model import PASS_KINDS, Credential, CredentialError, CredentialKind
from gate.credential.native import (
    DOSES_MAX,
    GROUP_MAX,
    PREFIX,
    PassClaims,
    issue,
    status_index_of,
)
from gate.credential.trust import TrustList, key_id
from gate.credential.verify import PAYLOAD_CHARS_MAX, verify
from gate.walltime import WallTime

EXIT_REFUSED = 3
_PASSPHRASE_VARIABLE = "GATE_PASSPHRASE"
_DEFAULT_FOR = {"visitor": "1d", "appointment": "1h", "staff": "365d"}
_QUIET_ZONE_MODULES = 4
"""ISO/IEC 18004 section 6.3.8."""
_KINDS = tuple(kind.value for kind in PASS_KINDS)


_FILE = click.Path(dir_okay=False, path_type=Path)
_key_option = click.option(
    "--key",
    "key_path",
    type=_FILE,
    default="office.key",
    envvar="GATE_PASS_KEY",
    show_default=True,
    show_envvar=True,
    help="The office's private key; its counter and status list lie beside it.",
)
_zone_option = click.option(
    "--tz",
    "zone",
    type=time_zone,
    metavar="ZONE",
    default="Asia/Jakarta",
    envvar="GATE_TZ",
    show_default=True,
    show_envvar=True,
    help="Time zone of times without an offset.",
)
_png_option = click.option("--png", type=_FILE, help="Write the QR code as PNG.")
_svg_option = click.option("--svg", type=_FILE, help="Write the QR code as SVG.")
_scale_option = click.option(
    "--scale",
    type=click.IntRange(1, 100),
    default=8,
    show_default=True,
    help="Pixels a module of the PNG or SVG.",
)


@click.group("pass")
def pass_() -> None:
    """Issue, verify, revoke and print passes.

    \b
    Exit codes of every command:
      0  done; for `verify`, the pass holds
      1  a file is missing, damaged or not allowed; the message says which
      2  the command was written wrongly
      3  `verify`: the pass is refused; the message starts with the reason
    """


@pass_.command()
@_key_option
@click.option("--name", required=True, help="The issuer's name in records.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(_KINDS),
    multiple=True,
    default=_KINDS,
    show_default=True,
    help="What the key may issue; may be repeated.",
)
@click.option("--trust", "trust_path", type=_FILE, help="Append the issuer to this trust file.")
@click.option("--no-passphrase", is_flag=True, help="Leave the private key unencrypted.")
def keygen(
    key_path: Path, name: str, kinds: tuple[str, ...], trust_path: Path | None, no_passphrase: bool
) -> None:
    """Make an office's key.

    The passphrase is asked for, or taken from GATE_PASSPHRASE. Prints the [[issuer]] block
    that every gate needs, or appends it to a trust file with --trust.
    """
    if not name.strip():
        raise click.BadParameter("an issuer needs a name.", param_hint="--name")
    if trust_path is not None and trust_path.exists():
        _load_trust(trust_path)
    passphrase = None if no_passphrase else _new_passphrase()
    with _told():
        key = office.create_key(key_path, passphrase, int(time.time()))
        status = key_path.with_suffix(".status").resolve()
        if trust_path is None:
            click.echo(_issuer_block(key, name, kinds, status.name), nl=False)
            return
        relative = os.path.relpath(status, trust_path.resolve().parent)
        before = trust_path.read_bytes() if trust_path.exists() else b""
        gap = b"\n" if before else b""
        block = _issuer_block(key, name, kinds, relative).encode()
        write_atomic(trust_path, before + gap + block)
        click.echo(f"{key_path} made; {trust_path} now trusts {name}.")


@pass_.command("issue")
@click.argument("kind", type=click.Choice(_KINDS))
@_key_option
@click.option(
    "--for",
    "lasts",
    type=duration,
    help="How long: 90m, 8h, 30d.  [default: visitor 1d, appointment 1h, staff 365d]",
)
@click.option(
    "--until", type=moment, metavar="TIME", help="The moment at which it ends, instead of --for."
)
@click.option("--not-before", type=moment, metavar="TIME", help="Start; an appointment needs one.")
@click.option("--doses", type=click.IntRange(0, DOSES_MAX), help="Vaccine doses attested.")
@click.option(
    "--group",
    type=click.IntRange(1, GROUP_MAX),
    default=1,
    show_default=True,
    help="People admitted together.",
)
@click.option("--duress", is_flag=True, help="Staff: admits, and raises a silent alarm.")
@click.option("-q", "--quiet", is_flag=True, help="Print the text only, no QR code.")
@_zone_option
@_png_option
@_svg_option
@_scale_option
def issue_(
    kind: str,
    key_path: Path,
    lasts: timedelta | None,
    until: datetime | None,
    not_before: datetime | None,
    doses: int | None,
    group: int,
    duress: bool,
    quiet: bool,
    zone: ZoneInfo,
    png: Path | None,
    svg: Path | None,
    scale: int,
) -> None:
    """Issue a pass and print it as text and as a QR code.

    \b
    Examples:
      gate pass issue visitor --for 8h --png visitor.png
      gate pass issue appointment --not-before 2026-12-01T09:00 --for 1h
      gate pass issue staff --until 2027-06-30
    """
    if lasts and until:
        raise click.UsageError("Give --for or --until, not both.")
    start_s = unix_s(not_before, zone) if not_before else 0
    lasting = lasts or duration(_DEFAULT_FOR[kind])
    until_s = (
        unix_s(until, zone)
        if until
        else (start_s or int(time.time())) + int(lasting.total_seconds())
    )
    claims = PassClaims(CredentialKind(kind), 0, until_s, start_s, doses, group, duress)
    key = _open_key(key_path)
    with _told():
        try:
            issue(claims, key)  # refuses wrong claims before an index is spent on them
        except ValueError as error:
            raise click.UsageError(f"No such pass: {error}.") from None
        index = office.take_index(key_path)
        text = issue(PassClaims(claims.kind, index, until_s, start_s, doses, group, duress), key)
        click.echo(text)
        if not quiet:
            _show(text)
        _write_pictures(text, png, svg, scale)


@pass_.command("verify")
@click.argument("source", metavar="TEXT|-|FILE")
@click.option(
    "--trust",
    "trust_path",
    type=_FILE,
    default="trust.toml",
    envvar="GATE_TRUST",
    show_default=True,
    show_envvar=True,
    help="The trust file of the gate.",
)
@click.option("--at", type=moment, metavar="TIME", help="Judge it at this moment instead of now.")
@_zone_option
def verify_(source: str, trust_path: Path, at: datetime | None, zone: ZoneInfo) -> None:
    """Say what a pass is, who signed it and what holds.

    TEXT needs single quotes: a pass may contain spaces and $. With - it is read from standard
    input. Exit code 0: the pass holds; 3: it is refused, and the reason is printed.
    """
    trust = _load_trust(trust_path)
    at_s = unix_s(at, zone) if at else int(time.time())
    try:
        credential = verify(_text(source), trust, WallTime(at_s * 1000))
    except CredentialError as error:
        click.echo(f"refused: {error}", err=True)
        sys.exit(EXIT_REFUSED)
    for label, value in _facts(credential, zone):
        click.echo(f"{label:<10} {value}")


@pass_.command("revoke")
@click.argument("which", metavar="INDEX|TEXT")
@_key_option
def revoke_(which: str, key_path: Path) -> None:
    """Take a pass back, by its number or its text.

    Writes a newer status list beside the key; bring that file to every gate.
    """
    key = _open_key(key_path)
    index = int(which) if re.fullmatch(r"[0-9]{1,9}", which) else _index_of(which, key)
    with _told():
        status = office.revoke_index(key_path, key, index, int(time.time()))
    click.echo(f"Pass {index} is revoked; bring {status} to every gate.")


@pass_.command("print")
@click.argument("source", metavar="TEXT|-|FILE")
@_png_option
@_svg_option
@_scale_option
def print_(source: str, png: Path | None, svg: Path | None, scale: int) -> None:
    """Draw the QR code of a pass: in the terminal, or as PNG or SVG."""
    text = _text(source).decode("ascii", "replace")
    if not text.startswith(PREFIX):
        raise click.ClickException(f"This is no pass: a pass starts with {PREFIX}")
    with _told():
        if png is None and svg is None:
            _show(text)
        _write_pictures(text, png, svg, scale)


def _text(source: str) -> bytes:
    """The pass that was meant: standard input, a file, or the words themselves."""
    try:
        if source == "-":
            data = sys.stdin.buffer.read(PAYLOAD_CHARS_MAX + 2)
        elif not source.startswith(PREFIX) and _is_file(source):
            with Path(source).open("rb") as file:
                data = file.read(PAYLOAD_CHARS_MAX + 2)
        else:
            data = os.fsencode(source)
    except OSError as error:
        raise click.ClickException(f"{source}: {error.strerror}.") from None
    return data.rstrip(b"\r\n")  # not spaces: base45 has them


def _is_file(source: str) -> bool:
    """Whether there is such a file; words that can't name one at all are no file."""
    try:
        return Path(source).is_file()
    except (OSError, ValueError):
        return False


def _index_of(text: str, key: Ed25519PrivateKey) -> int:
    """The status index of one of the key's own passes, whatever its times."""
    data = _text(text)
    try:
        return status_index_of(data, key)
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


def _load_trust(path: Path) -> TrustList:
    try:
        return load_trust(path)
    except DriverError as error:
        raise click.ClickException(f"{error.message}.") from None


def _open_key(path: Path) -> Ed25519PrivateKey:
    given = os.environ.get(_PASSPHRASE_VARIABLE)
    with _told():
        try:
            return office.load_key(path, given.encode() if given else None)
        except office.PassphraseNeeded:
            if not _can_ask():
                raise
        asked: str = click.prompt(f"Passphrase of {path}", hide_input=True, err=True)
        return office.load_key(path, asked.encode())


def _can_ask() -> bool:
    """Whether somebody sits there; a script must not wait for an answer for ever."""
    return sys.stdin.isatty()


def _new_passphrase() -> bytes:
    given = os.environ.get(_PASSPHRASE_VARIABLE)
    if not given:
        given = str(
            click.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True)
        )
    return given.encode()


def _issuer_block(
    key: Ed25519PrivateKey, name: str, kinds: tuple[str, ...], status_file: str
) -> str:
    public = key.public_key().public_bytes_raw()
    return (
        f"# key id {key_id(public).hex()}\n"
        "[[issuer]]\n"
        f"name = {json.dumps(name)}\n"
        f'public_key = "{base64.b64encode(public).decode()}"\n'
        f"kinds = {json.dumps(list(kinds))}\n"
        f"status = {json.dumps(status_file)}\n"
    )


def _qr(text: str) -> segno.QRCode:
    try:
        return segno.make_qr(text, error="m", boost_error=False)
    except ValueError:
        raise click.ClickException("This text is too long for a QR code.") from None


def _show(text: str) -> None:
    _qr(text).terminal(sys.stdout, border=_QUIET_ZONE_MODULES, compact=True)


def _write_pictures(text: str, png: Path | None, svg: Path | None, scale: int) -> None:
    for path, kind in ((png, "png"), (svg, "svg")):
        if path is not None:
            picture = io.BytesIO()
            _qr(text).save(picture, kind=kind, scale=scale, border=_QUIET_ZONE_MODULES)
            write_atomic(path, picture.getvalue())
            click.echo(f"{path} written.", err=True)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What can go wrong with files, in one sentence and with exit code 1."""
    try:
        yield
    except office.OfficeError as error:
        raise click.ClickException(f"{error}.") from None
    except BrokenPipeError:
        raise  # the reader of our output has gone; click ends quietly
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}.") from None
