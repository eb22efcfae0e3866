"""Expressions with names, so that a table of rules reads in words: `{"var": "facts.full"}`.

A name is put in for its expression when the rules are loaded; CertLogic knows nothing of it. Only
facts that stand above can be named, so that none of them leads back to itself.
"""

from collections.abc import Mapping

ROOT = "facts."
NODES_MAX = 5_000
"""Values of an expression after all its names are put in."""


class NamingError(ValueError):
    """A name that stands for nothing, or an expression that has become too long."""


class NamedFacts:
    """The facts of one file, in its order."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        """Names that an expression has asked for."""
        self._facts: dict[str, tuple[object, int]] = {}

    def add(self, name: str, rule: object) -> None:
        """From now on that name stands for that expression.

        Args:
            name: without `facts.`.
            rule: an expression without names: from `without_names`.
        """
        self._facts[name] = rule, _nodes(rule)

    def fact(self, name: str) -> object:
        """The expression of that name.

        Raises:
            NamingError: there is none.
        """
        self.used.add(name)
        try:
            return self._facts[name][0]
        except KeyError:
            raise NamingError(f"{name!r} is no fact that stands above") from None

    def without_names(self, rule: object) -> object:
        """The same expression, with that of each fact in place of its name.

        Raises:
            NamingError: an unknown name, or the whole has more than `NODES_MAX` values.
        """
        return self._put_in(rule, [NODES_MAX])

    def _put_in(self, rule: object, left: list[int]) -> object:
        left[0] -= 1
        if isinstance(rule, list):
            rule = [self._put_in(item, left) for item in rule]
        elif isinstance(rule, Mapping):
            name = rule.get("var")
            if len(rule) == 1 and isinstance(name, str) and name.startswith(ROOT):
                name = name.removeprefix(ROOT)
                rule = self.fact(name)
                left[0] -= self._facts[name][1]
            else:
                rule = {key: self._put_in(value, left) for key, value in rule.items()}
        if left[0] < 0:
            raise NamingError(f"more than {NODES_MAX} values, those of the facts in it counted")
        return rule


def _nodes(rule: object) -> int:
    if isinstance(rule, Mapping):
        return 1 + sum(map(_nodes, rule.values()))
    return 1 + sum(map(_nodes, rule)) if isinstance(rule, list) else 1
