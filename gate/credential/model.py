"""A verified credential, and the one error that says why there is none."""

import enum

from msgspec import Struct

from gate.credential.health import Content
from gate.outcome import Outcome
from gate.reasons import Reason


class CredentialKind(enum.StrEnum):
    """Who a pass is for."""

    VISITOR = "visitor"
    """One visit, any time before it expires."""
    APPOINTMENT = "appointment"
    """One visit within a time window."""
    STAFF = "staff"
    """Many visits until it expires."""
    HEALTH = "health"
    """A public health certificate: many visits while the site's rules admit on it."""


PASS_KINDS = (CredentialKind.VISITOR, CredentialKind.APPOINTMENT, CredentialKind.STAFF)
"""What an office's own pass can be. Its number in a pass is its place here: it never changes."""


class Verdict(Struct, frozen=True):
    """What the site's dated health rules say of a certificate (`gate.rules`)."""

    outcome: Outcome
    status: str
    """What the rule set calls it, such as a colour; no code reads a meaning in it."""
    rule: str
    """Identifier of the rule set, with its date."""


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
    verdict: Verdict | None = None
    """Of the site's health rules, where it has any for such a credential."""
    doubt: Reason | None = None
    """Why an officer should look, although everything that was checked holds."""


class Examined(Struct, frozen=True):
    """A verified credential together with what it attests, for the desk that judges it."""

    credential: Credential
    content: Content | None = None
    """None for passes: they attest nothing of a person."""


class Claim(Struct, frozen=True):
    """What a code says of itself, for a technician. Nothing of it is proven."""

    format: str
    key_id: str = ""
    """As its issuer writes it: hex or base64."""
    algorithm: str = ""
    issuer: str = ""
    issued_s: float | None = None
    not_before_s: float | None = None
    expires_s: float | None = None
    """Unix seconds."""
    content: Content | None = None


class CredentialError(Exception):
    """A stranger's code was refused, for one reason of the closed list.

    `detail` is for a technician's log; it never repeats bytes of the code.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
