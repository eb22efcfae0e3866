"""A whole lane for tests: the program as at a door, on simulated devices, in the test's own loop.

Nothing here waits for time to pass: it waits for what happens, and gives up after `LIVELY_S`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Self

import msgspec
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from drivers.journal import Reader
from drivers.sim.scene import Scene
from drivers.wiring import InputName, OutputName
from firmware.board import journal_path
from firmware.broker import LOOPBACK, Broker, BrokerError, _find
from firmware.config import Config
from firmware.program import Program
from firmware.vision.wire import CameraSpec
from firmware.wallclock import WallClock
from gate.commands import Screen, Show
from gate.policy import (
    ChamberPolicy,
    CredentialPolicy,
    PassagePolicy,
    Policy,
    Stage,
    TemperaturePolicy,
)
from gate.reasons import Reason
from gate.records import Record, RecordKind, decode
from gate.walltime import WallTime

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from drivers.sim.chip import SimChip
    from firmware.demo.office import DemoOffice
    from firmware.status import LaneStatus

STORM = bool(os.environ.get("GATE_STORM"))
"""Long forms: more kills, more visits, more seeds. `make storm` sets it."""
LIVELY_S = 60.0
"""Far beyond what anything here takes on a busy machine."""
LOOK_S = 0.005
"""How often something is looked at that tells nobody when it changes."""
STRIDE_S = 0.03
"""From one beam to the next: a few times their debounce."""
FOREHEAD_C = 36.4
GATE = [sys.executable, "-c", "from firmware.cli import main; main()"]
"""The command, of the code that is under test."""
BARRIERS = (OutputName.BARRIER_ENTRY, OutputName.BARRIER_EXIT)
SMALL = CameraSpec(width_px=640, height_px=480, fps=20)
EVERY_STAGE = (Stage.CHAMBER, Stage.TEMPERATURE, Stage.CREDENTIAL)


def rules(*stages: Stage) -> Policy:
    """Those stages; short where a visitor waits, long where a busy machine might be too slow."""
    return Policy(
        stages=stages,
        chamber=ChamberPolicy(run_s=0.1, wait_s=60),
        temperature=TemperaturePolicy(wait_s=60),
        credential=CredentialPolicy(wait_s=60),
        passage=PassagePolicy(
            grant_s=8, commit_s=10, refusal_s=60, officer_s=60, absent_s=0.2, obstructed_s=30
        ),
    )


def lane_config(folder: Path, *stages: Stage, **rest: object) -> Config:
    """A lane of simulated devices with its journal in that folder."""
    config = Config(
        site="office", lane="north", data_dir=folder, policy=rules(*stages), camera=SMALL
    )
    return msgspec.structs.replace(config, **rest)


def write_config(
    folder: Path, *stages: Stage, office: DemoOffice | None = None, more: str = ""
) -> Path:
    """The same lane as a file for the command line."""
    path = folder / "gate.toml"
    path.write_text(
        f"""site = "office"
lane = "north"
data_dir = "{folder}"
{f'trust = "{office.trust}"' if office is not None else ""}
camera = {{ width_px = {SMALL.width_px}, height_px = {SMALL.height_px}, fps = {SMALL.fps} }}
{more}
[policy]
stages = {list(map(str, stages))}
chamber = {{ run_s = 0.1, wait_s = 60 }}
temperature = {{ wait_s = 60 }}
credential = {{ wait_s = 60, doses_min = 1 }}
passage = {{ grant_s = 8, commit_s = 10, refusal_s = 60, absent_s = 0.2 }}
"""
    )
    return path


def synchronised_clock() -> WallClock:
    """This machine's wall clock, taken for a good one."""
    return WallClock(synchronised=lambda: True, rtc_agrees=lambda: False)


def records_in(folder: Path) -> list[Record]:
    """Every durable record of the lane with that folder, oldest first."""
    with Reader(journal_path(Config(site="office", lane="north", data_dir=folder))) as reader:
        return [decode(stored.body) for stored in reader.after(0, 0, 10_000)]


