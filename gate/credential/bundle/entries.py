"""The lists of a bundle, entry by entry: types, bounds, order, and every key parsed.

An entry that is not what it should be raises `EntryError`, with a word on which list it is in.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeVar, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from gate.credential.bundle.limits import (
    HCERT_KEYS_MAX,
    HCERT_REVOKED_MAX,
    ISSUERS_MAX,
    KEY_BYTES_MAX,
    KEYS_PER_ID_MAX,
    SHC_KEYS_MAX,
    SHC_REVOKED_MAX,
    STATUS_LISTS_MAX,
    TEXT_CHARS_MAX,
    VC_KEYS_MAX,
    VDS_KEYS_MAX,
    VDS_REFUSED_MAX,
)
from gate.credential.model import PASS_KINDS
from gate.credential.publictrust import CardRevocations, SignerKey, Usage
from gate.credential.signature import Algorithm, PublicKey, algorithms_of
from gate.credential.status import STATUS_BYTES_MAX
from gate.credential.trust import IssuerKey, StatusList, issuer_key
from gate.reasons import Reason
from gate.walltime import TIME_S_END

HASH_BYTES = 16
"""Of a revoked certificate's hash: the first half of a SHA-256 (EU DCC revocation)."""
KID_BYTES = 8
"""Of a health certificate's key: the beginning of the SHA-256 of its certificate."""

_FINGERPRINT_BYTES = 32
_KEY_PARTS = 7
_USAGES = tuple(Usage)
"""A usage's number in a bundle is its place here: it never changes."""
_REFUSALS = frozenset(
    {
        Reason.CODE_MALFORMED,
        Reason.CREDENTIAL_ALGORITHM,
        Reason.CREDENTIAL_ISSUER_EXPIRED,
        Reason.CREDENTIAL_ISSUER_UNKNOWN,
        Reason.CREDENTIAL_KIND_NOT_ISSUED,
    }
)
"""What the signer of a seal can be refused for when a list is compiled."""

_Id = TypeVar("_Id", bytes, str)
_Read = TypeVar("_Read")


class EntryError(ValueError):
    """Not what a bundle may hold there."""


# Writing. What is sorted here is held to be in order there.


def signer_entries(keys: Mapping[_Id, tuple[SignerKey, ...]]) -> list[list[Any]]:
    """Every key under its id."""
    return _sorted(
        [
            name,
            each.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            sorted(map(int, each.algorithms)),
            each.issuer,
            sorted(map(_USAGES.index, each.usages)),
            each.not_before_s,
            each.not_after_s,
        ]
        for name, signers in keys.items()
        for each in signers
    )


def issuer_entries(issuers: Mapping[bytes, IssuerKey]) -> list[list[Any]]:
    """The site's own issuers, by their raw keys."""
    return _sorted(
        [
            each.public_key.public_bytes_raw(),
            each.name,
            sorted(map(PASS_KINDS.index, each.kinds)),
            each.not_before_s,
            each.not_after_s,
        ]
        for each in issuers.values()
    )


def status_entries(status: Mapping[bytes, StatusList]) -> list[list[Any]]:
    """Status lists, by key id."""
    return _sorted([each.kid, each.issued_at_s, each.bits] for each in status.values())


def refusal_entries(refused: Mapping[bytes, Reason]) -> list[list[Any]]:
    """Refused signers of seals, by fingerprint."""
    return _sorted([name, str(reason)] for name, reason in refused.items())


def card_entries(revoked: Mapping[str, CardRevocations]) -> list[list[Any]]:
    """Revoked cards, by the key that signed them."""
    return _sorted([kid, _sorted(map(list, cards.rids.items()))] for kid, cards in revoked.items())


def _sorted(found: Iterable[list[Any]]) -> list[list[Any]]:
    return sorted(found)


# Reading.


def health_keys(value: object) -> Mapping[bytes, tuple[SignerKey, ...]]:
    """Keys of health certificates, by key id."""
    return _grouped(_entries(value, HCERT_KEYS_MAX, lambda each: _signer(each, _health_id)))


def card_keys(value: object) -> Mapping[str, tuple[SignerKey, ...]]:
    """Keys of SMART Health Cards, by key id."""
    return _grouped(_entries(value, SHC_KEYS_MAX, lambda each: _signer(each, _text)))


def named_keys(value: object) -> Mapping[str, tuple[SignerKey, ...]]:
    """Keys of W3C credentials, by verification method."""
    return _grouped(_entries(value, VC_KEYS_MAX, lambda each: _signer(each, _text)))


def seal_keys(value: object) -> Mapping[bytes, SignerKey]:
    """Keys of seals, by the fingerprint of their certificate."""
    return _unique(_entries(value, VDS_KEYS_MAX, lambda each: _signer(each, _fingerprint)))


def refusals(value: object) -> Mapping[bytes, Reason]:
    """Signers of seals that were refused, and why."""
    return _unique(_entries(value, VDS_REFUSED_MAX, _refusal))


def issuers(value: object) -> list[IssuerKey]:
    """The site's own issuers."""
    return _entries(value, ISSUERS_MAX, _issuer)


def status_lists(value: object) -> list[StatusList]:
    """Status lists of the site's own issuers."""
    return _entries(value, STATUS_LISTS_MAX, _status)


def card_revocations(value: object) -> Mapping[str, CardRevocations]:
    """Revoked cards by the key that signed them, all of them together within bounds."""
    found = _unique(_entries(value, SHC_KEYS_MAX, _cards))
    if sum(len(cards.rids) for cards in found.values()) > SHC_REVOKED_MAX:
        raise EntryError(f"more than {SHC_REVOKED_MAX} cards")
    return found


