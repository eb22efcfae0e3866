"""House rules of the code that no linter knows."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gate", "drivers", "firmware", "central")

FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 600  # tables of cases are long
FUNCTION_LINES_MAX = 70

HOMES = {
    "gpiozero": {"drivers/gpio/board.py", "drivers/lgpiofactory.py", "drivers/sim/pins.py"},
    "paho": {"drivers/reporter/mqtt.py"},
    "picamera2": {"drivers/picamera.py"},
    "pyld": {"gate/credential/vc/canonical.py"},
    "pyzbar": {"drivers/zbar.py"},
    "rfc8785": {"gate/credential/vdsnc/seal.py"},
    "zxingcpp": {"drivers/zxing.py"},
}
"""Libraries of the outside world and the modules that know them: one driver each, and for
gpiozero also its pin factories, real and simulated, which are written in its terms."""

CALLS_OF_THE_OUTSIDE = {"open", "print", "input", "breakpoint", "exec", "eval", "__import__"}
CALLS_OF_A_CLOCK = {"now", "today", "utcnow"}

TIMELIKE = re.compile(r"(^|_)(timeout|delay|duration|interval|period|age|pause|elapsed|wait)(_|$)")
UNIT = re.compile(r"_(ns|us|ms|s|h|days|minutes|frames|visits)(_max|_min|_end)?$")

WAITS = {"sleep", "wait", "wait_for", "join"}


def _modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            yield name, ast.parse(path.read_text(encoding="utf-8"), name)


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
    return []


def test_files_and_functions_are_short() -> None:
    """One idea a file, and a function fits on a screen."""
    long = []
    for name, tree in _modules(*PACKAGES, "tests", "docs"):
        lines = len((ROOT / name).read_text(encoding="utf-8").splitlines())
        if lines > (TEST_FILE_LINES_MAX if name.startswith("tests/") else FILE_LINES_MAX):
            long.append(f"{name}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    long.append(f"{name}:{node.lineno} {node.name}: {lines} lines")
    assert not long


def test_nothing_is_left_for_later() -> None:
    """No mark of unfinished work, no stub, no line that coverage is told to pass over."""
    # Each mark is written so that this file does not carry it.
    marks = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b|NotImplemented[E]rror|no c[o]ver")
    left = [
        f"{name}:{number} {line.strip()}"
        for name, _ in _modules(*PACKAGES, "tests", "docs")
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert not left


def test_the_domain_asks_nothing_of_the_machine() -> None:
    """What import contracts can't see: built-in calls, a calendar's `now`, hidden state."""
    found = []
    for name, tree in _modules("gate"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Global):
                found.append(f"{name}:{node.lineno} global {', '.join(node.names)}")
            if not isinstance(node, ast.Call):
                continue
            call = _called(node)
            outside = isinstance(node.func, ast.Name) and call in CALLS_OF_THE_OUTSIDE
            clock = isinstance(node.func, ast.Attribute) and call in CALLS_OF_A_CLOCK
            if outside or clock:
                found.append(f"{name}:{node.lineno} {call}()")
    assert not found


@pytest.mark.parametrize("library", HOMES)
def test_a_library_of_the_outside_has_one_home(library: str) -> None:
    """Another broker client, camera or pin library changes one driver and nothing else."""
    found = {
        name
        for name, tree in _modules(*PACKAGES)
        for node in ast.walk(tree)
        for module in _imported(node)
        if module.split(".")[0] == library
    }
    assert found <= HOMES[library]


def test_times_carry_their_unit() -> None:
    """`timeout = 5` is five of what? A number that is a time says so at the end of its name."""
    bare = []
    for name, tree in _modules(*PACKAGES):
        for node in ast.walk(tree):
            match node:
                case (
                    ast.arg(arg=word, annotation=ast.Name(id="int" | "float"))
                    | ast.AnnAssign(
                        target=ast.Name(id=word), annotation=ast.Name(id="int" | "float")
                    )
                    | ast.Assign(
                        targets=[ast.Name(id=word)], value=ast.Constant(value=int() | float())
                    )
                ) if TIMELIKE.search(word.lower()) and not UNIT.search(word.lower()):
                    bare.append(f"{name}:{node.lineno} {word}")
                case _:
                    pass
    assert not bare


def test_waits_are_named() -> None:
    """How long the program waits has a name and a reason, never a number in a call."""
    bare = [
        f"{name}:{node.lineno} {_called(node)}({ast.unparse(node.args[0])})"
        for name, tree in _modules(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and _called(node) in WAITS
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, int | float)
        and node.args[0].value > 0
    ]
    assert not bare


def test_folders_of_tests_hide_no_package() -> None:
    """A test folder named like a package, or one that is a package, would be imported instead."""
    folders = {path.name for path in (ROOT / "tests").rglob("*") if path.is_dir()}
    assert not folders & set(PACKAGES)
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_files_of_tests_have_names_of_their_own() -> None:
    """`pytest test_journal.py` means one file, in every report."""
    places = defaultdict(list)
    for path in (ROOT / "tests").rglob("test_*.py"):
        places[path.name].append(path.relative_to(ROOT).as_posix())
    assert not {name: found for name, found in places.items() if len(found) > 1}
