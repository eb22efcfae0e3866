"""The vision process for real: spawned, read from, hung, killed, starved, and always replaced.

Waits have generous limits, which say only that something happens at all.
"""

import asyncio
import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import segno

from drivers.sim.scene import CameraFault, Scene
from firmware.vision.process import COMMAND
from firmware.vision.supervisor import LIMITS, Limits, VisionSupervisor
from firmware.vision.trouble import Listener, Trouble
from firmware.vision.wire import CameraKind, CameraSpec, Health, Seen
from gate.events import Device
from gate.walltime import NS_PER_MS, NS_PER_S

SMALL = CameraSpec(width_px=640, height_px=480, fps=20)
PAYLOAD = b"\x00\xff\xc3(" + bytes(range(90))
"""Not UTF-8, with a zero byte: whoever takes it for text breaks it."""
LOOK_S = 0.01
TURNS_MIN = 10
"""Of the loop, while a decoder hangs: a tenth of what an idle machine gives, and a loop that waited
with it would have one."""
LONG_NS = 50 * NS_PER_S
LIVELY_S = 60.0
"""Far beyond what anything here takes."""
PATIENT = msgspec.structs.replace(
    LIMITS,
    start_ns_max=LONG_NS,
    decode_ns_max=LONG_NS,
    stale_ns_max=LONG_NS,
    recover_ns_max=LONG_NS,
)
"""Finds no fault with a process that only waits for a busy machine. A story about one of these
limits sets it."""
QUICK = msgspec.structs.replace(
    PATIENT, recover_ns_max=1_500 * NS_PER_MS, retry_ns_max=200 * NS_PER_MS
)


class Lane:
    """Stands for the lane: hears of everything, and notices when its loop is held up."""

    def __init__(self) -> None:
        self.seen: asyncio.Queue[Seen] = asyncio.Queue()
        self.healths: asyncio.Queue[Health] = asyncio.Queue()
        self.troubles: asyncio.Queue[Trouble] = asyncio.Queue()
        self.failed: asyncio.Queue[Trouble] = asyncio.Queue()
        self.recovered: asyncio.Queue[Device] = asyncio.Queue()
        self.told: list[Trouble] = []
        """Every trouble so far."""
        self.listener = Listener(
            on_seen=self.seen.put_nowait,
            on_health=self.healths.put_nowait,
            on_trouble=self._hear,
            on_failed=self.failed.put_nowait,
            on_recovered=self.recovered.put_nowait,
        )
        self.vision: VisionSupervisor

    def _hear(self, trouble: Trouble) -> None:
        self.told.append(trouble)
        self.troubles.put_nowait(trouble)

    async def first(self, queue: "asyncio.Queue[Trouble]", kind: str) -> Trouble:
        """The first of that kind."""
        while (trouble := await queue.get()).kind != kind:
            pass
        return trouble

    async def healthy(self, is_wanted: Callable[[Health], bool]) -> Health:
        """The first report like that."""
        while not is_wanted(health := await self.healths.get()):
            pass
        return health

    async def until(self, is_so: Callable[[], bool]) -> None:
        """For what nobody tells."""
        while not is_so():  # noqa: ASYNC110 - what nobody tells has no event
            await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def watched(
    camera: CameraSpec = SMALL, limits: Limits = PATIENT, command: Sequence[str] = COMMAND
) -> AsyncIterator[Lane]:
    """A lane with a vision process under watch."""
    lane = Lane()
    lane.vision = VisionSupervisor(camera, lane.listener, limits=limits, command=command)
    lane.vision.start()
    try:
        yield lane
    except asyncio.CancelledError:
        raise AssertionError(f"waited in vain; troubles so far: {lane.told}") from None
    finally:
        lane.vision.close()


def play(story: Awaitable[None]) -> None:
    """Run a story to its end, which must come."""

    async def limited() -> None:
        await asyncio.wait_for(story, LIVELY_S)

    asyncio.run(limited())


def test_code_in_bytes_out() -> None:
    """A binary code before the camera arrives byte for byte, with honest times."""

    async def story() -> None:
        async with watched() as lane:
            lane.vision.show(Scene(payload=PAYLOAD))
            seen = await lane.seen.get()
            assert seen.payload == PAYLOAD
            assert seen.problem is None
            assert seen.captured_ns < seen.decoded_ns
            health = await lane.healthy(lambda health: health.frames > 5)
            assert health.view == "good"
            assert lane.vision.trouble is None
            assert lane.troubles.empty()

    play(story())


def test_hung_decoder_is_replaced() -> None:
    """A picture that never ends costs one process; the loop goes on, the next code is read."""

    async def story() -> None:
        limits = msgspec.structs.replace(PATIENT, decode_ns_max=LIMITS.decode_ns_max)
        async with watched(limits=limits) as lane:
            lane.vision.show(Scene(payload=PAYLOAD))
            await lane.seen.get()
            victim = lane.vision.pid
            lane.vision.inject(CameraFault.HANG_DECODER)
            hung = asyncio.ensure_future(lane.first(lane.troubles, "hung"))
            turns = 0
            while not hung.done():
                await asyncio.sleep(LOOK_S)
                turns += 1
            assert hung.result().device is Device.READER
            assert turns > TURNS_MIN
            assert (await lane.seen.get()).payload == PAYLOAD
            assert lane.vision.pid != victim
            await lane.until(lambda: lane.vision.trouble is None)
            assert lane.failed.empty()

    play(story())


