"""Times on the command line. Each function is a click type."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click

from firmware import moments


def duration(value: str) -> timedelta:
    """`90m`, `8h`, `30d`."""
    try:
        return moments.duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def moment(value: str) -> datetime:
    """ISO 8601, with or without an offset."""
    try:
        return moments.moment(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def ending(value: str) -> datetime:
    """As `moment`; a date without a time is the whole of that day."""
    try:
        return moments.ending(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def time_zone(value: str | ZoneInfo) -> ZoneInfo:
    """A name of the time zone database."""
    try:
        return ZoneInfo(str(value))
    except (ValueError, OSError, KeyError):
        raise click.BadParameter(
            f"{value!r} is no time zone that this machine knows; write it like Asia/Jakarta."
        ) from None


zone_option = click.option(
    "--tz",
    "zone",
    type=time_zone,
    metavar="ZONE",
    default="Asia/Jakarta",
    envvar="GATE_TZ",
    show_default=True,
    show_envvar=True,
    help="Time zone of every time, shown or given without an offset.",
)
