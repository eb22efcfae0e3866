"""VDS-NC for tests: Utopia (Doc 9303-3), its barcode signer, and what it can be made to sign."""

import copy
import hashlib
import json
from types import MappingProxyType
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import structs

from gate.credential import base64url
from gate.credential.model import CredentialError, Examined
from gate.credential.publictrust import PublicTrust, SignerKey
from gate.credential.signature import Algorithm
from gate.credential.trust import TrustList
from gate.credential.verify import examine
from gate.reasons import Reason
from gate.walltime import WallTime

KEY = ec.derive_private_key(0x5EA1_5EA1_5EA1, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(0x0BAD_5EA1, ec.SECP256R1())
NOW_S = 1_800_000_000
NOW = WallTime(NOW_S * 1000)
CERTIFICATE = b"\x30\x82\x01\x2c" + bytes(300)
"""The gate only looks it up: one DER SEQUENCE is as good as another."""
FINGERPRINT = hashlib.sha256(CERTIFICATE).digest()
SIGNER = SignerKey(
    KEY.public_key(),
    frozenset({Algorithm.ES256}),
    "UT",
    not_before_s=NOW_S - 1000,
    not_after_s=NOW_S + 1000,
)
PUBLIC = PublicTrust(version=1, created_s=NOW_S, vds={FINGERPRINT: SIGNER})

_PERSON = {"n": "CONTOH  BUDI", "dob": "1990-01-02", "i": "X0000001", "sex": "X"}
_VACCINATION: dict[str, Any] = {
    "uvci": "UT0000000001",
    "pid": _PERSON,
    "ve": [
        {
            "des": "XM68M6",
            "dis": "RA01.0",
            "nam": "Example vaccine",
            "vd": [
                {"dvc": "2021-04-02", "seq": 1, "ctr": "UTO", "adm": "Contoh", "lot": "A1"},
                {"dvc": "2021-06-01", "seq": 2, "ctr": "UTO", "adm": "Contoh", "lot": "A2"},
            ],
        },
        {
            "des": "XM0GQ8",
            "nam": "Another vaccine",
            "vd": [{"dvc": "2021-12-24", "seq": 3, "ctr": "UTO", "lot": "B1"}],
        },
    ],
}
_TEST: dict[str, Any] = {
    "utci": "UT0000000002",
    "pid": {"n": "CONTOH  BUDI", "dob": "1990-01-02", "dt": "P", "dn": "X0000001"},
    "sp": {"spn": "Contoh", "ctr": "UTO", "cd": {"p": "0", "e": "0", "a": "0"}},
    "dat": {"sc": "2021-08-17T08:00:00+07:00", "ri": "2021-08-17T09:00:00+07:00"},
    "tr": {"tc": "molecular(PCR)", "r": "negative", "m": "saliva"},
}
MESSAGES = MappingProxyType({"icao.vacc": _VACCINATION, "icao.test": _TEST})


def data(kind: str = "icao.vacc") -> dict[str, Any]:
    """What an issuer would sign, to be spoilt."""
    message = copy.deepcopy(MESSAGES[kind])
    return {"hdr": {"t": kind, "v": 1, "is": "UTO"}, "msg": message}


def raw_signature(signed: bytes, key: ec.EllipticCurvePrivateKey = KEY) -> bytes:
    """r and s as such."""
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def text_of(signature: bytes) -> str:
    """Base64url."""
    return base64url.encode(signature).decode()


def seal(content: dict[str, Any] | None = None, **sig: object) -> bytes:
    """A code, signed as it should be, whose `sig` has these members instead; None leaves out."""
    content = data() if content is None else content
    proof: dict[str, object] = {
        "alg": "ES256",
        "cer": text_of(CERTIFICATE),
        "sigvl": text_of(raw_signature(rfc8785.dumps(content))),
    } | sig
    kept = {name: value for name, value in proof.items() if value is not None}
    return json.dumps({"data": content, "sig": kept}).encode()


def accepted(payload: bytes, public: PublicTrust = PUBLIC, now: WallTime = NOW) -> Examined:
    """What a genuine code attests."""
    return examine(payload, TrustList({}, public=public), now)


def refusal(payload: bytes, public: PublicTrust = PUBLIC, now: WallTime = NOW) -> Reason:
    """Why that code is refused."""
    try:
        accepted(payload, public, now)
    except CredentialError as refused:
        return refused.reason
    raise AssertionError("the code was taken")


def trusting(**changes: object) -> PublicTrust:
    """A list whose only signer is otherwise."""
    return structs.replace(PUBLIC, vds={FINGERPRINT: structs.replace(SIGNER, **changes)})
