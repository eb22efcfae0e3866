"""What verifying costs: `[--check] [--quick] [--peers PYTHON]`.

Ratios
    Every format from text to claims, beside its floor: the bare checks of the same signatures by
    `cryptography`. They take turns, so that a busy machine slows all; the ratio is the median of
    the rounds. Beside them cwt and pycose on the same HC1 text, in their own environment.

Hostile codes
    The time that each takes to be refused, as the median of some calls; the most that Python's
    allocator handed out at once; and how far resident memory rises, in a process of its own.

With `--check` the exit status is 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import credential_samples as samples
from credential_hostile import cases
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from report import Verdict, conclude, console, load
from rich.table import Table

from gate.credential.model import CredentialError
from gate.credential.verify import FORMATS, examine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from credential_samples import Sample

    from gate.credential.verify import Verifier

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "build" / "peers" / "bin" / "python"
ROUNDS, ROUNDS_QUICK = 200, 3
CALLS = 20
REFUSALS = 9
REFUSAL_MS_MAX = 10.0
MEMORY_MIB_MAX = 8.0
_KIB = 1_024
_RESET = Path("/proc/self/clear_refs")
"""Writing 5 into it makes the present memory the peak (proc(5))."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What verifying costs.")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    parser.add_argument("--quick", action="store_true", help="few rounds: the figures mean little")
    parser.add_argument("--peers", type=Path, default=PEERS, help="Python with cwt and pycose")
    options = parser.parse_args()
    console.print(load(), highlight=False)
    formats = _formats()
    trust = samples.trust()

    def verify(text: bytes) -> object:
        return examine(text, trust, samples.NOW, formats)

    made = _samples(with_vc=len(formats) > len(FORMATS))
    rounds = ROUNDS_QUICK if options.quick else ROUNDS
    verdicts = [
        *_show_ratios(made, verify, rounds, options.peers),
        *_show_refusals(verify, made, with_vc=len(formats) > len(FORMATS)),
    ]
    status = conclude(verdicts)
    return status if options.check else 0


def _formats() -> Mapping[bytes, Verifier]:
    if find_spec("pyld") is None:
        console.print("W3C credentials are left out: the extra is not installed.")
        return FORMATS
    from gate.credential import vc  # noqa: PLC0415 - needs the extra

    return {**FORMATS, **vc.FORMATS}


def _samples(*, with_vc: bool) -> list[Sample]:
    made = [
        samples.native_sample(),
        samples.proof_sample(),
        samples.hc1_sample(),
        samples.shc_sample(),
        samples.vds_sample(),
    ]
    return [*made, samples.vc_sample()] if with_vc else made


def microseconds(call: Callable[[], object], calls: int = CALLS) -> float:
    """Of one call, over some in a row; one before them warms the caches."""
    call()
    started = time.perf_counter_ns()
    for _ in range(calls):
        call()
    return (time.perf_counter_ns() - started) / calls / 1_000


def _show_ratios(
    made: list[Sample], verify: Callable[[bytes], object], rounds: int, peers: Path
) -> list[Verdict]:
    """All samples take turns in every round, with their floors and the other libraries."""
    pairs: dict[str, list[tuple[float, float]]] = {sample.name: [] for sample in made}
    hc1 = next(sample for sample in made if sample.name == "HC1")
    with _peers(peers, hc1.text) as ask:
        for _ in range(rounds):
            for sample in made:
                floor = microseconds(sample.floor)
                pairs[sample.name].append((floor, microseconds(lambda s=sample: verify(s.text))))  # type: ignore[misc]
            told = ask()
            for name in told.keys() - {"floor"}:
                pairs.setdefault(f"HC1 by {name}", []).append((told["floor"], told[name]))
    table = Table(title=f"text to claims, median of {rounds} rounds of {CALLS} calls")
    table.add_column("format")
    for heading in ("floor µs", "verify µs", "ratio"):
        table.add_column(heading, justify="right")
    ratios = {}
    for name, found in pairs.items():
        floor, ours = (statistics.median(column) for column in zip(*found, strict=True))
        ratios[name] = statistics.median(taken / base for base, taken in found)
        table.add_row(name, f"{floor:.1f}", f"{ours:.1f}", f"{ratios[name]:.2f}")
    console.print(table)
    return [
        (
            ratios[sample.name] <= sample.ratio_max,
            f"{sample.name}: {ratios[sample.name]:.2f} of its floor, at most {sample.ratio_max}",
        )
        for sample in made
        if sample.ratio_max is not None
    ]


