"""Scoring our rule language against files of others: expressions, and the rules of nations.

Two sorts of lines, one JSON object each: an expression with its data and its value, or a rule
with its tests (`gate rules conformance --help`).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from firmware.conformance.cases import LINE_BYTES_MAX
from firmware.conformance.score import Result, Score
from firmware.conformance.tally import KEPT_MAX, Fault, Tally
from gate.rules.certlogic import CertLogicError, evaluate
from gate.rules.syntax import problems

VALUE_SETS_BYTES_MAX = 16_777_216
"""A thousand times what the public suites bring."""
VALUE_SETS_FILE = "business-rules-valuesets.json"
"""Looked for beside the rules, after `<name of the rules>-valuesets.json`."""

Json = dict[str, Any]
ValueSets = Mapping[str, Json | None]
"""By the name that a test gives; null where it wants none."""


class _Logic(Struct, frozen=True):
    """A rule of a nation; the rest of it is not evaluated."""

    logic: Any = msgspec.field(name="Logic")


class _Test(Struct, frozen=True):
    """One certificate, and what the rule says of it."""

    id: str
    expected: Any
    payload: Any = None
    external: Json = {}
    value_sets: str | None = None


class _Row(Struct, frozen=True):
    """One line of either sort."""

    id: str
    expr: Any = UNSET
    data: Any = UNSET
    expected: Any = UNSET
    expected_valid: bool | None = None
    skip: bool | None = None
    """Upstream itself leaves it out."""
    rule: _Logic | None = None
    tests: tuple[_Test, ...] = ()


_DECODER = msgspec.json.Decoder(_Row)


def find_value_sets(path: Path) -> Path | None:
    """The value sets that lie beside a file of rules, if any do."""
    for name in (f"{path.stem}-valuesets.json", VALUE_SETS_FILE):
        beside = path.with_name(name)
        if beside.is_file():
            return beside
    return None


def read_value_sets(path: Path) -> ValueSets:
    """The value sets of that file.

    Raises:
        OSError: it can't be read.
        ValueError: it is no JSON object of objects and nulls, or too long.
    """
    with path.open("rb") as file:
        data = file.read(VALUE_SETS_BYTES_MAX + 1)
    if len(data) > VALUE_SETS_BYTES_MAX:
        raise ValueError(f"longer than {VALUE_SETS_BYTES_MAX} bytes")
    return msgspec.json.decode(data, type=dict[str, Json | None])


def score_rules(path: Path, value_sets: ValueSets, tally: Tally) -> Iterator[Result | Fault]:
    """Judge every case of a file and count it in `tally`.

    Raises:
        OSError: the file can't be read.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LINE_BYTES_MAX + 1):
            number += 1
            if line.isspace():
                continue
            try:
                row = _decoded(line)
            except ValueError as error:
                fault = Fault(number, str(error))
                if len(tally.faults) < KEPT_MAX:
                    tally.faults.append(fault)
                yield fault
                if not line.endswith(b"\n"):
                    return  # the rest of the line is none
                continue
            for result in _results(row, value_sets):
                tally.add(result)
                yield result


def _decoded(line: bytes) -> _Row:
    if len(line) > LINE_BYTES_MAX:
        raise ValueError(f"longer than {LINE_BYTES_MAX} bytes: nothing after it is read")
    try:
        row = _DECODER.decode(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if row.rule is None and row.expr is UNSET:
        raise ValueError("neither `expr` nor `rule`")
    return row


def _results(row: _Row, value_sets: ValueSets) -> Iterator[Result]:
    if row.rule is not None:
        for test in row.tests:
            yield _judge_test(row, row.rule.logic, test, value_sets)
    elif row.expected_valid is not None:
        yield _judge_form(row.id, row.expr, is_valid=row.expected_valid)
    elif row.data is UNSET or row.expected is UNSET:
        yield Result(row.id, Score.NOT_ASSERTED, "", "no data, or no value to expect")
    else:
        result = _judge(row.id, row.expr, row.data, row.expected)
        yield _without_assertion(result, "skipped upstream") if row.skip else result


def _judge_test(row: _Row, logic: object, test: _Test, value_sets: ValueSets) -> Result:
    name = f"{row.id}/{test.id}"
    external = test.external
    if test.value_sets is not None:
        if test.value_sets not in value_sets:
            lost = f"no value sets {test.value_sets!r}: `--value-sets` says where they are"
            return Result(name, Score.DISAGREED, _text(test.expected), lost)
        external = {**external, "valueSets": value_sets[test.value_sets]}
    result = _judge(name, logic, {"payload": test.payload, "external": external}, test.expected)
    if not isinstance(test.payload, dict) and result.score is Score.DISAGREED:
        return _without_assertion(result, "its payload is broken at the source")
    return result


def _judge_form(name: str, rule: object, *, is_valid: bool) -> Result:
    """Whether we take for an expression what the authors take for one."""
    try:
        found = next(problems(rule), None)
    except Exception as error:  # noqa: BLE001 - a crash is a result
        return Result(name, Score.CRASHED, "", f"{type(error).__name__}: {error}")
    agrees = (found is None) is is_valid
    return Result(
        name,
        Score.AGREED if agrees else Score.DISAGREED,
        "an expression" if is_valid else "no expression",
        found or "an expression",
    )


def _judge(name: str, rule: object, data: object, expected: object) -> Result:
    wanted = _text(expected)
    try:
        got = _text(evaluate(rule, data))
    except CertLogicError as error:
        return Result(name, Score.DISAGREED, wanted, f"refused: {error}")
    except Exception as error:  # noqa: BLE001 - a crash is a result
        return Result(name, Score.CRASHED, wanted, f"{type(error).__name__}: {error}")
    return Result(name, Score.AGREED if got == wanted else Score.DISAGREED, wanted, got)


def _without_assertion(result: Result, why: str) -> Result:
    """The authors assert nothing of it; a crash stays one."""
    score = result.score if result.score is Score.CRASHED else Score.NOT_ASSERTED
    return Result(result.id, score, result.expected, f"{result.got} ({why})")


def _text(value: object) -> str:
    """As JSON, where true is not 1: what is compared, and what is shown."""
    return msgspec.json.encode(value, order="sorted").decode()
