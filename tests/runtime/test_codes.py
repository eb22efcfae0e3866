"""From the bytes of a code to what the lane is told: a credential, or why not, and nothing else."""

import logging
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from lanekit import NOON, hostile_codes, leaks

from drivers.trust.store import load_trust
from firmware.codes import CodeDesk
from firmware.demo.office import PASS_S, DemoOffice
from firmware.formats import formats_for
from gate.credential.model import CredentialKind
from gate.credential.native import PassClaims, issue
from gate.credential.publictrust import PublicTrust
from gate.credential.shc import chunks
from gate.credential.trust import TrustList, trust_list
from gate.credential.verify import FORMATS
from gate.events import CodeRefused, CredentialPresented
from gate.outcome import Outcome
from gate.reasons import Reason
from gate.rules.ruleset import RuleSet, Source, Status
from gate.walltime import SECONDS_PER_DAY, ClockQuality, WallTime
from gate.wording import Words
from tests.domain import shckit


class Desk:
    """A desk of an office's lane, and its clock."""

    def __init__(self, folder: Path) -> None:
        self.office = DemoOffice(folder)
        self.wall = NOON
        self.now_ns = 0
        self.desk = CodeDesk(load_trust(self.office.trust), lambda: self.wall, lambda: self.now_ns)

    def pseudonym(self, payload: bytes) -> str:
        event = self.desk.event(payload)
        assert isinstance(event, CredentialPresented)
        return event.pseudonym

    def pass_(self) -> bytes:
        """A pass that holds for days."""
        return self.office.visitor_pass(self.wall.unix_s + 30 * PASS_S)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_genuine_pass_is_a_credential(desk: Desk) -> None:
    """With the time at which it was judged, and a name that says nothing of who has it."""
    event = desk.desk.event(desk.pass_())
    assert isinstance(event, CredentialPresented)
    assert event.credential.kind is CredentialKind.VISITOR
    assert event.credential.issuer == "demo office"
    assert event.wall == NOON
    assert event.pseudonym not in event.credential.holder
    assert len(event.pseudonym) == 16


def test_a_pseudonym_lasts_a_day(desk: Desk) -> None:
    """Within a day of the site's calendar one pass has one name, and two passes have two; the next
    day, and after a restart, nobody can tell that it is the same pass."""
    one, other = desk.pass_(), desk.pass_()
    first = desk.pseudonym(one)
    assert desk.pseudonym(one) == first
    assert desk.pseudonym(other) != first
    desk.wall = WallTime(NOON.unix_ms + SECONDS_PER_DAY * 1000)
    tomorrow = desk.pseudonym(one)
    assert tomorrow != first
    desk.wall = NOON
    assert desk.pseudonym(one) not in {first, tomorrow}, "yesterday's key was forgotten"
    assert CodeDesk(desk.desk.trust, lambda: NOON, lambda: 0).event(one) != desk.desk.event(one)


@pytest.mark.parametrize(("payload", "reason"), hostile_codes(), ids=lambda case: str(case)[:24])
def test_a_hostile_code_is_its_reason_and_nothing_else(
    desk: Desk, caplog: pytest.LogCaptureFixture, payload: bytes, reason: Reason
) -> None:
    """The lane and the log hear why, and not one piece of what a stranger wrote."""
    with caplog.at_level(logging.DEBUG):
        assert desk.desk.event(payload) == CodeRefused(reason)
    assert str(reason) in caplog.text
    assert leaks(payload, caplog.text.encode()) == []


@given(st.one_of(st.binary(max_size=400), st.binary(max_size=400).map(lambda b: b"GP1:" + b)))
def test_no_bytes_at_all_do_more(payload: bytes) -> None:
    """Whatever was read, the answer is an event: nothing raises in the lane's loop."""
    desk = CodeDesk(trust_list(()), lambda: NOON, lambda: 0)
    assert isinstance(desk.event(payload), CodeRefused)


def test_what_the_reader_refused_is_not_looked_at_again(desk: Desk) -> None:
    """Half a code is refused by its name, even where the half would verify."""
    assert desk.desk.event(desk.pass_(), Reason.CODE_SPLIT) == CodeRefused(Reason.CODE_SPLIT)


def test_a_strangers_signature_is_refused(desk: Desk) -> None:
    """A pass of the right form from an office that this lane does not know."""
    claims = PassClaims(CredentialKind.VISITOR, 1, NOON.unix_s + PASS_S)
    theirs = issue(claims, Ed25519PrivateKey.generate()).encode()
    assert desk.desk.event(theirs) == CodeRefused(Reason.CREDENTIAL_ISSUER_UNKNOWN)


def test_a_pass_is_judged_by_the_clock_of_the_moment(desk: Desk) -> None:
    """Expired is expired; on a clock that nobody trusts the lane is told, and decides itself."""
    payload = desk.office.visitor_pass(NOON.unix_s)
    assert isinstance(desk.desk.event(payload), CredentialPresented)
    desk.wall = WallTime(NOON.unix_ms + PASS_S * 1000)
    assert desk.desk.event(payload) == CodeRefused(Reason.CREDENTIAL_EXPIRED)
    desk.wall = WallTime(desk.wall.unix_ms, quality=ClockQuality.UNTRUSTED)
    event = desk.desk.event(payload)
    assert isinstance(event, CredentialPresented)
    assert event.wall.quality is ClockQuality.UNTRUSTED


