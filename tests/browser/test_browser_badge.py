"""A staff badge on a phone: a code that a gate takes now, and not half a minute's picture later."""

import io
from pathlib import Path

import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from playwright.sync_api import Page, expect

from firmware.office.page import BadgeFile, badge_file
from firmware.office.pinlock import new_holder_key
from gate.credential.model import PASS_KINDS, CredentialError, CredentialKind
from gate.credential.native import PassClaims, issue, signed_bytes_of
from gate.credential.trust import issuer_key, trust_list
from gate.credential.verify import examine
from gate.reasons import Reason
from gate.walltime import WallTime
from tests.browser.browserkit import NOON_S, ZONE, seen

pytestmark = pytest.mark.browser

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
TRUST = trust_list([issuer_key(PUBLIC, "Dinas Contoh", PASS_KINDS)])
PIN = "135790"
UNTIL_S = NOON_S + 30 * 86_400


@pytest.fixture
def badge(tmp_path: Path) -> Path:
    """A badge's own page."""
    point, lock = new_holder_key(PIN, iterations=1_000)
    claims = PassClaims(CredentialKind.STAFF, 7, UNTIL_S, NOON_S - 60, holder_key=point)
    signed = signed_bytes_of(issue(claims, KEY).encode())
    made = BadgeFile(signed, lock, "Dinas Contoh </script><b>", NOON_S - 60)
    path = tmp_path / "badge.html"
    path.write_bytes(badge_file(made, ZONE))
    return path


def opened(phone: Page, badge: Path, at_s: int = NOON_S) -> None:
    """The badge on a phone with that clock, its PIN entered."""
    phone.clock.install(time=at_s)
    phone.goto(badge.as_uri())
    phone.fill("#pin", PIN)
    phone.click("button")


def test_the_screen_shows_what_a_gate_takes(phone: Page, badge: Path) -> None:
    """Read from the screen, verified as at a lane; half a minute later it is another code, and a
    picture of the first is refused after that."""
    opened(phone, badge)
    expect(phone.locator("#showing")).to_be_visible()
    first = seen(phone)
    found = examine(first, TRUST, WallTime(NOON_S * 1000)).credential
    assert found.kind is CredentialKind.STAFF
    phone.clock.fast_forward(30_000)
    expect(phone.locator("#code")).not_to_have_attribute("data-text", first.decode())
    second = seen(phone)
    later = WallTime((NOON_S + 90) * 1000)
    phone.clock.fast_forward(60_000)
    expect(phone.locator("#code")).not_to_have_attribute("data-text", second.decode())
    assert examine(seen(phone), TRUST, later).credential == found
    with pytest.raises(CredentialError) as refused:
        examine(first, TRUST, later)
    assert refused.value.reason is Reason.PROOF_NOT_CURRENT


def test_a_wrong_pin_opens_nothing(phone: Page, badge: Path) -> None:
    """The page says so in both languages, and shows no code."""
    phone.goto(badge.as_uri())
    phone.fill("#pin", "000000")
    phone.click("button")
    expect(phone.locator("#notice")).to_contain_text("PIN salah")
    expect(phone.locator("#notice")).to_contain_text("Wrong PIN")
    expect(phone.locator("#showing")).to_be_hidden()


def test_a_clock_that_is_wrong_is_told(phone: Page, badge: Path) -> None:
    """Before the badge was made the clock must be wrong; what it shows is refused at a gate."""
    opened(phone, badge, NOON_S - 86_400)
    expect(phone.locator("#notice")).to_contain_text("clock seems wrong")
    expect(phone.locator("#showing")).to_be_visible()
    with pytest.raises(CredentialError) as refused:
        examine(seen(phone), TRUST, WallTime(NOON_S * 1000))
    assert refused.value.reason is Reason.PROOF_NOT_CURRENT


def test_a_clock_that_went_back_is_told(phone: Page, badge: Path) -> None:
    """The page remembers how late it has been."""
    opened(phone, badge, NOON_S + 86_400)
    expect(phone.locator("#showing")).to_be_visible()
    expect(phone.locator("#notice")).to_be_hidden()
    phone.clock.set_system_time(NOON_S + 3_600)
    phone.clock.run_for(1_000)
    expect(phone.locator("#notice")).to_contain_text("clock seems wrong")


def test_an_expired_badge_shows_no_code(phone: Page, badge: Path) -> None:
    """It says that it has expired."""
    opened(phone, badge, UNTIL_S)
    expect(phone.locator("#notice")).to_contain_text("expired")
    expect(phone.locator("#showing")).to_be_hidden()


def test_the_file_needs_and_reaches_no_network(phone: Page, badge: Path) -> None:
    """It asks for itself alone, and its policy lets nothing in it ask for more."""
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    opened(phone, badge)
    expect(phone.locator("#showing")).to_be_visible()
    assert asked == [badge.as_uri()]
    said = "fetch('https://example.invalid/').then(() => 'through', () => 'stopped')"
    assert phone.evaluate(said) == "stopped"
    added = "document.body.append(Object.assign(document.createElement('script'), {text: 'x=1'}))"
    phone.evaluate(added)
    assert phone.evaluate("typeof x") == "undefined"
    assert phone.locator("#office").inner_text() == "Dinas Contoh </script><b>"


def test_a_lanes_camera_reads_it_from_as_far_as_it_must(phone: Page, badge: Path) -> None:
    """At two and a half pixels a module, in a frame of the lane's camera (docs, figures)."""
    opened(phone, badge)
    expect(phone.locator("#showing")).to_be_visible()
    code = phone.locator("#code")
    view, box = code.get_attribute("viewBox"), code.bounding_box()
    assert view is not None
    assert box is not None
    modules = int(view.split()[2])
    shown = Image.open(io.BytesIO(phone.screenshot())).convert("L")
    part = 2.5 * modules / (box["width"] * 2)
    small = shown.resize((round(shown.width * part), round(shown.height * part)))
    frame = Image.new("L", (1456, 1088), 90)
    frame.paste(small, (600, 300))
    (found,) = zxingcpp.read_barcodes(frame)
    assert found.text == code.get_attribute("data-text")
