"""The steps by name. Imports nothing heavy: the command line completes these with Tab."""

import enum


class StepName(enum.StrEnum):
    """In the order in which they run."""

    INPUTS = "inputs"
    STOP = "stop"
    STORAGE = "storage"
    CLOCK = "clock"
    THERMOMETER = "thermometer"
    CAMERA = "camera"
    RELAYS = "relays"
    BROKER = "broker"
    MEMORY = "memory"
