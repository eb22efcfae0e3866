"""What is said of a code: every check of every format, and nothing of a person."""

import io
import json
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from firmware.explain.checklist import ORDER, Check, Point, State, points
from firmware.explain.finding import TITLES, Answer, Explanation, explain
from firmware.explain.plain import DOTS, LINES_MAX, leaves, masked_name, safe
from firmware.explain.times import distance, moment
from firmware.explain.view import show
from firmware.formats import installed_formats
from gate.credential.model import PASS_KINDS, CredentialKind
from gate.credential.native import PassClaims, issue
from gate.credential.publictrust import PublicTrust, Usage
from gate.credential.signature import Algorithm
from gate.credential.trust import TrustList, issuer_key, trust_list
from gate.credential.verify import FORMATS
from gate.reasons import Reason
from gate.walltime import SECONDS_PER_DAY, WallTime
from tests.domain import hcertkit, shckit, vdsnckit

NOW_S = hcertkit.NOW_S
NOW = hcertkit.NOW
NOBODY = trust_list(())
ZONE = ZoneInfo("Asia/Jakarta")
OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OWN = trust_list((issuer_key(OFFICE.public_key().public_bytes_raw(), "Kantor Contoh", PASS_KINDS),))
PERSON = ("Contoh", "CONTOH", "Budi", "BUDI", "1990-01-02", "1970-01-01", "X0000001")
"""What the invented people of the kits are called, and when they were born."""


def a_pass(expires_s: int = NOW_S + 3600, **more: object) -> bytes:
    claims = PassClaims(CredentialKind.VISITOR, 7, expires_s, **more)  # type: ignore[arg-type]
    return issue(claims, OFFICE).encode()


def vds_trust(**changes: object) -> TrustList:
    public = msgspec.structs.replace(vdsnckit.PUBLIC, **changes)
    return TrustList({}, public=public)


GENUINE: dict[str, tuple[bytes, TrustList]] = {
    "native": (a_pass(), OWN),
    "hcert": (hcertkit.certificate(), hcertkit.TRUST),
    "shc": (shckit.text(shckit.jws()), shckit.TRUST),
    "vds-nc": (vdsnckit.seal(), vds_trust()),
}


def printed(found: Explanation, *, width: int = 100, masked: bool = True) -> str:
    """As a pipe gets it."""
    sink = io.StringIO()
    console = Console(file=sink, width=width, highlight=False, markup=False, emoji=False)
    show(found, console, ZONE, masked=masked)
    return sink.getvalue()


def failed(found: Explanation) -> Point:
    """The one check that failed, with everything before it held and nothing after it seen."""
    states = [point.state for point in found.points]
    place = states.index(State.FAILS)
    assert states[:place] == [State.HOLDS] * place
    assert set(states[place + 1 :]) <= {State.UNSEEN}
    return found.points[place]


@pytest.mark.parametrize("form", GENUINE)
def test_a_genuine_code_holds_in_every_point(form: str) -> None:
    """Its format, its signer as the trust list knows it, every check of its own in order."""
    payload, trust = GENUINE[form]
    found = explain(payload, trust, NOW)
    assert found.answer is Answer.HOLDS
    assert found.format == form
    assert found.title == TITLES[form]
    assert tuple(point.check for point in found.points) == ORDER[form]
    assert {point.state for point in found.points} == {State.HOLDS}
    assert found.signer is not None
    assert [each.issuer for each in found.signer.known] == [found.credential.issuer]  # type: ignore[union-attr]
    assert found.reason is None
    assert found.advice is None
    text = printed(found)
    assert "✔ HOLDS" in text
    assert "proven" in text
    assert "✘" not in text


