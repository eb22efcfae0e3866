"""Visits by link: a secret that lets a phone fetch a pass of half a minute, again and again.

A link's secret states the visit itself (its number, its times, how many people) under a MAC, so the
server keeps no list of visits, and nothing of a person. It can't be guessed (128 bits), it ends
with the visit, and the visit is revoked like any pass.
"""

import base64
import binascii
import enum
import hashlib
import hmac
import secrets
import struct
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from drivers.wholefile import write_atomic
from firmware.office import books
from firmware.office.errors import OfficeError
from firmware.office.signer import KEY_MODE, read_bounded
from gate.credential.model import PASS_KINDS, CredentialError, CredentialKind
from gate.credential.native import PassClaims, check_claims, issue
from gate.credential.signer import Signer
from gate.credential.status import STATUS_SIGNED_BYTES_MAX, read_status
from gate.credential.trust import StatusList, issuer_key, trust_list

PASS_S: Final = 30
"""How long a pass holds that a phone fetched."""
VISIT_S_MAX: Final = 7 * 24 * 3600
"""A gate remembers a used number for fourteen days after the pass that was used
(`gate.ledger.SPENT_KEPT_S`); no visit may outlast that."""
RENEWALS_APART_S_MIN: Final = 2.0
"""A phone that asks more often than this is told to wait."""
TOKEN_CHARS_MAX: Final = 64
VISITS_WATCHED_MAX: Final = 10_000
"""Visits of which the last renewal is remembered; beyond, the oldest is forgotten."""

_SECRET_BYTES = 32
_MAC_BYTES = 16
_CONTEXT = b"GP1 visit\0"
_BODY = struct.Struct(">BIIIBB")
"""Version, number, start, end, doses or 255, people."""
_VERSION, _NO_DOSES = 1, 255
_STATUS_READ_APART_S = 5.0


class Visit(Struct, frozen=True):
    """What a link stands for."""

    number: int
    """The status index of every pass of this visit."""
    from_s: int
    """Unix seconds; 0 for none."""
    until_s: int
    doses: int | None = None
    group: int = 1

    @property
    def kind(self) -> CredentialKind:
        """A visit with a start is an appointment."""
        return CredentialKind.APPOINTMENT if self.from_s else CredentialKind.VISITOR


class No(enum.Enum):
    """Why a phone gets no pass now."""

    UNKNOWN = "unknown"
    """No link of this office."""
    OVER = "over"
    """Ended, or revoked."""
    EARLY = "early"
    OFTEN = "often"


class Renewal(Struct, frozen=True):
    """What a phone gets."""

    text: str
    holds_s: float
    visit: Visit


class Visits:
    """Turns the links of one key into passes. One lock of the caller's around `renew`."""

    def __init__(
        self,
        key_path: Path,
        signer: Signer,
        now_s: Callable[[], float],
        monotonic_s: Callable[[], float],
    ) -> None:
        """Read the secret of the links, or make it on first use.

        Args:
            key_path: of the office's key; the secret lies beside it.
            signer: signs the passes.
            now_s: Unix seconds.
            monotonic_s: seconds that nobody sets.
        """
        self._key_path = key_path
        self._signer = signer
        self._now_s = now_s
        self._monotonic_s = monotonic_s
        self._secret = _link_secret(key_path)
        public = signer.public_key().public_bytes_raw()
        self._own = trust_list([issuer_key(public, "office", PASS_KINDS)])
        self._renewed: OrderedDict[int, float] = OrderedDict()
        self._status: StatusList | None = None
        self._status_read_s = -_STATUS_READ_APART_S

    def knows(self, token: str) -> bool:
        """Whether this office made that link. Cheap: a stranger may ask as often as he likes."""
        return visit_of(token, self._secret) is not None

    def renew(
        self, token: str, may_sign: Callable[[], bool] = lambda: True
    ) -> Renewal | tuple[No, int]:
        """The next pass of that visit, or why not and, for EARLY, from when.

        `may_sign` is asked last, once nothing else stands against a signature: one link that asks
        without end takes nothing from the others.

        Raises:
            OfficeError: the key does not answer, or the status list can't be read.
        """
        visit = visit_of(token, self._secret)
        if visit is None:
            return No.UNKNOWN, 0
        now_s = int(self._now_s())
        if now_s >= visit.until_s or self._is_revoked(visit.number):
            return No.OVER, 0
        if now_s < visit.from_s:
            return No.EARLY, visit.from_s
        at_s = self._monotonic_s()
        last_s = self._renewed.get(visit.number)
        if last_s is not None and at_s - last_s < RENEWALS_APART_S_MIN:
            return No.OFTEN, 0
        if not may_sign():
            return No.OFTEN, 0
        self._renewed[visit.number] = at_s
        self._renewed.move_to_end(visit.number)
        if len(self._renewed) > VISITS_WATCHED_MAX:
            self._renewed.popitem(last=False)
        ends_s = min(now_s + PASS_S, visit.until_s)
        text = issue(_claims(visit, ends_s), self._signer)
        return Renewal(text, ends_s - self._now_s(), visit)

    def _is_revoked(self, number: int) -> bool:
        """By the list beside the key, which another command may have signed anew."""
        at_s = self._monotonic_s()
        if self._status is None or at_s - self._status_read_s >= _STATUS_READ_APART_S:
            path = books.status_file(self._key_path)
            try:
                data = read_bounded(path, STATUS_SIGNED_BYTES_MAX)
                self._status = read_status(data, self._own)
            except (OSError, CredentialError) as error:
                raise OfficeError(f"{path} can't be read: {error}") from None
            self._status_read_s = at_s
        return self._status.is_revoked(number)


