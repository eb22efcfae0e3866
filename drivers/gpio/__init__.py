"""The lane's lines on gpiozero pins: outputs as leases, inputs as events."""

from drivers.gpio.board import GpioBoard
from drivers.gpio.leases import LEASE_NS
from drivers.gpio.persist import Persistence, find_persistence

__all__ = ["LEASE_NS", "GpioBoard", "Persistence", "find_persistence"]