def test_killed_process_is_replaced() -> None:
    """kill -9: found by the socket's end, replaced, and the code is read again."""

    async def story() -> None:
        async with watched() as lane:
            lane.vision.show(Scene(payload=PAYLOAD))
            await lane.seen.get()
            assert lane.vision.pid is not None
            os.kill(lane.vision.pid, signal.SIGKILL)
            await lane.first(lane.troubles, "died")
            assert (await lane.seen.get()).payload == PAYLOAD
            assert lane.vision.counts.started == 2

    play(story())


def test_stalled_camera_is_found_and_cured() -> None:
    """No frame comes: found, and a new process has them again."""

    async def story() -> None:
        limits = msgspec.structs.replace(PATIENT, stale_ns_max=LIMITS.stale_ns_max)
        async with watched(limits=limits) as lane:
            await lane.healthy(lambda health: health.frames > 0)
            lane.vision.inject(CameraFault.FREEZE)
            assert (await lane.first(lane.troubles, "stalled")).device is Device.CAMERA
            await lane.until(lambda: lane.vision.trouble is None)
            assert lane.failed.empty()

    play(story())


@pytest.mark.parametrize(
    ("fault", "view"), [(CameraFault.BLACK, "black"), (CameraFault.BLINDED, "blinded")]
)
def test_blind_camera_is_declared_and_not_killed(fault: CameraFault, view: str) -> None:
    """A new process would see no more: the old one stays, and the end of it is told."""

    async def story() -> None:
        async with watched(limits=QUICK) as lane:
            await lane.healthy(lambda health: health.frames > 0)
            blind = lane.vision.pid
            lane.vision.inject(fault, lasting=True)
            await lane.first(lane.troubles, view)
            assert (await lane.failed.get()).kind == view
            lane.vision.inject(CameraFault.NONE)
            assert await lane.recovered.get() is Device.CAMERA
            assert lane.vision.pid == blind

    play(story())


def test_pulled_plug_fails_and_recovers() -> None:
    """Gone for longer than may be: out of service. Trying goes on, and the plug ends it."""

    async def story() -> None:
        async with watched(limits=QUICK) as lane:
            await lane.healthy(lambda health: health.frames > 0)
            lane.vision.inject(CameraFault.GO_MISSING, lasting=True)
            failed = await lane.failed.get()
            assert (failed.device, failed.kind) == (Device.CAMERA, "missing")
            lane.vision.inject(CameraFault.NONE)
            assert await lane.recovered.get() is Device.CAMERA
            assert lane.failed.empty()

    play(story())


def test_grown_process_is_recycled() -> None:
    """Memory that is never given back: a new process at a quiet moment, and no failure."""

    async def story() -> None:
        limits = msgspec.structs.replace(
            PATIENT, rss_settle_ns=300 * NS_PER_MS, rss_growth_bytes_max=16 << 20, quiet_ns=0
        )
        async with watched(limits=limits) as lane:
            await lane.healthy(lambda health: health.frames > 20)
            lane.vision.inject(CameraFault.LEAK)
            grown = await lane.healthy(lambda _: lane.vision.counts.recycled == 1)
            fresh = await lane.healthy(lambda health: health.frames < grown.frames)
            assert fresh.rss_bytes < grown.rss_bytes
            assert lane.troubles.empty()

    play(story())


