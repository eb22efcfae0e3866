"""The demonstration without a picture: records in words, counters, letters made of blocks."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from demokit import MORNING, RECORDS, entry, later, moment
from rich.text import Text

from firmware.demo.fitting import fitted, folded, spread, wave
from firmware.demo.lettering import (
    LETTER_LINES,
    SIGN_CELLS,
    SIGN_LINES,
    Pictogram,
    lettered,
    pictogram,
)
from firmware.demo.lines import OUTCOMES, LineView, clock_of, line_of, note_of, printable
from firmware.demo.snapshot import MINUTES_MAX, RECORDS_MAX, Counters, Counting, levels
from gate.reasons import Reason
from gate.records import Direction, Record, RecordKind
from gate.wording import CHAMBER_SIGNS, SIGNS

ROOT = Path(__file__).resolve().parents[2]
HOMES_OF_RICH = ("firmware/demo/", "firmware/cli/", "firmware/explain/view.py")
MINUTE_S = 60

# --- plain lines ---------------------------------------------------------------------------------


def lines_of(out: io.StringIO) -> list[str]:
    return out.getvalue().splitlines()


def test_one_line_for_each_outcome_with_its_time() -> None:
    """What came of whom, and nothing of how."""
    out = io.StringIO()
    with LineView(out) as view:
        view.show(moment())
    assert lines_of(out) == [
        "08:12:17  visit 12   access.taken         entry, 7 inside",
        "08:12:18  lane       passage.tailgating   entry, 8 inside",
        "08:12:21  visit 13   access.denied        pass_already_used",
    ]


def test_nothing_is_said_twice() -> None:
    """Snapshots overlap; a record is told once, and what came too fast to be told is counted."""
    out = io.StringIO()
    view = LineView(out)
    view.show(moment(records=RECORDS[:7]))
    view.show(moment(records=RECORDS[:7]))
    view.show(moment(records=RECORDS[9:]))
    assert [line.split()[-1] for line in lines_of(out)] == [
        "inside",
        "inside",
        "shown",
        "pass_already_used",
    ]
    assert "2 records not shown" in lines_of(out)


@pytest.mark.parametrize("kind", RecordKind)
def test_lines_are_ascii_whatever_the_record(kind: RecordKind) -> None:
    """A log file of any encoding can hold them, and no line is two."""
    wild = entry(1, kind, visit=1, device="kamera ®", detail="a\x1b[2Jb\nc", band_c=37.5)
    line = line_of(wild)
    assert line.isascii()
    assert line.isprintable()


def test_outcomes_are_told_and_stages_are_not() -> None:
    """The end of a visit is one; what led to it is not."""
    assert RecordKind.ACCESS_TAKEN in OUTCOMES
    assert RecordKind.ACCESS_GRANTED not in OUTCOMES


@pytest.mark.parametrize(
    ("record", "note"),
    [
        (Record(RecordKind.ACCESS_REQUESTED, 1, visit=3), ""),
        (
            Record(RecordKind.ACCESS_TAKEN, 1, direction=Direction.EXIT, occupancy=0),
            "exit, 0 inside",
        ),
        (
            Record(RecordKind.TEMPERATURE_ELEVATED, 1, verdict="elevated", band_c=37.5),
            "37.5–38.0 °C",  # noqa: RUF001 - a range
        ),
        (
            Record(RecordKind.TEMPERATURE_NORMAL, 1, band_c=36.0, outside_validated=True),
            "36.0–36.5 °C, outside the validated range",  # noqa: RUF001 - a range
        ),
        (
            Record(RecordKind.CREDENTIAL_ACCEPTED, 1, credential_kind="staff", issuer="Office"),
            "staff",
        ),
        (Record(RecordKind.PASSAGE_WRONG_WAY, 1, reason=Reason.WRONG_WAY), ""),
        (Record(RecordKind.ACCESS_DENIED, 1, reason=Reason.HOLIDAY), "holiday"),
        (Record(RecordKind.DEVICE_FAILED, 1, device="camera", detail="busy"), "camera, busy"),
        (Record(RecordKind.ACCESS_ASSISTED, 1, people=2, officer="officer-1"), "2 people"),
        (Record(RecordKind.ACCESS_DENIED, 1, pseudonym="0123456789abcdef"), ""),
    ],
)
def test_a_note_says_what_the_kind_does_not(record: Record, note: str) -> None:
    """A band and never degrees, no officer, no pseudonym, no reason that the kind says already."""
    assert note_of(record) == note


def test_the_time_is_the_sites_own() -> None:
    """Seven hours before Greenwich; midnight is 00."""
    assert clock_of(MORNING) == "08:12:12"
    assert clock_of(later(15 * 3600 + 47 * 60 + 48)) == "00:00:00"


# --- counters ------------------------------------------------------------------------------------


def counted(*kinds: RecordKind, direction: Direction = Direction.ENTRY) -> Counting:
    counting = Counting()
    for seq, kind in enumerate(kinds):
        counting.add(entry(seq, kind, later(seq), direction=direction))
    return counting


def test_counters_say_what_came_of_visits() -> None:
    """Granted is not entered: who went in is counted when they have."""
    counting = counted(
        RecordKind.ACCESS_REQUESTED,
        RecordKind.ACCESS_GRANTED,
        RecordKind.ACCESS_TAKEN,
        RecordKind.ACCESS_REQUESTED,
        RecordKind.ACCESS_GRANTED,
        RecordKind.ACCESS_NOT_TAKEN,
        RecordKind.ACCESS_REQUESTED,
        RecordKind.ACCESS_DENIED,
        RecordKind.ACCESS_REQUESTED,
        RecordKind.ACCESS_REFERRED,
    )
    assert counting.counters(MORNING) == Counters(4, 1, 1, 1, per_minute=(1,))


def test_whoever_leaves_is_throughput_and_no_admission() -> None:
    """The lane is as busy with them."""
    counting = counted(RecordKind.ACCESS_TAKEN, direction=Direction.EXIT)
    assert counting.counters(MORNING) == Counters(per_minute=(1,))


def test_a_minute_without_anybody_is_a_nought() -> None:
    """From the first record to now, for an hour at most."""
    counting = Counting()
    for minute in (0, 0, 2, 2, 2, 5):
        counting.add(entry(1, RecordKind.ACCESS_TAKEN, later(minute * MINUTE_S)))
    assert counting.counters(later(6 * MINUTE_S)).per_minute == (2, 0, 3, 0, 0, 1, 0)
    hour = counting.counters(later(64 * MINUTE_S)).per_minute
    assert len(hour) == MINUTES_MAX
    assert hour[0] == 1


def test_before_the_first_record_there_is_one_empty_minute() -> None:
    """And a clock that is set back takes nothing away."""
    assert Counting().counters(MORNING).per_minute == (0,)
    counting = counted(RecordKind.ACCESS_TAKEN)
    assert counting.counters(later(-3600)).per_minute == ()


def test_only_the_newest_records_are_kept() -> None:
    """As many as one snapshot may hold, the newest last; one more is a mistake of ours."""
    counting = Counting()
    for seq in range(RECORDS_MAX + 10):
        counting.add(entry(seq, RecordKind.ACCESS_REQUESTED))
    assert [kept.seq for kept in counting.records] == list(range(10, RECORDS_MAX + 10))
    assert moment(records=counting.records).records == counting.records
    with pytest.raises(ValueError, match="the most is 64"):
        moment(records=(*counting.records, RECORDS[0]))


# --- text ----------------------------------------------------------------------------------------


def test_levels_are_circles() -> None:
    """Full is high."""
    assert levels(True, False, True) == "● ○ ●"
    assert levels() == ""


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("fifteen frames", 14, "fifteen frames"),
        ("fifteen frames", 13, "fifteen …"),
        ("fifteen frames", 8, "…"),
        ("fifteen", 6, "…"),
        ("fifteen", 0, ""),
        ("", 0, ""),
    ],
)
def test_text_that_does_not_fit_ends_at_a_word(text: str, width: int, expected: str) -> None:
    """Half a word may be another word."""
    assert fitted(text, width) == expected


def test_text_is_folded_between_words() -> None:
    """A hyphen is no gap: an option of a command stays with its letters."""
    assert folded("measure with a hand-held one", 20) == ["measure with a", "hand-held one"]
    assert folded("mosquitto_sub -h", 15) == ["mosquitto_sub", "-h"]


@pytest.mark.parametrize(("width", "expected"), [(12, "left   right"), (10, "left"), (3, "left")])
def test_two_ends_of_a_line_keep_their_distance(width: int, expected: str) -> None:
    """Or the right one gives way."""
    assert spread(Text("left"), Text("right"), width).plain == expected


def test_a_wave_runs_from_nothing_to_the_highest() -> None:
    """The newest that there is room for."""
    assert wave((0, 4, 8), 10) == "▁▄█"
    assert wave((9, 0, 4, 8), 3) == "▁▄█"
    assert wave((0, 0), 5) == "▁▁"
    assert wave((1, 2), 0) == ""


def test_text_obeys_nobody() -> None:
    """One line, and nothing that a terminal acts upon."""
    assert printable("a\x1b[2J\x07b\r\n\tc\u202e") == "a?[2J?b c?"


# --- letters and signs ---------------------------------------------------------------------------


def test_every_headline_can_be_written_in_blocks() -> None:
    """Three lines of one width, in either language."""
    for sign in (*SIGNS.values(), *CHAMBER_SIGNS.values()):
        for headline in (sign.headline.indonesian, sign.headline.english):
            lines = lettered(headline)
            assert len(lines) == LETTER_LINES
            assert len({len(line) for line in lines}) == 1


def test_letters_differ() -> None:
    """All of the alphabet, each with a shape of its own; anything else is a mistake of ours."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert len({tuple(lettered(letter)) for letter in alphabet}) == len(alphabet)
    with pytest.raises(KeyError):
        lettered("5")


