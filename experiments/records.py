"""What is recorded of networks during training, besides their curves: one entry of `RECORDS` each.

A page names the records it draws; other pages do not pay for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments import layers, results
from experiments.snapshot import Snapshot
from experiments.tables import boundary

Array = np.ndarray[Any, np.dtype[Any]]
TRACED = 6  # weights whose values are recorded over the epochs
BINS, BIN = 401, 0.02  # of the histograms of weights: how many bins, and how wide; the middle one is centred on 0
ZERO = 1e-3  # a weight with a smaller absolute value has practically no effect


def every(epochs: int) -> Array:
    """Return all epochs, the untrained network's included."""
    return np.arange(epochs + 1)


def snapshots(epochs: int, most: int = 30) -> Array:
    """Return at most `most` epochs from 0 to the last, closer together at the beginning, where most happens."""
    return np.unique(np.rint(epochs * np.linspace(0, 1, most) ** 2).astype(int))


def last(epochs: int) -> Array:
    """Return the last epoch."""
    return np.array([epochs])


@dataclass(frozen=True)
class Record:
    """`take(snapshot)` returns the array to record [k, ...], always of one shape; `moments(epochs)` the epochs."""

    take: Callable[[Snapshot], Array]
    moments: Callable[[int], Array] = snapshots


def take(recorded: dict[str, list[Array]], snapshot: Snapshot, epoch: int, epochs: int) -> None:
    """Append to every list the record of this epoch, if the record is taken at this epoch."""
    for name, seen in recorded.items():
        record = RECORDS[name]
        if epoch in record.moments(epochs):
            seen.append(record.take(snapshot))


def _traces(snapshot: Snapshot) -> Array:
    """Return `TRACED` weights of each network [k, TRACED], evenly spread over its layers, first and last included."""
    stack = snapshot.stack
    return stack.params[:, np.linspace(0, stack.n_weights - 1, TRACED).astype(int)].copy()


def _boundaries(snapshot: Snapshot) -> Array:
    """Return the decision boundaries [k, 64, 64] in uint8, as `History.boundary`; there are none without a grid."""
    assert snapshot.tables.grid is not None, "this record is for data that can be drawn"
    return boundary(snapshot.stack.evaluate(snapshot.tables.grid, snapshot.which))


def _weights(snapshot: Snapshot) -> Array:
    """Return how many weights of each network lie in each bin [k, BINS]; the outermost also count weights beyond them.

    All counts of a network that has diverged are 0.
    """
    weights = snapshot.stack.params[:, : snapshot.stack.n_weights]
    counts = np.zeros((len(weights), BINS), np.int32)
    for row, own in zip(counts, weights, strict=True):
        finite = own[np.isfinite(own)].astype(np.float64)
        places = np.clip(np.rint(finite / BIN), -(BINS // 2), BINS // 2).astype(int) + BINS // 2
        row[:] = np.bincount(places, minlength=BINS)
    return counts


def _zeros(snapshot: Snapshot) -> Array:
    """Return the share of each network's weights [k] whose absolute value is below `ZERO`."""
    weights = snapshot.stack.params[:, : snapshot.stack.n_weights]
    return (np.abs(weights) < ZERO).mean(axis=1)


def _tests(snapshot: Snapshot) -> Array:
    """Return the loss (0) and the score (1) on either half of the test set, and on all of it [k, 2, 3].

    They only serve to show how much of a test score is luck, and what early stopping keeps. The seed of the split
    assigns the rows to the halves.
    """
    outputs, y = snapshot.stack.evaluate(snapshot.tables.test_x, snapshot.which), snapshot.tables.test_y[snapshot.which]
    order = np.random.default_rng([snapshot.variants[0].split_seed, 5]).permutation(y.shape[1])
    parts = (*np.array_split(order, 2), slice(None))
    return np.stack([snapshot.task.measure(outputs[:, part], y[:, part]) for part in parts], axis=-1).swapaxes(0, 1)


def _seconds(snapshot: Snapshot) -> Array:
    """Return the training time of the epoch in seconds [k]: the only record that depends on the machine."""
    return np.full(len(snapshot.variants), snapshot.seconds)


def _batch_loss(snapshot: Snapshot) -> Array:
    """Return the mean loss of the rows [k] in the batches of the epoch: before each step, and with dropout.

    Keras shows this as the training loss, apart from penalties, which it adds. At epoch 0 there are no batches: the
    record is the loss of the untrained network.
    """
    assert snapshot.batch_loss is not None
    return snapshot.batch_loss


RECORDS: dict[str, Record] = {
    "layers": Record(layers.look),
    "outputs": Record(results.outputs, last),
    "seconds": Record(_seconds, every),
    "batch_loss": Record(_batch_loss, every),
    "traces": Record(_traces, every),
    "boundaries": Record(_boundaries),
    "tests": Record(_tests, every),
    "weights": Record(_weights),
    "zeros": Record(_zeros),
}
