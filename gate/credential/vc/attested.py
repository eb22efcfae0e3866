"""What a certificate attests, as far as its signature tells.

A signed certificate is a set of statements, and some of DIVOC's terms are the same word in it
(`gate.credential.vc.contexts`): the holder of a first of two doses can swap `dose` and
`totalDoses` and still has a genuine signature. What is read here is the same for every such twin:
the lowest of both numbers, and the earliest of the dates, which is the vaccination's own: a
certificate takes effect on that day or later. Which text is the vaccine's name, and which its
maker's or its batch's, nobody can prove: none of them is read. The disease stands alone, so that
it can be.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from gate.credential.covid import COVID_19
from gate.credential.health import Health, Vaccination
from gate.credential.model import CredentialError
from gate.credential.vc.document import is_instant
from gate.reasons import Reason

DOSE_MAX = 99

_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.*)?")
_DATES = ("date", "effectiveStart", "effectiveUntil")
_NUMBERS = ("dose", "totalDoses")
_COVID_19 = re.compile(r"COVID[- ]?19|SARS-?CoV-?2", re.IGNORECASE)
_NOT_STATED = frozenset({"", "-"})


def health(evidence: Mapping[str, Any]) -> Health:
    """The dose that a certificate's evidence attests.

    Raises:
        CredentialError: CREDENTIAL_CONTENT: no day, no number, or not of their form.
    """
    days = [day for term in _DATES if (day := _day(evidence.get(term)))]
    numbers = [each for term in _NUMBERS if type(each := evidence.get(term)) is int]
    if not days or not numbers or not all(1 <= each <= DOSE_MAX for each in numbers):
        raise _wrong("no day, or no number of a dose")
    return Health(
        vaccinations=(
            Vaccination(
                date=min(days),
                dose=min(numbers),
                of=max(numbers) if len(numbers) == len(_NUMBERS) else None,
                disease=_disease(evidence.get("prophylaxis", "")),
            ),
        )
    )


def instant_s(text: str) -> float:
    """A time of XML Schema, with its zone, in Unix seconds.

    Raises:
        CredentialError: CREDENTIAL_CONTENT.
    """
    if not is_instant(text):
        raise _wrong("a time that is none, or of no zone")
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise _wrong("a time that no calendar has") from None


def _disease(prophylaxis: object) -> str:
    """COVID-19 unless another is named: every programme whose context is pinned was against it."""
    text = str(prophylaxis).strip()
    return COVID_19 if text in _NOT_STATED or _COVID_19.search(text) else text


def _day(value: object) -> str | None:
    """The day of a date or a time; None for what PeduliLindungi writes where it has none."""
    found = _DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        date.fromisoformat(found[1])
    except ValueError:
        raise _wrong("a day that no calendar has") from None
    return found[1]


def _wrong(detail: str) -> CredentialError:
    return CredentialError(Reason.CREDENTIAL_CONTENT, detail)
