"""The way to the broker and back, beside whatever the lane itself has to do with it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

import msgspec

from drivers.reporter.config import ReporterConfig
from drivers.reporter.mqtt import (
    CONNECT_S_MAX,
    Connected,
    Happening,
    Link,
    Lost,
    Published,
    Refused,
    Version,
)
from drivers.reporter.wire import Topics
from firmware.selftest.limits import LIMITS
from firmware.selftest.measurement import Measurement, judge, skipped
from firmware.selftest.step import Doing
from firmware.selftest.steps.figures import p95

if TYPE_CHECKING:
    from collections.abc import Iterator

    from firmware.selftest.step import Context, Lines

PUBLISHES: Final = 10
ANSWER_S_MAX: Final = 10.0
"""As the reporter's own time for an acknowledgement."""
NO_LONGER_THAN_S: Final = 0.25
"""One look at the socket."""
PAYLOAD: Final = b"self-test"


class _Passing(ReporterConfig, frozen=True, kw_only=True):
    """The lane's own way to its broker, under another name: the broker would throw the lane out
    where it came twice under one."""

    @property
    def client_id(self) -> str:
        """Of this self-test alone."""
        return f"gate-{self.site}-{self.lane}-selftest"


class BrokerError(Exception):
    """It can't be reached, or says no. The message says why."""


def broker(context: Context) -> Lines:
    """Connect, then publish and wait for the acknowledgement, a few times."""
    reporter = context.bench.config.reporter
    if reporter is None:
        yield skipped("broker", "This lane has none: its records stay here.")
        return
    fields = msgspec.structs.asdict(reporter) | {"session_expiry_s": 0}
    visit = _Visit(_Passing(**fields))
    try:
        limit = LIMITS["broker.connect"]
        try:
            took_s = visit.connect()
        except (OSError, BrokerError) as error:
            where = f"{reporter.host}:{reporter.port}"
            yield judge("connect", limit, None, f"{where}: {error}. {_advice(error)}")
            return
        yield judge("connect", limit, took_s * 1000)
        yield from _publish(visit)
    finally:
        visit.close()


def _publish(visit: _Visit) -> Iterator[Measurement | Doing]:
    took_ms: list[float] = []
    limit = LIMITS["broker.round trip p95"]
    for number in range(PUBLISHES):
        yield Doing("publishes", number, PUBLISHES)
        try:
            took_s, refused = visit.publish()
        except (OSError, BrokerError) as error:
            yield judge("round trip p95", limit, None, f"{error}. {limit.hint}")
            return
        if refused is not None:
            hint = LIMITS["broker.refused"].hint
            yield judge("refused", LIMITS["broker.refused"], refused, hint)
            return
        took_ms.append(took_s * 1000)
    yield judge("round trip p95", limit, p95(took_ms))
    yield judge("refused", LIMITS["broker.refused"], "nothing")


def _advice(error: Exception) -> str:
    if isinstance(error, FileNotFoundError | PermissionError):
        return "Look at broker.password_path and at the files of broker.tls."
    if isinstance(error, ConnectionRefusedError):
        return "Nobody listens there: look whether the broker runs, and at broker.port."
    if isinstance(error, BrokerError):
        return "Look at broker.username, at the password, and at the broker's log."
    return "Look at broker.host and at the network cable."


class _Visit:
    """One connection, on a step's thread."""

    def __init__(self, config: ReporterConfig) -> None:
        self._config = config
        self._topic = f"{Topics(config.site, config.lane).selftest}/probe"
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        """Never rung: nobody else speaks to this connection."""
        self._link: Link | None = None

    def connect(self) -> float:
        """Seconds until the broker said yes, in the newest MQTT that it speaks.

        Raises:
            OSError: it can't be reached.
            BrokerError: it said no, or nothing.
        """
        try:
            return self._connect(Version.V5)
        except BrokerError:
            return self._connect(Version.V311)

    def publish(self) -> tuple[float, str | None]:
        """Seconds until it was acknowledged, and why it was not taken.

        Raises:
            BrokerError: no answer came.
        """
        link = self._there()
        began_s = time.monotonic()
        packet = link.publish(self._topic, PAYLOAD, retain=False)
        for happening in self._happenings(ANSWER_S_MAX):
            if isinstance(happening, Published) and happening.packet == packet:
                return time.monotonic() - began_s, happening.refused
        raise BrokerError(f"No acknowledgement within {ANSWER_S_MAX:g} s")

    def close(self) -> None:
        """Say goodbye. Idempotent."""
        if self._link is not None:
            self._link.close(politely=True)
            self._link = None
        if self._bell >= 0:
            os.close(self._bell)
            self._bell = -1

    def _connect(self, version: Version) -> float:
        if self._link is not None:
            self._link.close(politely=False)
        # An empty will: where this connection breaks, it takes away what nobody ever left there.
        self._link = Link(self._config, version, (self._topic, b""))
        began_s = time.monotonic()
        self._link.open()
        for happening in self._happenings(CONNECT_S_MAX):
            if isinstance(happening, Connected):
                return time.monotonic() - began_s
        raise BrokerError(f"No answer within {CONNECT_S_MAX:g} s")

    def _happenings(self, limit_s: float) -> Iterator[Happening]:
        """What happens in that time.

        Raises:
            BrokerError: the connection is over.
        """
        link = self._there()
        until_s = time.monotonic() + limit_s
        while (left_s := until_s - time.monotonic()) > 0:
            for happening in link.pump(self._bell, min(left_s, NO_LONGER_THAN_S)):
                if isinstance(happening, Refused | Lost):
                    raise BrokerError(happening.text)
                yield happening

    def _there(self) -> Link:
        assert self._link is not None, "not connected"  # noqa: S101 - our bug
        return self._link
