"""House rules of the tree: what may be committed, and what the requirement files promise."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FILES = ("run", "demo", "dev", "lock")
PYTHONS = ("3.11", "3.12", "3.13")
MACHINES = ("x86_64", "aarch64")

# Each is written so that this file does not name what it looks for.
INDEX_HOSTS = r"p[y]pi\.org|p[y]thonhosted|n[p]mjs\.|d[e]b\.debian|c[r]ates\.io"
MACHINE_PATHS = r"/w[o]rk/|/r[o]ot/|/t[m]p/bash|\.lib[r]ary/"
LOCK_FILES = {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "package-lock.json"}
OPTIONS_THAT_NAME_AN_INDEX = re.compile(
    r"^\s*(-i|-f|--index|--extra-index|--find-links|--trusted)|://"
)
ENTRY = re.compile(
    r"^(?P<name>[\w.-]+)(?:\[[\w,.-]+\])?==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))? \\$",
    re.MULTILINE,
)


def _tracked() -> list[Path]:
    """Every file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def _pins(name: str) -> dict[str, str]:
    """Package and version of each entry of a requirement file."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return {found["name"]: found["version"] for found in ENTRY.finditer(text)}


def test_no_index_host_and_no_path_of_a_machine_is_committed() -> None:
    """The tree builds anywhere: whoever clones it chooses where packages come from."""
    names = re.compile(f"{INDEX_HOSTS}|{MACHINE_PATHS}", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in _tracked()
        for hit in names.finditer(path.read_bytes().decode("utf-8", "replace"))
    ]
    assert not found


def test_no_lock_file_that_names_its_index() -> None:
    """Requirement files with hashes pin as well, and name no host."""
    assert not LOCK_FILES & {path.name for path in _tracked()}


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned_with_hashes_and_names_no_index(name: str) -> None:
    """The file that was tested is the file that is installed, wherever it is fetched from."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if OPTIONS_THAT_NAME_AN_INDEX.search(line)]
    starts = [line for line in text.splitlines() if line and line[0] not in " #"]
    assert len(starts) == len(list(ENTRY.finditer(text)))
    for entry in re.split(r"^(?=\w)", text, flags=re.MULTILINE):
        assert not entry.strip() or re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_the_requirement_files_agree() -> None:
    """What is demonstrated and what stands at a door is what was tested."""
    dev = _pins("dev")
    for name in ("run", "demo"):
        pins = _pins(name)
        assert pins.items() <= dev.items()
    assert _pins("run").items() <= _pins("demo").items()


def test_the_requirement_files_are_fresh() -> None:
    """A dependency added to pyproject.toml is in the files too: `make lock`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    wanted = {
        "run": project["project"]["dependencies"],
        "demo": extras["demo"] + project["dependency-groups"]["build"],
        "dev": extras["dev"],
        "lock": project["dependency-groups"]["lock"],
    }
    stale = []
    for name, lines in wanted.items():
        pins = _pins(name)
        for need in map(Requirement, lines):
            version = pins.get(canonicalize_name(need.name))
            if version is None or not need.specifier.contains(version):
                stale.append(f"{name}.txt: {need} against {version}")
    assert not stale


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("machine", MACHINES)
def test_the_requirement_files_hold_for_every_supported_machine(python: str, machine: str) -> None:
    """One file for each Python and processor: no package of it is left out on one of them."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_machine": machine,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    text = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    markers = [found["marker"] for found in ENTRY.finditer(text)]
    assert all(marker is None or Marker(marker).evaluate(environment) for marker in markers)