@pytest.mark.parametrize("form", GENUINE)
def test_without_trust_the_signer_is_not_known_here(form: str) -> None:
    """What the code claims is shown all the same, and said to be unproven."""
    found = explain(GENUINE[form][0], NOBODY, NOW)
    assert found.answer is Answer.REFUSED
    assert found.reason is Reason.CREDENTIAL_ISSUER_UNKNOWN
    assert failed(found).check is Check.ISSUER
    assert found.advice is not None
    assert found.signer is not None
    assert found.signer.known == ()
    assert found.signer.key_id
    text = printed(found)
    assert "not known here" in text
    assert "unproven" in text
    assert found.advice.indonesian in text
    assert found.advice.english in text
    assert (found.health is None) == (form == "native")


@pytest.mark.parametrize("form", [form for form in GENUINE if form != "native"])
def test_nothing_of_a_person_is_said_unless_asked_for(form: str) -> None:
    """Neither on a terminal nor in JSON, whether it holds or not; with --show, all of it."""
    payload, trust = GENUINE[form]
    for masked in (explain(payload, trust, NOW), explain(payload, NOBODY, NOW)):
        for text in (printed(masked), json.dumps(msgspec.to_builtins(masked))):
            assert not [word for word in PERSON if word in text]
        assert DOTS in printed(masked)
        assert masked.credential is None or masked.credential.holder == DOTS
    shown = printed(explain(payload, trust, NOW, show=True), masked=False)
    assert [word for word in PERSON if word in shown]
    assert DOTS not in shown


HOSTILE: list[tuple[str, bytes, TrustList, Check, Reason]] = [
    ("too long", b"A" * 9_000, NOBODY, Check.LENGTH, Reason.CODE_TOO_LONG),
    ("an address", b"https://kantor.example", NOBODY, Check.ADDRESS, Reason.CODE_IS_URL),
    ("something else", b"hello", NOBODY, Check.FORMAT, Reason.CODE_UNKNOWN_FORMAT),
    ("not base45", b"GP1:lower", OWN, Check.ENCODING, Reason.CODE_MALFORMED),
    ("no message", b"GP1:BB8", OWN, Check.STRUCTURE, Reason.CODE_MALFORMED),
    ("not base45", b"HC1:lower", OWN, Check.ENCODING, Reason.CODE_MALFORMED),
    ("not zlib", b"HC1:BB8", OWN, Check.STRUCTURE, Reason.CODE_MALFORMED),
    ("no digits", b"shc:/12x4", OWN, Check.ENCODING, Reason.CODE_MALFORMED),
    ("no JWS", b"shc:/0000", OWN, Check.STRUCTURE, Reason.CODE_MALFORMED),
    ("no JSON", b"{]", OWN, Check.STRUCTURE, Reason.CODE_MALFORMED),
    ("over", a_pass(NOW_S - 1), OWN, Check.TIMES, Reason.CREDENTIAL_EXPIRED),
    (
        "early",
        a_pass(not_before_s=NOW_S + 100),
        OWN,
        Check.TIMES,
        Reason.CREDENTIAL_NOT_YET_VALID,
    ),
    (
        "forged",
        hcertkit.text(hcertkit.message(hcertkit.cwt(), key=hcertkit.OTHER_KEY)),
        hcertkit.TRUST,
        Check.SIGNATURE,
        Reason.CREDENTIAL_SIGNATURE,
    ),
    (
        "over",
        hcertkit.certificate(expires=NOW_S - 5),
        hcertkit.TRUST,
        Check.TIMES,
        Reason.CREDENTIAL_EXPIRED,
    ),
    (
        "no end",
        hcertkit.text(hcertkit.message({1: "XX", -260: {1: hcertkit.dcc()}})),
        hcertkit.TRUST,
        Check.CLAIMS,
        Reason.CODE_MALFORMED,
    ),
    (
        "critical",
        hcertkit.text(hcertkit.message(hcertkit.cwt(), {1: -7, 4: hcertkit.KID, 2: [99]})),
        hcertkit.TRUST,
        Check.CRITICAL,
        Reason.CREDENTIAL_CRITICAL,
    ),
    (
        "another algorithm",
        hcertkit.text(hcertkit.message(hcertkit.cwt(), {1: -8, 4: hcertkit.KID})),
        hcertkit.TRUST,
        Check.ALGORITHM,
        Reason.CREDENTIAL_ALGORITHM,
    ),
    (
        "a test by who attests vaccinations",
        hcertkit.certificate({1: hcertkit.dcc("t")}),
        hcertkit.only(Usage.VACCINATION),
        Check.USAGE,
        Reason.CREDENTIAL_KIND_NOT_ISSUED,
    ),
    (
        "no certificate",
        hcertkit.certificate({1: {"ver": "1.3.0"}}),
        hcertkit.TRUST,
        Check.CONTENT,
        Reason.CREDENTIAL_CONTENT,
    ),
    (
        "the signer's end",
        hcertkit.certificate(),
        hcertkit.trusting(hcertkit.signer(not_after_s=NOW_S - 5)),
        Check.ISSUER_TIMES,
        Reason.CREDENTIAL_ISSUER_EXPIRED,
    ),
    (
        "an old list",
        hcertkit.certificate(),
        hcertkit.trusting(hcertkit.signer(), created_s=NOW_S - 31 * SECONDS_PER_DAY),
        Check.TRUST_AGE,
        Reason.TRUST_LIST_OUTDATED,
    ),
    (
        "another issuer",
        shckit.text(shckit.jws(shckit.claims(iss="https://other.example"))),
        shckit.TRUST,
        Check.MATCH,
        Reason.CREDENTIAL_ISSUER_MISMATCH,
    ),
    (
        "revoked",
        shckit.text(shckit.jws(shckit.claims(vc=shckit.credential(*shckit.TWO_DOSES, rid="r1")))),
        shckit.trust(shckit.SIGNER, revoked={"r1": NOW_S}),
        Check.REVOCATION,
        Reason.CREDENTIAL_REVOKED,
    ),
    (
        "one part",
        shckit.parts(shckit.jws(), 2)[0],
        shckit.TRUST,
        Check.FORMAT,
        Reason.CODE_SPLIT,
    ),
    (
        "a signer that was refused",
        vdsnckit.seal(),
        vds_trust(vds={}, vds_refused={vdsnckit.FINGERPRINT: Reason.CREDENTIAL_KIND_NOT_ISSUED}),
        Check.ISSUER,
        Reason.CREDENTIAL_KIND_NOT_ISSUED,
    ),
]


