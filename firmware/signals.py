"""What the visitor sees and hears without a screen: three lamps and a buzzer.

Colour is never alone: a lamp has its place, the buzzer its length. Nothing flashes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from drivers.api import DriverError
from drivers.wiring import OutputName
from gate.commands import Screen
from gate.walltime import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drivers.api import Board, Clock
    from gate.commands import Show

log = logging.getLogger(__name__)

LAMP_NS = 366 * 86_400 * NS_PER_S
"""A lamp stays on until the next screen; its lease ends it sooner where the program is gone."""


class Signal(Struct, frozen=True):
    """Lamp and sound of one screen."""

    lamp: OutputName | None
    beep_ms: int = 0


_RED, _YELLOW, _GREEN = OutputName.LIGHT_RED, OutputName.LIGHT_YELLOW, OutputName.LIGHT_GREEN

SIGNALS: Final[Mapping[Screen, Signal]] = {
    Screen.CLOSED: Signal(_RED),
    Screen.IDLE: Signal(None),
    Screen.CHAMBER: Signal(_YELLOW),
    Screen.HOLD_STILL: Signal(_YELLOW, 60),
    Screen.MEASURE_AGAIN: Signal(_YELLOW, 120),
    Screen.SHOW_CODE: Signal(_YELLOW, 60),
    Screen.CODE_NOT_READ: Signal(_YELLOW, 250),
    Screen.WAIT: Signal(_YELLOW),
    Screen.GO: Signal(_GREEN, 150),
    Screen.EXIT: Signal(_GREEN),
    Screen.SIT_DOWN: Signal(_YELLOW, 600),
    Screen.SEE_STAFF: Signal(_YELLOW, 600),
    Screen.REFUSED: Signal(_RED, 600),
    Screen.ONE_AT_A_TIME: Signal(_RED, 400),
    Screen.EMERGENCY: Signal(_GREEN, 2_000),
}
"""Emergency shows green: the way out is free."""


class Signals:
    """Drives the lamps and the buzzer that the board has."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock

    def show(self, show: Show) -> None:
        """Tell the visitor. A lamp that fails is logged: the lane does not stop for it."""
        signal = SIGNALS[show.screen]
        now_ns = self._clock()
        for lamp in (_RED, _YELLOW, _GREEN):
            self._switch(lamp, now_ns + LAMP_NS if lamp is signal.lamp else 0)
        self._switch(
            OutputName.BUZZER, now_ns + signal.beep_ms * NS_PER_MS if signal.beep_ms else 0
        )

    def _switch(self, name: OutputName, until_ns: int) -> None:
        try:
            output = self._board.output(name)
        except KeyError:
            return
        if not until_ns:
            output.rest()
            return
        try:
            output.drive(until_ns)
        except DriverError as error:
            log.error("%s", error)  # noqa: TRY400 - the device's own words say it all
