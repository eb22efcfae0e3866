"""What is wrong with a rule set is said when it is loaded, with its place."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from gate.credential import hcert, native, shc, vdsnc
from gate.credential.model import CredentialKind
from gate.outcome import Outcome
from gate.rules.checks import (
    FORMATS,
    STATUSES_MAX,
    VALUES_MAX,
    WORDS_CHARS_MAX,
    clashes,
    expression_flaws,
    flaws,
)
from gate.rules.named import NODES_MAX, NamedFacts, NamingError
from gate.rules.ruleset import RuleSet, Source, Status
from gate.wording import Words

DAY = date(2021, 9, 9)
LINE = Status("green", Outcome.ADMIT, Words("Boleh.", "May."), {"var": "health.doses"})
GOOD = RuleSet("colours", DAY, Source("a circular", DAY), (LINE,), LINE)


def test_a_good_set_has_no_flaw() -> None:
    assert not list(flaws(GOOD))


@pytest.mark.parametrize(
    ("bad", "flaw"),
    [
        (replace(GOOD, id="Colours"), "$.id: 'Colours' is not"),
        (replace(GOOD, id="undated"), "$.id: 'undated' is what the gate says"),
        (replace(GOOD, id="none"), "$.id: 'none' is what the gate says where no rule holds"),
        (replace(GOOD, kinds=frozenset()), "$.kinds: for no credential"),
        (
            replace(GOOD, formats=frozenset({"HC1", "shc"})),
            "$.formats: 'HC1' is none of hcert, native, shc, vc, vds-nc",
        ),
        (replace(GOOD, until=DAY - timedelta(days=1)), "$.until: ends before"),
        (replace(GOOD, source=Source(" ", DAY)), "$.source.citation: says nothing"),
        (
            replace(GOOD, value_sets={"pcr": ("x",) * (VALUES_MAX + 1)}),
            f"$.value_sets.pcr: more than {VALUES_MAX}",
        ),
        (
            replace(GOOD, products=frozenset(map(str, range(VALUES_MAX + 1)))),
            f"$.products: more than {VALUES_MAX}",
        ),
        (
            replace(GOOD, statuses=(LINE,) * (STATUSES_MAX + 1)),
            f"$.status: more than {STATUSES_MAX}",
        ),
        (
            replace(GOOD, statuses=(replace(LINE, name="Hijau muda"),)),
            "$.status[0].status: 'Hijau muda' is not",
        ),
        (
            replace(GOOD, otherwise=replace(LINE, name="unclear")),
            "$.otherwise.status: 'unclear' is what the gate says",
        ),
        (
            replace(GOOD, statuses=(replace(LINE, name="no_rule"),)),
            "$.status[0].status: 'no_rule' is what the gate says where no rule holds",
        ),
        (
            replace(GOOD, otherwise=replace(LINE, words=Words(" ", "May."))),
            "$.otherwise.id: one line",
        ),
        (
            replace(GOOD, otherwise=replace(LINE, words=Words("Boleh.", "May\nnot."))),
            "$.otherwise.en: one line",
        ),
        (
            replace(GOOD, otherwise=replace(LINE, words=Words("a" * (WORDS_CHARS_MAX + 1), "b"))),
            "$.otherwise.id: one line",
        ),
    ],
)
def test_each_flaw_has_its_place(bad: RuleSet, flaw: str) -> None:
    """One flaw, one sentence, and nothing else is blamed."""
    (found,) = flaws(bad)
    assert found.startswith(flaw)


def test_the_formats_are_those_that_there_are() -> None:
    """That of the optional extra too, by its own name; and a live badge is a native one."""
    assert set(FORMATS) == {
        each.FORMAT
        for each in (hcert, native, shc, vdsnc, pytest.importorskip("gate.credential.vc"))
    }
    assert not list(flaws(replace(GOOD, formats=FORMATS)))


def test_one_day_is_a_span_too() -> None:
    """A set may end on the day on which it begins."""
    assert not list(flaws(replace(GOOD, until=DAY)))


@pytest.mark.parametrize(
    "variable",
    [
        "health",
        "health.doses",
        "health.vaccinations",
        "health.vaccinations.0",
        "health.vaccinations.0.of",
        "health.tests.12.positive",
        "health.recoveries.0.valid_from",
        "payload",
        "payload.v.0.dn",
        "credential",
        "credential.issuer",
        "external",
        "external.validationClock",
        "external.today",
        "external.valueSets",
        "external.valueSets.pcr",
        "external.valueSets.pcr.0",
    ],
)
def test_what_there_is_to_look_at(variable: str) -> None:
    assert not list(expression_flaws({"!": [{"var": variable}]}, {"pcr": ()}))


@pytest.mark.parametrize(
    ("variable", "why"),
    [
        ("", "and no ''"),
        ("doses", "there are credential, external, health, payload, and no 'doses'"),
        ("facts.full", "and no 'facts'"),
        ("health.dose", "health has doses, vaccinations, tests, recoveries, and no 'dose'"),
        ("health.doses.0", "nothing under 'doses'"),
        ("health.vaccinations.dose", "vaccinations is a list: a number comes next"),
        ("health.vaccinations.-1", "vaccinations is a list"),
        ("health.vaccinations.0.name", "an entry has date, dose, of, product, disease, and no"),
        ("health.tests.0.positive.x", "and no 'positive.x'"),
        ("credential.holder", "credential has kind, format, issuer, and no 'holder'"),
        ("credential.kind.x", "nothing under 'kind'"),
        ("external.clock", "and no 'clock'"),
        ("external.validationClock.0", "nothing under 'validationClock'"),
        ("external.valueSets.rapid", "no value set 'rapid'"),
    ],
)
def test_what_there_is_not(variable: str, why: str) -> None:
    """A slip in a name would be null for every visitor: it is seen before the first."""
    (found,) = expression_flaws({"and": [1, {"!": [{"var": variable}]}]}, {"pcr": ()})
    assert found.startswith(f"$.and[1].![0].var: {variable!r}: ")
    assert why in found


CURRENT = {"var": "current.positive"}


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"reduce": [{"var": "health.tests"}, CURRENT, None]}, None),
        ({"reduce": [{"var": "health.tests"}, {"var": "current"}, None]}, None),
        ({"reduce": [{"var": "payload.t"}, {"var": "current.tt"}, None]}, None),
        ({"reduce": [[{"var": "payload.t"}], {"var": "accumulator.x"}, None]}, None),
        (
            {"reduce": [{"var": "health.vaccinations"}, CURRENT, None]},
            "$.reduce[1].var: 'current.positive': an entry has date",
        ),
        (
            {"reduce": [{"var": "health.tests"}, {"var": "health.doses"}, None]},
            "$.reduce[1].var: 'health.doses': a reduce sees accumulator and current only",
        ),
        ({"reduce": [{"var": "tests"}, 1, None]}, "$.reduce[0].var: 'tests'"),
        ({"reduce": [[], 1, {"var": "doses"}]}, "$.reduce[2].var: 'doses'"),
        (
            {"reduce": [[], {"reduce": [{"var": "current.x"}, {"var": "x"}, 0]}, 0]},
            "$.reduce[1].reduce[1].var: 'x'",
        ),
        ({"+": [1]}, "$: '+' with 1 operands is no operation"),
        ({">=": [{"var": "health.doses"}, "1"]}, "$.>=[1]: text, and >= takes a whole number"),
    ],
)
def test_inside_a_reduce_there_is_another_world(rule: object, why: str | None) -> None:
    """Only the element and what was gathered; the fields of an element are known where its list
    is."""
    found = list(expression_flaws(rule, {}))
    assert len(found) == (why is not None)
    assert not why or found[0].startswith(why)


@pytest.mark.parametrize(
    ("other", "clash"),
    [
        (replace(GOOD, id="other"), True),
        (replace(GOOD, formats=frozenset({"shc"})), True),
        (replace(GOOD, dated=DAY + timedelta(days=1)), False),
        (replace(GOOD, kinds=frozenset({CredentialKind.STAFF})), False),
    ],
)
def test_of_two_sets_of_one_day_nobody_could_say_which_holds(
    other: RuleSet, *, clash: bool
) -> None:
    """Same date, same kind, same format."""
    assert bool(list(clashes([GOOD, other]))) is clash


def test_sets_of_one_day_for_different_formats_get_along() -> None:
    """And two that share one format do not."""
    shc = replace(GOOD, formats=frozenset({"shc"}))
    assert not list(clashes([shc, replace(GOOD, formats=frozenset({"hcert"}))]))
    (clash,) = clashes([shc, replace(GOOD, id="b", formats=frozenset({"hcert", "shc"}))])
    assert clash == (
        "colours@2021-09-09 and b@2021-09-09 have the same date, and both are for health"
    )


def test_names_are_put_in() -> None:
    """Those that stand above, outside a reduce and in lists; what is no name stays."""
    named = NamedFacts()
    named.add("one", {">=": [{"var": "health.doses"}, 1]})
    named.add("two", named.without_names({"!": [{"var": "facts.one"}]}))
    assert named.fact("two") == {"!": [{">=": [{"var": "health.doses"}, 1]}]}
    assert named.without_names([{"var": "health.doses"}, {"var": 7}, "facts.one"]) == [
        {"var": "health.doses"},
        {"var": 7},
        "facts.one",
    ]
    assert named.without_names({"var": "facts.one", "x": 1}) == {"var": "facts.one", "x": 1}
    assert named.used == {"one", "two"}
    with pytest.raises(NamingError, match="'three' is no fact that stands above"):
        named.without_names({"var": "facts.three"})


def test_names_within_names_do_not_grow_without_end() -> None:
    """Sixty lines that each name the one above twice would be more than all computers can walk."""

    def grow(named: NamedFacts) -> None:
        named.add("x0", True)
        for number in range(60):
            above = {"var": f"facts.x{number}"}
            named.add(f"x{number + 1}", named.without_names({"and": [above, above]}))

    with pytest.raises(NamingError, match=f"more than {NODES_MAX} values"):
        grow(NamedFacts())


def test_what_is_just_within_its_bounds_has_no_flaw() -> None:
    """Values, statuses and words, as many as there may be."""
    most = frozenset(map(str, range(VALUES_MAX)))
    line = replace(LINE, words=Words("a" * WORDS_CHARS_MAX, "b" * WORDS_CHARS_MAX))
    full = replace(
        GOOD,
        diseases=most,
        products=most,
        value_sets={"pcr": tuple(most)},
        statuses=(line,) * STATUSES_MAX,
        otherwise=line,
    )
    assert not list(flaws(full))


@pytest.mark.parametrize("field", ["diseases", "products"])
def test_what_is_seen_has_a_bound(field: str) -> None:
    """The flaw names the field."""
    most = frozenset(map(str, range(VALUES_MAX + 1)))
    (found,) = flaws(replace(GOOD, **{field: most}))
    assert found.startswith(f"$.{field}: ")


def test_two_sets_that_clash_for_two_kinds() -> None:
    """One sentence, with both kinds."""
    kinds = frozenset({CredentialKind.STAFF, CredentialKind.VISITOR})
    one, other = replace(GOOD, kinds=kinds), replace(GOOD, id="other", kinds=kinds)
    (found,) = clashes([one, other])
    assert found.endswith(" staff, visitor")


PCR = {"var": "external.valueSets.pcr"}
LOST = {"var": "external.valueSets.none"}


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        # The list walked over and the first value see everything, a step its turn only.
        ({"reduce": [PCR, {"var": "current"}, PCR]}, None),
        ({"reduce": [LOST, {"var": "current"}, 0]}, "$.reduce[0].var"),
        ({"reduce": [PCR, {"var": "current"}, LOST]}, "$.reduce[2].var"),
        ({"reduce": [PCR, PCR, 0]}, "$.reduce[1].var"),
        ({"reduce": [PCR, {"if": [True, [PCR], 0]}, 0]}, "$.reduce[1].if[1][0].var"),
        # A reduce within a step walks over what the step sees, whatever it is called.
        (
            {"reduce": [PCR, {"reduce": [{"var": "current"}, {"var": "current.x"}, 0]}, 0]},
            None,
        ),
        ({"reduce": [PCR, {"reduce": [PCR, 0, 0]}, 0]}, "$.reduce[1].reduce[0].var"),
        ({"reduce": [PCR, {"reduce": [[], 0, PCR]}, 0]}, "$.reduce[1].reduce[2].var"),
        # Only the entries of a certificate are known; those of another list may be anything.
        ({"reduce": [{"var": "health.tests"}, {"var": "current.x"}, 0]}, "$.reduce[1].var"),
        ({"reduce": [{"var": "payload.tests"}, {"var": "current.x"}, 0]}, None),
        ({"reduce": [{"var": "tests"}, {"var": "current.x"}, 0]}, "$.reduce[0].var"),
        ({"reduce": [[1], {"var": "current.x"}, 0]}, None),
        ({"reduce": [{"if": [True, [], []]}, {"var": "current.x"}, 0]}, None),
        ({"var": "credential.tests"}, "$.var"),
    ],
)
def test_where_a_reduce_leads_nowhere(rule: object, place: str | None) -> None:
    found = [each.partition(":")[0] for each in expression_flaws(rule, {"pcr": ("x",)})]
    assert found == ([] if place is None else [place])


def test_a_malformed_expression_is_blamed_at_its_place() -> None:
    """Below the place that the caller names, and what it looks at is not asked any more."""
    (found,) = expression_flaws([{"var": 7}, {"var": "nowhere"}], {}, "$.status[3].when")
    assert found.startswith("$.status[3].when[0].var:")


def test_the_values_of_names_have_one_bound() -> None:
    """Every value counts, those of a fact each time that it is named; the bound itself is fine."""
    named = NamedFacts()
    named.add("three", {"!": [True]})
    asked = {"var": "facts.three"}
    # The list is one value; a name is one, and the three of its fact are put in for it.
    fits = [*[asked] * 10, *[0] * (NODES_MAX - 41)]
    assert len(named.without_names(fits)) == len(fits)  # type: ignore[arg-type] # a list
    with pytest.raises(NamingError):
        named.without_names([*fits, 0])


def test_a_mismatch_is_blamed_at_its_place() -> None:
    """Below the place that the caller names, as all else."""
    (found,) = expression_flaws({">": [1, "1"]}, {}, "$.status[3].when")
    assert found.startswith("$.status[3].when.>[1]:")
