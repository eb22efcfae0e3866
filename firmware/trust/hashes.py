"""Revoked health certificates: hashes as the EU's revocation lists have them.

A hash is a SHA-256, whole or its first 16 bytes: of the certificate's id (UCI), of country and id,
or of the signature's first half (eHealth Network, EU DCC revocation, 2022). A file is JSON, such as
a batch of the gateway with `entries` of `hash`, or lines of hex or base64, with comments behind #.
"""

import binascii
import re
from collections.abc import Iterator
from pathlib import Path

from firmware.trust.certificates import base64_of
from firmware.trust.offer import DEPTH_MAX, json_of, read_source
from firmware.trust.x509 import KeyRefused
from gate.credential.bundle.entries import HASH_BYTES

_HEX = re.compile(rb"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{64})")
_WHOLE_BYTES = 32


def revoked_hashes(path: Path) -> frozenset[bytes]:
    """The hashes of a file, each cut to 16 bytes.

    Raises:
        KeyRefused: one of them is none; a revocation must not be lost.
        SourceError: the file can't be read.
    """
    data = read_source(path).strip()
    if data.startswith((b"{", b"[")):
        texts = _texts(json_of(data), DEPTH_MAX)
    else:
        lines = (line.partition(b"#")[0].strip() for line in data.splitlines())
        texts = (line for line in lines if line)
    return frozenset(map(_hash, texts))


def _texts(node: object, depth: int) -> Iterator[bytes]:
    """Every `hash` of an object, and every text of a list."""
    if not depth:
        return
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "hash" and isinstance(value, str):
                yield value.encode("ascii", "replace")
            else:
                yield from _texts(value, depth - 1)
    elif isinstance(node, list):
        for each in node:
            if isinstance(each, str):
                yield each.encode("ascii", "replace")
            else:
                yield from _texts(each, depth - 1)


def _hash(text: bytes) -> bytes:
    found = binascii.unhexlify(text) if _HEX.fullmatch(text) else base64_of(text)
    if len(found) not in (HASH_BYTES, _WHOLE_BYTES):
        raise KeyRefused("a line that is no hash of 16 or 32 bytes")
    return found[:HASH_BYTES]
