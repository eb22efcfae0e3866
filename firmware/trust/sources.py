"""Lists of keys of health certificates (`HC1:`), in the forms in which they are published.

They differ in wrapping alone, so one walk finds the keys of all of them:

- the EU gateway's and the national verifiers': objects with `kid` and `rawData`, `certificate` or
  `x5c`, of which those whose `certificateType` or `group` is another than DSC are left out: the
  gateway lists its members' own certificates too; maps from a key id to a certificate (France);
  maps from a key id to `subjectPk` and `keyUsage` (Netherlands); objects with `keyId` and
  `subjectPublicKeyInfo` (Switzerland);
- the GDHCN's `did.json`: `verificationMethod` with `publicKeyJwk` (WHO SMART Trust 1.3, DID
  Trustlist v2), the certificate in `x5c` or not; only keys whose id says that they are document
  signers' (DSC) of a domain whose certificates we read are taken (`DOMAINS`);
- any of them inside a JWS (Sweden, in part), behind a first line that is a signature (Germany), or
  as base64 in `payload` (Netherlands);
- folders of certificates in PEM or DER.

What is left out is told with its reason, as every key that can't be taken.

The signature over a list is not checked here: whoever fetched it has to know that it is genuine.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from msgspec import structs

from firmware.trust.certificates import base64_of, certificate_of, certificates_in, is_der
from firmware.trust.offer import DEPTH_MAX, Offer, checked, json_of, read_source, shown
from firmware.trust.x509 import KeyRefused, key_of_info, key_of_jwk, signer_from_certificate
from gate.credential.bundle.entries import KID_BYTES
from gate.credential.publictrust import SignerKey, Usage
from gate.credential.signature import PublicKey, algorithms_of

_KID = re.compile(r"[A-Za-z0-9+/_-]{11}=?")
"""Base64 of eight bytes."""
_JWS = re.compile(rb"[\w-]+\.([\w-]+)\.[\w-]+")
DOMAINS = frozenset({"DCC", "DDCC", "ICVP"})
"""Of the GDHCN (SMART Trust, code system Domains), those whose certificates begin with `HC1:` and
are read here: the EU's, the WHO's of COVID-19, and the vaccination certificate of the International
Health Regulations. Its other ones, such as IPS-PILGRIMAGE and PH4H, sign patient summaries."""

_NETWORK = ":trustlist"
"""Somewhere in the id of every key of the GDHCN."""
_DID = re.compile(
    r".*:trustlist:(?P<domain>[^:#]+):(?P<participant>[A-Z0-9]{2,3}):DSC(#[^#]*)?", re.DOTALL
)
"""A document signer's key (DID Trustlist v2)."""
_DOCUMENT_SIGNER = "DSC"
_TYPES = ("certificateType", "group")
"""What the EU's gateway and the GDHCN's say that a certificate is for."""
_COUNTRY = re.compile(r"[A-Z]{2,3}")
_CERTIFICATE_MEMBERS = ("rawData", "certificate", "cert", "x5c")
_EVERYTHING = frozenset(Usage)
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
        for number, each in enumerate(certificates_in(data), 1):
            yield _certificate(str(path), None, each, "", f"certificate {number}")
    else:
        yield from _walk(document, str(path), "", DEPTH_MAX)


def _document(data: bytes) -> object:
    """The JSON in a file, out of its wrapping; None if there is none.

    In the bytes of a certificate a line end and a bracket may stand too.
    """
    if is_der(data):
        return None
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
        stated = node.get("country")
        country = stated if isinstance(stated, str) else country
        own = _of_object(node, origin, country)
        why = _other_use(node)
        if why and (own is not None or "#" in _identifier(node)):
            yield _refusal(origin, own.label if own is not None else _identifier(node), why)
        elif own is not None:
            yield own
        else:
            for name, value in node.items():
                yield from _of_member(name, value, origin, country, depth)


def _identifier(node: Json) -> str:
    """Of a verification method, without percent-encoding (RFC 3986 section 2.1)."""
    return unquote(str(node.get("id", "")))


