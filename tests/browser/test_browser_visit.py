"""A visitor's link on a phone: a pass that renews itself, and admits once."""

import pytest
from playwright.sync_api import Page, expect

from firmware.office import books
from firmware.office.visits import Visit, new_link
from gate.credential.model import CredentialError, CredentialKind
from gate.credential.verify import examine
from gate.reasons import Reason
from gate.walltime import WallTime
from tests.browser.browserkit import NOON_S, Office, seen

pytestmark = pytest.mark.browser


def link(office: Office, from_s: int = 0) -> tuple[str, Visit]:
    """A new visit of an hour, for two."""
    token, visit = new_link(office.path, Visit(0, from_s, NOON_S + 3_600, 1, 2), NOON_S)
    return f"{office.address}/visit#{token}", visit


def test_the_pass_renews_itself_and_stays_one_pass(phone: Page, office: Office) -> None:
    """Every twenty seconds another code, of half a minute, with one replay key."""
    address, visit = link(office)
    phone.clock.install(time=NOON_S)
    phone.goto(address)
    expect(phone.locator("#showing")).to_be_visible()
    first = seen(phone)
    now = WallTime(int(office.clock_s[0] * 1000))
    found = examine(first, office.trust, now).credential
    assert found.kind is CredentialKind.VISITOR
    assert (found.doses, found.group) == (1, 2)
    assert found.valid_until_s == NOON_S + 30
    office.clock_s[0] += 20
    phone.clock.run_for(20_000)
    expect(phone.locator("#code")).not_to_have_attribute("data-text", first.decode())
    again = examine(seen(phone), office.trust, WallTime(int(office.clock_s[0] * 1000)))
    assert again.credential.replay_key == found.replay_key
    assert again.credential.holder.endswith(f":{visit.number}")
    with pytest.raises(CredentialError) as refused:
        examine(first, office.trust, WallTime((NOON_S + 30) * 1000))
    assert refused.value.reason is Reason.CREDENTIAL_EXPIRED


def test_a_visit_that_was_taken_back_is_over(phone: Page, office: Office) -> None:
    """The page says so at the next renewal, and shows no code any more."""
    address, visit = link(office)
    phone.clock.install(time=NOON_S)
    phone.goto(address)
    expect(phone.locator("#showing")).to_be_visible()
    books.revoke_numbers(office.path, office.key, [visit.number], NOON_S + 1)
    office.clock_s[0] += 20
    phone.clock.run_for(20_000)
    expect(phone.locator("#notice")).to_contain_text("over")
    expect(phone.locator("#showing")).to_be_hidden()


def test_too_early_and_no_link_at_all(phone: Page, office: Office) -> None:
    """An appointment says when it starts; a guessed link is none."""
    address, _ = link(office, NOON_S + 600)
    phone.goto(address)
    expect(phone.locator("#notice")).to_contain_text("Starts")
    phone.goto(f"{office.address}/visit#guessed")
    expect(phone.locator("#notice")).to_contain_text("not valid")


def test_a_phone_without_network_tries_again(phone: Page, office: Office) -> None:
    """It says why it has no code, and has one when the network is back."""
    address, _ = link(office)
    phone.clock.install(time=NOON_S)
    phone.goto(address)
    expect(phone.locator("#showing")).to_be_visible()
    phone.context.set_offline(True)
    phone.clock.run_for(31_000)
    expect(phone.locator("#notice")).to_contain_text("No network")
    expect(phone.locator("#showing")).to_be_hidden()
    phone.context.set_offline(False)
    office.clock_s[0] += 31
    phone.clock.run_for(4_000)
    expect(phone.locator("#showing")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (429, "{}", ("Terlalu banyak permintaan", "Too many requests")),
        (503, "{}", ("tidak dapat menjawab", "can't answer now")),
        (503, "<html>503 Service Temporarily Unavailable</html>", ("tidak dapat", "can't answer")),
        (404, "<html>404 of some proxy</html>", ("tidak dapat", "can't answer")),
        (200, "<html>sign in to this network</html>", ("tidak dapat", "can't answer")),
    ],
)
def test_an_office_that_does_not_answer_is_no_blank_page(
    phone: Page, office: Office, status: int, body: str, said: tuple[str, str]
) -> None:
    """Whoever answers in its place; and it tries again."""
    address, _ = link(office)
    phone.clock.install(time=NOON_S)
    phone.route("**/pass", lambda route: route.fulfill(status=status, body=body))
    phone.goto(address)
    for words in said:
        expect(phone.locator("#notice")).to_contain_text(words)
    phone.unroute("**/pass")
    phone.clock.run_for(4_000)
    expect(phone.locator("#showing")).to_be_visible()
    expect(phone.locator("#notice")).to_be_hidden()


def test_a_request_without_an_answer_is_told_and_given_up(phone: Page, office: Office) -> None:
    """First that it waits, then that the network is too slow; then it has a code."""
    address, _ = link(office)
    phone.clock.install(time=NOON_S)
    phone.route("**/pass", lambda _: None)
    phone.goto(address)
    phone.clock.run_for(2_000)
    expect(phone.locator("#notice")).to_contain_text("Waiting for the network")
    phone.clock.run_for(7_000)
    expect(phone.locator("#notice")).to_contain_text("too slow")
    phone.unroute("**/pass")
    phone.clock.run_for(4_000)
    expect(phone.locator("#showing")).to_be_visible()


def test_a_phone_that_slept_shows_no_old_code(phone: Page, office: Office) -> None:
    """Its steady clock may have stood still; the other did not, and the code is renewed at once."""
    address, _ = link(office)
    phone.add_init_script("performance.now = () => 1000;")
    phone.clock.install(time=NOON_S)
    phone.goto(address)
    expect(phone.locator("#showing")).to_be_visible()
    first = seen(phone).decode()
    office.clock_s[0] += 3_000
    phone.clock.set_system_time(NOON_S + 3_000)
    phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(phone.locator("#code")).not_to_have_attribute("data-text", first)
    now = WallTime((NOON_S + 3_000) * 1000)
    assert examine(seen(phone), office.trust, now).credential.valid_until_s == NOON_S + 3_030
