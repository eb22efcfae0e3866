"""Stop before anything moves: what is proven of it, and every way in which it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from selftestkit import Lab, config_in, failed_lines, line_of, step_of

from drivers.api import ErrorKind
from drivers.gpio import LEASE_NS, Persistence
from drivers.sim.pins import SimPin, SimPinFactory
from drivers.wiring import (
    OUTPUT_ROLES,
    Hold,
    InputName,
    OutputLine,
    OutputName,
    Wiring,
)
from firmware.config import BoardKind
from firmware.selftest import bench as bench_module
from firmware.selftest.measurement import Verdict
from firmware.selftest.names import StepName
from firmware.selftest.steps.safety import STILLEST
from gate.walltime import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drivers.sim.chip import SimChip

LAMP = OutputName.LIGHT_GREEN
"""What moves least in the default wiring."""
ENTRY = OutputName.BARRIER_ENTRY
ALARM = (InputName.FIRE, InputName.EMERGENCY_STOP)
BODY = (InputName.PRESENCE, InputName.BEAM_A)


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Lab]:
    def lab(
        wiring: Wiring | None = None, pins: Callable[[SimChip], SimPinFactory] = SimPinFactory
    ) -> Lab:
        config = config_in(tmp_path)
        if wiring is not None:
            config = msgspec.structs.replace(config, wiring=wiring)
        return Lab(config, monkeypatch, pins=pins)

    return lab


def switched(lab: Lab) -> set[OutputName]:
    """Every output that was on at some time."""
    return {name for name in lab.config.wiring.outputs if lab.times_on(name)}


def test_stop_is_proven_on_what_moves_least(make: Callable[..., Lab]) -> None:
    """The lease ends a second after nobody renewed it, by the very edge on the wire."""
    lab = make()
    report = lab.run(StepName.STOP)
    assert report.verdict is Verdict.PASS
    assert switched(lab) == {LAMP}
    assert line_of(report, StepName.STOP, f"{LAMP} lapse").value == LEASE_NS / NS_PER_MS
    assert line_of(report, StepName.STOP, f"{LAMP} rest").value == 0
    assert line_of(report, StepName.STOP, f"{LAMP} at claim").value == 0
    on, off = (edge.at_ns for edge in lab.chip.edges(lab.line(LAMP))[1:3])
    assert off - on == LEASE_NS


def test_the_emergency_stop_itself_is_tried(make: Callable[..., Lab]) -> None:
    """Its wire is opened while an output is on: the output falls after the debounce, and stays."""
    lab = make()
    report = lab.run(StepName.STOP)
    debounce_ms = lab.config.wiring.debounce_ns(InputName.EMERGENCY_STOP) / NS_PER_MS
    value = line_of(report, StepName.STOP, "emergency stop").value
    assert isinstance(value, float)
    assert debounce_ms <= value <= debounce_ms + 2


def test_an_emergency_stop_that_does_not_reach_the_program(make: Callable[..., Lab]) -> None:
    """A contact that is stuck closed looks at rest, and never tells: found by trying it."""
    lab = make()
    line = lab.config.wiring.inputs[InputName.EMERGENCY_STOP].line
    lab.chip.stick(line, lab.chip.level(line))
    report = lab.run(StepName.RELAYS)
    assert failed_lines(report) == {"stop.emergency stop"}
    pressed = line_of(report, StepName.STOP, "emergency stop")
    assert pressed.value is None
    assert "input's wire" in pressed.hint
    assert switched(lab) == {LAMP}


def test_every_output_has_its_place_in_the_order() -> None:
    """A new one is not forgotten, and the chamber stays last."""
    assert set(STILLEST) == set(OUTPUT_ROLES)
    assert STILLEST[-1] is OutputName.CHAMBER


@pytest.mark.parametrize("name", ALARM)
def test_an_alarm_forbids_everything(make: Callable[..., Lab], name: InputName) -> None:
    """A fire loop or emergency stop that is open, or a cut wire, which reads the same."""
    lab = make()
    lab.chip.cut_wire(lab.config.wiring.inputs[name].line)
    report = lab.run(StepName.RELAYS)
    assert failed_lines(report) == {f"inputs.{name.replace('_', ' ')}"}
    assert "wire" in line_of(report, StepName.INPUTS, name.replace("_", " ")).hint
    assert step_of(report, StepName.RELAYS).verdict is Verdict.SKIPPED
    assert not switched(lab)


@pytest.mark.parametrize("name", BODY)
def test_somebody_in_the_lane_forbids_everything(make: Callable[..., Lab], name: InputName) -> None:
    """Whoever stands there is asked to step out; no output stirs."""
    lab = make()
    lab.sense(name)
    report = lab.run(StepName.RELAYS)
    people = line_of(report, StepName.INPUTS, "people")
    assert (people.value, people.verdict) == ("somebody", Verdict.FAIL)
    assert people.hint.startswith("Somebody stands in the")
    assert str(name) in people.hint
    assert not switched(lab)


def test_an_open_door_is_worth_a_look(make: Callable[..., Lab]) -> None:
    """What is not dangerous is marginal, by name, and the test goes on."""
    lab = make()
    lab.sense(InputName.DOOR)
    lab.sense(InputName.TAMPER)
    report = lab.run(StepName.STOP)
    line = line_of(report, StepName.INPUTS, "other inputs")
    assert line.verdict is Verdict.MARGINAL
    assert line.hint.startswith("door, tamper: ")
    assert report.verdict is Verdict.MARGINAL


def test_a_chattering_input_can_not_be_believed(make: Callable[..., Lab]) -> None:
    """A loose screw at one of the sensors that forbid: nothing is switched on."""
    lab = make()
    lab.chip.chatter(lab.config.wiring.inputs[InputName.TAMPER].line, hz=200)
    report = lab.run(StepName.RELAYS)
    assert failed_lines(report) == {"inputs.trouble"}
    trouble = line_of(report, StepName.INPUTS, "trouble")
    assert trouble.value == "inputs chatter"
    assert "screw" in trouble.hint
    assert not switched(lab)


def test_a_missing_chip_is_a_missing_device(make: Callable[..., Lab]) -> None:
    """Not a Pi, or not the right kernel: kind and hint say so."""
    lab = make()
    lab.chip.go_missing()
    report = lab.run(StepName.RELAYS)
    inputs = step_of(report, StepName.INPUTS)
    assert inputs.error is ErrorKind.MISSING
    assert "no such GPIO chip" in inputs.hint


def test_lines_that_another_program_holds(make: Callable[..., Lab]) -> None:
    """`gate run` goes on at the door: the technician is told to stop it first."""
    lab = make()
    lab.chip.claim(object(), lab.line(LAMP))
    report = lab.run(StepName.RELAYS)
    inputs = step_of(report, StepName.INPUTS)
    assert inputs.error is ErrorKind.BUSY
    assert "systemctl stop gate" in inputs.hint


def test_a_welded_relay_proves_nothing(make: Callable[..., Lab]) -> None:
    """An output that is on by itself fails at once, and nothing else is tried."""
    lab = make()
    lab.chip.stick(lab.line(LAMP), 1)
    report = lab.run(StepName.RELAYS)
    assert f"stop.{LAMP} at rest" in failed_lines(report)
    rest = line_of(report, StepName.STOP, f"{LAMP} at rest")
    assert rest.value == "on"
    assert "welded relay" in rest.hint
    assert step_of(report, StepName.RELAYS).verdict is Verdict.SKIPPED
    assert ENTRY not in switched(lab)


def test_a_relay_that_welds_while_it_is_on(make: Callable[..., Lab]) -> None:
    """It never lapses: the one fault for which the lane must not be used at all."""
    lab = make()

    def weld() -> None:
        if lab.wires.is_on(LAMP):
            lab.chip.stick(lab.line(LAMP), 1)

    lab.each_ms = weld
    report = lab.run(StepName.RELAYS)
    assert failed_lines(report) == {f"stop.{LAMP} lapse"}
    lapse = line_of(report, StepName.STOP, f"{LAMP} lapse")
    assert lapse.value is None
    assert "do not use this lane" in lapse.hint
    assert ENTRY not in switched(lab)


def test_a_relay_that_does_not_pull_in(make: Callable[..., Lab]) -> None:
    """A line that can't be switched on can't be stopped either: not proven."""
    lab = make()
    lab.chip.stick(lab.line(LAMP), 0)
    report = lab.run(StepName.RELAYS)
    assert failed_lines(report) == {f"stop.{LAMP} on"}
    assert line_of(report, StepName.STOP, f"{LAMP} on").value is None


class _PulsingPin(SimPin):
    """As stock gpiozero: claimed low whatever is asked, and written afterwards."""

    def output_with_state(self, state: bool) -> None:
        self._set_function("output")
        self._set_state(state)


class _PulsingFactory(SimPinFactory):
    def __init__(self, chip: SimChip) -> None:
        super().__init__(chip)
        self.pin_class = _PulsingPin


def test_a_pulse_at_claim_is_found(make: Callable[..., Lab]) -> None:
    """An active-low relay that a careless driver energises for a moment at every start."""
    wiring = Wiring(
        outputs={
            LAMP: OutputLine(line=24),
            ENTRY: OutputLine(line=4, active_high=False),
        },
        inputs={},
    )
    lab = make(wiring, _PulsingFactory)
    report = lab.run(StepName.RELAYS)
    assert failed_lines(report) == {f"relays.{ENTRY} at claim"}
    claim = line_of(report, StepName.RELAYS, f"{ENTRY} at claim")
    assert claim.value == 1
    assert "active_high" in claim.hint


def test_a_pulse_at_claim_of_the_output_to_prove_it_on(make: Callable[..., Lab]) -> None:
    """The proof begins with an output that was still; with another one it is none."""
    wiring = Wiring(outputs={ENTRY: OutputLine(line=4, active_high=False)}, inputs={})
    report = make(wiring, _PulsingFactory).run(StepName.STOP)
    assert failed_lines(report) == {f"stop.{ENTRY} at claim"}


def test_an_output_of_short_pulses_lapses_with_its_pulse(make: Callable[..., Lab]) -> None:
    """A lane that has a turnstile alone is held to the turnstile's own pulse."""
    wiring = Wiring(outputs={ENTRY: OutputLine(line=17, hold=Hold.PULSE, pulse_ms=300)}, inputs={})
    report = make(wiring).run(StepName.STOP)
    lapse = line_of(report, StepName.STOP, f"{ENTRY} lapse")
    assert (lapse.value, lapse.lower, lapse.upper) == (300, 250, 800)
    assert report.verdict is Verdict.PASS
    assert line_of(report, StepName.STOP, "emergency stop").verdict is Verdict.SKIPPED