# Public certificates.

WORDS = Words("Menurut contoh aturan.", "By an invented rule.")
RULES = RuleSet(
    id="contoh",
    dated=date(2026, 1, 1),
    source=Source("an invented decree", date(2026, 1, 1)),
    statuses=(
        Status("two", Outcome.ADMIT, WORDS, {">=": [{"var": "health.doses"}, 2]}),
        Status("one", Outcome.OFFICER, WORDS, {"===": [{"var": "health.doses"}, 1]}),
    ),
    otherwise=Status("none", Outcome.REFER, WORDS),
)


class Surgery:
    """A desk that believes the card issuer of the tests, and its clock."""

    def __init__(self, rules: tuple[RuleSet, ...] = ()) -> None:
        self.now_ns = 0
        self.desk = CodeDesk(shckit.TRUST, lambda: shckit.NOW, lambda: self.now_ns, rules)


def card(doses: int) -> bytes:
    """The JWS of a card of so many doses."""
    given = (shckit.immunization(f"2021-0{number + 1}-01") for number in range(doses))
    return shckit.jws(shckit.claims(vc=shckit.credential(shckit.PATIENT, *given)))


@pytest.mark.parametrize(
    ("doses", "outcome", "status"),
    [(2, Outcome.ADMIT, "two"), (1, Outcome.OFFICER, "one"), (0, Outcome.REFER, "none")],
)
def test_the_rules_of_the_site_are_asked_at_the_desk(
    doses: int, outcome: Outcome, status: str
) -> None:
    """The lane hears what they say, and nothing of the person: names end here."""
    event = Surgery((RULES,)).desk.event(shckit.text(card(doses)))
    assert isinstance(event, CredentialPresented)
    verdict = event.credential.verdict
    assert verdict is not None
    assert (verdict.outcome, verdict.status) == (outcome, status)
    assert verdict.rule == "contoh@2026-01-01"
    told = repr(event)
    assert "Budi" not in told
    assert "Contoh" not in told
    assert "1970" not in told


def test_without_rules_there_is_no_verdict() -> None:
    """Then the policy counts doses."""
    event = Surgery().desk.event(shckit.text(card(2)))
    assert isinstance(event, CredentialPresented)
    assert event.credential.verdict is None
    assert event.credential.doses == 2


def test_a_card_in_parts_is_nothing_until_it_is_whole() -> None:
    """Shown in any order; no part refuses the visitor, and the last one decides."""
    desk = Surgery().desk
    first, second, third = shckit.parts(card(2), 3)
    assert desk.event(third) is None
    assert desk.event(first) is None
    assert desk.event(third) is None, "a code stays in view for many frames"
    assert isinstance(desk.event(second), CredentialPresented)
    assert desk.event(first) is None, "the next card begins anew"


def test_parts_of_two_visitors_never_make_one_card() -> None:
    """Who leaves before the last part is forgotten, and so is what came before another code."""
    surgery = Surgery()
    first, second = shckit.parts(card(2), 2)
    assert surgery.desk.event(first) is None
    surgery.now_ns += chunks.PART_KEPT_NS
    assert surgery.desk.event(second) is None
    assert surgery.desk.event(b"a code of another kind") == CodeRefused(Reason.CODE_UNKNOWN_FORMAT)
    assert surgery.desk.event(first) is None
    assert surgery.desk.event(b"shc:/0/2/5676") == CodeRefused(Reason.CODE_MALFORMED)
    assert surgery.desk.event(second) is None, "nothing is left behind a part that is none"


def test_what_one_visitor_left_costs_the_next_one_nothing() -> None:
    """One went away after the first of two codes; another one's last code is still in view."""
    ours, theirs = shckit.parts(card(2), 2), shckit.parts(card(1), 2)
    desk = Surgery().desk
    assert desk.event(theirs[0]) is None
    assert desk.event(ours[0]) is None
    assert isinstance(desk.event(ours[1]), CredentialPresented)
    assert desk.event(ours[1]) is None
    assert desk.event(theirs[0]) is None
    assert isinstance(desk.event(theirs[1]), CredentialPresented)


def test_a_newer_list_counts_from_the_next_code_on() -> None:
    """Whoever is no longer on it is not believed any more."""
    desk = Surgery().desk
    code = shckit.text(card(2))
    assert isinstance(desk.event(code), CredentialPresented)
    desk.believe(trust_list(()))
    assert desk.event(code) == CodeRefused(Reason.CREDENTIAL_ISSUER_UNKNOWN)


def test_w3c_credentials_without_their_library(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The lane serves everything else, and the log says what to install."""
    listed = TrustList({}, public=PublicTrust(version=1, vc={"did:example#key": ()}))
    monkeypatch.setattr("firmware.formats.find_spec", lambda _: None)
    assert formats_for(listed) == FORMATS
    assert 'install the extra "vc"' in caplog.text


def test_w3c_credentials_with_it() -> None:
    """Their formats are there where the list has an issuer of them, and are not loaded else."""
    pytest.importorskip("pyld", reason="needs the extra vc")
    listed = TrustList({}, public=PublicTrust(version=1, vc={"did:example#key": ()}))
    assert formats_for(listed).keys() > FORMATS.keys()
    assert formats_for(trust_list(())) is FORMATS
