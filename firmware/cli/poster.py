"""`gate poster`: the sheet that hangs at an entrance."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from firmware.poster.model import Poster
    from gate.wording import Words

_LANGUAGES = ("both", "id", "en")
_PAPERS = ("a4", "a3")
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("poster")
@click.option("--title", required=True, help="The site's name, as people know it.")
@click.option(
    "--config",
    "config_path",
    type=_FILE,
    envvar="GATE_CONFIG",
    show_envvar=True,
    help="The lane's file: its steps, its limit of temperature, its health centre.  "
    "[default: a lane of which nothing was decided]",
)
@click.option("--contact", default="", help="Whom to ask: a desk, a number.")
@click.option(
    "--url",
    "address",
    default="",
    metavar="https://…",
    help="The office's own check-in page, for the venue code. Without it there is no code.",
)
@click.option(
    "--kept",
    metavar="PERIOD",
    help="How long the office keeps records: '30 days', '6 bulan', '1 year'.",
)
@click.option("--logo", type=_FILE, help="A PNG for the upper right corner.")
@click.option(
    "--language",
    type=click.Choice(_LANGUAGES),
    default="both",
    show_default=True,
    help="Both is Indonesian, with English smaller.",
)
@click.option("--paper", type=click.Choice(_PAPERS), default="a4", show_default=True)
@click.option("--bleed", is_flag=True, help="3 mm more on each side, and crop marks.")
@click.option(
    "-o",
    "--output",
    type=_FILE,
    default="poster.pdf",
    show_default=True,
    help="The PDF; - is standard output.",
)
def poster(
    title: str,
    config_path: Path | None,
    contact: str,
    address: str,
    kept: str | None,
    logo: Path | None,
    language: str,
    paper: str,
    bleed: bool,
    output: Path,
) -> None:
    """Make the poster for an entrance, as a PDF to print.

    It tells visitors, with pictures, what they do in this lane and in which order; what is
    measured and why; what is kept of it; and whom to ask. With --url it carries a code for
    their phones that leads to the office's own check-in page. The gate itself never opens it.

    What it says of records is what the lane does. How long the office keeps them only the
    office knows: say it with --kept.

    \b
    Examples:
      gate poster --title "Kantor Contoh" --contact "Meja informasi"
      gate poster --title "Kantor Contoh" --config /etc/gate/gate.toml --kept "30 days" \\
                  --url https://kantor.example/masuk --paper a3 --bleed

    \b
    Exit codes:
      0  written
      1  a file can't be read or written, or this machine lacks reportlab
      2  something can't be printed or does not fit; the message says what
    """
    try:
        from firmware.poster.sheet import render
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"The module {error.name} is missing; install this program with its extra [office]."
        ) from None
    pdf = render(_poster(title, config_path, contact, address, kept, logo, language, paper, bleed))
    _write(output, pdf)


def _poster(
    title: str,
    config_path: Path | None,
    contact: str,
    address: str,
    kept: str | None,
    logo: Path | None,
    language: str,
    paper: str,
    bleed: bool,
) -> Poster:
    from drivers.journal.limits import RECORDS_MAX
    from firmware.config import load_config
    from firmware.poster.model import Paper, Poster, Tongue
    from gate.policy import Policy

    config = None if config_path is None else load_config(config_path)
    return Poster(
        title=title,
        policy=Policy() if config is None else config.policy,
        records_max=RECORDS_MAX if config is None else config.journal.records_max,
        reported=config is None or config.broker is not None,
        kept=None if kept is None else _period(kept),
        contact=contact,
        address=address,
        tongue=Tongue(language),
        paper=Paper(paper),
        bleed=bleed,
        logo=b"" if logo is None else _read(logo),
    )


def _period(text: str) -> Words:
    from firmware.poster.model import period

    try:
        return period(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--kept") from None


def _read(path: Path) -> bytes:
    """No more of it than tells that it is too large."""
    from firmware.poster.logo import LOGO_BYTES_MAX

    try:
        with path.open("rb") as file:
            return file.read(LOGO_BYTES_MAX + 1)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}.") from None


def _write(path: Path, pdf: bytes) -> None:
    from drivers.wholefile import write_atomic

    if str(path) == "-":
        sys.stdout.buffer.write(pdf)
        return
    try:
        write_atomic(path, pdf)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}.") from None
    click.echo(f"{path} written.", err=True)
