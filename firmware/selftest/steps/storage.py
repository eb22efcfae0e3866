"""The disk under the lane's journal: room, settings, how long a record takes, and what is read
back."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from drivers.api import DriverError, ErrorKind
from drivers.journal import Reader, verify_chain
from drivers.journal.chain import walk
from drivers.journal.damage import TAIL_RECORDS
from drivers.journal.limits import BYTES_MAX
from drivers.journal.schema import open_writer
from firmware import board
from firmware.selftest.limits import LIMITS, MIB
from firmware.selftest.measurement import Measurement, judge, skipped
from firmware.selftest.step import Doing
from firmware.selftest.steps.figures import p95
from gate.records import Record, RecordKind
from gate.walltime import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from drivers.journal import SqliteJournal
    from firmware.selftest.bench import Bench
    from firmware.selftest.step import Context, Lines

APPENDS: Final = 64
"""Records written one by one, each with its own fsync."""
APPENDS_TOLD: Final = 8
APPEND_S_MAX: Final = 5.0
DETAIL: Final = "x" * 200
"""Makes a record as long as most are."""
SYNCHRONOUS: Final[Mapping[int, str]] = MappingProxyType(
    {0: "off", 1: "normal", 2: "full", 3: "extra"}
)
_KINDS: Final[Mapping[int, ErrorKind]] = MappingProxyType(
    {
        errno.EACCES: ErrorKind.DENIED,
        errno.EPERM: ErrorKind.DENIED,
        errno.EROFS: ErrorKind.DENIED,
        errno.ENOENT: ErrorKind.MISSING,
        errno.ENOTDIR: ErrorKind.MISSING,
        errno.EEXIST: ErrorKind.MISSING,
        errno.ENOSPC: ErrorKind.FULL,
    }
)
HINTS: Final[Mapping[ErrorKind, str]] = MappingProxyType(
    {
        ErrorKind.MISSING: "data_dir is no folder: look at its path, and whether its disk is "
        "mounted.",
        ErrorKind.DENIED: "This user may not write in data_dir: run the self-test as the lane's "
        "own user, and look whether the disk is mounted read-only.",
        ErrorKind.FULL: "Make room on the disk of data_dir, or fit a larger card.",
        ErrorKind.UNSUPPORTED: "This file system does not keep SQLite's settings: put data_dir on "
        "a local disk.",
    }
)


def storage(context: Context) -> Lines:
    """In a scratch folder beside the lane's journal, which is only read."""
    bench = context.bench
    try:
        folder = bench.scratch()
        yield _free(bench, folder)
    except OSError as error:
        kind = _KINDS.get(error.errno or 0, ErrorKind.FAILED)
        raise DriverError(kind, "storage", f"{error.filename}: {error.strerror}") from error
    yield from _settings(folder)
    yield from _appends(bench, folder)
    yield _lanes_journal(board.journal_path(bench.config))


def _free(bench: Bench, folder: Path) -> Measurement:
    disk = os.statvfs(folder)
    limit = LIMITS["storage.free"]
    with contextlib.suppress(OSError):
        has = board.journal_path(bench.config).stat().st_size
        needed = max(0, BYTES_MAX - has) / MIB
        limit = msgspec.structs.replace(limit, marginal_lower=max(limit.lower or 0, needed))
    return judge("free", limit, disk.f_bavail * disk.f_frsize / MIB)


def _settings(folder: Path) -> Iterator[Measurement]:
    """As the journal's own way to open a file sets them, read back."""
    with contextlib.closing(open_writer(folder / "settings.db", BYTES_MAX)) as db:
        (mode,) = db.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = db.execute("PRAGMA synchronous").fetchone()
    yield judge("journal mode", LIMITS["storage.journal mode"], str(mode))
    word = SYNCHRONOUS.get(synchronous, str(synchronous))
    yield judge("synchronous", LIMITS["storage.synchronous"], word)


def _appends(bench: Bench, folder: Path) -> Iterator[Measurement | Doing]:
    """How long a record takes to the disk, and whether all of them read back."""
    troubles: list[ErrorKind] = []
    scratch = msgspec.structs.replace(bench.config, data_dir=folder)
    journal = board.journal_of(
        scratch, bench.wall, lambda kind: troubles.append(kind) if kind else None
    )
    took_ms: list[float] = []
    refused = 0
    try:
        for number in range(APPENDS):
            if number % APPENDS_TOLD == 0:
                yield Doing("appends", number, APPENDS)
            began_ns = bench.clock()
            if _append(journal, began_ns):
                took_ms.append((bench.clock() - began_ns) / NS_PER_MS)
            else:
                refused += 1
    finally:
        journal.close()
    limit = LIMITS["storage.refused"]
    why = HINTS.get(troubles[0], limit.hint) if troubles else limit.hint
    yield judge("refused", limit, refused, why)
    yield judge("append p95", LIMITS["storage.append p95"], p95(took_ms))
    report = verify_chain(board.journal_path(scratch))
    whole = report.fault is None and report.records == len(took_ms)
    fault = report.fault or f"{report.records} of {len(took_ms)} records are there"
    limit = LIMITS["storage.chain"]
    yield judge("chain", limit, "whole" if whole else "broken", f"{fault}. {limit.hint}")


def _append(journal: SqliteJournal, now_ns: int) -> bool:
    """Whether one more record is on the disk."""
    answered = threading.Event()
    answers: list[bool] = []

    def done(written: bool) -> None:
        answers.append(written)
        answered.set()

    journal.append(Record(RecordKind.SELFTEST_FINISHED, now_ns, detail=DETAIL), done=done)
    if not answered.wait(APPEND_S_MAX):
        raise DriverError(ErrorKind.TIMEOUT, "storage", f"no answer within {APPEND_S_MAX:g} s")
    return answers[0]


def _lanes_journal(path: Path) -> Measurement:
    """The chain of its newest records. Nothing is written, and the lane may run meanwhile."""
    line, limit = "lane's journal", LIMITS["storage.lane's journal"]
    if not path.exists():
        return skipped(line, "There is none yet: this lane has never run.")
    try:
        with Reader(path) as reader:
            newest = reader.newest(TAIL_RECORDS + 1)
    except DriverError as error:
        return judge(line, limit, "unreadable", f"{error.message}. {limit.hint}")
    rows = [row for row in newest if row.epoch == newest[-1].epoch]
    if not rows:
        return judge(line, limit, "whole")
    trusted, *others = rows
    tail = [(row.seq, row.wall_ms, row.quality, row.hash, row.body) for row in others]
    fault = walk(tail, trusted.epoch, trusted.seq, trusted.hash).fault
    return judge(line, limit, "broken" if fault else "whole", f"{fault}. {limit.hint}")
