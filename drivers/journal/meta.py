"""What the lane must remember from one start to the next."""

from msgspec import Struct

from gate.records import Spent


class Restored(Struct, frozen=True):
    """What the lane must know at a start."""

    boot: int
    """1 for the first start of this lane."""
    epoch: int
    seq: int
    """The last record's number, 0 for none."""
    visit: int
    """The highest number that a visit had; so for grants."""
    grant: int
    occupancy: int
    spent: tuple[Spent, ...]
    """Used passes that could still be shown again."""
    wall_floor_ms: int
    """The wall clock was trusted and stood here: it can't be earlier now."""
    quarantined: str | None = None
    """Name of the damaged file that this start moved out of the way."""


class Meta(Struct, frozen=True):
    """The one row of table `meta`, in its columns' order."""

    lane: str
    epoch: int
    boots: int
    visit: int = 0
    grant: int = 0
    occupancy: int = 0
    wall_floor_ms: int = 0
    acked_seq: int = 0
    anchor_seq: int = 0
    anchor_hash: bytes = b""


META_WRITE = """INSERT OR REPLACE INTO meta (one, lane, epoch, boots, visit, grant_number,
    occupancy, wall_floor_ms, acked_seq, anchor_seq, anchor_hash)
    VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
META_READ = """SELECT lane, epoch, boots, visit, grant_number, occupancy, wall_floor_ms,
    acked_seq, anchor_seq, anchor_hash FROM meta"""
