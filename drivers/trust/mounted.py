"""Where a file lies on what is mounted, within bounds, whatever somebody's stick holds."""

import os
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

FOLDERS_MAX = 32
"""Folders in one folder that are looked into: many more than there are ports for sticks."""
ENTRIES_MAX = 1_024
"""Of one folder that are looked at for that."""
_LEVELS = 2

Unreadable = Callable[[Path, OSError], None]
"""Told of a folder or file that may not be looked at, and why. Not of one that is not there."""


def mounted_files(media: Iterable[Path], name: str, unreadable: Unreadable) -> list[Path]:
    """Where a file of that name would lie on what is mounted under these folders: in each itself,
    in the folders in it, and one level deeper, because desktops mount under a user's name."""
    level = list(media)
    folders = list(level)
    for _ in range(_LEVELS):
        level = [inner for folder in level for inner in _subfolders(folder, unreadable)]
        folders += level
    return [folder / name for folder in folders]


def _subfolders(folder: Path, unreadable: Unreadable) -> list[Path]:
    """A bound for each folder, so that a stick full of folders hides no other stick."""
    try:
        with os.scandir(folder) as found:
            entries = islice(found, ENTRIES_MAX)
            inner = [each.path for each in entries if each.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        unreadable(folder, error)
        return []
    return [Path(path) for path in sorted(inner)[:FOLDERS_MAX]]
