"""Every event in every state: nothing raises, and nothing happens without a record of it.

The table says what becomes of each pair. A row is something that happens, a column a moment of
the lane (`tests/domain/lanemoments.py`), and in the cell stands

- the state that follows, by its first three letters;
- `.` where the state stays, and the event was taken note of or belongs to what goes on in it;
- `-` where the event makes no sense: the lane is as it was and says so, `lane.event_ignored`.
"""

import typing

import msgspec
import pytest

from gate.events import AnyEvent
from gate.policy import ns
from gate.records import RecordKind
from gate.states import AnyState
from tests.domain.lanekit import Scene
from tests.domain.lanemoments import EVENTS, MOMENTS, event, moment

TABLE = """
                   sta mai las idl nex sen cle wai run scr cod wri ope pas den fev ref fir res
woke                 .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
self-check passed  idl   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -
shutdown             .   .   . out out out out out out out out out out out out out out   .   .
somebody there       .   .   . dis   .   . idl   .   .   .   .   .   .   .   .   .   .   .   .
nobody there         .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
A blocked            .   .   .   .   .   . idl   .   .   .   .   .   .   .   .   .   .   .   .
A free               .   . idl   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
B blocked            .   .   .   .   .   . idl   .   .   .   .   .   .   .   .   .   .   .   .
B free               .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
PASS in              .   .   .   .   .   . idl   .   .   .   .   .   .   .   .   .   .   .   .
PASS out             .   .   .   .   .   . idl   .   .   .   .   .   .   .   .   .   .   .   .
door open            .   .   .   .   .   . idl   .   .   .   .   .   .   .   .   .   .   .   .
door shut            .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
exit asked for       .   .   .   .   .   . idl   .   .   .   .   .   .   .   .   .   .   .   .
fire               eme eme eme eme eme eme eme eme eme eme eme eme eme eme eme eme eme   .   .
no fire              .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
stop pressed       eme eme eme eme eme eme eme eme eme eme eme eme eme eme eme eme eme   .   .
stop released        .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
cabinet open         .   .   . out out out out out out out out out out out out out out   .   .
cabinet shut         .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
tank filled          .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
tank empty           .   .   .   .   .   . idl   .   .   .   .   .   .   .   .   .   .   .   .
chamber vacant       .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
chamber occupied     .   .   .   .   .   . idl   .   .   .   .   .   .   .   .   .   .   .   .
cycle done           -   -   -   -   -   - idl   - scr   -   -   -   -   -   -   -   -   -   -
normal reading       -   -   -   -   -   -   -   -   - awa   -   -   -   -   -   -   -   -   -
warm reading         -   -   -   -   -   -   -   -   -   .   -   -   -   -   -   -   -   -   -
no number            -   -   -   -   -   -   -   -   -   .   -   -   -   -   -   -   -   -   -
another's reading    -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -
no reading           -   -   -   -   -   -   -   -   -   .   -   -   -   -   -   -   -   -   -
another's miss       -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -
pass                 -   -   - dis dis dis idl   .   .   . gra   -   -   - gra   .   -   -   -
badge                -   -   - dis dis dis idl   .   .   . gra   -   -   -   .   .   -   -   -
badge in duress      -   -   - dis dis dis idl   .   .   . gra   -   -   -   .   .   -   -   -
pass, no clock       -   -   - dis dis dis idl   .   .   . ref   -   -   - ref   .   -   -   -
rubbish              -   -   -   .   .   . idl   .   .   .   .   -   -   -   .   -   -   -   -
admit                -   -   -   -   -   -   - gra gra gra gra   -   -   - gra gra gra   -   -
refuse               -   -   -   -   -   - idl den den den den den den   -   -   - den   -   -
assist               -   -   - dis dis dis   -   .   .   .   .   -   -   -   -   -   -   -   -
assist two           -   -   - dis dis dis   -   .   .   .   .   -   -   -   -   -   -   -   -
reset                -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   - idl
maintenance on       .   -   . out out out out out out out out out out out out out out   .   .
maintenance off      - idl   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -
arm chamber          -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -
camera fails         .   .   . out out out out out out out out out out out out out out   .   .
journal fails        .   .   . out out out out out out out out out out out out out out   .   .
chamber fails        .   .   . out out out out out out out out out out out out out out   .   .
camera works         -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -
committed            -   -   -   -   -   -   -   -   -   -   -   .   -   -   -   -   -   -   -
another committed    -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -
not committed        -   -   -   -   -   -   -   -   -   -   - den   -   -   -   -   -   -   -
another not          -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -
clock                .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
clock lost           .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
trust list           .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .   .
"""
_ROWS = TABLE.strip("\n").splitlines()
_NAME_WIDTH = 18
_FOLLOWS = {
    (row[:_NAME_WIDTH].strip(), name): cell
    for row in _ROWS[1:]
    for name, cell in zip(MOMENTS, row[_NAME_WIDTH:].split(), strict=True)
}


