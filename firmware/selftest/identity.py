"""Which program on which machine: without it a figure says little a year later."""

import platform
from importlib import metadata
from pathlib import Path

DEVICE_TREE_MODEL = Path("/proc/device-tree/model")
MODEL_CHARS_MAX = 100
_DISTRIBUTION = "gerbang"


def software() -> str:
    """Name and version of this program, and the Python that runs it."""
    try:
        version = metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        version = "of unknown version"
    return f"{_DISTRIBUTION} {version}, Python {platform.python_version()}"


def hardware(model: Path = DEVICE_TREE_MODEL) -> str:
    """Model and revision as the firmware of a Pi tells them, else the kind of processor."""
    try:
        told = model.read_text(encoding="ascii", errors="replace")[:MODEL_CHARS_MAX]
    except OSError:
        return f"{platform.machine()} with {platform.system()} {platform.release()}"
    return told.strip("\0\n ")
