"""A health certificate holds if a key of the list signed it, for its kind, and it is in date."""

import hashlib

import cbor2
import pytest

from gate.credential import hcert
from gate.credential.hcert import envelope
from gate.credential.hcert.verify import STRANGER_BYTES_MAX
from gate.credential.model import CredentialError, CredentialKind
from gate.credential.publictrust import SignerKey, Usage
from gate.credential.signature import Algorithm
from gate.credential.trust import TrustList
from gate.reasons import Reason
from gate.walltime import SECONDS_PER_DAY, TIME_S_END, ClockQuality, WallTime
from tests.domain.hcertkit import (
    ES256,
    KID,
    NOW_S,
    OTHER_KEY,
    PS256,
    TRUST,
    VACCINATION,
    accepted,
    certificate,
    cwt,
    dcc,
    message,
    only,
    outcome,
    reason,
    rsa_key,
    signer,
    text,
    trusting,
)


def at(unix_s: int, quality: ClockQuality = ClockQuality.TRUSTED) -> WallTime:
    return WallTime(unix_s * 1000, quality=quality)


def test_a_genuine_certificate() -> None:
    """What its issuer attests comes out, with what the lane needs and no name in it."""
    found = accepted(certificate())
    credential = found.credential
    replay_key = hashlib.sha256(cbor2.dumps(cwt())).digest()[:16].hex()
    assert credential.format == "hcert"
    assert credential.kind is CredentialKind.HEALTH
    assert credential.issuer == "XX"
    assert credential.replay_key == replay_key
    assert credential.holder == f"hcert:{replay_key}"
    assert (credential.valid_from_s, credential.valid_until_s) == (NOW_S - 60, NOW_S + 3601)
    assert credential.doses == 2
    assert not credential.one_time
    assert credential.doubt is None
    assert found.content is not None
    assert found.content.payload == dcc()


@pytest.mark.parametrize("tag", [b"", b"\xd2", b"\xd8\x3d\xd2"])
def test_tags_change_nothing(tag: bytes) -> None:
    """Tag 18, none, or 61 around 18: one certificate, one replay key."""
    parts = message(cwt())
    assert accepted(text(parts, tag)) == accepted(text(parts))


def test_rsa() -> None:
    """The second algorithm of the specification is as good as the first."""
    payload = text(message(cwt(), {1: PS256, 4: KID}, key=rsa_key()))
    trust = trusting(signer(rsa_key(), Algorithm.PS256))
    assert accepted(payload, trust).credential.doses == 2
    assert reason(payload[:-3] + b"000", trust) is Reason.CODE_MALFORMED


def test_the_key_id_may_stand_in_either_header() -> None:
    """The protected one wins, right or wrong; the other is for where there is none."""
    assert reason(text(message(cwt(), {1: ES256}, {4: KID}))) is None
    assert reason(text(message(cwt(), {1: ES256, 4: KID}, {4: b"elsewhere"}))) is None
    assert (
        reason(text(message(cwt(), {1: ES256, 4: b"elsewhere"}, {4: KID})))
        is Reason.CREDENTIAL_ISSUER_UNKNOWN
    )
    assert (
        reason(text(message(cwt(), {1: ES256, 4: None}, {4: KID})))
        is Reason.CREDENTIAL_ISSUER_UNKNOWN
    )


@pytest.mark.parametrize("key_id", ["1122334455667788", 1, [KID], {"kid": KID}])
def test_a_key_id_is_bytes(key_id: object) -> None:
    """Nothing that only looks like one finds a key."""
    assert reason(text(message(cwt(), {1: ES256, 4: key_id}))) is Reason.CREDENTIAL_ISSUER_UNKNOWN


def test_no_key_id_at_all() -> None:
    """There is no default key."""
    assert reason(text(message(cwt(), {1: ES256}))) is Reason.CREDENTIAL_ISSUER_UNKNOWN


def test_nobody_is_trusted_by_an_empty_list() -> None:
    """A stranger's genuine certificate is a stranger's."""
    assert reason(certificate(), trusting(kid=b"")) is Reason.CREDENTIAL_ISSUER_UNKNOWN


