"""Which driver reads which camera. Each is imported only when it is the one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from firmware.vision.wire import CameraKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.api import Camera
    from firmware.vision.wire import CameraSpec

# ruff: noqa: PLC0415 - each driver brings libraries that the others do not need.


def camera_of(spec: CameraSpec, sleep_until: Callable[[int], None]) -> Camera:
    """The camera that the specification names, not opened yet.

    Args:
        spec: what to open.
        sleep_until: how a simulated camera waits for its next frame.
    """
    match spec.kind:
        case CameraKind.SIMULATED:
            from drivers.sim.camera import SimulatedCamera

            return SimulatedCamera(
                spec.width_px, spec.height_px, spec.fps, spec.seed, sleep_until=sleep_until
            )
        case CameraKind.PICTURES:
            from drivers.picturecamera import PictureCamera

            return PictureCamera(
                Path(spec.source), spec.width_px, spec.height_px, show_ms=spec.show_ms
            )
        case CameraKind.V4L2:
            from drivers.v4l2camera import V4l2Camera

            return V4l2Camera(
                Path(spec.source or "/dev/video0"),
                spec.width_px,
                spec.height_px,
                spec.fps,
            )
        case CameraKind.PICAMERA:
            from drivers.picamera import Settings, picamera

            settings = Settings(
                width_px=spec.width_px,
                height_px=spec.height_px,
                fps=spec.fps,
                exposure_us_max=spec.exposure_us_max,
                focus_mm=spec.focus_mm,
            )
            return picamera(int(spec.source or 0), settings)
    assert_never(spec.kind)


def readable(spec: CameraSpec) -> list[Path]:
    """Files that the camera still reads after it is open."""
    return [Path(spec.source)] if spec.kind is CameraKind.PICTURES else []
