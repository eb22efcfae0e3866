"""Signers of VDS-NC, each under the anchor of its country: certificates, and CSCA master lists."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from firmware.trust.certificates import certificates_in
from firmware.trust.offer import Quarantined, read_source
from firmware.trust.x509 import KeyRefused, signer_of_vds
from gate.credential.publictrust import SignerKey
from gate.reasons import Reason

WHY = {
    Reason.CODE_MALFORMED: "no certificate",
    Reason.CREDENTIAL_ISSUER_UNKNOWN: "no anchor vouches for it",
    Reason.CREDENTIAL_ISSUER_EXPIRED: "it had ended before its anchor began",
    Reason.CREDENTIAL_KIND_NOT_ISSUED: "it may not sign health seals",
    Reason.CREDENTIAL_ALGORITHM: "a key that we do not take, or a window that is empty",
}


class SealSigner(NamedTuple):
    """One certificate that was offered as a signer's."""

    origin: str
    fingerprint: bytes
    """SHA-256 of the certificate."""
    found: SignerKey | Reason


def certificates_of(
    paths: Iterable[Path], quarantined: list[Quarantined]
) -> list[tuple[str, bytes]]:
    """Every certificate of these files, with the file's name; what holds none is quarantined."""
    found: list[tuple[str, bytes]] = []
    for path in paths:
        try:
            found += [(str(path), each) for each in certificates_in(read_source(path))]
        except KeyRefused as error:
            quarantined.append(Quarantined(str(path), path.name, str(error)))
    return found


def seal_signers(
    signers: Iterable[tuple[str, bytes]], anchors: Iterable[bytes]
) -> Iterator[SealSigner]:
    """Each signer's key, or why it is refused."""
    known = list(dict.fromkeys(anchors))
    for origin, data in signers:
        yield SealSigner(origin, hashlib.sha256(data).digest(), signer_of_vds(data, known))
