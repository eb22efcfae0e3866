"""A verified credential, and the one error that says why there is none."""

import enum

from msgspec import Struct

from gate.reasons import Reason


class CredentialKind(enum.StrEnum):
    """Who a pass is for."""

    VISITOR = "visitor"
    """One visit, any time before it expires."""
    APPOINTMENT = "appointment"
    """One visit within a time window."""
    STAFF = "staff"
    """Many visits until it expires."""


class Credential(Struct, frozen=True):
    """Proof that an issuer whom the trust list names signed this, and that it holds now.

    Only `gate.credential.verify` makes one; what comes after takes this type and never bytes.
    It says nothing of admission: that is the policy's business (`gate.admission`).
    """

    format: str
    """Name of the format that was verified, such as `native`."""
    kind: CredentialKind
    issuer: str
    """The issuer's name in the trust list."""
    replay_key: str
    """SHA-256 of the signed payload, first 16 bytes in hex: the same for every re-encoding
    of the same pass, so that a re-encoded twin of a used pass is a used pass."""
    holder: str
    """Stable id of the pass, `<key id hex>:<status index>`. Stays inside the lane; records
    carry a daily pseudonym instead."""
    valid_from_s: int
    """Unix seconds; 0 where the pass has no start."""
    valid_until_s: int
    """Unix seconds, exclusive."""
    doses: int | None = None
    """Vaccine doses attested, or None where the pass does not say."""
    one_time: bool = True
    group: int = 1
    """People that this pass admits together, through one after another passage."""
    duress: bool = False
    """A staff pass that its holder was forced to show: admits, and raises a silent alarm."""


class CredentialError(Exception):
    """A stranger's code was refused, for one reason of the closed list.

    `detail` is for a technician's log; it never repeats bytes of the code.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
