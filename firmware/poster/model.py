"""What a poster says, as data: where, which steps, which rules, whom to ask."""

import enum
import re
import unicodedata

from msgspec import Struct

from firmware.errors import UserError
from firmware.poster.address import check_address
from gate.policy import Policy
from gate.wording import Words

TITLE_CHARS_MAX = 120
CONTACT_CHARS_MAX = 160
KEPT_MAX = 999
"""Of whatever unit."""

_KEPT = re.compile(
    r"(?P<number>[1-9][0-9]{0,2}) ?"
    r"(?:(?P<d>d|days?|hari)|(?P<w>w|weeks?|minggu)|(?P<m>months?|bulan)|(?P<y>y|years?|tahun))"
)
_UNITS = {"d": ("hari", "day"), "w": ("minggu", "week"), "m": ("bulan", "month")} | {
    "y": ("tahun", "year")
}
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of characters that are not seen, or turn the text around them about."""


class Paper(enum.StrEnum):
    """Sizes of ISO 216. A3 is the same sheet, larger by the square root of two."""

    A4 = "a4"
    A3 = "a3"


class Tongue(enum.StrEnum):
    """What the poster speaks."""

    BOTH = "both"
    """Indonesian large, English beneath it."""
    INDONESIAN = "id"
    ENGLISH = "en"


class Poster(Struct, frozen=True, kw_only=True):
    """One poster. `checked` refuses what can't be printed."""

    title: str
    """The site's name, as people know it."""
    policy: Policy = Policy()
    """The lane's: its steps in their order, the limit of temperature, the health centre."""
    records_max: int
    """Most records that the lane's journal keeps."""
    reported: bool = True
    """Whether records are sent to a central as well."""
    kept: Words | None = None
    """How long the office keeps them, such as "30 hari", "30 days"; None where it has not said."""
    contact: str = ""
    """Whom to ask: a desk, a name of an office, a number."""
    address: str = ""
    """The office's own check-in page; empty for no code."""
    tongue: Tongue = Tongue.BOTH
    paper: Paper = Paper.A4
    bleed: bool = False
    """With 3 mm more on each side and crop marks, for a print shop."""
    logo: bytes = b""
    """A PNG, or nothing."""


def checked(poster: Poster) -> Poster:
    """The same poster, its texts without blanks at their ends.

    Raises:
        UserError: an empty title, a text that is too long or holds what can't be seen, or an
            address that no poster may carry.
    """
    title = _text(poster.title, "--title", TITLE_CHARS_MAX)
    if not title:
        raise UserError("A poster needs the site's name: give it with --title.")
    if poster.address:
        check_address(poster.address)
    return Poster(
        title=title,
        policy=poster.policy,
        records_max=poster.records_max,
        reported=poster.reported,
        kept=poster.kept,
        contact=_text(poster.contact, "--contact", CONTACT_CHARS_MAX),
        address=poster.address,
        tongue=poster.tongue,
        paper=poster.paper,
        bleed=poster.bleed,
        logo=poster.logo,
    )


def period(text: str) -> Words:
    """`30 days`, `30d`, `6 bulan`, `1 year`, in both languages.

    Raises:
        ValueError: it is none.
    """
    found = _KEPT.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} is no period; write it like '30 days', '30 hari' or '1 year'")
    number = int(found["number"])
    indonesian, english = next(words for key, words in _UNITS.items() if found[key])
    return Words(f"{number} {indonesian}", f"{number} {english}{'' if number == 1 else 's'}")


def _text(text: str, option: str, chars_max: int) -> str:
    """One line of a person's text."""
    line = " ".join(text.split())
    unseen = next((c for c in line if unicodedata.category(c) in _UNSEEN), None)
    if unseen is not None:
        raise UserError(f"{option} holds U+{ord(unseen):04X}, which nobody can see; take it out.")
    if len(line) > chars_max:
        raise UserError(f"{option} has {len(line)} characters, and {chars_max} at most fit.")
    return line
