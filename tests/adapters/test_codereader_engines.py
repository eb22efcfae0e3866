"""Both engines keep one contract: exact bytes out, parts named, nothing read where nothing is."""

from types import ModuleType

import numpy as np
import pytest
import segno

from drivers import zbar, zxing
from drivers.sighting import Engine, Luma, Wholeness

ENGINES = [pytest.param(zxing, id="zxing"), pytest.param(zbar, id="zbar")]
PASS = b"GP1:" + b"6BFOXN*TS0BI$ZD4N9:9S6RCVN5+O30K3/XIV0W23NTDE" * 3


def drawn(
    payload: str | bytes,
    *,
    scale: int = 4,
    border: int = 4,
    mode: str | None = None,
    error: str | None = None,
    version: int | None = None,
    mask: int | None = None,
) -> Luma:
    """The code as (height, width) uint8, 0 for a dark module."""
    code = segno.make(payload, micro=False, mode=mode, error=error, version=version, mask=mask)
    rows = list(code.matrix_iter(scale=scale, border=border))
    return np.where(np.array(rows, np.uint8) > 0, 0, 255).astype(np.uint8)


def parts_of(payload: bytes, count: int) -> list[Luma]:
    """The pictures of a structured-append series."""
    return [
        np.where(np.array(list(code.matrix_iter(scale=4, border=4))) > 0, 0, 255).astype(np.uint8)
        for code in segno.make_sequence(payload, symbol_count=count)
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(PASS, id="a pass"),
        pytest.param(bytes(range(256)), id="every byte"),
        pytest.param(b"\x00\x00\xff\xfe\r\n\x00", id="zeros and controls"),
        pytest.param("Šárka 李 Wayan Ñ".encode(), id="utf-8 without eci"),
        pytest.param("点茗".encode("shift_jis"), id="kanji mode"),
        pytest.param(b"0123456789012", id="digits"),
        pytest.param(b"https://example.invalid/x?' OR 1=1; --", id="address and sql"),
    ],
)
def test_payload_comes_out_byte_for_byte(engine: ModuleType, payload: bytes) -> None:
    """No engine guesses an encoding, cuts at a zero or adds a mark."""
    mode = "kanji" if payload == "点茗".encode("shift_jis") else None
    text = payload.decode("shift_jis") if mode else payload
    assert [symbol.payload for symbol in engine.read(drawn(text, mode=mode))] == [payload]


@pytest.mark.parametrize("engine", ENGINES)
def test_largest_byte_code_comes_out_whole(engine: ModuleType) -> None:
    """A hostile code of almost three kilobytes is data like any other."""
    hostile = np.random.default_rng(7).bytes(2_900)
    symbols = engine.read(drawn(hostile, scale=3, mode="byte", error="L"))
    assert [symbol.payload for symbol in symbols] == [hostile]


@pytest.mark.parametrize("engine", ENGINES)
def test_first_part_of_a_series_is_named_as_a_part(engine: ModuleType) -> None:
    """A structured-append part is neither a crash nor a payload."""
    symbols = engine.read(parts_of(PASS, 3)[0])
    assert [symbol.wholeness for symbol in symbols] == [Wholeness.PART]


@pytest.mark.parametrize("engine", ENGINES)
def test_whole_series_in_one_picture_is_still_parts(engine: ModuleType) -> None:
    """Nor do the parts become a payload by being shown together."""
    symbols = engine.read(np.hstack(parts_of(PASS, 3)))
    assert symbols
    assert {symbol.wholeness for symbol in symbols} == {Wholeness.PART}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("sides", [(177, 203), (200, 201), (183, 184), (8, 8), (1, 1), (3, 200)])
