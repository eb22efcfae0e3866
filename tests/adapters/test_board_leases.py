"""The board's outputs in virtual time: every end of a lease exact to the nanosecond."""

from collections.abc import Iterator

import pytest
from boardkit import ACTIVE_LOW, ENTRY, EXIT, Bench

from drivers.api import DriverError, ErrorKind
from drivers.gpio import LEASE_NS
from drivers.gpio.leases import RETRY_NS
from drivers.sim.chip import Edge
from drivers.wiring import Hold, OutputLine, OutputName, Wiring
from gate.events import (
    Device,
    DeviceFailed,
    DeviceRecovered,
)
from gate.walltime import NS_PER_MS, NS_PER_S


@pytest.fixture
def relays() -> Iterator[Bench]:
    """An active-low entry relay, an exit, a chamber and a lamp."""
    bench = Bench(ACTIVE_LOW)
    yield bench
    bench.board.close()
    bench.chip.close()


@pytest.fixture
def turnstile() -> Iterator[Bench]:
    """One relay that gives pulses."""
    relay = OutputLine(line=ENTRY, hold=Hold.PULSE, pulse_ms=300)
    bench = Bench(Wiring(outputs={OutputName.BARRIER_ENTRY: relay}))
    yield bench
    bench.board.close()
    bench.chip.close()


@pytest.mark.parametrize("line", [line.line for line in ACTIVE_LOW.outputs.values()])
def test_an_output_starts_safe_without_a_glitch(line: int) -> None:
    """From power-on to close an idle output shows at most one change: to its safe level. An
    active-low relay that gpiozero would pulse stays at rest, a resistor holding it there."""
    bench = Bench(ACTIVE_LOW)
    before = bench.chip.level(line)
    bench.board.open(bench.post)
    safe = next(o.safe_level for o in ACTIVE_LOW.outputs.values() if o.line == line)
    levels = [edge.level for edge in bench.chip.edges(line)]
    assert levels == ([before] if before == safe else [before, safe])
    bench.board.close()
    assert bench.chip.level(line) == before


