"""What a bundle holds, from a trust list to deterministic CBOR and back.

Every list is in order and says nothing twice, so that one trust list has one payload, and two
people who compile from the same sources sign the same bytes.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

import cbor2
from msgspec import Struct

from gate.credential import cbor
from gate.credential.bundle import entries
from gate.credential.bundle.entries import EntryError
from gate.credential.bundle.fault import BundleError, Fault
from gate.credential.bundle.limits import PAYLOAD_BYTES_MAX, VERSION_END
from gate.credential.publictrust import PublicTrust
from gate.credential.trust import StatusList, TrustError, TrustList, trust_list

FORMAT = 1
"""Another one is another structure."""

_DEPTH_MAX = 6
_MEMBERS = frozenset(
    {
        "format",
        "version",
        "created",
        "expires",
        "hcert",
        "hcert_revoked",
        "issuers",
        "shc",
        "shc_revoked",
        "status",
        "vc",
        "vds",
        "vds_refused",
    }
)

_Read = TypeVar("_Read")


class Frame(Struct, frozen=True):
    """The members that are looked at before any key is parsed."""

    version: int
    created_s: int
    expires_s: int
    """Unix seconds."""
    members: Mapping[object, object]
    """All of them, as they are."""


def encode(trust: TrustList) -> bytes:
    """The payload of that trust list: the site's own issuers and `trust.public`.

    Raises:
        BundleError: it holds what no gate would take, such as no version, too many keys or too many
            bytes.
    """
    public = trust.public
    members = {
        "format": FORMAT,
        "version": public.version,
        "created": public.created_s,
        "expires": public.expires_s,
        "hcert": entries.signer_entries(public.hcert),
        "hcert_revoked": b"".join(sorted(public.hcert_revoked)),
        "issuers": entries.issuer_entries(trust.keys),
        "shc": entries.signer_entries(public.shc),
        "shc_revoked": entries.card_entries(public.shc_revoked),
        "status": entries.status_entries(trust.status),
        "vc": entries.signer_entries(public.vc),
        "vds": entries.signer_entries({name: (key,) for name, key in public.vds.items()}),
        "vds_refused": entries.refusal_entries(public.vds_refused),
    }
    payload = cbor2.dumps(members, canonical=True)
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise BundleError(
            Fault.TOO_LONG, f"longer than {PAYLOAD_BYTES_MAX} bytes; compile it with fewer sources"
        )
    read(frame(payload))  # nobody signs what a gate would refuse
    return payload


def frame(payload: bytes) -> Frame:
    """The outermost members of a payload.

    In this order: deterministic CBOR; the format, before anything else is held to it; exactly the
    members of a bundle; a version from 1 to `VERSION_END`; times in range, and created before it
    expires.

    Raises:
        BundleError: CONTENT, or FORMAT for another format.
    """
    try:
        members = cbor.decode(payload, _DEPTH_MAX)
    except cbor.CborError as error:
        raise _wrong(f"CBOR: {error}") from None
    if not isinstance(members, dict):
        raise _wrong("no map")
    form = members.get("format")
    if type(form) is not int or form != FORMAT:
        raise BundleError(
            Fault.FORMAT, "made for another program than this one; bring this one up to date"
        )
    if members.keys() != _MEMBERS:
        raise _wrong("members are missing, or not of this format")
    version = members["version"]
    if type(version) is not int or not 0 < version < VERSION_END:
        raise _wrong(f"a version lies between 1 and {VERSION_END - 1}")
    try:
        created_s, expires_s = (
            entries.time_s(members["created"]),
            entries.time_s(members["expires"]),
        )
    except EntryError as error:
        raise _wrong(str(error)) from None
    if created_s >= expires_s:
        raise _wrong("it expires before it was created")
    return Frame(version, created_s, expires_s, MappingProxyType(members))


def read(found: Frame) -> TrustList:
    """The trust list of a payload, with every key parsed.

    Raises:
        BundleError: CONTENT: a member of another type, too long, out of order or said twice; a
            key that we do not take; a status list of no issuer.
    """
    issuers = _member(found, "issuers", lambda value: trust_list(entries.issuers(value)))
    own = _member(found, "status", lambda value: _with_status(issuers, entries.status_lists(value)))
    vds = _member(found, "vds", entries.seal_keys)
    refused = _member(found, "vds_refused", entries.refusals)
    if vds.keys() & refused.keys():
        raise _wrong("vds_refused: a signer that is trusted too")
    public = PublicTrust(
        version=found.version,
        created_s=found.created_s,
        expires_s=found.expires_s,
        hcert=_member(found, "hcert", entries.health_keys),
        shc=_member(found, "shc", entries.card_keys),
        vds=vds,
        vds_refused=refused,
        vc=_member(found, "vc", entries.named_keys),
        hcert_revoked=_member(found, "hcert_revoked", entries.hashes),
        shc_revoked=_member(found, "shc_revoked", entries.card_revocations),
    )
    return TrustList(own.keys, own.status, public)


def _with_status(own: TrustList, lists: Iterable[StatusList]) -> TrustList:
    for each in lists:
        own = own.with_status(each)
    return own


def _member(found: Frame, name: str, reader: Callable[[object], _Read]) -> _Read:
    try:
        return reader(found.members[name])
    except (EntryError, TrustError) as error:
        raise _wrong(f"{name}: {error}") from None


def _wrong(detail: str) -> BundleError:
    return BundleError(
        Fault.CONTENT, f"not what a bundle holds: {detail}; compile it again with `gate trust`"
    )
