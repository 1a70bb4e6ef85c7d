"""Overfitting: the gap between two curves, patience as a countdown, and the effect of regularization on networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from datasets import find
from experiments.fit import GRID, History
from experiments.records import BIN, BINS, RECORDS
from experiments.remedies import REMEDIES, Remedies, gap, two_dimensional
from experiments.stopping import best_so_far, stops
from figures import stopping, theme, training, worth
from figures.contract import (
    CurvesPanel,
    FieldsPanel,
    HistogramsPanel,
    Panel,
    PatiencePanel,
    Scene,
    Table,
    TableRow,
    Values,
)  # fmt: skip
from figures.scene import Say
from figures.training import Line, Mark
from spec import N_, N_n
from spec.text import write_value

BYTES = 350_000  # of the decision boundaries that are sent: each has GRID * GRID bytes
BARS = 61  # of a histogram, at most
WIDEST = 0.98  # the share of the most widely spread weights that lie inside a histogram's range


def records(study: Remedies) -> tuple[str, ...]:
    """Return the records, besides the curves, from which `beside` and the table are drawn."""
    return ("weights", "zeros", "tests", "batch_loss", *(["boundaries"] if two_dimensional(study.dataset) else []))


def lines(study: Remedies, say: Say) -> list[Line]:
    """Return the name and style of every network of a study; the first has no regularization."""
    names = [_name(remedies, say) for remedies in study.remedies]
    looks = theme.variant_styles(len(names))
    return [Line(name, look, slice(i, i + 1)) for i, (name, look) in enumerate(zip(names, looks, strict=True))]


def _name(remedies: Mapping[str, Any], say: Say) -> str:
    if not remedies:
        return say(N_("unregularized"))
    if len(remedies) > 1:
        return say(N_("all together"))
    [(key, value)] = remedies.items()
    return say(REMEDIES[key].title).format(value=write_value(value, "/"))


def scene(
    study: Remedies, history: History, *, say: Say, alt: str, running: bool, done: bool, measure: str = "loss",
    beside: str = "boundary", revealed: bool = False, by_batch: bool = False,
    points: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> Scene:  # fmt: skip
    """Return the stage's scene: the curves with gap and patience, and next to them decision boundaries or weights.

    `measure` is "loss" or "score", `beside` "boundary" (if one can be drawn) or "weights"; `points` are those of
    `experiments.live.points`. The test scores are shown if they are `revealed` and the training is `done`.
    """
    drawn = lines(study, say)
    told = training.scene(
        study.variants(), history, drawn, say=say, alt=alt, running=running, measure=measure,
        marks=marks(study, history, drawn, say), shaded=True, by_batch=by_batch,
        table=table(study, history, say, revealed and done),
    )  # fmt: skip
    panels: list[Panel] = [_watched(cast(CurvesPanel, told["panels"][0]), study, history, drawn, say)]
    if beside == "boundary" and history.boundary is not None and points is not None:
        panels.append(_boundaries(study, history, drawn, points, say, whole=not running))
    elif history.records.get("weights") is not None:
        panels.append(_weights(study, history, drawn, say))
    return {**told, "panels": panels}


def marks(study: Remedies, history: History, lines: Sequence[Line], say: Say) -> list[Mark]:
    """Return the marks of the network without regularization: its best epoch, its gap, and its early stop.

    The epoch whose weights early stopping keeps is labelled as such, and has its sign on the curve. A network that
    diverges in its first epoch has no best epoch.
    """
    if not history.val_loss.size:
        return []
    found, color = stops(history, study), lines[0].look["color"]
    best, stop, kept = int(found.best[0]), int(found.stop[0]), int(found.kept[0])
    restored = study.patience is not None and best == kept
    told = []
    if history.val_loss[0, best] < history.val_loss[0, 0]:
        told.append((best, N_("best epoch {epoch}, kept") if restored else N_("best epoch {epoch}")))
    if (opening := gap(history, 0).epoch) >= 0:
        told.append((opening, N_("gap from epoch {epoch}")))
    if found.early[0] and np.isfinite(stopping.kept_loss(history, found, 0)):
        told.append((stop, N_("early stop {epoch}, kept") if stop == kept else N_("early stop {epoch}")))
    labelled = [Mark(epoch, say(text).format(epoch=epoch), color) for epoch, text in sorted(told)]
    return labelled + (stopping.marks(history, lines[:1], found) if study.patience is not None else [])


def _watched(panel: CurvesPanel, study: Remedies, history: History, lines: Sequence[Line], say: Say) -> PatiencePanel:
    """Return the panel of curves with patience as a countdown for the first network; its curves fade after the stop."""
    layout = panel["figure"]["layout"]
    layout = {**layout, "margin": {**layout["margin"], "b": layout["margin"]["b"] + 30}}
    told: PatiencePanel = {
        **panel, "kind": "patience", "mark": f"patience {panel['mark']}", "patience": None,
        "figure": {**panel["figure"], "layout": layout},
    }  # fmt: skip
    if not history.val_loss.size or study.patience is None:
        return told
    found = stops(history, study)
    if not np.isfinite(stopping.kept_loss(history, found, 0)):  # it diverged in the first epoch
        return told
    stop, kept = int(found.stop[0]), int(found.kept[0])
    name, look, _rows = lines[0]
    waiting = say(N_n("{name}: {count} of {patience} epoch without improvement",
                      "{name}: {count} of {patience} epochs without improvement", study.patience))  # fmt: skip
    ended = say(N_("{name}: stopped after epoch {stop}, weights of epoch {kept} kept"))
    best = best_so_far(history.val_loss[0], study)
    told["patience"] = {
        "best": best[panel["steps"]] if "steps" in panel else best, "stop": stop if found.early[0] else -1,
        "of": study.patience, "color": look["color"], "tracks": [0, 1],
        "bar": say(N_("patience: {count} of {patience}")).format(count="{count}", patience=study.patience),
        "waiting": waiting.format(name=name, count="{count}", patience=study.patience),
        "stopped": ended.format(name=name, stop=stop, kept=kept),
    }  # fmt: skip
    return told


def _boundaries(
    study: Remedies, history: History, lines: Sequence[Line], points: tuple[np.ndarray, np.ndarray, np.ndarray],
    say: Say, *, whole: bool,
) -> FieldsPanel:  # fmt: skip
    """Return the panel of decision boundaries: the newest, or if `whole` those of the whole run, along the clock.

    Of the whole run only as many pictures are sent as fit into `BYTES`; the last one is always included.
    """
    assert history.boundary is not None
    epochs = history.val_loss.shape[1] - 1
    seen, at = history.boundary[..., None], np.array([epochs])
    past = history.records.get("boundaries")
    if whole and past is not None and past.shape[-1]:
        seen, at = _thinned(past, _moments("boundaries", study, past))
    inputs, targets, held = points
    data = find(study.dataset)
    return {
        "kind": "fields", "grow": 1.3, "side": GRID, "extent": data.box, "classes": max(len(data.classes), 2),
        "points": inputs.astype(np.float32).ravel(), "labels": targets.astype(np.uint8), "held": held, "moments": at,
        "title": say(N_("Epoch {epoch}   ● training   ○ validation")).format(epoch="{epoch}"),
        "fields": [
            {"label": line.name, "values": np.moveaxis(rows, -1, 0).reshape(len(at), -1)}
            for line, rows in zip(lines, seen, strict=True)
        ],
    }  # fmt: skip


def _moments(name: str, study: Remedies, record: np.ndarray) -> np.ndarray:
    """Return the epochs recorded so far."""
    return RECORDS[name].moments(study.epochs)[: record.shape[-1]]


def _thinned(pictures: np.ndarray, epochs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return as many moments of [k, GRID, GRID, moments] as fit into `BYTES`, evenly spaced, including the last."""
    most = max(1, BYTES // (len(pictures) * GRID * GRID))
    chosen = np.unique(np.linspace(len(epochs) - 1, 0, min(most, len(epochs))).round().astype(int))
    return pictures[..., chosen], epochs[chosen]


def _weights(study: Remedies, history: History, lines: Sequence[Line], say: Say) -> HistogramsPanel:
    """Return the panel of histograms: the distribution of each network's weights, and how many are practically 0."""
    counts, zeros = history.records["weights"], history.records["zeros"]
    shares, width = bars(counts)
    title = say(N_("Weights, epoch {epoch}; 0 means |w| < 0.001"))
    return {
        "kind": "histograms", "grow": 1.1, "moments": _moments("weights", study, counts), "width": width,
        "title": title.format(epoch="{epoch}"),
        "fields": [
            {"label": line.name, "color": line.look["color"], "values": np.moveaxis(share, -1, 0), "zeros": zero}
            for line, share, zero in zip(lines, shares, zeros, strict=True)
        ],
    }  # fmt: skip


def bars(counts: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the shares of weights in at most `BARS` bars [k, bars, moments] and the width of a bar, from their counts.

    The middle bar is centred on 0. All histograms have the same range, which contains `WIDEST` of the most widely
    spread weights; weights beyond it are counted in the outermost bars.
    """
    middle = BINS // 2
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    sizes = counts[:, middle:].copy()  # by absolute value
    sizes[:, 1:] += counts[:, :middle][:, ::-1]
    inside = np.cumsum(sizes, axis=1) / total
    reach = int((inside < WIDEST).sum(axis=1).max()) + 1
    merged = next(n for n in range(1, BINS + 1, 2) if 2 * -(-reach // n) + 1 <= BARS)
    side = -(-reach // merged)  # bars on each side of the middle one
    bar = np.clip(np.rint((np.arange(BINS) - middle) / merged), -side, side).astype(int) + side
    first = np.searchsorted(bar, np.arange(2 * side + 1))  # the first bin of each bar
    return np.add.reduceat(counts / total, first, axis=1), merged * BIN


def table(study: Remedies, history: History, say: Say, revealed: bool) -> Table:
    """Return the table next to the curves: current losses, early stopping, and the scores of the weights it keeps.

    The weights that early stopping keeps are compared with the last ones on the validation set; on the test set only if
    its scores are `revealed`.
    """
    score = worth.measure(find(study.dataset), say)
    columns = [N_("training loss"), N_("validation loss"), N_("best epoch"), N_("early stop"),
               N_("val. {score}: kept, last")]  # fmt: skip
    columns += [N_("test {score}: kept, last")] if revealed else []
    found = stops(history, study)
    rows: list[TableRow] = []
    for i, line in enumerate(lines(study, say)):
        cells: list[str | Values] = [{"values": history.train_loss[i]}, {"values": history.val_loss[i]}]
        if history.val_score.size:
            cells += [
                str(int(history.best_epoch[i])), stopping.when(history, found, i, say),
                _pair(history.val_score[i, found.kept[i]], history.val_score[i, -1]),
            ]  # fmt: skip
        else:
            cells += ["–"] * 3
        if revealed:
            kept = stopping.kept_test(history, found, i)
            cells.append(worth.pair(history, kept, float(history.test_score[i]), i, 2))
        rows.append({"style": {**line.look, "dash": []}, "label": line.name, "cells": cells})
    return {"columns": ["", *(say(text).format(score=score) for text in columns)], "rows": rows}


def _pair(first: float, second: float) -> str:
    return f"{worth.decimals(first)}, {worth.decimals(second)}"
