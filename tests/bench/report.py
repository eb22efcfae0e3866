"""What every bench says: on which machine, under what load, and which targets were met."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH_WHERE_NO_TERMINAL = 120

console = Console(width=None if sys.stdout.isatty() else WIDTH_WHERE_NO_TERMINAL)

Verdict = tuple[bool, str]
"""Whether a target is met, and what was measured beside what is asked for."""


def load() -> str:
    """Load averages of one and five minutes, and the cores that they fall on."""
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} and {five:.1f} (1 and 5 min) on {os.cpu_count()} cores"


def conclude(verdicts: Iterable[Verdict]) -> int:
    """Print each target as met or not; the exit status: 1 if one is not."""
    failed = False
    for met, text in verdicts:
        failed |= not met
        console.print(f"{'PASS' if met else 'FAIL'}  {text}", highlight=False, soft_wrap=True)
    return int(failed)


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest of them that is at least as large as so many of a hundred of them."""
    ranked = sorted(values)
    rank = -(-len(ranked) * percent // 100)
    return ranked[max(0, int(rank) - 1)]


def file_system(folder: Path) -> str:
    """Kind of the file system that a folder is on: a journal in memory would prove nothing."""
    place = folder.resolve()
    best, kind = Path("/"), "unknown"
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, mounted, found, *_ = line.split()
        where = Path(mounted)
        if place.is_relative_to(where) and len(where.parts) >= len(best.parts):
            best, kind = where, found
    return kind
