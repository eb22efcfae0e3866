"""What a health certificate attests, and what is none though its issuer signed it."""

from typing import Any

import cbor2
import pytest

from gate.credential import health as attested
from gate.credential.hcert.content import COUNT_MAX
from gate.credential.health import Health, Recovery, Vaccination
from gate.credential.publictrust import Usage
from gate.reasons import Reason
from tests.domain.hcertkit import (
    NAME,
    NOW_S,
    RECOVERY,
    TEST,
    VACCINATION,
    accepted,
    certificate,
    dcc,
    message,
    only,
    reason,
    text,
)


def health(claim: object) -> Health:
    """What the certificate with that health claim attests."""
    content = accepted(certificate(claim)).content
    assert content is not None
    return content.health


def refused(claim: object) -> bool:
    """Whether it is refused for its content, and for nothing else."""
    found = reason(certificate(claim))
    assert found in (None, Reason.CREDENTIAL_CONTENT)
    return found is not None


def test_a_vaccination() -> None:
    expected = Vaccination("2021-08-17", 2, 2, "EU/1/20/1528", "840539006")
    assert health({1: dcc()}) == Health(vaccinations=(expected,))


@pytest.mark.parametrize("disease", ["16541001", "", "RA01", "840539006 "])
def test_doses_against_another_disease(disease: str) -> None:
    """A yellow fever vaccination attests no dose of those that a policy asks for."""
    found = accepted(certificate({1: dcc(tg=disease)}))
    assert found.content is not None
    assert found.content.health.vaccinations[0].disease == disease
    assert found.credential.doses is None


def test_a_test() -> None:
    expected = attested.Test(
        "2021-08-17T08:00:00Z", positive=False, type="LP217198-3", disease="840539006"
    )
    assert health({1: dcc("t")}) == Health(tests=(expected,))
    assert accepted(certificate({1: dcc("t")})).credential.doses is None


@pytest.mark.parametrize(
    ("result", "positive"), [("260373001", True), ("260415000", False), ("", None), ("?", None)]
)
def test_results(result: str, positive: bool | None) -> None:
    """Detected, not detected, and neither."""
    (found,) = health({1: dcc("t", tr=result)}).tests
    assert found.positive is positive


def test_a_recovery() -> None:
    expected = Recovery("2021-08-01", "2021-08-12", "2022-01-28", disease="840539006")
    assert health({1: dcc("r")}) == Health(recoveries=(expected,))
    assert accepted(certificate({1: dcc("r")})).credential.doses is None


def test_a_moment_with_a_tag_is_its_text() -> None:
    """As Sweden and Hungary write it; rules see text."""
    moment = "2021-06-15T09:24:02Z"
    found = accepted(certificate({1: dcc("t", sc=cbor2.CBORTag(0, moment))})).content
    assert found is not None
    assert found.health.tests[0].moment == moment
    assert found.payload["t"][0]["sc"] == moment


@pytest.mark.parametrize("field", ["vp", "mp", "ma"])
def test_product_and_maker_may_be_empty(field: str) -> None:
    """As Indonesia's genuine certificates have them: what counts is the rules' business."""
    assert not refused({1: dcc("v", **{field: ""})})
    assert not refused({1: dcc("v", **{field: None})})
    assert refused({1: dcc("v", **{field: 5})})


def test_more_fields_are_no_fault() -> None:
    """Singapore's certificates have a `meta` beside."""
    extra = {"list": [1, 2.5, True, None, "x", [{}]], "number": -(2**63)}
    assert not refused({1: {**dcc(), "meta": extra}})


@pytest.mark.parametrize(
    "claim",
    [
        cbor2.undefined,
        "certificate",
        [dcc()],
        {},
        {2: dcc()},
        {-1: dcc()},
        {"1": dcc()},
        {1: dcc(), -6: {}},
        {1: None},
        {1: []},
        {1: "x"},
        {1: {}},
    ],
)
def test_a_health_claim_holds_one_certificate_that_we_know(claim: object) -> None:
    """Half of what an issuer states is never taken for the whole."""
    assert refused(claim)


