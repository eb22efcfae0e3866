"""`gate credential`: what a code is, and whether our verifier says what public suites say."""

from __future__ import annotations

import click

from firmware.cli.lazy import Lazy, LazyGroup

_COMMANDS = {
    "explain": Lazy("firmware.cli.explain:explain", "Say what a code is, and what of it holds."),
    "conformance": Lazy(
        "firmware.cli.conformance:conformance", "Score our verifier on files of test cases."
    ),
}


@click.group("credential", cls=LazyGroup, table=_COMMANDS)
def credential() -> None:
    """Look into codes of every format, and test how they are verified.

    Nothing here opens a gate, and nothing needs a network.

    \b
    Exit codes of every command:
      0  done; for `conformance`, every case agrees
      1  a file is missing or damaged; the message says which
      2  the command was written wrongly
      3  the answer is no
    """
