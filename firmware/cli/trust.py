"""`gate trust`: compile, sign, look into and compare trust bundles."""

from __future__ import annotations

import click

from firmware.cli.lazy import Lazy, LazyGroup

_COMMANDS = {
    "keygen": Lazy("firmware.cli.trustsign:keygen", "Make a root key, which signs bundles."),
    "compile": Lazy("firmware.cli.trustcompile:compile_", "Make a bundle of key lists and keys."),
    "sign": Lazy("firmware.cli.trustsign:sign_", "Add a second person's signature to a bundle."),
    "show": Lazy("firmware.cli.trustshow:show", "Whom a bundle trusts, and how old it is."),
    "verify": Lazy("firmware.cli.trustshow:verify_", "Whether a gate would take a bundle."),
    "diff": Lazy("firmware.cli.trustshow:diff", "What changed from one bundle to the next."),
}


@click.group("trust", cls=LazyGroup, table=_COMMANDS)
def trust() -> None:
    """Compile, sign and compare the trust list that gates verify codes by.

    An office collects the lists of public issuers and compiles them, with its own issuers, into
    one signed file. Gates take it from a folder or a USB stick, if enough of the root keys signed
    it that were pinned when they were installed, and if it is newer.

    \b
    Examples:
      gate trust keygen --key root.key --roots roots.toml
      gate trust compile recipe.toml --key root.key
      gate trust show gate-trust.bundle
      gate trust verify gate-trust.bundle --roots roots.toml

    \b
    Exit codes of every command:
      0  done; for `verify`, a gate would take it; for `diff`, there is no difference
      1  a file is missing or damaged, or a source can't be used; the message says which
      2  the command or the recipe was written wrongly
      3  `verify`: a gate would not take it; `diff`: they differ
    """
