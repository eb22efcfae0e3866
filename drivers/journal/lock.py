"""One process writes a journal; and no epoch of a lane is ever used twice.

Both hang on one small file beside the journal. A database so damaged that its epoch can't be
read any more would otherwise be followed by one with the same number, and the receiver would
take its new records for old ones.
"""

import errno
import fcntl
import os
from pathlib import Path

from drivers.api import DriverError, ErrorKind
from drivers.journal.schema import DEVICE

EPOCH_DIGITS_MAX = 20


def claim(path: Path) -> int:
    """Take the journal's lock; it ends with the process, however that ends.

    Returns:
        The file that holds it, to be closed.

    Raises:
        DriverError: BUSY when another process has it.
    """
    try:
        file = os.open(
            path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
    except OSError as error:
        raise _driver_error(path, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(file)
        raise DriverError(ErrorKind.BUSY, DEVICE, f"{path}: another process writes it") from error
    return file


def epoch_used(file: int) -> int:
    """The highest epoch that was written down, 0 for none."""
    try:
        return int(os.pread(file, EPOCH_DIGITS_MAX, 0))
    except ValueError:
        return 0


def use_epoch(file: int, epoch: int) -> None:
    """Write the epoch down, durably, before a record of it is sent. Never goes back.

    Raises:
        DriverError: the disk does not take it.
    """
    if epoch <= epoch_used(file):
        return
    try:
        os.pwrite(file, b"%*d\n" % (EPOCH_DIGITS_MAX - 1, epoch), 0)
        os.fsync(file)
    except OSError as error:
        raise _driver_error(Path("the epoch"), error) from error


def _driver_error(path: Path, error: OSError) -> DriverError:
    kinds = {
        errno.EACCES: ErrorKind.DENIED,
        errno.EROFS: ErrorKind.DENIED,
        errno.ENOENT: ErrorKind.MISSING,
        errno.ENOSPC: ErrorKind.FULL,
    }
    kind = kinds.get(error.errno or 0, ErrorKind.FAILED)
    return DriverError(kind, DEVICE, f"{path}: {error.strerror}")
