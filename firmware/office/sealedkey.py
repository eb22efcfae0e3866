"""A private key sealed with a passphrase that is slow to try: PKCS#8 with scrypt and AES-256.

`cryptography` writes PKCS#8 with 2,048 rounds of PBKDF2 and no way to ask for more; OpenSSH's form
would need bcrypt. It reads scrypt (RFC 7914 section 7), and so does `openssl pkey`, so that a key
can be opened when this program is long gone. Written here are the thirty bytes around it.
"""

import base64
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SCRYPT_COST = 1 << 14
SCRYPT_BLOCK = 8
SCRYPT_PARALLEL = 32
"""Three quarters of a second a try on a small machine, in 16 MiB; `openssl` takes no more than
32 MiB. OWASP's least at this cost is a parallelisation of 5 (Password Storage Cheat Sheet)."""
_KEY_BYTES = 32
_SALT_BYTES = 16

_INTEGER, _OCTETS, _OBJECT, _SEQUENCE = 0x02, 0x04, 0x06, 0x30
"""X.690 section 8: the tags of DER."""
_LONG_SIZE = 0x80
"""From here on a length has a byte before it that says how many bytes it has."""
_PBES2 = bytes.fromhex("2a864886f70d01050d")
"""1.2.840.113549.1.5.13, RFC 8018 appendix A.4."""
_SCRYPT = bytes.fromhex("2b06010401da47040b")
"""1.3.6.1.4.1.11591.4.11, RFC 7914 section 7."""
_AES_256_CBC = bytes.fromhex("60864801650304012a")
"""2.16.840.1.101.3.4.1.42, RFC 8018 appendix B.2.5."""


def sealed_pem(key: Ed25519PrivateKey, passphrase: bytes) -> bytes:
    """The key as an EncryptedPrivateKeyInfo (RFC 5958 section 3) in PEM."""
    salt = secrets.token_bytes(_SALT_BYTES)
    start = secrets.token_bytes(algorithms.AES.block_size // 8)
    stretched = Scrypt(salt, _KEY_BYTES, SCRYPT_COST, SCRYPT_BLOCK, SCRYPT_PARALLEL)
    padder = PKCS7(algorithms.AES.block_size).padder()
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    cipher = Cipher(algorithms.AES(stretched.derive(passphrase)), modes.CBC(start)).encryptor()
    hidden = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()
    numbers = (SCRYPT_COST, SCRYPT_BLOCK, SCRYPT_PARALLEL, _KEY_BYTES)
    stretching = _sequence(
        _der(_OBJECT, _SCRYPT), _sequence(_der(_OCTETS, salt), *map(_number, numbers))
    )
    encryption = _sequence(_der(_OBJECT, _AES_256_CBC), _der(_OCTETS, start))
    algorithm = _sequence(_der(_OBJECT, _PBES2), _sequence(stretching, encryption))
    info = _sequence(algorithm, _der(_OCTETS, hidden))
    return b"".join(
        (
            b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
            *(base64.b64encode(info[at : at + 48]) + b"\n" for at in range(0, len(info), 48)),
            b"-----END ENCRYPTED PRIVATE KEY-----\n",
        )
    )


def _sequence(*parts: bytes) -> bytes:
    return _der(_SEQUENCE, b"".join(parts))


def _number(value: int) -> bytes:
    """A positive integer: with a zero before a first bit that would say minus."""
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def _der(tag: int, content: bytes) -> bytes:
    """One element of up to 255 bytes (X.690 section 8.1.3)."""
    size = len(content)
    return bytes((tag, size) if size < _LONG_SIZE else (tag, _LONG_SIZE | 1, size)) + content