def test_a_stranger_s_claims_that_nobody_could_read() -> None:
    """They are named before the unknown key: a newer list would not help."""
    assert reason(certificate(expires=float("nan")), trusting()) is Reason.CODE_MALFORMED
    assert reason(text(message(b"\xff")), trusting()) is Reason.CODE_MALFORMED


def test_a_stranger_s_claims_longer_than_any() -> None:
    """They are not looked at: the key is unknown, and that is enough."""
    payload = text(message(bytes(STRANGER_BYTES_MAX + 1)))
    assert reason(payload, trusting()) is Reason.CREDENTIAL_ISSUER_UNKNOWN
    assert reason(payload) is Reason.CODE_MALFORMED


def test_keys_with_one_key_id_are_all_tried() -> None:
    """Key ids are eight bytes of a hash, and collide; which key comes first says nothing."""
    others = (signer(OTHER_KEY, issuer="YY"), signer(rsa_key(), Algorithm.PS256))
    assert accepted(certificate(), trusting(*others, signer())).credential.issuer == "XX"
    assert reason(certificate(), trusting(*others)) is Reason.CREDENTIAL_SIGNATURE


@pytest.mark.parametrize(
    "unfit",
    [
        signer(issuer="YY", not_after_s=NOW_S - 10),
        signer(issuer="YY", not_before_s=NOW_S + 10),
        signer(issuer="YY", usages=frozenset({Usage.TEST})),
    ],
    ids=["expired", "not yet", "tests alone"],
)
def test_one_key_in_several_certificates(unfit: SignerKey) -> None:
    """A renewed certificate has the old key: whichever stands first, the one that fits counts."""
    fit = signer(issuer="XX")
    for signers in ((unfit, fit), (fit, unfit), (unfit, signer(OTHER_KEY), fit)):
        assert accepted(certificate(), trusting(*signers)).credential.issuer == "XX"


def test_one_key_in_several_certificates_none_of_which_fits() -> None:
    """What the first one lacks is said, whatever the others lack."""
    ended, tests = signer(not_after_s=NOW_S - 10), signer(usages=frozenset({Usage.TEST}))
    assert reason(certificate(), trusting(ended, tests)) is Reason.CREDENTIAL_ISSUER_EXPIRED
    assert reason(certificate(), trusting(tests, ended)) is Reason.CREDENTIAL_KIND_NOT_ISSUED


def test_no_key_with_that_id_takes_the_algorithm() -> None:
    """An elliptic signature under an RSA key's id is no signature that anybody need check."""
    trust = trusting(signer(rsa_key(), Algorithm.PS256))
    assert reason(certificate(), trust) is Reason.CREDENTIAL_ALGORITHM


def test_another_key_signed_it() -> None:
    """The right key id proves nothing."""
    assert reason(text(message(cwt(), key=OTHER_KEY))) is Reason.CREDENTIAL_SIGNATURE


def test_a_bad_signature_is_named_before_bad_content() -> None:
    """Content that nobody vouches for is not looked at."""
    parts = message(cwt({2: "nonsense"}, expires=None))
    parts[3] = bytes(64)
    assert reason(text(parts)) is Reason.CREDENTIAL_SIGNATURE


@pytest.mark.parametrize("group", ["v", "t", "r"])
@pytest.mark.parametrize("usage", Usage)
def test_a_key_attests_what_its_certificate_says(group: str, usage: Usage) -> None:
    """A laboratory's key makes nobody vaccinated."""
    expected = {"v": Usage.VACCINATION, "t": Usage.TEST, "r": Usage.RECOVERY}[group] is usage
    found = reason(certificate({1: dcc(group)}), only(usage))
    assert found is (None if expected else Reason.CREDENTIAL_KIND_NOT_ISSUED)


