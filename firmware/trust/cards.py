"""Keys and revocations of SMART Health Cards: JWKS of one issuer, snapshots of a whole directory.

A snapshot is the form in which the VCI directory was published: `issuerInfo`, a list of `issuer`
(`iss`, `name`), `keys` and `crls`. A JWKS does not name its issuer: the recipe does.
"""

import base64
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from firmware.trust.offer import Offer, json_of, named, read_source, shown
from firmware.trust.x509 import KeyRefused, key_of_jwk
from gate.credential.publictrust import CardRevocations, SignerKey
from gate.credential.signature import Algorithm, algorithms_of
from gate.walltime import TIME_S_END

_ES256 = frozenset({Algorithm.ES256})
_THUMBPRINT_MEMBERS = ("crv", "kty", "x", "y")
"""RFC 7638 section 3.2, in order."""
_METHOD = "rid"
"""The one method of revocation that is defined."""
_SECOND = re.compile(r"[0-9]{1,10}")

Json = dict[str, Any]


def card_offers(
    path: Path, issuer: str | None, key_ids: Collection[str] = frozenset()
) -> Iterator[Offer]:
    """The keys that one file offers.

    Args:
        path: a JWKS of one issuer, or a snapshot of a directory.
        issuer: whose the keys of a JWKS are.
        key_ids: those of that issuer that are taken although they are no thumbprints.

    Raises:
        KeyRefused: nothing in it can be read, or nobody says whose keys they are.
        SourceError: the file can't be read.
    """
    match json_of(read_source(path)):
        case {"issuerInfo": list() as listed}:
            for entry in listed:
                match entry:
                    case {"issuer": {"iss": str() as iss}, "keys": list() as keys}:
                        yield from (_offer(str(path), iss, key) for key in keys)
                    case _:
                        continue
        case {"keys": list() as keys}:
            if issuer is None:
                raise KeyRefused("keys without an issuer; say in the recipe whose they are")
            yield from (_offer(str(path), issuer, key, key_ids) for key in keys)
        case _:
            raise KeyRefused("neither a JWKS nor a snapshot of a directory")


def card_revocations(path: Path) -> Mapping[str, CardRevocations]:
    """The card revocation lists of a file: one alone, or those of a snapshot.

    SMART Health Cards specification, section on revocation: `kid`, `method` and `rids`; a rid may
    have the second behind a dot before which its cards were issued that are revoked.

    Raises:
        KeyRefused: a list that can't be read; a revocation must not be lost.
        SourceError: the file can't be read.
    """
    match json_of(read_source(path)):
        case {"rids": _} as alone:
            return merged_revocations([_revoked(alone)])
        case {"issuerInfo": list() as listed}:
            return _of_snapshot(listed)
        case _:
            raise KeyRefused("no list of revoked cards")


def snapshot_revocations(path: Path) -> Mapping[str, CardRevocations]:
    """The card revocation lists beside the keys of a snapshot; none in any other file.

    Raises:
        KeyRefused: a list that can't be read.
        SourceError: the file can't be read.
    """
    try:
        document = json_of(read_source(path))
    except KeyRefused:
        return MappingProxyType({})  # it was said when its keys were looked for
    match document:
        case {"issuerInfo": list() as listed}:
            return _of_snapshot(listed)
        case _:
            return MappingProxyType({})


def _of_snapshot(listed: list[Any]) -> Mapping[str, CardRevocations]:
    return merged_revocations(
        _revoked(each)
        for entry in listed
        if isinstance(entry, dict)
        for each in _lists_of(entry.get("crls"))
    )


def _lists_of(crls: object) -> list[Any]:
    """The lists of one issuer, which may have none."""
    if crls is None:
        return []
    if not isinstance(crls, list):
        raise KeyRefused("lists of revoked cards in another form")
    return crls


def merged_revocations(
    lists: Iterable[tuple[str, Mapping[str, int]]],
) -> Mapping[str, CardRevocations]:
    """All lists together: of two entries of a card the one that revokes more."""
    found: dict[str, dict[str, int]] = {}
    for kid, rids in lists:
        known = found.setdefault(kid, {})
        for rid, before_s in rids.items():
            known[rid] = max(before_s, known.get(rid, 0))
    return MappingProxyType(
        {kid: CardRevocations(MappingProxyType(rids)) for kid, rids in found.items()}
    )


def thumbprint(jwk: Mapping[str, object]) -> str:
    """The key id that the specification demands (RFC 7638)."""
    members = {name: jwk.get(name) for name in _THUMBPRINT_MEMBERS}
    text = json.dumps(members, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _offer(origin: str, issuer: str, jwk: object, key_ids: Collection[str] = frozenset()) -> Offer:
    def take() -> tuple[str, SignerKey]:
        key_id = jwk.get("kid") if isinstance(jwk, dict) else None
        if not isinstance(jwk, dict) or not isinstance(key_id, str):
            raise KeyRefused("a key without a key id")
        # A thumbprint shows that the id is this key's; else somebody must have said so.
        if key_id != thumbprint(jwk) and key_id not in key_ids:
            raise KeyRefused("a key id that is not the key's thumbprint; key_ids may name it")
        key = key_of_jwk(jwk)
        if algorithms_of(key) != _ES256:
            raise KeyRefused("cards are signed by P-256 keys alone")
        return named(key_id), SignerKey(key, _ES256, named(issuer))

    kid = jwk.get("kid") if isinstance(jwk, dict) else None
    return Offer(origin, shown(f"{issuer} {kid}"), take)


def _revoked(entry: object) -> tuple[str, Mapping[str, int]]:
    match entry:
        case {"kid": str() as kid, "rids": list() as rids, **rest} if (
            rest.get("method", _METHOD) == _METHOD
        ):
            return named(kid), dict(map(_rid, rids))
        case _:
            raise KeyRefused("a list of revoked cards of another form")


def _rid(entry: object) -> tuple[str, int]:
    if not isinstance(entry, str):
        raise KeyRefused("a revoked card without an id")
    rid, _, second = entry.partition(".")
    if not second:
        return named(rid), TIME_S_END
    if not _SECOND.fullmatch(second) or not 0 < int(second) < TIME_S_END:
        raise KeyRefused("a revoked card with a time out of range")
    return named(rid), int(second)
