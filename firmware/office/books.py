"""What must never be forgotten of an office's key, in files beside it.

For `office.key` these are `office.counter` (the next status index, so that none is given twice,
and when the last pass runs out), `office.status` (the signed list of revoked passes, for the
gates), `office.successor` (the key that took its place, once there is one) and `office.lock` (held
while one of them changes, so that two clerks at once get two numbers). With a signer command there
is no `office.key`, and the books keep its name.

A counter of one number was written by hand: nobody knows when the last of those passes runs out,
and that stays so however many the key issues after them.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from drivers.wholefile import write_atomic
from firmware.office.errors import OfficeError
from firmware.office.signer import KEY_MODE, never_overwritten, read_bounded, write_new
from gate.credential import cose
from gate.credential.model import PASS_KINDS, CredentialError
from gate.credential.signer import Signer
from gate.credential.status import (
    STATUS_INDEX_END,
    STATUS_SIGNED_BYTES_MAX,
    empty_status,
    issue_status,
    read_status,
    revoke,
)
from gate.credential.trust import TrustError, issuer_key, key_id, trust_list
from gate.walltime import TIME_S_END

_COUNTER_BYTES_MAX = 64
_NAME_BYTES_MAX = 4_096
_KEYS_BESIDE_MAX = 100
"""Keys in one folder that are looked at: a century of rotations."""
_LIST_MODE = 0o644
"""Of what goes to the gates."""


class Count(Struct, frozen=True):
    """What a key has issued."""

    issued: int
    """Passes; also the next status index."""
    until_s: int | None
    """Unix second at which the last of them runs out; 0 where none was issued, None where nobody
    knows."""

    @property
    def left(self) -> int:
        """Passes that the key can still issue."""
        return STATUS_INDEX_END - self.issued


def refuse_to_overwrite(path: Path) -> None:
    """Return if there are no books under that name, and no key.

    Raises:
        OfficeError: one of the files is there.
    """
    for there in (path, counter_file(path), status_file(path), _successor_file(path)):
        if there.exists():
            raise never_overwritten(there)


def open_books(
    path: Path, signer: Signer, at_s: int, sealed: bytes | None = None, *, again: bool = False
) -> None:
    """Begin the books of a new key, nothing issued and nothing revoked, and write its file last.

    The first status list is signed before anything is written: a key that can't sign leaves
    nothing behind. Neither does a disk that is full.

    Args:
        path: where the key's file is, or would be.
        signer: has the key.
        at_s: Unix second of the first status list.
        sealed: what goes into the key's file; None where it has none.
        again: take away books that were begun for a key of which nothing was ever issued.

    Raises:
        OfficeError: there are books or a key of that name already, or the key does not sign.
    """
    kid = key_id(signer.public_key().public_bytes_raw())
    status = issue_status(empty_status(kid, at_s), signer)
    files = [(counter_file(path), b"0 0\n", KEY_MODE), (status_file(path), status, _LIST_MODE)]
    if sealed is not None:
        files.append((path, sealed, KEY_MODE))
    with _lock(path):
        if again and _nothing_came_of(path):
            counter_file(path).unlink(missing_ok=True)
            status_file(path).unlink(missing_ok=True)
        refuse_to_overwrite(path)
        written: list[Path] = []
        try:
            for file, data, mode in files:
                write_new(file, data, mode)
                written.append(file)
        except BaseException:
            for file in written:
                file.unlink(missing_ok=True)
            raise


def _nothing_came_of(path: Path) -> bool:
    """Whether books were begun, and the power went before the key's file was written."""
    try:
        return not path.exists() and read_count(path).issued == 0
    except OfficeError:
        return False


def take_numbers(path: Path, count: int, until_s: int) -> range:
    """The next status indices of the key at `path`, all or none.

    They are spent, durably, when this returns. `until_s` is when the last of these passes ends.

    Raises:
        OfficeError: the counter is missing or damaged, the key has a successor, or not so many
            indices left.
    """
    with locked(path):
        present = read_count(path)
        after = successor_of(path)
        if after:
            raise OfficeError(f"{path} only verifies and revokes since {after} took its place")
        if count > present.left:
            raise OfficeError(
                f"{path} can issue {present.left} more of its {STATUS_INDEX_END} passes; "
                "make a new key with `gate pass rotate`"
            )
        end = present.issued + count
        last_s = None if present.until_s is None else max(present.until_s, until_s)
        _write_count(path, Count(end, last_s))
        return range(present.issued, end)


