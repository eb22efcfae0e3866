"""What is watched while a target is fuzzed: pace, the slowest call, and memory."""

from __future__ import annotations

import gc
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HANG_S = 0.050
"""No single input may take longer."""
_REPEATS = 3
"""A call that seems to hang is timed again: a shared machine may have looked away. Nothing here
waits for anything, so the thread's own time is all that counts."""
_SETTLED_AFTER = 0.5
"""Part of the runs until which memory may still grow: bounded caches, the fuzzer's own tables."""
BLOCKS_GROWTH_MAX = 1_000
"""Python objects and buffers that may be there at the end and were not when settled: the watcher's
own, and far fewer than one for every tenth input of a short run."""
_SAY_EVERY_S = 60.0


class Hang(AssertionError):
    """One input took longer than `HANG_S`, every time that it was tried."""


class Finished(Exception):
    """As many runs as were asked for."""


class Watch:
    """Calls a target, and keeps count. Raises what the target raises, and `Hang`."""

    def __init__(self, name: str, call: Callable[[bytes], object], runs: int) -> None:
        self.name = name
        self._call = call
        self._runs = runs
        self._count = 0
        self._started_s = time.perf_counter()
        self._said_s = self._started_s
        self._slowest_s = 0.0
        self._settled_at = max(1, int(runs * _SETTLED_AFTER))
        self._settled = (0, 0)

    def __call__(self, data: bytes) -> None:
        """One run.

        Raises:
            Finished: that was the last one.
        """
        started_s = time.perf_counter()
        self._call(data)
        ended_s = time.perf_counter()
        took_s = ended_s - started_s
        if took_s > self._slowest_s:
            self._look_closer(data, took_s)
        self._count += 1
        if self._count == self._settled_at:
            self._settled = (resident_bytes(), live_blocks())
        if self._count == self._runs:
            raise Finished
        if ended_s - self._said_s > _SAY_EVERY_S:
            self._said_s = ended_s
            pace = f"{self._pace():,.0f} a second"
            say(f"{self.name}: {self._count:,} of {self._runs:,} runs, {pace}")

    def _look_closer(self, data: bytes, took_s: float) -> None:
        """The slowest so far: what the input itself takes is the processor's time, at its best."""
        for _ in range(_REPEATS):
            started_s = time.thread_time()
            self._call(data)
            took_s = min(took_s, time.thread_time() - started_s)
        self._slowest_s = max(self._slowest_s, took_s)
        if took_s > HANG_S:
            raise Hang(f"{took_s * 1000:.0f} ms for one input of {len(data)} bytes")

    def _pace(self) -> float:
        return self._count / max(time.perf_counter() - self._started_s, 1e-9)

    def conclude(self) -> bool:
        """Print the result in one line; whether memory stayed as it was."""
        resident, blocks = self._settled
        grown = live_blocks() - blocks
        say(
            f"{self.name}: {self._count:,} runs, {self._pace():,.0f} a second, "
            f"slowest call {self._slowest_s * 1000:.2f} ms, "
            f"memory {(resident_bytes() - resident) / 1_048_576:+.1f} MiB "
            f"and {grown:+,} Python blocks since run {self._settled_at:,}"
        )
        return grown <= BLOCKS_GROWTH_MAX


def resident_bytes() -> int:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def live_blocks() -> int:
    """What Python's allocator has handed out, without garbage that only waits to be collected."""
    gc.collect()
    return sys.getallocatedblocks()


def machine() -> str:
    """Processor, cores and Python, for a figure that is kept."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            model = value.strip()
            break
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, {python}"


def say(line: str) -> None:
    """One line for whoever waits."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
