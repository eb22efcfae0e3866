"""What `gate rules show` prints: the rules for a health officer, and what a guard reads."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from rich.console import Console
from rich.table import Table

from gate.credential.model import CredentialKind
from gate.outcome import Outcome
from gate.rules.infix import infix
from gate.rules.ruleset import RuleSet, Status, in_force

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OUTCOMES = {
    Outcome.ADMIT: "masuk / admit",
    Outcome.OFFICER: "petugas / officer",
    Outcome.REFUSE: "tolak / refuse",
    Outcome.REFER: "arahkan / refer",
}
"""What becomes of a visitor, in both languages."""
KINDS = {
    CredentialKind.VISITOR: "visitors' passes",
    CredentialKind.APPOINTMENT: "appointments",
    CredentialKind.STAFF: "staff badges",
    CredentialKind.HEALTH: "health certificates",
}
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_ANY = "*"
"""Stands for a format that no set names."""
_Whom: TypeAlias = dict[CredentialKind, list[str]]
"""Kinds of credentials, each with the formats."""


def show_shipped() -> None:
    """The shipped files, their sets, and where they lie."""
    from drivers.rulestore import load_rules
    from firmware.rules import SHIPPED

    console = _console()
    for path in sorted(SHIPPED.glob("*.toml")):
        console.print(path.name, style="bold")
        for rule_set in load_rules(path):
            console.print(f"  from {rule_set.dated}: {rule_set.source.citation}", soft_wrap=True)
    console.print(f"\nThey lie in {SHIPPED}: copy one, change it, `gate rules check` it.")


def show_rules(rule_sets: Sequence[RuleSet], day: date) -> None:
    """Every set that holds on that day, then all sets by date."""
    console = _console()
    forms = [*sorted({form for each in rule_sets for form in each.formats}), _ANY]
    found, left = _held(rule_sets, day, forms)
    if not found:
        console.print(f"No rules hold on {day}.")
    if left:
        whom = ", ".join(_whom(left, forms))
        console.print(f"No rule is for {whom}: an officer looks at them.", soft_wrap=True)
    for rule_set, kinds in found:
        console.print(f"{rule_set.name}", style="bold")
        console.print(f"holds on {day} for {', '.join(_whom(kinds, forms))}")
        console.print(_table(rule_set))
        _show_source(console, rule_set)
    console.print("All dates", style="bold")
    for rule_set in sorted(rule_sets, key=lambda each: each.dated):
        until = f" until {rule_set.until}" if rule_set.until else ""
        console.print(f"  {rule_set.id} from {rule_set.dated}{until}")


def _held(
    rule_sets: Sequence[RuleSet], day: date, forms: list[str]
) -> tuple[list[tuple[RuleSet, _Whom]], _Whom]:
    """Sets in force, each with whom it is for; and for whom none of the site's sets holds."""
    found: dict[str, tuple[RuleSet, _Whom]] = {}
    left: _Whom = {}
    for kind in [each for each in CredentialKind if any(each in one.kinds for one in rule_sets)]:
        for form in forms:
            held = in_force(rule_sets, kind, form, day.toordinal() - _EPOCH_ORDINAL)
            whom = left if held is None else found.setdefault(held.name, (held, {}))[1]
            whom.setdefault(kind, []).append(form)
    return list(found.values()), left


def _whom(kinds: _Whom, forms: list[str]) -> Iterator[str]:
    for kind, own in kinds.items():
        others = ", ".join(form for form in forms if form not in own)
        if _ANY not in own:
            yield f"{KINDS[kind]} ({', '.join(own)})"
        else:
            yield f"{KINDS[kind]} (but not {others})" if others else KINDS[kind]


def _table(rule_set: RuleSet) -> Table:
    """The lines in their order; the first that holds wins."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("status", "outcome"):
        table.add_column(heading, no_wrap=True)
    for heading in ("when", "the officer reads"):
        table.add_column(heading, overflow="fold")
    for status in rule_set.statuses:
        table.add_row(status.name, OUTCOMES[status.outcome], _when(status), _words(status))
    last = rule_set.otherwise
    table.add_row(last.name, OUTCOMES[last.outcome], "otherwise", _words(last))
    return table


def _when(status: Status) -> str:
    return status.fact or infix(status.when)


def _words(status: Status) -> str:
    return f"{status.words.indonesian}\n{status.words.english}"


def _show_source(console: Console, rule_set: RuleSet) -> None:
    named = {status.fact: status.when for status in rule_set.statuses if status.fact}
    if named:
        console.print("where")
        for fact, rule in named.items():
            console.print(f"  {fact} is: {infix(rule)}", soft_wrap=True)
    source = rule_set.source
    console.print(f"source: {source.citation} ({source.dated})", soft_wrap=True)
    if source.url:
        console.print(f"        {source.url}", soft_wrap=True)
    if source.note:
        console.print(f"note:   {source.note}", soft_wrap=True)
    console.print()


def _console() -> Console:
    return Console(markup=False, highlight=False, emoji=False)