@pytest.mark.parametrize(
    ("expires", "expected"),
    [
        (NOW_S + 1, None),
        (NOW_S + 0.5, None),
        (NOW_S, None),
        (NOW_S - 0.5, Reason.CREDENTIAL_EXPIRED),
        (NOW_S - 1, Reason.CREDENTIAL_EXPIRED),
        (float(NOW_S + 1), None),
        (-NOW_S, Reason.CREDENTIAL_EXPIRED),
        (0, Reason.CREDENTIAL_EXPIRED),
        (True, Reason.CREDENTIAL_EXPIRED),
        (False, Reason.CREDENTIAL_EXPIRED),
        (None, Reason.CODE_MALFORMED),
        (str(NOW_S + 1), Reason.CODE_MALFORMED),
        (b"\x7f", Reason.CODE_MALFORMED),
        ([NOW_S + 1], Reason.CODE_MALFORMED),
        (cbor2.CBORTag(1, NOW_S + 1), Reason.CODE_MALFORMED),
        (cbor2.CBORTag(0, "2030-01-01T00:00:00Z"), Reason.CODE_MALFORMED),
        (cbor2.undefined, Reason.CODE_MALFORMED),
        (float("nan"), Reason.CODE_MALFORMED),
        (float("inf"), Reason.CODE_MALFORMED),
        (float("-inf"), Reason.CODE_MALFORMED),
        (1e300, Reason.CODE_MALFORMED),
        (-1e300, Reason.CODE_MALFORMED),
        (2**63, Reason.CODE_MALFORMED),
        (2**400, Reason.CODE_MALFORMED),
        (253_402_300_800, Reason.CODE_MALFORMED),
        (253_402_300_799, None),
    ],
)
def test_the_end(expires: object, expected: Reason | None) -> None:
    """It is expired after its `exp` (Electronic Health Certificate Specification, 3.3.5)."""
    assert reason(certificate(expires=expires)) is expected


def test_an_end_there_must_be() -> None:
    """Without one a certificate would hold for ever."""
    claims = cwt()
    del claims[4]
    assert reason(text(message(claims))) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    ("issued", "expected"),
    [
        (NOW_S, None),
        (NOW_S + 60, None),
        (NOW_S + 61, Reason.CREDENTIAL_NOT_YET_VALID),
        (NOW_S + 60.5, None),
        (-5, None),
        (NOW_S + 3600, Reason.CREDENTIAL_NOT_YET_VALID),
        (True, Reason.CODE_MALFORMED),
        (None, Reason.CODE_MALFORMED),
        ("yesterday", Reason.CODE_MALFORMED),
        (float("nan"), Reason.CODE_MALFORMED),
    ],
)
def test_the_start(issued: object, expected: Reason | None) -> None:
    """The issuer's clock may be a minute ahead, and no more."""
    assert reason(certificate(issued=issued)) is expected


def test_the_start_may_be_left_out() -> None:
    """`iat` is missing in the field; the certificate then holds from the start of time."""
    claims = cwt()
    del claims[6]
    assert accepted(text(message(claims))).credential.valid_from_s == 0


def test_not_before() -> None:
    """`nbf` counts where it is there, and the later of the two starts is the start."""
    assert reason(certificate(not_before=NOW_S + 61)) is Reason.CREDENTIAL_NOT_YET_VALID
    assert accepted(certificate(not_before=NOW_S - 10)).credential.valid_from_s == NOW_S - 10
    assert accepted(certificate(not_before=NOW_S - 90)).credential.valid_from_s == NOW_S - 60


@pytest.mark.parametrize("quality", ClockQuality)
@pytest.mark.parametrize("issued", [NOW_S + 50, NOW_S + 9_000])
def test_a_certificate_that_holds_at_no_time(issued: int, quality: ClockQuality) -> None:
    """It ends before it starts: no clock is needed to say so, and no leeway lets it in."""
    payload = certificate(issued=issued, expires=NOW_S + 10)
    assert reason(payload, now=at(NOW_S, quality)) is Reason.CREDENTIAL_EXPIRED


@pytest.mark.parametrize("quality", ClockQuality)
@pytest.mark.parametrize(
    "window", [(NOW_S + 50, TIME_S_END), (0, NOW_S - 60)], ids=["begins later", "ended before"]
)
def test_a_certificate_that_holds_at_no_time_of_its_signer_s(
    window: tuple[int, int], quality: ClockQuality
) -> None:
    """A certificate and its signer's must hold together at some time."""
    trust = trusting(signer(not_before_s=window[0], not_after_s=window[1]))
    payload = certificate(expires=NOW_S + 10)
    assert reason(payload, trust, at(NOW_S, quality)) is Reason.CREDENTIAL_EXPIRED


