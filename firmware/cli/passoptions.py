"""What the commands of `gate pass` share: options, the office's key, and words for what fails."""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import click
import segno

from drivers.api import DriverError
from drivers.trust.store import load_trust
from drivers.wholefile import write_atomic
from firmware import qrcode
from firmware.errors import UserError
from firmware.office.errors import OfficeError, PassphraseNeeded
from firmware.office.signer import (
    PASSPHRASE_BYTES_MAX,
    PASSPHRASE_CHARS_MIN,
    CommandSigner,
    load_key_file,
)
from gate.credential.model import PASS_KINDS
from gate.credential.native import PREFIX
from gate.credential.signer import Signer
from gate.credential.trust import IssuerKey, TrustList, key_id
from gate.credential.verify import PAYLOAD_CHARS_MAX

PASSPHRASE_VARIABLE = "GATE_PASSPHRASE"
KINDS = tuple(kind.value for kind in PASS_KINDS)

Command = TypeVar("Command", bound=Callable[..., object])

FILE = click.Path(dir_okay=False, path_type=Path)
key_option = click.option(
    "--key",
    "key_path",
    type=FILE,
    default="office.key",
    envvar="GATE_PASS_KEY",
    show_default=True,
    show_envvar=True,
    help="The office's private key; its counter and status list lie beside it.",
)
signer_option = click.option(
    "--signer-command",
    "signer_command",
    metavar="COMMAND",
    envvar="GATE_SIGNER_COMMAND",
    show_envvar=True,
    help="A program that has the private key, instead of a file.",
)
trust_option = click.option(
    "--trust",
    "trust_path",
    type=FILE,
    default="trust.toml",
    envvar="GATE_TRUST",
    show_default=True,
    show_envvar=True,
    help="The trust file of the gate.",
)
_PICTURES = (
    click.option("--png", type=FILE, help="Write the QR code as PNG."),
    click.option("--svg", type=FILE, help="Write the QR code as SVG."),
    click.option(
        "--scale",
        type=click.IntRange(1, 100),
        default=8,
        show_default=True,
        help="Pixels a module of the PNG or SVG.",
    ),
)


def picture_options(command: Command) -> Command:
    """The options of a command that draws one code."""
    for option in reversed(_PICTURES):
        command = option(command)
    return command


def open_signer(path: Path, command: str | None) -> Signer:
    """The office's key: the program's, or the file's with its passphrase, asked for if need be."""
    with told():
        if command is not None:
            return CommandSigner(command)
        given = os.environ.get(PASSPHRASE_VARIABLE)
        try:
            return load_key_file(path, _passphrase_bytes(given) if given else None)
        except PassphraseNeeded:
            if not _can_ask():
                raise
        return load_key_file(path, _passphrase_bytes(_asked(f"Passphrase of {path}", twice=False)))


def _can_ask() -> bool:
    """Whether somebody sits there; a script must not wait for an answer for ever."""
    return sys.stdin.isatty()


def new_passphrase() -> bytes:
    """From the environment, or asked for twice."""
    with told():
        given = os.environ.get(PASSPHRASE_VARIABLE)
        if given is None:
            given = _asked("New passphrase", twice=True)
        if len(given) < PASSPHRASE_CHARS_MIN:
            raise OfficeError(
                f"a new passphrase has at least {PASSPHRASE_CHARS_MIN} characters, such as four "
                "words; --no-passphrase leaves the key unencrypted"
            )
        return _passphrase_bytes(given)


def _asked(question: str, *, twice: bool) -> str:
    try:
        return str(click.prompt(question, hide_input=True, confirmation_prompt=twice, err=True))
    except UnicodeDecodeError:
        raise OfficeError("the passphrase is no text in UTF-8") from None


def _passphrase_bytes(text: str) -> bytes:
    try:
        data = text.encode()
    except UnicodeEncodeError:  # bytes of the environment that are no text
        raise OfficeError("the passphrase is no text in UTF-8") from None
    if len(data) > PASSPHRASE_BYTES_MAX:
        raise OfficeError(f"a passphrase has at most {PASSPHRASE_BYTES_MAX} bytes")
    return data


def gate_trust(path: Path) -> TrustList:
    """The trust list of a gate's file."""
    try:
        return load_trust(path)
    except DriverError as error:
        raise click.ClickException(f"{error.message}.") from None


def issuer_of(trust: TrustList, signer: Signer, path: Path) -> IssuerKey:
    """What the gates' file says of this key.

    Raises:
        OfficeError: nothing.
    """
    issuer = trust.keys.get(key_id(signer.public_key().public_bytes_raw()))
    if issuer is None:
        raise OfficeError(f"{path} does not trust this key; give the file that the gates have")
    return issuer


def payload_of(source: str) -> bytes:
    """The code that was meant: standard input, a file, or the words themselves."""
    try:
        if source == "-":
            data = sys.stdin.buffer.read(PAYLOAD_CHARS_MAX + 2)
        elif not source.startswith(PREFIX) and _is_file(source):
            with Path(source).open("rb") as file:
                data = file.read(PAYLOAD_CHARS_MAX + 2)
        else:
            data = os.fsencode(source)
    except OSError as error:
        raise click.ClickException(f"{source}: {error.strerror}.") from None
    return data.rstrip(b"\r\n")  # not spaces: base45 has them


def _is_file(source: str) -> bool:
    """Whether there is such a file; words that can't name one at all are no file."""
    try:
        return Path(source).is_file()
    except (OSError, ValueError):
        return False


def show(text: str) -> None:
    """The QR code in the terminal."""
    _qr(text).terminal(sys.stdout, border=qrcode.QUIET_ZONE_MODULES, compact=True)


def write_pictures(text: str, png: Path | None, svg: Path | None, scale: int) -> None:
    """The QR code in files, wholly or not at all."""
    for path, kind in ((png, "png"), (svg, "svg")):
        if path is not None:
            picture = io.BytesIO()
            _qr(text).save(picture, kind=kind, scale=scale, border=qrcode.QUIET_ZONE_MODULES)
            write_atomic(path, picture.getvalue())
            click.echo(f"{path} written.", err=True)


def _qr(text: str) -> segno.QRCode:
    try:
        return qrcode.made(text)
    except ValueError:
        raise click.ClickException("This text is too long for a QR code.") from None


class _Wish(click.ClickException):
    """What was asked for can't be, and it is for the asker to put right."""

    exit_code = UserError.exit_code


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What can go wrong with files, in one sentence and with its exit code."""
    try:
        yield
    except OfficeError as error:
        raise click.ClickException(f"{error}.") from None
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"The module {error.name} is missing; install this program with its extra [office]."
        ) from None
    except UserError as error:
        raise _Wish(str(error)) from None
    except BrokenPipeError:
        raise  # the reader of our output has gone; click ends quietly
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{where}{error.strerror}.") from None
