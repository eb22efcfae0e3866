"""VDS-NC: as JSON, and as data that a state signs."""

import hashlib
import json

import rfc8785
from fuzzkit import NOON_S, NOW, STATE, Target, es256, is_signed, judged, never_fails, signed_as

from gate.credential import base64url, vdsnc
from gate.credential.model import CredentialError
from gate.credential.publictrust import PublicTrust, SignerKey
from gate.credential.signature import Algorithm
from gate.credential.trust import TrustList
from gate.credential.verify import examine

_CERTIFICATE = b"\x30\x10" + bytes(range(16))
"""Only its hash is looked at."""
_TRUST = TrustList(
    {},
    public=PublicTrust(
        created_s=NOON_S,
        vds={
            hashlib.sha256(_CERTIFICATE).digest(): SignerKey(
                STATE.public_key(), frozenset({Algorithm.ES256}), "ID"
            )
        },
    ),
)
_DATA = (
    {
        "hdr": {"is": "IDN", "t": "icao.vacc", "v": 1},
        "msg": {
            "pid": {"dob": "1990-01-02", "i": "X0000001", "n": "CONTOH  BUDI", "sex": "X"},
            "uvci": "XX0000000001",
            "ve": [
                {
                    "des": "XM68M6",
                    "dis": "RA01.0",
                    "nam": "Invented",
                    "vd": [
                        {"adm": "Puskesmas", "ctr": "IDN", "dvc": "2026-11-01", "seq": 1},
                        {"adm": "Puskesmas", "ctr": "IDN", "dvc": "2026-12-01", "seq": 2},
                    ],
                }
            ],
        },
    },
    {
        "hdr": {"is": "IDN", "t": "icao.test", "v": 1},
        "msg": {
            "dat": {"ri": "2027-01-15T09:00:00+07:00", "sc": "2027-01-15T07:00:00+07:00"},
            "pid": {"dob": "1990-01-02", "n": "CONTOH  BUDI"},
            "tr": {"m": "swab", "r": "negative", "tc": "molecular"},
            "utci": "T1",
        },
    },
)


def _signed_json(data: object) -> bytes:
    return rfc8785.dumps(data)  # type: ignore[arg-type]  # its types know no object


def _code(data: bytes, signature: bytes) -> bytes:
    """The text around data that is JSON already."""
    signed = {
        "alg": "ES256",
        "cer": base64url.encode(_CERTIFICATE).decode(),
        "sigvl": base64url.encode(signature).decode(),
    }
    return b'{"data":' + data + b',"sig":' + json.dumps(signed).encode() + b"}"


_GENUINE = signed_as(*map(_signed_json, _DATA))


def _call(data: bytes) -> None:
    shape, rest = data[:1], data[1:]
    match shape:
        case b"D":
            _call_signed(rest)
        case _:
            judged(lambda: examine(data, _TRUST, NOW), _GENUINE)
            if is_signed(data):
                never_fails(lambda: vdsnc.read(data), CredentialError)


def _call_signed(data: bytes) -> None:
    """The state signs what the fuzzer wrote, in its canonical form where it has one."""
    if not is_signed(data):
        never_fails(lambda: vdsnc.read(_code(data, bytes(64))), CredentialError)
        return
    try:
        signed = _signed_json(json.loads(data))
    except (ValueError, RecursionError, rfc8785.CanonicalizationError):
        signed = data
    code = _code(data, es256(STATE, signed))
    judged(lambda: examine(code, _TRUST, NOW), signed_as(signed))


def _seeds() -> list[bytes]:
    plain = [_signed_json(data) for data in _DATA]
    return [
        *(b"D" + data for data in plain),
        *(_code(data, es256(STATE, data)) for data in plain),
        json.dumps(json.loads(_code(plain[0], es256(STATE, plain[0]))), indent=1).encode(),
    ]


TARGET = Target(
    "vdsnc",
    _call,
    _seeds,
    words=(b'"data":', b"1e0", b"9007199254740993", b"\\ud800", b"\\u202e", b"NaN", b'"":'),
)
