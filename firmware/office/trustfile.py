"""The office's side of a trust file: the block of a key, and two keys whose windows overlap.

The file is a text that people also edit. It is changed line by line, so that their comments stay,
and what comes out is read as a gate would read it before it takes the old one's place.
"""

import base64
import contextlib
import fcntl
import json
import os
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from drivers.api import DriverError
from drivers.trust.store import TRUST_BYTES_MAX, load_trust
from drivers.wholefile import write_atomic
from firmware.office.books import status_file
from firmware.office.errors import OfficeError
from firmware.office.signer import read_bounded
from gate.credential.model import CredentialKind
from gate.credential.signer import Signer
from gate.credential.trust import TrustError, issuer_key, key_id

_HEADER = re.compile(r"\s*\[")
_NOT_AFTER = re.compile(r"\s*not_after\s*=")
_UNPRINTED = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of characters that no text has: controls, halves of characters, breaks."""


def issuer_block(
    signer: Signer,
    name: str,
    kinds: tuple[str, ...],
    status: str | None = None,
    not_before_s: int = 0,
) -> str:
    """The `[[issuer]]` table of a key.

    Args:
        signer: has the key.
        name: of the issuer, in records.
        kinds: what it may issue.
        status: file of its status list, relative to the trust file.
        not_before_s: Unix second; 0 for none.

    Raises:
        OfficeError: no gate would read it.
    """
    public = signer.public_key().public_bytes_raw()
    try:
        issuer_key(public, name, [CredentialKind(kind) for kind in kinds], not_before_s)
    except TrustError as error:
        raise OfficeError(f"no such issuer: {error}") from None
    start = f"not_before = {_toml(not_before_s)}\n" if not_before_s else ""
    listed = f"status = {_quoted(status)}\n" if status else ""
    return (
        f"# key id {key_id(public).hex()}\n"
        "[[issuer]]\n"
        f"name = {_quoted(name)}\n"
        f'public_key = "{_text(signer)}"\n'
        f"kinds = {json.dumps(list(kinds))}\n"
        f"{start}{listed}"
    )


def status_of(key_path: Path, trust_path: Path) -> str:
    """The status list of that key, as the trust file names it."""
    return os.path.relpath(status_file(key_path).resolve(), trust_path.resolve().parent)


def with_block(before: str, block: str) -> str:
    """The file with one more key at its end."""
    return f"{before.rstrip()}\n\n{block}" if before.strip() else block


def with_end(before: str, signer: Signer, not_after_s: int) -> str:
    """The file with that end of the window of one key, in place of any that was there.

    Raises:
        OfficeError: the file does not name the key.
    """
    lines = before.splitlines(keepends=True)
    at = _line_of(lines, signer)
    if at is None:
        raise OfficeError("the trust file does not name the key that is to be replaced")
    end = next((n for n in range(at, len(lines)) if _HEADER.match(lines[n])), len(lines))
    start = next((n for n in range(at, -1, -1) if _HEADER.match(lines[n])), 0)
    kept = [
        line for n, line in enumerate(lines) if not (start <= n < end and _NOT_AFTER.match(line))
    ]
    at = _line_of(kept, signer) or 0
    if not kept[at].endswith("\n"):
        kept[at] += "\n"
    kept.insert(at + 1, f"not_after = {_toml(not_after_s)}\n")
    return "".join(kept)


def read_trust_text(path: Path) -> str:
    """The text of a trust file; empty where there is none."""
    try:
        return read_bounded(path, TRUST_BYTES_MAX).decode()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise OfficeError(f"{path} is no text") from None


def try_trust(path: Path, text: str) -> None:
    """Return if a gate could read the file, were it like that.

    Raises:
        OfficeError: it could not, or there is no such folder.
    """
    with _trial(path, text):
        pass


def replace_trust(path: Path, text: str) -> None:
    """Write the file anew, if a gate could read it.

    Raises:
        OfficeError: it could not; the old file is as it was.
    """
    with _trial(path, text) as trial:
        trial.replace(path)
        handle = _folder_of(path)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def changing(path: Path) -> Iterator[None]:
    """Alone among those who read this file in order to write it; waits for the one who does.

    The lock is on its folder, so that none lies about where gates fetch the file from.
    """
    handle = _folder_of(path)
    try:
        with contextlib.suppress(OSError):  # NFS locks no folders; there two clerks take turns
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _trial(path: Path, text: str) -> Iterator[Path]:
    """The text in a file beside `path`, read as a gate would."""
    os.close(_folder_of(path))
    trial = path.with_name(f".{path.name}.trial")
    try:
        write_atomic(trial, text.encode())
        load_trust(trial)
        yield trial
    except DriverError as error:
        raise OfficeError(error.message.replace(trial.name, path.name)) from None
    finally:
        trial.unlink(missing_ok=True)


def _folder_of(path: Path) -> int:
    try:
        return os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise OfficeError(f"{path.parent} is not there; make that folder for {path.name}") from None


def _line_of(lines: list[str], signer: Signer) -> int | None:
    """Where a key stands, outside comments."""
    wanted = _text(signer)
    return next((n for n, line in enumerate(lines) if wanted in line.partition("#")[0]), None)


def _quoted(text: str) -> str:
    """A basic string of TOML (version 1.0, section String).

    Raises:
        OfficeError: it has a character that is none.
    """
    odd = next((one for one in text if unicodedata.category(one) in _UNPRINTED), None)
    if odd is not None:
        raise OfficeError(f"{text!a} can't be written into a trust file: {odd!a} is in it")
    return json.dumps(text, ensure_ascii=False)


def _text(signer: Signer) -> str:
    return base64.b64encode(signer.public_key().public_bytes_raw()).decode()


def _toml(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
