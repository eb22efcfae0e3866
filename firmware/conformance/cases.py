"""Reading a file of test cases: one JSON object a line, each with its own trust list and clock."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Struct

from firmware.conformance.reasons import REASONS

LINE_BYTES_MAX = 1_048_576
"""The longest line of the public suites has a tenth of it."""

Json = dict[str, Any]


class CaseError(ValueError):
    """One line is no test case: one sentence, that says why."""


class Expected(Struct, frozen=True):
    """What the suite's authors say of a code."""

    decision: str
    """`accept`, `reject` or `undetermined`."""
    reason: str | None = None
    all_reasons: tuple[str, ...] = ()
    """Every flaw of the code, where the authors name more than the first."""


class Anchor(Struct, frozen=True):
    """One entry of a case's trust list, by the fields of its format; the others are None."""

    kid_b64: bytes | None = None
    cert_der_b64: bytes | None = None
    """`HC1:` - a key id, and the certificate of its key."""
    iss: str | None = None
    jwk: Json | None = None
    """SMART Health Cards - an issuer's URL, and one of its keys."""
    csca_der_b64: bytes | None = None
    """VDS-NC - the certificate of a state's authority."""
    did: str | None = None
    issuer: str | None = None
    public_key_pem: str | None = None
    """W3C credentials - the proof's verification method, the issuer, and the key."""


class CardRevocation(Struct, frozen=True):
    """The revocation list of one SMART Health Card key, as its issuer publishes it."""

    kid: str
    rids: tuple[str, ...]
    """Each a revocation id, or `id.second`: only cards issued before that second."""


class Case(Struct, frozen=True):
    """One code, whom to believe of it, and when."""

    id: str
    format: str
    texts: tuple[str, ...]
    """Text of each symbol; more than one where a card is split over several."""
    jws: str | None
    """A signed text that no symbol can carry, where there are no `texts`."""
    trust: tuple[Anchor, ...]
    """Empty trusts nobody."""
    revocation: tuple[CardRevocation, ...]
    clock_ms: int
    """Unix milliseconds at which the code is judged."""
    expected: Expected
    either_ok: bool
    """Both outcomes are defensible; a crash is not."""
    ms_max: float | None
    """Soft limit, on a desktop core."""


class ContentCase(Struct, frozen=True):
    """Content of a European health certificate, and whether its schema allows it."""

    id: str
    content: Json
    is_valid: bool


class RuleCase(Struct, frozen=True):
    """A case of the rule language: `gate rules conformance` takes it."""

    id: str


class BadLine(Struct, frozen=True):
    """A line that is no case."""

    problem: str


AnyCase = Case | ContentCase | RuleCase | BadLine


class Numbered(NamedTuple):
    """A case and where it stands."""

    line: int
    """From 1."""
    bytes_read: int
    """Of the file, up to the end of that line."""
    case: AnyCase


class _Line(Struct, frozen=True):
    """The fields of every kind of case, as the files have them."""

    id: str
    format: str = ""
    qr_text: str | None = None
    qr_texts: tuple[str, ...] = ()
    jws: str | None = None
    trust: tuple[Anchor, ...] = ()
    revocation: CardRevocation | tuple[CardRevocation, ...] = ()
    validation_clock: str = ""
    expected: msgspec.Raw = msgspec.Raw()
    """`Expected` of a code; of a rule any value at all."""
    either_ok: bool = False
    max_ms: float | None = None
    hcert_json: Json | None = None
    expected_valid: bool | None = None
    expr: Any = UNSET
    """May be null, which is an expression like any other."""
    rule: Any = UNSET


_DECODER = msgspec.json.Decoder(_Line)


def read_cases(path: Path) -> Iterator[Numbered]:
    """Every line that is not blank, in order; a bad one as a `BadLine`.

    At most one line is in memory. A line beyond `LINE_BYTES_MAX` is a bad one, and is skipped.

    Raises:
        OSError: the file can't be read.
    """
    read = 0
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LINE_BYTES_MAX + 1):
            number += 1
            read += len(line)
            if len(line) > LINE_BYTES_MAX and not line.endswith(b"\n"):
                read += _skip_line(file.readline)
                problem = f"longer than {LINE_BYTES_MAX} bytes"
                yield Numbered(number, read, BadLine(problem))
            elif not line.isspace():
                yield Numbered(number, read, _case(line))


def _skip_line(readline: Callable[[int], bytes]) -> int:
    """Read on to the end of a line, piece by piece; how many bytes that was."""
    skipped = 0
    while piece := readline(LINE_BYTES_MAX):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def _case(line: bytes) -> AnyCase:
    try:
        return decode_case(line)
    except CaseError as error:
        return BadLine(str(error))


def decode_case(line: bytes) -> Case | ContentCase | RuleCase:
    """The case that one line is.

    Raises:
        CaseError: it is none; a field is missing, of another type, or of an unknown value.
    """
    try:
        found = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CaseError(str(error)) from None
    if found.expr is not UNSET or found.rule is not UNSET:
        return RuleCase(found.id)
    if found.hcert_json is not None:
        if found.expected_valid is None:
            raise CaseError("`hcert_json` needs `expected_valid` beside it")
        return ContentCase(found.id, found.hcert_json, found.expected_valid)
    return _code_case(found)


def _code_case(found: _Line) -> Case:
    texts = found.qr_texts if found.qr_text is None else (found.qr_text,)
    if not texts and found.jws is None:
        raise CaseError("no code: it needs `qr_text`, `qr_texts` or `jws`")
    expected = _expected(found.expected)
    revocation = found.revocation if isinstance(found.revocation, tuple) else (found.revocation,)
    return Case(
        found.id,
        found.format,
        texts,
        found.jws,
        found.trust,
        revocation,
        _clock_ms(found.validation_clock),
        expected,
        found.either_ok,
        found.max_ms,
    )


def _expected(raw: msgspec.Raw) -> Expected:
    try:
        expected = msgspec.json.decode(raw, type=Expected)
    except msgspec.DecodeError as error:
        raise CaseError(f"`expected`: {error}") from None
    if expected.decision not in {"accept", "reject", "undetermined"}:
        raise CaseError(f"`decision` is {expected.decision!r}: accept, reject or undetermined")
    if expected.decision == "reject":
        for word in (expected.reason, *expected.all_reasons):
            if word not in REASONS:
                raise CaseError(f"`reason` is {word!r}, which is none of {', '.join(REASONS)}")
    return expected


def _clock_ms(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CaseError("`validation_clock` is no ISO 8601 time with an offset")
    return round(moment.timestamp() * 1_000)
