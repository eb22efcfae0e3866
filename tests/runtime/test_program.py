"""The whole program of a lane on simulated devices, from the start to the end."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from lanekit import (
    BARRIERS,
    EVERY_STAGE,
    LIVELY_S,
    LaneRun,
    lane_config,
    play,
    records_in,
    running,
)

from drivers.journal import verify_chain
from drivers.sim.chip import SimChip
from drivers.wiring import InputName, OutputLine, OutputName, Wiring
from firmware import controller as controller_module
from firmware.demo.office import DemoOffice
from gate.commands import Screen
from gate.events import AnyEvent, DoorChanged
from gate.lane import step
from gate.reasons import Reason
from gate.records import Direction, RecordKind
from gate.states import AnyState

ENTRY = OutputName.BARRIER_ENTRY


def test_a_visitor_goes_through_every_stage(tmp_path: Path) -> None:
    """Chamber, forehead, a real code before a rendered camera, the relay, the passage: each in its
    order in the journal, and each output was on once, when it was its turn."""
    office = DemoOffice(tmp_path)

    async def story() -> None:
        async with running(lane_config(tmp_path, *EVERY_STAGE, trust=office.trust)) as lane:
            await lane.admitted(office.visitor_pass(int(time.time())))
            assert lane.levels(ENTRY) == [0, 1, 0]
            assert lane.levels(OutputName.CHAMBER) == [0, 1, 0]

    play(story())
    kinds = [record.kind for record in records_in(tmp_path)]
    story_of_a_visit = [
        RecordKind.DEVICE_STARTED,
        RecordKind.LANE_IN_SERVICE,
        RecordKind.ACCESS_REQUESTED,
        RecordKind.CHAMBER_STARTED,
        RecordKind.CHAMBER_DONE,
        RecordKind.TEMPERATURE_NORMAL,
        RecordKind.CREDENTIAL_ACCEPTED,
        RecordKind.ACCESS_GRANTED,
        RecordKind.ACCESS_TAKEN,
        RecordKind.LANE_OUT_OF_SERVICE,
    ]
    assert [kind for kind in kinds if kind in story_of_a_visit] == story_of_a_visit
    assert verify_chain(tmp_path / "journal.db").fault is None


def test_the_grant_is_on_the_disk_before_the_pin_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the very moment at which the relay's pin is switched on, another reader finds the grant
    in the journal's file."""
    line = Wiring().outputs[ENTRY].line
    seen: list[list[int]] = []
    write = SimChip.write

    def watched(chip: SimChip, number: int, level: int) -> None:
        if number == line and level == 1:
            granted = [r.grant for r in records_in(tmp_path) if r.kind is RecordKind.ACCESS_GRANTED]
            seen.append(granted)
        write(chip, number, level)

    monkeypatch.setattr(SimChip, "write", watched)

    async def story() -> None:
        async with running(lane_config(tmp_path)) as lane:
            for _ in range(3):
                await lane.admitted()

    play(story())
    assert seen == [[1], [1, 2], [1, 2, 3]]


def active_low() -> Wiring:
    """Relays that a low level switches on, on lines that come up high."""
    wiring = Wiring()
    outputs = dict(wiring.outputs)
    inputs = dict(wiring.inputs)
    for name, line in zip((*BARRIERS, OutputName.CHAMBER), (5, 6, 7), strict=True):
        outputs[name] = OutputLine(line=line, active_high=False)
    for moved in (InputName.PRESENCE, InputName.BEAM_A, InputName.CHAMBER_DOORS):
        taken = {each.line for each in inputs.values()} | {each.line for each in outputs.values()}
        free = next(line for line in range(4, 28) if line not in {14, 15} | taken)
        inputs[moved] = msgspec.structs.replace(inputs[moved], line=free)
    return Wiring(outputs=outputs, inputs=inputs)


@pytest.mark.parametrize("wiring", [Wiring(), active_low()], ids=["active_high", "active_low"])
def test_no_relay_stirs_at_the_start_or_at_the_end(tmp_path: Path, wiring: Wiring) -> None:
    """From power-on, over the start, an alarm-free idle, and the orderly end until the lines are
    given back: not one edge on any wire that moves something."""
    lanes: list[LaneRun] = []

    async def story() -> None:
        async with running(lane_config(tmp_path, wiring=wiring)) as lane:
            lanes.append(lane)
            assert lane.is_on(ENTRY) is False

    play(story())
    for name in (*BARRIERS, OutputName.CHAMBER):
        safe = wiring.outputs[name].safe_level
        assert lanes[0].levels(name) == [safe], name


