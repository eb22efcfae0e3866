"""What the self-test's own process holds, and what the machine has left."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from firmware.selftest.limits import LIMITS, MIB
from firmware.selftest.measurement import judge

if TYPE_CHECKING:
    from firmware.selftest.step import Context, Lines

KIB: Final = 1_024


def memory(context: Context) -> Lines:
    """Every driver of the lane has been loaded by now, but for the vision process's."""
    proc = context.bench.proc
    for line, file, key in (
        ("process", proc / "self" / "status", "VmRSS"),
        ("available", proc / "meminfo", "MemAvailable"),
    ):
        yield judge(line, LIMITS[f"memory.{line}"], _mib(file.read_text(encoding="ascii"), key))


def _mib(text: str, key: str) -> float | None:
    """A line of /proc, in MiB; None where there is none."""
    found = re.search(rf"^{key}:\s+(\d+) kB$", text, re.MULTILINE)
    return None if found is None else int(found[1]) * KIB / MIB
