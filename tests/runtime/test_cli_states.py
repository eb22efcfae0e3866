"""`gate show-states`: what it prints is what the lane does, in each of its forms."""

import re
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from firmware import diagrams
from firmware.cli import cli
from gate.transitions import STATES, TRANSITIONS

NAMES = {state.__name__ for state in STATES}
TABLE = {(row.source.__name__, row.target.__name__) for row in TRANSITIONS}
SVG = "{http://www.w3.org/2000/svg}"


def shown(*words: str, columns: int = 100) -> str:
    """What the command prints on a terminal of that width."""
    result = CliRunner().invoke(cli, ["show-states", *words], env={"COLUMNS": str(columns)})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_arrows_are_the_table() -> None:
    """Groups and all: taken apart again, not one way more and not one less."""
    expanded = [pair for arrow in diagrams.arrows() for pair in diagrams.expanded(arrow)]
    assert set(expanded) == TABLE
    assert len(expanded) == len(TABLE)
    assert {arrow.on for arrow in diagrams.arrows()} == {row.on for row in TRANSITIONS}


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_the_table_names_every_state_and_every_way(columns: int) -> None:
    """On a narrow terminal too, nothing is cut off."""
    text = shown(columns=columns)
    assert all(name in text for name in NAMES)
    flat = " ".join(re.sub(r"[│─]", " ", text).split())
    assert flat.count("Emergency") >= 3
    assert all(len(line) <= columns for line in text.splitlines())
    if columns == 200:
        assert all(row.on in text for row in TRANSITIONS)
        assert all(diagrams.meaning(state) in text for state in STATES)


def test_mermaid_has_every_arrow() -> None:
    """Read back from its own text: the same pairs of states, and no word that ends a line."""
    text = shown("--format", "mermaid")
    assert text.startswith("stateDiagram-v2\n")
    assert text.count("{") == text.count("}") == len(diagrams.GROUPS)
    found: set[tuple[str, str]] = set()
    for source, target in re.findall(r"^ +(\w+) --> (\w+)", text, re.MULTILINE):
        found |= diagrams.expanded(diagrams.Arrow(source, target, ""))
    assert found == TABLE
    assert ";" not in text
    assert f"[*] --> {diagrams.FIRST}" in text


def test_graphviz_has_every_arrow() -> None:
    """An edge of a group is one of its states, cut off at the group's border."""
    text = shown("--format", "dot")
    edges = re.findall(r"^ +(\w+) -> (\w+) \[(.+)\];$", text, re.MULTILINE)
    found: set[tuple[str, str]] = set()
    for source, target, attributes in edges:
        tail = re.search(r"ltail=cluster_(\w+)", attributes)
        head = re.search(r"lhead=cluster_(\w+)", attributes)
        arrow = diagrams.Arrow(tail[1] if tail else source, head[1] if head else target, "")
        assert source in diagrams.GROUPS.get(arrow.source, {source})
        assert target in diagrams.GROUPS.get(arrow.target, {target})
        found |= diagrams.expanded(arrow)
    assert found == TABLE
    assert text.count("{") == text.count("}")


def test_the_picture_is_a_picture() -> None:
    """Well-formed; a box for every state and group, a line for every arrow, words for each."""
    root = ET.fromstring(shown("--format", "svg"))
    words = {element.text for element in root.iter(f"{SVG}text")}
    assert words >= NAMES
    assert words >= {row.on for row in TRANSITIONS}
    assert words >= set(diagrams.TITLES.values())
    lines = [path for path in root.iter(f"{SVG}path") if path.get("marker-end")]
    assert len(lines) == len(diagrams.arrows())


def test_every_arrow_of_the_picture_goes_from_border_to_border() -> None:
    """It begins on the box that it leaves and ends on the one that it reaches, and no route is left
    over from a way that is no more."""
    assert set(diagrams.ROUTES) == {(arrow.source, arrow.target) for arrow in diagrams.arrows()}
    for (source, target), points in diagrams.ROUTES.items():
        assert _on_border(points[0], diagrams.BOXES[source]), (source, target)
        assert _on_border(points[-1], diagrams.BOXES[target]), (source, target)
    width, height = diagrams.SIZE
    for box in diagrams.BOXES.values():
        assert 0 <= box.x <= box.x + box.width <= width
        assert 0 <= box.y <= box.y + box.height <= height
    for inner, outer in (("Stages", "InService"), *_insides()):
        a, b = diagrams.BOXES[inner], diagrams.BOXES[outer]
        assert b.x < a.x < a.x + a.width < b.x + b.width, inner
        assert b.y < a.y < a.y + a.height < b.y + b.height, inner


def _insides() -> list[tuple[str, str]]:
    return [(name, group) for group, names in diagrams.GROUPS.items() for name in names]


def _on_border(point: tuple[int, int], box: diagrams.Box) -> bool:
    x, y = point
    right, bottom = box.x + box.width, box.y + box.height
    inside = box.x <= x <= right and box.y <= y <= bottom
    return inside and (x in {box.x, right} or y in {box.y, bottom})


def test_an_unknown_form_is_refused_with_those_that_there_are() -> None:
    """A technician reads what may be typed."""
    result = CliRunner().invoke(cli, ["show-states", "--format", "pdf"])
    assert result.exit_code == 2
    assert all(form in result.output for form in ("table", "mermaid", "dot", "svg"))
