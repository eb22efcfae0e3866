"""The journal's file as one object: what a transaction writes, and what a start finds.

Not safe to share: the journal's writer thread owns it. A transaction that fails leaves the
object as it was before, so the same batch can be tried again.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from drivers.api import DriverError, ErrorKind
from drivers.journal import damage
from drivers.journal.chain import genesis, link
from drivers.journal.limits import Limits
from drivers.journal.meta import META_READ, META_WRITE, Meta, Restored
from drivers.journal.schema import DEVICE, PAGE_BYTES, kind_of, limit_bytes, open_writer
from gate.ledger import SPENT_KEPT_S
from gate.records import Record, RecordKind, Spent, decode
from gate.walltime import ClockQuality, WallTime

log = logging.getLogger(__name__)

PRUNE_RECORDS = 256
"""Records or trace events that retention takes away ahead of need."""
ROOM_RECORDS = 4_096
"""Most records that one transaction takes away."""
FLOOR_RECORDS = 64
"""Newest records that are asked for the wall clock's floor."""
UPKEEP_RECORDS = 1_024
"""Passes that can't be used any more are erased once in so many records."""

_CLOSING = frozenset(
    {RecordKind.ACCESS_TAKEN, RecordKind.ACCESS_NOT_TAKEN, RecordKind.ACCESS_UNKNOWN}
)


class Pending(NamedTuple):
    """One record on its way to the disk."""

    record: Record
    body: bytes
    wall: WallTime
    spent: Spent | None
    done: Callable[[bool], None] | None


_RECORD_WRITE = (
    "INSERT INTO record (epoch, seq, wall_ms, quality, hash, body) VALUES (?, ?, ?, ?, ?, ?)"
)
_TRACE_WRITE = "INSERT INTO trace (n, boot, now_ns, event) VALUES (?, ?, ?, ?)"
_SPENT_WRITE = (
    "INSERT OR IGNORE INTO spent (replay_key, grant_number, holder, until_s) VALUES (?, ?, ?, ?)"
)
_GRANT_WRITE = "INSERT OR REPLACE INTO open_grant (grant_number, body) VALUES (?, ?)"


