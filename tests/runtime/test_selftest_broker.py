"""The self-test's way to the broker and back: absent, deaf, refusing, and in order."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from selftestkit import config_in, failed_lines, line_of, step_of

from drivers.reporter.mqtt import Connected, Link, Published, Version
from firmware import broker as broker_module
from firmware.broker import LOOPBACK, Broker, BrokerError
from firmware.config import BrokerConfig
from firmware.selftest.bench import Bench
from firmware.selftest.engine import Finished, run
from firmware.selftest.measurement import Verdict
from firmware.selftest.names import StepName
from firmware.selftest.plan import chosen

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.selftest.report import Report

LIVELY_S = 30.0
"""Far beyond what anything here takes."""
OF_THE_MACHINE = {"broker.connect", "broker.round trip p95"}
"""What a busy one may miss."""


def way_to(port: int, folder: Path, **rest: object) -> Report:
    """The report of a self-test of that way alone."""
    config = config_in(folder, broker=BrokerConfig(host=LOOPBACK, port=port, **rest))  # type: ignore[arg-type]
    *_, last = run(Bench(config), chosen((StepName.BROKER,)))
    assert isinstance(last, Finished)
    return last.report


def open_broker(kind: str) -> Broker:
    try:
        return Broker((kind,))
    except BrokerError as error:
        pytest.skip(str(error))


def test_no_broker_is_configured(tmp_path: Path) -> None:
    """A lane that reports to nobody has nothing to test there."""
    *_, last = run(Bench(config_in(tmp_path)), chosen((StepName.BROKER,)))
    assert isinstance(last, Finished)
    assert last.report.verdict is Verdict.SKIPPED


def test_nobody_listens(tmp_path: Path) -> None:
    """The broker does not run: never connected, with host, port and what to look at."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
        report = way_to(port, tmp_path)
    assert failed_lines(report) == {"broker.connect"}
    connect = line_of(report, StepName.BROKER, "connect")
    assert connect.value is None
    assert f"{LOOPBACK}:{port}" in connect.hint
    assert "Nobody listens" in connect.hint
    assert step_of(report, StepName.BROKER).error is None


def test_somebody_else_listens(tmp_path: Path) -> None:
    """A program that hangs up on MQTT is no broker."""
    with socket.create_server((LOOPBACK, 0)) as server:
        ended = threading.Event()

        def hang_up() -> None:
            while not ended.is_set():
                try:
                    server.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        report = way_to(server.getsockname()[1], tmp_path)
        ended.set()
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    connect = line_of(report, StepName.BROKER, "connect")
    assert (connect.value, connect.verdict) == (None, Verdict.FAIL)
    assert "the broker's log" in connect.hint


def test_the_password_file_is_gone(tmp_path: Path) -> None:
    """A mistake of the configuration is told as one."""
    report = way_to(1, tmp_path, username="hall", password_path=tmp_path / "none")
    assert "broker.password_path" in line_of(report, StepName.BROKER, "connect").hint


@pytest.mark.broker
@pytest.mark.parametrize("kind", ["mosquitto", "nats-server"])
def test_there_and_back(kind: str, tmp_path: Path) -> None:
    """Both versions of MQTT: every publish is acknowledged, and timed."""
    with open_broker(kind) as broker:
        report = way_to(broker.port, tmp_path)
    lines = {line.name: line.value for line in step_of(report, StepName.BROKER).measurements}
    assert failed_lines(report) <= OF_THE_MACHINE
    assert isinstance(lines["connect"], float)
    assert isinstance(lines["round trip p95"], float)
    assert lines["refused"] == "nothing"


@pytest.mark.broker
def test_a_broker_that_does_not_let_the_lane_publish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its access list knows other topics only: MQTT 5 says so, and so does the report."""
    rules = tmp_path / "acl"
    rules.write_text("topic read #\n")
    form, ready = broker_module._FORMS["mosquitto"]
    strict = f"{form}acl_file {rules}\n"
    monkeypatch.setitem(broker_module._FORMS, "mosquitto", (strict, ready))
    with open_broker("mosquitto") as broker:
        report = way_to(broker.port, tmp_path)
    refused = line_of(report, StepName.BROKER, "refused")
    assert (refused.value, refused.verdict) == ("Not authorized", Verdict.FAIL)
    assert "access list" in refused.hint


@pytest.mark.broker
def test_a_broker_that_stops_acknowledging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends after the connection: no round trip, and records that pile up here."""
    with open_broker("mosquitto") as broker:
        publish = Link.publish

        def ends(link: Link, topic: str, payload: bytes, *, retain: bool) -> int:
            broker.stop()
            return publish(link, topic, payload, retain=retain)

        monkeypatch.setattr(Link, "publish", ends)
        report = way_to(broker.port, tmp_path)
    trip = line_of(report, StepName.BROKER, "round trip p95")
    assert (trip.value, trip.verdict) == (None, Verdict.FAIL)
    assert "pile up" in trip.hint


@pytest.mark.broker
def test_the_lanes_own_connection_is_left_alone(tmp_path: Path) -> None:
    """The probe comes under a name of its own: a broker throws out who comes twice under one."""
    with open_broker("mosquitto") as broker:
        reporter = config_in(
            tmp_path, broker=BrokerConfig(host=LOOPBACK, port=broker.port)
        ).reporter
        assert reporter is not None
        lane = Link(reporter, Version.V5, ("gate/v1/hall/north/availability", b"offline"))
        bell = os.eventfd(0)
        lane.open()
        while not any(isinstance(one, Connected) for one in lane.pump(bell, LIVELY_S)):
            pass
        way_to(broker.port, tmp_path)
        assert not lane.pump(bell, 0)
        packet = lane.publish("gate/v1/hall/north/state", b"{}", retain=False)
        while not (answers := lane.pump(bell, LIVELY_S)):
            pass
        lane.close(politely=True)
        os.close(bell)
    assert answers == [Published(packet, None)]
