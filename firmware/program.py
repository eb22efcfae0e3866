"""The program of one lane: devices, threads and the vision process, from the start to the end.

The order of the start is that of trust: the journal, because nothing may happen unrecorded; the
lines, each at its safe level; then who measures, who looks, who reports. The end is the reverse,
outputs first; each part of it is tried, whatever became of the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

from drivers.journal.reader import Reader
from drivers.rulestore import load_all_rules
from drivers.sampler import Sampler
from firmware import board, trace
from firmware.codes import CodeDesk
from firmware.controller import Controller
from firmware.hands import Hands
from firmware.issuers import Issuers
from firmware.past import RECORDS_LOOKED_AT, unreset_alarm
from firmware.pulse import Pulse
from firmware.signals import Signals
from firmware.status import encode_status
from firmware.vision.supervisor import VisionSupervisor
from firmware.vision.trouble import Listener
from gate.events import (
    ClockRead,
    Device,
    DeviceFailed,
    DeviceRecovered,
    SelfCheckPassed,
    ShutdownRequested,
)
from gate.lane import start
from gate.policy import Stage
from gate.records import decode
from gate.states import Idle

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.api import Clock, ErrorKind
    from drivers.journal.journal import SqliteJournal
    from drivers.reporter import Reporter
    from firmware.board import Rig
    from firmware.config import Config
    from firmware.status import LaneStatus
    from firmware.vision.trouble import Trouble
    from firmware.vision.wire import Seen
    from firmware.wallclock import WallClock
    from gate.commands import Show
    from gate.credential.trust import TrustList
    from gate.reasons import Reason
    from gate.walltime import WallTime

log = logging.getLogger(__name__)

CLOCK_READ_S = 20.0
"""How often the lane is told of the wall clock."""
SELF_CHECK_S = 0.05
"""How often devices are asked, at the start, whether they have answered."""
REPORT_STOP_S = 2.0
"""What the reporter gets to send its last records."""


class Program:
    """One lane that runs. `run` lives as long as the lane does."""

    def __init__(
        self,
        config: Config,
        wall: WallClock,
        *,
        clock: Clock = time.monotonic_ns,
        seed: int = 0,
        changed: Callable[[LaneStatus], None] = lambda _status: None,
        showed: Callable[[Show], None] = lambda _show: None,
    ) -> None:
        """Args:
        config: what the lane is.
        wall: the wall clock; its floor is set from the journal.
        clock: monotonic nanoseconds.
        seed: of simulated devices.
        changed: told of the lane's status when it is another one.
        showed: told of everything that the visitor is told.
        """
        self.config = config
        self.ready = asyncio.Event()
        """Set when the lane has come into service for the first time."""
        self._wall = wall
        self._clock = clock
        self._seed = seed
        self._changed = changed
        self._showed = showed
        self._shutdown: list[tuple[str, Callable[[], None]]] = []
        """What is to be ended, in the order in which it began."""
        self._journal_trouble: ErrorKind | None = None
        self._vision_failed = False
        self.rig: Rig
        self.journal: SqliteJournal
        self.controller: Controller | None = None
        self.vision: VisionSupervisor | None = None
        self.reporter: Reporter | None = None
        self._sampler: Sampler | None = None
        self._desk: CodeDesk
        self._issuers: Issuers
        self._pulse = Pulse(on_beat=self._renew, vitals={"the lane's door": self._door_is_clear})

    async def run(self, stop: asyncio.Event) -> None:
        """Begin, serve until `stop` is set, and end in good order.

        Raises:
            DriverError: a device without which nothing can begin: the journal, the lines, the
                trust list.
            Exception: a mistake of ours; everything was put away.
        """
        try:
            self._begin()
            await self._serve(stop)
        finally:
            self._end()

    def wall_time(self) -> WallTime:
        """The wall clock as the lane has it."""
        return self._wall.now()

    # The start.

    def _begin(self) -> None:
        config = self.config
        rules = load_all_rules(config.health_rules)
        loop = asyncio.get_running_loop()

        def believe(trust: TrustList) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and the lane with it
                loop.call_soon_threadsafe(self._believe, trust)

        self._issuers = Issuers(config, self._wall.now, believe)
        self.journal = board.journal_of(config, self._wall.now, self._journal_health)
        self._shutdown.append(("journal", self.journal.close))
        restored = self.journal.restored
        self._wall.raise_floor(restored.wall_floor_ms)
        began = trace.Began(
            config.policy,
            self._wall.now(),
            restored.occupancy,
            restored.visit,
            restored.grant,
            unreset=self._unreset_alarm(),
        )
        open_grants = self.journal.open_grants
        now_ns = self._clock()
        state, commands = start(
            config.policy,
            now_ns,
            wall=began.wall,
            ledger=trace.ledger_of(began, restored.spent),
            visits=restored.visit,
            granted=restored.grant,
            open_grants=open_grants,
            unreset=began.unreset,
        )
        trace.write_beginning(self.journal.trace, now_ns, began, restored.spent, open_grants)
        controller = Controller(
            state,
            self._clock,
            trace=self.journal.trace,
            changed=self._status_changed,
            timed=self._pulse.timed,
        )
        self.controller = controller
        if self._journal_trouble is not None:
            controller.post(DeviceFailed(Device.JOURNAL, str(self._journal_trouble)))
        self._desk = CodeDesk(self._issuers.trust, self._wall.now, self._clock, rules)
        self._begin_devices(controller)
        hands = Hands(
            self.rig.board,
            self._sampler or _NoSampling(),
            self.journal,
            controller.post,
            self._show,
        )
        self._signals = Signals(self.rig.board, self._clock)
        controller.start(hands.do, commands)
        self._shutdown.append(("controller", controller.close))
        # Whoever holds up the loop lets the outputs' leases lapse.
        self._pulse.start()
        self._pulse.ready()
        self._issuers.start()
        self._shutdown.append(("trust list", self._issuers.close))
        self._tell_issuers()
        self.reporter = board.reporter_of(
            config, self.journal, lambda data: self._issuers.offer(data, "MQTT")
        )
        if self.reporter is not None:
            self.reporter.start()
            self._shutdown.append(("reporter", self._stop_reporter))
            self._status_changed(controller.status)

    def _unreset_alarm(self) -> Reason | None:
        with Reader(board.journal_path(self.config)) as reader:
            newest = reader.newest(RECORDS_LOOKED_AT)
        return unreset_alarm(decode(stored.body) for stored in reversed(newest))

    def _begin_devices(self, controller: Controller) -> None:
        config = self.config
        self.rig = board.rig_of(config, self._clock, self._wall.now, self._seed)
        self.rig.board.open(controller.post)
        self._shutdown.append(("lines", self.rig.board.close))
        if self.rig.wires is not None:
            self._shutdown.append(("simulated lines", self.rig.wires.chip.close))
        if self.rig.thermometer is not None:
            self._sampler = Sampler(self.rig.thermometer, controller.post, self._clock)
            self._sampler.start()
            self._shutdown.append(("thermometer", self._sampler.close))
        if Stage.CREDENTIAL in config.policy.stages:
            listener = Listener(
                on_seen=self._seen,
                on_failed=self._camera_failed,
                on_recovered=self._camera_recovered,
                is_quiet=lambda: isinstance(controller.state, Idle),
            )
            self.vision = VisionSupervisor(config.camera, listener)
            self.vision.start()
            self._shutdown.append(("vision", self.vision.close))

    # The service.

    async def _serve(self, stop: asyncio.Event) -> None:
        """Until it is told to end, or a step can't be made."""
        controller = self._there()
        tasks = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("stop", stop.wait()),
                ("steps", controller.failed()),
                ("clock", self._tell_time()),
                ("self-check", self._check()),
            )
        ]
        running = set(tasks)
        try:
            while not stop.is_set():
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    await task
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell_time(self) -> None:
        while True:
            self._there().post(ClockRead(self._wall.now()))
            self._tell_issuers()
            await asyncio.sleep(CLOCK_READ_S)

    async def _check(self) -> None:
        """Tell the lane when every device has answered once, or has been declared failed."""
        while not (self._thermometer_known() and self._vision_known()):  # noqa: ASYNC110 - a sensor's thread has no event of the loop's
            await asyncio.sleep(SELF_CHECK_S)
        self._there().post(SelfCheckPassed())

    def _thermometer_known(self) -> bool:
        return self._sampler is None or self._sampler.answers or self._failed(Device.THERMOMETER)

    def _vision_known(self) -> bool:
        return self.vision is None or self.vision.ready is not None or self._vision_failed

    def _failed(self, device: Device) -> bool:
        return device in self._there().state.lane.failed

    def _renew(self) -> None:
        """The controller is alive: outputs may stay as they are."""
        self.rig.board.renew()

    def _door_is_clear(self) -> bool:
        return self._there().overflowed == 0

    # The end.

    def _end(self) -> None:
        """Outputs first, then the rest, whatever becomes of each. Nothing is awaited: whoever
        cancels us a second time comes too late."""
        self._pulse.stop()
        if self.controller is not None:
            self.controller.finish(ShutdownRequested())
        outputs = [step for step in self._shutdown if step[0] == "lines"]
        others = [step for step in reversed(self._shutdown) if step[0] != "lines"]
        self._shutdown.clear()
        for name, end in (*outputs, *others):
            try:
                end()
            except Exception:
                log.exception("while ending: %s", name)

    def _stop_reporter(self) -> None:
        if self.reporter is not None:
            self.reporter.stop(REPORT_STOP_S)

    # What the devices say.

    def _journal_health(self, trouble: ErrorKind | None) -> None:
        """On the journal's thread."""
        before, self._journal_trouble = self._journal_trouble, trouble
        if self.controller is None or (before is None) == (trouble is None):
            return
        if trouble is None:
            self.controller.post(DeviceRecovered(Device.JOURNAL))
        else:
            self.controller.post(DeviceFailed(Device.JOURNAL, str(trouble)))

    def _seen(self, seen: Seen) -> None:
        event = self._desk.event(seen.payload, seen.problem)
        if event is not None:
            self._there().post(event)

    def _believe(self, trust: TrustList) -> None:
        """A newer list of issuers was taken."""
        self._desk.believe(trust)
        self._tell_issuers()

    def _tell_issuers(self) -> None:
        reading = self._issuers.reading()
        lane = self._there().state.lane
        if (reading.version, reading.standing) != (lane.trust_version, lane.trust_standing):
            self._there().post(reading)

    def _camera_failed(self, trouble: Trouble) -> None:
        log.error("%s: %s", trouble.device, trouble.message)
        self._vision_failed = True
        self._there().post(DeviceFailed(trouble.device, trouble.kind))

    def _camera_recovered(self, device: Device) -> None:
        self._vision_failed = False
        self._there().post(DeviceRecovered(device))

    # What the lane says.

    def _show(self, show: Show) -> None:
        self._signals.show(show)
        self._showed(show)

    def _status_changed(self, status: LaneStatus) -> None:
        if status.in_service:
            self.ready.set()
        self._pulse.status(f"{status.state}, {status.occupancy} inside")
        if self.reporter is not None:
            self.reporter.publish_state(encode_status(status))
        self._changed(status)

    def _there(self) -> Controller:
        assert self.controller is not None, "not begun"  # noqa: S101 - a mistake of ours
        return self.controller


class _NoSampling:
    """A lane without a thermometer: its policy asks for no temperature."""

    def measure(self, visit: int) -> None:
        """Nobody asks."""

    def stop(self) -> None:
        """Nothing is under way."""
