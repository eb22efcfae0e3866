"""The office's side of a trust file: the block of a key, and two keys whose windows overlap.

The file is a text that people also edit. It is changed line by line, so that their comments stay,
and what comes out is read as a gate would read it before it takes the old one's place.
"""

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path

from drivers.api import DriverError
from drivers.truststore import TRUST_BYTES_MAX, load_trust
from drivers.wholefile import write_atomic
from firmware.office.errors import OfficeError
from firmware.office.signer import read_bounded
from gate.credential.signer import Signer
from gate.credential.trust import key_id

_HEADER = re.compile(r"\s*\[")
_NOT_AFTER = re.compile(r"\s*not_after\s*=")


def issuer_block(
    signer: Signer, name: str, kinds: tuple[str, ...], status: str, not_before_s: int = 0
) -> str:
    """The `[[issuer]]` table of a key."""
    public = signer.public_key().public_bytes_raw()
    start = f"not_before = {_toml(not_before_s)}\n" if not_before_s else ""
    return (
        f"# key id {key_id(public).hex()}\n"
        "[[issuer]]\n"
        f"name = {json.dumps(name)}\n"
        f'public_key = "{_text(signer)}"\n'
        f"kinds = {json.dumps(list(kinds))}\n"
        f"{start}"
        f"status = {json.dumps(status)}\n"
    )


def with_block(before: str, block: str) -> str:
    """The file with one more key at its end."""
    return f"{before.rstrip()}\n\n{block}" if before.strip() else block


def with_end(before: str, signer: Signer, not_after_s: int) -> str:
    """The file with that end of the window of one key, in place of any that was there.

    Raises:
        OfficeError: the file does not name the key.
    """
    lines = before.splitlines(keepends=True)
    wanted = _text(signer)
    at = next((n for n, line in enumerate(lines) if wanted in line.partition("#")[0]), None)
    if at is None:
        raise OfficeError("the trust file does not name the key that is to be replaced")
    end = next((n for n in range(at, len(lines)) if _HEADER.match(lines[n])), len(lines))
    start = next((n for n in range(at, -1, -1) if _HEADER.match(lines[n])), 0)
    kept = [
        line for n, line in enumerate(lines) if not (start <= n < end and _NOT_AFTER.match(line))
    ]
    at = next(n for n, line in enumerate(kept) if wanted in line.partition("#")[0])
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


def replace_trust(path: Path, text: str) -> None:
    """Write the file anew, if a gate could read it.

    Raises:
        OfficeError: it could not; the old file is as it was.
    """
    trial = path.with_name(f".{path.name}.trial")
    try:
        write_atomic(trial, text.encode())
        load_trust(trial)
        trial.replace(path)
    except DriverError as error:
        raise OfficeError(error.message.replace(trial.name, path.name)) from None
    finally:
        trial.unlink(missing_ok=True)


def _text(signer: Signer) -> str:
    return base64.b64encode(signer.public_key().public_bytes_raw()).decode()


def _toml(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
