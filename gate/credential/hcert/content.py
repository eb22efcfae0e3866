"""What the health claim attests: a vaccination, a test or a recovery of one person.

Only what makes it such a certificate is checked here: its shape, that texts are texts and
numbers numbers. Value sets and plausible dates are the site's rules' business: genuine
certificates leave product and maker empty, and somebody was born in 1815 in a ministry's tests.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from gate.credential.covid import COVID_19, ICD11_DISEASE, ICD11_VACCINES
from gate.credential.hcert.envelope import malformed
from gate.credential.hcert.generalcbor import TAGGED
from gate.credential.health import Content, Health, Recovery, Test, Vaccination
from gate.credential.model import CredentialError
from gate.credential.names import check_name
from gate.credential.publictrust import Usage
from gate.reasons import Reason

COUNT_MAX = 99
"""Of a dose's number, or of a series; the certificate shows two digits."""

_DCC = 1
"""The EU's certificate (Electronic Health Certificate Specification, section 3.3.7)."""
_DVC = -6
"""The WHO's digital vaccination certificate, proposed (SMART Trust 1.3, HCert -6)."""
_BIRTH = re.compile(
    r"""
    (
        (18|19|20)[0-9]{2}
        ( -[0-9]{2} | -[0-9]{2}-[0-9]{2} ( T00:00:00 (\.0{1,9})? (Z|[+-][0-9]{2}:?[0-9]{2})? )? )?
    )?
    """,
    re.VERBOSE,
)
"""EU DCC schema 1.3.0, `dob`: a year, a month or a day, or nothing. It begins with 1900 there, and
genuine Dutch certificates with 1815; other genuine ones add the midnight that their database has.
"""
_VERSION_OF_LISTS = "1.0."
"""Later schemas allow one entry a certificate; Romania's first ones have both doses in one."""
_GROUPS: Mapping[str, Usage] = MappingProxyType(
    {"v": Usage.VACCINATION, "t": Usage.TEST, "r": Usage.RECOVERY}
)
_RESULTS: Mapping[str, bool] = MappingProxyType({"260373001": True, "260415000": False})
"""SNOMED CT, detected and not detected (the EU's value set covid-19-lab-result)."""
_NAMES = ("fn", "gn", "fnt", "gnt")


class Statement(Struct, frozen=True):
    """The content, what kind of thing it attests, and the names that it can be revoked by."""

    content: Content
    usage: Usage
    ids: tuple[tuple[str, str], ...] = ()
    """Of each entry, the country and the unique certificate identifier (UCI) that it can be
    revoked by."""


def read(health: object) -> Statement:
    """Read the health claim: one certificate of a kind that we know, and no second one.

    Raises:
        CredentialError: CREDENTIAL_CONTENT; CODE_MALFORMED for a tag or a number that is not
            finite in it.
    """
    if not isinstance(health, dict) or len(health) != 1:
        raise _wrong("not exactly one certificate in the health claim")
    ((label, value),) = health.items()
    if type(label) is not int or label not in _KINDS:
        raise _wrong("a kind of health certificate that we do not know")
    return _KINDS[label](value)


def _read_dcc(dcc: object) -> Statement:
    """EU DCC schema 1.3: the holder, and one entry of `v`, `t` or `r`."""
    found = _map(dcc)
    _check_plain(found)
    version = _text(found, "ver")
    if not _BIRTH.fullmatch(_text(found, "dob")):
        raise _wrong("a date of birth that the schema does not have")
    name = _map(found.get("nam"))
    _text(name, "fnt")
    for part in _NAMES:
        check_name(name.get(part, ""))
    group, entries = _entries(found)
    if len(entries) > 1 and not version.startswith(_VERSION_OF_LISTS):
        raise _wrong("more than one entry")
    for entry in entries:
        for field in ("tg", "co", "is", "ci"):
            _text(entry, field)
    ids = tuple([(entry["co"], entry["ci"]) for entry in entries])
    return Statement(Content(_health(group, entries), found), group, ids)


def _health(group: Usage, entries: list[dict[str, Any]]) -> Health:
    if group is Usage.VACCINATION:
        return Health(vaccinations=tuple([_vaccination(entry) for entry in entries]))
    if group is Usage.TEST:
        return Health(tests=tuple([_test(entry) for entry in entries]))
    return Health(recoveries=tuple([_recovery(entry) for entry in entries]))