@pytest.mark.parametrize(
    ("payload", "trust"),
    [
        (certificate(expires=NOW_S - 100), TRUST),
        (certificate(expires=True), TRUST),
        (certificate(issued=NOW_S + 100), TRUST),
        (certificate(not_before=NOW_S + 100), TRUST),
        (certificate(issued=NOW_S + 100, expires=NOW_S + 50), TRUST),
        (certificate(), trusting(signer(not_before_s=NOW_S + 100))),
        (certificate(), trusting(signer(not_after_s=NOW_S - 100))),
    ],
)
def test_a_refusal_tells_no_times(payload: bytes, trust: TrustList) -> None:
    """When somebody's certificate began or ended is theirs, and no log's."""
    refused = outcome(payload, trust)
    assert isinstance(refused, CredentialError)
    assert not any(character.isdigit() for character in refused.detail)


@pytest.mark.parametrize(
    ("not_before_s", "not_after_s", "expected"),
    [
        (NOW_S, NOW_S + 1, None),
        (NOW_S + 1, NOW_S + 9, Reason.CREDENTIAL_NOT_YET_VALID),
        (0, NOW_S, Reason.CREDENTIAL_ISSUER_EXPIRED),
    ],
)
def test_the_signer_s_own_window(
    not_before_s: int, not_after_s: int, expected: Reason | None
) -> None:
    """Nothing of a key holds outside its certificate's time."""
    trust = trusting(signer(not_before_s=not_before_s, not_after_s=not_after_s))
    assert reason(certificate(), trust) is expected
    if expected is None:
        credential = accepted(certificate(), trust).credential
        assert (credential.valid_from_s, credential.valid_until_s) == (not_before_s, not_after_s)


def test_expired_is_said_before_the_signer_expired() -> None:
    """Whose certificate has run out needs a new one; the issuer's key is not their affair."""
    trust = trusting(signer(not_after_s=NOW_S))
    assert reason(certificate(expires=NOW_S - 1), trust) is Reason.CREDENTIAL_EXPIRED


def test_an_untrusted_clock_decides_nothing() -> None:
    """Dates are handed on, for an officer; a signature is checked all the same."""
    lost = at(5, ClockQuality.UNTRUSTED)
    found = accepted(certificate(), now=lost).credential
    assert (found.valid_from_s, found.valid_until_s) == (NOW_S - 60, NOW_S + 3601)
    assert found.doubt is None
    assert reason(certificate(expires=5), now=lost) is Reason.CREDENTIAL_EXPIRED
    assert reason(text(message(cwt(), key=OTHER_KEY)), now=lost) is Reason.CREDENTIAL_SIGNATURE


def test_an_old_list() -> None:
    """After a week an officer looks; after thirty days, or its own end, nobody is believed."""
    week = trusting(signer(), created_s=NOW_S - 7 * SECONDS_PER_DAY)
    month = trusting(signer(), created_s=NOW_S - 30 * SECONDS_PER_DAY)
    ended = trusting(signer(), expires_s=NOW_S)
    assert accepted(certificate(), week).credential.doubt is Reason.TRUST_LIST_OLD
    assert reason(certificate(), month) is Reason.TRUST_LIST_OUTDATED
    assert reason(certificate(), ended) is Reason.TRUST_LIST_OUTDATED
    assert reason(b"HC1:AAA", month) is Reason.CODE_MALFORMED


def _listed(value: bytes) -> frozenset[bytes]:
    return frozenset({hashlib.sha256(value).digest()[:16]})


def test_revocation() -> None:
    """By the signature's first half, by the certificate's id, by issuing country and id."""
    parts = message(cwt())
    identifier = str(VACCINATION["ci"]).encode()
    for named in (parts[3][:32], identifier, b"XX" + identifier):
        trust = trusting(signer(), revoked=_listed(named))
        assert reason(text(parts), trust) is Reason.CREDENTIAL_REVOKED
    for named in (parts[3], b"YY" + identifier, b""):
        assert reason(text(parts), trusting(signer(), revoked=_listed(named))) is None


