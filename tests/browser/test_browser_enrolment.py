"""A badge whose key was made in the phone's browser: what a link may bring there, and what not."""

import base64
import socket
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page, expect

from firmware.office.page import badge_link
from firmware.office.pinlock import new_holder_key
from gate.credential import holderkey
from gate.credential.model import CredentialKind
from gate.credential.native import PassClaims, issue, signed_bytes_of
from gate.credential.verify import examine
from gate.walltime import WallTime
from tests.browser.browserkit import NOON_S, Office, seen

pytestmark = pytest.mark.browser

UNTIL_S = NOON_S + 30 * 86_400
NOW = WallTime(NOON_S * 1000)
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
NO_ED25519 = """
  if (crypto.subtle) {
    const known = crypto.subtle.importKey.bind(crypto.subtle);
    crypto.subtle.importKey = (form, key, algorithm, ...more) =>
      algorithm === "Ed25519"
        ? Promise.reject(new Error("unknown")) : known(form, key, algorithm, ...more);
  }
"""
"""A browser of 2024."""


def enrolled(phone: Page, office: Office) -> bytes:
    """The key that a phone with nothing stored made, and shows."""
    phone.clock.install(time=NOON_S)
    phone.goto(f"{office.address}/badge")
    expect(phone.locator("#enrol")).to_be_visible()
    return holderkey.from_text(phone.locator("#enrol-text").inner_text())


def offer(
    office: Office, point: bytes, number: int = 9, key: Ed25519PrivateKey | None = None
) -> str:
    """The link of a new badge for that key, a month longer for each number."""
    until_s = UNTIL_S + number * 30 * 86_400
    claims = PassClaims(CredentialKind.STAFF, number, until_s, holder_key=point)
    signed = signed_bytes_of(issue(claims, key or office.key).encode())
    return badge_link(f"{office.address}/badge", signed)


def opened(phone: Page, link: str) -> None:
    """The link, from a chat: another page was there before."""
    phone.goto("about:blank")
    phone.goto(link)


def number_shown(phone: Page, office: Office) -> str:
    """The number of the badge on the screen, as a gate finds it."""
    expect(phone.locator("#showing")).to_be_visible()
    return examine(seen(phone), office.trust, NOW).credential.holder.partition(":")[2]


def test_a_key_that_never_leaves_the_phone(phone: Page, office: Office) -> None:
    """Made in the browser, enrolled by its code, shown live, kept without the server."""
    point = enrolled(phone, office)
    assert seen(phone).decode() == phone.locator("#enrol-text").inner_text()
    phone.goto(offer(office, point))
    assert number_shown(phone, office) == "9"
    assert "#" not in phone.url
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.reload()
    expect(phone.locator("#showing")).to_be_visible()
    office.server.shutdown()
    office.server.socket.close()
    phone.reload()
    assert number_shown(phone, office) == "9"


def test_a_network_that_never_answers_delays_the_badge_by_a_moment(
    phone: Page, office: Office
) -> None:
    """At the edge of a cell a port may take the phone's call and say nothing."""
    phone.goto(offer(office, enrolled(phone, office)))
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.reload()
    expect(phone.locator("#showing")).to_be_visible()
    host, port = "127.0.0.1", int(office.server.server_address[1])
    office.server.shutdown()
    office.server.socket.close()
    with socket.create_server((host, port)):
        phone.goto("about:blank")
        phone.goto(f"{office.address}/badge", timeout=60_000)
        assert number_shown(phone, office) == "9"


def test_the_worker_has_no_say_on_other_pages(phone: Page, office: Office) -> None:
    """It is there for the badge alone."""
    enrolled(phone, office)
    scope = phone.evaluate("navigator.serviceWorker.ready.then((worker) => worker.scope)")
    assert scope == f"{office.address}/badge"


def test_the_badge_of_another_phone_is_not_taken(phone: Page, office: Office) -> None:
    """A link that went astray shows nothing; one that is damaged says so."""
    point, _ = new_holder_key("135790", iterations=1)
    phone.goto(offer(office, point))
    expect(phone.locator("#notice")).to_contain_text("another phone")
    expect(phone.locator("#enrol")).to_be_visible()
    phone.goto(f"{office.address}/badge#AAAA")
    expect(phone.locator("#notice")).to_contain_text("damaged")


