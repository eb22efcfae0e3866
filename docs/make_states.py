"""Makes `docs/explanation/states.md` and its picture from the table that the lane obeys.

With `--check` nothing is written, and the exit code is 1 when one of them is stale.
"""

import sys
from pathlib import Path

import gate.transitions
from firmware.diagrams import GROUPS, in_words, meaning, members, svg, ways

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "explanation" / "states.md"
PICTURE = PAGE.with_suffix(".svg")

HEAD = """# States of a lane

Made by `make docs` from `gate/transitions.py` and `gate/states.py`; a test fails when it is stale.
The lane refuses every step that is not in this table, another test makes each of them, and
`gate show-states` prints it.

![The states of a lane and the ways from one to another](states.svg)

## The rules

"""
STATES_HEAD = """
## The states

| state | what it is |
|---|---|
"""
WAYS_HEAD = """
## The ways

| from | when | to |
|---|---|---|
"""


def _rules() -> str:
    """The prose above the table, as the code has it."""
    text = (gate.transitions.__doc__ or "").partition("The rules, in words:\n\n")[2]
    return text.rpartition("\n\n")[0] + "\n"


def _states() -> str:
    rows = [f"| `{state.__name__}` | {meaning(state)} |\n" for state in gate.transitions.STATES]
    rows += [f"| {in_words(group)} | {members(group)} |\n" for group in GROUPS]
    return "".join(rows)


def _ways() -> str:
    return "".join(
        f"| {in_words(source)} | {on} | "
        f"{', '.join(in_words(to, other=to == source) for to in targets)} |\n"
        for source, on, targets in ways()
    )


def _page() -> str:
    return HEAD + _rules() + STATES_HEAD + _states() + WAYS_HEAD + _ways()


def main() -> None:
    """Write page and picture, or with `--check` compare them."""
    for path, text in ((PAGE, _page()), (PICTURE, svg())):
        name = path.relative_to(ROOT)
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
            print(f"{name} written.")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            raise SystemExit(f"{name} is stale: make docs")


if __name__ == "__main__":
    main()
