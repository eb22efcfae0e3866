"""`gate pass badge`: a staff badge that is shown live from its holder's phone."""

import secrets
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click
from msgspec.structs import replace

from drivers.wholefile import write_atomic
from firmware.cli.moments import duration, ending, moment, zone_option
from firmware.cli.passoptions import (
    FILE,
    gate_trust,
    issuer_of,
    key_option,
    open_signer,
    signer_option,
    told,
    trust_option,
)
from firmware.cli.passoutputs import check_outputs, files_of, spent
from firmware.errors import UserError
from firmware.moments import unix_s
from firmware.office import books, page
from firmware.office.errors import OfficeError
from firmware.office.pinlock import Lock, new_holder_key
from firmware.office.window import Wish, window_of
from gate.credential import holderkey
from gate.credential.model import CredentialKind
from gate.credential.native import DOSES_MAX, PassClaims, check_claims, issue, signed_bytes_of

FILE_MODE = 0o600
_PIN_DIGITS = 8
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


@click.command()
@click.option("--file", "file_path", type=FILE, help="Write the badge and its key as a page.")
@click.option(
    "--pin",
    envvar="GATE_BADGE_PIN",
    show_envvar=True,
    help="Of --file, in digits. Asked for where not given, as others on this machine see what is "
    "typed here; without a terminal, made.",
)
@click.option(
    "--holder-key", metavar="GPK1:…", help="The key that the holder's phone shows, instead."
)
@click.option(
    "--address",
    envvar="GATE_PASS_ADDRESS",
    show_envvar=True,
    help="With --holder-key: where phones reach `gate pass serve`, by https.",
)
@key_option
@signer_option
@trust_option
@click.option("--for", "lasts", type=duration, metavar="TIME", help="How long.  [default: 365d]")
@click.option("--until", type=ending, metavar="TIME", help="When it ends; a date is its whole day.")
@click.option("--not-before", type=moment, metavar="TIME", help="Start.")
@click.option("--doses", type=click.IntRange(0, DOSES_MAX), help="Vaccine doses attested.")
@click.option("--duress", is_flag=True, help="Admits, and raises a silent alarm.")
@zone_option
def badge(
    file_path: Path | None,
    pin: str | None,
    holder_key: str | None,
    address: str | None,
    key_path: Path,
    signer_command: str | None,
    trust_path: Path,
    lasts: timedelta | None,
    until: datetime | None,
    not_before: datetime | None,
    doses: int | None,
    duress: bool,
    zone: ZoneInfo,
) -> None:
    """Issue a staff badge that its holder's phone shows live.

    The phone signs every half minute anew, without a network. A picture taken of it in passing is
    worth nothing two minutes later. Its holder can set the phone's clock ahead, and so make
    pictures for a later time.

    With --holder-key the key was made in the phone, and never leaves it: the holder opens the
    /badge page of `gate pass serve` and reads out what it shows; this command then prints the link
    that brings the badge there. This is the better way.

    With --file the key is made here and goes into one page, sealed with a PIN. Send the page, and
    tell the PIN by another way. Phones that open such files in a browser can use it (Android);
    those that only preview them can't (iOS).

    \b
    Examples:
      gate pass badge --holder-key 'GPK1:…' --address https://visit.example
      gate pass badge --file contoh-wayan.html --until 2027-06-30
    """
    if (file_path is None) == (holder_key is None):
        raise click.UsageError("Give --file or --holder-key.")
    if holder_key is not None:
        _check_address(address)
    elif pin is None:
        pin = _asked_pin()
    trust = gate_trust(trust_path)
    now_s = int(time.time())
    chosen = pin or "".join(secrets.choice("0123456789") for _ in range(_PIN_DIGITS))
    with told():
        wish = Wish(
            start_s=unix_s(not_before, zone) if not_before else None,
            until_s=unix_s(until, zone) if until else None,
            lasts=lasts,
        )
        start_s, until_s = window_of(CredentialKind.STAFF, now_s, wish)
        draft = PassClaims(CredentialKind.STAFF, 0, until_s, start_s, doses, duress=duress)
        draft, lock = _bound(draft, holder_key, chosen)
        check_outputs([file_path], [trust_path, *files_of(key_path)])
    signer = open_signer(key_path, signer_command)
    with told():
        issuer = issuer_of(trust, signer, trust_path)
        if CredentialKind.STAFF not in issuer.kinds:
            raise OfficeError(f"{issuer.name} may not issue {CredentialKind.STAFF}")
        numbers = books.take_numbers(key_path, 1, until_s)
        draft = replace(draft, status_index=numbers[0])
        with spent(numbers):
            signed = signed_bytes_of(issue(draft, signer).encode())
            if file_path is None or lock is None:
                click.echo(page.badge_link(f"{str(address).rstrip('/')}/badge", signed))
            else:
                made = page.BadgeFile(signed, lock, issuer.name, now_s)
                write_atomic(file_path, page.badge_file(made, zone), FILE_MODE)
                sealed = "sealed with the PIN that you gave" if pin else f"its PIN is {chosen}"
                click.echo(f"{file_path} written; {sealed}.")
    _say(issuer.kid, numbers[0], datetime.fromtimestamp(until_s, zone))


def _say(kid: bytes, number: int, end: datetime) -> None:
    """What was made, in the words that `gate pass revoke` takes."""
    click.echo(f"Badge {kid.hex()}:{number}, until {end.isoformat()}.", err=True)


def _check_address(address: str | None) -> None:
    """Return if phones make keys on pages of that address (Secure Contexts, W3C, section 3.1)."""
    if not address:
        raise click.UsageError("With --holder-key, --address says where phones reach the badge.")
    try:
        where = urlsplit(address)
        is_secure = where.scheme == "https" or where.hostname in _OWN_MACHINE
        is_address = where.scheme in {"http", "https"} and bool(where.hostname)
    except ValueError:
        is_secure = is_address = False
    if not is_secure or not is_address:
        raise click.UsageError("Phones keep keys for https alone: give an --address with https://.")


def _asked_pin() -> str | None:
    """What the clerk types, twice; nothing where nobody sits there, or one is to be made."""
    if not _sits_there():
        return None
    asked: str = click.prompt(
        "PIN of the badge, in digits (empty: one is made)",
        default="",
        show_default=False,
        hide_input=True,
        confirmation_prompt=True,
        err=True,
    )
    return asked or None


def _sits_there() -> bool:
    return sys.stdin.isatty()


def _bound(draft: PassClaims, holder_key: str | None, pin: str) -> tuple[PassClaims, Lock | None]:
    """The badge for the key that a phone made; or for a new one, whose private half is behind the
    PIN."""
    try:
        if holder_key is not None:
            point, lock = holderkey.from_text(holder_key.strip()), None
        else:
            point, lock = new_holder_key(pin)
        badge = replace(draft, holder_key=point)
        check_claims(badge)
    except ValueError as error:
        raise UserError(f"No such badge: {error}.") from None
    return badge, lock
