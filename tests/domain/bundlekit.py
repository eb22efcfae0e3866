"""Bundles, the keys that sign them, and a lane that takes them."""

import hashlib
from types import MappingProxyType
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import structs

from gate.credential.bundle import (
    Bundle,
    BundleError,
    Fault,
    Held,
    Roots,
    encode,
    read_bundle,
    roots_of,
    sign,
)
from gate.credential.model import PASS_KINDS
from gate.credential.publictrust import CardRevocations, PublicTrust, SignerKey, Usage
from gate.credential.signature import Algorithm
from gate.credential.status import empty_status, revoke
from gate.credential.trust import (
    TrustList,
    issuer_key,
    key_id,
    trust_list,
)
from gate.reasons import Reason
from gate.walltime import SECONDS_PER_DAY, TIME_S_END, WallTime

CREATED_S = 1_800_000_000
NOW = WallTime((CREATED_S + 60) * 1000)
NOBODY = TrustList(MappingProxyType({}))
FRESH = Held()


def root(number: int) -> Ed25519PrivateKey:
    """A root key; the same number is the same key."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"root %d" % number).digest())


A, B, C = root(1), root(2), root(3)


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def kid(key: Ed25519PrivateKey) -> bytes:
    return key_id(raw(key))


def pinned(*keys: Ed25519PrivateKey, threshold: int = 1) -> Roots:
    return roots_of(map(raw, keys), threshold)


def signer(number: int = 1, issuer: str = "ID", **more: object) -> SignerKey:
    """A P-256 key of an issuer."""
    key = derive_private_key(number + 1, SECP256R1()).public_key()
    return structs.replace(SignerKey(key, frozenset({Algorithm.ES256}), issuer), **more)


def listed(version: int = 1, created_s: int = CREATED_S, **more: object) -> TrustList:
    """A trust list of that version."""
    public = PublicTrust(version, created_s, created_s + 30 * SECONDS_PER_DAY)
    return structs.replace(NOBODY, public=structs.replace(public, **more))


def bundle(version: int = 1, *keys: Ed25519PrivateKey, **more: object) -> bytes:
    """What an office compiled and these keys signed; A if nobody is named."""
    return sign(encode(listed(version, CREATED_S, **more)), keys or (A,))


class Lane:
    """A lane that takes bundles and remembers, as its driver does."""

    def __init__(self, roots: Roots, now: WallTime = NOW, site: TrustList = NOBODY) -> None:
        self.roots = roots
        self.now = now
        self.site = site
        self.held = FRESH
        self.bundle: Bundle | None = None

    def take(self, data: bytes) -> int:
        """The version in use after it."""
        self.bundle = read_bundle(data, self.roots, self.held, self.now, self.site)
        self.held = self.held.after(self.bundle, self.roots, self.site)
        return self.bundle.version

    def versions(self) -> dict[bytes, int]:
        """The highest that each root key signed."""
        return {kid: each.version for kid, each in self.held.vouched.items()}

    def refuses(self, data: bytes) -> Fault:
        """Why it is refused; nothing changes by it."""
        before = self.held
        with pytest.raises(BundleError) as refused:
            self.take(data)
        assert self.held == before
        sentence = str(refused.value)
        assert ";" in sentence, "the sentence says what to do"
        assert "\n" not in sentence
        return refused.value.fault


def everything() -> TrustList:
    """A trust list that uses all that a bundle can say."""
    office = Ed25519PrivateKey.from_private_bytes(bytes(32))
    own = trust_list([issuer_key(raw(office), "Example office", PASS_KINDS, 5, 9)])
    own = own.with_status(revoke(empty_status(key_id(raw(office)), 7), 1_000, 8))
    some = frozenset({Usage.TEST, Usage.RECOVERY})
    public = PublicTrust(
        version=7,
        created_s=CREATED_S,
        expires_s=CREATED_S + 1,
        hcert=MappingProxyType(
            {
                b"kid-0001": (signer(1, "ID", usages=some, not_before_s=3, not_after_s=99),),
                b"kid-0002": tuple(sorted((signer(1), signer(2)), key=info)),
                b"kid-0003": (signer(3, ""),),
            }
        ),
        shc=MappingProxyType({"thumbprint": (signer(4, "https://health.example/"),)}),
        vds=MappingProxyType({b"f" * 32: signer(5, "AU")}),
        vds_refused=MappingProxyType({b"g" * 32: Reason.CREDENTIAL_ISSUER_UNKNOWN}),
        vc=MappingProxyType({"did:example": (signer(6, "https://vc.example/"),)}),
        hcert_revoked=frozenset({b"r" * 16, b"s" * 16}),
        shc_revoked=MappingProxyType(
            {"thumbprint": CardRevocations(MappingProxyType({"one": TIME_S_END, "two": 5}))}
        ),
    )
    return structs.replace(own, public=public)


def info(key: SignerKey) -> bytes:
    return key.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OFFICE_KID = key_id(raw(OFFICE))


def opened(data: bytes) -> list[Any]:
    """The parts of a COSE_Sign, to be tampered with."""
    protected, unprotected, payload, signatures = cbor2.loads(data[2:])
    return [protected, unprotected, payload, [list(each) for each in signatures]]


def closed(parts: object) -> bytes:
    return b"\xd8\x62" + cbor2.dumps(parts, canonical=True)


def forged(**members: object) -> bytes:
    """What the owner of A signs without looking: that payload with other members."""
    payload = {**cbor2.loads(encode(everything())), **members}
    kept = {name: value for name, value in payload.items() if value is not ...}
    return sign(cbor2.dumps(kept, canonical=True), [A])