def test_a_lease_ends_at_its_end(relays: Bench) -> None:
    """With the controller alive the output is off at `until_ns`, not a nanosecond later."""
    relays.open()
    start_ns = relays.now_ns
    relays.board.output("barrier_entry").drive(start_ns + 8 * NS_PER_S)
    relays.run(20 * NS_PER_S, renew_every_ns=LEASE_NS // 2)
    assert relays.changes(ENTRY, start_ns)[-2:] == [
        Edge(start_ns, 0),
        Edge(start_ns + 8 * NS_PER_S, 1),
    ]


def test_a_lease_lapses_when_the_controller_goes_quiet(relays: Bench) -> None:
    """Exactly `LEASE_NS` after the last `renew`, and a late `renew` does not bring it back."""
    relays.open()
    start_ns = relays.now_ns
    relays.board.output("barrier_entry").drive(start_ns + 8 * NS_PER_S)
    relays.run(3 * NS_PER_S, renew_every_ns=LEASE_NS // 2)
    last_ns = relays.now_ns
    relays.board.renew()
    relays.run(2 * LEASE_NS)
    relays.board.renew()
    relays.run(LEASE_NS // 2)
    assert relays.changes(ENTRY, start_ns)[-1] == Edge(last_ns + LEASE_NS, 1)


def test_a_renewal_that_comes_too_late_ends_the_lease_itself(relays: Bench) -> None:
    """Even before any watchdog looked: a controller that slept does not keep the door open."""
    relays.open()
    relays.board.output("barrier_entry").drive(relays.now_ns + 8 * NS_PER_S)
    relays.now_ns += LEASE_NS
    relays.board.renew()
    assert relays.chip.level(ENTRY) == 1


def test_a_release_that_is_told_again_only_lasts_longer(relays: Bench) -> None:
    """An alarm tells it every second: the relay goes on once and off once, after the last."""
    relays.open()
    way_out = relays.board.output("barrier_exit")
    start_ns = relays.now_ns
    for _ in range(60):
        way_out.drive(relays.now_ns + 8 * NS_PER_S)
        relays.run(NS_PER_S, renew_every_ns=LEASE_NS // 2)
    last_ns = relays.now_ns - NS_PER_S
    relays.run(20 * NS_PER_S, renew_every_ns=LEASE_NS // 2)
    assert relays.changes(EXIT, start_ns)[-2:] == [
        Edge(start_ns, 1),
        Edge(last_ns + 8 * NS_PER_S, 0),
    ]


def test_a_pulsed_relay_gives_one_pulse_a_grant(turnstile: Bench) -> None:
    """A turnstile counts pulses: telling it twice of one grant must not let two people in."""
    turnstile.open()
    way_in = turnstile.board.output("barrier_entry")
    start_ns = turnstile.now_ns
    until_ns = start_ns + 8 * NS_PER_S
    way_in.drive(until_ns)
    turnstile.run(NS_PER_S, renew_every_ns=LEASE_NS // 2)
    way_in.drive(until_ns)
    turnstile.run(NS_PER_S, renew_every_ns=LEASE_NS // 2)
    assert turnstile.changes(ENTRY, start_ns)[-2:] == [
        Edge(start_ns, 1),
        Edge(start_ns + 300 * NS_PER_MS, 0),
    ]
    way_in.rest()
    again_ns = turnstile.now_ns
    way_in.drive(until_ns)
    assert turnstile.changes(ENTRY, again_ns) == [Edge(again_ns, 1)]


def test_no_output_outlasts_its_own_limit(relays: Bench) -> None:
    """The chamber is off after ten seconds however often and long it is asked for."""
    relays.open()
    chamber = relays.board.output("chamber")
    start_ns = relays.now_ns
    for _ in range(9):
        chamber.drive(relays.now_ns + 3600 * NS_PER_S)
        relays.run(NS_PER_S, renew_every_ns=LEASE_NS // 2)
    relays.run(30 * NS_PER_S, renew_every_ns=LEASE_NS // 2)
    assert relays.changes(22, start_ns)[-2:] == [
        Edge(start_ns, 1),
        Edge(start_ns + 10 * NS_PER_S, 0),
    ]


def test_a_lamp_burns_as_long_as_the_controller_lives(relays: Bench) -> None:
    """No limit of its own, and still a lease."""
    relays.open()
    start_ns = relays.now_ns
    relays.board.output("light_red").drive(start_ns + 10**6 * NS_PER_S)
    relays.run(3600 * NS_PER_S, renew_every_ns=LEASE_NS // 2)
    assert relays.chip.level(23) == 1
    relays.run(LEASE_NS)
    assert relays.chip.level(23) == 0


def test_what_ended_already_is_not_switched_on(relays: Bench) -> None:
    """A release whose end has passed by the time it arrives moves nothing."""
    relays.open()
    start_ns = relays.now_ns
    relays.run(NS_PER_S)
    relays.board.output("chamber").drive(start_ns)
    assert relays.changes(22, start_ns + 1) == []


def test_a_line_that_cannot_be_let_go_is_tried_until_it_can(relays: Bench) -> None:
    """The chip is gone at the end of a grant: reported once, and safe as soon as it is back."""
    relays.open()
    start_ns = relays.now_ns
    relays.board.output("barrier_entry").drive(start_ns + NS_PER_S // 2)
    relays.chip.go_missing()
    relays.run(5 * NS_PER_S)
    assert relays.events == [DeviceFailed(Device.BARRIER, "missing")]
    relays.chip.come_back()
    back_ns = relays.now_ns
    relays.run(RETRY_NS)
    assert relays.chip.level(ENTRY) == 1
    assert relays.changes(ENTRY, back_ns)[-1].at_ns <= back_ns + RETRY_NS
    assert relays.events[1:] == [DeviceRecovered(Device.BARRIER)]


def test_a_drive_that_fails_is_undone(relays: Bench) -> None:
    """The caller is told, and whatever the line became meanwhile is made safe. The lane hears
    of the fault once, however often it tries, and of its end."""
    relays.open()
    relays.chip.go_missing()
    for _ in range(3):
        with pytest.raises(DriverError) as refused:
            relays.board.output("barrier_entry").drive(relays.now_ns + NS_PER_S)
        assert (refused.value.kind, refused.value.device) == (ErrorKind.MISSING, "barrier_entry")
        relays.run(NS_PER_S)
    assert relays.events == [DeviceFailed(Device.BARRIER, "missing")]
    relays.chip.come_back()
    relays.run(NS_PER_S)
    assert relays.chip.level(ENTRY) == 1
    assert relays.events[1:] == [DeviceRecovered(Device.BARRIER)]


def test_a_line_that_can_be_switched_on_again_has_recovered(relays: Bench) -> None:
    """The next release comes before the next retry: the fault is over, the lease holds again."""
    relays.open()
    relays.chip.go_missing()
    with pytest.raises(DriverError):
        relays.board.output("barrier_entry").drive(relays.now_ns + 8 * NS_PER_S)
    relays.board.tick()
    relays.chip.come_back()
    start_ns = relays.now_ns
    relays.board.output("barrier_entry").drive(start_ns + 8 * NS_PER_S)
    assert relays.events == [
        DeviceFailed(Device.BARRIER, "missing"),
        DeviceRecovered(Device.BARRIER),
    ]
    relays.run(2 * LEASE_NS)
    assert relays.changes(ENTRY, start_ns)[-1] == Edge(start_ns + LEASE_NS, 1)


def test_a_release_that_came_too_late_reports_a_line_that_fails(relays: Bench) -> None:
    """It asks for the safe level alone; that this failed is a fault like any other."""
    relays.open()
    relays.chip.go_missing()
    relays.board.output("barrier_entry").drive(relays.now_ns)
    assert relays.events == [DeviceFailed(Device.BARRIER, "missing")]
