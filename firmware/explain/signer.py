"""Who signed a code, by what it says of itself and by what the trust list knows of that key.

A key id comes as the format's own `read` has written it, so that it can always be read back.
"""

import base64
from collections.abc import Callable, Mapping

from msgspec import Struct

from gate.credential.model import Claim, Examined
from gate.credential.publictrust import SignerKey
from gate.credential.trust import TrustList
from gate.walltime import TIME_S_END


class Known(Struct, frozen=True):
    """What the trust list says of a key."""

    issuer: str
    attests: tuple[str, ...]
    """What it may issue, in the words of its format."""
    from_s: int = 0
    until_s: int = TIME_S_END
    """Unix seconds; the key's own window, or its certificate's."""


class Signer(Struct, frozen=True):
    """The key that a code names."""

    issuer: str
    """As the code says; empty where its format names none."""
    key_id: str
    algorithm: str
    known: tuple[Known, ...] = ()
    """Every key of that id in the trust list, or the one that made the signature. None: it is not
    known here, and nothing of the code is proven."""
    is_refused: bool = False
    """It was offered and refused when the trust list was compiled."""


def signer_of(claim: Claim, trust: TrustList, examined: Examined | None) -> Signer:
    """The key that the claim names; of several with one id, the one that signed, if one did."""
    lookup = _LOOKUPS.get(claim.format)
    known = () if lookup is None else lookup(claim.key_id, trust)
    if examined is not None:
        known = tuple(each for each in known if each.issuer == examined.credential.issuer) or known
    return Signer(
        issuer=claim.issuer,
        key_id=claim.key_id,
        algorithm=claim.algorithm,
        known=known,
        is_refused=claim.format == "vds-nc"
        and bytes.fromhex(claim.key_id) in trust.public.vds_refused,
    )


def _native(key_id: str, trust: TrustList) -> tuple[Known, ...]:
    key = trust.keys.get(bytes.fromhex(key_id))
    if key is None:
        return ()
    return (Known(key.name, tuple(sorted(key.kinds)), key.not_before_s, key.not_after_s),)


def _hcert(key_id: str, trust: TrustList) -> tuple[Known, ...]:
    return _publicly(trust.public.hcert.get(base64.b64decode(key_id), ()))


def _shc(key_id: str, trust: TrustList) -> tuple[Known, ...]:
    return _publicly(trust.public.shc.get(key_id, ()))


def _vds(key_id: str, trust: TrustList) -> tuple[Known, ...]:
    key = trust.public.vds.get(bytes.fromhex(key_id))
    return () if key is None else _publicly((key,))


def _vc(key_id: str, trust: TrustList) -> tuple[Known, ...]:
    return _publicly(trust.public.vc.get(key_id, ()))


def _publicly(keys: tuple[SignerKey, ...]) -> tuple[Known, ...]:
    return tuple(
        Known(key.issuer, tuple(sorted(key.usages)), key.not_before_s, key.not_after_s)
        for key in keys
    )


_LOOKUPS: Mapping[str, Callable[[str, TrustList], tuple[Known, ...]]] = {
    "native": _native,
    "native-live": _native,
    "hcert": _hcert,
    "shc": _shc,
    "vds-nc": _vds,
    "vc": _vc,
}
