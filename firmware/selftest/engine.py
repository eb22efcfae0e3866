"""Runs steps, each in its time, and tells what becomes of them.

Each step runs on a thread of its own. One that hangs is left behind, with its permit taken back;
one that raises has failed, with its reason. The others go on, unless they need it.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.api import DriverError, ErrorKind
from firmware.config import cautions
from firmware.selftest import identity
from firmware.selftest.measurement import Measurement, Verdict, worst
from firmware.selftest.names import StepName
from firmware.selftest.permit import UnsafeError
from firmware.selftest.report import Report, StepReport, summary
from firmware.selftest.step import HINTS, Context, Doing, Step

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from firmware.selftest.bench import Bench
    from firmware.selftest.step import Word

log = logging.getLogger(__name__)

LINES_MAX = 500
"""Measurements and words of progress of one step."""

_UNSAFE_HINT = "See to it that nobody is in the lane and no alarm stands, then run it again."
_LATE_HINT = "The device hangs: take its power away for a moment, then run it again."
_BUG_HINT = "This is a mistake of the program: please report it, with the log."


class Began(Struct, frozen=True):
    """The first word of every self-test."""

    site: str
    lane: str
    steps: tuple[StepName, ...]
    cautions: tuple[str, ...]


class StepBegan(Struct, frozen=True):
    """A step begins."""

    step: Step
    number: int
    """From 1 on."""


class StepDoing(Struct, frozen=True):
    """A step is on its way."""

    step: Step
    doing: Doing


class Measured(Struct, frozen=True):
    """A value is there."""

    step: Step
    measurement: Measurement


class StepEnded(Struct, frozen=True):
    """A step has ended, or was never begun."""

    report: StepReport


class Finished(Struct, frozen=True):
    """The last word of every self-test."""

    report: Report


Progress = Began | StepBegan | StepDoing | Measured | StepEnded | Finished


def check(steps: Sequence[Step]) -> None:
    """Refuse an order in which something could move before stop is proven.

    Raises:
        ValueError: that, a step that needs a later one, or one that is there twice.
    """
    before: list[StepName] = []
    for step in steps:
        if step.name in before or not set(step.needs) <= set(before):
            raise ValueError(f"step {step.name} is there twice, or before what it needs")
        if step.energises and StepName.STOP not in (*step.needs, step.name):
            raise ValueError(f"step {step.name} switches outputs on and does not need stop")
        before.append(step.name)


def run(bench: Bench, steps: Sequence[Step]) -> Generator[Progress, None, None]:
    """Test the lane. Whoever stops asking ends it: outputs rest, and devices are given back.

    Args:
        bench: a new one; closed at the end.
        steps: in their order; what a step needs goes before it.

    Raises:
        ValueError: see `check`; nothing was touched.
    """
    check(steps)
    wall, began_s = bench.wall(), time.monotonic()
    warnings = tuple(cautions(bench.config))
    config = bench.config
    reports: dict[StepName, StepReport] = {}
    try:
        yield Began(config.site, config.lane, tuple(step.name for step in steps), warnings)
        for number, step in enumerate(steps, 1):
            missing = [name for name in step.needs if not _has_passed(reports[name])]
            if missing:
                reports[step.name] = _not_begun(step, missing)
            else:
                yield StepBegan(step, number)
                reports[step.name] = yield from _perform(step, bench)
            yield StepEnded(reports[step.name])
    finally:
        bench.close()
    ended = tuple(reports.values())
    verdict = worst(step.verdict for step in ended)
    started = datetime.fromtimestamp(wall.unix_ms / 1000, UTC).isoformat(timespec="milliseconds")
    yield Finished(
        Report(
            site=config.site,
            lane=config.lane,
            started=started.replace("+00:00", "Z"),
            clock=str(wall.quality),
            duration_ms=_since_ms(began_s),
            software=identity.software(),
            hardware=identity.hardware(),
            simulated=bench.is_simulated,
            verdict=verdict,
            summary=summary(verdict, ended),
            cautions=warnings,
            steps=ended,
        )
    )


def _has_passed(report: StepReport) -> bool:
    return report.verdict in {Verdict.PASS, Verdict.MARGINAL}


def _not_begun(step: Step, missing: Sequence[StepName]) -> StepReport:
    return StepReport(
        name=step.name,
        verdict=Verdict.SKIPPED,
        duration_ms=0,
        reason=f"{' and '.join(missing)} did not pass, and this needs it",
    )


def _perform(step: Step, bench: Bench) -> Generator[Progress, None, StepReport]:
    began_s = time.monotonic()
    permit = bench.permit() if step.energises else None
    worker = _Worker(step, Context(bench, permit))
    lines: list[Measurement] = []
    try:
        while not isinstance(said := worker.next(began_s + step.limit_s - time.monotonic()), _End):
            if isinstance(said, Measurement):
                lines.append(said)
                yield Measured(step, said)
            else:
                yield StepDoing(step, said)
    finally:
        worker.abandon()
        if permit is not None:
            permit.revoke()
    took_ms, error = _since_ms(began_s), said.error
    if error is None:
        verdict = worst(line.verdict for line in lines)
        return StepReport(
            name=step.name, verdict=verdict, duration_ms=took_ms, measurements=tuple(lines)
        )
    reason, hint, kind = _explained(step, error)
    return StepReport(
        name=step.name,
        verdict=Verdict.FAIL,
        duration_ms=took_ms,
        measurements=tuple(lines),
        reason=reason,
        hint=hint,
        error=kind,
    )


class StepHungError(Exception):
    """It did not come to its end in its time."""


class _End(Struct, frozen=True):
    """The last that a worker says."""

    error: Exception | None


class _Worker:
    """One step on a thread of its own, which may never come back."""

    def __init__(self, step: Step, context: Context) -> None:
        self._step = step
        self._context = context
        self._said: queue.SimpleQueue[Word | _End] = queue.SimpleQueue()
        self._abandoned = threading.Event()
        threading.Thread(target=self._work, name=f"selftest-{step.name}", daemon=True).start()

    def next(self, timeout_s: float) -> Word | _End:
        """What it says next; what it has said is taken even where its time is over."""
        try:
            return self._said.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            limit_s = self._step.limit_s
            return _End(StepHungError(f"it did not come to its end within {limit_s:g} s"))

    def abandon(self) -> None:
        """Nobody listens any more. Where it still lives, it ends at its next word."""
        self._abandoned.set()

    def _work(self) -> None:
        try:
            with contextlib.closing(self._step.run(self._context)) as said:
                for word in _bounded(said):
                    if self._abandoned.is_set():
                        return
                    self._said.put(word)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this step's and no other's
            self._said.put(_End(error))
        else:
            self._said.put(_End(None))


def _bounded(words: Iterable[Word]) -> Iterator[Word]:
    for number, word in enumerate(words):
        if number >= LINES_MAX:
            raise RuntimeError(f"a step says more than {LINES_MAX} lines")
        yield word


def _explained(step: Step, error: Exception) -> tuple[str, str, ErrorKind | None]:
    """Why a step has failed, what to do, and the kind of its device's fault."""
    match error:
        case DriverError(kind=kind, device=device, message=message):
            return f"{device}: {message}", step.hints.get(kind, HINTS[kind]), kind
        case UnsafeError():
            return str(error), _UNSAFE_HINT, None
        case StepHungError():
            return str(error), step.hints.get(ErrorKind.TIMEOUT, _LATE_HINT), None
    log.error("step %s failed", step.name, exc_info=error)
    return f"{type(error).__name__}: {error}", _BUG_HINT, None


def _since_ms(began_s: float) -> float:
    return round((time.monotonic() - began_s) * 1000, 1)
