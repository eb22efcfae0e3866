"""`gate replay`: a start of the lane lived again from its journal; what was changed is found."""

import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from lanekit import NOON, lane_config, play, running

from drivers.journal.journal import TRACE_EVENT_BYTES_MAX
from firmware import trace
from firmware.cli.replay import replay_
from firmware.replay import NoBeginning, compare, records_of, replay
from gate import stages
from gate.events import PresenceChanged, SelfCheckPassed
from gate.lane import start, step
from gate.policy import Hours, Policy, SchedulePolicy
from gate.records import Direction, Record, RecordKind, Spent
from gate.states import Visit

VISITS = 2
"""In each of two starts."""
RECORDS = 3 + 3 * VISITS
"""Of each start: started, in service, out of service; asked, granted, taken."""
HOLIDAYS = tuple(range(20_500, 20_866))

Change = Callable[[sqlite3.Connection], None]
Journal = Callable[..., Path]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a real lane that was started twice and let two people in each time."""
    folder = tmp_path_factory.mktemp("lane")

    async def live() -> None:
        async with running(lane_config(folder)) as lane:
            for _ in range(VISITS):
                await lane.admitted()

    play(live())
    play(live())
    return folder / "journal.db"


@pytest.fixture
def journal(lived: Path, tmp_path: Path) -> Journal:
    """A copy of that journal, with these changes made to it."""

    def change(*changes: Change) -> Path:
        path = tmp_path / "journal.db"
        shutil.copy(lived, path)
        with sqlite3.connect(path) as db:
            for make in changes:
                make(db)
        db.close()
        return path

    return change


def newest(db: sqlite3.Connection, table: str, text: str) -> tuple[int, bytes]:
    """Number and bytes of the newest row of a table that has the text in it."""
    number, data = {"record": ("seq", "body"), "trace": ("n", "event")}[table]
    rows = db.execute(f"SELECT {number}, {data} FROM {table} ORDER BY {number} DESC")
    return next((found, bytes(value)) for found, value in rows if text in value.decode())


def rewrite(table: str, text: str, other: str | bytes) -> Change:
    """Of the newest row with that text: the text becomes another, or the row other bytes."""

    def make(db: sqlite3.Connection) -> None:
        at, data = newest(db, table, text)
        data = other if isinstance(other, bytes) else data.replace(text.encode(), other.encode())
        number, column = {"record": ("seq", "body"), "trace": ("n", "event")}[table]
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {number} = ?", (data, at))

    return make


def take_out(table: str, text: str) -> Change:
    """The newest row with that text."""

    def make(db: sqlite3.Connection) -> None:
        at, _ = newest(db, table, text)
        number = {"record": "seq", "trace": "n"}[table]
        db.execute(f"DELETE FROM {table} WHERE {number} = ?", (at,))

    return make


def put_in(db: sqlite3.Connection) -> None:
    """A record that nothing led to."""
    _, body = newest(db, "record", "access.taken")
    db.execute(
        "INSERT INTO record SELECT epoch, max(seq) + 1, wall_ms, quality, hash, ? FROM record",
        (body.replace(b'"visit":4', b'"visit":9'),),
    )


def gate_replay(path: Path, *words: str) -> Result:
    return CliRunner().invoke(replay_, [str(path), *words], catch_exceptions=False)


def agree(records: int) -> str:
    return f"{records} records agree, 0 missing, 0 more in the journal"


def test_a_day_at_the_door_is_lived_again(journal: Journal) -> None:
    """The last start by default: every step in order, every record agrees."""
    answer = gate_replay(journal())
    assert answer.exit_code == 0, answer.output
    lines = answer.output.splitlines()
    assert re.fullmatch(rf"start 2: [0-9]+ steps replayed, {agree(RECORDS)}", lines[-1])
    assert "device.started" in lines[0]
    assert [line.split()[1] for line in lines if "Release(" in line] == [
        "GrantCommitted(grant=3)",
        "GrantCommitted(grant=4)",
    ]
    assert "ShutdownRequested()" in lines[-2]


def test_one_start_one_visit(journal: Journal) -> None:
    """What a technician asks for: why was *that* visitor kept waiting?"""
    answer = gate_replay(journal(), "--boot", "1", "--visit", "2")
    assert answer.exit_code == 0
    *steps, last = answer.output.splitlines()
    assert last.startswith("start 1:")
    assert "access.requested" in steps[0]
    assert "access.taken" in steps[-1]
    assert "grant=2" in answer.output
    assert "grant=1)" not in answer.output
    assert gate_replay(journal(), "--quiet").output.count("\n") == 1


CHANGED = {
    "a record was changed": rewrite("record", "access.taken", "access.denied"),
    "a record was taken out": take_out("record", "access.taken"),
    "the last record was taken out": take_out("record", "lane.out_of_service"),
    "a record was put in": put_in,
    "a record was made unreadable": rewrite("record", "access.taken", b"\x00\xff"),
    "an input was changed": rewrite("trace", '"present":true', '"present":false'),
    "an input was taken out": take_out("trace", "GrantCommitted"),
}


@pytest.mark.parametrize("how", CHANGED)
def test_a_change_is_found(journal: Journal, how: str) -> None:
    """Whatever was done to one of the two, the other one tells."""
    answer = gate_replay(journal(CHANGED[how]), "--quiet")
    assert answer.exit_code == 1, answer.output
    assert "Error: " in answer.output
    assert "Traceback" not in answer.output


def test_the_difference_is_shown(journal: Journal) -> None:
    """Both sides of it, so that a reader sees what was changed into what."""
    answer = gate_replay(journal(CHANGED["a record was changed"]), "--quiet")
    assert "1 missing, 1 more in the journal" in answer.output
    assert re.search(r'replayed: \{"kind":"access.taken"', answer.output)
    assert re.search(r'journal: \{"kind":"access.denied"', answer.output)
    assert "the journal and its trace don't agree" in answer.output


def test_a_start_whose_beginning_is_gone_says_so(journal: Journal) -> None:
    """Retention takes the oldest away; a later start may still be whole."""
    path = journal(take_out("trace", "Began"))
    answer = gate_replay(path)
    assert answer.exit_code == 1
    assert "how start 2 began is no longer in" in answer.output
    assert gate_replay(path, "--boot", "1", "--quiet").exit_code == 0


def test_what_can_not_be_replayed_is_one_sentence(journal: Journal, tmp_path: Path) -> None:
    """No such start, an event of another version: said, and not as a traceback."""
    assert "no trace of start 7" in gate_replay(journal(), "--boot", "7").output
    path = journal(rewrite("trace", "ShutdownRequested", "FromTheFuture"))
    answer = gate_replay(path, "--quiet")
    assert answer.exit_code == 1
    assert "an event of another version" in answer.output


def test_a_broken_rule_of_the_past_is_named(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replaying on a program that breaks a rule names the rule and the step."""
    whole = stages._decide

    def careless(turn: object, visit: Visit) -> object:
        return whole(turn, msgspec.structs.replace(visit, number=visit.number - 1))  # type: ignore[arg-type]

    monkeypatch.setattr(stages, "_decide", careless)
    answer = gate_replay(journal(), "--quiet")
    assert answer.exit_code == 1
    assert re.search(r"start 2, step [0-9]+: a grant belongs to the visit under way", answer.output)