def test_letters_are_apart_and_words_are_further() -> None:
    """As on a sign."""
    assert lettered("il") == ["█ █  ", "█ █  ", "▀ ▀▀▀"]
    assert lettered("I I")[0] == "█    █"


@pytest.mark.parametrize("shape", Pictogram)
def test_signs_have_one_size(shape: Pictogram) -> None:
    """Eight cells by four lines."""
    lines = pictogram(shape)
    assert [len(line) for line in lines] == [SIGN_CELLS] * SIGN_LINES


# --- what it costs -------------------------------------------------------------------------------


def test_what_draws_is_known_to_the_demonstration_and_the_command_line_alone() -> None:
    """rich costs a start-up and memory that a lane at a door has no use for."""
    homes = []
    for folder in ("gate", "drivers", "firmware", "central"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module:
                    names = [node.module]
                if any(re.match(r"rich\b", name) for name in names):
                    homes.append(path.relative_to(ROOT).as_posix())
    assert homes
    assert all(home.startswith(HOMES_OF_RICH) for home in homes)


def test_plain_lines_start_without_what_draws() -> None:
    """`gate demo --exit` in a script is quick to start."""
    code = (
        "import sys, firmware.demo.lines, firmware.demo.snapshot\n"
        "sys.exit(any(name.split('.')[0] == 'rich' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
