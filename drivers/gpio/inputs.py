"""All inputs of a board: from edges and levels to events.

Edges come from the pins' notifier thread. What needs time (debouncing, a key held long, the end
of a chatter) and what edges can't tell (a notifier that died) is seen to by `tick`: in real time
from a thread of our own that also reads every level `POLL_NS`, in virtual time from the
simulation at `wake_at_ns`.
"""

import enum
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from drivers.api import Clock, DriverError, Post
from drivers.gpio.filter import ContactFilter
from drivers.gpio.staffkey import StaffKey
from drivers.gpio.words import MEANINGS, Meaning
from drivers.wiring import InputName
from gate.events import AnyEvent, Device, DeviceFailed, DeviceRecovered
from gate.walltime import NS_PER_MS, NS_PER_S

log = logging.getLogger(__name__)

POLL_NS = 50 * NS_PER_MS
"""How often levels are read in real time. A change that no edge told of is taken after two of
them: fire is obeyed within 100 ms even when the notifier is dead."""
CHATTER_PAUSE_NS = 2 * NS_PER_S
"""How long a chattering input is not listened to at all."""
CHATTER_QUIET_NS = NS_PER_S
"""How long it must then be without an edge before it is believed again."""

Heard = Callable[[bool, int], None]
"""Called with (active, how many nanoseconds ago) on the notifier's thread."""


class Wire(Protocol):
    """One input line as the board hands it over."""

    def read(self) -> bool:
        """Whether it is active. Raises DriverError."""

    def listen(self, heard: Heard | None) -> None:
        """Tell of every edge from now on; None to stop. Raises DriverError."""


class _Mode(enum.Enum):
    LISTENING = enum.auto()
    OFF = enum.auto()
    """Chatters: not listened to until `resume_ns`."""
    PROBATION = enum.auto()
    """Listened to, not believed before `resume_ns`."""


class _Input(Struct):
    """One input and what is going on with it."""

    name: InputName
    wire: Wire
    meaning: Meaning
    filter: ContactFilter
    mode: _Mode = _Mode.LISTENING
    resume_ns: int = 0
    active_since_ns: int | None = None
    """Since when it is active, where it may not be so for ever."""
    repeat_at_ns: int | None = None
    """When to say again that it is active, where once is not enough."""
    differs_since_ns: int | None = None
    """Since when its level is another than the edges told."""


