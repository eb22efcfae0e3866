"""From a code in view to the relay pin's edge, through the real program: `[--visits N]`.

Real are the camera's pace and pixels (1456x1088 at 30 a second, rendered ahead), the vision
process with its decoders, the verifier, the journal with `synchronous=FULL` on the disk of
`--folder`, the pin under gpiozero, and the reporter with a broker, where the machine has one.
Simulated are the lens, the wires and the people. The stages, one after the other:

    frame     from the code in view to the end of the exposure that has it: the wait for the
              frame's tick, and 4 ms of exposure
    queue     until the vision process begins with that frame: it may still be busy with the one
              before; counted to when the lane's loop hears of it
    decode    change gate and decoder on that frame, until it is read
    told      to the lane's process, signature verified, event posted
    grant     step, durable commit, and back to the loop
    relay     step, until the pin has another level, by the pin's own record of its edges

The target is judged visit by visit: the whole, less the decode of that same visit, is at most
two periods of the camera in 99 of 100 visits. Exit status 1 if it is more, or a code was missed.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import itertools
import logging
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from report import Verdict, conclude, console, file_system, load, percentile
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from street import Shown, Street, WatchedProgram, lane

from drivers.journal.reader import Reader
from firmware import trace
from firmware.board import journal_path
from firmware.broker import Broker, BrokerError
from gate.events import GrantCommitted
from gate.policy import PassagePolicy, Policy, Stage
from gate.walltime import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

PERIODS_MAX = 2
VISITS_MAX = 5_000
"""The simulated chip remembers two edges for each, the journal some ten events."""
POLICY = Policy(stages=(Stage.CREDENTIAL,), passage=PassagePolicy(grant_s=4.0))
PERCENTS = (50, 95, 99)
UNDER_BUILD = Path("build") / "bench"
"""Beside what else is built, because /tmp may be in memory."""


class Stages(NamedTuple):
    """One visit's way, in nanoseconds."""

    frame: int
    queue: int
    decode: int
    told: int
    grant: int
    relay: int


def stages_of(shown: Shown, program: WatchedProgram, committed_ns: int) -> Stages:
    """Between what the visit's clock marks are.

    Raises:
        RuntimeError: the marks are not in order: a mistake of this bench.
    """
    seen, posted_ns = program.seen[shown.payload]
    began_ns = program.looking_ns[seen.captured_ns]
    marks = (
        shown.at_ns,
        seen.captured_ns,
        # Both may be heard in one read.
        min(began_ns, seen.decoded_ns),
        seen.decoded_ns,
        posted_ns,
        committed_ns,
        shown.edge_ns or 0,
    )
    if list(marks) != sorted(marks):
        raise RuntimeError(f"marks out of order: {marks}")
    return Stages(*(after - before for before, after in itertools.pairwise(marks)))


async def visits(
    folder: Path, broker_port: int | None, count: int, seed: int, tick: Callable[[], None]
) -> tuple[list[Shown], WatchedProgram]:
    """Let them come, and end the lane."""
    program, office = lane(folder, POLICY, broker_port, seed)
    stop = asyncio.Event()
    running = asyncio.create_task(program.run(stop))
    ready = asyncio.create_task(program.ready.wait())
    shown = []
    try:
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            street = Street(program, office, seed)
            for _ in range(count):
                shown.append(await street.visit())
                tick()
    finally:
        stop.set()
        ready.cancel()
        await running
    return shown, program


def committed_ns(journal: Path) -> list[int]:
    """When the lane took the answer to each grant, by its own trace."""
    with Reader(journal) as reader:
        events = [(event.now_ns, event.event) for event in reader.trace()]
    return [at_ns for at_ns, event in trace.read(events) if isinstance(event, GrantCommitted)]


def show(table_of: list[Stages], period_ns: int) -> None:
    """The percentiles of every stage, in milliseconds."""
    rows = {name: [getattr(stages, name) for stages in table_of] for name in Stages._fields}
    rows["whole"] = [sum(stages) for stages in table_of]
    rows["whole less decode"] = [sum(stages) - stages.decode for stages in table_of]
    table = Table(title=f"{len(table_of)} visits, ms; a frame's period is {period_ns / 1e6:.1f}")
    table.add_column("stage")
    for column in (*(f"p{percent}" for percent in PERCENTS), "max"):
        table.add_column(column, justify="right")
    for name, values in rows.items():
        figures = [*(percentile(values, percent) for percent in PERCENTS), max(values)]
        table.add_row(name, *(f"{figure / NS_PER_MS:.2f}" for figure in figures))
    console.print(table)


def judge(found: list[Stages], count: int, period_ns: int) -> list[Verdict]:
    """The targets."""
    read = (len(found) == count, f"{len(found)} of {count} codes were read and let somebody in")
    if not found:
        return [read]
    rest_ns = percentile([sum(stages) - stages.decode for stages in found], 99)
    limit_ns = PERIODS_MAX * period_ns
    text = (
        f"p99 of (whole less that visit's decode) {rest_ns / NS_PER_MS:.1f} ms, limit "
        f"{PERIODS_MAX} frame periods, {limit_ns / NS_PER_MS:.1f} ms"
    )
    return [read, (rest_ns < limit_ns, text)]


def measure(folder: Path, count: int, seed: int) -> tuple[list[Stages], int]:
    """The stages of every visit that was let in, and the camera's period in nanoseconds."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with ExitStack() as stack:
        port = None
        try:
            port = stack.enter_context(Broker()).port
        except BrokerError as error:
            console.print(f"without a reporter: {error}")
        progress = stack.enter_context(
            Progress(
                *columns,
                TimeRemainingColumn(),
                console=console,
                transient=True,
                disable=not console.is_terminal,
            )
        )
        task = progress.add_task("visits", total=count)
        shown, program = asyncio.run(
            visits(folder, port, count, seed, lambda: progress.advance(task))
        )
    moments = committed_ns(journal_path(program.config))
    found = [
        stages_of(each, program, moments[bisect.bisect(moments, each.edge_ns) - 1])
        for each in shown
        if each.edge_ns is not None
    ]
    return found, round(NS_PER_S / program.config.camera.fps)


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--visits", type=int, choices=range(1, VISITS_MAX + 1), default=1_000, metavar="N"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=UNDER_BUILD, help="where the journal lies")
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    options.folder.mkdir(parents=True, exist_ok=True)
    kind, before = file_system(options.folder), load()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found, period_ns = measure(Path(folder), options.visits, options.seed)
    if found:
        show(found, period_ns)
    console.print(f"journal on {kind}; before: {before}; after: {load()}", highlight=False)
    return conclude(judge(found, options.visits, period_ns))


if __name__ == "__main__":
    sys.exit(main())
