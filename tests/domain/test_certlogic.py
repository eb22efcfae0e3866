"""CertLogic as the specification has it, and nothing else whatever a rule set says."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.rules.certlogic import (
    AMOUNT_MAX,
    ARITY,
    DEPTH_MAX,
    PATH_CHARS_MAX,
    STEPS_MAX,
    UNITS,
    UVCI_CHARS_MAX,
    CertLogicError,
    Evaluator,
    evaluate,
    is_truthy,
)
from gate.rules.syntax import problems

CLOCK = "2022-03-01T12:00:00Z"
VACCINATED = {"payload": {"v": [{"dn": 1, "sd": 2, "dt": "2022-02-01"}]}}

MORE = {"first": 7, "more": [1, 2]}

_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)
_names = st.sampled_from([*ARITY, "var", "all", ""])
_rules = st.recursive(
    _values | st.sampled_from([*UNITS, CLOCK, "2021-02-29", "payload.v.0.dn"]),
    lambda inner: st.dictionaries(_names, st.lists(inner, max_size=4) | inner, max_size=2),
    max_leaves=12,
)


def plus(when: object, amount: object, unit: object) -> dict[str, object]:
    """`plusTime` around a moment."""
    return {"plusTime": [when, amount, unit]}


def moment(*parts: int) -> datetime:
    """That moment, UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc] # year, month, day, …


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (None, None),
        (2.5, 2.5),
        ([1, {"var": "payload.v.0.dn"}], [1, 1]),
        ({"var": "payload.v.0.sd"}, 2),
        ({"var": "payload.v.1.sd"}, None),
        ({"var": "payload.v.x"}, None),
        ({"var": "payload.v.0.dn.x"}, None),
        ({"var": "payload.r.0"}, None),
        ({"===": [{"var": "payload.v.0.dn"}, 1]}, True),
        ({"===": [1, True]}, False),
        ({"===": [0, False]}, False),
        ({"===": [None, {"var": "payload.r"}]}, True),
        ({"in": ["EU/1/20/1528", ["EU/1/20/1528"]]}, True),
        ({"in": [True, [1]]}, False),
        ({"===": [[1, ["x"]], [1, ["x"]]]}, True),
        ({"===": [[1], [1, 1]]}, False),
        ({"===": [[1], [True]]}, False),
        ({"===": [[], None]}, False),
        ({"===": [{"var": "payload"}, {"var": "payload"}]}, True),
        ({"===": [{"var": "payload"}, {"var": "payload.v.0"}]}, False),
        ({"in": [{"var": "payload.v.0"}, {"var": "payload.v"}]}, True),
        ({"var": f"payload.v.{'9' * 190}"}, None),
        ({"var": "payload.v.²"}, None),
        ({"+": [2, 3]}, 5),
        ({"<": [1, 2]}, True),
        ({"<": [1, 2, 2]}, False),
        ({"<=": [1, 2, 2]}, True),
        ({">": [3, 2, 1]}, True),
        ({">=": [3, 3, 4]}, False),
        ({"!": [[]]}, True),
        ({"!": [[0]]}, False),
        ({"if": [{"var": "none"}, "yes", "no"]}, "no"),
        ({"if": ["x", "yes", {"no": 1}]}, "yes"),
        ({"and": [1, "", {"+": [[], 1]}]}, ""),
        ({"and": [1, 2]}, 2),
        ({"reduce": [None, 1, 7]}, 7),
        (
            {"reduce": [[1, 2, 3], {"+": [{"var": "accumulator"}, {"var": "current"}]}, 10]},
            16,
        ),
        ({"extractFromUVCI": [None, 0]}, None),
        ({"extractFromUVCI": ["URN:UVCI:01:XX:7/A#B", 3]}, "A"),
        ({"extractFromUVCI": ["01:XX:7", 3]}, None),
        ({"extractFromUVCI": ["01:XX:7", -1]}, None),
    ],
)
def test_what_an_expression_is_worth(rule: object, value: object) -> None:
    """Strictly by kind: true is not 1, and nothing is guessed."""
    worth = evaluate(rule, VACCINATED)
    assert worth == value
    assert type(worth) is type(value)
    assert list(problems(rule)) == [] or rule == {"if": ["x", "yes", {"no": 1}]}


