"""The site's logo: a PNG of bounded size, looked at before it is unpacked."""

import io

from PIL import Image, UnidentifiedImageError
from reportlab.lib.utils import ImageReader

from firmware.errors import UserError

LOGO_BYTES_MAX = 4 << 20
LOGO_SIDE_PX_MAX = 4_096


def read_logo(data: bytes) -> ImageReader:
    """The picture, ready to be drawn.

    Raises:
        UserError: it is no PNG, or larger than a logo needs to be.
    """
    if len(data) > LOGO_BYTES_MAX:
        raise UserError(f"The logo is larger than {LOGO_BYTES_MAX >> 20} MiB; make it smaller.")
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            if max(picture.size) > LOGO_SIDE_PX_MAX:
                raise UserError(
                    f"The logo has {picture.width} by {picture.height} pixels; "
                    f"{LOGO_SIDE_PX_MAX} a side are enough."
                )
            return ImageReader(picture.convert("RGBA"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise UserError("The logo is no PNG that can be read.") from None
