"""The picture that `gate demo` draws: one for a terminal of any size, readable without colours."""

from __future__ import annotations

import io
import re

import pytest
from demokit import HEALTH_CENTRE, moment, out_of_service
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color, ColorSystem
from rich.console import Console

from firmware.demo.frame import picture, render
from firmware.demo.lettering import Pictogram, lettered, pictogram
from firmware.demo.panel import PICTOGRAMS, TONES, Tone, tone_of
from firmware.demo.snapshot import BrokerRow, Counters, DeviceRow, DeviceState, Snapshot
from gate.advice import ADVICE
from gate.commands import Screen
from gate.reasons import Reason
from gate.walltime import ClockQuality
from gate.wording import CHAMBER_SIGNS, SIGNS

SIZES = [(80, 24), (100, 30), (76, 20), (60, 24), (200, 60), (48, 14), (38, 12), (20, 6)]
COMMAND = "mosquitto_sub -h 127.0.0.1 -p 41883 -t 'gate/v1/#' -v"
DRAWN = re.compile(r"[┏┓┗┛┃━─█▀▄▁-█…✓✗]+|[0-9:#,]+")
"""Tokens of a picture that are no words: frames, big letters, bars, marks and numbers."""
CONTRAST_MIN = 7.0


def text_of(snapshot: Snapshot, width: int = 80, height: int = 24) -> str:
    return "\n".join(line.plain.rstrip() for line in picture(snapshot, width, height))


def printed(snapshot: Snapshot, width: int = 80, height: int = 24) -> str:
    """With everything that a terminal would obey."""
    out = io.StringIO()
    console = Console(
        file=out, width=width, height=height, force_terminal=True, color_system="truecolor"
    )
    console.print(render(snapshot), end="")
    return out.getvalue()


def words_of(text: str) -> set[str]:
    return {word for word in text.split() if not DRAWN.fullmatch(word)}


# --- the picture ---------------------------------------------------------------------------------


@given(
    width=st.integers(1, 220),
    height=st.integers(1, 70),
    screen=st.sampled_from(Screen),
    reason=st.sampled_from(Reason) | st.none(),
    refer_to=st.sampled_from([HEALTH_CENTRE, "x" * 300, "a\x1b[2Jb\nc"]) | st.none(),
    shut=st.booleans(),
)
def test_a_picture_is_as_large_as_the_terminal(
    width: int,
    height: int,
    screen: Screen,
    reason: Reason | None,
    refer_to: str | None,
    *,
    shut: bool,
) -> None:
    """Every line of it, no cell too many, whatever is shown on whatever window."""
    status = out_of_service(Reason.DEVICE_FAULT) if shut else moment().status
    lines = picture(moment(screen, reason, refer_to, status=status), width, height)
    assert len(lines) == height
    assert all(line.cell_len <= width for line in lines)
    assert "\x1b" not in "".join(line.plain for line in lines)


def test_the_console_is_asked_how_large_it_is() -> None:
    """Printed to a terminal, the picture fills it."""
    assert len(printed(moment(), 90, 33).splitlines()) == 33


@pytest.mark.parametrize("screen", Screen)
@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 18), (30, 10)])
def test_the_visitor_is_told_in_both_languages(screen: Screen, width: int, height: int) -> None:
    """Headline and instruction stand there, on a small window as on a large one."""
    sign = (
        CHAMBER_SIGNS[moment().policy.chamber.mode] if screen is Screen.CHAMBER else SIGNS[screen]
    )
    shown = text_of(moment(screen), width, height)
    assert sign.headline.english.upper() in shown
    if height >= 22:
        assert all(line in shown for line in lettered(sign.headline.indonesian)[:1])
    else:
        assert sign.headline.indonesian.upper() in shown


def test_colour_shape_and_word_say_the_same() -> None:
    """Whoever can't tell red from green reads the mark or the words; a console without colours
    shows all but the colour."""
    go, refused = moment(Screen.GO), moment(Screen.REFUSED)
    assert printed(go) != printed(refused)
    for snapshot, shape in ((go, Pictogram.ARROW), (refused, Pictogram.PERSON)):
        for line in pictogram(shape):
            assert line.rstrip() in text_of(snapshot)
    assert text_of(go, 30, 10)[0] == "▶"
    assert text_of(refused, 30, 10)[0] == "■"


