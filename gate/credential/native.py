"""The gate's own pass: `GP1:` and the base45 of a COSE_Sign1 over a tiny CWT (RFC 8392).

Made to be small: a visitor's pass is at most 99 bytes, 153 characters, QR version 6-M. It has no
name and no number but its place in the issuer's status list: (key id, status index) is the pass.
`docs/reference/native-pass.md` shows every byte.
"""

import hashlib

import cbor2
from msgspec import Struct

from gate.credential import base45, cbor, cose, holderkey
from gate.credential.model import (
    PASS_KINDS,
    Claim,
    Credential,
    CredentialError,
    CredentialKind,
    Examined,
)
from gate.credential.signer import Signer
from gate.credential.status import STATUS_INDEX_END
from gate.credential.trust import IssuerKey, TrustList, issuer_key, key_id, trust_list
from gate.credential.window import Window, window
from gate.reasons import Reason
from gate.walltime import TIME_S_END, WallTime

PREFIX = "GP1:"
FORMAT = "native"
PASS_BYTES_MAX = 160
"""Of the signed bytes; the largest pass that `issue` makes has 152, and its tag 1."""
DOSES_MAX = 23
GROUP_MAX = 23
"""Both stay one byte of CBOR."""

_PREFIX_BYTES = PREFIX.encode("ascii")
_CLAIM_EXPIRES = 4
_CLAIM_NOT_BEFORE = 5
"""RFC 8392 sections 3.1.4 and 3.1.5."""
_CLAIM_CONFIRMATION = 8
"""`cnf`, RFC 8747 section 3.1: the key that its holder proves to have."""
_CLAIM_PASS = -65_537
"""Private use (RFC 8392 section 9.1: below -65,536):
[kind, status index, doses, flags?, group?]."""
_FIELDS_MIN, _FIELDS_MAX = 3, 5
_FLAG_DURESS = 1
_CLAIMS_DEPTH_MAX = 3
"""Containers within containers: claims, confirmation, key."""
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
    holder_key: bytes = b""
    """Only for staff: a compressed P-256 point (`gate.credential.holderkey`). Such a badge is
    taken with a live proof of that key alone (`gate.credential.proof`)."""


def issue(claims: PassClaims, signer: Signer) -> str:
    """The text of a signed pass, ready for a QR code.

    Raises:
        ValueError: claims that no pass may carry.
    """
    check_claims(claims)
    kid = key_id(signer.public_key().public_bytes_raw())
    return PREFIX + base45.encode(cose.sign(_encode_claims(claims), kid, signer))


def check_claims(claims: PassClaims) -> None:
    """Return if a pass may carry these claims.

    Raises:
        ValueError: it may not, with the rule.
    """
    if problem := _problem(claims):
        raise ValueError(problem)
    if claims.holder_key:
        holderkey.parse(claims.holder_key)


def read(payload: bytes) -> Claim:
    """What a pass says of itself; nothing of it is proven.

    Raises:
        CredentialError: CODE_UNKNOWN_FORMAT, CODE_MALFORMED or CREDENTIAL_CRITICAL.
    """
    return read_signed(signed_bytes_of(payload), FORMAT)


def read_signed(signed: bytes, form: str) -> Claim:
    """As `read`, from the bytes behind the text."""
    message = cose.read(signed, bytes_max=PASS_BYTES_MAX)
    claims = _decode_claims(message.payload)
    kid = message.protected.get(cose.HEADER_KEY_ID)
    return Claim(
        form,
        key_id=kid.hex() if isinstance(kid, bytes) else "",
        algorithm="EdDSA" if message.algorithm == cose.EDDSA else "",
        not_before_s=claims.not_before_s or None,
        expires_s=claims.expires_s,
    )


def verify_native(payload: bytes, trust: TrustList, now: WallTime) -> Examined:
    """Verify the text of a pass.

    The checks, in this order:

    1. Prefix, base45 (RFC 9285 section 6), one COSE_Sign1 (RFC 9052 section 4.2).
    2. Algorithm, headers, issuer, signature: `TrustList.authenticate` (RFC 9052 section 4.4).
    3. Exactly the claims of a pass, each of its type and range (RFC 8392 section 3).
    4. The key may issue this kind.
    5. Start, then end (RFC 8392 sections 3.1.5 and 3.1.4), within the key's own window.
    6. Not revoked by the key's status list.
    7. Not bound to its holder's key: such a badge is shown live (RFC 8747 section 3.1).

    On an UNTRUSTED clock step 5 is left out, because no answer would be honest: the credential
    carries its times, and admission refers the visitor to an officer (CLOCK_UNTRUSTED).

    Raises:
        CredentialError: with the reason of the first check that fails.
    """
    credential, holder_key = verify_signed(signed_bytes_of(payload), trust, now)
    if holder_key:
        raise CredentialError(Reason.PROOF_MISSING)
    return Examined(credential)


