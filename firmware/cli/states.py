"""`gate show-states`: how a lane goes from one state to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

TABLE = "table"
DIAGRAMS = ("mermaid", "dot", "svg")


@click.command("show-states")
@click.option(
    "--format",
    "form",
    type=click.Choice([TABLE, *DIAGRAMS]),
    default=TABLE,
    show_default=True,
    help="A table to read, or a diagram as text.",
)
def show_states(form: str) -> None:
    """Print every state of a lane and every way from one to another.

    It is the table that the lane itself obeys: what does not stand here can't happen.

    \b
    Examples:
      gate show-states
      gate show-states --format svg > states.svg
      gate show-states --format dot | dot -Tpdf > states.pdf
    """
    if form == TABLE:
        _show_table()
        return
    from firmware import diagrams

    draw: Callable[[], str] = getattr(diagrams, form)
    click.echo(draw(), nl=False)


def _show_table() -> None:
    from rich.console import Console
    from rich.padding import Padding

    console = Console(highlight=False, emoji=False)
    console.print("States", style="bold")
    console.print(Padding(_states(), (1, 2)))
    console.print("Ways from one to another", style="bold")
    console.print(_ways())


def _states() -> RenderableType:
    from rich.table import Table

    from firmware.diagrams import GROUPS, in_words, meaning, members
    from gate.transitions import STATES

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for state in STATES:
        table.add_row(state.__name__, meaning(state))
    for group in GROUPS:
        table.add_row(in_words(group), members(group), style="dim")
    return table


def _ways() -> RenderableType:
    """One line for each source and what happens there; what holds for a group stands once."""
    from rich import box
    from rich.table import Table

    from firmware.diagrams import in_words, ways

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("from", "when", "to"):
        table.add_column(heading, overflow="fold")
    before = ""
    for source, on, targets in ways():
        if before and source != before:
            table.add_section()
        name = "" if source == before else in_words(source)
        table.add_row(name, on, ", ".join(in_words(to, other=to == source) for to in targets))
        before = source
    return table
