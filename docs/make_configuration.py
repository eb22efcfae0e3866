"""Makes `docs/reference/configuration.md`: every key of a lane's file.

Keys, bounds and defaults come from the code; what a key means, from its comment in
`docs/how-to/gate.toml`. A key without a comment there is refused. With `--check` nothing is
written, and the exit code is 1 when the page is stale.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import inspect

from drivers.wiring import INPUT_ROLES, OUTPUT_ROLES, InputName, OutputName, Wiring
from firmware.config import CONFIG_BYTES_MAX, CONFIG_PATH, Config
from firmware.config.effective import written
from firmware.config.keys import ANY, Key, Place, every_key, table_of
from firmware.config.wording import dotted, figure, heading, wanted

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "configuration.md"
EXAMPLE = ROOT / "docs" / "how-to" / "gate.toml"
EXAMPLE_MARK = " (example)"

HEAD = f"""# Configuration

Made by `make docs` from the code and from the comments in [gate.toml](../how-to/gate.toml), the
example that has every key; a test fails when it is stale. How to begin:
[Configure a lane](../how-to/configure-a-lane.md).

One TOML file a lane, `{CONFIG_PATH}` where no other is named, UTF-8, up to {CONFIG_BYTES_MAX:,}
bytes. It is read whole, once, at start. An unknown key, a value out of its bounds or a
contradiction is an error that names the key; `gate check-config` shows all of them at once. A path
that does not begin with `/` starts at the folder of the file. Numbers may have `_` between digits.
"""


def comments(text: str) -> dict[str, str]:
    """What stands above each key and table of the example, by its dotted place."""
    found: dict[str, str] = {}
    table = ""
    words: list[str] = []
    for line in text.splitlines():
        if line.startswith("# "):
            words.append(line[2:])
            continue
        header = re.fullmatch(r"#?\[{1,2}([a-z0-9_.]+)\]{1,2}", line)
        key = re.match(r"#?([a-z0-9_]+) = ", line)
        if header:
            table = header[1]
            found.setdefault(table, " ".join(words))
        elif key:
            found.setdefault(f"{table}.{key[1]}" if table else key[1], " ".join(words))
        words = []
    return found


def _rows(keys: list[Key], said: dict[str, str]) -> Iterator[str]:
    yield "| key | value | default | meaning |\n|---|---|---|---|\n"
    for key in keys:
        value = _cell(wanted(key, key.kind, key.place).removeprefix("it as "))
        yield f"| `{key.name}` | {value} | {_default(key)} | {_said(key.place, said)} |\n"


def _said(place: Place, said: dict[str, str]) -> str:
    """Raises SystemExit: the example has no comment on it."""
    where = dotted(place)
    for known, words in said.items():
        if words and re.fullmatch(where.replace(ANY, "[a-z0-9_]+"), known):
            return _cell(words.removesuffix(EXAMPLE_MARK))
    raise SystemExit(f"{EXAMPLE.relative_to(ROOT)} says nothing of {where}: add its comment")


def _default(key: Key) -> str:
    if key.required:
        return "required"
    value = written(key, key.kind, key.default)
    return "" if value is None else f"`{_cell(json.dumps(value, ensure_ascii=False))}`"


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _sections(said: dict[str, str]) -> Iterator[str]:
    keys = list(every_key(Config))
    tables: dict[Place, list[Key]] = {(): []}
    for key in keys:
        if table_of(key.kind) is not None and not isinstance(key.kind, inspect.DictType):
            tables[key.place] = []
    for key in keys:
        if table_of(key.kind) is None:
            tables.setdefault(key.place[:-1], []).append(key)
    for place, inside in tables.items():
        title = f"`{heading(place)}`" if place else "At the top, above the first table"
        yield f"\n## {title}\n\n"
        if place and ANY not in place:
            yield f"{_said(place, said)}\n\n"
        if ANY in place:
            yield from (_outputs if "outputs" in place else _inputs)(said)
        yield from _rows(inside, said)


def _outputs(said: dict[str, str]) -> Iterator[str]:
    yield "| NAME | meaning | default GPIO | longest time on, default | and at most |\n"
    yield "|---|---|---|---|---|\n"
    lines = Wiring().outputs
    for name in OutputName:
        role = OUTPUT_ROLES[name]
        line = lines[name].line if name in lines else "none"
        place = ("wiring", "outputs", name.value)
        yield (
            f"| `{name}` | {_said(place, said)} | {line} | {_ms(role.on_ms_max)} | "
            f"{_ms(role.on_ms_limit)} |\n"
        )
    yield "\n"


def _inputs(said: dict[str, str]) -> Iterator[str]:
    yield "| NAME | active when | default GPIO | contact | debounce, default | and at most |\n"
    yield "|---|---|---|---|---|---|\n"
    lines = Wiring().inputs
    for name in InputName:
        role = INPUT_ROLES[name]
        fixed = ", and no other" if role.contact_fixed else ""
        line = lines[name].line if name in lines else "none"
        place = ("wiring", "inputs", name.value)
        yield (
            f"| `{name}` | {_said(place, said)} | {line} | {role.contact}{fixed} | "
            f"{_ms(role.debounce_ms)} | {_ms(role.debounce_ms_max)} |\n"
        )
    yield "\n"


def _ms(limit_ms: int | None) -> str:
    return "no limit" if limit_ms is None else f"{figure(limit_ms)} ms"


def _page() -> str:
    return HEAD + "".join(_sections(comments(EXAMPLE.read_text(encoding="utf-8"))))


def main() -> None:
    """Write the page, or with `--check` compare it."""
    page = _page()
    if "--check" not in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
        print(f"{PAGE.relative_to(ROOT)} written.")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page:
        raise SystemExit("docs/reference/configuration.md is stale: make docs")


if __name__ == "__main__":
    main()
