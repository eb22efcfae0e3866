"""The board on simulated pins in virtual time: every moment exact to the nanosecond."""

from collections.abc import Callable, Iterator

import pytest

from drivers.api import DriverError, ErrorKind
from drivers.gpio import LEASE_NS, GpioBoard
from drivers.gpio.filter import CHATTER_EDGES_MAX
from drivers.gpio.inputs import CHATTER_PAUSE_NS, CHATTER_QUIET_NS, POLL_NS
from drivers.gpio.leases import RETRY_NS
from drivers.gpio.staffkey import STAFF_HOLD_NS
from drivers.gpio.words import PASS_NS_MAX
from drivers.sim.chip import Edge, SimChip
from drivers.sim.pins import SimPinFactory
from drivers.wiring import Hold, InputLine, InputName, OutputLine, OutputName, Wiring
from gate.events import (
    AnyEvent,
    Beam,
    BeamChanged,
    ChamberInput,
    ChamberInputChanged,
    Device,
    DeviceFailed,
    DeviceRecovered,
    DoorChanged,
    EmergencyStopChanged,
    ExitRequested,
    FireChanged,
    PassContactPulsed,
    PresenceChanged,
    StaffActed,
    StaffAction,
    TamperChanged,
)
from gate.records import Direction
from gate.walltime import NS_PER_MS, NS_PER_S, WallTime

MORNING = WallTime(1_700_000_000_000)
ENTRY = 17
ACTIVE_LOW = Wiring(
    outputs={
        OutputName.BARRIER_ENTRY: OutputLine(line=ENTRY, active_high=False),
        OutputName.BARRIER_EXIT: OutputLine(line=27, hold=Hold.PULSE, pulse_ms=300),
        OutputName.CHAMBER: OutputLine(line=22),
        OutputName.LIGHT_RED: OutputLine(line=23),
    }
)


class Bench:
    """A board, its chip and the world outside, on one clock that only `run` moves."""

    def __init__(self, wiring: Wiring) -> None:
        self.now_ns = 5 * NS_PER_S
        self.wiring = wiring
        self.chip = SimChip(lambda: self.now_ns)
        self.board = GpioBoard(
            wiring,
            lambda: SimPinFactory(self.chip),
            clock=lambda: self.now_ns,
            wall=lambda: MORNING,
            realtime=False,
        )
        self.events: list[AnyEvent] = []
        self.times: list[int] = []
        self.refuse: Callable[[AnyEvent], None] = lambda _: None
        for name in wiring.inputs:
            self.set(name, active=False)

    def post(self, event: AnyEvent) -> None:
        self.refuse(event)
        self.events.append(event)
        self.times.append(self.now_ns)

    def open(self) -> None:
        self.board.open(self.post)
        self.events.clear()
        self.times.clear()

    def line(self, name: InputName) -> int:
        return self.wiring.inputs[name].line

    def set(self, name: InputName, *, active: bool) -> None:
        level = self.wiring.active_level(name)
        self.chip.drive(self.line(name), level if active else 1 - level)

    def pulse(self, name: InputName, length_ns: int) -> None:
        self.set(name, active=True)
        self.run(length_ns)
        self.set(name, active=False)

    def run(self, length_ns: int, renew_every_ns: int | None = None) -> None:
        """Let time pass, stopping wherever the chip or the board has something to do."""
        end_ns = self.now_ns + length_ns
        renew_ns = end_ns if renew_every_ns is None else self.now_ns + renew_every_ns
        while True:
            self.chip.pump()
            self.board.tick()
            due = [self.chip.wake_at_ns(), self.board.wake_at_ns(), renew_ns]
            next_ns = min(at_ns for at_ns in due if at_ns is not None)
            if next_ns > end_ns or self.now_ns >= end_ns:
                break
            self.now_ns = max(self.now_ns, next_ns)
            if renew_every_ns is not None and self.now_ns >= renew_ns:
                self.board.renew()
                renew_ns += renew_every_ns
        self.now_ns = end_ns
        self.chip.pump()
        self.board.tick()

    def changes(self, line: int, since_ns: int) -> list[Edge]:
        return [edge for edge in self.chip.edges(line) if edge.at_ns >= since_ns]


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(Wiring())
    yield bench
    bench.board.close()
    bench.chip.close()


@pytest.fixture
def relays() -> Iterator[Bench]:
    """An active-low entry relay, a pulsed exit, a chamber and a lamp."""
    bench = Bench(ACTIVE_LOW)
    yield bench
    bench.board.close()
    bench.chip.close()


