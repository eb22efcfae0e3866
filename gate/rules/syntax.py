"""Whether something is a CertLogic expression at all, said before any visitor meets it.

Evaluation looks only at the branches that it takes; a rule set is read whole when it is loaded, so
that a slip in a branch for February shows in June.
"""

from collections.abc import Iterator, Mapping

from gate.rules.certlogic import ARITY, DEPTH_MAX, PATH_CHARS_MAX, UNITS


def problems(rule: object, path: str = "$", depth: int = DEPTH_MAX) -> Iterator[str]:
    """What is wrong with it, each with its place; nothing for an expression.

    Args:
        rule: as JSON has it.
        path: where it stands, for the messages.
        depth: how deep it may still nest.
    """
    if not depth:
        yield f"{path}: nested too deeply"
    elif isinstance(rule, Mapping):
        yield from _operation(rule, path, depth)
    elif isinstance(rule, list):
        for number, item in enumerate(rule):
            yield from problems(item, f"{path}[{number}]", depth - 1)
    elif not (rule is None or isinstance(rule, str | bool | int | float)):
        yield f"{path}: a {type(rule).__name__} is no expression"


def _operation(rule: Mapping[object, object], path: str, depth: int) -> Iterator[str]:
    if len(rule) != 1:
        yield f"{path}: an operation has one name, and this has {len(rule)}"
        return
    ((name, operands),) = rule.items()
    if name == "var":
        if not isinstance(operands, str):
            yield f"{path}.var: no path"
        elif len(operands) > PATH_CHARS_MAX:
            yield f"{path}.var: longer than {PATH_CHARS_MAX} characters"
        return
    if not isinstance(operands, list):
        yield f"{path}.{name}: the operands are no list"
        return
    if not isinstance(name, str) or len(operands) not in ARITY.get(name, ()):
        yield f"{path}: {name!r} with {len(operands)} operands is no operation"
        return
    literal = _LITERALS.get(name)
    if literal is not None:
        yield from literal(operands, f"{path}.{name}")
    walked = operands[:1] if name in _LITERALS else operands
    for number, operand in enumerate(walked):
        yield from problems(operand, f"{path}.{name}[{number}]", depth - 1)


def _plus_time(operands: list[object], path: str) -> Iterator[str]:
    if type(operands[1]) is not int:
        yield f"{path}[1]: no whole number"
    if operands[2] not in UNITS:
        yield f"{path}[2]: none of {', '.join(UNITS)}"


def _extract(operands: list[object], path: str) -> Iterator[str]:
    if type(operands[1]) is not int:
        yield f"{path}[1]: no whole number"


_LITERALS = {"plusTime": _plus_time, "extractFromUVCI": _extract}
"""Operations whose further operands are not evaluated."""
