"""Whether the installed libzbar is fit for strangers' codes: asked at start and by the self-test.

CVE-2023-40889 is a heap overflow in ZBar's QR decoder, reached by a crafted picture. It is fixed
in 0.23.93 and, in Debian 12, in 0.23.92-7+deb12u1. The library itself does not tell its
distributor's patches, so dpkg is asked.
"""

from __future__ import annotations

import shutil
import subprocess

from msgspec import Struct

from drivers import zbar
from drivers.api import DriverError

PACKAGES = ("libzbar0t64", "libzbar0")
"""Names of the package in Debian 13 and 12."""
FIXED_PACKAGE = "0.23.92-7+deb12u1"
FIXED_VERSION = (0, 23, 93)
CVE = "CVE-2023-40889"
DPKG_TIMEOUT_S = 10.0


class Finding(Struct, frozen=True):
    """What was found out about a library."""

    usable: bool
    """False: build the reader with `use_zbar=False`, and tell the technician."""
    version: str
    """As the distributor or the library counts; empty where there is none."""
    message: str
    """One sentence, with what to do where something is to be done."""


def check() -> Finding:
    """The finding on this machine. Never raises."""
    try:
        loaded = zbar.version()
    except DriverError as error:
        return Finding(usable=False, version="", message=f"libzbar: {error.message}")
    return judge(loaded, _package_version())


def judge(loaded: tuple[int, int, int], package: str | None) -> Finding:
    """The finding on a loaded library, and its package's version where dpkg knows one."""
    version = package or ".".join(str(number) for number in loaded)
    if loaded >= FIXED_VERSION or (package is not None and _is_fixed(package)):
        return Finding(usable=True, version=version, message=f"libzbar {version}: {CVE} is fixed")
    return Finding(
        usable=False,
        version=version,
        message=f"libzbar {version} is open to {CVE}: apt install --only-upgrade libzbar0 "
        f"({FIXED_PACKAGE} or newer)",
    )


def _package_version() -> str | None:
    if shutil.which("dpkg-query") is None:
        return None
    for package in PACKAGES:
        answer = _run(
            "dpkg-query", "--show", "--showformat=${db:Status-Status} ${Version}", package
        )
        status, _, version = answer.partition(" ")
        if status == "installed" and version:
            return version
    return None


def _is_fixed(package: str) -> bool:
    return _run("dpkg", "--compare-versions", package, "ge", FIXED_PACKAGE, ok="fixed") == "fixed"


def _run(*command: str, ok: str | None = None) -> str:
    """What the command prints, or `ok`, if it succeeds; otherwise nothing."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DPKG_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if done.returncode != 0:
        return ""
    return done.stdout if ok is None else ok
