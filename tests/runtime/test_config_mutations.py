"""Whatever becomes of a good file, it loads or is refused with `ConfigError`: nothing else."""

import copy
import json
import math
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from firmware.config import Config, ConfigError, effective, load_config, parse_config
from firmware.config.keys import ANY, Key, Place, every_key
from firmware.config.wording import dotted

HERE = Path("/etc/gate/gate.toml")
GOOD = """
site = "hall"
lane = "north"
trust = "trust.toml"
trust_bundle = "gate-trust.bundle"
trust_roots = "roots.toml"
thermometer.model = "mlx90614"
policy.credential = { issuers = ["Town hall", "Clinic"], doses_exempt = ["staff"] }
policy.schedule.holidays = [2026-12-25, "2027-01-01"]
policy.schedule.hours = [{ days = ["mon"], open = "08:00" }, { close = "12:00" }]
wiring.free_uart = true
[broker]
host = "b"
port = 1883
username = "n"
password_path = "p"
tls = { ca_path = "ca.pem", cert_path = "c.pem", key_path = "k.pem" }
"""
NUMBERS = [
    key
    for key in every_key(Config)
    if isinstance(key.kind, inspect.IntType | inspect.FloatType) and key.form is None
]

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = (
    words
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.dates(min_value=date(1, 1, 1))
    | st.times()
    | st.datetimes(min_value=datetime(1, 1, 1))  # noqa: DTZ001 - a file may have one without zone
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


def without_none(table: dict[str, Any]) -> dict[str, Any]:
    """TOML has no word for nothing: the key is left out."""
    return {
        name: without_none(value) if isinstance(value, dict) else value
        for name, value in table.items()
        if value is not None
    }


FULL = without_none(effective(parse_config(GOOD, HERE)))
"""A good file with every key in it, as a raw table."""


def places(value: object, place: Place = ()) -> list[Place]:
    """Every place in the table, itself first."""
    found = [place]
    if isinstance(value, dict):
        for name, inner in value.items():
            found += places(inner, (*place, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found += places(inner, (*place, number))
    return found


def at(table: dict[str, Any], place: Place) -> Any:  # noqa: ANN401 - whatever stands there
    value: Any = table
    for part in place:
        value = value[part]
    return value


def changed(place: Place, value: object) -> dict[str, Any]:
    """The full file with that at that place."""
    table = copy.deepcopy(FULL)
    at(table, place[:-1])[place[-1]] = value
    return table


def toml(value: object) -> str:
    """As an inline value of TOML."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case float():
            return repr(value) if math.isfinite(value) else str(value)
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{toml(k)} = {toml(v)}' for k, v in value.items())}}}"
    return value.isoformat() if isinstance(value, date | time) else str(value)


def read(table: dict[str, Any]) -> Config:
    return parse_config("".join(f"{toml(k)} = {toml(v)}\n" for k, v in table.items()), HERE)


def refused(table: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        read(table)
    return str(caught.value)


def test_the_full_file_is_good_and_full() -> None:
    """What is mutated below is itself no mistake, and no table of it is left out."""
    assert {key.place[0] for key in every_key(Config)} == FULL.keys()
    assert effective(read(FULL)) == effective(parse_config(GOOD, HERE))


@given(st.sampled_from(places(FULL)[1:]), st.sampled_from([[[1]], {"zzq": 1}]))
def test_a_wrong_type_anywhere_is_refused_by_its_place(place: Place, wrong: object) -> None:
    """A list of lists fits nothing, nor does a table with a strange key."""
    assert dotted(place) in refused(changed(place, wrong))


@given(st.data())
def test_an_unknown_key_anywhere_is_refused_by_its_place(data: st.DataObject) -> None:
    """No key goes unread."""
    tables = [place for place in places(FULL) if isinstance(at(FULL, place), dict)]
    place = (*data.draw(st.sampled_from(tables)), "zzq")
    assert f"{dotted(place)} is no key; the keys there are " in refused(changed(place, 1))


@given(st.data())
def test_a_number_out_of_its_bounds_is_refused_with_them(data: st.DataObject) -> None:
    """On either side, by a little or by much, and what is no number at all."""
    key = data.draw(st.sampled_from([key for key in NUMBERS if _outside(key)]))
    value = data.draw(st.sampled_from(_outside(key)))
    place = tuple(_first_name(key.place, part) for part in key.place)
    message = refused(changed(place, value))
    assert dotted(place) in message
    assert "write a" in message


def _outside(key: Key) -> list[float]:
    kind = key.kind
    assert isinstance(kind, inspect.IntType | inspect.FloatType)
    step = 1 if isinstance(kind, inspect.IntType) else 0.001
    outside: list[float] = [math.nan, math.inf, 2**63, -(2**63) - 1]
    if kind.ge is not None:
        outside += [kind.ge - step, -(2**62)]
    if kind.gt is not None:
        outside += [kind.gt, -1.5]
    if kind.le is not None:
        outside += [kind.le + step, 2**62]
    return outside


def _first_name(place: Place, part: str | int) -> str | int:
    """A line of the default wiring for any name."""
    return {"outputs": "chamber", "inputs": "fire"}[str(place[1])] if part == ANY else part


@given(st.sampled_from(places(FULL)[1:]), values)
def test_any_value_anywhere_loads_or_is_refused(place: Place, value: object) -> None:
    """No file ends with a traceback."""
    table = changed(place, value)
    try:
        config = read(table)
    except ConfigError as error:
        assert all(line.startswith(f"{HERE}: ") for line in str(error).splitlines())  # noqa: PT017 - it may also load
    else:
        assert effective(config)


@given(st.sampled_from(places(FULL)[1:]))
def test_a_key_left_out_anywhere_loads_or_is_refused(place: Place) -> None:
    """So with what is missing."""
    table = copy.deepcopy(FULL)
    del at(table, place[:-1])[place[-1]]
    try:
        read(table)
    except ConfigError as error:
        assert str(error)  # noqa: PT017 - it may also load


@given(data=st.binary(max_size=200) | words.map(str.encode))
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """A file of anything else is no lane."""
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError):
        load_config(path)
