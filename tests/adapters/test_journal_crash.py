"""kill -9 at any moment: what was acknowledged is there, numbered without a gap, chained."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drivers.journal import Reader, SqliteJournal, verify_chain
from gate.records import decode
from gate.walltime import WallTime

KILLS = int(os.environ.get("GATE_JOURNAL_KILLS", "30"))
"""More for a soak: GATE_JOURNAL_KILLS=500."""
PAUSE_S_MAX = 0.003
"""A kill falls anywhere within a few transactions."""

WRITER = """
import os, sys, time
from pathlib import Path
from drivers.journal import Limits, SqliteJournal
from gate.records import Record, RecordKind, Spent
from gate.walltime import WallTime

# One warm parent, a forked child a life: a start costs milliseconds.
for first in sys.stdin:
    child = os.fork()
    if child == 0:
        limits = Limits(records_max=500, ballast_bytes=65_536, reported=False)
        wall = WallTime(1_700_000_000_000)
        journal = SqliteJournal(Path(sys.argv[1]), lane="north", wall=lambda: wall, limits=limits)
        os.write(1, b"up %d\\n" % os.getpid())
        number = int(first)
        while True:
            number += 1
            def done(ok, number=number):
                if ok:
                    os.write(1, b"done %d\\n" % number)
            journal.trace(number, b"{}")
            record = Record(RecordKind.ACCESS_GRANTED, at_ns=number, visit=number, grant=number)
            journal.append(record, Spent(f"pass-{number}", "k1:7", 2**40), done=done)
            time.sleep(0.0002)
    os.waitpid(child, 0)
    os.write(1, b"dead\\n")
"""


@pytest.mark.timeout(300)
def test_every_acknowledged_record_survives_a_kill(tmp_path: Path) -> None:
    """A process is killed at random moments, over and over, on one file. After each death every
    record answered with yes is there with its used pass, and the chain holds."""
    path = tmp_path / "journal.db"
    chance = random.Random(20_211)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    number = acknowledged = 0
    try:
        for _ in range(KILLS):
            writer.stdin.write(b"%d\n" % number)
            writer.stdin.flush()
            word, pid = writer.stdout.readline().split()
            assert word == b"up"
            lines_before_kill = chance.randrange(0, 60)
            for _ in range(lines_before_kill):
                writer.stdout.readline()
            time.sleep(chance.uniform(0, PAUSE_S_MAX))
            os.kill(int(pid), signal.SIGKILL)
            promised = []
            while (line := writer.stdout.readline()) != b"dead\n":
                promised.append(int(line.split()[1]))
            number = _assert_kept(path, max(promised, default=number + lines_before_kill))
            acknowledged += lines_before_kill + len(promised)
    finally:
        writer.stdin.close()
        writer.wait(30)
        writer.stdout.close()

    assert acknowledged > KILLS
    journal = SqliteJournal(path, lane="north", wall=lambda: WallTime(1_700_000_000_000))
    journal.close()
    assert journal.restored.quarantined is None
    assert journal.restored.boot == KILLS + 1
    assert {grant.grant for grant in journal.open_grants} == set(range(1, number + 1))
    assert {spent.replay_key for spent in journal.restored.spent} == {
        f"pass-{grant}" for grant in range(1, number + 1)
    }


def _assert_kept(path: Path, promised: int) -> int:
    """Returns the number of the last record kept."""
    report = verify_chain(path)
    assert report.fault is None
    with Reader(path) as reader:
        kept = [decode(record.body).visit for record in reader.after(0, 0, 1_000)]
    last = kept[-1] if kept else 0
    assert kept == list(range(report.first_seq, report.last_seq + 1)), "a gap"
    assert last >= promised, "an acknowledged record is lost"
    return last
