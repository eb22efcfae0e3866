"""What the journal's newest records say of an alarm that nobody has reset."""

from collections.abc import Iterable

from gate.reasons import Reason
from gate.records import Record, RecordKind

RECORDS_LOOKED_AT = 2_000
"""Newest records: an alarm makes few, and a lane in service says so at each start."""

_ALARMS = {
    RecordKind.FIRE_RAISED: Reason.FIRE,
    RecordKind.EMERGENCY_RAISED: Reason.EMERGENCY_STOP,
}


def unreset_alarm(records: Iterable[Record]) -> Reason | None:
    """The alarm during which the process ended, unless staff had reset it.

    Args:
        records: newest first.
    """
    for record in records:
        if record.kind is RecordKind.LANE_IN_SERVICE:
            return None
        if record.kind is RecordKind.LANE_OUT_OF_SERVICE and record.officer is not None:
            return None
        if record.kind in _ALARMS:
            return _ALARMS[record.kind]
    return None
