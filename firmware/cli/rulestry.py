"""`gate rules try`: what the rules make of somebody, without a certificate at hand."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firmware.cli.exits import EXIT_OK, EXIT_REFUSED
from firmware.cli.moments import moment, zone_option

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from gate.credential.health import Health, Recovery, Test, Vaccination

_KINDS = ("health", "visitor", "appointment", "staff")
_RESULTS = {"positive": True, "negative": False, "neither": None}


@click.command("try")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=Path)
@click.option("--at", "when", type=moment, metavar="TIME", help="At that time instead of now.")
@zone_option
@click.option("--kind", type=click.Choice(_KINDS), default="health", show_default=True)
@click.option("--format", "form", default="hcert", show_default=True, help="Of the certificate.")
@click.option(
    "--dose",
    "doses",
    multiple=True,
    metavar="N[/OF][@DATE]",
    help="A dose that it attests, such as 2/2@2021-08-17. Of a pass: N alone.",
)
@click.option(
    "--disease",
    default="840539006",
    show_default=True,
    help="What the doses are against; COVID-19 in every format without it.",
)
@click.option(
    "--test",
    "tests",
    multiple=True,
    metavar="RESULT@TIME[@TYPE]",
    help="A test: positive, negative or neither; its sample's time, and its kind's code.",
)
@click.option(
    "--recovery",
    "recoveries",
    multiple=True,
    metavar="DATE",
    help="A first positive test that the holder recovered from; valid from ten days later.",
)
@click.option("--born", default="", metavar="DATE", help="As much of it as there is.")
def try_(
    files: tuple[Path, ...],
    when: datetime | None,
    zone: ZoneInfo,
    kind: str,
    form: str,
    doses: tuple[str, ...],
    disease: str,
    tests: tuple[str, ...],
    recoveries: tuple[str, ...],
    born: str,
) -> int:
    """Say what becomes of somebody whose certificate attests these things.

    For a table of cases before new rules go to the door. `gate credential explain` looks into
    a real code.

    \b
    Examples:
      gate rules try bekasi.toml --dose 1
      gate rules try indonesia-colours.toml --at 2022-02-20 --dose 1/2 --recovery 2022-01-10
      gate rules try indonesia-colours.toml --at 2022-07-20T09:00 \\
          --test negative@2022-07-19T20:00@LP6464-4
      gate rules try staff.toml --kind staff --dose 0

    \b
    Exit codes:
      0  admitted
      1  a file is missing
      2  the command was written wrongly
      3  not admitted as it is, or a file has a mistake
    """
    from firmware.cli.rules import loaded
    from firmware.moments import unix_s
    from gate.credential.health import Content
    from gate.credential.model import Credential, CredentialKind, Examined
    from gate.outcome import Outcome
    from gate.rules.ruleset import judge_in_words
    from gate.walltime import TIME_S_END, WallTime

    rule_sets = loaded(files)
    known = _health(doses, disease, [_test(text, zone) for text in tests], recoveries)
    is_pass = kind != CredentialKind.HEALTH
    credential = Credential(
        "native" if is_pass else form,
        CredentialKind(kind),
        "",
        "",
        "",
        0,
        TIME_S_END,
        doses=known.doses if doses else None,
    )
    now = when or datetime.now(zone)
    offset = now.replace(tzinfo=zone).utcoffset()
    wall = WallTime(unix_s(now, zone) * 1000, 0 if offset is None else int(offset.total_seconds()))
    content = None if is_pass else Content(known, {"dob": born})
    judgement = judge_in_words(rule_sets, Examined(credential, content), wall)
    if judgement is None:
        click.echo("No rules are for such a certificate then.")
        return EXIT_REFUSED
    verdict = judgement.verdict
    click.echo(f"{verdict.status}: {verdict.outcome} (by {verdict.rule})")
    click.echo(judgement.words.indonesian)
    click.echo(judgement.words.english)
    return EXIT_OK if verdict.outcome is Outcome.ADMIT else EXIT_REFUSED


def _health(
    doses: tuple[str, ...], disease: str, tests: list[Test], recoveries: tuple[str, ...]
) -> Health:
    from gate.credential.health import Health

    return Health(
        tuple(_vaccination(text, disease) for text in doses),
        tuple(tests),
        tuple(_recovery(text) for text in recoveries),
    )


def _vaccination(text: str, disease: str) -> Vaccination:
    from gate.credential.health import Vaccination

    found = re.fullmatch(r"([0-9]{1,2})(?:/([0-9]{1,2}))?(?:@([0-9-]{4,10}))?", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no dose; write it like 2/2@2021-08-17.")
    number, of, day = found.groups()
    return Vaccination(day or "2021-01-01", int(number), int(of) if of else None, "", disease)


def _test(text: str, zone: ZoneInfo) -> Test:
    from gate.credential.health import Test

    result, _, rest = text.partition("@")
    taken, _, kind = rest.partition("@")
    if result not in _RESULTS or not taken:
        raise click.BadParameter(f"{text!r} is no test; write it like negative@2022-07-19T20:00.")
    at = moment(taken)
    sampled = at if at.tzinfo else at.replace(tzinfo=zone)
    return Test(sampled.isoformat(timespec="seconds"), _RESULTS[result], kind)


def _recovery(text: str) -> Recovery:
    from datetime import timedelta

    from gate.credential.health import Recovery

    first = moment(text).date()
    begin, end = first + timedelta(days=10), first + timedelta(days=180)
    return Recovery(first.isoformat(), begin.isoformat(), end.isoformat())
