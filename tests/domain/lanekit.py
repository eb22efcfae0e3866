"""A lane that a test drives in virtual time, in the words of those who stand in it.

A `Scene` is one lane: people arrive, show codes and go through; the journal answers; officers act;
time passes. Every step is watched by `gate.invariants`. What the lane wrote down is read with
`news`, what it does at this moment with `screen`, `is_released`, `chamber_runs` and `measuring`.
"""

import copy
from collections.abc import Iterable

import msgspec

from gate.commands import (
    AnyCommand,
    Append,
    CommitGrant,
    Measure,
    Release,
    RunChamber,
    Screen,
    Secure,
    Show,
    StopChamber,
    StopMeasuring,
)
from gate.credential.model import Credential, CredentialKind
from gate.events import (
    AnyEvent,
    Beam,
    BeamChanged,
    ChamberCycleDone,
    ChamberInput,
    ChamberInputChanged,
    ClockRead,
    CodeRefused,
    CredentialPresented,
    Device,
    DeviceFailed,
    DeviceRecovered,
    DoorChanged,
    EmergencyStopChanged,
    ExitRequested,
    FireChanged,
    GrantCommitted,
    GrantNotCommitted,
    PassContactPulsed,
    PresenceChanged,
    ReadingMissed,
    ReadingTaken,
    SelfCheckPassed,
    ShutdownRequested,
    StaffActed,
    StaffAction,
    TamperChanged,
    Woke,
)
from gate.invariants import Invariants
from gate.lane import start, step
from gate.ledger import Ledger
from gate.policy import Policy, ns
from gate.reasons import Reason
from gate.records import Direction, Record, RecordKind
from gate.states import AnyState, Grant
from gate.walltime import NS_PER_MS, NS_PER_S, ClockQuality, WallTime

MONDAY_9_JAKARTA = 1_798_423_200_000  # 2026-12-28T09:00+07:00
BEGIN_NS = 1_000 * NS_PER_S
"""When a scene begins: a machine that has run for a while."""
NORMAL_C = 36.4
FEVER_C = 38.2
OFFICER = "officer-1"
HALF_DAY_S = 43_200

PASS = Credential(
    "native", CredentialKind.VISITOR, "Test Office", "aa" * 16, "01020304:7", 0, 2_000_000_000, 1
)
"""A visitor's pass: one person, once."""
BADGE = msgspec.structs.replace(
    PASS,
    kind=CredentialKind.STAFF,
    replay_key="bb" * 16,
    holder="01020304:8",
    one_time=False,
    doses=None,
)


def another_pass(number: int) -> Credential:
    """A pass of somebody else."""
    return msgspec.structs.replace(PASS, replay_key=f"{number:032x}", holder=f"05060708:{number}")


def group_pass(people: int) -> Credential:
    """One pass for so many people."""
    return msgspec.structs.replace(another_pass(900 + people), group=people)


