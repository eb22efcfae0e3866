"""An alarm outlives a restart until staff has reset it."""

import pytest

from firmware.past import unreset_alarm
from gate.reasons import Reason
from gate.records import Record, RecordKind

RAISED = Record(RecordKind.FIRE_RAISED, 1)
STOPPED = Record(RecordKind.EMERGENCY_RAISED, 1)
CLEARED = Record(RecordKind.FIRE_CLEARED, 2)
RESET = Record(RecordKind.LANE_OUT_OF_SERVICE, 3, reason=Reason.FIRE, officer="key")
OUT = Record(RecordKind.LANE_OUT_OF_SERVICE, 3, reason=Reason.SHUTDOWN)
OPEN = Record(RecordKind.LANE_IN_SERVICE, 4)
STARTED = Record(RecordKind.DEVICE_STARTED, 5)


@pytest.mark.parametrize(
    ("oldest_first", "alarm"),
    [
        ([], None),
        ([OPEN], None),
        ([OPEN, RAISED], Reason.FIRE),
        ([OPEN, STOPPED], Reason.EMERGENCY_STOP),
        ([RAISED, CLEARED, OUT, STARTED], Reason.FIRE),
        ([RAISED, CLEARED, RESET], None),
        ([RAISED, CLEARED, RESET, OPEN, STARTED], None),
        ([RAISED, RESET, OPEN, STOPPED, OUT, STARTED, STARTED], Reason.EMERGENCY_STOP),
    ],
)
def test_only_staff_ends_an_alarm(oldest_first: list[Record], alarm: Reason | None) -> None:
    """The end of its input does not, nor does the end of the process."""
    assert unreset_alarm(reversed(oldest_first)) is alarm
