"""The whole way of a W3C certificate: from its text to what its issuer attests."""

import binascii
import hashlib
import math
from collections.abc import Sequence

from gate.credential.covid import covid_doses
from gate.credential.health import Content, Health
from gate.credential.model import Claim, Credential, CredentialError, CredentialKind, Examined
from gate.credential.names import check_name
from gate.credential.publictrust import PublicTrust, SignerKey, Usage
from gate.credential.signature import Algorithm, check
from gate.credential.trust import TrustList
from gate.credential.vc import archive, attested, document, proof
from gate.credential.vc.canonical import canonical
from gate.credential.vc.document import Document
from gate.credential.vc.proof import Proof
from gate.reasons import Reason
from gate.walltime import TIME_S_END, ClockQuality, WallTime

PREFIX = b"B64:"
PREFIX_ZIP = b"PK\3\4"
FORMAT = "vc"
START_LEEWAY_S = 60
"""How far an issuer's clock may be ahead of the lane's."""

_REPLAY_KEY_BYTES = 16


def read(payload: bytes) -> Claim:
    """What a code says of itself, for a technician.

    Raises:
        CredentialError: CODE_UNKNOWN_FORMAT, CODE_TOO_LARGE or CODE_MALFORMED; CREDENTIAL_CONTENT
            for times or a dose that are none.
    """
    certificate, signed_by = _parse(payload)
    return Claim(
        format=FORMAT,
        key_id=signed_by.method,
        algorithm=str(signed_by.header.get("alg", "")),
        issuer=certificate.issuer,
        issued_s=attested.instant_s(certificate.issued),
        expires_s=attested.instant_s(certificate.expires) if certificate.expires else None,
        content=Content(attested.health(certificate.evidence), certificate.statements),
    )


def verify_vc(payload: bytes, trust: TrustList, now: WallTime) -> Examined:
    """Verify the text of a certificate.

    The checks, in this order:

    1. Strict base64 (RFC 4648 section 4) where it begins with `B64:`; a ZIP of one file
       (`archive.member`); strict JSON of a certificate's form, without a term that the pinned
       contexts don't define (`document.parse`); a detached signature (`proof.parse`).
    2. The list of public issuers is not outdated.
    3. No unknown `crit` (RFC 7515 section 4.1.11), and an algorithm of the proof's suite.
    4. The verification method is one of the list's, with a key for that algorithm.
    5. The signature, over both parts in canonical form (Linked Data Proofs, proof verification).
    6. The proof is an assertion, and the key may attest vaccinations.
    7. The certificate's issuer is the key's (VC Data Model section 4.5).
    8. The key is in its window.
    9. What such a certificate states (`attested`), and a name that shows what was signed.
    10. There is a time at which it holds, by its own word and by the key's window; issued, then
        not expired (VC Data Model sections 4.6 and 4.8).

    On an UNTRUSTED clock steps 2, 8 and the dates of 10 are left out: the credential carries its
    times. Of several entries of the key that signed, the first that passes counts; where none
    does, steps 6 to 8 name the reason of the first.

    Raises:
        CredentialError: with the reason of the first check that fails.
    """
    certificate, signed_by = _parse(payload)
    public = trust.public
    if public.is_outdated(now):
        raise CredentialError(Reason.TRUST_LIST_OUTDATED)
    algorithm = proof.algorithm(signed_by)
    signers = _signers(public, signed_by.method, algorithm)
    signed = proof.signed_bytes(signed_by, canonical(certificate.statements))
    authentic = _authentic(algorithm, signers, signed_by.signature, signed)
    entitled = _entitled(authentic, certificate, signed_by, now)
    health = attested.health(certificate.evidence)
    check_name(certificate.statements["credentialSubject"].get("name", ""))
    signer, window_s = _holding(entitled, _window(certificate))
    if now.quality is not ClockQuality.UNTRUSTED:
        _check_times(window_s, now.unix_s)
    return Examined(
        _credential(signed, signer, public, now, health, window_s),
        Content(health, certificate.statements),
    )


def _parse(payload: bytes) -> tuple[Document, Proof]:
    """Step 1 of `verify_vc`."""
    if payload.startswith(PREFIX):
        packed = _base64(payload[len(PREFIX) :])
    elif payload.startswith(PREFIX_ZIP):
        packed = payload
    else:
        raise CredentialError(Reason.CODE_UNKNOWN_FORMAT, "not a W3C certificate")
    certificate = document.parse(archive.member(packed))
    return certificate, proof.parse(certificate.proof)


