"""Simulated visits a second, and the same day twice from one seed: `[--visits N] [--seed S]`.

Runs `gate simulate` twice, each in a process of its own, so that nothing of the first can reach
the second: not its hash seed, not its heap. The rate is per second of CPU, because the machine is
shared and a day is one thread; the wall's clock is printed beside it. Exit status 1 if the traces
differ, an invariant broke, or the slower of the two was below the target.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass

from report import Verdict, conclude, console, load
from rich.table import Table

RUNS = 2
VISITS_PER_S_MIN = 5_000
COMMAND = (sys.executable, "-c", "from firmware.cli import main; main()", "simulate", "--json")
"""What `gate simulate` is, in the environment of this bench."""


@dataclass(frozen=True)
class Run:
    """What one run of the command printed."""

    trace_hash: str
    steps: int
    visits_per_s: int
    visits_per_cpu_s: int
    before: str
    """The machine's load when it began."""


def run(visits: int, seed: int) -> Run | None:
    """One day; None where the command says that something broke, in its own words."""
    before = load()
    ended = subprocess.run(
        [*COMMAND, "--visits", str(visits), "--seed", str(seed)],
        stdout=subprocess.PIPE,
        check=False,
    )
    if ended.returncode:
        return None
    facts = json.loads(ended.stdout)
    return Run(
        facts["trace_hash"],
        facts["steps"],
        facts["visits_per_s"],
        facts["visits_per_cpu_s"],
        before,
    )


def judge(runs: list[Run]) -> list[Verdict]:
    """The targets."""
    if len(runs) < RUNS:
        return [(False, "invariants: one broke")]
    slowest = min(run.visits_per_cpu_s for run in runs)
    return [
        (True, f"invariants: held after each of {runs[0].steps:,} steps"),
        (len({run.trace_hash for run in runs}) == 1, "the same trace hash twice"),
        (
            slowest >= VISITS_PER_S_MIN,
            f"{slowest:,} visits a second of one core, at least {VISITS_PER_S_MIN:,}",
        ),
    ]


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--visits", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    runs: list[Run] = []
    with console.status("", spinner="line") as status:
        for number in range(1, RUNS + 1):
            status.update(f"{options.visits:,} visits, run {number} of {RUNS}")
            done = run(options.visits, options.seed)
            if done is None:
                break
            runs.append(done)
    table = Table(title=f"{options.visits:,} visits, seed {options.seed}")
    for column in ("trace hash", "visits/s of a core", "visits/s", "load before"):
        table.add_column(column)
    for done in runs:
        rates = f"{done.visits_per_cpu_s:,}", f"{done.visits_per_s:,}"
        table.add_row(done.trace_hash[:16], *rates, done.before)
    console.print(table)
    return conclude(judge(runs))


if __name__ == "__main__":
    sys.exit(main())
