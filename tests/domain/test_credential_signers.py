"""Whose signature it is where the list names one key more than once."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.credential.model import CredentialError
from gate.credential.publictrust import SignerKey
from gate.credential.signature import Algorithm
from gate.credential.signers import authentic, first_that_fits
from gate.reasons import Reason

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIGNED = b"what was signed"


def signer(issuer: str, key: Ed25519PrivateKey = KEY) -> SignerKey:
    """An entry of the list."""
    return SignerKey(key.public_key(), frozenset({Algorithm.EDDSA}), issuer)


@pytest.mark.parametrize(
    "listed",
    ["ABC", "xABC", "AxBC", "ABxC", "xAxBxCx", "A", "xA", "Ax"],
)
def test_every_entry_of_the_key_that_signed_is_found(listed: str) -> None:
    """Each of them once, in the order of the list, wherever those of other keys stand (here x)."""
    candidates = [signer(each, OTHER_KEY if each == "x" else KEY) for each in listed]
    found = authentic(candidates, Algorithm.EDDSA, KEY.sign(SIGNED), SIGNED)
    assert "".join(each.issuer for each in found) == listed.replace("x", "")


@pytest.mark.parametrize("fitting", ["A", "B", "C"])
def test_the_first_that_fits_counts(fitting: str) -> None:
    """What the others were refused for is forgotten."""

    def fit(one: SignerKey) -> str:
        if one.issuer < fitting:
            raise CredentialError(Reason.CREDENTIAL_ISSUER_MISMATCH)
        return one.issuer.lower()

    signers = [signer("A"), signer("B"), signer("C")]
    found, fitted = first_that_fits(signers, fit)
    assert (found.issuer, fitted) == (fitting, fitting.lower())
