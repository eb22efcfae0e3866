"""The trust bundle: as a file, and as content that a pinned root key signs."""

from fuzzkit import (
    ACCEPTED,
    NOON_S,
    NOW,
    OFFICE,
    OUTCOMES,
    STATE,
    BrokenPromise,
    Target,
    is_signed,
    never_fails,
)

from gate.credential.bundle import BundleError, Held, encode, look_into, read_bundle, roots_of, sign
from gate.credential.bundle.content import frame, read
from gate.credential.model import PASS_KINDS
from gate.credential.publictrust import CardRevocations, PublicTrust, SignerKey, Usage
from gate.credential.signature import Algorithm
from gate.credential.status import empty_status, revoke
from gate.credential.trust import TrustList, issuer_key, trust_list
from gate.reasons import Reason

_RAW = OFFICE.public_key().public_bytes_raw()
_ROOTS = roots_of([_RAW], 1)
_ES256 = frozenset({Algorithm.ES256})
_STATE = SignerKey(STATE.public_key(), _ES256, "ID")
_TESTS = SignerKey(STATE.public_key(), _ES256, "XX", frozenset({Usage.TEST}), NOON_S - 9, NOON_S)
_ISSUER = SignerKey(OFFICE.public_key(), frozenset({Algorithm.EDDSA}), "https://issuer.invalid/")
_OWN = trust_list([issuer_key(_RAW, "Test office", PASS_KINDS)])
_PUBLIC = PublicTrust(
    version=7,
    created_s=NOON_S - 60,
    expires_s=NOON_S + 86_400,
    hcert={b"\1" * 8: (_STATE,), b"\2" * 8: (_STATE, _TESTS)},
    shc={"kid": (SignerKey(STATE.public_key(), _ES256, "https://issuer.invalid"),)},
    vds={b"\3" * 32: _STATE},
    vds_refused={b"\4" * 32: Reason.CREDENTIAL_KIND_NOT_ISSUED},
    vc={"did:example:issuer": (_ISSUER,)},
    hcert_revoked=frozenset({b"\5" * 16, b"\6" * 16}),
    shc_revoked={"kid": CardRevocations({"rid": NOON_S})},
)
_KID = next(iter(_OWN.keys))
_STATUS = revoke(empty_status(_KID, NOON_S - 90), 5, NOON_S)
_TRUST = TrustList(_OWN.keys, {_KID: _STATUS}, _PUBLIC)
_SMALL = TrustList({}, {}, PublicTrust(version=1, created_s=1, expires_s=2))
_PAYLOAD = encode(_TRUST)
_FILE = sign(_PAYLOAD, [OFFICE])


def _call(data: bytes) -> None:
    shape, rest = data[:1], data[1:]
    if shape != b"P":
        never_fails(lambda: look_into(data), BundleError)
        _call_file(data, _PAYLOAD)
    elif is_signed(rest):
        _call_file(sign(rest, [OFFICE]), rest)
    else:
        never_fails(lambda: read(frame(rest)), BundleError)


def _call_file(data: bytes, payload: bytes) -> None:
    """What is taken was signed, and says what it says in one way only."""
    try:
        bundle = read_bundle(data, _ROOTS, Held(), NOW)
    except BundleError as error:
        OUTCOMES[error.fault] += 1
        return
    OUTCOMES[ACCEPTED] += 1
    if encode(bundle.trust) != payload:
        raise BrokenPromise("took a bundle that nobody signed, or one of two that say the same")


TARGET = Target(
    "bundle", _call, lambda: [_FILE, b"P" + _PAYLOAD, b"P" + encode(_SMALL)], bytes_max=2_000
)
