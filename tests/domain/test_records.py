"""A record's JSON: canonical, small, and the same again after a round trip."""

import json

import msgspec
import pytest

from gate.reasons import Reason
from gate.records import RECORD_BYTES_MAX, Direction, Record, RecordKind, decode, encode
from tests.domain.lanekit import Scene

FULLEST = Record(
    RecordKind.ACCESS_GRANTED,
    2**63 - 1,
    visit=2**63 - 1,
    grant=2**63 - 1,
    reason=max(Reason, key=len),
    direction=Direction.ENTRY,
    credential_kind="appointment",
    issuer="i" * 64,
    pseudonym="0" * 16,
    verdict="elevated",
    band_c=37.5,
    outside_validated=True,
    refer_to="p" * 200,
    occupancy=100_000,
    people=20,
    device="thermometer",
    officer="o" * 64,
    state="AwaitingCode",
    detail="d" * 200,
)


def test_what_is_absent_is_left_out() -> None:
    """Declared order, no spaces, no nulls: what is hashed is what is sent, to the byte."""
    record = Record(RecordKind.ACCESS_DENIED, 5, visit=7, reason=Reason.HOLIDAY)
    assert encode(record) == b'{"kind":"access.denied","at_ns":5,"visit":7,"reason":"holiday"}'


def test_every_record_of_a_visit_survives_a_round_trip() -> None:
    """Written down and read again it says the same."""
    lane = Scene()
    lane.visits()
    records = [*lane.records(), FULLEST]
    assert len(records) == 8
    for record in records:
        assert decode(encode(record)) == record
        assert json.loads(encode(record))["kind"] == record.kind


def test_the_longest_record_has_room() -> None:
    """Every field at its longest."""
    assert len(encode(FULLEST)) < RECORD_BYTES_MAX


@pytest.mark.parametrize("data", [b"", b"{}", b'{"kind":"access.open","at_ns":1}', b"[1]"])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    """A kind that nobody knows, a field that is missing, another shape."""
    with pytest.raises(msgspec.DecodeError):
        decode(data)


def test_the_words_on_the_wire_are_pinned() -> None:
    """No kind is renamed by accident: what a recorder has stored keeps its meaning."""
    assert sorted(RecordKind) == sorted(KINDS.split())


KINDS = """
access.requested access.granted access.taken access.not_taken access.unknown access.denied
access.referred access.overridden access.assisted access.duress access.abandoned
passage.turned_back passage.wrong_way passage.tailgating passage.obstructed passage.cleared
temperature.normal temperature.elevated temperature.unavailable temperature.reading_rejected
credential.accepted credential.refused credential.held occupancy.changed
door.forced door.held door.closed fire.raised fire.cleared emergency.raised emergency.cleared
chamber.started chamber.done chamber.aborted
device.failed device.recovered device.tampered device.started device.stopped
lane.in_service lane.out_of_service lane.event_ignored
selftest.finished time.quality_changed policy.loaded policy.trust
"""
