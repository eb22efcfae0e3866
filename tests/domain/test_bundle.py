"""The signed trust bundle, against an opponent who holds old bundles, some keys and the wire."""

from collections.abc import Callable

import cbor2
import pytest
from msgspec import structs

from gate.credential.bundle import (
    BUNDLE_BYTES_MAX,
    BundleError,
    Fault,
    add_signature,
    check_successor,
    encode,
    look_into,
    sign,
)
from gate.credential.bundle.envelope import CONTENT_TYPE
from gate.credential.bundle.limits import (
    CREATED_LEEWAY_S,
    PAYLOAD_BYTES_MAX,
    SIGNATURES_MAX,
    VERSION_END,
)
from gate.credential.model import PASS_KINDS
from gate.credential.status import empty_status, revoke
from gate.credential.trust import (
    StatusList,
    TrustList,
    issuer_key,
    trust_list,
)
from gate.walltime import SECONDS_PER_DAY, ClockQuality, WallTime
from tests.domain.bundlekit import (
    CREATED_S,
    NOBODY,
    OFFICE,
    OFFICE_KID,
    A,
    B,
    C,
    Lane,
    bundle,
    closed,
    everything,
    forged,
    kid,
    listed,
    opened,
    pinned,
    raw,
    root,
)


@pytest.fixture
def lane() -> Lane:
    return Lane(pinned(A))


def test_what_is_encoded_is_read(lane: Lane) -> None:
    """Every member comes back as it was, and one list has one payload."""
    trust = everything()
    assert lane.take(sign(encode(trust), [A])) == 7
    assert lane.bundle is not None
    assert lane.bundle.trust == trust
    assert encode(lane.bundle.trust) == encode(trust)
    assert lane.bundle.signers == {kid(A)}
    assert look_into(sign(encode(trust), [A, B])) == (trust, tuple(sorted([kid(A), kid(B)])))


def test_an_empty_list_trusts_nobody(lane: Lane) -> None:
    """It is a list all the same, with an age."""
    lane.take(bundle())
    assert lane.bundle is not None
    assert not lane.bundle.trust.public.is_empty
    assert not lane.bundle.trust.public.hcert


# Signatures.


def test_somebody_else_compiles_a_list(lane: Lane) -> None:
    """Only pinned keys count."""
    assert lane.refuses(bundle(1, B)) is Fault.UNSIGNED
    assert lane.refuses(sign(encode(listed()), [])) is Fault.UNSIGNED


def test_two_people_must_agree() -> None:
    """A threshold of two takes two different keys, whoever else signed."""
    lane = Lane(pinned(A, B, threshold=2))
    assert lane.refuses(bundle(1, A)) is Fault.UNSIGNED
    assert lane.refuses(bundle(1, A, C)) is Fault.UNSIGNED
    once = bundle(1, A)
    assert lane.take(add_signature(once, B)) == 1
    assert add_signature(add_signature(once, B), B) == bundle(1, B, A)


def test_one_signer_is_never_two() -> None:
    """The same signature again, or the same key's name twice, is refused as a whole."""
    lane = Lane(pinned(A, B, threshold=2))
    protected, unprotected, payload, signatures = opened(bundle(1, A))
    twice = closed([protected, unprotected, payload, signatures * 2])
    assert lane.refuses(twice) is Fault.MALFORMED


def test_a_signature_that_does_not_hold_is_fatal() -> None:
    """The payload was changed, or the signature: enough others don't help."""
    lane = Lane(pinned(A, B))
    protected, unprotected, payload, signatures = opened(bundle(1, A, B))
    other = encode(listed(2))
    assert lane.refuses(closed([protected, unprotected, other, signatures])) is Fault.SIGNATURE
    signatures[0][2] = bytes(64)
    assert lane.refuses(closed([protected, unprotected, payload, signatures])) is Fault.SIGNATURE


