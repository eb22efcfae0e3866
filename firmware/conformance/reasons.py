"""The coarse reasons of the public suites, and which of our own each of them means."""

from collections.abc import Mapping
from types import MappingProxyType

from gate.reasons import Reason

REASONS: Mapping[str, frozenset[Reason]] = MappingProxyType(
    {
        "prefix": frozenset({Reason.CODE_UNKNOWN_FORMAT}),
        # A text without a format's prefix is no text of that format: a draft encoding of a
        # SMART Health Card is none, and neither is JSON that is no VDS-NC.
        "malformed": frozenset({Reason.CODE_MALFORMED, Reason.CODE_UNKNOWN_FORMAT}),
        "too-large": frozenset({Reason.CODE_TOO_LARGE, Reason.CODE_TOO_LONG}),
        "untrusted-kid": frozenset({Reason.CREDENTIAL_ISSUER_UNKNOWN}),
        "untrusted-chain": frozenset({Reason.CREDENTIAL_ISSUER_UNKNOWN}),
        "bad-signature": frozenset({Reason.CREDENTIAL_SIGNATURE}),
        "bad-alg": frozenset({Reason.CREDENTIAL_ALGORITHM}),
        "crit": frozenset({Reason.CREDENTIAL_CRITICAL}),
        "expired": frozenset({Reason.CREDENTIAL_EXPIRED}),
        "not-yet-valid": frozenset({Reason.CREDENTIAL_NOT_YET_VALID}),
        "time": frozenset({Reason.CREDENTIAL_EXPIRED, Reason.CREDENTIAL_NOT_YET_VALID}),
        "schema": frozenset({Reason.CREDENTIAL_CONTENT}),
        "key-usage": frozenset({Reason.CREDENTIAL_KIND_NOT_ISSUED}),
        "issuer-mismatch": frozenset({Reason.CREDENTIAL_ISSUER_MISMATCH}),
        "issuer-expired": frozenset({Reason.CREDENTIAL_ISSUER_EXPIRED}),
        "revoked": frozenset({Reason.CREDENTIAL_REVOKED}),
        # Which vaccines count is the site's policy, not authenticity: genuine certificates
        # leave them empty. Nothing of ours means it, so nothing is asserted of such a case.
        "valueset": frozenset(),
    }
)
"""Reason of a suite → ours that agree with it. The page docs/reference/conformance.md shows it."""


def ours(reason: str | None, all_reasons: tuple[str, ...] = ()) -> frozenset[Reason]:
    """Every reason of ours that agrees with a rejection for `reason`, or for one of
    `all_reasons` where the authors name several flaws of one code."""
    words = (*(() if reason is None else (reason,)), *all_reasons)
    return frozenset().union(*(REASONS[word] for word in words))
