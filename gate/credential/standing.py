"""What its age makes of a list of public issuers.

A list that is never renewed is how a revoked key stays believed: whoever holds up the newer ones
gains days, never years.
"""

import enum

from gate.walltime import SECONDS_PER_DAY

AGE_WARN_S = 3 * SECONDS_PER_DAY
"""From here on the lane says that its trust list is old."""
AGE_DOUBT_S = 7 * SECONDS_PER_DAY
"""From here on an officer looks at every public certificate."""
CREATED_LEEWAY_S = 3_600
"""How far ahead of the lane's clock a list may have been made."""
AGE_REFUSE_S = 30 * SECONDS_PER_DAY
"""From here on no public certificate is believed."""


class Standing(enum.StrEnum):
    """What its age makes of a trust list."""

    FRESH = "fresh"
    AGEING = "ageing"
    """Time for a newer one; nothing else changes."""
    OLD = "old"
    """An officer looks at every public certificate."""
    OUTDATED = "outdated"
    """No public certificate is believed."""
