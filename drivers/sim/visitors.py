"""Who comes to a simulated lane: people with a temperament, drawn from a seed."""

import enum
import random
from collections.abc import Sequence

from msgspec import Struct

from gate.walltime import NS_PER_MS, NS_PER_S


class Temperament(enum.StrEnum):
    """How somebody goes through a lane."""

    QUICK = "quick"
    SLOW = "slow"
    TURNS_BACK = "turns_back"
    """Steps into the passage, then out of it again."""
    TAILGATES = "tailgates"
    """Somebody walks in close behind."""
    FORGETS_CODE = "forgets_code"
    SHOWS_EARLY = "shows_early"
    """Holds up the code before it is asked for."""
    SCREENSHOT = "screenshot"
    """Shows a pass with which somebody has already gone in."""
    HOSTILE = "hostile"
    """Shows something that is no pass, made to do harm."""
    FEVER = "fever"
    WHEELCHAIR = "wheelchair"
    """Helped by staff, with a companion."""
    WANDERS_OFF = "wanders_off"
    """Leaves in the middle of it."""
    GOES_HOME = "goes_home"
    """Comes from inside and asks to be let out."""


MIX = {
    Temperament.QUICK: 50,
    Temperament.SLOW: 18,
    Temperament.SHOWS_EARLY: 6,
    Temperament.TURNS_BACK: 3,
    Temperament.TAILGATES: 2,
    Temperament.FORGETS_CODE: 3,
    Temperament.SCREENSHOT: 2,
    Temperament.HOSTILE: 2,
    Temperament.FEVER: 2,
    Temperament.WHEELCHAIR: 1,
    Temperament.WANDERS_OFF: 3,
    Temperament.GOES_HOME: 8,
}
"""Visitors of each temperament in a hundred."""

_PACE_MS = {Temperament.QUICK: (150, 500), Temperament.SLOW: (900, 2_500)}
_PACE_MS_ELSE = (300, 1_200)
_NORMAL_C = (36.2, 0.25)
"""Forehead, mean and standard deviation (shared figures: 36.2 ± 0.30)."""
_FEVER_C = (38.3, 0.3)


class Visitor(Struct, frozen=True):
    """One person on the way to the lane."""

    number: int
    temperament: Temperament
    surface_c: float
    """Forehead, degrees Celsius."""
    pace_ns: int
    """From one act to the next."""
    people: int = 1
    again: bool = False
    """Comes back after sitting down for five minutes."""

    @property
    def patience_ns(self) -> int:
        """How long before a screen that does not change."""
        return 90 * NS_PER_S if self.temperament is Temperament.WHEELCHAIR else 45 * NS_PER_S


class Crowd:
    """Visitors without end, the same ones for the same seed."""

    def __init__(
        self, chance: random.Random, only: Sequence[Temperament] = tuple(Temperament)
    ) -> None:
        self._chance = chance
        self._kinds = tuple(kind for kind in MIX if kind in only)
        self._bounds = []
        total = 0
        for kind in self._kinds:
            total += MIX[kind]
            self._bounds.append(total)
        self._number = 0

    def next(self) -> Visitor:
        """The next one."""
        self._number += 1
        chance = self._chance
        kind = chance.choices(self._kinds, cum_weights=self._bounds)[0]
        mean_c, sigma_c = _FEVER_C if kind is Temperament.FEVER else _NORMAL_C
        slowest, fastest = _PACE_MS.get(kind, _PACE_MS_ELSE)
        return Visitor(
            number=self._number,
            temperament=kind,
            # Nobody without a fever is near the limit, so that the day's outcome is known.
            surface_c=min(chance.gauss(mean_c, sigma_c), 36.9)
            if kind is not Temperament.FEVER
            else max(chance.gauss(mean_c, sigma_c), 37.8),
            pace_ns=chance.randint(slowest, fastest) * NS_PER_MS,
            people=2 if kind is Temperament.WHEELCHAIR else 1,
        )
