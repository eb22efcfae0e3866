"""Texts of strangers made fit for a terminal, and what may be seen of a person.

A name may hold an escape sequence that clears the screen, or a mark that turns the rest of the
line about. None of it reaches the terminal: it is shown by its number.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

Path = tuple[str, ...]
"""Keys from the top; `*` is any place in a list."""

TEXT_CHARS_MAX = 200
"""Of one value; more is cut, and said to be."""
LINES_MAX = 400
"""Of one tree."""
DEPTH_MAX = 24
DOTS: Final = "•••"

_KEY_CHARS_MAX = 60
_SEEN = frozenset("LMNPS")
"""General categories of characters that show something: letters, marks, numbers, signs."""


class Leaf(Struct, frozen=True):
    """One line of a payload's tree."""

    path: Path
    """Keys and places from the top; the last is the line's own."""
    value: str
    """Empty for a branch that has lines beneath it."""
    is_masked: bool = False


def safe(text: str, chars_max: int = TEXT_CHARS_MAX) -> str:
    """The text on one line, with everything that is not seen written as its number."""
    shown = "".join(map(_shown, text[:chars_max]))
    left = len(text) - chars_max
    return f"{shown}… (+{left})" if left > 0 else shown


def _shown(letter: str) -> str:
    if letter == " " or (unicodedata.category(letter)[0] in _SEEN and letter.isprintable()):
        return letter
    number = ord(letter)
    return f"<U+{number:04X}>"


def masked_name(name: str) -> str:
    """The first letter, and no sign of how long the rest is."""
    first = name.strip()[:1]
    return f"{first}{DOTS}" if first.isalpha() else DOTS


def leaves(payload: object, form: str, *, show: bool) -> tuple[Leaf, ...]:
    """The payload as lines. Without `show`, a value is masked unless its path is known to say
    nothing of a person, so that a field that nobody thought of stays hidden."""
    found: list[Leaf] = []
    for leaf in _walk(payload, (), (), _Masks(form, show=show)):
        if len(found) == LINES_MAX:
            found.append(Leaf(("…",), f"more than {LINES_MAX} lines"))
            break
        found.append(leaf)
    return tuple(found)


class _Masks:
    """What may be seen at a path."""

    def __init__(self, form: str, *, show: bool) -> None:
        self._open = _OPEN.get(form, frozenset())
        self._names = _NAMES.get(form, frozenset())
        self._show = show

    def value(self, at: Path, value: object) -> tuple[str, bool]:
        """What is shown of a value, and whether that is less than all."""
        if value is None:
            return "null", False
        text = value if isinstance(value, str) else str(value)
        if self._show or at in self._open:
            return safe(text), False
        if at in self._names and isinstance(value, str):
            return masked_name(value), True
        return DOTS, True

    def key(self, key: str) -> str:
        """Fields have short plain names; anything else may be somebody's data."""
        plain = key.isascii() and key.isprintable() and len(key) <= _KEY_CHARS_MAX
        return safe(key) if self._show or (plain and " " not in key) else DOTS


def _walk(value: object, path: Path, at: Path, masks: _Masks) -> Iterator[Leaf]:
    """Depth first. `at` is the path with `*` for places in a list."""
    children: Iterator[tuple[str, str, object]]
    if isinstance(value, Mapping):
        children = ((masks.key(str(key)), str(key), each) for key, each in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        children = ((f"[{place}]", "*", each) for place, each in enumerate(value, 1))
    else:
        text, is_masked = masks.value(at, value)
        yield Leaf(path, text, is_masked)
        return
    if path:
        yield Leaf(path, "" if value else "(empty)")
    if len(path) >= DEPTH_MAX:
        yield Leaf((*path, "…"), "nested deeper")
        return
    for shown, key, each in children:
        yield from _walk(each, (*path, shown), (*at, key), masks)


def _paths(text: str, *stems: str) -> frozenset[Path]:
    """Words of a table beneath each of the stems, taken apart at their dots."""
    words = (f"{stem}{word}" for stem in (stems or ("",)) for word in text.split())
    return frozenset(tuple(word.split(".")) for word in words)


_FHIR = "credentialSubject.fhirBundle.entry.*.resource."
_VC = "credentialSubject."
_OPEN: Final[Mapping[str, frozenset[Path]]] = {
    "hcert": _paths("ver")
    | _paths("tg vp mp ma dn sd dt co is", "v.*.")
    | _paths("tg tt tr sc co is", "t.*.")
    | _paths("tg fr df du co is", "r.*.")
    | _paths("dt dv vp", "vx.", "v.", "vx.*."),
    "shc": _paths("type.*")
    | _paths("type resourceType", "credentialSubject.fhirBundle.")
    | _paths("credentialSubject.fhirVersion")
    | _paths("resourceType status occurrenceDateTime effectiveDateTime isSubpotent", _FHIR)
    | _paths(
        "system code",
        *(f"{_FHIR}{field}.coding.*." for field in ("vaccineCode", "code", "valueCodeableConcept")),
    )
    | _paths("doseNumberPositiveInt seriesDosesPositiveInt", f"{_FHIR}protocolApplied.*."),
    "vds-nc": _paths("t v is", "hdr.")
    | _paths("des nam dis", "msg.ve.*.")
    | _paths("dvc seq ctr", "msg.ve.*.vd.*.")
    | _paths("dat.sc dat.ri tr.tc tr.r tr.tm", "msg."),
    "vc": _paths("@context.* type type.* issuer issuanceDate expirationDate nonTransferable")
    | _paths("type created proofPurpose verificationMethod", "proof.")
    | _paths("type", _VC)
    | _paths(
        "type.* vaccine manufacturer date dose totalDoses effectiveStart effectiveUntil",
        "evidence.*.",
        "evidence.",
    ),
}
"""Format → paths of what is no personal data. A place that isn't here is masked."""
_NAMES: Final[Mapping[str, frozenset[Path]]] = {
    "hcert": _paths("n nam.fn nam.gn nam.fnt nam.gnt"),
    "shc": _paths("family text given.*", f"{_FHIR}name.*."),
    "vds-nc": _paths("msg.pid.n msg.pid.i msg.pid.sn msg.pid.gn"),
    "vc": _paths("name", _VC),
}
"""Format → paths of names, of which the first letter is shown."""
