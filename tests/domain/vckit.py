"""W3C certificates for tests: an invented ministry, its keys, and what it can be made to sign."""

import base64
import copy
import functools
import io
import json
import zipfile
import zlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import structs

from gate.credential import base64url
from gate.credential.model import CredentialError, Examined
from gate.credential.publictrust import PublicTrust, SignerKey
from gate.credential.signature import Algorithm
from gate.credential.trust import TrustList
from gate.credential.vc import FORMATS, canonical, contexts, proof
from gate.credential.verify import examine
from gate.reasons import Reason
from gate.walltime import WallTime

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
NOW_S = 1_800_000_000
NOW = WallTime(NOW_S * 1000)
METHOD = "did:example:ministry"
ISSUER = "https://ministry.example/"
SIGNER = SignerKey(
    KEY.public_key(),
    frozenset({Algorithm.EDDSA}),
    ISSUER,
    not_before_s=NOW_S - 1000,
    not_after_s=NOW_S + 1000,
)
PUBLIC = PublicTrust(version=1, created_s=NOW_S, vc={METHOD: (SIGNER,)})
NAMESPACE = "https://www.pedulilindungi.id/credentials/vaccination/v2"
HEADER = {"alg": "EdDSA", "b64": False, "crit": ["b64"]}
_ADDRESS = {
    "streetAddress": "Jalan Contoh 1",
    "streetAddress2": "",
    "district": "-",
    "city": "",
    "addressRegion": "-",
    "addressCountry": "IDN",
    "postalCode": "-",
}
_CERTIFICATE: dict[str, Any] = {
    "@context": [contexts.W3C, NAMESPACE],
    "type": ["VerifiableCredential", "ProofOfVaccinationCredential"],
    "credentialSubject": {
        "type": "Person",
        "id": "did:example:0000",
        "refId": "0000",
        "name": "BUDI CONTOH",
        "gender": "-",
        "age": "35",
        "nationality": "Indonesia",
        "address": _ADDRESS,
        "dob": "1990-01-02",
    },
    "issuer": ISSUER,
    "issuanceDate": "2027-01-15T07:59:00.500Z",
    "evidence": [
        {
            "certificateId": "000000000",
            "type": ["Vaccination"],
            "batch": "000000X",
            "vaccine": "Example vaccine",
            "manufacturer": "-",
            "date": "2021-08-17T00:00:00.000Z",
            "effectiveStart": "2021-08-17",
            "effectiveUntil": "2022-08-17",
            "dose": 1,
            "totalDoses": 2,
            "verifier": {"name": "-"},
            "facility": {"name": "Puskesmas Contoh", "address": _ADDRESS},
            "feedbackUrl": "https://ministry.example/?000000000",
            "icd11Code": "",
            "prophylaxis": "",
        }
    ],
    "nonTransferable": "true",
}
"""`NOW_S` is 2027-01-15T08:00:00Z."""
PROOF: dict[str, Any] = {
    "type": "Ed25519Signature2018",
    "created": "2027-01-15T07:59:00Z",
    "verificationMethod": METHOD,
    "proofPurpose": "assertionMethod",
}


def certificate() -> dict[str, Any]:
    """What an issuer would sign, to be spoilt."""
    return copy.deepcopy(_CERTIFICATE)


def put(document: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The document with one value in it replaced; `...` takes it away."""
    *way, last = path.split(".")
    place: Any = document
    for step in way:
        place = place[0] if step == "0" else place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return document


@functools.cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """One of DIVOC's kind; made once, because making one takes a while."""
    return rsa.generate_private_key(65537, bits)


def sign(
    statements: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    key: Ed25519PrivateKey | rsa.RSAPrivateKey = KEY,
    **changes: object,
) -> dict[str, Any]:
    """A signed certificate, whose proof has these members instead; None leaves one out."""
    statements = certificate() if statements is None else statements
    header = HEADER if header is None else header
    options = PROOF | changes
    parsed = proof.parse(
        {name: value for name, value in options.items() if value is not None and name != "jws"}
        | {"jws": f"{_header(header)}.."}
    )
    signed = proof.signed_bytes(parsed, canonical.canonical(statements))
    options.setdefault(
        "jws", f"{_header(header)}..{base64url.encode(_made(key, header, signed)).decode()}"
    )
    return statements | {"proof": {k: v for k, v in options.items() if v is not None}}


def _header(header: dict[str, Any]) -> str:
    return base64url.encode(json.dumps(header, separators=(",", ":")).encode()).decode()


def _made(
    key: Ed25519PrivateKey | rsa.RSAPrivateKey, header: dict[str, Any], signed: bytes
) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(signed)
    if header["alg"] == "RS256":
        return key.sign(signed, padding.PKCS1v15(), SHA256())
    return key.sign(signed, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())


def zipped(
    data: bytes, name: str = "certificate.json", method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """An archive as Python makes it."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2021, 8, 17, 0, 0, 0)), data, method)
    return sink.getvalue()


def streamed(data: bytes) -> bytes:
    """An archive as PeduliLindungi made it: no time, and sums behind the data."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    name = b"certificate.json"
    sums = b"".join(n.to_bytes(4, "little") for n in (zlib.crc32(data), len(packed), len(data)))
    shared = bytes((20, 0, 8, 0, 8, 0, 0, 0, 0, 0))
    size = len(name).to_bytes(2, "little")
    body = b"PK\3\4" + shared + bytes(12) + size + bytes(2) + name + packed + b"PK\7\x08" + sums
    entry = b"PK\1\2" + b"\x14\0" + shared + sums + size + bytes(16) + name
    where = len(entry).to_bytes(4, "little") + len(body).to_bytes(4, "little")
    return body + entry + b"PK\5\6" + bytes(4) + b"\1\0\1\0" + where + bytes(2)


def code(document: object = None) -> bytes:
    """The text of a QR code; of bytes, as they are."""
    document = sign() if document is None else document
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return text(zipped(data))


def text(archive: bytes) -> bytes:
    """As PeduliLindungi put archives into QR codes."""
    return b"B64:" + base64.b64encode(archive)


def accepted(payload: bytes, public: PublicTrust = PUBLIC, now: WallTime = NOW) -> Examined:
    """What a genuine code attests."""
    return examine(payload, TrustList({}, public=public), now, FORMATS)


def refusal(payload: bytes, public: PublicTrust = PUBLIC, now: WallTime = NOW) -> Reason:
    """Why that code is refused."""
    try:
        accepted(payload, public, now)
    except CredentialError as refused:
        return refused.reason
    raise AssertionError("the code was taken")


def trusting(**changes: object) -> PublicTrust:
    """A list whose only signer is otherwise."""
    return structs.replace(PUBLIC, vc={METHOD: (structs.replace(SIGNER, **changes),)})