def test_the_table_is_whole() -> None:
    """Every state has a moment, every event a row, and the columns are those of the moments."""
    states = {type(moment(name).state) for name in MOMENTS}
    assert states == set(typing.get_args(AnyState))
    events = {type(event(name, Scene())) for name in EVENTS}
    assert events == set(typing.get_args(AnyEvent))
    assert _ROWS[0].split() == [name[:3] for name in MOMENTS]
    assert {happens for happens, _ in _FOLLOWS} == set(EVENTS)


def _image(lane: Scene) -> AnyState:
    """The state without the wall clock, which every reading of a code brings along."""
    memory = msgspec.structs.replace(lane.state.lane, wall=Scene().wall, pruned_day=0)
    return msgspec.structs.replace(lane.state, lane=memory)


@pytest.mark.parametrize("name", MOMENTS)
@pytest.mark.parametrize("happens", EVENTS)
def test_every_event_in_every_state(happens: str, name: str) -> None:
    """As the table says."""
    lane = moment(name)
    before, image = lane.place, _image(lane)
    lane.take(event(happens, lane))
    records = lane.records()
    ignored = [record for record in records if record.kind is RecordKind.EVENT_IGNORED]
    if lane.place != before:
        found = lane.place[:3].lower()
        assert records, "a state changes for a stated reason"
        assert not ignored
    elif ignored:
        found = "-"
        assert _image(lane) == image
        (record,) = ignored
        assert record.state == before
        assert record.detail == type(event(happens, lane)).__name__
    else:
        found = "."
    assert found == _FOLLOWS[happens, name]


@pytest.mark.parametrize("happens", EVENTS)
def test_every_event_after_a_night_without_a_wake(happens: str) -> None:
    """What was due hours ago is done first, whatever the event: nothing raises, and the watch finds
    nothing that must not be."""
    for name in MOMENTS:
        lane = moment(name)
        lane.oversleep(10 * 3600)
        lane.take(event(happens, lane))


@pytest.mark.parametrize("happens", EVENTS)
def test_every_event_at_the_very_moment_of_a_deadline(happens: str) -> None:
    """The deadline comes first; the event then meets the state that follows."""
    for name in MOMENTS:
        lane = moment(name)
        lane.now_ns = lane.state.wake_at_ns or lane.now_ns
        woken = lane.copy()
        woken.take_nothing()
        woken.take(event(happens, woken))
        lane.take(event(happens, lane))
        assert (name, lane.place, lane.news()) == (name, woken.place, woken.news())


@pytest.mark.parametrize("happens", EVENTS)
def test_every_event_with_a_clock_that_goes_back(happens: str) -> None:
    """The runtime lets no time go back; if it did, the lane would wait longer and not break."""
    for name in MOMENTS:
        lane = moment(name)
        lane.now_ns -= ns(30)
        lane.take_unwatched(event(happens, lane))
        lane.now_ns += ns(30)
        lane.take_unwatched(event(happens, lane))
        assert lane.chamber_ran_ns <= ns(lane.policy.chamber.run_s), name
