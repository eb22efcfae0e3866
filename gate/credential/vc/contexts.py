"""The JSON-LD contexts that signatures were made with, pinned: the gate fetches none.

Written from public specifications, and only as much of each as a certificate uses: the terms of
W3C Verifiable Credentials Data Model 1.1 (appendix B.1, `https://www.w3.org/2018/credentials/v1`),
and DIVOC's vaccination contexts of 2021 (egovernments/DIVOC, MIT licence). A term's IRI is a
fact: with another one no genuine signature verifies.

DIVOC's terms are not all different. `dose` and `totalDoses` are one IRI, so are all dates of a
vaccination, and so are its vaccine, batch and maker: a signature does not tell which is which.
`gate.credential.vc.attested` reads only what follows from the signed set.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

W3C = "https://www.w3.org/2018/credentials/v1"

_CREDENTIALS = "https://www.w3.org/2018/credentials#"
_DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"
_CLOSED: Mapping[str, Any] = MappingProxyType({"@version": 1.1, "@protected": True})
_NODE: Mapping[str, Any] = MappingProxyType({**_CLOSED, "id": "@id", "type": "@type"})

ADDRESS: Mapping[str, str] = MappingProxyType(
    {
        "streetAddress": "schema:streetAddress",
        "streetAddress2": "vac:addressLine2",
        "city": "vac:city",
        "district": "vac:district",
        "addressRegion": "schema:addressRegion",
        "postalCode": "schema:postalCode",
        "addressCountry": "schema:addressCountry",
    }
)
VERIFIER: Mapping[str, str] = MappingProxyType(
    {"id": "schema:id", "name": "schema:name", "sign-image": "schema:image"}
)
FACILITY: Mapping[str, str] = MappingProxyType(
    {"name": "schema:name", "seal-image": "schema:image"}
)
"""Beside its address."""
CREDENTIAL: Mapping[str, str] = MappingProxyType({"nonTransferable": "vac:nonTransferable"})
_PERSON = {
    "refId": "schema:id",
    "uhid": "schema:id",
    "name": "schema:name",
    "age": "schema:Number",
    "gender": "schema:gender",
    "nationality": "schema:nationality",
}
_VACCINATION = {
    "certificateId": "schema:id",
    "feedbackUrl": "schema:url",
    "infoUrl": "schema:url",
    "batch": "schema:id",
    "vaccine": "schema:id",
    "manufacturer": "schema:id",
    "date": "schema:date",
    "effectiveStart": "schema:date",
    "effectiveUntil": "schema:date",
    "dose": "schema:doseValue",
    "totalDoses": "schema:doseValue",
}


class Vocabulary(Struct, frozen=True):
    """The plain terms of one generation of DIVOC's context: term → IRI."""

    person: Mapping[str, str]
    """Beside the address."""
    vaccination: Mapping[str, str]
    """Beside verifier and facility."""


_FIRST = Vocabulary(MappingProxyType(_PERSON), MappingProxyType(_VACCINATION))
_SECOND = Vocabulary(
    MappingProxyType(_PERSON | {"dob": "schema:date"}),
    MappingProxyType(_VACCINATION | {"icd11Code": "schema:id", "prophylaxis": "schema:name"}),
)

VOCABULARIES: Mapping[str, Vocabulary] = MappingProxyType(
    {
        "https://www.pedulilindungi.id/credentials/vaccination/v2": _SECOND,
        "https://cowin.gov.in/credentials/vaccination/v1": _FIRST,
        "https://cowin.gov.in/credentials/vaccination/v2": _SECOND,
        "https://divoc.lgcc.gov.lk/credentials/vaccination/v1": _SECOND,
        "https://divoc.lgcc.gov.lk/credentials/vaccination/v2": _SECOND,
        "https://divoc.prod/vaccine/credentials/vaccination/v1": _SECOND,
    }
)
"""Every country's own name for the context → what it says, as the WHO's validator has it
(WorldHealthOrganization/gdhcn-validator): Indonesia, India, Sri Lanka, the Philippines."""


def _identifier(name: str) -> dict[str, str]:
    return {"@id": _CREDENTIALS + name, "@type": "@id"}


def _instant(name: str) -> dict[str, str]:
    return {"@id": _CREDENTIALS + name, "@type": _DATE_TIME}


def _scoped(iri: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """A term whose node has terms of its own."""
    return {"@id": iri, "@context": {**_CLOSED, **terms}}


def _w3c() -> dict[str, Any]:
    terms = {
        "id": "@id",
        "type": "@type",
        "credentialSubject": _identifier("credentialSubject"),
        "evidence": _identifier("evidence"),
        "issuer": _identifier("issuer"),
        "issuanceDate": _instant("issuanceDate"),
        "expirationDate": _instant("expirationDate"),
    }
    credential = _scoped(_CREDENTIALS + "VerifiableCredential", terms)
    return {"@context": {**_NODE, "VerifiableCredential": credential}}


def _divoc(url: str, words: Vocabulary) -> dict[str, Any]:
    address = _scoped("schema:PostalAddress", ADDRESS)
    facility = _scoped("vac:Facility", {**FACILITY, "address": address})
    verifier = _scoped("vac:verifier", VERIFIER)
    vaccination = {**words.vaccination, "verifier": verifier, "facility": facility}
    terms = {
        "schema": "https://schema.org/",
        # It doesn't end as a prefix must (JSON-LD 1.1, compact IRIs), so that `vac:city` is an IRI
        # as it stands: the same one in every country.
        "vac": url,
        "ProofOfVaccinationCredential": _scoped("schema:ProofOfVaccinationCredential", CREDENTIAL),
        "Person": _scoped("schema:Person", {**words.person, "address": address}),
        "Vaccination": _scoped("vac:Vaccination", vaccination),
    }
    return {"@context": {**_NODE, **terms}}


CONTEXTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {W3C: _w3c()} | {url: _divoc(url, words) for url, words in VOCABULARIES.items()}
)
"""Every document that a loader may hand out."""
