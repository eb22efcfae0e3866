"""From a file to `Config`, or to one error that says all that is wrong."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from msgspec import structs

from firmware.config.checks import problems_of
from firmware.config.model import Config
from firmware.config.reader import Reader
from firmware.errors import UserError
from firmware.vision.wire import CameraKind

CONFIG_PATH = Path("/etc/gate/gate.toml")
CONFIG_BYTES_MAX = 65_536
"""The example with every key and its comment is a fifth of that."""
PROBLEMS_MAX = 50
"""Lines of one error."""

_PLACE = re.compile(r" \(at (?:line ([0-9]+), column ([0-9]+)|end of document)\)$")
_ADVICE = (
    ("Cannot overwrite a value", "this stands there already; keep one of the two"),
    ("Cannot declare", "this table stands there already; put its keys together"),
    ("Cannot mutate", "this table is complete already; put its keys together"),
    ("Invalid value", "there is no such value; a text needs quotation marks"),
    ("Invalid date", "there is no such day or time; correct it"),
    ("Unterminated string", "a text begins here or above and never ends; close its quotation mark"),
    ("Expected '='", "a key needs an equals sign and a value after it; write key = value"),
    ("Illegal character '\\n'", "a text does not end on its line; close its quotation mark"),
)
"""What `tomllib` says, by its beginning, and what it most often means."""


class ConfigError(UserError):
    """The file can't be used: one sentence a problem and a line, each with the file's name.

    `problems` are the same sentences without the file and the full stop.
    """

    def __init__(self, path: Path, problems: Sequence[str], joint: str = ": ") -> None:
        lines = [_sentence(f"{path}{joint}{problem}") for problem in problems[:PROBLEMS_MAX]]
        if len(problems) > PROBLEMS_MAX:
            lines.append(f"{path}: and {len(problems) - PROBLEMS_MAX} more.")
        super().__init__("\n".join(lines))
        self.path = path
        self.problems = tuple(problems)


def load_config(path: Path) -> Config:
    """The lane that the file describes.

    Raises:
        ConfigError: it can't be read, is no TOML, or does not hold together.
    """
    try:
        with path.open("rb") as file:
            data = file.read(CONFIG_BYTES_MAX + 1)
    except FileNotFoundError:
        _refuse(path, "is not there; write it, or name the file that you mean")
    except IsADirectoryError:
        _refuse(path, "is a folder; name the file in it")
    except PermissionError:
        _refuse(path, "may not be read by you; ask as a user who may, or change its mode")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        _refuse(path, f"can't be read ({why}); name another file")
    if len(data) > CONFIG_BYTES_MAX:
        _refuse(path, f"is longer than {CONFIG_BYTES_MAX:_} bytes; is it the right file?")
    try:
        # Some editors put a byte order mark before the first key; TOML has no use for it.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _refuse(path, f"is no UTF-8 at line {line}; save it as UTF-8")
    return parse_config(text, path)


def parse_config(text: str, path: Path) -> Config:
    """The lane that the text describes.

    Args:
        text: TOML.
        path: of the file that it comes from. Its folder is where relative paths start.

    Raises:
        ConfigError: the text is no TOML, or does not hold together.
    """
    base = path.absolute().parent
    reader = Reader(base)
    config = reader.read(Config, _table(text, path))
    if config is None:
        raise ConfigError(path, reader.problems)
    problems = problems_of(config)
    if problems:
        raise ConfigError(path, problems)
    return _with_camera_path(config, base)


def _table(text: str, path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _PLACE.search(message)
        line, column = (found[1], found[2]) if found and found[1] else _end(text)
        said = _PLACE.sub("", message)
        advice = next((words for start, words in _ADVICE if said.startswith(start)), None)
        problem = advice or f"{said[:1].lower()}{said[1:]}; correct it"
        raise ConfigError(path, [f"line {line}, column {column}: {problem}"]) from None
    except RecursionError:
        raise ConfigError(path, ["lists lie in lists too deep; take some out"]) from None
    except ValueError:  # Python converts no number of over 4,300 digits
        raise ConfigError(path, ["a number in it has too many digits; shorten it"]) from None


def _end(text: str) -> tuple[int, int]:
    """Line and column behind the last character that is no space."""
    lines = text.rstrip().split("\n")
    return len(lines), len(lines[-1]) + 1


def _with_camera_path(config: Config, base: Path) -> Config:
    """The camera's source made absolute where it is a path; it depends on the kind."""
    camera = config.camera
    if camera.source and camera.kind in {CameraKind.V4L2, CameraKind.PICTURES}:
        camera = structs.replace(camera, source=str(base / camera.source))
        return structs.replace(config, camera=camera)
    return config


def _sentence(words: str) -> str:
    return words if words.endswith("?") else f"{words}."


def _refuse(path: Path, problem: str) -> NoReturn:
    """Of the file as a whole."""
    raise ConfigError(path, [problem], joint=" ") from None
