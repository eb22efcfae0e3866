"""Lives a start of the lane again from its trace, and compares what it then says with the journal.

The domain has no clock and no chance in it: the same events at the same moments give the same
records. Where they do not, either the program is another one than the one that wrote the trace,
or somebody changed one of the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from firmware.trace import Began, BeganOpen, BeganSpent, ledger_of, read
from gate.commands import AnyCommand, Append, CommitGrant
from gate.events import AnyEvent
from gate.invariants import Invariants
from gate.lane import start, step
from gate.records import Record, Spent, encode
from gate.states import AnyState


class NoBeginning(Exception):
    """The trace begins in the middle: retention has removed how that start began."""


class Replayed(Struct, frozen=True):
    """One step of the past."""

    now_ns: int
    event: AnyEvent | None
    """None for the start itself."""
    state: AnyState
    commands: tuple[AnyCommand, ...]


def replay(events: Iterable[tuple[int, bytes]]) -> Iterator[Replayed]:
    """Every step of one start, in order. Watched for the invariants.

    Args:
        events: (monotonic nanoseconds, JSON) of one start, as the journal's trace holds them.

    Raises:
        NoBeginning: the first piece is missing.
        InvariantBroken: the lane did what it must never do.
        msgspec.DecodeError: an event that this version does not know.
    """
    steps = read(events)
    now_ns, began, spent, grants, first = _beginning(steps)
    state: AnyState
    state, commands = start(
        began.policy,
        now_ns,
        wall=began.wall,
        ledger=ledger_of(began, spent),
        visits=began.visits,
        granted=began.granted,
        open_grants=grants,
        unreset=began.unreset,
    )
    watch = Invariants()
    watch.began(state, commands, now_ns)
    yield Replayed(now_ns, None, state, commands)
    for at_ns, event in _events(first, steps):
        before = state
        state, commands = step(before, event, at_ns)
        watch.after(before, event, state, commands, at_ns)
        yield Replayed(at_ns, event, state, commands)


def records_of(commands: Iterable[AnyCommand]) -> Iterator[Record]:
    """What those commands have written down."""
    for command in commands:
        if isinstance(command, Append | CommitGrant):
            yield command.record


class Comparison(Struct, frozen=True):
    """Replayed records against those of the journal. Each carries its moment, so order is in it."""

    same: int
    missing: tuple[bytes, ...]
    """Replayed, and not in the journal: it was changed, or could not write then."""
    extra: tuple[bytes, ...]
    """In the journal, and not replayed: it was changed, or another program wrote it."""
    unwritten: int = 0
    """Replayed from the last inputs, and not written yet when the process ended or the journal was
    read: an input may reach the disk a moment before its record."""


def compare(replayed: Iterable[Record], written: Iterable[bytes], *, ended: bool) -> Comparison:
    """What the two have in common, and what not.

    Args:
        replayed: in order.
        written: in order.
        ended: the start ended in good order, so that every record of it was written.
    """
    ours, journal = list(map(encode, replayed)), Counter(written)
    unwritten = 0
    while not ended and ours and ours[-1] not in journal:
        del ours[-1]
        unwritten += 1
    mine = Counter(ours)
    return Comparison(
        (mine & journal).total(),
        tuple((mine - journal).elements()),
        tuple((journal - mine).elements()),
        unwritten,
    )


def _beginning(
    steps: Iterator[tuple[int, object]],
) -> tuple[int, Began, list[Spent], list[Record], tuple[int, AnyEvent] | None]:
    now_ns, began = next(steps, (0, None))
    if not isinstance(began, Began):
        raise NoBeginning
    spent: list[Spent] = []
    grants: list[Record] = []
    for at_ns, piece in steps:
        if isinstance(piece, BeganSpent):
            spent += piece.spent
        elif isinstance(piece, BeganOpen):
            grants += piece.grants
        else:
            return now_ns, began, spent, grants, (at_ns, piece)  # type: ignore[return-value] # the union's last arm
    return now_ns, began, spent, grants, None


def _events(
    first: tuple[int, AnyEvent] | None, rest: Iterator[tuple[int, object]]
) -> Iterator[tuple[int, AnyEvent]]:
    if first is not None:
        yield first
    yield from rest  # type: ignore[misc] # pieces of a beginning come first alone
