"""`gate run`: the service at the door."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path

import click

from firmware.config import CONFIG_PATH, Config, cautions, load_config
from firmware.errors import UserError

log = logging.getLogger(__name__)

LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"
"""The journal of systemd adds the time."""


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=CONFIG_PATH,
    envvar="GATE_CONFIG",
    show_default=True,
    show_envvar=True,
    help="The lane's file; `gate check-config` says what is in it.",
)
def run(config_path: Path) -> None:
    """Run one lane until it is told to stop: what systemd starts at the door.

    SIGTERM and Ctrl-C end it in good order: outputs at their safe level first, then the
    last records. It logs to standard error. After a crash, start it again: it closes what
    was open and goes on.

    \b
    Exit codes:
      0  ended as it was told to
      1  a mistake of ours; the log has the traceback
      2  the configuration is wrong; nothing was started
      4  a device without which nothing can begin is missing, busy or broken
    """
    serve(load_config(config_path))


def serve(config: Config) -> None:
    """Run that lane in this process, on its signals."""
    logging.basicConfig(level=str(config.log_level).upper(), format=LOG_FORMAT)
    for caution in cautions(config):
        log.warning("%s", caution)
    asyncio.run(_serve(config))


async def _serve(config: Config) -> None:
    from firmware.program import Program
    from firmware.wallclock import WallClock

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    os.umask(0o027)
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"data_dir {config.data_dir} can't be made ({error.strerror}): "
            "make it yourself, or name another one."
        ) from None
    await Program(config, WallClock(config.policy.schedule.time_zone)).run(stop)
