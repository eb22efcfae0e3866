"""The QR codes of a picture in a file, read as the lane reads its frames."""

from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from drivers import zbarpatch
from drivers.sighting import Luma
from drivers.stills import SIDE_PX_MAX, read_still
from gate.reasons import Reason

PICTURE_SIDE_PX_MAX = 12_000
"""Of a side; a longer one is a decompression bomb or a mistake."""
FORMATS = ("PNG", "JPEG")


class PictureError(ValueError):
    """The file is no picture that can be read: one sentence, without its full stop."""


def codes_in(file: BinaryIO) -> list[bytes]:
    """The payload of every QR code in the picture, each once.

    Raises:
        PictureError: no picture, too large, damaged, or a code that is one part of several.
    """
    sightings = read_still(_luma(file), use_zbar=zbarpatch.check().usable)
    split = any(each.problem is Reason.CODE_SPLIT for each in sightings)
    codes = [each.payload for each in sightings if each.problem is None]
    if split and not codes:
        raise PictureError("its code is one part of a series that the gate does not read")
    return list(dict.fromkeys(codes))


def _luma(file: BinaryIO) -> Luma:
    """Grey, upright, on white where it is transparent, and no longer than engines take."""
    try:
        with Image.open(file, formats=FORMATS) as opened:
            if max(opened.size) > PICTURE_SIDE_PX_MAX:
                raise PictureError(f"a side is longer than {PICTURE_SIDE_PX_MAX} pixels")
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise PictureError("no PNG or JPEG that can be read") from None
    ground = Image.new("RGBA", picture.size, "white")
    picture = Image.alpha_composite(ground, picture)
    picture.thumbnail((SIDE_PX_MAX, SIDE_PX_MAX))
    return np.asarray(picture.convert("L"))
