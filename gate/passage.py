"""Who went through: read from two beams across the passage.

A lies on the street side, B inside. A person entering breaks A, then both, then only B,
then none. The machine remembers on which side the passage began and which beam was the
last to be blocked alone; what left by the side it came from turned back. The beams lie closer
together than a body is deep (20 cm): who never breaks both at once is not seen to go through.
"""

import enum

from msgspec import Struct

from gate.events import Beam
from gate.records import Direction


class Track(Struct, frozen=True):
    """What the beams say now."""

    a_blocked: bool = False
    b_blocked: bool = False
    began: Direction | None = None
    """The way that whoever is between the beams was going when they stepped in."""
    since_ns: int = 0
    """When the first beam of this passage was broken."""
    overlapped: bool = False
    """Both beams were blocked at once: one body reached from one to the other."""
    followed: bool = False
    """A second body broke the first beam again before the first one had left."""

    @property
    def clear(self) -> bool:
        """Nobody is in the passage."""
        return not (self.a_blocked or self.b_blocked) and self.began is None


class Crossing(enum.StrEnum):
    """What a change of a beam amounted to."""

    NONE = "none"
    BEGAN = "began"
    ENTERED = "entered"
    LEFT = "left"
    TURNED_BACK = "turned_back"
    FOLLOWED = "followed"
    """Somebody stepped in behind a person who has not left the passage yet."""


CLEAR = Track()


def beam(track: Track, which: Beam, *, blocked: bool, now_ns: int) -> tuple[Track, Crossing]:
    """The passage after one beam changed, and what that amounted to."""
    a = blocked if which is Beam.A else track.a_blocked
    b = blocked if which is Beam.B else track.b_blocked
    if (a, b) == (track.a_blocked, track.b_blocked):
        return track, Crossing.NONE
    if track.began is None:
        return Track(a, b, _way_in(which), now_ns), Crossing.BEGAN
    if not (a or b):
        return CLEAR, _outcome(track.began, which, overlapped=track.overlapped)
    behind = _side(track.began)
    if which is behind and blocked and track.overlapped:
        followed = Track(a, b, track.began, track.since_ns, overlapped=True, followed=True)
        return followed, Crossing.FOLLOWED
    if which is not behind and not blocked and track.followed:
        # The first body is out; the follower stands alone in the first beam.
        return Track(a, b, track.began, now_ns), _through(track.began)
    overlapped = track.overlapped or (a and b)
    return (
        Track(a, b, track.began, track.since_ns, overlapped=overlapped, followed=track.followed),
        Crossing.NONE,
    )


def _way_in(first: Beam) -> Direction:
    return Direction.ENTRY if first is Beam.A else Direction.EXIT


def _side(began: Direction) -> Beam:
    """The beam that a passage in that direction breaks first."""
    return Beam.A if began is Direction.ENTRY else Beam.B


def _through(began: Direction) -> Crossing:
    return Crossing.ENTERED if began is Direction.ENTRY else Crossing.LEFT


def _outcome(began: Direction, last: Beam, *, overlapped: bool) -> Crossing:
    """Both beams are free again; `last` was the one that stayed blocked longest."""
    if last is _side(began) or not overlapped:
        return Crossing.TURNED_BACK
    return _through(began)
