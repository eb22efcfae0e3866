"""What time it is at the site, and how far that can be trusted, whatever is done to the clock."""

import ctypes
import errno
import math
import threading
import time
import zoneinfo
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from firmware import kernelclock
from firmware.errors import UserError
from firmware.kernelclock import RTC_S_MAX, is_synchronised, read_timex, rtc_agrees
from firmware.wallclock import FLOOR_MS_MAX, RELEASE_MS, STEP_MS_MAX, WallClock
from gate.walltime import NS_PER_MS, NS_PER_S, ClockQuality, WallTime

TRUSTED, HELD_OVER, UNTRUSTED = ClockQuality
RANK = {UNTRUSTED: 0, HELD_OVER: 1, TRUSTED: 2}
NOON_MS = int(datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp()) * 1000
DAY_MS = 86_400_000


class Machine:
    """A machine with a clock: what the kernel would say."""

    def __init__(self, wall_ms: int = NOON_MS, *, synchronised: bool | None = False) -> None:
        self.wall_ms = wall_ms
        self.up_ms = 60_000
        self.synchronised = synchronised

    def wait(self, ms: int) -> None:
        self.wall_ms += ms
        self.up_ms += ms

    def set(self, by_ms: int) -> None:
        self.wall_ms += by_ms

    def start(
        self, floor_ms: int = RELEASE_MS, *, rtc: bool = False, time_zone: str = "Asia/Jakarta"
    ) -> WallClock:
        """The program, started on it."""
        return WallClock(
            time_zone,
            floor_ms=floor_ms,
            wall_ns=lambda: self.wall_ms * NS_PER_MS,
            monotonic_ns=lambda: self.up_ms * NS_PER_MS,
            synchronised=lambda: self.synchronised,
            rtc_agrees=lambda: rtc,
        )


def test_a_synchronised_clock_is_trusted_and_then_held_over() -> None:
    """A time server that is gone leaves a clock that goes on; its return ends the hold-over."""
    machine = Machine(synchronised=True)
    clock = machine.start()
    assert clock.now() == WallTime(NOON_MS, 7 * 3600, TRUSTED)
    machine.synchronised = False
    machine.wait(5 * DAY_MS)
    assert clock.now() == WallTime(NOON_MS + 5 * DAY_MS, 7 * 3600, HELD_OVER)
    machine.synchronised = True
    assert clock.now().quality is TRUSTED


@pytest.mark.parametrize("answer", [False, None])
def test_a_clock_that_was_never_set_is_not_trusted(answer: bool | None) -> None:
    """A kernel that won't say is worth no more than one that says no."""
    machine = Machine(synchronised=answer)
    clock = machine.start()
    machine.wait(DAY_MS)
    assert clock.now() == WallTime(NOON_MS + DAY_MS, 7 * 3600, UNTRUSTED)


def test_a_battery_backed_clock_is_trusted_until_synchronisation_takes_over() -> None:
    """From then on it is that which may be lost."""
    machine = Machine()
    clock = machine.start(rtc=True)
    machine.wait(DAY_MS)
    assert clock.now().quality is TRUSTED
    machine.synchronised = True
    assert clock.now().quality is TRUSTED
    machine.synchronised = False
    assert clock.now().quality is HELD_OVER


@pytest.mark.parametrize("wall_ms", [0, 946_684_800_000], ids=["1970", "2000"])
def test_a_flat_battery_is_found_by_the_floor(wall_ms: int) -> None:
    """Both clocks agree, and can't be right: the program is younger than that."""
    clock = Machine(wall_ms).start(rtc=True)
    assert clock.now() == WallTime(RELEASE_MS, 7 * 3600, UNTRUSTED)


def test_a_battery_backed_clock_far_ahead_is_believed_by_nobody() -> None:
    """It would lift the floor for good, and make every used pass a forgotten one. A time server
    settles it; a floor that has come near is another witness."""
    far_ms = NOON_MS + 50 * 365 * DAY_MS
    machine = Machine(far_ms)
    clock = machine.start(rtc=True)
    assert clock.now().quality is UNTRUSTED
    assert clock.floor_ms == RELEASE_MS
    near = Machine(far_ms).start(floor_ms=far_ms - DAY_MS, rtc=True)
    assert near.now().quality is TRUSTED
    machine.set(NOON_MS - far_ms)
    machine.synchronised = True
    assert clock.now() == WallTime(NOON_MS, 7 * 3600, TRUSTED)