SILENCE_NS_MAX = 400 * NS_PER_MS
SPEAKS = """
import socket, sys, time
link = socket.socket(fileno=int(sys.argv[1]))
{}
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        ("link.sendall(bytes([255]) * 4)", "garbage"),
        ("link.sendall(b'no message at all')", "garbage"),
        (
            (
                "from firmware.vision.wire import Looked, encode\n"
                "while True: link.sendall(encode(Looked(1)))"
            ),
            "garbage",
        ),
        ("sys.exit(1)", "died"),
        ("", "timeout"),
    ],
    ids=["oversize", "undecodable", "flood", "exit", "silence"],
)
def test_misbehaving_process_is_replaced(says: str, kind: str) -> None:
    """Whatever a process that was taken over says, it is killed, and another one started."""

    async def story() -> None:
        waits_ns = SILENCE_NS_MAX if kind == "timeout" else LONG_NS
        limits = msgspec.structs.replace(PATIENT, start_ns_max=waits_ns)
        command = [sys.executable, "-c", SPEAKS.format(says)]
        async with watched(limits=limits, command=command) as lane:
            await lane.first(lane.troubles, kind)
            await lane.until(lambda: lane.vision.counts.started >= 3)

    play(story())


def test_deaf_process_is_replaced() -> None:
    """One that reads nothing cannot make the lane wait."""

    async def story() -> None:
        command = [sys.executable, "-c", SPEAKS.format("")]
        async with watched(command=command) as lane:
            deaf = lane.vision.pid
            while lane.vision.pid == deaf:
                lane.vision.show(Scene(payload=bytes(2_000)))
            await lane.first(lane.troubles, "deaf")

    play(story())


def test_process_that_cannot_start() -> None:
    """A missing program is a trouble like another, and tried again."""

    async def story() -> None:
        async with watched(limits=QUICK, command=["/nonexistent/python"]) as lane:
            await lane.first(lane.troubles, "not_started")
            assert (await lane.failed.get()).kind == "not_started"

    play(story())


def test_pictures_are_read_inside_the_sandbox(tmp_path: Path) -> None:
    """Of all files, the folder of pictures stays readable; a damaged one is told of by name."""
    segno.make_qr(PAYLOAD, error="m").save(str(tmp_path / "1.png"), scale=6)
    segno.make_qr(b"second", error="m").save(str(tmp_path / "3.png"), scale=6)
    (tmp_path / "2.png").write_bytes((tmp_path / "1.png").read_bytes()[:-60])
    camera = CameraSpec(
        kind=CameraKind.PICTURES, source=str(tmp_path), width_px=640, height_px=480, show_ms=200
    )

    async def story() -> None:
        async with watched(camera) as lane:
            payloads: set[bytes] = set()
            while len(payloads) < 2:
                payloads.add((await lane.seen.get()).payload)
            assert payloads == {PAYLOAD, b"second"}
            assert "2.png" in (await lane.first(lane.troubles, "corrupt")).message
            assert lane.vision.counts.started == 1

    play(story())


CAPTIVE = """
import os, socket, sys
from pathlib import Path
from firmware.vision import sandbox

def tried(what):
    try:
        what()
    except OSError:
        return "refused"
    return "permitted"

def connect():
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5).close()

before = tried(connect)
given_up = sandbox.leave_network()
print(before, tried(connect), tried(lambda: Path(sys.argv[2], "new").touch()), end=" ")
given_up += sandbox.leave_files([Path(sys.argv[3])])
print(tried(lambda: Path(sys.argv[2], "secret").read_text()), end=" ")
print(tried(lambda: Path(sys.argv[3], "picture").read_text()), end=" ")
print(tried(lambda: os.execv("/bin/true", ["true"])), *given_up)
"""


def test_sandbox_holds(tmp_path: Path) -> None:
    """Where the kernel permits: no loopback, no writing, then no reading and no program."""
    secrets, pictures = tmp_path / "secrets", tmp_path / "pictures"
    secrets.mkdir()
    pictures.mkdir()
    (secrets / "secret").write_text("secret")
    (pictures / "picture").write_text("picture")

    async def served() -> str:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            captive = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", CAPTIVE, str(port), str(secrets), str(pictures)),
                stdout=subprocess.PIPE,
            )
            out, _ = await captive.communicate()
        return out.decode()

    before, connect, write, read, allowed, execute, *given_up = asyncio.run(served()).split()
    if not {"network", "read-only", "no-files"} <= set(given_up):
        pytest.skip(f"this kernel gives up only {given_up}")
    assert (before, connect) == ("permitted", "refused")
    assert write == "refused"
    assert (read, allowed) == ("refused", "permitted")
    assert execute == "refused"


LATE = """
import sys
from firmware.vision import sandbox

sys.path.append(sys.argv[1])
sandbox.leave_network()
sandbox.leave_files()
import late
"""


def test_libraries_may_be_imported_late(tmp_path: Path) -> None:
    """numpy imports parts of itself when they are first used. It may lie outside of the
    environment, where a .pth line or --system-site-packages leads: on a Pi it does."""
    (tmp_path / "late.py").write_text("")

    subprocess.run([sys.executable, "-c", LATE, str(tmp_path)], check=True, timeout=LIVELY_S)


def test_real_process_gives_up_what_the_kernel_permits() -> None:
    """The process that reads strangers' codes is in the same sandbox, and says so."""
    probe = textwrap.dedent("""
        from firmware.vision import sandbox
        print(*sandbox.leave_network(), *sandbox.leave_files())
    """)
    possible = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=LIVELY_S
    ).stdout.split()

    async def story() -> None:
        async with watched() as lane:
            await lane.until(lambda: lane.vision.ready is not None)
            assert lane.vision.ready is not None
            assert lane.vision.ready.sandbox == possible

    play(story())


PARENT = """
import asyncio
from firmware.vision.process import COMMAND
from firmware.vision.supervisor import VisionSupervisor
from firmware.vision.trouble import Listener
from firmware.vision.wire import CameraSpec

async def main():
    vision = VisionSupervisor(
        CameraSpec(width_px=640, height_px=480),
        Listener(
            on_seen=print,
            on_health=lambda health: print(vision.pid, flush=True),
        ),
    )
    vision.start()
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_process_does_not_outlive_its_parent() -> None:
    """kill -9 of the service ends the vision process with it."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        try:
            parent.kill()
            ended, _, _ = select.select([child], [], [], LIVELY_S)
        finally:
            os.close(child)
    assert ended
