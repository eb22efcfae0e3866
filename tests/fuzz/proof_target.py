"""Live badges: as text, as parts, and as parts that office and holder sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cbor2
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fuzzkit import (
    NOON_S,
    NOW,
    OFFICE,
    STATE,
    Target,
    base45,
    es256,
    is_signed,
    judged,
    never_fails,
)
from native_target import HEADERS, TRUST, envelope, stated

from gate.credential import base45 as strict
from gate.credential import native, proof
from gate.credential.model import CredentialError, CredentialKind
from gate.credential.native import PassClaims, issue
from gate.credential.verify import examine

if TYPE_CHECKING:
    from collections.abc import Callable

    from gate.credential.model import Examined

_POINT = STATE.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
_BADGE = strict.decode(
    issue(PassClaims(CredentialKind.STAFF, 9, NOON_S + 86_400, holder_key=_POINT), OFFICE).encode()[
        4:
    ]
)
_PAYLOAD: bytes = cbor2.loads(_BADGE)[2]
_STEP = proof.step_of(NOON_S)
_OF_THE_BADGE = stated(_PAYLOAD)


def _live(badge: bytes, step: int) -> bytes:
    """Pass, step and the holder's signature."""
    return cbor2.dumps([badge, step, es256(STATE, proof.to_be_signed(badge, step))])


def _genuine(text: bytes, step_signed: int) -> Callable[[Examined], bool]:
    """Whether that live code is of the badge, at the step that its holder signed."""

    def is_genuine(examined: Examined) -> bool:
        badge, step, _ = cbor2.loads(strict.decode(text[len(proof.PREFIX) :]))
        return badge == _BADGE and step == step_signed and _OF_THE_BADGE(examined)

    return is_genuine


def _call(data: bytes) -> None:
    shape, rest = data[:1], data[1:]
    match shape:
        case b"T":
            _call_text(b"GPP1:" + rest, _STEP)
        case b"L":
            _call_text(b"GPP1:" + base45(rest), _STEP)
        case b"S":
            _call_step(rest)
        case b"P":
            _call_signed(rest)
        case _:
            _call_text(data, _STEP)


def _call_text(text: bytes, step: int) -> None:
    judged(lambda: examine(text, TRUST, NOW), _genuine(text, step))
    never_fails(lambda: proof.read(text), CredentialError)


def _call_step(rest: bytes) -> None:
    """The holder signs whatever step the fuzzer wrote, in eight bytes."""
    step = int.from_bytes(rest[:8])
    live = _live(_BADGE, step) if is_signed(rest) else cbor2.dumps([_BADGE[:-1], step, b""])
    _call_text(b"GPP1:" + base45(live), step)


def _call_signed(payload: bytes) -> None:
    """The office signs the claims that the fuzzer wrote, and the holder the badge."""
    signed = is_signed(payload)
    badge = envelope(HEADERS, payload, signed=signed)
    if signed:
        text = b"GPP1:" + base45(_live(badge, _STEP))
        judged(lambda: examine(text, TRUST, NOW), stated(payload))
    else:
        never_fails(lambda: native.read_signed(badge, proof.FORMAT), CredentialError)


def _seeds() -> list[bytes]:
    live = _live(_BADGE, _STEP)
    return [
        b"T" + strict.encode(live).encode(),
        b"L" + live,
        b"S" + _STEP.to_bytes(8),
        b"P" + _PAYLOAD,
        b"GPP1:" + strict.encode(_live(_BADGE, _STEP - 5)).encode(),
    ]


TARGET = Target("proof", _call, _seeds, bytes_max=600)
