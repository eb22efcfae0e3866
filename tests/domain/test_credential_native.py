"""A native pass says what its office said, and every other code is refused for its own reason."""

import hashlib
import hmac

import cbor2
import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.credential import base45
from gate.credential.model import PASS_KINDS, Credential, CredentialError
from gate.credential.native import (
    PASS_BYTES_MAX,
    PassClaims,
    check_claims,
    issue,
    read,
    status_index_of,
    verify_native,
)
from gate.credential.status import STATUS_INDEX_END, empty_status, revoke
from gate.credential.trust import TrustList, issuer_key, key_id, trust_list
from gate.credential.verify import PAYLOAD_CHARS_MAX, verify
from gate.ledger import Ledger
from gate.reasons import Reason
from gate.records import Direction
from gate.walltime import TIME_S_END, ClockQuality, WallTime

VISITOR, APPOINTMENT, STAFF = PASS_KINDS
KEY = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
"""RFC 8032 section 7.1, test 1."""
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()
KID = bytes.fromhex("21fe31df")
NOON_S = 1_800_000_000
NOW = WallTime(NOON_S * 1000)
TRUST = trust_list([issuer_key(PUBLIC, "Test office", PASS_KINDS)])
CLAIMS = PassClaims(VISITOR, 1_048_575, NOON_S + 3600, doses=2)
POINT = bytes.fromhex("036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
"""The base point of P-256 (SEC 2 version 2.0 section 2.4.2), compressed."""
CNF = {1: {1: 2, -1: 1, -2: POINT[1:], -3: True}}
PAYLOAD = {4: NOON_S + 3600, -65537: [0, 1_048_575, 2]}
PROTECTED = {1: -8, 4: KID}


def envelope(
    payload: object = None,
    protected: object = None,
    unprotected: object = None,
    key: Ed25519PrivateKey = KEY,
) -> bytes:
    """A signed COSE_Sign1 of anything at all; bytes are taken as they are."""
    body = _bytes(PAYLOAD if payload is None else payload)
    headers = _bytes(PROTECTED if protected is None else protected)
    signature = key.sign(cbor2.dumps(["Signature1", headers, b"", body]))
    return cbor2.dumps([headers, unprotected or {}, body, signature])


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else cbor2.dumps(value)


def code(data: bytes) -> bytes:
    """The text of a code of these bytes."""
    return b"GP1:" + base45.encode(data).encode()


def refusal(payload: bytes, trust: TrustList = TRUST, now: WallTime = NOW) -> Reason:
    """Why that code is refused."""
    with pytest.raises(CredentialError) as refused:
        verify(payload, trust, now)
    return refused.value.reason


def accepted(claims: PassClaims, trust: TrustList = TRUST, now: WallTime = NOW) -> Credential:
    """The credential of a pass of these claims."""
    return verify(issue(claims, KEY).encode(), trust, now)


def test_what_was_issued_is_what_is_verified() -> None:
    """Every claim comes back, and the pass is known by its key and number alone."""
    found = accepted(PassClaims(APPOINTMENT, 70_000, NOON_S + 60, NOON_S - 60, doses=0, group=4))
    assert found.format == "native"
    assert found.kind is APPOINTMENT
    assert found.issuer == "Test office"
    assert found.holder == "21fe31df:70000"
    assert (found.valid_from_s, found.valid_until_s) == (NOON_S - 60, NOON_S + 60)
    assert (found.doses, found.group) == (0, 4)
    assert found.one_time
    assert not found.duress


@pytest.mark.parametrize("group", [1, 2, 23])
def test_a_group_is_as_many_as_was_said(group: int) -> None:
    """Alone, a pair, the largest."""
    assert accepted(PassClaims(VISITOR, 1, NOON_S + 60, group=group)).group == group


def test_a_staff_pass_is_used_many_times_and_may_be_a_duress_pass() -> None:
    """Staff: not one-time; the duress flag comes through."""
    assert not accepted(PassClaims(STAFF, 1, NOON_S + 60)).one_time
    assert not accepted(PassClaims(STAFF, 1, NOON_S + 60)).duress
    assert accepted(PassClaims(STAFF, 2, NOON_S + 60, duress=True)).duress


def test_sizes() -> None:
    """A visitor's pass is 99 bytes, 153 characters, QR 6-M; the others stay in their versions."""
    last = STATUS_INDEX_END - 1
    visitor = issue(PassClaims(VISITOR, last, TIME_S_END - 1, doses=23), KEY)
    assert len(base45.decode(visitor[4:].encode())) == 99
    assert len(visitor) == 153
    assert _version_at_m(visitor) == 6
    appointment = PassClaims(APPOINTMENT, last, TIME_S_END - 1, TIME_S_END - 2, 23, group=23)
    assert _version_at_m(issue(appointment, KEY)) <= 8
    staff = PassClaims(STAFF, last, TIME_S_END - 1, TIME_S_END - 2, 23, duress=True)
    assert _version_at_m(issue(staff, KEY)) <= 9


def _version_at_m(text: str) -> int:
    version = segno.make_qr(text, error="m", boost_error=False).version
    assert isinstance(version, int)
    return version


def test_the_format_does_not_drift() -> None:
    """The text of one pass, by the key of RFC 8032, to the last character (Ed25519 has no chance
    in it). If this fails, passes that people hold are worth nothing: make a GP2 instead."""
    assert issue(CLAIMS, KEY) == (
        "GP1:PWGSLK/-4QR836W8CSLVAFN0FPDUES/E7V50-20Q00F00FGWFD0L78E*O8OK*%F9E71CCK VKHA7"
        "TA VN1J6H.N ZHLOC.K3859:XDM CXZI:RME01E KIND/$CP1RWWT.4A$F8S72TZLX5P6Y4F0"
    )
    assert accepted(CLAIMS).replay_key == "2fd545a80785f598d2f8b2f2d8eb5225"


def test_a_pass_has_a_bound() -> None:
    """What fits is looked at, and one byte more is not."""
    room = PASS_BYTES_MAX - len(envelope(bytes(30)))
    for more, reason in ((room, Reason.CREDENTIAL_SIGNATURE), (room + 1, Reason.CODE_MALFORMED)):
        parts = cbor2.loads(envelope(bytes(30 + more)))
        data = cbor2.dumps([*parts[:3], bytes(64)])
        assert len(data) - PASS_BYTES_MAX == more - room
        assert refusal(code(data)) is reason


def test_a_re_encoded_twin_is_the_same_pass() -> None:
    """Tag 18 makes another text of a pass, and the replay key sees through it."""
    text = issue(CLAIMS, KEY).encode()
    twin = code(b"\xd2" + base45.decode(text[4:]))
    assert twin != text
    assert verify(twin, TRUST, NOW) == verify(text, TRUST, NOW)
    other = accepted(PassClaims(VISITOR, 5, NOON_S + 3600))
    assert other.replay_key != verify(text, TRUST, NOW).replay_key


def test_a_renewed_pass_is_the_same_pass() -> None:
    """A pass of thirty seconds is issued again and again with one number: it admits once, and
    neither another number nor another office's same number is taken for it."""
    first = accepted(PassClaims(VISITOR, 5, NOON_S + 30))
    renewed = accepted(PassClaims(VISITOR, 5, NOON_S + 60, doses=1))
    assert renewed.replay_key == first.replay_key
    used = Ledger().passed(Direction.ENTRY, first, NOON_S)
    assert used.is_spent(renewed)
    both = trust_list(
        [
            issuer_key(PUBLIC, "Test office", PASS_KINDS),
            issuer_key(STRANGER.public_key().public_bytes_raw(), "Test clinic", PASS_KINDS),
        ]
    )
    text = issue(PassClaims(VISITOR, 5, NOON_S + 30), STRANGER).encode()
    assert verify(text, both, NOW).replay_key != first.replay_key


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"GP1:" + b"0" * (PAYLOAD_CHARS_MAX - 3), Reason.CODE_TOO_LONG),
        (b"\xff" * 100_000, Reason.CODE_TOO_LONG),
        (b"https://example.invalid/GP1:", Reason.CODE_IS_URL),
        (b"HTTP://EXAMPLE.INVALID", Reason.CODE_IS_URL),
        (b"intent://scan/#Intent;end", Reason.CODE_IS_URL),
        (b"WWW.EXAMPLE.INVALID", Reason.CODE_IS_URL),
        (b"", Reason.CODE_UNKNOWN_FORMAT),
        (b"gp1:BB8", Reason.CODE_UNKNOWN_FORMAT),
        (b" GP1:BB8", Reason.CODE_UNKNOWN_FORMAT),
        (b"GP2:BB8", Reason.CODE_UNKNOWN_FORMAT),
        (b"'; DROP TABLE journal; --", Reason.CODE_UNKNOWN_FORMAT),
        (b"\x00\x1b[2J\x07\r\n", Reason.CODE_UNKNOWN_FORMAT),
        (bytes(range(256)) * 12, Reason.CODE_UNKNOWN_FORMAT),
        (b"GP1:", Reason.CODE_MALFORMED),
        (b"GP1:" + b"0" * 3_000, Reason.CODE_MALFORMED),
        (b"GP1:; DROP TABLE journal", Reason.CODE_MALFORMED),
        (b"GP1:\x00\x1b[2J", Reason.CODE_MALFORMED),
    ],
)
def test_what_is_no_pass(payload: bytes, reason: Reason) -> None:
    """Length first, then the web address, then the prefix."""
    assert refusal(payload) is reason


