"""The ports of the lane: what the program needs of each device, and nothing more.

Every port has two implementations or more, a real one and a simulated one, and one contract
test that both pass. A port's docstring says who calls it, on which thread, what is promised
and what is not.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from gate.events import AnyEvent
from gate.records import Direction, Record, Spent

if TYPE_CHECKING:
    import numpy as np

Post = Callable[[AnyEvent], None]
"""The one door into the lane: safe from any thread, never blocks, never raises."""

Clock = Callable[[], int]
"""Monotonic nanoseconds. `time.monotonic_ns` at a door; virtual in a simulation."""


class ErrorKind(enum.StrEnum):
    """What is wrong with a device, so that a technician knows where to look."""

    MISSING = "missing"
    """Not there: no such chip, bus address, camera, file."""
    BUSY = "busy"
    """There, but claimed by somebody else."""
    DENIED = "denied"
    """There, but this user may not open it."""
    TIMEOUT = "timeout"
    CORRUPT = "corrupt"
    """It answered, and the answer is damaged: checksum, frame, range of the format."""
    STUCK = "stuck"
    FULL = "full"
    """No room left to write."""
    UNSUPPORTED = "unsupported"
    FAILED = "failed"


class DriverError(Exception):
    """The hardware, not us and not a stranger."""

    def __init__(self, kind: ErrorKind, device: str, message: str) -> None:
        super().__init__(f"{device}: {message} ({kind})")
        self.kind = kind
        self.device = device
        self.message = message


class Output(Protocol):
    """One switched wire: a relay, a lamp, a buzzer.

    Called on the loop's thread. An output starts at its safe level, with no pulse on the
    way, and is a lease: it goes to its safe level by itself when `until_ns` comes, and also
    when nobody has called `renew` for `LEASE_NS` (the controller is gone).
    """

    name: str

    def drive(self, until_ns: int) -> None:
        """Switch on until then at the latest.

        Raises:
            DriverError: the line does not answer.
        """

    def rest(self) -> None:
        """Go to the safe level now. Idempotent; never raises."""


class Board(Protocol):
    """All lines of one lane, claimed by one process.

    Inputs are posted as events from the driver's own thread.
    """

    def open(self, post: Post) -> None:
        """Claim every line with its start level and begin to post inputs.

        The level of every input is posted once at start, so that the lane never assumes it.

        Raises:
            DriverError: a line is missing, busy or denied; nothing stays claimed.
        """

    def output(self, name: str) -> Output:
        """The output of that name from the wiring."""

    def renew(self) -> None:
        """The controller is alive: outputs may stay as they are for another lease."""

    def close(self) -> None:
        """Outputs to their safe level, then give the lines back. Idempotent; never raises."""


class Reading(Struct, frozen=True):
    """One raw answer of a contact-free thermometer."""

    object_c: float
    ambient_c: float
    started_ns: int


class Thermometer(Protocol):
    """A contact-free thermometer. Called on the sampler's thread, one call at a time."""

    name: str

    def read(self) -> Reading:
        """Measure once; blocks for one conversion of the sensor, at most a second.

        Raises:
            DriverError: no usable answer, with its kind.
        """

    def close(self) -> None:
        """Give the device back. Idempotent."""


class Frame(Struct, frozen=True):
    """One picture as the code reader takes it."""

    luma: np.ndarray[tuple[int, int], np.dtype[np.uint8]]
    """(height, width), uint8, C-contiguous, sides divisible by 8. The reader never keeps it."""
    captured_ns: int
    """Monotonic time at which the exposure ended."""
    number: int
    """Grows by one for each frame that the camera made, taken or not."""


class Camera(Protocol):
    """A camera, inside the vision process. One thread calls it."""

    name: str

    def open(self) -> None:
        """Start streaming.

        Raises:
            DriverError: no camera, or not ours.
        """

    def capture(self, timeout_s: float) -> Frame:
        """The newest frame, never one that was already handed out; older ones are dropped.

        Raises:
            DriverError: kind TIMEOUT when none came in time.
        """

    def close(self) -> None:
        """Stop streaming and give the device back. Idempotent."""


class Stored(Struct, frozen=True):
    """A record as the journal holds it."""

    epoch: int
    seq: int
    wall_ms: int
    quality: str
    hash: bytes
    """SHA-256 over the previous hash and this record's canonical bytes."""
    body: bytes
    """Canonical JSON of the record."""


class Journal(Protocol):
    """The durable memory of one lane. Any thread may call `append`; answers come on the
    journal's own thread."""

    def append(
        self,
        record: Record,
        spent: Spent | None = None,
        *,
        done: Callable[[bool], None] | None = None,
    ) -> None:
        """Queue a record for writing; returns at once.

        `done(True)` is called when it is on the disk, `done(False)` when it could not be
        written or the queue (`QUEUE_RECORDS_MAX`) was full.
        """

    def after(self, epoch: int, seq: int, limit: int) -> list[Stored]:
        """Durable records after that position, oldest first, at most `limit`."""

    def acknowledge(self, epoch: int, seq: int) -> None:
        """Everything up to and with that record has reached its receiver."""

    def close(self) -> None:
        """Write what is queued, then close. Idempotent."""


class Barrier(Protocol):
    """What a simulated visitor sees of the turnstile."""

    def is_released(self, direction: Direction) -> bool:
        """Whether the barrier would let somebody through that way now."""
