"""One genuine code of every format, made here: what the bench verifies, and what it forges."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import cbor2
import rfc8785
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gate.credential import base45, base64url, native, proof
from gate.credential.model import PASS_KINDS, CredentialKind
from gate.credential.native import PassClaims
from gate.credential.publictrust import PublicTrust, SignerKey
from gate.credential.shc import numeric
from gate.credential.signature import Algorithm
from gate.credential.trust import TrustList, issuer_key, trust_list
from gate.walltime import WallTime

if TYPE_CHECKING:
    from collections.abc import Callable

NOON_S = 1_800_000_000
NOW = WallTime(NOON_S * 1000)
END_S = 4_102_444_800
"""2100: another library looks at this machine's clock, and ours at `NOW`."""
OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STATE = derive_private_key(0x0123456789ABCDEF, SECP256R1())
KEYS_UNDER_ONE_ID = 8
"""As many as a bundle may have."""

KID, KID_OF_MANY, KID_OF_RSA = b"\1" * 8, b"\2" * 8, b"\3" * 8
CARD_KID, CARD_ISSUER = "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s", "https://issuer.invalid/shc"
CARD_KID_OF_MANY = "an id that eight keys share"
CERTIFICATE = b"\x30\x82\x01\x6b" + bytes(363)
"""Of a VDS-NC signer: only its form and its hash are looked at."""
VC_ISSUER, VC_METHOD = "https://issuer.invalid/", "did:example:issuer"


class Sample(NamedTuple):
    """A genuine code, and the floor: the bare checks of its signatures by the library."""

    name: str
    text: bytes
    floor: Callable[[], object]
    ratio_max: float | None = None
    """What verifying may cost above the floor, where a target is set."""


def es256(signed: bytes) -> bytes:
    """The state's signature, r and s."""
    r, s = decode_dss_signature(STATE.sign(signed, ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def _floor_es256(signed: bytes) -> Callable[[], object]:
    key, signature = STATE.public_key(), STATE.sign(signed, ECDSA(SHA256()))
    return lambda: key.verify(signature, signed, ECDSA(SHA256()))


def _floor_eddsa(signed: bytes) -> Callable[[], object]:
    key, signature = OFFICE.public_key(), OFFICE.sign(signed)
    return lambda: key.verify(signature, signed)


def sig_structure(headers: bytes, payload: bytes) -> bytes:
    """What a COSE_Sign1 signs (RFC 9052 section 4.4)."""
    return cbor2.dumps(["Signature1", headers, b"", payload])


def native_sample() -> Sample:
    """A visitor's pass."""
    text = native.issue(PassClaims(CredentialKind.VISITOR, 123_456, NOON_S + 3600, doses=2), OFFICE)
    headers, _, payload, _ = cbor2.loads(base45.decode(text[4:].encode()))
    return Sample("native", text.encode(), _floor_eddsa(sig_structure(headers, payload)), 1.6)


def proof_sample() -> Sample:
    """A staff badge shown live: two signatures."""
    point = STATE.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    claims = PassClaims(CredentialKind.STAFF, 9, NOON_S + 86_400, holder_key=point)
    badge = base45.decode(native.issue(claims, OFFICE)[4:].encode())
    step = proof.step_of(NOON_S)
    signed = proof.to_be_signed(badge, step)
    headers, _, payload, _ = cbor2.loads(badge)
    first, second = _floor_eddsa(sig_structure(headers, payload)), _floor_es256(signed)

    def floor() -> None:
        first()
        second()

    return Sample("native, live", proof.assemble(badge, step, es256(signed)).encode(), floor)


HC1_HEADERS = cbor2.dumps({1: -7, 4: KID})
DCC: dict[str, Any] = {
    "ver": "1.3.0",
    "nam": {"fn": "Contoh", "gn": "Budi Invented", "fnt": "CONTOH", "gnt": "BUDI<INVENTED"},
    "dob": "1990-01-02",
    "v": [
        {"tg": "840539006", "vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215"}
        | {"dn": 2, "sd": 2, "dt": "2026-11-01", "co": "XX", "is": "Invented ministry of health"}
        | {"ci": "URN:UVCI:01:XX:187/37512422923"}
    ],
}
HC1_CLAIMS = cbor2.dumps({1: "XX", 4: END_S, 6: NOON_S - 3600, -260: {1: DCC}})


def hc1_text(headers: bytes, payload: bytes, signature: bytes | None = None) -> bytes:
    """The text of an `HC1:` code; the state signs unless there is a signature."""
    signed = es256(sig_structure(headers, payload)) if signature is None else signature
    message = cbor2.dumps(cbor2.CBORTag(18, [headers, {}, payload, signed]))
    return b"HC1:" + base45.encode(zlib.compress(message, 9)).encode()


def hc1_sample() -> Sample:
    """A vaccination."""
    floor = _floor_es256(sig_structure(HC1_HEADERS, HC1_CLAIMS))
    return Sample("HC1", hc1_text(HC1_HEADERS, HC1_CLAIMS), floor, 2.2)


CARD_HEADER = json.dumps({"zip": "DEF", "alg": "ES256", "kid": CARD_KID}).encode()


def _immunization(number: int) -> dict[str, Any]:
    return {
        "fullUrl": f"resource:{number}",
        "resource": {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "208"}]},
            "patient": {"reference": "resource:0"},
            "occurrenceDateTime": f"2026-11-{number:02d}",
            "performer": [{"actor": {"display": "Invented clinic"}}],
            "lotNumber": f"000000{number}",
        },
    }


