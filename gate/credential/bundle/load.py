"""Whether a bundle is taken: every check in order, and what never goes back.

The model is python-tuf's `trusted_metadata_set`: untrusted bytes in; a verified object or one
family of errors out; no file, network or clock. What a lane must remember between two bundles is
a value, `Held`, that its driver keeps.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from gate.credential.bundle import content
from gate.credential.bundle.envelope import Roots, check_signatures, key_ids, open_envelope
from gate.credential.bundle.fault import BundleError, Fault
from gate.credential.bundle.limits import CREATED_LEEWAY_S
from gate.credential.trust import StatusList, TrustList
from gate.walltime import ClockQuality, WallTime

NO_SITE = TrustList(MappingProxyType({}))
"""A lane without a trust file of its own."""


class Bundle(Struct, frozen=True):
    """A bundle that was taken: signed by enough root keys, whole, and not older than before."""

    trust: TrustList
    """The site's own issuers as the bundle names them, and the public ones."""
    signers: frozenset[bytes]
    """Ids of the pinned root keys that signed it."""
    digest: bytes
    """SHA-256 of the payload: two files of one payload are one bundle."""

    @property
    def version(self) -> int:
        """Grows with every bundle."""
        return self.trust.public.version

    def beside(self, site: TrustList) -> TrustList:
        """What a lane believes that also has a trust file of its own, whose entry holds where both
        name a key. Of two status lists of a key the newer one counts."""
        return _beside(self.trust, site)


class Vouched(Struct, frozen=True):
    """The highest version that a root key signed."""

    version: int
    digest: bytes
    """SHA-256 of its payload, so that no other one of that version is taken."""


class StatusMark(Struct, frozen=True):
    """The newest status list of an issuer, without its bits."""

    issued_at_s: int
    """Unix seconds."""
    digest: bytes
    """SHA-256 of its bits."""


class Held(Struct, frozen=True):
    """What a lane remembers of the bundles that it took."""

    vouched: Mapping[bytes, Vouched] = MappingProxyType({})
    """By root key id, of keys that were pinned then."""
    status: Mapping[bytes, StatusMark] = MappingProxyType({})
    """By key id, of issuers that the lane still believes."""

    def floor(self, roots: Roots) -> int:
        """No version below it is taken: the highest that a key signed which is still pinned.

        What a key signed that is pinned no more binds nobody. So whoever stole a root key and
        signed the highest of all versions with it has gained nothing once that key is replaced
        (TUF specification, recovery from a fast-forward attack, section 5.3.11).
        """
        return max((each.version for each in self._pinned(roots).values()), default=0)

    def differs(self, version: int, digest: bytes, roots: Roots) -> bool:
        """Whether a key that is still pinned signed another bundle of that version."""
        return any(
            each.version == version and each.digest != digest
            for each in self._pinned(roots).values()
        )

    def after(self, bundle: Bundle, roots: Roots, site: TrustList = NO_SITE) -> "Held":
        """What is to be remembered once that bundle was taken.

        Marks of issuers whom neither it nor the site's own file names are forgotten. The others
        stay, even where the bundle has no list of theirs because the site's file has it.
        """
        newest = Vouched(bundle.version, bundle.digest)
        vouched = self._pinned(roots) | dict.fromkeys(bundle.signers, newest)
        believed = _beside(bundle.trust, site).keys
        status = {kid: mark for kid, mark in self.status.items() if kid in believed}
        for kid, found in bundle.trust.status.items():
            if kid not in status or status[kid].issued_at_s < found.issued_at_s:
                status[kid] = _mark_of(found)
        return Held(MappingProxyType(vouched), MappingProxyType(status))

    def _pinned(self, roots: Roots) -> dict[bytes, Vouched]:
        return {kid: each for kid, each in self.vouched.items() if kid in roots.keys}


