"""Test cases in the form of the public suites, around certificates of our own keys."""

from __future__ import annotations

import base64
import datetime as dt
import json
import zlib
from typing import Any

import cbor2
import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID, ObjectIdentifier

from gate.credential import base45, base64url
from gate.credential.shc import numeric

KEY = derive_private_key(7, SECP256R1())
OTHER = derive_private_key(8, SECP256R1())
NOON = "2026-03-01T08:00:00Z"
NOON_S = 1_772_352_000
"""The same moment, in Unix seconds."""
ISSUER, KID = "https://issuer.invalid/cards", "key-of-the-issuer"
HEADER = {"alg": "ES256", "zip": "DEF", "kid": KID}
HCERT_KID = b"\1\2\3\4\5\6\7\x08"
_SEALS = ObjectIdentifier("2.23.136.1.1.14.2")

Json = dict[str, Any]

DCC: Json = {
    "ver": "1.3.0",
    "nam": {"fn": "Contoh", "gn": "Budi", "fnt": "CONTOH", "gnt": "BUDI"},
    "dob": "1990-01-02",
    "v": [
        {"tg": "840539006", "vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215"}
        | {"dn": 2, "sd": 2, "dt": "2026-01-15", "co": "XX", "is": "Invented ministry"}
        | {"ci": "URN:UVCI:01:XX:1"}
    ],
}


def es256(key: EllipticCurvePrivateKey, signed: bytes) -> bytes:
    """r and s, 32 bytes each."""
    r, s = decode_dss_signature(key.sign(signed, ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def public_pem() -> str:
    """Of `KEY`."""
    form = PublicFormat.SubjectPublicKeyInfo
    return KEY.public_key().public_bytes(Encoding.PEM, form).decode()


def certificate(
    key: EllipticCurvePrivateKey, subject: str = "CSCA", *, seals: bool = False
) -> bytes:
    """Of that key, signed by `KEY` under the name CSCA."""
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "ID")
    names = [
        x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, name)])
        for name in (subject, "CSCA")
    ]
    made = (
        x509.CertificateBuilder(names[1], names[0], key.public_key(), 7)
        .not_valid_before(dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2028, 1, 1, tzinfo=dt.UTC))
    )
    if seals:
        made = made.add_extension(x509.ExtendedKeyUsage([_SEALS]), critical=False)
    return made.sign(KEY, SHA256()).public_bytes(Encoding.DER)


def _case(name: str, reason: str | None, **fields: Any) -> Json:  # noqa: ANN401 - any JSON
    """A case; a field of None is left out."""
    decision = "accept" if reason is None else "reject"
    found = {
        "id": name,
        "source": "synthetic",
        "validation_clock": NOON,
        "expected": {"decision": decision, "reason": reason},
        **fields,
    }
    return {field: value for field, value in found.items() if value is not None}


def claims(rid: str = "card", **more: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Of a card that was issued an hour ago."""
    subject = {"fhirVersion": "4.0.1", "fhirBundle": {"resourceType": "Bundle", "entry": []}}
    types = ["https://smarthealth.cards#health-card"]
    credential = {"type": types, "credentialSubject": subject, "rid": rid}
    found = {"iss": ISSUER, "nbf": NOON_S - 3600, "vc": credential, **more}
    return json.dumps(found).encode()


def jws(header: Json, payload: bytes, key: EllipticCurvePrivateKey = KEY) -> bytes:
    """A compact JWS with a deflated payload."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(payload) + packer.flush()
    signed = base64url.encode(json.dumps(header).encode()) + b"." + base64url.encode(packed)
    return signed + b"." + base64url.encode(es256(key, signed))


def card(payload: bytes, key: EllipticCurvePrivateKey = KEY) -> str:
    """The text of a SMART Health Card."""
    return numeric.encode(jws(HEADER, payload, key)).decode()


def _jwk() -> Json:
    numbers = KEY.public_key().public_numbers()
    x, y = (base64url.encode(n.to_bytes(32)).decode() for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KID, "x": x, "y": y}


def edwards_jwk() -> Json:
    """A key of another family under the same id."""
    raw = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "kid": KID, "x": base64url.encode(raw).decode()}


def card_case(name: str, reason: str | None = None, **fields: Any) -> Json:  # noqa: ANN401
    """A case around a card: genuine, unless the fields say otherwise."""
    wrong_curve = {"iss": ISSUER, "jwk": {"kty": "EC", "crv": "P-384", "kid": KID}}
    trust = [{"iss": ISSUER, "jwk": _jwk()}, wrong_curve]
    genuine = {"format": "shc", "qr_text": card(claims()), "trust": trust}
    return _case(name, reason, **(genuine | fields))


def hcert_case(
    name: str, reason: str | None = None, certificate_der: bytes | None = None, keys: int = 1
) -> Json:
    """A case around a vaccination, with several keys under its id."""
    payload = cbor2.dumps({1: "ID", 4: NOON_S + 3600, 6: NOON_S - 3600, -260: {1: DCC}})
    headers = cbor2.dumps({1: -7, 4: HCERT_KID})
    signature = es256(KEY, cbor2.dumps(["Signature1", headers, b"", payload]))
    message = cbor2.dumps(cbor2.CBORTag(18, [headers, {}, payload, signature]))
    others = [certificate(OTHER, "other")] * (keys - 1)
    trust = [
        {
            "kid_b64": base64.b64encode(HCERT_KID).decode(),
            "cert_der_b64": base64.b64encode(each).decode(),
        }
        for each in (*others, certificate_der or certificate(KEY))
    ]
    text = "HC1:" + base45.encode(zlib.compress(message))
    return _case(name, reason, format="hcert", qr_text=text, trust=trust)


def seal_case(
    name: str,
    reason: str | None = None,
    anchor: bytes | None = certificate(KEY),
) -> Json:
    """A case around a VDS-NC whose signer `KEY` vouches for."""
    dose = {"adm": "Puskesmas Contoh", "ctr": "IDN", "dvc": "2026-01-15", "seq": 1}
    event = {"des": "XM68M6", "dis": "RA01.0", "nam": "Invented", "vd": [dose]}
    data: Json = {
        "hdr": {"is": "IDN", "t": "icao.vacc", "v": 1},
        "msg": {"pid": {"n": "CONTOH  BUDI"}, "uvci": "XX1", "ve": [event]},
    }
    seal = {
        "alg": "ES256",
        "cer": base64url.encode(certificate(OTHER, "signer", seals=True)).decode(),
        "sigvl": base64url.encode(es256(OTHER, rfc8785.dumps(data))).decode(),
    }
    trust = [] if anchor is None else [{"csca_der_b64": base64.b64encode(anchor).decode()}]
    text = json.dumps({"data": data, "sig": seal})
    return _case(name, reason, format="vds-nc", qr_text=text, trust=trust)
