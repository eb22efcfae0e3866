"""The one way from a code's bytes to a credential, whatever its format.

Authenticity only: whether a genuine credential is let in is the policy's business.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from gate.credential import hcert, native, proof, shc, vdsnc
from gate.credential.model import Credential, CredentialError, Examined
from gate.credential.trust import TrustList
from gate.reasons import Reason
from gate.walltime import WallTime

PAYLOAD_CHARS_MAX = 4_296
"""Most that one QR code can hold in alphanumeric mode: version 40-L, ISO/IEC 18004 table 7."""

_URL = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,31}://|www\.", re.IGNORECASE)
"""A scheme and an authority (RFC 3986 section 3), or what phones take for one."""

Verifier = Callable[[bytes, TrustList, WallTime], Examined]
"""Takes the whole payload with its prefix; raises CredentialError and nothing else."""

FORMATS: Mapping[bytes, Verifier] = MappingProxyType(
    {
        hcert.PREFIX: hcert.verify_hcert,
        native.PREFIX.encode("ascii"): native.verify_native,
        proof.PREFIX.encode("ascii"): proof.verify_proof,
        shc.PREFIX: shc.verify_shc,
        vdsnc.PREFIX: vdsnc.verify_vdsnc,
    }
)
"""Prefix → format. No prefix is the beginning of another."""


def examine(
    payload: bytes,
    trust: TrustList,
    now: WallTime,
    formats: Mapping[bytes, Verifier] = FORMATS,
) -> Examined:
    """The credential that a code holds, with what it attests of a person.

    In this order: length, before anything looks at the bytes (a SMART Health Card that was put
    together from several codes may be longer than one); a web address, which is never followed;
    the format by its prefix; then the format's own checks, in the order that its
    docstring states (`gate.credential.native.verify_native`).

    Raises:
        CredentialError: the code is no credential that holds, with its reason. Nothing else is
            raised for any bytes.
    """
    chars_max = shc.CARD_CHARS_MAX if payload.startswith(shc.PREFIX) else PAYLOAD_CHARS_MAX
    if len(payload) > chars_max:
        raise CredentialError(Reason.CODE_TOO_LONG, f"{len(payload)} bytes")
    if _URL.match(payload):
        raise CredentialError(Reason.CODE_IS_URL)
    for prefix, verifier in formats.items():
        if payload.startswith(prefix):
            return verifier(payload, trust, now)
    raise CredentialError(Reason.CODE_UNKNOWN_FORMAT)


def verify(payload: bytes, trust: TrustList, now: WallTime) -> Credential:
    """As `examine`, for whoever needs nothing but the proof."""
    return examine(payload, trust, now).credential
