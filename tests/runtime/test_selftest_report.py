"""What a self-test says: verdicts, texts, files, and the page that lists every limit."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from drivers.reporter.desk import RETAINED_BYTES_MAX
from firmware.selftest import identity
from firmware.selftest.archive import REPORTS_KEPT, keep
from firmware.selftest.limits import LIMITS, lapse_limit
from firmware.selftest.measurement import Limit, Measurement, Verdict, judge, skipped, worst
from firmware.selftest.names import StepName
from firmware.selftest.plan import PLAN
from firmware.selftest.report import (
    SIGNS,
    TEXT_WIDTH,
    Report,
    StepReport,
    cells,
    decode_report,
    encode_report,
    figure,
    limits_of,
    summary,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "run-the-self-test.md"
BAND = Limit(
    unit="ms",
    lower=10,
    upper=100,
    marginal_lower=20,
    marginal_upper=50,
    hint="Look at it.",
    source="",
)


def report_of(*steps: StepReport, started: str = "2027-01-15T08:00:00.000Z") -> Report:
    verdict = worst(step.verdict for step in steps)
    return Report(
        site="hall",
        lane="north",
        started=started,
        clock="trusted",
        duration_ms=1_234.5,
        software="gerbang 1",
        hardware="Raspberry Pi",
        simulated=False,
        verdict=verdict,
        summary=summary(verdict, steps),
        cautions=("Something is unwise.",),
        steps=steps,
    )


def step_with(name: StepName, lines: Iterable[Measurement]) -> StepReport:
    lines = tuple(lines)
    return StepReport(
        name=name,
        verdict=worst(line.verdict for line in lines),
        duration_ms=100,
        measurements=lines,
    )


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (9.9, Verdict.FAIL),
        (10, Verdict.MARGINAL),
        (19.9, Verdict.MARGINAL),
        (20, Verdict.PASS),
        (50, Verdict.PASS),
        (50.1, Verdict.MARGINAL),
        (100, Verdict.MARGINAL),
        (100.1, Verdict.FAIL),
        (None, Verdict.FAIL),
        (math.nan, Verdict.FAIL),
        (math.inf, Verdict.FAIL),
    ],
)
def test_a_number_passes_is_marginal_or_fails(value: float | None, verdict: Verdict) -> None:
    """Bounds belong to what is allowed; what never came, or is no number, fails."""
    measured = judge("it", BAND, value)
    assert measured.verdict is verdict
    assert measured.hint == ("" if verdict is Verdict.PASS else "Look at it.")


def test_a_word_is_the_expected_one_or_not() -> None:
    """Another one fails, or is marginal where it is only advice."""
    must = Limit(expected="wal", hint="Mind it.", source="")
    advice = Limit(expected="wal", is_advice=True, hint="Mind it.", source="")
    assert judge("it", must, "wal").verdict is Verdict.PASS
    assert judge("it", must, "off").verdict is Verdict.FAIL
    assert judge("it", advice, "off").verdict is Verdict.MARGINAL
    assert judge("it", advice, None).verdict is Verdict.FAIL
    assert judge("it", must, "off", "A better hint.").hint == "A better hint."


def test_the_gravest_verdict_counts() -> None:
    """One failure is a failure; what was skipped says nothing."""
    assert worst([Verdict.PASS, Verdict.SKIPPED]) is Verdict.PASS
    assert worst([Verdict.MARGINAL, Verdict.PASS]) is Verdict.MARGINAL
    assert worst([Verdict.MARGINAL, Verdict.FAIL, Verdict.PASS]) is Verdict.FAIL
    assert worst([]) is Verdict.SKIPPED


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (BAND, "10 … 100, good 20 … 50"),
        (Limit(upper=250, marginal_upper=100, hint="", source=""), "≤ 250, good ≤ 100"),
        (Limit(lower=5, hint="", source=""), "≥ 5"),
        (Limit(marginal_lower=60, hint="", source=""), "good ≥ 60"),
        (Limit(expected="wal", hint="", source=""), "wal"),
        (Limit(expected="trusted", is_advice=True, hint="", source=""), "better trusted"),
        (Limit(hint="", source=""), ""),
    ],
)
def test_limits_in_words(limit: Limit, words: str) -> None:
    """As a technician reads them beside the value."""
    assert limits_of(limit) == words
    assert limits_of(judge("it", limit, None)) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"),
        (0.001, "< 0.01"),
        (0.048, "0.05"),
        (36.42, "36.4"),
        (1_003.4, "1,003"),
        (2_056.0, "2,056"),
        (-3.5, "-3.50"),
    ],
)
def test_figures_say_as_much_as_is_known(number: float, words: str) -> None:
    """No six decimals of a millisecond."""
    assert figure(number) == words


def test_the_summary_names_what_to_do_first() -> None:
    """The first failure, and what was therefore not tried; later ones may follow from it."""
    well, ill = judge("rate", BAND, 30), judge("rest", BAND, 500)
    failed = summary(
        Verdict.FAIL,
        (
            step_with(StepName.INPUTS, [well]),
            step_with(StepName.STOP, [well, ill]),
            step_with(StepName.CAMERA, [ill]),
            StepReport(
                name=StepName.RELAYS, verdict=Verdict.SKIPPED, duration_ms=0, reason="not begun"
            ),
        ),
    )
    assert failed == "Not passed: stop, camera, not tried: relays. First, stop, rest: Look at it."
    marginal = (step_with(StepName.CLOCK, [well, judge("steps", BAND, 60)]),)
    assert summary(Verdict.MARGINAL, marginal) == (
        "Passed: 2 values measured, 1 of them marginal. First, clock, steps: Look at it."
    )
    passed = (step_with(StepName.CLOCK, [well, skipped("battery", "None.")]),)
    assert summary(Verdict.PASS, passed) == "Passed: 1 values measured, all well."


def test_the_text_has_a_sign_and_a_word_for_every_value() -> None:
    """Colour is never alone, and the text has none: signs, words, hints, within its width."""
    lines = [judge("rate", BAND, 30), judge("rest", BAND, 500), judge("view", BAND, 15)]
    shown = text(report_of(step_with(StepName.STOP, [*lines, skipped("lamp", "Not asked.")])))
    for verdict in Verdict:
        assert re.search(rf"^  {re.escape(SIGNS[verdict])} {verdict} ", shown, re.MULTILINE)
    assert "      → Look at it." in shown
    assert "! Something is unwise." in shown
    assert shown.rstrip().endswith("Look at it.")
    assert max(map(len, shown.splitlines())) <= TEXT_WIDTH


def test_the_text_says_why_a_step_never_began() -> None:
    """With its reason, and what to do."""
    step = StepReport(
        name=StepName.INPUTS,
        verdict=Verdict.FAIL,
        duration_ms=5,
        reason="gpio: no chip",
        hint="Look at it.",
    )
    assert "    gpio: no chip. Look at it." in text(report_of(step))


def test_a_report_comes_back_from_its_json() -> None:
    """A page and a broker's listener read what was measured, whole."""
    report = report_of(
        step_with(StepName.STOP, [judge("rate", BAND, 30.5), judge("view", BAND, None)])
    )
    assert decode_report(encode_report(report)) == report
    assert msgspec.json.decode(encode_report(report))["schema"] == 1


