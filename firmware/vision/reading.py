"""The code reader of the vision process, with all of its libraries loaded."""

from __future__ import annotations

from drivers import zbar, zbarpatch
from drivers.codereader import CodeReader
from drivers.zbarpatch import Finding


def make_reader(use_zbar: bool | None) -> tuple[CodeReader, Finding]:
    """A reader, and what is known of libzbar.

    Args:
        use_zbar: whether libzbar is fit, where that was found out before; None to ask.
    """
    if use_zbar is None:
        finding = zbarpatch.check()
    else:
        finding = Finding(usable=use_zbar, version="", message="")
        if use_zbar:
            zbar.version()  # loads the library while files can still be read
    return CodeReader(use_zbar=finding.usable), finding
