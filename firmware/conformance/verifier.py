"""Our verifier as one test case needs it: all of its symbols shown, at the case's own clock."""

from collections.abc import Mapping
from typing import Any

from firmware.conformance.cases import Case
from firmware.formats import has_w3c
from gate.credential.hcert import content
from gate.credential.model import Examined
from gate.credential.publictrust import PublicTrust
from gate.credential.shc import verify_jws
from gate.credential.shc.chunks import joined
from gate.credential.trust import TrustList
from gate.credential.verify import Verifier, examine
from gate.walltime import WallTime

_W3C = "divoc-vc"
_W3C_PREFIXES = ("B64:", "PK\3\4")
"""Those of `gate.credential.vc`, which can't be imported where its library is missing."""
_DCC = 1
"""Label of the European certificate in the health claim."""


def missing_extra(case: Case) -> str:
    """What to install so that the case can be run; empty where it can be run now."""
    is_w3c = case.format == _W3C or any(text.startswith(_W3C_PREFIXES) for text in case.texts)
    return "install the extra `vc`" if is_w3c and not has_w3c() else ""


def verify_case(case: Case, public: PublicTrust, formats: Mapping[bytes, Verifier]) -> Examined:
    """What a lane makes of the case's code, or of the card whose parts its codes are.

    Raises:
        CredentialError: as `joined` and `examine` do.
    """
    trust, now = TrustList({}, public=public), WallTime(case.clock_ms)
    if not case.texts:
        return verify_jws((case.jws or "").encode(), trust, now)
    # A case says that its codes are of one card, where a lane would take the next visitor's.
    payloads = [text.encode() for text in case.texts]
    whole = payloads[0] if len(payloads) == 1 else joined(payloads)
    return examine(whole, trust, now, formats)


def check_content(certificate: dict[str, Any]) -> None:
    """Return if a European certificate's content is one that we take.

    Raises:
        CredentialError: as `content.read` does.
    """
    content.read({_DCC: certificate})
