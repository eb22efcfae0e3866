"""Where a file is looked for on mounted media."""

from pathlib import Path

import pytest

from drivers.trust import mounted
from drivers.trust.mounted import ENTRIES_MAX, FOLDERS_MAX, mounted_files

NAME = "gate-trust.bundle"


def nobody(path: Path, error: OSError) -> None:
    raise AssertionError(path) from error


def test_media_have_bounds(tmp_path: Path) -> None:
    """However many folders are mounted, so many of each are looked into."""
    for number in range(FOLDERS_MAX + 3):
        (tmp_path / f"{number:03}").mkdir()
        (tmp_path / "000" / f"{number:03}").mkdir()
    assert len(mounted_files([tmp_path], NAME, nobody)) == 1 + 2 * FOLDERS_MAX
    missing = tmp_path / "none"
    assert mounted_files([missing], NAME, nobody) == [missing / NAME]


def test_a_folder_of_many_things_takes_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many of its entries are looked at and no more, whatever they are."""
    monkeypatch.setattr(mounted, "ENTRIES_MAX", 2)
    for number in range(4):
        (tmp_path / f"{number}").mkdir()
    assert len(mounted_files([tmp_path], NAME, nobody)) == 1 + 2
    assert ENTRIES_MAX > FOLDERS_MAX


def test_a_stick_full_of_folders_hides_no_other(tmp_path: Path) -> None:
    """A bound is each folder's own: the other stick is still looked into."""
    for number in range(FOLDERS_MAX):
        (tmp_path / "AAA" / f"{number:02}").mkdir(parents=True)
    (tmp_path / "pi" / "STICK").mkdir(parents=True)
    assert tmp_path / "pi" / "STICK" / NAME in mounted_files([tmp_path], NAME, nobody)


def test_a_folder_that_may_not_be_entered(tmp_path: Path) -> None:
    """Told, because a stick may be behind it; what is no folder is not."""
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    told: list[Path] = []
    mounted_files(
        [tmp_path / "loop", tmp_path / "file"], NAME, lambda path, _error: told.append(path)
    )
    assert told == [tmp_path / "loop"]
