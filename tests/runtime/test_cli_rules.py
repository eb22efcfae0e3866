"""`gate rules`: what a health officer, a technician and an acceptance run are told."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from firmware.cli import cli
from firmware.errors import UserError
from firmware.rules import SHIPPED

COLOURS, BEKASI, STAFF = (
    str(SHIPPED / f"{name}.toml") for name in ("indonesia-colours", "bekasi", "staff")
)


def gate(*words: str) -> Result:
    """The command, on a terminal that is wide enough for everything."""
    return CliRunner().invoke(cli, ["rules", *words], env={"COLUMNS": "250"})


def answer(result: Result) -> object:
    """What the process would end with."""
    error = result.exception
    if isinstance(error, UserError):
        return error.exit_code
    assert error is None or isinstance(error, SystemExit), error
    return result.return_value if result.exit_code == 0 else result.exit_code


@pytest.fixture(autouse=True)
def _return_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `main` does it: a command's own answer is the exit code."""
    invoke = cli.main

    def main(*args: Any, **rest: Any) -> object:  # noqa: ANN401 - click's own
        return invoke(*args, **{**rest, "standalone_mode": False})

    monkeypatch.setattr(cli, "main", main)


def test_good_files_are_good() -> None:
    """Each with the sets in it; two that a lane loads together are checked together."""
    result = gate("check", BEKASI, STAFF)
    assert answer(result) == 0
    assert f"{BEKASI}: good; bekasi@2021-09-09\n" in result.stdout
    result = gate("check", COLOURS, STAFF)
    assert answer(result) == 0
    assert "indonesia-colours@2021-09-09, indonesia-colours@2022-02-14" in result.stdout


def test_every_mistake_is_said_with_its_key(tmp_path: Path) -> None:
    """Exit code 3; of a file that is no rule file, why; what is good is still said."""
    wrong, none = tmp_path / "wrong.toml", tmp_path / "none.toml"
    text = Path(STAFF).read_text("utf-8")
    wrong.write_text(text.replace("health.doses", "health.dose").replace('"admit"', '"officer"'))
    none.write_text("colour = 1")
    result = gate("check", str(wrong), BEKASI, str(none))
    assert answer(result) == 3
    assert f"{wrong}: $.facts.one_dose.>=[0].var: 'health.dose': health has doses" in result.stdout
    assert "good; bekasi" in result.stdout
    assert f"{none}: Object contains unknown field `colour`" in result.stdout


def test_files_that_contradict_are_found() -> None:
    """The city's rule and the country's colours began on one day: a site takes one of them."""
    result = gate("check", BEKASI, COLOURS)
    assert answer(result) == 3
    clash = "bekasi@2021-09-09 and indonesia-colours@2021-09-09 have the same date"
    assert clash in result.stdout
    result = gate("show", BEKASI, COLOURS)
    assert answer(result) == 3
    assert clash in str(result.exception)


def test_a_missing_file_is_another_matter() -> None:
    """Exit code 1, on standard error."""
    result = gate("check", "missing.toml", BEKASI)
    assert answer(result) == 1
    assert "missing.toml is not there" in result.stderr
    assert "good" in result.stdout
    result = gate("show", "missing.toml")
    assert answer(result) == 1
    assert str(result.exception) == "missing.toml is not there."


def test_show_tells_what_is_shipped() -> None:
    """Each file, each date, each source, and where to copy from."""
    result = gate("show")
    assert answer(result) == 0
    assert "bekasi.toml\n  from 2021-09-09: Surat Edaran 440/1395/SET.COVID-19" in result.stdout
    assert f"They lie in {SHIPPED}" in result.stdout


def test_show_tells_the_rules_of_a_day() -> None:
    """The table in its order, in both languages, with its source; and all dates."""
    result = gate("show", COLOURS, "--at", "2022-02-14")
    assert answer(result) == 0
    text = result.stdout
    assert "indonesia-colours@2022-02-14\nholds on 2022-02-14 for health certificates" in text
    lines = [line.split()[0] for line in text.splitlines() if " / " in line]
    assert lines == ["black", "green", "green", "yellow", "yellow", "red"]
    assert "Vaksin lengkap." in text
    assert "Fully vaccinated." in text
    assert "arahkan / refer" in text
    assert "positive is: health.tests.0.positive is true" in text
    assert "source: Ministry of Health, faq.kemkes.go.id, 14 February 2022" in text
    assert "note:   Its criteria are read as alternatives" in text
    assert "indonesia-colours from 2022-07-17" in text


