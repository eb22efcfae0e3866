"""The gate's own pass: `GP1:` and the base45 of a COSE_Sign1 over a tiny CWT (RFC 8392).

Made to be small: a visitor's pass is at most 99 bytes, 153 characters, QR version 6-M. It has no
name and no number but its place in the issuer's status list: (key id, status index) is the pass.
`docs/reference/native-pass.md` shows every byte.
"""

import hashlib

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from gate.credential import base45, cbor, cose
from gate.credential.model import PASS_KINDS, Credential, CredentialError, CredentialKind, Examined
from gate.credential.status import STATUS_INDEX_END
from gate.credential.trust import (
    IssuerKey,
    TrustList,
    issuer_key,
    key_id,
    trust_list,
)
from gate.reasons import Reason
from gate.walltime import TIME_S_END, ClockQuality, WallTime

PREFIX = "GP1:"
FORMAT = "native"
PASS_BYTES_MAX = 128
"""Of the signed bytes; the largest pass that `issue` makes has 108, and its tag 1."""
DOSES_MAX = 23
GROUP_MAX = 23
"""Both stay one byte of CBOR."""
START_LEEWAY_S = 60
"""How much earlier than its start a pass is taken: the office's clock may be a little ahead of
the lane's, and a pass issued for "now" must work now. The end has no leeway, so that a pass of
thirty seconds is one."""

_PREFIX_BYTES = PREFIX.encode("ascii")
_CLAIM_EXPIRES = 4
_CLAIM_NOT_BEFORE = 5
"""RFC 8392 sections 3.1.4 and 3.1.5."""
_CLAIM_PASS = -65_537
"""Private use (RFC 8392 section 9.1: below -65,536):
[kind, status index, doses, flags?, group?]."""
_FIELDS_MIN, _FIELDS_MAX = 3, 5
_FLAG_DURESS = 1
_REPLAY_KEY_BYTES = 16


class PassClaims(Struct, frozen=True):
    """What an office states in a pass."""

    kind: CredentialKind
    status_index: int
    """The pass's place in its key's status list; never given twice."""
    expires_s: int
    """Unix seconds, exclusive."""
    not_before_s: int = 0
    """Unix seconds; 0 for none. An appointment has one."""
    doses: int | None = None
    """Vaccine doses attested, 0 to `DOSES_MAX`, or None."""
    group: int = 1
    """People admitted together, 1 to `GROUP_MAX`; always 1 for staff."""
    duress: bool = False
    """Only for staff: admits, and raises a silent alarm."""


def issue(claims: PassClaims, key: Ed25519PrivateKey) -> str:
    """The text of a signed pass, ready for a QR code.

    Raises:
        ValueError: claims that no pass may carry.
    """
    if problem := _problem(claims):
        raise ValueError(problem)
    kid = key_id(key.public_key().public_bytes_raw())
    return PREFIX + base45.encode(cose.sign(_encode_claims(claims), kid, key))


def verify_native(payload: bytes, trust: TrustList, now: WallTime) -> Examined:
    """Verify the text of a pass.

    The checks, in this order:

    1. Prefix, base45 (RFC 9285 section 6), one COSE_Sign1 (RFC 9052 section 4.2).
    2. Algorithm, headers, issuer, signature: `TrustList.authenticate` (RFC 9052 section 4.4).
    3. Exactly the claims of a pass, each of its type and range (RFC 8392 section 3).
    4. The key may issue this kind.
    5. Start, then end (RFC 8392 sections 3.1.5 and 3.1.4), within the key's own window.
    6. Not revoked by the key's status list.

    On an UNTRUSTED clock step 5 is left out, because no answer would be honest: the credential
    carries its times, and admission refers the visitor to an officer (CLOCK_UNTRUSTED).

    Raises:
        CredentialError: with the reason of the first check that fails.
    """
    message, key, claims = _authenticate(payload, trust)
    if claims.kind not in key.kinds:
        raise CredentialError(
            Reason.CREDENTIAL_KIND_NOT_ISSUED, f"{key.name} may not issue {claims.kind}"
        )
    from_s = max(claims.not_before_s, key.not_before_s)
    until_s = min(claims.expires_s, key.not_after_s)
    if now.quality is not ClockQuality.UNTRUSTED:
        _check_times(from_s, until_s, now.unix_s)
    if trust.is_revoked(key.kid, claims.status_index):
        raise CredentialError(Reason.CREDENTIAL_REVOKED)
    return Examined(_credential(claims, key, message, from_s, until_s))


def status_index_of(payload: bytes, key: Ed25519PrivateKey) -> int:
    """The status index of a pass that this very key signed, whether or not it holds now.

    Raises:
        CredentialError: the text is no pass of this key.
    """
    public_bytes = key.public_key().public_bytes_raw()
    own = trust_list((issuer_key(public_bytes, "own", PASS_KINDS),))
    return _authenticate(payload, own)[2].status_index


