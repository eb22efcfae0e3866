"""Our code reader beside the tutorial loop and bare zxing-cpp: `[--data DIR] [--quick]`.

The readers
    tutorial    `pyzbar.decode` on the RGB frame, every symbology
    zxing-cpp   bare, QR codes, luma, every frame
    ours        `drivers.codereader` on streams, `drivers.stills` on photographs

On photographs a fourth one is the union: whatever zxing-cpp or ZBar (as text or raw) reads.

CPU is process time, measured in one run in which the readers take turns on every picture, so
that other work on the machine slows all of them. The tutorial loop keeps no state, so on the
streams only each `TUTORIAL_EVERY`-th of its frames is measured.

Time to first decode is a queue: frames come at 30 a second, and a reader that is done takes the
newest that it has not seen. A decode takes its measured CPU, times `CPU_SCALE`: the gate's
processor is taken to be five times slower than a server's core. Counted from the first frame
that has the whole code in view to the end of the decode; the median is over the presentations
that both read. `--quick` measures it at that scale only, else at scale 1 too.

Exit status 1 if a target is missed, 2 if there are no photographs where DIR says.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import photographs
import streams
from qr_readers import (
    FRAME_NS,
    OURS,
    TUTORIAL,
    ZXING,
    Memo,
    Queue,
    Timed,
    live,
    read_looks,
    read_photograph,
    read_tutorial,
    read_zxing,
    stateful,
    timed,
)
from report import Verdict, conclude, console, load
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from drivers import zbar

CPU_SCALE = 5
SCALE_NAMES = {1: "this machine's CPU", CPU_SCALE: f"CPU {CPU_SCALE} times slower"}
TUTORIAL_EVERY = 6
QUICK_PRESENTATIONS = ("phone brought in", "tilt of 30 degrees", "dark mode")
EMPTY_CPU_MAX = 0.02
CODE_CPU_MAX = 0.05
FIRST_DECODE_MAX = 1 / 3


@dataclass
class StreamScore:
    """What all streams together gave for one reader."""

    first_s: dict[int, dict[str, float]]
    """Seconds to the first decode by the scale of the CPU, then by the presentation's name."""
    cpu_ns: dict[str, list[int]] = field(
        default_factory=lambda: {"empty": [], "code": [], "passers-by": []}
    )
    strange: list[str] = field(default_factory=list)
    """Readings that nobody held up."""


def run_stream(
    stream: streams.Stream, seed: int, scores: dict[str, StreamScore], tick: Callable[[], None]
) -> None:
    """All readers over one stream, in turns."""
    memos: dict[str, Timed] = {TUTORIAL: Memo(read_tutorial), ZXING: Memo(read_zxing)}
    every: dict[str, Timed] = {**memos, OURS: stateful(live())}
    queues = {
        (name, scale): Queue(memos.get(name) or stateful(live()), scale)
        for name in scores
        for scale in scores[name].first_s
    }
    in_view_ns: int | None = None
    for number, shot in enumerate(stream.shots(seed)):
        now_ns = number * FRAME_NS
        if shot.code_in_view and in_view_ns is None:
            in_view_ns = now_ns
        group = "passers-by" if stream.passers_by else "empty"
        for name, read in every.items():
            if name == TUTORIAL and number % TUTORIAL_EVERY:
                continue
            payloads, cpu_ns = read(number, shot.luma, now_ns)
            scores[name].strange += [
                f"{stream.name}: {text[:40]!r}" for text in payloads - {stream.payload}
            ]
            if stream.payload is None or shot.code_in_view:
                scores[name].cpu_ns[group if stream.payload is None else "code"].append(cpu_ns)
        for queue in queues.values():
            queue.frame(number, shot.luma, stream.payload)
        tick()
    for (name, scale), queue in queues.items():
        queue.settle(stream.frames * FRAME_NS, stream.payload)
        if queue.first_ns is not None and in_view_ns is not None:
            # A code may be read while its quiet zone is still outside.
            first_s = max(0, queue.first_ns - in_view_ns) / 1e9
            scores[name].first_s[scale][stream.name] = first_s


