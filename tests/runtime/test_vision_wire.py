"""Messages of the vision process: whole ones come out in order, anything else ends the talk."""

import msgspec
import pytest

from drivers.sim.scene import Scene
from firmware.vision.wire import (
    MESSAGE_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
    Failed,
    Looking,
    Seen,
    SetScene,
    WireError,
    encode,
    inbox_of_child,
    inbox_of_parent,
    short,
)
from gate.reasons import Reason

LARGEST = Seen(bytes(PAYLOAD_BYTES_MAX), Reason.CODE_TOO_LONG, "zxing", 1 << 62, 1 << 62)


def test_messages_come_whole_whatever_the_cuts() -> None:
    """A stream cut after every byte gives the same messages as one in one piece."""
    messages = [Looking(1), LARGEST, Failed("missing", "gone"), Looking(2)]
    stream = b"".join(encode(message) for message in messages)
    assert inbox_of_parent().feed(stream) == messages
    inbox = inbox_of_parent()
    assert [got for byte in stream for got in inbox.feed(bytes([byte]))] == messages


def test_largest_sighting_fits() -> None:
    """The bound on messages leaves room for the largest payload."""
    assert len(encode(LARGEST)) <= MESSAGE_BYTES_MAX


def test_message_too_long_is_not_sent() -> None:
    """Our own side keeps the bound too."""
    with pytest.raises(WireError):
        encode(Failed("bug", "x" * MESSAGE_BYTES_MAX))


@pytest.mark.parametrize(
    "stream",
    [
        (MESSAGE_BYTES_MAX + 1).to_bytes(4, "big"),
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00",
        b"\x00\x00\x00\x01\xc1",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["too long", "far too long", "empty", "no MessagePack", "another protocol"],
)
def test_garbage_is_refused(stream: bytes) -> None:
    """An announced length over the bound, or a body that is none: no memory, no message."""
    with pytest.raises(WireError):
        inbox_of_parent().feed(stream)


def test_child_may_not_give_orders() -> None:
    """Each side takes only what the other may say."""
    with pytest.raises(WireError):
        inbox_of_parent().feed(encode(SetScene(Scene())))
    with pytest.raises(WireError):
        inbox_of_child().feed(encode(Looking(1)))


@pytest.mark.parametrize(
    "scene", [{"distance_mm": 1.0}, {"payload": b""}, {"payload": bytes(4_000)}, {"colour": 1}]
)
def test_scene_out_of_bounds_is_refused(scene: dict[str, object]) -> None:
    """A scene is checked where it arrives."""
    body = msgspec.msgpack.encode({"type": "SetScene", "scene": scene})
    with pytest.raises(WireError):
        inbox_of_child().feed(len(body).to_bytes(4, "big") + body)


def test_errors_are_cut_to_their_bound() -> None:
    """However long an error's text is, its message is accepted."""
    failed = Failed("bug", short("x" * 10_000))
    assert inbox_of_parent().feed(encode(failed)) == [failed]
