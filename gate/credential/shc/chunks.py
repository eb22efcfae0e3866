"""Putting a card together that is split over several codes, shown one after another.

Pure: the caller keeps what was collected so far and hands it back with every code it reads.
Nothing that is collected is believed: parts of two cards make a JWS whose signature fails.
"""

from msgspec import Struct

from gate.credential.model import CredentialError
from gate.credential.shc.numeric import JWS_CHARS_MAX, PREFIX, Part, read_part
from gate.reasons import Reason
from gate.walltime import NS_PER_S

PART_KEPT_NS = 20 * NS_PER_S
"""How long parts wait for the next one: time to turn a sheet or to swipe, and short enough that
what one visitor left is gone before the next one's card is complete."""


class Chunks(Struct, frozen=True):
    """The parts of one card that were seen."""

    parts: tuple[bytes, ...] = ()
    """As many as the card has; empty where a part was not seen yet."""
    seen_ns: int = 0
    """Monotonic; when the last part was read, a repeated one too."""


EMPTY = Chunks()


def taken(chunks: Chunks, payload: bytes, now_ns: int) -> tuple[Chunks, bytes | None]:
    """What is collected after one more code, and the whole card's text once it is complete.

    Parts come in any order; one that is read again changes nothing. A part of another total
    starts anew, and so does one that comes later than `PART_KEPT_NS` after the last. A code that
    is no part, of whatever format, is complete by itself and forgets what was collected. The
    text that comes back is in one piece, as `verify` takes it.

    Raises:
        CredentialError: CODE_MALFORMED: no part of a card, or another one under a number that
            was seen; CODE_TOO_LONG: more than a card can have. The caller goes on with `EMPTY`.
    """
    if not payload.startswith(PREFIX):
        return EMPTY, payload
    part = read_part(payload)
    parts = _with_part(_kept(chunks, part.total, now_ns), part)
    if not all(parts):
        return Chunks(parts, now_ns), None
    return EMPTY, PREFIX + b"".join(parts)


def _kept(chunks: Chunks, total: int, now_ns: int) -> tuple[bytes, ...]:
    """What was collected of the card that a part of so many belongs to."""
    if len(chunks.parts) != total or now_ns - chunks.seen_ns >= PART_KEPT_NS:
        return (b"",) * total
    return chunks.parts


def _with_part(parts: tuple[bytes, ...], part: Part) -> tuple[bytes, ...]:
    at = part.index - 1
    if parts[at] not in (b"", part.digits):
        raise CredentialError(Reason.CODE_MALFORMED, f"two different parts {part.index}")
    joined = (*parts[:at], part.digits, *parts[at + 1 :])
    if sum(map(len, joined)) > 2 * JWS_CHARS_MAX:
        raise CredentialError(Reason.CODE_TOO_LONG, "parts of more than a card")
    return joined
