"""The whole way of a W3C certificate: from its text to what its issuer attests."""

import binascii
import math

from gate.credential.certified import certified
from gate.credential.health import Content
from gate.credential.model import Claim, CredentialError, Examined
from gate.credential.names import check_name
from gate.credential.publictrust import SignerKey, Usage
from gate.credential.signers import authentic, first_that_fits, holding
from gate.credential.trust import TrustList
from gate.credential.vc import archive, attested, document, proof
from gate.credential.vc.canonical import canonical
from gate.credential.vc.document import Document
from gate.credential.vc.proof import Proof
from gate.credential.window import Window, window
from gate.reasons import Reason
from gate.walltime import TIME_S_END, WallTime

PREFIX = b"B64:"
PREFIX_ZIP = b"PK\3\4"
FORMAT = "vc"


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
    named = public.vc.get(signed_by.method, ())
    if not named:
        raise CredentialError(Reason.CREDENTIAL_ISSUER_UNKNOWN)
    signed = proof.signed_bytes(signed_by, canonical(certificate.statements))
    signers = authentic(named, algorithm, signed_by.signature, signed)
    stated = _stated(certificate)

    def fit(signer: SignerKey) -> Window:
        if signed_by.purpose != proof.ASSERTION or Usage.VACCINATION not in signer.usages:
            raise CredentialError(Reason.CREDENTIAL_KIND_NOT_ISSUED)
        if certificate.issuer != signer.issuer:
            raise CredentialError(Reason.CREDENTIAL_ISSUER_MISMATCH)
        return holding(signer, stated, now)

    signer, holds = first_that_fits(signers, fit)
    health = attested.health(certificate.evidence)
    check_name(certificate.statements["credentialSubject"].get("name", ""))
    content = Content(health, certificate.statements)
    return certified(FORMAT, signer, signed, holds, content, public, now)


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


def _stated(certificate: Document) -> Window:
    """From when to when it holds by its own word."""
    until_s = attested.instant_s(certificate.expires) if certificate.expires else TIME_S_END
    return window(math.floor(attested.instant_s(certificate.issued)), math.floor(until_s))
