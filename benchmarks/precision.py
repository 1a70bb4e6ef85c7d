"""Measures what it costs to compute in float64, and to have MKL sum in a fixed order.

    python -m benchmarks.precision [--quick]

Each number is the ratio of two times measured in the same round: float64 against float32, and float32 with MKL_CBWR set
to AUTO and to COMPATIBLE against float32 without it. MKL reads the variable once, so every kind runs in a process of
its own. Training uses one thread, so processor times are compared.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace

from experiments.fit import Fit, fit
from optimizers import SGD, Adam

NOTES = Fit(
    hidden=(10,), activation="sigmoid", init="ones", optimizer=SGD(lr=1.0), bias_optimizer=SGD(lr=1.0),
    batch_size=None, val_size=0.0, epochs=1000,
)  # fmt: skip
TITANIC = Fit("titanic", hidden=(32, 64, 32, 16, 4), optimizer=Adam(), batch_size=64, epochs=100)
MNIST = Fit("mnist", hidden=(100,) * 4, optimizer=SGD(lr=0.01), batch_size=128, epochs=10)
CASES: dict[str, tuple[Fit, int]] = {
    "ten sigmoid units, full batch": (NOTES, 1),
    "Titanic, 1 network": (TITANIC, 1),
    "Titanic, 6 networks": (TITANIC, 6),
    "Titanic, 18 networks": (TITANIC, 18),
    "MNIST 784-100x4-10": (MNIST, 1),
}
KINDS = {"float64": "AUTO", "float32": "AUTO", "float32 unset": "", "float32 COMPATIBLE": "COMPATIBLE"}


def seconds(case: str, kind: str, quick: bool) -> float:
    """Return the processor time of a training run, after a short one to warm up."""
    base, k = CASES[case]
    base = replace(base, precision=kind.split()[0], epochs=base.epochs // (10 if quick else 1))
    variants = [replace(base, seed=seed) for seed in range(k)]
    fit([replace(one, epochs=1) for one in variants])
    began = time.process_time()
    fit(variants)
    return time.process_time() - began


def elsewhere(case: str, kind: str, quick: bool) -> float:
    """Return `seconds` as measured in a process of its own."""
    arguments = [sys.executable, "-m", "benchmarks.precision", "--measure", case, kind, *(["--quick"] if quick else [])]
    done = subprocess.run(
        arguments, env=os.environ | {"MKL_CBWR": KINDS[kind]}, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the epochs, one round: a glance")
    parser.add_argument("--measure", nargs=2, metavar=("CASE", "KIND"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        case, kind = chosen.measure
        print(seconds(case, kind, chosen.quick))
        return
    print(f"{'':32}{'float64':>12}{'AUTO':>12}{'COMPATIBLE':>12}")
    for case in CASES:
        rounds = [
            {kind: elsewhere(case, kind, chosen.quick) for kind in KINDS} for _ in range(1 if chosen.quick else 3)
        ]

        def ratio(kind: str, against: str, rounds: list[dict[str, float]] = rounds) -> str:
            return f"{statistics.median(one[kind] / one[against] for one in rounds):.2f}"

        print(
            f"{case:32}{ratio('float64', 'float32'):>12}{ratio('float32', 'float32 unset'):>12}"
            f"{ratio('float32 COMPATIBLE', 'float32 unset'):>12}", flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
