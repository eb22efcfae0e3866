"""The trust bundle in a running lane: kept before it is used, swapped whole, never undone."""

import errno
import os
import threading
from pathlib import Path

import pytest
from keeperkit import Lane

from drivers.api import DriverError, ErrorKind
from drivers.trust import kept
from drivers.trust.keeper import (
    Answer,
)
from drivers.trust.kept import BUNDLE_NAME, VERSIONS_NAME
from drivers.trust.store import DEVICE
from drivers.wholefile import read_whole, write_atomic
from gate.credential.bundle import Fault
from gate.credential.model import PASS_KINDS
from gate.credential.trust import issuer_key, trust_list
from gate.walltime import WallTime
from tests.domain.bundlekit import NOW, A, B, C, bundle, raw

NO_SITE = trust_list(())


@pytest.fixture
def lane(tmp_path: Path) -> Lane:
    return Lane(tmp_path)


def test_a_lane_without_a_bundle_serves(lane: Lane) -> None:
    """Its own issuers are believed, and nobody else; a bundle may come later."""
    site = trust_list([issuer_key(raw(B), "Example desk", PASS_KINDS)])
    keeper = lane.begin(site=site)
    assert keeper.trust == site
    assert keeper.version is None
    assert not lane.told
    keeper.stop()


def test_a_bundle_is_there_at_the_start(lane: Lane) -> None:
    """Beside the site's own issuers; the lane is told once, and not again for the same file."""
    lane.source.write_bytes(bundle(3))
    site = trust_list([issuer_key(raw(B), "Example desk", PASS_KINDS)])
    keeper = lane.begin(site=site)
    assert keeper.version == 3
    assert keeper.trust.keys == site.keys
    assert keeper.look() == []
    assert [(answer.taken, version) for answer, version in lane.told] == [(True, 3)]


def test_the_kept_copy_outlives_the_file(lane: Lane) -> None:
    """The stick is gone, the file was deleted or replaced by an old one: the lane goes on."""
    lane.source.write_bytes(bundle(3))
    lane.begin()
    lane.source.unlink()
    assert lane.begin().version == 3
    lane.source.write_bytes(bundle(2))
    assert lane.begin().version == 3
    assert lane.told[-1][0].fault is Fault.ROLLBACK


def test_a_bad_newer_file_replaces_nothing(lane: Lane) -> None:
    """Cut short, by a stranger, or no bundle: told with its reason, and the old list holds."""
    keeper = lane.begin()
    keeper.offer(bundle(3), "broker")
    held = keeper.trust
    for data, fault in (
        (bundle(4)[:-1], Fault.MALFORMED),
        (bundle(4, C), Fault.UNSIGNED),
        (b"", Fault.MALFORMED),
    ):
        lane.source.write_bytes(data)
        (answer,) = keeper.look()
        assert (answer.taken, answer.fault, answer.version) == (False, fault, 3)
        assert answer.sentence
    assert keeper.trust is held
    assert lane.kept() == bundle(3)
    assert lane.begin().version == 3


def test_bytes_from_the_broker(lane: Lane) -> None:
    """Taken, already there, older: the caller gets the answer that it may report."""
    keeper = lane.begin()
    assert keeper.offer(bundle(5), "broker") == Answer("broker", 5, taken=True)
    assert keeper.offer(bundle(5), "broker") == Answer("broker", 5)
    assert keeper.offer(bundle(4), "broker").fault is Fault.ROLLBACK
    assert [answer.taken for answer, _ in lane.told] == [True, False]


def test_a_file_that_is_still_being_copied(lane: Lane) -> None:
    """Refused while it is short, and looked at again because it is another file then."""
    keeper = lane.begin()
    data = bundle(6)
    lane.source.write_bytes(data[:100])
    assert keeper.look()[0].fault is Fault.MALFORMED
    lane.source.write_bytes(data)
    assert keeper.look()[0].taken


