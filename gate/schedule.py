"""Whether the lane admits that kind of pass at that moment."""

from gate.credential.model import CredentialKind
from gate.policy import Hours, SchedulePolicy
from gate.reasons import Reason
from gate.walltime import WallTime


def refusal(schedule: SchedulePolicy, kind: CredentialKind, wall: WallTime) -> Reason | None:
    """Why not now, or None where the lane is open for that kind.

    A span past midnight belongs to the day on which it began, holidays included.
    """
    if wall.civil_day in schedule.holidays and kind not in schedule.holiday_kinds:
        return Reason.HOLIDAY
    if not schedule.hours or any(_covers(hours, kind, wall) for hours in schedule.hours):
        return None
    return Reason.OUTSIDE_HOURS


def _covers(hours: Hours, kind: CredentialKind, wall: WallTime) -> bool:
    if kind not in hours.kinds:
        return False
    minute, day = wall.civil_second // 60, wall.weekday
    if hours.open_minute <= hours.close_minute:
        return day in hours.days and hours.open_minute <= minute < hours.close_minute
    if minute >= hours.open_minute:
        return day in hours.days
    return minute < hours.close_minute and (day - 1) % 7 in hours.days