@pytest.mark.parametrize(
    "changes",
    [
        {"ver": None},
        {"ver": 1.3},
        {"dob": None},
        {"dob": 1990},
        {"dob": "2100-01-01"},
        {"dob": "1799"},
        {"dob": "1990-1-2"},
        {"dob": "1990-01-02T08:00:00"},
        {"dob": "1990-01-02T00:00:01"},
        {"dob": "1990-01T00:00:00"},
        {"dob": "1990T00:00:00"},
        {"dob": "1990-01-02T"},
        {"dob": "1990-01-02 00:00:00"},
        {"dob": "1990-01-02T00:00:00Zulu"},
        {"dob": "1990-01-02T00:00:00." + "0" * 99},
        {"dob": "1990-01-02\n"},
        {"dob": "\u0661990-01-02"},
        {"nam": None},
        {"nam": "Contoh"},
        {"nam": {}},
        {"nam": {"fnt": 5}},
        {"nam": {**NAME, "gn": ["Budi"]}},
        {"nam": cbor2.undefined},
        {"nam": {**NAME, "fn": b"Contoh"}},
        {"v": None},
        {"v": []},
        {"v": {"0": dict(VACCINATION)}},
        {"v": "x"},
        {"v": ["x"]},
        {"v": [dict(VACCINATION), dict(VACCINATION)]},
        {"t": [dict(TEST)]},
        {"v": [], "t": [dict(TEST)], "r": [dict(RECOVERY)]},
        {b"more": "field"},
        {"more": {b"more": "field"}},
        {"more": [cbor2.CBORSimpleValue(99)]},
    ],
)
def test_the_shape_of_a_certificate(changes: dict[Any, Any]) -> None:
    """Holder, version, and exactly one entry of one group."""
    assert refused({1: {**dcc(), **changes}})


@pytest.mark.parametrize(
    "claim",
    [
        {True: dcc()},
        {1.0: dcc()},
        {None: dcc()},
        {1: {**dcc(), 5: "field"}},
        {1: {**dcc(), "more": {5: "field"}}},
        {1: {**dcc(), "more": [{(5,): "field"}]}},
    ],
)
def test_names_of_fields_are_of_few_types(claim: object) -> None:
    """Others are no certificate's, and are refused before they cost anything."""
    assert reason(certificate(claim)) is Reason.CODE_MALFORMED


@pytest.mark.parametrize("changes", [{"t": []}, {"t": None, "r": []}])
def test_empty_groups_are_none(changes: dict[str, Any]) -> None:
    """Some issuers write all three, two of them empty."""
    assert not refused({1: {**dcc(), **changes}})


def test_several_doses_in_one_certificate() -> None:
    """Schema 1.0 allowed it; the highest number counts, and later schemas forbid it."""
    both = [{**VACCINATION, "dn": 1, "dt": "2021-07-20"}, dict(VACCINATION)]
    assert accepted(certificate({1: {**dcc(), "ver": "1.0.0", "v": both}})).credential.doses == 2
    assert refused({1: {**dcc(), "ver": "1.0.0", "v": both, "t": [dict(TEST)]}})
    assert refused({1: {**dcc(), "ver": "1.3.0", "v": both}})


@pytest.mark.parametrize(
    ("group", "fields"),
    [
        ("v", ["tg", "dt", "co", "is", "ci", "dn", "sd"]),
        ("t", ["tg", "tt", "sc", "tr", "co", "is", "ci"]),
        ("r", ["tg", "fr", "df", "du", "co", "is", "ci"]),
    ],
)
@pytest.mark.parametrize("value", [None, [], True, cbor2.undefined, b"2021-08-17"])
def test_fields_of_an_entry(group: str, fields: list[str], value: object) -> None:
    """Each must be there, and be of its type."""
    for field in fields:
        assert refused({1: dcc(group, **{field: value})}), field


@pytest.mark.parametrize("field", ["dn", "sd"])
@pytest.mark.parametrize(
    ("value", "right"),
    [
        (0, True),
        (1, True),
        (2.0, True),
        (COUNT_MAX, True),
        (COUNT_MAX + 1, False),
        (2**63, False),
        (-1, False),
        (-1.0, False),
        (1.5, False),
        ("2", False),
        (True, False),
    ],
)
def test_counts(field: str, value: object, right: bool) -> None:
    """Whole numbers from nothing to two digits; 2.0 is a whole number, true is none."""
    assert refused({1: dcc("v", **{field: value})}) is not right