@pytest.mark.parametrize(
    ("rule", "when"),
    [
        (plus("2022-01-31", 1, "day"), moment(2022, 2, 1)),
        (plus("2022-01-31", -1, "year"), moment(2021, 1, 31)),
        (plus("2022-01-31", 1, "month"), moment(2022, 3, 3)),
        (plus("2020-02-29", 1, "year"), moment(2021, 3, 1)),
        (plus("2022-01-31T23:30:00+02:00", 2, "hour"), moment(2022, 1, 31, 23, 30)),
        (
            plus("2022-01-31T23:30:00.1234567+0200", 0, "hour"),
            moment(2022, 1, 31, 21, 30, 0, 123456),
        ),
        (plus("2022-01-31T23:30:00-02", 0, "hour"), moment(2022, 2, 1, 1, 30)),
        (plus("2022-01-31T23:30:00+1", 0, "day"), moment(2022, 1, 31, 22, 30)),
        (plus("2022-01-31T23:30:00", 0, "day"), moment(2022, 1, 31, 23, 30)),
        (plus(plus("2022-01-31", 1, "day"), 1, "day"), moment(2022, 2, 2)),
        ({"dccDateOfBirth": ["1990"]}, moment(1990, 12, 31)),
        ({"dccDateOfBirth": ["1990-02"]}, moment(1990, 2, 28)),
        ({"dccDateOfBirth": ["1990-02-03"]}, moment(1990, 2, 3)),
    ],
)
def test_moments(rule: object, when: datetime) -> None:
    """By the calendar, in the forms that national rules use."""
    value = evaluate(rule, {})
    assert isinstance(value, datetime)
    assert value == when
    assert is_truthy(value)


@pytest.mark.parametrize(
    ("name", "days", "holds"),
    [
        ("before", (1, 2), True),
        ("before", (2, 2), False),
        ("after", (3, 2, 1), True),
        ("not-before", (2, 2, 1), True),
        ("not-after", (2, 2, 1), False),
        ("not-after", (1, 2, 2), True),
    ],
)
def test_moments_are_compared(name: str, days: tuple[int, ...], holds: bool) -> None:
    """In a row of two or three."""
    operands = [plus(f"2022-01-0{day}", 0, "day") for day in days]
    assert evaluate({name: operands}, {}) is holds


@pytest.mark.parametrize(
    ("rule", "why", "seen_at_once"),
    [
        ({}, "one name", True),
        ({"+": [1, 2], "in": []}, "one name", True),
        ({"var": 1}, "path", True),
        ({"var": "x" * (PATH_CHARS_MAX + 1)}, "path of at most 200", True),
        ({"all": "x"}, "no list", True),
        ({"all": [1]}, "no operation", True),
        ({7: [1]}, "no operation", True),
        ({"+": [1]}, "no operation", True),
        (moment(2022, 1, 1), "no expression", True),
        ({"+": [1, "1"]}, "whole numbers", False),
        ({"+": [1, True]}, "whole numbers", False),
        ({"<": [1, 1.5]}, "whole numbers", False),
        ({"in": [1, "1"]}, "list", False),
        ({"after": ["2022-01-01", "2022-01-01"]}, "moments", False),
        ({"reduce": ["x", 1, 2]}, "list", False),
        ({"extractFromUVCI": [1, 1]}, "text", False),
        ({"extractFromUVCI": ["/" * (UVCI_CHARS_MAX + 1), 1]}, "text", False),
        ({"extractFromUVCI": ["a", "1"]}, "whole number", True),
        (plus("2022-01-01", 1.5, "day"), "whole number", True),
        (plus("2022-01-01", 1, "week"), "years, months", True),
        (plus("2022-01-01", AMOUNT_MAX + 1, "day"), "range", False),
        (plus("2022-01-01", AMOUNT_MAX, "year"), None, False),
        (plus("9999-12-31", 2, "day"), "out of range", False),
        (plus(7, 1, "day"), "text", False),
        (plus("tomorrow", 1, "day"), "no moment", False),
        (plus("\u0662\u0660\u0662\u0662-01-01", 1, "day"), "no moment", False),
        (plus("2022-01-01T\u0661\u0662:00:00Z", 1, "day"), "no moment", False),
        (plus("2022-01-01T12:00:00.\u0665Z", 1, "day"), "no moment", False),
        (plus("2022-01-01T12:00:00+\u0662", 1, "day"), "no moment", False),
        (plus("2021-02-29", 1, "day"), None, False),
        (plus("2022-01-01T12:00:00+99:99", 1, "day"), None, False),
        ({"dccDateOfBirth": ["soon"]}, "year", False),
        ({"dccDateOfBirth": ["\u0661\u0669\u0669\u0660"]}, "year", False),
        ({"dccDateOfBirth": ["1990-13"]}, None, False),
        ({"dccDateOfBirth": ["1990-02-31"]}, None, False),
        ({"dccDateOfBirth": [1990]}, "year", False),
    ],
)
def test_what_is_no_expression(rule: object, why: str | None, seen_at_once: bool) -> None:
    """One family of errors; what no evaluation is needed for is seen when the rule is loaded."""
    with pytest.raises(CertLogicError, match=why):
        evaluate(rule, {})
    assert bool(list(problems(rule))) is seen_at_once


