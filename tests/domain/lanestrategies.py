"""What hypothesis draws for a lane: sites with other rules, and anything that can happen there."""

import typing

from hypothesis import strategies as st

from gate.credential.model import Credential, CredentialKind
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
from gate.policy import (
    ADVISORY,
    ChamberMode,
    ChamberPolicy,
    CredentialPolicy,
    Hours,
    PassagePolicy,
    PassageSensor,
    Policy,
    SchedulePolicy,
    Stage,
    TemperaturePolicy,
    UntrustedClock,
)
from gate.reasons import Reason
from gate.records import Direction
from gate.walltime import ClockQuality, WallTime
from tests.domain.lanekit import BADGE, MONDAY_9_JAKARTA, OFFICER, PASS, another_pass, group_pass
from tests.domain.lanemoments import DURESS

DAY_MS = 86_400_000
NUMBERS = st.integers(0, 12)
"""Numbers of visits and grants: small, so that some are right."""


def _stages() -> st.SearchStrategy[tuple[Stage, ...]]:
    return st.lists(st.sampled_from(Stage), unique=True).map(tuple)


def _chambers() -> st.SearchStrategy[ChamberPolicy]:
    return st.builds(
        ChamberPolicy,
        mode=st.sampled_from(ChamberMode),
        run_s=st.sampled_from([0.1, 4.0, 10.0]),
        wait_s=st.sampled_from([0.1, 15.0]),
        accept_advisory=st.just(ADVISORY),
    )


POLICIES: st.SearchStrategy[Policy] = st.builds(
    Policy,
    stages=_stages(),
    capacity=st.sampled_from([0, 0, 0, 1, 3]),
    refer_to=st.sampled_from(["", "Puskesmas Contoh"]),
    chamber=_chambers(),
    temperature=st.builds(
        TemperaturePolicy,
        readings=st.sampled_from([1, 2, 3]),
        stuck_readings=st.sampled_from([3, 12]),
        recheck_after_s=st.sampled_from([0.1, 300.0]),
    ),
    credential=st.builds(
        CredentialPolicy,
        kinds=st.sampled_from([tuple(CredentialKind)] * 3 + [(CredentialKind.VISITOR,)]),
        doses_min=st.sampled_from([0, 0, 0, 2]),
        hold_s=st.sampled_from([0.0, 5.0]),
        untrusted_clock=st.sampled_from(UntrustedClock),
        anti_passback_s=st.sampled_from([0.0, 600.0]),
    ),
    schedule=st.sampled_from(
        [
            *[SchedulePolicy()] * 4,
            SchedulePolicy(hours=(Hours(open_minute=22 * 60, close_minute=6 * 60),)),
        ]
    ),
    passage=st.builds(
        PassagePolicy,
        grant_s=st.sampled_from([0.1, 5.0, 8.0]),
        obstructed_s=st.sampled_from([0.1, 10.0]),
        commit_s=st.sampled_from([0.1, 2.0]),
        absent_s=st.sampled_from([0.1, 1.5, 1.5]),
        counted_by=st.sampled_from(PassageSensor),
        free_exit=st.booleans(),
    ),
)
"""Sites: every order of the stages, missing stages, every chamber, beams and contacts."""

CREDENTIALS: st.SearchStrategy[Credential] = st.sampled_from(
    [PASS, BADGE, DURESS, group_pass(2), group_pass(3), *map(another_pass, range(3))]
)
QUALITIES = st.sampled_from([*[ClockQuality.TRUSTED] * 6, *ClockQuality])
WALLS = st.builds(
    WallTime,
    unix_ms=st.integers(MONDAY_9_JAKARTA - DAY_MS, MONDAY_9_JAKARTA + 3 * DAY_MS),
    quality=QUALITIES,
)
CELSIUS = st.one_of(st.sampled_from([36.4, 36.5, 36.6, 38.2, 38.3]), st.floats(30, 43), st.floats())

_EVENTS: dict[type[AnyEvent], st.SearchStrategy[AnyEvent]] = {
    Woke: st.just(Woke()),
    SelfCheckPassed: st.just(SelfCheckPassed()),
    ShutdownRequested: st.just(ShutdownRequested()),
    PresenceChanged: st.builds(PresenceChanged, st.booleans()),
    BeamChanged: st.builds(BeamChanged, st.sampled_from(Beam), st.booleans()),
    PassContactPulsed: st.builds(PassContactPulsed, st.sampled_from(Direction)),
    DoorChanged: st.builds(DoorChanged, st.booleans()),
    ExitRequested: st.just(ExitRequested()),
    FireChanged: st.builds(FireChanged, st.booleans()),
    EmergencyStopChanged: st.builds(EmergencyStopChanged, st.booleans()),
    TamperChanged: st.builds(TamperChanged, st.booleans()),
    ChamberInputChanged: st.builds(
        ChamberInputChanged, st.sampled_from(ChamberInput), st.booleans()
    ),
    ChamberCycleDone: st.just(ChamberCycleDone()),
    ReadingTaken: st.builds(
        ReadingTaken, NUMBERS, CELSIUS, st.floats(), st.integers(-(2**62), 2**62)
    ),
    ReadingMissed: st.builds(ReadingMissed, NUMBERS, st.sampled_from(["timeout", "missing"])),
    CredentialPresented: st.builds(CredentialPresented, CREDENTIALS, st.just("0" * 16), WALLS),
    CodeRefused: st.builds(CodeRefused, st.sampled_from(Reason)),
    StaffActed: st.builds(
        StaffActed, st.sampled_from(StaffAction), st.just(OFFICER), WALLS, st.integers()
    ),
    DeviceFailed: st.builds(DeviceFailed, st.sampled_from(Device), st.just("missing")),
    DeviceRecovered: st.builds(DeviceRecovered, st.sampled_from(Device)),
    GrantCommitted: st.builds(GrantCommitted, NUMBERS),
    GrantNotCommitted: st.builds(GrantNotCommitted, NUMBERS),
    ClockRead: st.builds(ClockRead, WALLS),
    TrustListRead: st.builds(TrustListRead, NUMBERS, st.sampled_from(Standing)),
}
assert set(_EVENTS) == set(typing.get_args(AnyEvent))

SHUTS: typing.Final = (
    ShutdownRequested,
    FireChanged,
    EmergencyStopChanged,
    TamperChanged,
    DeviceFailed,
)
"""Events that end a visit of whatever kind."""

ANYTHING: st.SearchStrategy[AnyEvent] = st.one_of(*_EVENTS.values())
"""Any event, with anything in it."""
GENTLE: st.SearchStrategy[AnyEvent] = st.one_of(
    *(strategy for kind, strategy in _EVENTS.items() if kind not in SHUTS)
)
"""Any event that does not shut the lane."""