def test_the_longest_report_can_be_published() -> None:
    """Every line of every step failed, each output its own: it fits the retained message."""
    outputs = 7
    steps = []
    for step in PLAN:
        lines = [
            judge(key.partition(".")[2], limit, "x" * 40 if limit.expected else 123_456.789)
            for key, limit in LIMITS.items()
            if key.startswith(f"{step.name}.")
        ]
        if step.name is StepName.RELAYS:
            lines = [
                msgspec.structs.replace(line, name=f"barrier_entry {line.name}") for line in lines
            ] * outputs
        steps.append(step_with(step.name, lines))
    longest = report_of(*steps)
    assert longest.verdict is Verdict.FAIL
    assert len(encode_report(longest)) <= RETAINED_BYTES_MAX


def test_the_last_ten_reports_are_kept(tmp_path: Path) -> None:
    """Two files each, in the order of their times, and nothing else in the folder is touched."""
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "selftest-notes.txt").touch()
    for minute in range(REPORTS_KEPT + 3):
        data, words = keep(report_of(started=f"2027-01-15T08:{minute:02}:00.000Z"), folder)
        assert decode_report(data.read_bytes()).lane == "north"
        assert words.read_text(encoding="utf-8").startswith("Self-test of hall/north")
    kept = sorted(path.name for path in folder.glob("selftest-2*"))
    assert len(kept) == 2 * REPORTS_KEPT
    assert kept[0] == "selftest-20270115T080300000Z.json"
    assert kept[-1] == "selftest-20270115T081200000Z.txt"
    assert (folder / "selftest-notes.txt").exists()


