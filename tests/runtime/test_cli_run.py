"""`gate run` as systemd starts it: exit codes, signals, last words, and what it leaves behind."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lanekit import (
    GATE,
    LIVELY_S,
    Subscriber,
    open_broker,
    records_in,
    stored_in,
    write_config,
)

from drivers.api import DriverError
from drivers.journal import verify_chain
from firmware.demo.office import DemoOffice
from gate.policy import Stage
from gate.reasons import Reason
from gate.records import Record, RecordKind

SCRIPT = Path(__file__).with_name("lane_process.py")


class Run:
    """The command in a process of its own."""

    def __init__(self, config: Path, *, command: list[str] | None = None) -> None:
        self.folder = config.parent
        self._log = self.folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*(command or GATE), "run", "--config", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def records(self, kind: RecordKind) -> list[Record]:
        try:
            return [record for record in records_in(self.folder) if record.kind is kind]
        except DriverError:  # there is no journal yet
            return []

    def wait_until(self, holds: Callable[[], object], what: str) -> None:
        deadline_s = time.monotonic() + LIVELY_S
        while not holds():
            assert self.process.poll() is None, f"ended before {what}:\n{self.log}"
            assert time.monotonic() < deadline_s, f"waited in vain for {what}:\n{self.log}"
            time.sleep(0.01)

    def in_service(self) -> None:
        self.wait_until(lambda: self.records(RecordKind.LANE_IN_SERVICE), "service")

    def ended(self) -> int:
        return self.process.wait(LIVELY_S)


@contextmanager
def gate_run(config: Path, *, command: list[str] | None = None) -> Iterator[Run]:
    run = Run(config, command=command)
    try:
        yield run
    finally:
        run.process.kill()
        run.process.wait()


BROKEN = {
    "there is no such file": (None, "is not there"),
    "no TOML": ("site = \n", "line 1, column 8"),
    "an unknown key": ('site = "a"\nlane = "b"\nthermomter = {}\n', "thermometer"),
    "out of bounds": (
        'site = "a"\nlane = "b"\n[policy]\nstages = []\ntemperature = { limit_c = 50 }\n',
        "policy.temperature.limit_c",
    ),
    "two outputs on one line": (
        """site = "a"
