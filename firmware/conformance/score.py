"""Judging one test case: what our verifier says beside what the suite's authors say."""

import enum
import time
from collections.abc import Callable

from msgspec import Struct

from firmware.conformance.anchors import public_trust
from firmware.conformance.cases import Case, ContentCase, Expected, RuleCase
from firmware.conformance.reasons import ours
from firmware.conformance.verifier import (
    check_content,
    missing_extra,
    verify_case,
)
from firmware.formats import installed_formats
from gate.credential.model import CredentialError
from gate.reasons import Reason

_TRIES_OVER_LIMIT = 3
"""A case beyond its soft limit is judged again: a busy machine may have looked away."""
_NS_PER_MS = 1_000_000
_ACCEPTED = "accepted"


class Score(enum.StrEnum):
    """How one case came out."""

    AGREED = "agreed"
    DISAGREED = "disagreed"
    CRASHED = "crashed"
    """Something else than an answer came out: always our mistake."""
    NOT_ASSERTED = "not asserted"
    """The authors assert nothing of it, and it did not crash."""
    NOT_RUN = "not run"
    """Another command takes it, or an extra of ours is not installed."""


class Result(Struct, frozen=True):
    """One case and what became of it."""

    id: str
    score: Score
    expected: str
    got: str
    took_ms: float = 0.0
    """Of the verification alone, without compiling its trust list."""
    ms_max: float | None = None

    @property
    def is_over_limit(self) -> bool:
        """Whether it took longer than its authors allow."""
        return self.ms_max is not None and self.took_ms > self.ms_max


class _Answer(Struct, frozen=True):
    """What came out of the verifier; nothing of the three where the code was accepted."""

    took_ms: float
    reason: Reason | None = None
    crash: str = ""
    detail: str = ""

    @property
    def text(self) -> str:
        """In one line."""
        said = self.crash or self.reason or _ACCEPTED
        return f"{said} ({self.detail})" if self.detail else str(said)


def judge(case: Case | ContentCase | RuleCase) -> Result:
    """Judge one case. Raises nothing: what crashes is a result."""
    match case:
        case RuleCase():
            return Result(case.id, Score.NOT_RUN, "", "`gate rules conformance` takes it")
        case ContentCase():
            return _judge_content(case)
        case Case():
            return _judge_code(case)


def _judge_code(case: Case) -> Result:
    if missing := missing_extra(case):
        return Result(case.id, Score.NOT_RUN, _wanted(case), missing)
    answer = _verified(case)
    for _ in range(_TRIES_OVER_LIMIT - 1):
        if case.ms_max is None or answer.took_ms <= case.ms_max:
            break
        answer = min(answer, _verified(case), key=lambda each: each.took_ms)
    return Result(
        case.id,
        _scored(case, answer),
        _wanted(case),
        answer.text,
        answer.took_ms,
        case.ms_max,
    )


def _judge_content(case: ContentCase) -> Result:
    answer = _answer(lambda: check_content(case.content))
    wanted = Expected("accept") if case.is_valid else Expected("reject", "schema")
    score = Score.CRASHED if answer.crash else _agreement(wanted, answer)
    return Result(case.id, score, _expected_text(wanted), answer.text, answer.took_ms)


def _verified(case: Case) -> _Answer:
    """A trust list that does not compile is a crash like any other."""
    try:
        trust, formats = public_trust(case), installed_formats()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return _Answer(0.0, crash=_crash(error))
    return _answer(lambda: verify_case(case, trust, formats))


def _answer(verify: Callable[[], object]) -> _Answer:
    reason, crash, detail = None, "", ""
    started_ns = time.perf_counter_ns()
    try:
        verify()
    except CredentialError as error:
        reason, detail = error.reason, error.detail
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        crash = _crash(error)
    took_ms = (time.perf_counter_ns() - started_ns) / _NS_PER_MS
    return _Answer(took_ms, reason, crash, detail)


def _crash(error: Exception) -> str:
    return f"crashed: {type(error).__name__}: {error}"


def _scored(case: Case, answer: _Answer) -> Score:
    if answer.crash:
        return Score.CRASHED
    if case.expected.decision == "undetermined":
        return Score.NOT_ASSERTED
    return Score.AGREED if case.either_ok else _agreement(case.expected, answer)


def _agreement(expected: Expected, answer: _Answer) -> Score:
    if expected.decision == "accept":
        return Score.AGREED if answer.reason is None else Score.DISAGREED
    reasons = ours(expected.reason, expected.all_reasons)
    if not reasons:
        return Score.NOT_ASSERTED
    return Score.AGREED if answer.reason in reasons else Score.DISAGREED


def _wanted(case: Case) -> str:
    return "accept or reject" if case.either_ok else _expected_text(case.expected)


def _expected_text(expected: Expected) -> str:
    if expected.reason is None:
        return expected.decision
    others = [word for word in expected.all_reasons if word != expected.reason]
    return f"{expected.decision}: {' or '.join([expected.reason, *others])}"