@pytest.mark.parametrize(
    ("payload", "trust", "check", "reason"),
    [case[1:] for case in HOSTILE],
    ids=[f"{case[4]}-{number}" for number, case in enumerate(HOSTILE)],
)
def test_the_check_that_failed_is_named(
    payload: bytes, trust: TrustList, check: Check, reason: Reason
) -> None:
    """With its reason; what comes before it held, what comes after was never looked at."""
    found = explain(payload, trust, NOW)
    assert found.answer is Answer.REFUSED
    point = failed(found)
    assert (point.check, point.reason) == (check, reason)
    text = printed(found)
    assert "✘ REFUSED" in text
    assert re.search(rf"✘ +{re.escape(check)}", text)
    assert reason in text


def test_every_format_of_the_gate_can_be_explained() -> None:
    """A format that is added without its checks and its title fails here."""
    assert set(FORMATS) <= set(installed_formats())
    for prefix, verifier in installed_formats().items():
        found = explain(prefix + b"\xff", NOBODY, NOW, formats=installed_formats())
        assert found.format in ORDER, verifier
        assert found.format in TITLES


def test_every_check_of_a_list_can_fail() -> None:
    """And a reason that a format can't have says nothing of its checks."""
    for form, order in ORDER.items():
        seen = {failed_check(points(form, reason)) for reason in Reason}
        assert set(order) - seen <= {Check.ENCODING, Check.HOLDER_KEY, Check.CLAIMS}, form
        for held in (Check.STRUCTURE, Check.ENCODING):
            assert points(form, Reason.CODE_MALFORMED, held=held)
    odd = points("native", Reason.FIRE)
    assert {point.state for point in odd[:-1]} == {State.UNSEEN}
    assert odd[-1] == Point(Check.OTHER, State.FAILS, Reason.FIRE)


