"""The web token inside (CWT, RFC 8392): when it holds, who issued it, and the health claim."""

import math

from msgspec import Struct

from gate.credential.hcert import generalcbor
from gate.credential.hcert.envelope import malformed

DATE_S_END = 253_402_300_800
"""Unix seconds: the year 10000. A date from here on is in another unit, or nonsense."""

_CLAIM_ISSUER = 1
_CLAIM_EXPIRES = 4
_CLAIM_NOT_BEFORE = 5
_CLAIM_ISSUED = 6
"""RFC 8392 section 3.1."""
_CLAIM_HEALTH = -260
"""Electronic Health Certificate Specification, section 3.3.7."""


class Claims(Struct, frozen=True):
    """What a token says. Dates are Unix seconds, finite and before `DATE_S_END`."""

    issuer: str
    """A country's code as a rule, now and then a ministry's name; "" where there is none."""
    expires_s: float | None
    issued_s: float | None
    not_before_s: float | None
    """None where there is none."""
    health: object
    """The health claim, as it is; None where there is none."""


def read(payload: bytes) -> Claims:
    """Read a token. Which claims must be there is the caller's affair.

    Raises:
        CredentialError: CODE_MALFORMED if it is no map of CBOR, or a date is no number, not
            finite or beyond `DATE_S_END`.
    """
    try:
        found = generalcbor.decode(payload)
    except generalcbor.CborError as error:
        raise malformed(f"CBOR: {error}") from None
    if not isinstance(found, dict):
        raise malformed("claims that are no map")
    issuer = found.get(_CLAIM_ISSUER)
    expires = found.get(_CLAIM_EXPIRES)
    if type(expires) is bool:
        # One second after 1970, or none, to the decoders that take it for a number; expired to all.
        found[_CLAIM_EXPIRES] = int(expires)
    return Claims(
        issuer=issuer if type(issuer) is str else "",
        expires_s=_date(found, _CLAIM_EXPIRES),
        issued_s=_date(found, _CLAIM_ISSUED),
        not_before_s=_date(found, _CLAIM_NOT_BEFORE),
        health=found.get(_CLAIM_HEALTH),
    )


def _date(claims: dict[object, object], label: int) -> float | None:
    """A NumericDate (RFC 8392 section 2): an integer or a float, in seconds."""
    if label not in claims:
        return None
    value = claims[label]
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        if abs(value) < DATE_S_END:
            return value
        raise malformed(f"claim {label} lies thousands of years away")
    raise malformed(f"claim {label} is no date")