def run_photographs(
    album: list[photographs.Photograph], tick: Callable[[], None]
) -> tuple[dict[str, photographs.Score], dict[str, float]]:
    """All readers over all photographs, in turns: scores, and mean milliseconds of CPU."""
    names = (TUTORIAL, ZXING, "union", OURS, "ours, live")
    scores = {name: photographs.Score() for name in names}
    spent_ns = dict.fromkeys(names, 0)
    for photograph in album:
        luma = photograph.luma()
        raw = timed(lambda luma, _: {symbol.payload for symbol in zbar.read(luma)}, luma)
        plain, bare = timed(read_tutorial, luma), timed(read_zxing, luma)
        still, moving = timed(read_photograph, luma), timed(read_looks, luma)
        union = (raw[0] | plain[0] | bare[0], raw[1] + bare[1])
        for name, (payloads, cpu_ns) in zip(
            names, (plain, bare, union, still, moving), strict=True
        ):
            scores[name].add(photograph, payloads, bare[0] & raw[0])
            spent_ns[name] += cpu_ns
        tick()
    return scores, {name: ns / 1e6 / len(album) for name, ns in spent_ns.items()}


def show_photographs(
    album: list[photographs.Photograph],
    scores: dict[str, photographs.Score],
    cpu_ms: dict[str, float],
) -> list[Verdict]:
    """The table, and the targets with whether they are met."""
    stated = sum(len(photograph.texts) for photograph in album)
    table = Table(title=f"{len(album)} photographs, {stated} texts stated")
    for column in ("reader", "read", "share", "wrong", "false", "disputed", "CPU ms"):
        table.add_column(column, justify="left" if column == "reader" else "right")
    for name, score in scores.items():
        table.add_row(
            name,
            str(score.right),
            f"{score.right / max(1, stated):.1%}",
            str(len(score.wrong)),
            str(len(score.false_positives)),
            str(len(score.disputed)),
            f"{cpu_ms[name]:.1f}",
        )
    console.print(table)
    ours, union = scores[OURS], scores["union"]
    for line in sorted({*ours.disputed, *scores["ours, live"].disputed}):
        console.print(f"  disputed (both engines agree): {line}", style="dim", highlight=False)
    strange = [*ours.wrong, *ours.false_positives]
    strange += [*scores["ours, live"].wrong, *scores["ours, live"].false_positives]
    for line in strange:
        console.print(f"  ours, wrong: {line}", style="red", highlight=False)
    lacking = len(union.found - ours.found)
    return [
        (
            ours.right >= union.right,
            (
                f"photographs: ours reads {ours.right}, at least {union.right}: what zxing-cpp and "
                f"ZBar read together (of which {lacking} texts are not among ours)"
            ),
        ),
        (not strange, f"photographs: {len(strange)} wrong texts and false positives, limit 0"),
    ]


