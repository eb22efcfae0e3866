"""A configuration in the words of its file, with all that the file left out."""

from typing import Any

from msgspec import Struct, inspect, structs

from drivers.wiring import INPUT_ROLES, OUTPUT_ROLES, Wiring
from firmware.config.keys import Key, bare, keys_of
from firmware.config.model import Config


def effective(config: Config) -> dict[str, object]:
    """Every key with the value that holds, as JSON can carry it; None where there is none.

    What a line takes from its role is filled in, so that nothing has to be looked up.
    """
    return table(structs.replace(config, wiring=_settled(config.wiring)))


def table(value: Struct) -> dict[str, object]:
    """One table of the file."""
    return {
        name: written(key, key.kind, getattr(value, key.field))
        for name, key in keys_of(type(value)).items()
    }


def written(key: Key, kind: inspect.Type, value: Any) -> object:  # noqa: ANN401 - whatever the key's type is
    """One value as the file would say it, but for dates, which are texts."""
    if value is None:
        return None
    match bare(kind):
        case inspect.StructType():
            return table(value)
        case inspect.DictType(value_type=inner):
            return {str(name): written(key, inner, one) for name, one in value.items()}
        case inspect.VarTupleType(item_type=inner):
            return [written(key, inner, one) for one in value]
    if key.form is not None:
        return key.form.show(value)
    return value if isinstance(value, bool | int | float) else str(value)


def _settled(wiring: Wiring) -> Wiring:
    outputs = {
        name: structs.replace(line, on_ms_max=line.on_ms_max or OUTPUT_ROLES[name].on_ms_max)
        for name, line in wiring.outputs.items()
    }
    inputs = {
        name: structs.replace(
            line,
            contact=wiring.contact(name),
            debounce_ms=(
                INPUT_ROLES[name].debounce_ms if line.debounce_ms is None else line.debounce_ms
            ),
        )
        for name, line in wiring.inputs.items()
    }
    return structs.replace(wiring, outputs=outputs, inputs=inputs)
