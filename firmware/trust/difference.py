"""What is in a trust list, line by line, and what one has that another has not."""

from collections.abc import Iterator
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gate.credential.publictrust import PublicTrust, SignerKey, Usage
from gate.credential.trust import TrustList
from gate.walltime import TIME_S_END


class Line(NamedTuple):
    """One key, refusal or revocation. Two that differ in anything are two."""

    format: str
    issuer: str
    id: str
    what: str = ""
    """Algorithms and usages of a key; else what there is to say."""
    from_s: int = 0
    until_s: int = TIME_S_END
    """Unix seconds: the window of a key."""
    key: str = ""
    """The key itself, in hex: SubjectPublicKeyInfo, or the raw key of a site's own issuer."""


class Difference(NamedTuple):
    """What changed from one list to the next."""

    added: tuple[Line, ...]
    removed: tuple[Line, ...]

    def __bool__(self) -> bool:
        """Whether anything did."""
        return bool(self.added or self.removed)


def lines(trust: TrustList) -> Iterator[Line]:
    """Every line of a trust list. Revoked hashes are told one by one too: each is a person's."""
    yield from _public_lines(trust.public)
    for kid, issuer in trust.keys.items():
        yield Line(
            "own",
            issuer.name,
            kid.hex(),
            ", ".join(sorted(issuer.kinds)),
            issuer.not_before_s,
            issuer.not_after_s,
            issuer.public_key.public_bytes_raw().hex(),
        )
    for kid, status in trust.status.items():
        count = sum(byte.bit_count() for byte in status.bits)
        yield Line("own status", "", kid.hex(), f"{count} revoked", from_s=status.issued_at_s)


def difference(old: TrustList, new: TrustList) -> Difference:
    """What is in one of them only."""
    before, after = set(lines(old)), set(lines(new))
    return Difference(tuple(sorted(after - before)), tuple(sorted(before - after)))


def _public_lines(public: PublicTrust) -> Iterator[Line]:
    for kid, keys in public.hcert.items():
        yield from (_key("hcert", kid.hex(), each) for each in keys)
    for name, keys in public.shc.items():
        yield from (_key("shc", name, each) for each in keys)
    for fingerprint, key in public.vds.items():
        yield _key("vds", fingerprint.hex(), key)
    for fingerprint, reason in public.vds_refused.items():
        yield Line("vds refused", "", fingerprint.hex(), str(reason))
    for name, keys in public.vc.items():
        yield from (_key("vc", name, each) for each in keys)
    for revoked in public.hcert_revoked:
        yield Line("hcert revoked", "", revoked.hex())
    for signer, cards in public.shc_revoked.items():
        for rid, before_s in cards.rids.items():
            what = "whenever issued" if before_s == TIME_S_END else "issued before then"
            yield Line("shc revoked", signer, rid, what, until_s=before_s)


def _key(form: str, name: str, signer: SignerKey) -> Line:
    algorithms = ", ".join(sorted(each.name for each in signer.algorithms))
    some = signer.usages != frozenset(Usage)
    usages = ", ".join(sorted(signer.usages)) if some else "all"
    info = signer.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    what = f"{algorithms}; {usages}"
    window = (signer.not_before_s, signer.not_after_s)
    return Line(form, signer.issuer, name, what, *window, info.hex())
