"""A link is a visit: not to be guessed, over when it is over, and one pass however renewed."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from officekit import VARIABLES, bad, good

from firmware.office import books, visits
from firmware.office.errors import OfficeError
from firmware.office.visits import No, Renewal, Visit, Visits, new_link, token_of, visit_of
from gate.credential.model import PASS_KINDS, Credential, CredentialKind
from gate.credential.trust import issuer_key, trust_list
from gate.credential.verify import verify
from gate.ledger import SPENT_KEPT_S
from gate.walltime import TIME_S_END, WallTime

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUST = trust_list([issuer_key(KEY.public_key().public_bytes_raw(), "Test office", PASS_KINDS)])
NOON_S = 1_800_000_000
SECRET = bytes(range(32))


class Desk:
    """An office whose clock a test moves."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "office.key"
        self.now_s = float(NOON_S)
        books.open_books(self.path, KEY, NOON_S)
        self.visits = Visits(self.path, KEY, lambda: self.now_s, lambda: self.now_s)

    def link(self, from_s: int = 0, until_s: int = NOON_S + 3_600) -> str:
        """The token of a new visit."""
        return new_link(self.path, Visit(0, from_s, until_s), NOON_S)[0]

    def renewed(self, token: str) -> Renewal:
        """The pass that a phone must get."""
        found = self.visits.renew(token)
        assert isinstance(found, Renewal)
        return found

    def at_gate(self, text: str) -> Credential:
        """What a gate makes of it now."""
        return verify(text.encode(), TRUST, WallTime(int(self.now_s * 1000)))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """At noon, with nothing issued."""
    return Desk(tmp_path)


def test_a_visit_is_one_pass_of_half_a_minute_again_and_again(desk: Desk) -> None:
    """Another expiry, the same replay key: it admits once."""
    token = desk.link()
    first = desk.renewed(token)
    assert first.holds_s == 30
    found = desk.at_gate(first.text)
    assert (found.kind, found.one_time) == (CredentialKind.VISITOR, True)
    assert found.valid_until_s == NOON_S + 30
    desk.now_s += 20
    later = desk.at_gate(desk.renewed(token).text)
    assert later.valid_until_s == NOON_S + 50
    assert later.replay_key == found.replay_key
    other = desk.at_gate(desk.renewed(desk.link()).text)
    assert other.replay_key != found.replay_key


def test_the_last_pass_ends_with_the_visit(desk: Desk) -> None:
    """And then there is none."""
    token = desk.link(until_s=NOON_S + 40)
    desk.now_s += 20.5
    found = desk.renewed(token)
    assert found.holds_s == pytest.approx(19.5)
    assert desk.at_gate(found.text).valid_until_s == NOON_S + 40
    desk.now_s += 20
    assert desk.visits.renew(token) == (No.OVER, 0)


def test_an_appointment_waits_for_its_time(desk: Desk) -> None:
    """Before it the phone is told from when."""
    token = desk.link(from_s=NOON_S + 600)
    assert desk.visits.renew(token) == (No.EARLY, NOON_S + 600)
    desk.now_s += 600
    assert desk.at_gate(desk.renewed(token).text).kind is CredentialKind.APPOINTMENT


def test_a_visit_taken_back_is_over_within_seconds(desk: Desk) -> None:
    """Another command signs the list; the server reads it again by itself."""
    token, other = desk.link(), desk.link()
    assert desk.visits.knows(token)
    assert not desk.visits.knows("guessed")
    assert desk.visits.renew("guessed") == (No.UNKNOWN, 0)
    desk.renewed(token)
    books.revoke_numbers(desk.path, KEY, [0], NOON_S + 1)
    desk.now_s += 5
    assert desk.visits.renew(token) == (No.OVER, 0)
    desk.renewed(other)
    books.status_file(desk.path).write_bytes(b"spoilt")
    desk.now_s += 5
    with pytest.raises(OfficeError, match="can't be read"):
        desk.visits.renew(other)


