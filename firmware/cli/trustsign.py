"""`gate trust keygen` and `sign`: root keys, and the second of two signatures."""

import base64
import json
import os
import sys
from pathlib import Path

import click

from drivers.api import DriverError
from drivers.trust.roots import load_roots, read_roots
from drivers.trust.store import DEVICE
from drivers.wholefile import read_whole, write_atomic
from firmware.cli.passoptions import (
    FILE,
    PASSPHRASE_VARIABLE,
    new_passphrase,
    open_signer,
    told,
)
from firmware.office.errors import OfficeError
from firmware.office.signer import KEY_MODE, new_key, write_new
from gate.credential.bundle import (
    BUNDLE_BYTES_MAX,
    BundleError,
    Roots,
    add_signature,
    look_into,
)
from gate.credential.bundle.limits import ROOTS_MAX, TEXT_CHARS_MAX
from gate.credential.signer import Signer
from gate.credential.trust import key_id

_ROOTS_HEAD = """\
# Root keys of the trust bundle, pinned at every gate. So many of them must sign:
threshold = {threshold}
"""

key_option = click.option(
    "--key",
    "key_path",
    type=FILE,
    default="root.key",
    envvar="GATE_TRUST_KEY",
    show_default=True,
    show_envvar=True,
    help="The root key's file.",
)
signer_option = click.option(
    "--signer-command",
    "signer_command",
    metavar="COMMAND",
    help="A program that has the root key, instead of a file.",
)


@click.command()
@key_option
@click.option("--name", default="", help="Whose key it is, for those who read the roots file.")
@click.option("--roots", "roots_path", type=FILE, help="Append the public key to this roots file.")
@click.option(
    "--threshold",
    type=click.IntRange(1, ROOTS_MAX),
    default=1,
    show_default=True,
    help="Of a roots file that is made anew: how many keys must sign. No gate takes the file "
    "before it names as many.",
)
@click.option("--no-passphrase", is_flag=True, help="Leave the private key unencrypted.")
def keygen(
    key_path: Path, name: str, roots_path: Path | None, threshold: int, no_passphrase: bool
) -> None:
    """Make a root key.

    The passphrase is asked for, or taken from GATE_PASSPHRASE. Keep the key off the network, and
    a copy of it in another place: who has enough of them decides whom every gate believes, and
    when they are lost, every gate must be given a new roots file by hand.

    Prints the [[root]] block that gates need, or appends it to a roots file with --roots.

    \b
    Examples:
      gate trust keygen --roots roots.toml
      gate trust keygen --key second.key --name "Second person" --roots roots.toml
    """
    if key_path.exists():
        raise click.ClickException(
            f"{key_path} is there already, and a key is never overwritten; give another --key."
        )
    if not name.isprintable() or len(name) > TEXT_CHARS_MAX:
        raise click.UsageError(f"A name has up to {TEXT_CHARS_MAX} characters, all of which show.")
    with told():
        before = _roots_text(roots_path)
        made = new_key(None if no_passphrase else _passphrase())
        block = _root_block(made.signer, name)
        head = before if before.strip() else _ROOTS_HEAD.format(threshold=threshold)
        data = f"{head.rstrip()}\n\n{block}".encode()
        roots = _read(data, roots_path or Path("roots.toml"))  # nobody gets what no gate reads
        write_new(key_path, made.sealed or b"", KEY_MODE)
        if roots_path is None:
            click.echo(block, nl=False)
            return
        try:
            write_atomic(roots_path, data)
        except OSError:
            click.echo(block, nl=False)  # the key is there: its public half must not be lost
            raise
    click.echo(f"{key_path} made; {roots_path} now names it.")
    if (missing := roots.threshold - len(roots.keys)) > 0:
        click.echo(
            f"{roots.threshold} keys must sign: no gate takes {roots_path} before it names "
            f"{missing} more."
        )


@click.command("sign")
@click.argument("bundle", type=FILE)
@key_option
@signer_option
@click.option("--output", "output_path", type=FILE, help="Write it there instead of in its place.")
def sign_(
    bundle: Path, key_path: Path, signer_command: str | None, output_path: Path | None
) -> None:
    """Add a signature to a bundle that somebody else compiled.

    For a threshold of two people: the second one looks at it first, with `gate trust show` and
    with `gate trust diff` against the one before, on a machine of their own that needs no network.

    \b
    Examples:
      gate trust diff last-week.bundle gate-trust.bundle
      gate trust sign gate-trust.bundle --key second.key
    """
    data = bundle_bytes(bundle)
    try:
        found, _ = look_into(data)
        signer = open_root(key_path, signer_command)
        with told():
            signed = add_signature(data, signer)
            write_atomic(output_path or bundle, signed)
    except BundleError as error:
        raise click.ClickException(f"{bundle}: {error}.") from None
    kid = key_id(signer.public_key().public_bytes_raw()).hex()
    click.echo(f"{output_path or bundle}: version {found.public.version} signed by {kid}.")


def bundle_bytes(path: Path) -> bytes:
    """A bundle's file."""
    try:
        return read_whole(path, BUNDLE_BYTES_MAX, DEVICE)
    except DriverError as error:
        raise click.ClickException(f"{error.message}.") from None


def open_root(path: Path, command: str | None) -> Signer:
    """A root key: the program's, or the file's."""
    if command is None and not path.exists():
        raise click.ClickException(
            f"{path} is not there; make a root key with `gate trust keygen`."
        )
    return open_signer(path, command)


def _passphrase() -> bytes:
    """A new one; where nobody can be asked, that is said at once."""
    if PASSPHRASE_VARIABLE not in os.environ and not _can_ask():
        raise OfficeError(
            f"nobody can be asked for a passphrase here; set {PASSPHRASE_VARIABLE}, or say "
            "--no-passphrase"
        )
    return new_passphrase()


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _roots_text(path: Path | None) -> str:
    """The file as it is; it must be one that gates can read, or could with more keys."""
    if path is None or not path.exists():
        return ""
    try:
        load_roots(path, unfinished=True)
    except DriverError as error:
        raise OfficeError(error.message) from None
    return path.read_text(encoding="utf-8")


def _read(data: bytes, path: Path) -> Roots:
    try:
        return read_roots(data, path, unfinished=True)
    except DriverError as error:
        raise OfficeError(error.message) from None


def _root_block(signer: Signer, name: str) -> str:
    public = signer.public_key().public_bytes_raw()
    named = f"name = {json.dumps(name, ensure_ascii=False)}\n" if name else ""
    text = base64.b64encode(public).decode()
    return f'# key id {key_id(public).hex()}\n[[root]]\n{named}public_key = "{text}"\n'
