"""The one owner of the lane's state: one door for all threads, one timer, one order of things."""

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator

import msgspec
import pytest
from lanekit import LIVELY_S, LOOK_S, play, until

from firmware import controller as controller_module
from firmware.controller import EVENTS_MAX, SAFETY_EVENTS_MAX, Controller, EventsLostError
from firmware.status import LaneStatus
from gate.commands import AnyCommand, Secure, Show
from gate.events import (
    AnyEvent,
    ChamberInput,
    ChamberInputChanged,
    FireChanged,
    PresenceChanged,
    ReadingTaken,
    SelfCheckPassed,
    ShutdownRequested,
    Woke,
)
from gate.lane import start
from gate.policy import ChamberPolicy, Policy, Stage
from gate.states import Disinfecting, Granting, Idle, OutOfService
from gate.walltime import NS_PER_S, WallTime

THREADS = 8
EVENTS_EACH = 300
RUN_S = 0.05
NOON = WallTime(1_800_000_000_000)
EVENT = msgspec.json.Decoder(AnyEvent)


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_ns = NS_PER_S

    def __call__(self) -> int:
        return self.now_ns


class Lane:
    """A controller, with what it took, what it ordered and what it said."""

    def __init__(self, *stages: Stage) -> None:
        self.clock = Hand()
        policy = Policy(stages=stages, chamber=ChamberPolicy(run_s=RUN_S))
        state, self.first = start(policy, self.clock(), wall=NOON)
        self.taken: list[tuple[int, AnyEvent]] = []
        self.ordered: list[AnyCommand] = []
        self.statuses: list[LaneStatus] = []
        self.timed: list[str] = []
        self.controller = Controller(
            state,
            self.clock,
            trace=lambda now_ns, event: self.taken.append((now_ns, EVENT.decode(event))),
            changed=self.statuses.append,
            timed=self._time,
        )

    def start(self, do: Callable[[AnyCommand], None] | None = None) -> None:
        self.controller.start(do or self.ordered.append, self.first)

    def events(self) -> list[AnyEvent]:
        return [event for _, event in self.taken]

    async def took(self, count: int) -> None:
        await until(lambda: len(self.taken) >= count, f"{count} events")

    @contextlib.contextmanager
    def _time(self, name: str) -> Iterator[None]:
        yield
        self.timed.append(name)


def numbered(thread: int, number: int) -> ReadingTaken:
    """An event that can be told from all others."""
    return ReadingTaken(thread, 36.5, 27.0, number)


def test_the_beginning_comes_first_then_what_waited() -> None:
    """What devices post before the loop runs is not lost, and does not overtake the commands
    that put every output at its safe level."""

    async def story() -> None:
        lane = Lane()
        lane.controller.post(SelfCheckPassed())
        lane.controller.post(PresenceChanged(present=True))
        assert lane.ordered == []
        lane.start()
        assert lane.ordered == list(lane.first)
        assert isinstance(lane.ordered[0], Secure)
        await lane.took(2)
        assert lane.events() == [SelfCheckPassed(), PresenceChanged(present=True)]
        assert lane.timed == ["SelfCheckPassed", "PresenceChanged"]

    play(story())


