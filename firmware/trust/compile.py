"""From a recipe to a trust list: every source read, every key taken or quarantined with its reason.

A key that can't be taken costs itself and nothing else. What would be lost in silence stops the
whole: a source that is not there, one that offers no key at all, a revocation that can't be read,
more than a bundle holds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec import Struct, structs

from drivers.api import DriverError
from drivers.trust.store import load_trust
from firmware.trust.cards import (
    card_offers,
    card_revocations,
    merged_revocations,
    snapshot_revocations,
)
from firmware.trust.hashes import revoked_hashes
from firmware.trust.offer import Offer, Quarantined, SourceError, files_of
from firmware.trust.recipe import Recipe, SealSource
from firmware.trust.seals import WHY, SealSigner, certificates_of, seal_signers
from firmware.trust.shelf import COUNT_MAX, Shelf, check_entry
from firmware.trust.sources import health_offers
from firmware.trust.statements import statement_offers
from firmware.trust.x509 import KeyRefused, check_anchor
from gate.credential.bundle.limits import HCERT_REVOKED_MAX, SHC_REVOKED_MAX, VDS_REFUSED_MAX
from gate.credential.publictrust import CardRevocations, PublicTrust, SignerKey
from gate.credential.trust import TrustList, trust_list
from gate.reasons import Reason

Advance = Callable[[str, int], None]
"""Told of a format and how many of its keys were looked at."""

_FINGERPRINT_SHOWN = 16


class Tally(NamedTuple):
    """What became of one format's keys, or of its revocations."""

    format: str
    offered: int
    taken: int
    again: int
    """Offered a second time by another source."""
    quarantined: int


class Compiled(Struct, frozen=True):
    """A trust list, and what was left out of it."""

    trust: TrustList
    tallies: tuple[Tally, ...]
    quarantined: tuple[Quarantined, ...]


class Stamp(Struct, frozen=True):
    """What is not in the sources."""

    version: int
    created_s: int
    expires_s: int
    """Unix seconds."""


def compile_trust(
    recipe: Recipe, folder: Path, stamp: Stamp, advance: Advance = lambda _name, _count: None
) -> Compiled:
    """Read all sources of a recipe; its paths are relative to `folder`.

    Raises:
        SourceError: a source is not there or offers nothing, or a revocation can't be read.
    """
    desk = _Desk(folder, advance)
    own = _own(recipe, folder)
    hcert = desk.keys("hcert", [(each.files, health_offers) for each in recipe.hcert])
    shc = desk.keys(
        "shc",
        [
            (each.files, partial(card_offers, issuer=each.issuer, key_ids=each.key_ids))
            for each in recipe.shc
        ],
    )
    vc = desk.keys(
        "vc",
        [
            (each.files, partial(statement_offers, method=each.method, issuer=each.issuer))
            for each in recipe.vc
        ],
    )
    vds, vds_refused = desk.seals(recipe.vds)
    public = PublicTrust(
        version=stamp.version,
        created_s=stamp.created_s,
        expires_s=stamp.expires_s,
        hcert=hcert,
        shc=shc,
        vds=vds,
        vds_refused=vds_refused,
        vc=vc,
        hcert_revoked=desk.revoked_hashes(recipe),
        shc_revoked=desk.revoked_cards(recipe),
    )
    trust = structs.replace(own, public=public)
    return Compiled(trust, tuple(desk.tallies), tuple(desk.quarantined))


