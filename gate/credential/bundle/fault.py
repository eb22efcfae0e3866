"""Why a bundle is not taken: one closed list, so that tests and tools name the reason."""

import enum

from gate.credential.trust import TrustError


class Fault(enum.StrEnum):
    """In the order in which a bundle is looked at."""

    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    """No bundle at all, or one that was cut short or changed on the way."""
    SIGNATURE = "signature"
    """A pinned root key is named and did not sign this."""
    UNSIGNED = "unsigned"
    """Fewer pinned root keys signed than must."""
    FORMAT = "format"
    """Genuine, and made by a newer program than this one."""
    ROLLBACK = "rollback"
    """Older than what was taken before."""
    EQUIVOCATION = "equivocation"
    """As new as the held one, and another."""
    CREATED_AHEAD = "created_ahead"
    """From the future: it would stay fresh for too long."""
    CONTENT = "content"
    """Genuine, and not what such a bundle may hold."""


class BundleError(TrustError):
    """A bundle is not taken: one sentence that says what to do."""

    def __init__(self, fault: Fault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault
