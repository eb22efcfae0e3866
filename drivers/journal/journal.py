"""The port: a bounded queue before the one thread that writes, and what happens when it can't."""

import logging
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from drivers.api import DriverError, ErrorKind, Stored
from drivers.journal.ballast import Ballast
from drivers.journal.limits import Limits
from drivers.journal.lock import claim, epoch_used, use_epoch
from drivers.journal.meta import Restored
from drivers.journal.reader import SharedReader
from drivers.journal.schema import DEVICE, kind_of
from drivers.journal.store import Pending, Store
from gate.records import RECORD_BYTES_MAX, Record, Spent, encode
from gate.walltime import WallTime

log = logging.getLogger(__name__)

QUEUE_RECORDS_MAX = 1_024
"""Records that may wait for the disk: two minutes of the busiest lane."""
BATCH_RECORDS_MAX = 64
"""Most records of one transaction."""
TRACE_QUEUE_MAX = 4_096
"""Input events that may wait; beyond it the newest are dropped, and counted."""
TRACE_BATCH = 512
"""So many waiting events are written even though no record takes them along."""
TRACE_EVENT_BYTES_MAX = 4_096
ACK_WAIT_S = 1.0
"""How long an acknowledged position waits for a record to take it along. Losing it only makes
the reporter repeat itself."""
WRITE_ATTEMPTS = 2
"""A failed transaction is tried once more, when there was something to be done about it."""
RECOVER_S = 5.0
"""How often a journal that could not write looks whether it can again."""


class Counters(Struct):
    """What the journal did since it was opened. Written by its thread, read by anybody."""

    written: int = 0
    refused: int = 0
    """Records answered with `done(False)`."""
    commits: int = 0
    trace_dropped: int = 0


