"""Measures what it costs to read a visitor's own table, as a multiple of reading it with pandas.

    python -m benchmarks.tables [--quick]

`pandas.read_csv` does less (it knows delimiter and decimal mark, and looks at nothing), so its time is a unit that
stands for this machine at this moment. Each ratio is the median of rounds that measure both, in processor time.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from datasets.own import Sheet, inspect


def pictures(rows: int = 2200) -> bytes:
    """Return pictures of 28 x 28 pixels, most of them 0, with their labels, as CSV."""
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (rows, 784)) * (draw.random((rows, 784)) < 0.2)
    return _csv(np.column_stack([draw.integers(0, 10, rows), pixels]), "%d")


def long(rows: int = 40_000) -> bytes:
    """Return many rows of different decimal numbers and a class, as CSV."""
    draw = np.random.default_rng(1)
    return _csv(np.column_stack([draw.integers(0, 2, rows), draw.normal(size=(rows, 12))]), "%.5f")


def _csv(table: np.ndarray, form: str) -> bytes:
    out = io.StringIO()
    names = ["label", *(f"c{n}" for n in range(table.shape[1] - 1))]
    np.savetxt(out, table, ["%d", *[form] * (len(names) - 1)], ",", header=",".join(names), comments="")
    return out.getvalue().encode()


def seconds(run: Callable[[], object]) -> float:
    """Return the processor time of a call."""
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    """Print the ratio for each table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one round in place of five")
    rounds = 1 if parser.parse_args().quick else 5
    print(f"{'table':32} {'MB':>5} {'read':>8} {'pandas':>8} {'ratio':>7}")
    for name, content in {"2,200 x 785, pictures": pictures(), "40,000 x 13, numbers": long()}.items():
        inspect(Sheet(content[: content.index(b"\n", 60_000) + 1], "warm up"), 0)
        times = [
            (seconds(partial(inspect, Sheet(content, "own"), 0)), seconds(partial(pd.read_csv, io.BytesIO(content))))
            for _ in range(rounds)
        ]
        ours, theirs = (statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(a / b for a, b in times)
        print(f"{name:32} {len(content) / 1e6:5.1f} {ours:6.2f} s {theirs:6.2f} s {ratio:7.1f}")


if __name__ == "__main__":
    main()
