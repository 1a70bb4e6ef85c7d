"""How fast k networks train as one stack, against the loop a lecture writes, once per network.

    python -m benchmarks.training [--quick]

The experiment is that of lecture notes on the Titanic data, with random numbers of the same shape: 891 rows of 10
columns, a fifth of them for testing and a fifth of the rest for validation; a network 10-32-64-32-16-4-1 with ReLU and
binary cross-entropy; Adam at 0.001, batches of 64; loss and accuracy on both parts after every epoch. Both sides do the
whole of it, from the table to the test score, on one thread, in turns; times are medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from datasets import DATASETS, Dataset

HIDDEN = (32, 64, 32, 16, 4)
REACH = {1: 2.5, 6: 8.0, 18: 15.0}  # networks in the stack: times faster per network


def table() -> tuple[np.ndarray, np.ndarray]:
    """Return 891 rows of 10 random columns and a random class that leans on their sum."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((891, 10))
    return x, (x.sum(1) + 3 * rng.standard_normal(891) > 0).astype(np.int64)


def lecture(epochs: int, seed: int) -> float:
    """Train one network as lecture notes do, and return its test accuracy."""
    torch.manual_seed(seed)
    x, y = table()
    x, test_x, y, test_y = train_test_split(x, y, test_size=0.2, random_state=0)
    x, val_x, y, val_y = train_test_split(x, y, test_size=0.2, random_state=0)
    scaler = StandardScaler().fit(x)
    x, val_x, test_x = (torch.tensor(scaler.transform(part), dtype=torch.float32) for part in (x, val_x, test_x))
    y, val_y, test_y = (torch.tensor(part, dtype=torch.float32).unsqueeze(1) for part in (y, val_y, test_y))
    loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)

    layers: list[nn.Module] = []
    n_in = 10
    for n_out in HIDDEN:
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        n_in = n_out
    model = nn.Sequential(*layers, nn.Linear(n_in, 1))
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)

    history = []
    for _ in range(epochs):
        model.train()
        for batch_x, batch_y in loader:
            optimizer.zero_grad()
            loss = criterion(model(batch_x), batch_y)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            for part_x, part_y in ((x, y), (val_x, val_y)):
                outputs = model(part_x)
                history.append(criterion(outputs, part_y).item())
                history.append(((outputs > 0) == (part_y > 0.5)).float().mean().item())
    with torch.no_grad():
        return ((model(test_x) > 0) == (test_y > 0.5)).float().mean().item()


def stacked(epochs: int, k: int) -> float:
    """Train k networks, each with its own learning rate, as one stack, and return their mean test accuracy."""
    from experiments import fit  # after main() has added the table: what a Fit may name is settled on import
    from optimizers import Adam

    fit._tensors.cache_clear()  # the lecture's loop prepares its data each time, too
    rates = np.geomspace(0.001, 0.002, k)
    shared = fit.Fit(dataset="random", hidden=HIDDEN, batch_size=64, epochs=epochs)
    variants = [replace(shared, optimizer=Adam(lr=float(rate))) for rate in rates]
    return float(fit.fit(variants).test_score.mean())


def timed(run: Callable[[], float]) -> float:
    """Return the seconds that one run takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20 epochs and 3 rounds in place of 100 and 5")
    quick = parser.parse_args().quick
    epochs, rounds = (20, 3) if quick else (100, 5)
    torch.set_num_threads(1)
    DATASETS["random"] = Dataset(
        key="random", title="Random", sentence="", task="binary", rows=891, columns=10, classes=("0", "1"),
        source="drawn here", terms="", read=table, names=tuple(f"x{i}" for i in range(10)),
    )  # fmt: skip

    sides: dict[int, Callable[[], float]] = {0: lambda: lecture(epochs, seed=0)}
    sides |= {k: lambda k=k: stacked(epochs, k) for k in REACH}
    for run in sides.values():  # first calls import and allocate
        run()
    times: dict[int, list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, run in sides.items():
            times[side].append(timed(run))

    plain = statistics.median(times[0])
    print(f"{epochs} epochs, {rounds} rounds, one thread; the lecture's loop: {1e3 * plain / epochs:.1f} ms an epoch\n")
    print(f"{'networks':>8}  {'ms an epoch':>11}  {'times faster each':>17}  {'range':>13}  {'reach':>5}")
    for k, reach in REACH.items():
        ratio = k * plain / statistics.median(times[k])
        each = [k * a / b for a, b in zip(times[0], times[k], strict=True)]
        print(
            f"{k:>8}  {1e3 * statistics.median(times[k]) / epochs:>11.1f}  {ratio:>17.1f}"
            f"  {f'{min(each):.1f} to {max(each):.1f}':>13}  {reach:>5}  {'met' if ratio >= reach else 'MISSED'}"
        )


if __name__ == "__main__":
    main()
