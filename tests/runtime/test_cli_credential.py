"""`gate credential conformance`: a score that means something, on files made here."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import casekit
import pytest
from casekit import (
    HEADER,
    ISSUER,
    KID,
    NOON_S,
    OTHER,
    card,
    card_case,
    claims,
    edwards_jwk,
    hcert_case,
    seal_case,
)
from click.testing import CliRunner, Result

from firmware.cli import cli
from firmware.conformance import score
from firmware.conformance.cases import LINE_BYTES_MAX
from firmware.conformance.reasons import REASONS, ours
from gate.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "conformance.md"
Case = dict[str, Any]


def file_of(folder: Path, *lines: Case | str, name: str = "cases.jsonl") -> Path:
    """A file of these cases; a text stands as it is."""
    path = folder / name
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def run(*words: object) -> Result:
    """The command, as typed; its exit status is `return_value`."""
    typed = ["credential", "conformance", *map(str, words)]
    result = CliRunner().invoke(cli, typed, standalone_mode=False)
    assert result.exception is None, result.output
    return result


def report(*words: object) -> Mapping[str, Any]:
    """What `--json` says of the first file."""
    found: Mapping[str, Any] = json.loads(run("--json", *words).stdout)["files"][0]
    return found


def test_a_file_that_agrees(tmp_path: Path) -> None:
    """Accepted and refused for the reason that is asserted: status 0."""
    forged = card(claims(), key=OTHER)
    path = file_of(
        tmp_path,
        card_case("genuine"),
        card_case("forged", reason="bad-signature", qr_text=forged),
        card_case("old", reason="expired", qr_text=card(claims(exp=NOON_S - 1))),
        card_case("nobody", reason="untrusted-kid", trust=[]),
        card_case("family", reason="bad-alg", trust=[{"iss": ISSUER, "jwk": edwards_jwk()}]),
        "",
        card_case("draft", reason="malformed", qr_text="5676290952"),
    )
    result = run(path)
    assert result.return_value == 0
    assert "All 6 cases agree." in result.stdout
    assert "Slowest: " in result.stdout


def test_another_outcome_or_another_reason_disagrees(tmp_path: Path) -> None:
    """Each is told with what was expected and what came; a verifier that refuses all fails."""
    path = file_of(
        tmp_path,
        card_case("genuine"),
        card_case("ours-refuses", qr_text=card(claims(exp=NOON_S - 1))),
        card_case("ours-accepts", reason="bad-signature"),
        card_case("other-reason", reason="bad-alg", qr_text=card(claims(), key=OTHER)),
    )
    result = run(path)
    assert result.return_value == 3
    lines = result.stdout.splitlines()
    told = {words[1]: line for line in lines if (words := line.split()) and line.startswith("/")}
    assert set(told) == {"ours-refuses", "ours-accepts", "other-reason"}
    assert "expected accept, got credential_expired" in told["ours-refuses"]
    assert "expected reject: bad-signature, got accepted" in told["ours-accepts"]
    assert "expected reject: bad-alg, got credential_signature" in told["other-reason"]
    assert "Not all cases agree." in lines


def test_one_of_several_named_flaws_is_enough(tmp_path: Path) -> None:
    """Where the authors name every flaw of a code, the one that ours finds first agrees."""
    flaws = {"decision": "reject", "reason": "bad-alg", "all_reasons": ["bad-alg", "expired"]}
    path = file_of(tmp_path, card_case("two", qr_text=card(claims(exp=NOON_S - 1)), expected=flaws))
    assert run(path).return_value == 0


def test_a_crash_is_no_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is expected, and where nothing is."""

    def crash(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(score, "verify_case", crash)
    path = file_of(
        tmp_path,
        card_case("accept"),
        card_case("reject", reason="malformed"),
        card_case("either", reason="malformed", either_ok=True),
        card_case("undetermined", expected={"decision": "undetermined"}),
    )
    result = run(path)
    assert result.return_value == 3
    assert result.stdout.count("got crashed: RecursionError: too deep") == 4


def test_a_trust_list_that_does_not_compile_is_a_crash_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyError("kid")

    monkeypatch.setattr(score, "public_trust", crash)
    assert report(file_of(tmp_path, card_case("genuine")))["crashed"] == 1


def test_what_is_not_asserted(tmp_path: Path) -> None:
    """Where both are defensible both agree; of the undetermined nothing is said."""
    undetermined = {"decision": "undetermined", "reason": None}
    path = file_of(
        tmp_path,
        card_case("accepted", reason="malformed", either_ok=True),
        card_case("refused", either_ok=True, trust=[]),
        card_case("open", expected=undetermined),
        card_case("policy", reason="valueset"),
    )
    found = report(path)
    assert (found["agreed"], found["not_asserted"]) == (2, 2)
    assert run(path).return_value == 0


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "truncated"),
        ("[1]", "Expected `object`"),
        ('{"format": "shc"}', "required field `id`"),
        (card_case("a", qr_text=None), "no code"),
        (card_case("a", expected=None), "`expected`"),
        (card_case("a", expected={"decision": "maybe"}), "`decision` is 'maybe'"),
        (card_case("a", reason="ugly"), "`reason` is 'ugly'"),
        (card_case("a", expected={"decision": "reject"}), "`reason` is None"),
        (card_case("a", validation_clock="today"), "`validation_clock`"),
        (card_case("a", validation_clock="2026-03-01T08:00:00"), "`validation_clock`"),
        (card_case("a", trust=[{"kid_b64": "?"}]), "base64"),
        ({"id": "a", "hcert_json": {}}, "`expected_valid`"),
        ('{"id": "' + "a" * LINE_BYTES_MAX + '"}', "longer than"),
        ('{"id": "a", "qr_text": "\\ud800"}', "truncated"),
        ("[" * 100_000, ""),
    ],
)
def test_a_line_that_is_no_case_is_named(line: Case | str, problem: str, tmp_path: Path) -> None:
    """With its number; the others are scored all the same."""
    path = file_of(tmp_path, card_case("before"), line, card_case("after"))
    result = run(path)
    assert result.return_value == 1
    assert f"{path}:2: " in result.stderr
    assert problem in result.stderr
    assert report(path)["agreed"] == 2


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    path = file_of(tmp_path, card_case("genuine"))
    result = run(tmp_path / "missing.jsonl", tmp_path, path)
    assert result.return_value == 1
    assert "missing.jsonl: No such file or directory." in result.stderr
    assert f"{tmp_path}: Is a directory." in result.stderr
    assert "All 1 cases agree." in result.stdout


