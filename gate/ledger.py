"""What a lane must remember from one visit to the next: who is inside, which passes are used.

Frozen like all state: a change makes a new ledger that shares all but the changed entries
with the old one (`immutables.Map`, a hash array mapped trie). Occupancy, one-time use and
anti-passback change on passage, never on a grant.
"""

import immutables
import msgspec
from msgspec import Struct

from gate.credential.model import Credential
from gate.records import Direction, Spent
from gate.walltime import SECONDS_PER_DAY

SPENT_KEPT_S = 14 * SECONDS_PER_DAY
"""A used pass is remembered for so long after it has expired: on a clock that can't be trusted
later, its own end is no proof against it."""
SPENT_MAX = 200_000
"""Used passes kept by pruning; beyond, those that ended first are forgotten."""
RECHECKS_MAX = 64
"""Second measurements waited for at once; the oldest is forgotten beyond."""


class Recheck(Struct, frozen=True):
    """Somebody was measured too warm and is to be measured again."""

    holder: str
    """The pass that was shown, or empty where none was."""
    measured_ns: int


class Ledger(Struct, frozen=True):
    """The lane's memory."""

    occupancy: int = 0
    """People inside by this lane's own count: an estimate, never below 0."""
    spent: immutables.Map[str, int] = immutables.Map()
    """Replay key of a used one-time pass → Unix second after which it has expired anyway."""
    inside: immutables.Map[str, int] = immutables.Map()
    """Holder of a reusable pass → Unix second at which it came in."""
    rechecks: tuple[Recheck, ...] = ()

    def is_spent(self, credential: Credential) -> bool:
        """Whether this one-time pass has already let somebody in."""
        return credential.one_time and credential.replay_key in self.spent

    def passed(
        self, direction: Direction, credential: Credential | None, unix_s: int, people: int = 1
    ) -> "Ledger":
        """The ledger after people went through, on that credential or on none."""
        if direction is Direction.EXIT:
            inside = self.inside
            if credential is not None and credential.holder in inside:
                inside = inside.delete(credential.holder)
            return msgspec.structs.replace(
                self, occupancy=max(0, self.occupancy - people), inside=inside
            )
        spent, inside = self.spent, self.inside
        if credential is not None and credential.one_time:
            spent = spent.set(credential.replay_key, credential.valid_until_s)
        elif credential is not None:
            inside = inside.set(credential.holder, unix_s)
        return msgspec.structs.replace(
            self, occupancy=self.occupancy + people, spent=spent, inside=inside
        )

    def restored(self, spent: Spent) -> "Ledger":
        """The ledger with one used pass that the journal remembers."""
        return msgspec.structs.replace(self, spent=self.spent.set(spent.replay_key, spent.until_s))

    def pruned(self, unix_s: int, anti_passback_s: float) -> "Ledger":
        """The ledger without what can no longer matter at that time."""
        return msgspec.structs.replace(
            self,
            spent=immutables.Map(_newest(self.spent, unix_s - SPENT_KEPT_S)),
            inside=immutables.Map(
                {
                    holder: since_s
                    for holder, since_s in self.inside.items()
                    if since_s + anti_passback_s > unix_s
                }
            ),
        )

    def awaiting(self, recheck: Recheck) -> "Ledger":
        """The ledger with one more second measurement to wait for."""
        others = tuple(
            other for other in self.rechecks if not other.holder or other.holder != recheck.holder
        )
        return msgspec.structs.replace(self, rechecks=(*others, recheck)[-RECHECKS_MAX:])

    def recheck_of(self, holder: str, now_ns: int, within_ns: int) -> Recheck | None:
        """The measurement that this one would be the second to, or None.

        A pass finds its own. Where none was shown, the oldest anonymous one that is still
        open is taken: who sat down without a pass can't be told from another who did.
        """
        for recheck in self.rechecks:
            if recheck.holder == holder and now_ns - recheck.measured_ns <= within_ns:
                return recheck
        return None

    def settled(self, recheck: Recheck) -> "Ledger":
        """The ledger without that second measurement: it was made."""
        return msgspec.structs.replace(
            self, rechecks=tuple(other for other in self.rechecks if other != recheck)
        )


def _newest(spent: immutables.Map[str, int], since_s: int) -> dict[str, int]:
    """Used passes that ended later than that, at most `SPENT_MAX`."""
    kept = {key: until_s for key, until_s in spent.items() if until_s > since_s}
    if len(kept) <= SPENT_MAX:
        return kept
    return dict(sorted(kept.items(), key=lambda row: row[1])[-SPENT_MAX:])
