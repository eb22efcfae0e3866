"""The root keys that a gate has pinned, in a TOML file: whose signatures of a bundle it believes.

```toml
threshold = 1

[[root]]
name = "First person"   # optional, for who reads the file
public_key = "aaLmralOswMYqZqDnMAeAMgppHv6x9noqTBcwO9MZn8="
```
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from drivers.api import DriverError, ErrorKind
from drivers.trust.store import DEVICE
from drivers.wholefile import read_whole
from gate.credential.bundle import Roots, roots_of
from gate.credential.trust import TrustError

ROOTS_BYTES_MAX = 16_384


class _Root(Struct, forbid_unknown_fields=True):
    public_key: bytes
    """Base64 of the raw 32 bytes."""
    name: str = ""


class _RootsFile(Struct, forbid_unknown_fields=True):
    root: list[_Root]
    threshold: int = 1


def load_roots(path: Path, *, unfinished: bool = False) -> Roots:
    """The pinned root keys of that TOML file.

    Args:
        path: of the file.
        unfinished: take a file that lacks keys yet, fewer than its threshold. No gate does.

    Raises:
        DriverError: a file that is missing, may not be read, or does not hold what it should.
    """
    return read_roots(read_whole(path, ROOTS_BYTES_MAX, DEVICE), path, unfinished=unfinished)


def read_roots(data: bytes, path: Path, *, unfinished: bool = False) -> Roots:
    """The same of its bytes. The threshold of an unfinished file is told as it is written.

    Raises:
        DriverError: CORRUPT; it names `path`.
    """
    if len(data) > ROOTS_BYTES_MAX:
        raise _corrupt(f"{path} is longer than {ROOTS_BYTES_MAX} bytes")
    try:
        found = msgspec.toml.decode(data, type=_RootsFile, strict=True)
        keys = [each.public_key for each in found.root]
        if unfinished and found.threshold > len(keys) > 0:
            return Roots(roots_of(keys, len(keys)).keys, found.threshold)
        return roots_of(keys, found.threshold)
    except RecursionError:
        raise _corrupt(f"{path}: nested too deeply") from None
    except (TrustError, ValueError) as error:
        raise _corrupt(f"{path}: {error}") from None


def _corrupt(message: str) -> DriverError:
    return DriverError(ErrorKind.CORRUPT, DEVICE, message)