@pytest.mark.parametrize("by_ms", [-STEP_MS_MAX - 1, STEP_MS_MAX + 1, -DAY_MS, DAY_MS])
@pytest.mark.parametrize("rtc", [False, True])
def test_who_sets_the_clock_by_hand_ends_the_trust(by_ms: int, rtc: bool) -> None:
    """Forwards or backwards; setting it right again by hand does not bring the trust back."""
    machine = Machine(synchronised=not rtc)
    clock = machine.start(rtc=rtc)
    assert clock.now().quality is TRUSTED
    machine.synchronised = False
    machine.set(by_ms)
    assert clock.now().quality is UNTRUSTED
    machine.set(-by_ms)
    assert clock.now().quality is UNTRUSTED
    machine.synchronised = True
    assert clock.now().quality is TRUSTED


def test_a_leap_second_is_no_step() -> None:
    """The kernel inserts one by itself, held over or not."""
    machine = Machine(synchronised=True)
    clock = machine.start()
    assert clock.now().quality is TRUSTED
    machine.synchronised = False
    machine.wait(10_000)
    machine.set(-1_000)
    assert clock.now().quality is HELD_OVER


def test_many_small_steps_are_one_large_one() -> None:
    """Nobody gets round the limit by setting the clock a second at a time."""
    machine = Machine(synchronised=True)
    clock = machine.start()
    clock.now()
    machine.synchronised = False
    qualities = []
    for _ in range(4):
        machine.set(-1_000)
        machine.wait(60_000)
        qualities.append(clock.now().quality)
    assert qualities == [HELD_OVER, HELD_OVER, UNTRUSTED, UNTRUSTED]


def test_behind_the_floor_even_a_synchronised_clock_is_wrong() -> None:
    """A time server that lies about yesterday opens nothing that has expired."""
    machine = Machine(synchronised=True)
    clock = machine.start()
    clock.raise_floor(NOON_MS + DAY_MS)
    assert clock.now() == WallTime(NOON_MS + DAY_MS, 7 * 3600, UNTRUSTED)
    machine.synchronised = False
    assert clock.now().quality is UNTRUSTED
    machine.wait(DAY_MS)
    assert clock.now().quality is UNTRUSTED
    machine.synchronised = True
    assert clock.now() == WallTime(NOON_MS + DAY_MS, 7 * 3600, TRUSTED)


def test_a_fast_clock_set_right_stays_trusted() -> None:
    """Again and again: what a time server takes back does not add up."""
    machine = Machine(synchronised=True)
    clock = machine.start()
    for _ in range(10):
        assert clock.now().quality is TRUSTED
        machine.synchronised = False
        machine.wait(DAY_MS)
        assert clock.now().quality is HELD_OVER
        machine.set(-STEP_MS_MAX + 300)
        machine.synchronised = True
        assert clock.now() == WallTime(machine.wall_ms, 7 * 3600, TRUSTED)


def test_time_that_a_record_bears_does_not_go_back() -> None:
    """Set right to a little before the latest reading: the clock stands for that while."""
    machine = Machine(synchronised=True)
    clock = machine.start()
    latest = clock.now()
    machine.wait(20_000)
    machine.set(-20_000 - STEP_MS_MAX)
    assert clock.now() == latest
    machine.wait(STEP_MS_MAX + 1)
    assert clock.now() == WallTime(latest.unix_ms + 1, 7 * 3600, TRUSTED)


def test_the_time_that_the_journal_has_seen_goes_on_without_a_clock() -> None:
    """Started in 1970: the earliest time that it can be, and it grows."""
    machine = Machine(wall_ms=0)
    clock = machine.start(floor_ms=NOON_MS)
    machine.wait(90_000)
    assert clock.now() == WallTime(NOON_MS + 90_000, 7 * 3600, UNTRUSTED)
    assert clock.floor_ms == NOON_MS