def signed_bytes_of(payload: bytes) -> bytes:
    """The COSE_Sign1 behind the text of a pass.

    Raises:
        CredentialError: CODE_UNKNOWN_FORMAT or CODE_MALFORMED.
    """
    if not payload.startswith(_PREFIX_BYTES):
        raise CredentialError(Reason.CODE_UNKNOWN_FORMAT, "not a native pass")
    try:
        return base45.decode(payload[len(_PREFIX_BYTES) :])
    except ValueError as error:
        raise _malformed(str(error)) from None


def verify_signed(signed: bytes, trust: TrustList, now: WallTime) -> tuple[Credential, bytes]:
    """Steps 1 to 6 of `verify_native`, and the holder's key, empty where there is none.

    Raises:
        CredentialError: with the reason of the first check that fails.
    """
    key, claims = _authenticate(signed, trust)
    if claims.kind not in key.kinds:
        raise CredentialError(
            Reason.CREDENTIAL_KIND_NOT_ISSUED, f"{key.name} may not issue {claims.kind}"
        )
    holds = window(
        max(claims.not_before_s, key.not_before_s), min(claims.expires_s, key.not_after_s)
    )
    holds.check(now)
    if trust.is_revoked(key.kid, claims.status_index):
        raise CredentialError(Reason.CREDENTIAL_REVOKED)
    return _credential(claims, key, holds), claims.holder_key


def status_index_of(payload: bytes, signer: Signer) -> int:
    """The status index of a pass that this very key signed, whether or not it holds now.

    Raises:
        CredentialError: the text is no pass of this key.
    """
    public_bytes = signer.public_key().public_bytes_raw()
    own = trust_list((issuer_key(public_bytes, "own", PASS_KINDS),))
    return _authenticate(signed_bytes_of(payload), own)[1].status_index


def _authenticate(signed: bytes, trust: TrustList) -> tuple[IssuerKey, PassClaims]:
    """Steps 1 to 3 of `verify_native`: who stated what."""
    message = cose.read(signed, bytes_max=PASS_BYTES_MAX)
    key = trust.authenticate(message)
    return key, _decode_claims(message.payload)


def _credential(claims: PassClaims, key: IssuerKey, holds: Window) -> Credential:
    """The pass is the pair of its key and its number: it may be issued anew with later times, in
    the phone of a visitor on the way, and admits once all the same."""
    holder = f"{key.kid.hex()}:{claims.status_index}"
    return Credential(
        format=FORMAT,
        kind=claims.kind,
        issuer=key.name,
        replay_key=hashlib.sha256(holder.encode()).digest()[:_REPLAY_KEY_BYTES].hex(),
        holder=holder,
        valid_from_s=holds.from_s,
        valid_until_s=holds.until_s,
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
    payload: dict[int, int | list[int | None] | holderkey.Confirmation] = {
        _CLAIM_EXPIRES: claims.expires_s
    }
    if claims.not_before_s:
        payload[_CLAIM_NOT_BEFORE] = claims.not_before_s
    if claims.holder_key:
        payload[_CLAIM_CONFIRMATION] = holderkey.confirmation(claims.holder_key)
    payload[_CLAIM_PASS] = fields
    return cbor2.dumps(payload, canonical=True)


def _decode_claims(payload: bytes) -> PassClaims:
    """Reverse of `_encode_claims`, of a payload whose signature holds.

    Raises:
        CredentialError: CODE_MALFORMED; an issuer that we trust made a pass that we do not know.
    """
    try:
        found = cbor.decode(payload, _CLAIMS_DEPTH_MAX)
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
        holder_key=_holder_key(found.get(_CLAIM_CONFIRMATION)),
    )
    if problem := _problem(claims):
        raise _malformed(problem)
    if _encode_claims(claims) != payload:
        raise _malformed("claims that a pass does not have, or a default written out")
    return claims


def _holder_key(value: object) -> bytes:
    if value is None:
        return b""
    try:
        return holderkey.confirmed(value)
    except ValueError as error:
        raise _malformed(str(error)) from None


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
        (is_staff or not claims.holder_key, "only a staff pass can be bound to its holder's key"),
    )
    return next((problem for holds, problem in rules if not holds), None)


def _malformed(detail: str) -> CredentialError:
    return CredentialError(Reason.CODE_MALFORMED, detail)