lane = "b"
policy.stages = []
wiring.outputs = { barrier_entry.line = 17, barrier_exit.line = 17 }
""",
        "GPIO 17",
    ),
    "a folder that can't be made": (
        'site = "a"\nlane = "b"\ndata_dir = "gate.toml/x"\npolicy.stages = []\n',
        "can't be made",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_is_exit_code_2_and_a_sentence(tmp_path: Path, how: str) -> None:
    """Nothing is started, nothing is written, and the sentence names the place."""
    text, word = BROKEN[how]
    config = tmp_path / "gate.toml"
    if text is not None:
        config.write_text(text)
    with gate_run(config) as run:
        assert run.ended() == 2, run.log
        last = run.log.splitlines()[-1]
        assert last.startswith("gate: ")
        assert last.endswith((".", "?"))
        assert word in last
        assert "Traceback" not in run.log
    assert {path.name for path in tmp_path.iterdir()} <= {"gate.toml", "log"}


def test_a_missing_device_is_exit_code_4(tmp_path: Path) -> None:
    """A journal that another process writes: one sentence, and the other one goes on."""
    config = write_config(tmp_path)
    with gate_run(config) as first:
        first.in_service()
        answer = subprocess.run(
            [*GATE, "run", "--config", config],
            capture_output=True,
            text=True,
            check=False,
            timeout=LIVELY_S,
        )
        assert answer.returncode == 4
        assert "another process writes it (busy)" in answer.stderr.splitlines()[-1]
        assert "Traceback" not in answer.stderr
        assert first.process.poll() is None


def test_a_mistake_of_ours_is_exit_code_1_with_its_traceback(tmp_path: Path) -> None:
    """The service manager starts the lane again; whoever reads the log finds the line."""
    script = (
        "import firmware.controller as c\nfrom gate.events import SelfCheckPassed\nstep = c.step\n"
        "def broken(state, event, now_ns):\n"
        "    if isinstance(event, SelfCheckPassed): raise ZeroDivisionError('ours')\n"
        "    return step(state, event, now_ns)\n"
        "c.step = broken\nfrom firmware.cli import main\nmain()\n"
    )
    with gate_run(write_config(tmp_path), command=[sys.executable, "-c", script]) as run:
        assert run.ended() == 1
        assert "ZeroDivisionError: ours" in run.log
    assert verify_chain(tmp_path / "journal.db").fault is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    """Exit code 0, the last record says why; a second signal meanwhile does no harm."""
    with gate_run(write_config(tmp_path)) as run:
        run.in_service()
        run.process.send_signal(number)
        run.process.send_signal(signal.SIGTERM)
        assert run.ended() == 0, run.log
        assert "Traceback" not in run.log
    last = records_in(tmp_path)[-1]
    assert (last.kind, last.reason) == (RecordKind.LANE_OUT_OF_SERVICE, Reason.SHUTDOWN)
    assert verify_chain(tmp_path / "journal.db").fault is None


@pytest.mark.parametrize("delay_s", [0.15, 0.25, 0.3, 0.35, 0.4])
def test_told_to_stop_while_it_starts(tmp_path: Path, delay_s: float) -> None:
    """Before it listens for the signal, the signal ends it; after that, good order does. Never a
    traceback, and the journal is whole."""
    with gate_run(write_config(tmp_path)) as run:
        time.sleep(delay_s)
        run.process.terminate()
        assert run.ended() in {0, -signal.SIGTERM}, run.log
        assert "Traceback" not in run.log
    if (tmp_path / "journal.db").exists():
        with gate_run(write_config(tmp_path)) as run:
            run.in_service()
        assert verify_chain(tmp_path / "journal.db").fault is None


def test_what_it_leaves_is_for_its_own_user(tmp_path: Path) -> None:
    """Records are nobody else's business, on a machine with several users."""
    folder = tmp_path / "data"
    config = write_config(tmp_path)
    config.write_text(config.read_text().replace(f'"{tmp_path}"', f'"{folder}"'))
    with gate_run(config) as run:
        run.folder = folder
        run.in_service()
        for path in [folder, *folder.iterdir()]:
            assert not path.stat().st_mode & stat.S_IRWXO, path


@pytest.mark.broker
def test_sigterm_in_the_middle_of_a_visit(tmp_path: Path) -> None:
    """Somebody is on the way to the barrier that was released for them: the grant is closed, the
    last records are written *and reported*, the broker retains that the lane is offline, and no
    process stays behind."""
    office = DemoOffice(tmp_path)
    passes = tmp_path / "passes.json"
    passes.write_text(json.dumps([office.visitor_pass(int(time.time())).decode()]))
    with open_broker() as broker, Subscriber(broker.port) as subscriber:
        config = write_config(
            tmp_path,
            Stage.CREDENTIAL,
            office=office,
            more=f'broker = {{ host = "127.0.0.1", port = {broker.port} }}',
        )
        street = subprocess.Popen(
            [sys.executable, SCRIPT, config, passes],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
        )
        assert street.stdin is not None
        assert street.stdout is not None
        with street.stdin as orders, street.stdout as said:
            orders.write("0\n")
            lane_pid = int(_heard(said, "up"))
            vision_pid = int(_heard(said, "ready"))
            _heard(said, "enter")
            os.kill(lane_pid, signal.SIGTERM)
            assert _heard(said, "dead") == "0"
            assert not Path(f"/proc/{vision_pid}").exists()
        street.wait(LIVELY_S)
        stored = stored_in(tmp_path)
        subscriber.wait(lambda: subscriber.records() == stored, "every record")
        subscriber.wait(
            lambda: subscriber.payloads("/availability")[-1:] == [b"offline"], "the last word"
        )
    granted, *outcomes = [r for r in records_in(tmp_path) if r.grant == 1]
    assert granted.kind is RecordKind.ACCESS_GRANTED
    assert len(outcomes) == 1
    assert records_in(tmp_path)[-1].reason is Reason.SHUTDOWN


def _heard(said: Iterator[str], word: str) -> str:
    """What stands behind the next such word of the witness."""
    return next(line for line in said if line.split()[0] == word).split()[1]
