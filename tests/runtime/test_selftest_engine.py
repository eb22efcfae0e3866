"""The engine of the self-test: steps that hang or raise, what needs what, and who may switch."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from selftestkit import Lab, config_in, step_of

from drivers.api import DriverError, ErrorKind
from drivers.wiring import OutputName
from firmware.selftest.engine import (
    LINES_MAX,
    Began,
    Finished,
    Measured,
    StepBegan,
    StepDoing,
    StepEnded,
    check,
    run,
)
from firmware.selftest.measurement import Limit, Verdict, judge, skipped
from firmware.selftest.names import StepName
from firmware.selftest.permit import UnsafeError
from firmware.selftest.plan import PLAN, chosen
from firmware.selftest.step import HINTS, Context, Doing, Step
from gate.policy import ADVISORY, ChamberMode, ChamberPolicy, Policy
from gate.walltime import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from firmware.selftest.step import Lines

WELL = judge("well", Limit(upper=1, hint="", source=""), 0)
ILL = judge("ill", Limit(upper=1, hint="Mend it.", source=""), 2)
LIVELY_S = 30.0
"""Far beyond what anything here takes."""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    return Lab(config_in(tmp_path), monkeypatch)


def says(*words: object) -> object:
    """A step's work: says that, and raises what is an exception."""

    def work(_context: Context) -> Iterator[object]:
        for word in words:
            if isinstance(word, Exception):
                raise word
            yield word

    return work


def step(name: StepName, *words: object, **rest: object) -> Step:
    return Step(name=name, text="", run=says(*words), **rest)  # type: ignore[arg-type]


def test_progress_is_told_as_it_happens(lab: Lab) -> None:
    """A terminal and a page show each value when it is there, and how far a long step is."""
    plan = (step(StepName.CLOCK, Doing("readings", 1, 2), WELL), step(StepName.MEMORY, ILL))
    report = lab.run_steps(plan)
    clock, memory = plan
    expected = [
        Began("hall", "north", (StepName.CLOCK, StepName.MEMORY), report.cautions),
        StepBegan(clock, 1),
        StepDoing(clock, Doing("readings", 1, 2)),
        Measured(clock, WELL),
        StepEnded(report.steps[0]),
        StepBegan(memory, 2),
        Measured(memory, ILL),
        StepEnded(report.steps[1]),
        Finished(report),
    ]
    assert lab.told == expected
    assert report.verdict is Verdict.FAIL
    assert report.summary == "Not passed: memory. First, memory, ill: Mend it."


def test_a_step_that_raises_has_failed_and_the_next_goes_on(lab: Lab) -> None:
    """A mistake in one step hides no other device's fault."""
    report = lab.run_steps((step(StepName.CLOCK, WELL, KeyError("x")), step(StepName.MEMORY, WELL)))
    clock = step_of(report, StepName.CLOCK)
    assert clock.verdict is Verdict.FAIL
    assert clock.measurements == (WELL,)
    assert clock.reason == "KeyError: 'x'"
    assert "report it" in clock.hint
    assert step_of(report, StepName.MEMORY).verdict is Verdict.PASS


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_fault_of_a_device_has_a_hint(lab: Lab, kind: ErrorKind) -> None:
    """Whatever a driver raises, the technician reads what to do, and a script the kind."""
    error = DriverError(kind, "sensor", "no")
    report = lab.run_steps((step(StepName.CLOCK, error),))
    clock = report.steps[0]
    assert (clock.reason, clock.hint, clock.error) == ("sensor: no", HINTS[kind], kind)
    assert report.summary == f"Not passed: clock. First, clock: sensor: no. {HINTS[kind]}"


def test_a_steps_own_hint_goes_before_the_general_one(lab: Lab) -> None:
    """Who knows the device knows better."""
    error = DriverError(ErrorKind.MISSING, "sensor", "no")
    hints = {ErrorKind.MISSING: "Look at its four wires."}
    report = lab.run_steps((step(StepName.CLOCK, error, hints=hints),))
    assert report.steps[0].hint == "Look at its four wires."


