"""Pictures as a camera: every format comes out as luma, and every bad file is named."""

import io
from pathlib import Path

import numpy as np
import pytest
import segno
import zxingcpp
from PIL import Image

from drivers.api import DriverError, ErrorKind, Frame
from drivers.picturecamera import FPS, PictureCamera


def pictured(level: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new("L", size, level)


def jpeg(level: int) -> bytes:
    """A JPEG of that grey."""
    stored = io.BytesIO()
    pictured(level).save(stored, "JPEG")
    return stored.getvalue()


class Clock:
    """A clock that only moves when somebody waits."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


def camera(path: Path, show_ms: int = 100) -> PictureCamera:
    """One picture a frame, on virtual time."""
    clock = Clock()
    return PictureCamera(path, 64, 48, show_ms=show_ms, clock=clock, sleep=clock.sleep)


def level(frame: Frame) -> int:
    """The grey in the middle."""
    return int(frame.luma[24, 32])


def shown(path: Path, frames: int, show_ms: int = 100) -> list[int]:
    """The grey of so many frames, to the nearest ten."""
    pictures = camera(path, show_ms)
    pictures.open()
    return [round(level(pictures.capture(1)), -1) for _ in range(frames)]


def test_folder_in_order_and_round_again(tmp_path: Path) -> None:
    """By name, whatever else lies there, and from the start again."""
    for name, grey in [("b.png", 50), ("a.jpg", 100), ("c.webp", 200)]:
        pictured(grey).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    assert shown(tmp_path, 6) == [50, 200, 100, 50, 200, 100]


def test_each_picture_is_shown_for_its_time(tmp_path: Path) -> None:
    """At ten frames a second, 300 ms are three frames."""
    for name, grey in [("1.png", 50), ("2.png", 100)]:
        pictured(grey).save(tmp_path / name)
    assert FPS == 10
    assert shown(tmp_path, 8, show_ms=300) == [50, 50, 100, 100, 100, 50, 50, 50]


def test_film_of_an_animated_picture(tmp_path: Path) -> None:
    """Each frame of a GIF is a picture."""
    film = tmp_path / "film.gif"
    pictured(50).save(film, save_all=True, append_images=[pictured(100), pictured(200)])
    assert shown(film, 4) == [100, 200, 50, 100]


def test_motion_jpeg(tmp_path: Path) -> None:
    """JPEGs one after the other, with a container's bytes between them."""
    film = tmp_path / "film.avi"
    film.write_bytes(b"RIFF1234AVI " + b"00dc".join(jpeg(grey) for grey in (50, 100, 200)))
    assert shown(film, 4) == [100, 200, 50, 100]


def test_large_picture_is_taken_down_and_still_read(tmp_path: Path) -> None:
    """A photograph larger than the frame fits in it, upright, and its code is read."""
    code = segno.make_qr(b"\xff\x00 test", error="m")
    page = Image.new("L", (3_000, 1_200), 255)
    stored = io.BytesIO()
    code.save(stored, kind="png", scale=20)
    page.paste(Image.open(stored).convert("L"), (200, 200))
    page.save(tmp_path / "large.png")
    pictures = PictureCamera(tmp_path, 640, 480)
    pictures.open()
    frame = pictures.capture(1)
    assert frame.luma.shape == (480, 640)
    assert [found.bytes for found in zxingcpp.read_barcodes(frame.luma)] == [b"\xff\x00 test"]


def test_sixteen_bits_and_transparency(tmp_path: Path) -> None:
    """A 16-bit picture keeps its grey; what is transparent is white paper."""
    Image.fromarray(np.full((48, 64), 100 << 8, np.uint16)).save(tmp_path / "a.png")
    Image.new("RGBA", (64, 48), (0, 0, 0, 0)).save(tmp_path / "b.png")
    assert shown(tmp_path, 2) == [260, 100]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("empty.mjpeg", b"", ErrorKind.CORRUPT),
        ("other.avi", b"RIFF no pictures in it", ErrorKind.UNSUPPORTED),
        ("film.mp4", b"\x00\x00\x00\x18ftypmp42", ErrorKind.UNSUPPORTED),
        ("fake.png", b"no picture at all", ErrorKind.UNSUPPORTED),
    ],
)
def test_file_that_is_no_picture_is_named(
    tmp_path: Path, name: str, content: bytes, kind: ErrorKind
) -> None:
    """Opening fails, names the file and says what to do."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DriverError, match=name) as refused:
        camera(tmp_path / name).open()
    assert refused.value.kind is kind


def test_bad_file_in_a_folder_is_named(tmp_path: Path) -> None:
    """One bad file among good ones is not passed over in silence."""
    pictured(50).save(tmp_path / "good.png")
    (tmp_path / "wrong.jpg").write_bytes(b"no JPEG")
    with pytest.raises(DriverError, match=r"wrong\.jpg"):
        camera(tmp_path).open()


def test_nothing_there(tmp_path: Path) -> None:
    """A folder without pictures, and no folder: MISSING, by name."""
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(DriverError, match=path.name) as missing:
            camera(path).open()
        assert missing.value.kind is ErrorKind.MISSING


def test_damaged_picture_is_named_and_passed(tmp_path: Path) -> None:
    """A truncated picture fails when its turn comes; the next ones are shown."""
    pictured(50).save(tmp_path / "1.png")
    Image.effect_noise((640, 480), 50).save(tmp_path / "2.png")
    whole = (tmp_path / "2.png").read_bytes()
    (tmp_path / "2.png").write_bytes(whole[: len(whole) // 2])
    pictures = camera(tmp_path)
    pictures.open()
    with pytest.raises(DriverError, match=r"2\.png") as damaged:
        pictures.capture(1)
    assert damaged.value.kind is ErrorKind.CORRUPT
    assert level(pictures.capture(1)) == 50


def test_oversized_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    """A decompression bomb is found by its head."""
    bomb = tmp_path / "bomb.pgm"
    bomb.write_bytes(b"P5 60000 1000 255\n")
    with pytest.raises(DriverError, match="60000x1000") as refused:
        camera(bomb).open()
    assert refused.value.kind is ErrorKind.UNSUPPORTED
