"""Keys of W3C credentials: a PEM file under a name that the recipe gives, or a DID document."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from firmware.trust.offer import Offer, json_of, named, read_source, shown
from firmware.trust.x509 import KeyRefused, key_of_jwk, key_of_pem
from gate.credential.publictrust import SignerKey
from gate.credential.signature import PublicKey, algorithms_of
from gate.credential.trust import TrustError, ed25519_key

_PEM = b"-----BEGIN"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58_CHARS_MAX = 64
_KEY_BYTES = 32

Json = dict[str, Any]


def statement_offers(path: Path, method: str | None, issuer: str | None) -> Iterator[Offer]:
    """The keys of a file. `method` names the key of a PEM file as proofs do; `issuer` is whose
    they are, by default the DID document's own id.

    Raises:
        KeyRefused: nothing in it can be read, or a PEM file without a method or an issuer.
        SourceError: the file can't be read.
    """
    data = read_source(path)
    if data.lstrip().startswith(_PEM):
        if method is None or issuer is None:
            raise KeyRefused("a key without a method and an issuer; say them in the recipe")
        yield _offer(str(path), method, issuer, {"publicKeyPem": data.decode("ascii", "replace")})
        return
    match json_of(data):
        case {"id": str() as did, "verificationMethod": list() as methods}:
            for each in methods:
                match each:
                    case {"id": str() as name}:
                        full = did + name if name.startswith("#") else name
                        yield _offer(str(path), full, issuer or did, each)
                    case _:
                        continue  # a reference to another document
        case _:
            raise KeyRefused("neither a public key in PEM nor a DID document")


def _offer(origin: str, method: str, issuer: str, members: Json) -> Offer:
    def take() -> tuple[str, SignerKey]:
        key = _key(members)
        return named(method), SignerKey(key, algorithms_of(key), named(issuer))

    return Offer(origin, shown(method), take)


def _key(members: Json) -> PublicKey:
    """Of a verification method (DID Core section 5.2.1, and the security vocabulary's older
    members that DIVOC used)."""
    match members:
        case {"publicKeyPem": str() as pem}:
            return key_of_pem(pem.encode("ascii", "replace"))
        case {"publicKeyJwk": dict() as jwk}:
            return key_of_jwk(jwk)
        case {"publicKeyBase58": str() as text}:
            return _edwards(_base58(text))
        case _:
            raise KeyRefused("a verification method without a key that we can read")


def _edwards(raw: bytes) -> PublicKey:
    try:
        return ed25519_key(raw)
    except TrustError as error:
        raise KeyRefused(str(error)) from None


def _base58(text: str) -> bytes:
    """Bitcoin's alphabet, of a key of 32 bytes, where a leading 1 is a zero byte."""
    if len(text) > _BASE58_CHARS_MAX:
        raise KeyRefused("not a key of 32 bytes")
    number = 0
    for letter in text:
        place = _BASE58.find(letter)
        if place < 0:
            raise KeyRefused("no base58")
        number = number * len(_BASE58) + place
    zeros = len(text) - len(text.lstrip(_BASE58[0]))
    size = zeros + (number.bit_length() + 7) // 8
    if size != _KEY_BYTES:
        raise KeyRefused("not a key of 32 bytes")
    return number.to_bytes(_KEY_BYTES)