def test_a_stick(lane: Lane) -> None:
    """Under the mount folder, or under a user's name as desktops do it; drawn out and put in again
    it is looked at again."""
    keeper = lane.begin()
    stick = lane.media / "technician" / "STICK"
    stick.mkdir(parents=True)
    (stick / BUNDLE_NAME).write_bytes(bundle(7))
    assert keeper.look()[0].taken
    (stick / BUNDLE_NAME).unlink()
    assert keeper.look() == []
    (lane.media / BUNDLE_NAME).write_bytes(bundle(8))
    assert keeper.look() == [Answer(str(lane.media / BUNDLE_NAME), 8, taken=True)]


def test_a_trap_in_place_of_a_file(lane: Lane) -> None:
    """A pipe never answers, a folder is no file: neither stops the watch."""
    os.mkfifo(lane.source)
    keeper = lane.begin()
    assert lane.told == []
    lane.source.unlink()
    lane.source.mkdir()
    (answer,) = keeper.look()
    assert answer.fault in {ErrorKind.CORRUPT, ErrorKind.FAILED}
    with pytest.raises(DriverError, match="is no file"):
        read_whole(Path(os.devnull), 10, DEVICE)


def test_fast_forward_heals_with_new_root_keys(lane: Lane) -> None:
    """A was stolen and signed the highest version. With A replaced at the gate, the kept bundle
    is nobody's word any more, its version binds nobody, and B's next one is taken."""
    keeper = lane.begin(A, B)
    keeper.offer(bundle(11, B), "broker")
    keeper.offer(bundle(4_000_000_000, A), "broker")
    assert lane.begin(A, B).offer(bundle(12, B), "broker").fault is Fault.ROLLBACK
    healed = lane.begin(B, C)
    assert healed.version is None
    assert healed.offer(bundle(10, B), "broker").fault is Fault.ROLLBACK
    assert healed.offer(bundle(12, B), "broker").taken
    assert lane.begin(B, C).version == 12


def cut_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The power goes when that file would be written."""
    genuine = write_atomic

    def write(path: Path, data: bytes, mode: int = 0o644) -> None:
        if path.name == name:
            raise OSError(errno.EIO, "Input/output error")
        genuine(path, data, mode)

    monkeypatch.setattr(kept, "write_atomic", write)


@pytest.mark.parametrize(("name", "after"), [(BUNDLE_NAME, 3), (VERSIONS_NAME, 4)])
def test_a_power_cut_between_two_writes(
    lane: Lane, monkeypatch: pytest.MonkeyPatch, name: str, after: int
) -> None:
    """The bundle goes first and carries its version: whichever write the cut comes before, the
    next start has one whole bundle, and never takes an older one than that."""
    keeper = lane.begin()
    keeper.offer(bundle(3), "broker")
    with monkeypatch.context() as patched:
        cut_at(patched, name)
        answer = keeper.offer(bundle(4), "broker")
    assert (answer.taken, answer.fault, answer.version) == (False, ErrorKind.FAILED, 3)
    again = lane.begin()
    assert again.version == after
    assert again.offer(bundle(after - 1), "broker").fault is Fault.ROLLBACK
    assert again.offer(bundle(5), "broker").taken


def test_a_full_disk_is_tried_again(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is used that isn't kept; when there is room, the same file is taken."""
    keeper = lane.begin()

    def full(path: Path, data: bytes, mode: int = 0o644) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    lane.source.write_bytes(bundle(3))
    with monkeypatch.context() as patched:
        patched.setattr(kept, "write_atomic", full)
        (answer,) = keeper.look()
        keeper.look()
    assert answer.fault is ErrorKind.FULL
    assert keeper.version is None
    assert len(lane.told) == 1, "the same trouble is told once"
    assert keeper.look()[0].taken


def test_a_clock_that_runs_behind(lane: Lane) -> None:
    """A bundle from the future waits until the clock is right; one that was taken before is used
    at a later start, whatever the clock says then."""
    behind = WallTime(NOW.unix_ms - 7_200_000)
    lane.source.write_bytes(bundle(3))
    lane.now = behind
    keeper = lane.begin()
    assert keeper.version is None
    assert lane.told[-1][0].fault is Fault.CREATED_AHEAD
    lane.now = NOW
    assert keeper.look()[0].taken
    lane.now = behind
    assert lane.begin().version == 3