def test_without_colours_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR (no-color.org): no colour is sent, and every word is there."""
    coloured = printed(moment())
    monkeypatch.setenv("NO_COLOR", "1")
    plain = printed(moment())
    colours = re.compile(r"\x1b\[[0-9;]*\b(?:3[0-7]|4[0-7]|38|48|9[0-7]|10[0-7])\b[0-9;]*m")
    assert colours.search(coloured)
    assert not colours.search(plain)
    bare = re.compile(r"\x1b\[[0-9;]*m")
    assert bare.sub("", plain) == bare.sub("", coloured)


@pytest.mark.parametrize("width", range(46, 200, 3))
def test_no_word_is_cut_in_the_middle(width: int) -> None:
    """What doesn't fit is left out whole: every word on a window is one of a huge one."""
    snapshot = moment(Screen.SEE_STAFF, Reason.DOSES_TOO_FEW, HEALTH_CENTRE)
    whole = words_of(text_of(snapshot, 400, 80)) | words_of(text_of(snapshot, 400, 21))
    for height in (14, 20, 24, 40):
        assert not words_of(text_of(snapshot, width, height)) - whole - {"and", "more"}


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_says_how_it_ends(width: int, height: int) -> None:
    """Nobody is caught in it, however small the window is."""
    assert "Ctrl-C ends" in text_of(moment(), width, height)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (60, 24)])
def test_the_command_to_listen_can_be_copied(width: int, height: int) -> None:
    """On one line, to the letter."""
    assert COMMAND in text_of(moment(), width, height)


def test_devices_and_records_stand_side_by_side() -> None:
    """Levels as circles, degrees marked as simulated, records with times and the words of ONVIF."""
    shown = text_of(moment(), 100, 30)
    assert re.search(r"✓ beams +○ ● +08:12:13 #12 chamber\.done", shown)
    assert "36.42 °C simulated" in shown
    assert "08:12:21 #13 access.denied pass_already_used" in shown
    assert "temperature.normal 36.0–36.5 °C" in shown  # noqa: RUF001 - a range
    assert re.search(r"– tamper +not wired", shown)  # noqa: RUF001 - a dash


def test_on_a_narrow_window_they_stand_below_each_other() -> None:
    """Both are there, the newest record and its note on two lines if need be."""
    shown = text_of(moment(), 46, 30)
    assert shown.index("Devices") < shown.index("✓ presence") < shown.index("Records")
    assert re.search(r"#13 access\.denied pass_already_used\n", shown)
    assert re.search(
        r"#13 temperature\.reading_rejected\n +not_a_number\n", text_of(moment(), 42, 30)
    )


def test_the_newest_records_are_those_that_stay() -> None:
    """And on a wide window their notes stand below each other."""
    shown = text_of(moment(), 160, 18)
    assert "access.requested" not in shown
    assert re.search(r"access\.denied +pass_already_used", shown)
    columns = {
        line.find(note)
        for note in ("pass_already_used", "camera, stalled")
        for line in shown.splitlines()
        if note in line
    }
    assert len(columns) == 1


def test_a_device_in_trouble_is_never_left_out() -> None:
    """Where there is no room for all, the one that somebody must go to stays."""
    broken = DeviceRow("camera", "stalled for 12 s", DeviceState.TROUBLE)
    rows = (*(DeviceRow(f"device {n}") for n in range(30)), broken)
    shown = text_of(moment(devices=rows))
    assert "✗ camera" in shown
    assert "stalled for 12 s" in shown
    assert re.search(r"… and \d+ more", shown)


def test_a_lane_out_of_service_says_why() -> None:
    """State, reason, what has failed, and a clock that is not certain."""
    status = out_of_service(Reason.DEVICE_FAULT, clock=ClockQuality.UNTRUSTED)
    top = text_of(moment(Screen.CLOSED, Reason.DEVICE_FAULT, status=status), 120).splitlines()[0]
    assert "out of service: device_fault" in top
    assert "failed: camera" in top
    assert "clock untrusted" in top
    bare = text_of(moment(status=out_of_service(None)), 120)
    assert "out of service  failed" in bare.splitlines()[0]


