"""A healthy loop feeds the service manager's watchdog; one that hangs, lags or is unwell does not.

The service manager is a real datagram socket. Time is virtual, except where a process of its own is
hung for good.
"""

import asyncio
import contextlib
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from firmware.pulse import Figures, Limits, Pulse, Step
from firmware.servicemanager import STATUS_CHARS_MAX, notify, status_line, watchdog_ns
from gate.walltime import NS_PER_MS, NS_PER_S

LIVELY_S = 30.0
"""What comes at once on a machine that has nothing else to do."""
WATCHDOG_S = 4
QUEUE_MAX = 1_000
"""Datagrams that a Linux socket would never take unread."""


class Manager:
    """What listens for the service."""

    def __init__(self, address: str) -> None:
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.link.bind(address)
        self.link.setblocking(False)

    def heard(self) -> list[str]:
        """Every line since the last call."""
        lines: list[str] = []
        while True:
            try:
                lines += self.link.recv(4096).decode().split("\n")
            except BlockingIOError:
                return lines

    def hears(self, within_s: float) -> bool:
        return bool(select.select([self.link], [], [], within_s)[0])

    def wait_for(self, line: str) -> None:
        while line not in self.heard():
            assert self.hears(LIVELY_S), f"never heard {line}"


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    """A service manager with a watchdog."""
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    monkeypatch.setenv("WATCHDOG_USEC", str(WATCHDOG_S * 1_000_000))
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    manager = Manager(address)
    yield manager
    manager.link.close()


