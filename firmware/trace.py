"""The lane's inputs as the journal keeps them, so that `gate replay` can live a day again.

Each start of the lane writes how it began, in as many pieces as fit the journal's bound on one
event: the policy and the counters first, then the passes that were used already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gate.events import AnyEvent
from gate.ledger import Ledger
from gate.policy import Policy
from gate.records import Record, Spent
from gate.walltime import WallTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SPENT_A_PIECE = 24
"""Used passes in one piece: about 3 KiB."""
SPENT_MAX = 25_000
"""Used passes that a trace begins with; those that end first are left out."""
GRANTS_A_PIECE = 4


class Began(Struct, frozen=True, tag=True):
    """The first piece of a start."""

    policy: Policy
    wall: WallTime
    occupancy: int
    visits: int
    granted: int


class BeganSpent(Struct, frozen=True, tag=True):
    """Passes that were used before the start."""

    spent: tuple[Spent, ...]


class BeganOpen(Struct, frozen=True, tag=True):
    """Grants that were open before the start."""

    grants: tuple[Record, ...]


Piece = Began | BeganSpent | BeganOpen
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Piece | AnyEvent)


def write_beginning(
    trace: Callable[[int, bytes], None],
    now_ns: int,
    began: Began,
    spent: Iterable[Spent],
    open_grants: Iterable[Record],
) -> None:
    """Say how the lane begins."""
    trace(now_ns, _encoder.encode(began))
    last = sorted(spent, key=lambda used: used.until_s)[-SPENT_MAX:]
    for at in range(0, len(last), SPENT_A_PIECE):
        trace(now_ns, _encoder.encode(BeganSpent(tuple(last[at : at + SPENT_A_PIECE]))))
    grants = tuple(open_grants)
    for at in range(0, len(grants), GRANTS_A_PIECE):
        trace(now_ns, _encoder.encode(BeganOpen(grants[at : at + GRANTS_A_PIECE])))


def read(events: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Piece | AnyEvent]]:
    """The pieces and events of one start, in order.

    Raises:
        msgspec.ValidationError: another version wrote it, or it is damaged.
    """
    for now_ns, data in events:
        yield now_ns, _decoder.decode(data)


def ledger_of(began: Began, spent: Iterable[Spent]) -> Ledger:
    """The ledger that a start begins with."""
    ledger = Ledger(occupancy=began.occupancy)
    for used in spent:
        ledger = ledger.restored(used)
    return ledger
