"""The checks of each format in their order, and which of them a refusal failed.

A verifier stops at the first check that fails, so its reason tells the rest: what comes before
it held, what comes after was never looked at.
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from gate.reasons import Reason


class Check(enum.StrEnum):
    """One thing that must hold."""

    LENGTH = "length"
    ADDRESS = "no web address"
    FORMAT = "format"
    ENCODING = "encoding"
    STRUCTURE = "structure"
    CRITICAL = "nothing unknown"
    """Nothing in it demands what we do not understand."""
    TRUST_AGE = "trust list in date"
    ALGORITHM = "algorithm"
    ISSUER = "issuer known"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    MATCH = "issuer's own key"
    CONTENT = "content"
    USAGE = "may attest it"
    TIMES = "in date"
    ISSUER_TIMES = "issuer in date"
    REVOCATION = "not revoked"
    LIVE = "shown live"
    HOLDER_KEY = "holder's key"
    HOLDER_SIGNATURE = "holder's signature"
    HOLDER_TIME = "this half minute"
    AGE_DOUBT = "trust list fresh"
    RULES = "the site's rules"
    OTHER = "something else"


class State(enum.StrEnum):
    """How a check came out."""

    HOLDS = "holds"
    FAILS = "fails"
    UNSEEN = "not looked at"


class Point(Struct, frozen=True):
    """One line of the list."""

    check: Check
    state: State
    reason: Reason | None = None
    """With FAILS."""
    note: str = ""
    """What was seen there, in English. Of the code itself only what is no personal data."""


_FAILURES: Final[Mapping[Check, frozenset[Reason]]] = MappingProxyType(
    {
        Check.LENGTH: frozenset({Reason.CODE_TOO_LONG}),
        Check.ADDRESS: frozenset({Reason.CODE_IS_URL}),
        Check.FORMAT: frozenset({Reason.CODE_UNKNOWN_FORMAT, Reason.CODE_SPLIT}),
        Check.ENCODING: frozenset({Reason.CODE_MALFORMED}),
        Check.STRUCTURE: frozenset({Reason.CODE_MALFORMED, Reason.CODE_TOO_LARGE}),
        Check.CRITICAL: frozenset({Reason.CREDENTIAL_CRITICAL}),
        Check.TRUST_AGE: frozenset({Reason.TRUST_LIST_OUTDATED}),
        Check.ALGORITHM: frozenset({Reason.CREDENTIAL_ALGORITHM}),
        Check.ISSUER: frozenset({Reason.CREDENTIAL_ISSUER_UNKNOWN}),
        Check.SIGNATURE: frozenset({Reason.CREDENTIAL_SIGNATURE}),
        Check.CLAIMS: frozenset({Reason.CODE_MALFORMED, Reason.CODE_TOO_LARGE}),
        Check.MATCH: frozenset({Reason.CREDENTIAL_ISSUER_MISMATCH}),
        Check.CONTENT: frozenset({Reason.CREDENTIAL_CONTENT}),
        Check.USAGE: frozenset({Reason.CREDENTIAL_KIND_NOT_ISSUED}),
        Check.TIMES: frozenset({Reason.CREDENTIAL_NOT_YET_VALID, Reason.CREDENTIAL_EXPIRED}),
        Check.ISSUER_TIMES: frozenset({Reason.CREDENTIAL_ISSUER_EXPIRED}),
        Check.REVOCATION: frozenset({Reason.CREDENTIAL_REVOKED}),
        Check.LIVE: frozenset({Reason.PROOF_MISSING}),
        Check.HOLDER_KEY: frozenset({Reason.CODE_MALFORMED}),
        Check.HOLDER_SIGNATURE: frozenset({Reason.PROOF_SIGNATURE}),
        Check.HOLDER_TIME: frozenset({Reason.PROOF_NOT_CURRENT}),
    }
)
"""Check → the reasons that it refuses with."""

_FIRST = (Check.LENGTH, Check.ADDRESS, Check.FORMAT)
"""Of every code: `gate.credential.verify.examine`."""
_FORM = (*_FIRST, Check.ENCODING, Check.STRUCTURE, Check.CRITICAL)
_PASS = (
    Check.ALGORITHM,
    Check.ISSUER,
    Check.SIGNATURE,
    Check.CLAIMS,
    Check.USAGE,
    Check.TIMES,
    Check.REVOCATION,
)
_HOLDER = (Check.HOLDER_KEY, Check.HOLDER_SIGNATURE, Check.HOLDER_TIME)

ORDER: Final[Mapping[str, tuple[Check, ...]]] = MappingProxyType(
    {
        "native": (*_FORM, *_PASS, Check.LIVE),
        "native-live": (*_FORM, *_PASS, *_HOLDER),
        "hcert": (
            *_FORM,
            Check.TRUST_AGE,
            Check.ALGORITHM,
            Check.ISSUER,
            Check.SIGNATURE,
            Check.CLAIMS,
            Check.CONTENT,
            Check.USAGE,
            Check.TIMES,
            Check.ISSUER_TIMES,
            Check.REVOCATION,
        ),
        "shc": (
            *_FORM,
            Check.ALGORITHM,
            Check.TRUST_AGE,
            Check.ISSUER,
            Check.SIGNATURE,
            Check.CLAIMS,
            Check.MATCH,
            Check.CONTENT,
            Check.ISSUER_TIMES,
            Check.TIMES,
            Check.REVOCATION,
        ),
        "vds-nc": (
            *_FIRST,
            Check.STRUCTURE,
            Check.TRUST_AGE,
            Check.ALGORITHM,
            Check.ISSUER,
            Check.SIGNATURE,
            Check.MATCH,
            Check.ISSUER_TIMES,
            Check.CONTENT,
            Check.USAGE,
        ),
        "vc": (
            *_FIRST,
            Check.STRUCTURE,
            Check.TRUST_AGE,
            Check.CRITICAL,
            Check.ALGORITHM,
            Check.ISSUER,
            Check.CLAIMS,
            Check.SIGNATURE,
            Check.USAGE,
            Check.MATCH,
            Check.ISSUER_TIMES,
            Check.CONTENT,
            Check.TIMES,
        ),
    }
)
"""Name of the format → its checks, as its verifier's docstring numbers them."""


