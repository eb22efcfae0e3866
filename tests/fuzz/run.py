"""Fuzz the readers of strangers' codes.

`python tests/fuzz/run.py --target hcert --runs 10000000` prints what was reached; without
`--target` every target has its turn, each in a process of its own. The engine is atheris, which
follows the coverage, or `--engine plain`, a mutator of ours without feedback, for a Python that
has no atheris.

Exit status 1 if a target crashed, broke a promise, took longer than 50 ms for one input, or kept
growing. The input that did it is kept in build/fuzz, and `--input FILE` runs it alone.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import logging
import os
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import watch
from mutation import inputs

if TYPE_CHECKING:
    from fuzzkit import Target

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build" / "fuzz"
CORPUS = HERE / "corpus"
MEMORY_MIB_MAX = 1_024
ATHERIS, PLAIN = "atheris", "plain"
_INSTRUMENTED = ["gate.credential", "firmware.trust"]


def main() -> int:
    """Fuzz what the arguments name."""
    options = _parser().parse_args()
    if options.list:
        watch.say("\n".join(_targets()))
        return 0
    if options.input:
        return _again(options.target[0], options.input)
    if options.child:
        _fuzz(options.target[0], options)
    names = options.target or list(_targets())
    watch.say(
        f"{watch.machine()}; engine {options.engine}, {options.runs:,} runs of {', '.join(names)}"
    )
    with ThreadPoolExecutor(options.jobs) as pool:
        held = list(pool.map(lambda name: _in_process(name, options), names))
    failed = [name for name, good in zip(names, held, strict=True) if not good]
    watch.say(f"FAILED: {', '.join(failed)}" if failed else "all targets held")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    engine = ATHERIS if importlib.util.find_spec(ATHERIS) else PLAIN
    parser = argparse.ArgumentParser(description="Fuzz the readers of strangers' codes.")
    parser.add_argument("--target", action="append", help="one target; may be repeated")
    parser.add_argument("--runs", type=int, default=100_000, help="of each target")
    parser.add_argument("--seed", type=int, default=1, help="of the engine's random numbers")
    parser.add_argument("--engine", choices=[ATHERIS, PLAIN], default=engine)
    parser.add_argument("--jobs", type=int, default=1, help="targets at the same time")
    parser.add_argument("--input", type=Path, help="run this one input of --target, and no other")
    parser.add_argument("--folder", type=Path, default=BUILD, help="where findings are kept")
    parser.add_argument("--list", action="store_true", help="name the targets")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser


def _targets() -> dict[str, Target]:
    from targets import TARGETS  # noqa: PLC0415 - not before it is instrumented

    return TARGETS


def _again(name: str, path: Path) -> int:
    """One kept input, with the traceback that it brings."""
    _targets()[name].call(path.read_bytes())
    watch.say(f"{name}: {path} holds")
    return 0


def _in_process(name: str, options: argparse.Namespace) -> bool:
    """Fuzz one target in a process of its own: its memory is measured from nothing.

    What the engine itself has to say goes into a file beside the findings.
    """
    wishes = [f"--{wish}={getattr(options, wish)}" for wish in ("runs", "seed", "engine", "folder")]
    command = [sys.executable, __file__, "--child", "--target", name, *wishes]
    options.folder.mkdir(parents=True, exist_ok=True)
    told = options.folder / f"{name}.log"
    with told.open("wb") as log:
        ended = subprocess.run(command, check=False, stderr=log)
    if ended.returncode:
        watch.say(f"{name}: ended with {ended.returncode}; see {told}")
    return ended.returncode == 0


def _fuzz(name: str, options: argparse.Namespace) -> None:
    """Fuzz in this process, which ends with it."""
    logging.disable(logging.CRITICAL)
    (options.folder / name).mkdir(parents=True, exist_ok=True)
    if options.engine == ATHERIS:
        _follow_coverage(name, options)
    target = _targets()[name]
    seeds = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    watched = watch.Watch(name, target.call, options.runs)
    for data in inputs(seeds, target.words, target.bytes_max, options.seed):
        _one(watched, options.folder / f"{name}-failed", data)


def _follow_coverage(name: str, options: argparse.Namespace) -> None:
    atheris: Any = importlib.import_module(ATHERIS)  # it has no types
    with atheris.instrument_imports(include=_INSTRUMENTED):
        target = _targets()[name]
    arguments = [
        sys.argv[0],
        str(options.folder / name),
        str(CORPUS / name),
        f"-seed={options.seed}",
        f"-max_len={target.bytes_max}",
        f"-rss_limit_mb={MEMORY_MIB_MAX}",
        f"-artifact_prefix={options.folder}/{name}-",
        "-verbosity=0",
    ]
    if target.words:
        words = options.folder / f"{name}.dict"
        lines = "".join(f'"{_escaped(word)}"\n' for word in target.words)
        words.write_text(lines, encoding="ascii")
        arguments.append(f"-dict={words}")
    watched = watch.Watch(name, target.call, options.runs)
    atheris.Setup(arguments, lambda data: _one(watched, options.folder / f"{name}-failed", data))
    gc.freeze()
    atheris.Fuzz()


def _one(watched: watch.Watch, kept: Path, data: bytes) -> None:
    """One run. The process ends here: atheris would not come back from its own end."""
    try:
        watched(data)
    except watch.Finished:
        watch.say(f"{watched.name}: {_outcomes()}")
        os._exit(0 if watched.conclude() else 1)
    except Exception:  # noqa: BLE001 - whatever it is, it is what was looked for
        kept.write_bytes(data)
        watch.say(f"{traceback.format_exc()}{watched.name}: the input is in {kept}")
        os._exit(1)


def _outcomes() -> str:
    """How often which came out, where the target judges at all."""
    from fuzzkit import OUTCOMES  # noqa: PLC0415 - not before it is instrumented

    told = (f"{outcome} {count:,}" for outcome, count in OUTCOMES.most_common())
    return ", ".join(told) or "a parser: no outcomes to count"


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02X}" for byte in word)


if __name__ == "__main__":
    sys.exit(main())
