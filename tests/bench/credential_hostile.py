"""What strangers could show: every case is refused, and costs little."""

from __future__ import annotations

import itertools
import json
import random
import zlib
from typing import TYPE_CHECKING, Any

import cbor2
from credential_samples import (
    CARD_HEADER,
    CARD_KID,
    CARD_KID_OF_MANY,
    CERTIFICATE,
    DCC,
    END_S,
    HC1_CLAIMS,
    HC1_HEADERS,
    KID_OF_MANY,
    KID_OF_RSA,
    NOON_S,
    VDS_DATA,
    card_claims,
    card_jws,
    hc1_text,
    vc_certificate,
    vc_text,
    vds_text,
)

from gate.credential import base45, base64url
from gate.credential.shc import numeric
from gate.credential.shc.jws import CLAIMS_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE_CHARS = 4_296
"""The most that a QR code holds."""
_WRONG = bytes(range(1, 65))
"""A signature of nobody."""
_STRANGE = cbor2.dumps({1: -7, 4: b"unknown1"})
"""Headers with a key id of nobody's."""
_BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_MIB = 1 << 20


def cases(*, with_vc: bool) -> Iterator[tuple[str, bytes]]:
    """Name and text of each."""
    yield from _texts()
    yield from _hc1()
    yield from _cards()
    yield from _seals()
    if with_vc:
        yield from _linked()


def _texts() -> Iterator[tuple[str, bytes]]:
    chance = random.Random(1)  # a seed that repeats
    garbage = "".join(chance.choices(_BASE45, k=CODE_CHARS))
    for prefix in ("GP1:", "GPP1:", "HC1:", "shc:/", "B64:", ""):
        yield f"{prefix or 'no prefix'} and garbage", (prefix + garbage)[:CODE_CHARS].encode()
    yield "a million bytes", b"HC1:" + b"A" * _MIB
    yield "a web address", b"https://issuer.invalid/" + b"a" * 4_000
    yield "bytes of every value", bytes(range(256)) * 16
    yield "Arabic-Indic digits", b"shc:/" + "٥٦٧٦".encode() * 500


def _packed(data: bytes) -> bytes:
    return b"HC1:" + base45.encode(zlib.compress(data, 9)).encode()


def _hc1() -> Iterator[tuple[str, bytes]]:
    """Behind base45 and zlib."""
    envelope = cbor2.dumps([HC1_HEADERS, {}, HC1_CLAIMS, _WRONG])
    yield "HC1 forged", hc1_text(HC1_HEADERS, HC1_CLAIMS, _WRONG)
    many = cbor2.dumps({1: -7, 4: KID_OF_MANY})
    yield "HC1 forged, eight keys under its id", hc1_text(many, HC1_CLAIMS, _WRONG)
    long_key = cbor2.dumps({1: -37, 4: KID_OF_RSA})
    yield "HC1 forged, RSA of 4,096 bits", hc1_text(long_key, HC1_CLAIMS, bytes(range(256)) * 2)
    yield "HC1 zlib bomb of 2 MiB", _packed(envelope + bytes(2 * _MIB))
    yield "HC1 arrays nested 16,000 deep", _packed(b"\x81" * 16_000)
    yield "HC1 maps nested 8,000 deep", _packed(b"\xa1\x01" * 8_000)
    yield "HC1 tags nested 16,000 deep", _packed(b"\xc6" * 16_000)
    for name, head in (("bytes", 0x5B), ("text", 0x7B), ("items", 0x9B), ("pairs", 0xBB)):
        declared = bytes([head]) + (1 << 60).to_bytes(8)
        yield f"HC1 declares 2^60 {name}", _packed(declared)
        yield f"HC1 claims declare 2^60 {name}", hc1_text(HC1_HEADERS, declared)
    yield "HC1 indefinite array", _packed(b"\x9f" * 16_000)
    yield "HC1 16 KiB of small items", _packed(b"\x99\x3e\x00" + bytes(0x3E00))
    pairs = b"".join(b"\x19" + n.to_bytes(2) + b"\x00" for n in range(256, 1_280))
    yield "HC1 1,024 pairs", _packed(b"\xb9" + (1_024).to_bytes(2) + pairs)
    yield from _hc1_colliding()
    yield "HC1 a big number of 16 KiB", _packed(b"\xc2\x59\x3f\x00" + b"\xff" * 0x3F00)
    yield "HC1 a regular expression", _packed(b"\xd8\x23\x78\x20" + b"(a+)+" * 6 + b"$$")
    dated = cbor2.dumps({4: float("nan"), 6: NOON_S, -260: {1: DCC}})
    yield "HC1 expires at NaN, signed", hc1_text(HC1_HEADERS, dated)
    hidden = {**DCC, "nam": {**DCC["nam"], "fn": "Budi\u202egnotnoC"}}
    dated = cbor2.dumps({4: END_S, -260: {1: hidden}})
    yield "HC1 a name that shows another, signed", hc1_text(HC1_HEADERS, dated)
    wide = {4: END_S, -260: {1: {**DCC, "x": ["y"] * 7_000}}}
    yield "HC1 15 KiB of content, signed", hc1_text(HC1_HEADERS, cbor2.dumps(wide) + b"\x00")


