"""Health certificates: as text, stream, envelope, and as claims or headers that a state signs."""

import hashlib
import zlib

import cbor2
from fuzzkit import (
    NOON_S,
    NOW,
    STATE,
    Target,
    base45,
    es256,
    is_signed,
    judged,
    never_fails,
    signed_as,
)

from gate.credential import hcert
from gate.credential.model import CredentialError
from gate.credential.publictrust import PublicTrust, SignerKey, Usage
from gate.credential.signature import Algorithm
from gate.credential.trust import TrustList
from gate.credential.verify import examine

_KID, _KID_OF_TESTS = b"\x00\x11\x22\x33\x44\x55\x66\x77", b"\x88\x99\xaa\xbb\xcc\xdd\xee\xff"
_ES256 = frozenset({Algorithm.ES256})
_TRUST = TrustList(
    {},
    public=PublicTrust(
        created_s=NOON_S,
        hcert={
            _KID: (SignerKey(STATE.public_key(), _ES256, "XX"),),
            _KID_OF_TESTS: (SignerKey(STATE.public_key(), _ES256, "XX", frozenset({Usage.TEST})),),
        },
        hcert_revoked=frozenset({hashlib.sha256(b"URN:UVCI:01:XX:TAKENBACK").digest()[:16]}),
    ),
)
_HEADERS = cbor2.dumps({1: -7, 4: _KID})
_NAME = {"fn": "Contoh", "gn": "Budi", "fnt": "CONTOH", "gnt": "BUDI"}
_COMMON = {"tg": "840539006", "co": "XX", "is": "Invented ministry"}
_ENTRIES = (
    {
        "v": [
            _COMMON
            | {"vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215", "dn": 2, "sd": 2}
            | {"dt": "2026-11-01", "ci": "URN:UVCI:01:XX:1"}
        ]
    },
    {
        "t": [
            _COMMON
            | {"tt": "LP6464-4", "nm": "Invented", "sc": "2027-01-15T07:00:00Z"}
            | {"tr": "260415000", "tc": "Here", "ci": "URN:UVCI:01:XX:2"}
        ]
    },
    {
        "r": [
            _COMMON
            | {"fr": "2026-10-01", "df": "2026-10-15", "du": "2027-03-01"}
            | {"ci": "URN:UVCI:01:XX:TAKENBACK"}
        ]
    },
)
_PAYLOADS = (
    *(
        cbor2.dumps(
            {
                1: "XX",
                4: NOON_S + 86_400,
                6: NOON_S - 3_600.5,
                -260: {1: {"ver": "1.3.0", "nam": _NAME, "dob": "1990-01-02", **entry}},
            }
        )
        for entry in _ENTRIES
    ),
    cbor2.dumps(
        {
            1: "XX",
            4: NOON_S + 86_400,
            6: NOON_S,
            -260: {-6: {"n": "Budi Contoh", "v": [{"vp": "XM68M6", "dt": "2026-11-01"}]}},
        }
    ),
)
_ENVELOPES = tuple(
    cbor2.dumps(cbor2.CBORTag(18, [_HEADERS, {}, payload, es256(STATE, signed)]))
    for payload in _PAYLOADS
    for signed in (cbor2.dumps(["Signature1", _HEADERS, b"", payload]),)
)


_KEYS_THAT_COLLIDE = b"".join(
    b"\xa1\x20\xa1\x20\x88" + bytes(0x20 + (number >> bit & 1) for bit in range(8)) + b"\x00"
    for number in range(100)
)
"""Pairs whose keys, frozen maps, all have one hash in Python."""
_COLLIDING = b"\xb8\x64" + _KEYS_THAT_COLLIDE


_GENUINE = signed_as(*_PAYLOADS)


def _text(envelope: bytes) -> bytes:
    return b"HC1:" + base45(zlib.compress(envelope, 1))


def _call(data: bytes) -> None:
    shape, rest = data[:1], data[1:]
    match shape:
        case b"T":
            text = b"HC1:" + rest
        case b"Z":
            text = b"HC1:" + base45(rest)
        case b"E":
            text = _text(rest)
        case b"P":
            _call_signed(_HEADERS, rest)
            return
        case b"H":
            _call_signed(rest, _PAYLOADS[0])
            return
        case _:
            text = data
    judged(lambda: examine(text, _TRUST, NOW), _GENUINE)
    if is_signed(data):
        never_fails(lambda: hcert.read(text), CredentialError)


def _call_signed(headers: bytes, payload: bytes) -> None:
    """The state signs what the fuzzer wrote: whatever is accepted must be just that."""
    signed = cbor2.dumps(["Signature1", headers, b"", payload])
    if is_signed(signed):
        envelope = cbor2.dumps([headers, {}, payload, es256(STATE, signed)])
        judged(lambda: examine(_text(envelope), _TRUST, NOW), signed_as(payload))
    else:
        envelope = cbor2.dumps([headers, {}, payload, b""])
        never_fails(lambda: hcert.read(_text(envelope)), CredentialError)


def _seeds() -> list[bytes]:
    return [
        *(b"T" + _text(envelope)[4:] for envelope in _ENVELOPES[:2]),
        b"Z" + zlib.compress(_ENVELOPES[0], 9),
        b"Z" + zlib.compress(bytes(1 << 20), 9),
        *(b"E" + envelope for envelope in _ENVELOPES),
        *(b"P" + payload for payload in _PAYLOADS),
        b"H" + _HEADERS,
        b"H" + cbor2.dumps({1: -7, 4: _KID_OF_TESTS}),
        _text(_ENVELOPES[0]),
        b"E" + cbor2.dumps([cbor2.dumps({1: -7, 4: b"unknown"}), {}, _COLLIDING, b"x"]),
        b"E\x84" + cbor2.dumps(_COLLIDING) + _COLLIDING + cbor2.dumps(_PAYLOADS[0]) + b"\x41x",
        b"P\xa1\x39\x01\x03\xa1\x01" + _COLLIDING,
        b"H\xb8\x66" + _HEADERS[1:] + _KEYS_THAT_COLLIDE,
    ]


TARGET = Target(
    "hcert",
    _call,
    _seeds,
    words=(
        b"\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00",
        b"\x9b\x10\x00\x00\x00\x00\x00\x00\x00",
        b"\xd8\x3d\xd2",
        b"\xc2\x58",
        b"\xd8\x1c",
        b"\x9f",
        b"\x39\x01\x03",
        b"\xe2\x80\xae",
        b"\xa1\x20\x82\x20\x21\x00",
    ),
)