def test_a_text_that_is_not_quite_the_pass() -> None:
    """Lower case, padding, a space, a character less or more: none is forgiven."""
    text = issue(CLAIMS, KEY).encode()
    for spoilt in (
        b"GP1:" + text[4:].lower(),
        text + b"=",
        text + b"\n",
        text + b" ",
        text[:-1],
        text[:-3],
        text + b"000",
        text[:4] + b" " + text[4:],
    ):
        assert refusal(spoilt) is Reason.CODE_MALFORMED


GOOD = base45.decode(issue(CLAIMS, KEY)[4:].encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD + b"\x00",
        b"\xd2\xd2" + GOOD,
        b"\xd1" + GOOD,
        b"\xd9\xd9\xf7" + GOOD,
        b"\xd8\x12" + GOOD[1:],
        b"\x9f" + GOOD[1:] + b"\xff",
        b"\x98\x04" + GOOD[1:],
        b"\x9b\x10" + bytes(7) + GOOD[1:],
        b"\x84\x5b\x10" + bytes(7) + GOOD[2:],
        b"\x81" * 120,
        b"\x84" + b"\xa1\x01" * 50,
        b"\x83" + GOOD[1:],
        cbor2.dumps([{}, {}, b"", b""]),
        cbor2.dumps([b"", [], b"", b""]),
        cbor2.dumps([b"", {}, None, b""]),
        cbor2.dumps([b"", {}, b"", "signature"]),
        cbor2.dumps({1: 2}),
        envelope(protected=b"\x80"),
        envelope(protected=b"\xa1"),
        envelope(protected=b"\xa3\x01\x27\x01\x27\x04\x44" + KID),
        envelope(protected=b"\xbf\x01\x27\x04\x44" + KID + b"\xff"),
        envelope(protected=b"\xa2\x04\x44" + KID + b"\x01\x27"),
        envelope(unprotected={4: KID}),
        envelope(unprotected={5: b""}),
        envelope(protected={1: -8}),
        envelope(protected={1: -8}, unprotected={4: KID}),
        envelope(protected={1: -8, 3: 61, 4: KID}),
        envelope(protected={1: -8, 4: KID.hex()}),
        envelope(protected={1: -8, 4: KID + b"\x00"}),
        envelope(protected={1: -8, 4: 7}),
    ],
)
def test_envelopes_that_are_none(data: bytes) -> None:
    """RFC 9052 section 4.2 and our own profile of it: one form, and nothing beside it."""
    assert refusal(code(data)) is Reason.CODE_MALFORMED


