"""One connection to a broker. The only module that imports paho.

paho's own thread, its reconnecting and its queue stay unused. The reporter's thread drives the
socket, so paho's callbacks run on it, inside `pump`, and only note what happened. A connection
that ended is thrown away with its paho client; the next one starts from nothing but the journal.
"""

import contextlib
import enum
import select
import socket
import ssl
from pathlib import Path
from typing import cast

from msgspec import Struct
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from drivers.reporter.config import ReporterConfig

CONNECT_S_MAX = 5.0
"""For name, TCP and TLS together with each of the host's addresses."""
RECEIVE_MAX = 65_535
RECEIVED_BYTES_MAX = 8_454_144
"""Longest packet that is taken: a trust list of 8 MiB, with room around it. MQTT 5 tells the
broker; what comes all the same is dropped."""
PACKET_BYTES_MAX = 268_435_455
"""MQTT's own limit, where the broker states none."""
QOS = 1


class Version(enum.Enum):
    """Which MQTT is spoken."""

    V5 = "5"
    V311 = "3.1.1"

    @property
    def other(self) -> "Version":
        """The one to try when a broker does not understand this one."""
        return Version.V311 if self is Version.V5 else Version.V5


class Connected(Struct, frozen=True):
    """The broker said yes."""

    window_max: int
    """Publishes that it takes without having acknowledged them."""
    packet_bytes_max: int


class Refused(Struct, frozen=True):
    """The broker said no to the connection."""

    text: str
    wrong_version: bool


class Published(Struct, frozen=True):
    """The broker answered a publish."""

    packet: int
    refused: str | None
    """Why it did not take it; only MQTT 5 can say so."""


class Lost(Struct, frozen=True):
    """The connection is over."""

    text: str


class Subscribed(Struct, frozen=True):
    """The broker answered a subscription."""

    packet: int
    refused: str | None


class Received(Struct, frozen=True):
    """A message came in."""

    topic: str
    payload: bytes


Happening = Connected | Refused | Published | Subscribed | Received | Lost


class _ClosingSocket(ssl.SSLSocket):
    """Closes itself when a handshake fails; paho would leave that to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT002 - as its base has it
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class Link:
    """One connection, from CONNECT to its end. Belongs to one thread."""

    def __init__(self, config: ReporterConfig, version: Version, will: tuple[str, bytes]) -> None:
        self._config = config
        self._version = version
        self._happened: list[Happening] = []
        v5 = version is Version.V5
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=config.client_id,
            clean_session=None if v5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = CONNECT_S_MAX
        self._client.max_inflight_messages_set(0)  # the reporter keeps the window
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = None
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect
        self._client.will_set(will[0], will[1], qos=QOS, retain=True)

    def open(self) -> None:
        """Connect and send CONNECT; blocks for `CONNECT_S_MAX` at most.

        Raises:
            OSError: no such host, nobody listens, the certificate is not trusted, a file is
                missing.
        """
        if self._config.username is not None:
            path = self._config.password_path
            password = Path(path).read_text(encoding="utf-8").strip() if path else None
            self._client.username_pw_set(self._config.username, password)
        tls = self._config.tls
        if tls is not None:
            context = ssl.create_default_context(cafile=tls.ca_path)
            if tls.cert_path:
                context.load_cert_chain(tls.cert_path, tls.key_path)
            context.sslsocket_class = _ClosingSocket
            self._client.tls_set_context(context)
        properties = None
        if self._version is Version.V5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = self._config.session_expiry_s
            properties.MaximumPacketSize = RECEIVED_BYTES_MAX
        self._client.connect(
            self._config.host,
            self._config.port,
            keepalive=self._config.keepalive_s,
            clean_start=False if properties else paho.MQTT_CLEAN_START_FIRST_ONLY,
            properties=properties,
        )
        sock = self._socket()
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> int:
        """Send with QoS 1. Returns the packet's number, which `Published` will name."""
        return self._client.publish(topic, payload, qos=QOS, retain=retain).mid

    def subscribe(self, topic: str) -> int:
        """Ask for the messages of a topic, with QoS 1. Returns the packet's number, which
        `Subscribed` will name."""
        packet = self._client.subscribe(topic, qos=QOS)[1]
        assert packet is not None, "subscribed without a connection"  # noqa: S101 - our bug
        return packet

    def pump(self, bell: int, timeout_s: float) -> list[Happening]:
        """Move bytes until something happened, the bell's descriptor is readable, or time is up."""
        sock = self._socket()
        if sock is not None and not self._happened:
            self._move(sock, bell, timeout_s)
        if self._socket() is None and not any(
            isinstance(one, Lost | Refused) for one in self._happened
        ):
            self._happened.append(Lost("connection closed"))
        happened, self._happened = self._happened, []
        return happened

    def close(self, *, politely: bool) -> None:
        """End it. Politely: with a DISCONNECT, so that the broker does not publish the will."""
        with contextlib.suppress(Exception):
            if politely:
                self._client.disconnect()
        sock = self._socket()
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.close()

    def _move(self, sock: socket.socket, bell: int, timeout_s: float) -> None:
        poller = select.poll()
        wants = select.POLLIN | (select.POLLOUT if self._client.want_write() else 0)
        poller.register(sock, wants)
        poller.register(bell, select.POLLIN)
        waiting_in_tls = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        ready = dict(poller.poll(0 if waiting_in_tls else timeout_s * 1000))
        events = ready.get(sock.fileno(), 0)
        try:
            if waiting_in_tls or events & ~select.POLLOUT:
                self._client.loop_read()
            if events & select.POLLOUT:
                self._client.loop_write()
            self._client.loop_misc()
        except Exception as error:  # noqa: BLE001 - paho raises what a malformed packet makes it raise
            self._happened.append(Lost(f"not understood: {error!r}"))

    def _socket(self) -> socket.socket | None:
        """None once paho has closed it."""
        return cast("socket.socket | None", self._client.socket())

    # paho calls these inside `pump`; they only note

    def _on_connect(
        self,
        _client: paho.Client,
        _data: object,
        _flags: object,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            wrong_version = reason.getName() == "Unsupported protocol version"
            self._happened.append(Refused(str(reason), wrong_version))
            return
        self._happened.append(
            Connected(
                window_max=getattr(properties, "ReceiveMaximum", RECEIVE_MAX),
                packet_bytes_max=getattr(properties, "MaximumPacketSize", PACKET_BYTES_MAX),
            )
        )

    def _on_publish(
        self,
        _client: paho.Client,
        _data: object,
        packet: int,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        self._happened.append(Published(packet, str(reason) if reason.is_failure else None))

    def _on_subscribe(
        self,
        _client: paho.Client,
        _data: object,
        packet: int,
        reasons: list[ReasonCode],
        _properties: object,
    ) -> None:
        refused = next((str(reason) for reason in reasons if reason.is_failure), None)
        self._happened.append(Subscribed(packet, refused))

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        if len(message.payload) <= RECEIVED_BYTES_MAX:
            self._happened.append(Received(message.topic, bytes(message.payload)))

    def _on_disconnect(
        self,
        _client: paho.Client,
        _data: object,
        _flags: object,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        self._happened.append(Lost(str(reason)))
