"""`gate replay`: what happened at the lane, step by step, from its own journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from drivers.journal.reader import READ_RECORDS_MAX, Reader
from firmware.replay import Comparison, NoBeginning, Replayed, compare, records_of, replay
from gate.commands import Release, RunChamber, Secure, Show
from gate.events import ShutdownRequested
from gate.invariants import InvariantBroken
from gate.records import RecordKind, decode
from gate.states import Attended
from gate.walltime import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.records import Record

DIFFERENCES_SHOWN_MAX = 5
_UNTOLD = frozenset({"wall", "credential", "started_ns", "until_ns", "ambient_c"})
"""Fields that say little to a reader."""
_EMPTY = (None, "")


@click.command("replay")
@click.argument("journal", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--boot", type=click.IntRange(1), help="Which start of the lane.  [default: the last]"
)
@click.option("--visit", type=click.IntRange(1), help="Only the steps of that visit.")
@click.option("-q", "--quiet", is_flag=True, help="Only the result.")
def replay_(journal: Path, boot: int | None, visit: int | None, quiet: bool) -> None:
    """Live a start of the lane again from JOURNAL, and compare.

    The journal keeps the last input events of the lane beside its records. Replaying them
    shows what the lane saw, what it was and what it did; the records that come out must be
    those that were written. The journal is only read; the lane may run meanwhile.

    \b
    Examples:
      gate replay /var/lib/gate/journal.db --visit 1043
      gate replay journal.db --boot 12 --quiet

    \b
    Exit codes:
      0  replayed, and every record agrees
      1  records differ, or what must never happen did
      4  there is no journal to read
    """
    with Reader(journal) as reader:
        number = boot if boot is not None else _last_boot(reader)
        events = [(row.now_ns, row.event) for row in reader.trace(number)]
        if not events:
            raise click.ClickException(f"{journal} has no trace of start {number}.")
        written = list(_written(reader, events[0][0], events[-1][0]))
    records: list[Record] = []
    steps = 0
    ended = False
    try:
        for taken in replay(events):
            steps += 1
            records += records_of(taken.commands)
            ended = ended or isinstance(taken.event, ShutdownRequested)
            if not quiet and (visit is None or _visit_of(taken) == visit):
                click.echo(_line(taken, events[0][0]))
    except NoBeginning:
        raise click.ClickException(
            f"how start {number} began is no longer in {journal}; replay a later one"
        ) from None
    except InvariantBroken as error:
        raise click.ClickException(f"start {number}, step {steps}: {error}") from None
    except msgspec.DecodeError as error:
        raise click.ClickException(f"an event of another version: {error}") from None
    _conclude(number, steps, compare(records, written, ended=ended))


def _last_boot(reader: Reader) -> int:
    boot = 0
    for event in reader.trace():
        boot = event.boot
    return boot


def _written(reader: Reader, began_ns: int, until_ns: int) -> Iterator[bytes]:
    """Bodies of the records from that start on, up to the next one or to that moment: a lane that
    runs has written more since its trace was read."""
    epoch = seq = 0
    inside = False
    while rows := reader.after(epoch, seq, READ_RECORDS_MAX):
        for row in rows:
            record = _record(row.body)
            if record is not None and record.kind is RecordKind.DEVICE_STARTED:
                inside = record.at_ns == began_ns
            if inside and (record is None or record.at_ns <= until_ns):
                yield row.body
        epoch, seq = rows[-1].epoch, rows[-1].seq


def _record(body: bytes) -> Record | None:
    """None for what is none: somebody changed it."""
    try:
        return decode(body)
    except msgspec.DecodeError:
        return None


def _visit_of(taken: Replayed) -> int:
    if isinstance(taken.state, Attended):
        return taken.state.visit.number
    return max((record.visit for record in records_of(taken.commands)), default=0)


def _line(taken: Replayed, began_ns: int) -> str:
    event = "start" if taken.event is None else _short(taken.event)
    seconds = (taken.now_ns - began_ns) / NS_PER_S
    words = [str(record.kind) for record in records_of(taken.commands)]
    words += [
        _short(command)
        for command in taken.commands
        if isinstance(command, Release | RunChamber | Secure | Show)
    ]
    state = type(taken.state).__name__
    return f"{seconds:12.3f}  {event:<46.46}  {state:<13} {', '.join(words)}".rstrip()


def _short(struct: msgspec.Struct) -> str:
    """Name and the values that a reader looks for."""
    values = [
        f"{name}={getattr(struct, name)}"
        for name in struct.__struct_fields__
        if name not in _UNTOLD and getattr(struct, name) not in _EMPTY
    ]
    return f"{type(struct).__name__}({', '.join(values)})"


def _conclude(boot: int, steps: int, comparison: Comparison) -> None:
    click.echo(
        f"start {boot}: {steps:,} steps replayed, {comparison.same:,} records agree, "
        f"{len(comparison.missing)} missing, {len(comparison.extra)} more in the journal"
    )
    if comparison.unwritten:
        records = "1 record" if comparison.unwritten == 1 else f"{comparison.unwritten} records"
        click.echo(f"  {records} of its last moment: not written when it ended or was read")
    if not comparison.missing and not comparison.extra:
        return
    for label, bodies in (("replayed", comparison.missing), ("journal", comparison.extra)):
        for body in bodies[:DIFFERENCES_SHOWN_MAX]:
            click.echo(f"  {label}: {body.decode(errors='replace')}", err=True)
    raise click.ClickException("the journal and its trace don't agree")
