"""What a site has decided: frozen data, a unit in every name, a bound on every number.

The bounds stand beside the fields (`msgspec.Meta`), so that the reader of a file checks
them and the reference page prints them. Nothing here has a meaning in code that a site
could not have chosen otherwise: colours, degrees, doses and hours change by decree.
"""

import enum
from typing import Annotated

from msgspec import Meta, Struct

from gate.credential.model import CredentialKind
from gate.events import Device
from gate.walltime import NS_PER_MS

GRANT_S_MAX = 8.0
ASSISTED_GRANT_S_MAX = 30.0
PASSAGE_S_MAX = 30.0
CHAMBER_OCCUPIED_S_MAX = 10.0
"""Longest that an actuator may run with a person inside."""
ADVISORY = "HK.02.02/III/375/2020"
"""Circular of the Indonesian Ministry of Health, 3 April 2020, against spraying people."""

Seconds = Annotated[float, Meta(ge=0.1, le=3600)]


class Stage(enum.StrEnum):
    """What a visitor goes through, in the order that the policy gives."""

    CHAMBER = "chamber"
    TEMPERATURE = "temperature"
    CREDENTIAL = "credential"


class ChamberMode(enum.StrEnum):
    """What the chamber disinfects."""

    OFF = "off"
    HANDS = "hands"
    FOOTWEAR = "footwear"
    AIR = "air"
    """Person inside; the actuator is person-safe."""
    VACANT = "vacant"
    """Surfaces, nobody inside: two vacancy sensors agree and staff armed it."""
    MIST = "mist"
    """Person inside, a spray. WHO and the Ministry advise against it (`ADVISORY`)."""


class ChamberPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """The chamber stage."""

    mode: ChamberMode = ChamberMode.HANDS
    run_s: Annotated[float, Meta(ge=0.1, le=CHAMBER_OCCUPIED_S_MAX)] = 4.0
    """How long the actuator runs."""
    wait_s: Seconds = 15.0
    """How long the visitor may take at the chamber."""
    accept_advisory: str = ""

    def __post_init__(self) -> None:
        """Refuse a spray on people that nobody signed for."""
        if self.mode is ChamberMode.MIST and self.accept_advisory != ADVISORY:
            raise ValueError(
                f'mode "mist" sprays people, against official advice: it needs '
                f'accept_advisory = "{ADVISORY}"'
            )

    @property
    def occupied(self) -> bool:
        """Whether a person is inside while the actuator runs."""
        return self.mode is not ChamberMode.VACANT


class Comparison(enum.StrEnum):
    """Whether the limit itself is still normal; sources differ."""

    ABOVE = ">"
    AT_OR_ABOVE = ">="


class TemperaturePolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """The temperature stage. Screening, not diagnosis."""

    limit_c: Annotated[float, Meta(ge=36.0, le=40.0)] = 37.3
    """KMK HK.01.07/MENKES/382/2020 as reported; other sites use 37.5."""
    comparison: Comparison = Comparison.ABOVE
    readings: Annotated[int, Meta(ge=1, le=9)] = 3
    """How many readings must agree."""
    agree_c: Annotated[float, Meta(ge=0.05, le=1.0)] = 0.3
    """Largest spread among readings that agree."""
    plausible_c_min: Annotated[float, Meta(ge=25, le=36)] = 30.0
    plausible_c_max: Annotated[float, Meta(ge=38, le=50)] = 43.0
    rate_c_per_s_max: Annotated[float, Meta(gt=0, le=50)] = 4.0
    """A change faster than this between two readings is no forehead."""
    stuck_readings: Annotated[int, Meta(ge=3, le=100)] = 12
    """So many readings equal to the last bit are a frozen sensor."""
    stale_s: Annotated[float, Meta(ge=0.1, le=10)] = 2.0
    offset_c: Annotated[float, Meta(ge=-2, le=5)] = 0.0
    """Added to the raw surface temperature; from the site's calibration. The slope is 1."""
    uncertainty_c: Annotated[float, Meta(gt=0, le=2)] = 0.3
    ambient_c_min: float = 16.0
    ambient_c_max: float = 35.0
    """Range of ambient temperature that the thermometer was validated for."""
    wait_s: Seconds = 8.0
    recheck_after_s: Seconds = 300.0
    recheck_within_s: Seconds = 1800.0
    """A second measurement later than this is a first one again."""

    def is_elevated(self, estimate_c: float) -> bool:
        """Whether that temperature is over the site's limit."""
        if self.comparison is Comparison.ABOVE:
            return estimate_c > self.limit_c
        return estimate_c >= self.limit_c


class UntrustedClock(enum.StrEnum):
    """What to do with a pass whose dates can't be judged."""

    OFFICER = "officer"
    ADMIT = "admit"


class CredentialPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """The credential stage and who is admitted by it."""

    kinds: tuple[CredentialKind, ...] = tuple(CredentialKind)
    issuers: tuple[str, ...] = ()
    """Names from the trust list; empty means every issuer in it."""
    doses_min: Annotated[int, Meta(ge=0, le=9)] = 0
    doses_exempt: tuple[CredentialKind, ...] = ()
    wait_s: Seconds = 30.0
    hold_s: Annotated[float, Meta(ge=0, le=30)] = 5.0
    """A code shown early counts for this visit if its stage comes within so long."""
    untrusted_clock: UntrustedClock = UntrustedClock.OFFICER
    anti_passback_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    """A pass that came in may not come in again within so long; 0 is off."""


