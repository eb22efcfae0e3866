"""Everything a lane can ask of the world: an order, whose effect comes back as an event."""

import enum

from msgspec import Struct

from gate.reasons import Reason
from gate.records import Direction, Record, Spent


class Screen(enum.StrEnum):
    """What the visitor is told. Words, colours, lights and sounds hang on this one name."""

    CLOSED = "closed"
    IDLE = "idle"
    CHAMBER = "chamber"
    HOLD_STILL = "hold_still"
    MEASURE_AGAIN = "measure_again"
    SHOW_CODE = "show_code"
    CODE_NOT_READ = "code_not_read"
    WAIT = "wait"
    GO = "go"
    EXIT = "exit"
    SIT_DOWN = "sit_down"
    """Sit for five minutes and be measured again."""
    SEE_STAFF = "see_staff"
    REFUSED = "refused"
    ONE_AT_A_TIME = "one_at_a_time"
    EMERGENCY = "emergency"


class Command(Struct, frozen=True, tag=True):
    """Base of all commands."""


class CommitGrant(Command, frozen=True):
    """Write the grant durably and answer with `GrantCommitted` or `GrantNotCommitted`."""

    record: Record
    spent: Spent | None = None


class Append(Command, frozen=True):
    """Write the record; no answer is waited for."""

    record: Record


class Release(Command, frozen=True):
    """Let one person through. The driver lets go by itself at `until_ns`."""

    direction: Direction
    grant: int
    until_ns: int


class Secure(Command, frozen=True):
    """Hold the barrier shut in that direction, now."""

    direction: Direction


class RunChamber(Command, frozen=True):
    """Switch the chamber's actuator on. The driver switches it off by itself at `until_ns`."""

    visit: int
    until_ns: int


class StopChamber(Command, frozen=True):
    """Switch the chamber's actuator off, now."""


class Measure(Command, frozen=True):
    """Take temperature readings for this visit until told to stop."""

    visit: int


class StopMeasuring(Command, frozen=True):
    """Stop taking readings."""


class Show(Command, frozen=True):
    """Tell the visitor."""

    screen: Screen
    reason: Reason | None = None
    """For the officer's screen; the visitor's shows a neutral sentence."""
    refer_to: str | None = None
    until_ns: int = 0


AnyCommand = (
    CommitGrant
    | Append
    | Release
    | Secure
    | RunChamber
    | StopChamber
    | Measure
    | StopMeasuring
    | Show
)