def test_only_files_that_cannot_be_read(tmp_path: Path) -> None:
    result = run(tmp_path / "missing.jsonl")
    assert result.return_value == 1
    assert not result.stdout


def test_an_empty_file_proves_nothing(tmp_path: Path) -> None:
    """No case, no agreement."""
    result = run(file_of(tmp_path, ""))
    assert result.return_value == 1
    assert "holds no test case." in result.stderr


def test_rules_are_for_another_command(tmp_path: Path) -> None:
    """And are not counted as agreed."""
    rows: list[Case] = [
        {"id": "r1", "expr": None, "data": {}},
        {"id": "r2", "rule": {}, "tests": []},
    ]
    result = run(file_of(tmp_path, *rows))
    assert result.return_value == 3
    assert result.stdout.count("`gate rules conformance` takes it") == 2


def test_a_format_of_an_extra_that_is_missing_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what to install, and is not counted as agreed."""
    monkeypatch.setattr("firmware.formats.find_spec", lambda _: None)
    case = card_case("w3c", format="divoc-vc", qr_text="B64:AAAA", reason="malformed")
    result = run(file_of(tmp_path, case))
    assert result.return_value == 3
    assert "install the extra `vc`" in result.stdout


@pytest.mark.skipif(find_spec("pyld") is None, reason="the extra is not installed")
def test_a_w3c_credential(tmp_path: Path) -> None:
    """With the extra they are run like the others."""
    entry = {"did": "did:example", "issuer": "https://issuer.invalid", "public_key_pem": "none"}
    case = card_case(
        "w3c", format="divoc-vc", qr_text="B64:AAAA", reason="malformed", trust=[entry]
    )
    good = {**entry, "public_key_pem": casekit.public_pem()}
    assert run(file_of(tmp_path, case, {**case, "trust": [good]})).return_value == 0


def test_content_alone(tmp_path: Path) -> None:
    """Examples of a schema have no envelope."""
    rows: list[Case] = [
        {"id": "good", "hcert_json": casekit.DCC, "expected_valid": True},
        {"id": "bad", "hcert_json": {"ver": "1.3.0"}, "expected_valid": False},
        {"id": "wrong", "hcert_json": {"ver": "1.3.0"}, "expected_valid": True},
    ]
    found = report(file_of(tmp_path, *rows))
    assert found["agreed"] == 2
    assert [each["id"] for each in found["told"]] == ["wrong"]


def test_a_card_in_parts(tmp_path: Path) -> None:
    """All of them are shown, in any order; where one is missing nobody comes in."""
    digits = card(claims())[len("shc:/") :]
    half = len(digits) // 4 * 2
    parts = [f"shc:/1/2/{digits[:half]}", f"shc:/2/2/{digits[half:]}"]
    path = file_of(
        tmp_path,
        card_case("order", qr_text=None, qr_texts=parts),
        card_case("reversed", qr_text=None, qr_texts=parts[::-1]),
        card_case("conflict", reason="malformed", qr_text=None, qr_texts=[parts[0]] * 2),
        card_case("other", reason="malformed", qr_text=None, qr_texts=[parts[0], parts[0][:-2]]),
    )
    found = report(path)
    assert found["agreed"] == 3
    assert [(each["id"], each["got"]) for each in found["told"]] == [
        ("conflict", "code_split (1 of the 2 parts of a card)")
    ]


def test_a_signed_text_that_no_code_carries(tmp_path: Path) -> None:
    jws = casekit.jws(HEADER, claims()).decode()
    path = file_of(
        tmp_path,
        card_case("jws", qr_text=None, jws=jws),
        card_case("more", reason="malformed", qr_text=None, jws=jws + "."),
    )
    assert run(path).return_value == 0


def test_revoked_cards(tmp_path: Path) -> None:
    """By their id, or only those issued before a second."""
    lists = {
        "all": ["taken", "other"],
        "before": [f"taken.{NOON_S}"],
        "earlier": [f"taken.{NOON_S - 7200}"],
        "none": ["take"],
    }
    revoked = [
        card_case(
            name,
            reason="revoked" if name in {"all", "before"} else None,
            qr_text=card(claims(rid="taken")),
            revocation={"kid": KID, "method": "rid", "ctr": 1, "rids": rids},
        )
        for name, rids in lists.items()
    ]
    assert run(file_of(tmp_path, *revoked)).return_value == 0


def test_health_certificates(tmp_path: Path) -> None:
    """Keys come from certificates; one that no list takes is left out."""
    path = file_of(
        tmp_path,
        hcert_case("genuine"),
        hcert_case("two", keys=2),
        hcert_case("broken", reason="untrusted-kid", certificate_der=b"\x30\x00"),
    )
    assert run(path).return_value == 0


def test_seals(tmp_path: Path) -> None:
    """Their own certificate is offered to the list, which takes it by its chain alone."""
    path = file_of(
        tmp_path,
        seal_case("genuine"),
        seal_case(
            "stranger",
            reason="untrusted-chain",
            anchor=casekit.certificate(OTHER, "CSCA of another"),
        ),
        seal_case("nobody", reason="untrusted-chain", anchor=None),
        {**seal_case("none"), "qr_text": "{}", "expected": {"decision": "reject"} | MALFORMED},
    )
    assert run(path).return_value == 0


MALFORMED = {"reason": "malformed"}


def test_the_age_of_a_trust_list_never_matters(tmp_path: Path) -> None:
    """A case of any year is judged at its own clock."""
    moments = {"2021-02-12T00:48:45Z": 1_613_090_925, "2090-01-01T00:00:00Z": 3_786_912_000}
    cases = [
        card_case(moment, qr_text=card(claims(nbf=unix_s)), validation_clock=moment)
        for moment, unix_s in moments.items()
    ]
    assert run(file_of(tmp_path, *cases)).return_value == 0


def test_a_line_for_every_case_and_what_took_long(tmp_path: Path) -> None:
    """A soft limit is told, and is no disagreement."""
    path = file_of(tmp_path, card_case("quick", max_ms=60_000), card_case("slow", max_ms=0))
    result = run(path, "--verbose")
    assert result.return_value == 0
    assert "slow: accepted" in result.stdout
    assert "slow took" in result.stdout
    assert "quick took" not in result.stdout
    assert [each["id"] for each in report(path)["over_limit"]] == ["slow"]


def test_a_page_of_disagreements_is_a_page(tmp_path: Path) -> None:
    """`--json` has them all."""
    path = file_of(tmp_path, *(card_case(f"c{n}", qr_text="x") for n in range(201)))
    result = run(path)
    assert "`--json` has them." in " ".join(result.stdout.split())
    assert "c200" not in result.stdout
    assert len(report(path)["told"]) == 201


def test_several_files_have_a_sum(tmp_path: Path) -> None:
    paths = [file_of(tmp_path, card_case("a"), name=f"{name}.jsonl") for name in "ab"]
    result = run(*paths)
    assert "all " in result.stdout
    assert "All 2 cases agree." in result.stdout


def test_every_word_of_the_suites_means_something() -> None:
    """But what is policy with us."""
    assert [word for word, reasons in REASONS.items() if not reasons] == ["valueset"]
    assert ours("time") == {Reason.CREDENTIAL_EXPIRED, Reason.CREDENTIAL_NOT_YET_VALID}
    assert ours(None) == frozenset()
    assert ours("crit", ("crit", "schema")) == ours("crit") | ours("schema")


def test_the_page_has_the_whole_table() -> None:
    """docs/reference/conformance.md says what the code does."""
    rows = [line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    table = {
        cells[1].strip(" `"): {word.strip(" `") for word in cells[2].split(",")} - {"nothing"}
        for cells in rows
        if len(cells) > 3 and cells[1].strip().startswith("`")
    }
    assert table == {word: {str(reason) for reason in found} for word, found in REASONS.items()}
