"""Native passes: as text, as an envelope, and as claims or headers that the office signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cbor2
from fuzzkit import NOON_S, NOW, OFFICE, Target, base45, is_signed, judged, never_fails

from gate.credential import base45 as strict
from gate.credential import native
from gate.credential.model import PASS_KINDS, CredentialError
from gate.credential.native import PassClaims, issue
from gate.credential.trust import issuer_key, key_id, trust_list
from gate.credential.verify import examine

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.credential.model import Examined

PUBLIC = OFFICE.public_key().public_bytes_raw()
TRUST = trust_list([issuer_key(PUBLIC, "Test office", PASS_KINDS)])
HEADERS = cbor2.dumps({1: -8, 4: key_id(PUBLIC)}, canonical=True)
_VISITOR, _APPOINTMENT, _STAFF = PASS_KINDS
_TEXTS = tuple(
    issue(claims, OFFICE).encode()
    for claims in (
        PassClaims(_VISITOR, 7, NOON_S + 3600),
        PassClaims(_VISITOR, 1_048_575, NOON_S + 3600, doses=2),
        PassClaims(_APPOINTMENT, 8, NOON_S + 3600, not_before_s=NOON_S, group=4),
        PassClaims(_STAFF, 9, NOON_S + 86_400, duress=True),
        PassClaims(_VISITOR, 10, NOON_S - 1),
    )
)
_ENVELOPES = tuple(strict.decode(text[4:]) for text in _TEXTS)
_PAYLOADS = tuple(cbor2.loads(envelope)[2] for envelope in _ENVELOPES)
_CLAIM_EXPIRES, _CLAIM_PASS = 4, -65_537


def stated(*payloads: bytes) -> Callable[[Examined], bool]:
    """Whether a credential says what one of these claims says, as another reader reads them."""

    def says(examined: Examined, payload: bytes) -> bool:
        claims = cbor2.loads(payload)
        kind, index, doses, *rest = claims[_CLAIM_PASS]
        flags = rest[0] if rest else 0
        group = rest[1] if len(rest) > 1 else 1
        credential = examined.credential
        return (
            credential.kind is PASS_KINDS[kind]
            and credential.holder == f"{key_id(PUBLIC).hex()}:{index}"
            and credential.valid_until_s == claims[_CLAIM_EXPIRES]
            and credential.doses == doses
            and credential.duress == bool(flags)
            and credential.group == group
        )

    return lambda examined: any(says(examined, payload) for payload in payloads)


def envelope(headers: bytes, payload: bytes, *, signed: bool) -> bytes:
    """A COSE_Sign1 of these headers and claims."""
    to_be_signed = cbor2.dumps(["Signature1", headers, b"", payload])
    signature = OFFICE.sign(to_be_signed) if signed else b""
    return cbor2.dumps([headers, {}, payload, signature])


_GENUINE = stated(*_PAYLOADS)


def _call(data: bytes) -> None:
    shape, rest = data[:1], data[1:]
    match shape:
        case b"T":
            judged(lambda: examine(b"GP1:" + rest, TRUST, NOW), _GENUINE)
        case b"E":
            judged(lambda: examine(b"GP1:" + base45(rest), TRUST, NOW), _GENUINE)
        case b"P":
            _call_signed(HEADERS, rest)
        case b"H":
            _call_signed(rest, _PAYLOADS[0])
        case _:
            judged(lambda: examine(data, TRUST, NOW), _GENUINE)


def _call_signed(headers: bytes, payload: bytes) -> None:
    """The office signs what the fuzzer wrote: whatever is accepted must be just that."""
    signed = is_signed(headers + payload)
    text = b"GP1:" + base45(envelope(headers, payload, signed=signed))
    if signed:
        judged(lambda: examine(text, TRUST, NOW), stated(payload))
    else:
        never_fails(lambda: native.read(text), CredentialError)


def _seeds() -> list[bytes]:
    return [
        *(b"T" + text[4:] for text in _TEXTS),
        *(b"E" + data for data in _ENVELOPES),
        *(b"P" + payload for payload in _PAYLOADS),
        b"H" + HEADERS,
        *_TEXTS,
    ]


TARGET = Target("native", _call, _seeds, bytes_max=400)
