"""What is wrong with rule sets, said when they are loaded and not when a visitor stands there.

Beyond what is an expression at all (`gate.rules.syntax`): whether it looks at something that there
is, and whether it is told which of two sets holds.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from gate.credential import hcert, native, shc, vdsnc
from gate.credential.health import Recovery, Test, Vaccination
from gate.rules.operands import mismatches
from gate.rules.ruleset import NO_RULE, NONE, UNCLEAR, UNDATED, RuleSet, Status
from gate.rules.syntax import problems

STATUSES_MAX = 16
"""Of one set. A table that needs more is read by nobody."""
WORDS_CHARS_MAX = 200
"""What an officer reads at a glance."""
VALUES_MAX = 1_000
"""Codes of one value set, or of what is seen; the largest European value set has 300."""

FORMATS = frozenset({hcert.FORMAT, native.FORMAT, shc.FORMAT, vdsnc.FORMAT, "vc"})
"""Formats that a credential can have. A live badge is a native one; `vc` is an optional extra,
which not every gate can import."""

_RESERVED_IDS: Mapping[str, str] = {
    UNDATED: "where there is no date",
    NONE: "where no rule holds",
}
_RESERVED_STATUSES: Mapping[str, str] = {
    UNCLEAR: "where no rule can be applied",
    NO_RULE: "where no rule holds",
}
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_ENTRIES: Mapping[str, tuple[str, ...]] = {
    "vaccinations": Vaccination.__struct_fields__,
    "tests": Test.__struct_fields__,
    "recoveries": Recovery.__struct_fields__,
}
_FIELDS: Mapping[str, Sequence[str]] = {
    "credential": ("kind", "format", "issuer"),
    "external": ("validationClock", "today", "valueSets"),
    "health": ("doses", *_ENTRIES),
}
"""What stands under each root. `payload` is the certificate's own: nobody knows it before."""
_INDEX = re.compile(r"[0-9]{1,9}")
_TURN = ("accumulator", "current")
"""What the step of a `reduce` sees, and nothing else (CertLogic specification section 5.7)."""


def flaws(rule_set: RuleSet, path: str = "$") -> Iterator[str]:
    """What is wrong with one set, each with its place; nothing for a good one.

    Its expressions apart (`expression_flaws`): several lines of a file may share one.
    """
    if not _NAME.fullmatch(rule_set.id):
        yield f"{path}.id: {rule_set.id!r} is not of a-z, 0-9, _ and -, at most 40"
    if rule_set.id in _RESERVED_IDS:
        yield f"{path}.id: {rule_set.id!r} is what the gate says {_RESERVED_IDS[rule_set.id]}"
    if not rule_set.kinds:
        yield f"{path}.kinds: for no credential at all"
    for form in sorted(rule_set.formats - FORMATS):
        yield f"{path}.formats: {form!r} is none of {', '.join(sorted(FORMATS))}"
    if rule_set.until is not None and rule_set.until < rule_set.dated:
        yield f"{path}.until: ends before it begins"
    if not rule_set.source.citation.strip():
        yield f"{path}.source.citation: says nothing"
    for name, values in (
        ("diseases", rule_set.diseases),
        ("products", rule_set.products),
        *((f"value_sets.{name}", values) for name, values in rule_set.value_sets.items()),
    ):
        if len(values) > VALUES_MAX:
            yield f"{path}.{name}: more than {VALUES_MAX} values"
    if len(rule_set.statuses) > STATUSES_MAX:
        yield f"{path}.status: more than {STATUSES_MAX}"
    for number, status in enumerate(rule_set.statuses):
        yield from _status_flaws(status, f"{path}.status[{number}]")
    yield from _status_flaws(rule_set.otherwise, f"{path}.otherwise")


def expression_flaws(
    rule: object, value_sets: Mapping[str, object], path: str = "$"
) -> Iterator[str]:
    """What is wrong with one expression: its form, or what it looks at, or what it compares."""
    found = list(problems(rule, path))
    yield from found or _references(rule, value_sets, path, None)
    if not found:
        yield from mismatches(rule, path)


