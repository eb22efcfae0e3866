"""Giving up, for good, what the vision process does not need. Linux only, through ctypes.

Two moments: `leave_network` at the very start, while there is one thread and nothing is open,
and `leave_files` when the camera streams. Each step is tried by itself; a kernel that lacks one
is no reason not to start, and the names of those that were achieved are reported.

Landlock (Documentation/userspace-api/landlock.rst) binds the calling thread and those it
starts later: the threads that a camera library started at `open` keep their files, and so
`leave_network` already takes the right to write any file outside `/dev` from all of them.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ADDRESS_SPACE_BYTES_MAX = 2 << 30
"""Camera libraries map much and use little."""
DATA_BYTES_MAX = 512 << 20
"""Private memory: what a decoder run wild could take from the lane."""
FILES_MAX = 256

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000

# linux/landlock.h. The call numbers are the same on every architecture.
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION = 1
_LANDLOCK_PATH_BENEATH = 1
_FS_EXECUTE, _FS_WRITE_FILE, _FS_READ_FILE, _FS_READ_DIR = 1, 2, 4, 8
_FS_MAKE = 0x1FF0
"""Remove and make anything: bits 4 to 12."""
_FS_REFER, _FS_TRUNCATE = 1 << 13, 1 << 14
_FS_READ = _FS_READ_FILE | _FS_READ_DIR
_NET_TCP = 3
_SCOPES = 3
"""Abstract sockets and signals of other processes."""
_ABI_REFER, _ABI_TRUNCATE, _ABI_NET, _ABI_SCOPES = 2, 3, 4, 6

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    """`struct landlock_ruleset_attr`."""

    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    """`struct landlock_path_beneath_attr`."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def die_with(parent_pid: int) -> None:
    """End this process when its parent ends.

    Raises:
        ProcessLookupError: the parent has ended already.
    """
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        raise ProcessLookupError(f"parent {parent_pid} is gone")


def leave_network() -> list[str]:
    """Bound the resources; give up new privileges, the network, and writing outside `/dev`.

    Call it with one thread. What is achieved of `limits`, `no-new-privs`, `network`, `read-only`.
    """
    return _achieved(
        ("limits", _limit),
        ("no-new-privs", lambda: _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)),
        ("network", _unshare_network),
        ("read-only", _forbid_writing),
    )


def leave_files(readable: Iterable[Path] = ()) -> list[str]:
    """Give up every file that is not open: `no-files` where achieved.

    Args:
        readable: folders or files that may still be read. What Python imports from may be
            anyway, so that a late import does not fail.
    """
    # Not only this environment's own folders: on a Pi numpy and libcamera are the system's.
    paths = [*filter(None, sys.path), *(str(path) for path in readable)]
    everything = _FS_EXECUTE | _FS_WRITE_FILE | _FS_READ | _FS_MAKE
    return _achieved(("no-files", lambda: _landlock(everything, dict.fromkeys(paths, _FS_READ))))


def _achieved(*steps: tuple[str, Callable[[], None]]) -> list[str]:
    """Names of the steps that the kernel permitted."""
    done = []
    for name, step in steps:
        try:
            step()
        except (OSError, ValueError):
            continue
        done.append(name)
    return done


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES_MAX),
        (resource.RLIMIT_DATA, DATA_BYTES_MAX),
        (resource.RLIMIT_NOFILE, FILES_MAX),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))


def _unshare_network() -> None:
    """A network namespace with nothing in it, not even a loopback that is up.

    A user namespace is taken only where it is needed, because it also loses root's rights over
    devices.
    """
    try:
        _call("unshare", _CLONE_NEWNET)
    except PermissionError:
        _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET)


def _forbid_writing() -> None:
    writing = _FS_WRITE_FILE | _FS_MAKE
    _landlock(writing, {"/dev": _FS_WRITE_FILE | _FS_TRUNCATE})


def _landlock(rights: int, allowed: dict[str, int]) -> None:
    """Give up those rights everywhere but beneath the allowed paths, and TCP with them.

    Raises:
        OSError: the kernel has no Landlock, or it is switched off.
    """
    abi = _syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
    if abi >= _ABI_REFER:
        rights |= _FS_REFER
    if abi >= _ABI_TRUNCATE:
        rights |= _FS_TRUNCATE
    rules = _Ruleset(
        handled_access_fs=rights,
        handled_access_net=_NET_TCP if abi >= _ABI_NET else 0,
        scoped=_SCOPES if abi >= _ABI_SCOPES else 0,
    )
    size = 24 if abi >= _ABI_SCOPES else 16 if abi >= _ABI_NET else 8
    ruleset = _syscall(_LANDLOCK_CREATE, ctypes.byref(rules), size, 0)
    try:
        for path, permitted in allowed.items():
            _allow(ruleset, path, permitted & rights)
        _syscall(_LANDLOCK_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not Path(path).is_dir():
            rights &= ~_FS_READ_DIR
        rule = _PathBeneath(allowed_access=rights, parent_fd=target)
        _syscall(_LANDLOCK_ADD, ruleset, _LANDLOCK_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(target)


def _call(name: str, *args: int) -> None:
    """A function of libc that returns 0, or fails.

    Raises:
        OSError: with its errno.
    """
    if getattr(_libc, name)(*(ctypes.c_ulong(arg) for arg in args)) != 0:
        _raise(name)


def _syscall(number: int, *args: object) -> int:
    """A system call that libc does not name.

    Raises:
        OSError: with its errno.
    """
    words = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result: int = _libc.syscall(ctypes.c_long(number), *words)
    if result < 0:
        _raise(f"system call {number}")
    return result


def _raise(what: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, f"{what}: {os.strerror(number)}")