def test_many_threads_post_and_nothing_is_lost() -> None:
    """Every event is taken once, each thread's in its order, all of them on the loop's thread."""

    async def story() -> None:
        lane = Lane()
        owners: set[int] = set()
        lane.start(lambda _: owners.add(threading.get_ident()))
        begin = threading.Barrier(THREADS)
        raised: list[BaseException] = []

        def post(thread: int) -> None:
            try:
                begin.wait(LIVELY_S)
                for number in range(EVENTS_EACH):
                    # This is about order; the door's bound has a test of its own.
                    while len(lane.controller._waiting) > EVENTS_MAX // 2:
                        threading.Event().wait(LOOK_S)
                    lane.controller.post(numbered(thread, number))
            except BaseException as error:  # noqa: BLE001 - whatever it is, it must not happen
                raised.append(error)

        threads = [threading.Thread(target=post, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        await lane.took(THREADS * EVENTS_EACH)
        for thread in threads:
            thread.join(LIVELY_S)

        order = defaultdict(list)
        for event in lane.events():
            assert isinstance(event, ReadingTaken)
            order[event.visit].append(event.started_ns)
        assert raised == []
        assert lane.controller.overflowed == 0
        assert order == {thread: list(range(EVENTS_EACH)) for thread in range(THREADS)}
        assert owners == {threading.get_ident()}

    play(story())


def test_a_loop_that_hangs_loses_the_newest_and_counts_them() -> None:
    """The door is bounded: what comes beyond is lost, never waited for, and known to the watchdog's
    vitals. What got in is taken; then the program is to end, and to begin anew."""

    async def story() -> None:
        lane = Lane()
        lane.start()
        beyond = 100
        each = (EVENTS_MAX + beyond) // 4

        def post(thread: int) -> None:
            for number in range(each):
                lane.controller.post(numbered(thread, number))

        threads = [threading.Thread(target=post, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIVELY_S)  # holds up the loop
        assert lane.controller.overflowed == 4 * each - EVENTS_MAX
        await lane.took(EVENTS_MAX)
        lane.controller.post(SelfCheckPassed())
        await lane.took(EVENTS_MAX + 1)
        assert lane.events()[-1] == SelfCheckPassed()
        with pytest.raises(EventsLostError, match=f"^{lane.controller.overflowed} events"):
            await lane.controller.failed()

    play(story())


def test_an_alarm_is_not_lost_behind_a_flood() -> None:
    """Fire and the end pass the first bound, up to a second one that nothing passes. The lane obeys
    them, also once the overflow has been told."""

    async def story() -> None:
        lane = Lane()
        lane.start()
        for number in range(EVENTS_MAX + 1):
            lane.controller.post(numbered(0, number))
        lane.controller.post(FireChanged(active=True))
        with pytest.raises(EventsLostError):
            await lane.controller.failed()
        assert lane.controller.overflowed == 1
        assert lane.controller.state.lane.fire
        for _ in range(SAFETY_EVENTS_MAX + 5):
            lane.controller.post(PresenceChanged(present=False))
        assert lane.controller.overflowed == 6
        await lane.took(EVENTS_MAX + 1 + SAFETY_EVENTS_MAX)
        lane.controller.finish(ShutdownRequested())
        assert lane.controller.state.lane.closing

    play(story())


def test_the_timer_wakes_the_lane_at_its_own_moment() -> None:
    """The lane asks for one moment; it is woken once, and its time is that moment even where the
    loop's timer was early by its resolution: here the clock has not moved at all."""

    async def story() -> None:
        lane = Lane(Stage.CHAMBER)
        lane.start()
        for sensor in ChamberInput:
            lane.controller.post(ChamberInputChanged(sensor, permits=True))
        lane.controller.post(SelfCheckPassed())
        lane.controller.post(PresenceChanged(present=True))
        await until(lambda: isinstance(lane.controller.state, Disinfecting), "the chamber")
        due_ns = lane.controller.state.wake_at_ns
        before = len(lane.taken)
        await lane.took(before + 1)
        assert lane.taken[before:] == [(due_ns, Woke())]
        assert due_ns == lane.clock.now_ns + round(RUN_S * NS_PER_S)
        assert isinstance(lane.controller.state, Granting)

    play(story())


def test_time_never_goes_back() -> None:
    """Not even where the clock does: after a timer that was early, say."""

    async def story() -> None:
        lane = Lane()
        lane.start()
        for moved_ns in (5, -NS_PER_S, 3, -1, NS_PER_S, 0):
            lane.clock.now_ns += moved_ns
            lane.controller.post(SelfCheckPassed())
            await lane.took(len(lane.taken) + 1)
        times = [now_ns for now_ns, _ in lane.taken]
        assert times == sorted(times)
        assert times[0] == NS_PER_S + 5
        assert times[1] == times[0]

    play(story())


def broken_step(*_: object) -> None:
    raise ZeroDivisionError("a mistake of ours")


def refuse(command: AnyCommand) -> None:
    """A hand that fails once the lane is under way."""
    if isinstance(command, Show) and command.screen == "idle":
        raise ZeroDivisionError("a mistake of ours")


@pytest.mark.parametrize("part", ["step", "command", "status"])
def test_a_step_that_raises_is_the_end(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for `failed` hears of it, with what was raised, and nothing is taken any more:
    a lane that is half way through a step must not go on."""

    async def story() -> None:
        lane = Lane()
        if part == "step":
            monkeypatch.setattr(controller_module, "step", broken_step)
        if part == "status":
            monkeypatch.setattr(lane.controller, "_changed", broken_step)
        lane.start(refuse if part == "command" else None)
        lane.controller.post(SelfCheckPassed())
        lane.controller.post(PresenceChanged(present=True))
        with pytest.raises(ZeroDivisionError, match="a mistake of ours"):
            await lane.controller.failed()
        lane.controller.post(PresenceChanged(present=False))
        await asyncio.sleep(0)
        assert lane.events() == [SelfCheckPassed()]

    play(story())


def test_a_status_is_told_when_it_is_another_one() -> None:
    """Screens and the broker hear of changes, and of nothing else."""

    async def story() -> None:
        lane = Lane()
        lane.start()
        lane.controller.post(SelfCheckPassed())
        lane.controller.post(SelfCheckPassed())
        lane.controller.post(PresenceChanged(present=False))
        await lane.took(3)
        assert [status.state for status in lane.statuses] == ["idle"]
        assert lane.controller.status == lane.statuses[-1]
        assert isinstance(lane.controller.state, Idle)

    play(story())


def test_after_the_end_the_door_still_opens() -> None:
    """Threads of drivers outlive the loop by a moment: their posts go nowhere, and never raise."""
    lane = Lane()

    async def story() -> None:
        lane.start()
        lane.controller.close()
        lane.controller.close()
        lane.controller.post(SelfCheckPassed())
        await asyncio.sleep(0)

    play(story())
    for number in range(2 * EVENTS_MAX):
        lane.controller.post(numbered(0, number))
    assert lane.taken == []
    assert isinstance(lane.controller.state, OutOfService)
    assert lane.controller.overflowed > 0
