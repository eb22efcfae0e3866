"""Storage, clock, thermometer and memory: every planted fault is measured, judged and explained."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from selftestkit import NOON_NS, Lab, config_in, failed_lines, line_of, step_of

from drivers.api import DriverError, ErrorKind
from drivers.journal import Limits, SqliteJournal
from firmware import board
from firmware.selftest.bench import SCRATCH_PREFIX, Bench
from firmware.selftest.measurement import Verdict
from firmware.selftest.names import StepName
from firmware.selftest.steps import storage as storage_module
from firmware.selftest.steps.figures import longest_run, p95
from firmware.selftest.steps.storage import APPENDS
from gate.policy import Policy, TemperaturePolicy
from gate.records import Record, RecordKind
from gate.walltime import NS_PER_MS, NS_PER_S, ClockQuality, WallTime

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.config import Config
    from firmware.selftest.report import Report

FULL_BYTES = 40 * 1024
"""The journal's empty tables, and some records."""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    return Lab(config_in(tmp_path), monkeypatch)


def journal_with(config: Config, records: int, wall: WallTime) -> Path:
    """A lane's journal from an earlier day."""
    journal = SqliteJournal(board.journal_path(config), lane=config.lane, wall=lambda: wall)
    for number in range(records):
        journal.append(Record(RecordKind.ACCESS_REQUESTED, at_ns=number, visit=number))
    journal.close()
    return board.journal_path(config)


# Storage.


def test_storage_is_written_and_read_back(lab: Lab, tmp_path: Path) -> None:
    """Every record went to the disk and came back, and nothing is left behind but what was."""
    report = lab.run(StepName.STORAGE)
    lines = {line.name: line.value for line in step_of(report, StepName.STORAGE).measurements}
    assert lines["journal mode"] == "wal"
    assert lines["synchronous"] == "full"
    assert lines["refused"] == 0
    assert lines["chain"] == "whole"
    assert lines["append p95"] == 0  # virtual time: the disk takes none of it
    assert report.verdict in {Verdict.PASS, Verdict.MARGINAL}  # by the room on this machine
    assert not list(tmp_path.glob(f"{SCRATCH_PREFIX}*"))