@pytest.mark.parametrize(
    "headers",
    [
        cbor2.dumps({1: -7, 4: kid(A)}, canonical=True),
        cbor2.dumps({1: -8, 2: [99], 4: kid(A)}, canonical=True),
        cbor2.dumps({1: -8, 4: "text"}, canonical=True),
        cbor2.dumps([1], canonical=True),
        b"",
        b"\xff",
    ],
    ids=["algorithm", "crit", "text", "list", "empty", "garbage"],
)
def test_a_signature_in_another_form_counts_for_nothing(headers: bytes) -> None:
    """EdDSA and a key id and nothing else: there is no other way to sign, and it harms nobody."""
    protected, unprotected, payload, signatures = opened(bundle(1, A))
    foreign = [headers, {}, bytes(64)]
    assert Lane(pinned(A)).take(closed([protected, unprotected, payload, [foreign, *signatures]]))
    alone = closed([protected, unprotected, payload, [foreign]])
    assert Lane(pinned(A)).refuses(alone) is Fault.UNSIGNED
    assert look_into(alone)[1] == ()


def test_a_root_key_signs_nothing_else(lane: Lane) -> None:
    """A COSE_Sign of another content type by the same key is no bundle."""
    payload = encode(listed())
    protected = cbor2.dumps({3: "text/plain"}, canonical=True)
    headers = cbor2.dumps({1: -8, 4: kid(A)}, canonical=True)
    signed = cbor2.dumps(["Signature", protected, headers, b"", payload])
    signature = [headers, {}, A.sign(signed)]
    assert lane.refuses(closed([protected, {}, payload, [signature]])) is Fault.MALFORMED


def test_a_bundle_is_a_cose_sign() -> None:
    """Tag 98, and the Sig_structure of RFC 9052 section 4.4: any COSE library can check it."""
    tag = cbor2.loads(bundle(1, A))
    assert tag.tag == 98
    protected, _, payload, ((headers, _, signature),) = tag.value
    assert cbor2.loads(protected) == {3: CONTENT_TYPE}
    signed = cbor2.dumps(["Signature", protected, headers, b"", payload])
    A.public_key().verify(signature, signed)


# What is written, and what may follow what.


def test_nobody_writes_what_no_gate_opens(lane: Lane) -> None:
    """A signer named twice signs once; a signature too many and a byte too many are refused where
    they are made, and not at the gate."""
    assert lane.take(sign(encode(listed()), [A, A])) == 1
    many = [root(number) for number in range(SIGNATURES_MAX + 1)]
    full = sign(encode(listed()), many[1:])
    attempts: list[Callable[[], bytes]] = [
        lambda: sign(encode(listed()), many),
        lambda: add_signature(full, many[0]),
        lambda: sign(bytes(BUNDLE_BYTES_MAX), [A]),
    ]
    for write in attempts:
        with pytest.raises(BundleError, match="compile it") as refused:
            write()
        assert refused.value.fault is Fault.TOO_LONG


