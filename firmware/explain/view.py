"""An explanation on a terminal, or as text where there is none.

Colour is never alone: every line has its sign and its word. All that a code says goes through
`plain.safe` before it is written.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from firmware.explain.checklist import Check, Point, State
from firmware.explain.finding import Answer, Explanation
from firmware.explain.plain import safe
from firmware.explain.signer import Known, Signer
from firmware.explain.times import distance, moment
from gate.credential.health import Health
from gate.reasons import Reason
from gate.walltime import TIME_S_END

SIGNS: Final[Mapping[State, tuple[str, str]]] = MappingProxyType(
    {
        State.HOLDS: ("✔", "green"),
        State.FAILS: ("✘", "bold red"),
        State.UNSEEN: ("–", "bright_black"),  # noqa: RUF001 - a dash between two signs as wide
    }
)
_HOLDS = (" ✔ HOLDS ", "bold black on green")
_DOUBTED = (" ! GENUINE, AN OFFICER LOOKS ", "bold black on yellow")
_BARRED = (" ✘ GENUINE, DOES NOT ADMIT ", "bold white on red")
_REFUSED = (" ✘ REFUSED ", "bold white on red")
_FAINT = "bright_black"
_HEADING = "bold cyan"
_LABEL_WIDTH = 21
_CHECK_WIDTH = 18
_DISEASES = {"840539006": "COVID-19", "RA01": "COVID-19", "RA01.0": "COVID-19"}
"""The codes of SNOMED CT and ICD-11 that are met in practice."""

_LAYERS: Final[Mapping[str, Mapping[Check, str]]] = MappingProxyType(
    {
        "native": {Check.FORMAT: "GP1:", Check.ENCODING: "base45", Check.STRUCTURE: "COSE_Sign1"},
        "native-live": {
            Check.FORMAT: "GPP1:",
            Check.ENCODING: "base45",
            Check.STRUCTURE: "COSE_Sign1 in a proof",
        },
        "hcert": {
            Check.FORMAT: "HC1:",
            Check.ENCODING: "base45",
            Check.STRUCTURE: "zlib, COSE_Sign1, CWT",
        },
        "shc": {
            Check.FORMAT: "shc:/",
            Check.ENCODING: "digits",
            Check.STRUCTURE: "JWS, DEFLATE",
        },
        "vds-nc": {Check.FORMAT: "JSON", Check.STRUCTURE: "data and sig"},
        "vc": {Check.FORMAT: "ZIP", Check.STRUCTURE: "JSON-LD with a detached proof"},
    }
)
"""What each layer of a format is, for a technician."""

_FAILURES_OF_DATES = frozenset(
    {
        Reason.CREDENTIAL_NOT_YET_VALID,
        Reason.CREDENTIAL_EXPIRED,
        Reason.CREDENTIAL_ISSUER_EXPIRED,
    }
)

Row = tuple[str, str]
"""A label and what is said."""


def show(explanation: Explanation, console: Console, zone: ZoneInfo, *, masked: bool) -> None:
    """Print it.

    Args:
        explanation: of one code.
        console: where to.
        zone: the site's.
        masked: whether personal data was left out, so that it is said.
    """
    with console.capture() as capture:
        for part in _parts(explanation, zone, masked=masked):
            console.print(part)
            console.print()
    # Cells are padded to their columns; who pipes this into a file wants no blanks at line ends.
    lines = capture.get().splitlines()
    console.file.write("\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n")


def _parts(found: Explanation, zone: ZoneInfo, *, masked: bool) -> Iterator[RenderableType]:
    yield _head(found)
    if found.signer is not None:
        yield _section("Signed by", _signer(found.signer, zone))
    yield _section(f"Checks at {moment(found.at_s, zone)}", [_checks(found, zone)])
    yield from _said(found, zone)
    if found.payload:
        note = "personal data masked; --show lays it open" if masked else "personal data shown"
        yield _section(f"Payload, {note}", [_tree(found)])


def _head(found: Explanation) -> RenderableType:
    title = Text.assemble(_badge(found), "  ", (safe(found.title), "bold"))
    lines: list[RenderableType] = [title]
    reason = found.reason or next((p.reason for p in found.points if p.reason), None)
    if reason is not None:
        # The dates stand beside their check, at the site's own clock.
        said = "" if reason in _FAILURES_OF_DATES else safe(found.detail)
        why = f"{reason}: {said}" if said else str(reason)
        lines.append(_indented(Text(why, "bold red" if found.reason else "yellow")))
    if found.verdict_words is not None:
        words = found.verdict_words
        lines.append(_advice(f"{safe(words.indonesian)}", f"{safe(words.english)}"))
    if found.advice is not None:
        lines.append(_advice(found.advice.indonesian, found.advice.english))
    return Group(*lines)


def _badge(found: Explanation) -> tuple[str, str]:
    """The one word for it, and its style."""
    if found.answer is Answer.REFUSED:
        return _REFUSED
    if found.is_barred:
        return _BARRED
    return _DOUBTED if any(point.reason for point in found.points) else _HOLDS


def _advice(indonesian: str, english: str) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_row(" ", "→", Text(indonesian))
    table.add_row(" ", "", Text(english, _FAINT))
    return table


def _section(heading: str, body: Iterable[RenderableType]) -> RenderableType:
    return Group(Text(heading, _HEADING), *map(_indented, body))


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, 2), expand=False)


def _rows(rows: Iterable[Row]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=_LABEL_WIDTH, style=_FAINT)
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(label, Text(text))
    return table


def _signer(signer: Signer, zone: ZoneInfo) -> list[RenderableType]:
    rows = [("says", safe(signer.issuer))] if signer.issuer else []
    rows += [
        ("key", safe(signer.key_id) or "none that could be read"),
        ("algorithm", safe(signer.algorithm) or "none that we know"),
    ]
    parts = [_rows(rows)]
    if not signer.known:
        word = "refused when the trust list was made" if signer.is_refused else "not known here"
        parts.append(Text(f"✘ {word}: nothing of this code is proven", "yellow"))
    return [*parts, *(_known(each, zone) for each in signer.known)]


def _known(known: Known, zone: ZoneInfo) -> RenderableType:
    since = f"from {moment(known.from_s, zone)} " if known.from_s else ""
    until = "" if known.until_s >= TIME_S_END else f"until {moment(known.until_s, zone)}"
    return Group(
        Text(f"✔ in the trust list: {safe(known.issuer)}", "green"),
        _rows(
            [
                ("may attest", ", ".join(known.attests)),
                ("key in date", f"{since}{until}" or "always"),
            ]
        ),
    )


def _checks(found: Explanation, zone: ZoneInfo) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=1)
    table.add_column(width=_CHECK_WIDTH)
    table.add_column(overflow="fold")
    for point in found.points:
        sign, style = SIGNS[point.state]
        faint = point.state is State.UNSEEN
        table.add_row(
            Text(sign, style),
            Text(str(point.check), _FAINT if faint else ""),
            Text(_note(point, found, zone), _FAINT if faint else "" if point.reason else _FAINT),
        )
    return table


def _note(point: Point, found: Explanation, zone: ZoneInfo) -> str:
    """What was seen at a check: the reason of a failure, and the facts that it was judged by."""
    if point.state is State.UNSEEN:
        return "not looked at"
    facts = point.note or _facts(point.check, found, zone)
    return "; ".join(filter(None, (str(point.reason) if point.reason else "", facts)))


def _facts(check: Check, found: Explanation, zone: ZoneInfo) -> str:
    signer = found.signer
    match check:
        case Check.LENGTH:
            return f"{found.characters:,} characters"
        case Check.FORMAT | Check.ENCODING | Check.STRUCTURE:
            return _LAYERS.get(found.format, {}).get(check, "")
        case Check.ALGORITHM if signer is not None:
            return safe(signer.algorithm)
        case Check.ISSUER if signer is not None:
            return ", ".join(safe(each.issuer) for each in signer.known)
        case Check.TIMES:
            return _window(found, zone)
        case _:
            return ""


def _window(found: Explanation, zone: ZoneInfo) -> str:
    """The dates that the code gives, and which of them matters now."""
    dates, now_s = found.dates, found.at_s
    start_s = dates.issued_s if dates.not_before_s is None else dates.not_before_s
    until_s = dates.expires_s
    start = "any time" if start_s is None else moment(start_s, zone, to_the_minute=True)
    until = "no end" if until_s is None else moment(until_s, zone, to_the_minute=True)
    if start_s is not None and start_s > now_s:
        away = f", starts {distance(start_s, now_s)}"
    elif until_s is not None:
        away = f", {'ends' if until_s > now_s else 'ended'} {distance(until_s, now_s)}"
    else:
        away = ""
    return f"{start} → {until}{away}"


def _said(found: Explanation, zone: ZoneInfo) -> Iterator[RenderableType]:
    """What the code attests, and whether that is proven."""
    rows = [*_pass(found), *_dated(found, zone)]
    if found.health is not None:
        rows += _health(found.health)
    if rows:
        proven = "proven" if found.answer is Answer.HOLDS else "unproven: do not rely on it"
        yield _section(f"What it says, {proven}", [_rows(rows)])


def _pass(found: Explanation) -> Iterator[Row]:
    credential = found.credential
    if credential is None:
        return
    yield "kind", str(credential.kind)
    if found.health is None:
        yield "holder", safe(credential.holder)
        people = f"{credential.group} {'person' if credential.group == 1 else 'people'}"
        yield "admits", f"{people}, {'once' if credential.one_time else 'many times'}"
    if credential.doses is not None:
        yield "doses", str(credential.doses)
    if credential.duress:
        yield "duress", "yes: raises a silent alarm"


def _dated(found: Explanation, zone: ZoneInfo) -> Iterator[Row]:
    dates = found.dates
    named = (
        ("issued", dates.issued_s),
        ("not before", dates.not_before_s),
        ("until", dates.expires_s),
    )
    for label, when_s in named:
        if when_s is not None:
            yield label, f"{moment(when_s, zone)}, {distance(when_s, found.at_s)}"


def _health(health: Health) -> Iterator[Row]:
    for dose in health.vaccinations:
        number = f"dose {dose.dose}" + ("" if dose.of is None else f" of {dose.of}")
        facts = (number, dose.date, dose.product, _disease(dose.disease))
        yield "vaccination", ", ".join(safe(fact) for fact in facts if fact)
    for test in health.tests:
        result = {True: "positive", False: "negative", None: "result unclear"}[test.positive]
        yield "test", ", ".join(safe(fact) for fact in (result, test.moment, test.type) if fact)
    for recovery in health.recoveries:
        span = f"{recovery.valid_from} to {recovery.valid_until}"
        yield "recovery", safe(f"first positive {recovery.first_positive}, {span}")
    if not (health.vaccinations or health.tests or health.recoveries):
        yield "attests", "nothing that we can read"


def _disease(code: str) -> str:
    return _DISEASES.get(code, code)


def _tree(found: Explanation) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for leaf in found.payload:
        indent = "  " * (len(leaf.path) - 1)
        key = leaf.path[-1] if leaf.path else ""
        table.add_row(
            Text(indent + key, _FAINT), Text(leaf.value, "yellow" if leaf.is_masked else "")
        )
    return table
