"""What a policy or a rule answers: one closed list."""

import enum


class Outcome(enum.StrEnum):
    """What becomes of a visitor with a genuine credential."""

    ADMIT = "admit"
    OFFICER = "officer"
    """An officer verifies, and admits in their own name or refuses."""
    REFUSE = "refuse"
    REFER = "refer"
    """Refused, with the way to the health centre."""
