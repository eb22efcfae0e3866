"""How the lane is now, in one flat document: the retained `state` topic, and every screen."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from gate.commands import Screen, Show
from gate.reasons import Reason
from gate.states import AnyState, Attended, Denied, Emergency, OutOfService, Referred

STATUS_SCHEMA = 1
_WORDS = {
    "OutOfService": "out_of_service",
    "Idle": "idle",
    "Disinfecting": "disinfecting",
    "Clearing": "clearing",
    "Screening": "screening",
    "AwaitingCode": "awaiting_code",
    "Granting": "granting",
    "Denied": "denied",
    "Referred": "referred",
    "Emergency": "emergency",
}


class LaneStatus(Struct, frozen=True):
    """What staff asks of a lane at a glance. Nothing in it tells of a person."""

    schema: int
    state: str
    reason: Reason | None
    screen: Screen
    visit: int
    """Number of the visit under way, 0 for none."""
    occupancy: int
    in_service: bool
    clock: str
    failed: tuple[str, ...]
    """Devices that don't work, by name."""
    trust_version: int
    """Of the list of public issuers; 0 where the lane has none."""
    trust: str
    """What its age makes of that list: fresh, ageing, old or outdated."""


def status_of(state: AnyState, show: Show) -> LaneStatus:
    """The lane's state, as others may know it."""
    lane = state.lane
    reason = (
        state.reason if isinstance(state, OutOfService | Emergency | Denied | Referred) else None
    )
    return LaneStatus(
        STATUS_SCHEMA,
        _WORDS[type(state).__name__],
        reason,
        show.screen,
        state.visit.number if isinstance(state, Attended) else 0,
        lane.ledger.occupancy,
        not isinstance(state, OutOfService | Emergency),
        str(lane.wall.quality),
        tuple(sorted(lane.failed)),
        lane.trust_version,
        str(lane.trust_standing),
    )


encode_status = msgspec.json.Encoder().encode
"""As JSON."""
