"""Anything at all happens at a lane of any site, and what must hold holds after every step.

`gate.invariants` watches; `gate.transitions` refuses a step that is not in the table. In the end
everybody goes home, and the lane must be at rest with every grant closed.
"""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from gate.credential.model import Credential
from gate.events import AnyEvent, Beam, BeamChanged, ShutdownRequested, StaffAction
from gate.policy import Policy
from gate.records import Direction
from gate.walltime import ClockQuality
from tests.domain.lanekit import Scene
from tests.domain.lanestrategies import (
    ANYTHING,
    CELSIUS,
    CREDENTIALS,
    GENTLE,
    POLICIES,
    QUALITIES,
)

PAUSES_S = st.sampled_from([0, 0.001, 0.1, 0.5, 1.5, 2, 5, 8, 10, 31, 61, 301])
WALKS = st.sampled_from(["ABab", "BAba", "Aa", "ABba", "ABaAbBab", "BAbBaAba", "A", "AB", "ab"])
SURFACES_C = st.sampled_from([36.4, 36.4, 36.4, 38.2, 20.0])


class AnyLane(RuleBasedStateMachine):
    """One lane, from its first start to the evening."""

    lane: Scene

    @initialize(policy=POLICIES, quality=QUALITIES, works=st.sampled_from([True, True, False]))
    def opens(self, policy: Policy, quality: ClockQuality, works: bool) -> None:
        self.lane = Scene(policy, quality=quality, in_service=works)

    # What a visitor does, one thing after another: most of the time.

    @rule(credential=CREDENTIALS, celsius=SURFACES_C)
    def one_thing_that_is_asked(self, credential: Credential, celsius: float) -> None:
        self._what_is_asked(credential, celsius)

    @rule(credential=CREDENTIALS, celsius=SURFACES_C, things=st.integers(1, 9))
    def what_is_asked(self, credential: Credential, celsius: float, things: int) -> None:
        for _ in range(things):
            self._what_is_asked(credential, celsius)

    def _what_is_asked(self, credential: Credential, celsius: float) -> None:
        lane = self.lane
        match lane.screen:
            case "idle":
                lane.leaves()
                lane.arrives()
            case "chamber":
                lane.arrives()
                lane.wait(4)
            case "hold_still":
                lane.is_measured(celsius)
            case "show_code" | "code_not_read" | "refused":
                lane.shows(credential)
            case "wait":
                lane.journal_has_it()
            case "go":
                lane.goes_in()
            case "sit_down":
                lane.shows(credential)
                lane.walks_away()
                lane.wait(300)

    @rule(credential=CREDENTIALS)
    def somebody_shows(self, credential: Credential) -> None:
        self.lane.shows(credential)

    @rule(celsius=CELSIUS)
    def somebody_is_measured(self, celsius: float) -> None:
        self.lane.is_measured(celsius)

    @rule(script=WALKS, stride_s=st.sampled_from([0, 0.3, 4]))
    def somebody_walks(self, script: str, stride_s: float) -> None:
        self.lane.beams(script, stride_s=stride_s)

    @rule(direction=st.sampled_from(Direction))
    def the_turnstile_turns(self, direction: Direction) -> None:
        self.lane.contact(direction)

    @rule(present=st.booleans())
    def somebody_comes_or_goes(self, present: bool) -> None:
        self.lane.arrives() if present else self.lane.leaves()

    @rule()
    def somebody_wants_out(self) -> None:
        self.lane.asks_to_leave()

    # What the building and its people do.

    @rule(action=st.sampled_from(StaffAction), people=st.integers(0, 3))
    def an_officer_acts(self, action: StaffAction, people: int) -> None:
        self.lane.officer(action, people)

    @rule()
    def the_empty_chamber_is_armed(self) -> None:
        self.lane.walks_away()
        self.lane.wait(61)
        self.lane.officer(StaffAction.ARM_CHAMBER)

    @rule(written=st.booleans())
    def the_journal_answers(self, written: bool) -> None:
        self.lane.journal_has_it() if written else self.lane.journal_can_not()

    @rule()
    def the_dispenser_is_done(self) -> None:
        self.lane.disinfects()

    @rule()
    def all_is_mended(self) -> None:
        _mend(self.lane)

    # Anything, at any time.

    @rule(event=GENTLE)
    def anything_gentle(self, event: AnyEvent) -> None:
        self.lane.take(event)

    @rule(event=ANYTHING, chance=st.integers(0, 3))
    def anything(self, event: AnyEvent, chance: int) -> None:
        # The end of the process ends the story too: let it be rare.
        if chance == 0 or not isinstance(event, ShutdownRequested):
            self.lane.take(event)

    @rule(seconds=PAUSES_S)
    def time_passes(self, seconds: float) -> None:
        self.lane.wait(seconds)

    @rule(seconds=st.one_of(PAUSES_S, st.integers(0, 100_000)))
    def nobody_wakes_it(self, seconds: float) -> None:
        self.lane.oversleep(seconds)

    @rule()
    def the_very_moment_of_a_deadline(self) -> None:
        self.lane.now_ns = max(self.lane.now_ns, self.lane.state.wake_at_ns or 0)

    def teardown(self) -> None:
        """Everybody goes home: no state keeps anybody, no grant stays without its outcome."""
        if not hasattr(self, "lane"):
            return
        lane = self.lane
        _mend(lane)
        lane.leaves()
        lane.door(opened=False)
        lane.wait(7200)
        shut = lane.state.lane.shut
        assert lane.place == ("Idle" if shut is None else "OutOfService")
        assert lane.state.lane.entry is None
        assert lane.state.lane.exit is None
        assert not lane.is_released()
        assert not lane.is_released(Direction.EXIT)
        assert not lane.chamber_runs()
        assert not lane.measures()
        assert lane.state.wake_at_ns is None


def _mend(lane: Scene) -> None:
    lane.fire(active=False)
    lane.stop_button(active=False)
    lane.officer(StaffAction.RESET)
    lane.officer(StaffAction.MAINTENANCE_OFF)
    lane.cabinet(opened=False)
    for device in lane.state.lane.failed:
        lane.works_again(device)
    for beam in Beam:
        lane.take(BeamChanged(beam, blocked=False))


TestAnyLane = pytest.mark.timeout(1800)(AnyLane.TestCase)  # the long profile looks for minutes
TestAnyLane.settings = settings(stateful_step_count=80)
