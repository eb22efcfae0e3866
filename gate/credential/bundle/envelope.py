"""The signatures of a bundle: COSE_Sign (RFC 9052 section 4.1) by pinned Ed25519 keys.

The order of signing does not matter, and a second person can add a signature on another machine
(`add_signature`) without the first one's key.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from gate.credential import cbor
from gate.credential.bundle.fault import BundleError, Fault
from gate.credential.bundle.limits import BUNDLE_BYTES_MAX, ROOTS_MAX, SIGNATURES_MAX
from gate.credential.cose import EDDSA, HEADER_ALGORITHM, HEADER_KEY_ID
from gate.credential.signer import Signer
from gate.credential.trust import TrustError, ed25519_key, key_id

CONTENT_TYPE = "application/vnd.gerbang.trust-bundle+cbor"
"""Signed with the payload: a root key's signature of anything else is no bundle's."""

_HEADER_CONTENT_TYPE = 3
"""RFC 9052 section 3.1."""
_TAG_SIGN = b"\xd8\x62"
"""Tag 98, RFC 9052 section 2."""
_DEPTH_MAX = 4
_PROTECTED = cbor2.dumps({_HEADER_CONTENT_TYPE: CONTENT_TYPE}, canonical=True)
_HEAD = _TAG_SIGN + b"\x84" + cbor2.dumps(_PROTECTED) + b"\xa0"
_SIGNERS_BYTES_MAX = SIGNATURES_MAX * 256
"""Each of ours takes 78."""
_BYTE_STRING = 0x40
_LENGTH_DIRECT_END = 24
_LENGTH_BYTES = {0x58: 1, 0x59: 2, 0x5A: 4}
"""First byte of a byte string → how many bytes its length takes (RFC 8949 section 3)."""


class Roots(Struct, frozen=True):
    """Whose signatures a gate believes, pinned where it was installed."""

    keys: Mapping[bytes, Ed25519PublicKey]
    """By key id, the first four bytes of the SHA-256 of the raw key."""
    threshold: int
    """How many of them must sign, 1 or more. With two, one stolen key opens nothing."""


class Signed(Struct, frozen=True):
    """What the envelope holds. Nothing in it is proven yet."""

    payload: bytes
    signatures: tuple[tuple[bytes, bytes], ...]
    """Protected headers and signature of each signer, as they are written."""


def roots_of(raw_keys: Iterable[bytes], threshold: int) -> Roots:
    """Parse raw Ed25519 public keys (32 bytes each).

    Raises:
        TrustError: as `ed25519_key` does; one twice, more than `ROOTS_MAX`, or a threshold that
            they can't reach.
    """
    keys: dict[bytes, Ed25519PublicKey] = {}
    for raw in raw_keys:
        try:
            key = ed25519_key(raw)
        except TrustError as error:
            raise TrustError(f"a root key: {error}") from None
        kid = key_id(raw)
        if kid in keys:
            raise TrustError(f"root key {kid.hex()} is there twice; remove one of them")
        keys[kid] = key
    if len(keys) > ROOTS_MAX:
        raise TrustError(f"more than {ROOTS_MAX} root keys")
    if not 1 <= threshold <= len(keys):
        raise TrustError(f"the threshold must lie between 1 and {len(keys)}, the number of keys")
    return Roots(MappingProxyType(keys), threshold)


def sign(payload: bytes, signers: Iterable[Signer]) -> bytes:
    """A bundle of that payload, signed by each of them, once by who is named twice.

    Raises:
        BundleError: TOO_LONG: a payload too long, or more than `SIGNATURES_MAX` signers.
    """
    return _written(payload, [_signature(payload, signer) for signer in signers])


def add_signature(data: bytes, signer: Signer) -> bytes:
    """The same bundle with one more signature, or the signer's old one replaced.

    Raises:
        BundleError: TOO_LONG or MALFORMED: no bundle, or `SIGNATURES_MAX` others signed it.
    """
    found = open_envelope(data)
    own = _signature(found.payload, signer)
    others = [each for each in found.signatures if each[0] != own[0]]
    return _written(found.payload, [*others, own])


def open_envelope(data: bytes) -> Signed:
    """Take a bundle apart, proving nothing.

    In this order: length; tag 98, an array of four and our content type as the only header, which
    are the same bytes in every bundle; an attached payload, which is not looked into; at most
    `SIGNATURES_MAX` signers of three parts each, none of whose protected headers stand there
    twice. What a stranger can make us decode is no longer than `_SIGNERS_BYTES_MAX`.

    Raises:
        BundleError: TOO_LONG or MALFORMED.
    """
    if len(data) > BUNDLE_BYTES_MAX:
        raise BundleError(
            Fault.TOO_LONG, f"longer than {BUNDLE_BYTES_MAX} bytes; compile it with fewer sources"
        )
    if not data.startswith(_HEAD):
        raise _malformed("it does not begin as a bundle does")
    payload, end = _payload(data, len(_HEAD))
    if len(data) - end > _SIGNERS_BYTES_MAX:
        raise _malformed("too much behind the payload")
    try:
        signers = cbor.decode(data[end:], _DEPTH_MAX)
    except cbor.CborError as error:
        raise _malformed(str(error)) from None
    if type(signers) is not list or len(signers) > SIGNATURES_MAX:
        raise _malformed(f"no list of up to {SIGNATURES_MAX} signatures")
    signatures = tuple(_signer_parts(each) for each in signers)
    if len({headers for headers, _ in signatures}) < len(signatures):
        raise _malformed("one signer twice")
    return Signed(payload, signatures)


def key_ids(signed: Signed) -> tuple[bytes, ...]:
    """Who is said to have signed; of foreign signatures nothing is said."""
    return tuple(kid for headers, _ in signed.signatures if (kid := _key_id(headers)))


def check_signatures(signed: Signed, roots: Roots) -> frozenset[bytes]:
    """The ids of the pinned keys that signed, if they are enough.

    Each key counts once. A signature of no pinned key, or of another algorithm, is passed over:
    while root keys change, old and new ones sign. One of a pinned key that does not hold is
    fatal: the file was changed on its way.

    Raises:
        BundleError: SIGNATURE or UNSIGNED.
    """
    held: set[bytes] = set()
    for headers, signature in signed.signatures:
        kid = _key_id(headers)
        if kid not in roots.keys:
            continue
        try:
            roots.keys[kid].verify(signature, _to_be_signed(headers, signed.payload))
        except InvalidSignature:
            raise BundleError(
                Fault.SIGNATURE,
                f"root key {kid.hex()} did not sign this: the file was changed; fetch it again "
                "from who compiled it",
            ) from None
        held.add(kid)
    if len(held) < roots.threshold:
        raise BundleError(
            Fault.UNSIGNED,
            f"{len(held)} of {roots.threshold} pinned root keys signed it; let another one sign "
            "with `gate trust sign`, or bring the roots file up to date",
        )
    return frozenset(held)


def _signature(payload: bytes, signer: Signer) -> tuple[bytes, bytes]:
    kid = key_id(signer.public_key().public_bytes_raw())
    headers = cbor2.dumps({HEADER_ALGORITHM: EDDSA, HEADER_KEY_ID: kid}, canonical=True)
    return headers, signer.sign(_to_be_signed(headers, payload))


def _written(payload: bytes, signatures: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The file. What no gate would open is written by nobody."""
    by_signer = dict(signatures)
    if len(by_signer) > SIGNATURES_MAX:
        raise BundleError(
            Fault.TOO_LONG,
            f"more than {SIGNATURES_MAX} signatures; compile it again, and sign it with fewer keys",
        )
    signers = [[headers, {}, signature] for headers, signature in sorted(by_signer.items())]
    data = _TAG_SIGN + cbor2.dumps([_PROTECTED, {}, payload, signers], canonical=True)
    open_envelope(data)
    return data