def test_a_phone_that_asks_too_often_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One visit's haste is not another's; what is remembered of them is bounded."""
    monkeypatch.setattr(visits, "VISITS_WATCHED_MAX", 2)
    tokens = [desk.link() for _ in range(3)]
    desk.renewed(tokens[0])
    desk.now_s += 1
    assert desk.visits.renew(tokens[0]) == (No.OFTEN, 0)
    desk.renewed(tokens[1])
    desk.now_s += 1
    desk.renewed(tokens[0])
    desk.renewed(tokens[2])
    assert len(desk.visits._renewed) == 2


def test_nothing_is_signed_that_all_phones_together_left_no_room_for(desk: Desk) -> None:
    """It is asked last, and a phone that was refused for it need not wait."""
    token, asked = desk.link(), [0]

    def none_left() -> bool:
        asked[0] += 1
        return False

    assert desk.visits.renew(token, none_left) == (No.OFTEN, 0)
    desk.renewed(token)
    assert desk.visits.renew(token, none_left) == (No.OFTEN, 0)
    assert asked == [1]


@pytest.mark.parametrize(
    "visit",
    [
        Visit(0, 0, NOON_S),
        Visit(0, 0, NOON_S + visits.VISIT_S_MAX + 1),
        Visit(0, NOON_S + 60, NOON_S + 30),
        Visit(0, 0, NOON_S + 60, group=24),
        Visit(0, 0, NOON_S + 60, doses=24),
    ],
)
def test_visits_that_can_not_be(desk: Desk, visit: Visit) -> None:
    """Refused before a number is spent."""
    with pytest.raises(ValueError, match=r"."):
        new_link(desk.path, visit, NOON_S)
    assert books.read_count(desk.path).issued == 0


def test_a_gate_remembers_longer_than_a_visit_lasts() -> None:
    """A used number must still be known when the last renewal of its visit is shown."""
    assert visits.VISIT_S_MAX < SPENT_KEPT_S


_visits = st.builds(
    Visit,
    st.integers(0, 1_048_575),
    st.integers(0, TIME_S_END - 1),
    st.integers(0, TIME_S_END - 1),
    st.none() | st.integers(0, 23),
    st.integers(1, 23),
)


@given(_visits, st.binary(min_size=32, max_size=32))
def test_a_token_comes_back_and_only_under_its_secret(visit: Visit, secret: bytes) -> None:
    """Its length is bounded, and no other office's secret opens it."""
    token = token_of(visit, secret)
    assert len(token) <= visits.TOKEN_CHARS_MAX
    assert visit_of(token, secret) == visit
    assert visit_of(token, bytes(32)) is None or secret == bytes(32)


@given(st.integers(0), st.integers(1, 255))
def test_a_changed_token_is_none(where: int, change: int) -> None:
    """Any bit of it: nobody moves the end of a visit."""
    token = token_of(Visit(1, 0, NOON_S), SECRET)
    data = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    data[where % len(data)] ^= change
    changed = base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert visit_of(changed, SECRET) is None


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda b: base64.b64encode(b).decode()))
def test_any_token(text: str) -> None:
    """Whatever a stranger sends is no visit, and no error."""
    assert visit_of(text, SECRET) is None


def test_a_token_of_another_version_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later form of link means nothing to this server."""
    monkeypatch.setattr(visits, "_VERSION", 2)
    token = token_of(Visit(1, 0, NOON_S), SECRET)
    monkeypatch.undo()
    assert visit_of(token, SECRET) is None


def test_books_are_begun_once(desk: Desk) -> None:
    """Beginning them again would give every number a second time."""
    with pytest.raises(OfficeError, match="never overwritten"):
        books.open_books(desk.path, KEY, NOON_S)


def test_links_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`gate pass link`: an address with the secret behind its #, and a number to revoke by."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    good("keygen", "--name", "Test office", "--no-passphrase", "--trust", "trust.toml")
    address, _, token = good(
        "link", "--for", "4h", "--address", "https://visit.example/"
    ).partition("#")
    assert address == "https://visit.example/visit"
    secret = (tmp_path / "office.links").read_bytes()
    visit = visit_of(token.strip(), secret)
    assert visit is not None
    assert visit.number == 0
    assert (tmp_path / "office.links").stat().st_mode & 0o777 == 0o600
    assert "at most 7 days" in bad(2, "link", "--for", "8d")
    assert "over already" in bad(2, "link", "--at", "2020-01-01T09:00")
    good("revoke", "0")
    (tmp_path / "office.links").write_bytes(b"short")
    assert "is damaged" in bad(1, "link")
