"""Hostile codes through the whole program: rendered, photographed, decoded, verified, refused."""

import logging
import time
from pathlib import Path

import pytest
import segno
from lanekit import (
    LaneRun,
    Subscriber,
    hostile_codes,
    lane_config,
    leaks,
    open_broker,
    play,
    records_in,
    running,
)

from drivers.sim.scene import Scene
from firmware.config import BrokerConfig
from firmware.demo.office import DemoOffice
from firmware.vision.wire import CameraKind, CameraSpec
from gate.commands import Screen
from gate.policy import Stage
from gate.reasons import Reason
from gate.records import RecordKind

JOURNAL = ("journal.db", "journal.db-wal", "journal.db.lock")
BIG_PX = 1_000
"""Side of the picture: a code of 177 modules with more than two and a half pixels for each."""


def hold_close(lane: LaneRun, payload: bytes) -> None:
    """A large code on paper, right before the lens."""
    assert lane.program.vision is not None
    lane.program.vision.show(Scene(payload=payload, code_mm=100, distance_mm=150))


def journal_bytes(folder: Path) -> bytes:
    """The journal's files but for its ballast, as they lie on the disk."""
    return b"".join((folder / name).read_bytes() for name in JOURNAL if (folder / name).exists())


@pytest.mark.broker
def test_no_code_does_more_than_be_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is refused for its reason, the lane waits on, and then a genuine pass is let in. Not one
    piece of what was held up is in the journal's files, in the log, or at the broker."""
    office = DemoOffice(tmp_path)
    caplog.set_level(logging.DEBUG)
    with open_broker() as broker, Subscriber(broker.port) as subscriber:
        config = lane_config(
            tmp_path,
            Stage.CREDENTIAL,
            trust=office.trust,
            camera=CameraSpec(width_px=BIG_PX, height_px=BIG_PX, fps=20),
            broker=BrokerConfig(host="127.0.0.1", port=broker.port),
        )

        journal = b""

        async def story() -> None:
            nonlocal journal
            async with running(config) as lane:
                lane.arrive()
                await lane.screen(Screen.SHOW_CODE)
                for number, (payload, _) in enumerate(hostile_codes(), 1):
                    hold_close(lane, payload)
                    await lane.recorded(RecordKind.CREDENTIAL_REFUSED, number)
                    assert lane.shows[-1].screen is Screen.CODE_NOT_READ
                lane.hold_up(office.visitor_pass(int(time.time())))
                await lane.screen(Screen.GO)
                lane.hold_up(None)
                await lane.go_in()
                await lane.recorded(RecordKind.ACCESS_TAKEN)
                journal = journal_bytes(tmp_path)

        play(story())
        subscriber.wait(lambda: len(subscriber.records()) > len(hostile_codes()), "the records")
        said = b"".join(subscriber.payloads()) + caplog.text.encode()
    assert b"access.taken" in journal_bytes(tmp_path)
    assert b"access.taken" in said

    refused = [r.reason for r in records_in(tmp_path) if r.kind is RecordKind.CREDENTIAL_REFUSED]
    assert refused == [reason for _, reason in hostile_codes()]
    for payload, reason in hostile_codes():
        assert leaks(payload, journal) == []
        assert leaks(payload, said) == []
        assert str(reason).encode() in said


def test_half_a_code_is_refused_by_its_name(tmp_path: Path) -> None:
    """A part of a structured-append series, as a picture: neither read as a whole code nor a death
    of the reader."""
    parts = segno.make_sequence("a pass in two halves, each of them a code " * 4, symbol_count=2)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    parts[0].save(str(pictures / "half.png"), scale=6, border=4)
    office = DemoOffice(tmp_path)
    camera = CameraSpec(kind=CameraKind.PICTURES, source=str(pictures), width_px=640, height_px=480)

    async def story() -> None:
        config = lane_config(tmp_path, Stage.CREDENTIAL, trust=office.trust, camera=camera)
        async with running(config) as lane:
            (record,) = await lane.recorded(RecordKind.CREDENTIAL_REFUSED)
            assert record.reason is Reason.CODE_SPLIT
            assert lane.program.vision is not None
            assert lane.program.vision.counts.replaced == 0

    play(story())
