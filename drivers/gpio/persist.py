"""Whether this kernel leaves relays on when the process that held them dies.

The Pi's pin controllers have a parameter `persist_gpio_outputs`. Where it is on, as by default
on Raspberry Pi OS, a killed process leaves its outputs driven (measured with the real bcm2835
driver); where it is off, the line returns to an input and its resistor decides.
"""

from pathlib import Path

from msgspec import Struct

SYS_MODULE = Path("/sys/module")
_PATTERN = "pinctrl_*/parameters/persist_gpio_outputs"
_ON = frozenset({"Y", "y", "1"})


class Persistence(Struct, frozen=True):
    """What was found."""

    persists: bool | None
    """Whether outputs outlive their process; None where no pin controller says."""
    source: str
    """The file that says so, or where it was looked for."""
    advice: str
    """One sentence for the technician, empty where nothing is to be done."""


def find_persistence(sys_module: Path = SYS_MODULE) -> Persistence:
    """Look at every pin controller; one that persists is enough to say so."""
    unreadable = ""
    off = ""
    for path in sorted(sys_module.glob(_PATTERN)):
        try:
            value = path.read_text(encoding="ascii", errors="replace").strip()
        except OSError as error:
            unreadable = f"{path} can't be read ({error.strerror})"
            continue
        if value in _ON:
            return Persistence(
                persists=True,
                source=str(path),
                advice="A crash leaves relays switched on: put dtparam=strict_gpiod in "
                "config.txt, and keep the unit's ExecStopPost that forces the lines safe.",
            )
        off = str(path)
    if unreadable or not off:
        return Persistence(
            persists=None,
            source=unreadable or str(sys_module / _PATTERN),
            advice="This kernel doesn't say whether a crash leaves relays switched on: fit a "
            "resistor to the safe side on every relay line, and try it.",
        )
    return Persistence(persists=False, source=off, advice="")
