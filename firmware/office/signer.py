"""The office's private key: a file, or another program that has it.

Both are signers (`gate.credential.signer.Signer`). A file is opened with its passphrase and lives
in memory while a command runs. A program stands before a smart card, a security module or another
machine; the private half never comes here.
"""

import base64
import binascii
import shlex
import subprocess
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from drivers.wholefile import write_atomic
from firmware.office.errors import OfficeError, PassphraseNeeded
from gate.credential.signer import Signer

KEY_MODE = 0o600
SIGNER_S_MAX = 60
"""A person may have to touch a card or type its number."""
_KEY_BYTES_MAX = 16_384
_ANSWER_BYTES_MAX = 1_024


class CommandSigner:
    """Asks a program, started anew for every signature.

    `COMMAND public` prints the raw public key (32 bytes) in base64. `COMMAND sign` reads the
    message from standard input to its end and prints the signature (64 bytes) in base64. The exit
    status is 0; what the program wants to say goes to standard error. It is started from a list
    of words, never through a shell.
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
        try:
            answer = subprocess.run(
                [*self._words, verb],
                input=data,
                stdout=subprocess.PIPE,
                timeout=SIGNER_S_MAX,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise self._wrong(f"did not answer within {SIGNER_S_MAX} s") from None
        except OSError as error:
            raise self._wrong(f"can't be started: {error.strerror}") from None
        if answer.returncode:
            raise self._wrong(f"failed with exit status {answer.returncode}")
        if len(answer.stdout) > _ANSWER_BYTES_MAX:
            raise self._wrong("answered with too much")
        try:
            return base64.b64decode(answer.stdout.strip(), validate=True)
        except binascii.Error:
            raise self._wrong("did not answer in base64") from None

    def _wrong(self, what: str) -> OfficeError:
        return OfficeError(f"the signer {self._words[0]} {what}")


def create_key_file(path: Path, passphrase: bytes | None) -> Signer:
    """Make a key and write it, readable by its owner alone."""
    key = Ed25519PrivateKey.generate()
    secret = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    write_atomic(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret), KEY_MODE)
    return key


def load_key_file(path: Path, passphrase: bytes | None) -> Signer:
    """Read the private key.

    Raises:
        PassphraseNeeded: it is encrypted and `passphrase` is None.
        OfficeError: no such file, no such key, a wrong passphrase.
    """
    try:
        pem = read_bounded(path, _KEY_BYTES_MAX)
    except FileNotFoundError:
        raise OfficeError(f"{path} is not there; make a key with `gate pass keygen`") from None
    try:
        key = load_pem_private_key(pem, None)
    except TypeError:
        if passphrase is None:
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