def _other_use(node: Json) -> str:
    """Why a key is none of a signer of health certificates by its list's own word; or nothing."""
    for member in _TYPES:
        stated = node.get(member, _DOCUMENT_SIGNER)
        if stated != _DOCUMENT_SIGNER:
            return f"a key of type {shown(stated)}, not a document signer's"
    identifier = _identifier(node)
    if _NETWORK not in identifier.lower():
        return ""
    use = _DID.fullmatch(identifier)
    if use is None:
        return "a key of the GDHCN, and not plainly a document signer's"
    if use["domain"] not in DOMAINS:
        return f"a key of the GDHCN's domain {shown(use['domain'])}, which we don't read"
    return ""


def _refusal(origin: str, label: str, why: str) -> Offer:
    def take() -> tuple[bytes, SignerKey]:
        raise KeyRefused(why)

    return Offer(origin, shown(label), take)


def _of_object(node: Json, origin: str, country: str) -> Offer | None:
    """An object that is itself one key."""
    jwk = node.get("publicKeyJwk")
    if not isinstance(jwk, dict):
        return _of_key(node, origin, country)
    identifier = _identifier(node)
    use = _DID.fullmatch(identifier)
    kid = jwk.get("kid") or identifier.rpartition("#")[2]
    whose = use["participant"] if use else country
    key = _of_key({**jwk, "kid": kid}, origin, whose)
    return key or _refusal(origin, identifier or "a key", "a key in another form than ours")


def _of_key(node: Json, origin: str, country: str) -> Offer | None:
    kid = node.get("kid") or node.get("keyId")
    text = _certificate_text(node)
    info = node.get("subjectPublicKeyInfo")
    if text is not None:
        return _certificate(origin, kid, text, country)
    if isinstance(kid, str) and "kty" in node:
        return _bare(origin, kid, lambda: key_of_jwk(node), country)
    if isinstance(kid, str) and isinstance(info, str):
        return _bare(origin, kid, lambda: key_of_info(_bytes_of(info)), country)
    return None


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


def _certificate(
    origin: str, kid: object, source: str | bytes, country: str, label: str = "a certificate"
) -> Offer:
    def take() -> tuple[bytes, SignerKey]:
        data = certificate_of(source) if isinstance(source, str) else source
        signer = signer_from_certificate(data)
        if not signer.issuer:
            signer = structs.replace(signer, issuer=checked(country))
        return _kid(kid) if kid else hashlib.sha256(data).digest()[:KID_BYTES], signer

    return Offer(origin, shown(kid or label), take)


def _with_usage(origin: str, kid: str, node: Json, country: str) -> Offer:
    info = str(node["subjectPk"])
    return _bare(origin, kid, lambda: key_of_info(_bytes_of(info)), country, lambda: _letters(node))


def _letters(node: Json) -> frozenset[Usage]:
    """What a key of the Netherlands' list may attest: an empty list means everything, and one of
    letters that we don't know nothing at all.

    Raises:
        KeyRefused: nothing, or something that is no list.
    """
    named = node.get("keyUsage", [])
    if not isinstance(named, list):
        raise KeyRefused("usages that are no list")
    known = frozenset(_USAGES[each] for each in named if isinstance(each, str) and each in _USAGES)
    if named and not known:
        raise KeyRefused("usages that we don't know")
    return known or _EVERYTHING


def _bare(
    origin: str,
    kid: str,
    read_key: Callable[[], PublicKey],
    country: str,
    read_usages: Callable[[], frozenset[Usage]] = lambda: _EVERYTHING,
) -> Offer:
    """A key without a certificate: it has no window, and the usages that its list names."""

    def take() -> tuple[bytes, SignerKey]:
        key = read_key()
        return _kid(kid), SignerKey(key, algorithms_of(key), checked(country), read_usages())

    return Offer(origin, shown(kid), take, bare=True)


def _bytes_of(text: str) -> bytes:
    return base64_of(text.encode("ascii", "replace"))


def _kid(text: object) -> bytes:
    """A key id of eight bytes, in base64 of either alphabet."""
    if not isinstance(text, str) or not _KID.fullmatch(text):
        raise KeyRefused("a key id that is not eight bytes in base64")
    return base64_of(text.encode())
