"""The parent's side of the vision process: starts it, believes nothing it says, replaces it.

Everything here runs on the thread of one asyncio loop and never waits: the socket is read when
there is something to read, and ten times a second the watch looks at the clock. What goes wrong
is found within two seconds and cured by a new process; what is not cured after ten is declared
failed. Trying never ends.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.sim.scene import CameraFault, Scene
from firmware.vision.process import (
    COMMAND,
    ProcessDeafError,
    ProcessEndedError,
    VisionProcess,
)
from firmware.vision.trouble import Listener, Trouble, Troubles
from firmware.vision.wire import (
    Failed,
    FromChild,
    Health,
    Looked,
    Looking,
    Message,
    Open,
    Ready,
    Seen,
    SetFault,
    SetScene,
    WireError,
)
from gate.events import Device
from gate.walltime import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from firmware.vision.wire import CameraSpec

MESSAGES_PER_TICK_MAX = 200
"""A camera of 120 frames a second says 24 in a tick of 0.1 s."""
DYING_MAX = 8
"""Killed processes that the kernel has not let go of yet. No new one is started beyond."""
RSS_URGENT_FACTOR = 3
"""At so many times the permitted growth nobody waits for a quiet moment."""


class Limits(Struct, frozen=True):
    """How long the supervisor waits for what."""

    tick_ns: int = 100 * NS_PER_MS
    start_ns_max: int = 15 * NS_PER_S
    """From the start of the process to its first message: libraries and camera."""
    decode_ns_max: int = 1 * NS_PER_S
    """For one frame."""
    stale_ns_max: int = 1_500 * NS_PER_MS
    """Age of the newest frame."""
    blind_ns_max: int = 1 * NS_PER_S
    """For how long the picture is black or white before that is a trouble."""
    settle_ns: int = 1 * NS_PER_S
    """For how long all is well before a trouble is over."""
    recover_ns_max: int = 10 * NS_PER_S
    """From the beginning of a trouble until it is declared a failure."""
    retry_ns_min: int = 100 * NS_PER_MS
    retry_ns_max: int = 5 * NS_PER_S
    rss_settle_ns: int = 5 * NS_PER_S
    """After so long a process has the memory that it needs."""
    rss_growth_bytes_max: int = 40 << 20
    """Beyond that it is recycled when nobody is there."""
    quiet_ns: int = 3 * NS_PER_S
    """Since the last code."""


LIMITS = Limits()


class Counts(Struct):
    """What happened since the start."""

    started: int = 0
    replaced: int = 0
    """Killed for a trouble, or ended by itself."""
    recycled: int = 0
    seen: int = 0


class _Watched(Struct):
    """What is known of the process that runs now; times are ours, 0 is never."""

    started_ns: int
    ready_ns: int = 0
    looking_since_ns: int = 0
    captured_ns: int = 0
    """Of the newest frame, as the process says; never in the future."""
    blind_since_ns: int = 0
    seen_ns: int = 0
    rss_settled_bytes: int = 0


class VisionSupervisor:
    """Keeps one vision process alive. One thread: the loop's."""

    def __init__(
        self,
        camera: CameraSpec,
        listener: Listener,
        *,
        limits: Limits = LIMITS,
        command: Sequence[str] = COMMAND,
        environment: Mapping[str, str] | None = None,
        stderr: int | None = None,
    ) -> None:
        """A supervisor of nothing yet; `start` it in a running loop.

        Args:
            camera: what the process opens.
            listener: who is told; called on the loop's thread.
            limits: see there.
            command: see `VisionProcess`, as are the next two.
            environment: added to the process's own.
            stderr: where its libraries write.
        """
        self.camera = camera
        self.counts = Counts()
        self.ready: Ready | None = None
        """Of the process that runs now."""
        self.health: Health | None = None
        """The last one, of any process."""
        self._listener = listener
        self._limits = limits
        self._command = command
        self._environment = environment
        self._stderr = stderr
        self._troubles = Troubles(listener, limits.settle_ns, limits.recover_ns_max)
        self._use_zbar: bool | None = None
        self._scene: Scene | None = None
        self._fault = CameraFault.NONE
        self._process: VisionProcess | None = None
        self._watched = _Watched(started_ns=0)
        self._dying: list[VisionProcess] = []
        self._heard_in_tick = 0
        self._retry_ns = limits.retry_ns_min
        self._start_due_ns = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return self._process.pid if self._process else None

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong now."""
        return self._troubles.now

    def start(self) -> None:
        """Begin, in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._tick()

    def close(self) -> None:
        """End the process. Idempotent; waits up to a second for the kernel."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._drop()
        for process in self._dying:
            process.bury(timeout_s=1 / len(self._dying))
        self._dying.clear()

    def show(self, scene: Scene, at_ns: int = 0) -> None:
        """Put that before the simulated camera, from `at_ns` on (0: now), and before its
        successors."""
        self._scene = scene
        self._say(SetScene(scene=scene, at_ns=at_ns))

    def inject(self, fault: CameraFault, *, lasting: bool = False) -> None:
        """Let that be wrong with the simulated camera.

        Args:
            fault: the word.
            lasting: a new process finds the same (a pulled plug), or it is cured (a hang).
        """
        self._fault = fault if lasting else CameraFault.NONE
        self._say(SetFault(fault=fault))

    def _tick(self) -> None:
        """Ten times a second."""
        self._receive()  # what was said before the clock is read counts
        now_ns = time.monotonic_ns()
        self._heard_in_tick = 0
        self._dying = [process for process in self._dying if not process.is_buried()]
        if self._process is not None:
            self._watch(self._watched, now_ns)
        elif now_ns >= self._start_due_ns and len(self._dying) < DYING_MAX:
            self._spawn(now_ns)
        self._troubles.tick(now_ns)
        self._timer = self._loop.call_later(self._limits.tick_ns / NS_PER_S, self._tick)

    def _spawn(self, now_ns: int) -> None:
        try:
            process = VisionProcess(self._command, self._environment, self._stderr)
        except OSError as error:
            self._found(Device.READER, "not_started", str(error))
            return
        self.counts.started += 1
        self._process = process
        self._watched = _Watched(started_ns=now_ns)
        self._loop.add_reader(process.link, self._receive)
        self._say(
            Open(camera=self.camera, use_zbar=self._use_zbar, scene=self._scene, fault=self._fault)
        )

    def _drop(self) -> None:
        """Kill the process, if there is one."""
        process, self._process = self._process, None
        self.ready = None
        if process is not None:
            self._loop.remove_reader(process.link)
            process.kill()
            self._dying.append(process)

    def _replace(self, device: Device, kind: str, message: str) -> None:
        """The process is of no use: kill it, and start another one after a while."""
        self._drop()
        self.counts.replaced += 1
        self._found(device, kind, message)

    def _found(self, device: Device, kind: str, message: str) -> None:
        now_ns = time.monotonic_ns()
        self._start_due_ns = now_ns + self._retry_ns
        self._retry_ns = min(2 * self._retry_ns, self._limits.retry_ns_max)
        self._troubles.found(Trouble(device, kind, message, now_ns))

    def _say(self, message: Message) -> None:
        if self._process is None:
            return
        try:
            self._process.say(message)
        except ProcessDeafError:
            self._replace(Device.READER, "deaf", "the vision process takes no messages")

    def _receive(self) -> None:
        """Read once: the loop calls again while there is more."""
        if self._process is None:
            return
        try:
            messages = self._process.heard()
        except ProcessEndedError:
            self._replace(Device.READER, "died", "the vision process ended")
            return
        except WireError as error:
            self._replace(Device.READER, "garbage", str(error))
            return
        self._heard_in_tick += len(messages)
        if self._heard_in_tick > MESSAGES_PER_TICK_MAX:
            self._replace(Device.READER, "garbage", "too many messages")
            return
        for message in messages:
            self._take(message, self._watched, time.monotonic_ns())

    def _take(self, message: FromChild, watched: _Watched, now_ns: int) -> None:
        match message:
            case Looking():
                watched.looking_since_ns = now_ns
                watched.captured_ns = min(message.captured_ns, now_ns)
            case Looked():
                watched.looking_since_ns = 0
            case Seen():
                self.counts.seen += 1
                watched.seen_ns = now_ns
                self._listener.on_seen(message)
            case Health():
                self._judge(message, watched, now_ns)
            case Ready():
                self.ready = message
                self._use_zbar = message.use_zbar
                watched.ready_ns = now_ns
            case Failed():
                device = Device.READER if message.kind == "bug" else Device.CAMERA
                if message.fatal:
                    self._replace(device, message.kind, message.message)
                else:
                    self._listener.on_trouble(
                        Trouble(device, message.kind, message.message, now_ns)
                    )

    def _judge(self, health: Health, watched: _Watched, now_ns: int) -> None:
        """Of a health report: whether the camera sees, and how the memory grows."""
        self.health = health
        self._listener.on_health(health)
        if health.view == "good":
            watched.blind_since_ns = 0
        elif watched.blind_since_ns == 0:
            watched.blind_since_ns = now_ns
        if now_ns - watched.ready_ns < self._limits.rss_settle_ns:
            return
        if watched.rss_settled_bytes == 0:
            watched.rss_settled_bytes = health.rss_bytes
        growth = health.rss_bytes - watched.rss_settled_bytes
        most = self._limits.rss_growth_bytes_max
        quiet = now_ns - watched.seen_ns > self._limits.quiet_ns and self._listener.is_quiet()
        if growth > (most if quiet else RSS_URGENT_FACTOR * most):
            self._drop()
            self.counts.recycled += 1
            self._start_due_ns = now_ns
            self._troubles.expect(
                Trouble(Device.READER, "recycled", f"grown by {growth >> 20} MiB", now_ns)
            )

    def _watch(self, watched: _Watched, now_ns: int) -> None:
        """Whether the running process does its work in time."""
        limits = self._limits
        if watched.ready_ns == 0:
            if now_ns - watched.started_ns > limits.start_ns_max:
                self._replace(Device.CAMERA, "timeout", "the camera did not open in time")
        elif watched.looking_since_ns:
            if now_ns - watched.looking_since_ns > limits.decode_ns_max:
                self._replace(Device.READER, "hung", "a frame was not decoded in time")
        elif now_ns - max(watched.captured_ns, watched.ready_ns) > limits.stale_ns_max:
            self._replace(Device.CAMERA, "stalled", "no frame comes")
        elif watched.blind_since_ns:
            if now_ns - watched.blind_since_ns >= limits.blind_ns_max and self.health:
                view = self.health.view
                self._troubles.found(Trouble(Device.CAMERA, view, f"the picture is {view}", now_ns))
        elif watched.captured_ns > watched.ready_ns and self._troubles.well(now_ns):
            self._retry_ns = limits.retry_ns_min
