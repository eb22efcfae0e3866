"""`gate pass link` and `serve`: visits whose pass renews itself on the visitor's phone."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import click

from firmware.cli.moments import duration, ending, moment, zone_option
from firmware.cli.passoptions import (
    FILE,
    gate_trust,
    issuer_of,
    key_option,
    open_signer,
    told,
    trust_option,
)
from firmware.moments import unix_s
from firmware.office import books
from firmware.office.visits import Visit, Visits, new_link
from firmware.office.window import Wish, window_of
from gate.credential.model import CredentialKind
from gate.credential.native import DOSES_MAX, GROUP_MAX

_ADDRESS = "http://127.0.0.1:8765"


@click.command()
@key_option
@click.option(
    "--address",
    default=_ADDRESS,
    show_default=True,
    envvar="GATE_PASS_ADDRESS",
    show_envvar=True,
    help="Where phones reach `gate pass serve`, such as https://visit.example.",
)
@click.option("--for", "lasts", type=duration, metavar="TIME", help="How long.  [default: 1d]")
@click.option(
    "--until", type=ending, metavar="TIME", help="When the visit ends; a date is its whole day."
)
@click.option("--at", type=moment, metavar="TIME", help="The time agreed on.")
@click.option("--early", type=duration, metavar="TIME", help="Let in so much before --at.")
@click.option("--late", type=duration, metavar="TIME", help="Let in so much after --at.")
@click.option("--doses", type=click.IntRange(0, DOSES_MAX), help="Vaccine doses attested.")
@click.option(
    "--group",
    type=click.IntRange(1, GROUP_MAX),
    default=1,
    show_default=True,
    help="People admitted together.",
)
@zone_option
def link(
    key_path: Path,
    address: str,
    lasts: timedelta | None,
    until: datetime | None,
    at: datetime | None,
    early: timedelta | None,
    late: timedelta | None,
    doses: int | None,
    group: int,
    zone: ZoneInfo,
) -> None:
    """Issue a visit as a link.

    The link's page shows a pass that `gate pass serve` renews all the time: each holds for half a
    minute, and all of them together admit once. Send the link as you would send a ticket. Take it
    back with `gate pass revoke` and the number that is told beside it.

    \b
    Examples:
      gate pass link --for 4h --address https://visit.example
      gate pass link --at 2026-12-01T09:00 --early 10m --late 30m
    """
    kind = CredentialKind.VISITOR if at is None else CredentialKind.APPOINTMENT
    now_s = int(time.time())
    with told():
        wish = Wish(
            until_s=unix_s(until, zone) if until else None,
            lasts=lasts,
            at_s=unix_s(at, zone) if at else None,
            early=early,
            late=late,
        )
        start_s, until_s = window_of(kind, now_s, wish)
        try:
            token, visit = new_link(key_path, Visit(0, start_s, until_s, doses, group), now_s)
        except ValueError as error:
            raise click.UsageError(f"No such visit: {error}.") from None
    click.echo(f"{address.rstrip('/')}/visit#{token}")
    kid = books.kid_of(key_path)
    name = f"{kid.hex()}:{visit.number}" if kid else str(visit.number)
    click.echo(f"Visit {name}, until {_when(until_s, zone)}.", err=True)


class _Command(click.ParamType[str]):
    """A command line, which has spaces of its own: the variable holds one, and is not split."""

    name = "command"

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        return [rv]


@click.command()
@click.option(
    "--key",
    "key_paths",
    type=FILE,
    multiple=True,
    default=["office.key"],
    envvar="GATE_PASS_KEY",
    show_default=True,
    show_envvar=True,
    help="The private key whose links are served. Give it again for a key that it replaced: "
    "links sent before hold until their visits end.",
)
@click.option(
    "--signer-command",
    "commands",
    type=_Command(),
    multiple=True,
    metavar="COMMAND",
    envvar="GATE_SIGNER_COMMAND",
    show_envvar=True,
    help="A program that has the private key, instead of a file; once for each --key, in order.",
)
@trust_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8765, show_default=True, help="0: any."
)
@zone_option
def serve(
    key_paths: tuple[Path, ...],
    commands: tuple[str, ...],
    trust_path: Path,
    host: str,
    port: int,
    zone: ZoneInfo,
) -> None:
    """Give phones their pages and passes, until Ctrl-C.

    \b
      /visit  the page of a link that `gate pass link` made
      /badge  a page that makes a staff badge's key in the phone

    The keys and the trust file are read once, now: start it anew after each change of them. After
    `gate pass rotate` give both keys, the new one first. Listens on this machine alone: let a web
    server with a certificate pass requests on, as phones make keys on https pages only. Nothing of
    a visitor is kept or logged.

    \b
    Examples:
      gate pass serve
      gate pass serve --key office-2027.key --key office.key
    """
    from firmware.office.page import Served
    from firmware.office.server import PassServer

    if commands and len(commands) != len(key_paths):
        raise click.UsageError("Give --signer-command once for each --key, in the same order.")
    trust = gate_trust(trust_path)
    opened = [
        (path, open_signer(path, command))
        for path, command in zip(key_paths, commands or [None] * len(key_paths), strict=True)
    ]
    with told():
        names = [issuer_of(trust, signer, trust_path).name for _, signer in opened]
        visits = [Visits(path, signer, time.time, time.monotonic) for path, signer in opened]
        staff = (one for one in trust.keys.values() if CredentialKind.STAFF in one.kinds)
        served = Served(names[0], zone, tuple(staff), int(time.time()))
        try:
            server = PassServer((host, port), visits, served)
        except OSError as error:
            raise click.ClickException(f"{host} port {port}: {error.strerror}.") from None
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"http://{shown}:{server.server_address[1]} serves {names[0]}.")
    with server, _stopped_by_signals(server.shutdown):
        server.run()


@contextlib.contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and systemd's SIGTERM end the server after what it is answering."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=stop, daemon=True).start()  # it waits for the loop that we are in

    before = {one: signal.signal(one, ask) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _when(unix: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(unix, zone).isoformat()
