"""Networks training: train and validation curves under one clock, the gap between them, and decision boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from datasets import DATASETS
from experiments.fit import Fit, History
from experiments.studies import stops
from figures import theme
from figures.scene import Say
from figures.scene import scene as _scene
from spec import N_, digest


class Line(NamedTuple):
    """One variant on the picture: its name, its look, and the rows of the history that belong to it (its seeds)."""

    name: str
    look: dict[str, Any]
    rows: slice


class Mark(NamedTuple):
    """A vertical dotted line at an epoch, with a label or without."""

    at: int
    label: str
    color: str


def scene(
    variants: Sequence[Fit], history: History, lines: Sequence[Line], *, say: Say, alt: str, running: bool,
    table: dict[str, Any], measure: str = "loss", marks: Sequence[Mark] = (), shaded: bool = False,
    points: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return the stage's scene for networks in training: curves of the loss or the score, and boundaries where known.

    `points` are the inputs [n, 2], targets [n] and whether each belongs to the validation part, for a data set that
    can be drawn.
    """
    train, val = (
        (history.train_loss, history.val_loss) if measure == "loss" else (history.train_score, history.val_score)
    )
    epochs = variants[0].epochs
    title = _measure_title(variants[0], measure, say)
    panels = [_curves(train, val, lines, epochs, title, marks, shaded, say)]
    if history.boundary is not None and points is not None:
        panels.append(_fields(variants[0], history.boundary, lines, points))
    clock = {
        "name": say(N_("epoch")), "last": max(train.shape[1] - 1, 0), "total": epochs, "seconds": 6.0, "play": False,
        "live": running,
    }  # fmt: skip
    name = f"{digest(tuple(variants))} {measure}"
    return _scene(name, say=say, alt=alt, layout="under", clock=clock, panels=panels, table=table)


def _measure_title(fit: Fit, measure: str, say: Say) -> str:
    numbers = DATASETS[fit.dataset].task == "numbers"
    if measure == "loss":
        return say(N_("loss (share of the variance)")) if numbers else say(N_("loss (cross-entropy)"))
    return "R²" if numbers else say(N_("accuracy"))


def _curves(
    train: np.ndarray, val: np.ndarray, lines: Sequence[Line], epochs: int, title: str, marks: Sequence[Mark],
    shaded: bool, say: Say,
) -> dict[str, Any]:  # fmt: skip
    tracks: list[dict[str, Any]] = []
    shades = []
    for name, look, rows in lines:
        first = len(tracks)
        color = look["color"]
        tracks.append({"y": middle(train[rows]), "color": color, "dash": [], "width": 2.2, "title": name})
        tracks.append({
            "y": middle(val[rows]), "color": color, "dash": [7, 5], "width": 2.6, "title": name, "name": name,
            "marker": look["marker"],
        })  # fmt: skip
        if shaded:
            shades.append({"a": first, "b": first + 1, "color": color})
        if val[rows].shape[0] > 1:  # several seeds: the band from the lowest to the highest
            low, high = {"color": color, "width": 0, "faint": True}, {"color": color, "width": 0, "faint": True}
            tracks += [{"y": np.min(val[rows], axis=0), **low}, {"y": np.max(val[rows], axis=0), **high}]
            shades.append({"a": first + 2, "b": first + 3, "color": color})
    axis = theme.axis(title, range=_range(train, val, epochs))
    layout = theme.layout(
        xaxis=theme.axis(say(N_("epoch")), range=[0, epochs]), yaxis=axis,
        margin={"l": 76, "r": 150, "t": 30, "b": 52}, uirevision=f"{title} {epochs}",
        annotations=[{
            "xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "yshift": 4,
            "text": say(N_("solid: training   dashed: validation")), "showarrow": False,
            "font": {"size": theme.TYPE - 1, "color": "@quiet"},
        }],
    )  # fmt: skip
    figure = {"data": [{"type": "scatter", "x": [], "y": []}], "layout": layout}
    mark = f"curves {digest((title, epochs, axis['range'], layout['annotations'][0]['text']))}"
    return {
        "kind": "curves", "grow": 2, "mark": mark, "figure": figure, "tracks": tracks, "shades": shades,
        "marks": [mark._asdict() for mark in marks], "along": True,
    }  # fmt: skip


def middle(rows: np.ndarray) -> np.ndarray:
    """Return the curve that stands for several seeds: their median at each epoch, [seeds, n] -> [n]."""
    return rows[0] if rows.shape[0] == 1 else np.median(rows, axis=0)