def test_show_tells_for_whom(tmp_path: Path) -> None:
    """By kind and by format, where sets differ; an expression without a name in words."""
    text = Path(STAFF).read_text("utf-8")
    only = tmp_path / "only.toml"
    text = text.replace('["staff"]', '["staff"]\nformats = ["native"]').replace(
        "dated = 2026-11-24\n\n", "dated = 2026-11-24\nuntil = 2026-12-31\n\n"
    )
    only.write_text(
        text.replace('when = "one_dose"', """when = '{"!": [{"var": "facts.one_dose"}]}'""")
    )
    result = gate("show", str(only), BEKASI, "--at", "2026-12-31")
    assert answer(result) == 0
    assert "for staff badges (native)" in result.stdout
    assert "appointments, staff badges (but not native), health certificates" in result.stdout
    assert "not (health.doses >= 1)" in result.stdout
    assert "staff from 2026-11-24 until 2026-12-31" in result.stdout
    result = gate("show", str(only), "--at", "2027-01-01")
    assert "No rules hold on 2027-01-01." in result.stdout
    assert "No rule is for staff badges: an officer looks at them." in result.stdout
    assert answer(gate("show", COLOURS)) == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((BEKASI, "--dose", "1"), 0, "vaccinated: admit (by bekasi@2021-09-09)"),
        ((BEKASI,), 3, "not_vaccinated: refer"),
        ((BEKASI, "--dose", "1", "--disease", "1D47"), 3, "not_vaccinated: refer"),
        ((STAFF, "--kind", "staff", "--at", "2026-12-01"), 3, "not_stated: officer"),
        ((STAFF, "--kind", "staff", "--at", "2026-12-01", "--dose", "2"), 0, "Pegawai sudah"),
        ((BEKASI, "--at", "2021-09-08", "--dose", "1"), 3, "no_rule: officer (by none)"),
        ((STAFF, "--kind", "visitor"), 3, "No rules are for such a certificate then."),
        ((COLOURS, "--at", "2021-09-06", "--dose", "1/2@2021-08-01"), 3, "yellow: officer"),
        ((COLOURS, "--at", "2022-02-20", "--recovery", "2022-01-10"), 0, "yellow: admit"),
        (
            (COLOURS, "--at", "2022-02-20T08:00", "--test", "negative@2022-02-19T09:00@LP6464-4"),
            0,
            "green: admit",
        ),
        (
            (COLOURS, "--at", "2022-02-20", "--test", "positive@2022-02-19T09:00+07:00"),
            3,
            "black: refuse",
        ),
        ((COLOURS, "--at", "2022-08-01", "--dose", "2/2", "--born", "2012"), 0, "green: admit"),
        ((COLOURS, "--at", "2022-08-01T08:00Z", "--dose", "2/2"), 3, "yellow: officer"),
    ],
)
def test_somebody_is_tried(words: tuple[str, ...], code: int, said: str) -> None:
    """Before the rules go to the door: status, outcome, by which set, and the words for it."""
    result = gate("try", *words)
    assert said in result.stdout
    assert answer(result) == code


@pytest.mark.parametrize(
    "words", [("--dose", "one"), ("--test", "negative"), ("--test", "good@2022-02-19T09:00")]
)
def test_what_can_t_be_tried(words: tuple[str, ...]) -> None:
    """A fact written in another way is a mistake of the command."""
    with pytest.raises(Exception, match="write it like"):
        CliRunner().invoke(cli, ["rules", "try", BEKASI, *words], catch_exceptions=False)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A file of cases, one of each sort and result, and value sets beside it."""
    logic = {"in": [{"var": "payload.x"}, {"var": "external.valueSets.letters"}]}
    test = {"payload": {"x": "a"}, "external": {}, "value_sets": "some", "expected": True}
    lines = [
        {"id": "good", "expr": {"+": [1, 1]}, "data": {}, "expected": 2, "skip": False},
        {"id": "one is not true", "expr": {"+": [0, 1]}, "data": {}, "expected": True},
        {"id": "skipped", "expr": {"+": [0, 1]}, "data": {}, "expected": 2, "skip": True},
        {"id": "refused", "expr": {"all": []}, "data": {}, "expected": True},
        {"id": "null", "expr": None, "data": {}, "expected": None},
        {"id": "no data", "expr": {"+": [1, 1]}},
        {"id": "form", "expr": {"+": [1, 1]}, "expected_valid": True},
        {"id": "no form", "expr": {"all": []}, "expected_valid": True},
        {
            "id": "rule",
            "rule": {"Logic": logic, "Country": "XX"},
            "tests": [
                {**test, "id": "a"},
                {**test, "id": "b", "payload": {"x": "b"}},
                {**test, "id": "broken", "payload": None},
                {**test, "id": "lost", "value_sets": "other"},
                {**test, "id": "none", "value_sets": None, "expected": False},
            ],
        },
    ]
    path = tmp_path / "suite.jsonl"
    path.write_text("\n\n".join(map(json.dumps, lines)), "utf-8")
    (tmp_path / "business-rules-valuesets.json").write_text('{"some": {"letters": ["a"]}}')
    return path


def test_cases_are_scored(suite: Path) -> None:
    """Agreed, disagreed or not asserted, and those that disagree by name."""
    result = gate("conformance", str(suite))
    assert answer(result) == 3
    (row,) = [line for line in result.stdout.splitlines() if "suite.jsonl  " in line]
    assert row.split() == ["suite.jsonl", "13", "4", "6", "0", "3"]
    assert "one is not true disagreed: expected true, got 1" in result.stdout
    assert "refused disagreed: expected true, got refused: 'all' with 0 operands" in result.stdout
    assert "no form disagreed: expected an expression, got $: 'all' with 0" in result.stdout
    assert "rule/b disagreed: expected true, got false" in result.stdout
    assert "rule/lost disagreed: expected true, got no value sets 'other'" in result.stdout
    assert "rule/none disagreed: expected false, got refused: in looks into a list" in result.stdout
    assert "broken" not in result.stdout


def test_the_score_is_data_too(suite: Path) -> None:
    """In the form of the credentials' scores; value sets from another file."""
    sets = suite.with_name("elsewhere.json")
    sets.write_text('{"some": {"letters": ["b"]}, "other": null}')
    result = gate("conformance", str(suite), "--json", "--value-sets", str(sets))
    (report,) = json.loads(result.stdout)["files"]
    assert {each["id"] for each in report["told"]} >= {"rule/a", "rule/lost"}
    assert "rule/b" not in {each["id"] for each in report["told"]}


