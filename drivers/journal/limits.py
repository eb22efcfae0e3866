"""How much one journal may take."""

from msgspec import Struct

from drivers.journal.ballast import BALLAST_BYTES

RECORDS_MAX = 1_000_000
"""Records kept; the oldest that were acknowledged go first."""
BYTES_MAX = 2 * 1024**3
"""Longest file. Only a lane whose records nobody fetches for months gets there."""
TRACE_EVENTS_MAX = 100_000
"""Input events kept for `gate replay`."""


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds of one journal; the defaults suit a Pi with a 16 GB card."""

    records_max: int = RECORDS_MAX
    bytes_max: int = BYTES_MAX
    ballast_bytes: int = BALLAST_BYTES
    trace_events_max: int = TRACE_EVENTS_MAX
    reported: bool = True
    """False where no reporter fetches the records: retention then asks for no acknowledgement."""