def _range(train: np.ndarray, val: np.ndarray, epochs: int) -> list[float]:
    """Return an axis for what happens after the first fall: the curves come in through the top.

    The untrained network's loss says nothing about learning, and would press everything else to the ground. A curve
    that blows up leaves through the top, where its label says so.
    """
    curves = np.concatenate([train, val])
    late = curves[:, max(1, epochs // 25) :]
    seen = late[np.isfinite(late)] if np.isfinite(late).any() else curves[np.isfinite(curves)]
    if not seen.size:
        return [0.0, 1.0]
    start = curves[:, 0][np.isfinite(curves[:, 0])]
    limit = max(3 * float(np.median(start)) if start.size else np.inf, float(np.median(seen)))
    top = min(float(seen.max()), limit)
    bottom = min(0.0, max(float(seen.min()), -1.0))
    return [_nice(bottom), _nice(top * 1.1)]


def _nice(value: float) -> float:
    """Round away from 0 to a number that stays while a curve creeps: the axis must not tremble."""
    if value == 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(abs(value)))
    step = next(s for s in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if s * power >= abs(value) * (1 - 1e-9))
    return float(np.sign(value) * step * power)


def _fields(fit: Fit, boundary: np.ndarray, lines: Sequence[Line], points: tuple) -> dict[str, Any]:
    data = DATASETS[fit.dataset]
    inputs, targets, held = points
    side = boundary.shape[1]
    return {
        "kind": "fields", "grow": 1.3, "side": side, "extent": data.box, "classes": max(len(data.classes), 2),
        "points": inputs.astype(np.float32).ravel(), "labels": targets.astype(np.uint8), "held": held,
        "fields": [{"label": line.name, "values": boundary[line.rows][0].ravel()} for line in lines],
    }  # fmt: skip


def table(
    variants: Sequence[Fit], history: History, lines: Sequence[Line], say: Say, *, done: bool,
    more: tuple[str, list[str]] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return the table beside the curves: losses under the head, best epoch, and the test score once all is over.

    `more` adds a column: its title, and a text per line.
    """
    score = "R²" if DATASETS[variants[0].dataset].task == "numbers" else say(N_("accuracy"))
    columns = ["", say(N_("training loss")), say(N_("validation loss")), say(N_("best epoch"))]
    columns += [more[0]] if more else []
    tests = (N_("test {score}, last epoch"), N_("test {score}, best epoch"))
    columns += [say(text).format(score=score) for text in tests]
    rows = []
    for i, line in enumerate(lines):
        best = [str(int(epoch)) for epoch in history.best_epoch[line.rows]]
        cells: list[Any] = [
            {"values": middle(history.train_loss[line.rows])}, {"values": middle(history.val_loss[line.rows])},
            ", ".join(best) if history.val_loss.size else "–",
        ]  # fmt: skip
        cells += [more[1][i]] if more else []
        for scores in (history.test_score[line.rows], history.best_test_score[line.rows]):
            score = f"{np.median(scores):.3f}".replace("-", "−")
            cells.append(score if done and np.isfinite(scores).all() else "–")
        rows.append({"style": {**line.look, "dash": []}, "label": line.name, "cells": cells})
    return {"columns": columns, "rows": rows}


REMEDY_NAMES = {"dropout": N_("Dropout {value}"), "l2": N_("L2 {value}"), "l1": N_("L1 {value}")}


def remedy_names(remedies: Sequence[dict[str, float]], say: Say) -> list[str]:
    """Return a name per variant of a study of remedies."""
    names = []
    for remedy in remedies:
        parts = [say(REMEDY_NAMES[name]).format(value=f"{value:g}") for name, value in remedy.items()]
        names.append(say(N_("all together")) if len(parts) > 1 else parts[0] if parts else say(N_("no remedy")))
    return names


def best_marks(history: History, lines: Sequence[Line]) -> list[Mark]:
    """Return a dotted line at the best epoch of every line that has one seed."""
    if not history.val_loss.size:
        return []
    single = [line for line in lines if line.rows.stop - line.rows.start == 1]
    return [Mark(int(history.best_epoch[line.rows][0]), "", line.look["color"]) for line in single]


def stop_marks(history: History, patience: int, lines: Sequence[Line], say: Say) -> list[Mark]:
    """Return the best epoch of the first line, and where early stopping would have ended its training."""
    if not history.val_loss.size:
        return []
    stop, best = stops(history, patience)
    color = lines[0].look["color"]
    marks = [Mark(int(best[0]), say(N_("best epoch {epoch}")).format(epoch=int(best[0])), color)]
    if stop[0] - best[0] >= patience:
        marks.append(Mark(int(stop[0]), say(N_("early stop {epoch}")).format(epoch=int(stop[0])), color))
    return marks


def stop_column(history: History, patience: int, say: Say, *, done: bool) -> tuple[str, list[str]]:
    """Return the table's column that reads early stopping: the epoch at which each variant would have ended."""
    stop, best = stops(history, patience)
    ended = [int(s) if s - b >= patience else None for s, b in zip(stop, best, strict=True)]
    none = say(N_("never")) if done else "–"
    return say(N_("early stop")), [none if epoch is None else str(epoch) for epoch in ended]


def numbers(history: History, lines: Sequence[Line], say: Say) -> dict[str, np.ndarray]:
    """Return what is drawn as columns: the epoch, then the losses and scores of every line and seed."""
    columns = {say(N_("epoch")): np.arange(history.train_loss.shape[1])}
    curves = {
        say(N_("training loss")): history.train_loss, say(N_("validation loss")): history.val_loss,
        say(N_("training score")): history.train_score, say(N_("validation score")): history.val_score,
    }  # fmt: skip
    for i, line in enumerate(lines):
        for seed, row in enumerate(range(line.rows.start, line.rows.stop)):
            again = f" ({seed + 1})" if line.rows.stop - line.rows.start > 1 else ""
            columns |= {f"{i + 1} {line.name}{again} {title}": curve[row] for title, curve in curves.items()}
    return columns
