"""One picture of a lane for a terminal of any size, out of one snapshot.

From the top: what the visitor sees, as the panel at the lane shows it; what the officer reads
beside it; devices and records; counters, and where the records go. What does not fit is left out
whole, the less important first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from firmware.demo.columns import body
from firmware.demo.fitting import fitted, folded, joined, spread, wave
from firmware.demo.lines import clock_of, printable
from firmware.demo.panel import panel, strip
from gate.advice import ADVICE
from gate.walltime import ClockQuality

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from firmware.demo.snapshot import Snapshot

FRAMED_CELLS_MIN, FRAMED_LINES_MIN = 40, 14
"""The least for a framed panel."""
BIG_LINES_MIN = 22
WAVE_CELLS_MAX = 30
END = "Ctrl-C ends"
MIB = 1_048_576
S_PER_MINUTE, MINUTES_PER_HOUR = 60, 60


def render(snapshot: Snapshot) -> Frame:
    """The picture of that moment."""
    return Frame(snapshot)


class Frame:
    """Fills the terminal that it is printed to."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Exactly as many lines as the terminal has, none longer than it is wide."""
        # A height is passed down by one level only; the console's own is known at every level.
        height = options.size.height if options.height is None else options.height
        deep = console.color_system != "standard"
        lines = picture(self._snapshot, options.max_width, height, deep=deep)
        yield Text("\n").join(lines)


def picture(snapshot: Snapshot, width: int, height: int, *, deep: bool = True) -> list[Text]:
    """`height` lines of at most `width` cells; `deep`: see `firmware.demo.panel.Tone`."""
    command = _command(snapshot, width)
    if width < FRAMED_CELLS_MIN or height < FRAMED_LINES_MIN:
        bottom = command if len(command) == 1 else [Text(fitted(END, width), "bold")]
        strips = strip(snapshot, width, deep=deep)
        lines = [*strips, _state(snapshot, width), *_officer(snapshot, width)]
        lines += body(snapshot, width, height - len(lines) - len(bottom))
        return _ending(lines, bottom, height)
    top = [
        _header(snapshot, width),
        *panel(snapshot, width, big=height >= BIG_LINES_MIN, deep=deep),
        *_officer(snapshot, width),
    ]
    bottom = [_counters(snapshot, width), _delivery(snapshot, width), *command]
    middle = body(snapshot, width, height - len(top) - len(bottom))
    return _ending([*top, *middle], bottom, height)


def _ending(upper: list[Text], lower: list[Text], height: int) -> list[Text]:
    """All of the lower lines at the bottom, and of the upper ones what there is room for."""
    room = max(0, height - len(lower))
    upper = upper[:room] + [Text()] * (room - len(upper))
    return [*upper, *lower[-height:]]


def _state(snapshot: Snapshot, width: int) -> Text:
    """How the lane is, in words."""
    status = snapshot.status
    word = status.state.replace("_", " ")
    parts = [Text(f"in service, {word}", "green")]
    if not status.in_service:
        reason = f": {status.reason}" if status.reason else ""
        parts = [Text(f"{word}{reason}", "bold red")]
    if status.failed:
        parts.append(Text("failed: " + ", ".join(status.failed), "bold red"))
    parts.append(Text(f"{status.occupancy} inside"))
    if status.clock != ClockQuality.TRUSTED:
        parts.append(Text(f"clock {status.clock.replace('_', ' ')}", "yellow"))
    return joined(parts, width)


def _header(snapshot: Snapshot, width: int) -> Text:
    name, clock = Text("gate demo", "bold"), Text(clock_of(snapshot.wall), "bold")
    state = _state(snapshot, width)
    left = joined([name, state], width) if name.cell_len + state.cell_len + 2 <= width else state
    memory = Text(f"{snapshot.memory_bytes / MIB:.0f} MiB", "dim")
    up = Text(f"up {_lasting(snapshot.uptime_s)}", "dim")
    for right in (joined([memory, up, clock], width), joined([up, clock], width), clock):
        if left.cell_len + 2 + right.cell_len <= width:
            return spread(left, right, width)
    return left


def _officer(snapshot: Snapshot, width: int) -> list[Text]:
    """What the visitor is not told; an empty line where there is nothing, so that nothing jumps."""
    reason = snapshot.show.reason
    if reason is None:
        return [Text()]
    sentence = f"Officer: {ADVICE[reason].english}"
    return [Text(line, "italic") for line in folded(sentence, width)]


def _counters(snapshot: Snapshot, width: int) -> Text:
    counters = snapshot.counters
    counts = joined(
        [
            Text(f"{counters.visits:,} visits"),
            Text(f"{counters.admitted:,} admitted", "green"),
            Text(f"{counters.refused:,} refused", "red"),
            Text(f"{counters.referred:,} referred", "yellow"),
        ],
        width,
    )
    series = counters.per_minute
    title, newest = "per minute ", f" {series[-1]}" if series else ""
    room = width - counts.cell_len - len(title) - len(newest) - 2
    bars = wave(series, min(room, WAVE_CELLS_MAX))
    if not bars:
        return counts
    return spread(counts, Text().append(title, "dim").append(bars, "cyan").append(newest), width)


def _delivery(snapshot: Snapshot, width: int) -> Text:
    broker = snapshot.broker
    place = f"{printable(broker.kind)} {printable(broker.host)}:{broker.port}"
    line = Text("✓ connected", "green") if broker.connected else Text("✗ not connected", "bold red")
    delivered = Text(f"{broker.done:,} of {broker.written:,} records with the broker")
    if broker.done < broker.written:
        delivered.stylize("yellow")
    return joined([line, Text(place), delivered], width)


def _command(snapshot: Snapshot, width: int) -> list[Text]:
    """How to see the records arrive, to be copied as it stands, and how to end."""
    broker = snapshot.broker
    words = f"mosquitto_sub -h {printable(broker.host)} -p {broker.port} -t 'gate/v1/#' -v"
    command, end = Text(words, "cyan"), Text(END, "bold")
    if command.cell_len + 2 + end.cell_len <= width:
        return [spread(command, end, width)]
    return [*(Text(line, "cyan") for line in folded(words, width)), end]


def _lasting(seconds: float) -> str:
    """`3:12`, `1:03:12`."""
    minutes, second = divmod(int(seconds), S_PER_MINUTE)
    hours, minute = divmod(minutes, MINUTES_PER_HOUR)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