def test_every_level_is_posted_once_at_open(bench: Bench) -> None:
    """The lane never assumes an input: it is told each, and a pulse that was not is none."""
    bench.set(InputName.FIRE, active=True)
    bench.set(InputName.PASS_A, active=True)
    bench.board.open(bench.post)
    assert sorted(map(repr, bench.events)) == sorted(
        map(
            repr,
            [
                PresenceChanged(present=False),
                BeamChanged(Beam.A, blocked=False),
                BeamChanged(Beam.B, blocked=False),
                DoorChanged(open=False),
                FireChanged(active=True),
                EmergencyStopChanged(active=False),
                TamperChanged(active=False),
                *(ChamberInputChanged(sensor, permits=True) for sensor in ChamberInput),
            ],
        )
    )


@pytest.mark.parametrize(
    ("name", "on", "off"),
    [
        (InputName.PRESENCE, PresenceChanged(present=True), PresenceChanged(present=False)),
        (InputName.BEAM_A, BeamChanged(Beam.A, True), BeamChanged(Beam.A, False)),
        (InputName.BEAM_B, BeamChanged(Beam.B, True), BeamChanged(Beam.B, False)),
        (InputName.PASS_A, PassContactPulsed(Direction.ENTRY), None),
        (InputName.PASS_B, PassContactPulsed(Direction.EXIT), None),
        (InputName.DOOR, DoorChanged(open=True), DoorChanged(open=False)),
        (InputName.EXIT_REQUEST, ExitRequested(), None),
        (InputName.FIRE, FireChanged(active=True), FireChanged(active=False)),
        (InputName.EMERGENCY_STOP, EmergencyStopChanged(True), EmergencyStopChanged(False)),
        (InputName.TAMPER, TamperChanged(active=True), TamperChanged(active=False)),
        (
            InputName.CHAMBER_DOORS,
            ChamberInputChanged(ChamberInput.DOORS_CLOSED, permits=False),
            ChamberInputChanged(ChamberInput.DOORS_CLOSED, permits=True),
        ),
        (
            InputName.TANK,
            ChamberInputChanged(ChamberInput.TANK_FILLED, permits=False),
            ChamberInputChanged(ChamberInput.TANK_FILLED, permits=True),
        ),
    ],
)
def test_an_input_says_what_it_means(
    bench: Bench, name: InputName, on: AnyEvent, off: AnyEvent | None
) -> None:
    """Each contact becomes its event after exactly its debounce time, and again when it rests."""
    bench.open()
    start_ns = bench.now_ns
    bench.set(name, active=True)
    bench.run(400 * NS_PER_MS)
    assert bench.events == [on]
    assert bench.times == [start_ns + bench.wiring.debounce_ns(name)]
    bench.set(name, active=False)
    bench.run(400 * NS_PER_MS)
    assert bench.events == ([on] if off is None else [on, off])


@pytest.mark.parametrize("name", list(InputName))
def test_a_cut_wire_of_a_closed_contact_is_the_alarm(bench: Bench, name: InputName) -> None:
    """Normally closed means: a cut cable reads as active; normally open: as nothing."""
    bench.open()
    bench.chip.cut_wire(bench.line(name))
    bench.run(NS_PER_S)
    closed = bench.wiring.contact(name) == "normally_closed"
    assert bool(bench.events) is closed
    if name is InputName.FIRE:
        assert bench.events == [FireChanged(active=True)]


def test_a_spike_is_not_believed_and_a_short_contact_is(bench: Bench) -> None:
    """4 ms on a PASS contact is noise, 20 ms is a person."""
    bench.open()
    bench.pulse(InputName.PASS_A, 4 * NS_PER_MS)
    bench.run(NS_PER_S)
    assert bench.events == []
    bench.pulse(InputName.PASS_A, 20 * NS_PER_MS)
    bench.run(NS_PER_S)
    assert bench.events == [PassContactPulsed(Direction.ENTRY)]