def test_all_agree(suite: Path) -> None:
    """Exit code 0, and of how many nothing is asserted."""
    lines = suite.read_text("utf-8").splitlines()
    suite.write_text("\n".join(line for line in lines if '"good"' in line or '"skipped"' in line))
    suite.with_name("suite-valuesets.json").write_text("{}")
    result = gate("conformance", str(suite))
    assert "All 1 assertions hold; of 1 cases nothing is asserted." in result.stdout
    assert answer(result) == 0


def test_a_page_has_an_end(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much disagrees; the rest is in the data."""
    monkeypatch.setattr("firmware.cli.ruleconformance._SHOWN_MAX", 2)
    monkeypatch.setattr("firmware.conformance.rulecases.KEPT_MAX", 1)
    suite.write_text(suite.read_text("utf-8") + "\n{\n{\n", "utf-8")
    result = gate("conformance", str(suite))
    assert result.stdout.count(" disagreed: ") == 2
    assert "and more; `--json` has them." in result.stdout
    assert answer(result) == 1


def test_a_crash_is_a_result(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of ours in one case hides no other."""

    def crash(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr("firmware.conformance.rulecases.evaluate", crash)
    monkeypatch.setattr("firmware.conformance.rulecases.problems", crash)
    result = gate("conformance", str(suite))
    assert answer(result) == 3
    assert "skipped crashed" in result.stdout
    assert "form crashed: expected nothing, got ZeroDivisionError" in result.stdout


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "suite.jsonl:1: Input data was truncated"),
        (b'{"id": "x"}', "suite.jsonl:1: neither `expr` nor `rule`"),
        (b'{"id": "x", "rule": {"logic": 1}}', "suite.jsonl:1: Object missing required field"),
        (b'{"id": "x", "expr": ' + b"[" * 100_000, "suite.jsonl:1: nested too deeply"),
        (b'{"id": "' + b"x" * 1_100_000 + b'"}', "suite.jsonl:1: longer than"),
    ],
)
def test_a_line_that_is_no_case(suite: Path, line: bytes, problem: str) -> None:
    """Is told with its number, and is a failure."""
    suite.write_bytes(line + b"\n")
    result = gate("conformance", str(suite))
    assert problem in result.stderr
    assert answer(result) == 1


def test_files_that_can_t_be_read(suite: Path) -> None:
    """Cases or value sets: which one, and why; the rest is scored."""
    result = gate("conformance", "missing.jsonl", str(suite))
    assert "missing.jsonl: No such file or directory." in result.stderr
    assert "suite.jsonl" in result.stdout
    assert answer(result) == 1
    sets = suite.with_name("business-rules-valuesets.json")
    sets.write_text("[]")
    result = gate("conformance", str(suite))
    assert f"{sets}: Expected `object`, got `array`" in result.stderr
    assert answer(result) == 1


def test_value_sets_have_a_limit(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named, and said."""
    monkeypatch.setattr("firmware.conformance.rulecases.VALUE_SETS_BYTES_MAX", 3)
    result = gate("conformance", str(suite))
    assert "business-rules-valuesets.json: longer than 3 bytes" in result.stderr
    assert answer(result) == 1


@pytest.mark.parametrize("command", [(), ("check",), ("show",), ("try",), ("conformance",)])
def test_help_has_examples_and_exit_codes(command: tuple[str, ...]) -> None:
    """Whoever asks for help sees a line to copy."""
    result = gate(*command, "--help")
    assert answer(result) == 0
    assert "Exit codes" in result.stdout or "Examples" in result.stdout
