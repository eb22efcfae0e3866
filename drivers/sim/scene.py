"""What stands before the simulated camera: plain data, set from any process."""

import enum
from typing import Annotated

from msgspec import Meta, Struct


class Medium(enum.StrEnum):
    """What a visitor holds up."""

    PHONE = "phone"
    PAPER = "paper"


class Scene(Struct, frozen=True, forbid_unknown_fields=True):
    """One held-up code, or an empty lane. Bounds hold when it arrives as a message."""

    payload: Annotated[bytes, Meta(min_length=1, max_length=2_953)] | None = None
    """Bytes in the code; None for nobody there. The limit is that of a QR code 40-L in bytes."""
    medium: Medium = Medium.PHONE
    code_mm: Annotated[float, Meta(ge=10, le=200)] = 50.0
    """Side of the symbol with its quiet zone."""
    distance_mm: Annotated[float, Meta(ge=60, le=2_000)] = 200.0
    tilt_deg: Annotated[float, Meta(ge=-75, le=75)] = 0.0
    """Turned about the vertical axis: one side farther away than the other."""
    roll_deg: Annotated[float, Meta(ge=-360, le=360)] = 0.0
    """Turned in the plane of the picture."""
    offset_mm: tuple[float, float] = (0.0, 0.0)
    """Of the code's centre from the optical axis, right and down."""
    defocus_px: Annotated[float, Meta(ge=0, le=20)] = 0.0
    """Radius (sigma) of the blur."""
    motion_px: Annotated[float, Meta(ge=0, le=60)] = 0.0
    """Way across the picture, sideways, during one exposure."""
    glare: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """Strength of a lamp's reflection beside the code's centre."""
    dark_mode: bool = False
    """Light modules on a dark ground, as some phones show it."""
    brightness: Annotated[float, Meta(ge=0.05, le=3)] = 1.0
    """Exposure of the whole picture."""


class CameraFault(enum.StrEnum):
    """Words for what can be wrong with a camera, and with the process that reads it."""

    NONE = "none"
    FREEZE = "freeze"
    """No frame comes any more."""
    SLOW = "slow"
    """One frame of ten comes."""
    BLACK = "black"
    """Frames come, all zero: dead sensor."""
    COVERED = "covered"
    """Dark frames with noise: a hand or tape on the lens."""
    BLINDED = "blinded"
    """Saturated: sun or a lamp into the lens."""
    GO_MISSING = "go_missing"
    """The ribbon or the plug came off."""
    HANG_DECODER = "hang_decoder"
    """A picture on which whoever looks at it never finishes."""
    LEAK = "leak"
    """Every frame costs a megabyte that is never given back."""
