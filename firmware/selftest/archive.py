"""Reports on the disk: two files each, and the last ten of them."""

import re
from pathlib import Path

import msgspec

from drivers.wholefile import write_atomic
from firmware.selftest.report import Report, encode_report, text

REPORTS_KEPT = 10
_STAMP = re.compile(r"selftest-\d{8}T\d{9}Z")


def keep(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write `selftest-<utc>.json` and `.txt`, then take away what is older than the last ten.

    Returns:
        Both paths.

    Raises:
        OSError: the folder can't be made, or does not take them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stamp = "selftest-" + re.sub(r"[-:.]", "", report.started)
    data, words = folder / f"{stamp}.json", folder / f"{stamp}.txt"
    write_atomic(data, msgspec.json.format(encode_report(report)) + b"\n")
    write_atomic(words, text(report).encode())
    _forget_old(folder, stamp)
    return data, words


def _forget_old(folder: Path, newest: str) -> None:
    """By the time in the name. The one just written stays, whatever the clock says of it."""
    stamps = {path.stem for path in folder.glob("selftest-*") if _STAMP.fullmatch(path.stem)}
    older = sorted(stamps - {newest}, reverse=True)
    for stamp in older[REPORTS_KEPT - 1 :]:
        for suffix in (".json", ".txt"):
            (folder / f"{stamp}{suffix}").unlink(missing_ok=True)
