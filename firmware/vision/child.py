"""The vision process itself: `python -m firmware.vision.child SOCKET-FD PARENT-PID`.

One loop on one thread: frame, reader, message. It ends when its parent does, when the camera
fails, or when it is killed; it is never repaired from within.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from typing import TYPE_CHECKING, cast

from drivers.api import DriverError, ErrorKind
from firmware.vision import sandbox
from firmware.vision.wire import (
    CameraKind,
    Failed,
    FromParent,
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
    encode,
    inbox_of_child,
    short,
)
from gate.walltime import NS_PER_S

if TYPE_CHECKING:
    from drivers.api import Camera, Frame
    from drivers.codereader import CodeReader
    from drivers.sim.camera import SimulatedCamera

CAPTURE_TIMEOUT_S = 0.25
"""Then the parent hears that there is no frame, and orders are taken."""
HEALTH_PERIOD_NS = NS_PER_S // 2
DAMAGED_MAX = 20
"""Damaged frames in a row; then the camera has failed."""
RECEIVE_BYTES = 65_536

EXIT_ASKED = 0
EXIT_CAMERA = 3
EXIT_BUG = 4


class _ParentGoneError(Exception):
    """Nobody listens any more."""


class VisionProcess:
    """The loop, with its camera, its reader and its one socket."""

    def __init__(self, link: socket.socket, achieved: list[str]) -> None:
        self._link = link
        self._achieved = achieved
        self._inbox = inbox_of_child()
        self._camera: Camera
        self._simulated: SimulatedCamera | None = None
        self._reader: CodeReader
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._frames = 0
        self._damaged = 0
        self._captured_ns = 0
        self._health_due_ns = 0
        self._health_frames = (0, time.monotonic_ns())
        self._measured = (0.0, 0.0, "good")

    def run(self) -> None:
        """Open what the parent names, close the doors, then look until the parent is gone.

        Raises:
            DriverError: the camera failed.
            _ParentGoneError: nothing is left to do.
        """
        first, *others = self._first_orders()
        self._start(first)
        for order in others:
            self._take(order)
        while True:
            self._obey(timeout_s=0.0)
            frame = self._capture()
            if frame is not None:
                self._look(frame)

    def say(self, message: Message) -> None:
        """Send; waits while the parent is busy."""
        try:
            self._link.sendall(encode(message))
        except OSError as error:
            raise _ParentGoneError from error

    def _first_orders(self) -> list[FromParent]:
        orders: list[FromParent] = []
        while not orders:
            orders = self._receive(timeout_s=None)
        return orders

    def _start(self, order: FromParent) -> None:
        if not isinstance(order, Open):
            raise WireError("the first order opens the camera")
        # numpy and the decoders: when the network is left, and before the files are.
        from drivers.framehealth import measure  # noqa: PLC0415
        from firmware.vision import cameras  # noqa: PLC0415
        from firmware.vision.reading import make_reader  # noqa: PLC0415

        self._health_of = measure
        self._reader, finding = make_reader(order.use_zbar)
        self._camera = cameras.camera_of(order.camera, self._sleep_until)
        if order.camera.kind is CameraKind.SIMULATED:
            self._simulated = cast("SimulatedCamera", self._camera)
        if order.scene is not None:
            self._take(SetScene(scene=order.scene))
        self._take(SetFault(fault=order.fault))
        self._camera.open()
        self._achieved += sandbox.leave_files(cameras.readable(order.camera))
        self.say(
            Ready(
                camera=short(self._camera.name),
                sandbox=self._achieved,
                use_zbar=finding.usable,
                zbar=short(finding.message),
            )
        )

    def _capture(self) -> Frame | None:
        try:
            frame = self._camera.capture(CAPTURE_TIMEOUT_S)
        except DriverError as error:
            if error.kind is ErrorKind.TIMEOUT:
                self._report_health()
                return None
            self._damaged += 1
            if error.kind is not ErrorKind.CORRUPT or self._damaged > DAMAGED_MAX:
                raise
            self.say(Failed(kind=error.kind, message=short(str(error)), fatal=False))
            return None
        self._damaged = 0
        return frame

    def _look(self, frame: Frame) -> None:
        self._captured_ns = frame.captured_ns
        self.say(Looking(captured_ns=frame.captured_ns))
        for sighting in self._reader.look(frame):
            self.say(
                Seen(
                    payload=sighting.payload,
                    problem=sighting.problem,
                    engine=sighting.engine,
                    captured_ns=sighting.captured_ns,
                    decoded_ns=time.monotonic_ns(),
                )
            )
        self._frames += 1
        if time.monotonic_ns() >= self._health_due_ns:
            self._measure(frame)
            self._report_health()
        self.say(Looked(captured_ns=frame.captured_ns))

    def _measure(self, frame: Frame) -> None:
        health = self._health_of(frame.luma)
        self._measured = (health.luma_mean, health.focus, health.view)

    def _report_health(self) -> None:
        now_ns = time.monotonic_ns()
        frames, since_ns = self._health_frames
        self._health_frames = (self._frames, now_ns)
        self._health_due_ns = now_ns + HEALTH_PERIOD_NS
        luma_mean, focus, view = self._measured
        pages = int(os.pread(self._statm, 128, 0).split()[1])
        self.say(
            Health(
                captured_ns=self._captured_ns,
                frame_age_ns=now_ns - self._captured_ns if self._captured_ns else 0,
                luma_mean=luma_mean,
                focus=focus,
                view=view,
                frames=self._frames,
                fps=(self._frames - frames) * NS_PER_S / max(1, now_ns - since_ns),
                rss_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
            )
        )

    def _sleep_until(self, until_ns: int) -> None:
        """A simulated camera waits for its frame: orders are taken meanwhile."""
        self._obey(timeout_s=max(0, until_ns - time.monotonic_ns()) / NS_PER_S)

    def _obey(self, timeout_s: float) -> None:
        for order in self._receive(timeout_s):
            self._take(order)

    def _receive(self, timeout_s: float | None) -> list[FromParent]:
        ready, _, _ = select.select([self._link], [], [], timeout_s)
        if not ready:
            return []
        data = self._link.recv(RECEIVE_BYTES)
        if not data:
            raise _ParentGoneError
        return self._inbox.feed(data)

    def _take(self, order: FromParent) -> None:
        """Scenes and faults are for a simulated camera; a real one has neither."""
        match order:
            case SetScene():
                if self._simulated is not None:
                    self._simulated.show(order.scene, order.at_ns)
            case SetFault():
                if self._simulated is not None:
                    self._simulated.inject(order.fault)
            case Open():
                raise WireError("opened twice")


def main(argv: list[str]) -> int:
    """The process.

    Args:
        argv: the inherited socket's descriptor and the parent's process id.

    Returns:
        `EXIT_ASKED` when the parent went, `EXIT_CAMERA`, or `EXIT_BUG`.
    """
    descriptor, parent_pid = (int(word) for word in argv)
    link = socket.socket(fileno=descriptor)
    try:
        sandbox.die_with(parent_pid)
        process = VisionProcess(link, sandbox.leave_network())
    except ProcessLookupError:
        return EXIT_ASKED
    return _run(process)


def _run(process: VisionProcess) -> int:
    try:
        try:
            process.run()
        except DriverError as error:
            process.say(Failed(kind=error.kind, message=short(str(error))))
            return EXIT_CAMERA
        except (_ParentGoneError, KeyboardInterrupt):
            return EXIT_ASKED
        except Exception as error:  # noqa: BLE001 - the parent is told, then it is over
            process.say(Failed(kind="bug", message=short(f"{type(error).__name__}: {error}")))
            return EXIT_BUG
    except _ParentGoneError:
        return EXIT_ASKED
    return EXIT_ASKED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
