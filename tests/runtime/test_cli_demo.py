"""`gate demo`: everything real but the devices, and an end that leaves nothing behind."""

import asyncio
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from lanekit import (
    GATE,
    LIVELY_S,
    STORM,
    Subscriber,
    open_broker,
    play,
    records_in,
    stored_in,
    until,
)

import firmware.cli as command_line
from drivers.api import DriverError
from drivers.journal import verify_chain
from drivers.sim.visitors import Temperament
from firmware import broker as broker_module
from firmware import program as program_module
from firmware.broker import NO_BROKER, Broker, BrokerError
from firmware.demo import demo as demo_module
from firmware.demo.demo import Demo, Tally
from firmware.demo.observer import Observer
from firmware.demo.world import Pace, World
from firmware.vision.supervisor import LIMITS, VisionSupervisor
from gate.credential.model import CredentialKind
from gate.credential.native import PassClaims, issue
from gate.invariants import OUTCOMES
from gate.reasons import Reason
from gate.records import RecordKind
from gate.walltime import NS_PER_S

pytestmark = pytest.mark.broker

BUSY = Pace(gap_s_mean=0.05, gap_s_min=0.05)


def demo(folder: Path, broker: Broker, *only: Temperament, pictures: Path | None = None) -> Demo:
    """A demonstration of people in a hurry."""
    kinds = only or (Temperament.QUICK,)
    return Demo(folder, broker, seed=3, only=kinds, pace=BUSY, pictures=pictures)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "visits", "version"), [("mosquitto", 3, "5"), ("nats-server", 1, "3.1.1")]
)
def test_an_independent_subscriber_gets_what_the_journal_has(
    tmp_path: Path, kind: str, visits: int, version: str
) -> None:
    """A real broker of either kind (nats-server speaks MQTT 3.1.1 alone), and a subscriber that
    knows nothing of us: the same records in the same order, to the last one."""
    with open_broker(kind) as broker, Subscriber(broker.port) as subscriber:
        shown: list[Demo] = []
        tallies: list[Tally] = []

        async def story() -> None:
            shown.append(demo(tmp_path, broker))
            tallies.append(await shown[0].run(asyncio.Event(), visits))

        play(story())
        stored = stored_in(tmp_path)
        assert tallies == [Tally(visits, len(stored), len(stored))]
        assert shown[0].program.reporter is not None
        assert shown[0].program.reporter.status().version == version
        subscriber.wait(lambda: len(subscriber.records()) >= len(stored), "every record")
        assert subscriber.records() == stored
        subscriber.wait(lambda: subscriber.payloads("/availability")[-1] == b"offline", "the end")
    assert [kind for _, kind in stored].count("access.taken") == visits
    assert verify_chain(tmp_path / "journal.db").fault is None


@pytest.mark.skipif(not STORM, reason="a long form: `make storm` runs it")
@pytest.mark.timeout(1_200)
def test_a_crowd_of_every_temperament(tmp_path: Path) -> None:
    """Tailgaters, screenshots, hostile codes, people who forget their pass or run a fever: all of
    them come and go, every grant has one outcome, and the day can be lived again."""
    with open_broker() as broker:
        tallies: list[Tally] = []

        async def story() -> None:
            crowd = demo(tmp_path, broker, *Temperament)
            tallies.append(await crowd.run(asyncio.Event(), 60))

        asyncio.run(story())
    records = records_in(tmp_path)
    granted = [r.grant for r in records if r.kind is RecordKind.ACCESS_GRANTED]
    closed = [r.grant for r in records if r.kind in OUTCOMES]
    assert tallies == [Tally(60, len(records), len(records))]
    assert sorted(granted) == sorted(closed)
    again = subprocess.run([*GATE, "replay", "-q", tmp_path / "journal.db"], check=False)
    assert again.returncode == 0


def own_pictures(folder: Path) -> Path:
    """A picture of somebody else's pass, and one of no code at all."""
    pictures = folder / "pictures"
    pictures.mkdir()
    claims = PassClaims(CredentialKind.VISITOR, 1, int(time.time()) + 3_600, doses=1)
    text = issue(claims, Ed25519PrivateKey.generate())
    segno.make(text, error="m").save(str(pictures / "pass.png"), scale=5, border=4)
    return pictures


