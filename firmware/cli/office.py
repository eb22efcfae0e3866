"""The issuing office's files: a private key, and beside it what must never be forgotten of it.

For `office.key` these are `office.counter` (the next status index, so that none is given twice),
`office.status` (the signed list of revoked passes, for the gates) and `office.lock` (held while
one of them changes, so that two clerks at once get two numbers).
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from drivers.truststore import write_atomic
from gate.credential.model import PASS_KINDS, CredentialError
from gate.credential.status import (
    STATUS_INDEX_END,
    STATUS_SIGNED_BYTES_MAX,
    empty_status,
    issue_status,
    read_status,
    revoke,
)
from gate.credential.trust import TrustError, issuer_key, key_id, trust_list

KEY_MODE = 0o600
_KEY_BYTES_MAX = 16_384
_COUNTER_DIGITS_MAX = 20


class OfficeError(Exception):
    """A file of the office is missing, damaged or in the way: one sentence, with what to do."""


class PassphraseNeeded(OfficeError):
    """The private key is encrypted, and no passphrase was given."""


def create_key(path: Path, passphrase: bytes | None, at_s: int) -> Ed25519PrivateKey:
    """Make a new key and its files: counter at 0, nothing revoked.

    Raises:
        OfficeError: one of the files is there already; nothing was changed.
    """
    for there in (path, path.with_suffix(".counter"), path.with_suffix(".status")):
        if there.exists():
            raise OfficeError(
                f"{there} is there already, and a key is never overwritten; give another --key"
            )
    key = Ed25519PrivateKey.generate()
    kid = key_id(key.public_key().public_bytes_raw())
    secret = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)
    write_atomic(path.with_suffix(".counter"), b"0\n", KEY_MODE)
    write_atomic(path.with_suffix(".status"), issue_status(empty_status(kid, at_s), key))
    write_atomic(path, pem, KEY_MODE)
    return key


def load_key(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    """Read the private key.

    Raises:
        PassphraseNeeded: it is encrypted and `passphrase` is None.
        OfficeError: no such file, no such key, a wrong passphrase.
    """
    try:
        pem = _read(path, _KEY_BYTES_MAX)
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


def take_index(path: Path) -> int:
    """The next status index of the key at `path`; it is spent, durably, when this returns.

    Raises:
        OfficeError: the counter is missing or damaged, or the key has no index left.
    """
    with _locked(path):
        index = _counter(path)
        if index >= STATUS_INDEX_END:
            raise OfficeError(
                f"{path} has issued all of its {STATUS_INDEX_END} passes; make a new key"
            )
        write_atomic(path.with_suffix(".counter"), b"%d\n" % (index + 1), KEY_MODE)
        return index


def revoke_index(path: Path, key: Ed25519PrivateKey, index: int, at_s: int) -> Path:
    """Sign a newer status list with that pass revoked, and return its file.

    Raises:
        OfficeError: the pass was never issued, or the present list is missing or not the key's.
    """
    status_path = path.with_suffix(".status")
    public = key.public_key().public_bytes_raw()
    own = trust_list([issuer_key(public, "office", PASS_KINDS)])
    with _locked(path):
        issued = _counter(path)
        if not 0 <= index < issued:
            raise OfficeError(
                f"{path} has issued no pass {index}; its passes are 0 to {issued - 1}"
            )
        try:
            status = read_status(_read(status_path, STATUS_SIGNED_BYTES_MAX), own)
            signed = issue_status(revoke(status, index, at_s), key)
        except FileNotFoundError:
            raise OfficeError(
                f"{status_path} is not there; bring it back from a gate or a copy, "
                "because a new one would restore every revoked pass"
            ) from None
        except (CredentialError, TrustError) as error:
            raise OfficeError(f"{status_path} is not this key's status list: {error}") from None
        write_atomic(status_path, signed)
    return status_path


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone among all processes that keep to this lock; waits for the one that has it."""
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, KEY_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _counter(path: Path) -> int:
    counter = path.with_suffix(".counter")
    try:
        text = _read(counter, _COUNTER_DIGITS_MAX).strip()
    except FileNotFoundError:
        raise OfficeError(
            f"{counter} is not there, and a pass number must never be given twice; "
            "write into it a number above every pass that this key has issued"
        ) from None
    if not text.isdigit():
        raise OfficeError(f"{counter} holds no number; write into it the next free pass number")
    return int(text)


def _read(path: Path, bytes_max: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise OfficeError(f"{path} is longer than {bytes_max} bytes")
    return data