def test_any_sides_are_read_or_left(engine: ModuleType, sides: tuple[int, int]) -> None:
    """Odd sides neither lose a code that fits nor end the process."""
    code = drawn(b"GP1:ODD", scale=5)
    picture = np.full(sides, 200, np.uint8)
    if min(sides) >= max(code.shape):
        picture[: code.shape[0], : code.shape[1]] = code
        assert [symbol.payload for symbol in engine.read(picture)] == [b"GP1:ODD"]
    else:
        assert engine.read(picture) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_read_from_noise_and_stripes(engine: ModuleType) -> None:
    """Texture alone is no code."""
    random = np.random.default_rng(3)
    for sigma in (5, 40, 120):
        noise = random.normal(128, sigma, (240, 320)).clip(0, 255).astype(np.uint8)
        assert engine.read(noise) == []
    stripes = np.where(np.arange(320) // 4 % 2, 255, 0).astype(np.uint8)
    assert engine.read(np.tile(stripes, (240, 1))) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_other_symbologies_are_not_read(engine: ModuleType) -> None:
    """A Micro QR code is no credential's carrier, and bar codes are not asked for."""
    micro = segno.make_micro("12345")
    rows = np.array(list(micro.matrix_iter(scale=6, border=4)))
    assert engine.read(np.where(rows > 0, 0, 255).astype(np.uint8)) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_part_of_a_larger_array_is_read_where_it_lies(engine: ModuleType) -> None:
    """A region is a view with strides: it is read without its surroundings, at its own corners."""
    code = drawn(b"GP1:VIEW", scale=5, border=6)
    frame = np.full((400, 500), 255, np.uint8)
    frame[100 : 100 + code.shape[0], 200 : 200 + code.shape[1]] = code
    (symbol,) = engine.read(frame[92:, 184:])
    assert symbol.payload == b"GP1:VIEW"
    expected = np.array([(46, 38), (46 + 105, 38), (46 + 105, 38 + 105), (46, 38 + 105)])
    assert np.abs(np.array(symbol.corners) - expected).max() < 10


def test_engines_sign_what_they_read() -> None:
    """A sighting says who read it."""
    code = drawn(b"GP1:WHO")
    assert zxing.read(code)[0].engine is Engine.ZXING
    assert zbar.read(code)[0].engine is Engine.ZBAR


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("part", [0, 1, 2])
def test_zxing_names_every_part_also_in_a_mirror(part: int, turned: bool) -> None:
    """The first mode indicator is found by the symbol's own orientation."""
    picture = parts_of(PASS, 3)[part]
    picture = np.ascontiguousarray(picture.T) if turned else picture
    assert [symbol.wholeness for symbol in zxing.read(picture)] == [Wholeness.PART]


@pytest.mark.parametrize("version", [1, 2, 6, 7, 14, 25, 40])
@pytest.mark.parametrize("mask", range(8))
def test_zxing_takes_no_whole_code_for_a_part(version: int, mask: int) -> None:
    """For every mask, with and without version information, one block or many, mirrored or not."""
    for payload in (b"GP1:ABC", b"12345", b"abc\xff"):
        picture = drawn(payload, scale=3, version=version, mask=mask)
        for seen in (picture, np.ascontiguousarray(picture.T), 255 - picture):
            assert [symbol.wholeness for symbol in zxing.read(seen)] == [Wholeness.WHOLE]


def test_zxing_doubts_a_part_that_is_damaged() -> None:
    """With an error anywhere in the symbol the mode indicator is not proof."""
    picture = parts_of(PASS, 3)[0].copy()
    picture[60:72, 60:72] ^= 255
    assert [symbol.wholeness for symbol in zxing.read(picture)] == [Wholeness.DOUBTFUL]
    assert [symbol.wholeness for symbol in zbar.read(picture)] == [Wholeness.PART]


def test_zxing_reads_dark_mode() -> None:
    """Light modules on a dark screen, which ZBar does not see."""
    picture = 255 - drawn(PASS)
    assert [symbol.payload for symbol in zxing.read(picture)] == [PASS]


def test_zbar_tells_its_version() -> None:
    """Three numbers, all of them set by the library."""
    assert zbar.version() >= (0, 20, 0)