class SqliteJournal:
    """`drivers.api.Journal` on one SQLite file. Opening it counts a start of the lane.

    Beside the file lie its `-wal` and `-shm`, a `.lock` (one process writes), a `.ballast`
    (room for the last words on a full disk), and any `.damaged-<n>` that was quarantined.
    """

    def __init__(
        self,
        path: Path,
        *,
        lane: str,
        wall: Callable[[], WallTime],
        health: Callable[[ErrorKind | None], None] = lambda _: None,
        limits: Limits | None = None,
    ) -> None:
        """Args:
            wall: the wall clock; called by `append` on the caller's thread.
            health: told when the journal can't write as it should (FULL, CORRUPT, FAILED, …),
                and None when it can again; STUCK when its queue is full. Called on any thread,
                under a lock of the journal's; must not block.

        Raises:
            DriverError: BUSY when another process has it, FULL, DENIED, UNSUPPORTED, …
        """
        self._path = path
        self._lane = lane
        self._wall = wall
        self._health = health
        self._limits = limits or Limits()
        self._ballast = Ballast(path.with_name(path.name + ".ballast"), self._limits.ballast_bytes)
        self._trouble: ErrorKind | None = None
        self.counters = Counters()

        self._changed = threading.Condition()
        self._queue: deque[Pending] = deque()
        self._writing = False
        self._trace: deque[tuple[int, bytes]] = deque()
        self._ack_wanted: tuple[int, int] = (0, 0)
        self._ack_due_s: float | None = None
        self._flooded = False
        self._closing = False
        self._watchers: tuple[Callable[[], None], ...] = ()
        self._reader = SharedReader(path)
        self._recover_due_s = 0.0

        self._lock_file = claim(path)
        try:
            self._store = self._open_store()
            self._begin_boot()
        except BaseException:
            os.close(self._lock_file)
            raise
        self.restored: Restored = self._store.restored(wall())
        """What the lane must know of its past, as it was found at opening."""
        self.open_grants: tuple[Record, ...] = tuple(self._store.open_grants())
        """Grants whose outcome nobody wrote down before the restart, oldest first."""
        self._position = (self._store.epoch, self._store.seq)
        self._cursor = (self._store.epoch, self._store.acked_seq)
        if not self._ballast.fill():
            self._trouble = ErrorKind.FULL
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    # Called from any thread

    def append(
        self,
        record: Record,
        spent: Spent | None = None,
        *,
        done: Callable[[bool], None] | None = None,
    ) -> None:
        """Queue a record; never blocks. `done` is called on the journal's thread, or at once on
        this one when the queue is full or the journal closed."""
        pending = Pending(record, _bounded(record), self._wall(), spent, done)
        with self._changed:
            taken = len(self._queue) < QUEUE_RECORDS_MAX and not self._closing
            if taken:
                self._queue.append(pending)
                self._changed.notify()
            elif not (self._flooded or self._closing):
                # Told under the lock, so that the end of it can't be told before.
                self._flooded = True
                _guarded(self._health, ErrorKind.STUCK)
        if not taken:
            self._answer([pending], written=False)

    def trace(self, now_ns: int, event: bytes) -> None:
        """Remember an input event of the lane (JSON) for `gate replay`; never blocks, never
        worth a write to the disk of its own."""
        with self._changed:
            if (
                len(self._trace) >= TRACE_QUEUE_MAX
                or len(event) > TRACE_EVENT_BYTES_MAX
                or self._closing
            ):
                self.counters.trace_dropped += 1
                return
            self._trace.append((now_ns, event))
            if len(self._trace) == TRACE_BATCH:
                self._changed.notify()

    def acknowledge(self, epoch: int, seq: int) -> None:
        """Everything up to and with that record has reached its receiver. Positions that are
        behind, or of another epoch, change nothing."""
        with self._changed:
            if epoch != self._position[0] or (epoch, seq) <= max(self._cursor, self._ack_wanted):
                return
            self._ack_wanted = (epoch, min(seq, self._position[1]))
            if self._ack_due_s is None:
                self._ack_due_s = time.monotonic() + ACK_WAIT_S
                self._changed.notify()

    def after(self, epoch: int, seq: int, limit: int) -> list[Stored]:
        """Durable records after that position, oldest first, at most `limit`; never one that
        `acknowledge` does not know yet, though SQLite shows a commit before its writer says so.

        Raises:
            DriverError: the file can't be read, or the journal is closed.
        """
        found = self._reader.after(epoch, seq, limit)
        newest = self.position
        return [stored for stored in found if (stored.epoch, stored.seq) <= newest]

    @property
    def position(self) -> tuple[int, int]:
        """Epoch and number of the newest durable record."""
        with self._changed:
            return self._position

    @property
    def cursor(self) -> tuple[int, int]:
        """Epoch and number up to which records were acknowledged."""
        with self._changed:
            return max(self._cursor, self._ack_wanted)

    @property
    def settled(self) -> bool:
        """Whether no record waits for the disk: each is durable, or was refused."""
        with self._changed:
            return not self._queue and not self._writing

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` on the journal's thread whenever records have become durable or were
        refused by the disk."""
        with self._changed:
            self._watchers = (*self._watchers, wake)

    def close(self) -> None:
        """Write what is queued, then close. Idempotent; not for the journal's own thread."""
        with self._changed:
            already, self._closing = self._closing, True
            self._changed.notify()
        self._thread.join()
        if already:
            return
        self._reader.close()
        self._store.close()
        os.close(self._lock_file)

    # On the journal's thread

    def _run(self) -> None:
        if self._trouble is not None:
            self._tell(self._trouble)
        while True:
            with self._changed:
                while not self._has_work() and self._changed.wait(self._wait_s()):
                    pass
                batch = [
                    self._queue.popleft() for _ in range(min(len(self._queue), BATCH_RECORDS_MAX))
                ]
                events = [self._trace.popleft() for _ in range(min(len(self._trace), TRACE_BATCH))]
                self._writing = bool(batch)
                ack_epoch, ack_seq = self._ack_wanted
                last = self._closing and not self._queue and not self._trace
                self._ack_due_s = None
            if ack_epoch != self._store.epoch:
                ack_seq = 0
            if batch or events or ack_seq > self._store.acked_seq:
                self._write(batch, events, ack_seq)
            if batch:
                self._settle()
            if last:
                return
            if self._trouble is not None:
                self._recover()

    def _has_work(self) -> bool:
        return (
            bool(self._queue)
            or len(self._trace) >= TRACE_BATCH
            or self._closing
            or (self._ack_due_s is not None and time.monotonic() >= self._ack_due_s)
        )

    def _wait_s(self) -> float | None:
        waits = []
        if self._ack_due_s is not None:
            waits.append(max(0.0, self._ack_due_s - time.monotonic()))
        if self._trouble is not None:
            waits.append(RECOVER_S)
        return min(waits, default=None)

    def _write(self, batch: list[Pending], events: list[tuple[int, bytes]], ack_seq: int) -> None:
        epoch = self._store.epoch
        for attempt in range(WRITE_ATTEMPTS):
            try:
                self._store.write(batch, events, ack_seq if epoch == self._store.epoch else 0)
            except sqlite3.Error as error:
                last_attempt = attempt == WRITE_ATTEMPTS - 1
                if not self._help(error, ack_seq) or last_attempt:
                    break
            else:
                self._written(batch)
                return
        self.counters.trace_dropped += len(events)
        self._answer(batch, written=False)

    def _written(self, batch: list[Pending]) -> None:
        self.counters.commits += 1
        self.counters.written += len(batch)
        with self._changed:
            self._position = (self._store.epoch, self._store.seq)
            self._cursor = (self._store.epoch, self._store.acked_seq)
        self._answer(batch, written=True)
        if self._trouble not in (None, ErrorKind.FULL):
            self._tell(None if self._ballast.filled else ErrorKind.FULL)

    def _settle(self) -> None:
        with self._changed:
            self._writing = False
            watchers = self._watchers
            if self._flooded and not self._queue:
                self._flooded = False
                _guarded(self._health, self._trouble)
        for wake in watchers:
            _guarded(wake)

    def _answer(self, batch: list[Pending], *, written: bool) -> None:
        if not written:
            self.counters.refused += len(batch)
        for pending in batch:
            if pending.done is not None:
                _guarded(pending.done, written)

    def _help(self, error: sqlite3.Error, ack_seq: int) -> bool:
        """After a failed transaction, of which nothing stayed. True: it may work now."""
        kind = kind_of(error)
        if kind is not self._trouble:
            log.error("journal can't write: %s", error)
            self._tell(kind)
        if kind is ErrorKind.FULL:
            return self._give_room(ack_seq)
        return self._reopen(str(error) if kind is ErrorKind.CORRUPT else None)

    def _give_room(self, ack_seq: int) -> bool:
        try:
            released = self._ballast.release()
            self._store.limit_bytes(self._limits.bytes_max + self._ballast.size_bytes)
            return self._store.make_room(ack_seq) or released
        except sqlite3.Error:
            return False

    def _reopen(self, fault: str | None) -> bool:
        """Begin anew with the file; a damaged one is moved aside and a new epoch begins."""
        self._store.close()
        try:
            with self._reader.kept_out():
                self._store = self._open_store(fault)
        except (DriverError, sqlite3.Error) as error:
            log.error("journal can't be opened again: %s", error)  # noqa: TRY400 - the reason suffices
            return False
        with self._changed:
            self._position = (self._store.epoch, self._store.seq)
            self._cursor = (self._store.epoch, self._store.acked_seq)
        return True

    def _recover(self) -> None:
        """Look, now and then, whether what was wrong has passed."""
        now_s = time.monotonic()
        if now_s < self._recover_due_s:
            return
        self._recover_due_s = now_s + RECOVER_S
        try:
            if self._trouble is not ErrorKind.FULL:
                self._store.touch()
                self._tell(None if self._ballast.filled else ErrorKind.FULL)
            elif self._store.room_bytes() >= self._ballast.size_bytes // 2 and self._ballast.fill():
                self._store.limit_bytes(self._limits.bytes_max)
                self._tell(None)
        except sqlite3.Error as error:
            self._help(error, ack_seq=0)

    def _tell(self, trouble: ErrorKind | None) -> None:
        if trouble is None:
            log.info("journal writes again")
        self._trouble = trouble
        _guarded(self._health, trouble)

    def _begin_boot(self) -> None:
        """Raises:
        DriverError: not even the ballast's room was enough.
        """
        for attempt in range(WRITE_ATTEMPTS):
            try:
                self._store.begin_boot(self._wall())
            except sqlite3.Error as error:
                full = kind_of(error) is ErrorKind.FULL
                if not full or attempt == WRITE_ATTEMPTS - 1 or not self._give_room(ack_seq=0):
                    self._store.close()
                    raise DriverError(kind_of(error), DEVICE, str(error)) from error
            else:
                break
        use_epoch(self._lock_file, self._store.epoch)

    def _open_store(self, fault: str | None = None) -> Store:
        used = epoch_used(self._lock_file)
        store = Store(
            self._path, self._lane, self._wall(), self._limits, epoch_used=used, fault=fault
        )
        use_epoch(self._lock_file, store.epoch)
        return store


def _bounded(record: Record) -> bytes:
    """The record's bytes; free text goes before a record is lost for its length."""
    body = encode(record)
    if len(body) <= RECORD_BYTES_MAX:
        return body
    log.error(
        "a record of kind %s is %d bytes long: its texts are left out", record.kind, len(body)
    )
    return encode(msgspec.structs.replace(record, detail=None, refer_to=None))


def _guarded(call: Callable[..., None], *values: object) -> None:
    """A stranger's callback may not end the writer."""
    try:
        call(*values)
    except Exception:
        log.exception("a callback of the journal failed")
