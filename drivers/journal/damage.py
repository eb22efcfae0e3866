"""Is this journal whole? And what becomes of one that is not."""

import sqlite3
import time
from pathlib import Path

from msgspec import Struct

from drivers.journal.chain import genesis, walk
from drivers.journal.schema import open_reader
from gate.records import Spent

CHECK_S_MAX = 2.0
"""SQLite's own check reads the whole file; the lane must be in service five seconds after a
crash. What the check does not reach in this time, the chain of the newest records stands for."""
CHECK_STEPS = 10_000
"""Virtual machine steps between two looks at the time."""
TAIL_RECORDS = 2_048
"""Newest records whose chain is verified at every start."""
QUARANTINED_MAX = 1_000
"""Damaged files that may lie beside a journal; a technician should have come long before."""
_SIDE_FILES = ("", "-wal", "-shm")


class Salvage(Struct, frozen=True):
    """What could still be read of a damaged journal's small tables."""

    epoch: int = 0
    boots: int = 0
    visit: int = 0
    grant: int = 0
    occupancy: int = 0
    wall_floor_ms: int = 0
    spent: tuple[tuple[int, Spent], ...] = ()
    """Grant number and pass."""
    open_grants: tuple[tuple[int, bytes], ...] = ()


def fault_of(db: sqlite3.Connection, lane: str) -> str | None:
    """What is wrong with the file behind this connection, or None.

    Raises:
        sqlite3.Error: damaged so badly that SQLite itself gave up.
    """
    return _check_pages(db) or _check_tail(db, lane)


def _check_pages(db: sqlite3.Connection) -> str | None:
    deadline_s = time.monotonic() + CHECK_S_MAX
    db.set_progress_handler(lambda: time.monotonic() > deadline_s, CHECK_STEPS)
    try:
        (answer,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        db.set_progress_handler(None, 0)
    return None if answer == "ok" else str(answer)


def _check_tail(db: sqlite3.Connection, lane: str) -> str | None:
    """Verify the chain of the newest records, from one that is taken on trust (or the anchor)."""
    epoch, anchor_seq, anchor_hash = db.execute(
        "SELECT epoch, anchor_seq, anchor_hash FROM meta"
    ).fetchone()
    newest = db.execute(
        "SELECT seq, wall_ms, quality, hash, body FROM record"
        " WHERE epoch = ? ORDER BY seq DESC LIMIT ?",
        (epoch, TAIL_RECORDS + 1),
    ).fetchall()
    newest.reverse()
    if len(newest) > TAIL_RECORDS:
        trusted, *newest = newest
        seq, previous = trusted[0], trusted[3]
    else:
        seq, previous = anchor_seq, anchor_hash if anchor_seq else genesis(lane, epoch)
    return walk(newest, epoch, seq, previous).fault


def quarantine(path: Path) -> Path:
    """Rename the journal and its side files out of the way; nothing is ever erased.

    Returns:
        The new path, `<name>.damaged-<n>`.
    """
    for number in range(1, QUARANTINED_MAX + 1):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not aside.exists():
            break
    else:
        raise RuntimeError(f"{QUARANTINED_MAX} damaged journals lie beside {path}")
    for suffix in _SIDE_FILES:
        side = path.with_name(path.name + suffix)
        if side.exists():
            side.rename(aside.with_name(aside.name + suffix))
    return aside


def salvage(aside: Path) -> Salvage:
    """Read what can be read, table by table, so that a used pass stays used."""
    try:
        db = open_reader(aside)
    except sqlite3.Error:
        return Salvage()
    try:
        meta = _rows(
            db, "SELECT epoch, boots, visit, grant_number, occupancy, wall_floor_ms FROM meta"
        )
        spent = _rows(db, "SELECT grant_number, replay_key, holder, until_s FROM spent")
        grants = _rows(db, "SELECT grant_number, body FROM open_grant")
    finally:
        db.close()
    numbers = meta[0] if meta and all(isinstance(number, int) for number in meta[0]) else (0,) * 6
    epoch, boots, visit, grant, occupancy, wall_floor_ms = numbers
    return Salvage(
        epoch=epoch,
        boots=boots,
        visit=visit,
        grant=grant,
        occupancy=occupancy,
        wall_floor_ms=wall_floor_ms,
        spent=tuple((used, Spent(key, holder, until_s)) for used, key, holder, until_s in spent),
        open_grants=tuple((number, body) for number, body in grants),
    )


def _rows(db: sqlite3.Connection, query: str) -> list[tuple]:  # type: ignore[type-arg]
    rows = []
    try:
        for row in db.execute(query):
            rows.append(row)  # noqa: PERF402 - keep the rows before the one that fails
    except sqlite3.Error:
        pass
    return rows
