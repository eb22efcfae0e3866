"""Which device is which: the one module that names concrete drivers.

What a lane is made of is data (`firmware.config.Config`); here it becomes objects. A driver's
library is imported when it is the one that is wanted.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.gpio import GpioBoard
from drivers.journal.journal import SqliteJournal
from drivers.reporter import Reporter
from drivers.reporter.wire import Topics
from firmware.config import BoardKind, Config, ThermometerKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drivers.api import Clock, ErrorKind, Thermometer
    from drivers.sim.thermometer import SimThermometer
    from drivers.sim.wires import SimulatedWires
    from gate.walltime import WallTime

# ruff: noqa: PLC0415 - each driver brings libraries that the others do not need.

JOURNAL_FILE = "journal.db"
"""In the lane's data folder."""


class Rig(Struct):
    """The devices of one lane."""

    board: GpioBoard
    thermometer: Thermometer | None
    wires: SimulatedWires | None = None
    """The far end of simulated wires, everything at rest."""
    sim_thermometer: SimThermometer | None = None


def rig_of(config: Config, clock: Clock, wall: Callable[[], WallTime], seed: int = 0) -> Rig:
    """The lane's lines and its thermometer, not opened yet.

    Raises:
        DriverError: a device that is looked at right away is not there.
    """
    sim_thermometer = None
    thermometer: Thermometer | None = None
    if config.thermometer.kind is ThermometerKind.SIMULATED:
        from drivers.sim.thermometer import SimThermometer

        sim_thermometer = thermometer = SimThermometer(
            clock, seed=seed, sleep=lambda ns: time.sleep(ns / 1e9)
        )
    elif config.thermometer.kind is ThermometerKind.IIO:
        from drivers.iio_thermometer import IioThermometer

        model = config.thermometer.model
        thermometer = IioThermometer(
            clock,
            devices=config.thermometer.devices,
            model=None if model is None else str(model),
        )
    if config.board is BoardKind.SIMULATED:
        from drivers.sim.chip import SimChip
        from drivers.sim.pins import SimPinFactory
        from drivers.sim.wires import SimulatedWires

        chip = SimChip(clock, realtime=True)
        wires = SimulatedWires(chip, config.wiring)
        wires.rest()
        board = GpioBoard(config.wiring, lambda: SimPinFactory(chip), clock=clock, wall=wall)
        return Rig(board, thermometer, wires, sim_thermometer)
    from drivers.lgpiofactory import lgpio_factory

    board = GpioBoard(config.wiring, lgpio_factory, clock=clock, wall=wall)
    return Rig(board, thermometer, None, sim_thermometer)


def journal_path(config: Config) -> Path:
    """Where the lane's journal lies."""
    return config.data_dir / JOURNAL_FILE


def journal_of(
    config: Config, wall: Callable[[], WallTime], health: Callable[[ErrorKind | None], None]
) -> SqliteJournal:
    """The lane's journal, opened.

    Raises:
        DriverError: see `drivers.journal.journal.SqliteJournal`.
    """
    return SqliteJournal(
        journal_path(config),
        lane=config.lane,
        wall=wall,
        health=health,
        limits=config.journal_limits,
    )


def reporter_of(
    config: Config, journal: SqliteJournal, take_trust: Callable[[bytes], None]
) -> Reporter | None:
    """Who reports the lane, not started; None where the site has no broker.

    `take_trust` is told of a trust list that comes over MQTT, where the lane has one at all.
    """
    reporter = config.reporter
    if reporter is None:
        return None
    trust = Topics(config.site, config.lane).trust
    inbox = {trust: take_trust} if config.trust_bundle is not None else {}
    return Reporter(reporter, journal, inbox=inbox)