def test_own_pictures_are_read_instead(tmp_path: Path) -> None:
    """A pass of an office that the lane does not know is refused, with that reason."""
    with open_broker() as broker:

        async def story() -> None:
            stop = asyncio.Event()
            shown = demo(tmp_path, broker, pictures=own_pictures(tmp_path))
            runs = asyncio.create_task(shown.run(stop))
            await until(lambda: bool(refused(tmp_path)) or runs.done(), "a code")
            stop.set()
            await runs

        play(story())
    assert Reason.CREDENTIAL_ISSUER_UNKNOWN in refused(tmp_path)
    assert RecordKind.ACCESS_GRANTED not in {record.kind for record in records_in(tmp_path)}


def refused(folder: Path) -> list[Reason | None]:
    """Why codes were refused, so far."""
    if not (folder / "journal.db").exists():
        return []
    return [r.reason for r in records_in(folder) if r.kind is RecordKind.CREDENTIAL_REFUSED]


@pytest.mark.parametrize("part", ["street", "lane"])
def test_whatever_breaks_the_lane_ends_in_good_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """A mistake of ours in the world or in the lane comes out, after everything was put away."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    async def breaks() -> None:
        broken()

    with open_broker() as broker:

        async def story() -> None:
            shown = demo(tmp_path, broker)
            if part == "street":
                monkeypatch.setattr(demo_module, "World", broken)
            else:
                monkeypatch.setattr(shown.program, "_tell_time", breaks)
            with pytest.raises(ZeroDivisionError, match="a mistake of ours"):
                await shown.run(asyncio.Event(), 1)
            assert shown.program.vision is None or shown.program.vision.pid is None

        play(story())
    assert records_in(tmp_path)[-1].kind is RecordKind.LANE_OUT_OF_SERVICE


# --- the command ---------------------------------------------------------------------------------


IN_THE_FOREGROUND = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from firmware.cli import main
main()
"""
"""Takes the terminal for its own, as a shell's foreground job has it: Ctrl-C is for everybody in
it, children too."""


class Command:
    """`gate demo` in a process and a session of its own, with a terminal of its own."""

    def __init__(self, folder: Path, *words: str | Path) -> None:
        self._screen, theirs = pty.openpty()
        self.before = termios.tcgetattr(theirs)
        self._theirs = theirs
        self.process = subprocess.Popen(
            [sys.executable, "-c", IN_THE_FOREGROUND, "demo", *map(str, words)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"TMPDIR": str(folder), "TERM": "xterm-256color"},
            start_new_session=True,
        )
        self.said = b""

    def press(self, key: bytes) -> None:
        os.write(self._screen, key)

    def ended(self) -> int:
        """Its exit code, once it has ended; everything that it said is in `said`."""
        deadline_s = time.monotonic() + LIVELY_S
        while self.process.poll() is None or self._listen(0):
            assert time.monotonic() < deadline_s, self.said
            self._listen(0.05)
        return self.process.returncode

    def _listen(self, wait_s: float) -> bool:
        ready, _, _ = select.select([self._screen], [], [], wait_s)
        if ready:
            self.said += os.read(self._screen, 65_536)
        return bool(ready)

    def close(self) -> None:
        """Whatever became of it."""
        self.process.kill()
        self.process.wait()
        os.close(self._theirs)
        os.close(self._screen)

    def assert_terminal_as_before(self) -> None:
        assert termios.tcgetattr(self._theirs) == self.before
        # Ctrl-C makes the kernel drop what was not shown yet: the beginning may be missing.
        for beginning, end in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h")):
            assert self.said.count(beginning) <= self.said.count(end), self.said
            assert self.said.rfind(beginning) <= self.said.rfind(end), self.said


Run = Callable[..., Command]


@pytest.fixture
def run() -> Iterator[Callable[..., Command]]:
    """`run(folder, *words)`: starts the command."""
    started: list[Command] = []

    def start(folder: Path, *words: str | Path) -> Command:
        started.append(Command(folder, *words))
        return started[-1]

    yield start
    for command in started:
        command.close()