def _entries(dcc: dict[str, Any]) -> tuple[Usage, list[dict[str, Any]]]:
    """The one group that has entries (the schema's own rule), and them."""
    filled = []
    for field, group in _GROUPS.items():
        entries = dcc.get(field)
        if entries is not None and type(entries) is not list:
            raise _wrong(f"{field} is no list")
        if entries:
            filled.append((group, entries))
    if len(filled) != 1:
        raise _wrong("not exactly one of vaccination, test and recovery")
    ((group, entries),) = filled
    return group, [_map(entry) for entry in entries]


def _vaccination(entry: dict[str, Any]) -> Vaccination:
    for field in ("vp", "mp", "ma"):
        if type(entry.get(field, "")) is not str:
            raise _wrong(f"{field} is no text")
    return Vaccination(
        date=_text(entry, "dt"),
        dose=_count(entry, "dn"),
        of=_count(entry, "sd"),
        product=entry.get("mp", ""),
        disease=entry["tg"],
    )


def _test(entry: dict[str, Any]) -> Test:
    return Test(
        moment=_text(entry, "sc"),
        positive=_RESULTS.get(_text(entry, "tr")),
        type=_text(entry, "tt"),
        disease=_text(entry, "tg"),
    )


def _recovery(entry: dict[str, Any]) -> Recovery:
    return Recovery(
        first_positive=_text(entry, "fr"),
        valid_from=_text(entry, "df"),
        valid_until=_text(entry, "du"),
        disease=_text(entry, "tg"),
    )


def _read_dvc(dvc: object) -> Statement:
    """The WHO's DVC, logical model DVCMin: a name and the details of a vaccination.

    Drafts differ: the details stand in `vx`, or alone or in a list in `v`, and their date in
    `dt` or `dv`. The last one names a product of a catalogue and no disease; the first ones (SMART
    ICVP 0.1) a vaccine and a disease by their codes in ICD-11. We number the doses.
    """
    if isinstance(dvc, list) and len(dvc) == 1:
        dvc = dvc[0]
    found = _map(dvc)
    _check_plain(found)
    check_name(_text(found, "n"))
    details = found.get("vx", found.get("v"))
    listed = details if isinstance(details, list) else [details]
    if not 1 <= len(listed) <= COUNT_MAX:
        raise _wrong("no vaccination, or too many")
    vaccinations = []
    doses: Counter[str] = Counter()
    for date, disease, product in sorted({_given(_map(each)) for each in listed}):
        doses[disease] += 1
        vaccinations.append(
            Vaccination(date=date, dose=doses[disease], product=product, disease=disease)
        )
    health = Health(vaccinations=tuple(vaccinations))
    return Statement(Content(health, found), Usage.VACCINATION)


def _given(details: dict[str, Any]) -> tuple[str, str, str]:
    """Date, disease where it is known, and product."""
    date, product = _text(details, "dt" if "dt" in details else "dv"), _text(details, "vp")
    disease = _text(details, "tg") if "tg" in details else ""
    if disease.partition(".")[0] == ICD11_DISEASE or (not disease and product in ICD11_VACCINES):
        disease = COVID_19
    return date, disease, product


def _map(value: object) -> dict[str, Any]:
    if type(value) is not dict:
        raise _wrong("a part that is no map")
    return value


def _text(found: dict[str, Any], field: str) -> str:
    value = found.get(field)
    if type(value) is not str:
        raise _wrong(f"{field} is no text")
    return value


def _count(found: dict[str, Any], field: str) -> int:
    """A whole number; encoders that know one kind of number write 2.0."""
    value = found.get(field)
    if isinstance(value, int | float) and type(value) is not bool and 0 <= value <= COUNT_MAX:
        count = int(value)
        if count == value:
            return count
    raise _wrong(f"{field} is no count")


def _check_plain(value: object) -> None:
    """Nothing that JSON does not have, down to the leaves; rules are written for JSON."""
    kind = type(value)
    if kind in _LEAVES or value is None:
        return
    if isinstance(value, dict):
        for key, each in value.items():
            if type(key) is not str:
                raise _wrong("a field whose name is no text")
            if type(each) is not str:
                _check_plain(each)
    elif isinstance(value, list):
        for each in value:
            _check_plain(each)
    elif value is TAGGED:
        raise malformed("a tag in the certificate")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise malformed("a number that is not finite")
    else:
        raise _wrong("undefined, or bytes")


def _wrong(detail: str) -> CredentialError:
    return CredentialError(Reason.CREDENTIAL_CONTENT, detail)


_LEAVES = frozenset({str, int, bool})
_KINDS: Mapping[int, Callable[[object], Statement]] = MappingProxyType(
    {_DCC: _read_dcc, _DVC: _read_dvc}
)