def _hc1_colliding() -> Iterator[tuple[str, bytes]]:
    """Keys of maps that Python gives one hash: arrays of -1 and -2, and frozen maps around them.

    Each is compared with every other down to the last number, if they are hashed at all.
    """
    for name, around in (("arrays", b""), ("maps", b"\xa1\x20"), ("deep maps", b"\xa1\x20" * 4)):
        many, some, few = (_colliding(around, count) for count in (200, 100, 9))
        yield f"HC1 {name} that collide as claims", _envelope(_STRANGE, b"\xa0", many)
        yield f"HC1 {name} that collide as headers", _envelope(some, some, many)
        yield f"HC1 few {name} that collide", _envelope(_STRANGE, few, few)
        yield f"HC1 {name} that collide deeper in", _envelope(_STRANGE, b"\xa0", b"\xa1\x01" + many)
    rows = _labels([_labels([b"\x80"] * 10)] * 10)
    yield "HC1 maps of maps of numbers", _envelope(_STRANGE, rows, rows)
    rows = _labels([_labels([b"\x80"] * 31)] * 31)
    yield "HC1 a thousand labels", _envelope(_STRANGE, _labels([b"\x80"] * 31), rows)


def _labels(values: list[bytes]) -> bytes:
    """A map from numbers to these."""
    pairs = (b"\x18" + bytes([label]) + value for label, value in enumerate(values, 24))
    return b"\xb8" + bytes([len(values)]) + b"".join(pairs)


def _colliding(around: bytes, count: int) -> bytes:
    numbers = itertools.islice(itertools.product(b"\x20\x21", repeat=8), count)
    keys = (around + b"\x88" + bytes(each) + b"\x00" for each in numbers)
    return b"\xb8" + bytes([count]) + b"".join(keys)


def _envelope(protected: bytes, unprotected: bytes, payload: bytes) -> bytes:
    """A text of these, forged."""
    first, last, end = (cbor2.dumps(part) for part in (protected, payload, _WRONG))
    return _packed(b"\x84" + first + unprotected + last + end)


def _cards() -> Iterator[tuple[str, bytes]]:
    """A card is signed before it is inflated: what comes after only its issuer can do."""
    genuine = card_claims([])
    yield "SHC forged", numeric.encode(card_jws(CARD_HEADER, genuine, _WRONG))
    yield "SHC bomb of 2 MiB, signed", numeric.encode(card_jws(CARD_HEADER, bytes(2 * _MIB)))
    deep = b"[" * 32_000 + b"]" * 32_000
    yield "SHC nested 32,000 deep, signed", numeric.encode(card_jws(CARD_HEADER, deep))
    yield "SHC 64 KiB of brackets, signed", numeric.encode(card_jws(CARD_HEADER, b"[]," * 21_000))
    yield "SHC 64 KiB of quotes, signed", numeric.encode(card_jws(CARD_HEADER, b'"\\' * 32_000))
    number = b'{"nbf":' + b"9" * 60_000 + b"}"
    yield "SHC 60,000 digits, signed", numeric.encode(card_jws(CARD_HEADER, number))
    entries = card_claims([{"resource": {"resourceType": "Immunization"}}] * 1_300)
    yield "SHC 1,300 resources, signed", numeric.encode(card_jws(CARD_HEADER, entries + b"."))
    for name, claims in _dear_claims():
        yield f"SHC {name}, signed", numeric.encode(card_jws(CARD_HEADER, claims))
    for name, header in _dear_headers():
        yield f"SHC header of {name}", numeric.encode(card_jws(header, b"{}", _WRONG))
    many = json.dumps({"alg": "ES256", "zip": "DEF", "kid": CARD_KID_OF_MANY}).encode()
    noise = base64url.encode(random.Random(2).randbytes(5_900))
    forged = b".".join((base64url.encode(many), noise, base64url.encode(_WRONG)))
    yield "SHC forged, eight keys under its id", numeric.encode(forged)
    deep_header = b'{"zip":' + b"[" * 1_000 + b"]" * 1_000 + b"}"
    yield "SHC header nested 1,000 deep", numeric.encode(card_jws(deep_header, genuine))
    critical = json.dumps({"alg": "ES256", "zip": "DEF", "kid": CARD_KID, "crit": ["x"] * 200})
    yield "SHC critical headers", numeric.encode(card_jws(critical.encode(), genuine))
    yield "SHC 4,296 characters of digits", b"shc:/" + b"00" * 2_145
    yield "SHC the longest card of parts", b"shc:/" + b"50" * 8_192
    yield "SHC a part of parts", b"shc:/1/32/" + b"50" * 2_000