def test_a_payload_leaves_room_for_every_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is compiled can be signed by as many as may sign."""
    many = [root(number) for number in range(SIGNATURES_MAX)]
    longest = sign(bytes(PAYLOAD_BYTES_MAX), many)
    assert len(longest) <= BUNDLE_BYTES_MAX
    monkeypatch.setattr("gate.credential.bundle.content.PAYLOAD_BYTES_MAX", 10)
    with pytest.raises(BundleError, match="fewer sources") as refused:
        encode(listed())
    assert refused.value.fault is Fault.TOO_LONG


def test_what_may_follow_a_bundle() -> None:
    """A higher version, not created earlier, and no status list lost or older: said to who
    compiles, because every gate would say it later."""
    before = office_list(5, revoke(empty_status(OFFICE_KID, 10), 5, 20))
    check_successor(office_list(6, before.status[OFFICE_KID]), before)
    check_successor(listed(6), before)
    for trust, why in (
        (office_list(5, before.status[OFFICE_KID]), "version 5"),
        (listed(6, CREATED_S - 1), "clock"),
        (office_list(6, None), "no status list"),
        (office_list(6, empty_status(OFFICE_KID, 10)), "issued at 10"),
    ):
        with pytest.raises(BundleError, match=why) as refused:
            check_successor(trust, before)
        assert refused.value.fault is Fault.ROLLBACK


# What never goes back.


def test_rollback(lane: Lane) -> None:
    """An old bundle brings revoked keys back: never again after a newer one."""
    old, new = bundle(4), bundle(5)
    assert lane.take(old) == 4
    assert lane.take(new) == 5
    assert lane.refuses(old) is Fault.ROLLBACK
    assert lane.take(new) == 5


def test_rollback_by_leaving_signatures_out() -> None:
    """The newest was signed by B alone; the one before by A and B. Without B's signature the old
    one is still older than what B, who is pinned, signed since."""
    lane = Lane(pinned(A, B))
    lane.take(bundle(5, A, B))
    lane.take(bundle(6, B))
    assert lane.refuses(bundle(5, A)) is Fault.ROLLBACK


def test_another_list_of_the_same_version(lane: Lane) -> None:
    """Two lists of one version can't both be the newest."""
    lane.take(bundle(5))
    assert lane.refuses(bundle(5, hcert_revoked=frozenset({bytes(16)}))) is Fault.EQUIVOCATION


def test_a_second_signature_makes_no_other_bundle() -> None:
    """The same payload with more signatures is the same bundle, and B's version is remembered."""
    lane = Lane(pinned(A, B))
    lane.take(bundle(5, A))
    lane.take(bundle(5, A, B))
    assert lane.versions() == {kid(A): 5, kid(B): 5}


def test_fast_forward_and_recovery() -> None:
    """Who stole A signed the highest version there is, so that nothing newer can come. Once A is
    replaced by C, what A signed binds nobody, and B's next bundle is taken."""
    lane = Lane(pinned(A, B))
    lane.take(bundle(11, B))
    lane.take(bundle(VERSION_END - 1, A))
    assert lane.refuses(bundle(12, B)) is Fault.ROLLBACK
    lane.roots = pinned(B, C)
    assert lane.refuses(bundle(10, B)) is Fault.ROLLBACK, "what B signed still binds"
    assert lane.take(bundle(12, B)) == 12
    assert lane.versions() == {kid(B): 12}


def test_fast_forward_takes_as_many_keys_as_signing() -> None:
    """With a threshold of two, one stolen key can't move the version at all."""
    lane = Lane(pinned(A, B, threshold=2))
    lane.take(bundle(11, A, B))
    assert lane.refuses(bundle(VERSION_END - 1, A)) is Fault.UNSIGNED
    assert lane.take(bundle(12, A, B)) == 12


@pytest.mark.parametrize("version", [0, -1, VERSION_END, 1 << 63, True, "7", None])
def test_versions_that_can_not_be(lane: Lane, version: object) -> None:
    """Even a root key's owner can't leave the range by mistake."""
    assert lane.refuses(forged(version=version)) is Fault.CONTENT


def test_freeze() -> None:
    """Whoever holds up newer bundles gains days: the list grows old by the lane's own clock."""
    data = bundle(3)
    for days, doubts, outdated in ((0, False, False), (8, True, False), (31, False, True)):
        lane = Lane(pinned(A), WallTime((CREATED_S + days * SECONDS_PER_DAY) * 1000))
        lane.take(data)
        assert lane.bundle is not None
        public = lane.bundle.trust.public
        assert (public.doubt(lane.now) is not None) is doubts
        assert public.is_outdated(lane.now) is outdated