def test_a_header_that_must_be_understood() -> None:
    """RFC 9052 section 3.1: we know no extension, so every `crit` is fatal."""
    for data in (envelope(protected={1: -8, 2: [1], 4: KID}), envelope(unprotected={2: [1]})):
        assert refusal(code(data)) is Reason.CREDENTIAL_CRITICAL


@pytest.mark.parametrize(
    "protected",
    [
        {},
        b"",
        {4: KID},
        {1: None, 4: KID},
        {1: 0, 4: KID},
        {1: 5, 4: KID},
        {1: -7, 4: KID},
        {1: -37, 4: KID},
        {1: True, 4: KID},
        {1: "EdDSA", 4: KID},
        {1: "none", 4: KID},
        {1: [-8], 4: KID},
    ],
)
def test_an_algorithm_that_is_not_ours(protected: object) -> None:
    """None, HS256 (5), ES256 (-7), PS256 (-37), no algorithm: there is no default."""
    assert refusal(code(envelope(protected=protected))) is Reason.CREDENTIAL_ALGORITHM


def test_a_mac_by_the_public_key_is_no_signature() -> None:
    """The classic confusion: HS256 keyed by what everybody knows."""
    headers, body = cbor2.dumps({1: 5, 4: KID}), cbor2.dumps(PAYLOAD)
    signed = cbor2.dumps(["Signature1", headers, b"", body])
    mac = hmac.digest(PUBLIC, signed, hashlib.sha256)
    assert refusal(code(cbor2.dumps([headers, {}, body, mac]))) is Reason.CREDENTIAL_ALGORITHM
    headers = cbor2.dumps(PROTECTED)
    signed = cbor2.dumps(["Signature1", headers, b"", body])
    mac = hmac.digest(PUBLIC, signed, hashlib.sha512)
    forged = [headers, {}, body, mac[:32] * 2]
    assert refusal(code(cbor2.dumps(forged))) is Reason.CREDENTIAL_SIGNATURE


