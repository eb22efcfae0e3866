"""Health certificates for tests: an invented ministry, its keys, and whatever it signs."""

import functools
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gate.credential import base45
from gate.credential.model import CredentialError, Examined
from gate.credential.publictrust import PublicTrust, SignerKey, Usage
from gate.credential.signature import Algorithm
from gate.credential.trust import TrustList
from gate.credential.verify import examine
from gate.reasons import Reason
from gate.walltime import TIME_S_END, WallTime

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

KEY = ec.derive_private_key(0x1234_5678_9ABC_DEF0, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(0x0FED_CBA9_8765_4321, ec.SECP256R1())
KID = bytes.fromhex("1122334455667788")
NOW_S = 1_800_000_000
NOW = WallTime(NOW_S * 1000)
ES256, PS256 = int(Algorithm.ES256), int(Algorithm.PS256)
PREFIX = "HC1:"

VACCINATION: Mapping[str, Any] = MappingProxyType(
    {
        "tg": "840539006",
        "vp": "1119349007",
        "mp": "EU/1/20/1528",
        "ma": "ORG-100030215",
        "dn": 2,
        "sd": 2,
        "dt": "2021-08-17",
        "co": "XX",
        "is": "Ministry of Examples",
        "ci": "URN:UVCI:01:XX:EXAMPLE0001#0",
    }
)
TEST: Mapping[str, Any] = MappingProxyType(
    {
        "tg": "840539006",
        "tt": "LP217198-3",
        "sc": "2021-08-17T08:00:00Z",
        "tr": "260415000",
        "tc": "Example Hall",
        "co": "XX",
        "is": "Ministry of Examples",
        "ci": "URN:UVCI:01:XX:EXAMPLE0002#0",
    }
)
RECOVERY: Mapping[str, Any] = MappingProxyType(
    {
        "tg": "840539006",
        "fr": "2021-08-01",
        "df": "2021-08-12",
        "du": "2022-01-28",
        "co": "XX",
        "is": "Ministry of Examples",
        "ci": "URN:UVCI:01:XX:EXAMPLE0003#0",
    }
)
ENTRIES = MappingProxyType({"v": VACCINATION, "t": TEST, "r": RECOVERY})
NAME = MappingProxyType({"fn": "Contoh", "gn": "Budi", "fnt": "CONTOH", "gnt": "BUDI"})


@functools.cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2_048)


def dcc(group: str = "v", **changes: object) -> dict[str, Any]:
    """The EU's certificate with one entry, some of its fields changed; None takes one out."""
    entry = {**ENTRIES[group], **changes}
    kept = {field: value for field, value in entry.items() if value is not None}
    return {"ver": "1.3.0", "nam": dict(NAME), "dob": "1990-01-02", group: [kept]}


def cwt(
    health: object = None,
    expires: object = NOW_S + 3600,
    issued: object = NOW_S - 60,
    not_before: object = None,
) -> dict[int, object]:
    """The claims; `health` is the whole health claim, by default of a vaccination."""
    claims = {1: "XX", 4: expires, 6: issued, -260: {1: dcc()} if health is None else health}
    return claims if not_before is None else {**claims, 5: not_before}


def signature(key: PrivateKey, signed: bytes) -> bytes:
    """As COSE wants it: r and s by an elliptic key, PSS by an RSA one."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def message(
    payload: object,
    protected: object = MappingProxyType({1: ES256, 4: KID}),
    unprotected: object = MappingProxyType({}),
    key: PrivateKey = KEY,
) -> list[Any]:
    """The four parts of a COSE_Sign1; bytes are taken as they are, all else is encoded."""
    body = payload if isinstance(payload, bytes) else cbor2.dumps(payload)
    headers = protected if isinstance(protected, bytes) else cbor2.dumps(_plain(protected))
    signed = cbor2.dumps(["Signature1", headers, b"", body])
    return [headers, _plain(unprotected), body, signature(key, signed)]


def text(parts: object, tag: bytes = b"\xd2", level: int = 9) -> bytes:
    """The text of a QR code; bytes are the message as it is."""
    data = parts if isinstance(parts, bytes) else tag + cbor2.dumps(parts)
    return packed(zlib.compress(data, level))


def packed(data: bytes) -> bytes:
    """The base45 of what should be a zlib stream."""
    return (PREFIX + base45.encode(data)).encode()


def certificate(
    health: object = None,
    expires: object = NOW_S + 3600,
    issued: object = NOW_S - 60,
    not_before: object = None,
) -> bytes:
    """The text of a good certificate, or of one with other claims."""
    return text(message(cwt(health, expires, issued, not_before)))


def signer(
    key: PrivateKey = KEY,
    algorithm: Algorithm = Algorithm.ES256,
    *,
    issuer: str = "XX",
    usages: frozenset[Usage] = frozenset(Usage),
    not_before_s: int = 0,
    not_after_s: int = TIME_S_END,
) -> SignerKey:
    """A key of the trust list."""
    return SignerKey(
        key.public_key(), frozenset({algorithm}), issuer, usages, not_before_s, not_after_s
    )


def trusting(
    *signers: SignerKey,
    kid: bytes = KID,
    created_s: int = NOW_S - 60,
    expires_s: int = TIME_S_END,
    revoked: frozenset[bytes] = frozenset(),
) -> TrustList:
    """A trust list of the day with these keys under one key id."""
    public = PublicTrust(
        version=1,
        created_s=created_s,
        expires_s=expires_s,
        hcert=MappingProxyType({kid: signers}),
        hcert_revoked=revoked,
    )
    return TrustList(MappingProxyType({}), public=public)


TRUST = trusting(signer())


def outcome(
    payload: bytes, trust: TrustList = TRUST, now: WallTime = NOW
) -> Examined | CredentialError:
    """What becomes of a code; any other exception fails the test."""
    try:
        return examine(payload, trust, now)
    except CredentialError as refused:
        return refused


def reason(payload: bytes, trust: TrustList = TRUST, now: WallTime = NOW) -> Reason | None:
    """Why it is refused, or None."""
    found = outcome(payload, trust, now)
    return found.reason if isinstance(found, CredentialError) else None


def accepted(payload: bytes, trust: TrustList = TRUST, now: WallTime = NOW) -> Examined:
    """The test fails where it is refused."""
    return examine(payload, trust, now)


def only(usage: Usage) -> TrustList:
    """A ministry whose key attests one kind of thing."""
    return trusting(signer(usages=frozenset({usage})))


def _plain(headers: object) -> object:
    return dict(headers) if isinstance(headers, Mapping) else headers
