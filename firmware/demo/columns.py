"""Devices and records, side by side where there is room, else one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

from firmware.demo.fitting import GAP, MORE, beside, fitted, heading
from firmware.demo.lines import clock_of, note_of, printable
from firmware.demo.snapshot import DeviceRow, DeviceState
from gate.records import RecordKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from firmware.demo.snapshot import Entry, Snapshot

SIDE_BY_SIDE_CELLS_MIN = 76
DEVICES_CELLS = (30, 48)
"""Width of the devices' column: least and most."""
DEVICES_PART = 0.42
TABLE_CELLS_MIN = 72
"""From this width on, the notes of all records stand below each other."""
LINES_MIN = 3
"""With fewer lines than this there are no columns at all."""

_KIND_CELLS = max(len(kind) for kind in RecordKind)

DEVICES, RECORDS = "Devices, simulated", "Records, newest last"

_MARKS: Final[Mapping[DeviceState, tuple[str, str]]] = {
    DeviceState.OK: ("✓", "green"),
    DeviceState.TROUBLE: ("✗", "bold red"),
    DeviceState.OFF: ("–", "dim"),  # noqa: RUF001 - a dash, as in a table
}
_GOOD, _ALERT, _CAREFUL = "green", "bold red", "yellow"
_STYLES: Final[Mapping[RecordKind, str]] = {
    RecordKind.ACCESS_GRANTED: _GOOD,
    RecordKind.ACCESS_TAKEN: _GOOD,
    RecordKind.LANE_IN_SERVICE: _GOOD,
    RecordKind.ACCESS_NOT_TAKEN: _CAREFUL,
    RecordKind.ACCESS_UNKNOWN: _CAREFUL,
    RecordKind.ACCESS_REFERRED: _CAREFUL,
    RecordKind.ACCESS_OVERRIDDEN: _CAREFUL,
    RecordKind.TEMPERATURE_ELEVATED: _CAREFUL,
    RecordKind.CREDENTIAL_REFUSED: _CAREFUL,
    RecordKind.PASSAGE_TURNED_BACK: _CAREFUL,
    RecordKind.PASSAGE_WRONG_WAY: _CAREFUL,
    RecordKind.PASSAGE_TAILGATING: _ALERT,
    RecordKind.PASSAGE_OBSTRUCTED: _CAREFUL,
    RecordKind.ACCESS_DENIED: _ALERT,
    RecordKind.ACCESS_DURESS: _ALERT,
    RecordKind.DOOR_FORCED: _ALERT,
    RecordKind.DEVICE_FAILED: _ALERT,
    RecordKind.DEVICE_TAMPERED: _ALERT,
    RecordKind.FIRE_RAISED: _ALERT,
    RecordKind.EMERGENCY_RAISED: _ALERT,
    RecordKind.LANE_OUT_OF_SERVICE: _ALERT,
}
"""Of kinds that stand out; the words say it too."""


def body(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """At most `height` lines."""
    if height < LINES_MIN:
        return []
    if width < SIDE_BY_SIDE_CELLS_MIN:
        room = min(len(snapshot.devices) + 1, height // 2)
        upper = devices(snapshot.devices, width, room) if room >= LINES_MIN else []
        return upper + records(snapshot.records, width, height - len(upper))
    least, most = DEVICES_CELLS
    left = min(max(round(width * DEVICES_PART), least), most)
    right = width - left - len(GAP)
    pairs = zip(
        _filled(devices(snapshot.devices, left, height), height),
        _filled(records(snapshot.records, right, height), height),
        strict=True,
    )
    return [beside(device, record, left) for device, record in pairs]


def devices(rows: Sequence[DeviceRow], width: int, height: int) -> list[Text]:
    """A heading, then one line each. Where there are too many, those in trouble stay."""
    room = height - 1
    shown = list(range(len(rows)))
    if len(rows) > room:
        by_weight = sorted(shown, key=lambda n: rows[n].state is not DeviceState.TROUBLE)
        shown = sorted(by_weight[: room - 1])
    name_cells = max((len(rows[n].name) for n in shown), default=0)
    lines = [heading(DEVICES, width), *(_device(rows[n], name_cells, width) for n in shown)]
    left_out = len(rows) - len(shown)
    return (
        [*lines, Text(fitted(f"{MORE} and {left_out} more", width), "dim")] if left_out else lines
    )


def _device(row: DeviceRow, name_cells: int, width: int) -> Text:
    mark, style = _MARKS[row.state]
    value_style = "" if row.state is DeviceState.OK else style
    name = fitted(printable(row.name), width - len(mark) - 1)
    line = Text().append(f"{mark} ", style).append(f"{name:<{name_cells}}{GAP}")
    line.append(fitted(printable(row.value), width - line.cell_len), value_style)
    line.truncate(width)
    return line


def records(entries: Sequence[Entry], width: int, height: int) -> list[Text]:
    """A heading, then as many of the newest as there is room for, none of them in part."""
    lines: list[Text] = []
    visit_cells = max((len(_visit(entry)) for entry in entries), default=0)
    for entry in reversed(entries):
        more = _record(entry, visit_cells, width)
        if len(lines) + len(more) > height - 1:
            break
        lines = more + lines
    return [heading(RECORDS, width), *lines]


def _record(entry: Entry, visit_cells: int, width: int) -> list[Text]:
    """One line, or two where the note does not fit behind the kind."""
    kind = entry.record.kind
    line = Text().append(f"{clock_of(entry.wall)} ", "dim")
    line.append(f"{_visit(entry):>{visit_cells}} ", "cyan")
    if line.cell_len + len(kind) > width:
        line = Text()
    indent = line.cell_len
    line.append(fitted(kind, width), _STYLES.get(kind, ""))
    note = note_of(entry.record)
    if not note:
        return [line]
    if width >= TABLE_CELLS_MIN:
        line.pad_right(indent + _KIND_CELLS - line.cell_len)
    if line.cell_len + 1 + cell_len(note) <= width:
        return [line.append(" ").append(note)]
    return [line, Text(" " * indent + fitted(note, width - indent))]


def _visit(entry: Entry) -> str:
    return f"#{entry.record.visit}" if entry.record.visit else ""


def _filled(lines: list[Text], height: int) -> list[Text]:
    return lines + [Text()] * (height - len(lines))
