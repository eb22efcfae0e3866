"""What the journal keeps of a lane, and what the lane finds again at its next start."""

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from drivers.api import DriverError, ErrorKind
from drivers.journal import Limits, Reader, SqliteJournal, verify_chain
from drivers.journal.journal import QUEUE_RECORDS_MAX
from drivers.journal.store import UPKEEP_RECORDS, Pending, Store
from gate.ledger import SPENT_KEPT_S
from gate.records import RECORD_BYTES_MAX, Direction, Record, RecordKind, Spent, decode
from gate.walltime import ClockQuality, WallTime

ANSWER_S = 30
"""Liveness only: an answer comes in milliseconds."""
MORNING_MS = 1_700_000_000_000


class Site:
    """A lane's journal with a wall clock of the test's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.wall = WallTime(MORNING_MS)
        self.limits = Limits(ballast_bytes=65_536)
        self.health: list[ErrorKind | None] = []
        self._open: list[SqliteJournal] = []

    def open(self, lane: str = "north") -> SqliteJournal:
        journal = SqliteJournal(
            self.path,
            lane=lane,
            wall=lambda: self.wall,
            health=self.health.append,
            limits=self.limits,
        )
        self._open.append(journal)
        return journal

    def close(self) -> None:
        for journal in self._open:
            journal.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path / "journal.db")
    yield site
    site.close()


def write(journal: SqliteJournal, *records: Record, spent: Spent | None = None) -> list[bool]:
    """Append them all, and wait until each was answered."""
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    for record in records:
        journal.append(record, spent, done=answers.put)
    return [answers.get(timeout=ANSWER_S) for _ in records]


def requested(visit: int) -> Record:
    return Record(RecordKind.ACCESS_REQUESTED, at_ns=visit, visit=visit)


def granted(grant: int) -> Record:
    return Record(
        RecordKind.ACCESS_GRANTED, at_ns=grant, visit=grant, grant=grant, direction=Direction.ENTRY
    )


def closed(kind: RecordKind, grant: int) -> Record:
    return Record(kind, at_ns=grant, visit=grant, grant=grant)


def test_records_are_numbered_without_a_gap_and_chained(site: Site) -> None:
    """Every record has the next number, and the chain holds from the first to the last."""
    journal = site.open()

    assert write(journal, *(requested(visit) for visit in range(1, 201))) == [True] * 200

    epoch = journal.restored.epoch
    stored = journal.after(epoch, 0, 1_000)
    assert [record.seq for record in stored] == list(range(1, 201))
    assert [decode(record.body).visit for record in stored] == list(range(1, 201))
    assert journal.position == (epoch, 200)
    report = verify_chain(site.path)
    assert (report.lane, report.first_seq, report.last_seq, report.fault) == ("north", 1, 200, None)


def test_a_reader_continues_where_it_stopped(site: Site) -> None:
    """`after` gives what follows a position, at most so many, oldest first."""
    journal = site.open()
    write(journal, *(requested(visit) for visit in range(1, 11)))

    with Reader(site.path) as reader:
        assert [record.seq for record in reader.after(journal.restored.epoch, 7, 2)] == [8, 9]
        assert [record.seq for record in reader.after(0, 0, 3)] == [1, 2, 3]
        assert [record.seq for record in reader.newest(2)] == [9, 10]
        assert reader.after(journal.restored.epoch, 10, 5) == []


def test_a_changed_record_breaks_the_chain(site: Site) -> None:
    """Who alters what was written is found out, and where."""
    journal = site.open()
    write(journal, *(requested(visit) for visit in range(1, 6)))
    journal.close()
    with sqlite3.connect(site.path) as db:
        db.execute(
            "UPDATE record SET body = ? WHERE seq = 3", (b'{"kind":"access.taken","at_ns":3}',)
        )
    db.close()

    assert verify_chain(site.path).fault == "record 3 was changed, or the one before it"


def test_a_start_finds_what_the_lane_must_know(site: Site) -> None:
    """Occupancy, the last numbers and the used passes survive; the start itself is counted."""
    first = site.open()
    assert first.restored.boot == 1
    write(first, granted(41), spent=Spent("aa" * 16, "k1:7", MORNING_MS // 1000 + 3_600))
    write(
        first,
        closed(RecordKind.ACCESS_TAKEN, 41),
        Record(RecordKind.OCCUPANCY_CHANGED, at_ns=5, visit=41, occupancy=17),
        requested(42),
    )
    first.close()

    restored = site.open().restored

    assert (restored.boot, restored.visit, restored.grant, restored.occupancy) == (2, 42, 41, 17)
    assert restored.epoch == first.restored.epoch
    assert restored.seq == 4
    assert restored.spent == (Spent("aa" * 16, "k1:7", MORNING_MS // 1000 + 3_600),)


def test_a_pass_that_nobody_went_through_with_is_given_back(site: Site) -> None:
    """One-time use commits on passage: a grant not taken frees its pass, an unknown one not."""
    journal = site.open()
    until_s = MORNING_MS // 1000 + 3_600
    for grant, outcome in enumerate(
        (RecordKind.ACCESS_TAKEN, RecordKind.ACCESS_NOT_TAKEN, RecordKind.ACCESS_UNKNOWN), start=1
    ):
        write(journal, granted(grant), spent=Spent(f"pass-{grant}", "k1:7", until_s))
        write(journal, closed(outcome, grant))
    journal.close()

    assert {spent.replay_key for spent in site.open().restored.spent} == {"pass-1", "pass-3"}


def test_a_pass_that_can_no_longer_be_used_is_forgotten(site: Site) -> None:
    """As long as the lane itself remembers it, and not past that, unless the clock can't be trusted
    to know. A pass that renews itself for thirty seconds at a time is used for good when one of
    them was: its end says nothing of the next one."""
    journal = site.open()
    write(journal, granted(1), spent=Spent("aa", "k1:7", MORNING_MS // 1000 + 30))
    journal.close()
    over_ms = MORNING_MS + (30 + SPENT_KEPT_S) * 1000

    for wall, kept in (
        (WallTime(MORNING_MS + 31_000), 1),
        (WallTime(over_ms - 1_000), 1),
        (WallTime(over_ms, quality=ClockQuality.UNTRUSTED), 1),
        (WallTime(over_ms), 0),
    ):
        site.wall = wall
        again = site.open()
        assert len(again.restored.spent) == kept
        again.close()


def test_upkeep_forgets_no_pass_that_the_lane_remembers(site: Site) -> None:
    """What is thrown away while the lane runs is what a restart would not ask for either."""
    journal = site.open()
    write(journal, granted(1), spent=Spent("aa", "k1:7", MORNING_MS // 1000 + 30))
    site.wall = WallTime(MORNING_MS + 3_600_000)
    write(journal, *(granted(2 + number) for number in range(UPKEEP_RECORDS + 1)))
    journal.close()
    assert len(site.open().restored.spent) == 1


def test_a_grant_without_an_outcome_is_found_at_the_next_start(site: Site) -> None:
    """Exactly the grants that nobody closed come back, as they were written."""
    journal = site.open()
    write(journal, granted(1), closed(RecordKind.ACCESS_TAKEN, 1), granted(2), granted(3))
    write(journal, closed(RecordKind.ACCESS_NOT_TAKEN, 2))
    journal.close()

    again = site.open()
    assert again.open_grants == (granted(3),)
    write(again, closed(RecordKind.ACCESS_UNKNOWN, 3))
    again.close()

    assert site.open().open_grants == ()


def test_the_wall_clocks_floor_never_goes_back(site: Site) -> None:
    """A clock that starts in 1970 after a power cut is found out by the floor."""
    journal = site.open()
    write(journal, requested(1))
    site.wall = WallTime(MORNING_MS + 5_000)
    write(journal, requested(1))
    site.wall = WallTime(MORNING_MS + 900_000, quality=ClockQuality.UNTRUSTED)
    write(journal, requested(1))
    journal.close()

    site.wall = WallTime(1_000, quality=ClockQuality.UNTRUSTED)
    again = site.open()
    write(again, requested(2))
    again.close()

    assert site.open().restored.wall_floor_ms == MORNING_MS + 5_000


def test_the_acknowledged_position_survives_and_never_goes_back(site: Site) -> None:
    """The reporter continues where the receiver was, whatever comes late."""
    journal = site.open()
    write(journal, *(requested(visit) for visit in range(1, 11)))
    epoch = journal.restored.epoch
    journal.acknowledge(epoch, 7)
    journal.acknowledge(epoch, 3)
    journal.acknowledge(epoch - 1, 9)
    assert journal.cursor == (epoch, 7)
    journal.close()

    assert site.open().cursor == (epoch, 7)


def test_retention_takes_the_oldest_acknowledged_and_keeps_the_chain(site: Site) -> None:
    """Beyond the bound the oldest go, only if acknowledged, and the rest can still be verified."""
    site.limits = Limits(records_max=100, ballast_bytes=65_536)
    journal = site.open()
    epoch = journal.restored.epoch
    write(journal, *(requested(visit) for visit in range(1, 151)))
    assert verify_chain(site.path).first_seq == 1, "an unacknowledged record was removed"

    journal.acknowledge(epoch, 120)
    write(journal, requested(151))

    report = verify_chain(site.path)
    assert report.fault is None
    assert report.records <= 100
    assert report.last_seq == 151
    journal.close()
    assert site.open().restored.quarantined is None


def test_a_lane_without_a_reporter_keeps_its_bound(site: Site) -> None:
    """Where nobody fetches the records, nobody needs to acknowledge them."""
    site.limits = Limits(records_max=100, ballast_bytes=65_536, reported=False)
    write(site.open(), *(requested(visit) for visit in range(1, 301)))

    assert verify_chain(site.path).records <= 100


def test_the_trace_keeps_the_last_events_of_each_start(site: Site) -> None:
    """Input events ride along with records and stay within their ring."""
    site.limits = Limits(trace_events_max=80, ballast_bytes=65_536)
    journal = site.open()
    for number in range(100):
        journal.trace(number, b'{"type":"Woke"}')
    write(journal, requested(1))
    journal.close()
    again = site.open()
    again.trace(7, b'{"type":"ShutdownRequested"}')
    again.close()

    with Reader(site.path) as reader:
        kept = list(reader.trace())
        assert [event.now_ns for event in reader.trace(boot=2)] == [7]
    assert len(kept) <= 80
    assert [event.now_ns for event in kept if event.boot == 1][-1] == 99
    assert kept[-1].event == b'{"type":"ShutdownRequested"}'


def test_the_trace_alone_costs_no_transaction_of_its_own(site: Site) -> None:
    """A few events without a record wait for the next record."""
    journal = site.open()
    write(journal, requested(1))
    before = journal.counters.commits
    journal.trace(1, b"{}")
    write(journal, requested(2))

    assert journal.counters.commits == before + 1


def test_a_full_queue_refuses_and_loses_nothing_it_took(site: Site) -> None:
    """The queue has a bound: who is refused is told at once, who was taken is written, and the lane
    hears that its journal is stuck, and that it no longer is."""
    journal = site.open()
    health: queue.SimpleQueue[ErrorKind | None] = queue.SimpleQueue()
    journal._health = health.put
    held, let_go = threading.Event(), threading.Event()

    def hold(_: bool) -> None:
        held.set()
        let_go.wait(ANSWER_S)

    journal.append(requested(1), done=hold)
    assert held.wait(ANSWER_S)
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
    for visit in range(QUEUE_RECORDS_MAX + 5):
        journal.append(requested(visit), done=answers.put)
    assert [answers.get_nowait() for _ in range(5)] == [False] * 5
    assert health.get_nowait() is ErrorKind.STUCK
    assert health.empty()
    let_go.set()
    assert health.get(timeout=ANSWER_S) is None

    assert all(answers.get(timeout=ANSWER_S) for _ in range(QUEUE_RECORDS_MAX))
    assert journal.position[1] == 1 + QUEUE_RECORDS_MAX
    assert journal.counters.refused == 5


def test_a_callback_that_fails_does_not_end_the_writer(site: Site) -> None:
    """A bug of a caller is logged; the journal goes on."""
    journal = site.open()

    def fail(_: bool) -> None:
        raise RuntimeError("a bug of the caller")

    journal.append(requested(1), done=fail)

    assert write(journal, requested(2)) == [True]


def test_texts_too_long_for_a_record_are_left_out(site: Site) -> None:
    """The length of a record has a bound, and its facts outrank its texts."""
    journal = site.open()
    write(
        journal,
        Record(RecordKind.ACCESS_REFERRED, at_ns=1, visit=9, refer_to="x" * RECORD_BYTES_MAX),
    )

    (stored,) = journal.after(0, 0, 10)
    assert len(stored.body) <= RECORD_BYTES_MAX
    assert decode(stored.body).visit == 9


def test_after_closing_a_record_is_refused(site: Site) -> None:
    """Closing writes what was queued and takes nothing more; it may be asked for twice."""
    journal = site.open()
    journal.append(requested(1))
    journal.close()
    journal.close()

    assert write(journal, requested(2)) == [False]
    assert verify_chain(site.path).last_seq == 1


def test_two_processes_never_write_one_journal(site: Site) -> None:
    """The second to come is told that the journal is busy."""
    site.open()

    with pytest.raises(DriverError) as caught:
        site.open()
    assert caught.value.kind is ErrorKind.BUSY


def test_a_journal_of_another_lane_is_refused(site: Site) -> None:
    """A card moved to another lane does not mix the two chains."""
    site.open().close()

    with pytest.raises(DriverError) as caught:
        site.open(lane="south")
    assert caught.value.kind is ErrorKind.DENIED
    site.open().close()


def test_a_record_that_is_shown_can_be_acknowledged(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader sees a commit before its writer has said so. Until then it is kept from the
    reporter: an acknowledgement so early would be cut off at the record before, and the last
    record of the day would be sent again at the next start."""
    journal = site.open()
    epoch = journal.restored.epoch
    write(journal, requested(1))
    committed, let_go = threading.Event(), threading.Event()
    commit = journal._store.write

    def stay(batch: Sequence[Pending], events: Sequence[tuple[int, bytes]], acked_seq: int) -> None:
        commit(batch, events, acked_seq)
        committed.set()
        let_go.wait(ANSWER_S)

    monkeypatch.setattr(journal._store, "write", stay)
    woken = threading.Event()
    journal.watch(woken.set)
    journal.append(requested(2))
    assert committed.wait(ANSWER_S)

    for stored in journal.after(epoch, 0, 10):
        journal.acknowledge(epoch, stored.seq)
        assert journal.cursor == (epoch, stored.seq)
    settled_before = journal.settled
    let_go.set()

    assert woken.wait(ANSWER_S)
    assert (settled_before, journal.settled) == (False, True)
    assert [stored.seq for stored in journal.after(epoch, 0, 10)] == [1, 2]
    journal.acknowledge(epoch, 2)
    assert journal.cursor == (epoch, 2)


def test_a_refusal_settles_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the disk is woken when it fails as well."""
    journal = site.open()
    woken = threading.Event()
    journal.watch(woken.set)

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("the disk is gone")

    monkeypatch.setattr(Store, "write", fail)

    assert write(journal, requested(1)) == [False]
    assert woken.wait(ANSWER_S)
    assert journal.settled


def test_watchers_hear_of_durable_records(site: Site) -> None:
    """The reporter is woken when there is something to send."""
    journal = site.open()
    woken = threading.Event()
    journal.watch(woken.set)
    journal.append(requested(1))

    assert woken.wait(ANSWER_S)
    assert journal.position[1] == 1


@pytest.mark.parametrize("setting", ["journal_mode", "synchronous"])
def test_a_setting_that_sqlite_does_not_keep_is_an_error(
    site: Site, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without WAL and FULL an acknowledged record could be forgotten: the journal won't open."""
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    class Forgetful(sqlite3.Connection):
        def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
            if sql.startswith(f"PRAGMA {setting}"):
                sql = "SELECT 'other'"
            return super().execute(sql, *values)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Forgetful))

    with pytest.raises(DriverError, match=setting) as caught:
        site.open()
    assert caught.value.kind is ErrorKind.UNSUPPORTED
