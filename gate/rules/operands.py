"""Operands that an operation can never take: `health.doses >= "1"` fails for every visitor.

CertLogic allows to write them, and fails when it evaluates them; a rule set is told of them when
it is loaded. What an operand is worth is known of literals and of most operations; of the rest
nothing is said.
"""

from collections.abc import Iterator, Mapping

from gate.rules.certlogic import CertLogicError, moment_of

_EVERY = slice(None)
_FIRST = slice(1)
_SECOND = slice(1, 2)
_ORDERS = ("<", ">", "<=", ">=")
_TIMES = ("before", "after", "not-before", "not-after")
_TAKES: Mapping[str, tuple[slice, tuple[str, ...]]] = {
    **dict.fromkeys(("+", *_ORDERS), (_EVERY, ("a whole number",))),
    **dict.fromkeys(_TIMES, (_EVERY, ("a moment",))),
    "plusTime": (_FIRST, ("text", "a moment")),
    "dccDateOfBirth": (_FIRST, ("text",)),
    "extractFromUVCI": (_FIRST, ("text", "nothing")),
    "reduce": (_FIRST, ("a list", "nothing")),
    "in": (_SECOND, ("a list",)),
}
"""Which operands of an operation have to be what."""
_MAKES: Mapping[str, str] = {
    "+": "a whole number",
    **dict.fromkeys(("===", "in", "!", *_ORDERS, *_TIMES), "a truth"),
    **dict.fromkeys(("plusTime", "dccDateOfBirth"), "a moment"),
}
_LITERALS: Mapping[type, str] = {
    bool: "a truth",
    int: "a whole number",
    float: "a fraction",
    str: "text",
    list: "a list",
    type(None): "nothing",
}
_READ = "a value without plusTime around it"
"""Of a variable nothing more is known: JSON has no moments."""


def mismatches(rule: object, path: str = "$", *, in_turn: bool = False) -> Iterator[str]:
    """Operands of another kind than their operation takes, each with its place.

    Args:
        rule: an expression in which `gate.rules.syntax` finds no problem.
        path: where it stands.
        in_turn: inside the step of a `reduce`, where a variable may be a moment.
    """
    if isinstance(rule, list):
        for number, item in enumerate(rule):
            yield from mismatches(item, f"{path}[{number}]", in_turn=in_turn)
    if not isinstance(rule, Mapping):
        return
    ((name, operands),) = rule.items()
    if name == "var":
        return
    places, wanted = _TAKES.get(name, (_EVERY, ()))
    if wanted:
        for number in range(len(operands))[places]:
            kind = _kind(operands[number], wanted, in_turn=in_turn)
            if kind not in {None, *wanted}:
                yield f"{path}.{name}[{number}]: {kind}, and {name} takes {' or '.join(wanted)}"
    if name == "plusTime" and isinstance(operands[0], str):
        try:
            moment_of(operands[0])
        except CertLogicError as error:
            yield f"{path}.plusTime[0]: {error}"
    for number, operand in enumerate(operands):
        is_step = name == "reduce" and number == 1
        yield from mismatches(operand, f"{path}.{name}[{number}]", in_turn=in_turn or is_step)


def _kind(operand: object, wanted: tuple[str, ...], *, in_turn: bool) -> str | None:
    """What it is worth; None where only evaluating it could say."""
    if not isinstance(operand, Mapping):
        return _LITERALS[type(operand)]
    (name,) = operand
    if name == "var":
        return None if in_turn or wanted != ("a moment",) else _READ
    return _MAKES.get(name)
