"""The reporter's parts that need no broker: names, payloads, the window and the waits."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.api import Stored
from drivers.reporter import ReporterConfig, Tls, Topics, event_payload
from drivers.reporter.backoff import RETRY_S_FIRST, RETRY_S_MAX, Backoff
from drivers.reporter.outbox import Outbox, Position
from drivers.reporter.wire import EVENT_BYTES_MAX
from gate.records import RECORD_BYTES_MAX, Record, RecordKind, encode


def stored(seq: int, record: Record | None = None) -> Stored:
    body = encode(record or Record(RecordKind.DOOR_CLOSED, at_ns=seq))
    return Stored(7, seq, 1_700_000_000_123, "held_over", b"\xab" * 32, body)


def test_topics_are_those_of_the_design() -> None:
    """The four topics of a lane, by name."""
    topics = Topics("office_1", "lane-a")

    assert topics.availability == "gate/v1/office_1/lane-a/availability"
    assert topics.state == "gate/v1/office_1/lane-a/state"
    assert topics.event == "gate/v1/office_1/lane-a/event"
    assert topics.selftest == "gate/v1/office_1/lane-a/selftest"


@pytest.mark.parametrize("part", ["", "Office", "a/b", "+", "#", "a b", "ä", "x" * 65, "a\n"])
def test_a_name_that_is_no_topic_part_is_refused(part: str) -> None:
    """Wildcards, slashes, capitals and the like never get into a topic."""
    with pytest.raises(ValueError, match="topic part"):
        ReporterConfig(site=part, lane="north", host="broker.example")
    with pytest.raises(ValueError, match="topic part"):
        ReporterConfig(site="office", lane=part, host="broker.example")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"host": ""}, "host"),
        ({"port": 0}, "port"),
        ({"port": 65_536}, "port"),
        ({"tls": Tls(cert_path="lane.pem")}, "key_path"),
    ],
)
def test_a_setting_out_of_bounds_is_refused(settings: dict[str, Any], says: str) -> None:
    """One sentence says what is wrong."""
    with pytest.raises(ValueError, match=says):
        ReporterConfig(**({"site": "office", "lane": "north", "host": "broker.example"} | settings))


@given(st.text(max_size=150))
def test_any_text_of_a_record_makes_valid_json(detail: str) -> None:
    """Quotes, control characters and the like of a text never break the event."""
    record = Record(RecordKind.EVENT_IGNORED, at_ns=1, detail=detail)
    payload = event_payload("office", "north", stored(3, record))

    assert payload is not None
    event = json.loads(payload)
    assert event["id"] == "7-3"
    assert event["time"] == "2023-11-14T22:13:20.123Z"
    assert event["data"]["detail"] == detail
    assert event["data"]["quality"] == "held_over"
    assert event["data"]["hash"] == "ab" * 32


def test_the_longest_record_fits_an_event() -> None:
    """The two bounds agree: a record within its own is never sent without its facts."""
    filler = RECORD_BYTES_MAX - len(encode(Record(RecordKind.EVENT_IGNORED, at_ns=1, detail="")))
    record = Record(RecordKind.EVENT_IGNORED, at_ns=1, detail="x" * filler)
    assert len(encode(record)) == RECORD_BYTES_MAX

    payload = event_payload("s" * 64, "l" * 64, stored(2**53, record))

    assert payload is not None
    assert len(payload) <= EVENT_BYTES_MAX
    assert "omitted" not in json.loads(payload)["data"]


def test_a_record_over_the_bound_is_sent_without_its_facts() -> None:
    """An oversize record keeps its place in the stream and never goes out whole."""
    record = Record(RecordKind.EVENT_IGNORED, at_ns=9, detail="x" * (RECORD_BYTES_MAX + 1))
    payload = event_payload("office", "north", stored(5, record))

    assert payload is not None
    data = json.loads(payload)["data"]
    assert (data["kind"], data["at_ns"], data["seq"]) == ("lane.event_ignored", 9, 5)
    assert data["omitted"] is True
    assert "detail" not in data
    assert event_payload("office", "north", stored(5, record), bytes_max=100) is None


def test_waits_grow_with_jitter_to_a_limit_and_begin_anew() -> None:
    """The first retry comes within a second, none waits more than thirty, no two lanes agree."""
    backoff = Backoff(random.Random(1))
    waits = [backoff.next_s() for _ in range(200)]
    backoff.reset()

    assert waits[0] < RETRY_S_FIRST
    assert max(waits) <= RETRY_S_MAX
    assert max(waits) > RETRY_S_MAX / 2
    assert len(set(waits)) == len(waits)
    assert backoff.next_s() < RETRY_S_FIRST


class Records:
    """A journal of a hundred records, in memory."""

    def __init__(self) -> None:
        self.done: Position = (7, 0)

    @property
    def cursor(self) -> Position:
        return self.done

    def after(self, epoch: int, seq: int, limit: int) -> list[Stored]:
        assert epoch == 7
        return [stored(number) for number in range(seq + 1, min(seq + limit, 100) + 1)]

    def acknowledge(self, epoch: int, seq: int) -> None:
        assert (epoch, seq) > self.done
        self.done = (epoch, seq)

    @property
    def settled(self) -> bool:
        return True

    def watch(self, wake: Callable[[], None]) -> None:
        raise AssertionError("not reached here")


@given(st.integers(0, 2**32))
def test_the_cursor_passes_only_what_is_whole(seed: int) -> None:
    """Acknowledgements in any order, and new beginnings in between: the cursor never passes a
    record that was not acknowledged, and reaches the end."""
    chance = random.Random(seed)
    journal = Records()
    outbox = Outbox(journal)
    under_way: dict[int, int] = {}
    acknowledged: set[int] = set()
    packet = 0
    while journal.done[1] < 100:
        while len(under_way) < 20 and (record := outbox.next()) is not None:
            packet += 1
            outbox.sent(packet)
            under_way[packet] = record.seq
        if chance.random() < 0.02:
            outbox.rewind()
            under_way.clear()
            continue
        answered = chance.choice(list(under_way))
        acknowledged.add(under_way.pop(answered))
        whole = outbox.acknowledged(answered)
        if whole is not None:
            journal.acknowledge(*whole)
        assert set(range(1, journal.done[1] + 1)) <= acknowledged
    assert outbox.next() is None
    assert outbox.acknowledged(packet) is None
