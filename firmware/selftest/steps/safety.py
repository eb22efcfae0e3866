"""First of all: what the safety inputs say, and that an output goes off, in every way there is."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from drivers.gpio import LEASE_NS
from drivers.wiring import Hold, InputName, OutputName
from firmware.selftest.facts import DANGERS
from firmware.selftest.limits import LIMITS, lapse_limit
from firmware.selftest.measurement import Measurement, judge, skipped
from firmware.selftest.permit import UnsafeError
from gate.walltime import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drivers.wiring import Wiring
    from firmware.selftest.bench import Bench
    from firmware.selftest.measurement import Limit
    from firmware.selftest.scope import Probe
    from firmware.selftest.step import Context, Lines

LISTEN_NS: Final = NS_PER_S
"""How long the inputs are listened to: a chattering one is known after so long."""
LISTEN_PARTS: Final = 10
DRIVE_NS: Final = 3 * LEASE_NS
"""Far beyond the lease: what ends it is the lease alone."""
SWITCH_NS_MAX: Final = NS_PER_S
"""For a line to follow; the limits are tighter."""
SETTLE_NS_MAX: Final = 2 * NS_PER_S
"""For an input that was moved to be believed at rest again."""
STILLEST: Final = (
    OutputName.LIGHT_GREEN,
    OutputName.LIGHT_YELLOW,
    OutputName.LIGHT_RED,
    OutputName.BUZZER,
    OutputName.BARRIER_EXIT,
    OutputName.BARRIER_ENTRY,
    OutputName.CHAMBER,
)
"""Outputs by how little stirs when they are switched on."""
_ALARMS: Final[Mapping[InputName, str]] = MappingProxyType(
    {InputName.FIRE: "fire", InputName.EMERGENCY_STOP: "emergency stop"}
)
_PEOPLE: Final = frozenset({InputName.PRESENCE, InputName.BEAM_A, InputName.BEAM_B})


def inputs(context: Context) -> Lines:
    """What every input says after a second of listening."""
    bench = context.bench
    bench.open_board()
    for _ in range(LISTEN_PARTS):
        bench.pause(LISTEN_NS // LISTEN_PARTS)
    facts, wired = bench.facts, bench.config.wiring.inputs
    for alarm, line in _ALARMS.items():
        if alarm not in wired:
            yield skipped(line, f"The input {alarm} is not wired, so that nobody would know.")
            continue
        active = facts.is_active(alarm)
        word = "unread" if active is None else "active" if active else "at rest"
        yield judge(line, LIMITS[f"inputs.{line}"], word)
    people = [name for name in facts.active() if name in _PEOPLE]
    hint = f"{DANGERS[people[0]]} ({', '.join(people)})" if people else ""
    limit = LIMITS["inputs.people"]
    yield judge(
        "people",
        limit,
        "somebody" if people else "nobody",
        f"{hint[:1].upper()}{hint[1:]}. {limit.hint}",
    )
    others = [name for name in facts.active() if name not in _PEOPLE and name not in _ALARMS]
    limit = LIMITS["inputs.other inputs"]
    yield judge(
        "other inputs",
        limit,
        "active" if others else "at rest",
        f"{', '.join(others)}: {limit.hint}",
    )
    yield from _trouble(bench)


def _trouble(bench: Bench) -> Iterator[Measurement]:
    failed = bench.facts.failed()
    limit = LIMITS["inputs.trouble"]
    words = ", ".join(f"{device} {kind}" for device, kind in failed.items())
    yield judge("trouble", limit, words or "none")


def stop(context: Context) -> Lines:
    """On the output that moves least: it lapses, it rests, and the emergency stop ends it."""
    bench, wiring = context.bench, context.bench.config.wiring
    name = next((name for name in STILLEST if name in wiring.outputs), None)
    if name is None:
        yield skipped("output", "This lane has no outputs: there is nothing to stop.")
        return
    probe = bench.probe(name)
    if probe is None:
        yield judge("read-back", LIMITS["stop.read-back"], "none")
        return
    claimed = bench.times_on_at_claim[name]
    yield judge(f"{name} at claim", LIMITS["stop.at claim"], claimed)
    is_on = probe.is_on()
    yield judge(f"{name} at rest", LIMITS["stop.at rest"], "on" if is_on else "off")
    if is_on or claimed:
        return  # what can't be believed at rest proves nothing
    trial = _Trial(context, name, probe)
    for line, milliseconds, limit in trial.lapse():
        yield judge(f"{name} {line}", limit, milliseconds)
        if milliseconds is None:
            return
    yield judge(f"{name} rest", LIMITS["stop.rest"], trial.rest())
    yield trial.emergency_stop()
    yield _after_a_crash(bench)


def lapse_ns(wiring: Wiring, name: OutputName) -> int:
    """How long that output stays on with nobody to renew it."""
    output, longest_ns = wiring.outputs[name], wiring.on_ns_max(name)
    ends = [LEASE_NS]
    if output.hold is Hold.PULSE:
        ends.append(output.pulse_ms * NS_PER_MS)
    if longest_ns is not None:
        ends.append(longest_ns)
    return min(ends)


class _Trial:
    """One output, switched on and off again in each way."""

    def __init__(self, context: Context, name: OutputName, probe: Probe) -> None:
        self._bench = context.bench
        self._outputs = context.outputs
        self._name = name
        self._probe = probe

    def lapse(self) -> Iterator[tuple[str, float | None, Limit]]:
        """Line, milliseconds and limit of how soon it goes on, and by itself off."""
        limit = lapse_limit(lapse_ns(self._bench.config.wiring, self._name) / NS_PER_MS)
        told_ns = self._outputs.drive(self._name, DRIVE_NS)
        try:
            yield "on", self._wait(told_ns, on=True), LIMITS["stop.on"]
            yield "lapse", self._wait(told_ns, on=False, limit_ns=DRIVE_NS), limit
        finally:
            self._outputs.rest()

    def rest(self) -> float | None:
        """Milliseconds until it is off when told so; None where it never was on, or off."""
        if not self._is_driven():
            return None
        told_ns = self._bench.clock()
        self._outputs.rest()
        return self._wait(told_ns, on=False)

    def emergency_stop(self) -> Measurement:
        """From the emergency stop's wire to the output's."""
        line, wires = "emergency stop", self._bench.rig.wires
        if InputName.EMERGENCY_STOP not in self._bench.config.wiring.inputs:
            return skipped(line, "The input emergency_stop is not wired.")
        if wires is None:
            return skipped(
                line, "No operator took part: press it, and see that everything goes off."
            )
        if not self._is_driven():
            return judge(line, LIMITS["stop.emergency stop"], None)
        pressed_ns = self._bench.clock()
        wires.set(InputName.EMERGENCY_STOP, active=True)
        try:
            took_ms = self._wait(pressed_ns, on=False)
            is_refused = self._is_refused()
        finally:
            wires.set(InputName.EMERGENCY_STOP, active=False)
            self._outputs.rest()
            self._settle()
        return judge(line, LIMITS["stop.emergency stop"], took_ms if is_refused else None)

    def _is_driven(self) -> bool:
        """Switch it on; whether it is."""
        told_ns = self._outputs.drive(self._name, DRIVE_NS)
        return self._wait(told_ns, on=True) is not None

    def _is_refused(self) -> bool:
        """Whether the output can't be switched on again while the stop is pressed."""
        try:
            self._outputs.drive(self._name, 0)
        except UnsafeError:
            return True
        return False

    def _settle(self) -> None:
        """Until nothing forbids outputs any more; what comes next would be refused."""
        for _ in range(SETTLE_NS_MAX // NS_PER_MS):
            if not self._bench.facts.danger():
                return
            self._bench.pause(NS_PER_MS)

    def _wait(self, since_ns: int, *, on: bool, limit_ns: int = SWITCH_NS_MAX) -> float | None:
        return self._probe.wait(
            on=on, since_ns=since_ns, limit_ns=limit_ns, pause=self._bench.pause
        )


def _after_a_crash(bench: Bench) -> Measurement:
    found = bench.persistence()
    if found is None:
        return skipped("after a crash", "The lines are simulated: no kernel keeps them.")
    word = {True: "stays on", False: "let go", None: "unknown"}[found.persists]
    return judge("after a crash", LIMITS["stop.after a crash"], word, found.advice)
