"""Real brokers on loopback, a real subscriber, and a journal to report from."""

import json
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from drivers.journal import Limits, SqliteJournal
from drivers.journal.store import Pending
from drivers.reporter import Reporter, ReporterConfig, Tls
from drivers.reporter.config import ACK_TIMEOUT_S
from drivers.reporter.connection import Inbox
from gate.records import Record, RecordKind
from gate.walltime import WallTime

ANSWER_S = 45
"""Liveness only."""
LOOPBACK = "127.0.0.1"


def find_program(name: str) -> str:
    """Its path, or skip the test and say what is missing."""
    places = (None, "/usr/sbin", str(Path(sys.executable).parent))
    for place in places:
        program = shutil.which(name, path=place)
        if program:
            return program
    pytest.skip(f"{name} is not installed: this test needs a real broker")


# By default mosquitto drops what a slow subscriber leaves waiting; these tests count every message.
MOSQUITTO = """\
listener {port} {host}
user root
allow_anonymous true
set_tcp_nodelay true
max_queued_messages 0
"""
NATS = """\
server_name: "test"
listen: "{host}:-1"
jetstream {{ store_dir: "{folder}/store" }}
mqtt {{ listen: "{host}:{port}" }}
"""


class Broker:
    """One real broker that keeps its port through death and restart."""

    def __init__(self, folder: Path, kind: str = "mosquitto", extra: str = "") -> None:
        self.kind = kind
        self._folder = folder
        self._program = find_program(kind)
        self._extra = extra
        # Bound but not listening: while the broker is dead, its port is given to nobody else, and
        # a client that tries it is refused instead of being connected to itself.
        self._place = socket.socket()
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._place.bind((LOOPBACK, 0))
        self.port: int = self._place.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Broker":
        config = self._folder / f"{self.kind}.conf"
        form = MOSQUITTO if self.kind == "mosquitto" else NATS
        config.write_text(
            form.format(host=LOOPBACK, port=self.port, folder=self._folder) + self._extra
        )
        self._process = subprocess.Popen(
            [self._program, "-c", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_until(self._answers, f"{self.kind} to answer")
        return self

    def kill(self) -> None:
        """As kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End it, and give its port back."""
        self.kill()
        self._place.close()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self.kind} ended by itself"
        try:
            socket.create_connection((LOOPBACK, self.port), 1).close()
        except OSError:
            return False
        return True


def _wait_until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something that tells nobody when it happens."""
    deadline_s = time.monotonic() + ANSWER_S
    while not holds():
        assert time.monotonic() < deadline_s, f"waited in vain for {what}"
        time.sleep(0.01)


class Listener:
    """A real subscriber to everything under `gate/`, which comes back after a broken connection to
    the session of its name."""

    def __init__(self, port: int, name: str) -> None:
        self.messages: list[paho.MQTTMessage] = []
        self._changed = threading.Condition()
        self.subscriptions = 0
        """How often it subscribed: once a connection."""
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("gate/v1/#", qos=1)
        self._client.on_subscribe = self._count
        self._client.on_message = self._take
        self._client.connect(LOOPBACK, port, keepalive=10)
        self._client.loop_start()
        self.wait_subscribed(1)

    def _count(self, *_: object) -> None:
        with self._changed:
            self.subscriptions += 1
            self._changed.notify_all()

    def _take(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def wait_subscribed(self, times: int) -> None:
        self.wait(lambda: self.subscriptions >= times, "the subscription")

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, ANSWER_S), f"waited in vain for {what}"

    def on(self, topic_end: str) -> list[paho.MQTTMessage]:
        """Messages of topics that end so, in the order in which they came."""
        return [message for message in list(self.messages) if message.topic.endswith(topic_end)]

    def payloads(self, topic_end: str) -> list[bytes]:
        return [bytes(message.payload) for message in self.on(topic_end)]

    def events(self) -> list[dict[str, Any]]:
        """Each event once, in the order in which it first came."""
        first: dict[str, dict[str, Any]] = {}
        for payload in self.payloads("/event"):
            event = json.loads(payload)
            first.setdefault(event["id"], event)
        return list(first.values())

    def visits(self) -> list[int]:
        """The visits of the events, in order of first arrival."""
        return [event["data"]["visit"] for event in self.events()]

    def wait_for_visits(self, count: int) -> list[int]:
        self.wait(lambda: len(self.visits()) >= count, f"{count} events")
        return self.visits()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Lane:
    """A journal with a reporter."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        self.journal = SqliteJournal(
            self.path,
            lane="north",
            wall=lambda: WallTime(1_700_000_000_000),
            limits=Limits(ballast_bytes=65_536),
        )
        self.reporters: list[Reporter] = []

    def report(
        self,
        port: int,
        *,
        tls: Tls | None = None,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        inbox: Inbox = MappingProxyType({}),
    ) -> Reporter:
        config = ReporterConfig(
            site="office",
            lane="north",
            host=LOOPBACK,
            port=port,
            tls=tls,
            ack_timeout_s=ack_timeout_s,
        )
        reporter = Reporter(config, self.journal, inbox=inbox)
        self.reporters.append(reporter)
        reporter.start()
        return reporter

    def write(self, first_visit: int, last_visit: int) -> None:
        """Write one record for each visit, and wait until all are durable."""
        answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        for visit in range(first_visit, last_visit + 1):
            record = Record(RecordKind.ACCESS_REQUESTED, at_ns=visit, visit=visit)
            self.journal.append(record, done=answers.put)
        for _ in range(first_visit, last_visit + 1):
            assert answers.get(timeout=ANSWER_S)

    def hold_disk(self) -> threading.Event:
        """From now on nothing becomes durable until the event is set."""
        works = threading.Event()
        write = self.journal._store.write

        def wait_and_write(
            batch: Sequence[Pending], events: Sequence[tuple[int, bytes]], acked_seq: int
        ) -> None:
            works.wait(ANSWER_S)
            write(batch, events, acked_seq)

        self.journal._store.write = wait_and_write  # type: ignore[method-assign]
        return works

    def append_detail(self, detail: str) -> None:
        """Queue a record with that text."""
        self.journal.append(Record(RecordKind.EVENT_IGNORED, at_ns=1, detail=detail))

    def close(self) -> None:
        for reporter in self.reporters:
            reporter.stop(1.0)
        self.journal.close()


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[Lane]:
    lane = Lane(tmp_path)
    yield lane
    lane.close()


@pytest.fixture
def make_broker(tmp_path: Path) -> Iterator[Callable[..., Broker]]:
    """`make_broker(kind, extra)`; not started."""
    made: list[Broker] = []

    def make(kind: str = "mosquitto", extra: str = "") -> Broker:
        made.append(Broker(tmp_path, kind, extra))
        return made[-1]

    yield make
    for broker in made:
        broker.close()


@pytest.fixture
def broker(make_broker: Callable[..., Broker]) -> Broker:
    """A mosquitto that runs."""
    return make_broker().start()


@pytest.fixture
def listen() -> Iterator[Callable[[int], Listener]]:
    """`listen(port)`, each time somebody else."""
    listeners: list[Listener] = []

    def start(port: int) -> Listener:
        listeners.append(Listener(port, f"listener-{len(listeners)}"))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool], str], None]:
    """`wait_until(holds, what)`."""
    return _wait_until
