"""Every key that a file may have, found in the structs themselves."""

import functools
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct, inspect

from firmware.config.forms import FORMS, Form

Place = tuple[str | int, ...]
"""Where in the file: keys of tables, and numbers in lists."""

ANY = "NAME"
"""Stands in a place for a name that the file chooses out of a list."""


class Key(NamedTuple):
    """One key of one table."""

    place: Place
    owner: type[Struct]
    field: str
    """Its name in `owner`."""
    kind: inspect.Type
    form: Form | None
    required: bool
    default: Any
    """What is there without it; meaningless where it is required."""

    @property
    def name(self) -> str:
        """The last part of its place."""
        return str(self.place[-1])


@functools.cache
def keys_of(owner: type[Struct]) -> Mapping[str, Key]:
    """The keys of one table, by their names in the file, in their order in the struct."""
    info = inspect.type_info(owner)
    assert isinstance(info, inspect.StructType), owner  # noqa: S101 - our bug
    keys = {}
    for field in info.fields:
        form = FORMS.get((owner, field.name))
        name = (form.key if form else "") or field.name
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        keys[name] = Key(
            (name,), owner, field.name, bare(field.type), form, field.required, default
        )
    return MappingProxyType(keys)


def bare(kind: inspect.Type) -> inspect.Type:
    """The type without `None`, which TOML can't write."""
    if isinstance(kind, inspect.UnionType):
        kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        assert len(kinds) == 1, kind  # noqa: S101 - our bug
        return kinds[0]
    return kind


def table_of(kind: inspect.Type) -> type[Struct] | None:
    """The struct that the type is, or is a list or a table of; None for a plain value."""
    match kind:
        case inspect.StructType(cls=cls):
            return cls
        case inspect.VarTupleType(item_type=inner) | inspect.DictType(value_type=inner):
            return table_of(inner)
    return None


def every_key(owner: type[Struct], place: Place = ()) -> Iterator[Key]:
    """All keys of the table and of those in it, each with its whole place; tables come last."""
    keys = keys_of(owner).values()
    for key in keys:
        if table_of(key.kind) is None:
            yield key._replace(place=(*place, *key.place))
    for key in keys:
        inner = table_of(key.kind)
        if inner is not None:
            here = (*place, *key.place)
            yield key._replace(place=here)
            named = isinstance(key.kind, inspect.DictType)
            yield from every_key(inner, (*here, ANY) if named else here)
