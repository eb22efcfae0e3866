"""The lane that `bench_memory.py` measures, in a process of its own: it says each moment at which
it may be measured on its standard output, and goes on when it gets a line.

It imports what the program does, and the street; nothing that a bench prints with.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from street import Street, lane

from gate.policy import ChamberPolicy, PassagePolicy, Policy, TemperaturePolicy

SETTLE_S = 3.0
"""A decoder's first pictures, a reporter's first records."""
POLICY = Policy(
    chamber=ChamberPolicy(run_s=0.3),
    temperature=TemperaturePolicy(readings=2, agree_c=0.5),
    passage=PassagePolicy(grant_s=4.0),
)
"""Every stage, each as short as it can be."""


async def say(moment: str) -> None:
    """Let the lane be measured."""
    print(moment, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


async def main(folder: Path, broker_port: int | None, visits: int, seed: int) -> None:
    """Idle, so many visits, and idle again."""
    program, office = lane(folder, POLICY, broker_port, seed)
    stop = asyncio.Event()
    running = asyncio.create_task(program.run(stop))
    ready = asyncio.create_task(program.ready.wait())
    try:
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            await asyncio.sleep(SETTLE_S)
            await say("idle")
            street = Street(program, office, seed)
            for number in range(visits):
                await street.visit()
                print(number + 1, flush=True)
            await say("visited")
            await asyncio.sleep(SETTLE_S)
            await say("idle again")
    finally:
        stop.set()
        ready.cancel()
        await running


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    path, port, count, first = sys.argv[1:]
    asyncio.run(main(Path(path), int(port) or None, int(count), int(first)))
