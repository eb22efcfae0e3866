"""From the text of a SMART Health Card to a credential, or to one reason why not."""

import re

from msgspec import Struct

from gate.credential.certified import certified
from gate.credential.health import Content
from gate.credential.jsontext import read_object
from gate.credential.model import Claim, CredentialError, Examined
from gate.credential.publictrust import PublicTrust
from gate.credential.shc.content import check_names, health_of
from gate.credential.shc.jws import checked_key_id, inflated_claims, read_jws
from gate.credential.shc.numeric import decode, read_part
from gate.credential.signature import Algorithm
from gate.credential.signers import authentic, first_that_fits, holding
from gate.credential.trust import TrustList
from gate.credential.window import window
from gate.reasons import Reason
from gate.walltime import TIME_S_END, WallTime

FORMAT = "shc"
HEALTH_CARD = "https://smarthealth.cards#health-card"
"""The type that every card has."""
CLAIMS_DEPTH_MAX = 16
"""Published examples nest twelve deep."""

_RID = re.compile(r"[A-Za-z0-9_-]{1,24}")
"""A revocation id ("Revocation" in the specification)."""


class _Card(Struct, frozen=True):
    """The claims of a card, each of its type."""

    issuer: object
    """Compared with the signer's alone."""
    not_before_s: float
    expires_s: float | None
    """Unix seconds, finite."""
    credential: object
    """The `vc` claim."""


def read(payload: bytes) -> Claim:
    """What the text of a card says of itself. Nothing of it is proven.

    Raises:
        CredentialError: the text, the JWS or its claims cannot be read.
    """
    message = read_jws(_jws_of(payload))
    card = _read_claims(inflated_claims(message))
    try:
        content = _content(card.credential)
    except CredentialError:
        content = None
    return Claim(
        format=FORMAT,
        key_id=_text(message.header.get("kid")),
        algorithm=_text(message.header.get("alg")),
        issuer=_text(card.issuer),
        not_before_s=card.not_before_s,
        expires_s=card.expires_s,
        content=content,
    )


def verify_shc(payload: bytes, trust: TrustList, now: WallTime) -> Examined:
    """Verify the text of a card in one piece: `shc:/` and digits.

    A card in parts is put together first (`gate.credential.shc.chunks`); one part of several is
    no card. Then `verify_jws`.

    Raises:
        CredentialError: with the reason of the first check that fails.
    """
    return verify_jws(_jws_of(payload), trust, now)


def verify_jws(jws: bytes, trust: TrustList, now: WallTime) -> Examined:
    """Verify a card's compact JWS, as a file or a deep link has it.

    The checks, in this order; titles are the specification's:

    1. Three parts of base64url, a header in JSON (RFC 7515 section 5.2); nothing critical,
       ES256, deflated, a key id ("Health Cards are Compact").
    2. The list of issuers is not too old.
    3. The key id is one of it ("Determining keys associated with an issuer").
    4. The signature, r and s in 64 bytes (RFC 7518 section 3.4).
    5. The payload inflates within its bound to claims in JSON with a start, and an end that is
       a number where there is one (RFC 7519 sections 4.1.4 and 4.1.5: null is none).
    6. The issuer is the very one whose key it is, to the letter.
    7. The type of a health card, a FHIR version and a bundle, a revocation id of its alphabet,
       a patient's name that shows what it is.
    8. It has a moment in which it holds; start, then end ("Expiration of Health Cards"); the key's
       own window.
    9. Not revoked ("Revocation").

    On an UNTRUSTED clock nothing of steps 2 and 8 is asked that needs a clock, as for the
    gate's own passes: admission refers the visitor to an officer.

    Raises:
        CredentialError: with the reason of the first check that fails.
    """
    public = trust.public
    message = read_jws(jws)
    key_id = checked_key_id(message)
    if public.is_outdated(now):
        raise CredentialError(Reason.TRUST_LIST_OUTDATED)
    candidates = public.shc.get(key_id)
    if not candidates:
        raise CredentialError(Reason.CREDENTIAL_ISSUER_UNKNOWN, "no such key id")
    signers = authentic(candidates, Algorithm.ES256, message.signature, message.signed)
    claims = inflated_claims(message)
    card = _read_claims(claims)
    issuers = [each for each in signers if each.issuer == card.issuer]
    if not issuers:
        raise CredentialError(Reason.CREDENTIAL_ISSUER_MISMATCH, "another issuer than the key's")
    content = _content(card.credential)
    stated = window(card.not_before_s, TIME_S_END if card.expires_s is None else card.expires_s)
    signer, holds = first_that_fits(issuers, lambda each: holding(each, stated, now))
    _check_revoked(public, key_id, card, content)
    # Over the claims as the issuer wrote them, before they were deflated. A holder can change
    # the digits, the parts, and a signature (r, s) into (r, n - s), which holds as well: none of
    # them is in it. Header and compression are signed, so that only the issuer can make other
    # ones; and a card that it signs again with the same claims, as many do for every printout,
    # is still the same card.
    return certified(FORMAT, signer, claims, holds, content, public, now)


