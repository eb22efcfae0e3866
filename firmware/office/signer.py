"""The office's private key: a file, or another program that has it.

Both are signers (`gate.credential.signer.Signer`). A file is opened with its passphrase and lives
in memory while a command runs. A program stands before a smart card, a security module or another
machine; the private half never comes here.
"""

import base64
import binascii
import os
import shlex
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from msgspec import Struct

from firmware.office.errors import OfficeError, PassphraseNeeded
from firmware.office.program import TooLate, TooMuch, answer_of
from firmware.office.sealedkey import sealed_pem
from gate.credential.signer import Signer

KEY_MODE = 0o600
PASSPHRASE_CHARS_MIN = 12
"""Of a new one. Who has the file may try as many as they can pay for."""
PASSPHRASE_BYTES_MAX = 1_023
"""OpenSSL reads no longer one (`PEM_BUFSIZE`)."""
SIGNER_S_MAX = 60
"""A person may have to touch a card or type its number."""
_KEY_BYTES_MAX = 16_384
_ANSWER_BYTES_MAX = 1_024


class CommandSigner:
    """Asks a program, started anew for every signature.

    `COMMAND public` prints the raw public key (32 bytes) in base64. `COMMAND sign` reads the
    message from standard input to its end and prints the signature (64 bytes) in base64, in one
    line or several. The exit status is 0; what the program wants to say goes to standard error. It
    is started from a list of words, never through a shell, and ended with all that it started
    after `SIGNER_S_MAX`.
    """

    def __init__(self, command: str) -> None:
        """Ask for the public key.

        Raises:
            OfficeError: the program can't be started, fails, or gives no Ed25519 key.
        """
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise OfficeError(f"the signer's command can't be read: {error}") from None
        if not self._words:
            raise OfficeError("the signer's command is empty")
        raw = self._ask("public", b"")
        try:
            self._public_key = Ed25519PublicKey.from_public_bytes(raw)
        except ValueError:
            raise self._wrong("gave no Ed25519 key of 32 bytes") from None

    def public_key(self) -> Ed25519PublicKey:
        """The key that the program named when this signer was made."""
        return self._public_key

    def sign(self, data: bytes, /) -> bytes:
        """The program's signature, checked before anybody gets it.

        Raises:
            OfficeError: the program fails, or signs with another key.
        """
        signature = self._ask("sign", data)
        try:
            self._public_key.verify(signature, data)
        except InvalidSignature:
            raise self._wrong("signed, but not with the key that it names") from None
        return signature

    def _ask(self, verb: str, data: bytes) -> bytes:
        words = [*self._words, verb]
        try:
            status, answer = answer_of(words, data, SIGNER_S_MAX, _ANSWER_BYTES_MAX)
        except TooLate:
            raise self._wrong(f"did not answer within {SIGNER_S_MAX} s") from None
        except TooMuch:
            raise self._wrong("answered with too much") from None
        except OSError as error:
            raise self._wrong(f"can't be started: {error.strerror}") from None
        if status:
            raise self._wrong(f"failed with exit status {status}")
        try:  # `base64` breaks lines
            return base64.b64decode(b"".join(answer.split()), validate=True)
        except binascii.Error:
            raise self._wrong("did not answer in base64") from None

    def _wrong(self, what: str) -> OfficeError:
        return OfficeError(f"the signer {self._words[0]} {what}")


class NewKey(Struct, frozen=True):
    """A key that has no books yet."""

    signer: Signer
    sealed: bytes | None
    """What goes into its file; None where a program has the key."""


def new_key(passphrase: bytes | None) -> NewKey:
    """Make a key. Nothing is written."""
    key = Ed25519PrivateKey.generate()
    if passphrase:
        return NewKey(key, sealed_pem(key, passphrase))
    return NewKey(key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def create_key_file(path: Path, passphrase: bytes | None) -> Signer:
    """Make a key and write it, readable by its owner alone.

    Raises:
        OfficeError: there is such a file already; it is as it was.
    """
    made = new_key(passphrase)
    write_new(path, made.sealed or b"", KEY_MODE)
    return made.signer


def write_new(path: Path, data: bytes, mode: int) -> None:
    """Write a file that was not there, durably; two who try at once can't both succeed.

    Raises:
        OfficeError: it is there; it is as it was.
        OSError: it can't be written, and is not there.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        raise never_overwritten(path) from None
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def never_overwritten(path: Path) -> OfficeError:
    """What to say of a file in the way of a new key."""
    return OfficeError(
        f"{path} is there already, and a key is never overwritten; give another --key"
    )


def load_key_file(path: Path, passphrase: bytes | None) -> Signer:
    """Read the private key.

    Raises:
        PassphraseNeeded: it is encrypted and `passphrase` is empty or None.
        OfficeError: no such file, no such key, a wrong passphrase.
    """
    try:
        pem = read_bounded(path, _KEY_BYTES_MAX)
    except FileNotFoundError:
        raise OfficeError(f"{path} is not there; make a key with `gate pass keygen`") from None
    try:
        key = load_pem_private_key(pem, None)
    except TypeError:
        if not passphrase:
            raise PassphraseNeeded(f"{path} has a passphrase; set GATE_PASSPHRASE") from None
        try:
            key = load_pem_private_key(pem, passphrase)
        except ValueError:
            raise OfficeError(f"{path} does not open with that passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise OfficeError(f"{path} is no private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise OfficeError(f"{path} is no Ed25519 key; make one with `gate pass keygen`")
    return key


def read_bounded(path: Path, bytes_max: int) -> bytes:
    """A small file.

    Raises:
        OfficeError: it is longer.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise OfficeError(f"{path} is longer than {bytes_max} bytes")
    return data
