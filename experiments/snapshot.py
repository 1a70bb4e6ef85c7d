"""The networks of one group after an epoch: what the functions that record something are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from experiments.tables import Array, Data
from experiments.variant import Fit

if TYPE_CHECKING:
    from torch import Tensor

    from networks.stack import Stack
    from networks.tasks import Task


class Snapshot(NamedTuple):
    """The networks of one group after an epoch.

    Row i of `stack`, and of `best` (the weights with the lowest validation loss so far), is the network of
    `variants[i]`; its data are row `which[i]` of every tensor in `tables`. `seconds` is the training time of the epoch,
    for all networks together, without the time for measuring, and `batch_loss` [k] the mean loss of its batches.
    """

    stack: Stack
    best: Stack
    variants: Sequence[Fit]
    tables: Data
    which: Tensor
    task: Task
    seconds: float = 0.0
    batch_loss: Array | None = None
