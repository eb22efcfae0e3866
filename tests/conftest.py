"""What every test shares: the bounds of generated input, other people's data, and the proof of
what is under test."""

import os
import sys
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

PACKAGES = ("gate", "drivers", "firmware", "central")
ROOT = Path(__file__).resolve().parent.parent

# No deadline: the machines that run this are shared. A failure prints the blob that repeats it.
_COMMON = settings(deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", _COMMON, max_examples=20)
settings.register_profile("ci", _COMMON, max_examples=100)
settings.register_profile("long", _COMMON, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

NAMED_BYTES_MAX = 48
"""Longer bytes as a parameter have no place in the name of a test."""


def pytest_configure() -> None:
    """Refuse to test the source tree where the installed wheel is meant."""
    installed = os.environ.get("GATE_TESTS_INSTALLED")
    if installed is None:
        return
    for name in PACKAGES:
        file = import_module(name).__file__
        if file is None or not Path(file).is_relative_to(installed):
            raise pytest.UsageError(f"{name} comes from {file}, not from {installed}")


def pytest_report_header() -> str:
    """Say which code is tested."""
    place = Path(str(import_module("gate").__file__)).parent
    return f"gate: {place} (Python {sys.version.split()[0]})"


@pytest.fixture(scope="session")
def conformance_data() -> Path:
    """The folder of test data made by others: never copied into the repository.

    It is where `GATE_CONFORMANCE_DATA` says, else `../shared/data` beside the repository.
    """
    place = Path(os.environ.get("GATE_CONFORMANCE_DATA", ROOT.parent / "shared" / "data"))
    if not place.is_dir():
        pytest.skip(f"no test data of others in {place}; set GATE_CONFORMANCE_DATA")
    return place


def pytest_make_parametrize_id(val: object) -> str | None:
    """Long bytes name no case: a signature is another one in every process, and workers that run
    side by side must agree on the names of all tests."""
    return "bytes" if isinstance(val, bytes) and len(val) > NAMED_BYTES_MAX else None
