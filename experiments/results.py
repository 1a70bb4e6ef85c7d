"""What trained networks say of rows they have not learnt from: who is taken for whom, how surely, and the worst mistakes.

At the end of a run the record "outputs" keeps what every network says. Chain("experiments.results:begin",
"experiments.results:look", Question(...)) makes of it, in a worker, what a page shows of one network and one part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets import Dataset, Part, Parts, prepare

if TYPE_CHECKING:
    from experiments.fit import Fit
    from experiments.records import Glimpse

Array = np.ndarray[Any, np.dtype[Any]]

MOST = 100_000  # outputs of one part that are kept of a network: rows times classes
WORST = 12  # mistakes that are shown
POINTS = 300  # of an ROC curve, at most


def outputs(glimpse: Glimpse) -> Array:
    """Return what the networks say [k, 2, rows, c], with the last weights (0) and those of the best epoch (1).

    The rows are those of the validation part, or of the training part where there is none, and then those of the test
    part; of each part the first MOST / c.
    """
    import torch

    tables = glimpse.tables
    held = tables.seen_x[:, tables.learnt :] if tables.val_y.shape[1] else tables.train_x
    most = _most(glimpse.stack.biases[-1].shape[-1])
    rows = torch.cat([held[:, :most], tables.test_x[:, :most]], dim=1)
    return np.stack([stack.evaluate(rows, glimpse.which).numpy() for stack in (glimpse.stack, glimpse.best)], axis=1)


def _most(classes: int) -> int:
    return MOST // classes


@dataclass(frozen=True)
class Question:
    """What a network says of the test part, or else of the one it was chosen by; `outputs` [rows, c] are its own.

    They follow from the rest, so the rest names the question.
    """

    fit: Fit
    data: Dataset
    test: bool
    best: bool
    outputs: Array = field(repr=False, compare=False)


def begin(question: Question) -> Question:
    """Return the question: answering is a chain of one chunk."""
    return question


def look(question: Question, seconds: float) -> tuple[None, tuple[int, int, dict[str, Any], dict[str, Any]]]:
    """Return the answer, arrays by name.

    `part` names the part, `of` says how many rows it has, of which the first `n` were looked at. For classes:
    `confusion` [true, told]; of the ROC curves, one against the rest (of two classes that of the second alone),
    `fpr` and `tpr`, one curve after the other, the class that each of their points belongs to, `curve`, and `auc`
    [classes], nan for a class that no row or every row has. For numbers: `truth` and `told` [n] in the target's own
    unit, `r2`, and the mean absolute `error`. Of the worst mistakes, the largest loss first: `rows`, their numbers in
    the table, `is`, `said`, `surely` (the probability of what was said), and the columns of `_cells`.
    A network that has diverged tells only `lost`, the number of rows for which it has no answer.
    """
    from experiments.training import PREPARED

    fit, data = question.fit, question.data
    parts = prepare(data, **{name: getattr(fit, name) for name in PREPARED})
    name, part, first = _part(parts, question.test, most=_most(question.outputs.shape[1]))
    z = question.outputs[first:][: len(part.y)].astype(np.float64)[: _most(question.outputs.shape[1])]
    part = Part(*(array[: len(z)] for array in part))
    told: dict[str, Any] = {"part": np.array(name), "n": np.array(len(z))}
    if lost := np.count_nonzero(~np.isfinite(z).all(axis=1)):
        told["lost"] = np.array(lost)
    elif data.task == "numbers":
        told |= _numbers(z[:, 0], part, parts, data)
    else:
        told |= _classes(z, part, data)
    return None, (1, 1, {}, told)