class InputWatch:
    """Every input of a board, and the one door through which they reach the lane."""

    def __init__(self, clock: Clock, post: Post, key: StaffKey, *, polled: bool) -> None:
        """Start no thread: see `start`.

        Args:
            clock: monotonic nanoseconds.
            post: the lane's door; whatever it raises goes no further than our log.
            key: what the staff input turns into.
            polled: read all levels every `POLL_NS` (real time).
        """
        self._clock = clock
        self._post = post
        self._key = key
        self._polled = polled
        self._poll_ns = 0
        self._door = threading.Condition(threading.RLock())
        self._inputs: list[_Input] = []
        self._faults: dict[Device, set[str]] = {}
        self._thread: threading.Thread | None = None
        self._closing = False

    def open(self, wires: Mapping[InputName, tuple[Wire, int]]) -> None:
        """Listen to these (wire, debounce in nanoseconds) and post the level of each.

        Raises:
            DriverError: a line does not answer.
        """
        with self._door:
            for name, (wire, debounce_ns) in wires.items():
                each = _Input(name, wire, MEANINGS[name], ContactFilter(debounce_ns))
                self._inputs.append(each)
                # Listen first: an edge between the two is then told twice, never not at all.
                self._listen(each)
                self._begin(each, self._clock())

    def start(self) -> None:
        """See to time in real time, from a thread of our own."""
        self._thread = threading.Thread(target=self._run, name="gpio-inputs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Post nothing more and end the thread. Idempotent; never raises."""
        with self._door:
            self._closing = True
            self._door.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        for each in self._inputs:
            try:
                each.wire.listen(None)
            except DriverError as error:
                log.warning("input %s: %s", each.name, error)
        self._inputs.clear()

    def fail(self, device: Device, cause: str, kind: str) -> None:
        """Report a fault once, until `mend` is called with the same cause."""
        with self._door:
            causes = self._faults.setdefault(device, set())
            if cause not in causes:
                causes.add(cause)
                log.error("%s failed: %s (%s)", device, cause, kind)
                self._say(DeviceFailed(device, kind))

    def mend(self, device: Device, cause: str) -> None:
        """That cause is gone. The device works again when it was the last."""
        with self._door:
            causes = self._faults.get(device, set())
            if cause in causes:
                causes.remove(cause)
                log.info("%s: %s is over", device, cause)
                if not causes:
                    self._say(DeviceRecovered(device))

    def tick(self) -> None:
        """Do whatever is due by now."""
        with self._door:
            now_ns = self._clock()
            poll = self._polled and now_ns >= self._poll_ns
            if poll:
                self._poll_ns = now_ns + POLL_NS
            for each in self._inputs:
                due_ns = self._due_ns(each)
                if (due_ns is not None and due_ns <= now_ns) or poll:
                    self._look(each, now_ns)

    def wake_at_ns(self) -> int | None:
        """When `tick` has something to do next; None for not before the next edge."""
        with self._door:
            moments = [self._due_ns(each) for each in self._inputs]
            if self._polled:
                moments.append(self._poll_ns)
            return min((at_ns for at_ns in moments if at_ns is not None), default=None)

    # Edges, on the notifier's thread.

    def _listen(self, each: _Input) -> None:
        def heard(active: bool, age_ns: int) -> None:
            with self._door:
                if not self._closing:
                    self._heard(each, active, self._clock() - age_ns)
                    self._door.notify_all()

        each.wire.listen(heard)

    def _heard(self, each: _Input, active: bool, at_ns: int) -> None:
        each.differs_since_ns = None
        # One edge of any line shows that the notifier lives, and it is the same one for all.
        for other in self._inputs:
            self.mend(other.meaning.device, f"{other.name} deaf")
        if each.mode is _Mode.OFF:
            return
        news = each.filter.edge(active, at_ns)
        if each.filter.chatters():
            self._switch_off(each, at_ns)
        elif each.mode is _Mode.PROBATION:
            each.resume_ns = at_ns + CHATTER_QUIET_NS
        else:
            self._believe(each, news, at_ns)
            # No debounce at all: the edge itself is to be believed.
            self._believe(each, each.filter.settle(at_ns), at_ns)

    def _believe(self, each: _Input, news: bool | None, at_ns: int) -> None:
        if news is None:
            return
        if each.meaning.active_ns_max is not None:
            each.active_since_ns = at_ns if news else None
            if not news:
                self.mend(each.meaning.device, f"{each.name} stuck")
        self._repeat_from(each, news, at_ns)
        if each.name is InputName.STAFF:
            self._say(self._key.changed(news, at_ns))
        self._say(each.meaning.event(news))

    def _repeat_from(self, each: _Input, active: bool, now_ns: int) -> None:
        repeat_ns = each.meaning.repeat_ns
        if repeat_ns is not None:
            each.repeat_at_ns = now_ns + repeat_ns if active else None

    def _switch_off(self, each: _Input, now_ns: int) -> None:
        """Stop believing now; `_look` stops listening, on a thread where that is allowed."""
        assume = each.meaning.assume
        if each.mode is _Mode.LISTENING and assume is not None and each.filter.believed != assume:
            self._say(each.meaning.event(assume))
            self._repeat_from(each, assume, now_ns)
        each.mode = _Mode.OFF
        each.resume_ns = 0
        each.active_since_ns = None
        if each.name is InputName.STAFF:
            self._key.forget()
        self.fail(each.meaning.device, f"{each.name} chatter", "chatter")

    # Time.

    def _due_ns(self, each: _Input) -> int | None:
        if each.mode is not _Mode.LISTENING:
            moments: list[int | None] = [each.resume_ns]
        elif each.differs_since_ns is not None:
            moments = [each.differs_since_ns + POLL_NS]
        else:
            moments = [each.filter.due_ns()]
        moments.append(each.repeat_at_ns)
        if each.active_since_ns is not None and each.meaning.active_ns_max is not None:
            moments.append(each.active_since_ns + each.meaning.active_ns_max)
        if each.name is InputName.STAFF:
            moments.append(self._key.due_ns())
        return min((at_ns for at_ns in moments if at_ns is not None), default=None)

    def _look(self, each: _Input, now_ns: int) -> None:
        cause = f"{each.name} silent"
        try:
            if each.mode is _Mode.LISTENING:
                self._look_listening(each, now_ns)
            elif now_ns >= each.resume_ns:
                self._look_chattering(each, now_ns)
        except DriverError as error:
            each.differs_since_ns = now_ns  # asked again after a poll's time
            if each.mode is not _Mode.LISTENING:
                each.resume_ns = now_ns + POLL_NS
            self.fail(each.meaning.device, cause, str(error.kind))
        else:
            self.mend(each.meaning.device, cause)
        if each.repeat_at_ns is not None and now_ns >= each.repeat_at_ns:
            active = True
            self._repeat_from(each, active, now_ns)
            self._say(each.meaning.event(active))

    def _look_listening(self, each: _Input, now_ns: int) -> None:
        active = each.wire.read()
        if active == each.filter.raw:
            each.differs_since_ns = None
            self._believe(each, each.filter.settle(now_ns), now_ns)
        elif each.differs_since_ns is None:
            # Its edge is on the way, most likely.
            each.differs_since_ns = now_ns
        elif now_ns - each.differs_since_ns >= POLL_NS:
            each.differs_since_ns = None
            self.fail(each.meaning.device, f"{each.name} deaf", "deaf")
            self._believe(each, each.filter.edge(active, now_ns), now_ns)
            self._believe(each, each.filter.settle(now_ns), now_ns)
        self._look_long(each, now_ns)

    def _look_long(self, each: _Input, now_ns: int) -> None:
        """What only happens to an input that stays active."""
        if each.name is InputName.STAFF:
            self._say(self._key.held(now_ns))
        since_ns, longest_ns = each.active_since_ns, each.meaning.active_ns_max
        if since_ns is not None and longest_ns is not None and now_ns - since_ns >= longest_ns:
            each.active_since_ns = None
            self.fail(each.meaning.device, f"{each.name} stuck", "stuck")

    def _look_chattering(self, each: _Input, now_ns: int) -> None:
        if each.resume_ns == 0:
            each.wire.listen(None)
            each.resume_ns = now_ns + CHATTER_PAUSE_NS
            return
        if each.mode is _Mode.OFF:
            each.filter.start(each.wire.read(), now_ns)
            each.mode = _Mode.PROBATION
            each.resume_ns = now_ns + CHATTER_QUIET_NS
            self._listen(each)
            return
        self._begin(each, now_ns)
        each.mode = _Mode.LISTENING
        self.mend(each.meaning.device, f"{each.name} chatter")

    def _begin(self, each: _Input, now_ns: int) -> None:
        """Take the present level for a fact, and say so."""
        active = each.wire.read()
        each.filter.start(active, now_ns)
        if each.meaning.active_ns_max is not None:
            each.active_since_ns = now_ns if active else None
        self._repeat_from(each, active, now_ns)
        if each.meaning.at_start:
            self._say(each.meaning.event(active))

    def _say(self, event: AnyEvent | None) -> None:
        if event is None or self._closing:
            return
        try:
            self._post(event)
        except Exception:
            # An exception that reached the notifier would make every input deaf.
            log.exception("the lane's door raised at %r", event)

    def _run(self) -> None:
        while True:
            try:
                with self._door:
                    if self._closing:
                        return
                    due_ns = self.wake_at_ns()
                    wait_ns = None if due_ns is None else due_ns - self._clock()
                    if wait_ns is None or wait_ns > 0:
                        self._door.wait(None if wait_ns is None else wait_ns / NS_PER_S)
                        continue
                self.tick()
            except Exception:
                log.exception("the inputs could not be seen to")
                threading.Event().wait(POLL_NS / NS_PER_S)