def test_the_end_in_the_middle_of_a_grant(tmp_path: Path) -> None:
    """Told to stop with the barrier released: the pin is at rest before anything else is seen to,
    the grant has its outcome, and the last record is that the lane is shut."""

    async def story() -> None:
        order: list[str] = []
        async with running(lane_config(tmp_path)) as lane:
            lane.arrive()
            await lane.screen(Screen.GO)
            assert lane.is_on(ENTRY)
            chip, line = lane.chip, lane.config.wiring.outputs[ENTRY].line
            lane.program._shutdown = [
                (name, _noting(order, name, end, lambda: chip.level(line)))
                for name, end in lane.program._shutdown
            ]
        assert order[0] == "lines with the pin at 0"
        assert all(step.endswith("with the pin at 0") for step in order)
        assert [step.split()[0] for step in order][-1] == "journal"

    play(story())
    *_, outcome, last = records_in(tmp_path)
    assert (outcome.kind, outcome.grant) == (RecordKind.ACCESS_NOT_TAKEN, 1)
    assert outcome.reason is Reason.SHUTDOWN
    assert (last.kind, last.reason) == (RecordKind.LANE_OUT_OF_SERVICE, Reason.SHUTDOWN)


def _noting(
    order: list[str], name: str, end: Callable[[], None], level: Callable[[], int]
) -> Callable[[], None]:
    def noted() -> None:
        end()
        order.append(f"{name} with the pin at {level()}")

    return noted


def test_every_part_of_the_end_is_tried(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One part that fails is in the log with its traceback, and keeps none of the others: the pins
    are at rest, the journal is whole and can be opened again."""

    async def story() -> None:
        async with running(lane_config(tmp_path)) as lane:
            lane.arrive()
            await lane.screen(Screen.GO)
            lane.program._shutdown += [("broken part", _fail)]
        assert lane.levels(ENTRY) == [0, 1, 0]

    play(story())
    assert "while ending: broken part" in caplog.text
    assert "a part that fails" in caplog.text
    assert records_in(tmp_path)[-1].kind is RecordKind.LANE_OUT_OF_SERVICE
    play(_lives(tmp_path))


def _fail() -> None:
    raise ZeroDivisionError("a part that fails")


async def _lives(folder: Path) -> None:
    """A lane starts there and lets somebody in."""
    async with running(lane_config(folder)) as lane:
        await lane.admitted()


@pytest.mark.parametrize("times", [1, 5])
def test_a_lane_that_is_cancelled_ends_in_the_same_order(tmp_path: Path, times: int) -> None:
    """However the loop's owner ends the lane, even twice in a row: outputs at rest, all written."""

    async def story() -> None:
        lane = LaneRun(lane_config(tmp_path))
        await lane.ready()
        lane.arrive()
        await lane.screen(Screen.GO)
        for _ in range(times):
            lane.task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await lane.task
        assert lane.levels(ENTRY) == [0, 1, 0]

    play(story())
    assert records_in(tmp_path)[-1].kind is RecordKind.LANE_OUT_OF_SERVICE
    play(_lives(tmp_path))


def test_a_step_that_raises_ends_the_program_with_outputs_at_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours in the middle of a grant: what was raised comes out of `run`, the barrier
    is secured, and the next start closes the grant as unknown."""

    def broken(state: AnyState, event: AnyEvent, now_ns: int) -> object:
        if isinstance(event, DoorChanged) and event.open:
            raise ZeroDivisionError("a mistake of ours")
        return step(state, event, now_ns)

    async def story() -> None:
        monkeypatch.setattr(controller_module, "step", broken)
        lane = LaneRun(lane_config(tmp_path))
        await lane.ready()
        lane.arrive()
        await lane.screen(Screen.GO)
        lane.sense(InputName.DOOR, active=True)
        with pytest.raises(ZeroDivisionError, match="a mistake of ours"):
            await lane.task
        assert lane.levels(ENTRY) == [0, 1, 0]
        monkeypatch.undo()

    play(story())
    play(_lives(tmp_path))
    unknown = [r for r in records_in(tmp_path) if r.kind is RecordKind.ACCESS_UNKNOWN]
    assert [(r.grant, r.direction, r.reason) for r in unknown] == [
        (1, Direction.ENTRY, Reason.RESTART)
    ]


def test_a_hanging_loop_lets_the_lease_lapse(tmp_path: Path) -> None:
    """With the barrier released the loop hangs: while it does, the pin goes to rest by itself, and
    when the loop comes back it stays there."""

    async def story() -> None:
        async with running(lane_config(tmp_path)) as lane:
            lane.arrive()
            until_ns = (await lane.screen(Screen.GO)).until_ns
            assert lane.is_on(ENTRY)
            hold_up_the_loop(lambda: not lane.is_on(ENTRY))
            secured_ns = lane.chip.edges(lane.config.wiring.outputs[ENTRY].line)[-1].at_ns
            assert secured_ns < until_ns, "the lease ended it, not the grant"
            await lane.happens(lambda: lane.program._pulse.healthy, "the loop's pulse")
            assert lane.statuses[-1].state == "granting"
            assert lane.levels(ENTRY) == [0, 1, 0]

    play(story())


def hold_up_the_loop(until: Callable[[], bool]) -> None:
    """Not a turn of the loop until then."""
    deadline_s = time.monotonic() + LIVELY_S
    while not until():
        assert time.monotonic() < deadline_s, "the pin stays on for as long as the loop hangs"
        time.sleep(0.01)
