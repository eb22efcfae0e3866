"""What the lane writes down: one flat record, its kinds, and nothing about the person.

The words follow ONVIF's access-control events. A record carries only what it needs;
absent fields are left out of its JSON. Names, numbers and degrees never get in: a visitor
is a daily pseudonym, a temperature is a verdict and a half-degree band.
"""

import enum

import msgspec
from msgspec import Struct

from gate.reasons import Reason

RECORD_SCHEMA = 1
"""Version of the record's JSON. Fields may be added under the same number; no field changes
its meaning or goes away without a new one."""
RECORD_BYTES_MAX = 2_048
"""Longest JSON of one record."""
DETAIL_CHARS_MAX = 200


class RecordKind(enum.StrEnum):
    """Every kind of record, by its name on the wire."""

    ACCESS_REQUESTED = "access.requested"
    ACCESS_GRANTED = "access.granted"
    ACCESS_TAKEN = "access.taken"
    ACCESS_NOT_TAKEN = "access.not_taken"
    ACCESS_UNKNOWN = "access.unknown"
    """A grant whose outcome nobody saw: the process ended while it was open."""
    ACCESS_DENIED = "access.denied"
    ACCESS_REFERRED = "access.referred"
    ACCESS_OVERRIDDEN = "access.overridden"
    ACCESS_ASSISTED = "access.assisted"
    """An officer gave a visit more time, and said how many people it is for."""
    ACCESS_DURESS = "access.duress"
    ACCESS_ABANDONED = "access.abandoned"
    """A visit that ended before a decision."""

    PASSAGE_TURNED_BACK = "passage.turned_back"
    PASSAGE_WRONG_WAY = "passage.wrong_way"
    PASSAGE_TAILGATING = "passage.tailgating"
    PASSAGE_OBSTRUCTED = "passage.obstructed"
    PASSAGE_CLEARED = "passage.cleared"

    TEMPERATURE_NORMAL = "temperature.normal"
    TEMPERATURE_ELEVATED = "temperature.elevated"
    TEMPERATURE_UNAVAILABLE = "temperature.unavailable"
    TEMPERATURE_READING_REJECTED = "temperature.reading_rejected"

    CREDENTIAL_ACCEPTED = "credential.accepted"
    CREDENTIAL_REFUSED = "credential.refused"
    CREDENTIAL_HELD = "credential.held"

    OCCUPANCY_CHANGED = "occupancy.changed"

    DOOR_FORCED = "door.forced"
    DOOR_HELD = "door.held"
    DOOR_CLOSED = "door.closed"

    FIRE_RAISED = "fire.raised"
    FIRE_CLEARED = "fire.cleared"
    EMERGENCY_RAISED = "emergency.raised"
    EMERGENCY_CLEARED = "emergency.cleared"

    CHAMBER_STARTED = "chamber.started"
    CHAMBER_DONE = "chamber.done"
    CHAMBER_ABORTED = "chamber.aborted"

    DEVICE_FAILED = "device.failed"
    DEVICE_RECOVERED = "device.recovered"
    DEVICE_TAMPERED = "device.tampered"
    DEVICE_STARTED = "device.started"
    DEVICE_STOPPED = "device.stopped"
    LANE_IN_SERVICE = "lane.in_service"
    LANE_OUT_OF_SERVICE = "lane.out_of_service"

    EVENT_IGNORED = "lane.event_ignored"
    """Something happened that makes no sense in the state that the lane was in."""

    SELFTEST_FINISHED = "selftest.finished"
    TIME_QUALITY_CHANGED = "time.quality_changed"
    POLICY_LOADED = "policy.loaded"
    POLICY_TRUST = "policy.trust"
    """Another list of public issuers is in use, or it has grown older: version and standing."""


class Direction(enum.StrEnum):
    """Which way a person goes through the barrier."""

    ENTRY = "entry"
    EXIT = "exit"


class Spent(Struct, frozen=True):
    """What the lane itself must remember of a used pass. Kept beside the record, never in it:
    not sent, not hashed, erased when the pass could no longer be used anyway."""

    replay_key: str
    holder: str
    until_s: int


class Record(Struct, frozen=True, omit_defaults=True):
    """One thing that happened at the lane, as the domain states it.

    The journal adds what only it knows: epoch, sequence, wall time and the hash chain.
    """

    kind: RecordKind
    at_ns: int
    """Monotonic nanoseconds of the lane's process."""
    visit: int = 0
    """Number of the visit, 0 for what belongs to none."""
    grant: int = 0
    reason: Reason | None = None
    direction: Direction | None = None
    credential_kind: str | None = None
    issuer: str | None = None
    pseudonym: str | None = None
    """16 hex digits, keyed anew each day."""
    verdict: str | None = None
    band_c: float | None = None
    """Lower edge of the half-degree band of a temperature, in degrees Celsius."""
    outside_validated: bool = False
    """The ambient temperature was outside the range that the thermometer was validated for."""
    refer_to: str | None = None
    occupancy: int | None = None
    people: int | None = None
    device: str | None = None
    officer: str | None = None
    state: str | None = None
    detail: str | None = None


_encoder = msgspec.json.Encoder()


def encode(record: Record) -> bytes:
    """The record's canonical JSON: declared order of fields, absent ones left out, no spaces."""
    return _encoder.encode(record)


_decoder = msgspec.json.Decoder(Record)


def decode(data: bytes) -> Record:
    """Reverse of `encode`.

    Raises:
        msgspec.ValidationError: not a record of this schema.
    """
    return _decoder.decode(data)
