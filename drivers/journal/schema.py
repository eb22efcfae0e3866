"""The journal's tables, and the only two ways to open the file that holds them."""

import sqlite3
from pathlib import Path

from drivers.api import DriverError, ErrorKind

DEVICE = "journal"
SCHEMA_VERSION = 1
"""Kept in `PRAGMA user_version`."""
PAGE_BYTES = 4_096
WAL_PAGES_CHECKPOINT = 1_000
WAL_BYTES_KEPT = WAL_PAGES_CHECKPOINT * PAGE_BYTES
BUSY_MS = 2_000
"""How long a reader of another process may hold a lock before that counts as a fault."""

_SYNCHRONOUS_FULL = 2

_TABLES = """
CREATE TABLE record (
    epoch   INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    quality TEXT    NOT NULL,
    hash    BLOB    NOT NULL,
    body    BLOB    NOT NULL,
    PRIMARY KEY (epoch, seq)
) WITHOUT ROWID;

-- One row: what the lane must know at its next start.
CREATE TABLE meta (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    lane          TEXT    NOT NULL,
    epoch         INTEGER NOT NULL,
    boots         INTEGER NOT NULL,
    visit         INTEGER NOT NULL,
    grant_number  INTEGER NOT NULL,
    occupancy     INTEGER NOT NULL,
    wall_floor_ms INTEGER NOT NULL,
    acked_seq     INTEGER NOT NULL,
    anchor_seq    INTEGER NOT NULL,   -- the newest record that retention took away, 0 for none
    anchor_hash   BLOB    NOT NULL    -- its hash, to which the oldest kept record is chained
);

-- Grants whose outcome is not written yet.
CREATE TABLE open_grant (
    grant_number INTEGER PRIMARY KEY,
    body         BLOB NOT NULL
);

-- Local knowledge: neither sent nor hashed, erased when the pass could no longer be used.
CREATE TABLE spent (
    replay_key   TEXT    NOT NULL,
    grant_number INTEGER NOT NULL,
    holder       TEXT    NOT NULL,
    until_s      INTEGER NOT NULL,
    PRIMARY KEY (replay_key, grant_number)
) WITHOUT ROWID;

-- A ring of the lane's input events, for `gate replay`.
CREATE TABLE trace (
    n      INTEGER PRIMARY KEY,
    boot   INTEGER NOT NULL,
    now_ns INTEGER NOT NULL,
    event  BLOB    NOT NULL
);
"""


def open_writer(path: Path, bytes_max: int) -> sqlite3.Connection:
    """The connection that writes: WAL and `synchronous=FULL`, both read back.

    WAL with NORMAL forgets acknowledged commits at a power cut; FULL does not.

    Raises:
        DriverError: UNSUPPORTED when SQLite does not keep one of the settings (a network file
            system, say), or when a newer program made the file.
        sqlite3.Error: the file can't be opened, or is no database.
    """
    db = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
    )
    try:
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        _assert_kept(db, "journal_mode", "WAL", "wal")
        db.execute("PRAGMA synchronous = FULL")
        _assert_kept(db, "synchronous", None, _SYNCHRONOUS_FULL)
        db.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES_CHECKPOINT}")
        db.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_KEPT}")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA cell_size_check = ON")
        limit_bytes(db, bytes_max)
        _make_tables(db)
    except BaseException:
        db.close()
        raise
    return db


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that can't write.

    Raises:
        DriverError: MISSING when there is no such journal.
        sqlite3.Error: the file can't be opened.
    """
    if not path.is_file():
        raise DriverError(ErrorKind.MISSING, DEVICE, f"no journal at {path}")
    uri = f"{path.resolve().as_uri()}?mode=ro"
    db = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
    )
    db.execute("PRAGMA query_only = ON")
    return db


def limit_bytes(db: sqlite3.Connection, bytes_max: int) -> None:
    """The file may not grow beyond that; SQLite then answers as it does on a full disk."""
    db.execute(f"PRAGMA max_page_count = {max(1, bytes_max // PAGE_BYTES)}")


def kind_of(error: sqlite3.Error) -> ErrorKind:
    """What an error of SQLite means for the technician."""
    return _KINDS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, ErrorKind.FAILED)


_KINDS = {
    sqlite3.SQLITE_FULL: ErrorKind.FULL,
    sqlite3.SQLITE_CORRUPT: ErrorKind.CORRUPT,
    sqlite3.SQLITE_NOTADB: ErrorKind.CORRUPT,
    sqlite3.SQLITE_BUSY: ErrorKind.BUSY,
    sqlite3.SQLITE_LOCKED: ErrorKind.BUSY,
    sqlite3.SQLITE_READONLY: ErrorKind.DENIED,
    sqlite3.SQLITE_PERM: ErrorKind.DENIED,
    sqlite3.SQLITE_CANTOPEN: ErrorKind.MISSING,
}


def _assert_kept(db: sqlite3.Connection, name: str, value: str | None, expected: object) -> None:
    question = f"PRAGMA {name}" if value is None else f"PRAGMA {name} = {value}"
    (kept,) = db.execute(question).fetchone()
    if kept != expected:
        raise DriverError(
            ErrorKind.UNSUPPORTED, DEVICE, f"SQLite keeps {name} at {kept}, not {expected}"
        )


def _make_tables(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == 0:
        db.executescript(
            f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )
    elif version != SCHEMA_VERSION:
        raise DriverError(
            ErrorKind.UNSUPPORTED,
            DEVICE,
            f"made by another version of the program (schema {version})",
        )
