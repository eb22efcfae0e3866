"""Which formats of codes are understood here: those of the domain, and what an extra adds."""

from __future__ import annotations

import logging
from importlib.util import find_spec
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
_LIBRARY = "pyld"


def formats_for(trust: TrustList) -> Mapping[bytes, Verifier]:
    """Prefix → format, for codes that this list could prove.

    W3C credentials need a JSON-LD processor that takes as much memory as the rest of the lane's
    codes together: it is loaded where the list has an issuer of them, and not otherwise.
    """
    if not trust.public.vc:
        return FORMATS
    if not has_w3c():
        log.error("%s", MISSING)
    return installed_formats()


def has_w3c() -> bool:
    """Whether the library for W3C credentials is installed here."""
    return find_spec(_LIBRARY) is not None


def installed_formats() -> Mapping[bytes, Verifier]:
    """Prefix → format: every one that is installed here."""
    if not has_w3c():
        return FORMATS
    from gate.credential import vc  # noqa: PLC0415 - it comes with the extra

    return {**FORMATS, **vc.FORMATS}
