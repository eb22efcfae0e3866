"""From the bytes that the camera read to what the lane is told: a credential, or why not."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from gate.credential.model import CredentialError
from gate.credential.pseudonym import DAY_KEY_BYTES, daily_pseudonym
from gate.credential.verify import verify
from gate.events import CodeRefused, CredentialPresented

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.credential.trust import TrustList
    from gate.reasons import Reason
    from gate.walltime import WallTime

log = logging.getLogger(__name__)


class CodeDesk:
    """Verifies codes against the trust list that is in use. On the loop's thread alone."""

    def __init__(self, trust: TrustList, wall: Callable[[], WallTime]) -> None:
        self.trust = trust
        """Replaced as a whole when a newer one is loaded."""
        self._wall = wall
        self._day = -1
        self._day_key = b""

    def event(
        self, payload: bytes, problem: Reason | None = None
    ) -> CredentialPresented | CodeRefused:
        """What the lane is told of that code. `problem` is what the reader refused it for."""
        if problem is not None:
            return CodeRefused(problem)
        wall = self._wall()
        try:
            credential = verify(payload, self.trust, wall)
        except CredentialError as error:
            log.info("a code was refused: %s", error)
            return CodeRefused(error.reason)
        return CredentialPresented(credential, self._pseudonym(credential.holder, wall), wall)

    def _pseudonym(self, holder: str, wall: WallTime) -> str:
        """The day's key is made on its first code and forgotten with the day."""
        if wall.civil_day != self._day:
            self._day = wall.civil_day
            self._day_key = secrets.token_bytes(DAY_KEY_BYTES)
        return daily_pseudonym(self._day_key, holder)
