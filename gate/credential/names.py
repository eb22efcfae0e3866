"""Names that show what they are: what an officer reads is what the issuer signed."""

import re

from gate.credential.model import CredentialError
from gate.reasons import Reason

_DECEPTIVE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and overrides of the direction of writing. Marks of direction that Arabic and
Hebrew names may carry (U+061C, U+200E, U+200F) turn nothing round, and stay."""


def check_name(value: object) -> None:
    """Return if it is a text without characters that hide or turn round what is written.

    Raises:
        CredentialError: CREDENTIAL_CONTENT.
    """
    if type(value) is not str:
        raise CredentialError(Reason.CREDENTIAL_CONTENT, "a name that is no text")
    # Nearly every name is printable, which is seen at once.
    if not value.isprintable() and _DECEPTIVE.search(value):
        raise CredentialError(Reason.CREDENTIAL_CONTENT, "a name with characters that do not show")
