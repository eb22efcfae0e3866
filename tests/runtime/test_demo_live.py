"""The demonstration on a real terminal: it draws, and gives the terminal back however it ends."""

from __future__ import annotations

import array
import fcntl
import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest
from demokit import moment
from lanekit import LIVELY_S
from rich.console import Console

from firmware.demo import view as view_module
from firmware.demo.terminal import KEPT_BYTES_MAX, TOLD_BYTES_MAX
from firmware.demo.view import FRAME_S, LineView, LiveView, view_for
from gate.commands import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from firmware.demo.snapshot import Snapshot

ROOT = Path(__file__).resolve().parents[2]
TAKEN, GIVEN_BACK = b"\x1b[?1049h", b"\x1b[?1049l"
CURSOR_OFF, CURSOR_ON = b"\x1b[?25l", b"\x1b[?25h"
LOCAL_MODES = 3
FLASHES_A_SECOND_MAX = 3

BEGIN = """
import os, sys, time
from demokit import moment
from firmware.demo.view import view_for
from gate.commands import Screen
try:
    with view_for(sys.stdout) as view:
        view.show(moment())
"""
UNTIL_INTERRUPTED = (
    BEGIN
    + """
        while True:
            time.sleep(0.02)
except KeyboardInterrupt:
    print("ended as asked")
"""
)


class Terminal:
    """A program on a pseudo-terminal of 80 by 24."""

    def __init__(self, code: str, **environment: str) -> None:
        self._ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, (24, 80))
        self.modes = termios.tcgetattr(self.theirs)
        self.said = b""
        path = os.pathsep.join((str(ROOT), str(ROOT / "tests" / "runtime")))
        self.program = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            # A group of its own in our session: one that the kernel lets stop and go on.
            process_group=0,
            env={**os.environ, "PYTHONPATH": path, "TERM": "xterm-256color", **environment},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self._ours)
        os.close(self.theirs)

    def until(self, wanted: bytes, times: int = 1) -> None:
        """Read on until that was said so often."""
        deadline_s = time.monotonic() + LIVELY_S
        while self.said.count(wanted) < times:
            assert time.monotonic() < deadline_s, self.said[-2_000:]
            self._read(0.05)

    def ended(self) -> int:
        """Read to the end. Returns the exit code."""
        while self.program.poll() is None:
            self._read(0.05)
        self._read(0.05)
        return self.program.returncode

    def type(self, line: bytes) -> None:
        """Type a line. It has come through the terminal when this returns."""
        os.write(self._ours, line)
        deadline_s = time.monotonic() + LIVELY_S
        waiting = array.array("i", [0])
        while waiting[0] < len(line):
            assert time.monotonic() < deadline_s
            fcntl.ioctl(self.theirs, termios.FIONREAD, waiting)

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self.theirs)[LOCAL_MODES] & termios.ECHO)

    def _read(self, wait_s: float) -> None:
        while select.select([self._ours], [], [], wait_s)[0]:
            self.said += os.read(self._ours, 65_536)
            wait_s = 0.0


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal(UNTIL_INTERRUPTED) as taken:
        taken.until(b"mosquitto_sub")
        yield taken


# --- a real terminal -----------------------------------------------------------------------------


def test_a_picture_is_drawn_on_the_other_screen(terminal: Terminal) -> None:
    """With the cursor out of sight, and nobody's keys in it."""
    assert terminal.said.index(TAKEN) < terminal.said.index(b"PLEASE ENTER")
    assert CURSOR_OFF in terminal.said
    assert not terminal.echoes()
    terminal.type(b"keys\n")
    terminal.program.send_signal(signal.SIGINT)
    assert terminal.ended() == 0
    assert b"keys" not in terminal.said


def test_ctrl_c_gives_the_terminal_back(terminal: Terminal) -> None:
    """The screen of before, its cursor, its echo; then the program may speak again."""
    terminal.program.send_signal(signal.SIGINT)
    assert terminal.ended() == 0
    end = terminal.said[terminal.said.index(GIVEN_BACK) :]
    assert b"ended as asked" in end
    assert terminal.said.rindex(CURSOR_ON) > terminal.said.rindex(CURSOR_OFF)
    assert termios.tcgetattr(terminal.theirs) == terminal.modes


