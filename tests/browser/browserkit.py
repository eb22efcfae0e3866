"""What the tests of the pages share: the noon of their clocks, an office, a camera."""

import io
import os
import shutil
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from playwright.sync_api import Page

from firmware.office.server import PassServer
from gate.credential.trust import TrustList

CHROMIUM = os.environ.get("GATE_CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NOON_S = 1_800_000_000
ZONE = ZoneInfo("Asia/Jakarta")


class Office(NamedTuple):
    """A key, whoever trusts it, its server, and the clock of that server."""

    path: Path
    key: Ed25519PrivateKey
    trust: TrustList
    clock_s: list[float]
    """One number, both clocks: a test moves it."""
    server: PassServer

    @property
    def address(self) -> str:
        """Where phones reach it."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"


def seen(phone: Page) -> bytes:
    """What a camera reads from the phone's screen."""
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(phone.screenshot())))
    return bytes(code.bytes)