class Scene:
    """One lane, its people and its time."""

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        ledger: Ledger | None = None,
        quality: ClockQuality = ClockQuality.TRUSTED,
        open_grants: Iterable[Record] = (),
        in_service: bool = True,
        unreset: Reason | None = None,
    ) -> None:
        """Args:
        policy: the site's rules; the defaults without it.
        ledger: who is inside, which passes are used.
        quality: of the wall clock.
        open_grants: what the journal has without an outcome.
        unreset: an alarm that staff had not reset.
        in_service: everything works from the beginning, and the lane waits for somebody.
        """
        self.policy = policy or Policy()
        self.now_ns = BEGIN_NS
        self.began_ms = MONDAY_9_JAKARTA
        self.quality = quality
        self.watch = Invariants()
        self.show = Show(Screen.CLOSED)
        self.commands: list[AnyCommand] = []
        """Of the newest step."""
        self.spent: list[str] = []
        """Replay keys that the journal was given with a grant."""
        self._measured_visit = 0
        self._until_ns = {Direction.ENTRY: 0, Direction.EXIT: 0}
        self._chamber_from_ns = self._chamber_until_ns = 0
        self.chamber_ran_ns = 0
        """How long the actuator has been on, all in all."""
        self._records: list[Record] = []
        self.state: AnyState
        self.state, commands = start(
            self.policy,
            self.now_ns,
            wall=self.wall,
            ledger=ledger,
            open_grants=open_grants,
            unreset=unreset,
        )
        self.watch.began(self.state, commands, self.now_ns)
        self._obey(commands)
        if in_service:
            for sensor in ChamberInput:
                self.sensor(sensor)
            self.take(SelfCheckPassed())
            self.news()

    # What can be seen.

    @property
    def wall(self) -> WallTime:
        """The wall clock at this moment."""
        elapsed_ms = (self.now_ns - BEGIN_NS) // NS_PER_MS
        return WallTime(self.began_ms + elapsed_ms, quality=self.quality)

    @property
    def place(self) -> str:
        """Name of the lane's state."""
        return type(self.state).__name__

    @property
    def grant(self) -> Grant:
        """The open grant of entry."""
        grant = self.state.lane.entry
        assert grant is not None
        return grant

    @property
    def occupancy(self) -> int:
        """People inside, as the lane counts."""
        return self.state.lane.ledger.occupancy

    @property
    def screen(self) -> str:
        """What the visitor is told."""
        return str(self.show.screen)

    def chamber_runs(self) -> bool:
        """Whether the actuator is on."""
        return self._chamber_until_ns > self.now_ns

    def measures(self) -> bool:
        """Whether the thermometer takes readings."""
        return self._measured_visit > 0

    def is_released(self, direction: Direction = Direction.ENTRY) -> bool:
        """Whether the barrier gives way now."""
        return self._until_ns[direction] > self.now_ns

    def records(self) -> list[Record]:
        """What was written down since the last look."""
        records, self._records = self._records, []
        return records

    def news(self) -> list[str]:
        """The same in words: kind, reason, and `exit` for what concerns the way out."""
        return [_words(record) for record in self.records()]

    # Time.

    def take(self, event: AnyEvent) -> None:
        """One step."""
        before = self.state
        self.take_unwatched(event)
        self.watch.after(before, event, self.state, self.commands, self.now_ns)

    def take_unwatched(self, event: AnyEvent) -> None:
        """One step that breaks what the watch takes for granted."""
        self.state, commands = step(self.state, event, self.now_ns)
        self.commands = list(commands)
        self._obey(self.commands)

    def wait(self, seconds: float) -> None:
        """Let time pass; the lane is woken whenever it wants to be."""
        end_ns = self.now_ns + ns(seconds)
        while (due_ns := self.state.wake_at_ns) is not None and due_ns <= end_ns:
            self.now_ns = max(self.now_ns, due_ns)
            self.take(Woke())
        self.now_ns = end_ns

    def take_nothing(self) -> None:
        """The lane is woken, late perhaps."""
        self.take(Woke())

    def oversleep(self, seconds: float) -> None:
        """Let time pass without anybody waking the lane."""
        self.now_ns += ns(seconds)

    def copy(self) -> "Scene":
        """The same moment, to go on from it in another way."""
        twin = copy.copy(self)
        twin.watch = copy.deepcopy(self.watch)
        twin._until_ns = dict(self._until_ns)
        twin._records, twin.spent = [], list(self.spent)
        return twin

    # People.

    def arrives(self) -> None:
        """Somebody steps before the barrier."""
        self.take(PresenceChanged(present=True))

    def leaves(self) -> None:
        """Whoever stood there is out of the sensor's sight."""
        self.take(PresenceChanged(present=False))

    def walks_away(self) -> None:
        """Whoever stood there leaves, and stays away for long enough."""
        self.leaves()
        self.wait(self.policy.passage.absent_s)

    def shows(self, credential: Credential) -> None:
        """A code is read and verified."""
        pseudonym = credential.holder[-1] * 16
        self.take(CredentialPresented(credential, pseudonym, self.wall))

    def shows_rubbish(self, reason: Reason = Reason.CODE_UNKNOWN_FORMAT) -> None:
        """A code is read, and is no credential that holds."""
        self.take(CodeRefused(reason))

    def is_measured(self, celsius: float = NORMAL_C, times: int | None = None) -> None:
        """So many plausible readings around that temperature: as many as make a verdict."""
        times = self.policy.temperature.readings if times is None else times
        for number in range(times):
            started_ns = self.now_ns
            self.wait(0.2)
            self.reading(celsius + number * 0.01, started_ns=started_ns)

    def reading(
        self,
        celsius: float,
        *,
        ambient_c: float = 27.0,
        started_ns: int | None = None,
        visit: int | None = None,
    ) -> None:
        """One answer of the thermometer."""
        visit = self.state.lane.visits if visit is None else visit
        started_ns = self.now_ns if started_ns is None else started_ns
        self.take(ReadingTaken(visit, celsius, ambient_c, started_ns))

    def misses(self, kind: str) -> None:
        """The thermometer was asked, and gave nothing usable."""
        self.take(ReadingMissed(self.state.lane.visits, kind))

    def beams(self, script: str, *, stride_s: float = 0.3) -> None:
        """Play `A` (A is blocked), `a` (A is free), `B` and `b`, a stride apart."""
        for number, letter in enumerate(script):
            if number:
                self.wait(stride_s)
            self.take(BeamChanged(Beam(letter.lower()), letter.isupper()))

    def goes_in(self) -> None:
        """From before the barrier to the inside."""
        self.leaves()
        self.wait(0.5)
        self.beams("ABab")

    def goes_out(self) -> None:
        """From the inside to the street."""
        self.beams("BAba")

    def contact(self, direction: Direction) -> None:
        """The turnstile's own contact pulses."""
        self.take(PassContactPulsed(direction))

    def asks_to_leave(self) -> None:
        """Somebody inside presses the button."""
        self.take(ExitRequested())

    # The chamber, the journal, the building.

    def disinfects(self) -> None:
        """The dispenser says that it is done."""
        self.take(ChamberCycleDone())

    def sensor(self, sensor: ChamberInput, *, permits: bool = True) -> None:
        """A sensor of the interlock says that."""
        self.take(ChamberInputChanged(sensor, permits))

    def journal_has_it(self, number: int | None = None) -> None:
        """The grant is on the disk, a few milliseconds later."""
        self.wait(0.004)
        self.journal_answers_now(number)

    def journal_answers_now(self, number: int | None = None) -> None:
        """The grant is on the disk at this very moment."""
        self.take(GrantCommitted(self.state.lane.grants if number is None else number))

    def journal_can_not(self, number: int | None = None) -> None:
        """The grant can't be written."""
        self.take(GrantNotCommitted(self.state.lane.grants if number is None else number))

    def fire(self, *, active: bool = True) -> None:
        """The fire panel's loop."""
        self.take(FireChanged(active))

    def stop_button(self, *, active: bool = True) -> None:
        """The emergency stop."""
        self.take(EmergencyStopChanged(active))

    def cabinet(self, *, opened: bool = True) -> None:
        """The cabinet's tamper contact."""
        self.take(TamperChanged(opened))

    def door(self, *, opened: bool = True) -> None:
        """The barrier's door contact."""
        self.take(DoorChanged(opened))

    def fails(self, device: Device) -> None:
        """That device stops answering."""
        self.take(DeviceFailed(device, "missing"))

    def works_again(self, device: Device) -> None:
        """That device answers again."""
        self.take(DeviceRecovered(device))

    def clock(self, *, hours: float = 0, quality: ClockQuality | None = None) -> None:
        """The wall clock is read; before that it is set forward, or loses or wins its quality."""
        self.began_ms += round(hours * 3_600_000)
        self.quality = quality or self.quality
        self.take(ClockRead(self.wall))

    def officer(self, action: StaffAction, people: int = 1) -> None:
        """An officer does that."""
        self.take(StaffActed(action, OFFICER, self.wall, people))

    def officer_admits(self) -> None:
        """An officer overrides, in their own name."""
        self.officer(StaffAction.ADMIT)

    def officer_refuses(self) -> None:
        """An officer says no."""
        self.officer(StaffAction.REFUSE)

    def is_shut_down(self) -> None:
        """The process is about to end."""
        self.take(ShutdownRequested())

    # Ways that many stories begin with.

    def comes_to_the_code(self) -> None:
        """Somebody arrives, disinfects and is measured; default order of the stages."""
        self.arrives()
        self.disinfects()
        self.is_measured()
        assert self.place == "AwaitingCode"

    def is_granted(self, credential: Credential = PASS) -> None:
        """Somebody goes through all stages with that pass, and the barrier is released."""
        self.comes_to_the_code()
        self.shows(credential)
        self.journal_has_it()
        assert self.screen == "go"

    def visits(self, credential: Credential = PASS) -> None:
        """One whole visit."""
        self.is_granted(credential)
        self.goes_in()

    def _obey(self, commands: Iterable[AnyCommand]) -> None:
        for command in commands:
            match command:
                case Append(record=record):
                    self._records.append(record)
                case CommitGrant(record=record, spent=spent):
                    self._records.append(record)
                    if spent is not None:
                        self.spent.append(spent.replay_key)
                case Show():
                    self.show = command
                case _:
                    self._drive(command)

    def _drive(self, command: AnyCommand) -> None:
        match command:
            case Release(direction=direction, until_ns=until_ns):
                self._until_ns[direction] = until_ns
            case Secure(direction=direction):
                self._until_ns[direction] = 0
            case RunChamber(until_ns=until_ns):
                self._chamber_from_ns, self._chamber_until_ns = self.now_ns, until_ns
            case StopChamber() if self._chamber_until_ns:
                off_ns = min(self.now_ns, self._chamber_until_ns)
                self.chamber_ran_ns += off_ns - self._chamber_from_ns
                self._chamber_until_ns = 0
            case Measure(visit=visit):
                self._measured_visit = visit
            case StopMeasuring():
                self._measured_visit = 0


def _words(record: Record) -> str:
    words = [str(record.kind)]
    if record.reason is not None:
        words.append(str(record.reason))
    if record.direction is Direction.EXIT:
        words.append("exit")
    if record.kind is RecordKind.EVENT_IGNORED:
        words.append(str(record.detail))
    return " ".join(words)
