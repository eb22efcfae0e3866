"""`gate simulate` as a person and a script use it."""

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest
from lanekit import GATE

import firmware.cli as command_line
from firmware.simulation import lane as lane_module
from firmware.simulation.faults import Fault


def simulate(
    capsys: pytest.CaptureFixture[str], *words: str | Path, code: int = 0
) -> tuple[str, str]:
    """What the command prints and complains of, having ended with that exit code."""
    with pytest.raises(SystemExit) as ended:
        command_line.main(["simulate", *map(str, words)])
    told = capsys.readouterr()
    assert ended.value.code == code, told.err
    return told.out, told.err


def test_a_person_reads_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Counts, faults, the hash that repeats it, and how fast it went; nothing on standard error."""
    out, err = simulate(capsys, "--visits", "300", "--seed", "7", "--faults", "fire,power-cut")
    rows = {line[:20].strip(): line[20:].strip() for line in out.splitlines()}
    width = max(len(name) for name in rows)
    assert width <= 24
    assert err == ""
    words = " ".join(out.split())
    assert re.search(r"visitors 300 in [0-9.]+ hours of the lane, seed 7", words)
    assert re.search(r"fault fire [0-9]+ fault power-cut [0-9]+", words)
    assert "fault tamper" not in words
    assert re.search(r"invariants held after each of [0-9,]+ steps", words)
    assert re.search(r"trace hash [0-9a-f]{64}", words)
    assert re.search(r"speed [0-9,]+ visits a second \([0-9,]+ a second of one core\)", words)


def test_a_script_reads_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Twice the same day, on one line, with nothing beside it."""
    words = ("--visits", "300", "--seed", "7", "--faults", "all", "--json")
    days = [json.loads(simulate(capsys, *words)[0]) for _ in range(2)]
    for day in days:
        assert day.pop("visits_per_s") > 0
        assert day.pop("visits_per_cpu_s") > 0
    assert days[0] == days[1]
    assert days[0]["visits"] == 300
    assert set(days[0]["faults"]) <= set(Fault)
    assert re.fullmatch("[0-9a-f]{64}", days[0]["trace_hash"])


def test_the_rules_of_a_site(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With a lane's file, its policy is simulated: a lane that asks for no temperature."""
    file = tmp_path / "gate.toml"
    file.write_text('site = "hall"\nlane = "north"\n[policy]\nstages = ["chamber"]\n')
    out, _ = simulate(capsys, "--visits", "100", "--config", file, "--json")
    kinds = json.loads(out)["records"]
    assert kinds["chamber.done"] > 50
    assert "temperature.normal" not in kinds


def test_a_broken_rule_is_exit_code_1_with_its_seed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence: the rule, and how to see it again."""

    def broken(*_: object) -> None:
        raise RuntimeError("nobody is locked in")

    monkeypatch.setattr(lane_module, "step", broken)
    _, err = simulate(capsys, "--visits", "100", "--seed", "11", code=1)
    assert "nobody is locked in" in err
    assert "See it again with --seed 11." in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--faults", "flood"), "'flood' is not made of sensor-nan, sensor-stuck,"),
        (("--faults", "fire,flood"), "or all."),
        (("--visits", "0"), "0 is not in the range"),
        (("--seed", "x"), "not a valid integer"),
        (("--config", "there-is-no-such.toml"), "is not there"),
    ],
)
def test_a_slip_is_exit_code_2(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    """And says what would be right."""
    _, err = simulate(capsys, *words, code=2)
    assert sentence in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("gate simu", ["simulate"]),
        ("gate simulate --fa", ["--faults"]),
        ("gate simulate --faults fi", ["fire"]),
        ("gate simulate --faults sensor-n,po", ["sensor-n,power-cut"]),
        ("gate simulate --faults fire,fi", []),
        ("gate simulate --faults al", ["all"]),
    ],
)
def test_tab_completes(typed: str, offered: list[str]) -> None:
    """Commands, options, and the words of faults one after another."""
    answer = subprocess.run(
        GATE,
        env=os.environ
        | {
            "_GATE_COMPLETE": "bash_complete",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(len(typed.split()) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert [line.split(",", 1)[1] for line in answer.stdout.split()] == offered


def test_on_a_terminal_a_bar_shows_how_far_it_is() -> None:
    """On standard error, so that the figures can still be kept in a file."""
    ours, theirs = pty.openpty()
    command = [*GATE, "simulate", "--visits", "1500"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True, timeout=60)
    os.close(theirs)
    shown = os.read(ours, 65_536).decode()
    os.close(ours)
    assert "visitors" in shown
    assert "100%" in shown
    assert b"trace hash" in done.stdout


def test_help_says_what_goes_wrong_and_how_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    """All fault words, examples, exit codes."""
    out, _ = simulate(capsys, "--help")
    flat = re.sub(r"\s+", "", out)
    for fault in Fault:
        assert re.sub(r"\s+", "", fault) in flat
    assert "Exitcodes:" in flat
