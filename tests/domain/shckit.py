"""An issuer of SMART Health Cards for tests: its key, its cards, and whoever trusts it."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gate.credential import base64url
from gate.credential.model import CredentialError, Examined
from gate.credential.publictrust import CardRevocations, PublicTrust, SignerKey
from gate.credential.shc import numeric, verify_jws
from gate.credential.signature import Algorithm
from gate.credential.trust import TrustList
from gate.reasons import Reason
from gate.walltime import WallTime

NOW_S = 1_800_000_000
NOW = WallTime(NOW_S * 1000)
KEY = derive_private_key(0xC0FFEE, SECP256R1())
OTHER_KEY = derive_private_key(0xBEEF, SECP256R1())
KID = "key-of-the-tests"
ISSUER = "https://issuer.example/shc"
ES256 = frozenset({Algorithm.ES256})
HEADER = {"zip": "DEF", "alg": "ES256", "kid": KID}
SIGNER = SignerKey(KEY.public_key(), ES256, ISSUER)


def trust(
    *signers: SignerKey, revoked: Mapping[str, int] | None = None, created_s: int = NOW_S
) -> TrustList:
    """A trust list of these signers, all of them under `KID`."""
    return TrustList(
        {},
        public=PublicTrust(
            version=1,
            created_s=created_s,
            shc={KID: signers},
            shc_revoked={KID: CardRevocations(revoked)} if revoked is not None else {},
        ),
    )


TRUST = trust(SIGNER)


def coded(system: str, code: str) -> dict[str, Any]:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]}


def immunization(date: object, code: str = "207", **more: object) -> dict[str, Any]:
    """A completed dose, of a COVID-19 vaccine where `code` is not another CVX code."""
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": coded("http://hl7.org/fhir/sid/cvx", code),
        "occurrenceDateTime": date,
        "patient": {"reference": "resource:0"},
        **more,
    }


PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Contoh", "given": ["Budi"]}],
    "birthDate": "1970-01-01",
}
TWO_DOSES = (PATIENT, immunization("2021-06-01"), immunization("2021-06-29"))


def bundle(*resources: object) -> dict[str, Any]:
    """A FHIR bundle of resources."""
    entries = [{"fullUrl": f"resource:{n}", "resource": each} for n, each in enumerate(resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def credential(*resources: object, **more: object) -> dict[str, Any]:
    """A `vc` claim."""
    return {
        "type": ["https://smarthealth.cards#health-card", "https://smarthealth.cards#covid19"],
        "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": bundle(*resources)},
        **more,
    }


def claims(**changes: object) -> dict[str, Any]:
    """The claims of a card of two doses, with changes; None takes a claim away."""
    found = {"iss": ISSUER, "nbf": NOW_S - 1000, "vc": credential(*TWO_DOSES), **changes}
    return {name: value for name, value in found.items() if value is not None}


def deflated(data: bytes, level: int = 9) -> bytes:
    """A raw DEFLATE stream."""
    deflater = zlib.compressobj(level, wbits=-15)
    return deflater.compress(data) + deflater.flush()


def raw_signature(key: EllipticCurvePrivateKey, signed: bytes) -> bytes:
    """R and s, 32 bytes each."""
    r, s = decode_dss_signature(key.sign(signed, ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def as_json(value: object) -> bytes:
    """The JSON text of a value; bytes stay as they are."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def jws(
    payload: object = None,
    header: object = None,
    *,
    key: EllipticCurvePrivateKey = KEY,
    compressed: bytes | None = None,
) -> bytes:
    """A signed card. Bytes as header or payload are taken as they are."""
    body = as_json(claims() if payload is None else payload)
    head = as_json(HEADER if header is None else header)
    signed = base64url.encode(head) + b"." + base64url.encode(compressed or deflated(body))
    return signed + b"." + base64url.encode(raw_signature(key, signed))


def text(message: bytes) -> bytes:
    """A card's text in one piece."""
    return numeric.encode(message)


def parts(message: bytes, total: int) -> list[bytes]:
    """A card's text in so many parts."""
    size = -(-len(message) // total)
    return [
        b"shc:/%d/%d/" % (index + 1, total)
        + numeric.encode(message[index * size : (index + 1) * size]).removeprefix(b"shc:/")
        for index in range(total)
    ]


def outcome(
    message: bytes, trusted: TrustList = TRUST, now: WallTime = NOW
) -> Examined | CredentialError:
    """What becomes of a JWS; any other exception fails the test."""
    try:
        return verify_jws(message, trusted, now)
    except CredentialError as refused:
        return refused


def refusal(message: bytes, trusted: TrustList = TRUST, now: WallTime = NOW) -> Reason | None:
    """Why a JWS is refused; None if it is not."""
    found = outcome(message, trusted, now)
    return found.reason if isinstance(found, CredentialError) else None
