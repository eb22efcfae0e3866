"""The second engine: ZBar, through pyzbar's ctypes wrapper. The only module that imports it.

`pyzbar.decode` is not used: it ends in a ValueError on a structured-append symbol (it asks for
the orientation of one that has none) and gives text that ZBar has guessed an encoding for,
instead of the bytes. Each call has a scanner of its own, because a reused one leaks.
"""

from __future__ import annotations

import functools
from ctypes import c_char_p, c_int, c_uint, c_void_p, cast, string_at
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import structs

from drivers.api import DriverError, ErrorKind
from drivers.sighting import Corners, Engine, Luma, Symbol, Wholeness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

SIDE_MULTIPLE = 8
"""ZBar reads past the end of a picture whose sides are not divisible by this."""
SYMBOLS_MAX = 16
"""Most symbols taken from one picture."""
_CFG_BINARY = 4
"""`ZBAR_CFG_BINARY` of zbar.h (0.23.1 and later): bytes as they are. pyzbar does not name it."""
_CORNER_ORDER = (0, 3, 2, 1)
"""ZBar goes top left, bottom left, bottom right, top right."""
_Y800 = int.from_bytes(b"Y800", "little")


@functools.cache
def _library() -> ModuleType:
    """The wrapper that pyzbar has, loaded with libzbar at the first call.

    Raises:
        DriverError: kind MISSING, libzbar is not installed.
    """
    try:
        # Here, because it loads libzbar, which may be missing. pyzbar has no types.
        from pyzbar import wrapper  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError as error:
        raise DriverError(
            ErrorKind.MISSING, "libzbar", "not installed: apt install libzbar0"
        ) from error
    module: ModuleType = wrapper
    return module


@functools.cache
def _first_component() -> Callable[[Any], Any]:
    """`zbar_symbol_first_component`: pyzbar does not bind it, and only a series has one."""
    zbar = _library()
    pointer = zbar.POINTER(zbar.zbar_symbol)
    function: Callable[[Any], Any] = zbar.zbar_function(
        "zbar_symbol_first_component", pointer, pointer
    )
    return function


def version() -> tuple[int, int, int]:
    """Version of the libzbar that is loaded, such as (0, 23, 92).

    pyzbar's own `zbar_version` passes two pointers where libzbar has taken three since 0.20,
    and libzbar writes through the third, whatever it is.

    Raises:
        DriverError: kind MISSING, libzbar is not installed.
    """
    zbar = _library()
    pointer = zbar.POINTER(c_uint)
    function = zbar.zbar_function("zbar_version", c_int, pointer, pointer, pointer)
    numbers = (c_uint(), c_uint(), c_uint())
    function(*numbers)
    return numbers[0].value, numbers[1].value, numbers[2].value


def read(luma: Luma) -> list[Symbol]:
    """Every QR code in the picture; none is an empty list.

    Args:
        luma: (height, width), uint8, any sides: filled up to multiples of 8 by repeating the
            last row and column.

    Raises:
        DriverError: libzbar is missing, or out of memory.
    """
    height, width = luma.shape
    down, right = -height % SIDE_MULTIPLE, -width % SIDE_MULTIPLE
    if down or right:
        luma = np.pad(luma, ((0, down), (0, right)), mode="edge")
    zbar = _library()
    scanner, image = zbar.zbar_image_scanner_create(), zbar.zbar_image_create()
    try:
        if not scanner or not image:
            raise DriverError(ErrorKind.FAILED, "libzbar", "out of memory")
        configure, config = zbar.zbar_image_scanner_set_config, zbar.ZBarConfig
        configure(scanner, zbar.ZBarSymbol.NONE, config.CFG_ENABLE, 0)
        configure(scanner, zbar.ZBarSymbol.QRCODE, config.CFG_ENABLE, 1)
        configure(scanner, zbar.ZBarSymbol.QRCODE, _CFG_BINARY, 1)
        pixels = luma.tobytes()
        zbar.zbar_image_set_format(image, _Y800)
        zbar.zbar_image_set_size(image, luma.shape[1], luma.shape[0])
        zbar.zbar_image_set_data(image, cast(c_char_p(pixels), c_void_p), len(pixels), None)
        if zbar.zbar_scan_image(scanner, image) < 0:
            raise DriverError(ErrorKind.FAILED, "libzbar", "the scan failed")
        return list(_symbols(zbar, image))
    finally:
        if image:
            zbar.zbar_image_destroy(image)
        if scanner:
            zbar.zbar_image_scanner_destroy(scanner)


def read_coarse(luma: Luma, side_px: int) -> list[Symbol]:
    """As `read`, of all of the picture with its sides halved until it has no more pixels than a
    square of that side. ZBar's time is in proportion to the pixels.
    """
    step = 1
    while luma.size > side_px * side_px:
        luma = _halved(luma)
        step *= 2
    return [
        structs.replace(symbol, corners=tuple((x * step, y * step) for x, y in symbol.corners))
        for symbol in read(luma)
    ]


def read_middle(luma: Luma, side_px: int) -> list[Symbol]:
    """As `read`, of the middle of the picture alone: a square of that side, every pixel of it."""
    top, left = (max(0, (side - side_px) // 2) for side in luma.shape)
    return [
        structs.replace(symbol, corners=tuple((x + left, y + top) for x, y in symbol.corners))
        for symbol in read(luma[top : top + side_px, left : left + side_px])
    ]


def _halved(luma: Luma) -> Luma:
    """Each pixel the mean of four. An odd last row or column is left out."""
    height, width = luma.shape[0] // 2 * 2, luma.shape[1] // 2 * 2
    sums = luma[0:height:2, 0:width:2].astype(np.uint16)
    for top, left in ((0, 1), (1, 0), (1, 1)):
        sums += luma[top:height:2, left:width:2]
    return (sums >> 2).astype(np.uint8)


def _symbols(zbar: ModuleType, image: object) -> Iterator[Symbol]:
    symbol = zbar.zbar_image_first_symbol(image)
    for _ in range(SYMBOLS_MAX):
        if not symbol:
            return
        length = zbar.zbar_symbol_get_data_length(symbol)
        yield Symbol(
            payload=string_at(zbar.zbar_symbol_get_data(symbol), length),
            engine=Engine.ZBAR,
            corners=_corners(zbar, symbol),
            wholeness=Wholeness.PART if _first_component()(symbol) else Wholeness.WHOLE,
        )
        symbol = zbar.zbar_symbol_next(symbol)


def _corners(zbar: ModuleType, symbol: object) -> Corners:
    """Corners in reading order; a series has those of all its parts, and gets none."""
    if zbar.zbar_symbol_get_loc_size(symbol) != len(_CORNER_ORDER):
        return ()
    x, y = zbar.zbar_symbol_get_loc_x, zbar.zbar_symbol_get_loc_y
    return tuple((x(symbol, index), y(symbol, index)) for index in _CORNER_ORDER)
