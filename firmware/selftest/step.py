"""What a step is, what it is given, and what it says on its way."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from drivers.api import ErrorKind
from firmware.selftest.limits import STEP_S_MAX
from firmware.selftest.names import StepName

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from firmware.selftest.bench import Bench
    from firmware.selftest.measurement import Measurement
    from firmware.selftest.permit import Permit

HINTS: Final[Mapping[ErrorKind, str]] = MappingProxyType(
    {
        ErrorKind.MISSING: "Look at its plug, its cable and its supply.",
        ErrorKind.BUSY: "Another program has it: stop the lane first, `systemctl stop gate`.",
        ErrorKind.DENIED: "This user may not use it: run the self-test as the lane's own user.",
        ErrorKind.TIMEOUT: "It does not answer in time: look at its cable and its supply.",
        ErrorKind.CORRUPT: "Its answers are damaged: look at its cable, and for motors beside it.",
        ErrorKind.STUCK: "Take its power away for a moment; if it stays so, replace it.",
        ErrorKind.FULL: "Make room on the disk.",
        ErrorKind.UNSUPPORTED: "This system does not carry it: see what the message names.",
        ErrorKind.FAILED: "Look at its cable and its supply, then at the log.",
    }
)
"""What to do where the step itself knows no better."""


class Doing(Struct, frozen=True):
    """How far a step is that takes its time."""

    text: str
    done: int
    of: int


if TYPE_CHECKING:
    Word = Measurement | Doing
    """What a step says: a measurement as soon as it is taken, and how far it is."""
    Lines = Generator[Word, None, None]


class Context(Struct, frozen=True):
    """What a step is given."""

    bench: Bench
    permit: Permit | None
    """Of a step that may switch outputs on; of the others None."""

    @property
    def outputs(self) -> Permit:
        """The permit of a step that has one."""
        assert self.permit is not None, "this step switches nothing on"  # noqa: S101 - our bug
        return self.permit


class Step(Struct, frozen=True, kw_only=True):
    """One thing to prove."""

    name: StepName
    text: str
    """What it proves, in one line."""
    run: Callable[[Context], Lines]
    """May raise, and may take its time; is closed where it is left behind."""
    needs: tuple[StepName, ...] = ()
    """Steps that must have passed, marginal or not."""
    energises: bool = False
    """Whether it switches outputs on."""
    limit_s: float = STEP_S_MAX
    """It has failed where it takes longer."""
    hints: Mapping[ErrorKind, str] = MappingProxyType({})
    """What to do about a fault of its device, in place of `HINTS`."""