def card_claims(entries: list[Any], **more: object) -> bytes:
    """The claims of a card of these FHIR entries, and others."""
    subject = {
        "fhirVersion": "4.0.1",
        "fhirBundle": {"resourceType": "Bundle", "type": "collection", "entry": entries},
    }
    types = [f"https://smarthealth.cards#{word}" for word in ("health-card", "immunization")]
    credential = {"type": types, "credentialSubject": subject}
    claims = {"iss": CARD_ISSUER, "nbf": NOON_S - 3600, "vc": credential, **more}
    return json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()


def card_jws(header: bytes, claims: bytes, signature: bytes | None = None) -> bytes:
    """A card's JWS; the state signs unless there is a signature."""
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(claims) + packer.flush()
    signed = base64url.encode(header) + b"." + base64url.encode(packed)
    return signed + b"." + base64url.encode(es256(signed) if signature is None else signature)


def shc_sample() -> Sample:
    """A card of a patient and two immunizations."""
    patient = {
        "resourceType": "Patient",
        "name": [{"family": "Contoh", "given": ["Budi"]}],
        "birthDate": "1990-01-02",
    }
    entries = [{"fullUrl": "resource:0", "resource": patient}, *map(_immunization, (1, 29))]
    jws = card_jws(CARD_HEADER, card_claims(entries))
    return Sample("SHC", numeric.encode(jws), _floor_es256(jws.rpartition(b".")[0]), 2.7)


def _doses() -> list[dict[str, Any]]:
    place = {"adm": "Puskesmas Contoh", "ctr": "IDN"}
    return [{"dvc": f"2026-1{seq}-01", "lot": f"A{seq}", "seq": seq} | place for seq in (1, 2)]


VDS_DATA: dict[str, Any] = {
    "hdr": {"is": "IDN", "t": "icao.vacc", "v": 1},
    "msg": {
        "pid": {"dob": "1990-01-02", "i": "X0000001", "n": "CONTOH  BUDI", "sex": "X"},
        "uvci": "XX0000000001",
        "ve": [{"des": "XM68M6", "dis": "RA01.0", "nam": "Invented", "vd": _doses()}],
    },
}


def vds_text(data: bytes, signature: bytes) -> bytes:
    """A VDS-NC around data that is JSON already."""
    seal = {
        "alg": "ES256",
        "cer": base64url.encode(CERTIFICATE).decode(),
        "sigvl": base64url.encode(signature).decode(),
    }
    return b'{"data":' + data + b',"sig":' + json.dumps(seal).encode() + b"}"


def vds_sample() -> Sample:
    """A proof of vaccination."""
    data = rfc8785.dumps(VDS_DATA)
    return Sample("VDS-NC", vds_text(data, es256(data)), _floor_es256(data))


_ADDRESS = {"streetAddress": "Jalan Contoh 1", "city": "Bekasi", "addressCountry": "IDN"}
VC_STATEMENTS: dict[str, Any] = {
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
    "issuer": VC_ISSUER,
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
}
_VC_HEADER = base64url.encode(b'{"alg":"EdDSA","b64":false,"crit":["b64"]}').decode()


def vc_certificate(signature: bytes) -> dict[str, Any]:
    """The signed JSON-LD."""
    written = base64url.encode(signature).decode()
    signed = {
        "type": "Ed25519Signature2018",
        "created": "2026-11-02T10:45:55Z",
        "verificationMethod": VC_METHOD,
        "proofPurpose": "assertionMethod",
        "jws": f"{_VC_HEADER}..{written}",
    }
    return {**VC_STATEMENTS, "proof": signed}


def vc_text(member: bytes) -> bytes:
    """A ZIP of one file, as PeduliLindungi wrote it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("certificate.json", member)
    return b"B64:" + base64.b64encode(packed.getvalue())


def vc_sample() -> Sample:
    """A vaccination; the extra must be there."""
    from gate.credential.vc import proof as linked  # noqa: PLC0415 - needs the extra
    from gate.credential.vc.canonical import canonical  # noqa: PLC0415

    unsigned = linked.parse(vc_certificate(bytes(64))["proof"])
    signed = linked.signed_bytes(unsigned, canonical(VC_STATEMENTS))
    member = json.dumps(vc_certificate(OFFICE.sign(signed))).encode()
    return Sample("W3C VC", vc_text(member), _floor_eddsa(signed))


RSA = rsa.generate_private_key(65_537, 4_096)
"""The longest key that a trust list takes."""


def rsa_signature(signed: bytes) -> bytes:
    """By PS256."""
    return RSA.sign(signed, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())


def trust() -> TrustList:
    """Everybody who signed a sample."""
    state = SignerKey(STATE.public_key(), frozenset({Algorithm.ES256}), "ID")
    others = tuple(
        SignerKey(derive_private_key(n, SECP256R1()).public_key(), state.algorithms, "ID")
        for n in range(1, KEYS_UNDER_ONE_ID + 1)
    )
    long_key = SignerKey(RSA.public_key(), frozenset({Algorithm.PS256}), "ID")
    issuer = SignerKey(OFFICE.public_key(), frozenset({Algorithm.EDDSA}), VC_ISSUER)
    public = PublicTrust(
        created_s=NOON_S,
        hcert={KID: (state,), KID_OF_MANY: others, KID_OF_RSA: (long_key,)},
        shc={
            CARD_KID: (SignerKey(STATE.public_key(), state.algorithms, CARD_ISSUER),),
            CARD_KID_OF_MANY: others,
        },
        vds={hashlib.sha256(CERTIFICATE).digest(): state},
        vc={VC_METHOD: (issuer,)},
    )
    raw = OFFICE.public_key().public_bytes_raw()
    own = trust_list([issuer_key(raw, "Test office", PASS_KINDS)])
    return TrustList(own.keys, public=public)