def processes_with(text: str) -> list[str]:
    """Command lines of running processes with that text in them."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


def assert_nothing_left(command: Command, folder: Path) -> None:
    """No process that it started, no temporary folder."""
    eyes = processes_with("firmware.vision.child")
    assert [line for line in eyes if line.split()[-1] == str(command.process.pid)] == []
    assert processes_with(str(folder / "gate-broker-")) == []
    assert list(folder.glob("gate-*")) == []


@pytest.mark.slow
def test_visits_then_exit_for_scripts(tmp_path: Path, run: Run) -> None:
    """One visitor, plain lines, and an end: the last line says what came of it, and the journal is
    where it was asked for."""
    temporary, data = tmp_path / "tmp", tmp_path / "data"
    temporary.mkdir()
    command = run(
        temporary, "--visits", "1", "--exit", "--only", "quick", "--data", data, "--seed", "3"
    )
    assert command.ended() == 0, command.said
    lines = command.said.decode().splitlines()
    assert re.match(r"broker \S+ on 127\.0\.0\.1:[0-9]+; .*mosquitto_sub -p [0-9]+ -t", lines[0])
    assert any("access.taken" in line for line in lines[1:-1])
    stored = stored_in(data)
    assert lines[-1] == (
        f"1 visitors; {len(stored)} records written, {len(stored)} of them with the broker"
    )
    assert "access.taken" in [kind for _, kind in stored]
    assert b"\x1b" not in command.said
    command.assert_terminal_as_before()
    assert_nothing_left(command, temporary)


@pytest.mark.parametrize("delay_s", [0.3, 0.6, 0.9, 1.5, 3.0])
def test_ctrl_c_at_any_moment(tmp_path: Path, run: Run, delay_s: float) -> None:
    """While it starts, while the lane starts, while somebody is on the way, on a terminal that has
    shown nothing since: the terminal is as it was, no process and no folder stays, and what was
    written is with the broker."""
    command = run(tmp_path, "--only", "quick")
    time.sleep(delay_s)
    command.press(b"\x03")
    assert command.ended() in {0, 130}, command.said
    assert b"Traceback" not in command.said
    command.assert_terminal_as_before()
    assert_nothing_left(command, tmp_path)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--exit",), "--exit needs --visits"),
        (("--only", "nobody"), "'nobody' is not one of"),
        (("--camera", "there-is-none"), "does not exist"),
        (("--visits", "0"), "is not in the range"),
    ],
)
def test_a_slip_is_exit_code_2(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    """Before anything is started."""
    assert ends(words) == 2
    assert sentence in capsys.readouterr().err


def ends(words: tuple[str, ...]) -> object:
    """The exit code of the command in this process."""
    with pytest.raises(SystemExit) as ended:
        command_line.main(["demo", *words])
    return ended.value.code


def test_without_a_broker_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, exit code 1."""

    def none(_: object) -> None:
        raise BrokerError(NO_BROKER)

    monkeypatch.setattr(broker_module, "_find", none)
    assert ends(("--visits", "1", "--exit")) == 1
    assert "apt install mosquitto" in capsys.readouterr().err


def test_a_view_that_breaks_does_not_go_unseen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demonstration goes on without it, ends in good order, and then says what broke."""

    def broken(_: Observer) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(Observer, "look", broken)
    words = ["demo", "--visits", "1", "--exit", "--only", "goes_home", "--data", str(tmp_path)]
    with pytest.raises(ZeroDivisionError, match="a mistake of ours"):
        command_line.main(words)
    assert "access.taken" in [kind for _, kind in stored_in(tmp_path)]


def test_a_folder_without_pictures_is_a_missing_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not wait for visitors that can never come in: the error names the camera."""
    limits = msgspec.structs.replace(LIMITS, recover_ns_max=NS_PER_S)
    monkeypatch.setattr(
        program_module, "VisionSupervisor", partial(VisionSupervisor, limits=limits)
    )
    with open_broker() as broker:

        async def story() -> None:
            with pytest.raises(DriverError, match="camera: does not work"):
                await demo(tmp_path, broker, pictures=tmp_path).run(asyncio.Event(), 1)

        play(story())


def test_a_broker_that_dies_is_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lane goes on to its end; the command says that not every record arrived."""
    live = World.live

    async def dies(world: World, visits: int | None = None) -> None:
        for broker in started:
            assert broker._process is not None
            broker._process.kill()
        await live(world, visits)

    started: list[Broker] = []
    begin = Broker.__init__

    def begun(broker: Broker, *arguments: tuple[str, ...]) -> None:
        begin(broker, *arguments)
        started.append(broker)

    monkeypatch.setattr(Broker, "__init__", begun)
    monkeypatch.setattr(World, "live", dies)
    data = str(tmp_path)
    assert ends(("--visits", "1", "--exit", "--only", "wanders_off", "--data", data)) == 1
    assert "did not get every record" in capsys.readouterr().err