def hashes(value: object) -> frozenset[bytes]:
    """Hashes one after another, in order and none twice."""
    if type(value) is not bytes or len(value) % HASH_BYTES:
        raise EntryError(f"not whole hashes of {HASH_BYTES} bytes")
    count = len(value) // HASH_BYTES
    if count > HCERT_REVOKED_MAX:
        raise EntryError(f"more than {HCERT_REVOKED_MAX} hashes")
    found = [value[at : at + HASH_BYTES] for at in range(0, len(value), HASH_BYTES)]
    if any(later <= earlier for earlier, later in pairwise(found)):
        raise EntryError("hashes not in order, or one twice")
    return frozenset(found)


def time_s(value: object) -> int:
    """Unix seconds, up to and with `TIME_S_END`: an end may lie there."""
    if type(value) is not int or not 0 <= value <= TIME_S_END:
        raise EntryError("a time out of range")
    return value


def _entries(value: object, count_max: int, read: Callable[[object], _Read]) -> list[_Read]:
    """A list of such entries, in order and none twice."""
    if type(value) is not list or len(value) > count_max:
        raise EntryError(f"no list, or more than {count_max} entries")
    found = [read(entry) for entry in value]
    # Each was read, so that places of two entries have the same types and can be compared.
    if any(later <= earlier for earlier, later in pairwise(value)):
        raise EntryError("not in order, or one twice")
    return found


def _unique(pairs: list[tuple[_Id, _Read]]) -> Mapping[_Id, _Read]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise EntryError("two entries of one name")
    return MappingProxyType(found)


def _grouped(pairs: list[tuple[_Id, _Read]]) -> Mapping[_Id, tuple[_Read, ...]]:
    found: dict[_Id, list[_Read]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    if any(len(values) > KEYS_PER_ID_MAX for values in found.values()):
        raise EntryError(f"more than {KEYS_PER_ID_MAX} keys of one id")
    return MappingProxyType({name: tuple(values) for name, values in found.items()})


def _refusal(entry: object) -> tuple[bytes, Reason]:
    match entry:
        case [fingerprint, str() as word] if word in _REFUSALS:
            return _fingerprint(fingerprint), Reason(word)
        case _:
            raise EntryError("no refusal of a signer")


def _issuer(entry: object) -> IssuerKey:
    match entry:
        case [bytes() as raw, name, kinds, not_before, not_after]:
            allowed = [PASS_KINDS[number] for number in _numbers(kinds, range(len(PASS_KINDS)))]
            return issuer_key(raw, _text(name), allowed, time_s(not_before), time_s(not_after))
        case _:
            raise EntryError("no issuer")


def _status(entry: object) -> StatusList:
    match entry:
        case [bytes() as kid, issued_at, bytes() as bits] if len(bits) <= STATUS_BYTES_MAX:
            return StatusList(kid, time_s(issued_at), bits)
        case _:
            raise EntryError("no status list, or one too long")


def _cards(entry: object) -> tuple[str, CardRevocations]:
    match entry:
        case [kid, cards]:
            return _text(kid), CardRevocations(_unique(_entries(cards, SHC_REVOKED_MAX, _rid)))
        case _:
            raise EntryError("no revocations of a key")


def _signer(entry: object, read_id: Callable[[object], _Id]) -> tuple[_Id, SignerKey]:
    if type(entry) is not list or len(entry) != _KEY_PARTS:
        raise EntryError("no key")
    id_, key, algorithms, owner, usages, not_before, not_after = entry
    parsed = _key(key)
    allowed = frozenset(map(Algorithm, _numbers(algorithms, algorithms_of(parsed))))
    not_before_s, not_after_s = time_s(not_before), time_s(not_after)
    if not_before_s >= not_after_s:
        raise EntryError("a key whose window of time is empty")
    return read_id(id_), SignerKey(
        parsed,
        allowed,
        _text(owner) if owner != "" else "",
        frozenset(_USAGES[number] for number in _numbers(usages, range(len(_USAGES)))),
        not_before_s,
        not_after_s,
    )


def _key(data: object) -> PublicKey:
    """SubjectPublicKeyInfo of a key that can be used for something."""
    if type(data) is not bytes or len(data) > KEY_BYTES_MAX:
        raise EntryError("a key that is no bytes, or too many")
    try:
        key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise EntryError("a key that can't be read") from None
    if not algorithms_of(key):
        raise EntryError("a key of a kind or a length that we do not take")
    return cast("PublicKey", key)


def _numbers(value: object, allowed: Collection[int]) -> list[int]:
    """Some of those numbers, at least one, in order."""
    if type(value) is not list or not value:
        raise EntryError("an empty list of numbers, or none")
    if any(type(number) is not int or number not in allowed for number in value):
        raise EntryError("a number that means nothing")
    if value != sorted(set(value)):
        raise EntryError("numbers not in order, or one twice")
    return value


def _rid(entry: object) -> tuple[str, int]:
    match entry:
        case [rid, before]:
            return _text(rid), time_s(before)
        case _:
            raise EntryError("no revoked card")


def _health_id(value: object) -> bytes:
    return _bytes(value, KID_BYTES)


def _fingerprint(value: object) -> bytes:
    return _bytes(value, _FINGERPRINT_BYTES)


def _bytes(value: object, size: int) -> bytes:
    if type(value) is not bytes or len(value) != size:
        raise EntryError(f"not a string of {size} bytes")
    return value


def _text(value: object) -> str:
    """Shown to technicians: nothing that a terminal would obey."""
    if type(value) is not str or not 0 < len(value) <= TEXT_CHARS_MAX or not value.isprintable():
        raise EntryError(f"no printable text of 1 to {TEXT_CHARS_MAX} characters")
    return value