def _with_flipped_bit(office: Office, point: bytes) -> str:
    address, _, text = offer(office, point, 10).partition("#")
    signed = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    signed[-1] ^= 1
    return badge_link(address, bytes(signed))


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        (lambda office, point: offer(office, point, 10, STRANGER), "not from this office"),
        (_with_flipped_bit, "not from this office"),
        (lambda office, point: badge_link(f"{office.address}/badge", point[1:]), "damaged"),
        (lambda office, _: f"{office.address}/badge#not base64", "damaged"),
        (lambda office, _: f"{office.address}/badge#gICA", "damaged"),
    ],
)
def test_whoever_saw_a_live_code_can_not_replace_the_badge(
    phone: Page, office: Office, forged: Callable[[Office, bytes], str], said: str
) -> None:
    """Its bytes hold the phone's public key, and more than that a link must have: the office's
    signature. The holder's own badge goes on, and the holder reads why."""
    point = enrolled(phone, office)
    phone.goto(offer(office, point))
    assert number_shown(phone, office) == "9"
    opened(phone, forged(office, point))
    expect(phone.locator("#notice")).to_contain_text(said)
    assert number_shown(phone, office) == "9"
    expect(phone.locator("#notice")).to_contain_text(said)
    phone.evaluate("(hash) => { location.hash = hash; }", forged(office, point).partition("#")[2])
    expect(phone.locator("#notice")).to_contain_text(said)
    opened(phone, f"{office.address}/badge")
    assert number_shown(phone, office) == "9"


def test_another_badge_of_the_office_takes_its_place_if_the_holder_says_so(
    phone: Page, office: Office
) -> None:
    """An old link is the office's too: the holder sees both ends, and decides."""
    point = enrolled(phone, office)
    phone.goto(offer(office, point))
    assert number_shown(phone, office) == "9"
    opened(phone, offer(office, point))
    assert number_shown(phone, office) == "9"
    opened(phone, offer(office, point, 10))
    expect(phone.locator("#replace")).to_be_visible()
    assert phone.locator("#until-held").inner_text() != phone.locator("#until-found").inner_text()
    phone.clock.run_for(31_000)
    expect(phone.locator("#showing")).to_be_hidden()
    phone.click("#replace-no")
    expect(phone.locator("#showing")).to_be_visible()
    opened(phone, offer(office, point, 10))
    expect(phone.locator("#notice")).to_be_hidden()
    phone.click("#replace-yes")
    expect(phone.locator("#showing")).to_be_visible()
    opened(phone, f"{office.address}/badge")
    expect(phone.locator("#showing")).to_be_visible()
    later = WallTime((NOON_S + 31) * 1000)
    assert examine(seen(phone), office.trust, later).credential.holder.endswith(":10")


def test_a_browser_that_proves_nothing_says_so_before_it_replaces(
    phone: Page, office: Office
) -> None:
    """The first badge is taken; another only from a holder who was warned."""
    phone.add_init_script(NO_ED25519)
    point = enrolled(phone, office)
    phone.goto(offer(office, point))
    assert number_shown(phone, office) == "9"
    opened(phone, offer(office, point, 10, STRANGER))
    expect(phone.locator("#notice")).to_contain_text("not from this office")
    opened(phone, offer(office, point, 10))
    expect(phone.locator("#notice")).to_contain_text("can't check who made it")
    phone.click("#replace-no")
    assert number_shown(phone, office) == "9"


def test_spaces_of_the_key_are_copied(phone: Page, office: Office) -> None:
    """Two in a row are two, in what the holder sends to the office."""
    enrolled(phone, office)
    text = _text_with_two_spaces()
    phone.evaluate("(text) => { document.getElementById('enrol-text').textContent = text; }", text)
    copied = phone.evaluate(
        "() => { getSelection().selectAllChildren(document.getElementById('enrol-text'));"
        " return getSelection().toString(); }"
    )
    assert copied == text


def _text_with_two_spaces() -> str:
    while True:
        public = generate_private_key(SECP256R1()).public_key()
        point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        if "  " in (text := holderkey.to_text(point)):
            return text


def test_an_address_without_https_is_told(browser: Browser, office: Office) -> None:
    """Chrome keeps no key there, and it is not Chrome that is wrong."""
    context = browser.new_context()
    page = context.new_page()
    body = office.server.pages["/badge"][1]
    page.route(
        "http://visit.example/**",
        lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8"),
    )
    page.goto("http://visit.example/badge")
    expect(page.locator("#notice")).to_contain_text("https, not http")
    context.close()


@pytest.mark.parametrize(("width", "height"), [(320, 568), (360, 640), (412, 915)])
def test_every_page_fits_the_screen(phone: Page, office: Office, width: int, height: int) -> None:
    """With an office's name of two lines, nothing has to be scrolled to."""
    phone.set_viewport_size({"width": width, "height": height})
    name = "Dinas Kependudukan dan Pencatatan Sipil Kabupaten Contoh"
    body = office.server.pages["/badge"][1].replace(b"Dinas Contoh", name.encode())
    office.server.pages["/badge"] = ("text/html; charset=utf-8", body)
    fits = "document.documentElement.scrollHeight <= innerHeight && scrollX === 0"
    point = enrolled(phone, office)
    assert phone.locator("#office").inner_text() == name
    assert phone.evaluate(fits)
    phone.goto(offer(office, point))
    expect(phone.locator("#showing")).to_be_visible()
    assert phone.evaluate(fits)
    phone.goto(f"{office.address}/badge#AAAA")
    expect(phone.locator("#notice")).to_be_visible()
    assert phone.evaluate(fits)
    opened(phone, offer(office, point, 10))
    expect(phone.locator("#replace")).to_be_visible()
    assert phone.evaluate(fits)
