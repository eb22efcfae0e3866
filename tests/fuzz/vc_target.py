"""W3C certificates: as base64, ZIP, JSON, and as statements that an issuer signs."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from fuzzkit import (
    NOON_S,
    NOW,
    OFFICE,
    BrokenPromise,
    Target,
    in_turn,
    is_signed,
    judged,
    never_fails,
    signed_as,
)

from gate.credential import base64url, vc
from gate.credential.model import CredentialError
from gate.credential.publictrust import PublicTrust, SignerKey
from gate.credential.signature import Algorithm
from gate.credential.trust import TrustList
from gate.credential.vc import archive, document, proof
from gate.credential.vc.canonical import canonical
from gate.credential.verify import examine

if TYPE_CHECKING:
    from collections.abc import Callable

_ISSUER, _METHOD = "https://issuer.invalid/", "did:example:issuer"
_PUBLIC = PublicTrust(
    created_s=NOON_S,
    vc={_METHOD: (SignerKey(OFFICE.public_key(), frozenset({Algorithm.EDDSA}), _ISSUER),)},
)
_TRUST = TrustList({}, public=_PUBLIC)
_NOBODY = TrustList({}, public=PublicTrust(created_s=NOON_S))
_CANONICAL_EVERY = 64
"""The canonical form takes milliseconds, so one input of so many comes as far."""
_HEADER = base64url.encode(b'{"alg":"EdDSA","b64":false,"crit":["b64"]}')
_ADDRESS = {"streetAddress": "Jalan Contoh 1", "city": "Bekasi", "addressCountry": "IDN"}
_STATEMENTS: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/2018/credentials/v1",
        "https://www.pedulilindungi.id/credentials/vaccination/v2",
    ],
    "type": ["VerifiableCredential", "ProofOfVaccinationCredential"],
    "credentialSubject": {
        "type": "Person",
        "id": "did:indonesia:0000000000000000",
        "name": "CONTOH BUDI",
        "dob": "1990-01-02",
        "address": _ADDRESS,
    },
    "issuer": _ISSUER,
    "issuanceDate": "2026-11-02T10:45:55.935Z",
    "evidence": [
        {
            "type": ["Vaccination"],
            "certificateId": "000000000",
            "vaccine": "Invented",
            "date": "2026-11-01T00:00:00.000Z",
            "effectiveStart": "2026-11-01",
            "dose": 2,
            "totalDoses": 2,
            "verifier": {"name": "-"},
            "facility": {"name": "Puskesmas Contoh", "address": _ADDRESS},
        }
    ],
    "nonTransferable": "true",
}
_PROOF = {
    "type": "Ed25519Signature2018",
    "created": "2026-11-02T10:45:55Z",
    "verificationMethod": _METHOD,
    "proofPurpose": "assertionMethod",
}


def _to_be_signed(statements: dict[str, Any]) -> bytes:
    unsigned = proof.parse({**_PROOF, "jws": f"{_HEADER.decode()}..AA"})
    return proof.signed_bytes(unsigned, canonical(statements))


def _with_proof(statements: bytes, signature: bytes) -> bytes:
    """A certificate whose statements are JSON already, an object."""
    jws = f"{_HEADER.decode()}..{base64url.encode(signature).decode()}"
    ending = b',"proof":' + json.dumps({**_PROOF, "jws": jws}).encode() + b"}"
    return statements.removesuffix(b"}") + ending


def _zip(member: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as file:
        file.writestr(zipfile.ZipInfo("certificate.json"), member, method)
    return packed.getvalue()


def _text(packed: bytes) -> bytes:
    return b"B64:" + base64.b64encode(packed)


_PLAIN = json.dumps(_STATEMENTS, separators=(",", ":")).encode()
_SIGNED = _to_be_signed(_STATEMENTS)
_CERTIFICATE = _with_proof(_PLAIN, OFFICE.sign(_SIGNED))
_GENUINE = signed_as(_SIGNED)


def _call(data: bytes) -> None:
    shape, rest = data[:1], data[1:]
    match shape:
        case b"S":
            _call_signed(rest)
            return
        case b"J":
            text = _text(_zip(rest))
        case b"Z":
            text = _text(rest)
        case _:
            text = data
    trust = _TRUST if is_signed(data, _CANONICAL_EVERY) else _NOBODY
    judged(lambda: examine(text, trust, NOW, vc.FORMATS), _GENUINE)
    if is_signed(data):
        never_fails(lambda: vc.read(text), CredentialError)


def _call_signed(statements: bytes) -> None:
    """The issuer signs what the fuzzer wrote, if it is a certificate at all."""
    certificate = _with_proof(statements, bytes(64))
    try:
        parsed = document.parse(certificate)
        if not is_signed(statements, _CANONICAL_EVERY):
            return
        signed = _to_be_signed(dict(parsed.statements))
    except CredentialError:
        return
    text = _text(_zip(_with_proof(statements, OFFICE.sign(signed))))
    judged(lambda: examine(text, _TRUST, NOW, vc.FORMATS), signed_as(signed))


def _seeds() -> list[bytes]:
    """White space in front changes an input's turn, and nothing else."""
    deflated = zipfile.ZIP_DEFLATED
    return [
        _in_turn(lambda spaces: _text(_zip(b" " * spaces + _CERTIFICATE))),
        _in_turn(lambda spaces: b"J" + b" " * spaces + _CERTIFICATE),
        _in_turn(lambda spaces: b"Z" + _zip(b" " * spaces + _CERTIFICATE, deflated)),
        b"S" + _PLAIN,
    ]


def _in_turn(make: Callable[[int], bytes]) -> bytes:
    return in_turn(make, _CANONICAL_EVERY)


TARGET = Target(
    "vc",
    _call,
    _seeds,
    words=(b"PK\x03\x04", b'"@context":', b'"@id":', b'"proof":', b"_:c14n0", b"\\ud800", b"1e400"),
)


def _call_zip(data: bytes) -> None:
    """What is taken has one member, and another reader finds the same bytes in it."""
    try:
        member = archive.member(data)
    except CredentialError:
        return
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        if file.namelist() != ["certificate.json"] or file.read("certificate.json") != member:
            raise BrokenPromise("another member than another reader finds")


def _zip_seeds() -> list[bytes]:
    return [
        _zip(b"{}"),
        _zip(b"{}" * 100, zipfile.ZIP_DEFLATED),
        _zip(bytes(1 << 20), zipfile.ZIP_DEFLATED),
        _zip(zlib.compress(b"{}")),
    ]


ZIP = Target("zip", _call_zip, _zip_seeds, words=(b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"))