def test_a_bundle_from_the_future() -> None:
    """It would stay fresh for as long as it is ahead, so more than a leeway is refused; without a
    trusted clock nobody can say."""
    at_leeway, beyond = CREATED_S - CREATED_LEEWAY_S, CREATED_S - CREATED_LEEWAY_S - 1
    assert Lane(pinned(A), WallTime(at_leeway * 1000)).take(bundle())
    assert Lane(pinned(A), WallTime(beyond * 1000)).refuses(bundle()) is Fault.CREATED_AHEAD
    unset = WallTime(beyond * 1000, quality=ClockQuality.UNTRUSTED)
    assert Lane(pinned(A), unset).take(bundle())


def office_list(version: int, status: StatusList | None) -> TrustList:
    """A trust list with the site's own office, and that status list of it."""
    own = trust_list([issuer_key(raw(OFFICE), "Example office", PASS_KINDS)])
    own = own.with_status(status) if status else own
    return structs.replace(own, public=listed(version).public)


def with_office(version: int, status: StatusList | None) -> bytes:
    """A bundle of that."""
    return sign(encode(office_list(version, status)), [A])


def test_no_revoked_pass_comes_back(lane: Lane) -> None:
    """A newer bundle with an older status list, or without one, is refused; without the issuer
    there is nothing to come back."""
    first = empty_status(OFFICE_KID, 10)
    later = revoke(first, 5, 20)
    lane.take(with_office(1, later))
    assert lane.refuses(with_office(2, first)) is Fault.ROLLBACK
    assert lane.refuses(with_office(2, None)) is Fault.ROLLBACK
    assert lane.take(with_office(2, later)) == 2
    assert lane.take(with_office(3, revoke(later, 6, 30))) == 3
    assert lane.take(bundle(4)) == 4


def test_no_revoked_pass_comes_back_by_the_site_s_own_file() -> None:
    """The issuer is in the site's trust file too. A newer bundle without the issuer would take the
    status list away and leave the issuer: it is refused, unless the file has a list as new."""
    site = trust_list([issuer_key(raw(OFFICE), "Example office", PASS_KINDS)])
    lane = Lane(pinned(A), site=site)
    later = revoke(empty_status(OFFICE_KID, 10), 5, 20)
    lane.take(with_office(1, later))
    assert lane.refuses(bundle(2)) is Fault.ROLLBACK
    lane.site = site.with_status(empty_status(OFFICE_KID, 20))
    assert lane.refuses(bundle(2)) is Fault.ROLLBACK, "as old, and another"
    lane.site = site.with_status(later)
    assert lane.take(bundle(2)) == 2
    assert lane.take(with_office(3, empty_status(OFFICE_KID, 15))) == 3, "the file's counts"
    lane.site = site
    assert lane.refuses(bundle(4)) is Fault.ROLLBACK, "what was seen two bundles ago still binds"
    lane.site = NOBODY
    assert lane.take(bundle(4)) == 4
    assert not lane.held.status, "nobody is believed whose pass could come back"


def test_beside_a_trust_file(lane: Lane) -> None:
    """The site's file adds its issuers; where both name a key its entry holds, and of two status
    lists the newer one counts, wherever it is from."""
    lane.take(with_office(1, revoke(empty_status(OFFICE_KID, 10), 5, 20)))
    assert lane.bundle is not None
    desk = issuer_key(raw(B), "Example desk", PASS_KINDS)
    renamed = issuer_key(raw(OFFICE), "Office by the file", PASS_KINDS)
    site = trust_list([desk, renamed]).with_status(empty_status(kid(B), 3))
    both = lane.bundle.beside(site.with_status(empty_status(OFFICE_KID, 9)))
    assert both.keys == {OFFICE_KID: renamed, kid(B): desk}
    assert both.is_revoked(OFFICE_KID, 5)
    assert both.public is lane.bundle.trust.public
    newer = lane.bundle.beside(site.with_status(empty_status(OFFICE_KID, 99)))
    assert not newer.is_revoked(OFFICE_KID, 5)
