"""What the reporter does with one connection, from CONNECT to its end."""

import enum
import time
from collections.abc import Callable, Mapping

from drivers.api import DriverError
from drivers.reporter.backoff import Backoff
from drivers.reporter.config import DoneWhen, ReporterConfig
from drivers.reporter.desk import Desk
from drivers.reporter.mqtt import (
    Connected,
    Happening,
    Link,
    Lost,
    Published,
    Received,
    Refused,
    Subscribed,
)
from drivers.reporter.outbox import Outbox, Position, Records
from drivers.reporter.wire import EVENT_BYTES_MAX, OFFLINE, Topics, event_payload

WINDOW = 20
"""Publishes under way. One at a time takes 23 times as long; more gains nothing."""
CONNACK_S_MAX = 10.0
REFUSED_PAUSE_S = 30.0
"""After the broker refused a record (access list, quota), before it is offered again."""
READ_PAUSE_S = 1.0
"""After the journal could not be read."""
FAREWELL_S = 0.5
"""Of the time to stop, what is kept for saying goodbye."""
PACKET_HEAD_BYTES_MAX = 16
"""Fixed header, length of the topic, packet number, properties (MQTT 5, 3.3)."""
IDLE_S = 5.0
"""Longest sleep; paho's keep-alive wants to be looked at."""


Inbox = Mapping[str, Callable[[bytes], None]]
"""Topic → what is told of a message. Called on the reporter's thread: must return at once and never
raise."""


class End(enum.Enum):
    """How a connection came to its end."""

    STOPPED = enum.auto()
    LOST = enum.auto()
    NOT_UNDERSTOOD = enum.auto()


