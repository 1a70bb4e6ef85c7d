"""A data set: a table of numbers, a task, and the description of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

Table = tuple[np.ndarray, np.ndarray]
Box = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, repr=False)
class Dataset:
    """One entry of `DATASETS`.

    `read()` returns inputs [rows, columns] and targets [rows]. Missing inputs are nan. The targets are 0 or 1 if `task`
    is "binary", 0 to C-1 if it is "classes" (named by `classes`, in this order), and real numbers if it is "numbers".
    `sentence` says what a row is and what to predict; `names` are the names of the columns, `units` describes their
    units. The last `held` rows are the test set if the source says so. With `plain_split` a split is not stratified
    unless that is asked for, since printed numbers depend on it. `box` is ((x0, x1), (y0, y1)), the region to draw, for
    classes in a table with two columns; `pixels` is (height, width) if a row is an image. If the columns were computed
    from others, `raw()` returns those by name, and `made_by` is the function that computed the table from them.
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
        # A Spec is identified by its repr, which must not contain a memory address.
        return f"Dataset({self.key!r})"


def texts(cells: np.ndarray, longest: int = 200) -> np.ndarray:
    """Return cells [n] as a worker can report them: objects as an array of text, what is longer being cut."""
    return cells if cells.dtype != object else np.array([str(cell)[:longest] for cell in cells], str)


def still(table: Table) -> Table:
    """Make a table read-only, so that all callers can share it."""
    for array in table:
        array.flags.writeable = False
    return table


def pixel_names(height: int, width: int) -> tuple[str, ...]:
    """Return a name for each pixel of an image, row by row: "pixel 0.1" is the second of the first row."""
    return tuple(f"pixel {row}.{column}" for row in range(height) for column in range(width))
