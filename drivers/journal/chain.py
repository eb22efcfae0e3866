"""The hash chain: each record's hash covers the one before it.

    hash = SHA-256(previous hash ‖ "<epoch> <seq> <wall_ms> <quality>\\n" ‖ body)

The body is the record's canonical JSON (`gate.records.encode`). The first record of an epoch
follows `genesis(lane, epoch)`, so that a chain can't be moved to another lane.
"""

import hashlib
from collections.abc import Iterable

from msgspec import Struct

Row = tuple[int, int, str, bytes, bytes]
"""seq, wall_ms, quality, hash, body."""


def genesis(lane: str, epoch: int) -> bytes:
    """What the first record of an epoch is chained to."""
    return hashlib.sha256(b"gate journal 1\n%s\n%d\n" % (lane.encode(), epoch)).digest()


def link(previous: bytes, epoch: int, seq: int, wall_ms: int, quality: str, body: bytes) -> bytes:
    """The hash of a record, 32 bytes."""
    head = b"%d %d %d %s\n" % (epoch, seq, wall_ms, quality.encode())
    return hashlib.sha256(previous + head + body).digest()


class Walk(Struct, frozen=True):
    """How far a chain holds."""

    seq: int
    """The last record up to which it does."""
    fault: str | None = None


def walk(rows: Iterable[Row], epoch: int, seq: int, previous: bytes) -> Walk:
    """Follow the chain from record `seq`, whose hash is `previous`, to its end or first fault.

    Args:
        rows: (seq, wall_ms, quality, hash, body) of the records after `seq`, in order.
    """
    for found_seq, wall_ms, quality, found, body in rows:
        if found_seq != seq + 1:
            return Walk(seq, f"record {seq + 1} is missing")
        previous = link(previous, epoch, found_seq, wall_ms, quality, body)
        if found != previous:
            return Walk(seq, f"record {found_seq} was changed, or the one before it")
        seq = found_seq
    return Walk(seq)
