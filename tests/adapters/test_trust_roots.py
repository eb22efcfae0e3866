"""The file of pinned root keys: whole and right, or refused with a word on what is wrong."""

from pathlib import Path

import pytest
from keeperkit import root_block

from drivers.api import DriverError, ErrorKind
from drivers.trust.roots import ROOTS_BYTES_MAX, load_roots, read_roots
from tests.domain.bundlekit import A, B, kid, raw


def roots_file(folder: Path, text: str) -> Path:
    path = folder / "roots.toml"
    path.write_text(text)
    return path


def test_root_keys_of_a_file(tmp_path: Path) -> None:
    """By their ids, with the threshold."""
    path = roots_file(tmp_path, "threshold = 2\n" + root_block(raw(A)) + root_block(raw(B)))
    found = load_roots(path)
    assert found.threshold == 2
    assert set(found.keys) == {kid(A), kid(B)}
    assert load_roots(roots_file(tmp_path, root_block(raw(A)))).threshold == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "root"),
        ("threshold = 1\nroot = []", "threshold"),
        (root_block(b"short"), "32 bytes"),
        (root_block(bytes(32)).replace("public", "private"), "unknown field"),
        ("threshold = 2\n" + root_block(raw(A)), "threshold"),
        ("root = " + "[" * 3_000 + "]" * 3_000, "nested too deeply"),
        ("#" * (ROOTS_BYTES_MAX + 1), "longer than"),
    ],
)
def test_root_keys_that_can_not_be_read(tmp_path: Path, text: str, why: str) -> None:
    """The file is named, and what is wrong in it."""
    with pytest.raises(DriverError, match=why) as refused:
        load_roots(roots_file(tmp_path, text))
    assert refused.value.kind is ErrorKind.CORRUPT
    assert "roots.toml" in refused.value.message


def test_a_file_that_lacks_keys_yet(tmp_path: Path) -> None:
    """Two must sign and one key is there: no gate reads it, and who adds the second one does."""
    path = roots_file(tmp_path, "threshold = 2\n" + root_block(raw(A)))
    found = load_roots(path, unfinished=True)
    assert (found.threshold, set(found.keys)) == (2, {kid(A)})
    with pytest.raises(DriverError, match="longer than"):
        read_roots(b"#" * (ROOTS_BYTES_MAX + 1), path)
    with pytest.raises(DriverError, match="threshold"):
        read_roots(b"threshold = 2\nroot = []", path, unfinished=True)
