"""What trained networks predict for rows they were not trained on: confusion matrix, ROC curves, the worst errors.

At the end of a run the record "outputs" keeps the outputs of every network. Chain("experiments.results:begin",
"experiments.results:look", Question(...)) turns it, in a worker, into what a page shows of one network and one part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datasets import Dataset, Part, prepare
from datasets.dataset import texts
from experiments.snapshot import Snapshot
from experiments.variant import Fit, prepared

Array = np.ndarray[Any, np.dtype[Any]]

MOST = 100_000  # outputs kept of one part and network: rows times classes
WORST = 12  # worst errors that are shown
POINTS = 300  # of an ROC curve, at most


def outputs(snapshot: Snapshot) -> Array:
    """Return the outputs of the networks [k, 2, rows, c], for their last weights (0) and those of the best epoch (1).

    The rows are those of the validation set, or of the training set if there is none, followed by those of the test
    set; of each, the first MOST / c.
    """
    tables, which = snapshot.tables, snapshot.which
    seen = tables.seen_x[:, tables.learnt :] if tables.val_y.shape[1] else tables.train_x
    most = MOST // snapshot.stack.biases[-1].shape[-1]
    parts = [part[:, :most] for part in (seen, tables.test_x) if part.shape[1]]
    stacks = (snapshot.stack, snapshot.best)
    return np.stack([np.concatenate([one.evaluate(x, which).numpy() for x in parts], axis=1) for one in stacks], axis=1)


@dataclass(frozen=True)
class Question:
    """What does this network predict for the test set, or for the validation set (if there is none, the training set)?

    `best` selects the weights of the best epoch. `outputs` [rows, c] are what the record kept; they follow from the
    other fields, so they are left out of comparisons.
    """

    fit: Fit
    data: Dataset
    test: bool
    best: bool
    outputs: Array = field(repr=False, compare=False)


def begin(question: Question) -> Question:
    """Return the question: answering it takes a single chunk."""
    return question


def look(question: Question, seconds: float) -> tuple[None, tuple[int, int, dict[str, Any], dict[str, Any]]]:
    """Return the answer, arrays by name.

    `part` is the name of the part, which has `rows` rows; the first `n` were used. See `_classes` and `_numbers` for
    the other arrays. For a network that has diverged there is only `lost`, the number of rows without a finite
    prediction.
    """
    fit, data = question.fit, question.data
    parts = prepare(data, **prepared(fit))
    name, part = ("validation", parts.val) if len(parts.val.y) else ("training", parts.train)
    most = MOST // question.outputs.shape[1]
    first = 0
    if question.test:
        first = min(len(part.y), most)
        name, part = "test", parts.test
    n = min(len(part.y), most)
    z = question.outputs[first : first + n].astype(np.float64)
    told: dict[str, Any] = {"part": name, "rows": len(part.y), "n": n}
    part = Part(part.x[:n], part.y[:n], part.rows[:n])
    if lost := np.count_nonzero(~np.isfinite(z).all(axis=1)):
        told["lost"] = lost
    elif data.task == "numbers":
        told |= _numbers(z[:, 0], part, data, parts.centre, parts.unit)
    else:
        told |= _classes(z, part, data)
    return None, (1, 1, {}, {key: np.asarray(value) for key, value in told.items()})


def _classes(z: Array, part: Part, data: Dataset) -> dict[str, Any]:
    """Return the results of a classification, from the outputs z [n, c], or z [n, 1] of the second of two classes.

    `confusion` [c, c] counts rows: actual class, predicted class. `fpr` and `tpr` are points of ROC curves, each class
    against the rest (of two classes only the second); `curve` is the class of each point, and `auc` [c] are the areas
    below them, nan for a class to which no row or every row belongs. For the worst errors, those with the largest loss
    first, `true` and `said` are the actual and predicted classes, and `sure` is the probability of the predicted class;
    see `_cells` for the rest.
    """
    from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

    y = part.y.astype(int)
    if z.shape[1] == 1:
        z = np.hstack([np.zeros_like(z), z])  # sigmoid is the softmax of 0 and z
    classes = np.arange(z.shape[1])
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    said = z.argmax(axis=1)

    auc = np.full(len(classes), np.nan)
    curves = []
    for one in classes if len(classes) > 2 else classes[1:]:
        if 0 < np.count_nonzero(y == one) < len(y):
            scores = log_p[:, one] if len(classes) > 2 else z[:, 1]
            auc[one] = roc_auc_score(y == one, scores)
            fpr, tpr, _ = roc_curve(y == one, scores)
            some = np.unique(np.linspace(0, len(fpr) - 1, POINTS).astype(int))
            curves.append(np.stack([fpr[some], tpr[some], np.full(len(some), one)]))
    fpr, tpr, curve = np.concatenate([np.empty((3, 0)), *curves], axis=1)

    wrong = np.flatnonzero(said != y)
    worst = wrong[np.argsort(log_p[wrong, y[wrong]], kind="stable")][:WORST]
    return {
        "confusion": confusion_matrix(y, said, labels=classes),
        "fpr": fpr.astype(np.float32), "tpr": tpr.astype(np.float32), "curve": curve.astype(int), "auc": auc,
        "true": y[worst], "said": said[worst], "sure": np.exp(log_p[worst, said[worst]]),
        **_cells(data, part.rows[worst]),
    }  # fmt: skip


def _numbers(z: Array, part: Part, data: Dataset, centre: float, unit: float) -> dict[str, Any]:
    """Return the results of a regression, in the target's own unit, from the outputs z [n].

    `truths` and `answers` [n] (actual and predicted values), `r2`, nan if all actual values are equal, the mean
    absolute `error`, and for the worst errors, the largest first, `true` and `said` (actual and predicted); see
    `_cells` for the rest.
    """
    from sklearn.metrics import mean_absolute_error, r2_score

    truths, answers = centre + unit * part.y.astype(np.float64), centre + unit * z
    worst = np.argsort(-np.abs(answers - truths), kind="stable")[:WORST]
    r2 = r2_score(truths, answers) if np.ptp(part.y) > 0 else np.nan
    return {
        "truths": truths.astype(np.float32), "answers": answers.astype(np.float32),
        "r2": r2, "error": mean_absolute_error(truths, answers),
        "true": truths[worst], "said": answers[worst], **_cells(data, part.rows[worst]),
    }  # fmt: skip


def _cells(data: Dataset, rows: Array) -> dict[str, Array]:
    """Return the cells of some rows: `pixels` [m, height, width], or the columns as `cell <name>` [m].

    The columns are the original ones from which the table was made, if there are any.
    """
    if data.pixels is not None:
        return {"pixels": data.read()[0][rows].reshape(-1, *data.pixels)}
    if data.raw is not None:
        return {f"cell {name}": texts(cells[rows]) for name, cells in data.raw().items()}
    return {f"cell {name}": cells for name, cells in zip(data.names, data.read()[0][rows].T, strict=True)}