def test_a_lane_without_outputs_has_nothing_to_stop(make: Callable[..., Lab]) -> None:
    """That is skipped, and no failure."""
    report = make(Wiring(outputs={})).run(StepName.RELAYS)
    assert report.verdict is Verdict.PASS
    assert step_of(report, StepName.STOP).verdict is Verdict.SKIPPED


def test_a_board_without_read_back_proves_nothing(
    make: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody can see the output, nothing is switched on, and it does not pass."""
    lab = make()
    monkeypatch.setattr(bench_module.Bench, "scope", None)
    report = lab.run(StepName.RELAYS)
    assert failed_lines(report) == {"stop.read-back"}
    assert "by hand" in line_of(report, StepName.STOP, "read-back").hint
    assert not switched(lab)


@pytest.mark.parametrize(
    ("persists", "word", "verdict"),
    [
        (True, "stays on", Verdict.MARGINAL),
        (None, "unknown", Verdict.MARGINAL),
        (False, "let go", Verdict.PASS),
    ],
)
def test_what_a_crash_leaves_on_is_said(
    make: Callable[..., Lab],
    monkeypatch: pytest.MonkeyPatch,
    persists: bool | None,
    word: str,
    verdict: Verdict,
) -> None:
    """The kernel's default on a Pi leaves relays on: an advice with what to write where."""
    lab = make()
    lab.bench.config = msgspec.structs.replace(lab.config, board=BoardKind.RASPBERRY_PI)
    found = Persistence(persists, "", "Put dtparam=strict_gpiod in config.txt.")
    monkeypatch.setattr(bench_module, "find_persistence", lambda: found)
    crash = line_of(lab.run(StepName.STOP), StepName.STOP, "after a crash")
    assert (crash.value, crash.verdict) == (word, verdict)
    assert ("strict_gpiod" in crash.hint) == (verdict is Verdict.MARGINAL)


def test_every_output_is_tried_and_read_back(make: Callable[..., Lab]) -> None:
    """Once each, and those that move last."""
    lab = make()
    report = lab.run(StepName.RELAYS)
    assert report.verdict is Verdict.PASS
    outputs = [name for name in STILLEST if name in lab.config.wiring.outputs]
    begins = [lab.chip.edges(lab.line(name))[-2].at_ns for name in outputs]
    assert begins == sorted(begins)
    assert [lab.times_on(name) for name in outputs if name is not LAMP] == [1] * (len(outputs) - 1)
    for name in outputs:
        assert line_of(report, StepName.RELAYS, f"{name} on").value == 0
        assert line_of(report, StepName.RELAYS, f"{name} off").value == 0


def test_only_a_person_can_say_that_a_lamp_lights(make: Callable[..., Lab]) -> None:
    """Without an operator those lines are skipped, and say what to look for."""
    report = make().run(StepName.RELAYS)
    for line, act in ((f"{LAMP} seen", "lights"), (f"{OutputName.BUZZER} heard", "sounds")):
        measured = line_of(report, StepName.RELAYS, line)
        assert measured.verdict is Verdict.SKIPPED
        assert act in measured.hint


def test_a_welded_barrier_is_named_and_the_others_are_tried(make: Callable[..., Lab]) -> None:
    """One broken relay hides no other."""
    lab = make()
    lab.chip.stick(lab.line(ENTRY), 1)
    lab.chip.stick(lab.line(OutputName.BUZZER), 0)
    report = lab.run(StepName.RELAYS)
    assert failed_lines(report) == {
        f"relays.{ENTRY} at claim",
        f"relays.{ENTRY} at rest",
        f"relays.{OutputName.BUZZER} on",
    }
    assert "welded relay" in line_of(report, StepName.RELAYS, f"{ENTRY} at rest").hint
    assert lab.times_on(OutputName.CHAMBER) == 1


def test_a_barrier_that_does_not_let_go(make: Callable[..., Lab]) -> None:
    """It stays on when told to rest: never off."""
    lab = make()

    def weld() -> None:
        if lab.wires.is_on(ENTRY):
            lab.chip.stick(lab.line(ENTRY), 1)

    lab.each_ms = weld
    report = lab.run(StepName.RELAYS)
    assert failed_lines(report) == {f"relays.{ENTRY} off"}
    assert "do not use this lane" in line_of(report, StepName.RELAYS, f"{ENTRY} off").hint


def test_an_empty_tank_keeps_the_chamber_off(make: Callable[..., Lab]) -> None:
    """The chamber's own interlock holds here too; the rest is tried."""
    lab = make()
    lab.sense(InputName.TANK)
    report = lab.run(StepName.RELAYS)
    assert failed_lines(report) == {"relays.chamber on"}
    assert "interlock forbids it (tank)" in line_of(report, StepName.RELAYS, "chamber on").hint
    assert lab.times_on(OutputName.CHAMBER) == 0
    assert lab.times_on(ENTRY) == 1


def test_a_tank_that_runs_empty_meanwhile(make: Callable[..., Lab]) -> None:
    """The chamber falls with its interlock, as it would with a visitor."""
    lab = make()
    empty_ns: list[int] = []

    def run_empty() -> None:
        if lab.wires.is_on(OutputName.CHAMBER) and not empty_ns:
            empty_ns.append(lab.now_ns)
            lab.sense(InputName.TANK)

    lab.each_ms = run_empty
    relays = step_of(lab.run(StepName.RELAYS), StepName.RELAYS)
    assert relays.reason == "the chamber's interlock forbids it (tank)"
    fell_ns = lab.chip.edges(lab.line(OutputName.CHAMBER))[-1].at_ns - empty_ns[0]
    debounce_ns = lab.config.wiring.debounce_ns(InputName.TANK)
    assert debounce_ns <= fell_ns <= debounce_ns + 2 * NS_PER_MS


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (InputName.PRESENCE, "somebody stands in the lane"),
        (InputName.BEAM_B, "somebody stands in the passage"),
        (InputName.EMERGENCY_STOP, "the emergency stop is pressed"),
        (InputName.FIRE, "the fire panel's loop is open"),
    ],
)
def test_a_danger_that_comes_meanwhile_ends_it(
    make: Callable[..., Lab], name: InputName, words: str
) -> None:
    """What is on falls as soon as the sensor is believed, and nothing is switched on after it."""
    lab = make()
    came_ns: list[int] = []

    def come() -> None:
        if lab.wires.is_on(ENTRY) and not came_ns:
            came_ns.append(lab.now_ns)
            lab.sense(name)

    lab.each_ms = come
    report = lab.run(StepName.RELAYS)
    relays = step_of(report, StepName.RELAYS)
    assert (relays.verdict, relays.reason) == (Verdict.FAIL, words)
    assert "nobody is in the lane" in relays.hint
    fell_ns = lab.chip.edges(lab.line(ENTRY))[-1].at_ns - came_ns[0]
    debounce_ns = lab.config.wiring.debounce_ns(name)
    assert debounce_ns <= fell_ns <= debounce_ns + 2 * NS_PER_MS
    assert lab.times_on(OutputName.CHAMBER) == 0


def test_a_chip_that_goes_away_meanwhile(make: Callable[..., Lab]) -> None:
    """Then nothing switches the output off: not proven, and no other is tried."""
    lab = make()
    lab.each_ms = lambda: lab.chip.go_missing() if lab.wires.is_on(LAMP) else None
    report = lab.run(StepName.RELAYS)
    assert failed_lines(report) == {f"stop.{LAMP} lapse"}
    assert switched(lab) == {LAMP}