class Connection:
    """What the reporter does with one connection."""

    def __init__(
        self,
        config: ReporterConfig,
        journal: Records,
        desk: Desk,
        backoff: Backoff,
        link: Link,
        inbox: Inbox,
    ) -> None:
        self._config = config
        self._inbox = inbox
        self._asked: dict[int, str] = {}
        """Subscriptions under way, by packet."""
        self._journal = journal
        self._desk = desk
        self._backoff = backoff
        self._link = link
        self._topics = Topics(config.site, config.lane)
        self._outbox = Outbox(journal)
        self._connected: Connected | None = None
        self._opened_s = time.monotonic()
        self._sent_s: dict[int, float] = {}
        """Packets under way, oldest first, and when they were sent."""
        self._shown: dict[str, bytes] = {}
        """Retained topics as this broker has them."""
        self._showing: dict[int, str] = {}
        self._events_from_s = 0.0
        """No record is sent before."""

    def serve(self) -> tuple[End, str]:
        """Until it ends."""
        while True:
            all_sent = self._connected is not None and self._send()
            if self._farewell_due(all_sent=all_sent):
                self._say_goodbye()
                return End.STOPPED, ""
            for happening in self._link.pump(self._desk.bell, self._wait_s()):
                end = self._take(happening)
                if end is not None:
                    return end
            self._desk.hear()
            overdue = self._overdue()
            if overdue:
                return End.LOST, overdue

    def _take(self, happening: Happening) -> tuple[End, str] | None:
        """Returns how the connection ended, if it did."""
        match happening:
            case Connected():
                self._begin(happening)
            case Published():
                self._answered(happening)
            case Subscribed():
                self._listens(happening)
            case Received():
                self._received(happening)
            case Refused(text, wrong_version):
                return (End.NOT_UNDERSTOOD if wrong_version else End.LOST), text
            case Lost(text):
                understood = self._connected is not None
                return (End.LOST if understood else End.NOT_UNDERSTOOD), text
        return None

    def _begin(self, connected: Connected) -> None:
        self._connected = connected
        self._desk.begin_connection()
        self._asked = {self._link.subscribe(topic): topic for topic in self._inbox}

    def _send(self) -> bool:
        """Returns whether all is sent and answered, and nothing is on its way to the disk."""
        settled = self._journal.settled  # asked first: what it is about can be read after it
        now_s = time.monotonic()
        for topic, payload in self._desk.retained().items():
            if self._shown.get(topic) != payload and topic not in self._showing.values():
                self._shown[topic] = payload
                self._showing[self._publish(topic, payload, retain=True)] = topic
        while now_s >= self._events_from_s and len(self._sent_s) < self._window():
            if not self._send_record():
                break
        return settled and not self._sent_s and now_s >= self._events_from_s

    def _send_record(self) -> bool:
        """Returns whether there was one to send."""
        try:
            stored = self._outbox.next()
        except DriverError as error:
            self._desk.say(self._topics.event, str(error))
            self._pause(READ_PAUSE_S)
            return False
        if stored is None:
            return False
        site, lane = self._config.site, self._config.lane
        payload = event_payload(site, lane, stored, self._event_bytes_max())
        if payload is None:
            self._desk.say(self._topics.event, "the broker takes no packet as long as a record")
            self._pause(REFUSED_PAUSE_S)
            return False
        self._outbox.sent(self._publish(self._topics.event, payload, retain=False))
        return True

    def _publish(self, topic: str, payload: bytes, *, retain: bool) -> int:
        packet = self._link.publish(topic, payload, retain=retain)
        self._sent_s[packet] = time.monotonic()
        return packet

    def _answered(self, published: Published) -> None:
        self._sent_s.pop(published.packet, None)
        topic = self._showing.pop(published.packet, self._topics.event)
        if published.refused is not None:
            self._desk.say(topic, f"the broker refuses it: {published.refused}")
            if topic == self._topics.event:
                self._pause(REFUSED_PAUSE_S)
            return
        self._backoff.reset()
        upto = self._outbox.acknowledged(published.packet)
        if upto is not None:
            self._witnessed(DoneWhen.PUBACK, upto)
        self._desk.say(topic, None)

    def _listens(self, subscribed: Subscribed) -> None:
        topic = self._asked.pop(subscribed.packet, "")
        refused = subscribed.refused
        self._desk.say(topic, f"the broker lets nobody listen: {refused}" if refused else None)

    def _received(self, received: Received) -> None:
        handler = self._inbox.get(received.topic)
        if handler is not None:
            handler(received.payload)

    def _pause(self, wait_s: float) -> None:
        """Stop sending records for a while, then begin again after the cursor."""
        self._outbox.rewind()
        self._events_from_s = time.monotonic() + wait_s

    def _window(self) -> int:
        return min(WINDOW, self._connected.window_max) if self._connected else 0

    def _event_bytes_max(self) -> int:
        """What the broker takes, less what a packet has around its payload."""
        if self._connected is None:
            return 0
        around = len(self._topics.event) + PACKET_HEAD_BYTES_MAX
        return min(EVENT_BYTES_MAX, self._connected.packet_bytes_max - around)

    def _wait_s(self) -> float:
        now_s = time.monotonic()
        wakes_s = [now_s + IDLE_S, self._deadline_s()]
        if self._events_from_s > now_s:
            wakes_s.append(self._events_from_s)
        if self._desk.stopping.is_set():
            wakes_s.append(self._desk.stop_at_s - FAREWELL_S)
        return max(0.0, min(wakes_s) - now_s)

    def _deadline_s(self) -> float:
        """When the connection is given up, unless something comes before."""
        if self._connected is None:
            return self._opened_s + CONNACK_S_MAX
        oldest_s = next(iter(self._sent_s.values()), float("inf"))
        return oldest_s + self._config.ack_timeout_s

    def _overdue(self) -> str | None:
        if time.monotonic() < self._deadline_s():
            return None
        return "no answer to " + ("a publish" if self._connected else "CONNECT")

    def _farewell_due(self, *, all_sent: bool) -> bool:
        if not self._desk.stopping.is_set():
            return False
        return all_sent or time.monotonic() >= self._desk.stop_at_s - FAREWELL_S

    def _say_goodbye(self) -> None:
        """A clean end publishes no will, so the lane says itself that it is gone."""
        if self._connected is None:
            return
        packet = self._publish(self._topics.availability, OFFLINE, retain=True)
        until_s = max(self._desk.stop_at_s, time.monotonic() + FAREWELL_S)
        while packet in self._sent_s and (left_s := until_s - time.monotonic()) > 0:
            for happening in self._link.pump(self._desk.bell, left_s):
                match happening:
                    case Published():
                        self._answered(happening)
                    case Lost():
                        return
            self._desk.hear()

    def _witnessed(self, by: DoneWhen, upto: Position) -> None:
        """Somebody vouches for all records up to there. The one place where a record becomes done:
        the recorder's cumulative acknowledgement will call it with a word of its own."""
        if by is self._config.done_when:
            self._journal.acknowledge(*upto)
