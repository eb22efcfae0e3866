"""When a credential holds: from one second until another, and how the lane's clock is asked."""

import math

from msgspec import Struct

from gate.credential.model import CredentialError
from gate.reasons import Reason
from gate.walltime import TIME_S_END, ClockQuality, WallTime

START_LEEWAY_S = 60
"""How much earlier than its start a credential is taken: its issuer's clock may be a little ahead
of the lane's, and a pass issued for "now" must work now. The end has no leeway, so that a pass of
thirty seconds is one."""


class Window(Struct, frozen=True):
    """Unix seconds, 0 to `TIME_S_END`; never empty."""

    from_s: int
    until_s: int
    """Exclusive."""

    def check(self, now: WallTime) -> None:
        """Return if the moment lies within. An UNTRUSTED clock has none to compare: admission
        refers the visitor to an officer.

        Raises:
            CredentialError: CREDENTIAL_NOT_YET_VALID or CREDENTIAL_EXPIRED, with nothing beside
                it: times are nearly a name of their certificate.
        """
        if now.quality is ClockQuality.UNTRUSTED:
            return
        if now.unix_s < self.from_s - START_LEEWAY_S:
            raise CredentialError(Reason.CREDENTIAL_NOT_YET_VALID)
        if now.unix_s >= self.until_s:
            raise CredentialError(Reason.CREDENTIAL_EXPIRED)


def window(from_s: float, until_s: float) -> Window:
    """The window of these times, each rounded up to a whole second, within what times can be.

    Raises:
        CredentialError: it has no moment at all, whatever time it is: CREDENTIAL_NOT_YET_VALID
            where it begins after all times, such as in milliseconds; else CREDENTIAL_EXPIRED.
    """
    if from_s >= TIME_S_END:
        raise CredentialError(Reason.CREDENTIAL_NOT_YET_VALID)
    found = Window(math.ceil(max(from_s, 0)), math.ceil(max(0, min(until_s, TIME_S_END))))
    if found.until_s <= found.from_s:
        raise CredentialError(Reason.CREDENTIAL_EXPIRED)
    return found
