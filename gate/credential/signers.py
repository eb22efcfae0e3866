"""Whose signature a public certificate bears, and whether they may give it, then and now.

The list may name one key more than once: under one id with others, for several issuers, in a
certificate and in its renewal. All that made the signature are found; the first that fits counts.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from gate.credential.model import CredentialError
from gate.credential.publictrust import SignerKey
from gate.credential.signature import Algorithm, check
from gate.credential.window import Window, window
from gate.reasons import Reason
from gate.walltime import ClockQuality, WallTime

Found = TypeVar("Found")


def authentic(
    candidates: Iterable[SignerKey], algorithm: Algorithm, signature: bytes, signed: bytes
) -> list[SignerKey]:
    """Those of the candidates whose key made the signature; at least one.

    A key that is named several times is tried once.

    Raises:
        CredentialError: CREDENTIAL_ALGORITHM: none is for that algorithm; CREDENTIAL_SIGNATURE.
    """
    able = [each for each in candidates if algorithm in each.algorithms]
    if not able:
        raise CredentialError(Reason.CREDENTIAL_ALGORITHM, "not the key's")
    for place, signer in enumerate(able):
        try:
            check(algorithm, signer.key, signature, signed)
        except CredentialError:
            continue
        return [signer, *(other for other in able[place + 1 :] if other.key == signer.key)]
    raise CredentialError(Reason.CREDENTIAL_SIGNATURE)


def first_that_fits(
    signers: Sequence[SignerKey], fit: Callable[[SignerKey], Found]
) -> tuple[SignerKey, Found]:
    """The first signer for whom `fit` raises nothing, and what it returned.

    Raises:
        CredentialError: what `fit` raised for the first of them, where none fits.
    """
    refused: list[CredentialError] = []
    for signer in signers:
        try:
            return signer, fit(signer)
        except CredentialError as error:
            refused.append(error)
    raise refused[0]


def holding(signer: SignerKey, stated: Window, now: WallTime) -> Window:
    """When a certificate holds that states such a window, signed by such a key.

    Raises:
        CredentialError: CREDENTIAL_EXPIRED where the two windows have no moment in common, whatever
            time it is; then CREDENTIAL_NOT_YET_VALID or CREDENTIAL_EXPIRED by its own word, and
            CREDENTIAL_NOT_YET_VALID or CREDENTIAL_ISSUER_EXPIRED by its signer's.
    """
    holds = window(max(stated.from_s, signer.not_before_s), min(stated.until_s, signer.not_after_s))
    stated.check(now)
    if now.quality is not ClockQuality.UNTRUSTED:
        if now.unix_s < signer.not_before_s:
            raise CredentialError(Reason.CREDENTIAL_NOT_YET_VALID, signer.issuer)
        if now.unix_s >= signer.not_after_s:
            raise CredentialError(Reason.CREDENTIAL_ISSUER_EXPIRED, signer.issuer)
    return holds
