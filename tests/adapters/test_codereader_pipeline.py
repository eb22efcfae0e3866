"""The pipeline on frames: what is reported, what is suppressed, and that no code is overlooked."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import segno

from drivers import zbar, zxing
from drivers.api import Frame
from drivers.attention import IDLE_LOOK_NS, LINGER_NS
from drivers.codereader import (
    SUPPRESS_NS,
    SUPPRESSED_MAX,
    ZBAR_BUSY_SIDE_PX,
    ZBAR_EVERY_MISSES,
    CodeReader,
)
from drivers.sighting import (
    PAYLOAD_BYTES_MAX,
    Engine,
    Luma,
    Sighting,
    Symbol,
    Wholeness,
)
from gate.reasons import Reason

Read = Callable[[Luma], list[Symbol]]

FRAME_NS = 33_333_333
HEIGHT, WIDTH = 544, 728


def code_of(
    payload: str | bytes, *, scale: int = 4, mode: str | None = None, error: str | None = None
) -> Luma:
    """The code as (height, width) uint8 with its quiet zone."""
    code = segno.make(payload, micro=False, mode=mode, error=error)
    rows = list(code.matrix_iter(scale=scale, border=4))
    return np.where(np.array(rows) > 0, 0, 255).astype(np.uint8)


class Lane:
    """A camera before a grey wall, 30 frames a second, with a sensor's noise."""

    def __init__(self, reader: CodeReader | None = None, sigma: float = 2.0) -> None:
        self.reader = reader or CodeReader()
        self.number = 0
        self.scene = np.full((HEIGHT, WIDTH), 110.0)
        self._random = np.random.default_rng(5)
        self._sigma = sigma

    @property
    def now_ns(self) -> int:
        return self.number * FRAME_NS

    def show(self, picture: np.ndarray[Any, Any], left: int = 300, top: int = 200) -> None:
        """Hold a picture up, before the wall."""
        self.clear()
        self.scene[top : top + picture.shape[0], left : left + picture.shape[1]] = picture

    def clear(self) -> None:
        self.scene[:] = 110.0

    def frame(self) -> Frame:
        noisy = self.scene + self._random.normal(0, self._sigma, self.scene.shape)
        self.number += 1
        return Frame(noisy.clip(0, 255).astype(np.uint8), self.now_ns, self.number)

    def run(self, frames: int = 1) -> list[Sighting]:
        """Sightings of so many frames."""
        return [seen for _ in range(frames) for seen in self.reader.look(self.frame())]

    def run_ns(self, duration_ns: int) -> list[Sighting]:
        return self.run(-(-duration_ns // FRAME_NS))


def watched(read: Read, shapes: list[tuple[int, ...]]) -> Read:
    """An engine that notes the shape of what it is given."""

    def note(luma: Luma) -> list[Symbol]:
        shapes.append(luma.shape)
        return read(luma)

    return note


def payloads(sightings: list[Sighting]) -> list[bytes]:
    return [sighting.payload for sighting in sightings]


def test_code_is_reported_in_the_frame_that_brings_it() -> None:
    """No warming up, no confirmation by a second frame; the frame's own time, the whole frame's
    coordinates."""
    lane = Lane()
    lane.run(40)
    lane.show(code_of(b"GP1:FIRST"), left=300, top=200)
    (seen,) = lane.run()
    assert (seen.payload, seen.problem, seen.engine) == (b"GP1:FIRST", None, Engine.ZXING)
    assert seen.captured_ns == lane.now_ns
    expected = [(316, 216), (400, 216), (400, 300), (316, 300)]
    assert np.abs(np.array(seen.corners) - expected).max() < 6


def test_code_is_there_from_the_first_frame() -> None:
    """A reader that was restarted in the middle of a presentation sees it at once."""
    lane = Lane()
    lane.show(code_of(b"GP1:RESTART"))
    assert payloads(lane.run()) == [b"GP1:RESTART"]


def test_same_payload_is_reported_once_in_its_time() -> None:
    """Held up without end it comes again after the suppression, and not before."""
    lane = Lane()
    lane.show(code_of(b"GP1:HELD"))
    assert payloads(lane.run()) == [b"GP1:HELD"]
    assert lane.run_ns(SUPPRESS_NS - 2 * FRAME_NS) == []
    assert payloads(lane.run_ns(IDLE_LOOK_NS + 3 * FRAME_NS)) == [b"GP1:HELD"]


def test_same_payload_is_suppressed_also_when_it_comes_back() -> None:
    """Taken away and shown again at once is still the same showing."""
    lane = Lane()
    code = code_of(b"GP1:BACK")
    lane.show(code)
    assert payloads(lane.run()) == [b"GP1:BACK"]
    lane.clear()
    assert lane.run(5) == []
    lane.show(code, left=120)
    assert lane.run(5) == []


def test_another_payload_is_never_delayed() -> None:
    """The next visitor's code is reported in its first frame, whatever was seen just before."""
    lane = Lane()
    for number in range(12):
        lane.show(code_of(f"GP1:VISITOR-{number}"))
        assert payloads(lane.run()) == [f"GP1:VISITOR-{number}".encode()]


def test_two_codes_in_one_frame_are_both_reported() -> None:
    """Two visitors, or a sheet with two codes."""
    lane = Lane()
    lane.run(3)
    lane.show(np.hstack([code_of(b"GP1:LEFT"), code_of(b"GP1:RIGHT")]), left=200)
    assert sorted(payloads(lane.run())) == [b"GP1:LEFT", b"GP1:RIGHT"]


def test_suppression_remembers_a_bounded_number_of_payloads() -> None:
    """Somebody who cycles through codes cannot make the reader grow."""
    reader = CodeReader()
    lane = Lane(reader, sigma=0)
    for number in range(SUPPRESSED_MAX + 8):
        lane.show(code_of(f"GP1:{number:04}"))
        lane.run()
    assert len(reader._reported_ns) == SUPPRESSED_MAX


def test_clock_that_goes_back_suppresses_nothing() -> None:
    """Frames of another source carry other times; a payload is not lost to that."""
    reader = CodeReader()
    picture = np.full((HEIGHT, WIDTH), 255, np.uint8)
    code = code_of(b"GP1:CLOCK")
    picture[200 : 200 + code.shape[0], 300 : 300 + code.shape[1]] = code
    assert payloads(reader.look(Frame(picture, 10**12, 1))) == [b"GP1:CLOCK"]
    assert payloads(reader.look(Frame(picture[:, 8:].copy(), 5, 2))) == [b"GP1:CLOCK"]


def test_part_of_a_series_is_refused_by_name_once() -> None:
    """A phone that shows one part after the other is told once, and no part gets through."""
    lane = Lane()
    codes = segno.make_sequence(b"GP1:" + b"0123456789ABCDEF" * 8, symbol_count=3)
    seen = []
    for code in codes:
        rows = np.array(list(code.matrix_iter(scale=4, border=4)))
        lane.show(np.where(rows > 0, 0, 255))
        seen += lane.run(4)
    assert [(sighting.payload, sighting.problem) for sighting in seen] == [(b"", Reason.CODE_SPLIT)]


def test_payload_over_the_limit_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The length is looked at before anybody parses; the payload does not leave the reader."""
    long = Symbol(payload=b"9" * (PAYLOAD_BYTES_MAX + 1), engine=Engine.ZXING)
    monkeypatch.setattr(zxing, "read", lambda _: [long])
    (seen,) = Lane().run()
    assert (seen.payload, seen.problem) == (b"", Reason.CODE_TOO_LONG)


def test_longest_digits_code_is_too_long() -> None:
    """7,089 digits fit a QR code, and are no credential."""
    picture = code_of("7" * 7_089, scale=3)
    (seen,) = CodeReader().look(Frame(picture, 0, 1))
    assert (seen.payload, seen.problem) == (b"", Reason.CODE_TOO_LONG)


def test_hostile_binary_of_three_kilobytes_is_bytes() -> None:
    """Delivered exactly; what it means is the verifier's business."""
    hostile = bytes(range(256)) * 11
    picture = code_of(hostile, scale=3, mode="byte", error="L")
    (seen,) = CodeReader().look(Frame(picture, 0, 1))
    assert seen.payload == hostile
    assert isinstance(seen.payload, bytes)


@pytest.mark.parametrize("ink", [(0, 255), (235, 20), (30, 60), (90, 130)])
def test_code_is_read_in_every_light(ink: tuple[int, int]) -> None:
    """Printed, dark mode, dim, washed out."""
    lane = Lane(sigma=1.5)
    lane.run(30)
    dark, light = ink
    screen = np.pad(code_of(b"GP1:LIGHT"), 40, constant_values=255)
    lane.show(np.where(screen == 0, dark, light))
    assert payloads(lane.run(3)) == [b"GP1:LIGHT"]


def test_code_that_is_brought_in_pixel_by_pixel_is_seen() -> None:
    """Slowness does not get past the change gate: what adds up is a change."""
    lane = Lane()
    lane.run(30)
    code = code_of(b"GP1:SLOW")
    seen = []
    for left in range(60):
        lane.show(code, left=left * 2)
        seen += lane.run()
    assert payloads(seen) == [b"GP1:SLOW"]


def test_code_that_fades_in_slowly_is_seen() -> None:
    """A screen that lights up over five seconds, a grey level every few frames."""
    lane = Lane()
    lane.run(30)
    code = code_of(b"GP1:FADE").astype(float)
    seen = []
    for step in range(150):
        lane.show(110 + (code - 110) * step / 150)
        seen += lane.run()
    assert set(payloads(seen)) == {b"GP1:FADE"}


def test_code_that_comes_into_focus_after_a_long_time_is_read() -> None:
    """It lay still and unreadable until nobody looked every frame; the focus itself is seen."""
    lane = Lane()
    sharp = code_of(b"GP1:FOCUS").astype(float)
    lane.show(np.full_like(sharp, sharp.mean()))
    assert lane.run_ns(LINGER_NS + 2 * IDLE_LOOK_NS) == []
    lane.show(sharp)
    assert payloads(lane.run(2)) == [b"GP1:FOCUS"]


def test_still_scene_is_looked_at_only_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty lane the decoder runs once a second, whatever the sensor's noise."""
    looks: list[tuple[int, ...]] = []
    monkeypatch.setattr(zxing, "read", watched(lambda _: [], looks))
    lane = Lane(sigma=6.0)
    lane.run_ns(LINGER_NS)
    looks.clear()
    lane.run(300)
    assert 9 <= len(looks) <= 12
    assert set(looks) == {(HEIGHT, WIDTH)}


def test_wrong_region_is_covered_by_the_full_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something else moves without end; the code that lies still elsewhere is read all the same."""
    lane = Lane(CodeReader(use_zbar=False))
    code = code_of(b"GP1:STILL")
    monkeypatch.setattr(zxing, "read", lambda _: [])
    lane.show(code, left=500, top=300)
    lane.run_ns(LINGER_NS + IDLE_LOOK_NS)
    monkeypatch.undo()
    shapes: list[tuple[int, ...]] = []
    monkeypatch.setattr(zxing, "read", watched(zxing.read, shapes))
    seen = []
    for step in range(8):
        lane.scene[20:120, 20:120] = 40 + 20 * step
        seen += lane.run()
    assert payloads(seen) == [b"GP1:STILL"]
    assert min(height * width for height, width in shapes) < HEIGHT * WIDTH / 2


def test_zbar_is_asked_on_every_fourth_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what it reads is reported as its own."""
    asked: list[tuple[int, ...]] = []
    turns = []
    found = Symbol(payload=b"GP1:ZBAR", engine=Engine.ZBAR)
    monkeypatch.setattr(zxing, "read", lambda _: [])
    monkeypatch.setattr(zbar, "read", watched(lambda _: [found], asked))
    lane = Lane()
    seen = []
    for level in range(16):
        lane.scene[200:300, 200:300] = 255 if level % 2 else 0
        seen += lane.run()
        turns.append(len(asked))
    assert turns == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4]
    assert [(sighting.payload, sighting.engine) for sighting in seen] == [
        (b"GP1:ZBAR", Engine.ZBAR)
    ]


def test_zbar_holds_up_no_frame_while_something_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets the large picture with fewer pixels and the middle of it in turns, and all of it
    again when the lane is quiet."""
    asked: list[tuple[int, ...]] = []
    monkeypatch.setattr(zxing, "read", lambda _: [])
    monkeypatch.setattr(zbar, "read", watched(lambda _: [], asked))
    reader = CodeReader()
    for number in range(17):
        picture = np.full((1_088, 1_456), 40 if number % 2 else 200, np.uint8)
        reader.look(Frame(picture, number * FRAME_NS, number))
    assert asked == [(544, 728), (ZBAR_BUSY_SIDE_PX, ZBAR_BUSY_SIDE_PX)] * 2
    asked.clear()
    quiet_ns = 20 * FRAME_NS + LINGER_NS
    for look in range(4):
        now_ns = quiet_ns + look * IDLE_LOOK_NS
        reader.look(Frame(np.full((1_088, 1_456), 200, np.uint8), now_ns, 100 + look))
    assert asked == [(1_088, 1_456)]


@pytest.mark.parametrize("turn", [1, 2], ids=["fewer pixels", "middle"])
def test_hurried_zbar_says_where_the_code_is(turn: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it was given, corners are those of the frame."""
    code = code_of(b"GP1:HURRIED", scale=8)
    reader = CodeReader()

    def look(number: int) -> list[Sighting]:
        picture = np.full((1_088, 1_456), 120 if number % 2 else 200, np.uint8)
        picture[400 : 400 + code.shape[0], 600 : 600 + code.shape[1]] = code
        return reader.look(Frame(picture, number * FRAME_NS, number))

    monkeypatch.setattr(zxing, "read", lambda _: [])
    with monkeypatch.context() as blind:
        blind.setattr(zbar, "read", lambda _: [])
        for number in range(turn * ZBAR_EVERY_MISSES - 1):
            assert look(number) == []
    (seen,) = look(turn * ZBAR_EVERY_MISSES - 1)
    assert (seen.payload, seen.engine) == (b"GP1:HURRIED", Engine.ZBAR)
    expected = [(632, 432), (800, 432), (800, 600), (632, 600)]
    assert np.abs(np.array(seen.corners) - expected).max() < 12


def test_unsafe_zbar_is_never_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where libzbar is missing or unpatched the lane runs on one engine."""
    monkeypatch.setattr(zxing, "read", lambda _: [])
    monkeypatch.setattr(zbar, "read", lambda _: pytest.fail("called"))
    lane = Lane(CodeReader(use_zbar=False))
    for level in range(16):
        lane.scene[200:300, 200:300] = 255 if level % 2 else 0
        assert lane.run() == []


@pytest.mark.parametrize(
    ("second", "reported"),
    [
        pytest.param(Wholeness.WHOLE, [(b"GP1:DOUBT", None)], id="whole after all"),
        pytest.param(Wholeness.PART, [(b"", Reason.CODE_SPLIT)], id="a part indeed"),
        pytest.param(None, [], id="not to be settled: the next frame may be clearer"),
    ],
)
def test_doubt_is_settled_by_the_second_engine(
    monkeypatch: pytest.MonkeyPatch,
    second: Wholeness | None,
    reported: list[tuple[bytes, Reason | None]],
) -> None:
    """A damaged mode indicator neither refuses a good pass nor lets a part through."""
    doubtful = Symbol(b"GP1:DOUBT", Engine.ZXING, wholeness=Wholeness.DOUBTFUL)
    answer = [Symbol(b"GP1:DOUBT", Engine.ZBAR, wholeness=second)] if second else []
    monkeypatch.setattr(zxing, "read", lambda _: [doubtful])
    monkeypatch.setattr(zbar, "read", lambda _: answer)
    seen = Lane().run()
    assert [(sighting.payload, sighting.problem) for sighting in seen] == reported


def test_doubt_that_stays_goes_to_the_verifier(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass with a damaged corner is read at the fourth frame, though neither engine is sure."""
    doubtful = Symbol(b"GP1:CORNER", Engine.ZXING, wholeness=Wholeness.DOUBTFUL)
    monkeypatch.setattr(zxing, "read", lambda _: [doubtful])
    monkeypatch.setattr(zbar, "read", lambda _: [])
    lane = Lane()
    assert lane.run() == []
    lane.show(code_of(b"GP1:CORNER"))
    assert [payloads(lane.run()) for _ in range(3)] == [[], [], [b"GP1:CORNER"]]


def test_frame_size_may_change() -> None:
    """A camera that was set up anew does not confuse the gate."""
    reader = CodeReader()
    for number, sides in enumerate([(544, 728), (400, 640), (401, 643), (544, 728)]):
        picture = np.full(sides, 255, np.uint8)
        code = code_of(f"GP1:SIZE-{number}")
        picture[50 : 50 + code.shape[0], 60 : 60 + code.shape[1]] = code
        seen = reader.look(Frame(picture, number * FRAME_NS, number))
        assert payloads(seen) == [f"GP1:SIZE-{number}".encode()]


def test_nothing_is_read_from_noise_people_and_stripes() -> None:
    """A minute of everything that is not a code."""
    random = np.random.default_rng(11)
    lane = Lane()
    for _ in range(60):
        left, period = int(random.integers(0, WIDTH - 200)), int(random.integers(2, 12))
        stripes = np.where(np.arange(200) // period % 2, 200, 30)
        lane.clear()
        lane.scene[100:500, left : left + 200] = stripes if random.random() < 0.5 else 60
        lane.scene[:90, :] = random.normal(120, 60, (90, WIDTH))
        assert lane.run() == []