def points(
    form: str, reason: Reason | None, *, held: Check | None = None, failed: Check | None = None
) -> tuple[Point, ...]:
    """Every check of that format, and how it came out.

    Args:
        form: name of the format; empty or unknown where the code has none that we know.
        reason: of the refusal, or None where everything held.
        held: the last check of which it is known otherwise that it held. The same reason may
            stand for a code that can't be taken apart, and for a claim inside that is none.
        failed: the check that failed, where that is known otherwise.
    """
    order = ORDER.get(form, _FIRST)
    if reason is None:
        return tuple(Point(check, State.HOLDS) for check in order)
    start = order.index(held) + 1 if held in order else 0
    place = order.index(failed) if failed in order else _place(order, reason, start)
    if place is None:
        # A reason that this list does not know of that format: nothing is said of its checks.
        unseen = tuple(Point(check, State.UNSEEN) for check in order)
        return (*unseen, Point(Check.OTHER, State.FAILS, reason))
    return (
        *(Point(check, State.HOLDS) for check in order[:place]),
        Point(order[place], State.FAILS, reason),
        *(Point(check, State.UNSEEN) for check in order[place + 1 :]),
    )


def _place(order: tuple[Check, ...], reason: Reason, start: int) -> int | None:
    """Where the first check from `start` on stands that refuses so; failing that, any."""
    found = [n for n, check in enumerate(order) if reason in _FAILURES[check]]
    return next((n for n in found if n >= start), found[-1] if found else None)
