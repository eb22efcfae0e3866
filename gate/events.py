"""Everything that can happen to a lane. An event is a fact, already past; it asks for nothing."""

import enum

from msgspec import Struct

from gate.credential.model import Credential
from gate.credential.standing import Standing
from gate.reasons import Reason
from gate.records import Direction
from gate.walltime import WallTime


class Beam(enum.StrEnum):
    """The two light beams across the passage; A lies on the street side."""

    A = "a"
    B = "b"


class Device(enum.StrEnum):
    """What can fail, by the name that the technician knows it by."""

    BARRIER = "barrier"
    CAMERA = "camera"
    READER = "reader"
    THERMOMETER = "thermometer"
    CHAMBER = "chamber"
    BEAMS = "beams"
    PRESENCE = "presence"
    JOURNAL = "journal"
    INPUTS = "inputs"


class ChamberInput(enum.StrEnum):
    """Sensors of the chamber's interlock. Each is True when it permits."""

    DOORS_CLOSED = "doors_closed"
    VACANT_1 = "vacant_1"
    VACANT_2 = "vacant_2"
    TANK_FILLED = "tank_filled"


class StaffAction(enum.StrEnum):
    """What an officer at the lane may do."""

    ADMIT = "admit"
    """Override a refusal or a referral, in one's own name."""
    REFUSE = "refuse"
    ASSIST = "assist"
    """Wheelchair, carer with child: longer times, a declared group."""
    RESET = "reset"
    MAINTENANCE_ON = "maintenance_on"
    MAINTENANCE_OFF = "maintenance_off"
    ARM_CHAMBER = "arm_chamber"


class Event(Struct, frozen=True, tag=True):
    """Base of all events."""


class Woke(Event, frozen=True):
    """The time that the lane asked for has come."""


class SelfCheckPassed(Event, frozen=True):
    """Every device that the policy needs answered, and the journal is open."""


class ShutdownRequested(Event, frozen=True):
    """The process is about to end in good order."""


class PresenceChanged(Event, frozen=True):
    """Somebody stands in the lane before the barrier, or no longer does."""

    present: bool


class BeamChanged(Event, frozen=True):
    """A beam across the passage was broken or made again."""

    beam: Beam
    blocked: bool


class PassContactPulsed(Event, frozen=True):
    """The turnstile's own PASS A or PASS B contact: one person went through."""

    direction: Direction


class DoorChanged(Event, frozen=True):
    """The barrier's door contact."""

    open: bool


class ExitRequested(Event, frozen=True):
    """The button (or sensor) on the inner side was used. Egress is never refused."""


class FireChanged(Event, frozen=True):
    """The fire panel's loop opened (active) or closed."""

    active: bool


class EmergencyStopChanged(Event, frozen=True):
    """The emergency stop was pressed (active) or released."""

    active: bool


class TamperChanged(Event, frozen=True):
    """The cabinet was opened (active) or closed."""

    active: bool


class ChamberInputChanged(Event, frozen=True):
    """A sensor of the chamber's interlock changed."""

    input: ChamberInput
    permits: bool


class ChamberCycleDone(Event, frozen=True):
    """The dispenser or chamber reports that its cycle is over."""


class ReadingTaken(Event, frozen=True):
    """The thermometer measured once."""

    visit: int
    """The visit in which the measurement was started."""
    object_c: float
    """Raw surface temperature, degrees Celsius."""
    ambient_c: float
    started_ns: int


class ReadingMissed(Event, frozen=True):
    """A measurement was started and gave nothing usable."""

    visit: int
    kind: str
    """`drivers.api.ErrorKind` by name."""


class CredentialPresented(Event, frozen=True):
    """A code was read and verified."""

    credential: Credential
    pseudonym: str
    wall: WallTime


class CodeRefused(Event, frozen=True):
    """A code was read and is no credential that holds."""

    reason: Reason


class StaffActed(Event, frozen=True):
    """An officer used the key switch, the console or the staff button."""

    action: StaffAction
    officer: str
    wall: WallTime
    people: int = 1
    """Size of the group that assistance was asked for."""


class DeviceFailed(Event, frozen=True):
    """A device stopped answering, or answers nonsense."""

    device: Device
    kind: str


class DeviceRecovered(Event, frozen=True):
    """A device that had failed works again."""

    device: Device


class GrantCommitted(Event, frozen=True):
    """The journal holds the grant, durably. Only now may the barrier move."""

    grant: int


class GrantNotCommitted(Event, frozen=True):
    """The journal could not take the grant."""

    grant: int


class ClockRead(Event, frozen=True):
    """The wall clock, as the runtime reads it from time to time."""

    wall: WallTime


class TrustListRead(Event, frozen=True):
    """Which list of public issuers is in use, and what its age makes of it."""

    version: int
    """0 where there is none."""
    standing: Standing


AnyEvent = (
    Woke
    | SelfCheckPassed
    | ShutdownRequested
    | PresenceChanged
    | BeamChanged
    | PassContactPulsed
    | DoorChanged
    | ExitRequested
    | FireChanged
    | EmergencyStopChanged
    | TamperChanged
    | ChamberInputChanged
    | ChamberCycleDone
    | ReadingTaken
    | ReadingMissed
    | CredentialPresented
    | CodeRefused
    | StaffActed
    | DeviceFailed
    | DeviceRecovered
    | GrantCommitted
    | GrantNotCommitted
    | ClockRead
    | TrustListRead
)
"""The closed union, for decoding a trace and for tests that try every event in every state."""
