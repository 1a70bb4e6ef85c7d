"""The tasks (binary and multi-class classification, regression), each with its loss and its score.

Outputs are [k, n, c]: k networks, n rows, c output units. Targets are [n], or [k, n] if the networks have different
rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from networks.operations import sigmoid


class Task(NamedTuple):
    """`loss` [k, n] and its derivative w.r.t. the outputs, `slope` [k, n, c], per row; `score` [k] over all rows."""

    loss: Callable[[Tensor, Tensor], Tensor]
    slope: Callable[[Tensor, Tensor], Tensor]
    score: Callable[[Tensor, Tensor], Tensor]

    def measure(self, z: Tensor, y: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean loss and the score of each network [k], nan where it has diverged or where n is 0."""
        loss = self.loss(z, y).mean(1, dtype=torch.float64)
        score = self.score(z, y).masked_fill(loss.isnan(), torch.nan)
        return loss.numpy(), score.numpy()


def _cross_entropy(z: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(z.movedim(2, 1), y.expand(z.shape[:2]), reduction="none")


def _from_one_hot(z: Tensor, y: Tensor) -> Tensor:
    probability = torch.softmax(z, dim=2)
    told = y.expand(z.shape[:2]).unsqueeze(2)
    return probability.scatter_add_(2, told, probability.new_tensor(-1.0).expand(told.shape))


def _binary_cross_entropy(z: Tensor, y: Tensor) -> Tensor:
    z = z.squeeze(2)
    return F.binary_cross_entropy_with_logits(z, y.expand_as(z), reduction="none")


def _accuracy(told: Tensor, y: Tensor) -> Tensor:
    return (told == y).mean(dim=1, dtype=torch.float64)


def _r_squared(z: Tensor, y: Tensor) -> Tensor:
    """1 - (sum of squared errors) / (sum of squared distances from the mean of these rows), nan where all are equal."""
    z, y = z.squeeze(2).double(), y.double()
    spread = ((y - y.mean(-1, keepdim=True)) ** 2).sum(-1)
    return 1 - ((z - y) ** 2).sum(1) / spread.where(spread > 0, torch.nan)


# All three slopes are the prediction (a probability or a number) minus the actual value, in regression times 2.
TASKS: dict[str, Task] = {
    "binary": Task(
        loss=_binary_cross_entropy,
        slope=lambda z, y: sigmoid(z) - y.unsqueeze(-1),
        score=lambda z, y: _accuracy(z.squeeze(2) > 0, y > 0.5),
    ),
    "classes": Task(
        loss=_cross_entropy,
        slope=_from_one_hot,
        score=lambda z, y: _accuracy(z.argmax(2), y),
    ),
    "numbers": Task(
        loss=lambda z, y: (z.squeeze(2) - y) ** 2,
        slope=lambda z, y: 2 * (z - y.unsqueeze(-1)),
        score=_r_squared,
    ),
}
