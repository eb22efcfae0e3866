"""The lane's states as a diagram, drawn from the one table that the lane itself obeys.

What holds for every state of a group is one arrow from the group. `expanded` takes an arrow apart
again: a test compares all of them with `gate.transitions.TRANSITIONS`, so that no picture shows
what the lane does not do, or hides what it does.
"""

import html
import inspect
from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from gate.states import Clearing, Idle, OutOfService, State
from gate.transitions import STAGES, STATES, TRANSITIONS, VISIT

GROUPS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "InService": frozenset(state.__name__ for state in (Idle, *VISIT, Clearing)),
        "Stages": frozenset(state.__name__ for state in STAGES),
    }
)
"""Groups of states that are drawn as one box, the largest first; each holds the next."""
TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {"InService": "in service", "Stages": "stages, in policy order"}
)
FIRST: Final = OutOfService.__name__
"""Where a lane begins."""


class Arrow(Struct, frozen=True):
    """From one state or group to another. Within a group: from each state of it to each other."""

    source: str
    target: str
    on: str


def arrows() -> tuple[Arrow, ...]:
    """The table, with groups where all of a group go or are gone to."""
    sources: dict[str, dict[str, None]] = {}
    targets: dict[str, dict[str, None]] = {}
    for row in TRANSITIONS:
        sources.setdefault(row.on, {})[row.source.__name__] = None
        targets.setdefault(row.on, {})[row.target.__name__] = None
    return tuple(
        Arrow(source, target, on)
        for on in sources
        for source, target in product(_grouped(sources[on]), _grouped(targets[on]))
        if source != target or source in GROUPS
    )


def expanded(arrow: Arrow) -> set[tuple[str, str]]:
    """The arrow as pairs of states."""
    pairs = product(
        GROUPS.get(arrow.source, {arrow.source}), GROUPS.get(arrow.target, {arrow.target})
    )
    return {(source, target) for source, target in pairs if source != target}


def ways() -> list[tuple[str, str, tuple[str, ...]]]:
    """The same for a table: from where, on what, to where; what has one source stands together."""
    found: dict[tuple[str, str], list[str]] = {}
    for arrow in arrows():
        found.setdefault((arrow.source, arrow.on), []).append(arrow.target)
    order = [FIRST, *GROUPS, *(state.__name__ for state in STATES if state.__name__ != FIRST)]
    return sorted(
        ((source, on, tuple(targets)) for (source, on), targets in found.items()),
        key=lambda way: order.index(way[0]),
    )


def in_words(name: str, *, other: bool = False) -> str:
    """A state by its name; a group as one of its members, `other` than the one gone from."""
    words = {"InService": "state in service", "Stages": "stage"}.get(name)
    if words is None:
        return name
    return f"another {words}" if other else f"any {words}"


def members(group: str) -> str:
    """The states of a group, in the order of the table."""
    return ", ".join(_in_order(GROUPS[group]))


def meaning(state: type[State]) -> str:
    """What the lane does in that state, from its docstring."""
    text = inspect.getdoc(state) or ""
    return " ".join(text.partition("\n\n")[0].split())


def _grouped(names: dict[str, None]) -> Iterator[str]:
    left = set(names)
    for group, members in GROUPS.items():
        if members <= left:
            left -= members
            yield group
    yield from (name for name in names if name in left)


# --- for pages: Mermaid --------------------------------------------------------------------------


def mermaid() -> str:
    """A Mermaid state diagram, as many readers of Markdown draw it.

    An arrow from a group to itself is drawn between its states, and its words are left out: the
    group's title says them.
    """
    lines = ["stateDiagram-v2", f"    [*] --> {FIRST} : the process starts"]
    lines += _mermaid_group("InService", "    ")
    for arrow in arrows():
        if arrow.source != arrow.target:
            # A semicolon would end the line there.
            words = arrow.on.replace(";", ",")
            lines.append(f"    {arrow.source} --> {arrow.target} : {words}")
    return "\n".join(lines) + "\n"


def _mermaid_group(group: str, indent: str) -> Iterator[str]:
    yield f'{indent}state "{TITLES[group]}" as {group} {{'
    inner = next((other for other, members in GROUPS.items() if members < GROUPS[group]), None)
    if inner is not None:
        yield from _mermaid_group(inner, indent + "    ")
    for name in _in_order(GROUPS[group] - GROUPS.get(inner or "", frozenset())):
        yield f"{indent}    {name}"
    for arrow in arrows():
        if arrow.source == arrow.target == group:
            for source, target in sorted(expanded(arrow)):
                yield f"{indent}    {source} --> {target}"
    yield f"{indent}}}"


