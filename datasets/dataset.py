"""A data set is a table of numbers, a task, and what people need to know about both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    it is "numbers". `sentence` says what a row is and what is to be told; `names` are the columns' names, `units` says
    in what they are measured. The last `held` rows are the test part where the source says so. With
    `plain_split` its classes are not stratified unless that is asked for, since printed figures depend on it. `box` is
    ((x0, x1), (y0, y1)), the region to draw, for data with two columns; `pixels` is (height, width) where a row is a
    picture. Where columns were made from others, `raw()` returns those by name, and `made_by` is the function that
    made the table of them.
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
    names: tuple[str, ...]
    units: str = ""
    held: int = 0
    plain_split: bool = False
    box: Box | None = None
    pixels: tuple[int, int] | None = None
    raw: Callable[[], Mapping[str, np.ndarray]] | None = None
    made_by: Callable[..., np.ndarray] | None = None

    def __repr__(self) -> str:
        # Specs are named by what they print, and an address in memory would change that name.
        return f"Dataset({self.key!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # What travels to a worker is the name; the entry is there.
        from datasets import find

        return find, (self.key,)


def still(table: Table) -> Table:
    """Make a table read-only, so that all who ask for it can share it."""
    for array in table:
        array.flags.writeable = False
    return table


def pixel_names(height: int, width: int) -> tuple[str, ...]:
    """Return a name for each pixel of a picture, row by row: "pixel 0.1" is the second of the first row."""
    return tuple(f"pixel {row}.{column}" for row in range(height) for column in range(width))