class Hours(Struct, frozen=True, forbid_unknown_fields=True):
    """One opening time. Minutes count from the site's midnight."""

    days: tuple[Annotated[int, Meta(ge=0, le=6)], ...] = (0, 1, 2, 3, 4, 5, 6)
    """Monday is 0."""
    open_minute: Annotated[int, Meta(ge=0, le=1440)] = 0
    close_minute: Annotated[int, Meta(ge=0, le=1440)] = 1440
    """Exclusive; smaller than `open_minute` means past midnight."""
    kinds: tuple[CredentialKind, ...] = tuple(CredentialKind)


class SchedulePolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """When the lane admits whom. No hours at all means always."""

    time_zone: str = "Asia/Jakarta"
    hours: tuple[Hours, ...] = ()
    holidays: tuple[int, ...] = ()
    """Days since 1970-01-01 by the site's calendar on which only `holiday_kinds` come in."""
    holiday_kinds: tuple[CredentialKind, ...] = (CredentialKind.STAFF,)


class PassageSensor(enum.StrEnum):
    """What says that somebody went through."""

    BEAMS = "beams"
    """Two light beams across the passage."""
    CONTACTS = "contacts"
    """The turnstile's own PASS A and PASS B."""


class PassagePolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """The barrier and the way through it."""

    grant_s: Annotated[float, Meta(ge=0.1, le=GRANT_S_MAX)] = 5.0
    assisted_grant_s: Annotated[float, Meta(ge=0.1, le=ASSISTED_GRANT_S_MAX)] = 30.0
    obstructed_s: Annotated[float, Meta(ge=0.1, le=PASSAGE_S_MAX)] = 10.0
    """A beam blocked for longer is an obstruction."""
    commit_s: Annotated[float, Meta(ge=0.1, le=10)] = 2.0
    """How long the journal may take over a grant before it is given up."""
    refusal_s: Annotated[float, Meta(ge=0.1, le=60)] = 6.0
    officer_s: Annotated[float, Meta(ge=0.1, le=600)] = 60.0
    """How long a referred visitor may wait in the lane for an officer."""
    late_s: Annotated[float, Meta(ge=0, le=30)] = 1.0
    """Whoever goes through so soon after the barrier was secured went in on the grant: a push at
    the last moment, or the memory of a turnstile that is released by a pulse."""
    absent_s: Annotated[float, Meta(ge=0.1, le=3)] = 1.5
    """Somebody whom the presence sensor has lost for so long has left."""
    door_held_s: Annotated[float, Meta(ge=0.1, le=600)] = 15.0
    """A door that is open for longer is held open."""
    assisted_factor: Annotated[float, Meta(ge=1, le=10)] = 3.0
    """How much longer every wait is with assistance."""
    counted_by: PassageSensor = PassageSensor.BEAMS
    free_exit: bool = False
    """The barrier lets people out without a request: leaving is no wrong way."""


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a site decides about its lane."""

    dated: str = "1970-01-01"
    """The day from which these rules hold, by the site's own decision."""
    stages: tuple[Stage, ...] = (Stage.CHAMBER, Stage.TEMPERATURE, Stage.CREDENTIAL)
    capacity: Annotated[int, Meta(ge=0, le=100_000)] = 0
    """Most people inside; 0 is no limit."""
    refer_to: str = ""
    """Name and address of the nearest puskesmas, as the visitor shall read it."""
    chamber: ChamberPolicy = ChamberPolicy()
    temperature: TemperaturePolicy = TemperaturePolicy()
    credential: CredentialPolicy = CredentialPolicy()
    schedule: SchedulePolicy = SchedulePolicy()
    passage: PassagePolicy = PassagePolicy()

    def __post_init__(self) -> None:
        """Refuse a list of stages that says one thing twice."""
        if len(set(self.stages)) != len(self.stages):
            raise ValueError("a stage stands twice in `stages`")

    @property
    def devices(self) -> frozenset[Device]:
        """Devices without which these rules can't be kept."""
        stages = set(self.stages)
        if self.chamber.mode is ChamberMode.OFF:
            stages.discard(Stage.CHAMBER)
        return _DEVICES.union(*(_STAGE_DEVICES[stage] for stage in stages))


_DEVICES = frozenset({Device.BARRIER, Device.BEAMS, Device.PRESENCE, Device.JOURNAL, Device.INPUTS})
_STAGE_DEVICES = {
    Stage.CHAMBER: frozenset({Device.CHAMBER}),
    Stage.TEMPERATURE: frozenset({Device.THERMOMETER}),
    Stage.CREDENTIAL: frozenset({Device.CAMERA, Device.READER}),
}


def ns(seconds: float) -> int:
    """Seconds of a policy as nanoseconds, to the millisecond."""
    return round(seconds * 1000) * NS_PER_MS