def _in_order(names: frozenset[str]) -> list[str]:
    return [state.__name__ for state in STATES if state.__name__ in names]


# --- for Graphviz --------------------------------------------------------------------------------


def dot() -> str:
    """A Graphviz digraph: `gate show-states --format dot | dot -Tpdf`."""
    lines = [
        "digraph lane {",
        "    compound=true; rankdir=LR; nodesep=0.5; ranksep=1.2;",
        '    node [shape=box, style=rounded, fontname="sans-serif"];',
        '    edge [fontname="sans-serif", fontsize=10];',
    ]
    outside = frozenset(state.__name__ for state in STATES) - GROUPS["InService"]
    lines += [f"    {name};" for name in _in_order(outside)]
    lines += _dot_group("InService", "    ")
    for arrow in arrows():
        lines += _dot_edges(arrow)
    return "\n".join([*lines, "}"]) + "\n"


def _dot_group(group: str, indent: str) -> Iterator[str]:
    yield f"{indent}subgraph cluster_{group} {{"
    yield f'{indent}    label="{TITLES[group]}"; style=rounded; fontname="sans-serif";'
    inner = next((other for other, members in GROUPS.items() if members < GROUPS[group]), None)
    if inner is not None:
        yield from _dot_group(inner, indent + "    ")
    for name in _in_order(GROUPS[group] - GROUPS.get(inner or "", frozenset())):
        yield f"{indent}    {name};"
    yield f"{indent}}}"


def _dot_edges(arrow: Arrow) -> Iterator[str]:
    """Graphviz knows no edge of a cluster: it is one between two of its states, cut off."""
    source, target = arrow.source, arrow.target
    if source == target:
        yield from (f"    {a} -> {b} [style=dashed];" for a, b in sorted(expanded(arrow)))
        return
    attributes = [f'label="{arrow.on}"']
    if source in GROUPS:
        attributes.append(f"ltail=cluster_{source}")
        source = _in_order(GROUPS[source])[0]
    if target in GROUPS:
        attributes.append(f"lhead=cluster_{target}")
        target = _in_order(GROUPS[target])[-1]
    yield f"    {source} -> {target} [{', '.join(attributes)}];"


# --- a picture of its own: SVG -------------------------------------------------------------------


class Box(Struct, frozen=True):
    """Where a state or group stands, in pixels."""

    x: int
    y: int
    width: int = 130
    height: int = 44


SIZE: Final = (1000, 860)
BOXES: Final[Mapping[str, Box]] = MappingProxyType(
    {
        "OutOfService": Box(30, 130),
        "Emergency": Box(30, 430),
        "InService": Box(220, 20, 760, 540),
        "Idle": Box(260, 250),
        "Clearing": Box(245, 140, 100),
        "Stages": Box(500, 110, 190, 320),
        "Disinfecting": Box(530, 160),
        "Screening": Box(530, 250),
        "AwaitingCode": Box(530, 340),
        "Granting": Box(810, 120, height=64),
        "Denied": Box(810, 240, height=100),
        "Referred": Box(810, 410, height=64),
    }
)
Points = tuple[tuple[int, int], ...]
ROUTES: Final[Mapping[tuple[str, str], Points]] = MappingProxyType(
    {
        ("OutOfService", "Idle"): ((160, 142), (232, 142), (232, 272), (260, 272)),
        ("InService", "OutOfService"): ((220, 164), (160, 164)),
        ("OutOfService", "Emergency"): ((75, 174), (75, 430)),
        ("Emergency", "OutOfService"): ((115, 430), (115, 174)),
        ("InService", "Emergency"): ((220, 452), (160, 452)),
        ("Idle", "Clearing"): ((280, 250), (280, 184)),
        ("Clearing", "Idle"): ((320, 184), (320, 250)),
        ("Idle", "Stages"): ((390, 262), (500, 262)),
        ("Stages", "Idle"): ((500, 284), (390, 284)),
        ("Idle", "Granting"): ((378, 250), (378, 85), (850, 85), (850, 120)),
        ("Granting", "Idle"): ((895, 120), (895, 55), (360, 55), (360, 250)),
        ("Idle", "Denied"): ((375, 294), (375, 462), (742, 462), (742, 316), (810, 316)),
        ("Idle", "Referred"): ((350, 294), (350, 486), (720, 486), (720, 448), (810, 448)),
        ("Denied", "Idle"): ((810, 332), (766, 332), (766, 510), (300, 510), (300, 294)),
        ("Referred", "Idle"): ((875, 474), (875, 534), (275, 534), (275, 294)),
        ("Stages", "Stages"): ((570, 430), (570, 446), (620, 446), (620, 430)),
        ("Stages", "Granting"): ((690, 134), (810, 134)),
        ("Stages", "Denied"): ((690, 298), (810, 298)),
        ("Stages", "Referred"): ((690, 422), (810, 422)),
        ("Granting", "Disinfecting"): ((810, 154), (660, 174)),
        ("Granting", "Screening"): ((810, 174), (660, 258)),
        ("Denied", "Disinfecting"): ((810, 256), (660, 192)),
        ("Denied", "Screening"): ((810, 276), (660, 276)),
        ("Granting", "Denied"): ((895, 184), (895, 240)),
        ("Denied", "Granting"): ((850, 240), (850, 184)),
        ("Denied", "Referred"): ((895, 340), (895, 410)),
        ("Referred", "Denied"): ((850, 410), (850, 340)),
        ("Referred", "Granting"): ((940, 442), (962, 442), (962, 152), (940, 152)),
    }
)
"""Every arrow's way from border to border. A new row of the table needs one here."""
LEGEND: Final = (40, 600, 480, 20)
"""Where the words begin, the width of a column of them, the height of a line."""
_STYLE = (
    "text{font:14px sans-serif;fill:#1a1a1a}"
    ".title{font-size:12px;fill:#555}"
    ".word{font-size:13px}"
    "rect{fill:#fff;stroke:#1a1a1a;stroke-width:1.5}"
    ".group{fill:#f4f6f8;stroke:#8896a4;stroke-dasharray:6 4}"
    "path{fill:none;stroke:#3b5b7a;stroke-width:1.5;stroke-linejoin:round}"
    "circle{fill:#3b5b7a}"
    ".number{font-size:10px;fill:#fff;text-anchor:middle}"
)

