"""A QR code that is printed or shown: its dark modules, and the margin that a reader needs."""

import segno

QUIET_ZONE_MODULES = 4
"""ISO/IEC 18004 section 6.3.8."""
LEVEL = "m"
"""15 % of the code may be lost: a thumb, a fold, a scratch, a lamp in the glass of a phone."""

Run = tuple[int, int, int]
"""Column, row and length of dark modules side by side, counted with the quiet zone."""


def made(text: str) -> segno.QRCode:
    """The code of a text.

    Raises:
        ValueError: it is too long for one.
    """
    return segno.make_qr(text, error=LEVEL, boost_error=False)


def dark_runs(text: str) -> tuple[tuple[Run, ...], int]:
    """The dark modules, and how many modules a side has with its quiet zone."""
    matrix = made(text).matrix
    runs: list[Run] = []
    for row, line in enumerate(matrix, QUIET_ZONE_MODULES):
        start = None
        for column, dark in enumerate((*line, 0), QUIET_ZONE_MODULES):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                runs.append((start, row, column - start))
                start = None
    return tuple(runs), len(matrix) + 2 * QUIET_ZONE_MODULES
