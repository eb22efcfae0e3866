"""The form of a certificate, held to before anything is computed from it.

Canonicalising drops what no context defines, and what can't be an IRI: such a statement would
stand in the certificate, and no signature would cover it. And it takes ever longer the more
nodes are alike. So every node may have the terms that its context defines and no others, each
with one plain value, and there are never more than seven nodes.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from gate.credential.jsontext import read_object
from gate.credential.model import CredentialError
from gate.credential.vc import contexts
from gate.credential.vc.contexts import Vocabulary
from gate.reasons import Reason

DEPTH_MAX = 5
"""Certificate, evidence list, evidence, facility, address."""
INTEGER_END = 1 << 53
"""Beyond it two readers of JSON see two numbers (RFC 7493 section 2.2)."""
IRI_CHARS_MAX = 2_048
"""Canonicalising hashes an identifier anew for each statement of its node."""

_IRI = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x20\x7f<>"{}|\\^`]+""")
"""Absolute, as canonicalising keeps it. DIVOC let people's identity numbers in, which are none,
and CoWIN wrote `did:Aadhaar Card:…`: their holder's name is in no signature."""
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_CREDENTIAL_TYPES = frozenset({"VerifiableCredential", "ProofOfVaccinationCredential"})

Shape = Callable[[object], None]
"""Returns if a value has that shape; raises CODE_MALFORMED."""


class Document(Struct, frozen=True):
    """A certificate of the right form. Nothing in it is proven yet."""

    statements: Mapping[str, Any]
    """All that is signed: the certificate without its proof."""
    issuer: str
    issued: str
    expires: str
    """Times as written; the second is empty where there is none."""
    evidence: Mapping[str, Any]
    proof: Mapping[str, Any]
    """Of any form."""


def parse(data: bytes) -> Document:
    """Read a certificate and hold it to its form.

    Raises:
        CredentialError: CODE_MALFORMED: not strict JSON; another context than the pinned ones; a
            term that they don't define at that place, an undefined type, a value that is null, a
            fraction, a list or a node where a plain one belongs; an identifier that is no
            absolute IRI, or both the person's and the evidence's; no evidence or more than one; no
            proof.
    """
    code = read_object(data, depth_max=DEPTH_MAX)
    match code.get("@context"):
        case [contexts.W3C, str() as url] if url in _SHAPES:
            _SHAPES[url](code)
        case _:
            raise _malformed("contexts that are not the pinned ones")
    evidence = _only(code["evidence"])
    if "id" in evidence and evidence["id"] == code["credentialSubject"].get("id"):
        # To the signature they would be one node, in which a holder could swap the person's
        # name and the disease, or the birth date and the dose's.
        raise _malformed("a person and a vaccination of one identifier")
    return Document(
        statements={term: value for term, value in code.items() if term != "proof"},
        issuer=code["issuer"],
        issued=code["issuanceDate"],
        expires=code.get("expirationDate", ""),
        evidence=evidence,
        proof=code["proof"],
    )


def is_iri(text: object) -> bool:
    """Whether it is an absolute IRI that N-Quads can hold as it is."""
    return isinstance(text, str) and len(text) <= IRI_CHARS_MAX and _IRI.fullmatch(text) is not None


def is_instant(text: str) -> bool:
    """Whether it has the form of a time of XML Schema, with its zone."""
    return _INSTANT.fullmatch(text) is not None


def _node(terms: Mapping[str, Shape], required: frozenset[str] = frozenset()) -> Shape:
    """An object of these terms."""

    def check(value: object) -> None:
        if not isinstance(value, dict) or not required <= value.keys():
            raise _malformed("a node that is missing, or something of it")
        for term, inner in value.items():
            shape = terms.get(term)
            if shape is None:
                raise _malformed("a term that no context defines there")
            shape(inner)

    return check


def _plain(terms: Mapping[str, str]) -> dict[str, Shape]:
    return dict.fromkeys(terms, _literal)


def _literal(value: object) -> None:
    match value:
        case str() | bool():
            return
        case int() if -INTEGER_END < value < INTEGER_END:
            return
        case _:
            raise _malformed("a value that is not plain")


def _text(value: object) -> None:
    if not isinstance(value, str):
        raise _malformed("a text is missing")


def _iri(value: object) -> None:
    if not is_iri(value):
        raise _malformed("an identifier that no signature covers")


def _anything(_: object) -> None:
    """What is looked at elsewhere."""


def _object(value: object) -> None:
    if not isinstance(value, dict):
        raise _malformed("a proof is missing")


def _types(names: frozenset[str]) -> Shape:
    """Exactly these, once each; JSON-LD lets a single one stand outside a list."""

    def check(value: object) -> None:
        given = value if isinstance(value, list) else [value]
        if len(given) != len(names) or any(name not in given for name in names):
            raise _malformed("not the types of such a node")

    return check


def _only(value: object) -> Any:  # noqa: ANN401 - any JSON, looked at by the node's shape
    """The one of a set. Two that share an identifier would be one node to the signature, and
    what belongs to the one could be moved to the other; DIVOC writes one dose a certificate."""
    if not isinstance(value, list):
        return value
    if len(value) != 1:
        raise _malformed("no evidence, or more than one")
    return value[0]


def _certificate(words: Vocabulary) -> Shape:
    address = _node(_plain(contexts.ADDRESS))
    facility = _node({**_plain(contexts.FACILITY), "address": address})
    person = _node(
        {
            **_plain(words.person),
            "id": _iri,
            "type": _types(frozenset({"Person"})),
            "address": address,
        },
        required=frozenset({"type"}),
    )
    vaccination = _node(
        {
            **_plain(words.vaccination),
            "id": _iri,
            "type": _types(frozenset({"Vaccination"})),
            "verifier": _node(_plain(contexts.VERIFIER)),
            "facility": facility,
        },
        required=frozenset({"type"}),
    )
    terms: dict[str, Shape] = {
        **_plain(contexts.CREDENTIAL),
        "@context": _anything,
        "id": _iri,
        "type": _types(_CREDENTIAL_TYPES),
        "issuer": _iri,
        "issuanceDate": _text,
        "expirationDate": _text,
        "credentialSubject": person,
        "evidence": lambda value: vaccination(_only(value)),
        "proof": _object,
    }
    optional = {"id", "expirationDate", *contexts.CREDENTIAL}
    return _node(terms, required=frozenset(terms.keys() - optional))


def _malformed(detail: str) -> CredentialError:
    return CredentialError(Reason.CODE_MALFORMED, detail)


_SHAPES: Mapping[str, Shape] = MappingProxyType(
    {url: _certificate(words) for url, words in contexts.VOCABULARIES.items()}
)
