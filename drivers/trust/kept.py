"""What a lane keeps of its trust bundles, in a folder of its own.

1. `gate-trust.bundle`, the last one that it took, replaced as a whole;
2. `gate-trust.versions`, what may not go back: the highest version that each root key signed, and
   the newest status list of each issuer.

They are written in this order, because the bundle carries its version: after a power cut between
the two, the next start reads the newer bundle and raises the versions from it. The other order
would leave versions that refuse the only bundle there is.
"""

import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import msgspec
from msgspec import Struct

from drivers.api import DriverError, ErrorKind
from drivers.trust.store import DEVICE
from drivers.wholefile import read_whole, write_atomic
from gate.credential.bundle import BUNDLE_BYTES_MAX, Held, StatusMark, Vouched
from gate.credential.bundle.limits import VERSION_END
from gate.credential.trust import KEY_ID_BYTES
from gate.walltime import TIME_S_END

log = logging.getLogger(__name__)

BUNDLE_NAME = "gate-trust.bundle"
"""Of the kept bundle, and of the file that is looked for on a stick."""
VERSIONS_NAME = "gate-trust.versions"
_VERSIONS_BYTES_MAX = 262_144
"""A thousand issuers, as many as a trust file can name, take half of it."""
_DIGEST_BYTES = 32

_Mark = TypeVar("_Mark", Vouched, StatusMark)


class _VersionsFile(Struct, forbid_unknown_fields=True):
    vouched: dict[str, tuple[int, str]]
    """Root key id → version, and the SHA-256 of that payload."""
    status: dict[str, tuple[int, str]]
    """Key id → Unix seconds, and the SHA-256 of that list's bits."""


class KeptBundle:
    """The two files."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, if it is not there, and sweep out what power cuts left in it.

        Raises:
            DriverError: it can't be made.
        """
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DriverError(ErrorKind.FAILED, DEVICE, f"{folder}: {error.strerror}") from None
        for name in (BUNDLE_NAME, VERSIONS_NAME):
            for left in folder.glob(f".{name}.*"):
                with contextlib.suppress(OSError):
                    left.unlink()

    def bundle(self) -> bytes:
        """The bundle, not yet verified.

        Raises:
            DriverError: MISSING where none was taken yet; or it can't be read.
        """
        return read_whole(self.folder / BUNDLE_NAME, BUNDLE_BYTES_MAX, DEVICE)

    def held(self) -> Held:
        """What may not go back. Nothing, where the file can't be read: then the bundle's own
        version and lists are what the next one must follow."""
        path = self.folder / VERSIONS_NAME
        try:
            kept = msgspec.json.decode(
                read_whole(path, _VERSIONS_BYTES_MAX, DEVICE), type=_VersionsFile
            )
        except DriverError as error:
            if error.kind is not ErrorKind.MISSING:
                log.error("%s", error)  # noqa: TRY400 - no bug
            return Held()
        except ValueError as error:
            log.error("%s is damaged, and made anew: %s", path, error)  # noqa: TRY400 - no bug
            return Held()
        return Held(
            _marks(kept.vouched, range(1, VERSION_END), Vouched),
            _marks(kept.status, range(TIME_S_END + 1), StatusMark),
        )

    def write(self, data: bytes, held: Held) -> None:
        """Make both durable.

        Raises:
            OSError: the disk is full or broken. The bundle may be the new one already.
        """
        write_atomic(self.folder / BUNDLE_NAME, data)
        self.remember(held)

    def remember(self, held: Held) -> None:
        """Make what may not go back durable.

        Raises:
            OSError: the disk is full or broken.
        """
        vouched = {kid.hex(): (v.version, v.digest.hex()) for kid, v in held.vouched.items()}
        status = {kid.hex(): (m.issued_at_s, m.digest.hex()) for kid, m in held.status.items()}
        text = json.dumps({"vouched": vouched, "status": status})
        write_atomic(self.folder / VERSIONS_NAME, text.encode())


def _marks(
    kept: Mapping[str, tuple[int, str]], allowed: range, make: Callable[[int, bytes], _Mark]
) -> Mapping[bytes, _Mark]:
    """Those that can be. One out of range would refuse every bundle for ever."""
    found = {}
    for name, (number, text) in kept.items():
        try:
            kid, digest = bytes.fromhex(name), bytes.fromhex(text)
        except ValueError:
            kid = digest = b""
        if number in allowed and (len(kid), len(digest)) == (KEY_ID_BYTES, _DIGEST_BYTES):
            found[kid] = make(number, digest)
        else:
            log.error("%s: what it says of key %s can't be, and is left out", VERSIONS_NAME, name)
    return MappingProxyType(found)