def test_no_floor_comes_from_a_damaged_file() -> None:
    """A time beyond what the kernel can hold was never trusted; the last possible one still has
    an offset."""
    machine = Machine(synchronised=True)
    clock = machine.start(floor_ms=-1)
    clock.raise_floor(FLOOR_MS_MAX + 1)
    assert clock.floor_ms == RELEASE_MS
    assert clock.now().quality is TRUSTED
    clock.raise_floor(FLOOR_MS_MAX)
    assert clock.now() == WallTime(FLOOR_MS_MAX, 7 * 3600, UNTRUSTED)


def test_a_clock_set_at_the_moment_of_reading_is_not_trusted() -> None:
    """Synchronised when asked first, and not when asked again."""
    answers = iter([True, False])
    clock = WallClock(
        wall_ns=lambda: NOON_MS * NS_PER_MS,
        synchronised=lambda: next(answers),
        rtc_agrees=lambda: False,
    )
    assert clock.now().quality is UNTRUSTED


@pytest.mark.parametrize(
    ("zone", "when", "offset_h"),
    [
        ("Asia/Jakarta", datetime(2027, 7, 1, tzinfo=UTC), 7.0),
        ("Asia/Makassar", datetime(2027, 7, 1, tzinfo=UTC), 8.0),
        ("Asia/Kathmandu", datetime(2027, 7, 1, tzinfo=UTC), 5.75),
        ("Europe/Berlin", datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC), 1.0),
        ("Europe/Berlin", datetime(2027, 3, 28, 1, 0, 0, tzinfo=UTC), 2.0),
    ],
)
def test_the_offset_is_that_of_the_moment(zone: str, when: datetime, offset_h: float) -> None:
    """Summer time begins between two readings."""
    machine = Machine(int(when.timestamp()) * 1000)
    assert machine.start(time_zone=zone).now().utc_offset_s == offset_h * 3600


@pytest.mark.parametrize("zone", ["Asia/Atlantis", "../etc/passwd", "Asia", ""])
def test_an_unknown_time_zone_is_one_sentence(zone: str) -> None:
    """Found at the start, and not when the first visitor stands there."""
    with pytest.raises(UserError, match="install tzdata") as refused:
        WallClock(zone)
    assert "\n" not in str(refused.value)


def test_a_machine_without_time_zones_is_told_what_to_install(tmp_path: Path) -> None:
    """A small system has no tzdata."""
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath([str(tmp_path)])
    try:
        with pytest.raises(UserError, match="install tzdata"):
            WallClock()
    finally:
        zoneinfo.reset_tzpath()