def test_a_killed_lane_replays_up_to_its_last_write(journal: Journal) -> None:
    """An input may reach the disk a moment before the record that it led to. Where the process
    was killed in between, that record is not missing: it was never written."""
    killed = (
        take_out("trace", "ShutdownRequested"),
        take_out("record", "lane.out_of_service"),
        take_out("record", "access.taken"),
    )
    answer = gate_replay(journal(*killed))
    assert answer.exit_code == 0, answer.output
    assert agree(RECORDS - 2) in answer.output
    assert "1 record of its last moment: not written" in answer.output


def test_a_lane_that_runs_replays_up_to_its_newest_input(journal: Journal) -> None:
    """It writes on while it is read: what it wrote after the last input that was read is no
    difference."""
    answer = gate_replay(journal(take_out("trace", "ShutdownRequested")))
    assert answer.exit_code == 0, answer.output
    assert agree(RECORDS - 1) in answer.output


HOLIDAYS = tuple(range(20_500, 20_866))
LONG = Policy(
    stages=(),
    refer_to="Puskesmas Contoh \N{HEAVY BLACK HEART} " * 40,
    schedule=SchedulePolicy(holidays=HOLIDAYS, hours=(Hours(),) * 40),
)


@pytest.mark.parametrize("policy", [Policy(stages=()), LONG], ids=["short", "long"])
def test_every_beginning_fits_the_trace(policy: Policy) -> None:
    """A site's rules may be longer than one event, the used passes and open grants many: in
    pieces, none longer than the journal takes, and whole again afterwards."""
    spent = [Spent(f"{number:032x}", f"k1:{number}", 2_000_000_000) for number in range(100)]
    grants = [
        Record(RecordKind.ACCESS_GRANTED, 1, visit=n, grant=n, direction=Direction.ENTRY)
        for n in range(1, 12)
    ]
    began = trace.Began(policy, NOON, occupancy=3, visits=11, granted=11)
    written: list[tuple[int, bytes]] = []
    trace.write_beginning(lambda *row: written.append(row), 5, began, spent, grants)
    assert max(len(data) for _, data in written) <= TRACE_EVENT_BYTES_MAX

    state, commands = start(
        policy,
        5,
        wall=NOON,
        ledger=trace.ledger_of(began, spent),
        visits=11,
        granted=11,
        open_grants=grants,
    )
    said = list(records_of(commands))
    for at_ns, event in ((6, SelfCheckPassed()), (7, PresenceChanged(present=True))):
        written.append((at_ns, msgspec.json.encode(event)))
        after, commands = step(state, event, at_ns)
        state = after  # type: ignore[assignment]
        said += records_of(commands)
    relived = list(replay(written))
    assert relived[-1].state == state
    assert [record for lived in relived for record in records_of(lived.commands)] == said

    without_the_first = replay(written[1:])
    with pytest.raises(NoBeginning):
        next(without_the_first)


def test_what_differs_is_counted_on_both_sides() -> None:
    """Missing, more, and what the process had no time to write."""
    one, two, three = (Record(RecordKind.ACCESS_REQUESTED, n, visit=n) for n in (1, 2, 3))
    body = msgspec.json.encode
    ended = compare([one, two, three], [body(one), b"other"], ended=True)
    assert (ended.same, ended.missing, ended.extra) == (1, (body(two), body(three)), (b"other",))
    killed = compare([one, two, three], [body(two), body(two)], ended=False)
    assert (killed.same, killed.unwritten) == (1, 1)
    assert (killed.missing, killed.extra) == ((body(one),), (body(two),))
    assert compare([], [], ended=False).same == 0
