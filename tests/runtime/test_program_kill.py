"""kill -9 of the whole program at any moment: nobody went in who is not in the journal, nobody goes
in twice on one pass, and what was open is closed as unknown.

What happened is known from outside: the killed process tells of each edge of the barrier's pin and
of each step of its visitors through a pipe, before it happens (`lane_process.py`).
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path

import pytest
from lanekit import EVERY_STAGE, LIVELY_S, STORM, records_in, write_config

from drivers.journal import verify_chain
from drivers.trust.store import load_trust
from firmware.demo.office import DemoOffice
from gate.credential.verify import verify
from gate.policy import Stage
from gate.reasons import Reason
from gate.records import Direction, Record, RecordKind
from gate.walltime import WallTime

KILLS = int(os.environ.get("GATE_KILLS", "200" if STORM else "5"))
SEED = int(os.environ.get("GATE_KILL_SEED", "2021"))
STAGES = EVERY_STAGE if STORM else (Stage.CREDENTIAL,)
NEW_PASSES = 2
"""Shown for the first time in each life."""
WINDOW_S = {"show": 0.5, "release": 0.02, "enter": 0.12, "went": 0.02, "idle": 0.05}
"""After which happening a process is killed, and how long after it at most: from the code before
the camera to the visitor inside."""
SCRIPT = Path(__file__).with_name("lane_process.py")
UNKNOWN = RecordKind.ACCESS_UNKNOWN
OUTCOMES = {RecordKind.ACCESS_TAKEN, RecordKind.ACCESS_NOT_TAKEN, UNKNOWN}
USED = {RecordKind.ACCESS_TAKEN, UNKNOWN}


Kill = tuple[str, int, float]
"""After which happening, the how-manieth of that name in a life, and how many seconds later."""


class Life:
    """What the witness said of one process."""

    def __init__(self) -> None:
        self.pid = 0
        self.vision_pid = 0
        self.exit_code: int | None = None
        self.happened: Counter[str] = Counter()
        self.showing: int | None = None
        """The pass that was held up last."""
        self.releases: list[tuple[int, int]] = []
        """Moment of the pin's edge, and the pass that had been shown."""
        self.went: list[int] = []
        self.refused: list[tuple[int, str]] = []

    def take(self, words: list[str]) -> None:
        self.happened[words[0]] += 1
        match words:
            case ["up", pid]:
                self.pid = int(pid)
            case ["ready", pid]:
                self.vision_pid = int(pid)
            case ["show", number]:
                self.showing = int(number)
            case ["release", at_ns]:
                assert self.showing is not None, "released before any code was shown"
                self.releases.append((int(at_ns), self.showing))
            case ["went", number]:
                self.went.append(int(number))
            case ["refused", number, reason]:
                self.refused.append((int(number), reason))
            case ["dead", code]:
                self.exit_code = int(code)


class Street:
    """The process that forks the lives, and its pipe."""

    def __init__(self, folder: Path, passes: int) -> None:
        office = DemoOffice(folder)
        now_s = int(time.time())
        texts = [office.visitor_pass(now_s) for _ in range(passes)]
        (folder / "passes.json").write_text(json.dumps([text.decode() for text in texts]))
        trust, now = load_trust(office.trust), WallTime(now_s * 1000)
        self.keys = [verify(text, trust, now).replay_key for text in texts]
        """By pass: the name under which the journal remembers that it was used."""
        self.folder = folder
        config = write_config(folder, *STAGES, office=office)
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, SCRIPT, config, folder / "passes.json"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                bufsize=1,
            )

    def life(self, shown: list[int], kill: Kill | None) -> Life:
        """One process, to its end: killed, or told to end when everybody has come and gone."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, shown)) + "\n")
        life = Life()
        ended = False
        while life.exit_code is None:
            life.take(self._hear())
            if ended:
                continue
            ended = life.happened["idle"] == len(shown)
            if kill is not None and (ended or life.happened[kill[0]] == kill[1]):
                ended = True
                time.sleep(kill[2])
                os.kill(life.pid, signal.SIGKILL)
            elif ended:
                os.kill(life.pid, signal.SIGTERM)
        return life

    def _hear(self) -> list[str]:
        """The next line, in words."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the street is gone:\n{self.log()}"
        return line.split()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(LIVELY_S)
        self._process.stdout.close()


