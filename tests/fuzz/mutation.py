"""A small mutator, for a Python without atheris and for the quick round among the tests.

It has no feedback: the same seed makes the same inputs, on every machine.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CHANGES_MAX = 4
_SPAN_MAX = 24
_STRANGE = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\x18\x18",
    b"\x9f",
    b"\xff\xff\xff\xff",
    b'"',
    b"{",
)


def inputs(
    seeds: Sequence[bytes], words: Sequence[bytes], bytes_max: int, seed: int
) -> Iterator[bytes]:
    """Every seed as it is, then changed ones without end."""
    chance = random.Random(seed)
    yield from seeds
    while True:
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, _CHANGES_MAX)):
            _change(data, seeds, words, chance)
        yield bytes(data[:bytes_max])


def _change(
    data: bytearray, seeds: Sequence[bytes], words: Sequence[bytes], chance: random.Random
) -> None:
    at = chance.randint(0, len(data))
    span = chance.randint(1, _SPAN_MAX)
    match chance.randrange(7):
        case 0 if at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        case 1 if at < len(data):
            data[at] = chance.randrange(256)
        case 2:
            del data[at : at + span]
        case 3:
            data[at:at] = data[at : at + span]
        case 4:
            data[at:at] = chance.choice((*_STRANGE, *words))
        case 5:
            other = chance.choice(seeds)
            cut = chance.randint(0, len(other))
            data[at:] = other[cut:]
        case _:
            data[at : at + span] = chance.randbytes(span)