@pytest.mark.parametrize("issuer", ["XX", "xx", None, "Ministry of Examples", 5])
def test_revocation_by_country_whatever_the_token_calls_its_issuer(issuer: object) -> None:
    """`iss` may be missing, a ministry or in small letters: the entry has a country, too."""
    claims = {label: value for label, value in cwt().items() if label != 1}
    payload = text(message(claims if issuer is None else {1: issuer, **claims}))
    identifier = str(VACCINATION["ci"]).encode()
    assert reason(payload, trusting(signer(), revoked=_listed(b"YY" + identifier))) is None
    for trusted in (signer(), signer(issuer="ZZ")):
        trust = trusting(trusted, revoked=_listed(b"XX" + identifier))
        assert reason(payload, trust) is Reason.CREDENTIAL_REVOKED


def test_revocation_by_the_signer_s_country() -> None:
    """A territory's certificates are revoked under the code of the country that signs them."""
    entry = dcc("v", co="xy")
    identifier = str(VACCINATION["ci"]).encode()
    payload = text(message({**cwt({1: entry}), 1: "Island"}))
    for country in (b"XX", b"XY", b"xy", b"Island", b"ISLAND"):
        trust = trusting(signer(), revoked=_listed(country + identifier))
        assert reason(payload, trust) is Reason.CREDENTIAL_REVOKED


def test_revocation_of_an_rsa_signature() -> None:
    """It has no halves, and is named whole."""
    parts = message(cwt(), {1: PS256, 4: KID}, key=rsa_key())
    for named, expected in ((parts[3], Reason.CREDENTIAL_REVOKED), (parts[3][:128], None)):
        trust = trusting(signer(rsa_key(), Algorithm.PS256), revoked=_listed(named))
        assert reason(text(parts), trust) is expected


def test_a_revoked_certificate_signed_anew_by_its_holder() -> None:
    """Another s to the same r is another valid signature, and just as revoked."""
    parts = message(cwt())
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    twin = [*parts[:3], parts[3][:32] + (order - int.from_bytes(parts[3][32:])).to_bytes(32)]
    assert accepted(text(twin)) == accepted(text(parts))
    trust = trusting(signer(), revoked=_listed(parts[3][:32]))
    assert reason(text(twin), trust) is Reason.CREDENTIAL_REVOKED


def test_reading_without_belief() -> None:
    """A technician sees what a certificate says of itself, whoever signed it."""
    claim = hcert.read(text(message(cwt(not_before=NOW_S), key=OTHER_KEY)))
    assert claim.format == "hcert"
    assert claim.key_id == "ESIzRFVmd4g="
    assert claim.algorithm == "ES256"
    assert claim.issuer == "XX"
    assert (claim.issued_s, claim.not_before_s, claim.expires_s) == (
        NOW_S - 60,
        NOW_S,
        NOW_S + 3600,
    )
    assert claim.content is not None
    assert claim.content.health.doses == 2


@pytest.mark.parametrize(("algorithm", "name"), [(-35, "-35"), ("none", ""), (None, "")])
def test_reading_something_odd(algorithm: object, name: str) -> None:
    """What can be read is shown; what is wrong with the rest is the verifier's business."""
    claim = hcert.read(text(message({1: 7, -260: {2: "x"}}, {1: algorithm, 4: "text"})))
    assert (claim.key_id, claim.algorithm, claim.issuer) == ("", name, "")
    assert (claim.issued_s, claim.expires_s, claim.content) == (None, None, None)


def test_reading_garbage() -> None:
    """There is nothing to show of what is no certificate at all."""
    for payload in (b"HC1:", b"HC1:AAA", text(message(b""))):
        with pytest.raises(CredentialError):
            hcert.read(payload)


def test_the_format_knows_its_own_prefix_and_bound() -> None:
    """Whoever calls it past `examine` is held to the same."""
    for payload, expected in (
        (b"GP1:", Reason.CODE_UNKNOWN_FORMAT),
        (b"HC1:" + b"0" * envelope.TEXT_BYTES_MAX, Reason.CODE_TOO_LONG),
    ):
        with pytest.raises(CredentialError) as refused:
            hcert.verify_hcert(payload, TRUST, at(NOW_S))
        assert refused.value.reason is expected


def test_a_credential_stays_within_what_the_lane_can_hold() -> None:
    """An end in the year 9999 becomes the end of the key's time."""
    credential = accepted(certificate(expires=253_402_300_799)).credential
    assert credential.valid_until_s == TIME_S_END
