"""The trust list as one signed bundle: what an office compiles and every gate loads.

A deterministic CBOR payload in a COSE_Sign (RFC 9052 section 4.1), signed by Ed25519 root keys
that the gate has pinned. A module a layer: `envelope` knows signatures, `content` the keys and
revocations, `load` the order of the checks and what never goes back.
`docs/reference/trust-bundle.md` shows every member.
"""

from gate.credential.bundle.content import encode
from gate.credential.bundle.envelope import Roots, add_signature, roots_of, sign
from gate.credential.bundle.fault import BundleError, Fault
from gate.credential.bundle.limits import BUNDLE_BYTES_MAX
from gate.credential.bundle.load import (
    NO_SITE,
    Bundle,
    Held,
    StatusMark,
    Vouched,
    check_successor,
    look_into,
    read_bundle,
)

__all__ = [
    "BUNDLE_BYTES_MAX",
    "NO_SITE",
    "Bundle",
    "BundleError",
    "Fault",
    "Held",
    "Roots",
    "StatusMark",
    "Vouched",
    "add_signature",
    "check_successor",
    "encode",
    "look_into",
    "read_bundle",
    "roots_of",
    "sign",
]
