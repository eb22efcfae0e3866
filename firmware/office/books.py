"""What must never be forgotten of an office's key, in files beside it.

For `office.key` these are `office.counter` (the next status index, so that none is given twice,
and when the last pass runs out), `office.status` (the signed list of revoked passes, for the
gates), `office.successor` (the key that took its place, once there is one) and `office.lock` (held
while one of them changes, so that two clerks at once get two numbers). With a signer command there
is no `office.key`, and the books keep its name.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from drivers.wholefile import write_atomic
from firmware.office.errors import OfficeError
from firmware.office.signer import KEY_MODE, read_bounded
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


class Count(Struct, frozen=True):
    """What a key has issued."""

    issued: int
    """Passes; also the next status index."""
    until_s: int
    """Unix second at which the last of them runs out; 0 where none was issued."""

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
            raise OfficeError(
                f"{there} is there already, and a key is never overwritten; give another --key"
            )


def open_books(path: Path, signer: Signer, at_s: int) -> None:
    """Begin the books of a new key: nothing issued, nothing revoked.

    Raises:
        OfficeError: there are books of that name already.
    """
    if counter_file(path).exists() or status_file(path).exists():
        raise OfficeError(f"{path} has its books already")
    kid = key_id(signer.public_key().public_bytes_raw())
    _write_count(path, Count(0, 0))
    write_atomic(status_file(path), issue_status(empty_status(kid, at_s), signer))


def take_numbers(path: Path, count: int, until_s: int) -> range:
    """The next status indices of the key at `path`, all or none.

    They are spent, durably, when this returns. `until_s` is when the last of these passes ends.

    Raises:
        OfficeError: the counter is missing or damaged, the key has a successor, or not so many
            indices left.
    """
    with _locked(path):
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
        _write_count(path, Count(end, max(present.until_s, until_s)))
        return range(present.issued, end)


def revoke_numbers(path: Path, signer: Signer, numbers: Iterable[int], at_s: int) -> Path:
    """Sign a newer status list with those passes revoked, and return its file.

    Raises:
        OfficeError: one was never issued, or the present list is missing or not the key's.
    """
    status_path = status_file(path)
    public = signer.public_key().public_bytes_raw()
    own = trust_list([issuer_key(public, "office", PASS_KINDS)])
    with _locked(path):
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
        raise OfficeError(
            f"{counter} is not there, and a pass number must never be given twice; "
            "write into it a number above every pass that this key has issued"
        ) from None
    if len(words) not in {1, 2} or not all(word.isdigit() for word in words):
        raise OfficeError(f"{counter} holds no number; write into it the next free pass number")
    issued, until_s = int(words[0]), int(words[1]) if len(words) > 1 else 0
    if issued > STATUS_INDEX_END or until_s >= TIME_S_END:
        raise OfficeError(f"{counter} holds a number that no key can reach; bring back a copy")
    return Count(issued, until_s)


def retire(path: Path, successor: Path) -> None:
    """From now on the key at `path` issues nothing; it still signs its status list."""
    with _locked(path):
        name = os.path.relpath(successor.resolve(), path.resolve().parent)
        write_atomic(_successor_file(path), f"{name}\n".encode())


def successor_of(path: Path) -> str:
    """The file of the key that took this one's place, or nothing."""
    try:
        return read_bounded(_successor_file(path), _NAME_BYTES_MAX).decode(errors="replace").strip()
    except FileNotFoundError:
        return ""


def counter_file(path: Path) -> Path:
    """Where the next number of that key stands."""
    return path.with_suffix(".counter")


def status_file(path: Path) -> Path:
    """The signed list of that key's revoked passes."""
    return path.with_suffix(".status")


def _successor_file(path: Path) -> Path:
    return path.with_suffix(".successor")


def _write_count(path: Path, count: Count) -> None:
    write_atomic(counter_file(path), b"%d %d\n" % (count.issued, count.until_s), KEY_MODE)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone among all processes that keep to this lock; waits for the one that has it."""
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, KEY_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
