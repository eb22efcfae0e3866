"""The watch over a trust bundle: root keys that change, files that change, and what is said."""

import errno
import logging
import os
import threading
from pathlib import Path

import pytest
from keeperkit import Lane
from msgspec import structs

from drivers.api import DriverError, ErrorKind
from drivers.trust import kept
from drivers.trust.keeper import REFUSALS_MAX, Answer, TrustKeeper
from drivers.trust.kept import BUNDLE_NAME, VERSIONS_NAME
from gate.credential.bundle import NO_SITE, Fault, add_signature, encode, sign
from gate.credential.model import PASS_KINDS
from gate.credential.status import empty_status, revoke
from gate.credential.trust import TrustList, issuer_key, trust_list
from gate.walltime import WallTime
from tests.domain.bundlekit import NOW, A, B, C, bundle, kid, listed, raw


@pytest.fixture
def lane(tmp_path: Path) -> Lane:
    return Lane(tmp_path)


# Root keys.


def test_a_stolen_root_key_counts_no_more(lane: Lane) -> None:
    """It is taken out of the file while the lane runs: at the second look the list that it alone
    signed is in use no more, the lane is told, and B's list is taken, which was refused before."""
    keeper = lane.begin(A, B)
    keeper.offer(bundle(4_000_000_000, A), "broker")
    lane.source.write_bytes(bundle(12, B))
    assert keeper.look()[0].fault is Fault.ROLLBACK
    lane.pin(B, C)
    (lane.media / BUNDLE_NAME).write_bytes(bundle(4_000_000_001, A))
    assert keeper.look() == [], "the file may still be written"
    (lane.media / BUNDLE_NAME).unlink()
    lost, taken = keeper.look()
    assert (lost.origin, lost.taken, lost.version) == (str(lane.roots), True, None)
    assert "4000000000" in lost.sentence
    assert (taken.taken, keeper.version) == (True, 12)
    assert [version for _, version in lane.told] == [4_000_000_000, 4_000_000_000, 0, 12]
    assert keeper.offer(bundle(13, A), "broker").fault is Fault.UNSIGNED
    assert lane.begin(B, C).version == 12


def test_a_root_key_more_costs_nothing(lane: Lane) -> None:
    """The list in use is signed by one that stays."""
    keeper = lane.begin(A)
    keeper.offer(bundle(5, A), "broker")
    lane.pin(A, B)
    keeper.look()
    assert keeper.look() == [Answer(str(lane.roots), 5, taken=True)]
    assert keeper.offer(bundle(6, B), "broker").taken
    assert keeper.look() == []


def test_root_keys_change_before_there_is_a_list(lane: Lane) -> None:
    """Nothing is lost by it, and there is nothing to say."""
    keeper = lane.begin(A)
    lane.pin(B)
    keeper.look()
    assert keeper.look() == [Answer(str(lane.roots), None, taken=True)]


@pytest.mark.parametrize("text", [None, "[["])
def test_a_bad_file_of_root_keys_changes_nothing(lane: Lane, text: str | None) -> None:
    """Gone or broken while the lane runs: said once, the keys before it stay; the same keys written
    again are no news."""
    keeper = lane.begin(A)
    keeper.offer(bundle(5, A), "broker")
    lane.roots.unlink()
    if text:
        lane.roots.write_text(text)
    answers = [answer for _ in range(4) for answer in keeper.look()]
    assert {answer.fault for answer in answers} == {
        ErrorKind.CORRUPT if text else ErrorKind.MISSING
    }
    assert keeper.version == 5
    assert [answer.taken for answer, _ in lane.told] == [True, False]
    assert keeper.offer(bundle(6, A), "broker").taken
    lane.pin(A)
    assert [keeper.look() for _ in range(3)] == [[], [], []]


def test_one_more_signature_is_kept(lane: Lane) -> None:
    """The same list with a second root key's signature: nothing new to tell, but it is kept, so
    that the first key can be taken away."""
    keeper = lane.begin(A, B)
    keeper.offer(bundle(5, A), "broker")
    both = add_signature(bundle(5, A), B)
    assert keeper.offer(both, "stick") == Answer("stick", 5)
    assert len(lane.told) == 1
    assert lane.kept() == both
    assert keeper.offer(bundle(5, B), "stick") == Answer("stick", 5)
    assert lane.kept() == both
    again = lane.begin(B)
    assert again.version == 5
    assert again.offer(bundle(4, B), "broker").fault is Fault.ROLLBACK


# Bytes from the wire.


