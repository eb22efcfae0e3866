"""The trust list of one test case, by the readers of keys that compile an operator's."""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TypeVar

import msgspec
from msgspec import Struct

from firmware.conformance.cases import Anchor, CardRevocation, Case
from firmware.trust.cards import merged_revocations
from firmware.trust.x509 import (
    KeyRefused,
    key_of_jwk,
    key_of_pem,
    signer_from_certificate,
    signer_of_vds,
)
from gate.credential.publictrust import PublicTrust, SignerKey
from gate.credential.signature import algorithms_of
from gate.reasons import Reason
from gate.walltime import TIME_S_END

_SECONDS_DIGITS_MAX = 10
_PADDING = "=="
"""Enough for every length; the decoder stops at the padding it needs."""
_Id = TypeVar("_Id", bound=Hashable)


class _SealSignature(Struct, frozen=True):
    cer: str


class _Seal(Struct, frozen=True):
    """As much of a VDS-NC as collecting signers needs."""

    sig: _SealSignature


def public_trust(case: Case) -> PublicTrust:
    """Whom that case says to believe, made at the case's own time: its age never matters.

    What no reader of keys takes, such as a key on another curve, is left out, as it would be from
    an operator's list. Ids stand as the case has them, and keys of every family do: a case may be
    about just that. The signer's certificate that a VDS-NC carries is offered, as if an operator
    had collected it: whether the list takes it is for its chain to say.
    """
    signers = dict(_vds(case))
    return PublicTrust(
        created_s=case.clock_ms // 1000,
        hcert=_grouped(_hcert(case.trust)),
        shc=_grouped(_shc(case.trust)),
        vds=MappingProxyType({k: v for k, v in signers.items() if isinstance(v, SignerKey)}),
        vds_refused=MappingProxyType({k: v for k, v in signers.items() if isinstance(v, Reason)}),
        vc=_grouped(_vc(case.trust)),
        shc_revoked=merged_revocations(map(_revoked, case.revocation)),
    )


def _hcert(trust: Iterable[Anchor]) -> Iterator[tuple[bytes, SignerKey]]:
    for each in trust:
        if each.kid_b64 is not None and each.cert_der_b64 is not None:
            with suppress(KeyRefused):
                yield each.kid_b64, signer_from_certificate(each.cert_der_b64)


def _shc(trust: Iterable[Anchor]) -> Iterator[tuple[str, SignerKey]]:
    for each in trust:
        if each.iss is not None and each.jwk is not None:
            with suppress(KeyRefused):
                key = key_of_jwk(each.jwk)
                yield str(each.jwk.get("kid")), SignerKey(key, algorithms_of(key), each.iss)


def _vds(case: Case) -> Iterator[tuple[bytes, SignerKey | Reason]]:
    anchors = [each.csca_der_b64 for each in case.trust if each.csca_der_b64 is not None]
    for text in case.texts if anchors else ():
        with suppress(msgspec.DecodeError, ValueError, RecursionError):
            encoded = msgspec.json.decode(text, type=_Seal).sig.cer
            certificate = base64.urlsafe_b64decode(encoded + _PADDING)
            yield hashlib.sha256(certificate).digest(), signer_of_vds(certificate, anchors)


def _vc(trust: Iterable[Anchor]) -> Iterator[tuple[str, SignerKey]]:
    for each in trust:
        if each.did is not None and each.issuer is not None and each.public_key_pem is not None:
            with suppress(KeyRefused):
                key = key_of_pem(each.public_key_pem.encode())
                yield each.did, SignerKey(key, algorithms_of(key), each.issuer)


def _revoked(found: CardRevocation) -> tuple[str, Mapping[str, int]]:
    """The list of one key, with the second before which the cards of an id are revoked."""
    rids: dict[str, int] = {}
    for entry in found.rids:
        rid, _, second = entry.partition(".")
        is_dated = second.isascii() and second.isdecimal() and len(second) <= _SECONDS_DIGITS_MAX
        rids[rid] = max(int(second) if is_dated else TIME_S_END, rids.get(rid, 0))
    return found.kid, rids


def _grouped(pairs: Iterable[tuple[_Id, SignerKey]]) -> Mapping[_Id, tuple[SignerKey, ...]]:
    """Several keys may share an id."""
    found: dict[_Id, tuple[SignerKey, ...]] = defaultdict(tuple)
    for identifier, signer in pairs:
        found[identifier] += (signer,)
    return MappingProxyType(dict(found))