def _base64(text: bytes) -> bytes:
    """Padded, in the one text of these bytes."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        raise CredentialError(Reason.CODE_MALFORMED, "no base64") from None
    if binascii.b2a_base64(data, newline=False) != text:
        raise CredentialError(Reason.CODE_MALFORMED, "not canonical base64")
    return data


def _signers(public: PublicTrust, method: str, algorithm: Algorithm) -> list[SignerKey]:
    """The keys of that name that take the algorithm; never empty."""
    named = public.vc.get(method, ())
    if not named:
        raise CredentialError(Reason.CREDENTIAL_ISSUER_UNKNOWN)
    signers = [each for each in named if algorithm in each.algorithms]
    if not signers:
        raise CredentialError(Reason.CREDENTIAL_ALGORITHM, "not the key's")
    return signers


def _authentic(
    algorithm: Algorithm, signers: Sequence[SignerKey], signature: bytes, signed: bytes
) -> list[SignerKey]:
    """Whose signature it is, of several keys of one name; never empty."""
    found = [each for each in signers if _is_signer(algorithm, each, signature, signed)]
    if not found:
        raise CredentialError(Reason.CREDENTIAL_SIGNATURE)
    return found


def _is_signer(algorithm: Algorithm, signer: SignerKey, signature: bytes, signed: bytes) -> bool:
    try:
        check(algorithm, signer.key, signature, signed)
    except CredentialError:
        return False
    return True


def _entitled(
    authentic: Sequence[SignerKey], certificate: Document, signed_by: Proof, now: WallTime
) -> list[SignerKey]:
    """Who of the signers may say such a thing now; never empty."""
    entitled: list[SignerKey] = []
    refused: list[CredentialError] = []
    for signer in authentic:
        try:
            _check_entitled(signer, certificate, signed_by, now)
        except CredentialError as error:
            refused.append(error)
        else:
            entitled.append(signer)
    if not entitled:
        raise refused[0]
    return entitled


def _check_entitled(
    signer: SignerKey, certificate: Document, signed_by: Proof, now: WallTime
) -> None:
    """Steps 6 to 8 of `verify_vc`."""
    if signed_by.purpose != proof.ASSERTION or Usage.VACCINATION not in signer.usages:
        raise CredentialError(Reason.CREDENTIAL_KIND_NOT_ISSUED)
    if certificate.issuer != signer.issuer:
        raise CredentialError(Reason.CREDENTIAL_ISSUER_MISMATCH)
    is_dated = now.quality is not ClockQuality.UNTRUSTED
    if is_dated and not signer.not_before_s <= now.unix_s < signer.not_after_s:
        raise CredentialError(Reason.CREDENTIAL_ISSUER_EXPIRED)


def _window(certificate: Document) -> tuple[int, int]:
    """From when to when it holds by its own word, in Unix seconds; the end exclusive."""
    from_s = math.floor(attested.instant_s(certificate.issued))
    if not certificate.expires:
        return from_s, TIME_S_END
    return from_s, math.floor(attested.instant_s(certificate.expires))


def _holding(
    entitled: Sequence[SignerKey], stated_s: tuple[int, int]
) -> tuple[SignerKey, tuple[int, int]]:
    """The first signer in whose window it holds at all, and from when to when it does."""
    for signer in entitled:
        from_s = max(stated_s[0], signer.not_before_s, 0)
        until_s = min(stated_s[1], signer.not_after_s, TIME_S_END)
        if from_s < until_s:
            return signer, (from_s, until_s)
    raise CredentialError(Reason.CREDENTIAL_EXPIRED, "held at no time")


def _check_times(window_s: tuple[int, int], now_s: int) -> None:
    """Start and end. What is refused keeps its times to itself: they are its holder's."""
    from_s, until_s = window_s
    if now_s < from_s - START_LEEWAY_S:
        raise CredentialError(Reason.CREDENTIAL_NOT_YET_VALID)
    if now_s >= until_s:
        raise CredentialError(Reason.CREDENTIAL_EXPIRED)


def _credential(
    signed: bytes,
    signer: SignerKey,
    public: PublicTrust,
    now: WallTime,
    health: Health,
    window_s: tuple[int, int],
) -> Credential:
    from_s, until_s = window_s
    replay_key = hashlib.sha256(signed).digest()[:_REPLAY_KEY_BYTES].hex()
    return Credential(
        format=FORMAT,
        kind=CredentialKind.HEALTH,
        issuer=signer.issuer,
        replay_key=replay_key,
        holder=f"{FORMAT}:{replay_key}",
        valid_from_s=from_s,
        valid_until_s=until_s,
        doses=covid_doses(health),
        one_time=False,
        doubt=public.doubt(now),
    )
