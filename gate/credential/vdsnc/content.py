"""What a seal attests: the message of a proof of vaccination or of a proof of a test.

Source: the schemas of both messages that go with ICAO's TR VDS-NC (PoV by WHO, PoT by CAPSCA).
Only what rules look at, and the name that an officer reads, is held to its form; a seal is
genuine whatever else its issuer writes.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from gate.credential.covid import COVID_19, ICD11_DISEASE, ICD11_VACCINES
from gate.credential.health import Health, Test, Vaccination
from gate.credential.model import CredentialError
from gate.credential.names import check_name
from gate.credential.publictrust import Usage
from gate.reasons import Reason

VERSION = 1
"""Of both messages; another one is another structure."""
DOSE_MAX = 99
"""`seq` has at most two digits."""

_DIGITS = re.compile(r"[0-9]{1,2}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:T[0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-][0-2][0-9]:?[0-5][0-9])?)?"
)
_POSITIVE: Mapping[object, bool] = MappingProxyType({"positive": True, "negative": False})
"""The other two results, normal and abnormal, are those of no test for an infection."""


def health(kind: str, version: object, message: Mapping[str, Any]) -> tuple[Health, Usage]:
    """What a message attests, and what its signer must be allowed to attest for it.

    Raises:
        CredentialError: CREDENTIAL_CONTENT: another kind or version, or not its form.
    """
    if kind not in _KINDS or type(version) is not int or version != VERSION:
        raise _wrong("a kind or a version of seal that we do not know")
    _check_holder(message)
    usage, reader = _KINDS[kind]
    return reader(message), usage


def _check_holder(message: Mapping[str, Any]) -> None:
    """The name shows what was signed, where there is one."""
    person = _object(message.get("pid", {}))
    if "n" in person:
        check_name(person["n"])


def _vaccinations(message: Mapping[str, Any]) -> Health:
    doses = tuple(
        Vaccination(
            date=_date(dose.get("dvc")),
            dose=_number(dose.get("seq")),
            product=_text(event.get("nam", "")),
            disease=_disease(event),
        )
        for event in _objects(message.get("ve"))
        for dose in _objects(event.get("vd"))
    )
    return Health(vaccinations=doses)


def _disease(event: Mapping[str, Any]) -> str:
    """The code of the disease; where there is none, the code of the vaccine tells COVID-19."""
    disease, vaccine = _text(event.get("dis", "")), _text(event.get("des", ""))
    is_covid_19 = disease.startswith(ICD11_DISEASE) if disease else vaccine in ICD11_VACCINES
    return COVID_19 if is_covid_19 else disease


def _test(message: Mapping[str, Any]) -> Health:
    dates, result = _object(message.get("dat")), _object(message.get("tr"))
    return Health(
        tests=(
            Test(
                moment=_moment(dates.get("sc")),
                positive=_POSITIVE.get(_text(result.get("r")).lower()),
                type=_text(result.get("tc")),
            ),
        )
    )


def _objects(value: object) -> list[dict[str, Any]]:
    """A list of at least one object."""
    if not isinstance(value, list) or not value:
        raise _wrong("a list is missing or empty")
    return [_object(each) for each in value]


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong("an object is missing")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _wrong("a text is missing")
    return value


def _number(value: object) -> int:
    """A number, or its digits: descriptions of the field differ."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if type(value) is not int or not 1 <= value <= DOSE_MAX:
        raise _wrong(f"a dose number lies between 1 and {DOSE_MAX}")
    return value


def _date(value: object) -> str:
    text = _text(value)
    if not _DATE.fullmatch(text):
        raise _wrong("a date is YYYY-MM-DD")
    return _calendar(text, text)


def _moment(value: object) -> str:
    """A date, or a date and time of ISO 8601 as precise as the issuer wrote it."""
    text = _text(value)
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise _wrong("a time is one of ISO 8601")
    return _calendar(text, found[1])


def _calendar(text: str, day: str) -> str:
    try:
        date.fromisoformat(day)
    except ValueError:
        raise _wrong("a day that no calendar has") from None
    return text


def _wrong(detail: str) -> CredentialError:
    return CredentialError(Reason.CREDENTIAL_CONTENT, detail)


_KINDS: Mapping[str, tuple[Usage, Callable[[Mapping[str, Any]], Health]]] = MappingProxyType(
    {
        "icao.vacc": (Usage.VACCINATION, _vaccinations),
        "icao.test": (Usage.TEST, _test),
    }
)
