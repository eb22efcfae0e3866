"""The journal seen from outside the writer: other threads, other processes, a technician's desk."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from drivers.api import DriverError, ErrorKind, Stored
from drivers.journal.chain import genesis, walk
from drivers.journal.schema import DEVICE, open_reader

READ_RECORDS_MAX = 10_000
"""Most records that one call of `after` gives."""

_AFTER = """SELECT epoch, seq, wall_ms, quality, hash, body FROM record
    WHERE (epoch, seq) > (?, ?) ORDER BY epoch, seq LIMIT ?"""
_NEWEST = """SELECT epoch, seq, wall_ms, quality, hash, body FROM record
    ORDER BY epoch DESC, seq DESC LIMIT ?"""


class TraceEvent(Struct, frozen=True):
    """One input event of the lane, as `gate replay` takes it."""

    boot: int
    now_ns: int
    event: bytes
    """JSON of `gate.events.AnyEvent`."""


class Reader:
    """A read-only connection; sees what is durable. One thread at a time."""

    def __init__(self, path: Path) -> None:
        """Raises:
        DriverError: MISSING when there is no journal, CORRUPT when it is none.
        """
        self._db = open_reader(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def after(self, epoch: int, seq: int, limit: int) -> list[Stored]:
        """Records after that position, oldest first, at most `limit` (`READ_RECORDS_MAX`)."""
        rows = self._rows(_AFTER, (epoch, seq, min(limit, READ_RECORDS_MAX)))
        return [Stored(*row) for row in rows]

    def newest(self, limit: int) -> list[Stored]:
        """The last records, oldest first."""
        rows = self._rows(_NEWEST, (min(limit, READ_RECORDS_MAX),))
        return [Stored(*row) for row in reversed(rows)]

    def trace(self, boot: int | None = None) -> Iterator[TraceEvent]:
        """Input events in the order in which the lane took them, of one start or of all kept."""
        try:
            rows = self._db.execute(
                "SELECT boot, now_ns, event FROM trace"
                " WHERE :boot IS NULL OR boot = :boot ORDER BY n",
                {"boot": boot},
            )
            for row in rows:
                yield TraceEvent(*row)
        except sqlite3.Error as error:
            raise DriverError(ErrorKind.CORRUPT, DEVICE, str(error)) from error

    def close(self) -> None:
        """Idempotent."""
        self._db.close()

    def _rows(self, query: str, values: tuple[int, ...]) -> list[tuple]:  # type: ignore[type-arg]
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise DriverError(ErrorKind.CORRUPT, DEVICE, str(error)) from error


class SharedReader:
    """A reader for any thread, opened when it is first asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._closed = False

    def after(self, epoch: int, seq: int, limit: int) -> list[Stored]:
        """As `Reader.after`.

        Raises:
            DriverError: the file can't be read, or `close` was called.
        """
        with self._lock:
            if self._closed:
                raise DriverError(ErrorKind.MISSING, DEVICE, "closed")
            if self._reader is None:
                self._reader = Reader(self._path)
            return self._reader.after(epoch, seq, limit)

    @contextlib.contextmanager
    def kept_out(self) -> Iterator[None]:
        """The file is let go, and may be moved: who asks meanwhile waits, and opens it anew. One
        opened too early would stay with the moved file, and never see a new record."""
        with self._lock:
            self._let_go()
            yield

    def close(self) -> None:
        """For good. Idempotent."""
        with self._lock:
            self._closed = True
            self._let_go()

    def _let_go(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


class ChainReport(Struct, frozen=True):
    """What `verify_chain` found."""

    lane: str
    epoch: int
    first_seq: int
    """The oldest record kept; older ones were removed by retention."""
    last_seq: int
    records: int
    fault: str | None = None
    """None: every record is there, in order, unchanged."""


def verify_chain(path: Path) -> ChainReport:
    """Verify the whole chain of a journal, from its anchor to its end. Read only.

    Raises:
        DriverError: MISSING or CORRUPT, when there is no journal to read.
    """
    db = open_reader(path)
    try:
        lane, epoch, anchor_seq, anchor_hash = db.execute(
            "SELECT lane, epoch, anchor_seq, anchor_hash FROM meta"
        ).fetchone() or (None, 0, 0, b"")
        if lane is None:
            raise DriverError(ErrorKind.CORRUPT, DEVICE, "the table meta lost its row")
        rows = db.execute(
            "SELECT seq, wall_ms, quality, hash, body FROM record WHERE epoch = ? ORDER BY seq",
            (epoch,),
        )
        walked = walk(rows, epoch, anchor_seq, anchor_hash if anchor_seq else genesis(lane, epoch))
    except sqlite3.Error as error:
        raise DriverError(ErrorKind.CORRUPT, DEVICE, str(error)) from error
    finally:
        db.close()
    return ChainReport(
        lane, epoch, anchor_seq + 1, walked.seq, walked.seq - anchor_seq, walked.fault
    )
