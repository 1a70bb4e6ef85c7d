"""Early stopping in a picture of several networks: signs on their curves, and columns of the table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datasets import find
from experiments.fit import Fit, History
from experiments.stopping import Stops
from figures import worth
from figures.contract import Event, Table, TableRow, Values
from figures.scene import Say
from figures.training import Line, Mark, has_test
from spec import N_


def marks(history: History, lines: Sequence[Line], found: Stops) -> list[Mark]:
    """Return two signs on the validation curve of every line of one seed: at the epoch that is kept, and at the stop.

    A network that is not stopped has only the first; one without a validation loss at the epoch that is kept has none.
    """
    told = []
    for line in lines:
        row = line.rows.start
        if line.rows.stop - row > 1 or not history.val_loss.size or not np.isfinite(kept_loss(history, found, row)):
            continue
        told.append(Mark(int(found.kept[row]), "", line.look["color"], row, "kept"))
        if found.early[row]:
            told.append(Mark(int(found.stop[row]), "", line.look["color"], row, "stop"))
    return told


def kept_loss(history: History, found: Stops, row: int) -> float:
    """Return the validation loss of the weights that are kept."""
    return float(history.val_loss[row, found.kept[row]])


def kept_test(history: History, found: Stops, row: int) -> float:
    """Return the test score of the weights that are kept; nan without the record "tests"."""
    tests = history.records.get("tests")
    return float(tests[row, 1, 2, found.kept[row]]) if tests is not None and tests.size else float("nan")


def when(history: History, found: Stops, row: int, say: Say) -> str:
    """Return when early stopping ends a network, and the epoch whose weights it keeps: 60 → 40.

    For a network that diverges in its first epoch nothing is kept.
    """
    if not np.isfinite(kept_loss(history, found, row)):
        return "–"
    return f"{int(found.stop[row])} → {int(found.kept[row])}" if found.early[row] else say(N_("never"))


def with_stops(
    table: Table, variants: Sequence[Fit], history: History, lines: Sequence[Line], found: Stops, say: Say, *,
    done: bool,
) -> Table:  # fmt: skip
    """Return a table of `figures.training` with two more columns: early stops, and the test scores of the weights kept.

    For several seeds all stops are listed, and the median of the scores. A row that belongs to no line, such as that of
    the constant prediction, repeats its last score.
    """
    tested = has_test(variants[0])
    score = worth.measure(find(variants[0].dataset), say)
    columns = [N_("early stop → kept epoch"), *([N_("test {score}, early stopping")] if tested else [])]

    def cells(place: int, row: TableRow) -> Sequence[str | Values | Event]:
        if place >= len(lines):
            return ["–", *row["cells"][-1:]]
        if not history.val_loss.size:
            return ["–", "–"]
        first, own = lines[place].rows.start, range(lines[place].rows.start, lines[place].rows.stop)
        value = float(np.median([kept_test(history, found, one) for one in own]))
        told = worth.scored(history, value, first, 2) if done else "–"
        return [", ".join(when(history, found, one, say) for one in own), told]

    rows: list[TableRow] = [
        {**row, "cells": [*row["cells"], *cells(place, row)[: len(columns)]]}
        for place, row in enumerate(table["rows"])
    ]  # fmt: skip
    return {"columns": [*table["columns"], *(say(text).format(score=score) for text in columns)], "rows": rows}
