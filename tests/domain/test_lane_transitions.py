"""The table of transitions and the lane say the same: each row is made, and no other step is."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gate.lane
from gate.credential.model import Credential
from gate.events import Woke
from gate.lane import step
from gate.policy import CredentialPolicy, Policy, Stage
from gate.states import OutOfService, State
from gate.transitions import STATES, TRANSITIONS, check
from gate.walltime import ClockQuality
from tests.domain.lanekit import PASS, Scene, another_pass, group_pass
from tests.domain.lanemoments import EVENTS, MOMENTS, event, made_anew, moment

Step = tuple[type[State], type[State]]
TABLE = {(row.source, row.target) for row in TRANSITIONS}
ORDERS = [order for length in range(4) for order in itertools.permutations(Stage, length)]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> set[Step]:
    """Steps from one state to another, as the lane makes them."""
    steps: set[Step] = set()

    def watched(source: type[State], target: type[State]) -> None:
        if source is not target:
            steps.add((source, target))
        check(source, target)

    monkeypatch.setattr(gate.lane, "check", watched)
    return steps


def _happen_all(lane: Scene) -> None:
    """Every event, each from the same moment, and then what time brings."""
    for happens in EVENTS:
        twin = lane.copy()
        twin.take(event(happens, twin))
        twin.wait(400)


def _visits(policy: Policy, credential: Credential, quality: ClockQuality) -> Iterator[Scene]:
    """Each moment of visits by that order of the stages, with an early code and without."""
    for early in (False, True):
        lane = Scene(policy, quality=quality)
        lane.arrives()
        for _ in range(8):
            yield lane
            if early:
                lane.shows(credential)
            match lane.place:
                case "Disinfecting":
                    lane.arrives()
                    lane.disinfects()
                case "Screening":
                    lane.is_measured()
                case "AwaitingCode":
                    lane.shows(credential)
                case "Granting":
                    lane.journal_has_it()
                    lane.beams("ABab")


def test_every_row_is_made_and_no_other(made: set[Step]) -> None:
    """Every event at every moment, and on the way through every order of the stages."""
    for name in MOMENTS:
        _happen_all(made_anew(name))
    picky = CredentialPolicy(issuers=(PASS.issuer,))
    for order in ORDERS:
        policy = Policy(stages=order, credential=picky)
        for quality in (ClockQuality.TRUSTED, ClockQuality.UNTRUSTED):
            for lane in _visits(policy, group_pass(2), quality):
                _happen_all(lane)
    for order in ORDERS:
        full = Scene(Policy(stages=order, capacity=1))
        full.beams("ABab")
        full.arrives()
        _happen_all(full)
    assert made == TABLE


def test_a_row_stands_once() -> None:
    """One arrow from one state to another, with all that brings it about in its words."""
    assert len(TABLE) == len(TRANSITIONS)
    assert {state for pair in TABLE for state in pair} == set(STATES)
    assert all(row.on for row in TRANSITIONS)


@given(st.sampled_from(STATES), st.sampled_from(STATES))
def test_a_step_that_is_not_in_the_table_is_refused(
    source: type[State], target: type[State]
) -> None:
    """A mistake of ours is found at once, and to stay is always allowed."""
    if source is target or (source, target) in TABLE:
        check(source, target)
        return
    with pytest.raises(RuntimeError, match=f"from {source.__name__} to {target.__name__}"):
        check(source, target)


def test_a_mistake_of_ours_leaves_the_lane_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that raises has no commands and no state: nothing has happened."""
    lane = moment("code")
    before = lane.state
    monkeypatch.setattr(gate.transitions, "_ALLOWED", frozenset())
    with pytest.raises(RuntimeError, match="no transition"):
        lane.shows(another_pass(1))
    assert lane.state is before


def test_a_state_that_is_due_for_ever_is_a_mistake_of_ours() -> None:
    """It is found after a few rounds: the loop never hangs."""

    class Restless(OutOfService, frozen=True):
        @property
        def wake_at_ns(self) -> int | None:
            return 0

    out = moment("maint").state
    assert isinstance(out, OutOfService)
    with pytest.raises(RuntimeError, match="due for ever"):
        step(Restless(out.lane, out.reason), Woke(), 1)
