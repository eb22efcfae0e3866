"""Resident memory of the whole service, all its processes: `[--visits N]`.

Measured twice. `gate run` is the command at the door, with simulated devices and nobody before
them. The lane is the same program with visitors who go through every stage, each with a pass of
their own before the camera; it is measured idle, right after the last of them, and idle again.
A broker takes the records of both, where the machine has one; it is no part of the service.

RSS counts a page in each process that has it, PSS shares it among them: the target is held to the
RSS, which is never less. The simulated camera's renderer and its pictures are in it too; a real
camera has its library instead. Exit status 1 if the target is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from report import Verdict, conclude, console, load
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from drivers.api import DriverError
from drivers.journal.reader import Reader
from firmware.board import JOURNAL_FILE
from firmware.broker import Broker, BrokerError
from firmware.demo.office import DemoOffice
from gate.records import RecordKind, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVICE_MB_MAX = 120
BYTES_PER_MB = 1_000_000
KIB = 1_024
SETTLE_S = 3.0
START_S_MAX = 60.0
POLL_S = 0.1
STOP_S_MAX = 20.0
RUN = (sys.executable, "-c", "from firmware.cli import main; main()", "run", "--config")
LANE = (sys.executable, str(Path(__file__).with_name("resident_lane.py")))


class Held(NamedTuple):
    """Memory of one process, in MB."""

    name: str
    rss_mb: float
    pss_mb: float


@dataclass(frozen=True)
class Moment:
    """All processes of the service at one time."""

    name: str
    held: list[Held]

    @property
    def rss_mb(self) -> float:
        """Of all processes."""
        return sum(held.rss_mb for held in self.held)

    @property
    def pss_mb(self) -> float:
        """Of all processes."""
        return sum(held.pss_mb for held in self.held)


def measure(name: str, pid: int) -> Moment:
    """That process and all that it started."""
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        children[parent].append(int(stat.parent.name))
    family = [pid]
    for member in family:
        family += children[member]
    return Moment(name, [_held(member) for member in family])


def _held(pid: int) -> Held:
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        word, size_kib, _ = line.split()
        sizes[word] = int(size_kib) * KIB / BYTES_PER_MB
    command = Path(f"/proc/{pid}/cmdline").read_text()
    name = "vision" if "firmware.vision.child" in command else "lane"
    return Held(name, sizes["Rss:"], sizes["Pss:"])


def gate_run(folder: Path, broker_port: int) -> Moment:
    """The command, idle.

    Raises:
        TimeoutError: it does not come into service.
    """
    broker = f'[broker]\nhost = "127.0.0.1"\nport = {broker_port}\n' if broker_port else ""
    config = folder / "gate.toml"
    config.write_text(
        'site = "bench"\nlane = "south"\nlog_level = "error"\n'
        f"data_dir = {json.dumps(str(folder))}\n"
        f"trust = {json.dumps(str(DemoOffice(folder).trust))}\n{broker}",
        encoding="utf-8",
    )
    with _running((*RUN, str(config))) as service:
        deadline_s = time.monotonic() + START_S_MAX
        while not _in_service(folder / JOURNAL_FILE):
            if time.monotonic() > deadline_s or service.poll() is not None:
                raise TimeoutError("gate run did not come into service")
            time.sleep(POLL_S)
        time.sleep(SETTLE_S)
        return measure("gate run, idle", service.pid)


def _in_service(journal: Path) -> bool:
    try:
        with Reader(journal) as reader:
            return any(
                decode(stored.body).kind is RecordKind.LANE_IN_SERVICE
                for stored in reader.newest(10)
            )
    except DriverError:
        return False


def visited(
    folder: Path, broker_port: int, visits: int, seed: int, tick: Callable[[], None]
) -> list[Moment]:
    """The lane with visitors, at its three moments.

    Raises:
        RuntimeError: it ended before its time.
    """
    words = (str(folder), str(broker_port), str(visits), str(seed))
    moments = []
    names = {
        "idle": "lane, idle",
        "visited": f"lane, after {visits} visits",
        "idle again": "lane, idle again",
    }
    with _running((*LANE, *words), piped=True) as process:
        said, answer = _pipes(process)
        for line in said:
            word = line.strip()
            if word in names:
                moments.append(measure(names[word], process.pid))
                answer.write("\n")
                answer.flush()
            else:
                tick()
    if len(moments) != len(names):
        raise RuntimeError("the lane ended before its time")
    return moments


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdout is None or process.stdin is None:
        raise RuntimeError("not piped")
    return process.stdout, process.stdin


@contextmanager
def _running(command: tuple[str, ...], *, piped: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A process that does not outlive this block."""
    pipe = subprocess.PIPE if piped else subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            if not piped:
                process.terminate()
            try:
                process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                process.kill()


def show(moments: list[Moment]) -> None:
    """Every process at every moment."""
    table = Table(title="Resident memory, MB (a million bytes)")
    table.add_column("moment")
    table.add_column("process")
    table.add_column("RSS", justify="right")
    table.add_column("PSS", justify="right")
    for moment in moments:
        for held in moment.held:
            table.add_row(moment.name, held.name, f"{held.rss_mb:.1f}", f"{held.pss_mb:.1f}")
        table.add_row("", "all", f"{moment.rss_mb:.1f}", f"{moment.pss_mb:.1f}", end_section=True)
    console.print(table)


def judge(moments: list[Moment]) -> list[Verdict]:
    """The target, at each moment."""
    return [
        (
            moment.rss_mb < SERVICE_MB_MAX,
            f"{moment.name}: {moment.rss_mb:.1f} MB resident, under {SERVICE_MB_MAX}",
        )
        for moment in moments
    ]


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--visits", type=int, default=50)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    before = load()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with ExitStack() as stack:
        port = 0
        try:
            port = stack.enter_context(Broker()).port
        except BrokerError as error:
            console.print(f"without a reporter: {error}")
        progress = stack.enter_context(
            Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        )
        task = progress.add_task("visits", total=options.visits)
        door, street = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        moments = [gate_run(door, port)]
        moments += visited(
            street, port, options.visits, options.seed, lambda: progress.advance(task)
        )
    show(moments)
    console.print(f"before: {before}; after: {load()}", highlight=False)
    return conclude(judge(moments))


if __name__ == "__main__":
    sys.exit(main())
