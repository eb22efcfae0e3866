"""`gate selftest` as it is typed: output, exit codes, files, and what Tab offers."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from selftestkit import failed_lines, line_of, step_of

import firmware.cli as command_line
from drivers.sim.thermometer import SimThermometer
from drivers.wiring import InputName
from firmware import board
from firmware.cli import exits
from firmware.cli import selftest as command
from firmware.cli.selftest import exit_code
from firmware.selftest.bench import Bench
from firmware.selftest.measurement import Verdict
from firmware.selftest.names import StepName
from firmware.selftest.report import decode_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from firmware.board import Rig

OF_THE_MACHINE = re.compile(r"(ready|rate|code read|memory|process|available|append p95|free)$|_ms")
"""Lines that a busy or small machine may miss, beside those of `_SWITCHING`."""
SWITCHING = re.compile(r"( on| off| lapse| rest|emergency stop|latency p95)$")


def gate(*arguments: str) -> int:
    """Type it; the exit code."""
    with pytest.raises(SystemExit) as ended:
        command_line.main(["selftest", *arguments])
    code = ended.value.code
    assert isinstance(code, int)
    return code


@pytest.fixture(autouse=True)
def a_lane_s_memory(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this process holds after a thousand tests is not what a self-test holds."""
    proc = tmp_path_factory.mktemp("proc")
    (proc / "self").mkdir()
    (proc / "self" / "status").write_text("VmRSS:\t   49152 kB\n", encoding="ascii")
    (proc / "meminfo").write_text("MemAvailable:    2097152 kB\n", encoding="ascii")
    defaults = Bench.__init__.__kwdefaults__ or {}
    monkeypatch.setattr(Bench.__init__, "__kwdefaults__", defaults | {"proc": proc})


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Rig], None]], None]:
    """Plant a fault in the lane's devices as soon as they are made."""
    real = board.rig_of

    def plant(fault: Callable[[Rig], None]) -> None:
        def rig_of(*arguments: object) -> Rig:
            rig = real(*arguments)  # type: ignore[arg-type]
            fault(rig)
            return rig

        monkeypatch.setattr(board, "rig_of", rig_of)

    return plant


def disconnected(rig: Rig) -> None:
    assert isinstance(rig.thermometer, SimThermometer)
    rig.thermometer.disconnect()


def occupied(rig: Rig) -> None:
    assert rig.wires is not None
    rig.wires.set(InputName.PRESENCE, active=True)


def test_steps_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """With what each proves and needs; nothing is tested."""
    assert gate("--list") == exits.EXIT_OK
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(StepName)
    assert "(after inputs, stop)" in lines[list(StepName).index(StepName.RELAYS)]


def test_a_table_with_signs_words_and_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    """Every value has its line; the last one says how it stands."""
    assert gate("--step", "memory") == exits.EXIT_OK
    shown = capsys.readouterr()
    assert re.search(r"^Self-test of selftest/simulated$", shown.out, re.MULTILINE)
    assert 'board is "simulated"' in shown.out
    assert re.search(r"^  [✔!] (pass|marginal) +process +[\d.]+ MiB", shown.out, re.MULTILINE)
    assert re.search(r"^[✔!] Passed: 2 values measured, .*\([\d.]+ s\)$", shown.out, re.MULTILINE)
    assert "\x1b" not in shown.out


def test_json_is_the_report_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """For `jq`, and for whoever watches many lanes."""
    assert gate("--step", "memory", "--json") == exits.EXIT_OK
    report = decode_report(capsys.readouterr().out)
    assert [step.name for step in report.steps] == [StepName.MEMORY]
    assert report.simulated


def test_a_missing_device_has_an_exit_code_of_its_own(
    capsys: pytest.CaptureFixture[str], spoil: Callable[[Callable[[Rig], None]], None]
) -> None:
    """A script tells an unplugged sensor from one that measures badly."""
    spoil(disconnected)
    assert gate("--step", "thermometer") == exits.EXIT_DEVICE
    shown = capsys.readouterr().out
    assert "✖ fail  thermometer: simulated: the sensor does not answer." in shown
    assert "✖ Not passed: thermometer. First, thermometer:" in shown
    assert "four wires" in shown


def test_what_does_not_pass_is_refused(
    capsys: pytest.CaptureFixture[str], spoil: Callable[[Callable[[Rig], None]], None]
) -> None:
    """Somebody in the lane: exit code 3, and who waits for whom."""
    spoil(occupied)
    assert gate("--step", "relays") == exits.EXIT_REFUSED
    shown = capsys.readouterr().out
    assert re.search(r"✖ fail +people +somebody +nobody", shown)
    assert "- skipped  relays: inputs and stop did not pass" in shown
    assert "Ask whoever stands in the lane to step out" in shown


