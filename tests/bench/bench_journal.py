"""Durable records a second: the journal beside a bare SQLite loop, interleaved in one run.

    python tests/bench/bench_journal.py [--rounds 9] [--records 400] [--folder DIR]

*bare* is the least that any durable store on SQLite must do: one INSERT of the same bytes and
one commit a record, in one thread, WAL and synchronous=FULL. *one by one* is the journal with
one record in flight: hash chain, meta, two thread hops. *queued* lets it commit in groups.
Absolute numbers belong to the disk; only the ratios carry over.
"""

import argparse
import queue
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from drivers.journal import SqliteJournal
from gate.records import Direction, Record, RecordKind, Spent, encode
from gate.walltime import WallTime

ANSWER_S = 60


def a_record(number: int) -> Record:
    """One of the eight or so records of a visit."""
    return Record(
        RecordKind.CREDENTIAL_ACCEPTED,
        at_ns=number * 1_000_003,
        visit=number // 8 + 1,
        direction=Direction.ENTRY,
        credential_kind="visitor",
        issuer="example-office",
        pseudonym="0123456789abcdef",
    )


def bare_loop(path: Path) -> Callable[[int, int], None]:
    """One INSERT and one commit a record."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE record (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    def run(first: int, count: int) -> None:
        for number in range(first, first + count):
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO record VALUES (?, ?)", (number + 1, encode(a_record(number))))
            db.execute("COMMIT")

    return run


def one_by_one(journal: SqliteJournal) -> Callable[[int, int], None]:
    """Each record waits for the one before it: group commit has nothing to group."""
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def run(first: int, count: int) -> None:
        for number in range(first, first + count):
            journal.append(a_record(number), done=answers.put)
            answers.get(timeout=ANSWER_S)

    return run


def grants_one_by_one(journal: SqliteJournal) -> Callable[[int, int], None]:
    """As above, each a grant with a used pass: three tables in one transaction."""
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def run(first: int, count: int) -> None:
        for number in range(first, first + count):
            record = Record(RecordKind.ACCESS_GRANTED, at_ns=number, visit=number, grant=number)
            spent = Spent(f"{number:032x}", f"k1:{number}", 2**40)
            journal.append(record, spent, done=answers.put)
            answers.get(timeout=ANSWER_S)

    return run


def queued(journal: SqliteJournal) -> Callable[[int, int], None]:
    """All at once; the writer commits what has gathered."""
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def run(first: int, count: int) -> None:
        for number in range(first, first + count):
            journal.append(a_record(number), done=answers.put)
        for _ in range(count):
            answers.get(timeout=ANSWER_S)

    return run


def main() -> None:
    """Run the three, round by round, and print records a second and ratios."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--records", type=int, default=400, help="a round; at most the queue")
    options.add_argument("--folder", type=Path, help="where the files lie (default: a new one)")
    chosen = options.parse_args()

    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        journals = [
            SqliteJournal(
                Path(folder) / f"journal-{number}.db",
                lane="bench",
                wall=lambda: WallTime(time.time_ns() // 1_000_000),
            )
            for number in range(3)
        ]
        ways = {
            "bare SQLite": bare_loop(Path(folder) / "bare.db"),
            "journal, one by one": one_by_one(journals[0]),
            "journal, grants one by one": grants_one_by_one(journals[1]),
            "journal, queued": queued(journals[2]),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(chosen.rounds + 1):
            for name, run in ways.items():
                started = time.perf_counter()
                run(turn * chosen.records, chosen.records)
                if turn:  # the first round warms up
                    rates[name].append(chosen.records / (time.perf_counter() - started))
        for journal in journals:
            journal.close()

    bare = rates["bare SQLite"]
    for name, found in rates.items():
        ratios = sorted(ours / floor for ours, floor in zip(found, bare, strict=True))
        print(
            f"{name:28} {statistics.median(found):9,.0f} records/s   "
            f"ratio to bare {statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
        )


if __name__ == "__main__":
    main()
