"""From the bytes that the camera read to what the lane is told: a credential, or why not."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from msgspec import structs

from firmware.formats import formats_for
from gate.credential.model import CredentialError
from gate.credential.pseudonym import DAY_KEY_BYTES, daily_pseudonym
from gate.credential.shc import chunks
from gate.credential.verify import examine
from gate.events import CodeRefused, CredentialPresented
from gate.rules.ruleset import judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.api import Clock
    from gate.credential.model import Credential
    from gate.credential.trust import TrustList
    from gate.reasons import Reason
    from gate.rules.ruleset import RuleSet
    from gate.walltime import WallTime

log = logging.getLogger(__name__)


class CodeDesk:
    """Verifies codes against the trust list that is in use, and judges certificates by the site's
    health rules: what they attest of a person is forgotten here. On the loop's thread alone."""

    def __init__(
        self,
        trust: TrustList,
        wall: Callable[[], WallTime],
        clock: Clock,
        rules: tuple[RuleSet, ...] = (),
    ) -> None:
        """Args:
        trust: whom to believe.
        wall: the wall clock.
        clock: monotonic nanoseconds.
        rules: the site's dated health rules.
        """
        self._wall = wall
        self._clock = clock
        self._rules = rules
        self._parts = chunks.EMPTY
        self._day = -1
        self._day_key = b""
        self.believe(trust)

    def believe(self, trust: TrustList) -> None:
        """Go by that trust list from the next code on."""
        self.trust = trust
        self._formats = formats_for(trust)

    def event(
        self, payload: bytes, problem: Reason | None = None
    ) -> CredentialPresented | CodeRefused | None:
        """What the lane is told of that code; None for a part of a card that is not whole yet.
        `problem` is what the reader refused it for."""
        if problem is not None:
            return CodeRefused(problem)
        wall = self._wall()
        try:
            whole = self._whole(payload)
            credential = None if whole is None else self._judged(whole, wall)
        except CredentialError as error:
            # Not its detail: a time in it would be nearly a name of the certificate.
            log.info("a code was refused: %s", error.reason)
            return CodeRefused(error.reason)
        if credential is None:
            return None
        return CredentialPresented(credential, self._pseudonym(credential.holder, wall), wall)

    def _whole(self, payload: bytes) -> bytes | None:
        """A code, or a card that is split over several, once all of them were seen."""
        parts, self._parts = self._parts, chunks.EMPTY  # forgotten where it raises
        self._parts, whole = chunks.taken(parts, payload, self._clock())
        return whole

    def _judged(self, payload: bytes, wall: WallTime) -> Credential:
        examined = examine(payload, self.trust, wall, self._formats)
        verdict = judge(self._rules, examined, wall)
        return structs.replace(examined.credential, verdict=verdict)

    def _pseudonym(self, holder: str, wall: WallTime) -> str:
        """The day's key is made on its first code and forgotten with the day."""
        if wall.civil_day != self._day:
            self._day = wall.civil_day
            self._day_key = secrets.token_bytes(DAY_KEY_BYTES)
        return daily_pseudonym(self._day_key, holder)
