"""Whom the gate believes: issuers' keys, and which of their passes they took back.

A trust list is made once, when files are loaded, with every key already parsed; the lane only
looks things up in it. What is kept for trust never goes backwards: a status list older than
the one that is held is refused, so that an old file cannot bring a revoked pass back.
"""

import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct, structs

from gate.credential import cose
from gate.credential.model import PASS_KINDS, CredentialError, CredentialKind
from gate.credential.publictrust import EMPTY, PublicTrust
from gate.reasons import Reason
from gate.walltime import TIME_S_END

KEY_ID_BYTES = 4

_KEY_BYTES = 32
_FIELD = (1 << 255) - 19
"""Of Ed25519: coordinates are numbers modulo it (RFC 8032 section 5.1)."""
_ORDER_8_Y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y = frozenset({0, 1, _FIELD - 1, _ORDER_8_Y, _FIELD - _ORDER_8_Y})
"""Of the eight points whose order divides 8: 0 and ±`_ORDER_8_Y` belong to two points each."""
_ALGORITHMS = frozenset({cose.EDDSA})
_HEADERS = frozenset({cose.HEADER_ALGORITHM, cose.HEADER_KEY_ID})


class TrustError(ValueError):
    """A key or a status list that the trust list cannot take, in one sentence."""


class IssuerKey(Struct, frozen=True):
    """One Ed25519 key that may issue passes."""

    kid: bytes
    """First four bytes of the SHA-256 of the raw public key."""
    public_key: Ed25519PublicKey
    name: str
    """The issuer's name in records; several keys may share one."""
    kinds: frozenset[CredentialKind]
    """What this key may issue."""
    not_before_s: int = 0
    not_after_s: int = TIME_S_END
    """Unix seconds. No pass of the key holds before the one or from the other on."""


class StatusList(Struct, frozen=True):
    """Which passes of one key are revoked, as its issuer said at one time."""

    kid: bytes
    issued_at_s: int
    """Unix seconds; grows with every list of a key."""
    bits: bytes
    """One bit a pass: index i is bit i % 8, lowest first, of byte i // 8. What lies beyond the
    last byte is not revoked."""

    def is_revoked(self, index: int) -> bool:
        """Whether the pass of that status index was taken back."""
        byte = index >> 3
        return byte < len(self.bits) and bool(self.bits[byte] >> (index & 7) & 1)


class TrustList(Struct, frozen=True):
    """The site's own issuers by key id, the newest status list of each that has one, and the
    public issuers of a compiled list."""

    keys: Mapping[bytes, IssuerKey]
    status: Mapping[bytes, StatusList] = MappingProxyType({})
    public: PublicTrust = EMPTY

    def authenticate(self, message: cose.SignedMessage) -> IssuerKey:
        """The key that signed the message, by our own profile of COSE_Sign1.

        In this order: EdDSA and nothing else (RFC 9053 section 2.2); exactly the headers
        algorithm and key id, both protected (RFC 9052 section 3.1); a key that we hold; its
        signature (section 4.4).

        Raises:
            CredentialError: CREDENTIAL_ALGORITHM, CODE_MALFORMED, CREDENTIAL_ISSUER_UNKNOWN or
                CREDENTIAL_SIGNATURE.
        """
        cose.allowed_algorithm(message, _ALGORITHMS)
        kid = message.protected.get(cose.HEADER_KEY_ID)
        if message.unprotected or message.protected.keys() != _HEADERS:
            raise CredentialError(Reason.CODE_MALFORMED, "other headers than algorithm and key id")
        if type(kid) is not bytes or len(kid) != KEY_ID_BYTES:
            raise CredentialError(Reason.CODE_MALFORMED, "a key id that is not four bytes")
        key = self.keys.get(kid)
        if key is None:
            raise CredentialError(
                Reason.CREDENTIAL_ISSUER_UNKNOWN, f"no key {kid.hex()} in the trust list"
            )
        cose.check_signature(message, _ALGORITHMS, key.public_key)
        return key

    def is_revoked(self, kid: bytes, index: int) -> bool:
        """Whether the newest status list of the key says so; without a list nothing is revoked."""
        status = self.status.get(kid)
        return status is not None and status.is_revoked(index)

    def with_status(self, status: StatusList) -> "TrustList":
        """This trust list with that status list: a newer one, or the one that is held.

        Raises:
            TrustError: older than the held one, as old but different, or of no known key.
        """
        if status.kid not in self.keys:
            raise TrustError(
                f"status list of key {status.kid.hex()}, which the trust list does not name"
            )
        held = self.status.get(status.kid)
        if held is not None and status != held and status.issued_at_s <= held.issued_at_s:
            raise TrustError(
                f"status list of key {status.kid.hex()} was issued at {status.issued_at_s}, "
                f"and the held one at {held.issued_at_s}: an older list is never taken"
            )
        return structs.replace(self, status=MappingProxyType({**self.status, status.kid: status}))


