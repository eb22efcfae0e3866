"""CertLogic against the suites of others: the specification's own, and what nations made of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from firmware.conformance.rulecases import find_value_sets, read_value_sets, score_rules
from firmware.conformance.tally import Tally
from gate.rules.certlogic import evaluate
from gate.rules.syntax import problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def rows(place: Path, name: str) -> Iterator[dict[str, Any]]:
    """The records of one file."""
    path = place / "credentials" / name
    if not path.is_file():
        pytest.skip(f"no {name} among the test data of others")
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def test_the_specification_s_suite(conformance_data: Path) -> None:
    """Every active assertion has its value."""
    active = [row for row in rows(conformance_data, "certlogic-suite.jsonl") if "data" in row]
    active = [row for row in active if not row["skip"]]
    assert len(active) > 100
    wrong = [row["id"] for row in active if evaluate(row["expr"], row["data"]) != row["expected"]]
    assert not wrong


def test_what_is_an_expression(conformance_data: Path) -> None:
    """And what is not: seen without evaluating it."""
    cases = [
        row for row in rows(conformance_data, "certlogic-suite.jsonl") if "expected_valid" in row
    ]
    assert cases
    wrong = [
        row["id"] for row in cases if (not list(problems(row["expr"]))) is not row["expected_valid"]
    ]
    assert not wrong


def test_the_rules_of_nations(conformance_data: Path) -> None:
    """Each rule says of each certificate what its authors say."""
    path = conformance_data / "credentials" / "business-rules-valuesets.json"
    sets = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    wrong, tried = [], 0
    for row in rows(conformance_data, "business-rules.jsonl"):
        assert not list(problems(row["rule"]["Logic"])), row["id"]
        for test in row["tests"]:
            external = {**test["external"], "valueSets": sets.get(test["value_sets"])}
            data = {"payload": test["payload"], "external": external}
            tried += 1
            if evaluate(row["rule"]["Logic"], data) != test["expected"]:
                wrong.append((row["id"], test["id"]))
    assert tried > 700
    assert not wrong


@pytest.mark.parametrize("name", ["certlogic-suite.jsonl", "business-rules.jsonl"])
def test_the_command_says_the_same(conformance_data: Path, name: str) -> None:
    """`gate rules conformance` on the same files: nothing disagrees, nothing crashes."""
    path = conformance_data / "credentials" / name
    if not path.is_file():
        pytest.skip(f"no {name} among the test data of others")
    beside = find_value_sets(path)
    tally = Tally(str(path))
    list(score_rules(path, {} if beside is None else read_value_sets(beside), tally))
    assert tally.is_agreed, [result.id for result in tally.told]
    assert tally.agreed > 100