class Books:
    """What must be true of the journal after each life, by the witness alone."""

    def __init__(self, street: Street) -> None:
        self._street = street
        self._open: set[int] = set()
        """Grants without an outcome, as the last life left them."""
        self._went: Counter[int] = Counter()
        self.grants_of: dict[int, list[int]] = defaultdict(list)
        """By pass: the grants on which the barrier was released for it."""
        self.counts: Counter[str] = Counter()

    def check(self, life: Life) -> None:
        records = records_in(self._street.folder)
        assert verify_chain(self._street.folder / "journal.db").fault is None
        outcomes: dict[int, RecordKind] = {}
        for record in records:
            if record.kind in OUTCOMES:
                assert outcomes.setdefault(record.grant, record.kind) is record.kind
        granted = [r.grant for r in records if r.kind is RecordKind.ACCESS_GRANTED]
        assert granted == list(range(1, len(granted) + 1)), "a grant's number twice, or a gap"

        boot = self._boot(records)
        self._closed_as_unknown(boot)
        self._every_release_has_its_grant(boot, life)
        self._open = set(granted) - outcomes.keys()
        self._nobody_twice(life, {g for g in granted if outcomes.get(g, UNKNOWN) in USED})
        self.counts["grants left open"] += len(self._open)

    def check_closed(self) -> None:
        assert self._open == set(), "after an orderly end nothing is open"

    @staticmethod
    def _boot(records: list[Record]) -> list[Record]:
        """Those of the newest start."""
        starts = [at for at, r in enumerate(records) if r.kind is RecordKind.DEVICE_STARTED]
        return records[starts[-1] :]

    def _closed_as_unknown(self, boot: list[Record]) -> None:
        """What the life before left open, and nothing else."""
        unknown = {r.grant for r in boot if r.kind is UNKNOWN and r.reason is Reason.RESTART}
        assert unknown == self._open

    def _every_release_has_its_grant(self, boot: list[Record], life: Life) -> None:
        """The pin moved only after that grant was on the disk: each release has one of its own."""
        entries = [
            r
            for r in boot
            if r.kind is RecordKind.ACCESS_GRANTED and r.direction is Direction.ENTRY
        ]
        for at_ns, number in life.releases:
            asked = [r.grant for r in entries if r.at_ns <= at_ns]
            assert asked, f"released for pass {number} without a grant in the journal"
            assert asked[-1] not in self.grants_of[number], "released twice on one grant"
            self.grants_of[number].append(asked[-1])
        self.counts["releases"] += len(life.releases)

    def _nobody_twice(self, life: Life, used: set[int]) -> None:
        """A pass whose grant was taken, is unknown, or is open lets nobody in again."""
        with closing(sqlite3.connect(self._street.folder / "journal.db")) as db:
            spent = Counter(key for (key,) in db.execute("SELECT replay_key FROM spent"))
        for number in life.went:
            self._went[number] += 1
            assert used.intersection(self.grants_of[number]), "somebody is in without a grant"
        for number, grants in self.grants_of.items():
            assert len(used.intersection(grants)) <= 1, f"pass {number} was used twice"
            assert self._went[number] <= 1, f"pass {number} let two people in"
        assert not [key for key, times in spent.items() if times > 1]
        for number, reason in life.refused:
            assert reason == Reason.PASS_ALREADY_USED
            assert self._street.keys[number] in spent, f"pass {number} was refused, but is unused"
        self.counts["passes refused when shown again"] += len(life.refused)
        self.counts["visitors inside"] += len(life.went)


@pytest.mark.slow
@pytest.mark.timeout(100 + 30 * KILLS)
def test_kill_the_program_at_any_moment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One journal, many lives, each killed somewhere between a code and a passage. Whoever was
    under way then, and somebody who went in before, show their passes again in the next life."""
    chance = random.Random(SEED)
    street = Street(tmp_path, NEW_PASSES * KILLS + 1)
    books = Books(street)
    moments: Counter[str] = Counter()
    again: list[int] = []
    began_s = time.monotonic()
    try:
        for kill in range(KILLS):
            fresh = list(range(kill * NEW_PASSES, (kill + 1) * NEW_PASSES))
            name = chance.choice(list(WINDOW_S))
            moment = (name, chance.randint(1, NEW_PASSES), chance.uniform(0, WINDOW_S[name]))
            life = street.life([*again, *fresh], moment)
            assert life.exit_code == -signal.SIGKILL, street.log()
            books.check(life)
            moments[name] += 1
            _wait_gone(life.vision_pid)
            again = [chance.choice(fresh)]
            if life.showing is not None and life.showing not in again:
                again.append(life.showing)
        life = street.life([*again, NEW_PASSES * KILLS], None)
        assert life.exit_code == 0, street.log()
        books.check(life)
        assert life.happened["release"] >= 1, "in the end somebody new is let in"
        books.check_closed()
    finally:
        street.close()
    took_s = time.monotonic() - began_s
    with capsys.disabled():
        sys.stdout.write(_summary(moments, books.counts, took_s))


def _wait_gone(pid: int) -> None:
    """The killed lane's vision process ends with it."""
    deadline_s = time.monotonic() + LIVELY_S
    while _runs(pid):
        assert time.monotonic() < deadline_s, "the vision process outlived its lane"
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _summary(moments: Counter[str], counts: Counter[str], took_s: float) -> str:
    kills = ", ".join(f"{count} after {name!r}" for name, count in sorted(moments.items()))
    rest = "; ".join(f"{count} {name}" for name, count in counts.items())
    return f"\n{moments.total()} kills ({kills}) in {took_s:.0f} s, seed {SEED}: {rest}\n"