def show_streams(scores: dict[str, StreamScore], shown: list[str]) -> list[Verdict]:
    """The tables, and the targets with whether they are met."""
    base = {group: statistics.fmean(cpu) for group, cpu in scores[TUTORIAL].cpu_ns.items()}
    table = Table(title=f"CPU a frame at {streams.WIDTH_PX}x{streams.HEIGHT_PX}, ms (share)")
    table.add_column("reader")
    for group in base:
        table.add_column(group, justify="right")
    ratio, median_s = {}, {}
    for name, score in scores.items():
        row = [name]
        for group, cpu in score.cpu_ns.items():
            ratio[name, group] = statistics.fmean(cpu) / base[group]
            row.append(f"{statistics.fmean(cpu) / 1e6:.2f} ({ratio[name, group]:.4f})")
        table.add_row(*row)
        for scale, firsts in score.first_s.items():
            common = firsts.keys() & scores[TUTORIAL].first_s[scale].keys()
            times = [firsts[stream] for stream in common]
            median_s[name, scale] = statistics.median(times) if times else float("inf")
    console.print(table)
    _show_first_decodes(scores, shown)
    ours = scores[OURS]
    for line in ours.strange:
        console.print(f"  ours, not held up: {line}", style="red", highlight=False)
    missed = {name for firsts in ours.first_s.values() for name in shown if name not in firsts}
    return [
        (
            ratio[OURS, "empty"] <= EMPTY_CPU_MAX,
            (
                f"streams: CPU on empty frames {ratio[OURS, 'empty']:.4f} of the tutorial's, "
                f"limit {EMPTY_CPU_MAX}"
            ),
        ),
        (
            ratio[OURS, "code"] <= CODE_CPU_MAX,
            (
                f"streams: CPU with a code in view {ratio[OURS, 'code']:.4f} of the tutorial's, "
                f"limit {CODE_CPU_MAX}"
            ),
        ),
        (
            not missed,
            f"streams: missed {', '.join(sorted(missed)) or 'none'} of {len(shown)} presentations",
        ),
        *(
            (
                median_s[OURS, scale] <= median_s[TUTORIAL, scale] * FIRST_DECODE_MAX,
                (
                    f"streams: median time to first decode {median_s[OURS, scale]:.3f} s, limit a "
                    f"third of {median_s[TUTORIAL, scale]:.3f} s ({SCALE_NAMES[scale]})"
                ),
            )
            for scale in ours.first_s
        ),
        (not ours.strange, f"streams: {len(ours.strange)} readings that nobody held up, limit 0"),
    ]


def _show_first_decodes(scores: dict[str, StreamScore], shown: list[str]) -> None:
    table = Table(title="Seconds from the code in view to its first decode")
    table.add_column("presentation")
    runs = [(name, scale) for scale in scores[OURS].first_s for name in scores]
    for name, scale in runs:
        table.add_column(f"{name}, {scale}x" if scale > 1 else name, justify="right")
    for stream in shown:
        firsts = [scores[name].first_s[scale].get(stream) for name, scale in runs]
        table.add_row(stream, *("missed" if s is None else f"{s:.3f}" for s in firsts))
    console.print(table)


@contextmanager
def _silent_libraries() -> Iterator[None]:
    """libzbar writes of its failed assertions to standard error, past Python and past any level."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with manifest.jsonl and the photographs")
    parser.add_argument("--quick", action="store_true", help="a fixed sample and short streams")
    options = parser.parse_args()
    folder = options.data or photographs.default_folder()
    album: list[photographs.Photograph] = []
    try:
        album = photographs.load(folder, quick=options.quick)
    except FileNotFoundError:
        console.print(f"NOT MEASURED: no manifest.jsonl in {folder}; photographs are left out.")
        if options.data:
            return 2
    held = [
        stream
        for stream in streams.presentations()
        if not options.quick or stream.name in QUICK_PRESENTATIONS
    ]
    idle = [
        streams.empty(4 if options.quick else 12),
        streams.passers_by(0.5 if options.quick else 4),
    ]
    scales = (CPU_SCALE,) if options.quick else (1, CPU_SCALE)
    scores = {
        name: StreamScore(first_s={scale: {} for scale in scales})
        for name in (TUTORIAL, ZXING, OURS)
    }
    before = load()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        _silent_libraries(),
        Progress(
            *columns,
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ) as progress,
    ):
        photo_task = progress.add_task("photographs", total=len(album))
        frames = sum(stream.frames for stream in (*held, *idle))
        frame_task = progress.add_task("frames", total=frames)
        read = run_photographs(album, lambda: progress.advance(photo_task)) if album else None
        for seed, stream in enumerate((*held, *idle)):
            run_stream(stream, seed, scores, lambda: progress.advance(frame_task))
    verdicts = show_photographs(album, *read) if read else []
    verdicts += show_streams(scores, [stream.name for stream in held])
    console.print(f"before: {before}; after: {load()}", highlight=False)
    return conclude(verdicts)


if __name__ == "__main__":
    sys.exit(main())