def test_who_signed() -> None:
    """A key that nobody named; a stranger under a known key id; a signature of another length."""
    assert refusal(issue(CLAIMS, STRANGER).encode()) is Reason.CREDENTIAL_ISSUER_UNKNOWN
    assert refusal(code(envelope(key=STRANGER))) is Reason.CREDENTIAL_SIGNATURE
    parts = cbor2.loads(GOOD)
    for signature in (b"", parts[3][:63], parts[3] + b"\x00", bytes(64)):
        forged = cbor2.dumps([parts[0], {}, parts[2], signature])
        assert refusal(code(forged)) is Reason.CREDENTIAL_SIGNATURE


def test_the_signature_with_a_larger_s_is_refused() -> None:
    """RFC 8032 section 5.1.7: S below the group's order, so that a pass has one signature."""
    order = 2**252 + 27742317777372353535851937790883648493
    parts = cbor2.loads(GOOD)
    s = int.from_bytes(parts[3][32:], "little") + order
    twin = cbor2.dumps([parts[0], {}, parts[2], parts[3][:32] + s.to_bytes(32, "little")])
    assert refusal(code(twin)) is Reason.CREDENTIAL_SIGNATURE


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x80",
        b"\xa0",
        {-65537: [0, 1, 2]},
        {4: NOON_S + 60},
        {4: NOON_S + 60, -65537: {}},
        {4: NOON_S + 60, -65537: [0, 1]},
        {4: NOON_S + 60, -65537: [0, 1, 2, 0, 2, 0]},
        {4: NOON_S + 60, -65537: [0, 1, 2, 0]},
        {4: NOON_S + 60, -65537: [0, 1, 2, 0, 1]},
        {4: NOON_S + 60, 5: 0, -65537: [0, 1, 2]},
        {4: NOON_S + 60, 6: 1, -65537: [0, 1, 2]},
        {4: NOON_S + 60, 5: NOON_S + 60, -65537: [0, 1, 2]},
        {4: float(NOON_S + 60), -65537: [0, 1, 2]},
        {4: float("nan"), -65537: [0, 1, 2]},
        {4: float("inf"), -65537: [0, 1, 2]},
        {4: True, -65537: [0, 1, 2]},
        {4: str(NOON_S + 60), -65537: [0, 1, 2]},
        {4: TIME_S_END, -65537: [0, 1, 2]},
        {4: 0, -65537: [0, 1, 2]},
        {4: NOON_S + 60, 5: False, -65537: [0, 1, 2]},
        {4: NOON_S + 60, 5: -1, -65537: [0, 1, 2]},
        {4: NOON_S + 60, -65537: [False, 1, 2]},
        {4: NOON_S + 60, -65537: [3, 1, 2]},
        {4: NOON_S + 60, -65537: [-1, 1, 2]},
        {4: NOON_S + 60, -65537: [0, True, 2]},
        {4: NOON_S + 60, -65537: [0, -1, 2]},
        {4: NOON_S + 60, -65537: [0, STATUS_INDEX_END, 2]},
        {4: NOON_S + 60, -65537: [0, 1, True]},
        {4: NOON_S + 60, -65537: [0, 1, 24]},
        {4: NOON_S + 60, -65537: [0, 1, -1]},
        {4: NOON_S + 60, -65537: [0, 1, 2, 1]},
        {4: NOON_S + 60, -65537: [2, 1, 2, 2]},
        {4: NOON_S + 60, -65537: [2, 1, 2, True]},
        {4: NOON_S + 60, -65537: [2, 1, 2, 0, 2]},
        {4: NOON_S + 60, -65537: [0, 1, 2, 0, 24]},
        {4: NOON_S + 60, -65537: [0, 1, 2, 0, 0]},
        {4: NOON_S + 60, -65537: [1, 1, 2]},
        {4: NOON_S + 60, 8: CNF, -65537: [0, 1, 2]},
        {4: NOON_S + 60, 8: {}, -65537: [2, 1, 2]},
        {4: NOON_S + 60, 8: POINT, -65537: [2, 1, 2]},
        {4: NOON_S + 60, 8: {3: b"kid"}, -65537: [2, 1, 2]},
        {4: NOON_S + 60, 8: {1: CNF[1], 3: b"kid"}, -65537: [2, 1, 2]},
        {4: NOON_S + 60, 8: {1: CNF[1] | {-2: POINT}}, -65537: [2, 1, 2]},
        {4: NOON_S + 60, 8: {1: CNF[1] | {-3: POINT[1:]}}, -65537: [2, 1, 2]},
        {4: NOON_S + 60, 8: {1: CNF[1] | {-3: 1}}, -65537: [2, 1, 2]},
        {4: NOON_S + 60, 8: {1: CNF[1] | {-1: 2}}, -65537: [2, 1, 2]},
        {4: NOON_S + 60, 8: {1: CNF[1] | {-1: True}}, -65537: [2, 1, 2]},
        {4: NOON_S + 60, 8: {1: CNF[1] | {1: 1}}, -65537: [2, 1, 2]},
        {4: NOON_S + 60, 8: {1: CNF[1] | {2: b"kid"}}, -65537: [2, 1, 2]},
    ],
)
def test_claims_that_no_pass_has(payload: object) -> None:
    """Even a trusted office is held to the format: types, ranges, no default written out."""
    assert refusal(code(envelope(payload))) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    "claims",
    [
        PassClaims(VISITOR, -1, NOON_S),
        PassClaims(VISITOR, STATUS_INDEX_END, NOON_S),
        PassClaims(VISITOR, 1, TIME_S_END),
        PassClaims(VISITOR, 1, NOON_S, NOON_S),
        PassClaims(VISITOR, 1, NOON_S, doses=24),
        PassClaims(VISITOR, 1, NOON_S, group=0),
        PassClaims(VISITOR, 1, NOON_S, group=24),
        PassClaims(VISITOR, 1, NOON_S, duress=True),
        PassClaims(STAFF, 1, NOON_S, group=2),
        PassClaims(APPOINTMENT, 1, NOON_S),
        PassClaims(VISITOR, 1, NOON_S, holder_key=POINT),
        PassClaims(STAFF, 1, NOON_S, holder_key=POINT[1:]),
        PassClaims(STAFF, 1, NOON_S, holder_key=b"\x04" + POINT[1:]),
        PassClaims(STAFF, 1, NOON_S, holder_key=b"\x02" + bytes(31) + b"\x02"),
    ],
)
def test_an_office_cannot_issue_them_either(claims: PassClaims) -> None:
    """What verifying would refuse, issuing refuses, and can be asked beforehand."""
    with pytest.raises(ValueError, match=r"."):
        issue(claims, KEY)
    with pytest.raises(ValueError, match=r"."):
        check_claims(claims)


