"""From what was named on a command line to the bytes of one code.

A source is the code's own text, a file that holds it, a picture of it, or `-` for standard input.
Several are the parts of one SMART Health Card.
"""

import io
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import BinaryIO

from firmware.errors import UserError
from gate.credential.model import CredentialError
from gate.credential.shc.chunks import joined
from gate.credential.shc.numeric import CARD_CHARS_MAX, PARTS_MAX, PREFIX
from gate.credential.verify import FORMATS
from gate.reasons import Reason

PICTURE_BYTES_MAX = 32 << 20
"""A photograph of a phone has a quarter of it."""
STDIN = "-"

_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
"""How a PNG and a JPEG begin."""


class Unreadable(UserError):
    """No code could be got from what was named."""

    exit_code = 1


def payload_of(
    sources: Sequence[str], stdin: BinaryIO, prefixes: Collection[bytes] = FORMATS
) -> bytes:
    """The one code that the sources hold.

    Args:
        sources: texts, files or `-`, as typed.
        stdin: where `-` reads.
        prefixes: what begins with one of them is a text, even where a file is called so.

    Raises:
        Unreadable: a file can't be read, a picture holds no code or several, or parts of a card
            are missing.
        UserError: several codes that are no parts of one card.
    """
    found = [code for source in sources for code in _codes(source, stdin, tuple(prefixes))]
    once = list(dict.fromkeys(found))
    if len(once) == 1 and not _is_part(once[0]):
        return once[0]
    if not all(map(_is_part, once)):
        raise UserError(
            f"{len(once)} different codes; only the parts of one SMART Health Card go together."
        )
    return _joined(once)


def _codes(source: str, stdin: BinaryIO, prefixes: tuple[bytes, ...]) -> list[bytes]:
    if source == STDIN:
        return _in(stdin, "standard input")
    text = os.fsencode(source)
    if text.startswith(prefixes) or not _is_file(source):
        return [text]
    try:
        with Path(source).open("rb") as file:
            return _in(file, Path(source).name)
    except OSError as error:
        raise Unreadable(f"{source}: {error.strerror}.") from None


def _in(file: BinaryIO, name: str) -> list[bytes]:
    """The codes of an open file: those of a picture, or its text."""
    start = file.read(CARD_CHARS_MAX + 2)
    if start.startswith(_MAGIC):
        return _of_picture(start + file.read(PICTURE_BYTES_MAX - len(start) + 1), name)
    text = start.rstrip(b"\r\n")  # not spaces: base45 has them
    if not text:
        raise Unreadable(f"{name} is empty.")
    lines = text.split(b"\n")
    if len(lines) > 1 and all(line.startswith(PREFIX) for line in lines):
        return [line.rstrip(b"\r") for line in lines]
    return [text]


def _of_picture(data: bytes, name: str) -> list[bytes]:
    from firmware.explain.picture import PictureError, codes_in  # noqa: PLC0415 - heavy

    if len(data) > PICTURE_BYTES_MAX:
        raise Unreadable(f"{name} is larger than {PICTURE_BYTES_MAX >> 20} MiB; take it down.")
    try:
        codes = codes_in(io.BytesIO(data))
    except PictureError as error:
        raise Unreadable(f"{name}: {error}.") from None
    if not codes:
        raise Unreadable(f"No QR code was found in {name}; a sharper, closer picture helps.")
    return codes


def _is_file(source: str) -> bool:
    """Whether there is such a file; words that can't name one at all are no file."""
    try:
        return Path(source).is_file()
    except (OSError, ValueError):
        return False


def _is_part(code: bytes) -> bool:
    """Whether it is one part of a card, `shc:/2/3/` and digits."""
    return code.startswith(PREFIX) and b"/" in code[len(PREFIX) :]


def _joined(parts: list[bytes]) -> bytes:
    if len(parts) > PARTS_MAX:
        raise UserError(f"A card has at most {PARTS_MAX} parts; these are {len(parts)}.")
    try:
        return joined(parts)
    except CredentialError as error:
        if error.reason is Reason.CODE_SPLIT:
            raise Unreadable(f"These are {error.detail}; name all of them.") from None
        raise Unreadable(f"These parts make no card ({error.detail}).") from None
