"""Every output: on, off, and nothing in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.wiring import OutputName
from firmware.selftest.limits import LIMITS
from firmware.selftest.measurement import Measurement, judge, skipped
from firmware.selftest.permit import UnsafeError
from firmware.selftest.step import Doing
from firmware.selftest.steps.safety import STILLEST, SWITCH_NS_MAX
from gate.walltime import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from firmware.selftest.scope import Probe
    from firmware.selftest.step import Context, Lines

ON_NS_MAX: Final = NS_PER_S
"""What an output would stay on by itself."""
HOLD_NS: Final = 150 * NS_PER_MS
"""How long it is left on: a relay is heard, and a turnstile counts a pulse."""
SENSED: Final[Mapping[OutputName, tuple[str, str]]] = {
    OutputName.LIGHT_RED: ("seen", "look whether it lights"),
    OutputName.LIGHT_YELLOW: ("seen", "look whether it lights"),
    OutputName.LIGHT_GREEN: ("seen", "look whether it lights"),
    OutputName.BUZZER: ("heard", "listen whether it sounds"),
}
"""What only a person can say."""


def relays(context: Context) -> Lines:
    """One after the other, those that move last."""
    outputs = context.bench.config.wiring.outputs
    names = [name for name in STILLEST if name in outputs]
    for number, name in enumerate(names, 1):
        yield Doing(str(name), number, len(names))
        probe = context.bench.probe(name)
        assert probe is not None, "stop was proven with it"  # noqa: S101 - our bug
        yield from _switch(context, name, probe)
        if name in SENSED:
            sense, act = SENSED[name]
            yield skipped(f"{name} {sense}", f"No operator took part: {act}.")


def _switch(context: Context, name: OutputName, probe: Probe) -> Iterator[Measurement]:
    bench, outputs = context.bench, context.outputs
    yield judge(
        f"{name} at claim",
        LIMITS["relays.at claim"],
        bench.times_on_at_claim[name],
    )
    if probe.is_on():
        yield judge(f"{name} at rest", LIMITS["relays.at rest"], "on")
        return
    try:
        told_ns = outputs.drive(name, ON_NS_MAX)
    except UnsafeError as refused:
        if bench.facts.danger():
            raise  # for every output
        hint = f"Not tried: {refused}. Put that right and run it again."
        yield judge(f"{name} on", LIMITS["relays.on"], None, hint)
        return
    try:
        on_ms = probe.wait(on=True, since_ns=told_ns, limit_ns=SWITCH_NS_MAX, pause=bench.pause)
        yield judge(f"{name} on", LIMITS["relays.on"], on_ms)
        if on_ms is None:
            return
        bench.pause(HOLD_NS)
        danger = bench.facts.danger(name)
        if danger:
            raise UnsafeError(danger)
        told_ns = bench.clock()
        outputs.rest()
        off_ms = probe.wait(on=False, since_ns=told_ns, limit_ns=SWITCH_NS_MAX, pause=bench.pause)
        yield judge(f"{name} off", LIMITS["relays.off"], off_ms)
    finally:
        outputs.rest()