def test_what_a_pass_says_of_itself() -> None:
    """For a technician, whoever signed it: key, algorithm and times, as the pass states them."""
    text = issue(PassClaims(APPOINTMENT, 7, NOON_S + 60, NOON_S), STRANGER).encode()
    claim = read(text)
    assert claim.format == "native"
    assert claim.key_id == key_id(STRANGER.public_key().public_bytes_raw()).hex()
    assert claim.algorithm == "EdDSA"
    assert (claim.not_before_s, claim.expires_s) == (NOON_S, NOON_S + 60)
    assert read(issue(CLAIMS, KEY).encode()).not_before_s is None
    odd = read(code(envelope(protected={1: -7, 4: "kid"})))
    assert (odd.algorithm, odd.key_id) == ("", "")


def test_a_key_that_may_not_issue_this_kind() -> None:
    """The kiosk's key makes visitors, never staff."""
    kiosk = trust_list([issuer_key(PUBLIC, "Test kiosk", [VISITOR])])
    assert accepted(CLAIMS, kiosk).kind is VISITOR
    staff = issue(PassClaims(STAFF, 1, NOON_S + 60), KEY).encode()
    assert refusal(staff, kiosk) is Reason.CREDENTIAL_KIND_NOT_ISSUED


@pytest.mark.parametrize("quality", [ClockQuality.TRUSTED, ClockQuality.HELD_OVER])
def test_a_pass_has_its_time(quality: ClockQuality) -> None:
    """Start with a minute's leeway, because two clocks differ; the end exact and exclusive."""
    claims = PassClaims(APPOINTMENT, 1, NOON_S + 600, NOON_S)
    text = issue(claims, KEY).encode()

    def at(second: int) -> WallTime:
        return WallTime((NOON_S + second) * 1000, quality=quality)

    assert refusal(text, now=at(-61)) is Reason.CREDENTIAL_NOT_YET_VALID
    assert verify(text, TRUST, at(-60)).valid_from_s == NOON_S
    assert verify(text, TRUST, at(599)).valid_until_s == NOON_S + 600
    assert refusal(text, now=at(600)) is Reason.CREDENTIAL_EXPIRED


