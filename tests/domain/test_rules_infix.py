"""Expressions in the words of people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.rules.certlogic import ARITY, UNITS
from gate.rules.infix import infix
from gate.rules.syntax import problems

DOSES = {"var": "health.doses"}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (2.5, "2.5"),
        ("x", '"x"'),
        ([1, "x"], '[1, "x"]'),
        (DOSES, "health.doses"),
        ({"var": ""}, "all"),
        ({">=": [DOSES, 1]}, "health.doses >= 1"),
        ({"<": [1, DOSES, 3]}, "1 < health.doses < 3"),
        ({"===": [{"var": "a"}, False]}, "a is false"),
        ({"and": [DOSES, {">=": [DOSES, 1]}]}, "health.doses and (health.doses >= 1)"),
        ({"!": [{"in": ["x", DOSES]}]}, 'not ("x" in health.doses)'),
        ({"if": [DOSES, 1, {"+": [1, 2]}]}, "if health.doses then 1, else 1 + 2"),
        (
            {"reduce": [{"var": "health.tests"}, {"var": "current.positive"}, False]},
            "for each of health.tests: current.positive, beginning with false",
        ),
        ({"plusTime": [{"var": "clock"}, 0, "day"]}, "clock"),
        ({"plusTime": [{"var": "clock"}, 1, "day"]}, "clock + 1 day"),
        ({"plusTime": [{"var": "clock"}, -1, "day"]}, "clock - 1 day"),
        ({"!": [{"var": "payload.two words"}]}, "not payload.two words"),
        ({"!": ["two words"]}, 'not "two words"'),
        ({"plusTime": [{"var": "clock"}, -72, "hour"]}, "clock - 72 hours"),
        ({"extractFromUVCI": [{"var": "payload.v.0.ci"}, 1]}, "part 1 of payload.v.0.ci"),
        ({"dccDateOfBirth": [{"var": "payload.dob"}]}, "birth payload.dob"),
        (
            {"plusTime": [{"dccDateOfBirth": [{"var": "payload.dob"}]}, 18, "year"]},
            "(birth payload.dob) + 18 years",
        ),
    ],
)
def test_an_expression_reads_as_a_sentence(rule: object, words: str) -> None:
    """With parentheses where it would be read in two ways."""
    assert infix(rule) == words


_rules = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3) | st.just(DOSES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(list(ARITY)), st.lists(inner, max_size=4), max_size=1),
        st.builds(
            lambda when, amount, unit: {"plusTime": [when, amount, unit]},
            inner,
            st.integers(-3, 3),
            st.sampled_from(UNITS),
        ),
    ),
    max_leaves=8,
)


@given(_rules)
def test_every_expression_has_words(rule: object) -> None:
    """Whatever the loader lets through."""
    if not list(problems(rule)):
        assert infix(rule)
