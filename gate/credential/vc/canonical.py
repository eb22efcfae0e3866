"""The one form that a linked-data signature covers: RDF, sorted, with blank nodes named anew.

The only module that knows PyLD. Its loader hands out the pinned contexts and refuses every other
address, so that nothing is ever fetched.
"""

from collections.abc import Mapping
from typing import Any

from pyld import jsonld

from gate.credential.model import CredentialError
from gate.credential.vc.contexts import CONTEXTS
from gate.reasons import Reason


def canonical(document: Mapping[str, Any]) -> bytes:
    """A document as canonical N-Quads (URDNA2015, W3C RDF Dataset Canonicalization).

    The work grows with the square of the blank nodes and, of equal ones, beyond every bound: the
    caller has made sure that they are few (`gate.credential.vc.document`).

    Raises:
        CredentialError: CODE_MALFORMED: no JSON-LD, or with a context that isn't pinned.
    """
    options = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": _pinned,
    }
    try:
        quads: str = jsonld.normalize(dict(document), options)
    except jsonld.JsonLdError:
        raise CredentialError(Reason.CODE_MALFORMED, "no JSON-LD that we can read") from None
    return quads.encode()


def _pinned(url: str, _: object) -> dict[str, Any]:
    """A document loader, in PyLD's terms."""
    if url not in CONTEXTS:
        raise jsonld.JsonLdError(
            "not a pinned context", "jsonld.LoadDocumentError", code="loading document failed"
        )
    return {"contextUrl": None, "documentUrl": url, "document": CONTEXTS[url]}
