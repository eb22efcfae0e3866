"""Whom the lane believes: the site's own trust file, and the signed list of public issuers.

The list is kept up to date while the lane runs, by a thread of its own; the lane is told of it
like of everything else, by an event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.trust.keeper import TrustKeeper
from drivers.trust.store import load_trust
from gate.credential.trust import trust_list
from gate.events import TrustListRead

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.trust.keeper import Answer
    from firmware.config import Config
    from gate.credential.trust import TrustList
    from gate.walltime import WallTime

FOLDER = "trust"
"""Of the lane's data: the bundle that is in use, and the versions that were seen."""


class Issuers:
    """The trust list that is in use."""

    def __init__(
        self, config: Config, wall: Callable[[], WallTime], changed: Callable[[TrustList], None]
    ) -> None:
        """Read what there is.

        Args:
            config: which files.
            wall: the wall clock.
            changed: told of every new list, on any thread.

        Raises:
            DriverError: the trust file or the file of root keys is missing or damaged. A bundle
                that can't be taken is no error: the lane goes on with the one that it has.
        """
        self._wall = wall
        self._changed = changed
        site = load_trust(config.trust) if config.trust else trust_list(())
        self._site = site
        self._keeper: TrustKeeper | None = None
        if config.trust_bundle is not None and config.trust_roots is not None:
            self._keeper = TrustKeeper(
                config.trust_roots,
                config.data_dir / FOLDER,
                wall,
                self._told,
                site=site,
                source=config.trust_bundle,
                media=config.trust_media,
            )

    @property
    def trust(self) -> TrustList:
        """What is in use now."""
        return self._site if self._keeper is None else self._keeper.trust

    def reading(self) -> TrustListRead:
        """Which list of public issuers that is, and what its age makes of it now."""
        public = self.trust.public
        return TrustListRead(public.version, public.standing(self._wall()))

    def offer(self, data: bytes, origin: str) -> None:
        """A bundle that came over the wire, from any thread: it is looked at soon, on the keeper's
        own, and what becomes of it goes the way of every list. Of several that come at once the
        last one counts. A lane that has no list of public issuers lets it lie."""
        if self._keeper is not None:
            self._keeper.post(data, origin)

    def start(self) -> None:
        """Look for newer lists from now on."""
        if self._keeper is not None:
            self._keeper.start()

    def close(self) -> None:
        """Look no more."""
        if self._keeper is not None:
            self._keeper.stop()

    def _told(self, answer: Answer, trust: TrustList) -> None:
        if answer.taken:
            self._changed(trust)
