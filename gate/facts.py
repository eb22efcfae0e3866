"""What an event says of the world, whatever the lane does: sensors, beams, door, clock, devices.

A fact is remembered in every state, and a change of one is recorded. What follows from it is the
states' business.
"""

from gate import grants
from gate.events import (
    AnyEvent,
    BeamChanged,
    ChamberInputChanged,
    ClockRead,
    CredentialPresented,
    DeviceFailed,
    DeviceRecovered,
    DoorChanged,
    EmergencyStopChanged,
    FireChanged,
    PassContactPulsed,
    PresenceChanged,
    SelfCheckPassed,
    ShutdownRequested,
    StaffActed,
    StaffAction,
    TamperChanged,
    TrustListRead,
    Woke,
)
from gate.passage import CLEAR, Crossing, beam
from gate.policy import PassageSensor, ns
from gate.reasons import Reason
from gate.records import Direction, RecordKind
from gate.states import Door
from gate.turn import Turn
from gate.walltime import ClockQuality, WallTime


def note(turn: Turn, event: AnyEvent) -> bool:
    """Remember it. Returns whether it was news of the world, and so makes sense in every state."""
    match event:
        case Woke():
            return True
        case BeamChanged():
            return _beam(turn, event)
        case PresenceChanged(present=present):
            return _presence(turn, present=present)
        case PassContactPulsed(direction=direction):
            return _contact(turn, direction)
        case DoorChanged(open=is_open):
            return _door(turn, is_open=is_open)
        case ChamberInputChanged(input=sensor, permits=permits):
            known = turn.lane.permits
            turn.remember(permits=known | {sensor} if permits else known - {sensor})
            return True
        case FireChanged(active=active):
            return _fire(turn, active=active)
        case EmergencyStopChanged(active=active):
            return _stop(turn, active=active)
        case TamperChanged(active=active):
            return _tamper(turn, active=active)
        case CredentialPresented(wall=wall):
            _clock(turn, wall)
            _duress(turn, event)
        case StaffActed(wall=wall):
            _clock(turn, wall)
            return _maintain(turn, event)
        case ClockRead(wall=wall):
            _clock(turn, wall)
            return True
        case TrustListRead():
            return _trust_list(turn, event)
        case DeviceFailed() | DeviceRecovered():
            return _device(turn, event)
        case SelfCheckPassed():
            news = not turn.lane.checked
            turn.remember(checked=True)
            return news
        case ShutdownRequested():
            news = not turn.lane.closing
            turn.remember(closing=True)
            return news
    return False


def due(turn: Turn) -> None:
    """Do what has grown old: grants that nobody took, somebody stuck, a door held open."""
    grants.end_due(turn)
    lane = turn.lane
    stands = not (lane.obstructed or lane.track.clear)
    if stands and turn.now_ns >= lane.obstructed_at_ns:
        turn.remember(obstructed=True)
        turn.record(RecordKind.PASSAGE_OBSTRUCTED, reason=Reason.OBSTRUCTION)
    door = lane.door
    if door is not None and not door.alarmed:
        held_ns = ns(lane.policy.passage.door_held_s)
        if turn.now_ns >= door.since_ns + held_ns:
            turn.remember(door=Door(door.since_ns, alarmed=True))
            turn.record(RecordKind.DOOR_HELD)


def _beam(turn: Turn, event: BeamChanged) -> bool:
    before = turn.lane.track
    track, crossing = beam(before, event.beam, blocked=event.blocked, now_ns=turn.now_ns)
    if track is before:
        return True
    turn.remember(track=CLEAR if track.clear else track)
    if track.clear and turn.lane.obstructed:
        turn.remember(obstructed=False)
        turn.record(RecordKind.PASSAGE_CLEARED)
    counted = turn.lane.policy.passage.counted_by is PassageSensor.BEAMS
    if counted or crossing not in {Crossing.ENTERED, Crossing.LEFT}:
        grants.crossed(turn, crossing, before.began)
    return True


def _contact(turn: Turn, direction: Direction) -> bool:
    if turn.lane.policy.passage.counted_by is PassageSensor.CONTACTS:
        crossing = Crossing.ENTERED if direction is Direction.ENTRY else Crossing.LEFT
        grants.crossed(turn, crossing, direction)
    return True


