"""Whatever signs for an office: its private key, or what asks a security module for it."""

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Signer(Protocol):
    """One Ed25519 key pair whose private half need not be here.

    Called where passes are issued, never at a gate. Its two methods are those of
    `Ed25519PrivateKey`, so a key in memory is a signer as it is; `firmware.office.signer` has one
    that asks another program.
    """

    def public_key(self) -> Ed25519PublicKey:
        """The public half; always the same."""

    def sign(self, data: bytes, /) -> bytes:
        """The signature of `data`, 64 bytes (RFC 8032 section 5.1.6)."""