def revoke_numbers(path: Path, signer: Signer, numbers: Iterable[int], at_s: int) -> Path:
    """Sign a newer status list with those passes revoked, and return its file.

    Raises:
        OfficeError: one was never issued, or the present list is missing or not the key's.
    """
    status_path = status_file(path)
    public = signer.public_key().public_bytes_raw()
    own = trust_list([issuer_key(public, "office", PASS_KINDS)])
    with locked(path):
        issued = read_count(path).issued
        try:
            status = read_status(read_bounded(status_path, STATUS_SIGNED_BYTES_MAX), own)
            for number in numbers:
                if not 0 <= number < issued:
                    raise OfficeError(
                        f"{path} has issued no pass {number}; it has issued {issued}, "
                        "counted from 0"
                    )
                status = revoke(status, number, at_s)
            signed = issue_status(status, signer)
        except FileNotFoundError:
            raise OfficeError(
                f"{status_path} is not there; bring it back from a gate or a copy, "
                "because a new one would restore every revoked pass"
            ) from None
        except (CredentialError, TrustError) as error:
            raise OfficeError(f"{status_path} is not this key's status list: {error}") from None
        write_atomic(status_path, signed)
    return status_path


def read_count(path: Path) -> Count:
    """What the key at `path` has issued.

    Raises:
        OfficeError: the counter is missing or damaged.
    """
    counter = counter_file(path)
    try:
        words = read_bounded(counter, _COUNTER_BYTES_MAX).split()
    except FileNotFoundError:
        _refuse_where_nothing_is(path)
        raise OfficeError(
            f"{counter} is not there, and a pass number must never be given twice; "
            "write into it a number above every pass that this key has issued"
        ) from None
    if len(words) not in {1, 2} or not all(word.isdigit() for word in words):
        raise OfficeError(f"{counter} holds no number; write into it the next free pass number")
    issued, until_s = int(words[0]), int(words[1]) if len(words) > 1 else 0
    if issued > STATUS_INDEX_END or until_s >= TIME_S_END:
        raise OfficeError(f"{counter} holds a number that no key can reach; bring back a copy")
    return Count(issued, None if issued and not until_s else until_s)


def retire(path: Path, successor: Path) -> Count:
    """From now on the key at `path` issues nothing; it still signs its status list.

    What it has issued is counted under the same lock, so that nothing comes after it. Said twice of
    the same successor it does no harm.

    Raises:
        OfficeError: another key took its place, or the counter is missing or damaged.
    """
    with locked(path):
        count = read_count(path)
        after = successor_of(path)
        if after and not is_successor(path, successor):
            raise OfficeError(f"{path} has a successor already: {after}")
        write_atomic(_successor_file(path), os.fsencode(_way_to(successor, path)) + b"\n")
    return count


def successor_of(path: Path) -> str:
    """The file of the key that took this one's place, seen from its folder, or nothing."""
    try:
        return os.fsdecode(read_bounded(_successor_file(path), _NAME_BYTES_MAX)).strip("\n")
    except FileNotFoundError:
        return ""


def is_successor(path: Path, successor: Path) -> bool:
    """Whether that key took the place of the one at `path`."""
    return successor_of(path) == _way_to(successor, path)


def predecessors_of(path: Path) -> list[Path]:
    """The keys in the same folder whose place this one took."""
    beside = sorted(path.parent.glob("*.successor"))[:_KEYS_BESIDE_MAX]
    return [one for one in (_key_of(file) for file in beside) if is_successor(one, path)]


def key_of_passes(path: Path, kid: bytes) -> Path | None:
    """The key in the same folder whose status list has that key id, so far as it says itself."""
    beside = sorted(path.parent.glob("*.status"))[:_KEYS_BESIDE_MAX]
    return next((key for key in map(_key_of, beside) if kid_of(key) == kid), None)


def kid_of(path: Path) -> bytes | None:
    """The key id that the status list beside `path` has, so far as it says itself."""
    try:
        data = read_bounded(status_file(path), STATUS_SIGNED_BYTES_MAX)
        kid = cose.read(data, bytes_max=STATUS_SIGNED_BYTES_MAX).protected.get(cose.HEADER_KEY_ID)
    except (OSError, OfficeError, CredentialError):
        return None
    return kid if isinstance(kid, bytes) else None


def counter_file(path: Path) -> Path:
    """Where the next number of that key stands."""
    return path.with_suffix(".counter")


def status_file(path: Path) -> Path:
    """The signed list of that key's revoked passes."""
    return path.with_suffix(".status")


def _successor_file(path: Path) -> Path:
    return path.with_suffix(".successor")


def _key_of(file: Path) -> Path:
    """The key that one of these files lies beside: by our own habit it ends in `.key`."""
    return file.with_suffix(".key")


def _way_to(successor: Path, path: Path) -> str:
    return os.path.relpath(successor.resolve(), path.resolve().parent)


def _write_count(path: Path, count: Count) -> None:
    end = "" if count.until_s is None else f" {count.until_s}"
    write_atomic(counter_file(path), f"{count.issued}{end}\n".encode(), KEY_MODE)


def _refuse_where_nothing_is(path: Path) -> None:
    if not any(file.exists() for file in (path, counter_file(path), status_file(path))):
        raise OfficeError(f"{path} is not there; make a key with `gate pass keygen`")


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Alone with the books of that key, among all processes that keep to this lock.

    Waits for the one that has it.

    Raises:
        OfficeError: there is no such key; nothing is made.
    """
    _refuse_where_nothing_is(path)
    with _lock(path):
        yield


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, KEY_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