@pytest.mark.parametrize("second", [-61, 600])
def test_a_refusal_does_not_tell_the_times_of_a_pass(second: int) -> None:
    """They are its holder's, and what a technician reads is kept."""
    text = issue(PassClaims(APPOINTMENT, 1, NOON_S + 600, NOON_S), KEY).encode()
    with pytest.raises(CredentialError, match=r"\Acredential_(expired|not_yet_valid)[^0-9]*\Z"):
        verify(text, TRUST, WallTime((NOON_S + second) * 1000))


def test_a_pass_never_outlives_its_key() -> None:
    """The key's own window cuts the pass's."""
    window = issuer_key(PUBLIC, "Test office", [VISITOR], NOON_S, NOON_S + 300)
    trust = trust_list([window])
    found = accepted(CLAIMS, trust)
    assert (found.valid_from_s, found.valid_until_s) == (NOON_S, NOON_S + 300)
    text = issue(CLAIMS, KEY).encode()
    early, late = WallTime((NOON_S - 61) * 1000), WallTime((NOON_S + 300) * 1000)
    assert refusal(text, trust, early) is Reason.CREDENTIAL_NOT_YET_VALID
    assert refusal(text, trust, late) is Reason.CREDENTIAL_EXPIRED


def test_an_untrusted_clock_decides_nothing() -> None:
    """Without a clock the times go on with the credential, for an officer; the rest still holds."""
    lost = WallTime(0, quality=ClockQuality.UNTRUSTED)
    assert accepted(CLAIMS, now=lost).valid_until_s == NOON_S + 3600
    assert refusal(code(envelope(key=STRANGER)), now=lost) is Reason.CREDENTIAL_SIGNATURE
    revoked = TRUST.with_status(revoke(empty_status(KID, 1), CLAIMS.status_index, 2))
    assert refusal(issue(CLAIMS, KEY).encode(), revoked, lost) is Reason.CREDENTIAL_REVOKED


def test_a_revoked_pass_is_refused_and_its_neighbours_are_not() -> None:
    """One bit, one pass."""
    trust = TRUST.with_status(revoke(empty_status(KID, 1), 1_000, 2))
    for index in (999, 1_001, 0, STATUS_INDEX_END - 1):
        assert accepted(PassClaims(VISITOR, index, NOON_S + 60), trust).kind is VISITOR
    text = issue(PassClaims(VISITOR, 1_000, NOON_S + 60), KEY).encode()
    assert refusal(text, trust) is Reason.CREDENTIAL_REVOKED


def test_the_format_itself_knows_its_prefix() -> None:
    """Called without the dispatcher, it still refuses what is not its own."""
    with pytest.raises(CredentialError) as refused:
        verify_native(b"HC1:BB8", TRUST, NOW)
    assert refused.value.reason is Reason.CODE_UNKNOWN_FORMAT


def test_an_office_finds_the_number_of_its_own_pass() -> None:
    """Also of an expired one, so that it can be revoked; never of another office's."""
    old = issue(PassClaims(VISITOR, 77, 1_000), KEY).encode()
    assert status_index_of(old, KEY) == 77
    with pytest.raises(CredentialError):
        status_index_of(old, STRANGER)


def test_an_appointment_may_begin_at_any_second_but_none() -> None:
    """Zero stands for no beginning."""
    assert issue(PassClaims(APPOINTMENT, 1, NOON_S, 1), KEY)
    with pytest.raises(ValueError, match="appointment"):
        issue(PassClaims(APPOINTMENT, 1, NOON_S, 0), KEY)


def test_a_key_holds_from_the_first_second_if_nothing_else_is_said() -> None:
    key = issuer_key(PUBLIC, "Test office", PASS_KINDS)
    assert (key.not_before_s, key.not_after_s) == (0, TIME_S_END)
