"""Early stopping in a picture of several networks: signs on their curves, columns of the table, and sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datasets import find
from experiments.fit import Fit, History
from experiments.stopping import Stopping, Stops, stops
from figures import worth
from figures.contract import Event, Table, TableRow, Values
from figures.scene import Say, loss_text
from figures.training import Line, Mark, has_test, lost
from spec import N_, N_n


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


# -- sentences

SHORT = 0.98  # times the loss that is kept: if the loss falls below that later, the patience was too short


def stopped(
    study: Stopping, history: History, lines: Sequence[Line], say: Say, *, measure: str = "loss"
) -> list[str]:  # fmt: skip
    """Return the effect of early stopping on the networks of `lines`: the loss it keeps, and whether it stops too soon.

    It is only for networks of one seed with a validation set, once the training is over.
    """
    rows = [line.rows.start for line in lines if line.rows.stop - line.rows.start == 1]
    if study.patience is None or len(rows) < len(lines) or not np.isfinite(history.val_loss).any():
        return []
    found = stops(history, study)
    if len(rows) == 1:
        return _kept(found, history, rows[0], say, measure)
    early = [line for line in lines if found.early[line.rows.start]]
    if not early:
        return [say(N_("**Early stopping** stops no network before the last epoch."))]
    text = N_n("**Early stopping** stops {count} of {all} network before the last epoch.",
               "**Early stopping** stops {count} of {all} networks before the last epoch.", len(lines))  # fmt: skip
    parts = [say(text).format(count=len(early), all=len(lines))]
    short = []
    for line in early:
        row = line.rows.start
        if (later := _falls_later(found, history, row)) is not None:
            text = N_("{name} ({kept}, then {lowest} at epoch {epoch})")
            kept = loss_text(float(history.val_loss[row, found.kept[row]]))
            lowest = loss_text(float(history.val_loss[row, later]))
            short.append(say(text).format(name=line.name, kept=kept, lowest=lowest, epoch=f"{later:,}"))
    if short:
        text = N_("The patience is too short for {names}: validation loss falls further later.")
        parts.append(say(text).format(names=", ".join(short)))
    return parts


def _kept(found: Stops, history: History, row: int, say: Say, measure: str) -> list[str]:
    """Say what early stopping keeps of one network."""
    curve, stop, kept = history.val_loss[row], int(found.stop[row]), int(found.kept[row])
    beyond, later = lost(curve), _falls_later(found, history, row)
    if not np.isfinite(curve[kept]):
        text = N_("**Early stopping** keeps the weights of epoch {kept_epoch}, where the network has already diverged.")
        return [say(text).format(kept_epoch=f"{kept:,}")]
    if not found.early[row]:
        return [say(N_("**Early stopping** does not end the training before the last epoch."))]
    if beyond is not None and beyond <= stop:
        text = N_("**Early stopping** keeps the weights of epoch {kept_epoch}, before the network diverges: {kept}.")
        if measure == "loss" and not curve[kept] < curve[0]:
            text = N_("**Early stopping** keeps the weights of epoch {kept_epoch} ({kept}); the untrained network is "
                      "better ({first}).")  # fmt: skip
    elif beyond is not None:
        text = N_("**Early stopping** at epoch {stop} keeps {kept} on validation; later the network diverges.")
    elif later is not None and measure == "loss":
        text = N_("**Early stopping** at epoch {stop} keeps {kept}; without it validation loss falls to {lowest} "
                  "at epoch {later}: the patience is too short.")  # fmt: skip
    elif later is not None:
        text = N_("**Early stopping** at epoch {stop} keeps {kept} on validation; the loss falls further later: "
                  "the patience is too short.")  # fmt: skip
    else:
        text = N_("**Early stopping** at epoch {stop} keeps {kept} on validation.")
    first, value = (
        loss_text(float(curve[epoch])) if measure == "loss" else worth.decimals(float(history.val_score[row, epoch]))
        for epoch in (0, kept)
    )
    lowest = "" if later is None else loss_text(float(curve[later]))
    return [say(text).format(
        stop=f"{stop:,}", kept_epoch=f"{kept:,}", kept=value, lowest=lowest, later=later and f"{later:,}",
        first=first)]  # fmt: skip


def _falls_later(found: Stops, history: History, row: int) -> int | None:
    """Return the epoch after an early stop with the lowest loss, if that is clearly lower than the loss before it."""
    curve, stop, best = history.val_loss[row], int(found.stop[row]), int(found.best[row])
    later = curve[stop + 1 :]
    if not found.early[row] or not np.isfinite(later).any():
        return None
    epoch = stop + 1 + int(np.nanargmin(later))
    return epoch if curve[epoch] < SHORT * curve[best] else None
