"""Keys of one format by their ids: each that a bundle can hold, once, by what says most of it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from firmware.trust.x509 import KeyRefused
from gate.credential.bundle import entries
from gate.credential.bundle.entries import EntryError
from gate.credential.bundle.limits import (
    HCERT_KEYS_MAX,
    KEYS_PER_ID_MAX,
    SHC_KEYS_MAX,
    VC_KEYS_MAX,
    VDS_KEYS_MAX,
)
from gate.credential.publictrust import SignerKey

COUNT_MAX = {
    "hcert": HCERT_KEYS_MAX,
    "shc": SHC_KEYS_MAX,
    "vc": VC_KEYS_MAX,
    "vds": VDS_KEYS_MAX,
}
"""Of a format's keys in one bundle."""

_READERS: Mapping[str, Callable[[object], object]] = MappingProxyType(
    {
        "hcert": entries.health_keys,
        "shc": entries.card_keys,
        "vc": entries.named_keys,
        "vds": entries.seal_keys,
    }
)


class _Held(NamedTuple):
    signer: SignerKey
    bare: bool


class Shelf:
    """The keys of one format that were taken so far."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._held: dict[bytes | str, tuple[_Held, ...]] = {}

    @property
    def keys(self) -> Mapping[Any, tuple[SignerKey, ...]]:
        """All of them, by id."""
        return MappingProxyType(
            {name: tuple(each.signer for each in held) for name, held in self._held.items()}
        )

    def put(self, name: bytes | str, signer: SignerKey, *, bare: bool) -> int:
        """Take a key, and tell how many of those offered so far it shows to be one and the same.

        `bare` is a key that a list names without its certificate. Where the same key is held under
        the same id with its certificate, the certificate says what it may attest and until when;
        of two bare ones the one that may attest less counts. The order of sources changes nothing.

        Raises:
            KeyRefused: no gate would take it, or there are too many under this id.
        """
        check_entry(self._name, name, signer)
        held, new = self._held.get(name, ()), _Held(signer, bare)
        if any(_outweighs(each, new) for each in held):
            return 1
        kept = tuple(each for each in held if not _outweighs(new, each))
        if len(kept) == KEYS_PER_ID_MAX:
            raise KeyRefused(f"more than {KEYS_PER_ID_MAX} keys of one id")
        self._held[name] = (*kept, new)
        return len(held) - len(kept)


def check_entry(form: str, name: bytes | str, signer: SignerKey) -> None:
    """Return if a bundle can hold that key: read as a gate will read it, one by one, so that an odd
    one costs itself alone.

    Raises:
        KeyRefused: it can't.
    """
    alone: Mapping[Any, tuple[SignerKey, ...]] = {name: (signer,)}
    try:
        _READERS[form](entries.signer_entries(alone))
    except EntryError as error:
        raise KeyRefused(f"not what a bundle holds: {error}") from None


def _outweighs(one: _Held, other: _Held) -> bool:
    """Whether the one leaves nothing to say for the other of the same id."""
    if one.signer.key != other.signer.key:
        return False
    if one.bare == other.bare and one.signer == other.signer:
        return True
    return other.bare and (not one.bare or one.signer.usages < other.signer.usages)
