"""`gate pass` as its users type it, and what a camera reads of what it draws."""

import io
from pathlib import Path

import zxingcpp
from click.testing import CliRunner, Result
from PIL import Image

from firmware.cli.passes import pass_

VARIABLES = (
    "GATE_PASSPHRASE",
    "GATE_PASS_KEY",
    "GATE_TRUST",
    "GATE_TZ",
    "GATE_SIGNER_COMMAND",
    "GATE_PASS_ADDRESS",
    "GATE_BADGE_PIN",
)


def run(*words: str, stdin: str | bytes | None = None) -> Result:
    """One command, as typed."""
    return CliRunner().invoke(pass_, words, input=stdin)


def good(*words: str, stdin: str | bytes | None = None) -> str:
    """The output of a command that must work."""
    result = run(*words, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.stdout


def bad(code: int, *words: str, stdin: str | bytes | None = None) -> str:
    """The message of a command that must end with that exit code, in our own words."""
    result = run(*words, stdin=stdin)
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit)
    return result.stderr


def issued(*words: str) -> str:
    """The text of a new pass."""
    return good("issue", *words, "-q").rstrip("\n")


def codes_in(image: Image.Image) -> list[str]:
    """Every code that a camera sees in a picture."""
    return [code.text for code in zxingcpp.read_barcodes(image)]


def codes_in_file(path: Path) -> list[str]:
    """Every code in a picture file."""
    return codes_in(Image.open(io.BytesIO(path.read_bytes())))
