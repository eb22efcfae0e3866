"""One vision process as its parent holds it: started, spoken to, killed, buried."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from firmware.vision.wire import encode, inbox_of_parent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from firmware.vision.wire import FromChild, Message

COMMAND = (sys.executable, "-I", "-B", "-m", "firmware.vision.child")
ENVIRONMENT = {
    # One thread: only a process that has one can leave its namespaces, and numpy's linear
    # algebra, which nobody here uses, would start one for each core.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # Memory of a rendered or decoded picture goes back when it is freed.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}
RECEIVE_BYTES = 65_536


class ProcessEndedError(Exception):
    """The process closed its end of the socket."""


class ProcessDeafError(Exception):
    """The process has left so much unread that no more fits."""


class VisionProcess:
    """A running process and our end of its socket. Nothing here waits."""

    def __init__(
        self,
        command: Sequence[str] = COMMAND,
        environment: Mapping[str, str] | None = None,
        stderr: int | None = None,
    ) -> None:
        """Start it.

        Args:
            command: the descriptor of its end and our process id are appended.
            environment: added to `ENVIRONMENT`; nothing else is handed down.
            stderr: as for `subprocess.Popen`; None is our own.

        Raises:
            OSError: it can't be started.
        """
        self.link, theirs = socket.socketpair()
        try:
            with theirs:
                self._popen = subprocess.Popen(
                    [*command, str(theirs.fileno()), str(os.getpid())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                    pass_fds=(theirs.fileno(),),
                    cwd="/",
                    env=ENVIRONMENT | dict(environment or {}),
                    start_new_session=True,
                )
        except OSError:
            self.link.close()
            raise
        self.link.setblocking(False)  # noqa: FBT003 - the name of the standard library
        self._inbox = inbox_of_parent()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def say(self, message: Message) -> None:
        """Send; a process that has ended does not hear it.

        Raises:
            ProcessDeafError: it does not read.
        """
        data = encode(message)
        try:
            sent = self.link.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return
        if sent != len(data):
            raise ProcessDeafError

    def heard(self) -> list[FromChild]:
        """What it has said since, up to one read.

        Raises:
            ProcessEndedError: and will say no more.
            WireError: that was no message.
        """
        try:
            data = self.link.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return []
        except OSError as error:
            raise ProcessEndedError from error
        if not data:
            raise ProcessEndedError
        return self._inbox.feed(data)

    def kill(self) -> None:
        """End it, and close the socket. Idempotent."""
        self.link.close()
        self._popen.kill()

    def is_buried(self) -> bool:
        """Whether the kernel has let go of it: a driver may hold a killed process for a while."""
        return self._popen.poll() is not None

    def bury(self, timeout_s: float) -> None:
        """Wait for that, but no longer."""
        try:
            self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return
