"""A badge shown live: `GPP1:`, a staff pass with its holder's signature over this half minute.

A picture of such a code is worth nothing a minute later, and the badge alone never admits. The
phone needs no network, only its clock. What it doesn't stop is a copy shown within the window,
as a film from one phone to another would: `docs/reference/native-pass.md` says so.
"""

import hashlib

import cbor2

from gate.credential import base45, cbor, holderkey, native
from gate.credential.model import Claim, CredentialError, Examined
from gate.credential.signature import Algorithm, check
from gate.credential.trust import TrustList
from gate.reasons import Reason
from gate.walltime import TIME_S_END, ClockQuality, WallTime

PREFIX = "GPP1:"
FORMAT = "native-live"
STEP_S = 30
"""How long one code holds: phones show a new one whenever Unix time is a multiple of it."""
STEPS_APART_MAX = 1
"""How far the phone's step may lie from the gate's: two clocks differ, and a code takes a second
from the screen to the camera. So a code is good for at most three steps."""
PROOF_BYTES_MAX = 240
"""What a QR code 11-M holds behind the prefix, in base45: 366 characters."""

_PREFIX_BYTES = PREFIX.encode("ascii")
_CONTEXT = "GPP1"
"""First in what is signed, so that a signature made for anything else is none here."""
_STEP_END = TIME_S_END // STEP_S


def step_of(unix_s: int) -> int:
    """The number of the half minute that holds that Unix second."""
    return unix_s // STEP_S


def to_be_signed(signed_pass: bytes, step: int) -> bytes:
    """What the holder's key signs: a structure like COSE's (RFC 9052 section 4.4),
    `["GPP1", SHA-256 of the pass, step]`."""
    return cbor2.dumps([_CONTEXT, hashlib.sha256(signed_pass).digest(), step])


def assemble(signed_pass: bytes, step: int, signature: bytes) -> str:
    """The text of a live code; `signature` is r and s, 64 bytes."""
    return PREFIX + base45.encode(cbor2.dumps([signed_pass, step, signature]))


def verify_proof(payload: bytes, trust: TrustList, now: WallTime) -> Examined:
    """Verify the text of a live code.

    The checks, in this order:

    1. Prefix, base45 (RFC 9285 section 6), an array of pass, step and signature.
    2. The pass: everything that `native.verify_native` checks but its last.
    3. The pass is bound to a key, and that key is a point of P-256 (SEC 1 section 2.3.4).
    4. The holder's signature by ES256 (RFC 9053 section 2.1).
    5. The step is the present one, or next to it.

    On an UNTRUSTED clock step 5 is left out like the dates of the pass: admission refers the
    holder to an officer.

    Raises:
        CredentialError: with the reason of the first check that fails.
    """
    signed_pass, step, signature = _parts(payload)
    credential, point = native.verify_signed(signed_pass, trust, now)
    try:
        key = holderkey.parse(point)
    except ValueError as error:
        raise CredentialError(Reason.CODE_MALFORMED, str(error)) from None
    try:
        check(Algorithm.ES256, key, signature, to_be_signed(signed_pass, step))
    except CredentialError:
        raise CredentialError(Reason.PROOF_SIGNATURE) from None
    if now.quality is not ClockQuality.UNTRUSTED:
        apart = step - step_of(now.unix_s)
        if abs(apart) > STEPS_APART_MAX:
            raise CredentialError(Reason.PROOF_NOT_CURRENT, f"{apart * STEP_S} s from now")
    return Examined(credential)


def pass_of(payload: bytes) -> bytes:
    """The text of the pass inside a live code; any other text as it is.

    Raises:
        CredentialError: CODE_MALFORMED.
    """
    if not payload.startswith(_PREFIX_BYTES):
        return payload
    return (native.PREFIX + base45.encode(_parts(payload)[0])).encode("ascii")


def read(payload: bytes) -> Claim:
    """What a live code says of itself; nothing of it is proven.

    Raises:
        CredentialError: CODE_UNKNOWN_FORMAT, CODE_MALFORMED or CREDENTIAL_CRITICAL.
    """
    signed_pass, step, _ = _parts(payload)
    claim = native.read_signed(signed_pass, FORMAT)
    return Claim(
        claim.format,
        claim.key_id,
        claim.algorithm,
        issued_s=step * STEP_S,
        not_before_s=claim.not_before_s,
        expires_s=claim.expires_s,
    )


def _parts(payload: bytes) -> tuple[bytes, int, bytes]:
    if not payload.startswith(_PREFIX_BYTES):
        raise CredentialError(Reason.CODE_UNKNOWN_FORMAT, "not a live code")
    try:
        data = base45.decode(payload[len(_PREFIX_BYTES) :])
        if len(data) > PROOF_BYTES_MAX:
            raise _malformed("longer than such a code can be")
        found = cbor.decode(data, depth_max=1)
    except ValueError as error:
        raise _malformed(str(error)) from None
    match found:
        case [bytes() as signed_pass, int() as step, bytes() as signature] if (
            type(step) is int and 0 <= step < _STEP_END
        ):
            return signed_pass, step, signature
        case _:
            raise _malformed("not a pass, a step and a signature")


def _malformed(detail: str) -> CredentialError:
    return CredentialError(Reason.CODE_MALFORMED, detail)