def _jws_of(payload: bytes) -> bytes:
    part = read_part(payload)
    if part.total > 1:
        raise CredentialError(Reason.CODE_SPLIT, f"part {part.index} of {part.total}")
    return decode(part.digits)


def _read_claims(claims: bytes) -> _Card:
    found = read_object(claims, depth_max=CLAIMS_DEPTH_MAX)
    # Drafts of the specification called the start `iat`, and so do Quebec's cards of 2021.
    start = found["nbf"] if "nbf" in found else found.get("iat")
    return _Card(
        issuer=found.get("iss"),
        not_before_s=_number(start),
        expires_s=_number(found["exp"]) if "exp" in found else None,
        credential=found.get("vc"),
    )


def _number(value: object) -> float:
    """A NumericDate (RFC 7519 section 2), and not the truth value that Python would take for one.

    Never NaN or infinite: the reader of JSON refuses both.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CredentialError(Reason.CODE_MALFORMED, "a time that is no number")
    return value


def _content(credential: object) -> Content:
    """What the `vc` claim attests.

    Raises:
        CredentialError: CREDENTIAL_CONTENT: it is not that of a health card, or a name in it
            does not show what it is.
    """
    if not isinstance(credential, dict):
        raise _no_card("no vc claim")
    types = credential.get("type")
    if not isinstance(types, list) or HEALTH_CARD not in types:
        raise _no_card("not of the type of a health card")
    subject = credential.get("credentialSubject")
    if not isinstance(subject, dict) or not isinstance(subject.get("fhirVersion"), str):
        raise _no_card("no subject, or one without its FHIR version")
    bundle = subject.get("fhirBundle")
    if not isinstance(bundle, dict):
        raise _no_card("no FHIR bundle")
    rid = credential.get("rid")
    # One that no list could name would make a card that nobody can revoke.
    if "rid" in credential and not (isinstance(rid, str) and _RID.fullmatch(rid)):
        raise _no_card("a revocation id that none can be")
    check_names(bundle)
    return Content(health=health_of(bundle), payload=credential)


def _check_revoked(public: PublicTrust, key_id: str, card: _Card, content: Content) -> None:
    """A revocation id names all cards of its holder that were issued before its time."""
    revoked = public.shc_revoked.get(key_id)
    rid = content.payload.get("rid")
    if revoked is None or rid is None:
        return
    before_s = revoked.rids.get(rid)
    if before_s is not None and (before_s >= TIME_S_END or card.not_before_s < before_s):
        raise CredentialError(Reason.CREDENTIAL_REVOKED)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _no_card(detail: str) -> CredentialError:
    return CredentialError(Reason.CREDENTIAL_CONTENT, detail)