def test_a_contact_that_bounces_counts_once(bench: Bench) -> None:
    """Ten bounces of a millisecond at each end of a 20 ms pulse are one passage."""
    bench.open()
    for _ in range(10):
        bench.pulse(InputName.PASS_B, NS_PER_MS // 2)
        bench.run(NS_PER_MS // 2)
    bench.pulse(InputName.PASS_B, 20 * NS_PER_MS)
    for _ in range(10):
        bench.pulse(InputName.PASS_B, NS_PER_MS // 2)
        bench.run(NS_PER_MS // 2)
    bench.run(NS_PER_S)
    assert bench.events == [PassContactPulsed(Direction.EXIT)]


def test_edges_that_come_late_are_judged_by_when_they_were(bench: Bench) -> None:
    """The interpreter stood still for 300 ms: a 20 ms contact is still one, a spike still none."""
    bench.open()
    bench.set(InputName.PASS_A, active=True)
    bench.now_ns += 20 * NS_PER_MS
    bench.set(InputName.PASS_A, active=False)
    bench.set(InputName.PASS_B, active=True)
    bench.now_ns += 2 * NS_PER_MS
    bench.set(InputName.PASS_B, active=False)
    bench.now_ns += 300 * NS_PER_MS
    bench.board.tick()  # time is seen to before the edges are delivered
    bench.run(NS_PER_S)
    assert bench.events == [PassContactPulsed(Direction.ENTRY)]


def test_a_chattering_input_is_switched_off_and_comes_back(bench: Bench) -> None:
    """Hum on the fire loop: reported once, fire assumed, and believed again when it is quiet."""
    bench.open()
    bench.chip.chatter(bench.line(InputName.FIRE), hz=60)
    bench.run(NS_PER_S)
    assert bench.events == [FireChanged(active=True), DeviceFailed(Device.INPUTS, "chatter")]
    bench.run(10 * (CHATTER_PAUSE_NS + CHATTER_QUIET_NS))
    assert len(bench.events) == 2, "no word while it goes on"
    bench.chip.quiet(bench.line(InputName.FIRE))
    bench.set(InputName.FIRE, active=False)
    bench.run(2 * (CHATTER_PAUSE_NS + CHATTER_QUIET_NS))
    assert bench.events[2:] == [FireChanged(active=False), DeviceRecovered(Device.INPUTS)]
    bench.events.clear()
    bench.set(InputName.FIRE, active=True)
    bench.run(NS_PER_S)
    assert bench.events == [FireChanged(active=True)]


def test_a_busy_input_below_the_limit_is_no_chatter(bench: Bench) -> None:
    """As many edges a second as are allowed pass unreported."""
    bench.open()
    bench.chip.chatter(bench.line(InputName.DOOR), hz=(CHATTER_EDGES_MAX - 1) / 2)
    bench.run(5 * NS_PER_S)
    assert not any(isinstance(event, DeviceFailed) for event in bench.events)


def test_two_faults_of_one_device_end_with_the_last(bench: Bench) -> None:
    """Both beams chatter; the device has recovered only when neither does any more."""
    bench.open()
    lines = [bench.line(InputName.BEAM_A), bench.line(InputName.BEAM_B)]
    for line in lines:
        bench.chip.chatter(line, hz=200)
    bench.run(NS_PER_S)
    bench.chip.quiet(lines[0])
    bench.run(10 * NS_PER_S)
    assert DeviceRecovered(Device.BEAMS) not in bench.events
    bench.chip.quiet(lines[1])
    bench.run(10 * NS_PER_S)
    assert bench.events.count(DeviceFailed(Device.BEAMS, "chatter")) == 2
    assert bench.events.count(DeviceRecovered(Device.BEAMS)) == 1


def test_a_pass_contact_that_stays_is_a_fault_not_a_crowd(bench: Bench) -> None:
    """A cut PASS cable is one passage at most, and reported after thirty seconds."""
    bench.open()
    line = bench.line(InputName.PASS_A)
    bench.chip.cut_wire(line)
    bench.run(2 * PASS_NS_MAX)
    assert bench.events == [
        PassContactPulsed(Direction.ENTRY),
        DeviceFailed(Device.INPUTS, "stuck"),
    ]
    bench.chip.mend_wire(line)
    bench.run(NS_PER_S)
    assert bench.events[2:] == [DeviceRecovered(Device.INPUTS)]


def test_a_pass_contact_that_was_cut_before_the_start_is_reported(bench: Bench) -> None:
    """Nobody passed, but the fault is seen."""
    bench.chip.cut_wire(bench.line(InputName.PASS_B))
    bench.open()
    bench.run(2 * PASS_NS_MAX)
    assert bench.events == [DeviceFailed(Device.INPUTS, "stuck")]


def test_the_officers_key_asks_for_help_or_resets(bench: Bench) -> None:
    """A short turn is assistance, three seconds are a reset; a key left turned says nothing."""
    bench.set(InputName.STAFF, active=True)
    bench.open()
    bench.run(2 * STAFF_HOLD_NS)
    bench.set(InputName.STAFF, active=False)
    bench.run(NS_PER_S)
    assert bench.events == []
    bench.pulse(InputName.STAFF, 500 * NS_PER_MS)
    bench.run(NS_PER_S)
    bench.pulse(InputName.STAFF, 2 * STAFF_HOLD_NS)
    bench.run(NS_PER_S)
    assert bench.events == [
        StaffActed(StaffAction.ASSIST, "key", MORNING),
        StaffActed(StaffAction.RESET, "key", MORNING),
    ]


def test_a_door_that_raises_does_not_make_the_inputs_deaf(bench: Bench) -> None:
    """An exception in `post` ends in the log; the next edge is heard."""
    bench.open()

    def refuse(_: AnyEvent) -> None:
        raise RuntimeError("the lane is on fire")

    bench.refuse = refuse
    bench.pulse(InputName.BEAM_A, 50 * NS_PER_MS)
    bench.run(NS_PER_S)
    bench.refuse = lambda _: None
    bench.set(InputName.BEAM_B, active=True)
    bench.run(NS_PER_S)
    assert bench.chip.notifier_error is None
    assert bench.events == [BeamChanged(Beam.B, blocked=True)]


def test_a_change_that_no_edge_told_of_is_still_seen(bench: Bench) -> None:
    """The notifier is dead. Whoever looks at the lines finds the change, and says what is wrong."""
    bench.open()
    bench.chip.notifier_error = RuntimeError("died")
    bench.set(InputName.FIRE, active=True)
    watch = bench.board._inputs
    assert watch is not None
    watch._polled = True
    bench.run(3 * POLL_NS)
    assert bench.events == [DeviceFailed(Device.INPUTS, "deaf"), FireChanged(active=True)]


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


def test_a_pulsed_relay_gives_one_pulse_a_grant(relays: Bench) -> None:
    """A turnstile counts pulses: telling it twice of one grant must not let two people in."""
    relays.open()
    exit_ = relays.board.output("barrier_exit")
    start_ns = relays.now_ns
    until_ns = start_ns + 8 * NS_PER_S
    exit_.drive(until_ns)
    relays.run(NS_PER_S, renew_every_ns=LEASE_NS // 2)
    exit_.drive(until_ns)
    relays.run(NS_PER_S, renew_every_ns=LEASE_NS // 2)
    assert relays.changes(27, start_ns)[-2:] == [
        Edge(start_ns, 1),
        Edge(start_ns + 300 * NS_PER_MS, 0),
    ]
    exit_.rest()
    again_ns = relays.now_ns
    exit_.drive(until_ns)
    assert relays.changes(27, again_ns) == [Edge(again_ns, 1)]


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
    """The caller is told, and whatever the line became meanwhile is made safe."""
    relays.open()
    relays.chip.go_missing()
    with pytest.raises(DriverError) as refused:
        relays.board.output("barrier_entry").drive(relays.now_ns + NS_PER_S)
    assert (refused.value.kind, refused.value.device) == (ErrorKind.MISSING, "barrier_entry")
    relays.chip.come_back()
    relays.run(NS_PER_S)
    assert relays.chip.level(ENTRY) == 1


def test_a_busy_line_leaves_nothing_claimed(bench: Bench) -> None:
    """Somebody else holds one line: the board says which, and lets go of all the others."""
    stranger = SimPinFactory(bench.chip)
    line = bench.line(InputName.TAMPER)
    stranger.pin(line)
    with pytest.raises(DriverError) as refused:
        bench.board.open(bench.post)
    assert (refused.value.kind, refused.value.device) == (ErrorKind.BUSY, "tamper")
    stranger.close()
    bench.board.open(bench.post)


def test_a_missing_chip_is_said(bench: Bench) -> None:
    """No chip, no board, and the reason by its kind."""
    bench.chip.go_missing()
    with pytest.raises(DriverError) as refused:
        bench.board.open(bench.post)
    assert refused.value.kind is ErrorKind.MISSING


def test_the_same_line_twice_never_gets_so_far() -> None:
    """The wiring refuses what gpiozero would refuse later."""
    with pytest.raises(ValueError, match="both on GPIO 17"):
        Wiring(inputs={InputName.DOOR: InputLine(line=ENTRY)})
