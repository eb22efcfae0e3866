"""Revoked health certificates: hashes as the EU's revocation lists have them.

A hash is a SHA-256, whole or its first 16 bytes: of the certificate's id (UCI), of country and id,
or of the signature's first half (eHealth Network, EU DCC revocation, 2022). A file is JSON, such as
a batch of the gateway with `entries` of `hash`, or lines of hex or base64, with comments behind #.
"""

import binascii
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from firmware.trust.certificates import base64_of
from firmware.trust.offer import DEPTH_MAX, json_of, read_source, shown
from firmware.trust.x509 import KeyRefused
from gate.credential.bundle.entries import HASH_BYTES

_HEX = re.compile(rb"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{64})")
_WHOLE_BYTES = 32


def revoked_hashes(path: Path) -> frozenset[bytes]:
    """The hashes of a file, each cut to 16 bytes.

    A file of lines may have comments alone, and so say that nothing is revoked. An empty file, or
    JSON without a hash where we look for one, says nothing.

    Raises:
        KeyRefused: one of them is none, or there is none; a revocation must not be lost.
        SourceError: the file can't be read.
    """
    data = read_source(path).strip()
    if not data:
        raise KeyRefused("an empty file")
    if not data.startswith((b"{", b"[")):
        lines = (line.partition(b"#")[0].strip() for line in data.splitlines())
        return frozenset(_hash(line) for line in lines if line)
    found = frozenset(map(_hash, _texts(json_of(data), DEPTH_MAX)))
    if not found:
        raise KeyRefused("no hash in it")
    return found


def _texts(node: dict[str, Any] | list[Any], depth: int) -> Iterator[bytes]:
    """Every `hash` of an object, and every text of a list."""
    if not depth:
        raise KeyRefused(f"more than {DEPTH_MAX} levels deep")
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "hash":
                yield _text(value)
            elif isinstance(value, dict | list):
                yield from _texts(value, depth - 1)
    else:
        for each in node:
            yield from _listed(each, depth - 1)


def _listed(entry: object, depth: int) -> Iterator[bytes]:
    """The hashes of one entry of a list, which has one at least."""
    if not isinstance(entry, dict | list):
        yield _text(entry)
        return
    found = list(_texts(entry, depth))
    if not found:
        raise KeyRefused("an entry without a hash")
    yield from found


def _text(value: object) -> bytes:
    if not isinstance(value, str):
        raise KeyRefused("a hash that is no text")
    return value.encode("ascii", "replace")


def _hash(text: bytes) -> bytes:
    found = binascii.unhexlify(text) if _HEX.fullmatch(text) else base64_of(text)
    if len(found) not in (HASH_BYTES, _WHOLE_BYTES):
        told = shown(text.decode("ascii", "replace"))
        raise KeyRefused(f"{told} is no hash of 16 or 32 bytes")
    return found[:HASH_BYTES]
