"""Rule files: what a health officer wrote, and what somebody made of it."""

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import rulestore
from drivers.api import DriverError, ErrorKind
from drivers.rulestore import (
    RULES_BYTES_MAX,
    SETS_MAX,
    load_all_rules,
    load_rules,
    read_rules,
)
from gate.credential.model import CredentialKind
from gate.outcome import Outcome

HEAD = """\
id = "example"
kinds = ["health"]
"""
FACTS = """
[facts]
one_dose = '{">=": [{"var": "health.doses"}, 1]}'
"""
SET = """
[[set]]
dated = 2021-09-09
source = { citation = "Circular 1/2021", dated = 2021-09-09 }
otherwise = { status = "red", outcome = "refer", id = "Belum.", en = "Not yet." }
"""
LINE = """
[[set.status]]
status = "green"
when = "one_dose"
outcome = "admit"
id = "Sudah."
en = "Done."
"""
GOOD = HEAD + FACTS + SET + LINE


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Where the file of a test lies."""
    return tmp_path / "rules.toml"


def wrong_with(rules: Path, text: str) -> list[str]:
    """All that is wrong with such a file; loading it says the first."""
    rules.write_text(text, encoding="utf-8")
    _, wrong = read_rules(rules)
    with pytest.raises(DriverError) as caught:
        load_rules(rules)
    assert caught.value.kind is ErrorKind.CORRUPT
    assert caught.value.message.startswith(f"{rules}: {wrong[0]}")
    return list(wrong)


def refused(rules: Path, text: str | bytes) -> str:
    """Why such a file is no rule file at all."""
    rules.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    with pytest.raises(DriverError) as caught:
        read_rules(rules)
    assert caught.value.kind is ErrorKind.CORRUPT
    assert str(rules) in caught.value.message
    return caught.value.message


def test_a_file_gives_its_sets_in_its_order(rules: Path) -> None:
    """With what holds for the whole file in each of them."""
    later = SET.replace("2021-09-09", "2022-02-14").replace(
        "[[set]]", "[[set]]\nuntil = 2022-12-30"
    )
    head = HEAD + 'formats = ["shc"]\ndiseases = ["840539006"]\nproducts = ["207"]\n'
    rules.write_text(f'{head}value_sets = {{ pcr = ["x"] }}\n{FACTS}{SET}{LINE}{later}', "utf-8")
    first, second = load_rules(rules)
    assert (first.name, second.name) == ("example@2021-09-09", "example@2022-02-14")
    assert first.kinds == second.kinds == {CredentialKind.HEALTH}
    assert first.formats == {"shc"}
    assert first.diseases == {"840539006"}
    assert first.products == {"207"}
    assert first.value_sets == {"pcr": ("x",)}
    assert first.statuses[0].fact == "one_dose"
    assert first.statuses[0].when == {">=": [{"var": "health.doses"}, 1]}
    assert first.statuses[0].outcome is Outcome.ADMIT
    assert first.until is None
    assert str(second.until) == "2022-12-30"
    assert not second.statuses
    assert second.source.citation == "Circular 1/2021"


def test_a_line_may_hold_its_expression_itself(rules: Path) -> None:
    """And name facts in it."""
    whole = """when = '''
{"and": [{"var": "facts.one_dose"}, {"!": [{"var": "health.tests"}]}]}'''"""
    rules.write_text(GOOD.replace('when = "one_dose"', whole), "utf-8")
    (line,) = load_rules(rules)[0].statuses
    assert line.fact == ""
    assert line.when == {
        "and": [{">=": [{"var": "health.doses"}, 1]}, {"!": [{"var": "health.tests"}]}]
    }


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("health.doses", "health.dose", "$.facts.one_dose.>=[0].var: 'health.dose': "),
        ('"health.doses"}, 1]', '"health.doses"}]', "$.facts.one_dose: '>=' with 1 operands"),
        ("'{", "'{{", "$.facts.one_dose: no JSON"),
        ('{">=":', '{">=": [], ">=":', "$.facts.one_dose: no JSON, or a key twice"),
        ('"health.doses"}, 1]', '"health.doses"}, NaN]', "$.facts.one_dose: no JSON"),
        ('{"var": "health.doses"}', '{"var": "facts.x"}', "$.facts.one_dose: 'x' is no fact"),
        ('"health.doses"}, 1]', '"health.doses"}, "1"]', "$.facts.one_dose.>=[1]: text, and"),
        ('"health.doses"}, 1]', '"health.doses"}, 1.0]', "$.facts.one_dose.>=[1]: a fraction"),
        ('["health"]', '["health"]\nformats = ["HC1"]', "$.formats: 'HC1' is none of hcert,"),
        ('"example"', '"none"', "$.id: 'none' is what the gate says"),
        ('"one_dose"', '"two_doses"', "$.set[0].status[0].when: 'two_doses' is no fact"),
        ('"one_dose"', '\'{"var": "doses"}\'', "$.set[0].status[0].when.var: 'doses': "),
        ('"example"', '"An example"', "$.id: 'An example' is not"),
        ('["health"]', "[]", "$.kinds: for no credential"),
        ('"green"', '"unclear"', "$.set[0].status[0].status: 'unclear' is what"),
        ('"Not yet."', '""', "$.set[0].otherwise.en: one line"),
        ("[[set]]", "[[set]]\nuntil = 2021-09-08", "$.set[0].until: ends before"),
        ('"Circular 1/2021"', '""', "$.set[0].source.citation: says nothing"),
        (FACTS, FACTS + "old = '1'\n", "$.facts.old: nothing uses it"),
        (LINE, LINE + SET, "$.set: example@2021-09-09 and example@2021-09-09 have the same date"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(rules: Path, old: str, new: str, wrong: str) -> None:
    """Before any visitor meets it."""
    assert old in GOOD
    assert any(each.startswith(wrong) for each in wrong_with(rules, GOOD.replace(old, new)))


def test_all_of_it_is_said_and_each_once(rules: Path) -> None:
    """A mistake in a fact that two lines use is one mistake; one of the whole file is one."""
    text = GOOD.replace("health.doses", "doses").replace('"example"', '"An example"')
    later = SET.replace("2021-09-09", "2022-02-14")
    wrong = wrong_with(rules, text + LINE.replace("green", "blue") + later)
    assert [each.split(":")[0] for each in wrong] == ["$.facts.one_dose.>=[0].var", "$.id"]
    with pytest.raises(DriverError, match="and 1 more"):
        load_rules(rules)


def test_a_file_without_rules_is_a_mistake(rules: Path) -> None:
    assert wrong_with(rules, HEAD + "set = []\n") == ["$.set: there is none"]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('"health"', '"citizen"', "$.kinds[0]"),
        ('"admit"', '"open"', "$.set[0].status[0].outcome"),
        ("outcome =", "colour =", "$.set[0].otherwise"),
        ("when", "where", "$.set[0].status[0]"),
        ("[[set]]", "[[set]]\nnote = 'x'", "$.set[0]"),
        ("2021-09-09\nsource", "2021-02-30\nsource", ""),
        ("2021-09-09\nsource", '"soon"\nsource', "$.set[0].dated"),
        ("2021-09-09\nsource", "2021-09-09T08:00:00Z\nsource", "$.set[0].dated"),
        ('en = "Done."', "", "$.set[0].status[0]"),
        ("'{", "{", ""),
    ],
)
def test_what_is_no_rule_file_is_refused(rules: Path, old: str, new: str, path: str) -> None:
    """An unknown key or value, with its path; a date that is none."""
    assert path in refused(rules, GOOD.replace(old, new))


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe",
        b"id = " + b"[" * 100_000,
        b"id = " + b"9" * 10_000,
        b"#" * (RULES_BYTES_MAX + 1),
        (HEAD + FACTS + SET * (SETS_MAX + 1)).encode(),
    ],
    ids=["no UTF-8", "nested", "a long number", "long", "many sets"],
)
def test_hostile_files_are_refused(rules: Path, text: bytes) -> None:
    """In bounded time, with a sentence."""
    refused(rules, text)


def test_an_expression_that_nests_is_a_mistake(rules: Path) -> None:
    """Beyond what CertLogic evaluates, and far beyond."""
    for depth in (70, 20_000):
        deep = '{"!": [' * depth + "1" + "]}" * depth
        text = GOOD.replace('\'{">=": [{"var": "health.doses"}, 1]}\'', f"'{deep}'")
        assert wrong_with(rules, text)[0].startswith("$.facts.one_dose")


def test_facts_of_facts_stay_small(rules: Path) -> None:
    """Each names the one above it twice: it would be 2 to the 60 values."""
    facts = "[facts]\nx0 = 'true'\n" + "".join(
        f'x{n} = \'{{"and": [{{"var": "facts.x{n - 1}"}}, {{"var": "facts.x{n - 1}"}}]}}\'\n'
        for n in range(1, 60)
    )
    wrong = wrong_with(rules, HEAD + facts + SET + LINE.replace("one_dose", "x59"))
    assert "more than" in wrong[0]


def test_a_file_that_can_t_be_read_says_why(tmp_path: Path) -> None:
    """Missing, a folder, or with a name that is none."""
    for path, kind in (
        (tmp_path / "none.toml", ErrorKind.MISSING),
        (tmp_path, ErrorKind.CORRUPT),
        (tmp_path / "a\0b", ErrorKind.CORRUPT),
    ):
        with pytest.raises(DriverError) as caught:
            load_rules(path)
        assert caught.value.kind is kind


def test_a_file_of_somebody_else_may_not_be_read(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may run as root, whom no mode keeps out."""

    def denied(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("drivers.wholefile.os.open", denied)
    with pytest.raises(DriverError) as caught:
        load_rules(rules)
    assert caught.value.kind is ErrorKind.DENIED


def test_files_that_are_loaded_together_may_not_contradict(tmp_path: Path) -> None:
    """Of two sets of one day nobody could say which holds."""
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text(GOOD, "utf-8")
    other.write_text(GOOD.replace("example", "other"), "utf-8")
    with pytest.raises(DriverError, match="have the same date"):
        load_all_rules([one, other])
    other.write_text(GOOD.replace('"health"', '"staff"'), "utf-8")
    assert len(load_all_rules([one, other])) == 2
    assert load_all_rules([]) == ()


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file, written again for every example."""
    return tmp_path_factory.mktemp("rules") / "spoilt.toml"


@given(text=st.text(max_size=80), at=st.integers(0, len(GOOD)), cut=st.integers(0, 30))
def test_whatever_a_file_holds_there_is_one_family_of_errors(
    spoilt: Path, text: str, at: int, cut: int
) -> None:
    """Text put into a good file, and text taken out."""
    spoilt.write_bytes((GOOD[:at] + text + GOOD[at + cut :]).encode("utf-8", "surrogatepass"))
    with contextlib.suppress(DriverError):
        read_rules(spoilt)


def test_the_example_of_the_page_is_a_rule_file(rules: Path) -> None:
    """Whoever copies it begins with something that works."""
    page = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "health-rules.md"
    (example,) = re.findall(r"```toml\n(id = .+?)```", page.read_text("utf-8"), re.DOTALL)
    rules.write_text(example, "utf-8")
    assert [each.name for each in load_rules(rules)] == ["north-office@2026-12-01"]


def test_the_example_of_the_module_is_a_rule_file(rules: Path) -> None:
    """So does whoever reads the code first."""
    (example,) = re.findall(r"```toml\n(.+?)```", str(rulestore.__doc__), re.DOTALL)
    rules.write_text(example, "utf-8")
    assert [each.name for each in load_rules(rules)] == ["example@2021-09-09"]
