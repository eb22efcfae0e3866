"""House rules of the pages: nothing promised that isn't there."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
DECISION_HEADINGS = ("Context", "Decision", "Consequences")
INNER_TARGETS = {"ready-demo", "ready-dev", "test-pythons-short"}
"""Steps of other targets: nobody asks for them by name."""


def _makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def _project() -> dict[str, str]:
    project: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    return project


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """A reader who follows a link inside the tree arrives."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", text)
    lost = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not lost


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_why_what_and_what_follows(page: Path) -> None:
    """Whoever doubts a decision finds what was known when it was taken."""
    text = page.read_text(encoding="utf-8")
    assert re.match(r"# .+", text)
    headings = re.findall(r"^## (\w+)", text, re.MULTILINE)
    assert set(DECISION_HEADINGS) <= set(headings), headings


def test_decisions_have_numbers_of_their_own() -> None:
    """ADR 7 is one page."""
    numbers = [page.name.split("-")[0] for page in DECISIONS]
    assert len(numbers) == len(set(numbers))
    assert all(re.fullmatch(r"[0-9]{4}", number) for number in numbers)


def test_every_target_is_explained_by_make_help() -> None:
    """`make help` shows all that `make` can do."""
    declared = set(" ".join(re.findall(r"^\.PHONY: (.+)$", _makefile(), re.MULTILINE)).split())
    explained = set(re.findall(r"^([a-z-]+):.*## \S", _makefile(), re.MULTILINE))
    assert declared - INNER_TARGETS == explained


def test_every_script_of_the_makefile_exists() -> None:
    """No target leads to a script that isn't there."""
    scripts = re.findall(r"\b(?:tests|docs|requirements)/[\w/]+\.(?:py|sh)\b", _makefile())
    assert scripts
    assert not [script for script in scripts if not (ROOT / script).is_file()]


def test_every_make_target_that_a_page_names_exists() -> None:
    """What the pages tell a reader to type works."""
    targets = set(re.findall(r"^([a-z-]+):", _makefile(), re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(
            r"(?:`|^    )make ([a-z][a-z-]*)", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    unknown = named - targets
    assert not unknown


def test_the_changelog_knows_this_version() -> None:
    """A user sees what the version that runs has brought."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    assert headings[0] in {"Unreleased", _project()["version"]}


def test_the_table_of_licences_is_fresh_and_has_only_what_goes_with_ours() -> None:
    """Every pinned package has a licence that Apache-2.0 can live with: `make docs`."""
    checked = subprocess.run(
        [sys.executable, ROOT / "docs" / "make_licences.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_page_of_the_states_is_drawn_from_the_table() -> None:
    """The page and its picture show what the lane does now: `make docs`."""
    checked = subprocess.run(
        [sys.executable, ROOT / "docs" / "make_states.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
