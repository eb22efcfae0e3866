"""A lane in plain lines: what a record says in a few words, and a view for where no terminal is.

Nothing here draws, so that `gate demo --exit` in a script starts without what drawing costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, Self, TextIO

from gate.records import Record, RecordKind
from gate.temperature import BAND_C

if TYPE_CHECKING:
    from types import TracebackType

    from firmware.demo.snapshot import Entry, Snapshot
    from gate.walltime import WallTime

OUTCOMES: Final = frozenset(
    {
        RecordKind.ACCESS_TAKEN,
        RecordKind.ACCESS_NOT_TAKEN,
        RecordKind.ACCESS_UNKNOWN,
        RecordKind.ACCESS_DENIED,
        RecordKind.ACCESS_REFERRED,
        RecordKind.ACCESS_OVERRIDDEN,
        RecordKind.ACCESS_ABANDONED,
        RecordKind.PASSAGE_TAILGATING,
        RecordKind.PASSAGE_WRONG_WAY,
        RecordKind.FIRE_RAISED,
        RecordKind.EMERGENCY_RAISED,
        RecordKind.LANE_IN_SERVICE,
        RecordKind.LANE_OUT_OF_SERVICE,
    }
)
"""What came of a visit, and why none comes: all that the plain lines tell of."""

_KIND_CHARS = max(len(kind) for kind in OUTCOMES)
_CREDENTIALS = frozenset({RecordKind.CREDENTIAL_ACCEPTED, RecordKind.CREDENTIAL_HELD})


class View(Protocol):
    """Shows a lane for as long as its `with` block lasts."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, and leave the terminal as it was."""

    def show(self, snapshot: Snapshot) -> None:
        """The lane is so now. Returns at once."""


class LineView:
    """One line for each outcome, in ASCII, as it comes.

    It is shown a snapshot at least every `RECORDS_MAX` records; what it misses, it counts.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._seq: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def show(self, snapshot: Snapshot) -> None:
        """Print what has come of visits since the last snapshot."""
        for entry in snapshot.records:
            if self._seq is not None and entry.seq <= self._seq:
                continue
            if self._seq is not None and entry.seq > self._seq + 1:
                self._out.write(f"{entry.seq - self._seq - 1} records not shown\n")
            self._seq = entry.seq
            if entry.record.kind in OUTCOMES:
                self._out.write(line_of(entry) + "\n")
        self._out.flush()


def line_of(entry: Entry) -> str:
    """Time, visit, kind and note: `08:12:03  visit 17     access.taken         entry, 5 inside`."""
    record = entry.record
    visit = f"visit {record.visit}" if record.visit else "lane"
    line = f"{clock_of(entry.wall)}  {visit:<10} {record.kind:<{_KIND_CHARS}}  {note_of(record)}"
    return line.rstrip().encode("ascii", "replace").decode("ascii")


def clock_of(wall: WallTime) -> str:
    """The site's own time, as `08:12:03`."""
    minutes, second = divmod(wall.civil_second, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}"


def note_of(record: Record) -> str:
    """What a record says beside its kind and its visit, without what would tell of a person."""
    band_c, reason = record.band_c, record.reason
    parts = (
        record.direction,
        record.credential_kind if record.kind in _CREDENTIALS else None,
        None if record.people is None else f"{record.people} people",
        record.device,
        None if reason is None or record.kind.endswith(f".{reason}") else reason,
        None if band_c is None else f"{band_c:.1f}–{band_c + BAND_C:.1f} °C",  # noqa: RUF001 - a range
        record.detail,
        "outside the validated range" if record.outside_validated else None,
        None if record.occupancy is None else f"{record.occupancy} inside",
    )
    return printable(", ".join(part for part in parts if part))


def printable(text: str) -> str:
    """Text in one line, without anything that a terminal would obey."""
    return "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))