def test_a_step_that_hangs_is_left_behind(lab: Lab) -> None:
    """It fails with its time limit; the rest is tested, and it may not switch anything later."""
    let_go = threading.Event()
    ended = threading.Event()
    later: list[Exception] = []

    def hang(context: Context) -> Lines:
        yield WELL
        let_go.wait(LIVELY_S)
        try:
            context.outputs.drive(OutputName.CHAMBER, NS_PER_S)
        except UnsafeError as error:
            later.append(error)
        ended.set()

    inputs = chosen((StepName.INPUTS,))
    hanging = Step(
        name=StepName.STOP,
        text="",
        run=hang,
        needs=(StepName.INPUTS,),
        energises=True,
        limit_s=0.05,
    )
    needing = step(StepName.RELAYS, WELL, needs=(StepName.STOP,))
    report = lab.run_steps((*inputs, hanging, needing, step(StepName.MEMORY, WELL)))
    let_go.set()
    assert ended.wait(LIVELY_S)
    stop = step_of(report, StepName.STOP)
    assert stop.verdict is Verdict.FAIL
    assert stop.measurements == (WELL,)
    assert stop.reason == "it did not come to its end within 0.05 s"
    assert "hangs" in stop.hint
    assert step_of(report, StepName.RELAYS).verdict is Verdict.SKIPPED
    assert step_of(report, StepName.MEMORY).verdict is Verdict.PASS
    assert [str(error) for error in later] == ["the time of this step is over"]
    assert lab.times_on(OutputName.CHAMBER) == 0


def test_a_step_that_talks_without_end_is_cut_off(lab: Lab) -> None:
    """No step fills the memory of who listens."""
    report = lab.run_steps((step(StepName.CLOCK, *[WELL] * (LINES_MAX + 1)),))
    assert report.verdict is Verdict.FAIL
    assert len(report.steps[0].measurements) == LINES_MAX


def test_what_needs_a_failed_step_is_not_begun(lab: Lab) -> None:
    """It says for which step it waits, and that is no failure of its own."""
    report = lab.run_steps(
        (
            step(StepName.INPUTS, ILL),
            step(StepName.STOP, WELL, needs=(StepName.INPUTS,), energises=True),
            step(StepName.RELAYS, WELL, needs=(StepName.STOP,), energises=True),
        )
    )
    stop, relays = step_of(report, StepName.STOP), step_of(report, StepName.RELAYS)
    assert stop.verdict is relays.verdict is Verdict.SKIPPED
    assert stop.reason == "inputs did not pass, and this needs it"
    assert relays.reason == "stop did not pass, and this needs it"
    assert report.summary.startswith("Not passed: inputs, not tried: stop, relays.")


def test_nothing_can_be_planned_before_stop_is_proven(lab: Lab) -> None:
    """An order in which an output could be on before that is refused, with nothing touched."""
    daring = step(StepName.RELAYS, WELL, energises=True)
    with pytest.raises(ValueError, match="does not need stop"):
        next(run(lab.bench, (daring,)))
    with pytest.raises(ValueError, match="before what it needs"):
        check((step(StepName.RELAYS, needs=(StepName.STOP,)), step(StepName.STOP)))
    with pytest.raises(ValueError, match="twice"):
        check((step(StepName.CLOCK), step(StepName.CLOCK)))
    check(PLAN)


def test_who_stops_listening_ends_it_with_every_output_off(lab: Lab) -> None:
    """Ctrl-C in the middle of a pulse leaves nothing on."""

    def hold(context: Context) -> Lines:
        context.outputs.drive(OutputName.LIGHT_RED, NS_PER_S)
        yield WELL
        yield WELL

    holding = Step(name=StepName.STOP, text="", run=hold, needs=(StepName.INPUTS,), energises=True)
    progress = run(lab.bench, (*chosen((StepName.INPUTS,)), holding))
    for word in progress:
        if isinstance(word, Measured) and word.step is holding:
            break
    assert lab.chip.level(lab.line(OutputName.LIGHT_RED)) == 1
    progress.close()
    assert lab.chip.level(lab.line(OutputName.LIGHT_RED)) == 0
    assert lab.times_on(OutputName.LIGHT_RED) == 1


def test_chosen_steps_bring_what_they_need() -> None:
    """`--step relays` does not go round the proof of stop."""
    names = [each.name for each in chosen((StepName.RELAYS,))]
    assert names == [StepName.INPUTS, StepName.STOP, StepName.RELAYS]
    assert chosen(()) == PLAN
    assert [each.name for each in PLAN] == list(StepName)


def test_a_lane_of_nothing_but_skipped_steps_measured_nothing(lab: Lab) -> None:
    """That is not called a success in words."""
    report = lab.run_steps((step(StepName.BROKER, skipped("broker", "None.")),))
    assert report.verdict is Verdict.SKIPPED
    assert report.summary == "Nothing was measured."


def test_a_chamber_that_sprays_people_is_said_in_every_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads the report learns who advises against it."""
    chamber = ChamberPolicy(mode=ChamberMode.MIST, accept_advisory=ADVISORY)
    lab = Lab(config_in(tmp_path, policy=Policy(chamber=chamber)), monkeypatch)
    report = lab.run(StepName.CLOCK)
    assert any("it sprays people" in caution for caution in report.cautions)