class Store:
    """The open file. Each method that writes does so in one transaction.

    Raises:
        DriverError: at opening, when the file can't be used and is not merely damaged.
        sqlite3.Error: from any method, with nothing changed; `kind_of` says what it means.
    """

    def __init__(
        self,
        path: Path,
        lane: str,
        wall: WallTime,
        limits: Limits,
        *,
        epoch_used: int = 0,
        fault: str | None = None,
    ) -> None:
        """Args:
        epoch_used: the highest epoch that this lane is known to have had.
        fault: what is known to be damaged, when the file was found so while it was open.
        """
        self._epoch_used = epoch_used
        self._path = path
        self._lane = lane
        self._limits = limits
        self._db: sqlite3.Connection
        self._meta: Meta
        self._hash: bytes
        self._wall_floor_ms: int
        self._trace_first: int
        self._trace_last: int
        self.seq: int
        """Number of the newest durable record, 0 for none."""
        self.quarantined: Path | None = None
        """The damaged file that this opening moved out of the way."""
        fault = fault or self._open()
        if fault is not None:
            self._begin_epoch(wall, fault)

    @property
    def epoch(self) -> int:
        """Number of the chain that is being written."""
        return self._meta.epoch

    @property
    def acked_seq(self) -> int:
        """Everything up to here reached its receiver."""
        return self._meta.acked_seq

    def begin_boot(self, wall: WallTime) -> None:
        """Count this start; the first one of all also gives the epoch its number."""
        meta = msgspec.structs.replace(self._meta, boots=self._meta.boots + 1)
        if meta.epoch == 0:
            meta = msgspec.structs.replace(meta, epoch=_new_epoch(self._epoch_used, wall))
        with self._transaction():
            self._write_meta(meta)
        if meta.epoch != self._meta.epoch:
            self._hash = genesis(self._lane, meta.epoch)
        self._meta = meta

    def restored(self, wall: WallTime) -> Restored:
        """What the lane must know of its past."""
        now_s = wall.unix_s if wall.quality is ClockQuality.TRUSTED else 0
        spent = self._db.execute(
            "SELECT DISTINCT replay_key, holder, until_s FROM spent WHERE until_s > ?",
            (now_s - SPENT_KEPT_S,),
        ).fetchall()
        return Restored(
            boot=self._meta.boots,
            epoch=self._meta.epoch,
            seq=self.seq,
            visit=self._meta.visit,
            grant=self._meta.grant,
            occupancy=self._meta.occupancy,
            spent=tuple(Spent(*row) for row in spent),
            wall_floor_ms=self._wall_floor_ms,
            quarantined=self.quarantined.name if self.quarantined else None,
        )

    def open_grants(self) -> list[Record]:
        """Grants without an outcome, oldest first."""
        rows = self._db.execute("SELECT body FROM open_grant ORDER BY grant_number").fetchall()
        return [decode(body) for (body,) in rows]

    def write(
        self, batch: Sequence[Pending], events: Sequence[tuple[int, bytes]], acked_seq: int
    ) -> None:
        """Put records, trace events and the acknowledged position on the disk, all or nothing."""
        seq, previous, meta = self.seq, self._hash, self._meta
        visit, grant, occupancy, floor_ms = (
            meta.visit,
            meta.grant,
            meta.occupancy,
            self._wall_floor_ms,
        )
        rows = []
        for record, body, wall, _, _ in batch:
            seq += 1
            quality = wall.quality.value
            previous = link(previous, meta.epoch, seq, wall.unix_ms, quality, body)
            rows.append((meta.epoch, seq, wall.unix_ms, quality, previous, body))
            visit = max(visit, record.visit)
            grant = max(grant, record.grant)
            if record.occupancy is not None:
                occupancy = record.occupancy
            if wall.quality is ClockQuality.TRUSTED:
                floor_ms = max(floor_ms, wall.unix_ms)
        acked_seq = max(meta.acked_seq, min(acked_seq, seq))
        with self._transaction():
            self._db.executemany(_RECORD_WRITE, rows)
            for pending in batch:
                self._keep_grant(pending)
            trace_first, trace_last = self._write_trace(events)
            after = msgspec.structs.replace(
                meta, visit=visit, grant=grant, occupancy=occupancy, acked_seq=acked_seq
            )
            after = self._prune(after, seq)
            if seq // UPKEEP_RECORDS != self.seq // UPKEEP_RECORDS:
                over_s = floor_ms // 1000 - SPENT_KEPT_S
                self._db.execute("DELETE FROM spent WHERE until_s <= ?", (over_s,))
            if after != meta:
                # The newest records carry the floor too, so it needs no write of its own.
                after = msgspec.structs.replace(after, wall_floor_ms=floor_ms)
                self._write_meta(after)
        self.seq, self._hash, self._meta, self._wall_floor_ms = seq, previous, after, floor_ms
        self._trace_first, self._trace_last = trace_first, trace_last

    def make_room(self, acked_seq: int) -> bool:
        """On a full disk: give up the oldest acknowledged records. True when there were any."""
        acked_seq = max(self._meta.acked_seq, min(acked_seq, self.seq))
        meta = msgspec.structs.replace(self._meta, acked_seq=acked_seq)
        upto = min(self._fetched_seq(meta, self.seq), meta.anchor_seq + ROOM_RECORDS)
        if upto <= meta.anchor_seq:
            return False
        with self._transaction():
            meta = self._prune_upto(meta, upto)
            self._write_meta(meta)
        self._meta = meta
        self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return True

    def touch(self) -> None:
        """Write what is there already, to see whether the disk takes it."""
        with self._transaction():
            self._write_meta(self._meta)

    def room_bytes(self) -> int:
        """How much more the file may take within its own limit, whatever the disk says."""
        pages: int = self._db.execute("PRAGMA page_count").fetchone()[0]
        free: int = self._db.execute("PRAGMA freelist_count").fetchone()[0]
        return self._limits.bytes_max - (pages - free) * PAGE_BYTES

    def limit_bytes(self, bytes_max: int) -> None:
        """Let the file grow to that, and no further."""
        limit_bytes(self._db, bytes_max)

    def close(self) -> None:
        """Close the file; the last one out folds the write-ahead log in."""
        with contextlib.suppress(sqlite3.Error):
            self._db.close()

    # Opening

    def _open(self) -> str | None:
        """Open the file and take its state over. Returns what is damaged, or None."""
        try:
            self._db = open_writer(self._path, self._limits.bytes_max)
        except sqlite3.Error as error:
            if kind_of(error) is ErrorKind.CORRUPT:
                return str(error)
            raise DriverError(kind_of(error), DEVICE, str(error)) from error
        try:
            fault = self._load()
        except sqlite3.Error as error:
            fault = str(error)
            if kind_of(error) is not ErrorKind.CORRUPT:
                self.close()
                raise DriverError(kind_of(error), DEVICE, fault) from error
        except DriverError:
            self.close()
            raise
        if fault is not None:
            self.close()
        return fault

    def _load(self) -> str | None:
        row = self._db.execute(META_READ).fetchone()
        if row is None and self._db.execute("SELECT 1 FROM record LIMIT 1").fetchone():
            return "the table meta lost its row"
        self._meta = Meta(*row) if row else Meta(self._lane, epoch=0, boots=0)
        fault = damage.fault_of(self._db, self._meta.lane) if row else None
        if fault is not None:
            return fault
        if self._meta.lane != self._lane:
            raise DriverError(
                ErrorKind.DENIED, DEVICE, f"this journal is of lane {self._meta.lane}"
            )
        newest = self._db.execute(
            "SELECT seq, hash, wall_ms, quality FROM record"
            " WHERE epoch = ? ORDER BY seq DESC LIMIT ?",
            (self._meta.epoch, FLOOR_RECORDS),
        ).fetchall()
        if newest:
            self.seq, self._hash = newest[0][:2]
        elif self._meta.anchor_seq:
            self.seq, self._hash = self._meta.anchor_seq, self._meta.anchor_hash
        else:
            self.seq, self._hash = 0, genesis(self._lane, self._meta.epoch)
        trusted = [wall_ms for _, _, wall_ms, quality in newest if quality == ClockQuality.TRUSTED]
        self._wall_floor_ms = max(self._meta.wall_floor_ms, *trusted, 0)
        first, last = self._db.execute("SELECT min(n), max(n) FROM trace").fetchone()
        self._trace_first, self._trace_last = first or 1, last or 0
        return None

    def _begin_epoch(self, wall: WallTime, fault: str) -> None:
        """Move the damaged file aside; begin a new one with what can still be read of it."""
        self.quarantined = damage.quarantine(self._path)
        log.error(
            "journal damaged (%s): kept as %s, a new epoch begins", fault, self.quarantined.name
        )
        kept = damage.salvage(self.quarantined)
        self._db = open_writer(self._path, self._limits.bytes_max)
        self._load()
        self._meta = msgspec.structs.replace(
            self._meta,
            epoch=_new_epoch(max(kept.epoch, self._epoch_used), wall),
            boots=kept.boots,
            visit=kept.visit,
            grant=kept.grant,
            occupancy=kept.occupancy,
            wall_floor_ms=kept.wall_floor_ms,
        )
        self._wall_floor_ms = kept.wall_floor_ms
        self._hash = genesis(self._lane, self._meta.epoch)
        with self._transaction():
            self._write_meta(self._meta)
            self._db.executemany(
                _SPENT_WRITE,
                [(s.replay_key, grant, s.holder, s.until_s) for grant, s in kept.spent],
            )
            self._db.executemany(_GRANT_WRITE, kept.open_grants)

    # Parts of a transaction

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
            raise

    def _write_meta(self, meta: Meta) -> None:
        self._db.execute(META_WRITE, msgspec.structs.astuple(meta))

    def _keep_grant(self, pending: Pending) -> None:
        """A grant is open until its outcome; a pass that nobody went through with is given back."""
        record, body, _, spent, _ = pending
        if record.kind is RecordKind.ACCESS_GRANTED:
            self._db.execute(_GRANT_WRITE, (record.grant, body))
        elif record.kind in _CLOSING:
            self._db.execute("DELETE FROM open_grant WHERE grant_number = ?", (record.grant,))
            if record.kind is RecordKind.ACCESS_NOT_TAKEN:
                self._db.execute("DELETE FROM spent WHERE grant_number = ?", (record.grant,))
        if spent is not None:
            self._db.execute(
                _SPENT_WRITE, (spent.replay_key, record.grant, spent.holder, spent.until_s)
            )

    def _write_trace(self, events: Sequence[tuple[int, bytes]]) -> tuple[int, int]:
        """Returns the numbers of the first and the last event kept."""
        first, last = self._trace_first, self._trace_last
        rows = [
            (last + 1 + i, self._meta.boots, now_ns, event)
            for i, (now_ns, event) in enumerate(events)
        ]
        if rows:
            self._db.executemany(_TRACE_WRITE, rows)
            last += len(rows)
        if last - first + 1 > self._limits.trace_events_max:
            first = last + 1 - self._limits.trace_events_max + _slack(self._limits.trace_events_max)
            self._db.execute("DELETE FROM trace WHERE n < ?", (first,))
        return first, last

    def _prune(self, meta: Meta, seq: int) -> Meta:
        records_max = self._limits.records_max
        if seq - meta.anchor_seq <= records_max:
            return meta
        upto = min(
            seq - records_max + _slack(records_max),
            self._fetched_seq(meta, seq),
            meta.anchor_seq + ROOM_RECORDS,
        )
        return self._prune_upto(meta, upto) if upto > meta.anchor_seq else meta

    def _prune_upto(self, meta: Meta, upto: int) -> Meta:
        """Take records away, and keep the hash that the next one is chained to."""
        (anchor_hash,) = self._db.execute(
            "SELECT hash FROM record WHERE epoch = ? AND seq = ?", (meta.epoch, upto)
        ).fetchone()
        self._db.execute("DELETE FROM record WHERE epoch = ? AND seq <= ?", (meta.epoch, upto))
        return msgspec.structs.replace(meta, anchor_seq=upto, anchor_hash=anchor_hash)

    def _fetched_seq(self, meta: Meta, seq: int) -> int:
        """Up to where nobody waits for the records any more."""
        return meta.acked_seq if self._limits.reported else seq


def _new_epoch(previous: int, wall: WallTime) -> int:
    """The second in which it begins, so that a journal that was lost altogether, card and all,
    is not followed by one with the same numbers; never at or below the one before."""
    return max(previous + 1, wall.unix_s)


def _slack(kept_max: int) -> int:
    """How much more than needed is pruned, so that pruning is not in every transaction."""
    return min(PRUNE_RECORDS, kept_max // 8)
