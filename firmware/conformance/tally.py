"""The score of a file of test cases, as data for a page and for programs."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from firmware.conformance.cases import BadLine, read_cases
from firmware.conformance.score import Result, Score, judge

REPORT_SCHEMA = 1
KEPT_MAX = 10_000
"""Results that a report tells one by one: a file may be of any length, memory is not."""
_TOLD = frozenset({Score.DISAGREED, Score.CRASHED, Score.NOT_RUN})


class Fault(Struct, frozen=True):
    """A line that is no case."""

    line: int
    problem: str


class Tally(Struct):
    """One file, while it is read and when it is done."""

    file: str
    cases: int = 0
    agreed: int = 0
    disagreed: int = 0
    crashed: int = 0
    not_asserted: int = 0
    not_run: int = 0
    faults: list[Fault] = []
    """Lines that are no case."""
    told: list[Result] = []
    """Every case that disagreed, crashed or was not run, up to `KEPT_MAX`."""
    over_limit: list[Result] = []
    """Those that took longer than their authors allow, up to `KEPT_MAX`."""
    slowest: Result | None = None

    @property
    def is_agreed(self) -> bool:
        """Whether there was something to run, and all of it was run and agreed."""
        return self.cases > 0 and not (
            self.disagreed or self.crashed or self.not_run or self.faults
        )

    def add(self, result: Result) -> None:
        """Count one result."""
        self.cases += 1
        match result.score:
            case Score.AGREED:
                self.agreed += 1
            case Score.DISAGREED:
                self.disagreed += 1
            case Score.CRASHED:
                self.crashed += 1
            case Score.NOT_ASSERTED:
                self.not_asserted += 1
            case Score.NOT_RUN:
                self.not_run += 1
        if result.score in _TOLD and len(self.told) < KEPT_MAX:
            self.told.append(result)
        if result.is_over_limit and len(self.over_limit) < KEPT_MAX:
            self.over_limit.append(result)
        if self.slowest is None or result.took_ms > self.slowest.took_ms:
            self.slowest = result


def score_file(path: Path, tally: Tally) -> Iterator[tuple[int, Result | Fault]]:
    """Judge every case of a file and count it in `tally`; each with the bytes read so far.

    Raises:
        OSError: the file can't be read.
    """
    for line, bytes_read, case in read_cases(path):
        if isinstance(case, BadLine):
            fault = Fault(line, case.problem)
            if len(tally.faults) < KEPT_MAX:
                tally.faults.append(fault)
            yield bytes_read, fault
        else:
            result = judge(case)
            tally.add(result)
            yield bytes_read, result


def encode_report(tallies: list[Tally]) -> bytes:
    """The whole result as one JSON object."""
    return msgspec.json.format(
        msgspec.json.encode(
            {
                "schema": REPORT_SCHEMA,
                "agreed": all(tally.is_agreed for tally in tallies),
                "files": tallies,
            }
        )
    )
