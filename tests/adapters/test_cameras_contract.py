"""The camera's port, kept by every camera: simulated, pictures, USB and Pi on their seams."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drivers.api import Camera, DriverError, ErrorKind
from drivers.picamera import PiCamera, Picture, Plan, Settings
from drivers.picturecamera import PictureCamera
from drivers.sim.camera import SimulatedCamera
from drivers.v4l2camera import V4l2Camera
from drivers.v4l2kernel import Layout, RawPicture

WIDTH, HEIGHT = 327, 243
"""Odd on purpose: frames must be cropped to multiples of 8."""
PERIOD_NS = 20_000_000


class Device:
    """A camera behind a seam: makes a picture every 20 ms of virtual time, keeps the newest."""

    card = model = "test camera"

    def __init__(self, clock: "Clock") -> None:
        self.clock = clock
        self.start_ns: int | None = None
        self.taken = 0
        self.closed = 0

    def waited(self, timeout_s: float) -> int | None:
        """Number of the newest picture not taken yet, waiting for one if need be."""
        assert self.start_ns is not None, "asked before it was started"
        newest = (self.clock.now_ns - self.start_ns) // PERIOD_NS
        if newest <= self.taken:
            due_ns = self.start_ns + (self.taken + 1) * PERIOD_NS
            deadline_ns = self.clock.now_ns + round(timeout_s * 1e9)
            self.clock.now_ns = min(due_ns, deadline_ns)
            if due_ns > deadline_ns:
                return None
            newest = self.taken + 1
        self.taken = newest
        return newest

    def begin(self) -> None:
        assert self.start_ns is None, "started twice"
        self.start_ns = self.clock.now_ns

    def when(self, number: int) -> int:
        assert self.start_ns is not None
        return self.start_ns + number * PERIOD_NS


class Clock:
    """A clock that only moves when somebody waits."""

    def __init__(self) -> None:
        self.now_ns = 10**12

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)

    def sleep_until(self, until_ns: int) -> None:
        self.now_ns = max(self.now_ns, until_ns)


class UsbDevice(Device):
    """`VideoStream` of a camera with YUYV only."""

    def fourccs(self) -> list[bytes]:
        return [b"YUYV"]

    def propose(self, fourcc: bytes, width_px: int, height_px: int, fps: float) -> Layout:
        assert fourcc == b"YUYV"
        return Layout(fourcc, width_px, height_px, 2 * width_px + 10, fps)

    def start(self) -> None:
        self.begin()

    def newest(self, timeout_s: float) -> RawPicture | None:
        number = self.waited(timeout_s)
        if number is None:
            return None
        rows = np.zeros((HEIGHT, 2 * WIDTH + 10), np.uint8)
        rows[:, ::2] = 90
        return RawPicture(rows.tobytes(), self.when(number), number)

    def close(self) -> None:
        self.closed += 1


class PiDevice(Device):
    """`Sensor` with padded YUV420 rows."""

    def ranges(self) -> dict[str, tuple[int, int]]:
        return {}

    def start(self, plan: Plan) -> tuple[int, int]:
        self.begin()
        return plan.size

    def newest(self, timeout_s: float) -> Picture | None:
        number = self.waited(timeout_s)
        if number is None:
            return None
        rows = np.full((HEIGHT * 3 // 2, WIDTH + 25), 90, np.uint8)
        return Picture(rows, self.when(number), number)

    def stop(self) -> None:
        self.closed += 1


def simulated(clock: Clock, _folder: Path) -> Camera:
    return SimulatedCamera(WIDTH, HEIGHT, fps=50, clock=clock, sleep_until=clock.sleep_until)


def pictures(clock: Clock, folder: Path) -> Camera:
    Image.new("L", (60, 40), 90).save(folder / "one.png")
    return PictureCamera(folder, WIDTH, HEIGHT, fps=50, clock=clock, sleep=clock.sleep)


def usb(clock: Clock, folder: Path) -> Camera:
    return V4l2Camera(folder, WIDTH, HEIGHT, 50, connect=lambda _: UsbDevice(clock), clock=clock)


def pi(clock: Clock, _folder: Path) -> Camera:
    settings = Settings(width_px=WIDTH, height_px=HEIGHT)
    return PiCamera(lambda: PiDevice(clock), settings, clock=clock, boot_clock=clock)


Make = Callable[[Clock, Path], Camera]
every_camera = pytest.mark.parametrize("make", [simulated, pictures, usb, pi])


@every_camera
def test_frames_are_as_the_reader_takes_them(make: Make, tmp_path: Path) -> None:
    """Grey bytes in one piece, sides divisible by 8, exposed in the past."""
    clock = Clock()
    camera = make(clock, tmp_path)
    camera.open()
    frame = camera.capture(1)
    assert frame.luma.shape == (240, 320)
    assert frame.luma.dtype == np.uint8
    assert frame.luma.flags.c_contiguous
    assert frame.captured_ns <= clock()


@every_camera
def test_no_frame_is_handed_out_twice(make: Make, tmp_path: Path) -> None:
    """Numbers and times only grow, and a late caller gets the newest one."""
    clock = Clock()
    camera = make(clock, tmp_path)
    camera.open()
    frames = [camera.capture(1)]
    for _ in range(3):
        clock.sleep(0.21)
        frames.append(camera.capture(1))
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] - numbers[0] >= 30
    times = [frame.captured_ns for frame in frames]
    assert times == sorted(set(times))
    assert clock() - frames[-1].captured_ns <= PERIOD_NS


@every_camera
def test_no_frame_in_time_is_a_timeout(make: Make, tmp_path: Path) -> None:
    """Less than a frame's time: TIMEOUT, and the next call has its frame."""
    camera = make(Clock(), tmp_path)
    camera.open()
    camera.capture(1)
    with pytest.raises(DriverError) as late:
        camera.capture(0.005)
    assert late.value.kind is ErrorKind.TIMEOUT
    assert camera.capture(1).number >= 2


@every_camera
def test_closed_camera_gives_nothing_and_opens_again(make: Make, tmp_path: Path) -> None:
    """Closing twice is closing once; after that there is no frame until it is open again."""
    camera = make(Clock(), tmp_path)
    camera.open()
    camera.close()
    camera.close()
    with pytest.raises(DriverError) as closed:
        camera.capture(1)
    assert closed.value.kind is ErrorKind.MISSING
    camera.open()
    assert camera.capture(1).luma.any()