def _authenticate(
    payload: bytes, trust: TrustList
) -> tuple[cose.SignedMessage, IssuerKey, PassClaims]:
    """Steps 1 to 3 of `verify_native`: what an issuer stated, and who."""
    if not payload.startswith(_PREFIX_BYTES):
        raise CredentialError(Reason.CODE_UNKNOWN_FORMAT, "not a native pass")
    try:
        signed = base45.decode(payload[len(_PREFIX_BYTES) :])
    except ValueError as error:
        raise _malformed(str(error)) from None
    message = cose.read(signed, bytes_max=PASS_BYTES_MAX)
    key = trust.authenticate(message)
    return message, key, _decode_claims(message.payload)


def _check_times(from_s: int, until_s: int, now_s: int) -> None:
    if now_s < from_s - START_LEEWAY_S:
        raise CredentialError(Reason.CREDENTIAL_NOT_YET_VALID, f"holds from {from_s}")
    if now_s >= until_s:
        raise CredentialError(Reason.CREDENTIAL_EXPIRED, f"held until {until_s}")


def _credential(
    claims: PassClaims, key: IssuerKey, message: cose.SignedMessage, from_s: int, until_s: int
) -> Credential:
    return Credential(
        format=FORMAT,
        kind=claims.kind,
        issuer=key.name,
        replay_key=hashlib.sha256(message.signed_bytes).digest()[:_REPLAY_KEY_BYTES].hex(),
        holder=f"{key.kid.hex()}:{claims.status_index}",
        valid_from_s=from_s,
        valid_until_s=until_s,
        doses=claims.doses,
        one_time=claims.kind is not CredentialKind.STAFF,
        group=claims.group,
        duress=claims.duress,
    )


def _encode_claims(claims: PassClaims) -> bytes:
    """Deterministic CBOR; what has its default at the end of the array is left out."""
    fields: list[int | None] = [PASS_KINDS.index(claims.kind), claims.status_index, claims.doses]
    if claims.duress or claims.group > 1:
        fields.append(_FLAG_DURESS if claims.duress else 0)
    if claims.group > 1:
        fields.append(claims.group)
    payload: dict[int, int | list[int | None]] = {_CLAIM_EXPIRES: claims.expires_s}
    if claims.not_before_s:
        payload[_CLAIM_NOT_BEFORE] = claims.not_before_s
    payload[_CLAIM_PASS] = fields
    return cbor2.dumps(payload, canonical=True)


def _decode_claims(payload: bytes) -> PassClaims:
    """Reverse of `_encode_claims`, of a payload whose signature holds.

    Raises:
        CredentialError: CODE_MALFORMED; an issuer that we trust made a pass that we do not know.
    """
    try:
        found = cbor.decode(payload, depth_max=2)
    except cbor.CborError as error:
        raise _malformed(f"CBOR: {error}") from None
    if not isinstance(found, dict):
        raise _malformed("claims that are no map")
    fields = found.get(_CLAIM_PASS)
    if not isinstance(fields, list) or not _FIELDS_MIN <= len(fields) <= _FIELDS_MAX:
        raise _malformed("no pass claim, or not of three to five fields")
    kind = _number(fields[0])
    flags = _number(fields[3]) if len(fields) > _FIELDS_MIN else 0
    if not 0 <= kind < len(PASS_KINDS) or flags not in (0, _FLAG_DURESS):
        raise _malformed("a kind or a flag that nobody knows")
    claims = PassClaims(
        kind=PASS_KINDS[kind],
        status_index=_number(fields[1]),
        expires_s=_number(found.get(_CLAIM_EXPIRES)),
        not_before_s=_number(found.get(_CLAIM_NOT_BEFORE, 0)),
        doses=None if fields[2] is None else _number(fields[2]),
        group=_number(fields[4]) if len(fields) == _FIELDS_MAX else 1,
        duress=bool(flags),
    )
    if problem := _problem(claims):
        raise _malformed(problem)
    if _encode_claims(claims) != payload:
        raise _malformed("claims that a pass does not have, or a default written out")
    return claims


def _number(value: object) -> int:
    """An integer, and not the truth value that Python would take for one."""
    if type(value) is not int:
        raise _malformed("a claim that is no integer")
    return value


def _problem(claims: PassClaims) -> str | None:
    """What is wrong with the claims, the same for issuing and for verifying."""
    is_staff = claims.kind is CredentialKind.STAFF
    rules = (
        (
            0 <= claims.status_index < STATUS_INDEX_END,
            f"a status index lies between 0 and {STATUS_INDEX_END - 1}",
        ),
        (
            0 <= claims.not_before_s < claims.expires_s < TIME_S_END,
            "a pass starts before it ends, and ends before 2106",
        ),
        (
            claims.not_before_s > 0 or claims.kind is not CredentialKind.APPOINTMENT,
            "an appointment needs a start",
        ),
        (
            claims.doses is None or 0 <= claims.doses <= DOSES_MAX,
            f"doses lie between 0 and {DOSES_MAX}",
        ),
        (
            1 <= claims.group <= (1 if is_staff else GROUP_MAX),
            f"a group has 1 to {GROUP_MAX} people, and 1 for staff",
        ),
        (is_staff or not claims.duress, "only a staff pass can be a duress pass"),
    )
    return next((problem for holds, problem in rules if not holds), None)


def _malformed(detail: str) -> CredentialError:
    return CredentialError(Reason.CODE_MALFORMED, detail)
