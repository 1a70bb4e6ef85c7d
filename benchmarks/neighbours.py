"""Neighbours: how long one visitor waits for a change of a default race while another's tabs do heavy things.

    python -m benchmarks.neighbours                     all loads, 8 tabs each
    python -m benchmarks.neighbours --load maps --tabs 1

A load is one visitor with several tabs, each of which opens one heavy link after the other, never the same twice. The
neighbour changes the starting point every second. Linux only, as `benchmarks.classroom`, whose browsers it uses.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.classroom import Browser, percentile
from harness.server import serve
from optimizers import RULES

WARM = 12.0  # seconds for the workers to be ready
REACH = 0.3  # seconds within which a neighbour's change is to be drawn
SIXTEEN = "&".join([f"rule={key}" for key in (*RULES, *RULES)][:16])
LOUD, QUIET = "11" * 16, "22" * 16


def races(i: int) -> tuple[str, str]:
    return "race", f"surface=rosenbrock&steps=2000&start=-1.5~{1 + i / 1000:g}&{SIXTEEN}"


def diverging(i: int) -> tuple[str, str]:
    rules = SIXTEEN.replace("&", f"~lr~{1000 + i}&") + f"~lr~{1000 + i}"
    return "race", f"surface=rosenbrock&steps=2000&{rules}"


def formulas(i: int) -> tuple[str, str]:
    return "race", f"surface=formula~text~{'%2B'.join(f'sin({k + i / 100:g}x)*cos(y)' for k in range(1, 10))}"


def maps(i: int) -> tuple[str, str]:
    return "maps", f"kind=basins&side=150&steps=800&rule=adam~lr~{0.01 + i / 10000:g}&rule=sgd"


def noise(i: int) -> tuple[str, str]:
    return "noise", f"steps=1000&walks=50&batching=1&decaying=1&averaging=1&seed={i}"


LOADS: dict[str, Callable[[int], tuple[str, str]]] = {
    one.__name__: one for one in (races, diverging, formulas, maps, noise)
}


async def loud(address: str, load: Callable[[int], tuple[str, str]], numbers: itertools.count[int],
               opened: list[float], errors: list[str]) -> None:  # fmt: skip
    """Open one heavy link after the other in one tab; note how long each took."""
    while True:
        page, query = load(next(numbers))
        tab = Browser(address, page, query, LOUD)
        began = time.perf_counter()
        try:
            await tab.open()
            if await tab.picture(lambda shown: True) is not None:
                opened.append(time.perf_counter() - began)
            errors += tab.errors
        finally:
            await tab.close()


async def listen(address: str, seconds: float) -> list[float]:
    """Change the start of a default race every second; return the seconds until each was drawn."""
    tab = Browser(address, "race", visitor=QUIET)
    await tab.open()
    if await tab.picture(lambda shown: True) is None:
        raise RuntimeError(f"the neighbour saw nothing: {tab.errors}")
    waits = []
    end = time.perf_counter() + seconds
    for i in itertools.count():
        if time.perf_counter() >= end:
            break
        await asyncio.sleep(1)
        began = time.perf_counter()
        await tab.change("race en start", f"-4, {1 + (i + began % 1) / 100:.4g}")
        if await tab.picture(lambda shown: True) is None:
            raise RuntimeError(f"the neighbour's change was not drawn: {tab.errors}")
        waits.append(time.perf_counter() - began)
    await tab.close()
    return waits


async def measure(address: str, name: str, tabs: int, seconds: float) -> bool:
    """Measure and print one load; return whether the neighbour's median was within reach and nothing broke."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(tabs + 2))
    numbers, opened, errors = itertools.count(), [], []
    await listen(address, 0)  # the first visit starts the workers
    await asyncio.sleep(WARM)
    tasks = [
        asyncio.create_task(loud(address, LOADS[name], numbers, opened, errors)) for _ in range(tabs if name else 0)
    ]  # fmt: skip
    await asyncio.sleep(3 if tasks else 0)
    waits = await listen(address, seconds)
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    middle, most = statistics.median(waits), max(waits)
    met = "met" if most <= REACH else "MISSED"
    links = f"{len(opened):4} links, {statistics.median(opened):5.2f} s each" if opened else "no link opened"
    line = f"{name or 'nobody':<12}{middle:7.2f} s {percentile(waits, 0.95):7.2f} s {most:7.2f} s  {met:<7}"
    print(line + (links if name else ""), *errors[:3], sep="\n  ", flush=True)
    return most <= REACH and not errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--load", choices=LOADS, action="append", help="only this one; may be repeated")
    parser.add_argument("--tabs", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    print(f"a neighbour's change, to be drawn within {REACH:g} s, while {options.tabs} tabs are loud\n")
    print(f"{'':<12}{'median':>9} {'95 %':>9} {'most':>9}")
    fine = True
    for name in ("", *(options.load or LOADS)):  # each on a server of its own
        with tempfile.TemporaryDirectory() as logs, serve(Path(logs) / "log") as address:
            fine &= asyncio.run(measure(address, name, options.tabs, options.seconds))
            if "Traceback" in (log := (Path(logs) / "log").read_text()):
                print(log[log.index("Traceback") :][:3000])
                fine = False
    raise SystemExit(not fine)


if __name__ == "__main__":
    main()