def _payload(data: bytes, at: int) -> tuple[bytes, int]:
    """The byte string that starts there, and where the next item does."""
    first = data[at : at + 1]
    if not first:
        raise _malformed("cut short")
    width = _LENGTH_BYTES.get(first[0], 0)
    start = at + 1 + width
    length = int.from_bytes(data[at + 1 : start]) if width else first[0] - _BYTE_STRING
    if data[at:start] != _string_head(length):
        raise _malformed("a payload that is no byte string in its shortest form")
    end = start + length
    if end > len(data):
        raise _malformed("cut short")
    return data[start:end], end


def _string_head(length: int) -> bytes:
    """How a byte string of that length begins; nothing for a length that none of ours has."""
    if 0 <= length < _LENGTH_DIRECT_END:
        return bytes([_BYTE_STRING + length])
    for first, width in _LENGTH_BYTES.items():
        if 0 <= length < 1 << 8 * width:
            return bytes([first]) + length.to_bytes(width)
    return b""


def _signer_parts(value: object) -> tuple[bytes, bytes]:
    match value:
        case [bytes() as headers, dict() as unprotected, bytes() as signature] if not unprotected:
            return headers, signature
        case _:
            raise _malformed("a signature that has not the parts of one")


def _key_id(headers: bytes) -> bytes:
    """The key id of a signature of ours: EdDSA and the id, and nothing else; or nothing."""
    try:
        match cbor.decode(headers, 1):
            case {1: int() as algorithm, 4: bytes() as kid, **rest} if not rest:
                return kid if algorithm == EDDSA else b""
            case _:
                return b""
    except cbor.CborError:
        return b""


def _to_be_signed(headers: bytes, payload: bytes) -> bytes:
    """The Sig_structure of a COSE_Sign, RFC 9052 section 4.4, without external data."""
    return cbor2.dumps(["Signature", _PROTECTED, headers, b"", payload])


def _malformed(detail: str) -> BundleError:
    return BundleError(
        Fault.MALFORMED, f"no whole bundle: {detail}; copy it again from who compiled it"
    )
