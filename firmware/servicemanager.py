"""Telling the service manager how we are: what sd_notify(3) and sd_watchdog_enabled(3) say, for the
few words that a lane needs.

The protocol is one datagram of text on a socket that the environment names, and its stability is
promised. sdnotify (last released in 2017) and systemd-watchdog send it from a blocking socket: a
service manager that is busy would hold up the lane's loop.
"""

import os
import socket
from collections.abc import Mapping

NS_PER_US = 1_000
STATUS_CHARS_MAX = 200


def notify(state: str) -> bool:
    """Send `state`, lines such as `READY=1`, to the service manager. Never blocks, never raises.

    Returns whether it was handed over: False where nobody listens, or the queue is full.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address.startswith("@"):
        address = "\0" + address[1:]  # in the abstract namespace
    elif not address.startswith("/"):
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.setblocking(False)  # noqa: FBT003 - the name of the standard library
            link.sendto(state.encode("utf-8", "replace"), address)
    except OSError:
        return False
    return True


def status_line(text: str) -> str:
    """`text` as the value of `STATUS=`: one line, because a second one would be an order."""
    return " ".join(text.split())[:STATUS_CHARS_MAX]


def watchdog_ns(environment: Mapping[str, str] = os.environ) -> int | None:
    """After how long without `WATCHDOG=1` the service manager ends us; None where it never does."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # meant for our parent
    limit_us = environment.get("WATCHDOG_USEC", "0")
    if not limit_us.isdecimal() or int(limit_us) == 0:
        return None
    return int(limit_us) * NS_PER_US
