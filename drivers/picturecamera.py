"""A folder of pictures, one picture, or a film, shown to the code reader as if by a camera.

Each picture stays before the lens for a while, then the next, then from the start again; a
film's pictures are its own. Reads what Pillow reads, animated GIF, PNG and WebP with all their
frames, and Motion JPEG (`.mjpeg`, and `.avi` as cameras record it).
"""

from __future__ import annotations

import io
import mmap
import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from drivers.api import Clock, DriverError, ErrorKind, Frame
from drivers.lumaplane import SIDE_MULTIPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
    Load = Callable[[], Luma]

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".pgm")
FILMS = (".mjpeg", ".mjpg", ".avi")
PICTURES_MAX = 10_000
"""In a folder or a film; more are an error and not a silent choice."""
SIDE_PX_MAX = 12_000
"""Of a picture in a file: a longer one is a decompression bomb or a mistake."""
FPS = 10.0
SURROUND_LEVEL = 128
_JPEG_START = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"


class PictureCamera:
    """Pictures in their order of name; see `drivers.api.Camera`.

    Every frame has the same size: a larger picture is taken down to it, a smaller one lies in
    its middle on grey.
    """

    def __init__(
        self,
        path: Path,
        width_px: int,
        height_px: int,
        *,
        show_ms: int = 1_000,
        fps: float = FPS,
        clock: Clock = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """A camera that has not looked yet.

        Args:
            path: a folder, a picture or a film.
            width_px: of the frame, cropped to a multiple of 8, as is the height.
            height_px: of the frame.
            show_ms: how long each picture is shown, in as many frames as fit.
            fps: frames a second.
            clock: monotonic nanoseconds.
            sleep: waits so many seconds.
        """
        self.name = f"pictures in {path}"
        self._path = path
        self._size = (width_px - width_px % SIDE_MULTIPLE, height_px - height_px % SIDE_MULTIPLE)
        self._period_ns = round(1e9 / fps)
        self._frames_each = max(1, round(show_ms * fps / 1_000))
        self._clock = clock
        self._sleep = sleep
        self._loads: list[Load] = []
        self._shown: tuple[int, Luma] | None = None
        self._start_ns = 0
        self._number = 0

    def open(self) -> None:
        """Find the pictures and read the head of each.

        Raises:
            DriverError: nothing there, nothing to read in it, or a file that is no picture; the
                message names it.
        """
        Image.init()  # its plugins are modules, and are looked for now and not later
        try:
            self._loads = list(self._find())
        except FileNotFoundError as error:
            raise self._error(ErrorKind.MISSING, f"{self._path} does not exist") from error
        except PermissionError as error:
            raise self._error(ErrorKind.DENIED, f"{error.filename} may not be read") from error
        if not self._loads:
            known = " ".join(PICTURES + FILMS)
            raise self._error(ErrorKind.MISSING, f"no picture in {self._path}; known are {known}")
        self._shown = None
        self._number = 0
        self._start_ns = self._clock()

    def capture(self, timeout_s: float) -> Frame:
        """The picture whose turn it is.

        Raises:
            DriverError: kind CORRUPT, naming the file, when its turn has come and it can't be
                decoded; the next ones still can. TIMEOUT when no frame is due in time.
        """
        if not self._loads:
            raise self._error(ErrorKind.MISSING, "not open")
        now_ns = self._clock()
        newest = (now_ns - self._start_ns) // self._period_ns
        number = max(newest, self._number + 1)
        due_ns = self._start_ns + number * self._period_ns
        if due_ns - now_ns > timeout_s * 1e9:
            self._sleep(timeout_s)
            raise self._error(ErrorKind.TIMEOUT, f"no frame within {timeout_s} s")
        self._sleep(max(0, due_ns - now_ns) / 1e9)
        self._number = number
        index = number // self._frames_each % len(self._loads)
        if self._shown is None or self._shown[0] != index:
            self._shown = None
            self._shown = (index, self._loads[index]())
        return Frame(luma=self._shown[1], captured_ns=due_ns, number=number)

    def close(self) -> None:
        """Forget the pictures. Idempotent."""
        self._loads = []
        self._shown = None

    def _find(self) -> Iterator[Load]:
        if not self._path.is_dir():
            yield from self._of_file(self._path)
            return
        files = sorted(file for file in self._path.iterdir() if file.suffix.lower() in PICTURES)
        if len(files) > PICTURES_MAX:
            raise self._error(
                ErrorKind.FULL, f"{len(files)} pictures in {self._path}, limit {PICTURES_MAX}"
            )
        for file in files:
            yield from self._of_file(file)

    def _of_file(self, file: Path) -> Iterator[Load]:
        """How to load each picture of that file."""
        if file.suffix.lower() in FILMS:
            spans = self._film_spans(file)
            yield from (partial(self._load_span, file, start, end) for start, end in spans)
            return
        try:
            with Image.open(file) as image:
                if max(image.size) > SIDE_PX_MAX:
                    wide, high = image.size
                    raise self._error(
                        ErrorKind.UNSUPPORTED,
                        f"{file}: {wide}x{high} px, limit {SIDE_PX_MAX} a side",
                    )
                frames = min(getattr(image, "n_frames", 1), PICTURES_MAX)
        except FileNotFoundError:
            raise
        except (OSError, Image.DecompressionBombError, SyntaxError) as error:
            if isinstance(error, PermissionError):
                raise
            raise self._error(
                ErrorKind.UNSUPPORTED,
                f"{file} is no picture that can be read; turn a film into pictures first, for "
                f"example: ffmpeg -i FILM -vf fps=10 FOLDER/%05d.png",
            ) from error
        yield from (partial(self._load_image, file, frame) for frame in range(frames))

    def _film_spans(self, file: Path) -> list[tuple[int, int]]:
        """Where the pictures of a Motion JPEG lie in their file."""
        spans: list[tuple[int, int]] = []
        if file.stat().st_size == 0:
            raise self._error(ErrorKind.CORRUPT, f"{file} is empty")
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ) as data:
            start = data.find(_JPEG_START)
            while start >= 0 and len(spans) < PICTURES_MAX:
                following = data.find(_JPEG_START, start + len(_JPEG_START))
                last = data.rfind(_JPEG_END, start, following if following > 0 else len(data))
                if last > 0:
                    spans.append((start, last + len(_JPEG_END)))
                start = following
        if not spans:
            raise self._error(
                ErrorKind.UNSUPPORTED,
                f"{file} holds no Motion JPEG; convert it, for example: "
                f"ffmpeg -i {file.name} -c:v mjpeg -q:v 3 film.mjpeg",
            )
        return spans

    def _load_span(self, file: Path, start: int, end: int) -> Luma:
        with file.open("rb") as opened:
            opened.seek(start)
            data = opened.read(end - start)
        return self._load(file, lambda: Image.open(io.BytesIO(data), formats=("JPEG",)), 0)

    def _load_image(self, file: Path, frame: int) -> Luma:
        return self._load(file, lambda: Image.open(file), frame)

    def _load(self, file: Path, read: Callable[[], Image.Image], frame: int) -> Luma:
        """One picture as a frame.

        Raises:
            DriverError: CORRUPT, or MISSING where the file has gone.
        """
        try:
            with read() as image:
                if frame:
                    image.seek(frame)
                return _framed(image, self._size)
        except FileNotFoundError as error:
            raise self._error(ErrorKind.CORRUPT, f"{file} has gone") from error
        except (OSError, EOFError, SyntaxError, ValueError) as error:
            raise self._error(ErrorKind.CORRUPT, f"{file} is damaged: {error}") from error

    def _error(self, kind: ErrorKind, message: str) -> DriverError:
        return DriverError(kind, "picture camera", message)


def _framed(image: Image.Image, size: tuple[int, int]) -> Luma:
    """Upright, in grey, no larger than the frame, in its middle."""
    image.draft("L", size)
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):
        upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
    if upright.has_transparency_data:
        page = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(page, upright.convert("RGBA"))
    grey = upright.convert("L")
    grey.thumbnail(size, Image.Resampling.LANCZOS)
    frame = Image.new("L", size, SURROUND_LEVEL)
    frame.paste(grey, ((size[0] - grey.width) // 2, (size[1] - grey.height) // 2))
    return np.asarray(frame)
