"""The USB camera: the format it agrees on, luma out of each, and damage passed over."""

import ctypes
import errno
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drivers import v4l2kernel
from drivers.api import DriverError, ErrorKind
from drivers.v4l2camera import V4l2Camera
from drivers.v4l2kernel import KernelStream, Layout, RawPicture, error_kind

LUMA = np.arange(16 * 24, dtype=np.uint8).reshape(16, 24)


class Stream:
    """A camera with those formats and rates, whose pictures were made beforehand."""

    card = "test camera"

    def __init__(self, rates: dict[bytes, float], *pictures: bytes) -> None:
        self.rates = rates
        self.pictures = [RawPicture(data, 1, n) for n, data in enumerate(pictures)]
        self.agreed: Layout | None = None
        self.started = self.closed = False

    def fourccs(self) -> list[bytes]:
        return list(self.rates)

    def propose(self, fourcc: bytes, width_px: int, height_px: int, fps: float) -> Layout:
        assert not self.started, "negotiated while streaming"
        assert fourcc in self.rates
        stride = 64 if fourcc == b"YUYV" else 32
        rate = min(fps, self.rates[fourcc])
        self.agreed = Layout(fourcc, width_px, height_px, stride, rate)
        return self.agreed

    def start(self) -> None:
        assert self.agreed is not None, "started without a format"
        self.started = True

    def newest(self, timeout_s: float) -> RawPicture | None:
        assert self.started
        assert timeout_s > 0
        return self.pictures.pop(0) if self.pictures else None

    def close(self) -> None:
        self.closed = True


def opened(stream: Stream) -> V4l2Camera:
    camera = V4l2Camera(Path("video"), 24, 16, 30, connect=lambda _: stream)
    camera.open()
    return camera


def planar() -> bytes:
    """GREY, or the beginning of NV12, with padded rows."""
    return np.pad(LUMA, ((0, 8), (0, 8))).tobytes()


def packed() -> bytes:
    """YUYV with padded rows."""
    rows = np.full((16, 64), 128, np.uint8)
    rows[:, :48:2] = LUMA
    return rows.tobytes()


@pytest.mark.parametrize(
    ("fourcc", "data"),
    [(b"GREY", planar()), (b"NV12", planar()), (b"YU12", planar()), (b"YUYV", packed())],
)
def test_luma_of_each_raw_format(fourcc: bytes, data: bytes) -> None:
    """Padding and colour are left behind, the luma is exact."""
    frame = opened(Stream({fourcc: 30}, data)).capture(1)
    assert np.array_equal(frame.luma, LUMA)


def test_luma_of_motion_jpeg() -> None:
    """A colour JPEG comes out as its luma, damaged ones before it are passed over."""
    stored = io.BytesIO()
    Image.new("RGB", (24, 16), (200, 200, 200)).save(stored, "JPEG")
    good = stored.getvalue()
    frame = opened(Stream({b"MJPG": 30}, b"", good[:40], good)).capture(1)
    assert frame.number == 2
    assert np.all(np.abs(frame.luma.astype(int) - 200) <= 2)


@pytest.mark.parametrize(
    ("rates", "agreed"),
    [
        ({b"MJPG": 30, b"YUYV": 30}, b"YUYV"),
        ({b"MJPG": 30, b"YUYV": 5}, b"MJPG"),
        ({b"YUYV": 5, b"NV12": 8}, b"NV12"),
        ({b"YUYV": 30, b"GREY": 30, b"H264": 30}, b"GREY"),
    ],
)
def test_format_that_gives_luma_soonest(rates: dict[bytes, float], agreed: bytes) -> None:
    """Raw where it is fast enough, else Motion JPEG, else the fastest raw one."""
    stream = Stream(rates)
    opened(stream)
    assert stream.agreed is not None
    assert stream.agreed.fourcc == agreed


def test_camera_without_a_readable_format() -> None:
    """UNSUPPORTED, naming what it has, and nothing stays open."""
    stream = Stream({b"H264": 30})
    with pytest.raises(DriverError, match="H264") as refused:
        opened(stream)
    assert refused.value.kind is ErrorKind.UNSUPPORTED
    assert stream.closed


def test_nothing_but_damage_is_corrupt() -> None:
    """When all that came was damaged, that is what is wrong, and not the time."""
    with pytest.raises(DriverError) as damaged:
        opened(Stream({b"MJPG": 30}, b"\xff\xd8", b"")).capture(1)
    assert damaged.value.kind is ErrorKind.CORRUPT


def test_truncated_raw_picture_is_damage() -> None:
    """Fewer bytes than rows: not a picture."""
    with pytest.raises(DriverError) as damaged:
        opened(Stream({b"GREY": 30}, planar()[:100])).capture(1)
    assert damaged.value.kind is ErrorKind.CORRUPT


def test_no_such_device(tmp_path: Path) -> None:
    """The kernel's answer becomes the technician's word."""
    with pytest.raises(DriverError) as missing:
        KernelStream(tmp_path / "video9")
    assert missing.value.kind is ErrorKind.MISSING


def test_file_is_no_camera(tmp_path: Path) -> None:
    """What is there but takes no video calls is refused as such."""
    (tmp_path / "video0").touch()
    with pytest.raises(DriverError) as refused:
        KernelStream(tmp_path / "video0")
    assert refused.value.kind is ErrorKind.UNSUPPORTED


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENODEV, ErrorKind.MISSING),
        (errno.EBUSY, ErrorKind.BUSY),
        (errno.EACCES, ErrorKind.DENIED),
        (errno.EIO, ErrorKind.FAILED),
    ],
)
def test_errno_to_kind(number: int, kind: ErrorKind) -> None:
    """Each errno has the kind that says where to look."""
    assert error_kind(number) is kind


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="numbers of 64-bit Linux")
def test_calls_are_the_kernels() -> None:
    """Call numbers carry the size of their structure: these are what a C compiler makes of
    linux/videodev2.h on 64 bits."""
    assert {
        name: getattr(v4l2kernel, name)
        for name in ("QUERYCAP", "ENUM_FMT", "S_FMT", "REQBUFS", "QUERYBUF", "QBUF", "DQBUF")
    } == {
        "QUERYCAP": 0x80685600,
        "ENUM_FMT": 0xC0405602,
        "S_FMT": 0xC0D05605,
        "REQBUFS": 0xC0145608,
        "QUERYBUF": 0xC0585609,
        "QBUF": 0xC058560F,
        "DQBUF": 0xC0585611,
    }
    assert (v4l2kernel.STREAMON, v4l2kernel.STREAMOFF) == (0x40045612, 0x40045613)
    assert (v4l2kernel.S_PARM, v4l2kernel.S_CTRL) == (0xC0CC5616, 0xC008561C)
