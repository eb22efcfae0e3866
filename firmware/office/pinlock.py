"""A holder's key behind a PIN, in a form that every browser opens (Web Cryptography, W3C).

The PIN slows whoever finds the file, and not for long: one graphics card tries out six digits in
minutes, and eight in hours. So a lost phone's badge is revoked, PIN or not. A key that is made in
the phone's browser has no such weakness (`page.badge_page`).
"""

import secrets
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from msgspec import Struct

PIN_DIGITS_MIN: Final = 6
PIN_DIGITS_MAX: Final = 64
ITERATIONS: Final = 600_000
"""OWASP Password Storage Cheat Sheet for PBKDF2 with SHA-256: half a second on a phone."""
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32


class Lock(Struct, frozen=True):
    """A sealed private key."""

    salt: bytes
    iterations: int
    nonce: bytes
    sealed: bytes
    """AES-256-GCM of the PKCS #8 key; its key is PBKDF2-HMAC-SHA-256 of the PIN."""


def new_holder_key(pin: str, iterations: int = ITERATIONS) -> tuple[bytes, Lock]:
    """A new P-256 key: its compressed public point, and its private half sealed.

    The private half exists nowhere else, the office's machine included.

    Raises:
        ValueError: the PIN is too short, too long, or has what the page's number pad has not.
    """
    is_number = pin.isascii() and pin.isdigit()
    if not is_number or not PIN_DIGITS_MIN <= len(pin) <= PIN_DIGITS_MAX:
        raise ValueError(f"a PIN has {PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} digits, and no letters")
    key = generate_private_key(SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    derived = PBKDF2HMAC(SHA256(), _KEY_BYTES, salt, iterations).derive(pin.encode())
    return point, Lock(salt, iterations, nonce, AESGCM(derived).encrypt(nonce, secret, None))
