"""One key takes another's place, in steps after any of which the power may go.

The old key issues no more (`.successor`); then the new one has its books and its file; then the
trust file names both. Until that last step the old key's window has no new end, so nothing that it
issued is cut short, and the same command again does what is missing.
"""

from pathlib import Path

from msgspec import Struct

from firmware.office import books, trustfile
from firmware.office.errors import OfficeError
from firmware.office.signer import NewKey
from gate.credential.model import PASS_KINDS
from gate.credential.signer import Signer
from gate.credential.status import empty_status, issue_status
from gate.credential.trust import IssuerKey, TrustList, key_id
from gate.credential.window import START_LEEWAY_S


class Rotation(Struct, frozen=True):
    """Who takes whose place."""

    old_path: Path
    old: Signer
    issuer: IssuerKey
    """What the trust file says of the old key."""
    new_path: Path
    new: NewKey
    trust_path: Path
    again: bool
    """It was begun before."""


def is_begun(old_path: Path, new_path: Path, trust: TrustList) -> bool:
    """Whether this rotation was begun and not ended.

    Raises:
        OfficeError: the old key has a successor already, or there is a key at `new_path`.
    """
    after = books.successor_of(old_path)
    if not after:
        books.refuse_to_overwrite(new_path)
        return False
    if not books.is_successor(old_path, new_path) or books.kid_of(new_path) in trust.keys:
        raise OfficeError(f"{old_path} has a successor already: {after}")
    return True


def carry_out(rotation: Rotation, now_s: int, least_s: int | None) -> int | None:
    """Do it.

    Args:
        rotation: who takes whose place.
        now_s: Unix second from which the new key verifies.
        least_s: Unix second until which the old key verifies at least; where nobody knows when its
            last pass runs out, until which it verifies.

    Returns:
        The Unix second until which the old key verifies; None where it has no new end.

    Raises:
        OfficeError: the trust file can't be changed like that, the new key does not sign, or there
            is such a key already.
    """
    old, new, trust_path = rotation.old, rotation.new, rotation.trust_path
    name, kinds = rotation.issuer.name, tuple(k for k in PASS_KINDS if k in rotation.issuer.kinds)
    status = trustfile.status_of(rotation.new_path, trust_path)
    block = trustfile.issuer_block(new.signer, name, kinds, status, now_s)
    with trustfile.changing(trust_path):
        before = trustfile.read_trust_text(trust_path)
        # Tried while nothing is written, with what is not known yet left out.
        soon_s = min(now_s + START_LEEWAY_S, rotation.issuer.not_after_s)
        bare = trustfile.issuer_block(new.signer, name, kinds, not_before_s=now_s)
        ended = trustfile.with_end(before, old, soon_s)
        trustfile.try_trust(trust_path, trustfile.with_block(ended, bare))
        kid = key_id(new.signer.public_key().public_bytes_raw())
        issue_status(empty_status(kid, now_s), new.signer)  # a new key that can't sign is told now
        count = books.retire(rotation.old_path, rotation.new_path)
        if books.kid_of(rotation.new_path) != kid:
            books.open_books(rotation.new_path, new.signer, now_s, new.sealed, again=rotation.again)
        end_s = _end_s(count, now_s, least_s)
        if end_s is not None:
            end_s = min(end_s, rotation.issuer.not_after_s)
            before = trustfile.with_end(before, old, end_s)
        trustfile.replace_trust(trust_path, trustfile.with_block(before, block))
    return end_s


def _end_s(count: books.Count, now_s: int, least_s: int | None) -> int | None:
    if count.until_s is None:
        return least_s
    return max(count.until_s, least_s or now_s) + START_LEEWAY_S
