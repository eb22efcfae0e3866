"""What the reporter listens to: real messages from a real broker, handed over on its own thread."""

import queue
import socket
import threading
from typing import Any

import pytest
from paho.mqtt import publish
from paho.mqtt.enums import MQTTProtocolVersion

from drivers.reporter.wire import Topics

Given = Any
ANSWER_S = 45
TRUST = Topics("office", "north").trust

pytestmark = pytest.mark.broker


def say(port: int, payload: bytes, *, retain: bool = True, topic: str = TRUST) -> None:
    """Publish from somewhere else."""
    publish.single(
        topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=port,
        protocol=MQTTProtocolVersion.MQTTv311,
    )  # fmt: skip


@pytest.fixture
def heard() -> "queue.SimpleQueue[tuple[str, bytes]]":
    return queue.SimpleQueue()


def test_a_message_is_handed_over(lane: Given, broker: Given, heard: Given) -> None:
    """What lay there before, and what comes later; nothing of other topics."""
    say(broker.port, b"before")
    lane.report(
        broker.port,
        inbox={TRUST: lambda data: heard.put((threading.current_thread().name, data))},
    )
    assert heard.get(timeout=ANSWER_S) == ("reporter", b"before")
    say(broker.port, b"of another site", topic="gate/v1/depot/trust")
    say(broker.port, b"later", retain=False)
    assert heard.get(timeout=ANSWER_S) == ("reporter", b"later")


def test_a_long_one_comes_whole(lane: Given, broker: Given, heard: Given) -> None:
    """A list of every issuer with its revocations has some megabytes."""
    lane.report(broker.port, inbox={TRUST: heard.put})
    data = bytes(range(256)) * 12_000
    say(broker.port, data)
    assert heard.get(timeout=ANSWER_S) == data


def test_it_listens_again_after_the_broker_died(lane: Given, broker: Given, heard: Given) -> None:
    """A broker that has forgotten everybody is asked again."""
    lane.report(broker.port, inbox={TRUST: heard.put})
    say(broker.port, b"one")
    assert heard.get(timeout=ANSWER_S) == b"one"
    broker.kill()
    broker.start()
    say(broker.port, b"two")
    while heard.get(timeout=ANSWER_S) != b"two":
        pass


class Deaf:
    """A broker that says yes to a connection and no to its first subscription (MQTT 5)."""

    CONNACK = bytes.fromhex("2003000000")
    SUBACK_NOT_AUTHORIZED = bytes.fromhex("9004 0001 00 87")

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._server.accept()
            except OSError:
                return
            self._open.append(peer)
            peer.recv(4_096)
            peer.sendall(self.CONNACK + self.SUBACK_NOT_AUTHORIZED)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()
        for peer in self._open:
            peer.close()


def test_a_broker_that_lets_nobody_listen_is_named(lane: Given, wait_until: Given) -> None:
    """By the topic, where staff sees what is wrong with reporting."""
    broker = Deaf()
    try:
        reporter = lane.report(broker.port, inbox={TRUST: lambda _data: None})
        wait_until(lambda: TRUST in (reporter.status().trouble or ""), "the refusal")
        assert "Not authorized" in (reporter.status().trouble or "")
        reporter.stop(0.1)
    finally:
        broker.close()