def test_a_whole_float_becomes_a_count() -> None:
    """Rules of ours never see 2.0 doses."""
    (found,) = health({1: dcc(dn=2.0)}).vaccinations
    assert type(found.dose) is int


@pytest.mark.parametrize(
    "name",
    ["Budi\u202eudiB", "Budi\u2066x\u2069", "Budi\nAdmitted", "Budi\x00", "Bu\x7fdi", "\x9bBudi"],
)
def test_names_that_deceive(name: str) -> None:
    """A name that would show as another one, or as a second line, is refused."""
    assert refused({1: {**dcc(), "nam": {**NAME, "gn": name}}})
    assert refused({-6: {"n": name, "vx": {"vp": "Product", "dt": "2024-05-01"}}})


@pytest.mark.parametrize(
    "name",
    [
        "Gößinger",
        "\u0628\u064f\u0648\u062f\u064a",  # Arabic, with a vowel sign
        "\u0646\u0645\u200c\u062e",  # Persian, with a joiner that does not show
        "ブディ",
        "O'Neil-van Halen",
        "",
    ],
)
def test_names_of_the_world(name: str) -> None:
    """Every script is a script."""
    assert not refused({1: {**dcc(), "nam": {**NAME, "gn": name}}})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), cbor2.CBORTag(2, b"\x02")])
@pytest.mark.parametrize("field", ["dn", "tc"])
def test_numbers_that_are_none(field: str, value: object) -> None:
    """Neither JSON nor our reading has them; they are no certificate's at all."""
    assert reason(certificate({1: dcc("v", **{field: value})})) is Reason.CODE_MALFORMED


DVC_DETAILS = {"vp": "YellowFeverProduct", "dt": "2024-05-01", "bo": "LOT1", "is": "Ministry"}
DVC = {
    "n": "Contoh Budi",
    "dob": "1990-01-02",
    "s": "male",
    "v": "1.0.0",
    "vx": DVC_DETAILS,
}


def test_the_who_s_certificate() -> None:
    """A product and a date; against which disease is not said, so no dose of ours is counted."""
    found = accepted(certificate({-6: DVC}))
    assert found.content is not None
    assert found.content.payload == DVC
    expected = Vaccination("2024-05-01", 1, product="YellowFeverProduct")
    assert found.content.health == Health(vaccinations=(expected,))
    assert found.credential.doses is None
    assert reason(certificate({-6: DVC}), only(Usage.TEST)) is Reason.CREDENTIAL_KIND_NOT_ISSUED


@pytest.mark.parametrize(
    ("details", "disease", "doses"),
    [
        ({"vp": "XM68M6"}, "840539006", 1),
        ({"vp": "XM68M6", "tg": "RA01"}, "840539006", 1),
        ({"vp": "Product", "tg": "RA01.0"}, "840539006", 1),
        ({"vp": "Product", "tg": "840539006"}, "840539006", 1),
        ({"vp": "XM0N24", "tg": "1D47"}, "1D47", None),
        ({"vp": "XM68M6", "tg": "1D47"}, "1D47", None),
        ({"vp": "Product", "tg": "RA010"}, "RA010", None),
        ({"vp": "xm68m6"}, "", None),
    ],
)
def test_the_who_s_codes(details: dict[str, str], disease: str, doses: int | None) -> None:
    """Where ICD-11 says that it is COVID-19, its doses are doses."""
    found = accepted(certificate({-6: {"n": "Budi", "v": {"dt": "2021-08-17", **details}}}))
    assert found.content is not None
    assert found.content.health.vaccinations[0].disease == disease
    assert found.credential.doses == doses


def test_the_who_s_doses_are_numbered_by_disease() -> None:
    """The second dose is the second against that disease; one that stands twice is one."""
    shots = [
        {"vp": "XM68M6", "dt": "2021-08-17"},
        {"vp": "XM0N24", "tg": "1D47", "dt": "2021-01-01"},
        {"vp": "XM68M6", "dt": "2021-07-20", "bo": "LOT1"},
        {"vp": "XM68M6", "dt": "2021-07-20", "bo": "LOT2"},
    ]
    found = accepted(certificate({-6: {"n": "Budi", "v": shots}}))
    assert found.content is not None
    numbers = [(each.disease, each.dose) for each in found.content.health.vaccinations]
    assert numbers == [("1D47", 1), ("840539006", 1), ("840539006", 2)]
    assert found.credential.doses == 2


