"""A CertLogic expression as people write one: `health.doses >= 1 and not health.tests`."""

from collections.abc import Mapping

_WORDS = {"===": "is"}
"""Operations that people call otherwise than CertLogic does."""


def infix(rule: object) -> str:
    """One line for people; nothing reads it back.

    Args:
        rule: an expression in which `gate.rules.syntax` finds no problem.
    """
    if isinstance(rule, str):
        return f'"{rule}"'
    if isinstance(rule, list):
        return f"[{', '.join(map(infix, rule))}]"
    if not isinstance(rule, Mapping):
        return "null" if rule is None else str(rule).lower()
    ((name, operands),) = rule.items()
    match name:
        case "var":
            return operands or "all"
        case "if":
            condition, then, other = map(infix, operands)
            return f"if {condition} then {then}, else {other}"
        case "!":
            return f"not {_operand(operands[0])}"
        case "reduce":
            over, step, first = operands
            return f"for each of {_operand(over)}: {_operand(step)}, beginning with {infix(first)}"
        case "plusTime":
            return _moved(*operands)
        case "extractFromUVCI":
            return f"part {operands[1]} of {_operand(operands[0])}"
        case "dccDateOfBirth":
            return f"birth {_operand(operands[0])}"
    return f" {_WORDS.get(name, name)} ".join(map(_operand, operands))


def _operand(rule: object) -> str:
    """In parentheses where it is made of words itself."""
    text = infix(rule)
    is_plain = not isinstance(rule, Mapping) or "var" in rule or " " not in text
    return text if is_plain else f"({text})"


def _moved(when: object, amount: int, unit: str) -> str:
    if not amount:
        return infix(when)
    sign = "-" if amount < 0 else "+"
    return f"{_operand(when)} {sign} {abs(amount)} {unit}{'' if abs(amount) == 1 else 's'}"
