"""The number of parameters of a network, and its initial weights.

`sizes` are the units of each layer, (inputs, *hidden, outputs).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from networks.catalogue import INITS


def count_weights(sizes: Sequence[int]) -> int:
    """Return the number of weights of all layers, biases not counted."""
    return sum(n_in * n_out for n_in, n_out in pairwise(sizes))


def count_params(sizes: Sequence[int], batch_norm: bool = False) -> int:
    """Return the number of weights and biases of all layers; with `batch_norm`, of gammas and betas too."""
    return count_weights(sizes) + sum(sizes[1:]) + (2 * sum(sizes[1:-1]) if batch_norm else 0)


def draw_weights(sizes: Sequence[int], init: str, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Return initial weights [count_weights(sizes)], layer by layer, each [n_in, n_out] row by row.

    The same generator draws the same standard normal numbers for every init, so that inits differ only in spread.
    """
    entry = INITS[init]
    draws = rng.standard_normal(count_weights(sizes)) if entry.random else np.ones(count_weights(sizes))
    spread = np.repeat(
        [entry.spread(n_in, n_out) for n_in, n_out in pairwise(sizes)],
        [n_in * n_out for n_in, n_out in pairwise(sizes)],
    )
    return scale * spread * draws


def untrained(
    sizes: Sequence[int], init: str, scale: float, rng: np.random.Generator, batch_norm: bool = False
) -> np.ndarray:
    """Return a network before training as a row of a `Stack`: initial weights, biases 0.

    With `batch_norm` these are followed by gammas 1, betas 0, running means 0 and running variances 1 of all
    hidden units.
    """
    biases, units = np.zeros(sum(sizes[1:])), sum(sizes[1:-1])
    norms = np.repeat([1.0, 0.0, 0.0, 1.0], units) if batch_norm else []
    return np.concatenate([draw_weights(sizes, init, scale, rng), biases, norms])
