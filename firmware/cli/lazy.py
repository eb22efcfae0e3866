"""A group of commands whose modules are imported when they are used, and not before.

`gate --help` and shell completion answer from the table alone: they import nothing. So a
command may be as heavy as it likes, and `gate run` carries no terminal library.
"""

import difflib
import importlib
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem


class Lazy(NamedTuple):
    """One line of the table."""

    target: str
    """`package.module:attribute` of the click command."""
    help: str
    """One line, for the list of commands."""
    hidden: bool = False
    """Left out of the list: started by the program itself."""


class LazyGroup(click.Group):
    """A click group over a table of `Lazy` lines, beside commands added in the usual way."""

    def __init__(self, name: str, *, table: dict[str, Lazy], **rest: object) -> None:
        super().__init__(name, **rest)  # type: ignore[arg-type]  # click's own options, passed on
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return [*self._table, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; this is where its module is imported."""
        line = self._table.get(cmd_name)
        if line is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = line.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{line.target} is no click command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, and an unknown name is answered with the nearest known one."""
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx):
            near = difflib.get_close_matches(name, self._shown(), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"There is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._shown().items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names from the table, then what click knows of options."""
        names = [
            CompletionItem(name, help=text)
            for name, text in self._shown().items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def _shown(self) -> dict[str, str]:
        own = {
            name: command.get_short_help_str(limit=100)
            for name, command in self.commands.items()
            if not command.hidden
        }
        return {n: line.help for n, line in self._table.items() if not line.hidden} | own
