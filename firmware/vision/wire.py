"""What the vision process and its parent say to each other: bounded messages over a socket pair.

A message is its length in four bytes, most significant first, then MessagePack. Neither side
believes the other: what is too long, undecodable or out of its bounds is a `WireError`, and
there is no way on from one.
"""

from __future__ import annotations

import enum
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from drivers.sim.scene import CameraFault, Scene
from gate.reasons import Reason

MESSAGE_BYTES_MAX = 16_384
"""The longest is a sighting with the 4,296 bytes of the largest payload."""
PAYLOAD_BYTES_MAX = 4_296
TEXT_CHARS_MAX = 300
"""Of an error's message."""
_LENGTH_BYTES = 4

Text = Annotated[str, Meta(max_length=TEXT_CHARS_MAX)]
Word = Annotated[str, Meta(max_length=24)]


class WireError(Exception):
    """The other side sent what is no message."""


class CameraKind(enum.StrEnum):
    """Which driver reads the camera."""

    SIMULATED = "simulated"
    PICAMERA = "picamera"
    V4L2 = "v4l2"
    PICTURES = "pictures"


class CameraSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """The camera that the vision process is to open."""

    kind: CameraKind = CameraKind.SIMULATED
    source: str = ""
    """Number of the Pi camera, path of the video device, or folder or file of pictures."""
    width_px: Annotated[int, Meta(ge=64, le=4_096)] = 1_456
    height_px: Annotated[int, Meta(ge=64, le=4_096)] = 1_088
    fps: Annotated[float, Meta(gt=0, le=120)] = 30.0
    exposure_us_max: Annotated[int, Meta(ge=100, le=33_000)] = 4_000
    focus_mm: Annotated[int, Meta(ge=50, le=2_000)] = 200
    """Distance at which a lens that can move is held."""
    show_ms: Annotated[int, Meta(ge=20, le=600_000)] = 1_000
    """How long each picture of a folder is shown."""
    seed: int = 0
    """Of the simulated camera."""


class Message(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Base of all messages, in both directions."""


class Open(Message, frozen=True):
    """Parent to child, first: what to open, and in which world a simulated one stands."""

    camera: CameraSpec
    use_zbar: bool | None = None
    """None: find out whether the installed libzbar is fit, and say so in `Ready`."""
    scene: Scene | None = None
    fault: CameraFault = CameraFault.NONE


class SetScene(Message, frozen=True):
    """Parent to child: that stands before the simulated camera from `at_ns` on (0: now)."""

    scene: Scene
    at_ns: int = 0


class SetFault(Message, frozen=True):
    """Parent to child: that is wrong with the simulated camera from now on."""

    fault: CameraFault


class Ready(Message, frozen=True):
    """Child to parent, first: the camera streams, the doors are closed."""

    camera: Text
    sandbox: Annotated[list[Word], Meta(max_length=16)]
    """What was given up, by the names of `firmware.vision.sandbox`."""
    use_zbar: bool
    zbar: Text
    """What was found out about libzbar, for the technician."""


class Looking(Message, frozen=True):
    """Child to parent: a frame came, and its decoding begins. The deadline runs from here."""

    captured_ns: int


class Looked(Message, frozen=True):
    """Child to parent: done with that frame."""

    captured_ns: int


class Seen(Message, frozen=True):
    """Child to parent: a code was read, or is refused by name."""

    payload: Annotated[bytes, Meta(max_length=PAYLOAD_BYTES_MAX)]
    problem: Reason | None
    engine: Word
    captured_ns: int
    decoded_ns: int


class Health(Message, frozen=True):
    """Child to parent, twice a second: how the camera and the process are."""

    captured_ns: int
    """Of the newest frame; 0 before the first."""
    frame_age_ns: int
    luma_mean: float
    focus: float
    view: Word
    """`good`, `black` or `blinded`."""
    frames: int
    """Looked at since the process started."""
    fps: float
    rss_bytes: int


class Failed(Message, frozen=True):
    """Child to parent: the camera does not do its work. Where `fatal`, the child ends."""

    kind: Word
    """`drivers.api.ErrorKind`, or `bug` for an error of our own."""
    message: Text
    fatal: bool = True


FromChild = Ready | Looking | Looked | Seen | Health | Failed
FromParent = Open | SetScene | SetFault

_encoder = msgspec.msgpack.Encoder()
_M = TypeVar("_M")


def encode(message: Message) -> bytes:
    """The message with its length before it.

    Raises:
        WireError: longer than `MESSAGE_BYTES_MAX`: ours to prevent.
    """
    body = _encoder.encode(message)
    if len(body) > MESSAGE_BYTES_MAX:
        raise WireError(f"message of {len(body)} bytes, limit {MESSAGE_BYTES_MAX}")
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


class Inbox(Generic[_M]):
    """Cuts a stream of bytes into messages. Holds less than one message and one read."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[_M]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[_M]:
        """The messages that are whole now, in order.

        Raises:
            WireError: not a message; the stream is of no use any more.
        """
        self._buffer += data
        messages: list[_M] = []
        start = 0
        while len(self._buffer) - start >= _LENGTH_BYTES:
            body = start + _LENGTH_BYTES
            length = int.from_bytes(self._buffer[start:body], "big")
            if length > MESSAGE_BYTES_MAX:
                raise WireError(f"message of {length} bytes announced, limit {MESSAGE_BYTES_MAX}")
            if len(self._buffer) - body < length:
                break
            start = body + length
            try:
                messages.append(self._decoder.decode(self._buffer[body:start]))
            except msgspec.DecodeError as error:
                raise WireError(f"undecodable message: {error}") from error
        del self._buffer[:start]
        return messages


def inbox_of_parent() -> Inbox[FromChild]:
    """For what the child says."""
    return Inbox(msgspec.msgpack.Decoder(FromChild))


def inbox_of_child() -> Inbox[FromParent]:
    """For what the parent says."""
    return Inbox(msgspec.msgpack.Decoder(FromParent))


def short(text: str) -> str:
    """An error's message, cut to its bound."""
    return text if len(text) <= TEXT_CHARS_MAX else text[: TEXT_CHARS_MAX - 1] + "…"
