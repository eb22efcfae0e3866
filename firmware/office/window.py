"""From when until when a pass holds, in an office's words."""

from datetime import timedelta

from msgspec import Struct

from firmware.errors import UserError
from gate.credential.model import CredentialKind

DEFAULT_FOR = {
    CredentialKind.VISITOR: timedelta(days=1),
    CredentialKind.APPOINTMENT: timedelta(hours=1),
    CredentialKind.STAFF: timedelta(days=365),
}
"""How long a pass holds where nothing is said."""
EARLY = timedelta(minutes=15)
"""Who has an appointment may come so early: a waiting room holds them, a street does not."""
LATE = timedelta(minutes=45)
"""And so late."""


class Wish(Struct, frozen=True):
    """What was said of a pass's time. All of it may be left out."""

    start_s: int | None = None
    """First moment, Unix seconds."""
    until_s: int | None = None
    """End, Unix seconds."""
    lasts: timedelta | None = None
    """How long, instead of an end."""
    at_s: int | None = None
    """An appointment's agreed time, instead of both."""
    early: timedelta | None = None
    """How long before `at_s` the pass begins."""
    late: timedelta | None = None
    """How long after `at_s` it ends."""
    window: tuple[int, int] | None = None
    """Both ends of an appointment, instead of everything else."""


def window_of(kind: CredentialKind, now_s: int, wish: Wish) -> tuple[int, int]:
    """Start and end in Unix seconds; a start of 0 is none. A pass without a start lasts from now.

    Raises:
        UserError: two ways of saying it at once, or half of one.
    """
    agreed = wish.at_s is not None or wish.window is not None
    ends = (wish.lasts, wish.until_s, wish.window, wish.at_s)
    if agreed and kind is not CredentialKind.APPOINTMENT:
        raise UserError("Only an appointment has a time that was agreed on.")
    if sum(end is not None for end in ends) > 1:
        raise UserError("Say in one way only how long the pass holds, not both.")
    if (wish.early is not None or wish.late is not None) and wish.at_s is None:
        raise UserError("Early and late are counted from the agreed time; give it too.")
    if agreed and wish.start_s is not None:
        raise UserError("An agreed time has its own start; leave the other out.")
    if wish.window is not None:
        return wish.window
    if wish.at_s is not None:
        return wish.at_s - _s(wish.early or EARLY), wish.at_s + _s(wish.late or LATE)
    if wish.until_s is not None:
        return wish.start_s or 0, wish.until_s
    return wish.start_s or 0, (wish.start_s or now_s) + _s(wish.lasts or DEFAULT_FOR[kind])


def _s(span: timedelta) -> int:
    return int(span.total_seconds())
