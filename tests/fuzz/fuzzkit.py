"""What every fuzz target shares: its shape, the oracle, test keys, and quick envelopes.

An input is one byte that says in which shape the rest reaches the verifier, and the rest. So the
fuzzer spends its time behind the base45, the inflating and the signature, not before them.
"""

from __future__ import annotations

import array
import contextlib
import hashlib
import itertools
import sys
import zlib
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gate.credential.model import CredentialError
from gate.reasons import Reason
from gate.walltime import WallTime

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gate.credential.model import Examined

NOON_S = 1_800_000_000
NOW = WallTime(NOON_S * 1000)
OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
"""Signs passes, and Ed25519 proofs."""
STATE = derive_private_key(0x0123456789ABCDEF, SECP256R1())
"""Signs everything on P-256."""
SIGNED_EVERY = 8
"""Of inputs that are to be signed anew, one of so many is: signing and checking take a hundred
times longer than most refusals, and the fuzzer must try many."""

_REPLAY_KEY_BYTES = 16
_BASE45 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_PAIRS = [
    bytes((_BASE45[pair % 45], _BASE45[pair // 45 % 45], _BASE45[pair // 2025]))
    for pair in range(1 << 16)
]


ACCEPTED = "accepted"
OUTCOMES: Counter[str] = Counter()
"""How often `judged` saw which: it shows how deep the fuzzer comes."""


class BrokenPromise(AssertionError):
    """The code under test did what it must never do."""


class Target(NamedTuple):
    """One thing to fuzz."""

    name: str
    call: Callable[[bytes], object]
    """Takes any bytes; raises only where a promise is broken."""
    seeds: Callable[[], Sequence[bytes]]
    """Inputs to start from, made here from keys of our own."""
    bytes_max: int = 4_400
    words: tuple[bytes, ...] = ()
    """What the fuzzer may put in as a whole."""


def base45(data: bytes) -> bytes:
    """RFC 9285, quick and without checks."""
    even = len(data) & ~1
    pairs = array.array("H", data[:even])
    if sys.byteorder == "little":
        pairs.byteswap()
    text = b"".join([_PAIRS[pair] for pair in pairs])
    return text + _PAIRS[data[-1]][:2] if even != len(data) else text


def es256(key: EllipticCurvePrivateKey, signed: bytes) -> bytes:
    """An ECDSA signature as r and s, 32 bytes each."""
    r, s = decode_dss_signature(key.sign(signed, ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def is_signed(data: bytes, every: int = SIGNED_EVERY) -> bool:
    """Whether an input that is to be signed has its turn: the same answer whenever it comes."""
    return zlib.crc32(data) % every == 0


def in_turn(make: Callable[[int], bytes], every: int = SIGNED_EVERY) -> bytes:
    """The first of many equal inputs whose turn it is (`is_signed`)."""
    return next(data for data in map(make, itertools.count()) if is_signed(data, every))


def judged(examine: Callable[[], Examined], is_genuine: Callable[[Examined], bool]) -> None:
    """The oracle of every format: a refusal has a reason, and what is accepted was signed.

    Raises:
        BrokenPromise: a reason that is none, or a forgery.
    """
    try:
        examined = examine()
    except CredentialError as error:
        if type(error.reason) is not Reason:
            raise BrokenPromise(f"a refusal for {error.reason!r}") from error
        OUTCOMES[error.reason] += 1
        return
    OUTCOMES[ACCEPTED] += 1
    if not is_genuine(examined):
        raise BrokenPromise("accepted what nobody signed")


def signed_as(*signed: bytes) -> Callable[[Examined], bool]:
    """Whether a public certificate is one of those whose signed content this is."""
    keys = frozenset(hashlib.sha256(each).digest()[:_REPLAY_KEY_BYTES].hex() for each in signed)
    return lambda examined: examined.credential.replay_key in keys


def never_fails(call: Callable[[], object], *allowed: type[Exception]) -> None:
    """The oracle of a parser: it answers, or raises its own errors and nothing else."""
    with contextlib.suppress(*allowed):
        call()
