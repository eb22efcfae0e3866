"""The journal as an outbox: what to send next, what is under way, how far it is done."""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Protocol

from drivers.api import Stored

FETCH_RECORDS = 64
"""Records read from the journal at once."""

Position = tuple[int, int]
"""Epoch and seq of a record; ordered."""


class Records(Protocol):
    """What the reporter needs of the journal; any thread may call it."""

    @property
    def cursor(self) -> Position:
        """Up to where records were acknowledged, durably or soon."""

    def after(self, epoch: int, seq: int, limit: int) -> list[Stored]:
        """Durable records after that position, oldest first."""

    def acknowledge(self, epoch: int, seq: int) -> None:
        """Everything up to and with that record is done."""

    @property
    def settled(self) -> bool:
        """Whether no record waits for the disk."""

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever records have become durable, or the journal is settled."""


class Outbox:
    """One connection's view of the journal. Not shared between threads.

    The receiver may acknowledge out of order; the cursor moves only over what is whole.
    """

    def __init__(self, journal: Records) -> None:
        self._journal = journal
        self._read_to: Position = journal.cursor
        self._fetched: deque[Stored] = deque()
        self._under_way: OrderedDict[int, Position] = OrderedDict()
        self._acked: set[int] = set()

    @property
    def under_way(self) -> int:
        """Records sent and not passed by the cursor yet."""
        return len(self._under_way)

    def next(self) -> Stored | None:
        """The next record to send, or None when all is sent."""
        if not self._fetched:
            self._fetched.extend(self._journal.after(*self._read_to, FETCH_RECORDS))
            if self._fetched:
                self._read_to = (self._fetched[-1].epoch, self._fetched[-1].seq)
        return self._fetched[0] if self._fetched else None

    def sent(self, packet: int) -> None:
        """What `next` gave is under way, in that packet."""
        stored = self._fetched.popleft()
        self._under_way[packet] = (stored.epoch, stored.seq)

    def acknowledged(self, packet: int) -> Position | None:
        """The packet's receiver has it. Returns how far everything is whole now, if further."""
        if packet not in self._under_way:
            return None
        self._acked.add(packet)
        whole = None
        while self._under_way:
            oldest = next(iter(self._under_way))
            if oldest not in self._acked:
                break
            self._acked.discard(oldest)
            whole = self._under_way.pop(oldest)
        return whole

    def rewind(self) -> None:
        """Forget what is under way; begin again after the cursor."""
        self._fetched.clear()
        self._under_way.clear()
        self._acked.clear()
        self._read_to = self._journal.cursor
