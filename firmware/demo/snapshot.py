"""All that a terminal shows of a lane at one moment. Who draws it asks nothing of the lane."""

from __future__ import annotations

import enum
from collections import deque
from typing import Final

from msgspec import Struct

from firmware.status import LaneStatus
from gate.commands import Show
from gate.policy import Policy
from gate.records import Direction, Record, RecordKind
from gate.walltime import WallTime

RECORDS_MAX = 64
"""Newest records in one snapshot: more than a tall terminal has lines."""
MINUTES_MAX = 60
"""Length of the series of throughput."""
S_PER_MINUTE = 60

HIGH, LOW = "●", "○"


class DeviceState(enum.StrEnum):
    """Whether a device does what it is there for."""

    OK = "ok"
    TROUBLE = "trouble"
    OFF = "off"
    """The lane has none, or doesn't use it."""


class DeviceRow(Struct, frozen=True):
    """One device, or a few wires that belong together."""

    name: str
    value: str = ""
    """What it says now: `levels(True, False)`, `simulated 36.4 °C`, `15 frames a second`."""
    state: DeviceState = DeviceState.OK


class Entry(Struct, frozen=True):
    """One record, when it was written."""

    seq: int
    """Grows by one from each record to the next."""
    wall: WallTime
    record: Record


class Counters(Struct, frozen=True):
    """What has come of it so far."""

    visits: int = 0
    admitted: int = 0
    """People who went in on a grant."""
    refused: int = 0
    referred: int = 0
    per_minute: tuple[int, ...] = ()
    """People who went in or out on a grant in each minute, newest last."""


class BrokerRow(Struct, frozen=True):
    """Where the records go."""

    host: str
    port: int
    kind: str
    connected: bool
    written: int
    """Records on the disk."""
    done: int
    """Records of these that the broker has."""


class Snapshot(Struct, frozen=True, kw_only=True):
    """One moment.

    Raises:
        ValueError: more records than `RECORDS_MAX`.
    """

    wall: WallTime
    now_ns: int
    """Monotonic nanoseconds, of the same clock as `Show.until_ns`."""
    uptime_s: float
    memory_bytes: int
    """Resident, of the lane's own process."""
    status: LaneStatus
    show: Show
    """What the visitor was told last."""
    policy: Policy
    devices: tuple[DeviceRow, ...]
    records: tuple[Entry, ...]
    """Newest last."""
    counters: Counters
    broker: BrokerRow
    visitor: str | None = None
    """Temperament of whoever is at the lane, by its word."""

    def __post_init__(self) -> None:
        if len(self.records) > RECORDS_MAX:
            raise ValueError(f"{len(self.records)} records; the most is {RECORDS_MAX}")


def levels(*high: bool) -> str:
    """Levels of wires, as `● ○`."""
    return " ".join(HIGH if level else LOW for level in high)


class Counting:
    """Makes counters, and the newest records, from the lane's records as they are written."""

    def __init__(self) -> None:
        self._newest: deque[Entry] = deque(maxlen=RECORDS_MAX)
        self._count = dict.fromkeys(_COUNTED.values(), 0)
        self._passed: deque[tuple[int, int]] = deque(maxlen=MINUTES_MAX)
        """Minute since 1970, and how many went through in it; minutes without any are left out."""
        self._first_minute: int | None = None

    def add(self, entry: Entry) -> None:
        """One more record was written."""
        self._newest.append(entry)
        record, minute = entry.record, entry.wall.unix_s // S_PER_MINUTE
        if self._first_minute is None:
            self._first_minute = minute
        if record.kind is RecordKind.ACCESS_TAKEN:
            self._pass(minute)
            if record.direction is Direction.EXIT:
                return
        if record.kind in _COUNTED:
            self._count[_COUNTED[record.kind]] += 1

    @property
    def records(self) -> tuple[Entry, ...]:
        """The newest, newest last."""
        return tuple(self._newest)

    def counters(self, wall: WallTime) -> Counters:
        """As they stand at that time."""
        minute = wall.unix_s // S_PER_MINUTE
        first = minute if self._first_minute is None else self._first_minute
        span = range(max(first, minute - MINUTES_MAX + 1), minute + 1)
        passed = dict(self._passed)
        return Counters(**self._count, per_minute=tuple(passed.get(each, 0) for each in span))

    def _pass(self, minute: int) -> None:
        if self._passed and self._passed[-1][0] == minute:
            self._passed[-1] = (minute, self._passed[-1][1] + 1)
        else:
            self._passed.append((minute, 1))


_COUNTED: Final = {
    RecordKind.ACCESS_REQUESTED: "visits",
    RecordKind.ACCESS_TAKEN: "admitted",
    RecordKind.ACCESS_DENIED: "refused",
    RecordKind.ACCESS_REFERRED: "referred",
}