def test_a_rule_has_bounds() -> None:
    """Depth, and steps: a rule set can't hold up a lane."""
    deep: object = 1
    for _ in range(DEPTH_MAX):
        deep = {"!": [deep]}
    with pytest.raises(CertLogicError, match="deep"):
        evaluate(deep, {})
    assert "deep" in next(problems(deep))
    long = {"reduce": [[0] * STEPS_MAX, {"var": "current"}, 0]}
    with pytest.raises(CertLogicError, match="steps"):
        evaluate(long, {})


def test_taking_apart_has_bounds() -> None:
    """A long UVCI is not split as often as a number is added: every part of it is a step."""
    part = {"extractFromUVCI": ["/" * UVCI_CHARS_MAX, 0]}
    walk = {"reduce": [[0] * (STEPS_MAX // UVCI_CHARS_MAX), part, 0]}
    with pytest.raises(CertLogicError, match="steps"):
        evaluate(walk, {})
    assert evaluate(part, {}) == ""


def test_comparing_has_bounds() -> None:
    """Lists that a short rule puts into one another are not walked through for ever, and every
    element of a value set that is looked at counts."""
    nested = {"reduce": [[0] * 60, [{"var": "accumulator"}, {"var": "accumulator"}], 0]}
    with pytest.raises(CertLogicError, match="steps"):
        evaluate({"===": [nested, nested]}, {})
    look = {"in": ["x", {"var": "long"}]}
    data = {"long": [0] * (STEPS_MAX // 2)}
    assert evaluate(look, data) is False
    evaluator = Evaluator()
    assert evaluator.value_of(look, data) is False
    with pytest.raises(CertLogicError, match="steps"):
        evaluator.value_of(look, data)


def test_a_problem_says_where() -> None:
    """So that whoever wrote the rule finds it."""
    rule = {"if": [1, [2, {"plusTime": ["2022-01-01", "1", "week"]}], 3]}
    assert list(problems(rule)) == [
        "$.if[1][1].plusTime[1]: no whole number",
        "$.if[1][1].plusTime[2]: none of year, month, day, hour",
    ]


@given(_rules, _values)
def test_nothing_else_is_ever_raised(rule: object, data: object) -> None:
    """Whatever the two are."""
    list(problems(rule))
    with contextlib.suppress(CertLogicError):
        evaluate(rule, data)


@pytest.mark.parametrize("offset", ["+2", "+02", "+200", "+2:00", "+0200", "+02:00"])
def test_an_offset_is_written_in_many_ways(offset: str) -> None:
    """One digit of hours with two of minutes too."""
    assert evaluate(plus(f"2022-03-01T12:00:00{offset}", 0, "day"), {}) == moment(2022, 3, 1, 10)


def test_the_empty_path_is_everything() -> None:
    """Specification section 5.1."""
    assert evaluate({"var": ""}, VACCINATED) == VACCINATED


@pytest.mark.parametrize(("other", "same"), [({}, True), (0, False), ([], False), ("x", False)])
def test_a_map_is_no_other_thing(other: object, same: bool) -> None:
    """On either side, and nothing but CertLogicError is raised."""
    data = {"one": {}, "other": other}
    there, back = [{"var": "one"}, {"var": "other"}], [{"var": "other"}, {"var": "one"}]
    assert evaluate({"===": there}, data) is same
    assert evaluate({"===": back}, data) is same


def test_amounts_have_a_bound() -> None:
    """The bound itself is still added."""
    assert evaluate(plus("2022-03-01", AMOUNT_MAX, "hour"), {}) == moment(2136, 3, 29, 16)
    with pytest.raises(CertLogicError):
        evaluate(plus("2022-03-01", AMOUNT_MAX + 1, "hour"), {})


def test_a_reduce_may_begin_with_what_the_certificate_says() -> None:
    """Its first value sees the data, and not the turn."""
    step = {"+": [{"var": "accumulator"}, {"var": "current"}]}
    assert evaluate({"reduce": [{"var": "more"}, step, {"var": "first"}]}, MORE) == 10
    assert evaluate({"reduce": [{"var": "none"}, step, {"var": "first"}]}, MORE) == 7


def nested(depth: int, inner: object) -> object:
    """So many lists around it."""
    for _ in range(depth):
        inner = [inner]
    return inner


def negated(depth: int) -> object:
    """So many operations around a value."""
    rule: object = True
    for _ in range(depth):
        rule = {"!": [rule]}
    return rule


@pytest.mark.parametrize("of", [negated, lambda depth: nested(depth, True)])
def test_nesting_has_one_bound(of: Callable[[int], object]) -> None:
    """The same for lists and for operations, when a rule is read and when it is evaluated."""
    assert not list(problems(of(DEPTH_MAX - 1)))
    evaluate(of(DEPTH_MAX - 1), {})
    assert list(problems(of(DEPTH_MAX)))
    with pytest.raises(CertLogicError):
        evaluate(of(DEPTH_MAX), {})


def test_steps_have_a_bound() -> None:
    """Every value is one, and the last that is allowed is taken."""
    assert evaluate([0] * (STEPS_MAX - 1), {}) == [0] * (STEPS_MAX - 1)
    with pytest.raises(CertLogicError):
        evaluate([0] * STEPS_MAX, {})


def test_further_operands_of_a_literal_are_no_expressions() -> None:
    """What stands where a number or a unit must is blamed once, as that."""
    assert len(list(problems(plus("2022-01-01", 1, {"of": "day"})))) == 1
    assert len(list(problems({"extractFromUVCI": ["URN:UVCI:01", {"of": 1}]}))) == 1


def test_a_problem_in_a_list_has_its_place() -> None:
    assert [each.partition(":")[0] for each in problems([1, [{"var": 7}]])] == ["$[1][0].var"]


@pytest.mark.parametrize(
    ("fraction", "microseconds"),
    [(".5", 500_000), (".05", 50_000), (".000005", 5), (".123456789", 123_456), ("", 0)],
)
def test_fractions_of_a_second(fraction: str, microseconds: int) -> None:
    """As precise as a microsecond; what is beyond is cut off."""
    found = evaluate(plus(f"2022-03-01T12:00:00{fraction}Z", 0, "day"), {})
    assert found == moment(2022, 3, 1, 12, 0, 0, microseconds)


def test_a_fragment_of_an_identifier_in_the_certificate() -> None:
    rule = {"extractFromUVCI": [{"var": "ci"}, 1]}
    assert evaluate(rule, {"ci": "URN:UVCI:01:XX:EXAMPLE"}) == "XX"
