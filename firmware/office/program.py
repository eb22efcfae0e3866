"""Another program, asked one thing: a limit on how long, a limit on how much.

It runs in a process group of its own, so that what it started ends with it when its time is up. At
a terminal that group is in front meanwhile, because a program that asks for a card's number must be
able to read it from there.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from typing import IO

_READ_BYTES = 4_096


class TooLate(Exception):
    """It did not end in time, and was ended with all that it had started."""


class TooMuch(Exception):
    """It said more than it may, and was ended with all that it had started."""


def answer_of(
    words: Sequence[str], data: bytes, limit_s: float, answer_bytes_max: int
) -> tuple[int, bytes]:
    """The exit status and the standard output of a program that reads `data`.

    Standard error goes where ours goes. The program is started from a list of words, never through
    a shell.

    Raises:
        TooLate: it, or somebody who has its standard output, was still there after `limit_s`.
        TooMuch: it wrote more than `answer_bytes_max`.
        OSError: it can't be started.
    """
    until_s = time.monotonic() + limit_s
    # A file rather than a pipe: a program that does not read can't make us wait.
    with os.fdopen(os.memfd_create("message"), "w+b") as message:
        message.write(data)
        message.seek(0)
        process = subprocess.Popen(words, stdin=message, stdout=subprocess.PIPE, process_group=0)
    stdout = process.stdout
    assert stdout is not None  # noqa: S101 - it was asked for
    try:
        with stdout, _in_front(process.pid):
            answer = _read(stdout, until_s, answer_bytes_max)
            status = process.wait(max(0.0, until_s - time.monotonic()))
    except BaseException as error:
        # Nobody has waited for the program with success, so its number is still its own.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            raise TooLate from None
        raise
    return status, answer


def _read(stdout: IO[bytes], until_s: float, bytes_max: int) -> bytes:
    answer = b""
    while select.select([stdout], [], [], max(0.0, until_s - time.monotonic()))[0]:
        some = os.read(stdout.fileno(), _READ_BYTES)
        if not some:
            return answer
        answer += some
        if len(answer) > bytes_max:
            raise TooMuch
    raise TooLate


@contextlib.contextmanager
def _in_front(group: int) -> Iterator[None]:
    """Lend our terminal to that process group, where we have one and are in front ourselves."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        yield
        return
    try:
        own = os.getpgrp()
        if os.tcgetpgrp(terminal) != own:
            yield
            return
        try:
            _put_in_front(terminal, group)
            os.killpg(group, signal.SIGCONT)  # it may have asked too early, and been stopped
            yield
        finally:
            _put_in_front(terminal, own)
    finally:
        os.close(terminal)


def _put_in_front(terminal: int, group: int) -> None:
    """Whoever is behind is stopped for this, unless they do not listen (POSIX, tcsetpgrp)."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with contextlib.suppress(OSError):  # the group has ended already
            os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
