"""Soak: whether the server's memory stays level while visitors come, open ever other links, send tables and go.

    python -m benchmarks.soak                ten minutes
    python -m benchmarks.soak --minutes 60

One visitor stays and opens one link after the other, never the same twice, on all pages; a few others come, look for
some seconds, send a file of 2 MB as the dialog for an own table does, and go. Twice a minute the script prints the
memory (RSS) of the web process and of the workers, and the open files and threads of the web process. At the end: the
slope of each over the second half.
Linux only, as `benchmarks.classroom`, whose browsers it uses.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import itertools
import random
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from benchmarks.classroom import Browser, processes, web_process
from harness.server import ROOT, serve
from optimizers import RULES
from surfaces import SURFACES

GROWTH = 1.0  # MB a minute that count as level: an hour's lecture, twice, is then 120 MB
FILE = 350_000  # lines of the file that they send
COMERS = 3  # visitors who come and go at a time
BUILT_IN = [key for key in SURFACES if key not in ("formula", "drawing")]


def link(luck: random.Random) -> tuple[str, str]:
    """Return a page and a query that nobody has asked for yet."""
    rules = "&".join(f"rule={key}~lr~{luck.uniform(1e-4, 0.2):.6g}" for key in luck.sample(list(RULES), 4))
    start = f"start={luck.uniform(-2, 2):.6g}~{luck.uniform(-2, 2):.6g}"
    surface = f"surface={luck.choice(BUILT_IN)}"
    formula = f"surface=formula~text~{luck.uniform(0.1, 3):.5g}x^2%2B{luck.uniform(0.1, 3):.5g}*cos(y)"
    rule, seed = f"rule={luck.choice(list(RULES))}", luck.randrange(2**31)
    return luck.choice([
        ("race", f"{surface}&{rules}&{start}&steps={luck.randrange(50, 2000)}"),
        ("race", f"{formula}&{rules}&steps=300"),
        ("step", f"{rules}&{start}&steps={luck.randrange(50, 2000)}"),
        ("maps", f"kind=settings&side={luck.randrange(20, 100)}&{rule}&steps={luck.randrange(50, 400)}"),
        ("maps", f"kind=basins&side=60&{rule}&steps={luck.randrange(50, 400)}"),
        ("noise", f"{rule}&seed={seed}"),
        ("likelihood", f"throws={luck.randrange(10, 1000)}&hits=5&seed={seed}"),
        ("scaling", f"{rules}&steps={luck.randrange(20, 500)}"),
        ("overfitting", f"seed={seed}&epochs=30"),
        ("compare", f"seed={seed}&epochs=5"),
        ("signals", f"seed={seed}&epochs=2"),
        ("tune", f"seed={seed}&epochs=2"),
        ("home", ""),
    ])  # fmt: skip


def send(address: str, session: str) -> None:
    """Send a file to a session, as a browser does; raise `HTTPException` where it is not taken."""
    server = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        server.request("GET", "/_stcore/health")
        answer = server.getresponse()
        answer.read()
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        form = b'--end\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n%b\r\n--end--\r\n'
        token = cookie.partition("=")[2].strip('"')
        headers = {
            "Cookie": cookie, "X-Xsrftoken": token, "Content-Type": "multipart/form-data; boundary=end",
        }  # fmt: skip
        server.request("PUT", f"/_stcore/upload_file/{session}/file", form % (b"1,2,3\n" * FILE), headers)
        answer = server.getresponse()
        if answer.status != 204:
            raise http.client.HTTPException(f"the file was not taken: {answer.status} {answer.read()!r}")
    finally:
        server.close()


async def opened(address: str, page: str, query: str, visitor: str, errors: list[str], stay: float) -> None:
    """Open a link, look at it for so many seconds and send a file, or neither if that is none, and close it."""
    tab = Browser(address, "" if page == "home" else page, query, visitor)
    try:
        await tab.open()
        if await tab.picture(lambda shown: True, 60) is None and page != "home":
            errors += tab.errors or [f"{page}?{query}: no picture in 60 s"]
        if stay:
            await asyncio.to_thread(send, address, tab.session)
            await asyncio.sleep(stay)
    except http.client.HTTPException as error:
        errors.append(str(error))
    finally:
        await tab.close()


async def visits(address: str, seed: int, counts: list[int], errors: list[str], stay: float, *, same: bool) -> None:
    """Open one link after the other, as one visitor or each time as another."""
    luck = random.Random(seed)
    for i in itertools.count():
        visitor = f"{seed:016x}{0 if same else i:016x}"
        await opened(address, *link(luck), visitor, errors, stay)
        counts[0] += 1


def rss(pids: Iterable[int]) -> float:
    """Return the resident memory of processes in MB."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            status = Path(f"/proc/{pid}/status").read_text()
            total += int(status.partition("VmRSS:")[2].split()[0]) / 1000
    return total


def state(web: int) -> tuple[float, float, int, int]:
    """Return the memory of the web process and of the workers in MB, and the web process's open files and threads."""
    files = sum(1 for _ in Path(f"/proc/{web}/fd").iterdir())
    threads = sum(1 for _ in Path(f"/proc/{web}/task").iterdir())
    return rss([web]), rss(processes(web)), files, threads


async def measure(address: str, minutes: float, log: Path) -> bool:
    """Print the memory over time; return whether that of the web process and of the workers was level."""
    web = web_process()
    counts, errors = [0], []
    tasks = [asyncio.create_task(visits(address, 1, counts, errors, 0.0, same=True))]
    tasks += [
        asyncio.create_task(visits(address, 2 + i, counts, errors, 3.0, same=False)) for i in range(COMERS)
    ]  # fmt: skip
    began = time.perf_counter()
    rows = []
    print(f"{'minute':>6} {'web MB':>8} {'workers MB':>10} {'files':>6} {'threads':>8} {'links':>6} {'errors':>6}")
    while (minute := (time.perf_counter() - began) / 60) <= minutes:
        rows.append((minute, *state(web)))
        print(f"{minute:6.1f} {rows[-1][1]:8.0f} {rows[-1][2]:10.0f} {rows[-1][3]:6} {rows[-1][4]:8} {counts[0]:6}"
              f" {len(errors):6}", flush=True)  # fmt: skip
        await asyncio.wait(tasks, timeout=30, return_when=asyncio.FIRST_EXCEPTION)
        if broken := [task for task in tasks if task.done()]:
            broken[0].result()  # raises what ended it
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    at, web_mb, workers_mb, *_rest = np.array(rows).T
    late = at >= minutes / 2
    level = True
    for name, values in (("web process", web_mb), ("workers", workers_mb)):
        slope = float(np.polyfit(at[late], values[late], 1)[0])
        level &= slope <= GROWTH
        print(f"{name}: {slope:+.2f} MB a minute over the second half, most {values.max():.0f} MB"
              f"  (up to {GROWTH:g}: {'level' if slope <= GROWTH else 'GROWS'})")  # fmt: skip
    if str(ROOT / "ui") in (said := log.read_text()):  # not those of a connection that broke in the libraries
        errors.append(said[said.index("Traceback") :][:2000])
    print(f"errors: {len(errors)}", *errors[:5], sep="\n  ")
    return level and not errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as logs, serve(Path(logs) / "log") as address:
        fine = asyncio.run(measure(address, options.minutes, Path(logs) / "log"))
    raise SystemExit(not fine)


if __name__ == "__main__":
    main()
