"""Putting a card together that is split over several codes.

Pure: the caller keeps what was collected so far and hands it back with every code it reads.
Nothing that is collected is believed: parts of two cards make a JWS whose signature fails.
"""

import hashlib
from collections.abc import Iterable

from msgspec import Struct

from gate.credential.model import CredentialError
from gate.credential.shc.numeric import JWS_CHARS_MAX, PREFIX, Part, read_part
from gate.reasons import Reason
from gate.walltime import NS_PER_S

PART_KEPT_NS = 20 * NS_PER_S
"""How long parts wait for the next one: time to turn a sheet or to swipe, and short enough that
what one visitor left is gone before the next one's card is complete."""


class Chunks(Struct, frozen=True):
    """What was seen of one card, and which card was complete just before."""

    parts: tuple[bytes, ...] = ()
    """As many as the card has; empty where a part was not seen yet."""
    done: tuple[bytes, ...] = ()
    """Digests of the parts of the card that was complete last: enough to know one of them again,
    and nothing of its holder."""
    seen_ns: int = 0
    """Monotonic; when the last part was read, a repeated one too."""


EMPTY = Chunks()


def taken(chunks: Chunks, payload: bytes, now_ns: int) -> tuple[Chunks, bytes | None]:
    """What is collected after one more code, and the whole card's text once it is complete.

    Parts come in any order; one that is read again changes nothing. A part that does not fit to
    what was collected is the next visitor's, and starts anew: one of another total, another one
    under a number that was seen, one that makes more than a card can have, or one that comes
    later than `PART_KEPT_NS` after the last. So does one of another card after parts of the card
    that was complete just before, which stay in view until its visitor walks on.

    A code that is no part, of whatever format, is complete by itself and forgets what was
    collected. The text that comes back is in one piece, as `verify` takes it.

    Raises:
        CredentialError: what begins like a part is none. The caller goes on with `EMPTY`.
    """
    if not payload.startswith(PREFIX):
        return EMPTY, payload
    part = read_part(payload)
    if part.total == 1:
        return EMPTY, PREFIX + part.digits
    if len(chunks.parts) != part.total or now_ns - chunks.seen_ns >= PART_KEPT_NS:
        chunks = Chunks((b"",) * part.total)
    parts = _put(chunks.parts, part)
    if not _fits(chunks, parts, part):
        parts = _put((b"",) * part.total, part)
    if not all(parts):
        return Chunks(parts, chunks.done, now_ns), None
    return (
        Chunks((b"",) * part.total, tuple(map(_digest, parts)), now_ns),
        PREFIX + b"".join(parts),
    )


def joined(payloads: Iterable[bytes]) -> bytes:
    """The text of the one card whose parts these codes are said to be, in any order.

    Unlike a lane, which goes on with the next visitor's card, this refuses what does not belong
    together.

    Raises:
        CredentialError: CODE_MALFORMED: one is no part, or they are of more than one card;
            CODE_TOO_LONG: more than a card can have; CODE_SPLIT: some are missing.
    """
    found: dict[int, bytes] = {}
    totals: set[int] = set()
    for payload in payloads:
        part = read_part(payload)
        totals.add(part.total)
        if len(totals) > 1 or found.setdefault(part.index, part.digits) != part.digits:
            raise CredentialError(Reason.CODE_MALFORMED, "parts of more than one card")
    total = max(totals, default=1)
    if len(found) < total:
        raise CredentialError(Reason.CODE_SPLIT, f"{len(found)} of the {total} parts of a card")
    digits = b"".join(found[index] for index in sorted(found))
    if len(digits) > 2 * JWS_CHARS_MAX:
        raise CredentialError(Reason.CODE_TOO_LONG, "parts of more than a card")
    return PREFIX + digits


def _put(parts: tuple[bytes, ...], part: Part) -> tuple[bytes, ...]:
    return (*parts[: part.index - 1], part.digits, *parts[part.index :])


def _fits(chunks: Chunks, parts: tuple[bytes, ...], part: Part) -> bool:
    """Whether `part` may be of the card that was collected; with it, that is `parts`."""
    at = part.index - 1
    if chunks.parts[at] not in (b"", part.digits) or sum(map(len, parts)) > 2 * JWS_CHARS_MAX:
        return False
    return not chunks.done or chunks.done[at] == _digest(part.digits) or not _is_left(chunks)


def _is_left(chunks: Chunks) -> bool:
    """Whether all that was collected is of the card that was complete just before."""
    return all(
        not digits or _digest(digits) == done
        for digits, done in zip(chunks.parts, chunks.done, strict=True)
    )


def _digest(digits: bytes) -> bytes:
    return hashlib.sha256(digits).digest()