def test_the_report_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON and as text, under the time of its start."""
    assert gate("--step", "memory", "--report", str(tmp_path / "reports")) == exits.EXIT_OK
    names = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert [name.rpartition(".")[2] for name in names] == ["json", "txt"]
    assert all(re.fullmatch(r"selftest-\d{8}T\d{9}Z\.(json|txt)", name) for name in names)
    assert f"Kept as {tmp_path / 'reports' / names[0]}" in capsys.readouterr().out


def test_a_report_that_can_not_be_kept_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the test, not instead of it."""
    place = tmp_path / "file"
    place.mkdir()
    (place / "reports").touch()
    assert gate("--step", "memory", "--report", str(place / "reports" / "in")) == 1
    shown = capsys.readouterr()
    assert "Passed" in shown.out
    assert "Traceback" not in shown.err


def test_a_lanes_own_file_is_tested(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its devices, its folder, its cautions."""
    file = tmp_path / "gate.toml"
    file.write_text(
        'site = "hall"\nlane = "north"\ndata_dir = "data"\n[policy]\nstages = ["temperature"]\n'
    )
    assert gate("--config", str(file), "--step", "storage", "--step", "camera", "--json") == 0
    report = decode_report(capsys.readouterr().out)
    assert (report.site, report.lane) == ("hall", "north")
    assert any("refer_to" in caution for caution in report.cautions)
    assert step_of(report, StepName.CAMERA).verdict is Verdict.SKIPPED
    assert list((tmp_path / "data").iterdir()) == []


def test_a_wrong_file_tests_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All that is wrong with it at once, and exit code 2."""
    file = tmp_path / "gate.toml"
    file.write_text('site = "hall"\nlan = "north"\n')
    assert gate("--config", str(file)) == exits.EXIT_USAGE
    assert "lan is no key" in capsys.readouterr().err


def test_a_step_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """Answered with those that there are."""
    assert gate("--step", "turnstile") == exits.EXIT_USAGE
    assert "thermometer" in capsys.readouterr().err


def test_tab_offers_the_steps() -> None:
    """A technician types no name in full."""
    answer = subprocess.run(
        [sys.executable, "-c", "from firmware.cli import main; main()"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={
            "_GATE_COMPLETE": "bash_complete",
            "COMP_WORDS": "gate selftest --step th",
            "COMP_CWORD": "3",
        },
    )
    assert answer.stdout.split() == ["plain,thermometer"]


def test_help_loads_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """`gate selftest --help` is as quick as any."""
    script = (
        "import sys\n"
        "from firmware.cli import main\n"
        "try:\n"
        "    main(['selftest', '--help'])\n"
        "finally:\n"
        "    print(*sys.modules, file=sys.stderr)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Exit codes:" in shown.stdout
    assert not set(shown.stderr.split()) & {"rich", "numpy", "gpiozero", "drivers", "msgspec"}


def test_ctrl_c_gives_the_devices_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between two words of the test too: the bench is closed before the program ends."""
    closed: list[Bench] = []

    def close(bench: Bench) -> None:
        closed.append(bench)

    def interrupt(_view: object, _measurement: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command._View, "_line", interrupt)
    monkeypatch.setattr(Bench, "close", close)
    assert gate("--step", "memory") == exits.EXIT_INTERRUPTED
    assert len(closed) == 1
    assert "Interrupted" in capsys.readouterr().err


@pytest.mark.slow
def test_a_whole_simulated_lane(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every step on real threads, a real disk and a real vision process, as a newcomer runs it.

    How fast this machine is has no part in it: only what it decides may fail or be marginal.
    """
    code = gate("--json", "--report", str(tmp_path))
    report = decode_report(capsys.readouterr().out)
    assert code == exit_code(report)
    assert [step.name for step in report.steps] == list(StepName)
    assert not [step for step in report.steps if step.reason and "did not pass" not in step.reason]
    slow = {
        line
        for line in failed_lines(report)
        if OF_THE_MACHINE.search(line) or SWITCHING.search(line)
    }
    assert failed_lines(report) == slow
    assert line_of(report, StepName.INPUTS, "fire").value == "at rest"
    assert decode_report(next(tmp_path.glob("*.json")).read_bytes()) == report
    assert "✔ memory" in next(tmp_path.glob("*.txt")).read_text(encoding="utf-8")