class _Desk:
    """Where keys are sorted: taken, seen before, or quarantined."""

    def __init__(self, folder: Path, advance: Advance) -> None:
        self._folder = folder
        self._advance = advance
        self.quarantined: list[Quarantined] = []
        self.tallies: list[Tally] = []

    def keys(
        self, name: str, sources: Sequence[tuple[list[str], Callable[[Path], Iterator[Offer]]]]
    ) -> Mapping[Any, tuple[SignerKey, ...]]:
        """Every key of one format, by its id."""
        shelf = Shelf(name)
        offered = again = 0
        before = len(self.quarantined)
        for files, read in sources:
            for path in files_of(self._folder, files):
                for offer in self._offers(path, read):
                    offered += 1
                    again += self._sort(offer, shelf)
                    self._advance(name, offered)
        if sources:
            taken = sum(map(len, shelf.keys.values()))
            self._tell(name, offered, taken, again, len(self.quarantined) - before)
        return shelf.keys

    def seals(
        self, sources: Sequence[SealSource]
    ) -> tuple[Mapping[bytes, SignerKey], Mapping[bytes, Reason]]:
        """Signers of seals: taken, and refused, by their fingerprint."""
        found: dict[bytes, SignerKey] = {}
        refused: dict[bytes, Reason] = {}
        offered = again = 0
        before = len(self.quarantined)
        for source in sources:
            anchors = self._anchors(source)
            signers = certificates_of(files_of(self._folder, source.signers), self.quarantined)
            for each in seal_signers(signers, anchors):
                offered += 1
                result, why = _seal(each)
                if isinstance(result, SignerKey):
                    again += each.fingerprint in found
                    found[each.fingerprint] = result
                else:
                    refused[each.fingerprint] = result
                    label = each.fingerprint.hex()[:_FINGERPRINT_SHOWN]
                    self.quarantined.append(Quarantined(each.origin, label, why))
                self._advance("vds", offered)
        for fingerprint in found.keys() & refused.keys():
            del refused[fingerprint]  # one of two sources has its anchor
        if sources:
            self._tell("vds", offered, len(found), again, len(self.quarantined) - before)
        _check_count("refused signers of vds", len(refused), VDS_REFUSED_MAX)
        return MappingProxyType(found), MappingProxyType(refused)

    def revoked_hashes(self, recipe: Recipe) -> frozenset[bytes]:
        """Revoked health certificates."""
        found: set[bytes] = set()
        offered = 0
        for path in files_of(self._folder, recipe.revoked.hcert):
            with _named(path):
                hashes = revoked_hashes(path)
            offered += len(hashes)
            found |= hashes
        if recipe.revoked.hcert:
            self._tell_revoked("hcert", offered, len(found), HCERT_REVOKED_MAX)
        return frozenset(found)

    def revoked_cards(self, recipe: Recipe) -> Mapping[str, CardRevocations]:
        """Revoked cards: of the recipe's lists, and of the snapshots that keys are taken from."""
        lists: list[Mapping[str, CardRevocations]] = []
        for path in files_of(self._folder, recipe.revoked.shc):
            with _named(path):
                lists.append(card_revocations(path))
        for path in files_of(self._folder, [name for each in recipe.shc for name in each.files]):
            with _named(path):
                lists.append(snapshot_revocations(path))
        merged = merged_revocations(
            (kid, cards.rids) for each in lists for kid, cards in each.items()
        )
        offered, taken = sum(map(_cards_in, lists)), _cards_in(merged)
        if recipe.revoked.shc or offered:
            self._tell_revoked("shc", offered, taken, SHC_REVOKED_MAX)
        return merged

    def _tell_revoked(self, name: str, offered: int, taken: int, count_max: int) -> None:
        _check_count(f"revocations of {name}", taken, count_max)
        self.tallies.append(Tally(f"{name} revoked", offered, taken, offered - taken, 0))

    def _anchors(self, source: SealSource) -> list[bytes]:
        """Those that can vouch for somebody; an unreadable one would be missed by nobody else."""
        found: list[bytes] = []
        for origin, data in certificates_of(
            files_of(self._folder, source.anchors), self.quarantined
        ):
            try:
                check_anchor(data)
                found.append(data)
            except KeyRefused as error:
                self.quarantined.append(Quarantined(origin, Path(origin).name, str(error)))
        return found

    def _offers(self, path: Path, read: Callable[[Path], Iterator[Offer]]) -> Iterator[Offer]:
        """What a file offers; one that can't be read, or offers nothing, is quarantined."""
        empty = True
        try:
            for offer in read(path):
                empty = False
                yield offer
        except KeyRefused as error:
            self.quarantined.append(Quarantined(str(path), path.name, str(error)))
        else:
            if empty:
                self.quarantined.append(Quarantined(str(path), path.name, "no key in it"))

    def _sort(self, offer: Offer, shelf: Shelf) -> int:
        """How many of those offered so far it shows to be one and the same."""
        try:
            name, signer = offer.take()
            return shelf.put(name, signer, bare=offer.bare)
        except KeyRefused as error:
            self.quarantined.append(Quarantined(offer.origin, offer.label, str(error)))
            return 0

    def _tell(self, name: str, offered: int, taken: int, again: int, quarantined: int) -> None:
        if not taken:
            why = self.quarantined[-1].why if quarantined else "nothing is offered"
            raise SourceError(f"the sources of {name} give no key: {why}; correct the recipe")
        _check_count(f"keys of {name}", taken, COUNT_MAX[name])
        self.tallies.append(Tally(name, offered, taken, again, quarantined))


def _own(recipe: Recipe, folder: Path) -> TrustList:
    if recipe.own is None:
        return trust_list(())
    try:
        return load_trust(folder / recipe.own.trust)
    except DriverError as error:
        raise SourceError(error.message) from None


def _cards_in(revoked: Mapping[str, CardRevocations]) -> int:
    return sum(len(cards.rids) for cards in revoked.values())


def _check_count(what: str, count: int, count_max: int) -> None:
    if count > count_max:
        raise SourceError(
            f"{count} {what}, and a bundle holds {count_max}; take some of the sources out of the "
            "recipe"
        )


def _seal(each: SealSigner) -> tuple[SignerKey | Reason, str]:
    """The key of a signer of seals, or its refusal and why."""
    if not isinstance(each.found, SignerKey):
        return each.found, WHY[each.found]
    try:
        check_entry("vds", each.fingerprint, each.found)
    except KeyRefused as error:
        return Reason.CODE_MALFORMED, str(error)
    return each.found, ""


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """A revocation that can't be read stops all: it must not be lost in silence."""
    try:
        yield
    except ValueError as error:  # a KeyRefused, and whatever else a stranger's file can raise
        raise SourceError(f"{path}: {error}; correct the file, or take it out") from None
