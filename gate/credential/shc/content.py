"""What a card attests: FHIR R4 resources, read for the few things that a gate's rules ask.

The card is genuine when this looks at it, and still `health_of` raises nothing: a resource that
is of no use, or not as FHIR has it, is passed over, and what is left of a card may be nothing.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from gate.credential.covid import COVID_19
from gate.credential.health import Health, Test, Vaccination
from gate.credential.names import check_name
from gate.credential.shc import codes
from gate.credential.shc.series import Series

DOSE_NUMBER_MAX = 99
"""A higher one is a mistake, and is counted anew."""
CODINGS_MAX = 64
"""Of one thing, and diseases that one dose is against; nobody looks further."""

_DATE = re.compile(
    r"([0-9]{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?)(T[0-9:.+Z-]{1,32})?"
)
"""A FHIR dateTime: a date as precise as it is known, and perhaps a time."""
_GIVEN = "completed"
"""The state of an immunization that took place; Quebec writes `Completed`."""
_FINAL = ("final", "amended", "corrected")
"""Of the states of an observation, those in which its result holds."""


class _Dose(Struct, frozen=True):
    """An immunization, before doses without a number are counted."""

    date: str
    disease: str
    product: str
    number: int | None
    of: int | None


def health_of(bundle: Mapping[str, Any]) -> Health:
    """The doses and the tests of a card's `fhirBundle`."""
    resources = tuple(_resources(bundle))
    doses = filter(None, (_dose(each) for each in resources))
    tests = filter(None, (_test(each) for each in resources))
    return Health(vaccinations=_numbered(list(doses)), tests=tuple(tests))


def check_names(bundle: Mapping[str, Any]) -> None:
    """Return if every part of every patient's name shows what it is.

    A part that is a list where FHIR has one text is looked at alike: Quebec writes families so.

    Raises:
        CredentialError: CREDENTIAL_CONTENT.
    """
    for resource in _resources(bundle):
        if resource.get("resourceType") == "Patient":
            for name in _each(resource.get("name")):
                _check_name(name)


def _check_name(name: object) -> None:
    for part in name.values() if isinstance(name, dict) else (name,):
        for text in _each(part):
            if isinstance(text, str):
                check_name(text)


def _resources(bundle: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entry in _list(bundle.get("entry")):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield resource


def _dose(resource: Mapping[str, Any]) -> _Dose | None:
    """An Immunization that was given and works, with a date that a rule can judge.

    A dose that says `isSubpotent` does not count (a modifier element of FHIR R4's Immunization).
    """
    if (
        resource.get("resourceType") != "Immunization"
        or _status(resource) != _GIVEN
        or resource.get("isSubpotent") is True
    ):
        return None
    found = _date(resource.get("occurrenceDateTime"))
    if found is None:
        return None
    codings = _codings(resource.get("vaccineCode"))
    protocol = _first(resource.get("protocolApplied"))
    of = _small(protocol.get("seriesDosesPositiveInt"))
    if of is None and not codes.SINGLE_DOSE.isdisjoint(codings):
        of = 1
    return _Dose(
        date=found[1],
        disease=_disease(codings, protocol),
        product=codings[0][1] if codings else "",
        number=_small(protocol.get("doseNumberPositiveInt")),
        of=of,
    )


def _disease(product: tuple[tuple[str, str], ...], protocol: Mapping[str, Any]) -> str:
    """What the product is known to be against, else what the protocol says; empty if neither."""
    if any(code in codes.COVID_19_VACCINES.get(system, ()) for system, code in product):
        return COVID_19
    targets = [
        coding
        for target in _list(protocol.get("targetDisease"))[:CODINGS_MAX]
        for coding in _codings(target)
    ]
    if not codes.COVID_19_DISEASES.isdisjoint(targets):
        return COVID_19
    return targets[0][1] if targets else ""


def _numbered(doses: list[_Dose]) -> tuple[Vaccination, ...]:
    """The doses in the order of their dates, each numbered among those of its disease."""
    series: dict[str, Series] = {}
    numbered = []
    for dose in sorted(doses, key=lambda each: each.date):
        against = series.setdefault(dose.disease or f"product {dose.product}", Series())
        number = against.numbered(dose.date, dose.number)
        numbered.append(Vaccination(dose.date, number, dose.of, dose.product, dose.disease))
    return tuple(numbered)


def _status(resource: Mapping[str, Any]) -> str:
    """The state of a resource, in lower case; empty if it has none."""
    status = resource.get("status")
    return status.lower() if isinstance(status, str) else ""


def _test(resource: Mapping[str, Any]) -> Test | None:
    """An Observation of the virus of COVID-19, or of its absence."""
    if resource.get("resourceType") != "Observation" or _status(resource) not in _FINAL:
        return None
    found = _date(resource.get("effectiveDateTime"))
    kinds = [
        code
        for system, code in _codings(resource.get("code"))
        if system == codes.LOINC and code in codes.COVID_19_TESTS
    ]
    if found is None or not kinds:
        return None
    results = frozenset(_codings(resource.get("valueCodeableConcept")))
    positive = None
    # A result that is said to be both is positive: the worse of the two for a crowded place.
    if results & codes.POSITIVE:
        positive = True
    elif results & codes.NEGATIVE:
        positive = False
    return Test(moment=found[0], positive=positive, type=kinds[0])


def _codings(concept: object) -> tuple[tuple[str, str], ...]:
    """System and code of every coding of a CodeableConcept that has a code."""
    if not isinstance(concept, dict):
        return ()
    return tuple(
        (system if isinstance(system := coding.get("system"), str) else "", code)
        for coding in _list(concept.get("coding"))[:CODINGS_MAX]
        if isinstance(coding, dict) and isinstance(code := coding.get("code"), str)
    )


def _date(value: object) -> re.Match[str] | None:
    """A FHIR dateTime: all of it is group 0, its date group 1."""
    return _DATE.fullmatch(value) if isinstance(value, str) else None


def _small(value: object) -> int | None:
    """A number of a dose, and not the truth value that Python would take for one."""
    return value if type(value) is int and 1 <= value <= DOSE_NUMBER_MAX else None


def _each(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _first(value: object) -> Mapping[str, Any]:
    first = next(iter(_list(value)), None)
    return first if isinstance(first, dict) else {}
