"""Devices that are not there, go away and come back, while the program runs."""

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest
from lanekit import LaneRun, lane_config, play, records_in, running

from drivers import sampler
from drivers.api import DriverError, ErrorKind
from drivers.gpio.board import GpioBoard
from drivers.sim.scene import CameraFault
from drivers.wiring import InputName, OutputName
from firmware import program as program_module
from firmware.config import Config, ThermometerConfig, ThermometerKind
from firmware.demo.office import DemoOffice
from firmware.vision.supervisor import LIMITS, VisionSupervisor
from gate.commands import Screen
from gate.policy import Stage
from gate.reasons import Reason
from gate.records import RecordKind
from gate.walltime import NS_PER_MS, NS_PER_S


def no_trust(folder: Path, _: pytest.MonkeyPatch) -> Config:
    return lane_config(folder, trust=folder / "there-is-none.toml")


def no_folder(folder: Path, _: pytest.MonkeyPatch) -> Config:
    return lane_config(folder / "there" / "is" / "none")


def no_lines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    def refuse(*_: object) -> None:
        raise DriverError(ErrorKind.BUSY, "barrier_entry", "GPIO 17 is claimed already")

    monkeypatch.setattr(GpioBoard, "open", refuse)
    return lane_config(folder)


@pytest.mark.parametrize(
    ("without", "kind"),
    [
        (no_trust, ErrorKind.MISSING),
        (no_folder, ErrorKind.MISSING),
        (no_lines, ErrorKind.BUSY),
    ],
)
def test_without_these_nothing_begins(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    without: Callable[[Path, pytest.MonkeyPatch], Config],
    kind: ErrorKind,
) -> None:
    """The error names the device; no thread, lock or line is left behind, so that the next start
    has only the fault itself to overcome."""
    threads = threading.active_count()

    async def story() -> None:
        lane = LaneRun(without(tmp_path, monkeypatch))
        with pytest.raises(DriverError) as refused:
            await lane.task
        assert refused.value.kind is kind

    play(story())
    assert threading.active_count() == threads
    monkeypatch.undo()
    play(_starts(lane_config(tmp_path)))


async def _starts(config: Config) -> None:
    async with running(config):
        pass


def test_a_journal_that_another_process_writes(tmp_path: Path) -> None:
    """Two programs never write one journal: the second does not begin, and harms nothing."""
    play(_starts(lane_config(tmp_path)))
    with (tmp_path / "journal.db.lock").open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        lane_is_busy(tmp_path)
    play(_starts(lane_config(tmp_path)))


def lane_is_busy(folder: Path) -> None:
    async def story() -> None:
        with pytest.raises(DriverError) as refused:
            await LaneRun(lane_config(folder)).task
        assert refused.value.kind is ErrorKind.BUSY

    play(story())


@pytest.mark.usefixtures("quick_to_ask")
def test_a_thermometer_that_is_not_there_shuts_the_lane_but_not_the_exit(tmp_path: Path) -> None:
    """A missing sensor is no failed start: the lane says what fails, lets nobody in, and whoever is
    inside can leave."""
    config = lane_config(
        tmp_path,
        Stage.TEMPERATURE,
        thermometer=ThermometerConfig(kind=ThermometerKind.IIO, devices=tmp_path),
    )

    async def story() -> None:
        lane = LaneRun(config)
        await lane.happens(
            lambda: bool(lane.statuses) and lane.statuses[-1].reason is Reason.DEVICE_FAULT,
            "the fault",
        )
        assert lane.statuses[-1].failed == ("thermometer",)
        assert not lane.program.ready.is_set()
        lane.arrive()
        lane.sense(InputName.EXIT_REQUEST, active=True)
        await lane.happens(lambda: lane.is_on(OutputName.BARRIER_EXIT), "the exit")
        assert not lane.is_on(OutputName.BARRIER_ENTRY)
        lane.stop.set()
        await lane.task

    play(story())
    failed = [r for r in records_in(tmp_path) if r.kind is RecordKind.DEVICE_FAILED]
    assert [(r.device, r.detail) for r in failed] == [("thermometer", "missing")]