class SkippingSelector(selectors.DefaultSelector):
    """Where the loop would wait, time passes at once."""

    now_ns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.now_ns += round(timeout * NS_PER_S) + 1
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time is only what its timers wait, and what is blocked."""

    def __init__(self) -> None:
        self.skipping = SkippingSelector()
        super().__init__(self.skipping)

    def time(self) -> float:
        return self.skipping.now_ns / NS_PER_S

    def clock(self) -> int:
        return self.skipping.now_ns

    def block(self, s: float) -> None:
        """Somebody keeps the loop from running."""
        self.skipping.now_ns += round(s * NS_PER_S)


def play(story: Callable[[VirtualLoop], Awaitable[None]]) -> None:
    """Run a story on virtual time."""

    async def told() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        await story(loop)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(told())


def test_a_healthy_loop_feeds_the_watchdog(manager: Manager) -> None:
    """Well before it bites, for as long as the loop runs, and then says that it stops."""

    async def story(loop: VirtualLoop) -> None:
        pulse = Pulse(clock=loop.clock)
        assert not pulse.healthy
        pulse.start()
        pulse.ready()
        assert manager.heard() == ["READY=1"]
        for _ in range(20):
            await asyncio.sleep(WATCHDOG_S / 2)
            assert "WATCHDOG=1" in manager.heard()
            assert pulse.healthy
        pulse.stop()
        pulse.stop()
        assert manager.heard() == ["STOPPING=1"]
        await asyncio.sleep(WATCHDOG_S)
        assert manager.heard() == []
        assert not pulse.healthy

    play(story)


def test_a_held_up_loop_is_named_and_feeds_when_it_is_in_time_again(
    manager: Manager, caplog: pytest.LogCaptureFixture
) -> None:
    """The beat that comes too late says who made it late, and does not count as life."""

    async def story(loop: VirtualLoop) -> None:
        pulse = Pulse(clock=loop.clock)
        pulse.start()
        await asyncio.sleep(1)
        manager.heard()
        with pulse.timed("record"):
            loop.block(0.001)
        with pulse.timed("step"):
            loop.block(3)
        assert manager.heard() == []
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert manager.heard() == []
        assert not pulse.healthy
        assert "ms late: step took 3000 ms" in pulse.ill
        assert pulse.ill in caplog.text
        await asyncio.sleep(0.5)
        assert "WATCHDOG=1" in manager.heard()
        assert pulse.healthy

    play(story)


def test_who_has_no_name_is_not_blamed_on_another() -> None:
    """A short step beside a long silence is not its cause, nor is one of long ago."""

    async def story(loop: VirtualLoop) -> None:
        pulse = Pulse(clock=loop.clock)
        pulse.start()
        with pulse.timed("step"):
            loop.block(2)
        await asyncio.sleep(0.3)
        assert pulse.healthy
        with pulse.timed("step"):
            loop.block(0.1)
        loop.block(2)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert "nothing that has a name" in pulse.ill

    play(story)


def test_a_loop_that_always_lags_starves_the_watchdog(manager: Manager) -> None:
    """It runs, but no visitor would call that life."""

    async def story(loop: VirtualLoop) -> None:
        pulse = Pulse(clock=loop.clock)
        pulse.start()
        for _ in range(100):
            loop.block(1)
            await asyncio.sleep(0)
        assert manager.heard() == []
        assert pulse.figures().late > 10

    play(story)


@pytest.mark.parametrize(
    ("vital", "why"),
    [(lambda: False, "journal is not well"), (lambda: 1 // 0 > 0, "journal: ZeroDivisionError")],
)
def test_a_process_that_is_unwell_starves_the_watchdog(
    manager: Manager, vital: Callable[[], bool], why: str
) -> None:
    """Whether a vital says no or breaks: it is named, and the others are well again later."""
    well = True

    async def story(loop: VirtualLoop) -> None:
        nonlocal well
        vitals = {"lines": lambda: True, "journal": lambda: True if well else vital()}
        pulse = Pulse(clock=loop.clock, vitals=vitals)
        pulse.start()
        await asyncio.sleep(1)
        assert "WATCHDOG=1" in manager.heard()
        well = False
        await asyncio.sleep(1)
        manager.heard()
        await asyncio.sleep(WATCHDOG_S)
        assert manager.heard() == []
        assert why in pulse.ill
        well = True
        await asyncio.sleep(1)
        assert "WATCHDOG=1" in manager.heard()

    play(story)


def test_every_beat_does_its_work_and_no_longer_than_it_beats() -> None:
    """Leases are renewed by a loop that is late, too, and let go when it stops; work that breaks
    is no sign of health."""
    beats_ns: list[int] = []

    async def story(loop: VirtualLoop) -> None:
        def renew() -> None:
            beats_ns.append(loop.clock())
            if len(beats_ns) == 5:
                raise OSError("the chip is gone")
            if len(beats_ns) == 6:
                pulse.stop()

        pulse = Pulse(clock=loop.clock, on_beat=renew)
        pulse.start()
        await asyncio.sleep(0.6)
        loop.block(5)
        await asyncio.sleep(0.01)
        assert len(beats_ns) == 3
        assert "late" in pulse.ill
        await asyncio.sleep(0.3)
        assert pulse.healthy
        await asyncio.sleep(0.25)
        assert "the chip is gone" in pulse.ill
        await asyncio.sleep(5)
        assert len(beats_ns) == 6
        assert pulse.ill == "it was stopped"

    play(story)


def test_figures_are_of_the_time_since_they_were_asked_for() -> None:
    """A dashboard sees what was slow lately, not the worst of the year."""

    async def story(loop: VirtualLoop) -> None:
        pulse = Pulse(clock=loop.clock)
        pulse.start()
        with pulse.timed("screen"):
            loop.block(0.02)
        with contextlib.suppress(ValueError), pulse.timed("step"):
            loop.block(0.9)
            int("wrong")
        with pulse.timed("record"):
            loop.block(0.03)
        await asyncio.sleep(0.26)
        lag_ns_max = pulse.lag_ns_max
        figures = pulse.figures()
        assert figures.slowest == Step("step", 900 * NS_PER_MS)
        assert figures.late == 1
        assert Limits().lag_ns_max < figures.lag_ns_max == lag_ns_max < 900 * NS_PER_MS
        assert pulse.figures() == Figures()

    play(story)


def test_a_status_is_one_line_told_with_the_next_beat(manager: Manager) -> None:
    """The last of several counts; a line of a visitor's making gives no order."""

    async def story(loop: VirtualLoop) -> None:
        pulse = Pulse(clock=loop.clock)
        pulse.start()
        pulse.status("begins")
        pulse.status("lane main: idle\nMAINPID=1\r\n\0FDSTORE=1")
        assert manager.heard() == []
        await asyncio.sleep(0.3)
        heard = manager.heard()
        assert sorted(heard) == ["STATUS=lane main: idle MAINPID=1 \0FDSTORE=1", "WATCHDOG=1"]
        await asyncio.sleep(0.3)
        assert manager.heard() == ["WATCHDOG=1"]

    play(story)
    assert len(status_line("long " * 1000)) == STATUS_CHARS_MAX


