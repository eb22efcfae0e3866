"""SMART Health Cards: as digits, parts, JWS, and as claims or a header that an issuer signs."""

import json
import zlib

from fuzzkit import NOON_S, NOW, STATE, Target, es256, is_signed, judged, never_fails, signed_as

from gate.credential import base64url, shc
from gate.credential.model import CredentialError
from gate.credential.publictrust import CardRevocations, PublicTrust, SignerKey
from gate.credential.shc import numeric, verify_jws
from gate.credential.shc.chunks import EMPTY, PART_KEPT_NS, taken
from gate.credential.signature import Algorithm
from gate.credential.trust import TrustList
from gate.credential.verify import examine

_KID, _ISSUER = "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s", "https://issuer.invalid/cards"
_TRUST = TrustList(
    {},
    public=PublicTrust(
        created_s=NOON_S,
        shc={_KID: (SignerKey(STATE.public_key(), frozenset({Algorithm.ES256}), _ISSUER),)},
        shc_revoked={_KID: CardRevocations({"taken-back": NOON_S})},
    ),
)
_LINES_MAX = 40
_TENS = bytes(48 + (byte - 45) // 10 % 10 for byte in range(256))
_ONES = bytes(48 + (byte - 45) % 10 for byte in range(256))
_HEADER = json.dumps({"alg": "ES256", "zip": "DEF", "kid": _KID}).encode()


def _claims(number: int, resource: dict[str, object], **more: object) -> bytes:
    subject = {
        "fhirVersion": "4.0.1",
        "fhirBundle": {"resourceType": "Bundle", "entry": [{"resource": resource}]},
    }
    types = ["https://smarthealth.cards#health-card"]
    credential = {"type": types, "credentialSubject": subject, "rid": f"card-{number}"}
    claims = {"iss": _ISSUER, "nbf": NOON_S - 3_600.5, "vc": credential, **more}
    return json.dumps(claims, separators=(",", ":")).encode()


_CLAIMS = (
    _claims(
        1,
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "208"}]},
            "occurrenceDateTime": "2026-11-01",
            "protocolApplied": [{"doseNumberPositiveInt": 2, "seriesDosesPositiveInt": 2}],
        },
    ),
    _claims(
        2,
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "94558-4"}]},
            "effectiveDateTime": "2027-01-15T07:00:00Z",
            "valueCodeableConcept": {
                "coding": [{"system": "http://snomed.info/sct", "code": "260415000"}]
            },
        },
        exp=NOON_S + 3_600,
    ),
)


def _deflated(data: bytes) -> bytes:
    return zlib.compress(data, 1, wbits=-15)


def _jws(header: bytes, compressed: bytes, *, signed: bool = True) -> bytes:
    signing_input = base64url.encode(header) + b"." + base64url.encode(compressed)
    signature = es256(STATE, signing_input) if signed else bytes(64)
    return signing_input + b"." + base64url.encode(signature)


def _digits(jws: bytes) -> bytes:
    """The text of a card in one piece, quick and without checks."""
    text = bytearray(2 * len(jws))
    text[0::2] = jws.translate(_TENS)
    text[1::2] = jws.translate(_ONES)
    return numeric.PREFIX + text


_JWS = tuple(_jws(_HEADER, _deflated(claims)) for claims in _CLAIMS)


_GENUINE = signed_as(*_CLAIMS)


def _call(data: bytes) -> None:
    shape, rest = data[:1], data[1:]
    match shape:
        case b"T":
            _call_text(b"shc:/" + rest)
            if is_signed(data):
                never_fails(lambda: shc.read(b"shc:/" + rest), CredentialError)
        case b"J":
            judged(lambda: verify_jws(rest, _TRUST, NOW), _GENUINE)
        case b"K":
            _call_parts(rest)
        case b"C":
            _call_signed(_HEADER, _deflated(rest), rest)
        case b"D":
            _call_signed(_HEADER, rest, None)
        case b"H":
            _call_signed(rest, _deflated(_CLAIMS[0]), _CLAIMS[0])
        case _:
            _call_text(data)


def _call_text(text: bytes) -> None:
    judged(lambda: examine(text, _TRUST, NOW), _GENUINE)


def _call_signed(header: bytes, compressed: bytes, claims: bytes | None) -> None:
    """The issuer signs what the fuzzer wrote: whatever is accepted must be just that."""
    if not is_signed(header + compressed):
        jws = _jws(header, compressed, signed=False)
        never_fails(lambda: shc.read(_digits(jws)), CredentialError)
        return
    jws = _jws(header, compressed)
    if claims is None:
        never_fails(lambda: verify_jws(jws, _TRUST, NOW), CredentialError)
    else:
        judged(lambda: verify_jws(jws, _TRUST, NOW), signed_as(claims))


def _call_parts(rest: bytes) -> None:
    """Codes shown one after another, one a line; the time between grows with the line."""
    chunks, now_ns = EMPTY, 0
    for line in rest.split(b"\n", _LINES_MAX):
        now_ns += len(line) * PART_KEPT_NS // 1_000
        try:
            chunks, whole = taken(chunks, line, now_ns)
        except CredentialError:
            chunks = EMPTY
            continue
        if whole is not None and whole.startswith(numeric.PREFIX):
            _call_text(whole)


def _parts(jws: bytes) -> bytes:
    digits = numeric.encode(jws)[len(numeric.PREFIX) :]
    half = len(digits) // 4 * 2
    return b"shc:/1/2/" + digits[:half] + b"\nshc:/2/2/" + digits[half:]


def _seeds() -> list[bytes]:
    return [
        b"T" + numeric.encode(_JWS[0])[len(numeric.PREFIX) :],
        *(b"J" + jws for jws in _JWS),
        b"K" + _parts(_JWS[0]),
        *(b"C" + claims for claims in _CLAIMS),
        b"C" + _claims(3, {"resourceType": "Immunization"}, exp=1),
        b"D" + _deflated(_CLAIMS[1]),
        b"D" + _deflated(bytes(1 << 18)),
        b"H" + _HEADER,
        numeric.encode(_JWS[1]),
    ]


TARGET = Target(
    "shc",
    _call,
    _seeds,
    bytes_max=6_000,
    words=(b"shc:/1/2/", b'"crit":[]', b'"alg":"none"', b"NaN", b"1e400", b"\\ud800", b'"rid":'),
)
