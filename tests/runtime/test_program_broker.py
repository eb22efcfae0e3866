"""The broker comes late, goes away, hangs: the lane lets people in, and loses not one record."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from lanekit import (
    BrokerHost,
    LaneRun,
    Subscriber,
    lane_config,
    open_broker,
    play,
    running,
    stored_in,
)

from firmware.config import BrokerConfig, Config

pytestmark = pytest.mark.broker


def config_of(folder: Path, host: BrokerHost) -> Config:
    """Of a lane that reports to that broker."""
    return lane_config(folder, broker=BrokerConfig(host="127.0.0.1", port=host.port))


@pytest.fixture
def host() -> Iterator[BrokerHost]:
    with open_broker("mosquitto") as broker:
        yield BrokerHost(broker)


def all_reported(lane: LaneRun) -> bool:
    """The broker has said of every durable record that it has it."""
    return lane.program.journal.cursor == lane.program.journal.position


def test_a_lane_without_its_broker_works_and_reports_later(
    tmp_path: Path, host: BrokerHost
) -> None:
    """Nobody listens when the lane starts, lets people in and ends. The next start, with a broker,
    reports all of it, in order, and nothing twice."""
    host.die()

    async def alone() -> None:
        async with running(config_of(tmp_path, host)) as lane:
            for _ in range(3):
                await lane.admitted()
            assert lane.program.reporter is not None
            assert not lane.program.reporter.status().connected

    play(alone())
    before = stored_in(tmp_path)
    assert len(before) > 10
    host.come_back()
    with Subscriber(host.port) as subscriber:

        async def together() -> None:
            async with running(config_of(tmp_path, host)) as lane:
                await lane.admitted()

        play(together())
        stored = stored_in(tmp_path)
        subscriber.wait(lambda: len(subscriber.records()) >= len(stored), "every record")
        assert subscriber.records() == stored
        assert stored[: len(before)] == before
        assert len(subscriber.payloads("/event")) == len(stored), "one was sent twice"


def test_a_broker_that_is_killed_in_the_middle_of_it(tmp_path: Path, host: BrokerHost) -> None:
    """People go in before, during and after; the lane notices nothing, and when the broker is back
    it has every record and the lane's state."""

    async def story() -> None:
        async with running(config_of(tmp_path, host)) as lane:
            await lane.admitted()
            await lane.happens(lambda: all_reported(lane), "the first records")
            host.die()
            await lane.admitted()
            await lane.admitted()
            assert not all_reported(lane)
            host.come_back()
            with Subscriber(host.port) as subscriber:
                await lane.happens(lambda: all_reported(lane), "the rest")
                await lane.admitted()
                await lane.happens(lambda: all_reported(lane), "the last records")
                last = stored_in(tmp_path)[-1]
                subscriber.wait(lambda: last in subscriber.records(), "the last record")
                assert b"online" in subscriber.payloads("/availability")
                state = json.loads(subscriber.payloads("/state")[-1])
                assert (state["state"], state["occupancy"]) == ("idle", 4)

    play(story())


def test_a_broker_that_hangs_holds_nobody_up(tmp_path: Path, host: BrokerHost) -> None:
    """It takes bytes and answers none: visitors go in, and the lane's end waits for it no longer
    than it may."""

    async def story() -> None:
        async with running(config_of(tmp_path, host)) as lane:
            await lane.admitted()
            await lane.happens(lambda: all_reported(lane), "the first records")
            os.kill(host.pid, signal.SIGSTOP)
            try:
                await lane.admitted()
                lane.stop.set()
                await lane.task
            finally:
                os.kill(host.pid, signal.SIGCONT)

    play(story())


def test_the_last_word_is_offline(tmp_path: Path, host: BrokerHost) -> None:
    """After an orderly end a newcomer reads, retained, that the lane is offline and shut; and every
    record is there, that of the end too."""
    with Subscriber(host.port) as subscriber:

        async def story() -> None:
            async with running(config_of(tmp_path, host)) as lane:
                await lane.admitted()

        play(story())
        stored = stored_in(tmp_path)
        assert stored[-1][1] == "lane.out_of_service"
        subscriber.wait(lambda: subscriber.records() == stored, "every record")
    with Subscriber(host.port) as newcomer:
        newcomer.wait(lambda: len(newcomer.payloads()) >= 2, "what is retained")
        assert newcomer.payloads("/availability") == [b"offline"]
        state = json.loads(newcomer.payloads("/state")[-1])
        assert (state["state"], state["reason"]) == ("out_of_service", "shutdown")
        assert newcomer.payloads("/event") == [], "an event is never retained"