@pytest.mark.usefixtures("quick_to_ask")
def test_a_thermometer_that_comes_back(tmp_path: Path) -> None:
    """Pulled out in the middle of a visit: the visitor is sent away, the lane shuts; plugged in
    again: it opens by itself."""

    async def story() -> None:
        async with running(lane_config(tmp_path, Stage.TEMPERATURE)) as lane:
            thermometer = lane.program.rig.sim_thermometer
            assert thermometer is not None
            thermometer.disconnect()
            lane.arrive()
            await lane.state("out_of_service")
            lane.leave()
            thermometer.recover()
            await lane.state("idle")
            await lane.admitted()

    play(story())
    kinds = [record.kind for record in records_in(tmp_path)]
    assert kinds.index(RecordKind.DEVICE_FAILED) < kinds.index(RecordKind.ACCESS_ABANDONED)
    assert kinds.count(RecordKind.LANE_IN_SERVICE) == 2


@pytest.fixture
def quick_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sampler that asks a broken thermometer again soon."""
    monkeypatch.setattr(sampler, "FAILED_PROBE_NS", 50 * NS_PER_MS)


@pytest.fixture
def quick_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor of the camera that declares after a second what it can't cure."""
    limits = msgspec.structs.replace(
        LIMITS, recover_ns_max=NS_PER_S, retry_ns_max=200 * NS_PER_MS, start_ns_max=60 * NS_PER_S
    )
    monkeypatch.setattr(
        program_module, "VisionSupervisor", partial(VisionSupervisor, limits=limits)
    )


@pytest.mark.usefixtures("quick_to_give_up")
def test_a_camera_that_is_pulled_out_and_plugged_in_again(tmp_path: Path) -> None:
    """The lane shuts when the camera is declared out, and opens when it sees again."""
    office = DemoOffice(tmp_path)

    async def story() -> None:
        config = lane_config(tmp_path, Stage.CREDENTIAL, trust=office.trust)
        async with running(config) as lane:
            assert lane.program.vision is not None
            lane.program.vision.inject(CameraFault.GO_MISSING, lasting=True)
            await lane.state("out_of_service")
            assert lane.statuses[-1].failed == ("camera",)
            lane.program.vision.inject(CameraFault.NONE)
            await lane.state("idle")
            await lane.admitted(office.visitor_pass(int(time.time())))

    play(story())


@pytest.mark.usefixtures("quick_to_give_up")
def test_a_lane_starts_without_its_camera(tmp_path: Path) -> None:
    """It says so and lets nobody in; it does not wait for ever in its own self-check."""
    office = DemoOffice(tmp_path)
    config = lane_config(
        tmp_path,
        Stage.CREDENTIAL,
        trust=office.trust,
        camera=msgspec.convert(
            {"kind": "pictures", "source": str(tmp_path / "there-are-none")},
            type(lane_config(tmp_path).camera),
        ),
    )

    async def story() -> None:
        lane = LaneRun(config)
        await lane.happens(
            lambda: bool(lane.statuses) and lane.statuses[-1].reason is Reason.DEVICE_FAULT,
            "the fault",
        )
        assert lane.statuses[-1].failed == ("camera",)
        lane.stop.set()
        await lane.task

    play(story())


def test_a_vision_process_that_is_killed_costs_nothing_but_a_moment(tmp_path: Path) -> None:
    """kill -9 while a code is waited for: another process reads it, and the visitor goes in."""
    office = DemoOffice(tmp_path)

    async def story() -> None:
        config = lane_config(tmp_path, Stage.CREDENTIAL, trust=office.trust)
        async with running(config) as lane:
            lane.arrive()
            await lane.screen(Screen.SHOW_CODE)
            vision = lane.program.vision
            assert vision is not None
            assert vision.pid is not None
            os.kill(vision.pid, signal.SIGKILL)
            lane.hold_up(office.visitor_pass(int(time.time())))
            await lane.screen(Screen.GO)
            lane.hold_up(None)
            await lane.go_in()
            await lane.recorded(RecordKind.ACCESS_TAKEN)
            assert vision.counts.replaced == 1

    play(story())
    assert RecordKind.DEVICE_FAILED not in {record.kind for record in records_in(tmp_path)}


def test_a_barrier_whose_line_does_not_answer(tmp_path: Path) -> None:
    """The chip goes away while a grant is released: the lane shuts, and opens when it is back."""

    async def story() -> None:
        async with running(lane_config(tmp_path)) as lane:
            lane.chip.go_missing()
            await lane.state("out_of_service")
            lane.chip.come_back()
            await lane.state("idle")
            await lane.admitted()

    play(story())
    assert records_in(tmp_path)[-1].kind is RecordKind.LANE_OUT_OF_SERVICE
