"""`gate check-config`: what the lane would be, before it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drivers.wiring import Wiring
    from firmware.config import Config
    from gate.policy import Hours, Policy

_DEFAULT = "/etc/gate/gate.toml"
"""As `firmware.config.CONFIG_PATH`: written here so that `--help` imports nothing."""
_WEEK = tuple(range(7))


@click.command("check-config")
@click.argument(
    "file", type=click.Path(path_type=Path), default=_DEFAULT, envvar="GATE_CONFIG", required=False
)
@click.option("--json", "as_json", is_flag=True, help="Print every key and the value that holds.")
def check_config(file: Path, as_json: bool) -> None:
    """Read a lane's configuration, and say what the lane would be.

    FILE is $GATE_CONFIG, or else /etc/gate/gate.toml. Nothing is started and no device is
    touched. All that is wrong is said at once, one sentence a line, each with the key that it
    is about. What would work but is unwise comes as a warning on standard error.

    \b
    Examples:
      gate check-config
      gate check-config north.toml
      gate check-config --json | jq .policy.temperature

    \b
    Exit codes:
      0  the lane would start with this file, warnings or not
      2  it would not; the message says why
    """
    from firmware.config import cautions, effective, load_config

    config = load_config(file)
    if as_json:
        import json

        click.echo(json.dumps(effective(config), indent=2, ensure_ascii=False))
    else:
        _show(config)
    for sentence in cautions(config):
        click.echo(f"warning: {sentence}", err=True)


def _show(config: Config) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in (*_lane(config), *_devices(config), *_wires(config.wiring)):
        table.add_row(name, text)
    Console(markup=False, highlight=False, emoji=False).print(table)


def _lane(config: Config) -> Iterator[tuple[str, str]]:
    """Who may go through, when, and by which rules."""
    from gate.policy import Policy

    policy = config.policy
    yield "lane", f"{config.site}/{config.lane}"
    if policy.dated != Policy().dated:
        yield "rules of", policy.dated
    yield "stages", " → ".join(policy.stages) or "none"
    yield from _stages(config)
    schedule = policy.schedule
    hours = "; ".join(map(_hours, schedule.hours)) or "always"
    yield "open", f"{hours} ({schedule.time_zone})"
    if schedule.holidays:
        kinds = ", ".join(schedule.holiday_kinds) or "nobody"
        count = len(schedule.holidays)
        yield "holidays", f"{count} {'day' if count == 1 else 'days'}, for {kinds}"
    passage = policy.passage
    inside = f"{policy.capacity} people at most" if policy.capacity else "no limit"
    yield "inside", f"{inside}, counted by {passage.counted_by}"
    yield "barrier", f"{passage.grant_s:g} s a grant, {passage.assisted_grant_s:g} s assisted"
    yield "refer to", policy.refer_to.replace("\n", ", ") or "nowhere"


def _stages(config: Config) -> Iterator[tuple[str, str]]:
    from gate.policy import Stage

    policy = config.policy
    for stage in policy.stages:
        match stage:
            case Stage.CHAMBER:
                yield "chamber", f"{policy.chamber.mode}, {policy.chamber.run_s:g} s"
            case Stage.TEMPERATURE:
                yield "temperature", _temperature(policy)
            case Stage.CREDENTIAL:
                yield "credential", _credential(config)
                yield from _certificates(config)


def _temperature(policy: Policy) -> str:
    rule = policy.temperature
    return (
        f"{rule.comparison} {rule.limit_c:g} °C is elevated; {rule.readings} readings within "
        f"{rule.agree_c:g} °C; again after {rule.recheck_after_s:g} s"
    )


def _credential(config: Config) -> str:
    rule = config.policy.credential
    issuers = ", ".join(rule.issuers) or "every issuer"
    doses = f"; {rule.doses_min} doses or more" if rule.doses_min else ""
    return f"{', '.join(rule.kinds)}; {issuers} in {config.trust}{doses}"


def _certificates(config: Config) -> Iterator[tuple[str, str]]:
    """Public certificates: who vouches for the list of their issuers, and what judges them."""
    if config.trust_bundle is not None:
        yield "certificates", f"{config.trust_bundle}, signed by {config.trust_roots}"
    if config.trust_media:
        yield "", f"or a newer list under {', '.join(map(str, config.trust_media))}"
    if config.health_rules:
        yield "health rules", ", ".join(map(str, config.health_rules))


def _hours(hours: Hours) -> str:
    from firmware.config.forms import WEEKDAYS, clock

    days = "every day" if hours.days == _WEEK else " ".join(WEEKDAYS[day] for day in hours.days)
    return f"{days} {clock(hours.open_minute)}-{clock(hours.close_minute)}"


def _devices(config: Config) -> Iterator[tuple[str, str]]:
    """What the lane is made of, and where its records go."""
    camera, thermometer, reporter = config.camera, config.thermometer, config.reporter
    yield "board", str(config.board)
    size = f"{camera.width_px}x{camera.height_px} at {camera.fps:g} a second"
    yield "camera", f"{camera.kind} {camera.source}".rstrip() + f", {size}"
    yield "thermometer", f"{thermometer.kind} {thermometer.model or ''}".rstrip()
    if reporter is None:
        yield "broker", "none: nothing is reported"
    else:
        safe = "TLS" if reporter.tls else "in the clear"
        name = f", as {reporter.username}" if reporter.username else ""
        yield "broker", f"{reporter.host}:{reporter.port}, {safe}{name}"
    yield "records", f"{config.journal.records_max:,} at most, in {config.data_dir}"
    yield "languages", ", ".join(config.languages)
    yield "log", str(config.log_level)


def _wires(wiring: Wiring) -> Iterator[tuple[str, str]]:
    outputs = [f"{name} {line.line} ({line.hold})" for name, line in wiring.outputs.items()]
    inputs = [
        f"{name} {line.line} ({wiring.contact(name).replace('normally_', '')})"
        for name, line in wiring.inputs.items()
    ]
    yield "GPIO out", ", ".join(outputs) or "none"
    yield "GPIO in", ", ".join(inputs) or "none"