_NEVER = {"exp": NOON_S - 1}
"""Everything of such a card is looked at, and then it is refused."""
_ROOM = CLAIMS_BYTES_MAX - 600
"""For one thing, over and over, beside what every card has."""


def _dear_claims() -> Iterator[tuple[str, bytes]]:
    """The dearest found by trying what JSON and a card can repeat, as often as it fits."""
    dose = {"resourceType": "Immunization", "status": "completed", "occurrenceDateTime": "2021-03"}
    codings = {"coding": [{"code": ""}] * (_ROOM // 13)}
    protocol: dict[str, Any] = {"targetDisease": [{}] * (_ROOM // 3)}
    for name, resources in (
        ("doses", [dose] * (_ROOM // 98)),
        ("codings", [{**dose, "vaccineCode": codings}]),
        ("diseases", [{**dose, "protocolApplied": [protocol]}]),
        ("names", [{"resourceType": "Patient", "name": [{"": ""}] * (_ROOM // 8)}]),
        ("a name of marks", [{"resourceType": "Patient", "name": "\u200f" * (_ROOM // 3)}]),
    ):
        yield name, card_claims([{"resource": each} for each in resources], **_NEVER)
    for name, item in (
        ("objects", "{},"),
        ("pairs", '{"":0},'),
        ("numbers", "0,"),
        ("objects 12 deep", '{"":' * 11 + "0" + "}" * 11 + ","),
    ):
        filler = item * (_ROOM // len(item))
        yield name, card_claims([], **_NEVER)[:-1] + f',"x":[{filler}0]}}'.encode()
        escaped = card_claims([], **_NEVER)[:-1] + f',"y":"\\u0041","x":[{filler}0]}}'.encode()
        yield f"{name} and an escape", escaped


def _dear_headers() -> Iterator[tuple[str, bytes]]:
    """As long as a card's text lets them be; nobody needs to sign them."""
    for name, item in (("objects", b"{},"), ("pairs", b'{"":0},'), ("numbers", b"1e9,")):
        yield name, b'{"a":[' + item * (5_900 // len(item)) + b"0]}"
    yield "keys", b"{" + b",".join(b'"%x":0' % number for number in range(650)) + b"}"


def _seals() -> Iterator[tuple[str, bytes]]:
    """JSON as it is."""
    data = json.dumps(VDS_DATA).encode()
    yield "VDS-NC forged", vds_text(data, _WRONG)
    yield "VDS-NC nested 2,000 deep", b"[".join([b'{"data":'] + [b""] * 2_000)
    yield "VDS-NC objects nested 800 deep", b'{"a":' * 800
    yield "VDS-NC a number of 4,000 digits", b'{"data":' + b"1" * 4_000 + b"}"
    yield "VDS-NC 400 members", json.dumps({f"{n}": 0 for n in range(400)}).encode()
    yield "VDS-NC a key twice", b'{"data":{},"data":{}' + b" " * 4_000 + b"}"
    yield "VDS-NC quotes", b"{" + b'"\\' * 2_000
    certificate = base64url.encode(CERTIFICATE).decode()
    yield "VDS-NC one long text", json.dumps({"data": certificate * 8}).encode()


def _linked() -> Iterator[tuple[str, bytes]]:
    """Canonicalising is the dearest thing that a code can ask for."""
    forged = vc_certificate(_WRONG)
    yield "VC forged", vc_text(json.dumps(forged).encode())
    yield "VC bomb of 3 MiB", vc_text(bytes(3 * _MIB))[:CODE_CHARS]
    yield "VC 64 KiB of brackets", vc_text(b"[]," * 21_000)
    yield "VC nested 1,000 deep", vc_text(b"[" * 1_000 + b"]" * 1_000)
    evidence = forged["evidence"] * 40
    yield "VC forty doses", vc_text(json.dumps({**forged, "evidence": evidence}).encode())
    named = {**forged, "credentialSubject": {**forged["credentialSubject"], "name": "A" * 60_000}}
    yield "VC forged, a name of 60,000 letters", vc_text(json.dumps(named).encode())