def read_bundle(
    data: bytes, roots: Roots, held: Held, now: WallTime, site: TrustList = NO_SITE
) -> Bundle:
    """Verify a bundle, for a lane whose own trust file is `site`.

    The checks, in this order:

    1. Length; tag, parts and headers of a COSE_Sign (RFC 9052 section 4.1): `open_envelope`.
       Before the signatures are checked, nothing looks into the payload.
    2. Signed by as many different pinned root keys as the threshold says (RFC 9052 section 4.4);
       a signature of a pinned key that does not hold is fatal.
    3. The payload's frame: format, members, a version in range, created before it expires.
    4. Version: not below `Held.floor` (as TUF, section 5.4.3); of a version that a pinned key
       signed before, only the very bundle that it signed.
    5. Created not more than `CREATED_LEEWAY_S` ahead of `now`: from there its age is counted, so a
       bundle from the future would hide that no newer one comes.
    6. Content: every list bounded, in order and without a double, every key parsed.
    7. No status list older than the held one of its key, and none missing, of whomever the bundle
       or the site's own file names, so that no revoked pass comes back.

    Age and expiry are no part of it: an old list is taken, because it may be the newest there is,
    and what its age makes of it is told with every code (`PublicTrust.standing`). On an UNTRUSTED
    clock step 5 is left out.

    Raises:
        BundleError: with the fault of the first check that fails, and nothing else.
    """
    signed = open_envelope(data)
    signers = check_signatures(signed, roots)
    frame = content.frame(signed.payload)
    digest = hashlib.sha256(signed.payload).digest()
    _check_version(frame.version, digest, held, roots)
    if (
        now.quality is not ClockQuality.UNTRUSTED
        and frame.created_s > now.unix_s + CREATED_LEEWAY_S
    ):
        raise BundleError(
            Fault.CREATED_AHEAD,
            "created in the future; compare the clock of the machine that compiled it with this "
            "one",
        )
    trust = content.read(frame)
    _check_status(_beside(trust, site), held.status)
    return Bundle(trust, signers, digest)


def look_into(data: bytes) -> tuple[TrustList, tuple[bytes, ...]]:
    """What a bundle says and who is said to have signed it. Nothing of it is proven.

    Raises:
        BundleError: it can't be read.
    """
    signed = open_envelope(data)
    return content.read(content.frame(signed.payload)), key_ids(signed)


def check_successor(trust: TrustList, before: TrustList) -> None:
    """That gates which have `before` will take `trust`: for who compiles it.

    In this order: a higher version, not created earlier, and no status list lost or older.

    Raises:
        BundleError: ROLLBACK, with what to do.
    """
    version, last = trust.public.version, before.public.version
    if version <= last:
        raise BundleError(
            Fault.ROLLBACK,
            f"version {version}, and the bundle before it has {last}; give a higher one",
        )
    if trust.public.created_s < before.public.created_s:
        raise BundleError(
            Fault.ROLLBACK,
            "created earlier than the bundle before it; set the clock of this machine",
        )
    _check_status(trust, {kid: _mark_of(each) for kid, each in before.status.items()})


def _check_version(version: int, digest: bytes, held: Held, roots: Roots) -> None:
    floor = held.floor(roots)
    if version < floor:
        raise BundleError(
            Fault.ROLLBACK,
            f"version {version}, and version {floor} was taken before; bring the newest one",
        )
    if held.differs(version, digest, roots):
        raise BundleError(
            Fault.EQUIVOCATION,
            f"another version {version} was taken before; compile it again with a higher version",
        )


def _check_status(trust: TrustList, marks: Mapping[bytes, StatusMark]) -> None:
    """Of every issuer that is believed, a list as new as the mark; as old, then the same one."""
    for kid, known in marks.items():
        if kid not in trust.keys:
            continue
        if kid not in trust.status:
            raise BundleError(
                Fault.ROLLBACK,
                f"no status list of issuer {kid.hex()}, and there was one; compile it with "
                "the newest",
            )
        found = _mark_of(trust.status[kid])
        if found.issued_at_s < known.issued_at_s or (
            found.issued_at_s == known.issued_at_s and found != known
        ):
            raise BundleError(
                Fault.ROLLBACK,
                f"the status list of issuer {kid.hex()} was issued at {found.issued_at_s}, and the "
                f"one before it at {known.issued_at_s}; compile it with the newest",
            )


def _mark_of(status: StatusList) -> StatusMark:
    return StatusMark(status.issued_at_s, hashlib.sha256(status.bits).digest())


def _beside(trust: TrustList, site: TrustList) -> TrustList:
    keys = {**trust.keys, **site.keys}
    status = dict(trust.status)
    for kid, known in site.status.items():
        if kid not in status or status[kid].issued_at_s < known.issued_at_s:
            status[kid] = known
    return TrustList(MappingProxyType(keys), MappingProxyType(status), trust.public)
