"""From the bytes of a code to what the lane is told: a credential, or why not, and nothing else."""

import logging
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from lanekit import NOON, hostile_codes, leaks

from drivers.truststore import load_trust
from firmware.codes import CodeDesk
from firmware.demo.office import PASS_S, DemoOffice
from gate.credential.model import CredentialKind
from gate.credential.native import PassClaims, issue
from gate.credential.trust import trust_list
from gate.events import CodeRefused, CredentialPresented
from gate.reasons import Reason
from gate.walltime import SECONDS_PER_DAY, ClockQuality, WallTime


class Desk:
    """A desk of an office's lane, and its clock."""

    def __init__(self, folder: Path) -> None:
        self.office = DemoOffice(folder)
        self.wall = NOON
        self.desk = CodeDesk(load_trust(self.office.trust), lambda: self.wall)

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
    assert CodeDesk(desk.desk.trust, lambda: NOON).event(one) != desk.desk.event(one)


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
    desk = CodeDesk(trust_list(()), lambda: NOON)
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
