"""The address of the office's own check-in page, as the venue code carries it.

The gate never opens it: it is for the visitor's phone alone. What is printed hangs on a wall for
a year, so nothing is taken that a phone could read in another way than the person who approved it.
"""

import re
from urllib.parse import urlsplit

from firmware.errors import UserError

ADDRESS_CHARS_MAX = 200
"""More would make the modules of the code too small to be read from an arm's length."""

_HOST = re.compile(
    r"(?=.{4,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}"
)
"""Names with a dot (RFC 1123 section 2.1), their last part not a number: no bare IP address, whose
owner no visitor can tell."""
_PLAIN = re.compile(r"[!-~]+")
"""ASCII without a space or a control character (RFC 3986 section 2)."""
_FORBIDDEN = frozenset('"<>\\^`{|}')
"""Printable, but in no address (RFC 3986 appendix A); some phones read a backslash as a slash."""


def check_address(text: str) -> str:
    """The same text, if it may be printed as a venue code.

    Raises:
        UserError: it is not `https`, not plain, or hides where it leads.
    """
    if len(text) > ADDRESS_CHARS_MAX:
        raise _wrong(f"is longer than {ADDRESS_CHARS_MAX} characters; use a shorter page")
    if not _PLAIN.fullmatch(text) or _FORBIDDEN & set(text):
        raise _wrong(
            "holds a space, a control character or one that no address has; a name with other "
            "letters is written in its xn-- form"
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _wrong("is no address; write it like https://kantor.example/masuk") from None
    if parts.scheme != "https":
        raise _wrong("does not begin with https://; a poster sends nobody anywhere else")
    if "@" in parts.netloc:
        raise _wrong("has a user name before its host, which hides where it leads")
    if port == 0 or not _HOST.fullmatch(parts.hostname or ""):
        raise _wrong("names no host that a visitor could recognise; write its full name")
    return text


def host_of(address: str) -> str:
    """The host, and its port where it has one, in lower case: what a phone shows."""
    return urlsplit(address).netloc.lower()


def _wrong(problem: str) -> UserError:
    return UserError(f"The address of the check-in page {problem}.")
