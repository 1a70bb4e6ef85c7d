"""A data set is a table of numbers, a task, and what people need to know about both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Table = tuple[np.ndarray, np.ndarray]
Box = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, repr=False)
class Dataset:
    """One entry of `DATASETS`.

    `read()` returns inputs [rows, columns] and targets [rows]. An input that is missing is nan. The targets are 0 or 1
    where `task` is "binary", 0 to C-1 where it is "classes" (named by `classes`, in this order), and real numbers where
    it is "numbers". `sentence` says what a row is and what is to be told; `names` are the columns' names. The last
    `held` rows are the test part where the source says so. `box` is ((x0, x1), (y0, y1)), the region to draw, for data
    with two columns; `pixels` is (height, width) where a row is a picture.
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
    names: tuple[str, ...] = ()
    held: int = 0
    box: Box | None = None
    pixels: tuple[int, int] | None = None

    def __repr__(self) -> str:
        # Specs are named by what they print, and an address in memory would change that name.
        return f"Dataset({self.key!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # What travels to a worker is the name; the entry is there.
        from datasets import find

        return find, (self.key,)
