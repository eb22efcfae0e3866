"""What `gate demo` puts on the screen, for as long as it runs."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING, Self, TextIO

from rich.console import Console, ConsoleDimensions
from rich.live import Live
from rich.text import Text

from firmware.demo.frame import END, render
from firmware.demo.lines import LineView, View
from firmware.demo.terminal import QuietTerminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from firmware.demo.snapshot import Snapshot

    SignalHandler = Callable[[int, FrameType | None], object] | int | None

__all__ = ["LineView", "LiveView", "View", "render", "view_for"]

FRAME_S = 0.25
"""From one picture to the next, at least: nothing on the screen flashes faster than 2 Hz, and
the general flash threshold is 3 (WCAG 2.2, success criterion 2.3.1)."""
STARTING = f"gate demo is starting. {END}."
END_S_MAX = 2.0
"""What the drawing thread gets to finish its last picture; a terminal may take none."""


def view_for(out: TextIO, *, lines: bool = False) -> View:
    """A live view where there is a terminal that can show one, else plain lines.

    Args:
        out: where it is shown.
        lines: plain lines, whatever `out` is.
    """
    console = Console(file=out, highlight=False, emoji=False, markup=False)
    drawable = out.isatty() and not console.is_dumb_terminal
    if lines or not drawable or not console.encoding.startswith("utf"):
        return LineView(out)
    return LiveView(console)


class LiveView:
    """Draws the newest snapshot on the alternate screen, from a thread of its own, so that the
    lane's loop never waits for a picture.

    The terminal is given back however the `with` block ends, and while the program is suspended
    (Ctrl-Z). Enter it on the main thread.
    """

    def __init__(self, console: Console) -> None:
        """Draw nothing yet."""
        self._console = console
        self._quiet = QuietTerminal()
        self._live: Live | None = None
        self._drawing = threading.RLock()
        self._snapshot: Snapshot | None = None
        self._drawn: tuple[Snapshot | None, ConsoleDimensions] | None = None
        self._ended = threading.Event()
        self._before: SignalHandler = signal.SIG_DFL
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="view", daemon=True)

    def __enter__(self) -> Self:
        """Take the terminal."""
        try:
            self._take()
            self._before = signal.signal(signal.SIGTSTP, self._suspend)
            self._thread.start()
        except BaseException:
            self._give_back()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back.

        Raises:
            Exception: a picture could not be drawn, and nothing worse has happened.
        """
        self._ended.set()
        self._thread.join(END_S_MAX)
        if self._thread.is_alive():
            # Ctrl-C makes the kernel drop what a full terminal has not shown yet, and it does not
            # always wake whoever waited for room there. Starting the output again does.
            self._quiet.restart_output()
        self._give_back()
        if self._before is not None:
            signal.signal(signal.SIGTSTP, self._before)
        if self._error is not None and error is None:
            raise self._error

    def show(self, snapshot: Snapshot) -> None:
        """The lane is so now. Any thread may say so; of many, the newest is drawn."""
        self._snapshot = snapshot

    def _run(self) -> None:
        try:
            while not self._ended.wait(FRAME_S):
                self._draw()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where the view ends
            self._error = error
            self._give_back()

    def _draw(self) -> None:
        """One picture, if it is another one."""
        with self._drawing:
            self._measure()
            wanted = (self._snapshot, self._console.size)
            if self._live is None or wanted[0] is None or wanted == self._drawn:
                return
            self._quiet.trim()
            self._live.update(render(wanted[0]), refresh=True)
            self._drawn = wanted

    def _measure(self) -> None:
        """The window's own size: COLUMNS and LINES, where they are exported, are those of the
        window that it was."""
        with contextlib.suppress(OSError):
            columns, lines = os.get_terminal_size(self._console.file.fileno())
            # A window that has not been told its size says 0.
            if columns and lines:
                self._console.size = ConsoleDimensions(columns, lines)

    def _take(self) -> None:
        with self._drawing:
            self._quiet.take()
            self._drawn = None
            snapshot = self._snapshot
            self._live = Live(
                Text(STARTING) if snapshot is None else render(snapshot),
                console=self._console,
                screen=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._measure()
            self._live.start(refresh=True)

    def _give_back(self) -> None:
        with self._drawing:
            live, self._live = self._live, None
            try:
                if live is not None:
                    live.stop()
            finally:
                self._quiet.give_back()

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z: the shell gets its terminal as it was; `fg` draws again."""
        del frame
        self._give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # Here the program stands still until it is continued.
        signal.signal(number, self._suspend)
        if not self._ended.is_set():
            self._take()
