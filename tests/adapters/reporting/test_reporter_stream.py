"""What a broker and its subscribers get of a lane, when nothing goes wrong."""

import json
import threading
from typing import Any

import pytest

from drivers.journal.chain import genesis, link
from gate.records import Record, RecordKind, Spent

pytestmark = pytest.mark.broker

ANSWER_S = 45
"""Liveness only."""
Given = Any
"""A helper that `conftest.py` gives: brokers, listeners, a lane."""


@pytest.mark.parametrize(("kind", "version"), [("mosquitto", "5"), ("nats-server", "3.1.1")])
def test_every_record_arrives_once_and_in_order(
    kind: str, version: str, lane: Given, make_broker: Given, listen: Given, wait_until: Given
) -> None:
    """A backlog and what follows it come as one ordered stream, in MQTT 5 where the broker speaks
    it and in 3.1.1 where not; the cursor follows."""
    broker = make_broker(kind).start()
    listener = listen(broker.port)
    lane.write(1, 150)
    reporter = lane.report(broker.port)
    lane.write(151, 200)

    assert listener.wait_for_visits(200) == list(range(1, 201))
    wait_until(lambda: lane.journal.cursor[1] == 200, "the cursor")
    assert reporter.status().version == version
    assert reporter.status().trouble is None


def test_an_event_is_a_cloudevent_with_its_place_in_the_chain(
    lane: Given, broker: Given, listen: Given
) -> None:
    """A receiver finds the CloudEvents words, and can follow the hash chain on its own."""
    listener = listen(broker.port)
    lane.write(1, 30)
    lane.report(broker.port)
    listener.wait_for_visits(30)

    first = listener.events()[0]
    epoch = lane.journal.position[0]
    assert {name: first[name] for name in first if name != "data"} == {
        "specversion": "1.0",
        "id": f"{epoch}-1",
        "source": "gate/office/north",
        "type": "access.requested",
        "time": "2023-11-14T22:13:20.000Z",
        "datacontenttype": "application/json",
    }
    previous = genesis("north", epoch)
    for payload in listener.payloads("/event"):
        data = json.loads(payload)["data"]
        text = payload[payload.index(b'"data":') + len(b'"data":') :]
        body = text[: text.rindex(b',"schema":')] + b"}"
        previous = link(previous, epoch, data["seq"], data["wall_ms"], data["quality"], body)
        assert data["hash"] == previous.hex()
        assert data["schema"] == 1


def test_nothing_but_the_records_own_fields_is_sent(
    lane: Given, broker: Given, listen: Given
) -> None:
    """The pass's key, its holder and the trace stay in the lane; the wire has the pseudonym."""
    listener = listen(broker.port)
    lane.journal.trace(1, b'{"type":"CredentialPresented","holder":"secret-holder"}')
    lane.journal.append(
        Record(RecordKind.ACCESS_GRANTED, at_ns=5, visit=1, grant=1, pseudonym="0123456789abcdef"),
        Spent("secret-replay-key", "secret-holder", 2**40),
    )
    lane.report(broker.port)
    listener.wait_for_visits(1)

    (event,) = listener.events()
    assert set(event["data"]) == {
        *("kind", "at_ns", "visit", "grant", "pseudonym"),
        *("schema", "epoch", "seq", "wall_ms", "quality", "hash"),
    }
    assert not any(b"secret" in message.payload for message in listener.messages)


def test_a_late_subscriber_sees_state_and_no_old_event(
    lane: Given, broker: Given, listen: Given
) -> None:
    """Availability, state and self-test are retained; an event never is."""
    witness = listen(broker.port)
    reporter = lane.report(broker.port)
    reporter.publish_state(b'{"state":"idle"}')
    reporter.publish_selftest(b'{"passed":true}')
    lane.write(1, 3)
    witness.wait_for_visits(3)
    witness.wait(lambda: bool(witness.on("/selftest") and witness.on("/state")), "the state")
    witness.close()

    late = listen(broker.port)
    late.wait(lambda: len(late.messages) >= 3, "what is retained")

    retained = {message.topic.rpartition("/")[2]: message for message in late.messages}
    assert {name: message.payload for name, message in retained.items()} == {
        "availability": b"online",
        "state": b'{"state":"idle"}',
        "selftest": b'{"passed":true}',
    }
    assert all(message.retain for message in retained.values())


def test_state_is_published_when_it_changes(lane: Given, broker: Given, listen: Given) -> None:
    """The same state said again costs nothing; of many changes the last one always arrives."""
    listener = listen(broker.port)
    reporter = lane.report(broker.port)
    reporter.publish_state(b'{"n":0}')
    listener.wait(lambda: bool(listener.on("/state")), "the first state")
    reporter.publish_state(b'{"n":0}')
    for number in range(1, 200):
        reporter.publish_state(b'{"n":%d}' % number)

    listener.wait(lambda: listener.payloads("/state")[-1] == b'{"n":199}', "the last state")

    states = listener.payloads("/state")
    assert len(states) == len(set(states))


def test_a_clean_end_says_offline_itself(lane: Given, broker: Given, listen: Given) -> None:
    """Everything durable is sent first; then the lane takes its leave, once, without a will."""
    listener = listen(broker.port)
    reporter = lane.report(broker.port)
    listener.wait(lambda: b"online" in listener.payloads("/availability"), "the lane")
    lane.write(1, 100)
    reporter.stop(20.0)

    listener.wait(lambda: b"offline" in listener.payloads("/availability"), "its leave")
    assert listener.visits() == list(range(1, 101))
    assert listener.payloads("/availability") == [b"online", b"offline"]
    assert lane.journal.cursor == lane.journal.position
    assert not reporter.status().connected


def test_a_clean_end_waits_for_the_disk(lane: Given, broker: Given, listen: Given) -> None:
    """The lane's last records are still on their way to the disk when it is asked to stop: they
    are sent before it takes its leave."""
    listener = listen(broker.port)
    reporter = lane.report(broker.port)
    listener.wait(lambda: b"online" in listener.payloads("/availability"), "the lane")
    disk_works = lane.hold_disk()
    lane.journal.append(Record(RecordKind.ACCESS_REQUESTED, at_ns=1, visit=1))
    lane.journal.append(Record(RecordKind.DEVICE_STOPPED, at_ns=2, visit=2))
    stop = threading.Thread(target=reporter.stop, args=(20.0,))
    stop.start()
    assert reporter._desk.stopping.wait(ANSWER_S)
    reporter.publish_state(b'{"state":"stopping"}')
    listener.wait(
        lambda: listener.on("/state") or b"offline" in listener.payloads("/availability"),
        "the lane's last state",
    )
    disk_works.set()
    stop.join()

    listener.wait(lambda: b"offline" in listener.payloads("/availability"), "its leave")
    assert listener.visits() == [1, 2]
    assert lane.journal.cursor == lane.journal.position


def test_a_state_too_long_is_never_published(lane: Given, broker: Given, listen: Given) -> None:
    """A bound holds on what the lane publishes, and the caller is not troubled."""
    listener = listen(broker.port)
    reporter = lane.report(broker.port)
    reporter.publish_state(b'"' + b"x" * 20_000 + b'"')
    reporter.publish_selftest(b"{}")
    listener.wait(lambda: bool(listener.on("/selftest")), "what came after")

    assert listener.on("/state") == []
