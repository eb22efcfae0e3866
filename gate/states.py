"""What a lane is at one moment: its memory, the visit and the grant under way, and its states.

A state holds only what that state has. All of them carry the lane's memory, which outlives
every state: what the sensors said last, who is inside, which grants are open. All is frozen;
a change makes a new object that shares the rest with the old one.
"""

from msgspec import Struct

from gate.credential.model import Credential
from gate.credential.standing import Standing
from gate.events import ChamberInput, Device
from gate.ledger import Ledger
from gate.passage import CLEAR, Track
from gate.policy import Policy, Stage, ns
from gate.reasons import Reason
from gate.records import Direction
from gate.temperature import Estimate, Rejection, Repeat, Sample
from gate.walltime import ClockQuality, WallTime


class Grant(Struct, frozen=True):
    """The right of one person to go through once. It ends with exactly one outcome."""

    number: int
    direction: Direction
    visit: int = 0
    """0 for egress, which asks for no visit."""
    until_ns: int | None = None
    """When the barrier is secured again; None until the journal has the grant."""
    credential: Credential | None = None
    pseudonym: str | None = None
    officer: str | None = None
    turned_back: bool = False
    """Somebody stepped into the passage and back out."""


class Door(Struct, frozen=True):
    """The barrier's door contact, while it is open."""

    since_ns: int
    alarmed: bool = False
    """Forced or held too long, and recorded as that."""


class Lane(Struct, frozen=True):
    """The lane's memory."""

    policy: Policy
    ledger: Ledger = Ledger()
    wall: WallTime = WallTime(0, quality=ClockQuality.UNTRUSTED)
    pruned_day: int = 0
    """The site's day on which what has expired was last dropped from the ledger."""
    visits: int = 0
    """Number of the newest visit; so for grants."""
    grants: int = 0
    entry: Grant | None = None
    """The open grant of each direction, if there is one."""
    exit: Grant | None = None
    track: Track = CLEAR
    obstructed: bool = False
    present: bool = False
    present_since_ns: int = 0
    """Since when somebody stands there, or stood there last."""
    absent_since_ns: int = 0
    """Since when nobody stands in the lane any more; 0 while somebody does, or where the present
    visitor has not been seen yet."""
    door: Door | None = None
    reading: Repeat | None = None
    """The thermometer's newest answer."""
    permits: frozenset[ChamberInput] = frozenset()
    """Sensors of the chamber that permit. A sensor that has said nothing yet forbids."""
    failed: frozenset[Device] = frozenset()
    fire: bool = False
    stop: bool = False
    """The emergency stop is pressed."""
    evacuating: bool = False
    """The exit is released for everybody, from the alarm until staff resets the lane."""
    unreset: Reason | None = None
    """An alarm that was not reset before the process was started anew; staff resets it."""
    tampered: bool = False
    trust_version: int = 0
    """Of the list of public issuers that is in use; 0 for none."""
    trust_standing: Standing = Standing.FRESH
    checked: bool = False
    """The self-check passed."""
    maintenance: bool = False
    closing: bool = False
    """The process is about to end."""

    @property
    def alarm(self) -> Reason | None:
        """What everybody must leave for, fire before the emergency stop."""
        if self.fire:
            return Reason.FIRE
        return Reason.EMERGENCY_STOP if self.stop else None

    @property
    def shut(self) -> Reason | None:
        """Why the lane can't be in service, or None where it can."""
        if self.closing:
            return Reason.SHUTDOWN
        if not self.checked:
            return Reason.STARTING
        if self.maintenance:
            return Reason.MAINTENANCE
        if self.unreset is not None:
            return self.unreset
        if self.tampered:
            return Reason.TAMPER
        if not self.failed:
            return None
        if Device.JOURNAL in self.failed:
            return Reason.JOURNAL_UNAVAILABLE
        return Reason.DEVICE_FAULT if self.failed & self.policy.devices else None

    @property
    def wake_at_ns(self) -> int | None:
        """When the memory itself has something to do: a grant, a passage or a door grows old."""
        due = None
        if self.entry is not None and self.entry.until_ns is not None:
            due = _sooner(due, self.grant_ends_ns(self.entry, self.entry.until_ns))
        if self.exit is not None and self.exit.until_ns is not None:
            due = _sooner(due, self.grant_ends_ns(self.exit, self.exit.until_ns))
        if self.track is not CLEAR and not self.obstructed and not self.track.clear:
            due = _sooner(due, self.obstructed_at_ns)
        if self.door is not None and not self.door.alarmed:
            due = _sooner(due, self.door.since_ns + ns(self.policy.passage.door_held_s))
        return due

    @property
    def obstructed_at_ns(self) -> int:
        """When whoever is in the passage has been there too long."""
        return self.track.since_ns + ns(self.policy.passage.obstructed_s)

    def grant_ends_ns(self, grant: Grant, until_ns: int) -> int:
        """When the grant is given up: for the way in a little after the barrier was secured, or
        later while somebody is going through."""
        if grant.direction is Direction.ENTRY:
            until_ns += ns(self.policy.passage.late_s)
        if self.track.began is grant.direction:
            return max(until_ns, self.obstructed_at_ns)
        return until_ns


