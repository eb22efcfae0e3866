"""Room set aside while there is some, given up when the disk is full.

On a full disk SQLite can't even delete. The ballast lets the lane write down why it stops.
"""

import contextlib
import os
from pathlib import Path

BALLAST_BYTES = 8 * 1024 * 1024
"""About 600 records, each of which writes three pages to the write-ahead log."""


class Ballast:
    """One file of real blocks beside the journal. Called on the journal's thread."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path = path
        self._size_bytes = size_bytes

    @property
    def size_bytes(self) -> int:
        """How much it sets aside when filled."""
        return self._size_bytes

    @property
    def filled(self) -> bool:
        """Whether the room is set aside now."""
        try:
            return self._path.stat().st_size >= self._size_bytes
        except OSError:
            return False

    def fill(self) -> bool:
        """Set the room aside. False when there is none, or hardly more than that."""
        if self.filled:
            return True
        try:
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < self._size_bytes + self._size_bytes // 2:
                return False
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(file, 0, self._size_bytes)
                os.fsync(file)
            finally:
                os.close(file)
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> bool:
        """Give the room up. True when there was some."""
        was_filled = self.filled
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        return was_filled
