"""The simulated camera: what it shows is read by a real decoder, and its faults are real ones."""

import time

import numpy as np
import pytest
import zxingcpp

from drivers.api import DriverError, ErrorKind, Frame
from drivers.framehealth import View, measure
from drivers.sim.camera import EXPOSURE_NS, SimulatedCamera
from drivers.sim.scene import CameraFault, Medium, Scene

PAYLOAD = bytes(range(256))[157:] + b"\x00\xff\xfe"
"""Binary on purpose: what is shown must come back byte for byte."""
MS = 1_000_000


class Clock:
    """A clock that only moves when somebody waits."""

    def __init__(self) -> None:
        self.now_ns = 5_000 * MS

    def __call__(self) -> int:
        return self.now_ns

    def sleep_until(self, until_ns: int) -> None:
        self.now_ns = max(self.now_ns, until_ns)


def camera(clock: Clock | None = None, seed: int = 7) -> SimulatedCamera:
    """An open camera on virtual time."""
    clock = clock or Clock()
    made = SimulatedCamera(seed=seed, fps=20, clock=clock, sleep_until=clock.sleep_until)
    made.open()
    return made


def read(frame: Frame) -> list[bytes]:
    """What a real decoder reads in it."""
    found = zxingcpp.read_barcodes(frame.luma)
    return [code.bytes for code in found]


@pytest.mark.parametrize("medium", Medium)
@pytest.mark.parametrize(
    "scene",
    [
        Scene(),
        Scene(tilt_deg=35, roll_deg=20),
        Scene(tilt_deg=-30, roll_deg=180),
        Scene(distance_mm=120, offset_mm=(8, -6)),
        Scene(distance_mm=380),
        Scene(defocus_px=2),
        Scene(motion_px=5),
        Scene(glare=0.7),
        Scene(brightness=0.35),
        Scene(brightness=1.3),
        Scene(dark_mode=True),
        Scene(dark_mode=True, tilt_deg=25, defocus_px=1.5),
    ],
    ids=str,
)
def test_shown_code_is_read(medium: Medium, scene: Scene) -> None:
    """In every medium and in moderate trouble, the decoder gives back the very bytes."""
    shown = Scene(
        **{field: getattr(scene, field) for field in scene.__struct_fields__}
        | {"payload": PAYLOAD, "medium": medium}
    )
    with_code = camera()
    with_code.show(shown)
    with_code.capture(1)
    assert read(with_code.capture(1)) == [PAYLOAD]


def test_hopeless_view_is_not_read() -> None:
    """The simulation is no picture book: far out of focus, nothing is read."""
    lane = camera()
    lane.show(Scene(payload=PAYLOAD, defocus_px=16))
    lane.capture(1)
    assert read(lane.capture(1)) == []


def test_empty_lane_holds_no_code() -> None:
    """Nobody there: a textured background, noise, and nothing to read."""
    frame = camera().capture(1)
    assert read(frame) == []
    assert measure(frame.luma).view is View.GOOD
    assert frame.luma.std() > 5


def test_same_seed_same_pixels() -> None:
    """Seed, scene and number decide every pixel; another seed, another picture."""
    frames = [camera(seed=seed).capture(1).luma.copy() for seed in (3, 3, 4)]
    assert np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[0], frames[2])


def test_noise_differs_from_frame_to_frame() -> None:
    """Two frames of one scene differ by the noise, and only by that."""
    lane = camera()
    first, second = lane.capture(1).luma.copy(), lane.capture(1).luma
    difference = np.abs(first.astype(int) - second)
    assert difference.max() <= 16
    assert difference.mean() > 1


def test_scene_is_in_the_exposure_that_begins_after_it() -> None:
    """A code shown after an exposure began is in the next frame and not in this one."""
    clock = Clock()
    lane = camera(clock)
    before = lane.capture(1)
    due_ns = before.captured_ns + 50 * MS
    lane.show(Scene(payload=PAYLOAD), due_ns - EXPOSURE_NS + 1)
    during = lane.capture(1)
    assert during.captured_ns == due_ns
    assert read(during) == []
    assert read(lane.capture(1)) == [PAYLOAD]


def test_announced_scene_comes_in_time() -> None:
    """Scenes announced ahead appear at their own moments, and go when the next one comes."""
    clock = Clock()
    lane = camera(clock)
    start_ns = lane.capture(1).captured_ns
    lane.show(Scene(payload=PAYLOAD), start_ns + 50 * MS)
    lane.show(Scene(), start_ns + 150 * MS)
    seen = [bool(read(lane.capture(1))) for _ in range(4)]
    assert seen == [False, True, True, False]


def test_late_caller_gets_the_newest_frame() -> None:
    """Frames missed are dropped, and the number says how many."""
    clock = Clock()
    lane = camera(clock)
    first = lane.capture(1)
    clock.now_ns += 430 * MS
    second = lane.capture(1)
    assert second.number == first.number + 8
    assert clock.now_ns - second.captured_ns < 50 * MS


@pytest.mark.parametrize(
    ("fault", "view"),
    [
        (CameraFault.BLACK, View.BLACK),
        (CameraFault.COVERED, View.BLACK),
        (CameraFault.BLINDED, View.BLINDED),
    ],
)
def test_faults_of_sight(fault: CameraFault, view: View) -> None:
    """A blind camera goes on giving frames, and its picture says what is wrong."""
    lane = camera()
    lane.show(Scene(payload=PAYLOAD))
    lane.inject(fault)
    assert measure(lane.capture(1).luma).view is view
    lane.inject(CameraFault.NONE)
    assert read(lane.capture(1)) == [PAYLOAD]


def test_frozen_camera_times_out() -> None:
    """`freeze`: no frame in time; whole again, the next one comes."""
    lane = camera()
    lane.inject(CameraFault.FREEZE)
    with pytest.raises(DriverError) as stalled:
        lane.capture(0.5)
    assert stalled.value.kind is ErrorKind.TIMEOUT
    lane.inject(CameraFault.NONE)
    assert lane.capture(1).number > 0


def test_missing_camera() -> None:
    """`go_missing`: neither a frame nor opening anew, until it is plugged in again."""
    lane = camera()
    lane.inject(CameraFault.GO_MISSING)
    for attempt in (lambda: lane.capture(1), lane.open):
        with pytest.raises(DriverError) as gone:
            attempt()
        assert gone.value.kind is ErrorKind.MISSING
    lane.inject(CameraFault.NONE)
    lane.open()
    assert lane.capture(1).number == 1


def test_slow_camera_gives_one_of_ten() -> None:
    """`slow`: the frames come, ten times as far apart."""
    lane = camera()
    lane.inject(CameraFault.SLOW)
    first, second = lane.capture(2), lane.capture(2)
    assert second.number - first.number == 10
    assert second.captured_ns - first.captured_ns == 10 * 50 * MS


def test_frames_come_at_the_pace_of_the_real_clock() -> None:
    """On the real clock, frame numbers and times agree, and no frame is from the future."""
    lane = SimulatedCamera(320, 240, fps=50)
    lane.open()
    frames = [lane.capture(2) for _ in range(5)]
    assert all(frame.captured_ns <= time.monotonic_ns() for frame in frames)
    first, last = frames[0], frames[-1]
    assert last.captured_ns - first.captured_ns == (last.number - first.number) * 20 * MS