def test_any_thread_may_ask() -> None:
    """Eight threads, while the clock is set and the floor raised: no reading is before the floor
    that was known when it was asked for."""
    machine = Machine(synchronised=True)
    clock = machine.start()
    behind: list[WallTime] = []

    def ask() -> None:
        for _ in range(500):
            floor_ms = clock.floor_ms
            reading = clock.now()
            if reading.unix_ms < floor_ms:
                behind.append(reading)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for turn in range(500):
        machine.set(DAY_MS if turn % 2 else -DAY_MS // 2)
        clock.raise_floor(NOON_MS + turn * 1_000)
    for thread in threads:
        thread.join()
    assert not behind


class AnyClock(RuleBasedStateMachine):
    """Whatever is done to the clock, and however often the program is restarted."""

    @initialize(wall_ms=st.integers(0, NOON_MS), rtc=st.booleans())
    def begin(self, wall_ms: int, rtc: bool) -> None:
        self.machine = Machine(wall_ms)
        self.persisted_ms = RELEASE_MS
        self.clock = self.machine.start(rtc=rtc)
        self.reading = self.clock.now()
        self.keep()

    def keep(self) -> None:
        """As the journal does: the latest trusted time, never an earlier one."""
        if self.reading.quality is TRUSTED:
            self.persisted_ms = max(self.persisted_ms, self.reading.unix_ms)

    def read(self, *, may_improve: bool) -> None:
        before, floor_ms = self.reading, self.clock.floor_ms
        self.reading = self.clock.now()
        assert self.clock.floor_ms >= floor_ms
        if not may_improve:
            assert RANK[self.reading.quality] <= RANK[before.quality]
        if self.machine.synchronised is True:
            assert self.reading.quality is not HELD_OVER
        self.keep()

    @rule(ms=st.integers(0, 30 * DAY_MS))
    def wait(self, ms: int) -> None:
        self.machine.wait(ms)
        self.read(may_improve=self.machine.synchronised is True)

    @rule(ms=st.integers(-DAY_MS, DAY_MS) | st.integers(-3_000, 3_000))
    def set_by_hand(self, ms: int) -> None:
        """The kernel takes that for the end of the synchronisation."""
        self.machine.synchronised = False
        self.machine.set(ms)
        self.read(may_improve=False)

    @rule(back=st.booleans(), ms=st.integers(0, DAY_MS))
    def synchronise(self, back: bool, ms: int) -> None:
        self.machine.set(-ms if back else ms)
        self.machine.synchronised = True
        self.read(may_improve=True)

    @rule(answer=st.sampled_from([False, None]))
    def lose(self, answer: bool | None) -> None:
        self.machine.synchronised = answer
        self.read(may_improve=False)

    @rule(ms=st.integers(-DAY_MS, DAY_MS))
    def raise_floor(self, ms: int) -> None:
        self.clock.raise_floor(self.machine.wall_ms + ms)
        self.persisted_ms = max(self.persisted_ms, self.clock.floor_ms)
        self.read(may_improve=self.machine.synchronised is True)

    @precondition(lambda self: self.machine.synchronised is not True)
    @rule()
    def restart(self) -> None:
        """What was held over is not known any more."""
        self.clock = self.machine.start(self.persisted_ms)
        self.reading = self.clock.now()
        assert self.reading.quality is UNTRUSTED

    @invariant()
    def floor_holds(self) -> None:
        assert self.clock.floor_ms >= self.persisted_ms
        assert self.reading.unix_ms >= self.persisted_ms


TestAnyClock = AnyClock.TestCase


def test_the_kernel_is_asked_as_it_wants_to_be() -> None:
    """The structure lies right: known constants are found where they should be."""
    try:
        timex = read_timex()
    except OSError as error:
        pytest.skip(f"this kernel does not say: {error}")
    assert timex.tolerance == 500 << 16  # parts in a million, the kernel's MAXFREQ
    assert 9_000 <= timex.tick <= 11_000  # USER_HZ is 100; a time server's client may trim it
    assert timex.time_usec < NS_PER_S
    assert math.isclose(timex.time_sec, time.time(), abs_tol=60)
    assert 0 <= timex.maxerror <= kernelclock.ERROR_US_MAX
    assert is_synchronised() is (timex.maxerror < kernelclock.ERROR_US_MAX)


def test_a_kernel_that_will_not_say() -> None:
    """A system call filter answers EPERM: that is no synchronised clock, and no crash."""

    class Refusing:
        def adjtimex(self, _timex: object) -> int:
            ctypes.set_errno(errno.EPERM)
            return -1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernelclock, "_libc", Refusing())
        assert is_synchronised() is None
        with pytest.raises(PermissionError, match="EPERM"):
            read_timex()
        assert WallClock(rtc_agrees=lambda: False).now().quality is UNTRUSTED


def test_this_machine_has_a_clock() -> None:
    """All real: a reading comes, and another after it."""
    clock = WallClock()
    first = clock.now()
    assert clock.now().unix_ms >= first.unix_ms >= RELEASE_MS
    assert first.utc_offset_s == 7 * 3600


@pytest.mark.parametrize(
    ("rtcs", "agrees"),
    [
        ({}, False),
        ({"rtc0": 1_000_000}, True),
        ({"rtc0": 1_000_000 + RTC_S_MAX}, True),
        ({"rtc0": 1_000_001 + RTC_S_MAX}, False),
        ({"rtc0": 0}, False),
        ({"rtc0": 0, "rtc1": 1_000_000}, True),
        ({"rtc0": "stopped"}, False),
        ({"rtc0": None, "rtc1": 999_990}, True),
    ],
)
def test_the_battery_backed_clock_agrees(
    tmp_path: Path, rtcs: dict[str, int | str | None], agrees: bool
) -> None:
    """One of them is enough; one that has stood still, or can't be read, says nothing."""
    for name, told in rtcs.items():
        place = tmp_path / name / "since_epoch"
        place.parent.mkdir()
        if told is None:
            place.mkdir()
        else:
            place.write_text(f"{told}\n")
    assert rtc_agrees(tmp_path, lambda: 1_000_000 * NS_PER_S) is agrees
