"""From a camera's bytes to the luma plane: what the camera drivers share.

The code reader wants brightness only, one byte a pixel, sides divisible by 8. Every common
format has it lying there; colour is never computed.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview
    Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]

SIDE_MULTIPLE = 8
"""ZBar reads past the end of a picture whose sides are not divisible by this."""


def crop(plane: Luma) -> Luma:
    """The plane's own copy, cropped at the right and below to sides divisible by 8.

    Raises:
        ValueError: a side is shorter than 8.
    """
    height, width = (side - side % SIDE_MULTIPLE for side in plane.shape)
    if not height or not width:
        raise ValueError(f"picture of {plane.shape[1]}x{plane.shape[0]} px is too small")
    return plane[:height, :width].copy()


def of_planar(data: Buffer, width: int, height: int, stride: int) -> Luma:
    """Of GREY, NV12, NV21, YUV420: the luma rows come first, `stride` bytes apart.

    Raises:
        ValueError: the data is shorter than its luma rows.
    """
    return crop(_rows(data, height, stride)[:, :width])


def of_yuyv(data: Buffer, width: int, height: int, stride: int) -> Luma:
    """Of YUYV 4:2:2: every other byte is luma.

    Raises:
        ValueError: the data is shorter than its rows.
    """
    return crop(_rows(data, height, stride)[:, : 2 * width : 2])


def of_jpeg(data: bytes) -> Luma:
    """Of a JPEG: decoded to grey by the library itself, which skips the colour planes.

    Raises:
        ValueError: not a JPEG, or a damaged one.
    """
    # Here, because a camera that gives raw pixels needs no Pillow.
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            picture.draft("L", picture.size)
            return crop(np.asarray(picture.convert("L")))
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError(f"damaged JPEG: {error}") from error


def _rows(data: Buffer, height: int, stride: int) -> Luma:
    """The first rows of a buffer as (height, stride).

    Raises:
        ValueError: there are fewer bytes than that.
    """
    return np.frombuffer(data, np.uint8, height * stride).reshape(height, stride)
