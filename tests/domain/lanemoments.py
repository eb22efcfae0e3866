"""Moments of a lane: every state as somebody finds it, and everything that can happen then."""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from gate.credential.model import CredentialKind
from gate.credential.standing import Standing
from gate.events import (
    AnyEvent,
    Beam,
    BeamChanged,
    ChamberCycleDone,
    ChamberInput,
    ChamberInputChanged,
    ClockRead,
    CodeRefused,
    CredentialPresented,
    Device,
    DeviceFailed,
    DeviceRecovered,
    DoorChanged,
    EmergencyStopChanged,
    ExitRequested,
    FireChanged,
    GrantCommitted,
    GrantNotCommitted,
    PassContactPulsed,
    PresenceChanged,
    ReadingMissed,
    ReadingTaken,
    SelfCheckPassed,
    ShutdownRequested,
    StaffActed,
    StaffAction,
    TamperChanged,
    TrustListRead,
    Woke,
)
from gate.policy import ChamberMode, ChamberPolicy, CredentialPolicy, Policy
from gate.reasons import Reason
from gate.records import Direction
from gate.walltime import ClockQuality, WallTime
from tests.domain.lanekit import (
    BADGE,
    FEVER_C,
    MONDAY_9_JAKARTA,
    NORMAL_C,
    OFFICER,
    PASS,
    Scene,
    another_pass,
)

VACANT: Final = Policy(chamber=ChamberPolicy(mode=ChamberMode.VACANT))
NO_STAFF: Final = Policy(credential=CredentialPolicy(kinds=(CredentialKind.VISITOR,)))
DURESS: Final = msgspec.structs.replace(BADGE, holder="01020304:9", duress=True)


def _starting() -> Scene:
    return Scene(in_service=False)


def _maintained() -> Scene:
    lane = Scene()
    lane.officer(StaffAction.MAINTENANCE_ON)
    return lane


def _last_one() -> Scene:
    """All works again, but somebody is in the passage still."""
    lane = _in_passage()
    lane.fails(Device.CAMERA)
    lane.works_again(Device.CAMERA)
    return lane


def _next_one() -> Scene:
    """Somebody stood behind the one who has just gone in."""
    lane = _released()
    lane.beams("ABab")
    return lane


def _sent_away() -> Scene:
    """Somebody was refused and does not leave."""
    lane = _refused()
    lane.wait(10)
    return lane


def _chamber_waits() -> Scene:
    lane = Scene()
    lane.sensor(ChamberInput.TANK_FILLED, permits=False)
    lane.arrives()
    return lane


def _chamber_runs() -> Scene:
    lane = Scene()
    lane.arrives()
    return lane


def _clears() -> Scene:
    lane = Scene(VACANT)
    lane.officer(StaffAction.ARM_CHAMBER)
    return lane


def _screens() -> Scene:
    lane = Scene()
    lane.arrives()
    lane.disinfects()
    lane.is_measured(times=2)
    return lane


def _awaits_code() -> Scene:
    lane = Scene()
    lane.comes_to_the_code()
    return lane


def _writes() -> Scene:
    lane = _awaits_code()
    lane.shows(PASS)
    return lane


def _released() -> Scene:
    lane = _writes()
    lane.journal_has_it()
    return lane


def _in_passage() -> Scene:
    lane = _released()
    lane.beams("A")
    return lane


def _refused() -> Scene:
    lane = Scene(NO_STAFF)
    lane.comes_to_the_code()
    lane.shows(BADGE)
    return lane


def _feverish() -> Scene:
    lane = Scene()
    lane.arrives()
    lane.disinfects()
    lane.is_measured(FEVER_C)
    return lane


def _referred() -> Scene:
    lane = Scene(quality=ClockQuality.UNTRUSTED)
    lane.comes_to_the_code()
    lane.shows(PASS)
    return lane


def _burns() -> Scene:
    lane = Scene()
    lane.fire()
    return lane


def _at_rest() -> Scene:
    lane = _burns()
    lane.fire(active=False)
    return lane


_MOMENTS: Final[Mapping[str, Callable[[], Scene]]] = MappingProxyType(
    {
        "start": _starting,
        "maint": _maintained,
        "last": _last_one,
        "idle": Scene,
        "next": _next_one,
        "sent": _sent_away,
        "clear": _clears,
        "waits": _chamber_waits,
        "runs": _chamber_runs,
        "screen": _screens,
        "code": _awaits_code,
        "write": _writes,
        "open": _released,
        "pass": _in_passage,
        "denied": _refused,
        "fever": _feverish,
        "refer": _referred,
        "fire": _burns,
        "rest": _at_rest,
    }
)
MOMENTS: Final = tuple(_MOMENTS)
"""Names of the moments."""


def made_anew(name: str) -> Scene:
    """A lane that has come to that moment step by step."""
    return _MOMENTS[name]()