def test_posting_waits_for_nobody(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch is busy with one bundle: the caller goes on, and of what comes meanwhile the last
    one is offered. A mistake of ours doesn't end the watch."""
    keeper = lane.begin()
    busy, go, done = threading.Event(), threading.Event(), threading.Event()
    offered: list[str] = []

    def offer(data: bytes, origin: str) -> Answer:
        offered.append(origin)
        busy.set()
        assert go.wait(60)
        if origin == "first":
            raise RuntimeError("a mistake of ours")
        answer = TrustKeeper.offer(keeper, data, origin)
        done.set()
        return answer

    monkeypatch.setattr(keeper, "offer", offer)
    keeper.start()
    keeper.post(b"", "first")
    assert busy.wait(60)
    for version in (2, 3, 4):
        keeper.post(bundle(version), f"version {version}")
    go.set()
    assert done.wait(60)
    keeper.stop()
    assert offered == ["first", "version 4"]
    assert keeper.version == 4


# Files that change.


def test_a_file_that_may_be_read_now(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused for its rights and tried again at each look, said once; a disk that answers again is
    seen too."""
    lane.source.write_bytes(bundle(3))
    with monkeypatch.context() as patched:
        patched.setattr("drivers.trust.keeper.read_whole", denied)
        keeper = lane.begin()
        assert [answer.fault for answer in keeper.look()] == [ErrorKind.DENIED]
    assert keeper.look()[0].taken


def denied(path: Path, _bytes_max: int, device: str) -> bytes:
    raise DriverError(ErrorKind.DENIED, device, f"{path} may not be read")


def test_rights_alone_make_another_file(lane: Lane) -> None:
    """As do other bytes of one length and one time, which some sticks' clocks give."""
    lane.source.write_bytes(b"x" * 100)
    keeper = lane.begin()
    assert keeper.look() == []
    lane.source.chmod(0o640)
    assert len(keeper.look()) == 1
    times = (lane.source.stat().st_atime_ns, lane.source.stat().st_mtime_ns)
    lane.source.write_bytes(b"y" * 100)
    os.utime(lane.source, ns=times)
    assert len(keeper.look()) == 1


def test_what_may_not_be_looked_at_is_said_once(
    lane: Lane, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder of a stick that the lane may not enter: one line, and again when it was put right
    and broke again."""
    loop = lane.source
    loop.symlink_to(loop.name)
    keeper = lane.begin()
    keeper.look()
    assert len(caplog.records) == 1
    assert "may not be looked at" in caplog.text
    loop.unlink()
    keeper.look()
    loop.symlink_to(loop.name)
    keeper.look()
    assert len(caplog.records) == 2


# What is said.


def test_refusals_are_told_once(lane: Lane) -> None:
    """Two bad sticks at every look, and a broker that says two wrong things in turn: each is told
    once, until something good comes from there or the stick is drawn out."""
    lane.now = WallTime(NOW.unix_ms - 7_200_000)
    for number, name in enumerate("ab", 2):
        (lane.media / name).mkdir()
        (lane.media / name / BUNDLE_NAME).write_bytes(bundle(number))
    keeper = lane.begin()
    for _ in range(5):
        assert len(keeper.look()) == 2
        keeper.offer(b"", "broker")
        keeper.offer(bundle(9, C), "broker")
    assert len(lane.told) == 4
    (lane.media / "a" / BUNDLE_NAME).rename(lane.media / "out")
    keeper.look()
    (lane.media / "out").rename(lane.media / "a" / BUNDLE_NAME)
    keeper.look()
    assert len(lane.told) == 5
    lane.now = NOW
    keeper.offer(bundle(20), "broker")
    keeper.offer(b"", "broker")
    assert len(lane.told) == 7


def test_refusals_are_remembered_within_a_bound(lane: Lane) -> None:
    """However many places they come from."""
    keeper = lane.begin()
    for number in range(REFUSALS_MAX + 1):
        keeper.offer(b"", f"broker {number}")
    keeper.offer(b"", f"broker {REFUSALS_MAX}")
    assert len(lane.told) == REFUSALS_MAX + 1
    keeper.offer(b"", "broker 0")
    assert len(lane.told) == REFUSALS_MAX + 2


def test_who_is_told_may_fail(lane: Lane, caplog: pytest.LogCaptureFixture) -> None:
    """The loop is closed already, or a mistake of ours: the list is in use all the same."""

    def told(answer: Answer, trust: TrustList) -> None:
        raise RuntimeError("Event loop is closed")

    lane.pin(A)
    keeper = TrustKeeper(lane.roots, lane.data, lambda: NOW, told, site=NO_SITE)
    assert keeper.offer(bundle(1), "broker").taken
    assert keeper.version == 1
    assert "while telling" in caplog.text


def test_nobody_is_told_after_the_end(lane: Lane) -> None:
    """A look that outlasts the program's loop keeps what it took, and calls nobody."""
    keeper = lane.begin()
    keeper.stop()
    assert keeper.offer(bundle(1), "broker").taken
    assert not lane.told
    assert lane.begin().version == 1


# What is kept, and damaged.


def office(version: int, issued_at_s: int | None) -> bytes:
    """A bundle that names an office, with its status list of that time."""
    desk = trust_list([issuer_key(raw(B), "Example desk", PASS_KINDS)])
    if issued_at_s is not None:
        desk = desk.with_status(revoke(empty_status(kid(B), 0), 5, issued_at_s))
    return sign(encode(structs.replace(desk, public=listed(version).public)), [A])


def test_what_was_seen_binds_although_the_bundle_is_damaged(lane: Lane) -> None:
    """The versions file remembers which list of a version it was, and how new each status list."""
    lane.begin().offer(office(5, 100), "broker")
    (lane.data / BUNDLE_NAME).write_bytes(b"")
    keeper = lane.begin()
    assert keeper.version is None
    assert keeper.offer(office(5, 101), "broker").fault is Fault.EQUIVOCATION
    assert keeper.offer(office(6, 99), "broker").fault is Fault.ROLLBACK
    assert keeper.offer(office(6, None), "broker").fault is Fault.ROLLBACK
    assert keeper.offer(office(5, 100), "broker").taken


def test_the_issuer_is_in_the_trust_file_too(lane: Lane) -> None:
    """A bundle without it would let its revoked passes come back, also after a restart."""
    site = trust_list([issuer_key(raw(B), "Example desk", PASS_KINDS)])
    keeper = lane.begin(site=site)
    keeper.offer(office(1, 100), "broker")
    assert keeper.trust.is_revoked(kid(B), 5)
    assert keeper.offer(bundle(2), "broker").fault is Fault.ROLLBACK
    again = lane.begin(site=site)
    assert again.offer(bundle(2), "broker").fault is Fault.ROLLBACK
    assert again.trust.is_revoked(kid(B), 5)


def test_versions_are_raised_after_a_power_cut(
    lane: Lane, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The cut came between the bundle and its versions: the next start writes them, or says that it
    can't, so that a bundle damaged later brings nothing old back."""
    lane.begin().offer(bundle(5), "broker")
    versions = lane.data / VERSIONS_NAME
    old = versions.read_bytes()
    lane.begin().offer(bundle(9), "broker")
    versions.write_bytes(old)
    with monkeypatch.context() as patched:
        patched.setattr(kept, "write_atomic", full)
        assert lane.begin().version == 9
    assert "not kept" in caplog.text
    assert lane.begin().version == 9
    written = versions.stat().st_ino
    (lane.data / BUNDLE_NAME).write_bytes(b"")
    assert lane.begin().offer(bundle(6), "broker").fault is Fault.ROLLBACK
    assert versions.stat().st_ino == written, "a start that learns nothing writes nothing"


def full(path: Path, data: bytes, mode: int = 0o644) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", str(path))


@pytest.mark.parametrize(
    ("name", "version", "digest"),
    [
        (kid(A).hex(), 1 << 40, "00" * 32),
        (kid(A).hex(), 0, "00" * 32),
        (kid(A).hex(), 9, "00"),
        (kid(A).hex(), 9, "zz" * 32),
        ("00", 9, "00" * 32),
    ],
)
def test_versions_that_can_not_be_are_left_out(
    lane: Lane, caplog: pytest.LogCaptureFixture, name: str, version: int, digest: str
) -> None:
    """A version above all that there are would refuse every bundle for ever."""
    lane.begin()
    text = f'{{"vouched": {{"{name}": [{version}, "{digest}"]}}, "status": {{}}}}'
    (lane.data / VERSIONS_NAME).write_text(text)
    with caplog.at_level(logging.ERROR):
        assert lane.begin().offer(bundle(1), "broker").taken
    assert "left out" in caplog.text


def test_what_power_cuts_left_is_swept_out(lane: Lane) -> None:
    """Half-written files of ours, and nobody else's; what can't be removed harms nobody."""
    lane.begin()
    left = [lane.data / f".{name}.abcd" for name in (BUNDLE_NAME, VERSIONS_NAME)]
    for path in left:
        path.touch()
    (lane.data / f".{BUNDLE_NAME}.folder").mkdir()
    (lane.data / "theirs").touch()
    lane.begin()
    assert not any(path.exists() for path in left)
    assert (lane.data / "theirs").exists()
