"""A lane on a small disk of its own that somebody else's log fills up: run by `test_program_disk`.

    unshare --mount --map-root-user python full_disk.py FOLDER once|on

Mounts the disk on FOLDER, fills it once or goes on filling it, lets visitors come until the lane
shuts, makes room, and lets visitors come again. Prints what it saw as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from lanekit import LaneRun, lane_config, play, records_in, running

from drivers.journal import journal, verify_chain
from drivers.wiring import InputName, OutputName
from firmware.config import BrokerConfig, Config
from gate.commands import Screen
from gate.records import RecordKind

DISK = "24m"
"""Three times the journal's ballast."""
HOG_BYTES = 65_536
PORT_OF_NOBODY = 9
"""Discard: nothing listens there, so no record is ever acknowledged and none may be given up."""
VISITS_MAX = 400
"""Far more than the ballast has room for."""


def main(folder: Path, how: str) -> None:
    """See above."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    journal.RECOVER_S = 0.05
    config = lane_config(folder, broker=BrokerConfig(host="127.0.0.1", port=PORT_OF_NOBODY))
    seen: dict[str, object] = {}
    play(_story(config, seen, fills_on=how == "on"))
    records = records_in(folder)
    seen["fault"] = verify_chain(folder / "journal.db").fault
    seen["kinds"] = [str(record.kind) for record in records]
    seen["reasons"] = [str(record.reason) for record in records if record.reason is not None]
    taken = [record for record in records if record.kind is RecordKind.ACCESS_TAKEN]
    seen["inside"] = taken[-1].occupancy
    sys.stdout.write(json.dumps(seen))


async def _story(config: Config, seen: dict[str, object], *, fills_on: bool) -> None:
    unwritten: list[int] = []
    async with running(config) as lane:
        _watch(lane, unwritten)
        await lane.admitted()
        hog = config.data_dir / "somebody-elses-log"
        _fill(hog)
        await _until_shut(lane, hog if fills_on else None)
        seen["status"] = [lane.statuses[-1].reason, *lane.statuses[-1].failed]
        await _somebody_leaves(lane)
        lane.arrive()
        await asyncio.sleep(0)
        seen["released_while_shut"] = lane.is_on(OutputName.BARRIER_ENTRY)
        lane.leave()
        os.truncate(hog, 0)
        await lane.state("idle")
        for _ in range(3):
            await lane.admitted()
    seen["released_without_a_grant"] = unwritten


def _watch(lane: LaneRun, unwritten: list[int]) -> None:
    """At each edge of the barrier's pin: is its grant in the file?"""
    chip, write = lane.chip, lane.chip.write
    barrier = lane.config.wiring.outputs[OutputName.BARRIER_ENTRY].line

    def watched(line: int, level: int) -> None:
        if line == barrier and level == 1:
            wanted = lane.program.controller.state.lane.grants  # type: ignore[union-attr]
            granted = {r.grant for r in lane.records(RecordKind.ACCESS_GRANTED)}
            if wanted not in granted:
                unwritten.append(wanted)
        write(line, level)

    chip.write = watched  # type: ignore[method-assign] # an eye on one pin


def _fill(hog: Path) -> None:
    with hog.open("ab", buffering=0) as file:
        for size in (HOG_BYTES, 4_096, 512):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


async def _until_shut(lane: LaneRun, hog: Path | None) -> None:
    """Visitors come, and the log grows on into whatever room there is, until the lane shuts."""
    for _ in range(VISITS_MAX):
        if lane.statuses[-1].state == "out_of_service":
            return
        lane.arrive()
        await lane.happens(
            lambda: lane.shows[-1].screen in {Screen.GO, Screen.SEE_STAFF, Screen.CLOSED},
            "an answer",
        )
        if lane.shows[-1].screen is Screen.GO:
            await lane.go_in()
        else:
            lane.leave()
        await lane.happens(
            lambda: lane.shows[-1].screen in {Screen.IDLE, Screen.CLOSED}, "the next one's turn"
        )
        if hog is not None:
            _fill(hog)
    raise AssertionError("the lane lets people in, and the disk is full")


async def _somebody_leaves(lane: LaneRun) -> None:
    """Nobody is locked in for want of a disk."""
    lane.sense(InputName.EXIT_REQUEST, active=True)
    await lane.happens(lambda: lane.is_on(OutputName.BARRIER_EXIT), "the exit")
    lane.sense(InputName.EXIT_REQUEST, active=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
