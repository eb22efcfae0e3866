"""Simulated days: the same for the same seed, full of faults, and nothing breaks that must hold."""

import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable

import pytest
from lanekit import STORM

from drivers.sim.visitors import Temperament
from firmware.simulation import lane as lane_module
from firmware.simulation.day import Day, DayBroken, Outcome
from firmware.simulation.faults import Fault
from gate.commands import AnyCommand, Append, CommitGrant
from gate.events import AnyEvent
from gate.lane import start, step
from gate.ledger import Ledger
from gate.policy import Policy, Stage
from gate.records import RecordKind
from gate.states import AnyState

VISITS = 20_000 if STORM else 1_500
SEED = 7

Step = tuple[AnyState, tuple[AnyCommand, ...]]


def day(
    seed: int = SEED, visits: int = 200, *faults: Fault, policy: Policy | None = None
) -> Outcome:
    return Day(policy or Policy(), seed, faults).run(visits)


def test_a_seed_is_a_day() -> None:
    """The same seed gives the same moments, events and commands; all else gives another day."""
    first = day()
    assert day() == first
    others = {
        day(seed=SEED + 1).trace_hash,
        day(visits=201).trace_hash,
        day(SEED, 200, Fault.SENSOR_NAN).trace_hash,
        day(policy=Policy(stages=(Stage.CREDENTIAL,))).trace_hash,
    }
    assert len(others | {first.trace_hash}) == 5


def test_a_day_is_the_same_in_every_process() -> None:
    """Nothing in it hangs on the order of a set or on where an object lies: a hash that a colleague
    sends means something here."""
    script = (
        "from firmware.simulation.day import Day; from firmware.simulation.faults import Fault;"
        "from gate.policy import Policy; print(Day(Policy(), 7, list(Fault)).run(300).trace_hash)"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        ).stdout
        for salt in ("1", "2", "3")
    }
    assert len(hashes) == 1


class Watch:
    """Sees every step of a day, over power cuts too, and knows nothing of the lane's own ledger."""

    def __init__(self) -> None:
        self.visits_of_pass: dict[str, set[int]] = defaultdict(set)
        """In which visits somebody went in on that pass."""
        self.granted: list[int] = []

    def step(self, before: AnyState, event: AnyEvent, now_ns: int) -> Step:
        entry = before.lane.entry
        after, commands = step(before, event, now_ns)
        for command in commands:
            if isinstance(command, CommitGrant):
                self.granted.append(command.record.grant)
            if not isinstance(command, Append):
                continue
            record = command.record
            if record.kind is RecordKind.ACCESS_GRANTED:
                self.granted.append(record.grant)
            if (
                record.kind is RecordKind.ACCESS_TAKEN
                and entry is not None
                and entry.number == record.grant
                and entry.credential is not None
            ):
                self.visits_of_pass[entry.credential.replay_key].add(record.visit)
        return after, commands


def test_a_day_with_every_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fault happens, every kind of person comes; no rule of the lane breaks, no pass lets two
    visits in, and no grant's number is given twice, not even over power cuts."""
    watch = Watch()
    monkeypatch.setattr(lane_module, "step", watch.step)
    outcome = day(SEED, VISITS, *Fault)
    assert set(outcome.faults) == set(Fault)
    assert set(outcome.temperaments) == set(Temperament)
    assert outcome.faults[Fault.POWER_CUT] > 10
    assert len(watch.visits_of_pass) > VISITS // 3
    assert [p for p, visits in watch.visits_of_pass.items() if len(visits) > 1] == []
    assert watch.granted == list(range(1, len(watch.granted) + 1))


def test_every_grant_of_a_quiet_day_has_its_outcome() -> None:
    """Taken or not taken; the last one may be under way still."""
    kinds = day(visits=VISITS).kinds
    closed = kinds[RecordKind.ACCESS_TAKEN] + kinds[RecordKind.ACCESS_NOT_TAKEN]
    assert 0 <= kinds[RecordKind.ACCESS_GRANTED] - closed <= 1
    assert RecordKind.ACCESS_UNKNOWN not in kinds


def forgetful(before: AnyState, event: AnyEvent, now_ns: int) -> Step:
    """A lane with a mistake: it does not write down that somebody went in."""
    after, commands = step(before, event, now_ns)
    return after, tuple(
        command
        for command in commands
        if not (isinstance(command, Append) and command.record.kind is RecordKind.ACCESS_TAKEN)
    )


def lost(before: AnyState, event: AnyEvent, now_ns: int) -> Step:
    """A lane with another one: it finds itself where it can't be."""
    if before.lane.visits > 3:
        raise RuntimeError("Idle can't become Granting")
    return step(before, event, now_ns)


@pytest.mark.parametrize(
    ("mistake", "rule"),
    [
        (forgetful, "the lane's open grants are those without an outcome"),
        (lost, "Idle can't become Granting"),
    ],
)
def test_a_broken_rule_names_the_seed(
    monkeypatch: pytest.MonkeyPatch, mistake: Callable[..., Step], rule: str
) -> None:
    """Whoever finds one can show it to others: the rule, the visitor, the seed, the moment."""
    monkeypatch.setattr(lane_module, "step", mistake)
    with pytest.raises(DayBroken) as broken:
        day(seed=11)
    assert re.fullmatch(
        rf"{rule}: visitor [0-9]+ of seed 11, [0-9.]+ s into the day", str(broken.value)
    )


def begin_at_nought(policy: Policy, now_ns: int, **past: object) -> Step:
    """A start that does not ask the journal which numbers were given."""
    return start(policy, now_ns, **past | {"granted": 0})  # type: ignore[arg-type]


def begin_with_no_passes(policy: Policy, now_ns: int, **past: object) -> Step:
    """A start that does not ask the journal which passes were used."""
    return start(policy, now_ns, **past | {"ledger": Ledger()})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mistake", "rule"),
    [
        (begin_at_nought, "no grant's number is given twice"),
        (begin_with_no_passes, "a one-time pass admits one visit"),
    ],
)
def test_what_a_start_forgets_is_found(
    monkeypatch: pytest.MonkeyPatch, mistake: Callable[..., Step], rule: str
) -> None:
    """The rules hold over power cuts: a start that restores too little breaks the day."""
    monkeypatch.setattr(lane_module, "start", mistake)
    with pytest.raises(DayBroken, match=rule):
        day(SEED, 20_000, Fault.POWER_CUT)


def test_progress_is_told_and_ends_where_the_day_ends() -> None:
    """A bar that reaches its end, and only once."""
    told: list[int] = []
    Day(Policy(), 1).run(1_100, told.append)
    assert told == sorted(set(told))
    assert told[-1] == 1_100


@pytest.mark.skipif(not STORM, reason="a long form: `make storm` runs it")
@pytest.mark.parametrize("seed", range(1, 6))
def test_other_days_with_every_fault(seed: int) -> None:
    """Other seeds, other orders of the stages: the same rules."""
    for stages in (
        tuple(Stage),
        (Stage.CREDENTIAL, Stage.TEMPERATURE, Stage.CHAMBER),
        (Stage.TEMPERATURE,),
        (Stage.CREDENTIAL,),
        (),
    ):
        outcome = day(seed, VISITS, *Fault, policy=Policy(stages=stages))
        assert outcome.visits == VISITS
