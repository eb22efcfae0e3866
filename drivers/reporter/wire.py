"""Names and bytes on the wire: topics, and records as CloudEvents 1.0 in JSON.

An event's `data` is the record's canonical JSON with what the journal knows behind it, so a
receiver can follow the hash chain: the record as it was hashed is what stands before
`,"schema":`.
"""

import re
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from drivers.api import Stored
from gate.records import RECORD_BYTES_MAX, RECORD_SCHEMA

TOPIC_PART = re.compile(r"[a-z0-9_-]{1,64}")
TOPIC_ROOT = "gate/v1"
EVENT_BYTES_MAX = 4_096
"""Longest payload of an event: a record, and half as much again around it."""
ONLINE = b"online"
OFFLINE = b"offline"
"""The last will."""


class Topics:
    """Where a lane publishes and listens. Only `event` is not retained."""

    def __init__(self, site: str, lane: str) -> None:
        base = f"{TOPIC_ROOT}/{site}/{lane}"
        self.availability = f"{base}/availability"
        self.state = f"{base}/state"
        self.event = f"{base}/event"
        self.selftest = f"{base}/selftest"
        self.trust = f"{TOPIC_ROOT}/{site}/trust"
        """The site's signed list of public issuers, retained: every lane of it listens."""


class _Kind(Struct):
    kind: str
    at_ns: int = 0


_kind = msgspec.json.Decoder(_Kind)
_text = msgspec.json.Encoder()


def event_payload(
    site: str, lane: str, stored: Stored, bytes_max: int = EVENT_BYTES_MAX
) -> bytes | None:
    """The record as a CloudEvent.

    A record too long for `bytes_max` goes without its facts but with its place in the chain and
    `"omitted":true`, so that the stream has no gap; None when not even that fits.
    """
    head = _kind.decode(stored.body)
    body = stored.body
    if len(body) <= RECORD_BYTES_MAX:
        payload = _event(site, lane, stored, head.kind, body)
        if len(payload) <= bytes_max:
            return payload
    body = _text.encode({"kind": head.kind, "at_ns": head.at_ns, "omitted": True})
    payload = _event(site, lane, stored, head.kind, body)
    return payload if len(payload) <= bytes_max else None


def _event(site: str, lane: str, stored: Stored, kind: str, body: bytes) -> bytes:
    at = datetime.fromtimestamp(stored.wall_ms / 1000, UTC)
    time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    envelope = (
        f'{{"specversion":"1.0","id":"{stored.epoch}-{stored.seq}",'
        f'"source":"gate/{site}/{lane}","type":"{kind}","time":"{time}",'
        f'"datacontenttype":"application/json","data":'
    )
    journal = (
        f',"schema":{RECORD_SCHEMA},"epoch":{stored.epoch},"seq":{stored.seq},'
        f'"wall_ms":{stored.wall_ms},"quality":"{stored.quality}","hash":"{stored.hash.hex()}"}}}}'
    )
    return envelope.encode() + body[:-1] + journal.encode()
