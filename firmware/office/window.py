"""From when until when a pass holds, in an office's words; and whether a gate ever takes it."""

from datetime import timedelta

from msgspec import Struct

from firmware.errors import UserError
from gate.credential.model import CredentialKind
from gate.credential.native import PassClaims
from gate.credential.trust import IssuerKey

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
        UserError: two ways of saying it at once, or half of one; or it would be over already.
    """
    start_s, until_s = _ends(kind, now_s, wish)
    if until_s <= now_s:
        raise UserError("The pass would be over already; give a later end.")
    return start_s, until_s


def _ends(kind: CredentialKind, now_s: int, wish: Wish) -> tuple[int, int]:
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


def refusal(claims: PassClaims, issuer: IssuerKey, now_s: int) -> str:
    """Why no gate that trusts this key would take the pass at any time from now, or nothing."""
    if claims.kind not in issuer.kinds:
        return f"{issuer.name} may not issue {claims.kind}"
    start_s = max(claims.not_before_s, issuer.not_before_s, now_s)
    if min(claims.expires_s, issuer.not_after_s) <= start_s:
        return f"the gates trust this key of {issuer.name} at no time at which the pass holds"
    return ""


def _s(span: timedelta) -> int:
    return int(span.total_seconds())
