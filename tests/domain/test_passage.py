"""Two beams tell who went through, and who only looked as if."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.events import Beam
from gate.passage import CLEAR, Crossing, Track, beam


def walk(script: str) -> list[Crossing]:
    """Play `A` (A blocked), `a` (A free), `B`, `b`; give what each change amounted to."""
    track, crossings = CLEAR, []
    for at_ns, letter in enumerate(script):
        which = Beam(letter.lower())
        track, crossing = beam(track, which, blocked=letter.isupper(), now_ns=at_ns)
        crossings.append(crossing)
    return [crossing for crossing in crossings if crossing is not Crossing.NONE]


@pytest.mark.parametrize(
    ("script", "story"),
    [
        ("ABab", [Crossing.BEGAN, Crossing.ENTERED]),
        ("BAba", [Crossing.BEGAN, Crossing.LEFT]),
        ("Aa", [Crossing.BEGAN, Crossing.TURNED_BACK]),
        ("ABba", [Crossing.BEGAN, Crossing.TURNED_BACK]),
        ("Bb", [Crossing.BEGAN, Crossing.TURNED_BACK]),
        ("BAab", [Crossing.BEGAN, Crossing.TURNED_BACK]),
        ("ABaAab", [Crossing.BEGAN, Crossing.FOLLOWED, Crossing.ENTERED]),
        (
            "ABaAbBab",
            [Crossing.BEGAN, Crossing.FOLLOWED, Crossing.ENTERED, Crossing.ENTERED],
        ),
        ("ABaAba", [Crossing.BEGAN, Crossing.FOLLOWED, Crossing.ENTERED, Crossing.TURNED_BACK]),
        ("BAbBaAba", [Crossing.BEGAN, Crossing.FOLLOWED, Crossing.LEFT, Crossing.LEFT]),
    ],
)
def test_each_way_of_walking_is_told_apart(script: str, story: list[Crossing]) -> None:
    """Entering, leaving, turning back and following give their own story, in order."""
    assert walk(script) == story


def test_a_repeated_level_is_no_change() -> None:
    """A beam that reports what is known already alters nothing."""
    track, crossing = beam(CLEAR, Beam.A, blocked=False, now_ns=5)
    assert track is CLEAR
    assert crossing is Crossing.NONE


@given(st.lists(st.tuples(st.sampled_from(Beam), st.booleans())))
def test_free_beams_always_mean_a_clear_passage(changes: list[tuple[Beam, bool]]) -> None:
    """Whatever the beams do: both free is clear, and what ends has begun."""
    track, open_passage = CLEAR, False
    for at_ns, (which, blocked) in enumerate(changes):
        track, crossing = beam(track, which, blocked=blocked, now_ns=at_ns)
        if crossing is Crossing.BEGAN:
            assert not open_passage
            open_passage = True
        elif crossing in {Crossing.ENTERED, Crossing.LEFT, Crossing.TURNED_BACK}:
            assert open_passage
            open_passage = track.began is not None
        assert track.clear == (not track.a_blocked and not track.b_blocked)
    assert track.clear != open_passage
    assert isinstance(track, Track)
