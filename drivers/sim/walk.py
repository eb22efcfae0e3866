"""How a simulated visitor goes through the lane: looks at the screen, acts, walks.

A walk is a generator. It touches the lane through a `Place`, which is made of simulated devices
in `gate demo` and of events in `gate simulate`; it is told what the screen shows. What it yields
says when it wants to go on: after so many nanoseconds, or (`LOOK`) when the screen changes.
"""

from collections.abc import Generator
from typing import Protocol

from drivers.sim.visitors import Temperament, Visitor
from gate.commands import Screen
from gate.events import Beam, StaffAction
from gate.records import Direction
from gate.walltime import NS_PER_MS, NS_PER_S

LOOK = 0
"""Yielded: go on when the screen changes, or when patience ends."""

STRIDE_NS = 220 * NS_PER_MS
"""From one beam to the next, quick; others take their own pace into it."""
TRIES_MAX = 2
"""So often a code that was not taken is shown again."""

Walk = Generator[int, Screen, None]
"""Yields nanoseconds or `LOOK`; is sent the screen as it is then."""

_PATIENT = frozenset(
    {
        Screen.CHAMBER,
        Screen.HOLD_STILL,
        Screen.MEASURE_AGAIN,
        Screen.WAIT,
        Screen.ONE_AT_A_TIME,
        Screen.IDLE,
    }
)


class Place(Protocol):
    """The lane as a visitor touches it."""

    def presence(self, *, present: bool) -> None:
        """Step before the barrier, or away."""

    def face(self, surface_c: float | None) -> None:
        """Turn a forehead of that temperature to the thermometer, or away."""

    def hold_up(self, visitor: Visitor | None) -> None:
        """Hold that visitor's code before the camera, or take it away."""

    def beam(self, beam: Beam, *, blocked: bool) -> None:
        """Break a light beam, or make it again."""

    def press_exit(self) -> None:
        """Press the button inside."""

    def call(self, action: StaffAction, people: int) -> None:
        """Have the officer at the lane do that."""

    def is_released(self, direction: Direction) -> bool:
        """Whether the barrier gives way now."""


def walk(visitor: Visitor, place: Place) -> Walk:
    """The way of that visitor through that lane."""
    if visitor.temperament is Temperament.GOES_HOME:
        yield from _go_home(visitor, place)
        return
    if visitor.temperament is Temperament.WHEELCHAIR:
        place.call(StaffAction.ASSIST, visitor.people)
    for _ in range(visitor.people):
        place.presence(present=True)
        place.face(visitor.surface_c)
        went_in = yield from _attend(visitor, place)
        if not went_in:
            break
    place.hold_up(None)
    place.face(None)
    place.presence(present=False)


def _attend(visitor: Visitor, place: Place) -> Generator[int, Screen, bool]:
    """From presence to the passage, by what the screen says. Returns whether they went in."""
    kind = visitor.temperament
    if kind is Temperament.SHOWS_EARLY:
        yield visitor.pace_ns
        place.hold_up(visitor)
    tries = 0
    idle_seen = False
    while True:
        screen = yield LOOK
        if screen is Screen.SHOW_CODE:
            if kind is Temperament.FORGETS_CODE:
                continue
            if kind is Temperament.WANDERS_OFF:
                return False
            place.hold_up(None)
            yield visitor.pace_ns
            place.hold_up(visitor)
        elif screen is Screen.CODE_NOT_READ:
            tries += 1
            if tries > TRIES_MAX:
                return False
            place.hold_up(None)
            yield visitor.pace_ns
            place.hold_up(visitor)
        elif screen is Screen.GO:
            return (yield from _go_through(visitor, place))
        elif screen not in _PATIENT or (screen is Screen.IDLE and idle_seen):
            yield visitor.pace_ns
            return False
        idle_seen = screen is Screen.IDLE


def _go_through(visitor: Visitor, place: Place) -> Generator[int, Screen, bool]:
    place.hold_up(None)
    yield visitor.pace_ns
    if not place.is_released(Direction.ENTRY):
        return False
    stride_ns = STRIDE_NS + visitor.pace_ns // 8
    if visitor.temperament is Temperament.TURNS_BACK:
        place.beam(Beam.A, blocked=True)
        yield stride_ns
        place.beam(Beam.A, blocked=False)
        return False
    place.face(None)
    place.presence(present=False)
    steps = _FOLLOWED if visitor.temperament is Temperament.TAILGATES else _INWARD
    for beam, blocked in steps:
        place.beam(beam, blocked=blocked)
        yield stride_ns
    return True


def _go_home(visitor: Visitor, place: Place) -> Walk:
    place.press_exit()
    yield visitor.pace_ns
    if place.is_released(Direction.EXIT):
        for beam, blocked in _OUTWARD:
            place.beam(beam, blocked=blocked)
            yield STRIDE_NS


_INWARD = ((Beam.A, True), (Beam.B, True), (Beam.A, False), (Beam.B, False))
_OUTWARD = ((Beam.B, True), (Beam.A, True), (Beam.B, False), (Beam.A, False))
_FOLLOWED = (
    (Beam.A, True),
    (Beam.B, True),
    (Beam.A, False),
    (Beam.A, True),
    (Beam.B, False),
    (Beam.B, True),
    (Beam.A, False),
    (Beam.B, False),
)
"""The second body breaks the first beam before the first one has left the second."""

ARRIVAL_NS_MEAN = 5 * NS_PER_S
"""Between two visitors who want in, at a busy lane."""