_remembered = functools.cache(made_anew)


def moment(name: str) -> Scene:
    """A lane of one's own at that moment."""
    return _remembered(name).copy()


def _wall(quality: ClockQuality = ClockQuality.TRUSTED) -> WallTime:
    return WallTime(MONDAY_9_JAKARTA, quality=quality)


def _acts(action: StaffAction, people: int = 1) -> AnyEvent:
    return StaffActed(action, OFFICER, _wall(), people)


_EVENTS: Final[Mapping[str, AnyEvent | Callable[[Scene], AnyEvent]]] = MappingProxyType(
    {
        "woke": Woke(),
        "self-check passed": SelfCheckPassed(),
        "shutdown": ShutdownRequested(),
        "somebody there": PresenceChanged(present=True),
        "nobody there": PresenceChanged(present=False),
        "A blocked": BeamChanged(Beam.A, blocked=True),
        "A free": BeamChanged(Beam.A, blocked=False),
        "B blocked": BeamChanged(Beam.B, blocked=True),
        "B free": BeamChanged(Beam.B, blocked=False),
        "PASS in": PassContactPulsed(Direction.ENTRY),
        "PASS out": PassContactPulsed(Direction.EXIT),
        "door open": DoorChanged(open=True),
        "door shut": DoorChanged(open=False),
        "exit asked for": ExitRequested(),
        "fire": FireChanged(active=True),
        "no fire": FireChanged(active=False),
        "stop pressed": EmergencyStopChanged(active=True),
        "stop released": EmergencyStopChanged(active=False),
        "cabinet open": TamperChanged(active=True),
        "cabinet shut": TamperChanged(active=False),
        "tank filled": ChamberInputChanged(ChamberInput.TANK_FILLED, permits=True),
        "tank empty": ChamberInputChanged(ChamberInput.TANK_FILLED, permits=False),
        "chamber vacant": ChamberInputChanged(ChamberInput.VACANT_2, permits=True),
        "chamber occupied": ChamberInputChanged(ChamberInput.VACANT_2, permits=False),
        "cycle done": ChamberCycleDone(),
        "normal reading": lambda lane: _reading(lane, NORMAL_C),
        "warm reading": lambda lane: _reading(lane, FEVER_C),
        "no number": lambda lane: _reading(lane, float("nan")),
        "another's reading": lambda lane: _reading(lane, NORMAL_C, visit=-1),
        "no reading": lambda lane: ReadingMissed(lane.state.lane.visits, "timeout"),
        "another's miss": lambda lane: ReadingMissed(lane.state.lane.visits + 1, "timeout"),
        "pass": CredentialPresented(another_pass(1), "1" * 16, _wall()),
        "badge": CredentialPresented(BADGE, "2" * 16, _wall()),
        "badge in duress": CredentialPresented(DURESS, "3" * 16, _wall()),
        "pass, no clock": CredentialPresented(
            another_pass(2), "4" * 16, _wall(ClockQuality.UNTRUSTED)
        ),
        "rubbish": CodeRefused(Reason.CODE_MALFORMED),
        "admit": _acts(StaffAction.ADMIT),
        "refuse": _acts(StaffAction.REFUSE),
        "assist": _acts(StaffAction.ASSIST),
        "assist two": _acts(StaffAction.ASSIST, 2),
        "reset": _acts(StaffAction.RESET),
        "maintenance on": _acts(StaffAction.MAINTENANCE_ON),
        "maintenance off": _acts(StaffAction.MAINTENANCE_OFF),
        "arm chamber": _acts(StaffAction.ARM_CHAMBER),
        "camera fails": DeviceFailed(Device.CAMERA, "stalled"),
        "journal fails": DeviceFailed(Device.JOURNAL, "full"),
        "chamber fails": DeviceFailed(Device.CHAMBER, "missing"),
        "camera works": DeviceRecovered(Device.CAMERA),
        "committed": lambda lane: GrantCommitted(lane.state.lane.grants),
        "another committed": lambda lane: GrantCommitted(lane.state.lane.grants + 7),
        "not committed": lambda lane: GrantNotCommitted(lane.state.lane.grants),
        "another not": lambda lane: GrantNotCommitted(lane.state.lane.grants + 7),
        "clock": ClockRead(_wall()),
        "clock lost": ClockRead(_wall(ClockQuality.UNTRUSTED)),
        "trust list": TrustListRead(7, Standing.AGEING),
    }
)
EVENTS: Final = tuple(_EVENTS)
"""Names of what can happen."""


def event(name: str, lane: Scene) -> AnyEvent:
    """What happens, as it concerns that lane."""
    found = _EVENTS[name]
    return found(lane) if callable(found) else found


def _reading(lane: Scene, celsius: float, visit: int = 0) -> ReadingTaken:
    return ReadingTaken(lane.state.lane.visits + visit, celsius, 27.0, lane.now_ns)
