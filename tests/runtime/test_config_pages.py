"""The pages about the file say what the code does: the example, the how-to, the reference."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from firmware.config import Config, effective, load_config, parse_config
from firmware.config.keys import ANY, every_key, table_of
from firmware.config.wording import dotted

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLE = DOCS / "how-to" / "gate.toml"
HOW_TO = DOCS / "how-to" / "configure-a-lane.md"
BEHIND_A_HASH = re.compile(r"^#(\[|[a-z0-9_]+ = )", re.MULTILINE)
"""A line of the example that is TOML but for its first character."""


def _leaves(table: dict[str, object], place: str = "") -> dict[str, object]:
    """Every value of the effective configuration, by its dotted place."""
    found: dict[str, object] = {}
    for name, value in table.items():
        here = f"{place}.{name}" if place else name
        found |= _leaves(value, here) if isinstance(value, dict) else {here: value}
    return found


def _without_default(text: str) -> set[str]:
    """Places in the example whose comment ends with (example), and whole tables of that kind."""
    found: set[str] = set()
    table = ""
    is_table = is_example = False
    for line in text.splitlines():
        if line.startswith("# "):
            is_example = line.endswith(" (example)")
            continue
        header = re.fullmatch(r"#?\[+([a-z0-9_.]+)\]+", line)
        key = re.match(r"#?([a-z0-9_]+) = ", line)
        if header:
            table, is_table = header[1], is_example
            if is_example:
                found.add(table)
        elif key and (is_example or is_table):
            found.add(f"{table}.{key[1]}" if table else key[1])
    return found


def test_the_example_is_a_lane() -> None:
    """Copied as it is, it loads; what it changes, it says."""
    config = load_config(EXAMPLE)
    text = EXAMPLE.read_text(encoding="utf-8")
    changed = _differences(config)
    live = {"board", "camera.kind", "thermometer.kind"}
    assert changed == live | {"trust", "policy.schedule.hours"}
    for words in (
        'which is the default, nothing moves.\nboard = "',
        'default is "simulated".\nkind',
    ):
        assert words in text


def test_the_example_shows_every_default() -> None:
    """Each line behind a # is what holds without it, unless it is marked as an example."""
    text = EXAMPLE.read_text(encoding="utf-8")
    config = parse_config(BEHIND_A_HASH.sub(r"\1", text), EXAMPLE)
    examples = _without_default(text) | {"board", "camera.kind", "thermometer.kind"}
    unmarked = {
        place
        for place in _differences(config)
        if not any(place == one or place.startswith(f"{one}.") for one in examples)
    }
    assert unmarked == set()


def _differences(config: Config) -> set[str]:
    """Places at which that lane is not as it would be by default."""
    default = _leaves(effective(Config(site=config.site, lane=config.lane)))
    ours = _leaves(effective(config))
    return {p for p in default.keys() | ours.keys() if default.get(p) != ours.get(p)}


def test_the_example_has_every_key() -> None:
    """Nobody has to read the code to learn what can be set."""
    text = EXAMPLE.read_text(encoding="utf-8")
    shown: set[str] = set()
    table = ""
    for line in text.splitlines():
        if header := re.fullmatch(r"#?\[+([a-z0-9_.]+)\]+", line):
            table = re.sub(r"^(wiring\.(?:outputs|inputs))\..+", rf"\1.{ANY}", header[1])
        elif key := re.match(r"#?([a-z0-9_]+) = ", line):
            shown.add(f"{table}.{key[1]}" if table else key[1])
    wanted = {dotted(key.place) for key in every_key(Config) if table_of(key.kind) is None}
    assert shown == wanted


def _blocks() -> list[str]:
    """The pieces of TOML in the how-to."""
    text = HOW_TO.read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)
    keys = re.compile(r"^\w+ = ", re.MULTILINE)
    return [block for block in map(textwrap.dedent, blocks) if keys.search(block)]


@pytest.mark.parametrize("block", _blocks(), ids=lambda block: str(block.split()[0]))
def test_what_the_how_to_shows_can_be_written(block: str) -> None:
    """Each piece by itself makes a lane, with the ids and the trust file."""
    head = "" if "site = " in block else 'site = "hall"\nlane = "north"\ntrust = "trust.toml"\n'
    assert parse_config(head + block, HOW_TO).lane == "north"


def test_the_how_to_shows_enough() -> None:
    """The pieces are found: whole lane, certificates, hours, wires, broker, stages."""
    assert len(_blocks()) == 6


def test_the_reference_page_is_fresh() -> None:
    """Every key, bound and default as the code has it: `make docs`."""
    checked = subprocess.run(
        [sys.executable, DOCS / "make_configuration.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