def test_drafts_of_the_who_s_certificate() -> None:
    """In a list of one; its vaccination in `v`; several of them; the date called `dv`."""
    given = [{"vp": "B", "dv": "2024-06-01"}, {"vp": "A", "dt": "2024-05-01"}]
    first, second = (
        Vaccination("2024-05-01", 1, product="A"),
        Vaccination("2024-06-01", 2, product="B"),
    )
    assert health({-6: [DVC]}) == health({-6: DVC})
    assert health({-6: {"n": "Budi", "v": given[1]}}) == Health(vaccinations=(first,))
    assert health({-6: {"n": "Budi", "v": given}}) == Health(vaccinations=(first, second))


@pytest.mark.parametrize(
    "dvc",
    [
        None,
        [],
        [DVC, DVC],
        {**DVC, "n": None},
        {**DVC, "vx": None},
        {**DVC, "vx": []},
        {**DVC, "vx": ["x"]},
        {**DVC, "vx": {"vp": "Product"}},
        {**DVC, "vx": {"dt": "2024-05-01"}},
        {**DVC, "vx": {**DVC_DETAILS, "tg": 5}},
        {**DVC, "vx": [DVC["vx"]] * (COUNT_MAX + 1)},
        {"n": "Budi", "v": "1.0.0"},
        {"n": "Budi"},
    ],
)
def test_no_certificate_of_the_who_s(dvc: object) -> None:
    """A name, and at least one product with its date."""
    assert refused({-6: dvc})


def test_a_token_of_something_else() -> None:
    """Signed by a trusted key, and no health certificate at all."""
    assert reason(text(message({4: NOW_S + 9}))) is Reason.CREDENTIAL_CONTENT
    assert reason(text(message([1, 2]))) is Reason.CODE_MALFORMED


@pytest.mark.parametrize(
    "birth",
    [
        *("", "1990", "1990-01", "1990-01-02", "1815-06-18", "2021-12-31"),
        *("1978-01-26T00:00:00", "1978-01-26T00:00:00Z", "1978-01-26T00:00:00.000+01:00"),
    ],
)
def test_a_birth_is_as_precise_as_its_issuer_knows(birth: str) -> None:
    """Nobody is refused for not knowing the day, nor for a database that knows midnight as well."""
    assert not refused({1: {**dcc(), "dob": birth}})


def test_a_product_may_be_missing() -> None:
    """It is an empty text then, as rules want it."""
    (found,) = health({1: dcc("v", mp=None)}).vaccinations
    assert found.product == ""


@pytest.mark.parametrize("leaf", [b"\x00", cbor2.undefined, float("nan"), {1: "x"}])
def test_a_certificate_of_the_who_is_plain_too(leaf: object) -> None:
    """Down to its leaves."""
    dvc = {"n": "Contoh Budi", "vx": [{"dt": "2021-08-17", "vp": "XM68M6"}]}
    assert reason(certificate({-6: dvc})) is None
    assert reason(certificate({-6: {**dvc, "more": [leaf]}})) in (
        Reason.CREDENTIAL_CONTENT,
        Reason.CODE_MALFORMED,
    )


def test_the_who_s_vaccinations_have_a_bound() -> None:
    """As many as can be numbered."""
    each = {"dt": "2021-08-17", "vp": "XM68M6"}
    many = [{**each, "vp": f"product {number}"} for number in range(COUNT_MAX + 1)]
    assert not refused({-6: {"n": "Contoh Budi", "vx": many[:-1]}})
    assert refused({-6: {"n": "Contoh Budi", "vx": many}})


@pytest.mark.parametrize("part", ["fn", "gn", "gnt"])
def test_a_part_of_the_name_may_be_missing(part: str) -> None:
    """All but the surname as machines write it (EU DCC schema 1.3.0)."""
    names = {field: value for field, value in NAME.items() if field != part}
    assert not refused({1: {**dcc(), "nam": names}})
    del names["fnt"]
    assert refused({1: {**dcc(), "nam": names}})