def _presence(turn: Turn, *, present: bool) -> bool:
    if present != turn.lane.present:
        if present:
            turn.remember(present=True, present_since_ns=turn.now_ns, absent_since_ns=0)
        else:
            turn.remember(present=False, absent_since_ns=turn.now_ns)
    return True


def _door(turn: Turn, *, is_open: bool) -> bool:
    lane = turn.lane
    if is_open and lane.door is None:
        released = any(
            grant is not None and grant.until_ns is not None for grant in (lane.entry, lane.exit)
        )
        free = lane.evacuating or lane.maintenance or lane.policy.passage.free_exit
        forced = not (released or free)
        turn.remember(door=Door(turn.now_ns, alarmed=forced))
        if forced:
            turn.record(RecordKind.DOOR_FORCED)
    elif not is_open and lane.door is not None:
        turn.remember(door=None)
        if lane.door.alarmed:
            turn.record(RecordKind.DOOR_CLOSED)
    return True


def _fire(turn: Turn, *, active: bool) -> bool:
    if active != turn.lane.fire:
        turn.remember(fire=active)
        turn.record(RecordKind.FIRE_RAISED if active else RecordKind.FIRE_CLEARED)
    return True


def _stop(turn: Turn, *, active: bool) -> bool:
    if active != turn.lane.stop:
        turn.remember(stop=active)
        turn.record(RecordKind.EMERGENCY_RAISED if active else RecordKind.EMERGENCY_CLEARED)
    return True


def _tamper(turn: Turn, *, active: bool) -> bool:
    if active != turn.lane.tampered:
        turn.remember(tampered=active)
        if active:
            turn.record(RecordKind.DEVICE_TAMPERED, reason=Reason.TAMPER)
    return True


def _device(turn: Turn, event: DeviceFailed | DeviceRecovered) -> bool:
    failed, device = turn.lane.failed, event.device
    if isinstance(event, DeviceFailed) == (device in failed):
        return False
    if isinstance(event, DeviceFailed):
        turn.remember(failed=failed | {device})
        turn.record(RecordKind.DEVICE_FAILED, device=str(device), detail=event.kind)
    else:
        turn.remember(failed=failed - {device})
        turn.record(RecordKind.DEVICE_RECOVERED, device=str(device))
    return True


def _duress(turn: Turn, event: CredentialPresented) -> None:
    """Whoever was forced to show the pass has called for help by it, admitted or not. Nothing
    that can be seen in the lane tells of it."""
    credential = event.credential
    if credential.duress:
        turn.record(
            RecordKind.ACCESS_DURESS,
            credential_kind=str(credential.kind),
            issuer=credential.issuer,
            pseudonym=event.pseudonym,
        )


def _maintain(turn: Turn, event: StaffActed) -> bool:
    if event.action is StaffAction.RESET and turn.lane.unreset is not None:
        if turn.lane.alarm is None:
            turn.remember(unreset=None)
        return True
    wanted = {StaffAction.MAINTENANCE_ON: True, StaffAction.MAINTENANCE_OFF: False}
    maintenance = wanted.get(event.action, turn.lane.maintenance)
    news = maintenance != turn.lane.maintenance
    if news:
        turn.remember(maintenance=maintenance)
    return news


def _trust_list(turn: Turn, event: TrustListRead) -> bool:
    lane = turn.lane
    if (event.version, event.standing) != (lane.trust_version, lane.trust_standing):
        turn.remember(trust_version=event.version, trust_standing=event.standing)
        turn.record(RecordKind.POLICY_TRUST, detail=f"{event.version} {event.standing}")
    return True


def _clock(turn: Turn, wall: WallTime) -> None:
    before = turn.lane.wall
    turn.remember(wall=wall)
    if wall.quality is not before.quality:
        turn.record(RecordKind.TIME_QUALITY_CHANGED, detail=str(wall.quality))
    # A clock that is set wrong must not make the lane forget which passes are used.
    trusted = wall.quality is not ClockQuality.UNTRUSTED
    if trusted and wall.civil_day != turn.lane.pruned_day:
        turn.remember(pruned_day=wall.civil_day)
        passback_s = turn.lane.policy.credential.anti_passback_s
        turn.remember(ledger=turn.lane.ledger.pruned(wall.unix_s, passback_s))