@contextmanager
def _peers(python: Path, text: bytes) -> Iterator[Callable[[], Mapping[str, float]]]:
    """The other libraries, in their own process; nothing where they are not installed."""
    if not python.exists():
        console.print(f"cwt and pycose are left out: there is no {python}.", highlight=False)
        yield dict
        return
    pem = samples.STATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    asked = {"root": str(ROOT), "text": text.decode(), "pem": pem.decode(), "calls": CALLS}
    script = Path(__file__).with_name("credential_peers.py")
    with subprocess.Popen(
        [python, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        talk, answers = process.stdin, process.stdout
        talk.write(json.dumps(asked) + "\n")

        def ask() -> Mapping[str, float]:
            talk.write("\n")
            talk.flush()
            told: dict[str, float] = json.loads(answers.readline())
            return told

        yield ask
        talk.close()


def _show_refusals(
    verify: Callable[[bytes], object], made: list[Sample], *, with_vc: bool
) -> list[Verdict]:
    """Every hostile code, dearest first."""

    def warm() -> None:
        for sample in made:
            verify(sample.text)

    rows = []
    for name, text in cases(with_vc=with_vc):
        reason = _reason(verify, text)
        took_ms = statistics.median(
            microseconds(lambda: _reason(verify, text), 1) / 1_000  # noqa: B023 - called at once
            for _ in range(REFUSALS)
        )
        peak_mib = _peak_mib(lambda: _reason(verify, text), warm)  # noqa: B023
        rows.append((took_ms, peak_mib, name, reason, _heap_kib(lambda: _reason(verify, text))))  # noqa: B023
    rows.sort(reverse=True)
    table = Table(title=f"hostile codes: {len(rows)}, dearest first")
    table.add_column("code")
    table.add_column("refused for")
    for heading in ("ms", "heap KiB", "resident MiB"):
        table.add_column(heading, justify="right")
    for took_ms, peak_mib, name, reason, heap_kib in rows:
        table.add_row(name, reason, f"{took_ms:.3f}", f"{heap_kib:.0f}", f"{peak_mib:.1f}")
    console.print(table)
    worst_ms, _, slowest, *_ = rows[0]
    peak_mib, largest = max((max(row[1], row[4] / _KIB), row[2]) for row in rows)
    accepted = [name for _, _, name, reason, _ in rows if reason == "accepted"]
    return [
        (not accepted, f"hostile codes accepted: {', '.join(accepted) or 'none'}"),
        (
            worst_ms <= REFUSAL_MS_MAX,
            f"worst refusal {worst_ms:.1f} ms ({slowest}), at most {REFUSAL_MS_MAX:g} ms",
        ),
        (
            peak_mib <= MEMORY_MIB_MAX,
            f"worst peak of memory {peak_mib:.1f} MiB ({largest}), at most {MEMORY_MIB_MAX:g} MiB",
        ),
    ]


def _reason(verify: Callable[[bytes], object], text: bytes) -> str:
    try:
        verify(text)
    except CredentialError as error:
        return error.reason
    return "accepted"


def _heap_kib(call: Callable[[], object]) -> float:
    """The most that Python's allocator handed out for that at once."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (peak - before) / _KIB


def _peak_mib(call: Callable[[], object], warm: Callable[[], object]) -> float:
    """How far resident memory rises while `call` runs, in a copy of this process.

    What the copy shares no more is paid for by `warm`.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        warm()
        _RESET.write_text("5", encoding="ascii")
        before = _status_kib("VmRSS")
        call()
        os.write(writer, str(_status_kib("VmHWM") - before).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return max(0, int(told)) / _KIB


def _status_kib(field: str) -> int:
    """A line of this process's status, such as its resident memory or the peak of it."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise LookupError(field)


if __name__ == "__main__":
    sys.exit(main())
