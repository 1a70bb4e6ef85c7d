"""A summary of a data set: its first rows or some of its images, the rows per class, and the missing values.

Chain("datasets.view:begin", "datasets.view:look", dataset) reads the table in a worker, in one chunk.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from datasets.dataset import Dataset, texts

ROWS = 200  # at most, of a table
PICTURES = 30
BINS = 20  # of the histogram of regression targets, and of a column
COLUMNS = 12  # at most, that have a histogram


def begin(dataset: Dataset) -> Dataset:
    """Return the data set itself."""
    return dataset


def look(dataset: Dataset, seconds: float) -> tuple[None, tuple[int, int, dict[str, Any], dict[str, Any]]]:
    """Read a table and return what a page shows of it.

    `x` and `y` are its first 200 rows, or thirty images with equally many of each class. `counts` are the rows of each
    class or, in regression, of each bin between `edges`; `missing` are the numbers of missing inputs, column by column.
    If the table was computed from other columns, "raw <name>" are these. For the histograms of a table's columns see
    `shapes`.
    """
    x, y = dataset.read()
    seen: Any = slice(ROWS) if dataset.pixels is None else _some_of_each(y, len(dataset.classes))
    latest = {"x": x[seen], "y": y[seen], "missing": np.isnan(x).sum(axis=0)}
    if dataset.task == "numbers":
        latest["counts"], latest["edges"] = np.histogram(y, bins=min(BINS, len(y)))
    else:
        latest["counts"] = np.bincount(y, minlength=len(dataset.classes))
    if dataset.pixels is None:
        latest |= shapes(x)
    if dataset.raw is not None:
        latest |= {f"raw {name}": texts(cells[seen]) for name, cells in dataset.raw().items()}
    return None, (1, 1, {}, latest)


def _some_of_each(y: np.ndarray, classes: int) -> np.ndarray:
    """Return the indices of the first row of every class, then of the second, and so on."""
    each = max(1, PICTURES // classes)
    found = [np.flatnonzero(y == one)[:each] for one in range(classes)]
    return np.array([rows[turn] for turn in range(each) for rows in found if turn < len(rows)])


def shapes(x: np.ndarray) -> dict[str, np.ndarray]:
    """Return the histograms of the first columns of a table that are not constant, without missing values.

    `column` [k] are the indices of these columns; `column counts` [k, bins] are the rows in bins of equal width between
    the minimum and the maximum; `column moments` [k, 4] are these two, the mean and the standard deviation.
    """
    shown, counts, moments = [], [], []
    for i, column in enumerate(x.T):
        present = column[np.isfinite(column)].astype(float)
        if len(shown) < COLUMNS and len(present) and present.std() > 0:
            shown.append(i)
            counts.append(np.histogram(present, BINS)[0])
            moments.append([present.min(), present.max(), present.mean(), present.std()])
    return {
        "column": np.array(shown, int),
        "column counts": np.array(counts, int).reshape(-1, BINS),
        "column moments": np.array(moments, float).reshape(-1, 4),
    }
