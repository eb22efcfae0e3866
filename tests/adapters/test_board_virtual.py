"""The board on simulated pins in virtual time: every moment exact to the nanosecond."""

from collections.abc import Iterator

import pytest
from boardkit import ENTRY, MORNING, Bench

from drivers.api import DriverError, ErrorKind
from drivers.gpio.filter import CHATTER_EDGES_MAX
from drivers.gpio.inputs import CHATTER_PAUSE_NS, CHATTER_QUIET_NS, POLL_NS
from drivers.gpio.staffkey import STAFF_HOLD_NS
from drivers.gpio.words import EXIT_REPEAT_NS, PASS_NS_MAX
from drivers.sim.pins import SimPinFactory
from drivers.wiring import InputLine, InputName, Wiring
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
from gate.walltime import NS_PER_MS, NS_PER_S


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(Wiring())
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


def test_an_exit_button_that_is_held_goes_on_asking(bench: Bench) -> None:
    """Egress is never refused: the grant of the first press ends, the hand is still there."""
    bench.open()
    start_ns = bench.now_ns
    bench.pulse(InputName.EXIT_REQUEST, 5 * EXIT_REPEAT_NS)
    first_ns = start_ns + bench.wiring.debounce_ns(InputName.EXIT_REQUEST)
    assert bench.events == [ExitRequested()] * 5
    assert bench.times == [first_ns + turn * EXIT_REPEAT_NS for turn in range(5)]
    bench.run(10 * EXIT_REPEAT_NS)
    assert len(bench.events) == 5, "let go, it asks no more"


def test_an_exit_button_that_is_held_at_the_start_asks(bench: Bench) -> None:
    """Somebody stood there while the controller was away."""
    bench.set(InputName.EXIT_REQUEST, active=True)
    bench.open()
    bench.run(2 * EXIT_REPEAT_NS)
    assert bench.events == [ExitRequested()] * 2


def test_an_exit_button_that_chatters_counts_as_pressed(bench: Bench) -> None:
    """Hum on its cable lets out whoever presses it; once quiet, it is a button again."""
    bench.open()
    bench.chip.chatter(bench.line(InputName.EXIT_REQUEST), hz=60)
    bench.run(20 * EXIT_REPEAT_NS)
    fault = DeviceFailed(Device.INPUTS, "chatter")
    assert bench.events == [ExitRequested(), fault, *[ExitRequested()] * 19]
    bench.chip.quiet(bench.line(InputName.EXIT_REQUEST))
    bench.set(InputName.EXIT_REQUEST, active=False)
    bench.run(2 * (CHATTER_PAUSE_NS + CHATTER_QUIET_NS))
    assert bench.events[-1] == DeviceRecovered(Device.INPUTS)
    bench.events.clear()
    bench.run(5 * EXIT_REPEAT_NS)
    assert bench.events == []
    bench.pulse(InputName.EXIT_REQUEST, NS_PER_S // 2)
    assert bench.events == [ExitRequested()]


def test_requests_to_leave_that_were_slept_through_are_not_made_up_for(bench: Bench) -> None:
    """The interpreter stood still for a minute: one request, not thirty."""
    bench.open()
    bench.set(InputName.EXIT_REQUEST, active=True)
    bench.run(NS_PER_S)
    bench.events.clear()
    bench.now_ns += 30 * EXIT_REPEAT_NS
    bench.board.tick()
    assert bench.events == [ExitRequested()]


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
    bench.events.clear()
    bench.chip.notifier_error = None
    bench.set(InputName.BEAM_A, active=True)
    bench.run(POLL_NS)
    assert bench.events == [DeviceRecovered(Device.INPUTS), BeamChanged(Beam.A, blocked=True)]


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
