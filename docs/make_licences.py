"""Makes `docs/reference/licences.md`: the licence of every package that is pinned.

Each licence is looked up in the metadata of the package as installed, and refused when it is
unknown or does not go with Apache-2.0. With `--check` nothing is written, and the exit code is 1
when the page is stale.
"""

import re
import sys
from importlib.metadata import PackageMetadata, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "licences.md"

ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "EPL-2.0",
    "HPND",
    "ISC",
    "LGPL-3.0-only",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MPL-2.0",
    "PSF-2.0",
    "Zlib",
}
"""May be used beside Apache-2.0 code without changing its terms. MPL-2.0 and EPL-2.0 hold for
their own files only. LGPL-3.0 asks that the package stays apart and can be exchanged: it does, as
an installed package of its own, and none is needed to run a gate."""

SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD-3-Clause",  # segno says no more; its LICENSE file has three clauses
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}

SILENT = {"atheris": "Apache-2.0", "pypdfium2": "BSD-3-Clause AND Apache-2.0"}
"""Packages whose metadata name no licence in words of their own, with what their LICENSE files
say. They need not be installed: atheris has wheels for few machines."""

HEAD = """# Licences of what we build on

Made by `make docs` from the pinned requirement files; a test fails when it is stale, and when a
licence is unknown or does not go with Apache-2.0. Notices stay in the packages as installed.

What Debian installs is no part of the distribution: libzbar (LGPL-2.1-or-later, loaded at run
time), mosquitto (EPL-2.0 OR BSD-3-Clause, a program of its own); on a Raspberry Pi also picamera2
(BSD-2-Clause), libcamera (LGPL-2.1-or-later) and lgpio (Unlicense).

| package | licence | needed by |
|---|---|---|
"""


def _names(name: str) -> list[str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return re.findall(r"^([\w.-]+)(?:\[[\w,.-]+\])?==", text, re.MULTILINE)


def _licence(package: str) -> str:
    """The SPDX expression of a package.

    Raises:
        SystemExit: unknown, or not among those allowed.
    """
    if package in SILENT:
        return SILENT[package]
    found = metadata(package)
    licence = " ".join(found.get_all("License-Expression", [])) or _spelled(found)
    words = set(re.findall(r"[\w.-]+", licence)) - {"AND", "OR"}
    if not words or not words <= ALLOWED:
        raise SystemExit(f"{package}: licence {licence or 'unknown'!r} is not among those allowed")
    return licence


def _spelled(found: PackageMetadata) -> str:
    """The licence in the words of older metadata: a field, or else a classifier."""
    fields = found.get_all("License", [])
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in found.get_all("Classifier", [])
        if line.startswith("License :: ") and not line.endswith("DFSG approved")
    ]
    for words in [*fields, *classifiers]:
        licence: str = SPELLINGS.get(words, words)
        if licence in ALLOWED:
            return licence
    return ""


def _page() -> str:
    run, demo, office = set(_names("run")), set(_names("demo")), set(_names("office"))
    rows = []
    for package in sorted({*_names("dev"), *demo, *office}):
        places = {"the gate": run, "demo and build": demo, "an office": office}
        by = next((name for name, names in places.items() if package in names), "development")
        rows.append(f"| {package} | {_licence(package)} | {by} |\n")
    return HEAD + "".join(rows)


def main() -> None:
    """Write the page, or with `--check` compare it."""
    page = _page()
    if "--check" not in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
        print(f"{PAGE.relative_to(ROOT)} written.")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page:
        raise SystemExit("docs/reference/licences.md is stale: make docs")


if __name__ == "__main__":
    main()