def failed_check(found: tuple[Point, ...]) -> Check:
    return next(point.check for point in found if point.state is State.FAILS)


def test_a_list_that_grows_old_leaves_a_doubt() -> None:
    """The code holds, and an officer looks."""
    old = hcertkit.trusting(hcertkit.signer(), created_s=NOW_S - 8 * SECONDS_PER_DAY)
    found = explain(hcertkit.certificate(), old, NOW)
    assert found.answer is Answer.HOLDS
    assert found.points[-1].check is Check.AGE_DOUBT
    assert found.points[-1].reason is Reason.TRUST_LIST_OLD
    assert found.advice is not None
    assert found.advice.english in printed(found)


def test_of_several_keys_with_one_id_the_one_that_signed_is_named() -> None:
    """Before it is known which, all of them are."""
    other = hcertkit.signer(hcertkit.OTHER_KEY, issuer="YY")
    trust = hcertkit.trusting(other, hcertkit.signer())
    good = explain(hcertkit.certificate(), trust, NOW)
    assert [known.issuer for known in good.signer.known] == ["XX"]  # type: ignore[union-attr]
    late = explain(hcertkit.certificate(), trust, WallTime((NOW_S + 9_999) * 1000))
    assert [known.issuer for known in late.signer.known] == ["YY", "XX"]  # type: ignore[union-attr]


@given(st.binary(max_size=300), st.sampled_from(sorted(FORMATS)))
def test_no_bytes_break_it(noise: bytes, prefix: bytes) -> None:
    """Whatever a code holds, it is explained, and nothing reaches the terminal as it is."""
    text = printed(explain(prefix + noise, hcertkit.TRUST, NOW))
    assert text.isprintable() or not [c for c in text if not c.isprintable() and c != "\n"]


EVIL = "Budi\x1b[2J\u202e\u2066\x07\n\u200b\U000e0041Contoh"


def test_what_a_name_hides_is_shown_by_its_number() -> None:
    """Escape sequences, overrides of direction and other unseen characters never get out."""
    assert safe(EVIL) == ("Budi<U+001B>[2J<U+202E><U+2066><U+0007><U+000A><U+200B><U+E0041>Contoh")
    assert safe("a" * 300).endswith("… (+100)")
    # The WHO's form lets a name hold what the EU's does not.
    vc = shckit.credential({**shckit.PATIENT, "name": [{"family": EVIL, "given": [EVIL]}]})
    payload = shckit.text(shckit.jws(shckit.claims(vc=vc, iss=f"https://x.example/{EVIL}")))
    texts = [printed(explain(payload, shckit.TRUST, NOW, show=shows)) for shows in (False, True)]
    for text in texts:
        assert not [c for c in text if not c.isprintable() and c != "\n"]
        assert "\x1b" not in text
    assert "<U+202E>" in texts[1]


def test_names_show_their_first_letter_and_not_their_length() -> None:
    """One letter is enough to see whether it is the right sheet of paper."""
    assert masked_name("Contoh") == masked_name("Contoh Budi") == f"C{DOTS}"
    assert masked_name(" budi") == f"b{DOTS}"
    for odd in ("", " ", "1990", "\u202eBudi"):
        assert masked_name(odd) == DOTS


def test_a_field_that_nobody_knows_is_masked() -> None:
    """Its value always; its name too, where it could be somebody's."""
    payload = {
        "ver": "1.3.0",
        "nik": "3275000000000000",
        "Budi Contoh": 1,
        "x" * 80: None,
        "v": [{"dn": 2, "odd": ["Contoh", True]}],
        "v.*.dn": "3275000000000000",
        "empty": [],
    }
    text = "\n".join(
        f"{'/'.join(leaf.path)}={leaf.value}" for leaf in leaves(payload, "hcert", show=False)
    )
    assert "3275" not in text
    assert "Budi" not in text
    assert "Contoh" not in text
    assert "ver=1.3.0" in text
    assert "v/[1]/dn=2" in text
    assert f"v/[1]/odd/[2]={DOTS}" in text
    assert f"v.*.dn={DOTS}" in text
    assert f"{DOTS}=null" in text
    assert "empty=(empty)" in text
    open_text = "\n".join(leaf.value for leaf in leaves(payload, "hcert", show=True))
    assert open_text.count("3275000000000000") == 2
    assert leaves(payload, "unheard-of", show=False)[0].is_masked


