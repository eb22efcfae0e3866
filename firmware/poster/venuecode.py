"""The venue code: a QR code of the office's own check-in page, as squares to fill."""

import segno

QUIET_ZONE_MODULES = 4
"""ISO/IEC 18004 section 6.3.8."""

Run = tuple[int, int, int]
"""Column, row and length of dark modules side by side."""


def runs_of(address: str) -> tuple[list[Run], int]:
    """The dark modules, and how many a side has with its quiet zone.

    Level M at least: a poster is scratched, and 15 % of it may be lost.
    """
    matrix = segno.make_qr(address, error="m").matrix
    runs: list[Run] = []
    for row, line in enumerate(matrix, QUIET_ZONE_MODULES):
        start = None
        for column, dark in enumerate((*line, 0), QUIET_ZONE_MODULES):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                runs.append((start, row, column - start))
                start = None
    return runs, len(matrix) + 2 * QUIET_ZONE_MODULES