def key_id(public_bytes: bytes) -> bytes:
    """First four bytes of the SHA-256 of a raw Ed25519 public key (32 bytes)."""
    return hashlib.sha256(public_bytes).digest()[:KEY_ID_BYTES]


def is_small_order(public_bytes: bytes) -> bool:
    """Whether a raw Ed25519 public key is one of the eight points of small order.

    Everybody can sign for such a point, and the library takes it (RFC 8032 section 8.9 leaves it to
    us). In every spelling: with either sign, and with a y that was not reduced.
    """
    y = int.from_bytes(public_bytes, "little") & (1 << 255) - 1
    return y % _FIELD in _SMALL_ORDER_Y


def ed25519_key(public_bytes: bytes) -> Ed25519PublicKey:
    """Parse a raw Ed25519 public key (RFC 8032 section 5.1.5, 32 bytes) whose owner alone can sign.

    Raises:
        TrustError: not such a key, or a point of small order.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(public_bytes)
    except ValueError:
        raise TrustError(f"a public key must be the {_KEY_BYTES} bytes of an Ed25519 key") from None
    if is_small_order(public_bytes):
        raise TrustError("a public key that everybody can sign for: a point of small order")
    return key


def issuer_key(
    public_bytes: bytes,
    name: str,
    kinds: Iterable[CredentialKind],
    not_before_s: int = 0,
    not_after_s: int = TIME_S_END,
) -> IssuerKey:
    """Parse a raw Ed25519 public key (RFC 8032 section 5.1.5, 32 bytes).

    Raises:
        TrustError: as `ed25519_key` does; no name, no kinds, or a time window that is empty.
    """
    public_key = ed25519_key(public_bytes)
    if not name:
        raise TrustError("an issuer needs a name")
    allowed = frozenset(kinds)
    if not allowed:
        raise TrustError(f"issuer {name} may issue nothing: give it kinds")
    if not allowed.issubset(PASS_KINDS):
        raise TrustError(f"issuer {name} may issue {', '.join(PASS_KINDS)}, and nothing else")
    if not 0 <= not_before_s < not_after_s <= TIME_S_END:
        raise TrustError(f"the time window of issuer {name} is empty or out of range")
    return IssuerKey(key_id(public_bytes), public_key, name, allowed, not_before_s, not_after_s)


def trust_list(keys: Iterable[IssuerKey]) -> TrustList:
    """A trust list of these keys, with no status list yet.

    Raises:
        TrustError: two keys of one key id, so that a pass could not say whose it is.
    """
    by_id: dict[bytes, IssuerKey] = {}
    for key in keys:
        if key.kid in by_id:
            raise TrustError(
                f"issuers {by_id[key.kid].name} and {key.name} have the same key id {key.kid.hex()}"
            )
        by_id[key.kid] = key
    return TrustList(MappingProxyType(by_id))
