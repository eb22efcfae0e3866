"""What a source offers: key by key, not yet parsed, so that a bad one spoils no other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from drivers.api import DriverError
from drivers.trust.store import DEVICE
from drivers.wholefile import read_whole
from firmware.office.errors import OfficeError
from firmware.trust.x509 import KeyRefused
from gate.credential.bundle.limits import TEXT_CHARS_MAX
from gate.credential.publictrust import SignerKey

SOURCE_BYTES_MAX = 67_108_864
"""The largest public list, a snapshot of all issuers of cards, has some 5 MiB."""
FILES_MAX = 20_000
"""In one folder."""
DEPTH_MAX = 16
"""Objects within objects of a key list."""
_KEY_ID_CHARS_SHOWN = 64


class SourceError(OfficeError):
    """A source as a whole can't be used: one sentence, with what to do."""


class Offer(NamedTuple):
    """One key of a source."""

    origin: str
    """The file."""
    label: str
    """What the source calls it: a key id, a file's name, an issuer."""
    take: Callable[[], tuple[bytes | str, SignerKey]]
    """Parses it: its id and the key. Raises KeyRefused."""
    bare: bool = False
    """Of a list that can name a certificate, and does not: it says less than one that does."""


class Quarantined(NamedTuple):
    """One key that was offered and not taken."""

    origin: str
    label: str
    why: str


def files_of(folder: Path, names: list[str]) -> list[Path]:
    """The files that a recipe names, relative to it; of a folder all files in it, in order.

    Raises:
        SourceError: one is not there or can't be looked for, or a folder holds too many.
    """
    found: list[Path] = []
    for name in names:
        path = folder / name
        try:
            found += _files_at(path)
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror}; correct the recipe") from None
    return found


def _files_at(path: Path) -> list[Path]:
    if path.is_dir():
        inner = sorted(each for each in path.rglob("*") if each.is_file())
        if len(inner) > FILES_MAX:
            raise SourceError(f"{path} holds more than {FILES_MAX} files")
        return [each for each in inner if not _is_hidden(each.relative_to(path))]
    if not path.exists():
        raise SourceError(f"{path} is not there; correct the recipe, or fetch it")
    return [path]


def _is_hidden(path: Path) -> bool:
    """Or in a hidden folder, where programs keep what was thrown away."""
    return any(part.startswith(".") for part in path.parts)


def read_source(path: Path) -> bytes:
    """A whole file.

    Raises:
        SourceError: it can't be read, or is longer than `SOURCE_BYTES_MAX`.
    """
    try:
        return read_whole(path, SOURCE_BYTES_MAX, DEVICE)
    except DriverError as error:
        raise SourceError(error.message) from None


def json_of(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value of a source.

    Raises:
        KeyRefused: it is none, or nested too deeply to be read.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise KeyRefused("no JSON") from None


def shown(text: object) -> str:
    """A name of a stranger's, fit for a terminal."""
    words = str(text)[:_KEY_ID_CHARS_SHOWN]
    return "".join(each if each.isprintable() else "?" for each in words)


def checked(text: str) -> str:
    """A text that a bundle may hold.

    Raises:
        KeyRefused: it is too long, or would not show.
    """
    if len(text) > TEXT_CHARS_MAX or not text.isprintable():
        raise KeyRefused(f"a name that does not show, or has more than {TEXT_CHARS_MAX} characters")
    return text


def named(text: str) -> str:
    """A text that a bundle may hold as a name: `checked`, and not empty.

    Raises:
        KeyRefused: it is empty, too long, or would not show.
    """
    if not text:
        raise KeyRefused("a name that is empty")
    return checked(text)
