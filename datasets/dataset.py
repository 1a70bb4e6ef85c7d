"""A data set is a table of numbers, a task, and what people need to know about both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Table = tuple[np.ndarray, np.ndarray]
Box = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Dataset:
    """One entry of `DATASETS`.

    `read()` returns inputs [rows, columns] and targets [rows]. The targets are 0 or 1 where `task` is "binary",
    0 to C-1 where it is "classes" (named by `classes`, in this order), and real numbers where it is "numbers".
    `sentence` says what a row is and what is to be told. `box` is ((x0, x1), (y0, y1)), the region to draw, for
    data with two columns.
    """

    key: str
    title: str
    sentence: str
    task: str
    rows: int
    columns: int
    classes: tuple[str, ...]
    source: str
    terms: str
    read: Callable[[], Table]
    box: Box | None = None
