"""`gate demo`: a lane to look at, on any Linux machine."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import tempfile
from pathlib import Path

import click

from drivers.sim.visitors import Temperament
from firmware.broker import LOOPBACK, Broker, BrokerError
from firmware.demo.lines import LineView, View

VISITS_MAX = 1_000_000


@click.command()
@click.option("--visits", type=click.IntRange(1, VISITS_MAX), help="End after so many visitors.")
@click.option("--exit", "leave", is_flag=True, help="With --visits: print lines, no live view.")
@click.option("--seed", type=int, default=1, show_default=True, help="Who the visitors are.")
@click.option(
    "--only",
    type=click.Choice([str(kind) for kind in Temperament]),
    multiple=True,
    help="Visitors of that temperament alone; may be repeated.",
)
@click.option(
    "--camera",
    "pictures",
    type=click.Path(exists=True, path_type=Path),
    help="Read your own pictures from this folder or file instead of rendered ones.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the journal in this folder.  [default: a temporary one]",
)
def demo(
    visits: int | None,
    leave: bool,
    seed: int,
    only: tuple[str, ...],
    pictures: Path | None,
    data: Path | None,
) -> None:
    """Show a whole lane: visitors walk through it, and its records reach a real broker.

    The devices are simulated, and nothing else is: a QR code is rendered into camera
    frames and decoded from them, a relay pin changes its level, every record is on the
    disk before the barrier moves, and a broker on loopback hands it to whoever
    subscribes. Ctrl-C ends it.

    \b
    Examples:
      gate demo
      gate demo --only tailgates --only screenshot
      gate demo --visits 20 --exit
      gate demo --camera ~/pictures

    \b
    Exit codes:
      0    ended as it was asked to, and the broker has every record
      1    there is no broker to start, or it did not get every record
      4    a device is missing, busy or broken
      130  interrupted before it had begun
    """
    if leave and visits is None:
        raise click.UsageError("--exit needs --visits: when is it to end?")
    kinds = tuple(Temperament(kind) for kind in only) or tuple(Temperament)
    logging.basicConfig(level=logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="gate-demo-") as temporary:
        folder = data or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with Broker() as broker:
                asyncio.run(_show(folder, broker, visits, seed, kinds, pictures, live=not leave))
        except BrokerError as error:
            raise click.ClickException(f"{error}.") from None


def _view(*, live: bool) -> View:
    """What draws: rich where there is a terminal, plain lines elsewhere, which cost nothing."""
    if live and sys.stdout.isatty():
        from firmware.demo.view import view_for

        return view_for(sys.stdout)
    return LineView(sys.stdout)


async def _show(
    folder: Path,
    broker: Broker,
    visits: int | None,
    seed: int,
    kinds: tuple[Temperament, ...],
    pictures: Path | None,
    *,
    live: bool,
) -> None:
    from firmware.demo.demo import Demo
    from firmware.demo.observer import Observer

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    demo = Demo(folder, broker, seed=seed, only=kinds, pictures=pictures)
    if not live:
        click.echo(
            f"broker {broker.kind} on {LOOPBACK}:{broker.port}; to see all that is reported: "
            f"mosquitto_sub -p {broker.port} -t 'gate/v1/#' -v"
        )
    with _view(live=live) as view:
        observer = Observer(demo, broker, view)
        watching = asyncio.create_task(observer.watch(), name="observer")
        try:
            tally = await demo.run(stop, visits)
        finally:
            watching.cancel()
            await asyncio.wait({watching})
    if not watching.cancelled():
        watching.result()  # it ends by itself only where it raises
    click.echo(
        f"{tally.visits} visitors; {tally.written} records written, "
        f"{tally.reported} of them with the broker"
    )
    if tally.reported < tally.written:
        raise click.ClickException("the broker did not get every record; it has ended, or hangs.")
