"""What the code reader hands over: a payload that was seen, or why it is not taken."""

import enum

import numpy as np
from msgspec import Struct

from gate.reasons import Reason

Luma = np.ndarray[tuple[int, int], np.dtype[np.uint8]]
"""(height, width), uint8: 0 is black."""

PAYLOAD_BYTES_MAX = 4_296
"""Most characters that one QR code holds in its alphanumeric mode (ISO/IEC 18004, version 40-L).
Every credential of ours fits many times; longer is digits only, and no credential."""

Corners = tuple[tuple[int, int], ...]
"""Corners of the symbol as (x, y) in pixels of the picture, in reading order where the engine
knows it. Empty where it does not."""


class Engine(enum.StrEnum):
    """Who read it."""

    ZXING = "zxing"
    ZBAR = "zbar"


class Wholeness(enum.StrEnum):
    """Whether a symbol stands for itself."""

    WHOLE = "whole"
    PART = "part"
    """One of a structured-append series (ISO/IEC 18004, 8)."""
    DOUBTFUL = "doubtful"
    """Looks like a part, but the symbol is damaged where that is written."""


class Symbol(Struct, frozen=True):
    """One QR code as an engine decoded it, error correction passed."""

    payload: bytes
    engine: Engine
    corners: Corners = ()
    wholeness: Wholeness = Wholeness.WHOLE


class Sighting(Struct, frozen=True):
    """One QR code that was seen, judged as far as a reader may judge."""

    payload: bytes
    """Exactly the bytes that the code holds; empty where there is a problem."""
    problem: Reason | None
    """`CODE_SPLIT`, `CODE_TOO_LONG`, or None for a payload to verify."""
    engine: Engine
    captured_ns: int
    """Of the frame; 0 for a photograph."""
    corners: Corners = ()


def settled(symbols: list[Symbol], second: list[Symbol]) -> list[Symbol]:
    """The symbols without a doubt.

    A doubt is settled by what the second engine says of the same payload; one that it cannot
    settle is no reading at all.
    """
    known = {symbol.payload: symbol for symbol in second}
    firm = []
    for symbol in symbols:
        if symbol.wholeness is not Wholeness.DOUBTFUL:
            firm.append(symbol)
        elif symbol.payload in known:
            firm.append(known[symbol.payload])
    return firm


def judge(symbol: Symbol, captured_ns: int, corners: Corners) -> Sighting:
    """The sighting of a symbol. What the gate refuses by name loses its payload here.

    Args:
        symbol: a doubtful one counts as whole; whoever has a next frame waits for it instead.
        captured_ns: of its frame.
        corners: of the symbol in the whole frame.
    """
    problem = None
    if symbol.wholeness is Wholeness.PART:
        problem = Reason.CODE_SPLIT
    elif len(symbol.payload) > PAYLOAD_BYTES_MAX:
        problem = Reason.CODE_TOO_LONG
    return Sighting(
        payload=b"" if problem else symbol.payload,
        problem=problem,
        engine=symbol.engine,
        captured_ns=captured_ns,
        corners=corners,
    )
