"""The pages for phones are one file each, that runs what stands in it and nothing else."""

import base64
import hashlib
import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from firmware.office import page
from firmware.office.pinlock import Lock
from gate.credential.model import PASS_KINDS
from gate.credential.trust import issuer_key

ZONE = ZoneInfo("Asia/Jakarta")
OFFICE = 'Dinas "Contoh" </script><!-- & 日本'
LOCK = Lock(b"salt", 600_000, b"nonce", b"sealed")
BADGE = page.BadgeFile(b"badge", LOCK, OFFICE, 2)
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
SERVED = page.Served(OFFICE, ZONE, (issuer_key(PUBLIC, OFFICE, PASS_KINDS),), 2)
PAGES = {
    "file": page.badge_file(BADGE, ZONE),
    "badge": page.badge_page(SERVED),
    "visit": page.visit_page(SERVED),
}
VENDORED = {"qr-0.7.0.js": "a0de370051f94bd74f218f74401fdf197585e3f9ef0143164f87ea941a3fdd6f"}
"""SHA-256 of each file as its makers published it."""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing(name: str) -> None:
    """No address, no other file: it works in a drawer."""
    text = re.sub(r"(<script[^>]*>).*?</script>", r"\1", PAGES[name].decode(), flags=re.DOTALL)
    assert not re.search(r"<(?:link|img|iframe|object|base)\b", text)
    assert not re.search(r"\b(?:src|href)=", text)
    assert "@policy@" not in text
    assert "@import" not in text


@pytest.mark.parametrize("name", PAGES)
def test_a_policy_names_its_own_parts_by_hash(name: str) -> None:
    """A browser that finds one letter changed runs nothing."""
    text = PAGES[name].decode()
    policy = page.policy_of(PAGES[name])
    for element, directive in ((r'<script type="module">', "script"), ("<style>", "style")):
        (part,) = re.findall(rf"{element}(.*?)</{directive}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()
        assert f"{directive}-src 'sha256-{digest}'" in policy
    assert ("connect-src 'none'" in policy) == (name == "file")


@pytest.mark.parametrize("name", PAGES)
def test_an_office_may_be_called_anything(name: str) -> None:
    """Its name is data, whatever letters it has."""
    text = PAGES[name].decode()
    (settings,) = re.findall(r'id="settings">(.*?)</script>', text, re.DOTALL)
    assert json.loads(settings)["office"] == OFFICE
    assert text.count("</script>") == 2


@pytest.mark.parametrize("name", VENDORED)
def test_what_others_wrote_is_as_they_published_it(name: str) -> None:
    """Nobody mends it here; a newer one comes as a new file. Its licence is beside it."""
    path = Path(page.__file__).parent / "web" / "vendor" / name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == VENDORED[name]
    assert b"SPDX-License-Identifier: MIT" in path.read_bytes()
    assert "MIT License" in path.with_suffix(".LICENSE").read_text(encoding="utf-8")