class Held(Struct, frozen=True):
    """A code that was shown before its stage."""

    credential: Credential
    pseudonym: str
    wall: WallTime
    at_ns: int


class Visit(Struct, frozen=True):
    """One person's way through the lane, from presence to the decision."""

    number: int
    remaining: tuple[Stage, ...]
    people: int = 1
    """People who still go in on this visit, one after another, each measured."""
    assisted: bool = False
    """Longer times: wheelchair, carer with child."""
    held: Held | None = None
    credential: Credential | None = None
    """Accepted in this visit."""
    pseudonym: str | None = None
    screened: Estimate | None = None
    """The normal temperature measured in this visit."""
    officer: str | None = None
    """Who overrode a refusal."""


class State(Struct, frozen=True):
    """Base of all states."""

    lane: Lane

    @property
    def wake_at_ns(self) -> int | None:
        """When the lane wants to be woken, monotonic nanoseconds; None for not by time alone."""
        return self.lane.wake_at_ns


class OutOfService(State, frozen=True):
    """Nobody is let in. Whoever is inside can leave."""

    reason: Reason


class Idle(State, frozen=True):
    """Waits for somebody."""

    next_ns: int | None = None
    """When whoever stands in the lane already is attended to; None where nobody does, or where
    it is somebody who was sent away."""

    @property
    def wake_at_ns(self) -> int | None:
        """When the next one is attended to."""
        due = self.lane.wake_at_ns
        return due if self.next_ns is None else _sooner(due, self.next_ns)


class Attended(State, frozen=True):
    """Base of the states in which a visitor is in the lane: each has a deadline."""

    visit: Visit
    deadline_ns: int

    @property
    def wake_at_ns(self) -> int | None:
        """The deadline, or earlier where the visitor seems to have left."""
        due = _sooner(self.lane.wake_at_ns, self.deadline_ns)
        if self.lane.absent_since_ns:
            return _sooner(due, self.gone_at_ns)
        return due

    @property
    def gone_at_ns(self) -> int:
        """When the visitor counts as gone."""
        return self.lane.absent_since_ns + ns(self.lane.policy.passage.absent_s)


class Disinfecting(Attended, frozen=True):
    """The chamber runs, or waits for its interlock."""

    give_up_ns: int
    """When it must have begun to run."""
    left_ns: int
    """How much longer the actuator may run in this visit."""
    since_ns: int | None = None
    """Since when it runs; None while it does not."""


class Clearing(State, frozen=True):
    """The empty chamber's surfaces are disinfected: armed by staff, nobody inside."""

    deadline_ns: int

    @property
    def wake_at_ns(self) -> int | None:
        """The end of the run."""
        return _sooner(self.lane.wake_at_ns, self.deadline_ns)


class Screening(Attended, frozen=True):
    """Temperature readings are taken."""

    since_ns: int
    """A reading that was started before then is of somebody else."""
    samples: tuple[Sample, ...] = ()
    """Plausible ones, oldest first."""
    rejected: frozenset[Rejection | str] = frozenset()
    """What was wrong with others, each recorded once."""
    asked_again: bool = False


class AwaitingCode(Attended, frozen=True):
    """A code is to be shown."""


class Granting(Attended, frozen=True):
    """A grant is being written down, then the barrier is released.

    Who has gone out of the presence sensor's sight may be in the passage: nobody counts as gone.
    """

    @property
    def wake_at_ns(self) -> int | None:
        """The end of the writing, then that of the grant."""
        entry = self.lane.entry
        if entry is not None and entry.until_ns is None:
            return _sooner(self.lane.wake_at_ns, self.deadline_ns)
        return self.lane.wake_at_ns


class Denied(Attended, frozen=True):
    """The visitor was told no, and has not left yet."""

    reason: Reason
    since_ns: int
    another_code: bool = False
    """It was the code: another one may be shown at once."""


class Referred(Attended, frozen=True):
    """An officer is to look, or the visitor is told of the health centre."""

    reason: Reason
    since_ns: int


class Emergency(State, frozen=True):
    """Fire or emergency stop: everybody may leave, nobody comes in."""

    reason: Reason
    renew_ns: int
    """When the way out is to be released anew."""

    @property
    def wake_at_ns(self) -> int | None:
        """The end of the present release."""
        return _sooner(self.lane.wake_at_ns, self.renew_ns)


AnyState = (
    OutOfService
    | Idle
    | Disinfecting
    | Clearing
    | Screening
    | AwaitingCode
    | Granting
    | Denied
    | Referred
    | Emergency
)
"""The closed union."""


def _sooner(a_ns: int | None, b_ns: int) -> int:
    return b_ns if a_ns is None or b_ns < a_ns else a_ns
