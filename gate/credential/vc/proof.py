"""The proof of a certificate: a detached JSON Web Signature in the suites of 2018.

Sources: Linked Data Proofs 1.0 and the suites `Ed25519Signature2018` and `RsaSignature2018`
(W3C CCG); RFC 7515; RFC 7797 for a payload that is neither in the message nor base64url. What it
covers is written out here: four statements of one blank node, in the only order that they can
have.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from gate.credential import base64url
from gate.credential.jsontext import read_object
from gate.credential.model import CredentialError
from gate.credential.signature import Algorithm
from gate.credential.vc.document import is_instant, is_iri
from gate.reasons import Reason

ASSERTION = "assertionMethod"
"""What a proof of a certificate is for."""

_TERMS = frozenset({"type", "created", "verificationMethod", "proofPurpose", "jws"})
_PURPOSES: Mapping[str, str] = MappingProxyType(
    {ASSERTION: "assertionMethod", "authentication": "authenticationMethod"}
)
"""Term → IRI behind `https://w3id.org/security#`."""
_SUITES: Mapping[str, Mapping[str, Algorithm]] = MappingProxyType(
    {
        "Ed25519Signature2018": MappingProxyType({"EdDSA": Algorithm.EDDSA}),
        # The suite says RS256; the library that DIVOC signs with has always written PS256.
        "RsaSignature2018": MappingProxyType({"PS256": Algorithm.PS256, "RS256": Algorithm.RS256}),
    }
)
_HEADER = frozenset({"alg", "b64", "crit"})
_CRITICAL = ["b64"]
_QUADS = """\
_:c14n0 <http://purl.org/dc/terms/created> "{created}"\
^^<http://www.w3.org/2001/XMLSchema#dateTime> .
_:c14n0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://w3id.org/security#{suite}> .
_:c14n0 <https://w3id.org/security#proofPurpose> <https://w3id.org/security#{purpose}> .
_:c14n0 <https://w3id.org/security#verificationMethod> <{method}> .
"""


class Proof(Struct, frozen=True):
    """What a proof says of itself. Nothing in it is proven yet."""

    suite: str
    created: str
    method: str
    """Whose key, as its issuer writes it."""
    purpose: str
    header_text: bytes
    header: Mapping[str, Any]
    signature: bytes


def parse(proof: Mapping[str, Any]) -> Proof:
    """Take a proof apart.

    Raises:
        CredentialError: CODE_MALFORMED: other terms than the five; a time or a method that is
            none; a purpose that the suites don't know; not a detached signature.
    """
    match proof:
        case {
            "type": str() as suite,
            "created": str() as created,
            "verificationMethod": str() as method,
            "proofPurpose": str() as purpose,
            "jws": str() as jws,
        } if proof.keys() == _TERMS:
            pass
        case _:
            raise _malformed("not the terms of a proof")
    if purpose not in _PURPOSES or not is_instant(created) or not is_iri(method):
        raise _malformed("a purpose, a time or a method that is none")
    header_text, _, rest = jws.encode().partition(b".")
    payload, dot, signature = rest.partition(b".")
    if payload or not dot:
        raise _malformed("not a detached signature")
    header = read_object(_bytes(header_text), depth_max=2)
    return Proof(suite, created, method, purpose, header_text, header, _bytes(signature))


def algorithm(proof: Proof) -> Algorithm:
    """What the proof is made by, if its suite has it.

    Raises:
        CredentialError: CREDENTIAL_CRITICAL for an extension other than `b64`; CREDENTIAL_ALGORITHM
            for another suite or an algorithm that isn't the suite's; CODE_MALFORMED for another
            header (RFC 7797 section 6: who leaves `b64` out of `crit` is not understood by all).
    """
    if proof.header.get("crit", _CRITICAL) != _CRITICAL:
        raise CredentialError(Reason.CREDENTIAL_CRITICAL)
    name = proof.header.get("alg")
    found = _SUITES.get(proof.suite, {}).get(name) if isinstance(name, str) else None
    if found is None:
        raise CredentialError(Reason.CREDENTIAL_ALGORITHM)
    if proof.header.keys() != _HEADER or proof.header["b64"] is not False:
        raise _malformed("not the header of a detached signature")
    return found


def signed_bytes(proof: Proof, statements: bytes) -> bytes:
    """What the signature covers: header, and the hashes of both parts in canonical form."""
    options = _QUADS.format(
        created=proof.created,
        suite=proof.suite,
        purpose=_PURPOSES[proof.purpose],
        method=proof.method,
    )
    return b"%b.%b%b" % (
        proof.header_text,
        hashlib.sha256(options.encode()).digest(),
        hashlib.sha256(statements).digest(),
    )


def _bytes(text: bytes) -> bytes:
    try:
        return base64url.decode(text)
    except ValueError as error:
        raise _malformed(str(error)) from None


def _malformed(detail: str) -> CredentialError:
    return CredentialError(Reason.CODE_MALFORMED, detail)
