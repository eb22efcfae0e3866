"""Does a crash leave relays on? Answered from the kernel's own files."""

from pathlib import Path

import pytest

from drivers.gpio import find_persistence


def controller(sys_module: Path, name: str, value: str) -> Path:
    path = sys_module / name / "parameters" / "persist_gpio_outputs"
    path.parent.mkdir(parents=True)
    path.write_text(value)
    return path


@pytest.mark.parametrize("value", ["Y\n", "1\n"])
def test_a_kernel_that_persists_is_an_alarm(tmp_path: Path, value: str) -> None:
    """One controller of two is enough, and the technician is told what to put where."""
    controller(tmp_path, "pinctrl_bcm2835", "N\n")
    path = controller(tmp_path, "pinctrl_rp1", value)
    found = find_persistence(tmp_path)
    assert (found.persists, found.source) == (True, str(path))
    assert "dtparam=strict_gpiod" in found.advice


def test_a_strict_kernel_needs_nothing(tmp_path: Path) -> None:
    path = controller(tmp_path, "pinctrl_bcm2835", "N\n")
    found = find_persistence(tmp_path)
    assert (found.persists, found.source, found.advice) == (False, str(path), "")


def test_a_kernel_that_does_not_say_is_not_taken_for_good(tmp_path: Path) -> None:
    """Neither a missing parameter nor an unreadable one counts as strict."""
    assert find_persistence(tmp_path).persists is None
    controller(tmp_path, "pinctrl_bcm2835", "N\n")
    (tmp_path / "pinctrl_rp1" / "parameters" / "persist_gpio_outputs").mkdir(parents=True)
    found = find_persistence(tmp_path)
    assert found.persists is None
    assert "can't be read" in found.source