def test_the_newest_report_stays_whatever_its_clock_says(tmp_path: Path) -> None:
    """A lane with a flat battery tests itself in the past: its report is not the one to go."""
    for day in range(10, 10 + REPORTS_KEPT):
        keep(report_of(started=f"2027-01-{day}T08:00:00.000Z"), tmp_path)
    data, words = keep(report_of(started="2026-01-01T00:00:00.000Z"), tmp_path)
    assert data.exists()
    assert words.exists()
    assert len(list(tmp_path.glob("*.json"))) == REPORTS_KEPT
    assert not (tmp_path / "selftest-20270110T080000000Z.json").exists()


def test_what_machine_it_was(tmp_path: Path) -> None:
    """A Pi's firmware tells model and revision; elsewhere it is the kind of processor."""
    model = tmp_path / "model"
    model.write_bytes(b"Raspberry Pi 4 Model B Rev 1.5\0")
    assert identity.hardware(model) == "Raspberry Pi 4 Model B Rev 1.5"
    assert " with " in identity.hardware(tmp_path / "none")
    assert identity.software().startswith("gerbang ")


@pytest.mark.parametrize("key", LIMITS)
def test_every_limit_has_a_hint_a_source_and_a_step(key: str) -> None:
    """A technician never reads a bare number, nor wonders who chose it."""
    limit = LIMITS[key]
    assert key.partition(".")[0] in set(StepName)
    assert re.fullmatch(r"[A-Z].*\.", limit.hint, re.DOTALL)
    assert limit.source
    numbers = (limit.lower, limit.marginal_lower, limit.marginal_upper, limit.upper)
    bounds = [number for number in numbers if number is not None]
    assert bounds == sorted(bounds)
    assert bool(bounds) != (limit.expected is not None)


def test_the_lease_of_a_short_pulse_has_the_same_tolerance() -> None:
    """As much early and late as for a whole second."""
    assert lapse_limit(1_000) == LIMITS["stop.lapse"]
    assert lapse_limit(300).upper == 800


def test_the_page_lists_every_limit() -> None:
    """The how-to and the program never disagree."""
    page = HOW_TO.read_text(encoding="utf-8")
    lost = []
    for key, limit in LIMITS.items():
        step, _, line = key.partition(".")
        unit = f" {limit.unit}" if limit.unit else ""
        row = f"| {step} | {line} | {limits_of(limit)}{unit} | {limit.source} |"
        if row not in page:
            lost.append(row)
    assert not lost, "\n".join(lost)


def test_cells_of_a_value_that_never_came() -> None:
    """`never` is no number, and what was skipped has no value at all."""
    assert cells(judge("on", BAND, None)).value == "never"
    assert cells(skipped("lamp", "Not asked.")).value == ""