def new_link(key_path: Path, draft: Visit, now_s: int) -> tuple[str, Visit]:
    """The token of a new visit, with the number that was taken for it.

    Raises:
        ValueError: no pass can be like that, or it would last too long.
        OfficeError: the books can't be written.
    """
    check_claims(_claims(draft, draft.until_s))
    if not now_s < draft.until_s <= max(now_s, draft.from_s) + VISIT_S_MAX:
        days = VISIT_S_MAX // 86_400
        raise ValueError(f"a visit by link ends in the future, and lasts at most {days} days")
    secret = _link_secret(key_path)
    (number,) = books.take_numbers(key_path, 1, draft.until_s)
    visit = Visit(number, draft.from_s, draft.until_s, draft.doses, draft.group)
    return token_of(visit, secret), visit


def token_of(visit: Visit, secret: bytes) -> str:
    """The link's secret part: base64url, 42 characters."""
    doses = _NO_DOSES if visit.doses is None else visit.doses
    body = _BODY.pack(_VERSION, visit.number, visit.from_s, visit.until_s, doses, visit.group)
    return base64.urlsafe_b64encode(body + _mac(body, secret)).decode().rstrip("=")


def visit_of(token: str, secret: bytes) -> Visit | None:
    """What a token stands for, or None where this office did not make it."""
    if len(token) > TOKEN_CHARS_MAX or not token.isascii():
        return None
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
    except binascii.Error:
        return None
    body, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
    if len(body) != _BODY.size or not hmac.compare_digest(mac, _mac(body, secret)):
        return None
    version, number, from_s, until_s, doses, group = _BODY.unpack(body)
    if version != _VERSION:
        return None
    return Visit(number, from_s, until_s, None if doses == _NO_DOSES else doses, group)


def _claims(visit: Visit, ends_s: int) -> PassClaims:
    return PassClaims(visit.kind, visit.number, ends_s, visit.from_s, visit.doses, visit.group)


def _mac(body: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, _CONTEXT + body, hashlib.sha256)[:_MAC_BYTES]


def _link_secret(key_path: Path) -> bytes:
    """Whoever has it can make links, and so passes: it is kept like the key."""
    path = key_path.with_suffix(".links")
    try:
        secret = read_bounded(path, _SECRET_BYTES)
    except FileNotFoundError:
        with books.locked(key_path):
            if path.exists():  # another first link was faster, and is sent already
                secret = read_bounded(path, _SECRET_BYTES)
            else:
                secret = secrets.token_bytes(_SECRET_BYTES)
                write_atomic(path, secret, KEY_MODE)
    if len(secret) != _SECRET_BYTES:
        raise OfficeError(f"{path} is damaged; remove it, and send new links")
    return secret
