"""A damaged journal is moved aside, never erased, and the lane goes on in a new epoch."""

import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.api import DriverError, ErrorKind
from drivers.journal import Limits, SqliteJournal, damage, verify_chain
from gate.records import Record, RecordKind, Spent, decode
from gate.walltime import WallTime

ANSWER_S = 30
MEANWHILE_S = 0.3
"""Time enough to ask; whoever is made to wait asks later."""
EVENING = WallTime(1_700_000_000_000)
RECORDS = 400
USED = Spent("aa" * 16, "k1:7", EVENING.unix_s + 3_600)


def open_journal(
    path: Path, health: Callable[[ErrorKind | None], None] = lambda _: None
) -> SqliteJournal:
    return SqliteJournal(
        path, lane="north", wall=lambda: EVENING, health=health, limits=Limits(ballast_bytes=65_536)
    )


def written_journal(path: Path) -> SqliteJournal:
    """A closed journal with a used pass, an open grant and some hundred records."""
    journal = open_journal(path)
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    journal.append(
        Record(RecordKind.ACCESS_GRANTED, at_ns=1, visit=5, grant=3), USED, done=answers.put
    )
    for number in range(RECORDS - 1):
        journal.append(Record(RecordKind.DOOR_CLOSED, at_ns=number, occupancy=4), done=answers.put)
    assert all(answers.get(timeout=ANSWER_S) for _ in range(RECORDS))
    journal.close()
    return journal


def replace_by_noise(path: Path) -> None:
    path.write_bytes(b"not a database at all " * 500)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite_a_page(path: Path) -> None:
    pages = bytearray(path.read_bytes())
    pages[-3 * 4_096 : -4_096] = b"\xff" * (2 * 4_096)
    path.write_bytes(pages)


def alter_a_record(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE record SET wall_ms = wall_ms + 1 WHERE seq = ?", (RECORDS - 5,))
    db.close()


def remove_a_record(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM record WHERE seq = ?", (RECORDS - 5,))
    db.close()


def lose_the_meta_row(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM meta")
    db.close()


@pytest.mark.parametrize(
    "harm",
    [
        replace_by_noise,
        cut_short,
        overwrite_a_page,
        alter_a_record,
        remove_a_record,
        lose_the_meta_row,
    ],
)
def test_damage_is_quarantined_and_a_new_epoch_begins(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    """Whatever happened to the file, it is kept under another name and the lane can write."""
    path = tmp_path / "journal.db"
    before = written_journal(path)
    harm(path)
    harmed = path.read_bytes()

    journal = open_journal(path)

    assert journal.restored.quarantined == "journal.db.damaged-1"
    assert (tmp_path / "journal.db.damaged-1").read_bytes() == harmed
    assert journal.restored.seq == 0
    assert journal.restored.epoch > before.restored.epoch, "an epoch is never used twice"
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    journal.append(Record(RecordKind.DEVICE_STARTED, at_ns=1), done=answers.put)
    assert answers.get(timeout=ANSWER_S)
    assert verify_chain(path).fault is None
    journal.close()
    assert open_journal_and_close(path).restored.quarantined is None


def open_journal_and_close(path: Path) -> SqliteJournal:
    journal = open_journal(path)
    journal.close()
    return journal


def test_a_used_pass_stays_used_through_damage(tmp_path: Path) -> None:
    """What can still be read of the small tables goes along into the new epoch."""
    path = tmp_path / "journal.db"
    before = written_journal(path)
    alter_a_record(path)

    journal = open_journal_and_close(path)

    restored = journal.restored
    assert restored.spent == (USED,)
    assert (restored.visit, restored.grant, restored.occupancy) == (5, 3, 4)
    assert restored.boot == before.restored.boot + 1
    assert restored.wall_floor_ms == EVENING.unix_ms
    assert [grant.grant for grant in journal.open_grants] == [3]


def test_each_damaged_file_gets_its_own_name(tmp_path: Path) -> None:
    """A second damage never overwrites the evidence of the first."""
    path = tmp_path / "journal.db"
    for number in (1, 2):
        written_journal(path)
        alter_a_record(path)
        assert open_journal_and_close(path).restored.quarantined == f"journal.db.damaged-{number}"
    assert verify_chain(tmp_path / "journal.db.damaged-1").fault is not None


def test_damage_found_while_writing_begins_a_new_epoch(tmp_path: Path) -> None:
    """A record that meets damage is written all the same, into the new epoch."""
    path = tmp_path / "journal.db"
    health: list[ErrorKind | None] = []
    journal = open_journal(path, health.append)
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    journal.append(Record(RecordKind.DEVICE_STARTED, at_ns=1), done=answers.put)
    assert answers.get(timeout=ANSWER_S)
    first_epoch = journal.position[0]
    # The program's own connection is told that its file is damaged, as SQLite tells it.
    journal._store._db = Damaged(journal._store._db)  # type: ignore[assignment]

    journal.append(Record(RecordKind.DOOR_FORCED, at_ns=2), done=answers.put)

    assert answers.get(timeout=ANSWER_S)
    assert journal.position == (first_epoch + 1, 1)
    journal.close()
    assert health == [ErrorKind.CORRUPT, None]
    assert (tmp_path / "journal.db.damaged-1").exists()


def test_a_reader_that_comes_while_the_file_is_moved_finds_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reporter asks in the middle of the quarantine: it is not left with the file moved away,
    from which it would never hear of a new record again."""
    path = tmp_path / "journal.db"
    journal = open_journal(path)
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    journal.append(Record(RecordKind.DEVICE_STARTED, at_ns=1), done=answers.put)
    assert answers.get(timeout=ANSWER_S)
    move = damage.quarantine
    reporter = threading.Thread(target=lambda: journal.after(0, 0, 10))

    def move_while_asked(file: Path) -> Path:
        reporter.start()
        reporter.join(MEANWHILE_S)
        return move(file)

    monkeypatch.setattr(damage, "quarantine", move_while_asked)
    journal._store._db = Damaged(journal._store._db)  # type: ignore[assignment]
    journal.append(Record(RecordKind.DOOR_FORCED, at_ns=2), done=answers.put)
    assert answers.get(timeout=ANSWER_S)
    reporter.join(ANSWER_S)

    stored = journal.after(0, 0, 10)
    journal.close()
    assert [decode(record.body).kind for record in stored] == [RecordKind.DOOR_FORCED]


class Damaged:
    """A connection whose pages went bad: every statement says so."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.in_transaction = False

    def execute(self, *_: object) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    def close(self) -> None:
        self._db.close()


def test_the_journal_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    """A schema that we don't know is no damage: nothing is moved, and the reason is plain."""
    path = tmp_path / "journal.db"
    written_journal(path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()

    with pytest.raises(DriverError, match="schema 99") as caught:
        open_journal(path)
    assert caught.value.kind is ErrorKind.UNSUPPORTED
    assert not (tmp_path / "journal.db.damaged-1").exists()


def test_there_is_nothing_to_verify_where_there_is_no_journal(tmp_path: Path) -> None:
    """A missing file and a file that is no journal are told apart."""
    with pytest.raises(DriverError) as missing:
        verify_chain(tmp_path / "none.db")
    (tmp_path / "noise.db").write_bytes(b"noise" * 4_000)
    with pytest.raises(DriverError) as corrupt:
        verify_chain(tmp_path / "noise.db")

    assert (missing.value.kind, corrupt.value.kind) == (ErrorKind.MISSING, ErrorKind.CORRUPT)
