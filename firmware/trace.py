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
from gate.reasons import Reason
from gate.records import Record, Spent
from gate.walltime import WallTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SPENT_A_PIECE = 24
"""Used passes in one piece: about 3 KiB."""
SPENT_MAX = 25_000
"""Used passes that a trace begins with; those that end first are left out."""
GRANTS_A_PIECE = 4
PIECE_BYTES_MAX = 4_000
"""The journal drops what is longer than `drivers.journal.journal.TRACE_EVENT_BYTES_MAX`."""
PART_CHARS = 900
"""Each takes up to four bytes as JSON within JSON."""


class Began(Struct, frozen=True, tag=True):
    """The first piece of a start."""

    policy: Policy
    wall: WallTime
    occupancy: int
    visits: int
    granted: int
    unreset: Reason | None = None
    """An alarm that staff had not reset."""


class BeganPart(Struct, frozen=True, tag=True):
    """Part of the first piece, where that is too long for one event: a policy may be."""

    number: int
    """From 1."""
    parts: int
    text: str


class BeganSpent(Struct, frozen=True, tag=True):
    """Passes that were used before the start."""

    spent: tuple[Spent, ...]


class BeganOpen(Struct, frozen=True, tag=True):
    """Grants that were open before the start."""

    grants: tuple[Record, ...]


Piece = Began | BeganSpent | BeganOpen
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(BeganPart | Piece | AnyEvent)
_decode_began = msgspec.json.Decoder(Began).decode


def write_beginning(
    trace: Callable[[int, bytes], None],
    now_ns: int,
    began: Began,
    spent: Iterable[Spent],
    open_grants: Iterable[Record],
) -> None:
    """Say how the lane begins."""
    for data in _first(began):
        trace(now_ns, data)
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
    parts: list[str] = []
    for now_ns, data in events:
        piece = _decoder.decode(data)
        if not isinstance(piece, BeganPart):
            yield now_ns, piece
            continue
        if piece.number == len(parts) + 1:
            parts.append(piece.text)
        if len(parts) == piece.parts:
            yield now_ns, _decode_began("".join(parts))


def _first(began: Began) -> Iterator[bytes]:
    """How a start begins, in as many parts as it takes."""
    data = _encoder.encode(began)
    if len(data) <= PIECE_BYTES_MAX:
        yield data
        return
    text = data.decode()
    parts = [text[at : at + PART_CHARS] for at in range(0, len(text), PART_CHARS)]
    for number, part in enumerate(parts, 1):
        yield _encoder.encode(BeganPart(number, len(parts), part))


def ledger_of(began: Began, spent: Iterable[Spent]) -> Ledger:
    """The ledger that a start begins with."""
    ledger = Ledger(occupancy=began.occupancy)
    for used in spent:
        ledger = ledger.restored(used)
    return ledger
