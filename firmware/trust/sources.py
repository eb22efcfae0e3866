"""Lists of keys of health certificates (`HC1:`), in the forms in which they are published.

They differ in wrapping alone, so one walk finds the keys of all of them:

- the EU gateway's and the national verifiers': objects with `kid` and `rawData`, `certificate` or
  `x5c`; maps from a key id to a certificate (France); maps from a key id to `subjectPk` and
  `keyUsage` (Netherlands); objects with `keyId` and `subjectPublicKeyInfo` (Switzerland);
- the GDHCN's `did.json`: `verificationMethod` with `publicKeyJwk` (WHO SMART Trust 1.3, DID
  Trustlist v2), the certificate in `x5c` or not; its keys of other uses than DSC are left out;
- any of them inside a JWS (Sweden, in part), behind a first line that is a signature (Germany), or
  as base64 in `payload` (Netherlands);
- folders of certificates in PEM or DER.

The signature over a list is not checked here: whoever fetched it has to know that it is genuine.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import structs

from firmware.trust.certificates import base64_of, certificate_of, certificates_in
from firmware.trust.offer import DEPTH_MAX, Offer, checked, json_of, read_source, shown
from firmware.trust.x509 import KeyRefused, key_of_info, key_of_jwk, signer_from_certificate
from gate.credential.bundle.entries import KID_BYTES
from gate.credential.publictrust import SignerKey, Usage
from gate.credential.signature import PublicKey, algorithms_of

_KID = re.compile(r"[A-Za-z0-9+/_-]{11}=?")
"""Base64 of eight bytes."""
_JWS = re.compile(rb"[\w-]+\.([\w-]+)\.[\w-]+")
_DID = re.compile(r":trustlist:[^:]+:([A-Z]{2,3}):([A-Z]+)(?:[:#]|$)")
"""Domain, participant and usage of a GDHCN key."""
_DOCUMENT_SIGNER = "DSC"
_COUNTRY = re.compile(r"[A-Z]{2,3}")
_CERTIFICATE_MEMBERS = ("rawData", "certificate", "cert", "x5c")
_USAGES: Mapping[str, Usage] = {
    "t": Usage.TEST,
    "v": Usage.VACCINATION,
    "r": Usage.RECOVERY,
}

Json = dict[str, Any]


def health_offers(path: Path) -> Iterator[Offer]:
    """The keys that one file offers.

    Raises:
        KeyRefused: nothing in it can be read.
        SourceError: the file can't be read.
    """
    data = read_source(path)
    document = _document(data)
    if document is None:
        for each in certificates_in(data):
            yield _certificate(str(path), None, each, "")
    else:
        yield from _walk(document, str(path), "", DEPTH_MAX)


def _document(data: bytes) -> object:
    """The JSON in a file, out of its wrapping; None if there is none."""
    stripped = data.strip()
    if jws := _JWS.fullmatch(stripped):
        return _unwrapped(json_of(base64_of(jws[1])))
    _, _, after_signature = stripped.partition(b"\n")
    for text in (stripped, after_signature.strip()):
        if text.startswith((b"{", b"[")):
            return _unwrapped(json_of(text))
    return None


def _unwrapped(document: object) -> object:
    match document:
        case {"payload": str() as payload, "signature": _}:
            return json_of(base64_of(payload.encode("ascii", "replace")))
        case _:
            return document


def _walk(node: object, origin: str, country: str, depth: int) -> Iterator[Offer]:
    if not depth:
        return
    if isinstance(node, list):
        for each in node:
            yield from _walk(each, origin, country, depth - 1)
    elif isinstance(node, dict):
        if _is_for_other_use(node):
            return
        stated = node.get("country")
        country = stated if isinstance(stated, str) else country
        own = list(_of_object(node, origin, country))
        yield from own
        if not own:
            for name, value in node.items():
                yield from _of_member(name, value, origin, country, depth)


def _is_for_other_use(node: Json) -> bool:
    """Whether it is a GDHCN key that signs no certificates, such as a country's own anchor."""
    use = _DID.search(str(node.get("id", "")))
    return "publicKeyJwk" in node and use is not None and use[2] != _DOCUMENT_SIGNER


def _of_object(node: Json, origin: str, country: str) -> Iterator[Offer]:
    """An object that is itself one key."""
    jwk = node.get("publicKeyJwk")
    if isinstance(jwk, dict):
        identifier = str(node.get("id", ""))
        use = _DID.search(identifier)
        kid = jwk.get("kid") or identifier.rpartition("#")[2]
        yield from _of_object({**jwk, "kid": kid}, origin, use[1] if use else country)
        return
    kid = node.get("kid") or node.get("keyId")
    text = _certificate_text(node)
    info = node.get("subjectPublicKeyInfo")
    if text is not None:
        yield _certificate(origin, kid, text, country)
    elif isinstance(kid, str) and "kty" in node:
        yield _bare(origin, kid, lambda: key_of_jwk(node), country)
    elif isinstance(kid, str) and isinstance(info, str):
        yield _bare(origin, kid, lambda: key_of_info(base64_of(info.encode())), country)


def _of_member(name: str, value: object, origin: str, country: str, depth: int) -> Iterator[Offer]:
    """A member of an object that is not itself a key: perhaps a key id with its key."""
    if _KID.fullmatch(name) and isinstance(value, str):
        yield _certificate(origin, name, value, country)
        return
    if _KID.fullmatch(name) and isinstance(value, list):
        listed = [each for each in value if isinstance(each, dict) and "subjectPk" in each]
        for each in listed:
            yield _with_usage(origin, name, each, country)
        if listed:
            return
    yield from _walk(value, origin, name if _COUNTRY.fullmatch(name) else country, depth - 1)


def _certificate_text(node: Json) -> str | None:
    for member in _CERTIFICATE_MEMBERS:
        match node.get(member):
            case str() as text:
                return text
            case [str() as text, *_]:
                return text
            case _:
                continue
    return None


def _certificate(origin: str, kid: object, source: str | bytes, country: str) -> Offer:
    def take() -> tuple[bytes, SignerKey]:
        data = certificate_of(source) if isinstance(source, str) else source
        signer = signer_from_certificate(data)
        if not signer.issuer:
            signer = structs.replace(signer, issuer=checked(country))
        return _kid(kid) if kid else hashlib.sha256(data).digest()[:KID_BYTES], signer

    return Offer(origin, shown(kid or "a certificate"), take)


def _with_usage(origin: str, kid: str, node: Json, country: str) -> Offer:
    info, named = str(node["subjectPk"]), node.get("keyUsage")
    letters = [str(each) for each in named] if isinstance(named, list) else []
    usages = frozenset(_USAGES[letter] for letter in letters if letter in _USAGES)
    return _bare(origin, kid, lambda: key_of_info(base64_of(info.encode())), country, usages)


def _bare(
    origin: str,
    kid: str,
    read_key: Callable[[], PublicKey],
    country: str,
    usages: frozenset[Usage] = frozenset(),
) -> Offer:
    """A key without a certificate: it has no window, and no usages but those that are named."""

    def take() -> tuple[bytes, SignerKey]:
        key = read_key()
        return _kid(kid), SignerKey(
            key, algorithms_of(key), checked(country), usages or frozenset(Usage)
        )

    return Offer(origin, shown(kid), take)


def _kid(text: object) -> bytes:
    """A key id of eight bytes, in base64 of either alphabet."""
    if not isinstance(text, str) or not _KID.fullmatch(text):
        raise KeyRefused("a key id that is not eight bytes in base64")
    return base64_of(text.encode())
