"""The pages for phones: a live staff badge, and a visit whose pass renews itself.

Each is one HTML file that loads nothing: style, script and the QR encoder stand in it, and its
content security policy names them by hash, so that nothing else can run in it.
"""

import base64
import functools
import hashlib
import html
import json
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from firmware.office.pinlock import Lock
from gate.credential.trust import IssuerKey

_WEB = Path(__file__).parent / "web"
_ENCODER = "vendor/qr-0.7.0.js"
_SCRIPTS: Final = {
    "badge": (_ENCODER, "show.js", "pass.js", "badge.js"),
    "visit": (_ENCODER, "show.js", "visit.js"),
}
_TITLES: Final = {"badge": "Lencana", "visit": "Kunjungan"}


class BadgeFile(Struct, frozen=True):
    """What a badge's own file holds: the pass, and its holder's key behind a PIN."""

    badge: bytes
    """The signed bytes of the pass."""
    lock: Lock
    office: str
    made_s: int
    """Unix seconds; a phone whose clock is before it is wrong."""


class Served(Struct, frozen=True):
    """What the pages of a server say: the same to everybody."""

    office: str
    zone: ZoneInfo
    issuers: tuple[IssuerKey, ...]
    """Whose badges the page takes from a link: those that the gates take."""
    made_s: int
    """Unix seconds; a phone whose clock is before it is wrong."""


def badge_file(badge: BadgeFile, zone: ZoneInfo) -> bytes:
    """One file that works without any network, for one person."""
    return _page(
        "badge",
        {
            **_described(badge.office, zone),
            "badge": _text(badge.badge),
            "made_s": badge.made_s,
            "lock": {
                "salt": _text(badge.lock.salt),
                "iterations": badge.lock.iterations,
                "nonce": _text(badge.lock.nonce),
                "sealed": _text(badge.lock.sealed),
            },
        },
        "'none'",
    )


def badge_page(served: Served) -> bytes:
    """The page that makes its key in the phone.

    It holds the public keys of whoever issues badges: a link is no proof of where it comes from,
    and anybody who saw a live code could make one for that phone.
    """
    issuers = [
        {"key": _text(one.public_key.public_bytes_raw()), "kid": one.kid.hex(), "name": one.name}
        for one in served.issuers
    ]
    described = _described(served.office, served.zone)
    return _page("badge", {**described, "made_s": served.made_s, "issuers": issuers}, "'self'")


def visit_page(served: Served) -> bytes:
    """The page of a visit; its secret is behind the link's #."""
    return _page("visit", _described(served.office, served.zone), "'self'")


def offline_script() -> bytes:
    """Keeps the served badge's page in the phone."""
    return _read("badge-offline.js").encode()


def badge_link(address: str, badge: bytes) -> str:
    """The link that carries a badge to the phone that made its key, behind the #, where no server
    sees it."""
    return f"{address}#{base64.urlsafe_b64encode(badge).decode().rstrip('=')}"


def _described(office: str, zone: ZoneInfo) -> dict[str, object]:
    return {"office": office, "zone": zone.key}


def _page(name: str, settings: dict[str, object], connect: str) -> bytes:
    script = "\n".join(_read(part) for part in _SCRIPTS[name])
    style = _read("page.css")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            f"connect-src {connect}",
            f"worker-src {connect}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    filled = {
        "policy": html.escape(policy, quote=True),
        "title": _TITLES[name],
        "style": style,
        # Inside a script element only "</" and "<!--" end or change anything.
        "settings": json.dumps(settings).replace("<", "\\u003c"),
        "script": script,
    }
    pieces = _read("page.html").split("@")  # text and names take turns
    pieces[1::2] = [filled[place] for place in pieces[1::2]]
    return "".join(pieces).encode()


def policy_of(page: bytes) -> str:
    """The content security policy that a page states, for the header of whoever serves it."""
    start = page.index(b'Policy" content="') + len(b'Policy" content="')
    return html.unescape(page[start : page.index(b'"', start)].decode())


def _hash(part: str) -> str:
    digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


@functools.cache
def _read(name: str) -> str:
    return (_WEB / name).read_text(encoding="utf-8")
