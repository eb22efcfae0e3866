"""Trust on the disk: a TOML file that names the issuers, and their signed status lists beside it.

```toml
[[issuer]]
name = "Example office"
public_key = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
kinds = ["visitor", "appointment", "staff"]
not_before = 2026-01-01T00:00:00Z   # optional, as are the next two
not_after = 2028-01-01T00:00:00Z
status = "example-office.status"    # relative to this file
```

Read at start and when told to read again, never on the way of a visitor.
"""

import base64
import binascii
from datetime import datetime
from pathlib import Path

import msgspec

from drivers.api import DriverError, ErrorKind
from drivers.wholefile import read_whole
from gate.credential.model import CredentialError, CredentialKind
from gate.credential.status import STATUS_SIGNED_BYTES_MAX, read_status
from gate.credential.trust import (
    IssuerKey,
    TrustError,
    TrustList,
    issuer_key,
    trust_list,
)
from gate.walltime import TIME_S_END

TRUST_BYTES_MAX = 262_144
"""Of the TOML file: about a thousand issuers."""
DEVICE = "trust list"
"""How a `DriverError` names this store."""


class _Issuer(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[issuer]]` table."""

    name: str
    public_key: str
    """Base64 of the raw 32 bytes."""
    kinds: list[CredentialKind]
    not_before: datetime | None = None
    not_after: datetime | None = None
    status: str | None = None
    """File of the issuer's status list, relative to the trust file."""


class _TrustFile(msgspec.Struct, forbid_unknown_fields=True):
    issuer: list[_Issuer] = msgspec.field(default_factory=list)


def load_trust(path: Path, held: TrustList | None = None) -> TrustList:
    """The trust list of that TOML file, with the status list of every issuer that names one.

    `held` is the list that is in use now: its status lists are kept where the files have none
    newer, and an older file is refused.

    Raises:
        DriverError: a file is missing, may not be read, or does not hold what it should; the
            message names the file and the key in it, and says what to do.
    """
    try:
        text = read_whole(path, TRUST_BYTES_MAX, DEVICE)
        entries = msgspec.toml.decode(text, type=_TrustFile, strict=True).issuer
    except RecursionError:
        raise _corrupt(f"{path}: nested too deeply") from None
    except ValueError as error:  # of msgspec, of the text's encoding, of a number too long
        raise _corrupt(f"{path}: {error}") from None
    keys: list[IssuerKey] = []
    for number, entry in enumerate(entries):
        try:
            keys.append(_issuer_key(entry))
        except TrustError as error:
            raise _corrupt(f"{path}: issuer[{number}]: {error}") from None
    try:
        trust = trust_list(keys)
    except TrustError as error:
        raise _corrupt(f"{path}: {error}; remove one of them") from None
    for kid, status in (held.status if held else {}).items():
        if kid in trust.keys:
            trust = trust.with_status(status)
    for key, entry in zip(keys, entries, strict=True):
        if entry.status is not None:
            trust = _with_status_file(trust, path.parent / entry.status, key)
    return trust


def _with_status_file(trust: TrustList, path: Path, key: IssuerKey) -> TrustList:
    data = read_whole(path, STATUS_SIGNED_BYTES_MAX, DEVICE)
    try:
        status = read_status(data, trust)
        if status.kid != key.kid:
            raise _corrupt(f"{path}: is the status list of another issuer than {key.name}")
        return trust.with_status(status)
    except (CredentialError, TrustError) as error:
        raise _corrupt(f"{path}: no status list to be taken: {error}") from None


def _issuer_key(entry: _Issuer) -> IssuerKey:
    try:
        raw = base64.b64decode(entry.public_key, validate=True)
    except (binascii.Error, ValueError):
        raise TrustError("public_key must be base64 of 32 bytes") from None
    return issuer_key(
        raw,
        entry.name,
        entry.kinds,
        _unix_s(entry.not_before, 0),
        _unix_s(entry.not_after, TIME_S_END),
    )


def _unix_s(moment: datetime | None, default: int) -> int:
    if moment is None:
        return default
    if moment.tzinfo is None:
        raise TrustError("not_before and not_after need an offset, such as Z or +07:00")
    return int(moment.timestamp())


def _corrupt(message: str) -> DriverError:
    return DriverError(ErrorKind.CORRUPT, DEVICE, message)