def test_the_kept_files_are_damaged(lane: Lane) -> None:
    """Versions that can't be read are made anew from the bundle; a bundle that can't be read is
    replaced by the next good one, and what was seen still binds."""
    lane.begin().offer(bundle(3), "broker")
    (lane.data / VERSIONS_NAME).write_bytes(b'{"zz": 1}')
    assert lane.begin().offer(bundle(2), "broker").fault is Fault.ROLLBACK
    (lane.data / VERSIONS_NAME).unlink()
    (lane.data / VERSIONS_NAME).mkdir()
    assert lane.begin().version == 3
    (lane.data / VERSIONS_NAME).rmdir()
    lane.begin().offer(bundle(4), "broker")
    (lane.data / BUNDLE_NAME).write_bytes(b"damaged")
    keeper = lane.begin()
    assert keeper.version is None
    assert keeper.offer(bundle(3), "broker").fault is Fault.ROLLBACK
    assert keeper.offer(bundle(4), "broker").taken
    (lane.data / BUNDLE_NAME).unlink()
    (lane.data / BUNDLE_NAME).mkdir()
    assert lane.begin().version is None


def test_a_folder_that_can_not_be(lane: Lane) -> None:
    """Said at the start, because nothing could ever be kept."""
    lane.data.write_bytes(b"")
    with pytest.raises(DriverError) as refused:
        lane.begin()
    assert refused.value.kind is ErrorKind.FAILED


def test_a_swap_while_the_lane_runs(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch finds the new file by itself; whoever reads meanwhile sees one list or the other,
    whole; what goes wrong while looking doesn't end the watch."""
    monkeypatch.setattr("drivers.trust.keeper.LOOK_EVERY_S", 0.01)
    lane.source.write_bytes(bundle(1))
    keeper = lane.begin()
    looked = threading.Event()
    genuine = keeper.look
    calls: list[int] = []

    def look() -> list[Answer]:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a mistake of ours")
        answers = genuine()
        if any(answer.taken and answer.version == 9 for answer in answers):
            looked.set()
        return answers

    monkeypatch.setattr(keeper, "look", look)
    seen: set[int] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(keeper.trust.public.version)

    reader = threading.Thread(target=read)
    reader.start()
    keeper.start()
    for version in range(2, 10):
        beside = lane.source.with_suffix(".new")
        beside.write_bytes(bundle(version))
        beside.replace(lane.source)
    assert looked.wait(60)
    keeper.stop()
    keeper.stop()
    stop.set()
    reader.join()
    assert seen <= set(range(1, 10))
    assert keeper.version == 9
    versions = [version for _, version in lane.told]
    assert versions == sorted(versions)


def test_two_threads_offer_at_once(lane: Lane) -> None:
    """Whoever comes first, the newest stays, in memory and on the disk, and the lane is told in
    that order."""
    keeper = lane.begin()
    datas = [bundle(version) for version in range(1, 17)]
    threads = [
        threading.Thread(target=lambda part=part: [keeper.offer(data, "broker") for data in part])
        for part in (datas[::2], datas[1::2])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keeper.version == 16
    assert lane.kept() == datas[-1]
    taken = [version for answer, version in lane.told if answer.taken]
    assert taken == sorted(taken)


def test_files_that_can_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, denied, a loop of links: each of its own kind."""

    def kind() -> ErrorKind:
        with pytest.raises(DriverError) as refused:
            read_whole(tmp_path / "roots.toml", 10, DEVICE)
        return refused.value.kind

    assert kind() is ErrorKind.MISSING
    (tmp_path / "roots.toml").symlink_to("roots.toml")
    assert kind() is ErrorKind.FAILED

    def denied(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    assert kind() is ErrorKind.DENIED
