"""`gate pass`: an office's keys, the passes that it issues, and what shows them."""

import click

from firmware.cli.lazy import Lazy, LazyGroup

_COMMANDS = {
    "keygen": Lazy("firmware.cli.passkeys:keygen", "Make an office's key."),
    "show-key": Lazy("firmware.cli.passkeys:show_key", "The block of a key that is there."),
    "rotate": Lazy("firmware.cli.passkeys:rotate", "Put a new key beside the old one."),
    "status": Lazy("firmware.cli.passkeys:status_", "What was issued and revoked."),
    "issue": Lazy("firmware.cli.passissue:issue_", "Issue one pass."),
    "batch": Lazy("firmware.cli.passbatch:batch", "Issue many passes from a table."),
    "badge": Lazy("firmware.cli.passbadge:badge", "Issue a staff badge that lives in a phone."),
    "link": Lazy("firmware.cli.passvisits:link", "Issue a visit whose pass renews itself."),
    "serve": Lazy("firmware.cli.passvisits:serve", "Give phones their pages and passes."),
    "verify": Lazy("firmware.cli.passissue:verify_", "Say whether a pass holds."),
    "revoke": Lazy("firmware.cli.passissue:revoke_", "Take passes back."),
    "print": Lazy("firmware.cli.passissue:print_", "Draw the QR code of a pass again."),
}


@click.group("pass", cls=LazyGroup, table=_COMMANDS)
def pass_() -> None:
    """Issue, verify, revoke, print and serve passes.

    \b
    Examples:
      gate pass keygen --name "Example hall" --trust trust.toml
      gate pass issue visitor --for 8h --png visitor.png
      gate pass batch visitors.csv --sheet passes.pdf
      gate pass verify pass.txt

    \b
    Exit codes of every command:
      0  done; for `verify`, the pass holds
      1  a file is missing, damaged or not allowed; the message says which
      2  the command or a table was written wrongly; nothing was issued
      3  `verify`: the pass is refused; the message starts with the reason
    """
