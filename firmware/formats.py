"""Which formats of codes are understood here: those of the domain, and what an extra adds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gate.credential.verify import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.credential.trust import TrustList
    from gate.credential.verify import Verifier

log = logging.getLogger(__name__)

MISSING = (
    "the trust list has issuers of W3C credentials, and the library for them is missing; "
    'install the extra "vc"'
)


def formats_for(trust: TrustList) -> Mapping[bytes, Verifier]:
    """Prefix → format, for codes that this list could prove.

    W3C credentials need a JSON-LD processor that takes as much memory as the rest of the lane's
    codes together: it is loaded where the list has an issuer of them, and not otherwise.
    """
    if not trust.public.vc:
        return FORMATS
    every = every_format()
    if every is None:
        log.error("%s", MISSING)
        return FORMATS
    return every


def every_format() -> Mapping[bytes, Verifier] | None:
    """Prefix → format, those of the extra too; None where it is not installed."""
    try:
        from gate.credential import vc  # noqa: PLC0415 - it comes with the extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "pyld":
            raise
        return None
    return {**FORMATS, **vc.FORMATS}
