"""Whom the gate believes of those who issue public health certificates.

Compiled from key lists and certificates on an office's machine and carried to the gate as one
signed bundle (`gate.credential.bundle`): here every key is parsed, every chain has been checked,
and the lane only looks things up.
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from gate.credential.signature import Algorithm, PublicKey, algorithms_of
from gate.credential.standing import (
    AGE_DOUBT_S,
    AGE_REFUSE_S,
    AGE_WARN_S,
    CREATED_LEEWAY_S,
    Standing,
)
from gate.reasons import Reason
from gate.walltime import TIME_S_END, ClockQuality, WallTime


class Usage(enum.StrEnum):
    """What a key may attest, where its certificate says so."""

    VACCINATION = "vaccination"
    TEST = "test"
    RECOVERY = "recovery"


class SignerKey(Struct, frozen=True):
    """One key of a public format."""

    key: PublicKey
    algorithms: frozenset[Algorithm]
    """What the key may be used for; never empty."""
    issuer: str
    """For `HC1:` and VDS-NC the country code, for `shc:/` the issuer's URL exactly as its cards
    have it, for W3C credentials the issuer's identifier."""
    usages: frozenset[Usage] = frozenset(Usage)
    """A certificate that names no usage may attest all."""
    not_before_s: int = 0
    not_after_s: int = TIME_S_END
    """Unix seconds; nothing of the key holds before the one or from the other on."""

    def __post_init__(self) -> None:
        """Refuse a key that is good for less than is said of it."""
        if not self.algorithms or not self.algorithms <= algorithms_of(self.key):
            raise ValueError("a key that can't be used for its algorithms")


class CardRevocations(Struct, frozen=True):
    """The revoked cards of one SMART Health Card key (its `rid` list)."""

    rids: Mapping[str, int]
    """Revocation id → Unix second: cards with that id issued (`nbf`) before it are revoked.
    `TIME_S_END` revokes all of them."""


class PublicTrust(Struct, frozen=True):
    """Keys by format. Empty trusts nobody."""

    version: int = 0
    created_s: int = 0
    expires_s: int = TIME_S_END
    """Unix seconds."""
    hcert: Mapping[bytes, tuple[SignerKey, ...]] = MappingProxyType({})
    """`HC1:` by key id (8 bytes). Several keys may share one: all are tried."""
    shc: Mapping[str, tuple[SignerKey, ...]] = MappingProxyType({})
    """`shc:/` by key id (base64url of the JWK thumbprint, RFC 7638), one entry an issuer."""
    vds: Mapping[bytes, SignerKey] = MappingProxyType({})
    """VDS-NC by the SHA-256 of the signer's certificate, which every code carries."""
    vds_refused: Mapping[bytes, Reason] = MappingProxyType({})
    """Signers that were offered and refused when the list was compiled, and why."""
    vc: Mapping[str, tuple[SignerKey, ...]] = MappingProxyType({})
    """W3C credentials by the proof's verification method."""
    hcert_revoked: frozenset[bytes] = frozenset()
    """First 16 bytes of the SHA-256 of a signature (for ECDSA of its first half), of a
    certificate's id, or of the issuer's country and the id (EU DCC revocation, eHealth Network
    2022)."""
    shc_revoked: Mapping[str, CardRevocations] = MappingProxyType({})
    """By key id."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no list at all."""
        return self.version == 0

    def standing(self, now: WallTime) -> Standing:
        """What its age makes of it. Without a list or a trusted clock there is none to tell."""
        if self.is_empty or now.quality is ClockQuality.UNTRUSTED:
            return Standing.FRESH
        age_s = now.unix_s - self.created_s
        if age_s < -CREATED_LEEWAY_S:
            # Taken while no clock could tell. Its age would be counted from a day to come, and a
            # list that never grows old is how a revoked key stays believed.
            return Standing.OUTDATED
        if age_s >= AGE_REFUSE_S or now.unix_s >= self.expires_s:
            return Standing.OUTDATED
        if age_s >= AGE_DOUBT_S:
            return Standing.OLD
        return Standing.AGEING if age_s >= AGE_WARN_S else Standing.FRESH

    def doubt(self, now: WallTime) -> Reason | None:
        """Why an officer should look at a certificate that this list proves, or None."""
        return Reason.TRUST_LIST_OLD if self.standing(now) is Standing.OLD else None

    def is_outdated(self, now: WallTime) -> bool:
        """Whether no public certificate may be believed on this list any more."""
        return self.standing(now) is Standing.OUTDATED


EMPTY = PublicTrust()
