"""The first engine: zxing-cpp. The only module that imports it.

zxing-cpp 3.1 knows whether a symbol is one part of a series, but its Python wrapper does not
say so (no sequence index in `Barcode`, nothing in `extra`). It does hand out the sampled
modules, and the mode indicator of a symbol's first segment lies in the four modules of its
lower right corner (ISO/IEC 18004, 7.7.3): 0011 there is structured append.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import zxingcpp

from drivers.sighting import Engine, Luma, Symbol, Wholeness

if TYPE_CHECKING:
    from collections.abc import Callable

Modules = np.ndarray[tuple[int, int], np.dtype[np.bool_]]

_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
STRUCTURED_APPEND = 0b0011
"""Mode indicator (ISO/IEC 18004, table 2)."""
_LEVEL_BITS = {"L": 0b01, "M": 0b00, "Q": 0b11, "H": 0b10}
_FORMAT_GENERATOR = 0x537
_FORMAT_MASK = 0x5412
_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda i, j: (i + j) % 2 == 0,
    lambda i, _: i % 2 == 0,
    lambda _, j: j % 3 == 0,
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2 == 0,
)
"""Data mask patterns by their reference, row i and column j (ISO/IEC 18004, table 10)."""


def read(luma: Luma) -> list[Symbol]:
    """Every QR code in the picture; none is an empty list.

    Args:
        luma: (height, width), uint8, any sides, any strides.
    """
    return [
        Symbol(
            payload=barcode.bytes,
            engine=Engine.ZXING,
            corners=_corners(barcode.position),
            wholeness=_wholeness(barcode),
        )
        for barcode in zxingcpp.read_barcodes(
            luma,
            formats=_FORMATS,
            try_rotate=True,
            try_downscale=True,
            try_invert=True,
        )
    ]


def _corners(position: zxingcpp.Position) -> tuple[tuple[int, int], ...]:
    points = (
        position.top_left,
        position.top_right,
        position.bottom_right,
        position.bottom_left,
    )
    return tuple((point.x, point.y) for point in points)


def _wholeness(barcode: zxingcpp.Barcode) -> Wholeness:
    extra = barcode.extra
    if not isinstance(extra, dict):
        return Wholeness.DOUBTFUL
    level, mask = extra.get("ECLevel"), extra.get("DataMask")
    if level not in _LEVEL_BITS or not isinstance(mask, int):
        return Wholeness.DOUBTFUL
    modules = np.asarray(barcode.to_image(scale=1, add_quiet_zones=False)) == 0
    if _first_mode(_unmirrored(modules, level, mask), mask) != STRUCTURED_APPEND:
        return Wholeness.WHOLE
    # The modules are as seen, before error correction: only a symbol without a single error
    # (all of its error correction unused) is certain.
    return Wholeness.PART if extra.get("UEC") == 1.0 else Wholeness.DOUBTFUL


def _unmirrored(modules: Modules, level: str, mask: int) -> Modules:
    """The symbol; transposed if it was seen in a mirror, as its format information tells."""
    data = _LEVEL_BITS[level] << 3 | mask
    remainder = data << 10
    for bit in range(4, -1, -1):
        if remainder >> (bit + 10) & 1:
            remainder ^= _FORMAT_GENERATOR << bit
    word = (data << 10 | remainder) ^ _FORMAT_MASK
    expected = [bool(word >> bit & 1) for bit in range(14, -1, -1)]

    def errors(seen: Modules) -> int:
        row, column = seen[8, [0, 1, 2, 3, 4, 5, 7, 8]], seen[[7, 5, 4, 3, 2, 1, 0], 8]
        return int(np.count_nonzero(np.concatenate((row, column)) != expected))

    return modules.T if errors(modules.T) < errors(modules) else modules


def _first_mode(modules: Modules, mask: int) -> int:
    """The first four bits of the symbol's data, unmasked, most significant first."""
    last = modules.shape[0] - 1
    mode = 0
    for i, j in ((last, last), (last, last - 1), (last - 1, last), (last - 1, last - 1)):
        mode = mode << 1 | (bool(modules[i, j]) ^ _MASKS[mask](i, j))
    return mode
