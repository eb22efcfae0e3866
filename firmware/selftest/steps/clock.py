"""The wall clock: what it is worth, whether it is behind what was true, and who sets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.selftest.limits import LIMITS
from firmware.selftest.measurement import judge, skipped
from firmware.wallclock import RELEASE_MS
from gate.walltime import NS_PER_MS

if TYPE_CHECKING:
    from firmware.selftest.step import Context, Lines


def clock(context: Context) -> Lines:
    """One reading, held against the journal's floor and the monotonic clock."""
    bench = context.bench
    yield judge("quality", LIMITS["clock.quality"], str(bench.wall().quality))
    agrees = bench.battery_agrees()
    if agrees is None:
        yield skipped("battery", "A simulated lane has no clock of its own.")
    else:
        yield judge("battery", LIMITS["clock.battery"], "agrees" if agrees else "differs")
    now_ns = bench.wall_ns()
    behind_ms = max(RELEASE_MS, bench.floor_ms) - now_ns // NS_PER_MS
    yield judge("behind", LIMITS["clock.behind"], max(0, behind_ms) / 1000)
    stepped_ns = abs(now_ns - bench.clock() - bench.wall_less_clock_ns)
    yield judge("steps", LIMITS["clock.steps"], stepped_ns / NS_PER_MS)
