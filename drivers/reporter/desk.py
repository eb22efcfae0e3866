"""Between the callers and the reporter's thread: what is to be shown, and how things stand."""

import logging
import os
import threading

log = logging.getLogger(__name__)

RETAINED_BYTES_MAX = 16_384
"""Longest state or self-test report."""

CONNECTION = "the connection"
"""What trouble can be about, beside a topic."""


class Desk:
    """Safe from any thread; nothing blocks, nothing raises."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.stop_at_s = 0.0
        """Monotonic; holds once `stopping` is set."""
        self.bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        """Readable when there is something to look at."""
        self._lock = threading.Lock()
        self._open = True
        self._retained: dict[str, bytes] = {}
        self._connected = False
        self._connections = 0
        self._troubles: dict[str, str] = {}

    def retain(self, topic: str, payload: bytes) -> None:
        """From now on the broker is to have this under that topic."""
        if len(payload) > RETAINED_BYTES_MAX:
            log.error("%s: %d bytes are too long to publish", topic, len(payload))
            return
        with self._lock:
            self._retained[topic] = payload
        self.ring()

    def retained(self) -> dict[str, bytes]:
        """What the broker is to have, by topic."""
        with self._lock:
            return dict(self._retained)

    def begin_connection(self) -> None:
        """The broker said yes."""
        with self._lock:
            self._connected = True
            self._connections += 1
        self.say(CONNECTION, None)

    def end_connection(self) -> None:
        """There is none any more."""
        with self._lock:
            self._connected = False

    def say(self, about: str, trouble: str | None) -> None:
        """What is wrong with the connection or a topic, or None. Logged when it changes."""
        with self._lock:
            before = self._troubles.pop(about, None)
            if trouble is not None:
                self._troubles[about] = trouble
        if trouble == before:
            return
        if trouble is None:
            log.info("reporting: %s works again", about)
        else:
            log.warning("reporting: %s: %s; every record is kept", about, trouble)

    def stand(self) -> tuple[bool, int, str | None]:
        """Connected now, connections so far, trouble."""
        with self._lock:
            trouble = "; ".join(f"{about}: {why}" for about, why in self._troubles.items())
            return self._connected, self._connections, trouble or None

    def ring(self) -> None:
        """There is something to look at."""
        with self._lock:
            if self._open:
                os.eventfd_write(self.bell, 1)

    def hear(self) -> None:
        """The bell is silent again."""
        try:
            os.eventfd_read(self.bell)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Nobody listens any more."""
        with self._lock:
            self._open = False
            os.close(self.bell)
