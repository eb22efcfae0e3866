"""From a raw table to frozen structs, with everything that is wrong with it.

msgspec stops at the first mistake and gives its place as `$.path`; a technician wants all of
them at once. So the structs are walked here, by what `msgspec.inspect` knows of them: its types
and bounds are the only ones that there are.
"""

import enum
import math
import re
from pathlib import Path
from typing import Any, Final, TypeGuard, TypeVar

from msgspec import Struct, inspect

from firmware.config.forms import UnfitError, path_of, text_of
from firmware.config.keys import Key, Place, keys_of
from firmware.config.wording import INT_MAX, INT_MIN, dotted, shown, unknown, wanted

_S = TypeVar("_S", bound=Struct)
_NOTHING: Final = object()
"""In place of a value that is not there or was refused."""
_QUIET = "broker"
"""Values of that table are never repeated: a password may stand there by mistake."""


class Reader:
    """One file's reading. What is wrong gathers in `problems`, one sentence each, without its
    full stop."""

    def __init__(self, base: Path) -> None:
        """Args:
        base: the folder that relative paths start at.
        """
        self.problems: list[str] = []
        self._base = base

    def read(self, owner: type[_S], raw: dict[str, object]) -> _S | None:
        """The struct of that table, or None where there are problems."""
        value = self._struct(owner, raw, ())
        return value if isinstance(value, owner) and not self.problems else None

    def _struct(self, owner: type[Struct], raw: dict[str, object], place: Place) -> Any:  # noqa: ANN401 - a struct, or _NOTHING
        keys = keys_of(owner)
        before = len(self.problems)
        for name in raw:
            if name not in keys:
                self.problems.append(unknown((*place, name), keys))
        values = {}
        for name, key in keys.items():
            here = (*place, name)
            if name in raw:
                values[key.field] = self._value(key, key.kind, raw[name], here)
            elif key.required:
                self.problems.append(
                    f"{dotted(here)} is missing; write {wanted(key, key.kind, here)}"
                )
        if len(self.problems) > before:
            return _NOTHING
        try:
            return owner(**values)
        except ValueError as error:  # what the struct itself knows better
            self.problems.append(f"{dotted(place)}: {error}")
            return _NOTHING

    def _value(self, key: Key, kind: inspect.Type, raw: object, place: Place) -> Any:  # noqa: ANN401 - whatever the key's type is
        match kind:
            case inspect.StructType(cls=cls) if isinstance(raw, dict):
                return self._struct(cls, raw, place)
            case inspect.DictType() if isinstance(raw, dict):
                return self._names(key, kind, raw, place)
            case inspect.VarTupleType(item_type=item) if isinstance(raw, list):
                return self._list(key, item, raw, place)
        try:
            return _plain(key, kind, raw, self._base)
        except UnfitError as error:
            what = "does not fit" if place[0] == _QUIET else f"is {shown(raw)}"
            instead = str(error) or f"write {wanted(key, kind, place)}"
            self.problems.append(f"{dotted(place)} {what}; {instead}")
            return _NOTHING

    def _names(
        self, key: Key, kind: inspect.DictType, raw: dict[str, object], place: Place
    ) -> dict[object, object]:
        """A table whose keys are words of a closed list."""
        assert isinstance(kind.key_type, inspect.EnumType), kind  # noqa: S101 - our bug
        words = {word.value: word for word in kind.key_type.cls}
        values: dict[object, object] = {}
        for name, inner in raw.items():
            if name in words:
                values[words[name]] = self._value(key, kind.value_type, inner, (*place, name))
            else:
                self.problems.append(unknown((*place, name), words))
        return values

    def _list(
        self, key: Key, item: inspect.Type, raw: list[object], place: Place
    ) -> tuple[object, ...]:
        values: list[object] = []
        for number, one in enumerate(raw):
            here = (*place, number)
            value = self._value(key, item, one, here)
            if value is not _NOTHING and value in values:
                first = dotted((*place, values.index(value)))
                self.problems.append(
                    f"{dotted(here)} is the same as {first}; take one of them away"
                )
            values.append(value)
        return tuple(values)


def _plain(key: Key, kind: inspect.Type, raw: object, base: Path) -> object:
    """A value that holds no others.

    Raises:
        UnfitError: it is not what the key wants.
    """
    if isinstance(kind, inspect.StructType | inspect.DictType | inspect.VarTupleType):
        raise UnfitError
    if key.form is not None:
        return key.form.read(raw, base)
    if isinstance(kind, inspect.Metadata):
        return _plain(key, kind.type, raw, base)
    if isinstance(kind, inspect.CustomType):
        return path_of(raw, base)
    return _checked(kind, raw)


def _checked(kind: inspect.Type, raw: object) -> object:
    """The value itself, where it is of that type and within its bounds.

    Raises:
        UnfitError: it is not.
    """
    match kind:
        case inspect.BoolType() if isinstance(raw, bool):
            return raw
        case inspect.IntType() if type(raw) is int and _is_within(kind, raw):
            return raw
        case inspect.FloatType() if _is_number(raw) and _is_within(kind, raw):
            return float(raw)
        case inspect.EnumType(cls=words):
            return _word(words, raw)
        case inspect.StrType():
            return _text(kind, raw)
    raise UnfitError


def _is_number(raw: object) -> TypeGuard[float]:
    return isinstance(raw, int | float) and not isinstance(raw, bool)


def _is_within(kind: inspect.IntType | inspect.FloatType, number: float) -> bool:
    """Whether the number is one that TOML knows, finite, and between the bounds."""
    if isinstance(number, int) and not INT_MIN <= number <= INT_MAX:
        return False
    return (
        math.isfinite(number)
        and (kind.ge is None or number >= kind.ge)
        and (kind.gt is None or number > kind.gt)
        and (kind.le is None or number <= kind.le)
        and (kind.lt is None or number < kind.lt)
    )


def _word(words: type[enum.Enum], raw: object) -> enum.Enum:
    for word in words:
        if word.value == raw:
            return word
    raise UnfitError


def _text(kind: inspect.StrType, raw: object) -> str:
    text = text_of(raw)
    if kind.pattern is not None and not re.search(kind.pattern, text):
        raise UnfitError
    if not (kind.min_length or 0) <= len(text) <= (kind.max_length or len(text)):
        raise UnfitError
    return text
