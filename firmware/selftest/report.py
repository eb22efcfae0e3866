"""What a self-test found: data for a page and a broker, and plain text for people.

Colour is never alone: every verdict has its sign and its word.
"""

import textwrap
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from drivers.api import ErrorKind
from firmware.selftest.measurement import Limit, Measurement, Verdict
from firmware.selftest.names import StepName

REPORT_SCHEMA: Final = 1
TEXT_WIDTH: Final = 96
SIGNS: Final = MappingProxyType(
    {
        Verdict.PASS: "✔",
        Verdict.MARGINAL: "!",
        Verdict.FAIL: "✖",
        Verdict.SKIPPED: "-",
    }
)
_MANY_DIGITS = 100.0
_SOME_DIGITS = 10.0
_LEAST = 0.01


class StepReport(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One step and what it measured."""

    name: StepName
    verdict: Verdict
    duration_ms: float
    measurements: tuple[Measurement, ...] = ()
    reason: str = ""
    """Why it ended early or never began; empty where it came to its end."""
    hint: str = ""
    """What to do about that."""
    error: ErrorKind | None = None
    """Kind of the device's fault that ended it."""


class Report(Struct, frozen=True, kw_only=True):
    """One self-test of one lane."""

    schema: int = REPORT_SCHEMA
    site: str
    lane: str
    started: str
    """UTC by the lane's wall clock, ISO 8601 with milliseconds."""
    clock: str
    """What that is worth: `gate.walltime.ClockQuality`."""
    duration_ms: float
    software: str
    hardware: str
    simulated: bool
    """The board is: nothing of this machine's wires was tested."""
    verdict: Verdict
    summary: str
    """One or two sentences: how it stands, and what to do first."""
    cautions: tuple[str, ...]
    """What is unwise about the lane's configuration."""
    steps: tuple[StepReport, ...]


class Cells(NamedTuple):
    """One line of a table."""

    sign: str
    word: str
    name: str
    value: str
    unit: str
    limits: str


HEADINGS: Final = Cells("", "", "measured", "value", "unit", "limits")

encode_report: Final = msgspec.json.Encoder().encode
"""As JSON, in one line: what is published and printed."""
decode_report: Final = msgspec.json.Decoder(Report).decode


def cells(measurement: Measurement) -> Cells:
    """The line of that measurement."""
    return Cells(
        SIGNS[measurement.verdict],
        str(measurement.verdict),
        measurement.name,
        _value(measurement),
        measurement.unit,
        limits_of(measurement),
    )


def limits_of(held: Measurement | Limit) -> str:
    """`≤ 250, good ≤ 100`; the expected word; or nothing."""
    if held.expected is not None:
        return f"{'better ' if held.is_advice else ''}{held.expected}"
    outer = _range(held.lower, held.upper)
    inner = _range(held.marginal_lower, held.marginal_upper)
    return ", ".join(words for words in (outer, f"good {inner}" if inner else "") if words)


def summary(verdict: Verdict, steps: tuple[StepReport, ...]) -> str:
    """How it stands, and what to do first."""
    lines = [line for step in steps for line in step.measurements]
    count = {word: sum(line.verdict is word for line in lines) for word in Verdict}
    held_back = [step.name for step in steps if step.reason and step.verdict is Verdict.SKIPPED]
    measured = len(lines) - count[Verdict.SKIPPED]
    if verdict is Verdict.SKIPPED:
        return "Nothing was measured."
    if verdict is Verdict.FAIL:
        failed = [str(step.name) for step in steps if step.verdict is Verdict.FAIL]
        untried = f", not tried: {', '.join(held_back)}" if held_back else ""
        head = f"Not passed: {', '.join(failed)}{untried}."
    else:
        near = count[Verdict.MARGINAL]
        head = f"Passed: {measured} values measured"
        head += f", {near} of them marginal." if near else ", all well."
    first = _first(verdict, steps)
    return f"{head} {first}" if first else head


def _first(verdict: Verdict, steps: tuple[StepReport, ...]) -> str:
    """The first thing to do: what comes later may follow from it."""
    if verdict is Verdict.PASS:
        return ""
    for step in steps:
        if step.verdict is not verdict:
            continue
        for line in step.measurements:
            if line.verdict is verdict:
                return f"First, {step.name}, {line.name}: {line.hint}"
        return f"First, {step.name}: {step.reason}. {step.hint}".rstrip()
    return ""


def text(report: Report) -> str:
    """The whole report for people, `TEXT_WIDTH` wide, with a line feed at its end."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"Self-test of {report.site}/{report.lane}, {report.started} (clock {report.clock})"
    yield f"{report.software}; {report.hardware}"
    for caution in report.cautions:
        yield from _wrapped(caution, "! ")
    for step in report.steps:
        yield ""
        yield f"{SIGNS[step.verdict]} {step.name}: {step.verdict}, {seconds(step.duration_ms)}"
        for line in step.measurements:
            yield _row(cells(line))
            if line.hint:
                yield from _wrapped(line.hint, "      → ")
        if step.reason:
            yield from _wrapped(f"{step.reason}. {step.hint}".rstrip(), "    ")
    yield ""
    yield from _wrapped(report.summary, "")


def seconds(duration_ms: float) -> str:
    """`0.3 s`."""
    return f"{duration_ms / 1000:.1f} s"


def _row(line: Cells) -> str:
    row = f"  {line.sign} {line.word:<8} {line.name:<25} {line.value:>10} {line.unit:<8} "
    return f"{row}{line.limits}".rstrip()


def _wrapped(words: str, first: str) -> list[str]:
    return textwrap.wrap(
        words,
        TEXT_WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
    )


def _value(measurement: Measurement) -> str:
    value = measurement.value
    if value is None:
        return "" if measurement.verdict is Verdict.SKIPPED else "never"
    return value if isinstance(value, str) else figure(value)


def figure(number: float) -> str:
    """A number with as many digits as say something: 0.05, 36.4, 1,003."""
    if number == int(number):
        return f"{int(number):,}"
    if abs(number) < _LEAST:
        return f"< {_LEAST}"
    if abs(number) >= _MANY_DIGITS:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= _SOME_DIGITS else f"{number:.2f}"


def _range(lower: float | None, upper: float | None) -> str:
    if lower is not None and upper is not None:
        return f"{figure(lower)} … {figure(upper)}"
    if upper is not None:
        return f"≤ {figure(upper)}"
    return "" if lower is None else f"≥ {figure(lower)}"
