"""A terminal that is drawn on: quiet while it lasts, and as it was before when it is over."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import termios
from typing import IO, Any

STDIN, STDOUT, STDERR = 0, 1, 2
KEPT_BYTES_MAX = 65_536
"""What is kept of standard error while somebody draws; where it is more, it begins again."""
TOLD_BYTES_MAX = 4_096
"""What of it is told in the end."""
_LOCAL_MODES = 3
"""Index into what `termios.tcgetattr` answers."""


class QuietTerminal:
    """No key is echoed into the picture, and nobody else writes into it.

    What other threads, libraries in C and child processes say on standard error waits in a file
    without a name, and is told when the terminal is given back. Only what is a terminal is
    touched: a redirected stream stays as it is.
    """

    def __init__(self) -> None:
        self._modes: list[Any] | None = None
        self._aside: IO[bytes] | None = None
        self._stderr = -1

    def take(self) -> None:
        """Be quiet from here on."""
        if os.isatty(STDIN):
            modes = termios.tcgetattr(STDIN)
            self._modes = [*modes]
            modes[_LOCAL_MODES] &= ~termios.ECHO
            termios.tcsetattr(STDIN, termios.TCSADRAIN, modes)
        if os.isatty(STDERR):
            sys.stderr.flush()
            # Appended to, so that every writer goes on at its end when it has been cut short.
            self._aside = tempfile.TemporaryFile("a+b", buffering=0)  # noqa: SIM115 - until `give_back`
            self._stderr = os.dup(STDERR)
            os.dup2(self._aside.fileno(), STDERR)

    def trim(self) -> None:
        """Forget what was said where it has become too much."""
        if self._aside is not None and os.fstat(self._aside.fileno()).st_size > KEPT_BYTES_MAX:
            self._aside.truncate(0)

    @staticmethod
    def restart_output() -> None:
        """Wake whoever waits for room in the terminal."""
        with contextlib.suppress(termios.error):
            termios.tcflow(STDOUT, termios.TCOOFF)
            termios.tcflow(STDOUT, termios.TCOON)

    def give_back(self) -> None:
        """As it was before, and what was said meanwhile. Idempotent."""
        if self._modes is not None:
            modes, self._modes = self._modes, None
            # What was typed at the picture is not meant for the shell. A terminal that has gone
            # away meanwhile needs nothing any more.
            with contextlib.suppress(termios.error):
                termios.tcsetattr(STDIN, termios.TCSAFLUSH, modes)
        if self._aside is not None:
            aside, self._aside = self._aside, None
            sys.stderr.flush()
            os.dup2(self._stderr, STDERR)
            os.close(self._stderr)
            with aside:
                self._tell(aside)

    def _tell(self, aside: IO[bytes]) -> None:
        size = aside.seek(0, os.SEEK_END)
        aside.seek(max(0, size - TOLD_BYTES_MAX))
        with contextlib.suppress(OSError):
            os.write(STDERR, aside.read())
