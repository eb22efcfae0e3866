"""Brokers die, come late, refuse, fall silent and talk nonsense; the lane is killed. Every durable
record still arrives, in order once duplicates are removed."""

import json
import logging
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.journal import SqliteJournal
from drivers.reporter import connection
from gate.walltime import WallTime

pytestmark = pytest.mark.broker

Given = Any
"""A helper that `conftest.py` gives: brokers, listeners, a lane."""

LIVES = 6


def test_a_broker_that_comes_late_gets_everything(
    lane: Given,
    make_broker: Given,
    listen: Given,
    wait_until: Given,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Absent at the start: the lane tries on, its callers notice nothing, the log says it once."""
    broker = make_broker()
    with caplog.at_level(logging.WARNING):
        reporter = lane.report(broker.port)
        lane.write(1, 50)
        reporter.publish_state(b'{"state":"idle"}')
        wait_until(lambda: reporter.status().trouble is not None, "the first refusal")
    broker.start()
    listener = listen(broker.port)
    lane.write(51, 60)

    # The subscriber may come after the lane; what it missed was acknowledged before it came.
    wait_until(lambda: lane.journal.cursor[1] == 60, "the backlog")
    assert listener.visits() == sorted(listener.visits())
    assert len([r for r in caplog.records if "Connection refused" in r.getMessage()]) == 1


def test_a_broker_killed_and_restarted_misses_nothing_written_meanwhile(
    lane: Given, make_broker: Given, listen: Given
) -> None:
    """kill -9 of a broker that forgets everything: state and availability come back by themselves,
    and the records of the outage follow in order."""
    broker = make_broker().start()
    listener = listen(broker.port)
    reporter = lane.report(broker.port)
    may_connect = _hold_back(reporter)
    reporter.publish_state(b'{"state":"idle"}')
    done = 0
    for outage in range(3):
        lane.write(done + 1, done + 40)
        listener.wait_for_visits(done + 40)
        may_connect.clear()
        broker.kill()
        lane.write(done + 41, done + 60)
        # The subscriber first: this broker keeps no session for those who are not there.
        broker.start()
        listener.wait_subscribed(outage + 2)
        may_connect.set()
        done += 60
        assert listener.wait_for_visits(done) == list(range(1, done + 1)), f"outage {outage}"

    assert reporter.status().connections == 4
    assert listener.payloads("/state").count(b'{"state":"idle"}') >= 4
    assert listener.payloads("/availability").count(b"online") >= 4


def _hold_back(reporter: Given) -> threading.Event:
    """The lane connects again only while this is set."""
    may_connect = threading.Event()
    may_connect.set()
    backoff_s = reporter._backoff.next_s

    def next_s() -> float:
        wait_s: float = backoff_s()
        may_connect.wait(45)
        return wait_s

    reporter._backoff.next_s = next_s
    return may_connect


LANE = """
import sys, threading, time
from pathlib import Path
from drivers.journal import QUEUE_RECORDS_MAX, Limits, SqliteJournal
from drivers.reporter import Reporter, ReporterConfig
from gate.records import Record, RecordKind
from gate.walltime import WallTime

path, port, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
journal = SqliteJournal(path, lane="north", wall=lambda: WallTime(1_700_000_000_000),
    limits=Limits(ballast_bytes=65_536))
config = ReporterConfig(site="office", lane="north", host="127.0.0.1", port=port)
reporter = Reporter(config, journal)
reporter.start()
# Never more than the journal's queue takes: a disk slower than this loop would have it refuse some.
room = threading.Semaphore(QUEUE_RECORDS_MAX // 2)
for number in range(count):
    visit = journal.restored.seq + number + 1
    room.acquire()
    journal.append(Record(RecordKind.ACCESS_REQUESTED, at_ns=visit, visit=visit),
        done=lambda written: room.release())
    time.sleep(0.0005)
reporter.stop(30)
journal.close()
print("ended", flush=True)
"""


def test_a_lane_killed_again_and_again_reports_every_durable_record(
    tmp_path: Path, broker: Given, listen: Given
) -> None:
    """kill -9 of the whole lane in the middle of its stream: the will is published, and whatever
    was durable arrives after the restart, though perhaps twice."""
    listener = listen(broker.port)
    chance = random.Random(62_021)
    path = tmp_path / "journal.db"
    for life in range(LIVES):
        before = len(listener.visits())
        child = _start_lane(path, broker.port, 100_000)
        listener.wait_for_visits(before + chance.randrange(1, 60))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        wills = life + 1
        listener.wait(
            lambda wills=wills: listener.payloads("/availability").count(b"offline") >= wills,
            "the will",
        )
    child = _start_lane(path, broker.port, 5)
    out, _ = child.communicate(timeout=60)
    assert out == b"ended\n"

    journal = SqliteJournal(path, lane="north", wall=lambda: WallTime(1_700_000_000_000))
    journal.close()
    written = journal.restored.seq
    assert listener.wait_for_visits(written) == list(range(1, written + 1))
    assert journal.cursor[1] == written


def _start_lane(path: Path, port: int, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", LANE, str(path), str(port), str(count)], stdout=subprocess.PIPE
    )


def test_a_broker_that_refuses_records_is_named_once_and_nothing_is_lost(
    lane: Given,
    make_broker: Given,
    listen: Given,
    wait_until: Given,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An access list without the events: the rest works, the log says it once, the record stays."""
    rules = lane.path.parent / "acl"
    rules.write_text(
        "topic read gate/#\n"
        "topic write gate/v1/office/north/availability\n"
        "topic write gate/v1/office/north/state\n"
    )
    broker = make_broker(extra=f"acl_file {rules}").start()
    listener = listen(broker.port)
    lane.write(1, 30)
    with caplog.at_level(logging.WARNING):
        reporter = lane.report(broker.port)
        wait_until(lambda: "refuses" in (reporter.status().trouble or ""), "the refusal")
        reporter.publish_state(b'{"state":"idle"}')
        listener.wait(lambda: bool(listener.on("/state")), "the state")

    assert lane.journal.cursor[1] == 0
    assert listener.events() == []
    assert len([r for r in caplog.records if "refuses" in r.getMessage()]) == 1


class Impostor:
    """Listens like a broker, and answers each connection with the given bytes, then keeps still."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.connections = 0
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(peer)
            peer.recv(4_096)
            peer.sendall(self._answer)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()
        for peer in self._open:
            peer.close()


@pytest.fixture
def impostor(request: pytest.FixtureRequest) -> Iterator[Impostor]:
    impostor = Impostor(request.param)
    yield impostor
    impostor.close()


CONNACK_5 = b"\x20\x03\x00\x00\x00"


@pytest.mark.parametrize("impostor", [CONNACK_5], indirect=True)
def test_a_broker_that_never_acknowledges_is_left(
    lane: Given, impostor: Impostor, wait_until: Given
) -> None:
    """A connection that takes publishes and answers none is given up for a new one."""
    lane.write(1, 3)
    reporter = lane.report(impostor.port, ack_timeout_s=0.2)

    wait_until(lambda: impostor.connections >= 3, "a third connection")

    assert reporter.status().connections >= 2
    assert lane.journal.cursor[1] == 0


@pytest.mark.parametrize(
    "impostor",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x20\xff\xff\xff\xff\xff",
        CONNACK_5 + b"\x40\x01\x00" * 3,
        CONNACK_5 + b"\xd0\x7f" + b"\x00" * 127,
        b"\x20\x02\x00\x05",
    ],
    indirect=True,
)
def test_nonsense_from_a_broker_ends_the_connection_and_nothing_else(
    lane: Given, impostor: Impostor, wait_until: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes over the wire, the reporter tries again, and its callers notice nothing."""
    monkeypatch.setattr(connection, "CONNACK_S_MAX", 0.2)
    lane.write(1, 3)
    reporter = lane.report(impostor.port, ack_timeout_s=0.2)

    wait_until(lambda: impostor.connections >= 3, "a third connection")

    reporter.publish_state(b"{}")
    assert lane.journal.cursor[1] == 0
    lane.write(4, 5)


def test_a_broker_whose_packets_are_short_gets_the_place_without_the_facts(
    lane: Given, make_broker: Given, listen: Given
) -> None:
    """Nothing is published over the broker's limit, and the stream has no gap all the same."""
    broker = make_broker(extra="max_packet_size 700").start()
    listener = listen(broker.port)
    for detail in ("short", "x" * 600, "short"):
        lane.append_detail(detail)
    lane.report(broker.port)
    listener.wait(lambda: len(listener.events()) == 3, "three events")

    assert [event["data"].get("omitted", False) for event in listener.events()] == [
        False,
        True,
        False,
    ]
    assert [event["data"]["seq"] for event in listener.events()] == [1, 2, 3]
    assert all(len(payload) < 700 for payload in listener.payloads("/event"))
    assert json.loads(listener.payloads("/event")[1])["type"] == "lane.event_ignored"