def test_the_officer_reads_what_the_visitor_does_not() -> None:
    """The reason stands outside the visitor's frame, in one line of 80 cells."""
    shown = text_of(moment(Screen.REFUSED, Reason.PASS_ALREADY_USED))
    assert "Please do not go in yet." in shown
    assert f"\nOfficer: {ADVICE[Reason.PASS_ALREADY_USED].english}\n" in shown
    assert "Officer" not in text_of(moment(Screen.GO))


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_fits_on_one_line_of_the_smallest_common_window(reason: Reason) -> None:
    """So the picture below does not jump."""
    assert text_of(moment(Screen.REFUSED, reason)).count("\n") == 23
    assert re.search(r"\nOfficer: .+\.\n(?:Devices|$)", text_of(moment(Screen.REFUSED, reason)))


def test_a_referral_names_the_health_centre() -> None:
    """In the visitor's own frame, in both languages."""
    shown = text_of(moment(Screen.SEE_STAFF, Reason.DOSES_TOO_FEW, HEALTH_CENTRE))
    assert f"ke {HEALTH_CENTRE}." in shown
    assert f"to {HEALTH_CENTRE}." in shown


def test_who_is_at_the_lane_and_for_how_long() -> None:
    """Number and temperament at the top of the frame, seconds left at its foot."""
    frame = text_of(moment()).splitlines()[1:9]
    assert frame[0].endswith(" visit 13, turns back ━┓")
    assert frame[-1].endswith(" 3 s ━┛")
    nobody = moment(Screen.IDLE, visitor=None, status=out_of_service(Reason.STARTING))
    frame = text_of(nobody).splitlines()[1:9]
    assert frame[0].endswith("━━┓")
    assert frame[-1].endswith("━━┛")


def test_counters_and_where_the_records_are() -> None:
    """And a line that is not there says so."""
    shown = text_of(moment(), 120)
    assert "128 visits  110 admitted  9 refused  2 referred" in shown
    assert "per minute ▁▁▃█▂ 4" in shown
    assert "✓ connected  mosquitto 127.0.0.1:41883  812 of 812 records with the broker" in shown
    assert "64 MiB  up 1:03:12  08:12:12" in shown
    cut = BrokerRow("127.0.0.1", 1883, "nats-server", connected=False, written=1_234, done=9)
    shown = text_of(moment(broker=cut, counters=Counters(), uptime_s=59.9))
    assert "✗ not connected  nats-server 127.0.0.1:1883  9 of 1,234 records" in shown
    assert "up 0:59" in shown
    assert "per minute" not in shown


def test_nothing_to_show_is_shown_too() -> None:
    """A lane that has only just begun."""
    empty = moment(Screen.CLOSED, Reason.STARTING, devices=(), records=())
    for width, height in SIZES:
        assert len(text_of(empty, width, height).split("\n")) == height


def test_what_a_site_wrote_moves_no_cursor() -> None:
    """Names out of a file reach the terminal as text alone."""
    odd = DeviceRow("camera", "\x1b[2J\x07gone")
    shown = text_of(moment(Screen.SEE_STAFF, None, "\x1b]0;x\x07 place", devices=(odd,)))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", shown)
    assert "?[2J?gone" in shown


# --- colours -------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT])
@pytest.mark.parametrize("tone", TONES.values(), ids=lambda tone: tone.mark)
def test_every_colour_can_be_read(tone: Tone, depth: ColorSystem) -> None:
    """WCAG 2.2, success criterion 1.4.6, on a terminal of 256 colours too."""
    ink, ground = (Color.parse(name).downgrade(depth) for name in (tone.ink, tone.ground))
    assert contrast(ink, ground) >= CONTRAST_MIN


def test_sixteen_colours_are_colours() -> None:
    """Where the nearest ones would be greys, the terminal's own names are used."""
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system="standard")
    console.print(render(moment(Screen.GO)), height=24)
    assert "\x1b[30;42m" in out.getvalue()


def test_screens_that_must_not_be_mixed_up_differ_in_shape_and_mark() -> None:
    """Go, wait and stop are told apart on a screen without colours."""
    assert set(PICTOGRAMS) == set(Screen)
    assert len({tone.mark for tone in TONES.values()}) == len(TONES)
    shapes = {tone_of(screen).mark: set[Pictogram]() for screen in Screen}
    for screen, shape in PICTOGRAMS.items():
        shapes[tone_of(screen).mark].add(shape)
    inside = shapes[tone_of(Screen.GO).mark]
    assert not inside & shapes[tone_of(Screen.REFUSED).mark]
    assert not inside & shapes[tone_of(Screen.WAIT).mark]


def contrast(one: Color, other: Color) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: Color) -> float:
    parts = [part / 255 for part in color.get_truecolor()]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
