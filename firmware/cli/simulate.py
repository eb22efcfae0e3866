"""`gate simulate`: many visitors in virtual time, watched for what must never happen."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from firmware.config import CONFIG_PATH, load_config
from firmware.simulation.day import Day, DayBroken, Outcome
from firmware.simulation.faults import Fault
from gate.policy import Policy
from gate.records import RecordKind
from gate.walltime import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VISITS_MAX = 10_000_000
ALL = "all"


class FaultList(click.ParamType[tuple[Fault, ...]]):
    """Words of `Fault`, between commas; `all` for all."""

    name = "WORD,..."

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Fault, ...]:
        """From what was typed."""
        if isinstance(value, tuple):
            return value
        words = [word for word in str(value).split(",") if word]
        if words == [ALL]:
            return tuple(Fault)
        try:
            return tuple(Fault(word) for word in words)
        except ValueError:
            self.fail(f"{value!r} is not made of {', '.join(Fault)}, or {ALL}.", param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The word behind the last comma, among those that are not there yet."""
        before, comma, last = incomplete.rpartition(",")
        words = [*Fault] if comma else [*Fault, ALL]
        return [
            CompletionItem(f"{before}{comma}{word}")
            for word in words
            if word.startswith(last) and word not in before.split(",")
        ]


@click.command()
@click.option(
    "--visits",
    type=click.IntRange(1, VISITS_MAX),
    default=10_000,
    show_default=True,
    help="How many visitors come.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Who they are, and when.")
@click.option(
    "--faults", type=FaultList(), default="", help=f"What goes wrong: {', '.join(Fault)}, or all."
)
@click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Take the policy of this lane, such as {CONFIG_PATH}.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def simulate(
    visits: int, seed: int, faults: tuple[Fault, ...], config_path: Path | None, as_json: bool
) -> None:
    """Let simulated visitors walk through the lane, in virtual time.

    The state machine is the one at the door; devices and people are simulated. After every
    step the lane is checked for what must never happen. The same seed gives the same day:
    its trace hash covers every moment, event and command.

    \b
    Examples:
      gate simulate --visits 100000 --seed 7
      gate simulate --visits 20000 --faults fire,power-cut
      gate simulate --faults all --config /etc/gate/gate.toml

    \b
    Exit codes:
      0  every visitor came and went, and nothing broke that must hold
      1  something broke; the message says what, with the seed that shows it again
      2  the command or the configuration is wrong
    """
    policy = Policy() if config_path is None else load_config(config_path).policy
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    try:
        with _progress(visits, shown=not as_json) as tell:
            outcome = Day(policy, seed, faults).run(visits, tell)
    except DayBroken as error:
        raise click.ClickException(f"{error}. See it again with --seed {seed}.") from None
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    if as_json:
        click.echo(json.dumps(_facts(outcome, wall_s, cpu_s)))
    else:
        _print(outcome, seed, wall_s, cpu_s)


def _facts(outcome: Outcome, wall_s: float, cpu_s: float) -> dict[str, object]:
    return {
        "visits": outcome.visits,
        "steps": outcome.steps,
        "virtual_s": outcome.virtual_ns / NS_PER_S,
        "trace_hash": outcome.trace_hash,
        "visits_per_s": round(outcome.visits / wall_s),
        "visits_per_cpu_s": round(outcome.visits / cpu_s),
        "records": outcome.kinds,
        "denied": outcome.denied,
        "visitors": outcome.temperaments,
        "faults": outcome.faults,
    }


def _print(outcome: Outcome, seed: int, wall_s: float, cpu_s: float) -> None:
    kinds = outcome.kinds
    hours = outcome.virtual_ns / NS_PER_S / 3600
    speed = (
        f"{outcome.visits / wall_s:,.0f} visits a second "
        f"({outcome.visits / cpu_s:,.0f} a second of one core)"
    )
    rows = [
        ("visitors", f"{outcome.visits:,} in {hours:,.1f} hours of the lane, seed {seed}"),
        ("granted", f"{kinds.get(RecordKind.ACCESS_GRANTED, 0):,}"),
        ("taken", f"{kinds.get(RecordKind.ACCESS_TAKEN, 0):,}"),
        ("not taken", f"{kinds.get(RecordKind.ACCESS_NOT_TAKEN, 0):,}"),
        ("unknown", f"{kinds.get(RecordKind.ACCESS_UNKNOWN, 0):,}"),
        ("denied", f"{kinds.get(RecordKind.ACCESS_DENIED, 0):,}"),
        *((f"  {reason}", f"{count:,}") for reason, count in outcome.denied.items()),
        ("referred", f"{kinds.get(RecordKind.ACCESS_REFERRED, 0):,}"),
        ("tailgating", f"{kinds.get(RecordKind.PASSAGE_TAILGATING, 0):,} records"),
        *((f"fault {fault}", f"{count:,}") for fault, count in outcome.faults.items()),
        ("invariants", f"held after each of {outcome.steps:,} steps"),
        ("trace hash", outcome.trace_hash),
        ("speed", speed),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{name:<{width}}  {value}")


@contextmanager
def _progress(visits: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; nothing elsewhere."""
    if not (shown and sys.stderr.isatty()):
        yield lambda _: None
        return
    with click.progressbar(length=visits, label="visitors", file=sys.stderr) as bar:
        yield lambda done: bar.update(done - bar.pos)
