"""The files that `gate pass issue`, `batch` and `print` write: where they may go, and who may read
them. A pass admits whoever has it, so its file is its owner's alone."""

import contextlib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from drivers.wholefile import write_atomic
from firmware import qrcode
from firmware.office.errors import OfficeError

FILE_MODE = 0o600
FOLDER_MODE = 0o700

_OFFICE_SUFFIXES = frozenset(
    {".key", ".counter", ".status", ".successor", ".lock", ".links", ".toml"}
)
"""What an office's key, its books and the trust file end in, whichever key they belong to."""


def output_faults(outputs: Iterable[Path | None], inputs: Iterable[Path]) -> list[str]:
    """Why a command can't write there, in sentences; before a number is spent.

    Args:
        outputs: files and folders to be written; None is none.
        inputs: what the command reads, and what lies beside the key.
    """
    taken = {_real(path): path for path in inputs}
    faults: list[str] = []
    for path in outputs:
        if path is None:
            continue
        real = _real(path)
        if real in taken or real.suffix in _OFFICE_SUFFIXES:
            faults.append(f"{path} would overwrite another file of the office; name a new one")
        elif not os.access(path.parent, os.W_OK | os.X_OK):
            faults.append(f"{path.parent} is no folder that can be written to")
        taken[real] = path
    return faults


def files_of(key_path: Path) -> list[Path]:
    """The key and its books."""
    return [key_path, *(key_path.with_suffix(suffix) for suffix in sorted(_OFFICE_SUFFIXES))]


def check_outputs(outputs: Iterable[Path | None], inputs: Iterable[Path]) -> None:
    """Return if everything can be written where it is to go.

    Raises:
        OfficeError: with the first that can't.
    """
    for fault in output_faults(outputs, inputs):
        raise OfficeError(fault)


def write_pictures(text: str, png: Path | None, svg: Path | None, scale: int) -> None:
    """The QR code in files, wholly or not at all.

    Raises:
        OfficeError: it is too long for a QR code.
    """
    for path, kind in ((png, "png"), (svg, "svg")):
        if path is not None:
            picture = io.BytesIO()
            try:
                code = qrcode.made(text)
            except ValueError:
                raise OfficeError("This text is too long for a QR code") from None
            code.save(picture, kind=kind, scale=scale, border=qrcode.QUIET_ZONE_MODULES)
            write_atomic(path, picture.getvalue(), FILE_MODE)
            click.echo(f"{path} written.", err=True)


@contextlib.contextmanager
def spent(numbers: range) -> Iterator[None]:
    """Whatever ends this before its time, the office learns which numbers it has spent."""
    try:
        yield
    except BaseException:
        first, last = numbers[0], numbers[-1]
        named = f"Pass {first}" if first == last else f"Passes {first} to {last}"
        click.echo(
            f"{named} of this key may be incomplete: revoke, or keep what was written.", err=True
        )
        raise


def _real(path: Path) -> Path:
    """The file behind a name, so that two names of one file are equal."""
    return Path(os.path.realpath(path))
