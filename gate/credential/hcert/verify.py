"""The whole way of a health certificate: from its text to what its issuer attests."""

import base64
import hashlib
import math
from collections.abc import Iterator

from gate.credential import cose
from gate.credential.certified import certified
from gate.credential.cose import SignedMessage
from gate.credential.hcert import claims as token
from gate.credential.hcert import content, envelope
from gate.credential.hcert.claims import Claims
from gate.credential.hcert.content import Statement
from gate.credential.hcert.envelope import malformed
from gate.credential.model import Claim, CredentialError, Examined
from gate.credential.publictrust import PublicTrust, SignerKey
from gate.credential.signature import Algorithm
from gate.credential.signers import authentic, first_that_fits, holding
from gate.credential.trust import TrustList
from gate.credential.window import Window, window
from gate.reasons import Reason
from gate.walltime import WallTime

PREFIX = envelope.PREFIX
FORMAT = "hcert"
STRANGER_BYTES_MAX = 4_096
"""Longest claims of an unknown key that are looked at; genuine ones have 800."""

_ALGORITHMS = frozenset({int(Algorithm.ES256), int(Algorithm.PS256)})
"""Electronic Health Certificate Specification, section 3.3.2. There is no default."""
_REVOCATION_BYTES = 16
"""Of a SHA-256, in a revocation list (EU DCC revocation, eHealth Network 2022)."""


def verify_hcert(payload: bytes, trust: TrustList, now: WallTime) -> Examined:
    """Verify the text of a health certificate.

    The checks, in this order (HCERT is the Electronic Health Certificate Specification):

    1. Prefix, base45, zlib, COSE_Sign1, no `crit`: `envelope.open_text` (HCERT section 4.2).
    2. The list of public issuers is not outdated.
    3. The signed algorithm is ES256 or PS256 (HCERT section 3.3.2, RFC 9052 section 3.1).
    4. The key id is known (HCERT section 3.3.3). Of an unknown one, claims that nobody could
       read are named before the key: no newer trust list would help. Nothing else is ever
       looked at before a signature (HCERT section 6.3).
    5. One of its keys takes the algorithm; of those, one made the signature (HCERT section
       3.3.3: key ids may collide, so all are tried; RFC 9052 section 4.4). The list may have
       that key more than once, in certificates for other times or kinds: the first whose
       certificate passes 8 to 10 counts, and where none does, what the first one says.
    6. The claims: a map, its dates finite numbers, an end among them (HCERT section 3.3.5).
    7. The content: one certificate of the right shape: `content.read`.
    8. The key may attest it (HCERT appendix A.2, extended key usage).
    9. It holds at some time; start, then end (RFC 8392 sections 3.1.5, 3.1.6; HCERT section
       3.3.5: it is expired *after* its `exp`. RFC 8392 has it expired at that very second;
       Denmark's and Spain's own tests agree with HCERT).
    10. The signer's certificate holds (HCERT section 3.3.5: none outlives it), and at some time
       both do.
    11. Neither signature, id, nor country and id is revoked (EU DCC revocation).

    On an UNTRUSTED clock nothing of 9 and 10 is asked that needs a clock, because no answer would
    be honest: the credential carries its times, and admission refers the visitor to an officer.

    Raises:
        CredentialError: with the reason of the first check that fails.
    """
    message = envelope.open_text(payload)
    public = trust.public
    if public.is_outdated(now):
        raise CredentialError(Reason.TRUST_LIST_OUTDATED)
    signers = _signers(message, public)
    claims = token.read(message.payload)
    if claims.expires_s is None:
        raise malformed("no end of validity")
    statement = content.read(claims.health)
    stated = window(
        math.floor(max(claims.issued_s or 0, claims.not_before_s or 0, 0)),
        math.floor(claims.expires_s) + 1,
    )

    def fit(signer: SignerKey) -> Window:
        if statement.usage not in signer.usages:
            raise CredentialError(Reason.CREDENTIAL_KIND_NOT_ISSUED, signer.issuer)
        return holding(signer, stated, now)

    signer, holds = first_that_fits(signers, fit)
    if public.hcert_revoked and not public.hcert_revoked.isdisjoint(
        _revocation_ids(message, claims, statement, signer)
    ):
        raise CredentialError(Reason.CREDENTIAL_REVOKED)
    return certified(FORMAT, signer, message.payload, holds, statement.content, public, now)


def read(payload: bytes) -> Claim:
    """What a certificate says of itself. Nothing of it is proven.

    Raises:
        CredentialError: it can't be read at all: steps 1 and 6 of `verify_hcert`.
    """
    message = envelope.open_text(payload)
    claims = token.read(message.payload)
    try:
        attested = content.read(claims.health).content
    except CredentialError:
        attested = None
    key_id = envelope.key_id(message)
    return Claim(
        format=FORMAT,
        key_id=base64.b64encode(key_id).decode("ascii") if type(key_id) is bytes else "",
        algorithm=_name_of(message.algorithm),
        issuer=claims.issuer,
        issued_s=claims.issued_s,
        not_before_s=claims.not_before_s,
        expires_s=claims.expires_s,
        content=attested,
    )


def _signers(message: SignedMessage, public: PublicTrust) -> list[SignerKey]:
    """Steps 3 to 5 of `verify_hcert`: every entry of the list whose key made the signature."""
    algorithm = Algorithm(cose.allowed_algorithm(message, _ALGORITHMS))
    key_id = envelope.key_id(message)
    keys = public.hcert.get(key_id, ()) if type(key_id) is bytes else ()
    if not keys:
        if len(message.payload) <= STRANGER_BYTES_MAX:
            token.read(message.payload)
        raise CredentialError(Reason.CREDENTIAL_ISSUER_UNKNOWN)
    return authentic(keys, algorithm, message.signature, message.signed_bytes)


def _revocation_ids(
    message: SignedMessage, claims: Claims, statement: Statement, signer: SignerKey
) -> Iterator[bytes]:
    """What a revocation list may name the certificate by.

    Of an ECDSA signature the first half counts, r: whoever holds the certificate can make
    another s, but no other r. An RSA signature counts whole.

    The country is that of the token's issuer, a claim that may be missing (HCERT section 3.3.1)
    or say a ministry's name or "xx": so the entry's and the signer's countries count as well.
    """
    signature = message.signature
    if message.algorithm == Algorithm.ES256:
        signature = signature[: len(signature) // 2]
    named = {signature}
    for country, identifier in statement.ids:
        named.add(identifier.encode())
        for each in (claims.issuer, country, signer.issuer):
            named |= {f"{each}{identifier}".encode(), f"{each.upper()}{identifier}".encode()}
    return (hashlib.sha256(each).digest()[:_REVOCATION_BYTES] for each in named)


def _name_of(algorithm: object) -> str:
    """An algorithm that we know by its name, another number as it is."""
    if type(algorithm) is not int:
        return ""
    known = {int(each): each.name for each in Algorithm}
    return known.get(algorithm, str(algorithm))
