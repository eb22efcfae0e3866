"""What can go wrong on a simulated day, by words that a person types."""

import enum

from gate.walltime import NS_PER_S


class Fault(enum.StrEnum):
    """One word each. How often it happens is `FAULT_NS_MEAN`."""

    SENSOR_NAN = "sensor-nan"
    """The thermometer answers with what is no number for a while."""
    SENSOR_STUCK = "sensor-stuck"
    """It repeats one reading for a while."""
    SENSOR_OUT = "sensor-out"
    """It is pulled out, and plugged in again."""
    CAMERA_OUT = "camera-out"
    """The camera fails, and recovers."""
    JOURNAL_SLOW = "journal-slow"
    """A grant is written too late."""
    JOURNAL_FULL = "journal-full"
    """A grant can't be written."""
    TANK_EMPTY = "tank-empty"
    """The chamber's tank runs dry, and is filled."""
    FIRE = "fire"
    """A fire alarm, until staff resets it."""
    STOP = "stop"
    """Somebody presses the emergency stop, until staff resets it."""
    TAMPER = "tamper"
    """The cabinet is opened, and closed."""
    CLOCK_LOST = "clock-lost"
    """The wall clock can't be trusted for a while."""
    POWER_CUT = "power-cut"
    """The process ends without a word, and starts again on what the journal remembers."""


FAULT_NS_MEAN = 600 * NS_PER_S
"""Mean time from one fault of a kind to the next."""
FAULT_NS = 20 * NS_PER_S
"""How long each lasts."""
