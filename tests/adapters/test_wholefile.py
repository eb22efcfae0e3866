"""Reading and replacing files as a whole."""

import os
from pathlib import Path

import pytest

from drivers.api import DriverError, ErrorKind
from drivers.wholefile import read_whole, write_atomic


def refusal(path: Path, bytes_max: int = 10) -> DriverError:
    with pytest.raises(DriverError) as caught:
        read_whole(path, bytes_max, "a device")
    return caught.value


def handles() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the folder of this very process


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """As a whole, up to the bound itself, with the mode that was asked for."""
    path = tmp_path / "file"
    write_atomic(path, b"0123456789", 0o600)
    assert read_whole(path, 10, "a device") == b"0123456789"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_what_is_no_file(tmp_path: Path) -> None:
    """A folder, a pipe that nobody writes, a device, a name that can be none: refused at once,
    and no handle is left open, which would keep a stick busy."""
    folder, pipe = tmp_path / "folder", tmp_path / "pipe"
    folder.mkdir()
    os.mkfifo(pipe)
    before = handles()
    for path in (folder, pipe, Path(os.devnull), Path("a\0b")):
        assert refusal(path).kind is ErrorKind.CORRUPT
    assert handles() == before


def test_what_is_too_long_or_not_there(tmp_path: Path) -> None:
    """By the path that was asked for."""
    path = tmp_path / "file"
    assert refusal(path).kind is ErrorKind.MISSING
    path.write_bytes(bytes(11))
    assert refusal(path).kind is ErrorKind.CORRUPT
    assert str(path) in refusal(path).message


def test_a_file_that_can_not_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    """And nothing of the attempt is left."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "inner").write_bytes(b"kept")
    with pytest.raises(OSError, match="folder"):
        write_atomic(folder, b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]
    assert (folder / "inner").read_bytes() == b"kept"