def test_a_tree_has_its_bounds() -> None:
    """A payload of a million fields is no flood, and one that nests for ever ends."""
    assert len(leaves(list(range(5_000)), "shc", show=True)) == LINES_MAX + 1
    deep: object = "leaf"
    for _ in range(100):
        deep = [deep]
    assert leaves(deep, "shc", show=True)[-1].value == "nested deeper"


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_its_terminal(width: int) -> None:
    """No line is longer than the screen, and none ends in blanks."""
    for payload, trust in GENUINE.values():
        lines = printed(explain(payload, trust, NOW), width=width).splitlines()
        assert max(map(len, lines)) <= width
        assert not [line for line in lines if line != line.rstrip()]


def test_times_as_people_read_them() -> None:
    """At the site's clock; what no calendar has is said in words."""
    assert moment(0, ZONE) == "1970-01-01 07:00:00 WIB"
    assert moment(59.9, ZONE, to_the_minute=True) == "1970-01-01 07:00"
    assert distance(NOW_S + 86_400 * 1_500, NOW_S) == "in 1,500 days"
    assert distance(NOW_S - 3_700, NOW_S) == "1 hour ago"
    assert distance(NOW_S + 0.5, NOW_S) == "now"
    for odd in (1e300, -1e300, float("inf"), float("nan")):
        assert moment(odd, ZONE) == "a time that no calendar has"
    assert distance(float("inf"), NOW_S) == distance(float("nan"), NOW_S) == "never"


KINDS: dict[str, Callable[[], bytes]] = {
    "vaccination": hcertkit.certificate,
    "test": lambda: hcertkit.certificate({1: hcertkit.dcc("t")}),
    "recovery": lambda: hcertkit.certificate({1: hcertkit.dcc("r")}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_certificate_attests_is_said(kind: str) -> None:
    """A dose with its number, a test with its result, a recovery with its span."""
    text = printed(explain(KINDS[kind](), hcertkit.TRUST, NOW))
    assert re.search(rf"^  {kind} +\S", text, re.MULTILINE)


def test_an_empty_list_of_issuers_is_no_old_one() -> None:
    """Who has no list is told that nobody is known, not that the list is outdated; a list that was
    made and is old is said to be old."""
    assert failed(explain(hcertkit.certificate(), NOBODY, NOW)).check is Check.ISSUER
    made = TrustList({}, public=PublicTrust(version=1, created_s=1))
    assert failed(explain(hcertkit.certificate(), made, NOW)).check is Check.TRUST_AGE


def test_w3c_credentials_where_their_extra_is_installed() -> None:
    """As PeduliLindungi issued them: masked like the others, and explained like them."""
    pytest.importorskip("pyld")
    from tests.domain import vckit  # noqa: PLC0415 - imports what may be missing

    trust = TrustList({}, public=vckit.PUBLIC)
    found = explain(vckit.code(), trust, NOW, formats=installed_formats())
    assert found.answer is Answer.HOLDS
    assert tuple(point.check for point in found.points) == ORDER["vc"]
    text = printed(found)
    for word in ("BUDI", "Jalan Contoh", "1990", "Puskesmas", "000000"):
        assert word not in text
    assert "Example vaccine" in text
    assert found.signer is not None
    assert found.signer.algorithm == Algorithm.EDDSA.name.replace("DDSA", "dDSA")
    unknown = explain(vckit.code(), NOBODY, NOW, formats=installed_formats())
    assert failed(unknown).check is Check.ISSUER