def test_a_service_manager_that_is_busy_is_told_later(manager: Manager) -> None:
    """Its queue is full: the loop does not wait, and nothing but old feedings is lost."""
    for _ in range(QUEUE_MAX):
        if not notify("EXTEND_TIMEOUT_USEC=1"):
            break
    else:
        pytest.skip("this kernel queues without end")

    async def story(loop: VirtualLoop) -> None:
        pulse = Pulse(clock=loop.clock)
        pulse.start()
        pulse.ready()
        await asyncio.sleep(2)
        assert set(manager.heard()) == {"EXTEND_TIMEOUT_USEC=1"}
        await asyncio.sleep(0.3)
        first, *others = manager.heard()
        assert first == "READY=1"
        assert set(others) == {"WATCHDOG=1"}

    play(story)


def test_an_old_sign_of_life_is_never_sent(manager: Manager) -> None:
    """The loop was healthy when nobody listened; it is not when somebody does again."""
    told: list[str] = []
    listens, well = False, True

    def say(state: str) -> bool:
        if listens:
            told.append(state)
        return listens

    async def story(loop: VirtualLoop) -> None:
        nonlocal listens, well
        pulse = Pulse(clock=loop.clock, vitals={"journal": lambda: well}, say=say)
        pulse.start()
        pulse.status("idle")
        await asyncio.sleep(1)
        assert pulse.healthy
        listens, well = True, False
        await asyncio.sleep(1)
        assert told == ["STATUS=idle"]

    play(story)


def test_without_a_service_manager_the_loop_beats_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when somebody starts the program by hand."""
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC"):
        monkeypatch.delenv(name, raising=False)
    said: list[str] = []

    def say(state: str) -> bool:
        said.append(state)
        return False

    async def story(loop: VirtualLoop) -> None:
        pulse = Pulse(clock=loop.clock, say=say)
        pulse.start()
        await asyncio.sleep(1)
        assert pulse.healthy
        assert said == []
        assert not notify("READY=1")

    play(story)


@pytest.mark.parametrize("state", ["READY=1", "STATUS=Selamat datang\nWATCHDOG=1"])
def test_the_abstract_namespace_is_reached(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """Where the service manager's socket is no file."""
    name = f"gate-test-{os.getpid()}-{len(state)}"
    manager = Manager(f"\0{name}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    try:
        assert notify(state)
        assert manager.heard() == state.split("\n")
    finally:
        manager.link.close()


@pytest.mark.parametrize(
    "address", ["", "notify", "vsock:2:1234", "/nonexistent/notify", "@nobody", "/" + "x" * 200]
)
def test_an_address_where_nobody_listens(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert not notify("READY=1")


@pytest.mark.parametrize(
    ("environment", "expected_ns"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "5000000"}, 5 * NS_PER_S),
        ({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": str(os.getpid())}, 5 * NS_PER_S),
        ({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_of_another_process_is_not_ours(
    environment: dict[str, str], expected_ns: int | None
) -> None:
    assert watchdog_ns(environment) == expected_ns


def test_a_short_watchdog_makes_the_beat_quicker(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four times in what it gives."""
    monkeypatch.setenv("WATCHDOG_USEC", "200000")

    async def story(loop: VirtualLoop) -> None:
        pulse = Pulse(clock=loop.clock)
        pulse.start()
        await asyncio.sleep(0.21)
        assert manager.heard() == ["WATCHDOG=1"] * 4

    play(story)


HANGS = """
import asyncio, sys
from firmware.pulse import Pulse

def hang():
    print("hangs", flush=True)
    with pulse.timed("hang"):
        sys.stdin.read()

async def main():
    global pulse
    pulse = Pulse()
    pulse.start()
    pulse.ready()
    asyncio.get_running_loop().add_reader(0, hang)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_hung_process_is_silent_and_its_end_names_the_culprit(manager: Manager) -> None:
    """All real: it lives, it hangs, nothing comes; SIGABRT, as the watchdog sends it, makes it
    tell in which function."""
    beat_s = 0.05
    environment = {
        **os.environ,
        "WATCHDOG_USEC": str(round(beat_s * 4 * 1_000_000)),
        "PYTHONFAULTHANDLER": "1",  # as the unit has it
    }
    with subprocess.Popen(
        [sys.executable, "-c", HANGS],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            manager.wait_for("READY=1")
            manager.wait_for("WATCHDOG=1")
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(b".")
            process.stdin.flush()
            assert process.stdout.readline() == b"hangs\n"
            manager.heard()
            assert not manager.hears(within_s=beat_s * 10)
            process.send_signal(signal.SIGABRT)
            _, said = process.communicate(timeout=LIVELY_S)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGABRT
    assert b"in hang" in said
