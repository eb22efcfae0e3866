"""A photograph is read by both engines, and retouched before it is given up."""

import numpy as np
import pytest
import segno

from drivers import stills, zbar, zxing
from drivers.sighting import Engine, Luma, Sighting, Symbol, Wholeness
from drivers.stills import SIDE_PX_MAX, read_still
from gate.reasons import Reason


def code_of(payload: bytes, *, scale: int = 4, border: int = 4) -> Luma:
    """The code as (height, width) uint8."""
    rows = list(segno.make(payload, micro=False).matrix_iter(scale=scale, border=border))
    return np.where(np.array(rows) > 0, 0, 255).astype(np.uint8)


def payloads(sightings: list[Sighting]) -> list[bytes]:
    return [sighting.payload for sighting in sightings]


def test_photograph_is_read_once_though_two_engines_read_it() -> None:
    """Bytes, without time, first engine first."""
    (seen,) = read_still(code_of(b"GP1:STILL\x00\xff"))
    assert (seen.payload, seen.problem, seen.captured_ns) == (b"GP1:STILL\x00\xff", None, 0)
    assert seen.engine is Engine.ZXING


def test_every_code_of_a_photograph_is_read() -> None:
    """In the order in which the engine found them."""
    picture = np.hstack([code_of(b"GP1:ONE"), code_of(b"GP1:TWO")])
    assert sorted(payloads(read_still(picture))) == [b"GP1:ONE", b"GP1:TWO"]


def test_reading_keeps_no_state() -> None:
    """The same photograph reads the same a second time; nothing is suppressed."""
    picture = code_of(b"GP1:AGAIN")
    assert read_still(picture) == read_still(picture) != []


def test_what_only_zbar_reads_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second engine is asked always, not only now and then."""
    monkeypatch.setattr(zxing, "read", lambda _: [])
    (seen,) = read_still(code_of(b"GP1:SECOND"))
    assert (seen.payload, seen.engine) == (b"GP1:SECOND", Engine.ZBAR)


def test_shadow_across_a_code_is_taken_out() -> None:
    """A steep shadow edge over a low-contrast code: plain engines fail, even contrast reads."""
    code = code_of(b"GP1:SHADOW", scale=5, border=8).astype(float)
    lit = 60 + code * 0.75
    shadow = np.linspace(1.0, 0.05, code.shape[1]) ** 3
    picture = (lit * shadow).clip(0, 255).astype(np.uint8)
    assert zxing.read(picture) == [] == zbar.read(picture)
    assert payloads(read_still(picture)) == [b"GP1:SHADOW"]


def test_code_out_of_focus_is_sharpened() -> None:
    """The unsharp mask reads a blur that neither engine reads plain."""
    blurred = code_of(b"GP1:" + b"FOCUS" * 8, scale=5, border=10).astype(float)
    kernel = np.exp(-(np.arange(-9, 10) ** 2) / (2 * 2.7**2))
    kernel /= kernel.sum()
    for axis in (0, 1):
        blurred = np.apply_along_axis(lambda line: np.convolve(line, kernel, "same"), axis, blurred)
    picture = (60 + blurred[10:-10, 10:-10] * 0.5).astype(np.uint8)
    assert zxing.read(picture) == [] == zbar.read(picture)
    assert payloads(read_still(picture)) == [b"GP1:" + b"FOCUS" * 8]


def test_retries_stop_at_the_first_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """A retouched copy is made only when all before it gave nothing."""
    made = []

    def retouched(luma: Luma) -> Luma:
        made.append(luma)
        return luma

    monkeypatch.setattr(zxing, "read", lambda _: [Symbol(b"x", Engine.ZXING)] if made else [])
    monkeypatch.setattr(zbar, "read", lambda _: [])
    monkeypatch.setattr(stills, "_even_contrast", retouched)
    monkeypatch.setattr(stills, "_sharpen", lambda _: pytest.fail("made too early"))
    assert payloads(read_still(np.zeros((32, 32), np.uint8))) == [b"x"]


def test_unsafe_zbar_is_never_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not plain and not in a retry."""
    monkeypatch.setattr(zbar, "read", lambda _: pytest.fail("called"))
    assert read_still(np.full((64, 64), 128, np.uint8), use_zbar=False) == []


def test_parts_are_refused_by_name() -> None:
    """As on a stream."""
    codes = segno.make_sequence(b"GP1:" + b"0123456789ABCDEF" * 8, symbol_count=3)
    for code in codes:
        rows = np.array(list(code.matrix_iter(scale=4, border=4)))
        seen = read_still(np.where(rows > 0, 0, 255).astype(np.uint8))
        assert {(s.payload, s.problem) for s in seen} == {(b"", Reason.CODE_SPLIT)}


def test_doubt_that_nobody_settles_goes_to_the_verifier(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no next frame to wait for."""
    doubtful = Symbol(b"GP1:DOUBT", Engine.ZXING, wholeness=Wholeness.DOUBTFUL)
    monkeypatch.setattr(zxing, "read", lambda _: [doubtful])
    monkeypatch.setattr(zbar, "read", lambda _: [])
    assert payloads(read_still(np.zeros((32, 32), np.uint8))) == [b"GP1:DOUBT"]


def test_nothing_is_read_from_noise() -> None:
    """The retries, too, invent nothing."""
    random = np.random.default_rng(9)
    for sigma in (3, 30, 100):
        noise = random.normal(128, sigma, (200, 203)).clip(0, 255).astype(np.uint8)
        assert read_still(noise) == []


@pytest.mark.parametrize("sides", [(1, 1), (1, 300), (17, 5), (64, 64)])
def test_tiny_and_flat_pictures_are_nothing(sides: tuple[int, int]) -> None:
    """No size ends the retries in an exception."""
    assert read_still(np.full(sides, 90, np.uint8)) == []


def test_picture_too_large_is_refused_before_any_work() -> None:
    """The bound is on the side, before memory is taken for it."""
    with pytest.raises(ValueError, match=str(SIDE_PX_MAX)):
        read_still(np.zeros((8, SIDE_PX_MAX + 1), np.uint8))
