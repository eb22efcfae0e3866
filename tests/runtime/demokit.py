"""Made-up moments of a lane, for tests of what a terminal shows of it."""

from __future__ import annotations

import msgspec

from firmware.demo.snapshot import (
    BrokerRow,
    Counters,
    DeviceRow,
    DeviceState,
    Entry,
    Snapshot,
    levels,
)
from firmware.status import STATUS_SCHEMA, LaneStatus
from gate.commands import Screen, Show
from gate.policy import Policy
from gate.reasons import Reason
from gate.records import Direction, Record, RecordKind
from gate.walltime import NS_PER_S, ClockQuality, WallTime

MORNING = WallTime(1_630_890_732_000)
"""Monday, 6 September 2021, 08:12:12 in Jakarta."""
NOW_NS = 100 * NS_PER_S
HEALTH_CENTRE = "Puskesmas Contoh, Jalan Contoh 1"

DEVICES = (
    DeviceRow("presence", levels(True)),
    DeviceRow("beams", levels(False, True)),
    DeviceRow("barrier", f"{levels(True, False)}  entry exit"),
    DeviceRow("thermometer", "36.42 °C simulated"),
    DeviceRow("camera", "14 frames a second"),
    DeviceRow("journal", "812 records, 3 ms a commit"),
    DeviceRow("tamper", "not wired", DeviceState.OFF),
)

_HAPPENED: tuple[tuple[RecordKind, dict[str, object]], ...] = (
    (RecordKind.ACCESS_REQUESTED, {"visit": 12}),
    (RecordKind.CHAMBER_DONE, {"visit": 12}),
    (RecordKind.TEMPERATURE_NORMAL, {"visit": 12, "verdict": "normal", "band_c": 36.0}),
    (RecordKind.CREDENTIAL_ACCEPTED, {"visit": 12, "credential_kind": "visitor"}),
    (RecordKind.ACCESS_GRANTED, {"visit": 12, "grant": 4, "direction": Direction.ENTRY}),
    (
        RecordKind.ACCESS_TAKEN,
        {"visit": 12, "grant": 4, "direction": Direction.ENTRY, "occupancy": 7},
    ),
    (
        RecordKind.PASSAGE_TAILGATING,
        {"direction": Direction.ENTRY, "reason": Reason.TAILGATING, "occupancy": 8},
    ),
    (RecordKind.TEMPERATURE_READING_REJECTED, {"visit": 13, "detail": "not_a_number"}),
    (RecordKind.DEVICE_FAILED, {"device": "camera", "detail": "stalled"}),
    (RecordKind.ACCESS_DENIED, {"visit": 13, "reason": Reason.PASS_ALREADY_USED}),
)


def entry(seq: int, kind: RecordKind, wall: WallTime = MORNING, **facts: object) -> Entry:
    """One record of that kind."""
    return Entry(seq, wall, Record(kind, seq, **facts))  # type: ignore[arg-type] # the fields of Record, passed on


def later(seconds: float) -> WallTime:
    """So long after `MORNING`."""
    return msgspec.structs.replace(MORNING, unix_ms=MORNING.unix_ms + round(seconds * 1000))


RECORDS = tuple(
    entry(seq, kind, later(seq), **facts) for seq, (kind, facts) in enumerate(_HAPPENED)
)


def moment(
    screen: Screen = Screen.GO,
    reason: Reason | None = None,
    refer_to: str | None = None,
    **changes: object,
) -> Snapshot:
    """A busy lane that shows that screen."""
    calm = Snapshot(
        wall=MORNING,
        now_ns=NOW_NS,
        uptime_s=3_792.4,
        memory_bytes=64 * 2**20,
        status=LaneStatus(
            schema=STATUS_SCHEMA,
            state="granting",
            reason=None,
            screen=screen,
            visit=13,
            occupancy=7,
            in_service=True,
            clock=ClockQuality.TRUSTED,
            failed=(),
            trust_version=0,
            trust="fresh",
        ),
        show=Show(screen, reason, refer_to, until_ns=NOW_NS + 2_400_000_000),
        policy=Policy(refer_to=HEALTH_CENTRE),
        devices=DEVICES,
        records=RECORDS,
        counters=Counters(128, 110, 9, 2, per_minute=(0, 3, 8, 22, 4)),
        broker=BrokerRow("127.0.0.1", 41_883, "mosquitto", connected=True, written=812, done=812),
        visitor="turns_back",
    )
    return msgspec.structs.replace(calm, **changes)


def out_of_service(reason: Reason | None, **changes: object) -> LaneStatus:
    """A lane that is shut."""
    shut = msgspec.structs.replace(
        moment().status,
        state="out_of_service",
        reason=reason,
        in_service=False,
        visit=0,
        failed=("camera",),
    )
    return msgspec.structs.replace(shut, **changes)
