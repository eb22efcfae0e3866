"""The demonstration's own office: a key that lives as long as the demonstration, and passes.

Nothing of it is trusted by any real gate: the key is made anew each time and never leaves the
temporary folder.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.wholefile import write_atomic
from gate.credential.model import PASS_KINDS, CredentialKind
from gate.credential.native import PassClaims, issue

if TYPE_CHECKING:
    from pathlib import Path

PASS_S = 24 * 3600
"""How long a demonstration's pass holds."""
TRUST_FILE = "trust.toml"


class DemoOffice:
    """Issues passes that the demonstration's lane believes."""

    def __init__(self, folder: Path) -> None:
        """Make a key, and write the lane's trust file into that folder."""
        self._key = Ed25519PrivateKey.generate()
        self._number = 0
        self.trust = folder / TRUST_FILE
        public = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()
        kinds = json.dumps([str(kind) for kind in PASS_KINDS])
        write_atomic(
            self.trust,
            (
                f'[[issuer]]\nname = "demo office"\npublic_key = "{public}"\nkinds = {kinds}\n'
            ).encode(),
        )

    def visitor_pass(self, now_s: int, people: int = 1) -> bytes:
        """A visitor's pass for so many people, good for a day."""
        self._number += 1
        claims = PassClaims(
            CredentialKind.VISITOR, self._number, now_s + PASS_S, doses=1, group=people
        )
        return issue(claims, self._key).encode("ascii")
