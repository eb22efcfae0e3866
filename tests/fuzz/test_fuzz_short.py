"""Every fuzz target in short: some thousand inputs, the same ones every time.

The long runs are `make fuzz`, which follows the coverage (docs/explanation/fuzzing.md).
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
RUNS = 20_000
RUNS_FOLLOWED = 3_000
GROWING_RUNS = 10_000
HANG_S = 0.1
RUN_S = 600
"""Liveness only."""
PARSERS = ("base45", "base64url", "cbor", "json", "certificate")
FORMATS = ("native", "proof", "hcert", "shc", "vdsnc", "bundle")
OF_THE_EXTRA = ("zip", "vc")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(RUN_S)]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The runner, in a process of its own."""
    return subprocess.run(
        [sys.executable, HERE / "run.py", *arguments], capture_output=True, text=True, check=False
    )


def needs_extra(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        name in OF_THE_EXTRA and find_spec("pyld") is None, reason="the extra is not installed"
    )


ALL = [pytest.param(name, marks=needs_extra(name)) for name in (*PARSERS, *FORMATS, *OF_THE_EXTRA)]


@pytest.mark.parametrize("name", ALL)
def test_a_target_holds(name: str, tmp_path: Path) -> None:
    """No crash, no broken promise, no hang, no growth; and genuine codes are among the inputs."""
    plain = ("--engine", "plain", "--folder", str(tmp_path))
    ended = run(*plain, "--target", name, "--runs", str(RUNS))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{name}: {RUNS:,} runs" in ended.stdout
    if name in FORMATS:
        assert re.search(r"accepted [1-9]", ended.stdout)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=needs_extra(name))
        for name in ("native", "proof", "hcert", "shc", "vdsnc", "vc")
    ],
)
def test_a_forgery_is_seen(name: str) -> None:
    """With its signature checks taken out, every format's target fails."""
    ended = subprocess.run(
        [sys.executable, HERE / "forger.py", name], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "accepted what nobody signed" in ended.stdout


@pytest.mark.skipif(find_spec("atheris") is None, reason="no atheris for this Python")
@pytest.mark.parametrize("name", ["cbor", "hcert"])
def test_the_long_runs_work(name: str, tmp_path: Path) -> None:
    """What `make fuzz` does, on tiny numbers."""
    ended = run("--target", name, "--runs", str(RUNS_FOLLOWED), "--folder", str(tmp_path))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{name}: {RUNS_FOLLOWED:,} runs" in ended.stdout
    assert "all targets held" in ended.stdout


def test_every_target_is_run_here_and_has_its_corpus() -> None:
    """A target that nobody runs breaks unseen, and one without seeds finds little."""
    named = set(run("--list").stdout.split())
    assert named | set(OF_THE_EXTRA) == {*PARSERS, *FORMATS, *OF_THE_EXTRA}
    assert not [name for name in named if not any((HERE / "corpus" / name).iterdir())]


def watching(call: Callable[[bytes], object], runs: int, printed: list[str]) -> Any:  # noqa: ANN401
    """A watcher over that call; the module is loaded by its path, as the runner finds it."""
    spec = spec_from_file_location("watch_of_the_fuzzer", HERE / "watch.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module)["say"] = printed.append
    return module.Watch("watched", call, runs)


def test_a_hang_is_seen() -> None:
    """Every time that it is tried: one slow moment of a machine is none."""
    moments = iter([True, *[False] * 10])

    def slow(_: bytes) -> None:
        ends_s = time.thread_time() + HANG_S
        while time.thread_time() < ends_s:
            pass

    def slow_once(_: bytes) -> None:
        if next(moments):
            slow(_)

    with pytest.raises(AssertionError, match="ms for one input of 3 bytes"):
        watching(slow, 10, [])(b"abc")
    watching(slow_once, 10, [])(b"abc")


def test_what_piles_up_is_seen() -> None:
    """And what does not, is not."""
    kept: list[object] = []
    for call, is_settled in ((lambda _: kept.append(object()), False), (len, True)):
        printed: list[str] = []
        watched = watching(call, GROWING_RUNS, printed)
        for _ in range(GROWING_RUNS - 1):
            watched(b"")
        with pytest.raises(Exception, match=r"^$"):
            watched(b"")
        assert watched.conclude() is is_settled
        assert f"{GROWING_RUNS:,} runs" in printed[0]


def test_a_kept_input_can_be_run_alone(tmp_path: Path) -> None:
    """Whoever mends what was found runs just that input."""
    kept = tmp_path / "input"
    kept.write_bytes(b"QED8WEX0")
    ended = run("--target", "base45", "--input", str(kept))
    assert ended.returncode == 0
    assert "holds" in ended.stdout