def clashes(rule_sets: Sequence[RuleSet]) -> Iterator[str]:
    """Pairs of sets of which nobody could say which one holds, in words."""
    for one, other in itertools.combinations(rule_sets, 2):
        both_for = one.kinds & other.kinds
        forms_meet = not one.formats or not other.formats or one.formats & other.formats
        if one.dated == other.dated and both_for and forms_meet:
            kinds = ", ".join(sorted(both_for))
            yield f"{one.name} and {other.name} have the same date, and both are for {kinds}"


def _status_flaws(status: Status, path: str) -> Iterator[str]:
    if not _NAME.fullmatch(status.name):
        yield f"{path}.status: {status.name!r} is not of a-z, 0-9, _ and -, at most 40"
    if status.name in _RESERVED_STATUSES:
        why = _RESERVED_STATUSES[status.name]
        yield f"{path}.status: {status.name!r} is what the gate says {why}"
    for key, text in (("id", status.words.indonesian), ("en", status.words.english)):
        if not 0 < len(text.strip()) <= WORDS_CHARS_MAX or not text.isprintable():
            yield f"{path}.{key}: one line of 1 to {WORDS_CHARS_MAX} characters"


def _references(
    rule: object, value_sets: Mapping[str, object], path: str, turn: str | None
) -> Iterator[str]:
    """Variables that lead nowhere.

    Args:
        rule: an expression that is well formed.
        value_sets: those that the set has.
        path: where it stands.
        turn: None outside `reduce`; inside, the list that it walks over, or "" for any.
    """
    if isinstance(rule, list):
        for number, item in enumerate(rule):
            yield from _references(item, value_sets, f"{path}[{number}]", turn)
    if not isinstance(rule, Mapping):
        return
    ((name, operands),) = rule.items()
    if name == "var":
        problem = _lost(operands, value_sets) if turn is None else _lost_in_turn(operands, turn)
        if problem:
            yield f"{path}.var: {operands!r}: {problem}"
    elif name == "reduce":
        over, step, first = operands
        inner = over.get("var", "") if isinstance(over, Mapping) else ""
        yield from _references(over, value_sets, f"{path}.reduce[0]", turn)
        yield from _references(step, value_sets, f"{path}.reduce[1]", inner if turn is None else "")
        yield from _references(first, value_sets, f"{path}.reduce[2]", turn)
    else:
        yield from _references(operands, value_sets, f"{path}.{name}", turn)


def _lost(variable: str, value_sets: Mapping[str, object]) -> str:
    """Why it leads nowhere, or nothing."""
    root, *rest = variable.split(".")
    if root == "payload":
        return ""
    fields = _FIELDS.get(root)
    if fields is None:
        return f"there are {', '.join((*_FIELDS, 'payload'))}, and no {root!r}"
    if not rest:
        return ""
    if rest[0] not in fields:
        return f"{root} has {', '.join(fields)}, and no {rest[0]!r}"
    if rest[0] == "valueSets" and rest[1:] and rest[1] not in value_sets:
        return f"no value set {rest[1]!r}"
    entry = _ENTRIES.get(rest[0]) if root == "health" else None
    if entry is None:
        return "" if len(rest) == 1 or rest[0] == "valueSets" else f"nothing under {rest[0]!r}"
    if rest[1:] and not _INDEX.fullmatch(rest[1]):
        return f"{rest[0]} is a list: a number comes next"
    return _not_of(entry, rest[2:])


def _lost_in_turn(variable: str, over: str) -> str:
    root, *rest = variable.split(".")
    if root not in _TURN:
        return f"a reduce sees {' and '.join(_TURN)} only"
    entry = _ENTRIES.get(over.removeprefix("health.")) if over.startswith("health.") else None
    return _not_of(entry, rest) if entry and root == "current" else ""


def _not_of(entry: tuple[str, ...], rest: list[str]) -> str:
    """Why the rest of a path is no field of an entry, or nothing."""
    if not rest or rest in [[field] for field in entry]:
        return ""
    return f"an entry has {', '.join(entry)}, and no {'.'.join(rest)!r}"
