"""Each bench of the Makefile runs from end to end on tiny numbers, and prints its table.

What it measures there is worth nothing, so its verdict is not asked for: an exit status of 1 says
that a target was missed, which a busy machine may do.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import segno

ROOT = Path(__file__).resolve().parents[2]
BENCHES = ROOT / "tests" / "bench"
RUN_S = 600
"""Liveness only."""
MEASURED = (0, 1)
"""Every target met, or one was not."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(RUN_S)]


def run(name: str, *arguments: str, folder: Path) -> str:
    """What the bench printed."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", BENCHES / f"{name}.py", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode in MEASURED, ended.stdout + ended.stderr
    return ended.stdout


def album(folder: Path) -> Path:
    """Two photographs: one with a code, one with nothing to read."""
    lines = []
    for name, text in (("code.png", "GP1:PHOTOGRAPH"), ("none.png", None)):
        picture = segno.make(text or "nobody reads this", error="h")
        # Without a quiet zone and light on light, there is nothing to find.
        light = {"dark": "#fefefe"} if text is None else {}
        picture.save(str(folder / name), scale=4, **light)
        codes = 0 if text is None else 1
        lines.append(json.dumps({"file": name, "expected_text": text, "n_codes": codes}))
    (folder / "manifest.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_latency_is_split_by_stage(tmp_path: Path) -> None:
    """Every stage from the frame to the relay, and the target with its limit."""
    printed = run("bench_latency", "--visits", "5", "--folder", str(tmp_path), folder=tmp_path)
    stages = re.findall(r"^│ (\w[\w ]*?) +│(?: +[\d.]+ │){4}$", printed, re.MULTILINE)
    assert stages == [
        "frame",
        "queue",
        "decode",
        "told",
        "grant",
        "relay",
        "whole",
        "whole less decode",
    ]
    assert re.search(r"^(PASS|FAIL)  \d of 5 codes were read", printed, re.MULTILINE)
    assert "2 frame periods, 66.7 ms" in printed


def test_memory_is_that_of_every_process(tmp_path: Path) -> None:
    """The lane and its vision process, at the door and in the street, and their sum."""
    printed = run("bench_memory", "--visits", "5", folder=tmp_path)
    for moment in ("gate run, idle", "lane, idle", "lane, after 5 visits", "lane, idle again"):
        for process in ("lane", "vision"):
            assert re.search(rf"│ {moment} +│ {process} +│ +[\d.]+ │ +[\d.]+ │", printed)
        assert re.search(
            rf"^(PASS|FAIL)  {moment}: [\d.]+ MB resident, under 120$", printed, re.MULTILINE
        )


def test_a_simulated_day_is_run_twice(tmp_path: Path) -> None:
    """The same seed, the same trace; the rate is judged by the bench alone."""
    printed = run("bench_simulate", "--visits", "200", folder=tmp_path)
    assert len(re.findall(r"^│ [0-9a-f]{16} │", printed, re.MULTILINE)) == 2
    assert "PASS  the same trace hash twice" in printed
    assert re.search(r"^(PASS|FAIL)  [\d,]+ visits a second of one core", printed, re.MULTILINE)


def test_code_readers_are_compared_on_photographs_and_streams(tmp_path: Path) -> None:
    """Each target of the reader is printed with its limit."""
    data = album(tmp_path)
    printed = run("bench_qr", "--data", str(data), "--quick", folder=tmp_path)
    assert "2 photographs, 1 texts stated" in printed
    verdicts = re.findall(r"^(?:PASS|FAIL)  (\w+: .*)$", printed, re.MULTILINE)
    for verdict, words in zip(
        verdicts,
        (
            "photographs: ours reads 1, at least 1",
            "photographs: 0 wrong texts and false positives",
            "streams: CPU on empty frames",
            "streams: CPU with a code in view",
            "streams: missed none of 3",
            "streams: median time to first decode",
            "streams: 0 readings that nobody held up",
        ),
        strict=True,
    ):
        assert verdict.startswith(words)


def test_photographs_that_are_not_there_are_no_pass(tmp_path: Path) -> None:
    """Who names a folder is told that nothing is in it, and gets no figures."""
    ended = subprocess.run(
        [sys.executable, BENCHES / "bench_qr.py", "--data", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "NOT MEASURED" in ended.stdout


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("bench_journal", ("--rounds", "2", "--records", "20"), "journal, queued"),
        ("bench_credentials", ("--quick",), "text to claims"),
    ],
)
def test_others_print_their_ratio(
    name: str, arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    """Ours beside the floor, in one run."""
    printed = run(name, *arguments, folder=tmp_path)
    assert words in printed
    assert "ratio" in printed


def test_every_bench_is_run_here() -> None:
    """A bench that nobody runs breaks unseen."""
    here = Path(__file__).read_text(encoding="utf-8")
    assert not [path.stem for path in BENCHES.glob("bench_*.py") if f'"{path.stem}"' not in here]
