"""A phone's browser, and an office with its server.

The browser is the machine's own chromium. Without one these tests are skipped, and say so.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, Page, sync_playwright

from firmware.office import books
from firmware.office.page import Served
from firmware.office.server import PassServer
from firmware.office.visits import Visits
from gate.credential.model import PASS_KINDS
from gate.credential.trust import issuer_key, trust_list
from tests.browser.browserkit import CHROMIUM, FLAGS, NOON_S, ZONE, Office


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One chromium for all tests."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: install it, or set GATE_CHROMIUM to its path")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page of a phone that has nothing stored; a mistake in its script fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2)
    page = context.new_page()
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    yield page
    context.close()
    assert not mistakes


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office whose server runs, at noon."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    path = tmp_path / "office.key"
    books.open_books(path, key, NOON_S)
    public = key.public_key().public_bytes_raw()
    trust = trust_list([issuer_key(public, "Dinas Contoh", PASS_KINDS)])
    clock_s = [float(NOON_S)]
    visits = Visits(path, key, lambda: clock_s[0], lambda: clock_s[0])
    served = Served("Dinas Contoh", ZONE, tuple(trust.keys.values()), NOON_S - 3_600)
    with PassServer(("127.0.0.1", 0), [visits], served) as server:
        running = threading.Thread(target=server.run)
        running.start()
        yield Office(path, key, trust, clock_s, server)
        server.shutdown()
        running.join()
