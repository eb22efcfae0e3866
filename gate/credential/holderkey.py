"""The key that a staff badge is bound to: it lives in its holder's phone and signs live proofs.

P-256, because every phone's browser keeps such a key without ever showing it (Web Cryptography,
W3C, section 23) and writes its signatures as COSE does: r and s, 32 bytes each.
"""

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from gate.credential import base45
from gate.credential.signature import P256_BYTES

PREFIX = "GPK1:"
"""Of the text in which a phone shows its public key to the office. No gate reads it."""
POINT_BYTES = 1 + P256_BYTES
"""A compressed point, SEC 1 version 2.0 section 2.3.3: 2 or 3 for an even or odd y, then x."""

_EVEN, _ODD = 2, 3
_KEY_TYPE, _CURVE, _X, _Y = 1, -1, -2, -3
_EC2, _P256 = 2, 1
"""Labels and values of a COSE_Key, RFC 9052 section 7.1 and RFC 9053 section 7.1.1."""
_CONFIRMED_BY_KEY = 1
"""RFC 8747 section 3.1: the member of `cnf` that holds a COSE_Key."""

Confirmation = dict[int, dict[int, int | bytes | bool]]


def parse(point: bytes) -> EllipticCurvePublicKey:
    """The key of a compressed point.

    Raises:
        ValueError: not such a point, or not on the curve.
    """
    if len(point) != POINT_BYTES:
        raise ValueError(f"a holder's key has {POINT_BYTES} bytes")
    try:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        raise ValueError("a holder's key that is no point of P-256") from None


def to_text(point: bytes) -> str:
    """What a phone shows the office."""
    return PREFIX + base45.encode(point)


def from_text(text: str) -> bytes:
    """Reverse of `to_text`.

    Raises:
        ValueError: no such text, or no such key.
    """
    if not text.startswith(PREFIX):
        raise ValueError(f"a holder's key starts with {PREFIX}")
    point = base45.decode(text[len(PREFIX) :].encode("ascii", "replace"))
    parse(point)
    return point


def confirmation(point: bytes) -> Confirmation:
    """The value of the claim `cnf` (RFC 8747 section 3.2) for a compressed point."""
    y_is_odd = point[0] == _ODD
    return {_CONFIRMED_BY_KEY: {_KEY_TYPE: _EC2, _CURVE: _P256, _X: point[1:], _Y: y_is_odd}}


def confirmed(value: object) -> bytes:
    """Reverse of `confirmation`.

    Whether the point lies on the curve is not looked at, nor what else stands beside it: a caller
    encodes the answer again and compares.

    Raises:
        ValueError: another kind of confirmation than ours.
    """
    match value:
        case {1: {-2: bytes() as x, -3: bool() as is_odd}} if len(x) == P256_BYTES:
            return bytes((_ODD if is_odd else _EVEN,)) + x
        case _:
            raise ValueError("a confirmation that is no compressed P-256 key")
