"""The words of an error: where, what is there, and what to write instead."""

import difflib
import json
import re
from collections.abc import Iterable
from datetime import date, datetime, time

from msgspec import inspect

from firmware.config.forms import SURELY
from firmware.config.keys import Key, Place, every_key, table_of
from firmware.config.model import Config

SHOWN_CHARS_MAX = 60
"""Of a value or a key that an error repeats."""
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
"""TOML 1.0, "Integer"."""

_UNITS = {
    "c_per_s": "°C a second",
    "us": "µs",
    "ms": "ms",
    "px": "px",
    "mm": "mm",
    "c": "°C",
    "s": "s",
}
"""By the end of a key's name, the longest first."""
_UNIT = re.compile(rf"_({'|'.join(_UNITS)})(?:_max|_min)?$")


def dotted(place: Place) -> str:
    """`policy.schedule.hours[0].open`."""
    parts = ""
    for part in place:
        if isinstance(part, int):
            parts += f"[{part}]"
        else:
            parts += ("." if parts else "") + _key(part)
    return parts


def heading(place: Place) -> str:
    """The line above a table: `[policy.chamber]`, `[[policy.schedule.hours]]`."""
    names = tuple(part for part in place if isinstance(part, str))
    lists = {key.place for key in every_key(Config) if isinstance(key.kind, inspect.VarTupleType)}
    return f"[[{dotted(names)}]]" if names in lists else f"[{dotted(names)}]"


def _key(name: str) -> str:
    """As TOML would have it: bare, or in quotation marks."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) else shown(name)


def shown(raw: object) -> str:
    """A value as the file has it, cut where it is long, with nothing that a terminal obeys."""
    match raw:
        case bool():
            return str(raw).lower()
        case str():
            text = raw if len(raw) <= SHOWN_CHARS_MAX else raw[: SHOWN_CHARS_MAX - 1] + "…"
            return json.dumps(text, ensure_ascii=not text.isprintable())
        case int() if not INT_MIN <= raw <= INT_MAX:
            return "a huge number"
        case int() | float():
            return str(raw)
        case datetime() | date() | time():
            return raw.isoformat()
    return "a list" if isinstance(raw, list) else "a table"


def wanted(key: Key, kind: inspect.Type, place: Place) -> str:
    """What would fit there, as the end of "write ..."."""
    match kind:
        case inspect.StructType() | inspect.DictType():
            return f"it as a table, {heading(place)}"
        case inspect.VarTupleType(item_type=item) if table_of(item):
            return f"each as a table, {heading(place)}"
        case inspect.VarTupleType(item_type=item):
            return f"a list in brackets, each one {wanted(key, item, place)}"
    return key.form.wanted if key.form else _value(kind, key.field)


_NOUNS = {
    inspect.BoolType: "true or false",
    inspect.CustomType: "a path",
    inspect.FloatType: "a number",
    inspect.IntType: "a whole number",
    inspect.StrType: "a text in quotation marks",
}


def _value(kind: inspect.Type, field: str) -> str:
    match kind:
        case inspect.Metadata(extra_json_schema={"description": str(words)}):
            return words
        case inspect.Metadata(type=inner):
            return _value(inner, field)
        case inspect.EnumType(cls=words):
            return either(word.value for word in words)
        case inspect.StrType(max_length=int(most)):
            return f"a text of {kind.min_length or 0} to {most} characters in quotation marks"
        case inspect.IntType() | inspect.FloatType():
            return _NOUNS[type(kind)] + _range(kind, field)
    return _NOUNS[type(kind)]


def either(words: Iterable[str]) -> str:
    """`"a", "b" or "c"`."""
    *first, last = [f'"{word}"' for word in words]
    return f"{', '.join(first)} or {last}" if first else last


def _range(kind: inspect.IntType | inspect.FloatType, field: str) -> str:
    found = _UNIT.search(field)
    unit = f" {_UNITS[found[1]]}" if found else ""
    least, most = kind.ge, kind.le
    if least is not None and most is not None:
        return f" from {figure(least)} to {figure(most)}{unit}"
    parts = []
    if least is not None:
        parts.append(f"of at least {figure(least)}")
    if kind.gt is not None:
        parts.append(f"above {figure(kind.gt)}")
    if most is not None:
        parts.append(f"up to {figure(most)}")
    if kind.lt is not None:
        parts.append(f"below {figure(kind.lt)}")
    if parts:
        return f" {' and '.join(parts)}{unit}"
    return f" in{unit}" if unit else ""


def figure(number: float) -> str:
    """A number as the file would have it: 0.05, 36, 100_000."""
    return f"{int(number):_}" if number == int(number) else f"{number:g}"


def unknown(place: Place, names: Iterable[str]) -> str:
    """What to say of a key that there isn't: where it belongs, or which is meant."""
    name = str(place[-1])
    where = dotted(place)
    if place[0] == "broker" and "pass" in name.lower():
        return (
            f"{where} has no place here: write the password into a file of its own, and that "
            "file's path as broker.password_path"
        )
    homes = {
        key.place[:-1]
        for key in every_key(Config)
        if key.name == name and key.place[:-1] != place[:-1]
    }
    if len(homes) == 1:
        (home,) = homes
        belongs = f"in {heading(home)}" if home else "at the top, above the first [table]"
        return f"{where} is no key, but {name} is one {belongs}: move it there"
    known = list(names)
    near = difflib.get_close_matches(name, known, n=2, cutoff=SURELY) or (
        difflib.get_close_matches(name, known, n=1)
    )
    if near:
        return f"{where} is no key; did you mean {' or '.join(near)}?"
    return f"{where} is no key; the keys there are {', '.join(known)}"
