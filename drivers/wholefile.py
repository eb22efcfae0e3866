"""A file as a whole: read within a bound, or replaced so that no reader ever sees half of it."""

import os
import stat
import tempfile
from pathlib import Path

from drivers.api import DriverError, ErrorKind


def read_whole(path: Path, bytes_max: int, device: str) -> bytes:
    """A regular file, no longer than that; a pipe or a device that somebody put there is refused
    without waiting for it.

    Args:
        path: where it is.
        bytes_max: how long it may be.
        device: how the error names what the file is for.

    Raises:
        DriverError: it is missing, may not be read, is no such file, or longer.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            # Before anything else: a folder can be opened, and not be made a file of.
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise DriverError(ErrorKind.CORRUPT, device, f"{path} is no file")
            with os.fdopen(handle, "rb", closefd=False) as file:
                data = file.read(bytes_max + 1)
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise DriverError(ErrorKind.MISSING, device, f"{path} is not there") from None
    except PermissionError:
        raise DriverError(ErrorKind.DENIED, device, f"{path} may not be read") from None
    except OSError as error:
        raise DriverError(ErrorKind.FAILED, device, f"{path}: {error.strerror}") from None
    except ValueError:  # a NUL in a name that a file gave
        message = f"{str(path)!r} can't be the name of a file"
        raise DriverError(ErrorKind.CORRUPT, device, message) from None
    if len(data) > bytes_max:
        raise DriverError(ErrorKind.CORRUPT, device, f"{path} is longer than {bytes_max} bytes")
    return data


def write_atomic(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace the file by `data`, wholly or not at all, and durably when this returns.

    Writes beside it, syncs, renames over it, syncs the directory; a reader at any moment, or
    a power cut, finds the old bytes or the new ones.

    Raises:
        OSError: nothing was replaced, and no temporary file is left; it names `path`.
    """
    try:
        _replace(path, data, mode)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # nobody knows the temporary file
        raise


def _replace(path: Path, data: bytes, mode: int) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
