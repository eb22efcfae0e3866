"""A full disk: who is refused is told, what was acknowledged stays, and room brings it back."""

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from drivers.api import ErrorKind
from drivers.journal import Limits, SqliteJournal, verify_chain
from drivers.journal import journal as journal_module
from gate.records import Record, RecordKind, decode
from gate.walltime import WallTime

ANSWER_S = 30
NOON = WallTime(1_700_000_000_000)
FILE_BYTES = 200 * 1024
BALLAST_BYTES = 64 * 1024


class Bounded:
    """A journal whose file may not grow past `FILE_BYTES`: SQLite says FULL, as a disk does."""

    def __init__(self, path: Path, *, file_bytes: int = FILE_BYTES) -> None:
        self.health: list[ErrorKind | None] = []
        self.told_full = threading.Event()
        self.recovered = threading.Event()
        self.answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.journal = SqliteJournal(
            path,
            lane="north",
            wall=lambda: NOON,
            health=self._hear,
            limits=Limits(bytes_max=file_bytes, ballast_bytes=BALLAST_BYTES),
        )

    def _hear(self, trouble: ErrorKind | None) -> None:
        self.health.append(trouble)
        (self.told_full if trouble is ErrorKind.FULL else self.recovered).set()

    def write(self, visit: int) -> bool:
        record = Record(RecordKind.ACCESS_REQUESTED, at_ns=visit, visit=visit, detail="x" * 150)
        self.journal.append(record, done=self.answers.put)
        return self.answers.get(timeout=ANSWER_S)

    def write_until_refused(self, first_visit: int = 1) -> int:
        """Returns the last visit that was written."""
        visit = first_visit
        while self.write(visit):
            visit += 1
        return visit - 1


def test_the_ballast_lets_the_lane_say_why_it_stops(tmp_path: Path) -> None:
    """The lane is told FULL while records are still taken, and only later is one refused."""
    bounded = Bounded(tmp_path / "journal.db")
    visit = 1
    while not bounded.told_full.is_set():
        assert bounded.write(visit), "refused before the lane was told"
        visit += 1

    last_words = Record(RecordKind.DEVICE_FAILED, at_ns=1, device="journal", detail="full")
    bounded.journal.append(last_words, done=bounded.answers.put)

    assert bounded.answers.get(timeout=ANSWER_S)
    bounded.write_until_refused()
    bounded.journal.close()
    assert verify_chain(tmp_path / "journal.db").fault is None


def test_a_refused_record_costs_none_that_was_acknowledged(tmp_path: Path) -> None:
    """After many refusals the file holds exactly what was answered with yes."""
    bounded = Bounded(tmp_path / "journal.db")
    last = bounded.write_until_refused()
    assert not any(bounded.write(10_000 + number) for number in range(20))

    stored = bounded.journal.after(0, 0, 10_000)

    assert [decode(record.body).visit for record in stored] == list(range(1, last + 1))
    bounded.journal.close()
    assert verify_chain(tmp_path / "journal.db").fault is None
    assert Bounded(tmp_path / "journal.db", file_bytes=4 * FILE_BYTES).journal.restored.seq == last


def test_acknowledgement_makes_room_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the receiver has the records, the oldest go, and the journal writes and says so."""
    monkeypatch.setattr(journal_module, "RECOVER_S", 0.05)
    bounded = Bounded(tmp_path / "journal.db")
    last = bounded.write_until_refused()
    bounded.journal.acknowledge(bounded.journal.position[0], last - 10)
    bounded.recovered.clear()

    assert any(bounded.write(last + number) for number in range(1, 10))

    assert bounded.recovered.wait(ANSWER_S)
    assert bounded.health[-1] is None
    bounded.journal.close()
    report = verify_chain(tmp_path / "journal.db")
    assert (report.fault, report.first_seq > 1) == (None, True)


REAL_DISK = """
import json, os, queue, subprocess, sys, time
from pathlib import Path
from drivers.journal import journal, Limits, SqliteJournal, verify_chain
from gate.records import Record, RecordKind, decode
from gate.walltime import WallTime

disk = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=True)
journal.RECOVER_S = 0.05
health, answers = [], queue.SimpleQueue()
ours = SqliteJournal(disk / "journal.db", lane="north", wall=lambda: WallTime(1_700_000_000_000),
    health=health.append, limits=Limits(ballast_bytes=512 * 1024))

def write(visit):
    ours.append(Record(RecordKind.ACCESS_REQUESTED, at_ns=visit, visit=visit), done=answers.put)
    return answers.get(timeout=30)

hog = open(disk / "somebody-elses-log", "wb", buffering=0)
try:
    while True:
        hog.write(b"x" * 4096)
except OSError:
    pass
taken, visit, refused = [], 0, 0
while refused < 5:
    visit += 1
    if write(visit):
        taken.append(visit)
    else:
        refused += 1
full_at = len(taken)
os.truncate(disk / "somebody-elses-log", 0)
deadline = time.monotonic() + 30
while health[-1] is not None and time.monotonic() < deadline:
    visit += 1
    if write(visit):
        taken.append(visit)
    time.sleep(0.01)
ours.close()
again = SqliteJournal(disk / "journal.db", lane="north", wall=lambda: WallTime(1_700_000_000_000))
found = [decode(record.body).visit for record in again.after(0, 0, 10_000)]
again.close()
print(json.dumps({"health": health, "full_at": full_at, "lost": sorted(set(taken) - set(found)),
    "invented": sorted(set(found) - set(taken)), "after": len(taken) - full_at,
    "fault": verify_chain(disk / "journal.db").fault}))
"""


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """Somebody else's log fills the disk: the ballast carries hundreds of records more, nothing
    acknowledged is lost, and the journal recovers by itself when there is room again."""
    private = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*private, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets us make no mount of our own: no small disk to fill")

    run = subprocess.run(
        [*private, sys.executable, "-c", REAL_DISK, str(tmp_path)],
        capture_output=True,
        check=False,
        timeout=100,
    )

    assert run.returncode == 0, run.stderr.decode()
    seen = json.loads(run.stdout)
    assert seen["lost"] == []
    assert seen["invented"] == []
    assert seen["fault"] is None
    assert seen["full_at"] > 20
    assert seen["after"] > 0
    assert seen["health"][0] == "full"
    assert seen["health"][-1] is None