def test_a_mistake_of_ours_is_read_on_the_screen_of_before() -> None:
    """The traceback is not wiped away with the picture."""
    with Terminal(
        BEGIN + "        raise RuntimeError('a mistake')\nfinally:\n    pass"
    ) as terminal:
        assert terminal.ended() == 1
        end = terminal.said[terminal.said.index(GIVEN_BACK) :]
        assert b"RuntimeError: a mistake" in end
        assert terminal.echoes()


def test_what_is_said_meanwhile_is_told_in_the_end() -> None:
    """Logs, libraries in C and children write on standard error: not into the picture, and not
    into nowhere."""
    code = BEGIN + "        os.write(2, b'the camera is loose')\nfinally:\n    pass"
    with Terminal(code) as terminal:
        assert terminal.ended() == 0
        before, _, after = terminal.said.partition(GIVEN_BACK)
        assert b"the camera is loose" not in before
        assert b"the camera is loose" in after


def test_a_flood_of_messages_is_cut() -> None:
    """Neither the disk nor the screen is filled by a library that complains without end."""
    code = (
        BEGIN
        + f"""
        os.write(2, b"old " * {KEPT_BYTES_MAX})
        while os.fstat(2).st_size > {KEPT_BYTES_MAX}:
            view.show(moment(uptime_s=time.monotonic()))
            time.sleep(0.02)
        os.write(2, b"new " * {TOLD_BYTES_MAX})
finally:
    pass
"""
    )
    with Terminal(code) as terminal:
        assert terminal.ended() == 0
        after = terminal.said.partition(GIVEN_BACK)[2]
        assert b"old" not in after
        assert after.count(b"new ") == TOLD_BYTES_MAX // len(b"new ")


