"""A full disk: the lane shuts with its reason, moves no barrier without a durable grant, and opens
by itself when there is room."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lanekit import LIVELY_S, LOOK_S, LaneRun, lane_config, play, records_in, running

from drivers.journal import Limits, journal, verify_chain
from firmware.config import Config
from gate.events import CodeRefused
from gate.reasons import Reason
from gate.records import RecordKind

SCRIPT = Path(__file__).with_name("full_disk.py")
PRIVATE = ["unshare", "--mount", "--map-root-user"]


def story(folder: Path, how: str) -> dict[str, Any]:
    """What `full_disk.py` saw."""
    if subprocess.run([*PRIVATE, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets us make no mount of our own: no small disk to fill")
    run = subprocess.run(
        [*PRIVATE, sys.executable, SCRIPT, str(folder), how],
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * LIVELY_S,
    )
    assert run.returncode == 0, run.stderr
    seen: dict[str, Any] = json.loads(run.stdout)
    assert "journal can't write: database or disk is full" in run.stderr
    return seen


@pytest.mark.parametrize("how", ["once", "on"])
def test_a_full_disk_shuts_the_lane_and_room_opens_it(tmp_path: Path, how: str) -> None:
    """Whether the disk filled up once, or somebody fills whatever room the journal makes: no
    release without its grant in the file, nobody locked in, a whole chain, and service again when
    there is room."""
    seen = story(tmp_path, how)
    assert seen["status"] == ["journal_unavailable", "journal"]
    assert seen["released_without_a_grant"] == []
    assert seen["released_while_shut"] is False
    assert seen["fault"] is None
    assert seen["kinds"].count("lane.in_service") == 2
    assert seen["inside"] >= 4
    if how == "once":
        # Then the ballast has room for the last words.
        failed = seen["kinds"].index("device.failed")
        assert "lane.out_of_service" in seen["kinds"][failed:]
        assert "journal_unavailable" in seen["reasons"]


def test_without_a_broker_the_oldest_records_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody will ever fetch them: a journal at its own limit gives the oldest up, the lane shuts
    for the moment that it takes, and goes on letting people in."""
    limits = Limits(bytes_max=160 * 1024, ballast_bytes=16 * 1024, reported=False)
    monkeypatch.setattr(Config, "journal_limits", property(lambda _: limits))
    monkeypatch.setattr(journal, "RECOVER_S", 0.05)

    async def visits() -> None:
        async with running(lane_config(tmp_path)) as lane:
            while not was_shut(lane):
                await many_records(lane)
            await lane.state("idle")
            await lane.admitted()

    play(visits())
    assert verify_chain(tmp_path / "journal.db").fault is None
    assert records_in(tmp_path)[0].kind is not RecordKind.DEVICE_STARTED, "the oldest are gone"


def was_shut(lane: LaneRun) -> bool:
    return any(status.reason is Reason.JOURNAL_UNAVAILABLE for status in lane.statuses)


async def many_records(lane: LaneRun) -> None:
    """Somebody plays with codes before the camera."""
    controller = lane.program.controller
    assert controller is not None
    for _ in range(50):
        controller.post(CodeRefused(Reason.CODE_IS_URL))
    await asyncio.sleep(LOOK_S)
    await lane.happens(lambda: lane.program.journal.settled, "the disk")
