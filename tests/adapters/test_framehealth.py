"""The picture itself tells a camera that cannot see."""

import numpy as np
import pytest

from drivers.framehealth import View, measure
from drivers.sighting import Luma

SHAPE = (480, 640)


def lane(light: float = 1.0) -> Luma:
    """A lit lane with a sensor's noise."""
    x = np.arange(SHAPE[1]) // 40 % 2 * 60 + 80
    noise = np.random.default_rng(1).normal(0, 2, SHAPE)
    return (x * light + noise).clip(0, 255).astype(np.uint8)


def test_ordinary_lane_is_good() -> None:
    """With its mean brightness."""
    health = measure(lane())
    assert health.view is View.GOOD
    assert health.luma_mean == pytest.approx(110, abs=5)


def test_covered_lens_is_black() -> None:
    """Nothing but the sensor's own noise."""
    noise = np.abs(np.random.default_rng(2).normal(0, 3, SHAPE)).astype(np.uint8)
    assert measure(noise).view is View.BLACK


def test_dark_lane_with_a_phone_is_good() -> None:
    """A screen in the dark is what the camera is there for."""
    frame = np.full(SHAPE, 6, np.uint8)
    frame[200:330, 250:350] = 200
    assert measure(frame).view is View.GOOD


def test_sun_into_the_lens_blinds() -> None:
    """Most of the sensor is full."""
    frame = lane()
    frame[:350] = 255
    assert measure(frame).view is View.BLINDED


def test_white_page_before_the_lens_does_not_blind() -> None:
    """Exposed as a page is, below the sensor's end."""
    assert measure(np.full(SHAPE, 235, np.uint8)).view is View.GOOD


def test_focus_falls_with_blur() -> None:
    """The measure orders pictures of one scene by their sharpness."""
    sharp = lane()
    values = [measure(sharp).focus]
    for width in (3, 9):
        kernel = np.ones(width) / width
        soft = np.array([np.convolve(row, kernel, "same") for row in sharp.astype(float)])
        values.append(measure(soft.astype(np.uint8)).focus)
    assert values == sorted(values, reverse=True)
    assert values[0] > 2 * values[2]