_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"
 aria-label="States of a lane">
<style>{style}</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"
 orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#3b5b7a"/></marker></defs>
<rect width="{width}" height="{height}" style="stroke:none"/>"""


def svg() -> str:
    """The diagram as a picture: arrows have numbers, and the words stand below."""
    width, height = SIZE
    words = tuple(dict.fromkeys(arrow.on for arrow in arrows()))
    parts = [
        _HEAD.format(width=width, height=height, style=_STYLE),
        *map(_svg_group, GROUPS),
        *(_svg_state(state.__name__) for state in STATES),
    ]
    # Numbers stand above every line.
    parts += [_svg_line(_route(arrow)) for arrow in arrows()]
    parts += [_svg_number(*_on_the_way(_route(arrow)), words.index(arrow.on)) for arrow in arrows()]
    parts += _svg_legend(words)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _route(arrow: Arrow) -> Points:
    return ROUTES[arrow.source, arrow.target]


def _svg_group(group: str) -> str:
    box = BOXES[group]
    return (
        f'<rect class="group" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" '
        f'rx="10"/><text class="title" x="{box.x + 10}" y="{box.y + 20}">'
        f"{html.escape(TITLES[group])}</text>"
    )


def _svg_state(name: str) -> str:
    box = BOXES[name]
    return (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8"/>'
        f'<text x="{box.x + box.width // 2}" y="{box.y + box.height // 2 + 5}" '
        f'text-anchor="middle">{name}</text>'
    )


def _svg_line(points: Points) -> str:
    path = "L".join(f"{x} {y}" for x, y in points)
    return f'<path d="M{path}" marker-end="url(#tip)"/>'


def _svg_number(x: int, y: int, place: int) -> str:
    return (
        f'<circle cx="{x}" cy="{y}" r="8"/>'
        f'<text class="number" x="{x}" y="{y + 4}">{place + 1}</text>'
    )


def _svg_legend(words: tuple[str, ...]) -> Iterator[str]:
    left, top, column, line = LEGEND
    rows = -(-len(words) // 2)
    for place, word in enumerate(words):
        x, y = left + place // rows * column, top + place % rows * line
        yield _svg_number(x, y - 4, place)
        yield f'<text class="word" x="{x + 16}" y="{y}">{html.escape(word)}</text>'


def _on_the_way(points: Points) -> tuple[int, int]:
    """A place on the longest straight piece, nearer to its beginning: not where two cross."""

    def length(piece: int) -> int:
        (x1, y1), (x2, y2) = points[piece], points[piece + 1]
        return abs(x1 - x2) + abs(y1 - y2)

    longest = max(range(len(points) - 1), key=length)
    (x1, y1), (x2, y2) = points[longest], points[longest + 1]
    return x1 + (x2 - x1) * 2 // 5, y1 + (y2 - y1) * 2 // 5
