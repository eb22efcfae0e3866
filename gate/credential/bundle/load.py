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
from gate.credential.trust import StatusList, TrustError, TrustList
from gate.walltime import ClockQuality, WallTime


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
        keys = {**self.trust.keys, **site.keys}
        status = dict(self.trust.status)
        for kid, known in site.status.items():
            if kid not in status or status[kid].issued_at_s < known.issued_at_s:
                status[kid] = known
        return TrustList(MappingProxyType(keys), MappingProxyType(status), self.trust.public)


class Held(Struct, frozen=True):
    """What a lane remembers of the bundles that it took."""

    versions: Mapping[bytes, int] = MappingProxyType({})
    """Root key id → the highest version that it signed, of keys that were pinned then."""
    version: int = 0
    digest: bytes = b""
    status: Mapping[bytes, StatusList] = MappingProxyType({})
    """Of the last one. A driver keeps the file and reads these out of it again, so that they are
    forgotten with a file that the pinned keys no longer vouch for."""

    def floor(self, roots: Roots) -> int:
        """No version below it is taken: the highest that a key signed which is still pinned.

        What a key signed that is pinned no more binds nobody. So whoever stole a root key and
        signed the highest of all versions with it has gained nothing once that key is replaced
        (TUF specification, recovery from a fast-forward attack, section 5.3.11).
        """
        return max((self.versions[kid] for kid in self.versions.keys() & roots.keys), default=0)

    def after(self, bundle: Bundle, roots: Roots) -> "Held":
        """What is to be remembered once that bundle was taken."""
        versions = {kid: self.versions[kid] for kid in self.versions.keys() & roots.keys}
        versions |= dict.fromkeys(bundle.signers, bundle.version)
        return Held(MappingProxyType(versions), bundle.version, bundle.digest, bundle.trust.status)


def read_bundle(data: bytes, roots: Roots, held: Held, now: WallTime) -> Bundle:
    """Verify a bundle.

    The checks, in this order:

    1. Length; tag, parts and headers of a COSE_Sign (RFC 9052 section 4.1): `open_envelope`.
       Before the signatures are checked, nothing looks into the payload.
    2. Signed by as many different pinned root keys as the threshold says (RFC 9052 section 4.4);
       a signature of a pinned key that does not hold is fatal.
    3. The payload's frame: format, members, a version in range, created before it expires.
    4. Version: not below `Held.floor` (as TUF, section 5.4.3); as high as the held one's only if it
       is the very bundle that is held.
    5. Created not more than `CREATED_LEEWAY_S` ahead of `now`: from there its age is counted, so a
       bundle from the future would hide that no newer one comes.
    6. Content: every list bounded, in order and without a double, every key parsed.
    7. No status list older than the held one of its key, and none missing, so that no revoked pass
       comes back.

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
    _check_status(trust, held)
    return Bundle(trust, signers, digest)


def look_into(data: bytes) -> tuple[TrustList, tuple[bytes, ...]]:
    """What a bundle says and who is said to have signed it. Nothing of it is proven.

    Raises:
        BundleError: it can't be read.
    """
    signed = open_envelope(data)
    return content.read(content.frame(signed.payload)), key_ids(signed)


def _check_version(version: int, digest: bytes, held: Held, roots: Roots) -> None:
    floor = held.floor(roots)
    if version < floor:
        raise BundleError(
            Fault.ROLLBACK,
            f"version {version}, and version {floor} was taken before; bring the newest one",
        )
    if version == held.version and digest != held.digest:
        raise BundleError(
            Fault.EQUIVOCATION,
            f"another version {version} was taken before; compile it again with a higher version",
        )


def _check_status(trust: TrustList, held: Held) -> None:
    for kid, known in held.status.items():
        if kid not in trust.keys:
            continue
        if kid not in trust.status:
            raise BundleError(
                Fault.ROLLBACK,
                f"no status list of issuer {kid.hex()}, and there was one; compile it with "
                "the newest",
            )
        try:
            TrustList(trust.keys, MappingProxyType({kid: known})).with_status(trust.status[kid])
        except TrustError as error:
            raise BundleError(Fault.ROLLBACK, f"{error}; compile it with the newest") from None