def play(story: Coroutine[object, object, None]) -> None:
    """Run a story to its end, which must come."""

    async def limited() -> None:
        await asyncio.wait_for(story, LIVELY_S)

    asyncio.run(limited())


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for what tells nobody when it happens; `what` is said where that was in vain."""
    try:
        while not holds():  # noqa: ASYNC110 - what tells nobody has no event
            await asyncio.sleep(LOOK_S)
    except asyncio.CancelledError:
        raise AssertionError(f"waited in vain for {what}") from None


class LaneRun:
    """A program that runs, and the visitor before it."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.shows: list[Show] = []
        self.listeners: list[Callable[[Show], None]] = [self.shows.append]
        """Told of everything that the visitor is told."""
        self.statuses: list[LaneStatus] = []
        self.program = Program(
            config, synchronised_clock(), changed=self.statuses.append, showed=self._showed
        )
        self.stop = asyncio.Event()
        self.task = asyncio.create_task(self.program.run(self.stop), name="lane")

    def _showed(self, show: Show) -> None:
        for listener in self.listeners:
            listener(show)

    @property
    def chip(self) -> SimChip:
        assert self.program.rig.wires is not None
        return self.program.rig.wires.chip

    def levels(self, name: OutputName) -> list[int]:
        """Every level that the wire of that output has had since power-on."""
        return [edge.level for edge in self.chip.edges(self.config.wiring.outputs[name].line)]

    def is_on(self, name: OutputName) -> bool:
        assert self.program.rig.wires is not None
        return self.program.rig.wires.is_on(name)

    def records(self, *kinds: RecordKind) -> list[Record]:
        """Durable records so far, of those kinds or of all."""
        found = records_in(self.config.data_dir)
        return [record for record in found if not kinds or record.kind in kinds]

    # What is waited for.

    async def ready(self) -> None:
        """The lane is in service."""
        await self.happens(self.program.ready.is_set, "the lane to come into service")

    async def happens(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for it, unless the lane ends first."""
        await until(lambda: holds() or self.task.done(), what)
        if self.task.done() and not holds():
            self.task.result()
            raise AssertionError(f"the lane ended before {what}")

    async def screen(self, *screens: Screen) -> Show:
        """One of these is what the visitor is told now."""
        await self.happens(
            lambda: bool(self.shows) and self.shows[-1].screen in screens, screens[0]
        )
        return self.shows[-1]

    async def recorded(self, kind: RecordKind, times: int = 1) -> list[Record]:
        """So many records of that kind are on the disk."""
        await self.happens(lambda: len(self.records(kind)) >= times, f"{times} x {kind}")
        return self.records(kind)

    async def state(self, word: str) -> None:
        """The lane is in that state."""
        await self.happens(lambda: bool(self.statuses) and self.statuses[-1].state == word, word)

    # What a visitor does.

    def sense(self, name: InputName, *, active: bool) -> None:
        assert self.program.rig.wires is not None
        self.program.rig.wires.set(name, active=active)

    def arrive(self, surface_c: float = FOREHEAD_C) -> None:
        """Step before the barrier and look at the thermometer."""
        if self.program.rig.sim_thermometer is not None:
            self.program.rig.sim_thermometer.person(surface_c)
        self.sense(InputName.PRESENCE, active=True)

    def leave(self) -> None:
        """Step away."""
        self.sense(InputName.PRESENCE, active=False)
        if self.program.rig.sim_thermometer is not None:
            self.program.rig.sim_thermometer.person(None)

    def hold_up(self, payload: bytes | None) -> None:
        """Hold a code before the camera, or take it away."""
        assert self.program.vision is not None
        self.program.vision.show(Scene(payload=payload))

    async def go_in(self) -> None:
        """Walk through the passage."""
        self.leave()
        for beam, blocked in (
            (InputName.BEAM_A, True),
            (InputName.BEAM_B, True),
            (InputName.BEAM_A, False),
            (InputName.BEAM_B, False),
        ):
            self.sense(beam, active=blocked)
            await asyncio.sleep(STRIDE_S)

    async def admitted(self, payload: bytes | None = None) -> None:
        """A whole visit: arrive, show the code where one is asked for, go in."""
        before = self._newest_taken()
        self.arrive()
        if payload is not None:
            await self.screen(Screen.SHOW_CODE)
            self.hold_up(payload)
        await self.screen(Screen.GO)
        if payload is not None:
            self.hold_up(None)
        await self.go_in()
        await self.happens(lambda: self._newest_taken() > before, "the record of the passage")
        await self.screen(Screen.IDLE)

    def _newest_taken(self) -> int:
        """The number of the newest grant that somebody went in on; the oldest may be pruned."""
        return max((r.grant for r in self.records(RecordKind.ACCESS_TAKEN)), default=0)


class Subscriber:
    """A real one, to everything that lanes publish."""

    def __init__(self, port: int) -> None:
        self._changed = threading.Condition()
        self._messages: list[paho.MQTTMessage] = []
        self._subscribed = threading.Event()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id="subscriber", clean_session=False
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("gate/v1/#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _client, _data, message: self._take(message)
        self._client.connect(LOOPBACK, port, keepalive=10)
        self._client.loop_start()
        assert self._subscribed.wait(LIVELY_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, message: paho.MQTTMessage) -> None:
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, LIVELY_S), f"waited in vain for {what}"

    def payloads(self, topic_end: str = "") -> list[bytes]:
        """Of every message so far whose topic ends so."""
        with self._changed:
            return [bytes(m.payload) for m in self._messages if m.topic.endswith(topic_end)]

    def records(self) -> list[tuple[str, str]]:
        """Id and type of each event, once, in the order in which it first came."""
        events = map(json.loads, self.payloads("/event"))
        return list({event["id"]: (event["id"], event["type"]) for event in events}.values())


@contextlib.asynccontextmanager
async def running(config: Config) -> AsyncIterator[LaneRun]:
    """A lane in service, ended in good order afterwards."""
    lane = LaneRun(config)
    try:
        await lane.ready()
        yield lane
    finally:
        lane.stop.set()
        await lane.task


def stored_in(folder: Path) -> list[tuple[str, str]]:
    """Every durable record as `Subscriber.records` names it."""
    with Reader(folder / "journal.db") as reader:
        rows = reader.after(0, 0, 10_000)
    return [(f"{row.epoch}-{row.seq}", str(decode(row.body).kind)) for row in rows]


def open_broker(*kinds: str) -> Broker:
    """A broker of our own, or the test is skipped for want of one."""
    try:
        return Broker(kinds or ("mosquitto", "nats-server"))
    except BrokerError as error:
        pytest.skip(str(error))


class BrokerHost:
    """A broker that dies and comes back on the same port."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._program = _find((broker.kind,))[1]
        self.port = broker.port

    @property
    def pid(self) -> int:
        assert self._broker._process is not None
        return self._broker._process.pid

    def die(self) -> None:
        """As kill -9."""
        assert self._broker._process is not None
        self._broker._process.kill()
        self._broker._process.wait()
        self._broker._process = None

    def come_back(self) -> None:
        said = self._broker._start(self._program)
        assert not said, said


NOON = WallTime(1_800_000_000_000)
"""A moment that tests of a single module take for now."""


def hostile_codes() -> list[tuple[bytes, Reason]]:
    """What strangers hold up, and what each is refused for. No piece of six bytes of any of them
    has another business in a journal or a log."""
    letters = b"QWERTYUIOPASDFGHJKLZXCVBNM $%*+-./:"
    return [
        (letters * 84, Reason.CODE_UNKNOWN_FORMAT),  # nearly 3 KB
        (bytes(range(256)), Reason.CODE_UNKNOWN_FORMAT),
        (b"\xff\xfe\x00\x80SOMETHING-BINARY\x00\x00\xc3\x28", Reason.CODE_UNKNOWN_FORMAT),
        (b"https://example.invalid/check-in?id=1", Reason.CODE_IS_URL),
        (b"HTTP://EXAMPLE.INVALID/%00%0A", Reason.CODE_IS_URL),
        (b"'; DROP/**/TABLE/**/persons;--", Reason.CODE_UNKNOWN_FORMAT),
        (b"\x1b[2J\x1b]0;owned\x07\x08\x08\r\nall-is-well\x00", Reason.CODE_UNKNOWN_FORMAT),
        ("{{7*7}} ${jndi:ldap://x} \u202e\U0001f6aa".encode(), Reason.CODE_MALFORMED),
        (b"GP1:" + letters * 50, Reason.CODE_MALFORMED),
        (b"GP1:", Reason.CODE_MALFORMED),
        (b"GP1:zyxwv utsrq ponml kjihg", Reason.CODE_MALFORMED),
        (b"GP1:\x00\x00\x00\x00", Reason.CODE_MALFORMED),
        (b"GP1:" + b"6BF" * 300, Reason.CODE_MALFORMED),
        (b"HC1:NCFOXN%TS3DH", Reason.CODE_MALFORMED),
        (b"shc:/" + b"7777" * 200, Reason.CODE_MALFORMED),
        (b'{"zdat4":{"zhdr":{}},"zsig":{"zalg":"n0ne"}}', Reason.CODE_MALFORMED),
        (b"LDP1:NCFOXN%TS3DH", Reason.CODE_UNKNOWN_FORMAT),
        (b"WIFI:T:WPA;S=free;P=free;;", Reason.CODE_UNKNOWN_FORMAT),
    ]


def leaks(payload: bytes, written: bytes) -> list[bytes]:
    """Pieces of six bytes of the payload that stand in what was written."""
    pieces = {payload[at : at + 6] for at in range(len(payload) - 5)}
    return [piece for piece in pieces if piece in written]
