"""The port: a lane's reports go out for as long as it lives, and nobody waits for them."""

import logging
import random
import threading
import time
from types import MappingProxyType

from msgspec import Struct

from drivers.reporter.backoff import Backoff
from drivers.reporter.config import ReporterConfig
from drivers.reporter.connection import FAREWELL_S, Connection, End, Inbox
from drivers.reporter.desk import CONNECTION, Desk
from drivers.reporter.mqtt import Link, Version
from drivers.reporter.outbox import Position, Records
from drivers.reporter.wire import OFFLINE, ONLINE, Topics

log = logging.getLogger(__name__)


class ReporterStatus(Struct, frozen=True):
    """How reporting stands, for a screen or a self-test."""

    connected: bool
    version: str
    """Of MQTT, as spoken now or tried next."""
    connections: int
    """How often the broker said yes since the start."""
    done: Position
    """Epoch and seq up to which records are done."""
    trouble: str | None
    """Why there is no connection, or what the broker refuses; None when all is well."""


class Reporter:
    """Reports one lane to its broker, for as long as it lives; never gives up.

    Every method may be called from any thread, returns at once (but `stop`) and never raises.
    """

    def __init__(
        self,
        config: ReporterConfig,
        journal: Records,
        *,
        inbox: Inbox = MappingProxyType({}),
        chance: random.Random | None = None,
    ) -> None:
        """Args:
        config: the broker.
        journal: the records to report.
        inbox: what to listen to, and who is told.
        chance: of the jitter.
        """
        self._config = config
        self._inbox = inbox
        self._journal = journal
        self._topics = Topics(config.site, config.lane)
        self._desk = Desk()
        self._desk.retain(self._topics.availability, ONLINE)
        self._backoff = Backoff(chance or random.Random())  # noqa: S311 - jitter, no secret
        self._version = Version.V5
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Begin to connect. Once."""
        self._journal.watch(self._desk.ring)
        self._thread.start()

    def publish_state(self, json: bytes) -> None:
        """The lane's state, retained. Sent when it differs from the last, and when connecting."""
        self._desk.retain(self._topics.state, json)

    def publish_selftest(self, json: bytes) -> None:
        """The last self-test's report, retained."""
        self._desk.retain(self._topics.selftest, json)

    def status(self) -> ReporterStatus:
        """How reporting stands."""
        connected, connections, trouble = self._desk.stand()
        return ReporterStatus(
            connected=connected,
            version=self._version.value,
            connections=connections,
            done=self._journal.cursor,
            trouble=trouble,
        )

    def stop(self, timeout_s: float) -> None:
        """Send what can be sent in that time, say goodbye, and end. Idempotent. Records that are
        still on their way to the disk are waited for; so call it before the journal is closed."""
        if not self._desk.stopping.is_set():
            self._desk.stop_at_s = time.monotonic() + timeout_s
            self._desk.stopping.set()
            self._desk.ring()
        if self._thread.is_alive():
            self._thread.join(timeout_s + FAREWELL_S)

    def _run(self) -> None:
        try:
            while not self._desk.stopping.is_set():
                end, text = self._try_once()
                self._desk.end_connection()
                if end is End.STOPPED:
                    return
                # MQTT 5 is asked for first each time: only there can a broker say no to a record.
                understood = end is not End.NOT_UNDERSTOOD
                self._version = Version.V5 if understood else self._version.other
                if self._version is Version.V5:
                    where = f"{self._config.host}:{self._config.port}"
                    self._desk.say(CONNECTION, f"{where}: {text}")
                self._desk.stopping.wait(self._backoff.next_s())
        finally:
            self._desk.close()

    def _try_once(self) -> tuple[End, str]:
        """One connection, from its beginning to its end. Whatever fails, fails here."""
        end = End.LOST
        link = Link(self._config, self._version, (self._topics.availability, OFFLINE))
        try:
            link.open()
            connection = Connection(
                self._config, self._journal, self._desk, self._backoff, link, self._inbox
            )
            end, text = connection.serve()
        except OSError as error:
            return end, str(error)
        except Exception as error:  # a bug of ours must not end the reporting
            log.exception("the reporter failed")
            return end, repr(error)
        finally:
            link.close(politely=end is End.STOPPED)
        return end, text
