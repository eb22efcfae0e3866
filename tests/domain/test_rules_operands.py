"""An operand that no evaluation can take is told when the rules are loaded."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.rules.certlogic import CertLogicError, evaluate
from gate.rules.operands import mismatches
from gate.rules.syntax import problems

DOSES = {"var": "health.doses"}
CLOCK = {"plusTime": [{"var": "external.validationClock"}, 0, "hour"]}
TODAY = {"var": "external.today"}


@pytest.mark.parametrize(
    ("rule", "flaw"),
    [
        ({">=": [DOSES, "1"]}, "$.>=[1]: text, and >= takes a whole number"),
        ({">=": [DOSES, 1.0]}, "$.>=[1]: a fraction, and >= takes a whole number"),
        ({"<": [0, DOSES, True]}, "$.<[2]: a truth, and < takes"),
        ({"+": [None, DOSES]}, "$.+[0]: nothing, and + takes"),
        ({"<=": [[1], DOSES]}, "$.<=[0]: a list, and <= takes"),
        ({">": [CLOCK, 1]}, "$.>[0]: a moment, and > takes"),
        ({">": [{"!": [DOSES]}, 1]}, "$.>[0]: a truth, and > takes"),
        ({"after": [CLOCK, "2022-02-14"]}, "$.after[1]: text, and after takes a moment"),
        ({"before": [TODAY, CLOCK]}, "$.before[0]: a value without plusTime around it, and"),
        ({"not-after": [{"+": [1, 2]}, CLOCK]}, "$.not-after[0]: a whole number, and"),
        ({"in": [DOSES, "123"]}, "$.in[1]: text, and in takes a list"),
        ({"reduce": ["abc", 1, 2]}, "$.reduce[0]: text, and reduce takes a list or nothing"),
        ({"plusTime": [7, 1, "day"]}, "$.plusTime[0]: a whole number, and plusTime takes text or"),
        ({"plusTime": ["2022-02-30", 1, "day"]}, "$.plusTime[0]: day"),
        ({"plusTime": ["soon", 1, "day"]}, "$.plusTime[0]: 'soon' is no moment"),
        ({"dccDateOfBirth": [CLOCK]}, "$.dccDateOfBirth[0]: a moment, and dccDateOfBirth takes"),
        ({"extractFromUVCI": [1, 1]}, "$.extractFromUVCI[0]: a whole number, and"),
        ({"if": [1, [{"!": [{">": [DOSES, "1"]}]}], 3]}, "$.if[1][0].![0].>[1]: text, and"),
        ({"if": [1, {"before": [TODAY, CLOCK]}, 2]}, "$.if[1].before[0]: a value without"),
        (
            {"reduce": [[], {"+": [{"var": "current"}, "1"]}, 0]},
            "$.reduce[1].+[1]: text, and + takes",
        ),
    ],
)
def test_what_can_t_be_taken_has_its_place(rule: object, flaw: str) -> None:
    """It is an expression, and would fail for every visitor."""
    assert not list(problems(rule))
    (found,) = mismatches(rule)
    assert found.startswith(flaw)


@pytest.mark.parametrize(
    "rule",
    [
        {">=": [DOSES, 1]},
        {">=": [DOSES, {"if": [DOSES, DOSES, 2]}]},
        {">=": [{"+": [DOSES, 1]}, {"reduce": [None, 1, 2]}]},
        {"before": [CLOCK, {"plusTime": [TODAY, 1, "day"]}, {"plusTime": [CLOCK, 1, "day"]}]},
        {"before": [{"dccDateOfBirth": ["2010"]}, CLOCK]},
        {"reduce": [[CLOCK], {"before": [{"var": "current"}, {"var": "accumulator"}]}, CLOCK]},
        {"reduce": [[CLOCK], [{"before": [{"var": "current"}, CLOCK]}], CLOCK]},
        {"in": [DOSES, [1, "a"]]},
        {"in": ["a", {"var": "external.valueSets.pcr"}]},
        {"extractFromUVCI": [None, 1]},
        {"===": [DOSES, "1"]},
        {"plusTime": ["2022-02-14T08:00:00+07:00", 1, "day"]},
    ],
)
def test_what_may_be_taken(rule: object) -> None:
    """What only evaluating could tell is no flaw; nor is comparing anything for sameness."""
    assert not list(problems(rule))
    assert not list(mismatches(rule))


_literals = st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.sampled_from(
    ["2022-02-14", "soon"]
)  # fmt: skip


@given(st.sampled_from(["<", "+", "before", "in", "===", "not-after"]), _literals, _literals)
def test_what_is_told_does_fail(name: str, left: object, right: object) -> None:
    """Of two literals: told if and only if the evaluation fails."""
    failed = True
    with contextlib.suppress(CertLogicError):
        evaluate({name: [left, right]}, {})
        failed = False
    assert bool(list(mismatches({name: [left, right]}))) is failed
