"""An unpatched libzbar is found out before a stranger's code reaches it."""

import shutil

import pytest

from drivers import zbar, zbarpatch
from drivers.api import DriverError, ErrorKind


def test_this_machine_gives_a_finding() -> None:
    """It says a version and, either way, one sentence."""
    finding = zbarpatch.check()
    assert finding.version
    assert "libzbar" in finding.message


@pytest.mark.parametrize(
    ("loaded", "package", "usable"),
    [
        pytest.param((0, 23, 93), None, True, id="fixed upstream, no dpkg"),
        pytest.param((0, 24, 0), None, True, id="newer"),
        pytest.param((0, 23, 92), None, False, id="unknown patches"),
        pytest.param((0, 10, 0), None, False, id="ancient"),
    ],
)
def test_library_without_a_package_is_judged_by_its_own_version(
    loaded: tuple[int, int, int], package: str | None, usable: bool
) -> None:
    """What nobody can vouch for is not used."""
    assert zbarpatch.judge(loaded, package).usable is usable


@pytest.mark.skipif(not shutil.which("dpkg"), reason="compares versions with dpkg")
@pytest.mark.parametrize(
    ("package", "usable"),
    [
        ("0.23.92-7+deb12u1", True),
        ("0.23.92-7+deb12u2", True),
        ("0.23.92-7", False),
        ("0.23.92-7+b1", False),
        ("0.23.90-1", False),
    ],
)
def test_package_version_tells_the_distributors_patch(package: str, usable: bool) -> None:
    """Debian 12's fix does not change the library's own number."""
    finding = zbarpatch.judge((0, 23, 92), package)
    assert finding.usable is usable
    assert package in finding.message
    assert ("apt install" in finding.message) is not usable


def test_missing_library_is_a_finding_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install."""

    def missing() -> tuple[int, int, int]:
        raise DriverError(ErrorKind.MISSING, "libzbar", "not installed: apt install libzbar0")

    monkeypatch.setattr(zbar, "version", missing)
    finding = zbarpatch.check()
    assert not finding.usable
    assert "apt install libzbar0" in finding.message