def test_ctrl_z_gives_it_back_until_the_program_goes_on(terminal: Terminal) -> None:
    """The shell gets its own screen; `fg` draws the picture again."""
    terminal.program.send_signal(signal.SIGTSTP)
    terminal.until(GIVEN_BACK)
    _, status = os.waitpid(terminal.program.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert terminal.echoes()
    terminal.program.send_signal(signal.SIGCONT)
    terminal.until(TAKEN, times=2)
    terminal.until(b"mosquitto_sub", times=2)
    assert not terminal.echoes()
    terminal.program.send_signal(signal.SIGINT)
    assert terminal.ended() == 0
    assert terminal.echoes()


@pytest.mark.parametrize("environment", [{}, {"COLUMNS": "80", "LINES": "24"}])
def test_another_size_is_another_picture(environment: dict[str, str]) -> None:
    """Nobody has to touch anything after a window was pulled larger, whatever a shell exported."""
    wide = "━".encode() * 100
    with Terminal(UNTIL_INTERRUPTED, **environment) as terminal:
        terminal.until(b"mosquitto_sub")
        assert wide not in terminal.said
        termios.tcsetwinsize(terminal.theirs, (40, 120))
        terminal.until(wide)
        terminal.program.send_signal(signal.SIGINT)
        assert terminal.ended() == 0


@pytest.mark.parametrize(
    "environment",
    [{"TERM": "dumb"}, {"TERM": "unknown"}, {"PYTHONIOENCODING": "latin-1"}],
    ids=["dumb", "unknown", "latin-1"],
)
def test_a_terminal_that_can_draw_nothing_gets_lines(environment: dict[str, str]) -> None:
    """Plain text, without one escape sequence."""
    with Terminal(BEGIN + "        pass\nfinally:\n    pass", **environment) as terminal:
        assert terminal.ended() == 0
        assert b"08:12:21  visit 13   access.denied        pass_already_used" in terminal.said
        assert b"\x1b" not in terminal.said


# --- without a terminal --------------------------------------------------------------------------


def test_no_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe or a file, even where somebody forces colours; and whoever asks for lines."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert isinstance(view_for(io.StringIO()), LineView)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as out:
        monkeypatch.setenv("TERM", "xterm")
        assert isinstance(view_for(out), LiveView)
        assert isinstance(view_for(out, lines=True), LineView)
    os.close(ours)


# --- in this process -----------------------------------------------------------------------------


class Canvas(io.StringIO):
    """What is drawn, for somebody who waits until it is."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn = threading.Condition()

    def write(self, text: str) -> int:
        with self._drawn:
            written = super().write(text)
            self._drawn.notify_all()
        return written

    def until(self, text: str) -> None:
        with self._drawn:
            assert self._drawn.wait_for(lambda: text in self.getvalue(), LIVELY_S)


def console_on(out: io.StringIO) -> Console:
    return Console(file=out, width=80, height=24, force_terminal=True, color_system=None)


def test_before_the_first_snapshot_it_says_that_it_starts() -> None:
    """An empty screen would look broken."""
    out = Canvas()
    with LiveView(console_on(out)):
        out.until("gate demo is starting. Ctrl-C ends.")


def test_of_many_snapshots_the_newest_is_drawn() -> None:
    """The lane says how it is a hundred times between two pictures, and waits for none."""
    out = Canvas()
    with LiveView(console_on(out)) as view:
        for up_s in range(100):
            view.show(moment(uptime_s=float(up_s)))
        out.until("up 1:39")
    assert len(re.findall(r"up \d:\d\d", out.getvalue())) < 100


def test_nothing_new_is_not_drawn_again() -> None:
    """A picture that is the same costs nothing; the next one that differs is drawn."""
    out = Canvas()
    with LiveView(console_on(out)) as view:
        view.show(moment())
        out.until("PLEASE ENTER")
        view.show(moment())
        view.show(moment(Screen.IDLE))
        out.until("WELCOME")
    assert out.getvalue().count("PLEASE ENTER") == 1


def test_nothing_flashes_faster_than_is_safe() -> None:
    """Two pictures are one flash: WCAG 2.2, success criterion 2.3.1."""
    assert 1 / (2 * FRAME_S) < FLASHES_A_SECOND_MAX


class NoPicture(Exception):
    """Drawing fails."""


def show_what_fails(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
    """A view whose pictures can't be drawn, and a program that goes on, or fails as well."""

    def fails(_: Snapshot) -> None:
        raise NoPicture

    monkeypatch.setattr(view_module, "render", fails)
    out = Canvas()
    with LiveView(console_on(out)) as view:
        view.show(moment())
        out.until(GIVEN_BACK.decode())
        view.show(moment())
        if error is not None:
            raise error


def test_a_picture_that_cannot_be_drawn_is_said_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal is given back at once, the lane goes on, and the mistake is not swallowed."""
    with pytest.raises(NoPicture):
        show_what_fails(monkeypatch)


def test_what_else_went_wrong_is_said_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the demonstration is not hidden by one of its picture."""
    with pytest.raises(KeyError):
        show_what_fails(monkeypatch, KeyError("something else"))


def test_a_view_that_cannot_begin_leaves_the_terminal_alone() -> None:
    """Signals belong to the main thread; on another one it refuses, and takes nothing."""
    out = io.StringIO()
    refused: list[BaseException] = []

    def begin() -> None:
        try:
            LiveView(console_on(out)).__enter__()
        except ValueError as error:
            refused.append(error)

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join(LIVELY_S)
    assert refused
    assert out.getvalue().endswith(GIVEN_BACK.decode())


def test_the_suspend_signal_is_as_it_was_before() -> None:
    """Whoever handled Ctrl-Z before handles it after."""
    before = signal.getsignal(signal.SIGTSTP)
    with LiveView(console_on(io.StringIO())):
        assert signal.getsignal(signal.SIGTSTP) != before
    assert signal.getsignal(signal.SIGTSTP) == before
