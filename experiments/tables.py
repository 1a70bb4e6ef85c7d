"""The tables of a training run as tensors: its parts, its baseline, and the grid of a decision boundary.

torch is imported inside functions, because only workers call them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from datasets import Dataset, find, prepare
from experiments.variant import Fit, precision, prepared

if TYPE_CHECKING:
    from torch import Tensor

Array = np.ndarray[Any, np.dtype[Any]]

GRID = 64  # points along each side of the grid for a decision boundary
NO_CLASS = 255  # in a decision boundary between several classes: the outputs at this point are not numbers


class Data(NamedTuple):
    """The parts of one or several tables as tensors [tables, rows, ...].

    Of the rows in `seen` (training and validation), the first `learnt` are the training set and the others the
    validation set. `grid` are the points [tables, GRID * GRID, 2] at which a decision boundary is computed, scaled like
    the inputs.
    """

    seen_x: Tensor
    seen_y: Tensor
    learnt: int
    test_x: Tensor
    test_y: Tensor
    grid: Tensor | None

    @property
    def train_x(self) -> Tensor:
        return self.seen_x[:, : self.learnt]

    @property
    def train_y(self) -> Tensor:
        return self.seen_y[:, : self.learnt]

    @property
    def val_y(self) -> Tensor:
        return self.seen_y[:, self.learnt :]


def tensors(variant: Fit) -> Data:
    """Return the data of one variant."""
    return _tensors(*table_key(variant))


def together(variants: Sequence[Fit]) -> tuple[Data, Tensor]:
    """Return the distinct tables of the variants, and the index of each variant's table."""
    import torch

    kinds = tuple(dict.fromkeys(table_key(variant) for variant in variants))  # all of one precision, see `shape`
    return _joined(kinds), torch.tensor([kinds.index(table_key(variant)) for variant in variants])


@lru_cache(maxsize=4)
def _joined(kinds: tuple[tuple[Any, ...], ...]) -> Data:
    import torch

    found = [_tensors(*kind) for kind in kinds]
    if len(found) == 1:
        return found[0]
    grid = None if found[0].grid is None else torch.cat([data.grid for data in found if data.grid is not None])
    seen_x, seen_y, test_x, test_y = (
        torch.cat([getattr(data, name) for data in found]) for name in ("seen_x", "seen_y", "test_x", "test_y")
    )
    return Data(seen_x, seen_y, found[0].learnt, test_x, test_y, grid)


@lru_cache(maxsize=32)
def _tensors(precision: str, dataset: str, how: tuple[tuple[str, Any], ...]) -> Data:
    import torch

    entry = find(dataset)
    kind = getattr(torch, precision)
    parts = prepare(entry, **dict(how))
    grid = None
    if entry.box is not None and parts.train.x.shape[1] == 2:
        across, up = (np.linspace(low, high, GRID) for low, high in entry.box)
        points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        grid = torch.tensor(parts.scaler.transform(points)[None], dtype=kind)
    seen_x, seen_y = (np.concatenate(pair) for pair in zip(parts.train[:2], parts.val[:2], strict=True))
    seen_x, seen_y, test_x, test_y = (
        torch.tensor(array[None], dtype=torch.int64 if array.dtype == np.int64 else kind)
        for array in (seen_x, seen_y, *parts.test[:2])
    )
    return Data(seen_x, seen_y, len(parts.train.y), test_x, test_y, grid)


def forget() -> None:
    """Clear the cache of prepared tables; they are prepared again when needed."""
    _tensors.cache_clear()
    _joined.cache_clear()


def table_key(variant: Fit) -> tuple[Any, ...]:
    """Return what determines the tensors of a variant."""
    return precision(variant), variant.dataset, tuple(prepared(variant).items())


def guess(entry: Dataset, tables: Data) -> tuple[Array, Array]:
    """Return the number of rows of each class in the parts of each table, and the scores of a constant prediction.

    The counts are [tables, 3, classes], for the training, validation and test set; for regression there is one class.
    The constant prediction is the most frequent class of the training set, or its mean, as in scikit-learn's
    `DummyClassifier` and `DummyRegressor`; its scores are [tables, 3], nan if a part is empty or its R² is undefined.
    """
    import torch

    from networks.tasks import TASKS

    score = TASKS[entry.task].score
    parts = (tables.train_y, tables.val_y, tables.test_y)
    if entry.task == "numbers":
        counts = np.array([[[y.shape[1]] for y in parts]] * len(tables.train_y))
        constant = tables.train_y.mean(1)[:, None, None]
    else:
        classes = max(len(entry.classes), 2)
        counts = np.stack([[np.bincount(row.long(), minlength=classes) for row in y] for y in parts], axis=1)
        commonest = torch.from_numpy(counts[:, 0].argmax(1))[:, None]
        one_hot = torch.nn.functional.one_hot(commonest, classes)
        constant = one_hot if entry.task == "classes" else 2 * commonest[:, :, None] - 1.0
    scores = [score(constant.expand(-1, y.shape[1], -1).to(tables.train_x.dtype), y).numpy() for y in parts]
    return counts, np.stack(scores, axis=1)


def boundary(outputs: Tensor) -> Array:
    """Return the outputs [k, GRID * GRID, c] on the grid as [k, GRID, GRID] in uint8, see `History`."""
    if outputs.shape[2] == 1:
        drawn = (outputs.sigmoid().nan_to_num(0.5) * 255).round()
    else:
        drawn = outputs.argmax(dim=2).masked_fill(outputs.isnan().any(dim=2), NO_CLASS)
    return drawn.byte().view(-1, GRID, GRID).numpy()