def test_a_slow_card_is_measured(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of ten records takes 300 ms: seen in the 95th percentile, and told what to buy."""
    real = board.journal_of

    def slow(*arguments: object) -> SqliteJournal:
        journal = real(*arguments)  # type: ignore[arg-type]
        append = journal.append
        count = 0

        def late(record: Record, *, done: Callable[[bool], None]) -> None:
            nonlocal count
            count += 1
            lab.now_ns += (300 if count % 10 == 0 else 2) * NS_PER_MS
            append(record, done=done)

        monkeypatch.setattr(journal, "append", late)
        return journal

    monkeypatch.setattr(board, "journal_of", slow)
    report = lab.run(StepName.STORAGE)
    append = line_of(report, StepName.STORAGE, "append p95")
    assert (append.value, append.verdict) == (300, Verdict.FAIL)
    assert "slow or worn" in append.hint


def test_a_full_disk_refuses_records(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite says FULL, as on a full disk: how many records were refused, and to make room."""

    def small(
        config: Config,
        wall: Callable[[], WallTime],
        health: Callable[[ErrorKind | None], None],
    ) -> SqliteJournal:
        limits = Limits(bytes_max=FULL_BYTES, ballast_bytes=4 * 1024)
        path = board.journal_path(config)
        return SqliteJournal(path, lane=config.lane, wall=wall, health=health, limits=limits)

    monkeypatch.setattr(board, "journal_of", small)
    report = lab.run(StepName.STORAGE)
    refused = line_of(report, StepName.STORAGE, "refused")
    assert refused.value in range(1, APPENDS)
    assert refused.verdict is Verdict.FAIL
    assert "Make room" in refused.hint
    assert line_of(report, StepName.STORAGE, "chain").value == "whole"


@pytest.mark.parametrize("left_mib", [1, 100])
def test_little_room_is_found(lab: Lab, monkeypatch: pytest.MonkeyPatch, left_mib: int) -> None:
    """Less than the journal's last words need fails; less than it may grow to is marginal."""

    class Disk:
        f_frsize = 4_096
        f_bavail = left_mib * (1 << 20) // f_frsize

    monkeypatch.setattr(os, "statvfs", lambda _folder: Disk)
    free = line_of(lab.run(StepName.STORAGE), StepName.STORAGE, "free")
    assert free.value == left_mib
    assert free.verdict is (Verdict.FAIL if left_mib == 1 else Verdict.MARGINAL)
    assert "larger card" in free.hint


def test_a_folder_that_nobody_may_write_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card mounted read-only, or another user's folder: denied, not a mistake of ours."""
    lab = Lab(config_in(Path("/proc/self")), monkeypatch)
    storage = step_of(lab.run(StepName.STORAGE), StepName.STORAGE)
    assert storage.verdict is Verdict.FAIL
    assert storage.error in {ErrorKind.DENIED, ErrorKind.MISSING}
    assert "data_dir" in storage.hint


def test_a_file_where_the_folder_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in the configuration is told as one."""
    place = tmp_path / "data"
    place.touch()
    lab = Lab(config_in(place), monkeypatch)
    storage = step_of(lab.run(StepName.STORAGE), StepName.STORAGE)
    assert storage.error is ErrorKind.MISSING
    assert "no folder" in storage.hint


def test_settings_that_sqlite_does_not_keep(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without shared memory: rollback journal instead of WAL."""

    def lax(path: Path, _bytes_max: int) -> sqlite3.Connection:
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    monkeypatch.setattr(storage_module, "open_writer", lax)
    report = lab.run(StepName.STORAGE)
    mode = line_of(report, StepName.STORAGE, "journal mode")
    synchronous = line_of(report, StepName.STORAGE, "synchronous")
    assert (mode.value, mode.verdict) == ("delete", Verdict.FAIL)
    assert (synchronous.value, synchronous.verdict) == ("normal", Verdict.FAIL)
    assert "power cut" in synchronous.hint


def test_the_lanes_own_journal_is_read_and_not_touched(lab: Lab) -> None:
    """No start is counted, and a running lane would not notice."""
    path = journal_with(lab.config, 20, WallTime(NOON_NS // NS_PER_MS))
    before = path.read_bytes()
    report = lab.run(StepName.STORAGE)
    assert line_of(report, StepName.STORAGE, "lane's journal").value == "whole"
    assert path.read_bytes() == before


def test_a_changed_record_in_the_lanes_journal_is_found(lab: Lab) -> None:
    """The chain tells which one."""
    path = journal_with(lab.config, 20, WallTime(NOON_NS // NS_PER_MS))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE record SET wall_ms = wall_ms + 1 WHERE seq = 12")
    db.close()
    journal = line_of(lab.run(StepName.STORAGE), StepName.STORAGE, "lane's journal")
    assert (journal.value, journal.verdict) == ("broken", Verdict.FAIL)
    assert journal.hint.startswith("record 12 was changed")


def test_a_journal_that_is_none(lab: Lab) -> None:
    """Garbage instead of a database is a damaged journal, and the test goes on."""
    board.journal_path(lab.config).write_bytes(b"garbage" * 1_000)
    journal = line_of(lab.run(StepName.STORAGE), StepName.STORAGE, "lane's journal")
    assert (journal.value, journal.verdict) == ("unreadable", Verdict.FAIL)


# Clock.


def clock_lines(report: Report) -> dict[str, tuple[object, Verdict]]:
    measured = step_of(report, StepName.CLOCK).measurements
    return {line.name: (line.value, line.verdict) for line in measured}


def test_a_clock_that_nobody_touches(lab: Lab) -> None:
    """Trusted, ahead of all that was, and steady to the nanosecond."""
    assert clock_lines(lab.run(StepName.CLOCK)) == {
        "quality": ("trusted", Verdict.PASS),
        "battery": (None, Verdict.SKIPPED),
        "behind": (0, Verdict.PASS),
        "steps": (0, Verdict.PASS),
    }


def test_a_clock_that_is_set_meanwhile(lab: Lab) -> None:
    """Set back by three seconds while the inputs are listened to: said in milliseconds."""
    lab.each_ms = lambda: setattr(lab, "set_ns", -3 * NS_PER_S)
    report = lab.run(StepName.INPUTS, StepName.CLOCK)
    assert clock_lines(report)["steps"] == (3_000, Verdict.FAIL)
    assert "set the clock" in line_of(report, StepName.CLOCK, "steps").hint


def test_a_clock_behind_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flat battery: the journal has records of a day that this clock has not reached."""
    config = config_in(tmp_path)
    later = WallTime(NOON_NS // NS_PER_MS + 86_400_000)
    journal_with(config, 3, later)
    lab = Lab(config, monkeypatch)
    lab.now_ns = 0
    behind = line_of(lab.run(StepName.CLOCK), StepName.CLOCK, "behind")
    assert (behind.value, behind.verdict) == (86_400, Verdict.FAIL)
    assert "battery" in behind.hint


def test_a_time_that_was_not_trusted_is_no_floor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records of a wrong clock make the right one no liar."""
    config = config_in(tmp_path)
    wild = WallTime(4_000_000_000_000, quality=ClockQuality.UNTRUSTED)
    journal_with(config, 3, wild)
    lab = Lab(config, monkeypatch)
    assert clock_lines(lab.run(StepName.CLOCK))["behind"] == (0, Verdict.PASS)


def test_an_untrusted_clock_is_marginal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lane works, and sends passes to staff: worth a look, no failure."""
    lab = Lab(config_in(tmp_path), monkeypatch)
    lab.bench.wall = lambda: WallTime(NOON_NS // NS_PER_MS, quality=ClockQuality.UNTRUSTED)
    report = lab.run(StepName.CLOCK)
    assert clock_lines(report)["quality"] == ("untrusted", Verdict.MARGINAL)
    assert report.verdict is Verdict.MARGINAL
    assert report.clock == "untrusted"


def test_a_battery_is_asked_for_on_a_real_board(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Pi without one does not know the time after a power cut: an advice."""
    monkeypatch.setattr(Bench, "battery_agrees", lambda _bench: False)
    report = lab.run(StepName.CLOCK)
    assert clock_lines(report)["battery"] == ("differs", Verdict.MARGINAL)
    assert "battery" in line_of(report, StepName.CLOCK, "battery").hint


# Thermometer.


def test_a_sensor_in_order(lab: Lab) -> None:
    """Its conversion time, its noise and the room, as the simulation has them."""
    report = lab.run(StepName.THERMOMETER)
    assert report.verdict is Verdict.PASS
    lines = {line.name: line.value for line in report.steps[0].measurements}
    assert lines["latency p95"] == 100
    assert lines["ambient"] == pytest.approx(27, abs=0.02)
    assert lines["noise"] == pytest.approx(0.05, rel=0.6)
    assert lines["missed"] == 0


def test_a_frozen_sensor_is_found(lab: Lab) -> None:
    """Every reading like the one before, to the last bit: more in a row than the policy's rule."""
    lab.sensor.stick()
    report = lab.run(StepName.THERMOMETER)
    assert failed_lines(report) == {"thermometer.equal in a row"}
    run = line_of(report, StepName.THERMOMETER, "equal in a row")
    assert run.value == lab.config.policy.temperature.stuck_readings + 4
    assert "frozen" in run.hint


def test_a_sensor_that_answers_nonsense(lab: Lab) -> None:
    """No number is no reading; after three of them nobody waits for more."""
    lab.sensor.nan()
    report = lab.run(StepName.THERMOMETER)
    assert failed_lines(report) == {"thermometer.missed"}
    missed = line_of(report, StepName.THERMOMETER, "missed")
    assert missed.value == 3
    assert missed.hint.startswith("The answer is no number.")


def test_a_sensor_that_is_not_there(lab: Lab) -> None:
    """The cable is out: a missing device, with the four wires to look at."""
    lab.sensor.disconnect()
    report = lab.run(StepName.THERMOMETER)
    step = report.steps[0]
    assert step.error is ErrorKind.MISSING
    assert "four wires" in step.hint


@pytest.mark.parametrize(
    ("extra_ms", "value", "verdict"),
    [(400, 500, Verdict.PASS), (700, 800, Verdict.MARGINAL)],
)
def test_a_slow_sensor_is_measured(lab: Lab, extra_ms: int, value: int, verdict: Verdict) -> None:
    """Half a second is what one of the known sensors takes; more is worth a look."""
    lab.sensor.slow(extra_ms * NS_PER_MS)
    report = lab.run(StepName.THERMOMETER)
    latency = line_of(report, StepName.THERMOMETER, "latency p95")
    assert (latency.value, latency.verdict) == (value, verdict)
    assert ("refresh rate" in latency.hint) == (verdict is Verdict.MARGINAL)


def test_a_sensor_that_does_not_answer_in_time(lab: Lab) -> None:
    """Past a second there is no reading at all."""
    lab.sensor.slow(2 * NS_PER_S)
    report = lab.run(StepName.THERMOMETER)
    assert failed_lines(report) == {"thermometer.missed"}
    missed = line_of(report, StepName.THERMOMETER, "missed")
    assert "No answer within a second" in missed.hint


def test_one_lost_reading_is_marginal(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plug that is about to come off."""
    read = lab.sensor.read
    left = iter([False, True, *[False] * 100])

    def loose() -> object:
        if next(left):
            raise DriverError(ErrorKind.CORRUPT, "sensor", "checksum")
        return read()

    monkeypatch.setattr(lab.sensor, "read", loose)
    missed = line_of(lab.run(StepName.THERMOMETER), StepName.THERMOMETER, "missed")
    assert (missed.value, missed.verdict) == (1, Verdict.MARGINAL)
    assert missed.hint.startswith("Checksum.")


@pytest.mark.parametrize(
    ("ambient_c", "verdict"), [(40, Verdict.MARGINAL), (60, Verdict.FAIL), (-5, Verdict.FAIL)]
)
def test_a_room_outside_the_validated_range(lab: Lab, ambient_c: float, verdict: Verdict) -> None:
    """Readings are then said to be unvalidated; in an oven nothing is to be believed."""
    lab.sensor.ambient(ambient_c)
    ambient = line_of(lab.run(StepName.THERMOMETER), StepName.THERMOMETER, "ambient")
    assert ambient.value == pytest.approx(ambient_c, abs=0.02)
    assert ambient.verdict is verdict


def test_noise_is_held_against_the_sites_own_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where readings must agree within 0.05 °C, a sensor that scatters as much is not enough."""
    rule = TemperaturePolicy(agree_c=0.05, readings=5)
    lab = Lab(config_in(tmp_path, policy=Policy(temperature=rule)), monkeypatch)
    noise = line_of(lab.run(StepName.THERMOMETER), StepName.THERMOMETER, "noise")
    assert (noise.upper, noise.marginal_upper) == (0.05, 0.02)
    assert noise.verdict is not Verdict.PASS
    assert "draught" in noise.hint


def test_a_lane_without_thermometer(lab: Lab) -> None:
    """What is not there is skipped, and no failure."""
    lab.rig.thermometer = None
    report = lab.run(StepName.THERMOMETER)
    assert report.verdict is Verdict.SKIPPED
    assert not failed_lines(report)


# Memory.


@pytest.mark.parametrize(
    ("rss_kb", "available_kb", "failed"),
    [
        (80_000, 400_000, set()),
        (400_000, 400_000, {"memory.process"}),
        (80_000, 30_000, {"memory.available"}),
    ],
)
def test_memory_is_read_from_the_kernel(
    lab: Lab, tmp_path: Path, rss_kb: int, available_kb: int, failed: set[str]
) -> None:
    """What this process holds and what is left, each against its limit."""
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "status").write_text(f"Name:\tgate\nVmRSS:\t  {rss_kb} kB\n")
    (tmp_path / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable:  {available_kb} kB\n")
    lab.bench.proc = tmp_path
    report = lab.run(StepName.MEMORY)
    assert failed_lines(report) == failed
    assert line_of(report, StepName.MEMORY, "process").value == round(rss_kb / 1024, 3)


# Figures.


def test_figures_of_many_values() -> None:
    """The percentile is one of the values, and a run counts what is equal in a row."""
    assert p95([float(number) for number in range(1, 101)]) == 95
    assert p95([7.0]) == 7
    assert p95([]) is None
    assert longest_run([1.0, 1.0, 2.0, 1.0]) == 2
    assert longest_run([]) == 0
